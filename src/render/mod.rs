//! Results of the engine as things to look at: pictures in the official palettes, records for documents.

mod map;
mod merge;
mod panel;
mod record;

pub use map::MapPicture;
pub use merge::merge;
pub use panel::{Style, foreground, foreground_rgb, labelled_pose, slice};
pub use record::{keypoint_records, person_record};
