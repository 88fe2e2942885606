//! Test data for libsapiens, made without it: checkpoints regenerated from seeds, safetensors files written and read
//! by a second implementation, expected values, and the key tables of the official models as files without data. And what
//! a process takes, for tests and benchmarks that watch over it.

mod bundle;
mod file;
mod golden;
mod manifest;
mod naming;
pub mod process;
mod pth;
mod rng;
mod sapiens1;
mod weights;

pub use bundle::{Bundle, DETECTOR};
pub use file::{Dtype, Expected, Tensor, safetensors_bytes, write_safetensors};
pub use golden::{GOLDEN, data_dir, expected, golden_checkpoint, golden_detr, golden_tensors, gzipped, gzipped_text};
pub use manifest::{Manifest, key_table, manifests, write_sparse};
pub use naming::to_transformers;
pub use pth::{Archive, Pickle, pth_bytes};
pub use rng::TorchRng;
pub use sapiens1::{GOLDEN1, Spec1, expected1, golden_tensors1, manifests1};
pub use weights::{Spec, make_checkpoint, periods};
