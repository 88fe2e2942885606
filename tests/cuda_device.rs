//! Frames and maps in CUDA memory on a real GPU, which `benches/gpu.sh` runs: `SAPIENS_TEST_DEVICE=cuda:0 SAPIENS_ORT=... cargo test
//! --test cuda_device -- --ignored`. A dry run: `SAPIENS_TEST_DEVICE=cpu` and the stand-in of `tests/c/cuda/driver.c` as libcuda.so.1.
#![cfg(unix)]
#![allow(unsafe_code)]

mod common;
#[path = "common/framings.rs"]
mod framings;

use common::{library, quiet, session_options};
use sapiens::engine::{
    DeviceFraming, Engine, Finisher, FrameResult, LoadOptions, MapKind, MapSpace, ModelSource, Request,
};
use sapiens::geometry::{Rect, Size};
use sapiens::image::{FrameFormat, Image, Orientation, PixelFormat, Plane, YuvColor};
use sapiens::runtime::{Cuda, CudaFence, CudaFrame, CudaPlane, CudaSource, CudaTarget, Device};
use sapiens::spec::Task;
use std::ffi::{c_int, c_uint, c_void};
use std::sync::Arc;

/// What a host would do with the driver.
struct Host(libloading::Library);

impl Host {
    fn open(device: c_int) -> Self {
        // SAFETY: NVIDIA's driver, and its functions as cuda.h declares them.
        unsafe {
            let host = Self(libloading::Library::new("libcuda.so.1").expect("this test needs NVIDIA's driver"));
            let (mut number, mut context) = (0, std::ptr::null_mut());
            assert_eq!(host.0.get::<unsafe extern "C" fn(c_uint) -> c_int>(b"cuInit\0").unwrap()(0), 0);
            let get = host.0.get::<unsafe extern "C" fn(*mut c_int, c_int) -> c_int>(b"cuDeviceGet\0").unwrap();
            assert_eq!(get(&mut number, device), 0);
            type Retain = unsafe extern "C" fn(*mut *mut c_void, c_int) -> c_int;
            let retain = host.0.get::<Retain>(b"cuDevicePrimaryCtxRetain\0").unwrap();
            assert_eq!(retain(&mut context, number), 0);
            let push = host.0.get::<unsafe extern "C" fn(*mut c_void) -> c_int>(b"cuCtxPushCurrent_v2\0").unwrap();
            assert_eq!(push(context), 0);
            host
        }
    }

    fn alloc(&self, bytes: usize) -> u64 {
        let mut address = 0_u64;
        // SAFETY: as above.
        unsafe {
            let alloc = self.0.get::<unsafe extern "C" fn(*mut u64, usize) -> c_int>(b"cuMemAlloc_v2\0").unwrap();
            assert_eq!(alloc(&mut address, bytes), 0);
        }
        address
    }

    fn put(&self, bytes: &[u8]) -> u64 {
        let address = self.alloc(bytes.len());
        // SAFETY: as above; as large as allocated.
        unsafe {
            let copy =
                self.0.get::<unsafe extern "C" fn(u64, *const u8, usize) -> c_int>(b"cuMemcpyHtoD_v2\0").unwrap();
            assert_eq!(copy(address, bytes.as_ptr(), bytes.len()), 0);
        }
        address
    }

    fn fetch(&self, address: u64, bytes: usize) -> Vec<u8> {
        let mut found = vec![0; bytes];
        // SAFETY: as above; it waits for what is in the legacy default stream.
        unsafe {
            let copy = self.0.get::<unsafe extern "C" fn(*mut u8, u64, usize) -> c_int>(b"cuMemcpyDtoH_v2\0").unwrap();
            assert_eq!(copy(found.as_mut_ptr(), address, bytes), 0);
        }
        found
    }
}

fn keypoints(result: &FrameResult) -> Vec<[f32; 3]> {
    result.people.iter().flat_map(|p| p.pose.iter().flatten()).map(|k| [k.x, k.y, k.score]).collect()
}

