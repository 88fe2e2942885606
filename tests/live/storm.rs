//! Everything at once, also from inside callbacks: whatever is called, nothing hangs and the books balance.

use crate::support::{Lender, NOW, check_books, context, ends, frame, load, options, shade};
use sapiens::error::ErrorKind;
use sapiens::live::{Context, Delivery, Policy, Stream, StreamOptions};
use sapiens::spec::Task;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread;
use std::time::Duration;

const THREADS: u64 = 6;
const STREAMS: usize = 4;

/// What everybody shares. Callbacks hold it weakly: nothing must live because of them.
struct Stage {
    context: Arc<Context>,
    streams: Vec<Mutex<Option<Arc<Stream>>>>,
    lender: Lender,
    state: AtomicU64,
    /// Calls that came from inside a callback, and how many of them panicked: streams go on after that.
    called_back: AtomicU64,
    panicked: AtomicU64,
    ended: AtomicU64,
}

impl Stage {
    fn new(seed: u64) -> Arc<Self> {
        let streams = (0..STREAMS).map(|_| Mutex::new(None)).collect();
        Arc::new(Self {
            context: context(),
            streams,
            lender: Lender::default(),
            state: AtomicU64::new(seed),
            called_back: AtomicU64::new(0),
            panicked: AtomicU64::new(0),
            ended: AtomicU64::new(0),
        })
    }

    fn next(&self) -> u64 {
        let mut x = self.state.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    fn open(self: &Arc<Self>) -> sapiens::Result<Arc<Stream>> {
        let policy = [Policy::Block, Policy::DropOldest, Policy::LatestOnly][self.next() as usize % 3];
        let delivery = [Delivery::Poll, Delivery::Events, Delivery::Immediate][self.next() as usize % 3];
        let options = StreamOptions { delivery, ..options(policy, 1 + self.next() as usize % 3) };
        let stream = Arc::new(Stream::new(&self.context, options)?);
        self.listen(&stream);
        Ok(stream)
    }

    fn listen(self: &Arc<Self>, stream: &Stream) {
        let stage: Weak<Self> = Arc::downgrade(self);
        stream.set_callback(Box::new(move |_| {
            // While the storm lasts its threads keep the stage.
            if let Some(stage) = stage.upgrade() {
                stage.called_back.fetch_add(1, Ordering::Relaxed);
                if catch_unwind(AssertUnwindSafe(|| stage.step())).is_err() {
                    stage.panicked.fetch_add(1, Ordering::Relaxed);
                }
            }
        }));
    }

    /// One call of something. Outcomes are those that the documents name.
    fn step(self: &Arc<Self>) {
        let at = self.next() as usize % STREAMS;
        let slot = || self.streams[at].lock().unwrap().clone();
        let wait = Some(Duration::from_millis(self.next() % 2));
        let Some(stream) = slot() else {
            if let Ok(stream) = self.open().map_err(|error| assert_eq!(error.kind(), ErrorKind::ShutDown)) {
                // What was there meanwhile is dropped here, perhaps the last owner, perhaps on its own worker.
                let old = self.streams[at].lock().unwrap().replace(stream);
                drop(old);
            }
            return;
        };
        let outcome = match self.next() % 64 {
            0..=19 => stream.submit(frame(&shade(1), 0), wait).map(drop),
            20..=31 => stream.submit(self.lender.lend(&shade(2)), NOW).map(drop),
            32..=42 => stream.poll(wait).map(drop),
            43..=50 => self.context.process_events(),
            51..=54 => stream.flush(wait).map(drop),
            55 | 56 => {
                stream.cancel(None);
                Ok(())
            }
            57 | 58 => {
                self.listen(&stream);
                Ok(())
            }
            59 => stream.destroy().inspect(|()| {
                let statistics = stream.statistics();
                check_books(&statistics);
                assert_eq!((statistics.waiting, statistics.working, statistics.finished), (0, 0, 0));
                self.ended.fetch_add(1, Ordering::Relaxed);
                let gone = self.streams[at].lock().unwrap().take_if(|now| Arc::ptr_eq(now, &stream));
                drop(gone);
            }),
            60 => {
                let last = self.streams[at].lock().unwrap().take();
                drop((last, stream));
                return;
            }
            _ => {
                check_books(&stream.statistics());
                Ok(())
            }
        };
        if let Err(error) = outcome {
            let known = [ErrorKind::ShutDown, ErrorKind::WrongThread, ErrorKind::InvalidArgument];
            assert!(known.contains(&error.kind()), "{error}");
        }
    }
}

fn storm(seed: u64, with_model: bool, steps: u64, is_cut_off: bool) {
    let stage = Stage::new(seed);
    if with_model {
        load(&stage.context, &[Task::Pose]);
    }
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let stage = Arc::clone(&stage);
            thread::spawn(move || (0..steps).for_each(|_| stage.step()))
        })
        .collect();
    if is_cut_off {
        while stage.called_back.load(Ordering::Relaxed) < 20 && threads.iter().any(|thread| !thread.is_finished()) {
            thread::yield_now();
        }
        stage.context.shutdown().unwrap();
    }
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(stage.panicked.load(Ordering::Relaxed), 0);
    let (called_back, ended) = (stage.called_back.load(Ordering::Relaxed), stage.ended.load(Ordering::Relaxed));
    println!("seed {seed}: {called_back} calls from callbacks, {ended} ends");
    // With a model, or cut off, it is a matter of time how much happens: then only the end is looked at.
    assert!(with_model || is_cut_off || (called_back > 0 && ended > 0));
    let lender = stage.lender.clone();
    let context = Arc::downgrade(&stage.context);
    let streams: Vec<_> = stage.streams.iter().filter_map(|slot| slot.lock().unwrap().take()).collect();
    stage.context.shutdown().unwrap();
    for stream in &streams {
        let statistics = stream.statistics();
        check_books(&statistics);
        assert_eq!((statistics.waiting, statistics.working, statistics.finished), (0, 0, 0));
    }
    assert_eq!(lender.out(), 0, "every loan has come back");
    drop((streams, stage));
    // A worker that nobody could join lets go of the context as the last thing it does; the shutdown has waited for it.
    assert_eq!(context.strong_count(), 0, "something keeps the context");
}

#[test]
fn a_storm_without_a_model() {
    ends(|| (1..=8).for_each(|seed| storm(seed, false, 2000, seed % 2 == 0)));
}

#[test]
fn a_storm_with_a_model() {
    ends(|| storm(77, true, 800, false));
}
