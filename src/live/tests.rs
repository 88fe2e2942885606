//! Streams over a model that does what a test tells it to: order, limits, faults, ends. Nothing here depends on time.

use super::runner::Runner;
use super::*;
use crate::engine::{FrameResult, Maps, Person, Request};
use crate::error::{Error, ErrorKind, Result};
use crate::geometry::{Rect, Size};
use crate::image::{FrameFormat, Image, Orientation, PixelFormat, Plane};
use crate::spec::Task;
use crate::task::pose::Keypoint;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

const NOW: Option<Duration> = Some(Duration::ZERO);
/// Far longer than anything here takes: only a hang reaches it.
const LONG: Option<Duration> = Some(Duration::from_secs(60));

/// Says when it begins a frame, and ends it when told how.
struct Puppet {
    begun: Mutex<Sender<Vec<Task>>>,
    orders: Mutex<Receiver<Order>>,
}

enum Order {
    Finish,
    Fail,
    Panic,
}

/// The test's ends of the strings.
struct Strings {
    begun: Receiver<Vec<Task>>,
    orders: Sender<Order>,
}

impl Strings {
    fn wait_begun(&self) -> Vec<Task> {
        self.begun.recv_timeout(LONG.unwrap()).unwrap()
    }

    fn order(&self, order: Order) {
        self.orders.send(order).unwrap();
    }

    /// One whole frame.
    fn finish_one(&self) -> Vec<Task> {
        let tasks = self.wait_begun();
        self.order(Order::Finish);
        tasks
    }
}

impl Runner for Puppet {
    fn groups(&self) -> Vec<Vec<Task>> {
        vec![vec![Task::Pose, Task::Normal]]
    }

    fn run(&self, image: &Image, request: &Request) -> Result<FrameResult> {
        let tasks = request.tasks.clone().unwrap();
        self.begun.lock().unwrap().send(tasks.clone()).ok();
        let order = self.orders.lock().unwrap().recv().unwrap_or(Order::Finish);
        match order {
            Order::Fail => return Err(Error::new(ErrorKind::Runtime, "the model failed")),
            Order::Panic => panic!("the model panicked"),
            Order::Finish => {}
        }
        let x = f32::from(image.pixels()[0]);
        let pose = tasks.contains(&Task::Pose).then(|| vec![Keypoint { x, y: 0.0, score: 1.0 }]);
        let normal = tasks.contains(&Task::Normal).then(|| ndarray::Array3::zeros((1, 1, 3)));
        let maps = Maps { normal, ..Maps::default() };
        let person = Person { bbox: Rect::whole(image.size()), score: None, pose, maps };
        Ok(FrameResult { image: image.size(), people: vec![person], ..FrameResult::default() })
    }
}

fn stage(options: StreamOptions) -> (Arc<Context>, Arc<Stream>, Strings) {
    let ((begun_to, begun), (orders, orders_from)) = (channel(), channel());
    let context = Context::new(ContextOptions::default()).unwrap();
    context.set_runner(Arc::new(Puppet { begun: Mutex::new(begun_to), orders: Mutex::new(orders_from) }));
    let stream = Arc::new(Stream::new(&context, options).unwrap());
    (context, stream, Strings { begun, orders })
}

fn with(policy: Policy, depth: usize) -> StreamOptions {
    StreamOptions { policy, depth, ..StreamOptions::default() }
}

fn frame(shade: u8) -> Frame {
    let image = Image::from_rgb8(Size::new(2, 1), vec![shade; 6]).unwrap();
    Frame { timestamp_ns: i64::from(shade) * 100, ..Frame::of_image(image) }
}

fn submit(stream: &Stream, shade: u8) -> u64 {
    match stream.submit(frame(shade), NOW).unwrap() {
        Submitted::Taken(number) => number,
        Submitted::Timeout => panic!("no room for frame {shade}"),
    }
}

fn poll(stream: &Stream) -> Arc<LiveResult> {
    stream.poll(LONG).unwrap().expect("a result in time")
}