#[test]
#[ignore = "needs an NVIDIA GPU: benches/gpu.sh"]
fn frames_are_read_where_they_lie() {
    let session = session_options();
    let device = session.devices[0];
    let index = if let Device::Cuda(index) | Device::TensorRt(index) = device { index } else { 0 };
    let is_gpu = device != Device::Cpu;
    let options = LoadOptions {
        session,
        library: Some(library().path().to_path_buf()),
        tasks: Some(vec![Task::Pose, Task::Normal]),
        input: Some(Size::new(96, 128)),
        device_framing: DeviceFraming::On,
        ..LoadOptions::default()
    };
    let engine = Engine::load(&[ModelSource::Demo], &options, &mut quiet).unwrap();
    let image = Image::open("assets/standing.jpg").unwrap();
    let (host, cuda) = (Host::open(index), Cuda::get().unwrap());
    let size = Size::new(image.size().width / 4 * 2, image.size().height / 4 * 2);
    for (pixels, padding) in [
        (PixelFormat::Rgb8, 0),
        (PixelFormat::Bgra8, 32),
        (PixelFormat::Gray8, 7),
        (PixelFormat::Rgb8, 1),
        (PixelFormat::Nv12, 0),
    ] {
        let yuv = (pixels == PixelFormat::Nv12).then_some(YuvColor::Bt709Full);
        let format = FrameFormat { size, format: pixels, yuv, orientation: Orientation::Rotate90 };
        let (row, rows) = (format.row_bytes(0) + padding, size.height);
        let bytes = &image.pixels()[..row * rows * if yuv.is_some() { 2 } else { 1 }];
        let plane = |i: usize| Plane { bytes, first: i * row * rows, stride: row as isize };
        let planes: Vec<Plane> = (0..format.plane_count()).map(plane).collect();
        let boxes = vec![Rect { x: 20.0, y: 10.0, width: 150.0, height: 240.0 }];
        let request = Request { boxes, ..Request::default() };
        let expected = engine.run_frame(&format, &planes, &request).unwrap();
        let start = host.put(bytes);
        let there = |plane: &Plane| CudaPlane {
            start: start + plane.first as u64,
            bytes: row * (format.rows(usize::from(plane.first > 0)) - 1) + format.row_bytes(0),
            first: 0,
            stride: plane.stride,
        };
        let there = planes.iter().map(there).collect();
        // SAFETY: nobody touches the memory, and the copy into it was waited for.
        let frame = unsafe { CudaFrame::new(Arc::clone(&cuda), format, there, CudaFence::Stream(0)) }.unwrap();
        let is_direct = is_gpu && padding != 1;
        assert_eq!(engine.takes(&frame), is_direct, "{pixels:?} {padding}");
        let found = engine.run_cuda(&frame, &request).unwrap();
        println!("{pixels:?} {padding}: {:?}, from the host {:?}", found.traffic, expected.traffic);
        assert_eq!(keypoints(&found), keypoints(&expected), "{pixels:?} {padding}");
        assert_eq!(found.people[0].maps.normal, expected.people[0].maps.normal, "{pixels:?} {padding}");
        let frame_bytes = format.packed_bytes() as u64;
        if is_direct {
            assert!(found.traffic.to_device < 64 << 10, "tables and nothing else: {:?}", found.traffic);
            assert_eq!(found.traffic.to_host, expected.traffic.to_host);
        } else {
            assert_eq!(found.traffic.to_host, expected.traffic.to_host + frame_bytes, "brought to the host, once");
        }
    }
}

#[test]
#[ignore = "needs an NVIDIA GPU: benches/gpu.sh"]
fn what_models_and_detectors_see_is_what_the_host_shows_them() {
    let device = session_options().devices[0];
    framings::check_framings(library(), device);
    framings::check_layouts(library(), device);
    framings::check_nv12(library(), device);
}

