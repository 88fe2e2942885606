//! Several streams, contexts and threads at once.

use crate::support::{
    Lender, NOW, check_books, context, ends, engine, frame, load, options, photo, poll, shade, submit,
};
use sapiens::engine::Request;
use sapiens::error::ErrorKind;
use sapiens::live::{Context, Policy, Stream, Submitted};
use sapiens::spec::Task;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

#[test]
fn streams_on_one_model_keep_their_own_order_and_pictures() {
    ends(|| {
        const FRAMES: u64 = 25;
        let (context, engine) = (context(), engine(&[Task::Pose]));
        load(&context, &[Task::Pose]);
        thread::scope(|scope| {
            for name in ["standing", "frontal", "tpose"] {
                let image = photo(name);
                let expected = engine.run(&image, &Request::default()).unwrap();
                let stream = Arc::new(Stream::new(&context, options(Policy::Block, 3)).unwrap());
                let source = Arc::clone(&stream);
                let sent = image.clone();
                scope.spawn(move || (1..=FRAMES).for_each(|i| assert_eq!(submit(&source, frame(&sent, i as i64)), i)));
                scope.spawn(move || {
                    for i in 1..=FRAMES {
                        let result = poll(&stream);
                        assert_eq!((result.frame, result.timestamp_ns), (i, i as i64));
                        let pose = result.people[0].pose.as_ref().unwrap();
                        assert_eq!(Some(&*pose.value), expected.people[0].pose.as_ref(), "{name}, frame {i}");
                    }
                    assert_eq!(stream.statistics().completed, FRAMES);
                });
            }
        });
    });
}

#[test]
fn a_stream_that_never_rests_leaves_the_others_their_turn() {
    ends(|| {
        let context = context();
        load(&context, &[Task::Pose]);
        let hog = Stream::new(&context, options(Policy::LatestOnly, 1)).unwrap();
        let modest = Stream::new(&context, options(Policy::Block, 1)).unwrap();
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    submit(&hog, frame(&shade(1), 0));
                    thread::yield_now();
                }
            });
            // It goes on until these have had their turn, each after the one before.
            for _ in 0..20 {
                submit(&modest, frame(&shade(2), 0));
                poll(&modest).outcome.as_ref().unwrap();
            }
            is_over.store(true, Ordering::Relaxed);
        });
        let statistics = hog.statistics();
        assert!(statistics.dropped_frames > 0 && statistics.completed > 0, "{statistics:?}");
        check_books(&statistics);
    });
}

#[test]
fn contexts_do_not_know_each_other() {
    ends(|| {
        let (one, two) = (context(), context());
        load(&one, &[Task::Pose]);
        load(&two, &[Task::Normal]);
        let (first, second) = (stream(&one), stream(&two));
        submit(&first, frame(&shade(1), 0));
        submit(&second, frame(&shade(1), 0));
        assert_eq!(
            (poll(&first).tasks.as_slice(), poll(&second).tasks.as_slice()),
            (&[Task::Pose][..], &[Task::Normal][..])
        );
        one.shutdown().unwrap();
        assert_eq!(first.submit(frame(&shade(1), 0), NOW).unwrap_err().kind(), ErrorKind::ShutDown);
        submit(&second, frame(&shade(2), 0));
        poll(&second).outcome.as_ref().unwrap();
    });
}

fn stream(context: &Arc<Context>) -> Stream {
    Stream::new(context, options(Policy::Block, 2)).unwrap()
}

/// A number that looks random, and is the same in every run.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[test]
fn the_books_balance_at_every_moment_under_eight_threads() {
    ends(|| {
        const STEPS: usize = 400;
        let context = context();
        load(&context, &[Task::Pose]);
        let lender = Lender::default();
        let policies = [Policy::Block, Policy::DropOldest, Policy::LatestOnly];
        let open = |i: usize| Arc::new(Stream::new(&context, options(policies[i % 3], 1 + i % 4)).unwrap());
        let streams: Vec<_> = (0..4).map(|i| Mutex::new(open(i))).collect();
        thread::scope(|scope| {
            for seed in 1..=8_u64 {
                let (streams, lender, open) = (&streams, &lender, &open);
                scope.spawn(move || {
                    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                    for _ in 0..STEPS {
                        let at = next(&mut state) as usize % streams.len();
                        let stream = Arc::clone(&streams[at].lock().unwrap());
                        check_books(&stream.statistics());
                        let wait = Some(Duration::from_millis(next(&mut state) % 3));
                        let is_end = |error: sapiens::Error| assert_eq!(error.kind(), ErrorKind::ShutDown, "{error}");
                        match next(&mut state) % 16 {
                            0..=3 => drop(stream.submit(frame(&shade(3), 0), wait).map_err(is_end)),
                            4..=6 => drop(stream.submit(lender.lend(&shade(4)), wait).map_err(is_end)),
                            7..=10 => drop(stream.poll(wait).map_err(is_end)),
                            11 => stream.cancel(None),
                            12 => stream.cancel(Some(stream.statistics().submitted)),
                            13 => drop(stream.flush(wait).map_err(is_end)),
                            14 => stream.destroy().unwrap(),
                            _ => *streams[at].lock().unwrap() = open(next(&mut state) as usize % 12),
                        }
                        check_books(&stream.statistics());
                    }
                });
            }
        });
        for stream in streams {
            let stream = stream.into_inner().unwrap();
            stream.destroy().unwrap();
            let statistics = stream.statistics();
            check_books(&statistics);
            assert_eq!((statistics.waiting, statistics.working, statistics.finished), (0, 0, 0));
        }
        assert_eq!(lender.out(), 0, "every loan has come back");
    });
}

#[test]
fn results_outlive_everything() {
    ends(|| {
        let context = context();
        load(&context, &[Task::Pose, Task::Normal]);
        let stream = Stream::new(&context, options(Policy::Block, 1)).unwrap();
        assert_eq!(stream.submit(frame(&photo("standing"), 5), NOW).unwrap(), Submitted::Taken(1));
        let result = poll(&stream);
        let alive = Arc::downgrade(&context);
        context.shutdown().unwrap();
        drop((stream, context));
        assert_eq!(alive.strong_count(), 0, "nothing keeps the context");
        assert!(result.people[0].pose.as_ref().unwrap().value.iter().all(|k| k.score.is_finite()));
        let normal = result.scene.get(Task::Normal).unwrap().value.normal.as_ref().unwrap();
        assert_eq!(normal.dim().2, 3);
    });
}
