//! The program `sapiens` as its users meet it: what it writes, what it says, and what it leaves behind.

mod bad_checkpoint;
mod bad_image;
mod bad_labels;
mod bad_request;
mod bench;
mod convert;
mod detect;
mod detector;
mod doctor;
mod eval;
mod eval_detect;
mod eval_sheet;
mod inspect;
mod interrupt;
mod labelled;
mod other_heads;
mod outputs;
mod pictures;
mod prebuild;
mod sapiens1;
mod support;
mod video;
mod video_odd;
mod video_smooth;
