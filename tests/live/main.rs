//! Live streams with the embedded model: what they say, what they share, how they end. Nothing here depends on time; what
//! hangs fails.

#[path = "../common/mod.rs"]
mod common;

mod budget;
mod callbacks;
mod detecting;
mod device_maps;
mod ends;
mod models;
mod sharing;
mod storm;
mod support;
mod work;
