//! Checkpoints: safetensors and PyTorch files read on demand, their tensor names, and the architecture these names and shapes imply.
//!
//! [`Checkpoint`] checks the header and reads ranges; [`Source`] answers to the original tensor names whatever naming
//! the file uses; [`Arch`] is derived from names and shapes only; [`model_info`] says what the model is.

mod arch;
mod check;
mod detr;
mod detr_config;
mod file;
mod head;
mod head_derive;
mod header;
mod info;
mod names;
mod official;
mod pth;
mod recognise;
mod rtmdet;
mod sapiens1;
mod sniff;
mod strided;
mod transformers;
mod unit;

pub use arch::{Arch, Layer, Tokenizer};
pub use detr::{Bottleneck, Detr, DetrLayer};
pub use detr_config::DetrConfig;
pub use file::Checkpoint;
pub(crate) use file::hex;
pub use head::{Conv, Head, HeadNorm, Linear, ScaleBranch};
pub use header::{DType, TensorInfo};
pub use info::model_info;
pub use names::{Naming, Source};
pub use official::{official, official_sizes};
pub use rtmdet::{Csp, CspBlock, CspStage, RtmDet, RtmLevel};
pub use sapiens1::{Hints, Sapiens1};
pub use unit::Unit;
