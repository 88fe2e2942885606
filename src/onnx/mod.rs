//! ONNX files: the protobuf messages, a builder for graphs, cutting a graph at named values, and running it for a part of a map.
//!
//! Only the part of the format that this library writes is declared ([onnx.proto], IR version 11).
//!
//! [onnx.proto]: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto

mod builder;
mod cut;
mod extent;
pub mod proto;
mod unfuse;
mod widen;
mod window;

pub use builder::{Attr, Builder, Dim, Element};
pub use cut::cut;
pub use extent::{weight_bytes, work_bytes};
pub use unfuse::{Rounding, round_by, unfuse, unfuse_attention};
pub use widen::widen_input;
pub use window::{Cells, WINDOWS, Windows, windowed};

/// IR version written: the one that came with opset 23.
pub const IR_VERSION: i64 = 11;
/// Version of the standard operators used.
pub const OPSET: i64 = 23;
/// Domain of ONNX Runtime's own fused operators.
pub const MICROSOFT: &str = "com.microsoft";