#[test]
#[ignore = "needs an NVIDIA GPU: benches/gpu.sh"]
fn rows_are_written_in_the_order_of_a_stream() {
    /// `CU_STREAM_LEGACY`.
    const LEGACY: usize = 1;
    let (host, cuda) = (Host::open(0), Cuda::get().unwrap());
    let (row, pitch, rows) = (301, 512, 77);
    let source: Vec<u8> = (0..row * rows).map(|i| (i * 31 % 251) as u8).collect();
    for stream in [None, Some(LEGACY)] {
        let bytes = pitch * (rows - 1) + row;
        let start = host.put(&vec![0xA5; bytes]);
        let target = CudaTarget { start, pitch, stream, event: None };
        // SAFETY: the memory is ours, and `source` lives on.
        unsafe { cuda.write(CudaSource::Host(&source), row, &target, false) }.unwrap();
        let found = host.fetch(start, bytes);
        for (y, expected) in source.chunks_exact(row).enumerate() {
            assert_eq!(&found[y * pitch..][..row], expected, "row {y}");
            assert!(found[y * pitch..].iter().take(pitch).skip(row).all(|b| *b == 0xA5), "behind row {y}");
        }
        let beyond = CudaTarget { start: start + 1, ..target };
        // SAFETY: it is refused.
        let error = unsafe { cuda.write(CudaSource::Host(&source), row, &beyond, false) }.unwrap_err();
        assert!(error.to_string().contains("do not lie within their allocation"), "{error}");
    }
    let nowhere = CudaTarget { start: source.as_ptr() as u64, pitch, stream: None, event: None };
    // SAFETY: it is refused.
    let error = unsafe { cuda.write(CudaSource::Host(&source), row, &nowhere, true) }.unwrap_err();
    assert!(error.to_string().contains("no memory that CUDA knows"), "{error}");
}

#[test]
#[ignore = "needs an NVIDIA GPU: benches/gpu.sh"]
fn maps_stay_on_the_device() {
    let session = session_options();
    let device = session.devices[0];
    let index = if let Device::Cuda(index) | Device::TensorRt(index) = device { index } else { 0 };
    let finisher = Finisher::of(library(), device).unwrap();
    for task in [Task::Seg, Task::Normal, Task::Pointmap, Task::Albedo, Task::Matting] {
        finisher.check(task, Size::new(1920, 1080)).unwrap();
    }
    let options = LoadOptions {
        session,
        library: Some(library().path().to_path_buf()),
        tasks: Some(vec![Task::Pose, Task::Seg, Task::Normal]),
        input: Some(Size::new(96, 128)),
        decoded_seg: true,
        ..LoadOptions::default()
    };
    let engine = Engine::load(&[ModelSource::Demo], &options, &mut quiet).unwrap();
    let image = Image::open("assets/standing.jpg").unwrap();
    for space in [MapSpace::Model, MapSpace::Image] {
        let request = Request { space, ..Request::default() };
        let expected = engine.run(&image, &request).unwrap();
        let found = engine.run(&image, &Request { device_maps: vec![Task::Seg, Task::Normal], ..request }).unwrap();
        assert!(found.on_host.is_empty(), "{:?}", found.on_host);
        assert_eq!(found.traffic.to_host, 308 * 3 * 4, "only keypoints come back");
        let brought = found.scene.to_host().unwrap();
        let (a, b) = (expected.scene.normal.as_ref().unwrap(), brought.normal.as_ref().unwrap());
        assert!(a.shape() == b.shape() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4), "{space:?}");
        assert_eq!(expected.scene.seg.as_ref().unwrap().labels, brought.seg.as_ref().unwrap().labels);
        let map = found.scene.device_map(MapKind::Normals).unwrap();
        if device == Device::Cpu {
            continue;
        }
        // As a host reads it: by its address, from device to device.
        let (host, cuda) = (Host::open(index), Cuda::get().unwrap());
        let (address, row) = (map.address().unwrap(), map.size().width * 12);
        let bytes = row * map.size().height;
        assert_eq!(cuda.device_of(address, bytes, "map").unwrap(), index);
        let target = CudaTarget { start: host.alloc(bytes), pitch: row, stream: None, event: None };
        // SAFETY: the memory is ours, and the map lives on.
        unsafe { cuda.write(CudaSource::Device(address, bytes), row, &target, false) }.unwrap();
        let floats: Vec<f32> =
            host.fetch(target.start, bytes).as_chunks::<4>().0.iter().map(|b| f32::from_ne_bytes(*b)).collect();
        assert!(floats == brought.normal.as_ref().unwrap().iter().copied().collect::<Vec<_>>(), "{space:?}");
    }
}
