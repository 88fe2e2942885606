//! The C interface. `include/sapiens.h` is generated from these files and is its documentation.
//!
//! Every export is one call of `guard::guard`; handles are looked up in tables and never followed (`table`);
//! structures begin with their size (`guard::Sized32`); enumerations come in as integers.
#![allow(unsafe_code)] // this is the boundary
#![allow(clippy::missing_safety_doc)]

mod context;
mod context_types;
mod convert;
mod convert_image;
mod convert_people;
mod defaults;
mod detector;
mod document;
mod enums;
mod guard;
mod map;
mod map_copy;
mod model;
mod people_types;
mod report;
mod result;
mod result_types;
mod skeleton;
mod status;
mod stream;
mod stream_types;
mod submit;
mod table;
mod version;

pub use context::*;
pub use context_types::*;
pub use defaults::*;
pub use detector::*;
pub use enums::*;
pub use map::*;
pub use map_copy::*;
pub use model::*;
pub use people_types::*;
pub use report::*;
pub use result::*;
pub use result_types::*;
pub use skeleton::*;
pub use status::{SapiensStatus, sapiens_last_error, sapiens_status_name};
pub use stream::*;
pub use stream_types::*;
pub use submit::*;
pub use version::*;