#[test]
fn frames_come_out_in_order_with_their_times_and_full_queues_refuse() {
    let (_context, stream, strings) = stage(with(Policy::Block, 2));
    submit(&stream, 1);
    strings.wait_begun();
    submit(&stream, 2);
    submit(&stream, 3);
    assert_eq!(stream.submit(frame(4), NOW).unwrap(), Submitted::Timeout);
    let statistics = stream.statistics();
    assert_eq!((statistics.submitted, statistics.waiting, statistics.working), (3, 2, 1));
    assert!(!stream.flush(NOW).unwrap());
    strings.order(Order::Finish);
    for expected in 1..=3 {
        if expected > 1 {
            strings.finish_one();
        }
        let result = poll(&stream);
        let pose = result.people[0].pose.as_ref().unwrap();
        assert_eq!(
            (result.frame, result.timestamp_ns, pose.value[0].x),
            (expected, expected as i64 * 100, expected as f32)
        );
    }
    assert!(stream.poll(NOW).unwrap().is_none());
    assert!(stream.flush(LONG).unwrap());
}

#[test]
fn a_blocked_worker_goes_on_when_results_are_fetched() {
    let (_context, stream, strings) = stage(with(Policy::Block, 1));
    submit(&stream, 1);
    strings.finish_one();
    assert!(stream.flush(LONG).unwrap());
    submit(&stream, 2);
    // One result waits, one is allowed: the second frame must not begin.
    assert!(!stream.flush(Some(Duration::from_millis(20))).unwrap());
    assert_eq!((stream.statistics().waiting, stream.statistics().finished), (1, 1));
    assert_eq!(poll(&stream).frame, 1);
    strings.finish_one();
    assert_eq!(poll(&stream).frame, 2);
}

#[test]
fn a_waiting_submit_gets_the_room_that_becomes_free() {
    let (_context, stream, strings) = stage(with(Policy::Block, 1));
    submit(&stream, 1);
    strings.wait_begun();
    submit(&stream, 2);
    let waiting = thread::spawn({
        let stream = Arc::clone(&stream);
        move || stream.submit(frame(3), None).unwrap()
    });
    strings.order(Order::Finish);
    poll(&stream);
    assert_eq!(waiting.join().unwrap(), Submitted::Taken(3));
}

#[test]
fn the_oldest_or_all_but_the_newest_are_dropped_and_counted() {
    for (policy, left) in [(Policy::DropOldest, vec![3, 4]), (Policy::LatestOnly, vec![4])] {
        let (_context, stream, strings) = stage(with(policy, 2));
        submit(&stream, 1);
        strings.wait_begun();
        (2..=4).for_each(|shade| assert_eq!(submit(&stream, shade), u64::from(shade)));
        let dropped = 3 - left.len() as u64;
        assert_eq!(stream.statistics().dropped_frames, dropped);
        strings.order(Order::Finish);
        assert_eq!(poll(&stream).frame, 1);
        for (i, expected) in left.into_iter().enumerate() {
            strings.finish_one();
            let result = poll(&stream);
            assert_eq!(result.frame, expected);
            assert_eq!(result.dropped_before, if i == 0 { dropped } else { 0 });
        }
    }
}

#[test]
fn unfetched_results_are_dropped_too() {
    let (_context, stream, strings) = stage(with(Policy::LatestOnly, 9));
    for shade in 1..=3 {
        submit(&stream, shade);
        strings.finish_one();
        assert!(stream.flush(LONG).unwrap());
    }
    assert_eq!((stream.statistics().dropped_results, stream.statistics().finished), (2, 1));
    assert_eq!(poll(&stream).frame, 3);
}

#[test]
fn faults_and_panics_are_results_and_the_worker_goes_on() {
    let (_context, stream, strings) = stage(with(Policy::Block, 4));
    for (shade, order, kind) in [
        (1, Order::Fail, Some(ErrorKind::Runtime)),
        (2, Order::Panic, Some(ErrorKind::Internal)),
        (3, Order::Finish, None),
    ] {
        submit(&stream, shade);
        strings.wait_begun();
        strings.order(order);
        let result = poll(&stream);
        assert_eq!(result.outcome.as_ref().err().map(Error::kind), kind);
        assert_eq!((result.frame, result.people.len()), (u64::from(shade), usize::from(kind.is_none())));
    }
    let statistics = stream.statistics();
    assert_eq!((statistics.completed, statistics.failed), (1, 2));
}

