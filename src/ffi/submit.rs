//! The export that takes a frame.

use super::convert::{UserData, tasks_of_mask, timeout};
use super::convert_image::{Space, cuda_frame, frame_format, planes, space};
use super::enums::SapiensSubmitFlags;
use super::guard::{guard, output, read, read_or, slice, text};
use super::status::{Failure, SapiensStatus};
use super::stream::{STREAMS, StreamHost};
use super::stream_types::{SapiensImage, SapiensReleaseCallback, SapiensStream, SapiensSubmitOptions};
use crate::geometry::Rect;
use crate::image::{FrameFormat, Image, Plane};
use crate::live::{BorrowedCuda, BorrowedPixels, Frame, Pixels, Submitted};
use crate::runtime::CudaFrame;
use crate::spec::Task;
use std::ffi::{c_char, c_void};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Most boxes of a frame.
const MAX_BOXES: u32 = 256;

/// Takes a frame. The pixels are copied (without conversion) before the call returns, or borrowed with
/// SAPIENS_SUBMIT_FLAGS_BORROW. Everything else happens on other threads.
///
/// `options`: NULL: every task of the stream, the whole image as one person. `timeout_ms`: how long to wait for room with policy
/// BLOCK; 0: not at all; with the other policies there is always room. `frame`: gets the number of the frame, from 1; may be
/// NULL.
///
/// Pixels on a CUDA device: without BORROW the call waits for `image->event` or `stream` and brings them to the host. With BORROW it does
/// not wait; models that frame on that device read them where they lie, for others they are brought to the host
/// (`SapiensResultInfo.to_host_bytes` counts them), and `release` comes when that is done. An event or a stream that never comes is waited
/// for without end.
///
/// Answers TIMEOUT if there is no room: nothing was taken, and nothing is released. Fails with INVALID_ARGUMENT, IMAGE,
/// UNSUPPORTED (memory space) about the image, INVALID_ARGUMENT about a box, DEVICE without an NVIDIA driver, SHUT_DOWN.
///
/// # Safety
/// Pointers as the parameters say; `image->data` and `image->chroma` lead to all rows that the description covers, `image->event` and
/// `image->stream` exist.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_stream_submit(
    stream: *mut SapiensStream,
    image: *const SapiensImage,
    options: *const SapiensSubmitOptions,
    timeout_ms: u32,
    frame: *mut u64,
) -> SapiensStatus {
    guard(|| {
        let host = STREAMS.get(stream)?;
        let image = unsafe { read(image, "image")? };
        let options = unsafe { read_or(options, "options", SapiensSubmitOptions::DEFAULT)? };
        let request = unsafe { request(&options)? };
        let space = space(image.memory, "image->memory")?;
        let format = frame_format(&image)?;
        let release = request.is_borrowed.then(|| Arc::new(Release::new(&options)));
        let mut fetched = 0;
        let pixels = match space {
            Space::Cpu => {
                let planes = unsafe { planes(&image, &format)? };
                match &release {
                    Some(release) => Pixels::Borrowed(Box::new(Loan { format, planes, release: Arc::clone(release) })),
                    None => {
                        let mut bytes = host.live.buffer();
                        format.pack(&planes, &mut bytes)?;
                        Pixels::Packed(bytes, format)
                    }
                }
            }
            Space::Cuda => {
                let frame = unsafe { cuda_frame(&image, format)? };
                match &release {
                    Some(release) => Pixels::Cuda(Box::new(CudaLoan { frame, release: Arc::clone(release) })),
                    None => {
                        let mut bytes = host.live.buffer();
                        frame.fetch(&mut bytes)?;
                        fetched = bytes.len() as u64;
                        Pixels::Packed(bytes, format)
                    }
                }
            }
        };
        let on_taken = |id: u64| {
            if let Some(release) = &release {
                release.frame.store(id, Ordering::Release);
            }
        };
        let taken = Frame { fetched, ..request.frame(pixels, image.timestamp_ns) };
        unsafe { submit(&host, taken, timeout_ms, &on_taken, frame) }
    })
}

