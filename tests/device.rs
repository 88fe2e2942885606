//! The device path on the processor, which every machine has: the same graphs, bindings and counters as on other devices.

mod common;
#[path = "common/framings.rs"]
mod framings;

use sapiens::runtime::Device;

#[test]
fn every_framing_gives_the_pixels_of_the_host() {
    framings::check_framings(common::library(), Device::Cpu);
}

#[test]
fn raw_frames_are_taken_as_they_lie() {
    framings::check_layouts(common::library(), Device::Cpu);
}
