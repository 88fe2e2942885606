//! The export that takes a frame.

use super::convert::{UserData, frame_format, planes, tasks_of_mask, timeout};
use super::enums::SapiensSubmitFlags;
use super::guard::{guard, output, read, read_or, slice};
use super::status::{Failure, SapiensStatus};
use super::stream::STREAMS;
use super::stream_types::{SapiensImage, SapiensReleaseCallback, SapiensStream, SapiensSubmitOptions};
use crate::geometry::Rect;
use crate::image::{FrameFormat, Plane};
use crate::live::{BorrowedPixels, Frame, Pixels, Submitted};
use std::ffi::c_void;
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
/// Answers TIMEOUT if there is no room: nothing was taken, and nothing is released. Fails with INVALID_ARGUMENT, IMAGE,
/// UNSUPPORTED (memory space) about the image, INVALID_ARGUMENT about a box, SHUT_DOWN.
///
/// # Safety
/// Pointers as the parameters say; `image->data` and `image->chroma` lead to all rows that the description covers.
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
        let out = if frame.is_null() { None } else { Some(unsafe { output(frame, "frame")? }) };
        let flags = flags(options.flags)?;
        if options.box_count > MAX_BOXES {
            return Err(Failure::invalid(format!(
                "options->box_count is {}; a frame takes up to {MAX_BOXES}",
                options.box_count
            )));
        }
        let boxes = unsafe { slice(options.boxes, options.box_count as usize, "options->boxes")? };
        let boxes = boxes.iter().map(|b| Rect { x: b.x, y: b.y, width: b.width, height: b.height }).collect();
        let tasks = tasks_of_mask(options.tasks, "options->tasks")?;
        let format = frame_format(&image)?;
        let borrowed = unsafe { planes(&image, &format)? };
        let release = flags.is_borrowed.then(|| Arc::new(Release::new(&options)));
        let pixels = match &release {
            Some(release) => {
                Pixels::Borrowed(Box::new(Loan { format, planes: borrowed, release: Arc::clone(release) }))
            }
            None => {
                let mut bytes = host.live.buffer();
                format.pack(&borrowed, &mut bytes)?;
                Pixels::Packed(bytes, format)
            }
        };
        let frame = Frame { pixels, timestamp_ns: image.timestamp_ns, boxes, tasks, ignore_cadence: flags.is_complete };
        let on_taken = |id: u64| {
            if let Some(release) = &release {
                release.frame.store(id, Ordering::Release);
            }
        };
        match host.live.submit_with(frame, timeout(timeout_ms), &on_taken)? {
            Submitted::Taken(id) => {
                if let Some(out) = out {
                    *out = id;
                }
                Ok(())
            }
            Submitted::Timeout => Err(Failure::TIMEOUT),
        }
    })
}

struct Flags {
    is_borrowed: bool,
    is_complete: bool,
}

fn flags(bits: u32) -> Result<Flags, Failure> {
    let (borrow, complete) = (SapiensSubmitFlags::Borrow as u32, SapiensSubmitFlags::IgnoreCadence as u32);
    if bits & !(borrow | complete) != 0 {
        return Err(Failure::invalid(format!("options->flags has unknown bits: {:#x}", bits & !(borrow | complete))));
    }
    Ok(Flags { is_borrowed: bits & borrow != 0, is_complete: bits & complete != 0 })
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