/// Takes a picture file as a frame: JPEG, PNG, BMP, TIFF, WebP or PNM, turned upright as its EXIF orientation says. It is read
/// and decoded before the call returns: for tools and first steps. `path`: UTF-8. `options` as for `sapiens_stream_submit`, without
/// BORROW; the timestamp is 0.
///
/// Fails with NOT_FOUND, IO or IMAGE about the file, and as `sapiens_stream_submit`.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_stream_submit_file(
    stream: *mut SapiensStream,
    path: *const c_char,
    options: *const SapiensSubmitOptions,
    timeout_ms: u32,
    frame: *mut u64,
) -> SapiensStatus {
    guard(|| {
        let host = STREAMS.get(stream)?;
        let path = unsafe { text(path, "path")? };
        let options = unsafe { read_or(options, "options", SapiensSubmitOptions::DEFAULT)? };
        let request = unsafe { request(&options)? };
        if request.is_borrowed {
            return Err(Failure::invalid("options->flags has BORROW, but a file has no pixels of the caller's"));
        }
        let pixels = Frame::of_image(Image::open(path)?).pixels;
        unsafe { submit(&host, request.frame(pixels, 0), timeout_ms, &|_| {}, frame) }
    })
}

/// What a frame is asked, checked.
struct Request {
    boxes: Vec<Rect>,
    tasks: Option<Vec<Task>>,
    is_borrowed: bool,
    is_complete: bool,
}

impl Request {
    fn frame(self, pixels: Pixels, timestamp_ns: i64) -> Frame {
        let Self { boxes, tasks, is_complete, .. } = self;
        Frame { pixels, timestamp_ns, boxes, tasks, ignore_cadence: is_complete, fetched: 0 }
    }
}

unsafe fn request(options: &SapiensSubmitOptions) -> Result<Request, Failure> {
    let (borrow, complete) = (SapiensSubmitFlags::Borrow as u32, SapiensSubmitFlags::IgnoreCadence as u32);
    let unknown = options.flags & !(borrow | complete);
    if unknown != 0 {
        return Err(Failure::invalid(format!("options->flags has unknown bits: {unknown:#x}")));
    }
    if options.box_count > MAX_BOXES {
        let count = options.box_count;
        return Err(Failure::invalid(format!("options->box_count is {count}; a frame takes up to {MAX_BOXES}")));
    }
    let boxes = unsafe { slice(options.boxes, options.box_count as usize, "options->boxes")? };
    Ok(Request {
        boxes: boxes.iter().map(|b| Rect { x: b.x, y: b.y, width: b.width, height: b.height }).collect(),
        tasks: tasks_of_mask(options.tasks, "options->tasks")?,
        is_borrowed: options.flags & borrow != 0,
        is_complete: options.flags & complete != 0,
    })
}

unsafe fn submit(
    host: &StreamHost,
    frame: Frame,
    timeout_ms: u32,
    on_taken: &dyn Fn(u64),
    number: *mut u64,
) -> Result<(), Failure> {
    let out = if number.is_null() { None } else { Some(unsafe { output(number, "frame")? }) };
    match host.live.submit_with(frame, timeout(timeout_ms), on_taken)? {
        Submitted::Taken(id) => {
            if let Some(out) = out {
                *out = id;
            }
            Ok(())
        }
        Submitted::Timeout => Err(Failure::TIMEOUT),
    }
}

/// Tells the host once that its pixels are free, if the frame was taken at all.
struct Release {
    callback: SapiensReleaseCallback,
    user_data: UserData<c_void>,
    /// 0 until the frame is taken.
    frame: AtomicU64,
}

impl Release {
    fn new(options: &SapiensSubmitOptions) -> Self {
        Self { callback: options.release, user_data: UserData(options.user_data), frame: AtomicU64::new(0) }
    }

    fn tell(&self) {
        let frame = self.frame.swap(0, Ordering::AcqRel);
        if frame != 0
            && let Some(callback) = self.callback
        {
            // SAFETY: a function of the host, given with this user data.
            unsafe { callback(self.user_data.0, frame) };
        }
    }
}

/// Pixels that belong to the host.
struct Loan {
    format: FrameFormat,
    planes: Vec<Plane<'static>>,
    release: Arc<Release>,
}

impl BorrowedPixels for Loan {
    fn format(&self) -> &FrameFormat {
        &self.format
    }

    fn planes(&self) -> Vec<Plane<'_>> {
        self.planes.clone()
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        self.planes.clear();
        self.release.tell();
    }
}

/// The same on a CUDA device.
struct CudaLoan {
    frame: CudaFrame,
    release: Arc<Release>,
}

impl BorrowedCuda for CudaLoan {
    fn frame(&self) -> &CudaFrame {
        &self.frame
    }
}

impl Drop for CudaLoan {
    fn drop(&mut self) {
        self.release.tell();
    }
}
