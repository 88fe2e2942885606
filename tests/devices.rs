//! Devices that the loaded ONNX Runtime does not have: the CPU build, as `cargo xtask fetch-ort` fetches it.

use sapiens::ErrorKind;
use sapiens::engine::{Engine, LoadOptions, ModelSource, try_device};
use sapiens::runtime::{Device, Library, OpenVinoTarget, SessionOptions};
use sapiens::spec::Task;

fn load(devices: &[Device]) -> sapiens::Result<Engine> {
    let options = LoadOptions {
        session: SessionOptions { devices: devices.to_vec(), ..Default::default() },
        tasks: Some(vec![Task::Normal]),
        ..Default::default()
    };
    Engine::load(&[ModelSource::Demo], &options, &mut |_, _, _| Ok(()))
}

#[test]
fn a_device_the_library_lacks_is_an_error() {
    let library = Library::load(None).unwrap();
    assert_eq!(library.providers(), [Device::Cpu.provider()], "SAPIENS_ORT names another build than the CPU's");
    try_device(library, Device::Cpu).unwrap();
    let openvino = Device::OpenVino(OpenVinoTarget::CpuBf16);
    for device in [Device::WebGpu, Device::Cuda(0), openvino, Device::DirectMl(0), Device::CoreMl] {
        for error in [load(&[device]).unwrap_err(), try_device(library, device).unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::Device, "{error}");
            let text = error.to_string();
            assert!(text.contains(&format!("device {device} cannot be used")), "{text}");
            // With ONNX Runtime's reason, without the place in its source; the command line adds where to look further.
            assert!(text.contains("in this build") && !text.contains(".cc:"), "{text}");
        }
    }
}

#[test]
fn the_next_device_is_used_only_if_listed() {
    let engine = load(&[Device::WebGpu, Device::Cpu]).unwrap();
    let model = &engine.models()[0];
    assert_eq!(model.device(), Device::Cpu);
    assert_eq!(model.refused().len(), 1);
    assert_eq!(model.refused()[0].0, Device::WebGpu);
    let error = load(&[Device::Cuda(0), Device::WebGpu]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Device);
    let text = error.to_string();
    assert!(text.contains("cuda:0") && text.contains("webgpu"), "{text}");
}
