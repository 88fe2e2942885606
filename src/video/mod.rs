//! Clips through ffmpeg: its programs run as processes of their own, frames go through pipes, nothing is linked.
//!
//! [`Ffmpeg::find`] looks for the programs, [`ClipInfo::read`] asks what a file is, a [`Decoder`] delivers its frames with the
//! times of the container, an [`Encoder`] makes a clip of frames with such times, [`join`] one of several. A
//! [`Sequence`] is a clip of numbered pictures and needs no ffmpeg. See `docs/video.md`.
//!
//! No shell is involved, files are named with the `file:` protocol, and only that protocol is allowed: neither a name nor
//! the content of a file (a playlist) makes ffmpeg open a network connection.

mod decode;
mod encode;
mod matroska;
mod probe;
mod process;
mod sequence;
mod tool;

pub use decode::{Decoder, Faults, VideoFrame};
pub use encode::{Encoder, Part, join};
pub use probe::ClipInfo;
pub use sequence::Sequence;
pub use tool::Ffmpeg;
