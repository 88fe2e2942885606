//! Live streams: frames go in on one thread, results come out on another, and nobody waits who did not ask to.
//!
//! A [`Context`] holds the models; each [`Stream`] has a bounded queue and a worker thread of its own, on which all of
//! the work happens (three where frames overlap: [`Overlap`]). Models are shared: their runs take turns, poses first, the rest of the
//! work runs side by side. Under a memory budget they come and go (`docs/scheduling.md`).
//!
//! People come from the host's boxes or from the detector of the context, get ids that last, calm keypoints and maps
//! where [`PeopleOptions`] asks for them; what was found is always there too.
//!
//! ```no_run
//! use sapiens::engine::ModelSource;
//! use sapiens::image::Image;
//! use sapiens::live::{Context, ContextOptions, Frame, LoadRequest, Stream, StreamOptions};
//! use std::time::Duration;
//!
//! let context = Context::new(ContextOptions::default())?;
//! context.load(&ModelSource::Demo, &LoadRequest::default(), &mut |_, _, _| Ok(()))?;
//! let stream = Stream::new(&context, StreamOptions::default())?;
//! stream.submit(Frame::of_image(Image::open("photo.jpg")?), Some(Duration::ZERO))?;
//! if let Some(result) = stream.poll(None)? {
//!     println!("{} people", result.people.len());
//! }
//! # Ok::<(), sapiens::Error>(())
//! ```

mod ahead;
mod cadence;
mod calm;
#[cfg(test)]
mod calm_tests;
mod context;
mod detectors;
mod finder;
mod finish;
mod frame;
mod gate;
mod keep;
mod log;
mod models;
mod options;
#[cfg(test)]
mod overlap_tests;
mod people;
#[cfg(test)]
mod people_tests;
mod queue;
mod result;
mod runner;
mod shelf;
#[cfg(test)]
mod shelf_tests;
mod spare;
mod statistics;
mod stream;
#[cfg(test)]
mod tests;
mod worker;

pub use cadence::TaskSetting;
pub use calm::MapFilterOptions;
pub use context::{Context, ContextOptions, LoadRequest, ModelId, ModelReport};
pub use detectors::DetectorReport;
pub use finder::DetectSetting;
pub use frame::{BorrowedPixels, Frame, Pixels};
pub use log::{Log, LogLevel, LogSink};
pub use options::{Delivery, Overlap, PeopleOptions, StreamOptions};
pub use queue::{Policy, Submitted};
pub use result::{BoxOrigin, CalmMaps, Dated, LiveMaps, LivePerson, LiveResult, PointsCheck};
pub use shelf::Fate;
pub use statistics::Statistics;
pub use stream::{ResultCallback, Stream};
