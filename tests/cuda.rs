//! CUDA memory given to the library and taken from it, over a stand-in for NVIDIA's driver (`tests/c/cuda/driver.c`): there need not be a
//! card. Frames that models read where they lie need one; what can be shown of that without is shown with memory of the processor.
#![cfg(unix)]
#![allow(unsafe_code)]

mod common;
mod native;

use common::library;
use native::{Build, Language, root, run};
use sapiens::engine::{Framer, Surface};
use sapiens::error::ErrorKind;
use sapiens::geometry::{Rect, Size};
use sapiens::image::{FrameFormat, Orientation, PixelFormat, Plane};
use sapiens::preprocess::{Framing, plan};
use sapiens::runtime::{Cuda, CudaSource, CudaTarget, Device, DeviceBytes, Traffic};
use sapiens::spec::{ModelFraming, Task};
use std::ffi::c_void;
use std::path::{Path, PathBuf};
use std::process::Command;

fn compile(folder: &Path, source: &Path) -> PathBuf {
    let library = folder.join("libcuda.so.1");
    let mut command = Command::new(std::env::var("CC").unwrap_or_else(|_| "cc".into()));
    command.args([
        "-shared",
        "-fPIC",
        "-g",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-pthread",
        "-Wl,-soname,libcuda.so.1",
        "-o",
    ]);
    run(command.arg(&library).arg(source));
    library
}

/// Builds and runs a program of `tests/c/cuda` with the stand-in beside it, plain and under the sanitizers.
fn with_the_stand_in(source: &str) {
    let folder = tempfile::tempdir().unwrap();
    let driver = compile(folder.path(), &root().join("tests/c/cuda/driver.c"));
    let (source, search) = (format!("tests/c/cuda/{source}.c"), format!("-L{}", folder.path().display()));
    for sanitized in [false, true] {
        let flags = [search.as_str(), "-Itests/c/cuda", "-l:libcuda.so.1"];
        let build = Build { language: Language::C("c11"), sources: &[&source], flags: &flags, sanitized };
        let program = build.program();
        std::fs::copy(&driver, program.folder().join("libcuda.so.1")).unwrap();
        assert_eq!(program.run(&[]).lines().last(), Some("ok"), "sanitized: {sanitized}");
    }
}

#[test]
fn frames_in_cuda_memory_give_what_frames_of_the_processor_give() {
    with_the_stand_in("frames");
}

#[test]
fn maps_are_copied_where_the_host_wants_them() {
    with_the_stand_in("maps");
}

#[test]
fn the_example_in_the_docs_compiles() {
    let text = std::fs::read_to_string(root().join("docs/device.md")).unwrap();
    let code = text.split("```c\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("example.c");
    let released = "static void texture_is_free(void *user_data, uint64_t frame) { (void)user_data, (void)frame; }\n";
    std::fs::write(&path, format!("#include \"sapiens.h\"\n{released}{code}")).unwrap();
    let sources = [path.to_str().unwrap()];
    Build { language: Language::C("c99"), sources: &sources, flags: &["-pedantic"], sanitized: false }.check();
}

#[test]
fn a_driver_that_is_none_is_told_from_one_that_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let open = |path: &Path| {
        let error = Cuda::open(Some(path)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Device);
        error.to_string()
    };
    let missing = open(&folder.path().join("none.so"));
    assert!(missing.contains("comes with the NVIDIA driver"), "{missing}");
    let source = folder.path().join("driver.c");
    std::fs::write(&source, "int cuInit(unsigned flags) { return (int)flags; }\n").unwrap();
    let old = open(&compile(folder.path(), &source));
    assert!(old.contains("no function cuGetErrorString"), "{old}");
    let text = std::fs::read_to_string(root().join("tests/c/cuda/driver.c")).unwrap();
    let broken = text.replace(
        "return flags == 0 ? 0 : INVALID_VALUE; }\nint cuGetErrorString",
        "return flags == 0 ? 999 : 0; }\nint cuGetErrorString",
    );
    assert_ne!(text, broken);
    std::fs::write(&source, broken).unwrap();
    std::fs::copy(root().join("tests/c/cuda/driver.h"), folder.path().join("driver.h")).unwrap();
    let other = folder.path().join("other");
    std::fs::create_dir(&other).unwrap();
    let refused = open(&compile(&other, &source));
    assert!(refused.contains("could not start: no reason given (CUDA error 999)"), "{refused}");
}

