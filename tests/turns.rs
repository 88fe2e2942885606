//! Two models on one processor: in turn, or at the same time. A measurement, for `docs/scheduling.md`; that turns are kept is tested
//! where they are made. `cargo test --test turns -- --ignored --nocapture`
#![cfg(target_os = "linux")]

mod common;

use sapiens::engine::{Engine, LoadOptions, ModelSource, Request, Turns};
use sapiens::image::Image;
use sapiens::runtime::SessionOptions;
use sapiens::spec::Task;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

/// Frames of each model in a round.
const FRAMES: usize = 4;
const ROUNDS: usize = 5;

/// Processor time of this process, in milliseconds.
fn processor_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // Behind the name in brackets; clock ticks of 10 ms.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    10.0 * fields[11..13].iter().map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>()
}

fn engines(at_once: usize, threads: usize) -> [Engine; 2] {
    let turns = Arc::new(Turns::new(at_once));
    [Task::Pose, Task::Normal].map(|task| {
        let options = LoadOptions {
            session: SessionOptions { threads, ..SessionOptions::default() },
            tasks: Some(vec![task]),
            turns: Some(Arc::clone(&turns)),
            ..LoadOptions::default()
        };
        Engine::load(&[ModelSource::Demo], &options, &mut common::quiet).unwrap()
    })
}

/// Wall-clock and processor time of a round, both models side by side.
fn round(engines: &[Engine; 2], image: &Image) -> [f64; 2] {
    let (begin, before) = (Instant::now(), processor_ms());
    thread::scope(|scope| {
        for engine in engines {
            scope.spawn(move || (0..FRAMES).for_each(|_| drop(engine.run(image, &Request::default()).unwrap())));
        }
    });
    [begin.elapsed().as_secs_f64() * 1e3, processor_ms() - before]
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[test]
#[ignore = "a measurement"]
fn in_turn_or_at_the_same_time() {
    common::library();
    let image = Image::open("assets/standing.jpg").unwrap();
    for (name, threads) in [("one thread per core", 0), ("one thread", 1)] {
        let (turned, mixed) = (engines(1, threads), engines(2, threads));
        let mut ratios = [Vec::new(), Vec::new()];
        let mut walls = Vec::new();
        for i in 0..ROUNDS {
            // Whoever comes first in a round has the colder caches.
            let (one, two) = match i % 2 {
                0 => {
                    let one = round(&turned, &image);
                    (one, round(&mixed, &image))
                }
                _ => {
                    let two = round(&mixed, &image);
                    (round(&turned, &image), two)
                }
            };
            walls.push(one[0]);
            ratios.iter_mut().zip(one.iter().zip(two)).for_each(|(ratios, (one, two))| ratios.push(two / one));
        }
        let [wall, processor] = ratios.map(median);
        println!(
            "{name}: in turn {:.0} ms; at the same time {wall:.2} of its wall-clock, {processor:.2} of its processor time",
            median(walls)
        );
    }
}
