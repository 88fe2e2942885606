//! Beginnings and ends: many of them, in the middle of work, from everywhere.

use crate::common;
use crate::support::{Lender, NOW, check_books, context, ends, frame, load, options, poll, shade, submit};
use sapiens::error::ErrorKind;
use sapiens::live::{Context, Delivery, Policy, Stream, StreamOptions};
use sapiens::spec::Task;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

/// Streams begin and end in every state: unused, with frames waiting, in work, with results nobody fetched.
/// What a thread does over and over until it is told that all has ended.
type Work = fn(&Arc<Context>, &Stream, &Lender) -> sapiens::Result<()>;

#[test]
fn two_hundred_streams_come_and_go() {
    ends(|| {
        let (context, lender) = (context(), Lender::default());
        load(&context, &[Task::Pose]);
        let mut polled = 0;
        for i in 0..200 {
            let policy = [Policy::Block, Policy::DropOldest, Policy::LatestOnly][i % 3];
            let stream = Stream::new(&context, options(policy, 1 + i % 3)).unwrap();
            for _ in 0..i % 4 {
                stream.submit(lender.lend(&shade(7)), NOW).unwrap();
            }
            if i % 4 == 3 {
                poll(&stream).outcome.as_ref().unwrap();
                polled += 1;
            }
            if i % 2 == 0 {
                stream.destroy().unwrap();
                stream.destroy().unwrap();
                check_books(&stream.statistics());
            }
            drop(stream);
            assert_eq!(lender.out(), 0, "cycle {i}");
        }
        assert_eq!(polled, 50);
    });
}

#[test]
fn two_hundred_contexts_come_and_go() {
    ends(|| {
        common::library();
        for i in 0..200 {
            let context = context();
            if i % 50 == 0 {
                load(&context, &[Task::Pose]);
            }
            let stream = Stream::new(&context, StreamOptions::default()).unwrap();
            submit(&stream, frame(&shade(1), 0));
            if i % 2 == 0 {
                assert_eq!(poll(&stream).outcome.is_ok(), i % 50 == 0);
                context.shutdown().unwrap();
            }
            let alive = Arc::downgrade(&context);
            if i % 3 == 0 {
                drop((context, stream));
            } else {
                drop((stream, context));
            }
            assert_eq!(alive.strong_count(), 0, "context {i} is still there");
        }
    });
}

#[test]
fn shutdown_in_the_middle_of_everything() {
    ends(|| {
        for round in 0..8 {
            let (context, lender) = (context(), Lender::default());
            if round < 4 {
                load(&context, &[Task::Pose]);
            }
            let (calls, is_over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
            let deliveries = [Delivery::Poll, Delivery::Events, Delivery::Immediate];
            let streams: Vec<_> = deliveries
                .into_iter()
                .map(|delivery| {
                    let stream =
                        Stream::new(&context, StreamOptions { delivery, ..options(Policy::Block, 2) }).unwrap();
                    let (calls, is_over) = (Arc::clone(&calls), Arc::clone(&is_over));
                    stream.set_callback(Box::new(move |_| {
                        assert!(!is_over.load(Ordering::SeqCst), "a callback after the end");
                        calls.fetch_add(1, Ordering::SeqCst);
                        thread::yield_now();
                        if is_over.load(Ordering::SeqCst) {
                            calls.fetch_add(1 << 32, Ordering::SeqCst);
                        }
                    }));
                    Arc::new(stream)
                })
                .collect();
            let all = Arc::new(Barrier::new(1 + 3 * streams.len()));
            let mut threads = Vec::new();
            for stream in &streams {
                let kinds: [Work; 3] = [
                    |_, stream, lender| stream.submit(lender.lend(&shade(5)), None).map(drop),
                    |context, stream, _| match stream.poll(Some(std::time::Duration::from_millis(1))) {
                        Err(error) if error.kind() == ErrorKind::InvalidArgument => context.process_events(),
                        other => other.map(drop),
                    },
                    |context, stream, _| {
                        check_books(&stream.statistics());
                        Stream::new(context, StreamOptions::default())?.submit(frame(&shade(6), 0), NOW)?;
                        context.process_events()
                    },
                ];
                for step in kinds {
                    let (context, stream) = (Arc::clone(&context), Arc::clone(stream));
                    let (lender, all) = (lender.clone(), Arc::clone(&all));
                    threads.push(thread::spawn(move || {
                        all.wait();
                        loop {
                            if let Err(error) = step(&context, &stream, &lender) {
                                break error.kind();
                            }
                        }
                    }));
                }
            }
            all.wait();
            while calls.load(Ordering::SeqCst) < 2 * round {
                thread::yield_now();
            }
            // From two threads: both return only when it is over.
            thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| {
                        context.shutdown().unwrap();
                        is_over.store(true, Ordering::SeqCst);
                    });
                }
            });
            for thread in threads {
                assert_eq!(thread.join().unwrap(), ErrorKind::ShutDown);
            }
            assert!(calls.load(Ordering::SeqCst) < 1 << 32, "a callback that went on after the end");
            assert_eq!(lender.out(), 0);
            streams.iter().for_each(|stream| check_books(&stream.statistics()));
            let alive = Arc::downgrade(&context);
            drop((context, streams));
            assert_eq!(alive.strong_count(), 0, "something keeps the context");
        }
    });
}
