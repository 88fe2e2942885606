//! Contexts, frames and a watch over tests that could hang.

use crate::common;
use sapiens::engine::{Engine, LoadOptions, ModelSource};
use sapiens::geometry::Size;
use sapiens::image::{FrameFormat, Image, Orientation, PixelFormat, Plane};
use sapiens::live::{
    BorrowedPixels, Context, ContextOptions, Frame, LiveResult, LoadRequest, ModelId, Pixels, Policy, Statistics,
    Stream, StreamOptions, Submitted,
};
use sapiens::preprocess::{Interpolation, resize};
use sapiens::spec::Task;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

pub const NOW: Option<Duration> = Some(Duration::ZERO);
/// Far longer than anything here takes: only a hang reaches it.
pub const LONG: Option<Duration> = Some(Duration::from_secs(600));

/// Runs a test, and fails if it does not come to an end.
pub fn ends(body: impl FnOnce() + Send + 'static) {
    let (done, is_done) = channel();
    let thread = std::thread::spawn(move || {
        body();
        done.send(()).ok();
    });
    if let Err(RecvTimeoutError::Timeout) = is_done.recv_timeout(LONG.unwrap()) {
        panic!("it hangs");
    }
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

pub fn context() -> Arc<Context> {
    common::library();
    Context::new(ContextOptions { threads: 1, ..ContextOptions::default() }).unwrap()
}

pub fn load(context: &Context, tasks: &[Task]) -> ModelId {
    let request = LoadRequest { tasks: Some(tasks.to_vec()), ..LoadRequest::default() };
    context.load(&ModelSource::Demo, &request, &mut common::quiet).unwrap()
}

/// The same model without any stream.
pub fn engine(tasks: &[Task]) -> Engine {
    common::library();
    let options = LoadOptions {
        session: common::session_options(),
        tasks: Some(tasks.to_vec()),
        decoded_seg: true,
        ..LoadOptions::default()
    };
    Engine::load(&[ModelSource::Demo], &options, &mut common::quiet).unwrap()
}

/// A small photo of a person.
pub fn photo(name: &str) -> Image {
    let image = Image::open(format!("assets/{name}.jpg")).unwrap();
    resize(&image, Size::new(150, 200), Interpolation::Area).unwrap()
}

/// One that is made at once.
pub fn shade(value: u8) -> Image {
    Image::from_rgb8(Size::new(6, 8), vec![value; 6 * 8 * 3]).unwrap()
}

pub fn frame(image: &Image, timestamp_ns: i64) -> Frame {
    Frame { timestamp_ns, ..Frame::of_image(image.clone()) }
}

pub fn options(policy: Policy, depth: usize) -> StreamOptions {
    StreamOptions { policy, depth, ..StreamOptions::default() }
}

pub fn submit(stream: &Stream, frame: Frame) -> u64 {
    match stream.submit(frame, LONG).unwrap() {
        Submitted::Taken(number) => number,
        Submitted::Timeout => panic!("no room in all that time"),
    }
}

pub fn poll(stream: &Stream) -> Arc<LiveResult> {
    stream.poll(LONG).unwrap().expect("a result in all that time")
}

/// Whether every frame is somewhere.
#[track_caller]
pub fn check_books(s: &Statistics) {
    let known = s.completed + s.failed + s.dropped_frames + s.cancelled + (s.waiting + s.working) as u64;
    assert_eq!(s.submitted, known, "{s:?}");
}

/// Counts loans that have not come back.
#[derive(Clone, Default)]
pub struct Lender(Arc<AtomicUsize>);

struct Loan {
    image: Image,
    format: FrameFormat,
    lender: Lender,
}

impl Lender {
    pub fn lend(&self, image: &Image) -> Frame {
        self.0.fetch_add(1, Ordering::SeqCst);
        let (size, orientation) = (image.size(), Orientation::Normal);
        let format = FrameFormat { size, format: PixelFormat::Rgb8, yuv: None, orientation };
        let loan = Loan { image: image.clone(), format, lender: self.clone() };
        Frame { pixels: Pixels::Borrowed(Box::new(loan)), ..frame(image, 0) }
    }

    pub fn out(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl BorrowedPixels for Loan {
    fn format(&self) -> &FrameFormat {
        &self.format
    }

    fn planes(&self) -> Vec<Plane<'_>> {
        vec![Plane { bytes: self.image.pixels(), first: 0, stride: 3 * self.format.size.width as isize }]
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        self.lender.0.fetch_sub(1, Ordering::SeqCst);
    }
}
