//! Streams whose frames overlap: that they do, without a look at the clock, and that nothing else changes.

use super::runner::{Picture, Runner};
use super::*;
use crate::engine::{Begun, Carried, FrameResult, Maps, Person, Request};
use crate::error::{Error, ErrorKind, Result};
use crate::geometry::{Rect, Size};
use crate::image::{FrameFormat, Image, Orientation, PixelFormat, Plane};
use crate::runtime::Traffic;
use crate::spec::Task;
use crate::task::pose::Keypoint;
use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

const NOW: Option<Duration> = Some(Duration::ZERO);
/// Far longer than anything here takes: only a hang reaches it.
const LONG: Duration = Duration::from_secs(30);

/// What has happened, as far as anybody waits for it.
#[derive(Default)]
struct Events(Mutex<BTreeSet<(&'static str, u8)>>, Condvar);

impl Events {
    fn say(&self, what: &'static str, shade: u8) {
        self.0.lock().unwrap().insert((what, shade));
        self.1.notify_all();
    }

    fn has(&self, what: &'static str, shade: u8) -> bool {
        self.0.lock().unwrap().contains(&(what, shade))
    }

    /// Whether it happened in time.
    fn wait(&self, what: &'static str, shade: u8) -> bool {
        let seen = self.0.lock().unwrap();
        let (seen, _) = self.1.wait_timeout_while(seen, LONG, |seen| !seen.contains(&(what, shade))).unwrap();
        seen.contains(&(what, shade))
    }
}

/// A model that sees the shade of a picture.
#[derive(Default)]
struct Shady {
    events: Arc<Events>,
    /// What the run of a shade waits for.
    waits: Vec<(u8, (&'static str, u8))>,
    /// Shades whose maps cannot be decoded: a fault, a panic.
    bad: Option<u8>,
    panics: Option<u8>,
}

fn shade_of(picture: &Picture) -> u8 {
    match picture {
        Picture::Image(image) => image.pixels()[0],
        Picture::Raw(bytes, _) => bytes[0],
    }
}

impl Runner for Shady {
    fn groups(&self) -> Vec<Vec<Task>> {
        vec![vec![Task::Pose, Task::Normal]]
    }

    fn run(&self, _: &Image, _: &Request) -> Result<FrameResult> {
        unreachable!("streams ask in parts")
    }

    fn carry(&self, picture: &Picture) -> Result<Carried> {
        self.events.say("carried", shade_of(picture));
        let mut carried = Carried::default();
        carried.traffic.to_device = 6;
        Ok(carried)
    }

    fn begin(&self, picture: &Picture, carried: Carried, request: &Request, in_parts: bool) -> Result<Begun> {
        let shade = shade_of(picture);
        self.events.say("begun", shade);
        for (_, (what, whose)) in self.waits.iter().filter(|(own, _)| *own == shade) {
            if !self.events.wait(what, *whose) {
                return Err(Error::new(ErrorKind::Runtime, format!("{what} {whose} has not come")));
            }
        }
        let tasks = request.tasks.clone().unwrap_or_default();
        let pose = tasks.contains(&Task::Pose).then(|| vec![Keypoint { x: f32::from(shade), y: 0.0, score: 1.0 }]);
        let person = Person { bbox: Rect::whole(Size::new(2, 1)), score: None, pose, maps: Maps::default() };
        let traffic =
            if carried.traffic.to_device > 0 { Traffic::default() } else { Traffic { to_device: 6, to_host: 0 } };
        let result = FrameResult { image: Size::new(2, 1), people: vec![person], traffic, ..FrameResult::default() };
        let (events, bad, panics) = (Arc::clone(&self.events), self.bad, self.panics);
        let begun = Begun::new(
            result,
            Box::new(move |result| {
                events.say("decoding", shade);
                assert!(panics != Some(shade), "the decoder panicked");
                if bad == Some(shade) {
                    return Err(Error::new(ErrorKind::Runtime, "the decoder failed"));
                }
                let map = ndarray::Array3::from_elem((1, 1, 3), f32::from(shade));
                result.people[0].maps.normal = tasks.contains(&Task::Normal).then_some(map);
                Ok(())
            }),
        );
        if in_parts { Ok(begun) } else { begun.finish().map(Begun::from) }
    }
}

fn stage(runner: Shady, options: StreamOptions) -> (Arc<Context>, Stream, Arc<Events>) {
    let context = Context::new(ContextOptions::default()).unwrap();
    let events = Arc::clone(&runner.events);
    context.set_runner(Arc::new(runner));
    let stream = Stream::new(&context, options).unwrap();
    (context, stream, events)
}

fn overlapped(depth: usize) -> StreamOptions {
    StreamOptions { overlap: Overlap::On, depth, ..StreamOptions::default() }
}

fn submit(stream: &Stream, shade: u8) {
    let image = Image::from_rgb8(Size::new(2, 1), vec![shade; 6]).unwrap();
    let frame = Frame { timestamp_ns: i64::from(shade) * 100, ..Frame::of_image(image) };
    stream.submit(frame, Some(LONG)).unwrap();
}

fn poll(stream: &Stream) -> Arc<LiveResult> {
    stream.poll(Some(LONG)).unwrap().expect("a result in time")
}

#[test]
fn the_next_frame_is_made_ready_and_the_last_one_decoded_while_one_runs() {
    // Frame 2 ends when frame 3 is on the device and the maps of frame 1 are being decoded.
    let waits = vec![(2, ("carried", 3)), (2, ("decoding", 1))];
    let (_context, stream, events) = stage(Shady { waits, ..Shady::default() }, overlapped(4));
    (1..=3).for_each(|shade| submit(&stream, shade));
    for shade in 1..=3_u8 {
        let result = poll(&stream);
        result.outcome.as_ref().unwrap();
        assert_eq!(result.frame, u64::from(shade));
    }
    assert!(events.has("decoding", 3));
    assert_eq!(stream.statistics().working, 0);
}

#[test]
fn one_thread_has_nothing_ahead() {
    // The same order of things cannot be on one thread: the run of frame 1 would wait for frame 2 for ever.
    let (_context, stream, events) = stage(Shady::default(), StreamOptions { depth: 4, ..StreamOptions::default() });
    (1..=2).for_each(|shade| submit(&stream, shade));
    (1..=2).for_each(|_| drop(poll(&stream)));
    assert!(
        !events.has("carried", 1) && !events.has("carried", 2),
        "on the processor, by itself, frames do not overlap"
    );
}

/// Everything about some frames with two cadences, one of which fails.
fn told(overlap: Overlap) -> Vec<String> {
    let setting = |task, every_n| TaskSetting { task, every_n, priority: 0 };
    let tasks = vec![setting(Task::Pose, 1), setting(Task::Normal, 2)];
    let options = StreamOptions { tasks, overlap, depth: 3, ..StreamOptions::default() };
    let (_context, stream, _) = stage(Shady { bad: Some(5), ..Shady::default() }, options);
    let mut told = Vec::new();
    let say = |result: &LiveResult| {
        let person = result.people.first();
        let normal = person.and_then(|person| person.maps.get(Task::Normal));
        let value = normal.and_then(|normal| normal.value.normal.as_ref()).map(|map| map[(0, 0, 0)]);
        let pose = person.and_then(|person| person.pose.as_ref());
        let pose = pose.map(|pose| (pose.value[0].x, pose.frame));
        let (age, fault) = (normal.map(|n| (n.frame, n.timestamp_ns)), result.outcome.as_ref().err().map(Error::kind));
        format!("{} {:?} {value:?} {age:?} {pose:?} {fault:?} {:?}", result.frame, result.tasks, result.traffic)
    };
    for shade in 1..=3 {
        submit(&stream, shade);
    }
    for shade in 4..=9 {
        told.push(say(&poll(&stream)));
        submit(&stream, shade);
    }
    (0..3).for_each(|_| told.push(say(&poll(&stream))));
    told
}

#[test]
fn results_are_those_of_one_thread() {
    let (serial, overlapped) = (told(Overlap::Off), told(Overlap::On));
    // That a map cannot be decoded is known later: the next frame has chosen its tasks by then.
    assert_eq!(serial[..4], overlapped[..4]);
    for told in [&serial, &overlapped] {
        assert!(told[4].contains("Some(Runtime)") && told[1].contains("(1, 100)") && told.len() == 9, "{told:#?}");
        assert!(told[5..].iter().all(|frame| !frame.contains("Runtime")), "{told:#?}");
    }
}

#[test]
fn results_that_nobody_fetches_hold_the_frames_up() {
    let (_context, stream, events) = stage(Shady::default(), overlapped(2));
    (1..=4).for_each(|shade| submit(&stream, shade));
    // Two results wait: nothing of the third frame may begin.
    while stream.statistics().finished < 2 {
        std::thread::yield_now();
    }
    assert!(!stream.flush(Some(Duration::from_millis(20))).unwrap());
    assert!(!events.has("carried", 3) && stream.statistics().dropped_results == 0);
    (1..=4).for_each(|frame| assert_eq!(poll(&stream).frame, frame));
    assert!(stream.flush(Some(LONG)).unwrap());
}

#[test]
fn a_panic_in_the_decoder_is_a_result_and_the_stream_goes_on() {
    let (_context, stream, _) = stage(Shady { panics: Some(2), ..Shady::default() }, overlapped(3));
    (1..=3).for_each(|shade| submit(&stream, shade));
    let kinds: Vec<_> = (0..3).map(|_| poll(&stream).outcome.as_ref().err().map(Error::kind)).collect();
    assert_eq!(kinds, [None, Some(ErrorKind::Internal), None]);
    let statistics = stream.statistics();
    assert_eq!((statistics.completed, statistics.failed), (2, 1));
}

#[test]
fn a_frame_cancelled_when_it_is_ready_never_runs() {
    let waits = vec![(1, ("go", 0))];
    let (_context, stream, events) = stage(Shady { waits, ..Shady::default() }, overlapped(4));
    (1..=3).for_each(|shade| submit(&stream, shade));
    assert!(events.wait("carried", 2) && events.wait("begun", 1));
    assert!(stream.statistics().working >= 2);
    stream.cancel(Some(2));
    events.say("go", 0);
    assert_eq!((poll(&stream).frame, poll(&stream).frame), (1, 3));
    assert!(!events.has("begun", 2));
    let statistics = stream.statistics();
    assert_eq!((statistics.completed, statistics.cancelled, statistics.working), (2, 1, 0));
}

/// Counts itself as long as it lives.
struct Borrowed(#[expect(dead_code, reason = "counts")] Arc<()>, FrameFormat);

impl BorrowedPixels for Borrowed {
    fn format(&self) -> &FrameFormat {
        &self.1
    }

    fn planes(&self) -> Vec<Plane<'_>> {
        vec![Plane { bytes: &[7; 3], first: 0, stride: 3 }]
    }
}

#[test]
fn destroying_ends_all_threads_and_gives_everything_back() {
    let waits = vec![(7, ("go", 0))];
    let (_context, stream, events) = stage(Shady { waits, ..Shady::default() }, overlapped(4));
    let alive = Arc::new(());
    let format =
        FrameFormat { size: Size::new(1, 1), format: PixelFormat::Rgb8, yuv: None, orientation: Orientation::Normal };
    for _ in 0..4 {
        let pixels = Pixels::Borrowed(Box::new(Borrowed(Arc::clone(&alive), format)));
        let image = Image::from_rgb8(Size::new(1, 1), vec![0; 3]).unwrap();
        stream.submit(Frame { pixels, ..Frame::of_image(image) }, NOW).unwrap();
    }
    assert!(events.wait("begun", 7));
    std::thread::scope(|scope| {
        let ending = scope.spawn(|| stream.destroy().unwrap());
        // Once it is closed, nothing is taken any more; what is ready by then does not run.
        while stream.poll(NOW).is_ok() {
            std::thread::yield_now();
        }
        events.say("go", 0);
        ending.join().unwrap();
    });
    assert_eq!(Arc::strong_count(&alive), 1);
    assert_eq!(stream.poll(NOW).unwrap_err().kind(), ErrorKind::ShutDown);
}

#[test]
fn callbacks_come_in_order_and_may_not_wait_for_the_stream() {
    let options = StreamOptions { delivery: Delivery::Immediate, ..overlapped(4) };
    let (_context, stream, _) = stage(Shady::default(), options);
    let stream = Arc::new(stream);
    let seen = Arc::new(Mutex::new(Vec::new()));
    stream.set_callback(Box::new({
        let (stream, seen) = (Arc::downgrade(&stream), Arc::clone(&seen));
        move |result| {
            let refused = stream.upgrade().map(|stream| stream.flush(None).unwrap_err().kind());
            seen.lock().unwrap().push((result.frame, refused));
        }
    }));
    (1..=5).for_each(|shade| submit(&stream, shade));
    assert!(stream.flush(Some(LONG)).unwrap());
    let expected: Vec<_> = (1..=5).map(|frame| (frame, Some(ErrorKind::WrongThread))).collect();
    assert_eq!(*seen.lock().unwrap(), expected);
}
