//! A stream that goes on and on: detector, tracker and filters take no more after many frames than after few.
//!
//! `SAPIENS_SOAK_FRAMES=20000 cargo test --release --test soak -- --nocapture` is the long one; 1,000 as a rule.

mod common;

use common::usage::Usage;
use sapiens::engine::ModelSource;
use sapiens::geometry::Size;
use sapiens::image::Image;
use sapiens::live::{
    Context, ContextOptions, DetectSetting, Frame, LiveResult, LoadRequest, PeopleOptions, Stream, StreamOptions,
};
use sapiens::preprocess::{Interpolation, resize};
use sapiens::spec::Task;
use sapiens::track::{TrackOptions, TrackState};
use std::sync::Arc;
use std::time::Instant;

const SIZE: Size = Size::new(144, 96);
/// Places a walk goes through before it begins anew.
const STEPS: usize = 24;
/// Somebody who walks through the picture, somebody who stands; for a quarter of the time nobody.
fn scene() -> Vec<Image> {
    let person = Image::open("assets/standing.jpg").unwrap();
    let person = resize(&person, Size::new(72, 96), Interpolation::Area).unwrap();
    let place = |pixels: &mut [u8], left: usize| {
        for y in 0..SIZE.height {
            let row = &person.pixels()[y * 72 * 3..(y + 1) * 72 * 3];
            let at = (y * SIZE.width + left) * 3;
            pixels[at..at + row.len()].copy_from_slice(row);
        }
    };
    let picture = |i: usize| {
        let mut pixels = vec![90; SIZE.area() * 3];
        if i < STEPS * 3 / 4 {
            place(&mut pixels, 72);
            place(&mut pixels, i * 3);
        }
        Image::from_rgb8(SIZE, pixels).unwrap()
    };
    (0..STEPS).map(picture).collect()
}

struct Soak {
    stream: Stream,
    pictures: Vec<Image>,
    next: usize,
    detections: usize,
    filtered: usize,
    ids: u64,
}

impl Soak {
    fn new() -> Self {
        common::library();
        let context = Context::new(ContextOptions { threads: 1, ..ContextOptions::default() }).unwrap();
        let request = LoadRequest { tasks: Some(vec![Task::Pose]), ..LoadRequest::default() };
        context.load(&ModelSource::Demo, &request, &mut common::quiet).unwrap();
        context.load_detector(&ModelSource::Demo, &LoadRequest::default(), &mut common::quiet).unwrap();
        let people = PeopleOptions {
            detect: Some(DetectSetting::default()),
            track: Some(TrackOptions { detect_every: 10, detect_every_empty: 3, ..TrackOptions::default() }),
            filter: Some(sapiens::track::filter::KeypointFilterOptions::default()),
            ..PeopleOptions::default()
        };
        let stream = Stream::new(&context, StreamOptions { people, ..StreamOptions::default() }).unwrap();
        Self { stream, pictures: scene(), next: 0, detections: 0, filtered: 0, ids: 0 }
    }

    fn picture(&self) -> Image {
        // Each place for ten frames; and a frame now and then goes missing.
        self.pictures[self.next / 10 % STEPS].clone()
    }

    fn step(&mut self) -> Arc<LiveResult> {
        self.next += 1 + usize::from(self.next.is_multiple_of(97));
        let frame = Frame { timestamp_ns: self.next as i64 * 33_333_333, ..Frame::of_image(self.picture()) };
        self.stream.submit(frame, None).unwrap();
        let result = self.stream.poll(None).unwrap().expect("waits for ever");
        result.outcome.as_ref().unwrap();
        self.detections += usize::from(result.detector_ran);
        let seen = |track: &sapiens::track::Track| track.state == TrackState::Confirmed;
        let is_filtered = |p: &&sapiens::live::LivePerson| p.filtered.is_some() && p.track.as_ref().is_some_and(seen);
        self.filtered += result.people.iter().filter(is_filtered).count();
        let ids = result.people.iter().filter_map(|p| p.track).map(|track| track.id.number());
        self.ids = ids.fold(self.ids, u64::max);
        result
    }
}

#[test]
fn a_long_run_takes_no_more_than_a_short_one() {
    let frames = common::usage::frames(1_000);
    assert!(frames >= 1_000, "a soak of {frames} frames shows nothing; at least 1000");
    let mut soak = Soak::new();
    let (begin, warm_up) = (Instant::now(), (frames / 5).min(2_000));
    (0..warm_up).for_each(|_| drop(soak.step()));
    let Some(before) = Usage::now() else { return println!("this system does not tell what a process takes") };
    for i in warm_up..frames {
        soak.step();
        if (i + 1) % (frames / 5) == 0 {
            println!("after {:6} frames: {:?}", i + 1, Usage::now().unwrap());
        }
    }
    let after = Usage::now().unwrap();
    println!(
        "{frames} frames, {:.0} per second, the detector on {:.0} %, {} filtered poses, {} ids: {before:?} after {warm_up}, \
         {after:?} at the end, {:+.1} MB",
        frames as f64 / begin.elapsed().as_secs_f64(),
        100.0 * soak.detections as f64 / frames as f64,
        soak.filtered,
        soak.ids,
        after.memory_mb - before.memory_mb
    );
    after.check(before).unwrap();
    // It was work: people came, went and were followed without the detector.
    assert!(soak.filtered > frames / 3 && soak.ids >= 2, "{} filtered poses, {} ids", soak.filtered, soak.ids);
    assert!(soak.detections < frames * 3 / 4, "the detector ran {} times", soak.detections);

    // And the check sees what it is for: as much as a picture kept of every frame would be. Less may find room in what the
    // allocator has free.
    let mut kept = Vec::new();
    for _ in 0..frames / 4 {
        soak.step();
        (0..4).for_each(|_| kept.push(soak.picture().pixels().to_vec()));
    }
    let message = Usage::now().unwrap().check(before).unwrap_err();
    assert!(message.contains("more memory"), "{message}, with {} pictures", kept.len());
}
