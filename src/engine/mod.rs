//! From an image to typed results: models are loaded, the image framed, run, decoded and carried back to image space.
//!
//! ```no_run
//! use sapiens::engine::{Engine, LoadOptions, ModelSource, Request};
//! use sapiens::image::Image;
//!
//! let engine = Engine::load(&[ModelSource::Demo], &LoadOptions::default(), &mut |_, _, _| Ok(()))?;
//! let result = engine.run(&Image::open("photo.jpg")?, &Request::default())?;
//! for keypoint in result.people[0].pose.iter().flatten() {
//!     println!("{:.1} {:.1} {:.2}", keypoint.x, keypoint.y, keypoint.score);
//! }
//! # Ok::<(), sapiens::Error>(())
//! ```

mod attention;
mod batch;
mod begun;
mod cache;
mod certify;
mod clock;
mod describe;
mod describe_detector;
mod detector;
mod finisher;
mod form;
mod framed;
mod framer;
mod group;
mod infer;
mod load;
pub mod memory;
mod model;
mod origin;
mod parts;
mod picture;
mod prebuild;
mod prepared;
mod region;
mod result;
mod run;
mod turns;
mod watch;

pub use batch::USUAL_MEMORY as USUAL_BATCH_MEMORY;
pub use begun::{Begun, Carried, Rest};
pub use cache::{BuiltModel, built_models};
pub use certify::{CertifyOptions, certify};
pub use describe::{Description, describe, describe_with, try_device};
pub use detector::Detector;
pub use finisher::{DeviceMap, Finisher, MapKind};
pub use form::write_for;
pub use framer::{DeviceFraming, Framer, Surface, Uploaded};
pub use load::{LoadOptions, ModelSource};
pub use memory::Footprint;
pub use model::Model;
pub use origin::Origin;
pub use prebuild::{Prebuilt, prebuild};
pub use region::Regions;
pub use result::{Features, FrameResult, Maps, Person, Timing};
pub(crate) use run::refuse_double;
pub use run::{Engine, MapSpace, Request};
pub use turns::Turns;