/// What a map that stayed on a device is copied by, from there to where the host wants it.
#[test]
fn rows_are_copied_from_device_to_device() {
    let folder = tempfile::tempdir().unwrap();
    let path = compile(folder.path(), &root().join("tests/c/cuda/driver.c"));
    let cuda = Cuda::open(Some(&path)).unwrap();
    // SAFETY: as driver.h declares them; the library stays as long as `cuda`, which has opened it too.
    let stand_in = unsafe { libloading::Library::new(&path).unwrap() };
    type Alloc = unsafe extern "C" fn(usize, i32) -> u64;
    type Bytes = unsafe extern "C" fn(u64) -> *mut u8;
    type Wait = unsafe extern "C" fn(*mut c_void);
    let (alloc, bytes, wait, stream, event) = unsafe {
        (
            stand_in.get::<Alloc>(b"fake_alloc\0").unwrap(),
            stand_in.get::<Bytes>(b"fake_bytes\0").unwrap(),
            stand_in.get::<Wait>(b"fake_wait\0").unwrap(),
            stand_in.get::<unsafe extern "C" fn(i32) -> *mut c_void>(b"fake_stream\0").unwrap(),
            stand_in.get::<unsafe extern "C" fn(*mut c_void) -> *mut c_void>(b"fake_event\0").unwrap(),
        )
    };
    let (row, rows, pitch) = (12, 5, 20);
    for is_async in [false, true] {
        // SAFETY: both are as large as said, and nobody else uses them.
        unsafe {
            let (from, to) = (alloc(row * rows, 1), alloc(pitch * rows, 1));
            let (source, target) = (bytes(from), bytes(to));
            (0..row * rows).for_each(|i| source.add(i).write(i as u8 + 1));
            let queue = if is_async { stream(0) } else { std::ptr::null_mut() };
            let done = if is_async { event(queue) } else { std::ptr::null_mut() };
            let place = CudaTarget {
                start: to,
                pitch,
                stream: is_async.then_some(queue as usize),
                event: is_async.then_some(done as usize),
            };
            cuda.write(CudaSource::Device(from, row * rows), row, &place, false).unwrap();
            if is_async {
                assert_eq!(target.read(), 0, "in the turn of its stream");
                wait(done);
            }
            for y in 0..rows {
                for x in 0..pitch {
                    let expected = if x < row { (y * row + x) as u8 + 1 } else { 0 };
                    assert_eq!(target.add(y * pitch + x).read(), expected, "{x} {y}");
                }
            }
            let short = cuda.write(CudaSource::Device(from, row * rows - 1), row, &place, false).unwrap_err();
            assert!(short.to_string().contains("59 bytes in rows of 12"), "{short}");
        }
    }
}

/// The binding of foreign memory: the crops of a frame that a session reads by its address are those of the same frame given as bytes.
#[test]
fn a_session_reads_foreign_memory_where_it_lies() {
    let framer = Framer::of(library(), Device::Cpu).unwrap();
    let size = Size::new(37, 29);
    let bytes: Vec<u8> = (0..4 * 50 * 29).map(|i| (i * 97 % 251) as u8).collect();
    let bbox = Some(Rect { x: 3.0, y: -2.0, width: 20.0, height: 24.0 });
    for pixels in [PixelFormat::Rgb8, PixelFormat::Bgra8, PixelFormat::Gray8] {
        for orientation in [Orientation::Normal, Orientation::Rotate90, Orientation::Transverse] {
            let format = FrameFormat { size, format: pixels, yuv: None, orientation };
            let row = format.row_bytes(0);
            for stride in [row as isize, -(row as isize), (row + 3 * row / 37) as isize] {
                let span = stride.unsigned_abs() * (size.height - 1) + row;
                let first = if stride < 0 { span - row } else { 0 };
                let planes = [Plane { bytes: &bytes[..span], first, stride }];
                let given = Surface::of_frame(&format, &planes).unwrap().unwrap();
                // SAFETY: the bytes are there until the end of the test.
                let foreign = unsafe { DeviceBytes::new(Device::Cpu, bytes.as_ptr() as u64, span) };
                let foreign = Surface::on_device(&format, &[(foreign, first, stride)]).unwrap().unwrap();
                assert!(
                    foreign.is_for(Device::Cpu) && !foreign.is_for(Device::Cuda(0)) && given.is_for(Device::Cuda(0))
                );
                let upright = format.upright_size();
                let input = Size::new(16, 32);
                let plans = [plan(upright, bbox, input, Task::Pose, Framing::Crop, ModelFraming::Official).unwrap()];
                let crops = |surface: &Surface| {
                    let mut traffic = Traffic::default();
                    let there = framer.upload(surface, &mut traffic).unwrap();
                    let uploaded = traffic.to_device;
                    (framer.pixels(&there, &plans, &mut traffic).unwrap().swap_remove(0).pixels, uploaded)
                };
                let ((expected, crosses), (found, nothing)) = (crops(&given), crops(&foreign));
                assert_eq!(expected, found, "{format:?} {stride}");
                assert!(crosses as usize == span && nothing == 0, "{crosses} and {nothing} of {span} bytes");
            }
        }
    }
    // Memory of one device is nothing to a session on another.
    let format = FrameFormat { size, format: PixelFormat::Gray8, yuv: None, orientation: Orientation::Normal };
    // SAFETY: nobody reads it.
    let elsewhere = unsafe { DeviceBytes::new(Device::Cuda(3), 0x1000, size.area()) };
    let surface = Surface::on_device(&format, &[(elsewhere, 0, 37)]).unwrap().unwrap();
    let error = framer.upload(&surface, &mut Traffic::default()).err().unwrap();
    assert!(error.to_string().contains("is on cuda:3, the session on cpu"), "{error}");
    assert!(
        Surface::on_device(&format, &[(elsewhere, 1, 37)]).is_err()
            && Surface::on_device(&format, &[(elsewhere, 0, 36)]).is_err()
    );
}