#[test]
fn without_a_model_the_result_says_so() {
    let context = Context::new(ContextOptions::default()).unwrap();
    let stream = Stream::new(&context, StreamOptions::default()).unwrap();
    submit(&stream, 1);
    let result = poll(&stream);
    assert!(result.outcome.as_ref().unwrap_err().to_string().contains("no model is loaded"));
}

#[test]
fn cancelled_frames_give_no_result() {
    let (_context, stream, strings) = stage(with(Policy::Block, 4));
    submit(&stream, 1);
    strings.wait_begun();
    (2..=4).for_each(|shade| {
        submit(&stream, shade);
    });
    stream.cancel(Some(3));
    stream.cancel(Some(1));
    strings.order(Order::Finish);
    strings.finish_one();
    strings.finish_one();
    assert_eq!((poll(&stream).frame, poll(&stream).frame), (2, 4));
    let statistics = stream.statistics();
    assert_eq!((statistics.submitted, statistics.completed, statistics.cancelled), (4, 2, 2));
}

#[test]
fn tasks_that_do_not_run_are_carried_over_with_their_age() {
    let setting = |task, every_n| TaskSetting { task, every_n, priority: 0 };
    let tasks = vec![setting(Task::Pose, 1), setting(Task::Normal, 2)];
    let (_context, stream, strings) = stage(StreamOptions { tasks, ..with(Policy::Block, 4) });
    let origins: Vec<_> = (1..=3)
        .map(|shade| {
            submit(&stream, shade);
            strings.finish_one();
            let result = poll(&stream);
            let normal = result.people[0].maps.get(Task::Normal).unwrap();
            (normal.frame, normal.timestamp_ns, result.people[0].pose.as_ref().unwrap().frame, result.tasks.len())
        })
        .collect();
    assert_eq!(origins, [(1, 100, 1, 2), (1, 100, 2, 1), (3, 300, 3, 2)]);
    stream.set_task(setting(Task::Normal, 0)).unwrap();
    submit(&stream, 4);
    assert_eq!(strings.finish_one(), [Task::Pose]);
    assert!(poll(&stream).people[0].maps.get(Task::Normal).is_none());
}

/// Counts how many are alive.
struct Counted {
    alive: Arc<AtomicUsize>,
    format: FrameFormat,
    bytes: Vec<u8>,
}

impl BorrowedPixels for Counted {
    fn format(&self) -> &FrameFormat {
        &self.format
    }

