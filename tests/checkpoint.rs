//! Checkpoints of all kinds are recognised, and their tensors read.

use sapiens::checkpoint::{Arch, Source, model_info};
use sapiens::spec::Task;

#[test]
fn the_demo_bundle_has_six_heads() {
    let source = Source::open("assets/demo/demo_bundle.safetensors").unwrap();
    let arch = Arch::derive(&source).unwrap();
    let info = model_info(&source, &arch).unwrap();
    assert_eq!(info.tasks, Task::ALL[1..]);
    assert_eq!(info.input.to_string(), "256x192");
    eprintln!("{arch:#?} {info:#?}");
}
