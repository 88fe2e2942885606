//! Callbacks that call back in, end what they belong to, or keep it alive. Without a model: a result that says so is one too.

use crate::support::{LONG, check_books, context, ends, frame, options, shade, submit};
use sapiens::error::ErrorKind;
use sapiens::live::{Context, ContextOptions, Delivery, Log, LogLevel, Policy, Stream, StreamOptions};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

fn stream(context: &Arc<Context>, delivery: Delivery) -> Arc<Stream> {
    Arc::new(Stream::new(context, StreamOptions { delivery, ..options(Policy::Block, 4) }).unwrap())
}

#[test]
fn two_callbacks_that_end_each_others_stream_do_not_wait_for_each_other() {
    ends(|| {
        let context = context();
        let streams = [stream(&context, Delivery::Events), stream(&context, Delivery::Events)];
        let both = Arc::new(Barrier::new(2));
        let (told, outcomes) = channel();
        for (own, other) in [(0, 1), (1, 0)] {
            let (other, both, told) = (Arc::downgrade(&streams[other]), Arc::clone(&both), told.clone());
            streams[own].set_callback(Box::new(move |_| {
                both.wait();
                told.send(other.upgrade().unwrap().destroy().map_err(|error| error.kind())).unwrap();
            }));
            submit(&streams[own], frame(&shade(1), 0));
            assert!(streams[own].flush(LONG).unwrap());
        }
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| context.process_events().unwrap());
            }
        });
        let outcomes = [outcomes.recv().unwrap(), outcomes.recv().unwrap()];
        assert!(outcomes.contains(&Ok(())) && outcomes.contains(&Err(ErrorKind::WrongThread)), "{outcomes:?}");
        streams.iter().for_each(|stream| stream.destroy().unwrap());
    });
}

#[test]
fn a_callback_that_keeps_its_stream_alive_is_let_go_with_it() {
    ends(|| {
        for delivery in [Delivery::Events, Delivery::Immediate, Delivery::Poll] {
            let context = context();
            let stream = stream(&context, delivery);
            let (stays, alive) = (Arc::clone(&stream), Arc::downgrade(&stream));
            stream.set_callback(Box::new(move |_| drop(Arc::clone(&stays))));
            submit(&stream, frame(&shade(1), 0));
            assert!(stream.flush(LONG).unwrap());
            context.process_events().unwrap();
            stream.destroy().unwrap();
            let context = Arc::downgrade(&{ context });
            drop(stream);
            assert_eq!((alive.strong_count(), context.strong_count()), (0, 0), "{delivery:?}");
        }
    });
}

#[test]
fn the_last_owner_may_be_an_immediate_callback_and_the_end_still_waits_for_it() {
    ends(|| {
        let context = context();
        let own = stream(&context, Delivery::Immediate);
        let ((inside, is_inside), (go, may_go)) = (channel(), channel::<()>());
        let ((dropped, is_dropped), (end, may_end)) = (channel(), channel::<()>());
        let strings = Mutex::new((may_go, may_end));
        let weak = Arc::downgrade(&own);
        own.set_callback(Box::new(move |_| {
            let last = weak.upgrade().unwrap();
            inside.send(()).unwrap();
            let strings = strings.lock().unwrap();
            strings.0.recv().unwrap();
            drop(last);
            dropped.send(()).unwrap();
            strings.1.recv().unwrap();
        }));
        submit(&own, frame(&shade(1), 0));
        is_inside.recv().unwrap();
        drop(own);
        go.send(()).unwrap();
        is_dropped.recv().unwrap();
        let (done, is_done) = channel();
        let ending = thread::spawn({
            let context = Arc::clone(&context);
            move || done.send(context.shutdown().is_ok())
        });
        assert_eq!(is_done.recv_timeout(Duration::from_millis(200)), Err(RecvTimeoutError::Timeout));
        end.send(()).unwrap();
        assert!(is_done.recv().unwrap());
        ending.join().unwrap().unwrap();
        let alive = Arc::downgrade(&{ context });
        while alive.strong_count() > 0 {
            thread::yield_now();
        }
    });
}

#[test]
fn a_callback_may_set_another() {
    ends(|| {
        for delivery in [Delivery::Events, Delivery::Immediate] {
            let context = context();
            let stream = stream(&context, delivery);
            let (told, heard) = channel();
            let weak = Arc::downgrade(&stream);
            stream.set_callback(Box::new(move |result| {
                told.send(("first", result.frame)).unwrap();
                let told = told.clone();
                let next = move |result: Arc<sapiens::live::LiveResult>| told.send(("next", result.frame)).unwrap();
                weak.upgrade().unwrap().set_callback(Box::new(next));
            }));
            for expected in [("first", 1), ("next", 2)] {
                submit(&stream, frame(&shade(1), 0));
                assert!(stream.flush(LONG).unwrap());
                context.process_events().unwrap();
                assert_eq!(heard.try_recv(), Ok(expected), "{delivery:?}");
            }
        }
    });
}

#[test]
fn panicking_callbacks_stop_nothing_and_the_books_balance_inside() {
    ends(|| {
        for delivery in [Delivery::Events, Delivery::Immediate] {
            let context = context();
            let stream = stream(&context, delivery);
            let (told, heard) = channel();
            let weak = Arc::downgrade(&stream);
            stream.set_callback(Box::new(move |result| {
                let statistics = weak.upgrade().unwrap().statistics();
                told.send((result.frame, statistics)).unwrap();
                panic!("the callback panics, as it should");
            }));
            for expected in 1..=3 {
                submit(&stream, frame(&shade(1), 0));
                assert!(stream.flush(LONG).unwrap());
                context.process_events().unwrap();
                let (number, statistics) = heard.try_recv().unwrap();
                assert_eq!(number, expected);
                check_books(&statistics);
            }
            assert_eq!(stream.statistics().failed, 3);
        }
    });
}

#[test]
fn the_log_callback_goes_with_the_shutdown() {
    ends(|| {
        for is_immediate in [true, false] {
            let ((told, heard), kept) = (channel(), Arc::new(()));
            let held = Arc::clone(&kept);
            let callback = Box::new(move |level, text: &str| {
                let _ = &held;
                told.send((level, text.to_owned())).unwrap();
            });
            let log = Some(Log { level: LogLevel::Error, is_immediate, callback });
            let context = Context::new(ContextOptions { log, ..ContextOptions::default() }).unwrap();
            let stream = stream(&context, Delivery::Poll);
            submit(&stream, frame(&shade(1), 0));
            assert!(stream.flush(LONG).unwrap());
            assert_eq!(heard.try_recv().is_ok(), is_immediate);
            context.process_events().unwrap();
            assert_eq!(heard.try_recv().is_ok(), !is_immediate);
            context.shutdown().unwrap();
            assert_eq!(Arc::strong_count(&kept), 1, "the host's data is let go");
        }
    });
}