    fn planes(&self) -> Vec<Plane<'_>> {
        vec![Plane { bytes: &self.bytes, first: 0, stride: 3 }]
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

#[test]
fn borrowed_pixels_are_given_back_whatever_becomes_of_the_frame() {
    let alive = Arc::new(AtomicUsize::new(0));
    let borrowed = || {
        alive.fetch_add(1, Ordering::SeqCst);
        let size = Size::new(1, 1);
        let format = FrameFormat { size, format: PixelFormat::Rgb8, yuv: None, orientation: Orientation::Normal };
        let pixels = Counted { alive: Arc::clone(&alive), format, bytes: vec![0; 3] };
        Frame { pixels: Pixels::Borrowed(Box::new(pixels)), ..frame(0) }
    };
    let (_context, stream, strings) = stage(with(Policy::Block, 2));
    let count = || alive.load(Ordering::SeqCst);
    stream.submit(borrowed(), NOW).unwrap();
    strings.wait_begun();
    assert_eq!(count(), 0, "given back before the model runs");
    stream.submit(borrowed(), NOW).unwrap();
    stream.submit(borrowed(), NOW).unwrap();
    assert_eq!(stream.submit(borrowed(), NOW).unwrap(), Submitted::Timeout);
    assert_eq!(count(), 2, "what was not taken is not kept");
    stream.cancel(Some(2));
    assert_eq!(count(), 1);
    strings.order(Order::Finish);
    drop(strings.orders);
    stream.destroy().unwrap();
    assert_eq!(count(), 0);
}

#[test]
fn events_are_delivered_on_the_calling_thread_and_may_destroy_the_stream() {
    let (context, stream, strings) = stage(StreamOptions { delivery: Delivery::Events, ..with(Policy::Block, 4) });
    let seen = Arc::new(Mutex::new(Vec::new()));
    stream.set_callback(Box::new({
        let (stream, context, seen) = (Arc::downgrade(&stream), Arc::downgrade(&context), Arc::clone(&seen));
        let here = thread::current().id();
        move |result| {
            assert_eq!(thread::current().id(), here);
            let context = context.upgrade().unwrap();
            assert_eq!(context.process_events().unwrap_err().kind(), ErrorKind::WrongThread);
            seen.lock().unwrap().push(result.frame);
            if result.frame == 2 {
                stream.upgrade().unwrap().destroy().unwrap();
            }
        }
    }));
    (1..=3).for_each(|shade| {
        submit(&stream, shade);
        strings.finish_one();
    });
    assert!(stream.flush(LONG).unwrap());
    assert!(seen.lock().unwrap().is_empty());
    context.process_events().unwrap();
    context.process_events().unwrap();
    assert_eq!(*seen.lock().unwrap(), [1, 2], "none after the stream was destroyed");
    assert_eq!(stream.submit(frame(1), NOW).unwrap_err().kind(), ErrorKind::ShutDown);
}

#[test]
fn immediate_callbacks_may_not_wait_for_their_own_thread() {
    let (context, stream, strings) = stage(StreamOptions { delivery: Delivery::Immediate, ..with(Policy::Block, 4) });
    let (told, kinds) = channel();
    stream.set_callback(Box::new({
        let (stream, context) = (Arc::downgrade(&stream), Arc::downgrade(&context));
        move |_| {
            let (stream, context) = (stream.upgrade().unwrap(), context.upgrade().unwrap());
            let kinds = [
                stream.destroy().unwrap_err().kind(),
                stream.flush(None).unwrap_err().kind(),
                stream.poll(None).unwrap_err().kind(),
                stream.submit(frame(9), None).unwrap_err().kind(),
                context.shutdown().unwrap_err().kind(),
            ];
            told.send(kinds).unwrap();
            assert_eq!(stream.statistics().working, 1);
        }
    }));
    submit(&stream, 1);
    strings.finish_one();
    assert_eq!(kinds.recv_timeout(LONG.unwrap()).unwrap(), [ErrorKind::WrongThread; 5]);
    assert!(stream.flush(LONG).unwrap());
}

#[test]
fn shutting_down_wakes_everybody() {
    let (context, stream, strings) = stage(with(Policy::Block, 1));
    submit(&stream, 1);
    strings.wait_begun();
    submit(&stream, 2);
    let waiters: Vec<_> = [0, 1, 2]
        .into_iter()
        .map(|kind| {
            let stream = Arc::clone(&stream);
            thread::spawn(move || match kind {
                0 => stream.submit(frame(3), None).unwrap_err().kind(),
                1 => stream.poll(None).unwrap_err().kind(),
                _ => stream.flush(None).unwrap_err().kind(),
            })
        })
        .collect();
    let ending = thread::spawn({
        let context = Arc::clone(&context);
        move || context.shutdown().unwrap()
    });
    for waiter in waiters {
        assert_eq!(waiter.join().unwrap(), ErrorKind::ShutDown);
    }
    // The frame in work is waited for.
    strings.order(Order::Finish);
    ending.join().unwrap();
    context.shutdown().unwrap();
    assert_eq!(context.process_events().unwrap_err().kind(), ErrorKind::ShutDown);
    let new = Stream::new(&context, StreamOptions::default());
    assert_eq!(new.err().unwrap().kind(), ErrorKind::ShutDown);
}
