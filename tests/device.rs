//! The device path on the processor, which every machine has: the same graphs, bindings and counters as on other devices.

mod common;
#[path = "common/framings.rs"]
mod framings;
#[path = "common/traffic.rs"]
mod traffic;

use common::library;
use sapiens::engine::{DeviceFraming, Engine, LoadOptions, ModelSource};
use sapiens::runtime::Device;

#[test]
fn every_framing_gives_the_pixels_of_the_host() {
    framings::check_framings(library(), Device::Cpu);
}

#[test]
fn raw_frames_are_taken_as_they_lie() {
    framings::check_layouts(library(), Device::Cpu);
}

#[test]
fn nv12_becomes_rgb_there() {
    framings::check_nv12(library(), Device::Cpu);
}

#[test]
fn nothing_but_the_frame_and_the_results_crosses() {
    traffic::check_engine(library().path(), Device::Cpu, DeviceFraming::On);
}

#[test]
fn mirror_images_are_made_there() {
    traffic::check_flip_test(library().path(), Device::Cpu, DeviceFraming::On);
}

#[test]
fn frames_need_no_image() {
    traffic::check_frames(library().path(), Device::Cpu, DeviceFraming::On);
}

#[test]
fn the_processor_frames_only_when_told_and_a_device_that_cannot_is_an_error() {
    library();
    let load = |device, device_framing| {
        let mut options = LoadOptions { device_framing, ..LoadOptions::default() };
        options.session.devices = vec![device, Device::Cpu];
        Engine::load(&[ModelSource::Demo], &options, &mut common::quiet)
    };
    let engine = load(Device::Cpu, DeviceFraming::Auto).unwrap();
    assert!(!engine.models()[0].frames_on_device() && engine.models()[0].framing_refused().is_none());
    // No CUDA in this build: the processor, which frames on the host, and the reason.
    let engine = load(Device::Cuda(0), DeviceFraming::Auto).unwrap();
    let model = &engine.models()[0];
    assert!(model.device() == Device::Cpu && !model.frames_on_device());
    assert!(model.framing_refused().unwrap().to_string().contains("cuda:0"), "{:?}", model.framing_refused());
    assert!("sometimes".parse::<DeviceFraming>().unwrap_err().to_string().contains("auto"));
    for framing in [DeviceFraming::Auto, DeviceFraming::On, DeviceFraming::Off] {
        assert_eq!(framing.name().parse::<DeviceFraming>().unwrap(), framing);
    }
}
