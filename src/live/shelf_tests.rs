//! Models that are numbers: who comes, who goes, who waits.

use super::context::ModelId;
use super::shelf::{Maker, Shelf};
use crate::convert::Stage;
use crate::error::{Error, ErrorKind, Result};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Counts the bytes of models that are alive.
#[derive(Default)]
struct Meter {
    now: AtomicU64,
    most: AtomicU64,
}

struct Dummy {
    bytes: u64,
    meter: Arc<Meter>,
}

impl Dummy {
    fn new(bytes: u64, meter: &Arc<Meter>) -> Self {
        let now = meter.now.fetch_add(bytes, Ordering::SeqCst) + bytes;
        meter.most.fetch_max(now, Ordering::SeqCst);
        Self { bytes, meter: Arc::clone(meter) }
    }
}

impl Drop for Dummy {
    fn drop(&mut self) {
        self.meter.now.fetch_sub(self.bytes, Ordering::SeqCst);
    }
}

fn quiet(_: Stage, _: u64, _: u64) -> Result<()> {
    Ok(())
}

fn id(number: u32) -> ModelId {
    ModelId::from(number)
}

/// Models 1, 2, ... of these sizes; the first is urgent.
fn shelf(budget: u64, sizes: &[u64]) -> (Arc<Shelf<Dummy>>, Arc<Meter>) {
    let (shelf, meter) = (Arc::new(Shelf::new(Some(budget))), Arc::new(Meter::default()));
    for (i, &bytes) in sizes.iter().enumerate() {
        let meter = Arc::clone(&meter);
        let make: Maker<Dummy> = Arc::new(move |_| Ok(Dummy::new(bytes, &meter)));
        shelf.add(id(i as u32 + 1), bytes, i == 0, make);
    }
    (shelf, meter)
}

/// Asks for a model and gives it back: who went for it, `None` if it was there.
fn ask(shelf: &Shelf<Dummy>, number: u32) -> Option<Vec<u32>> {
    let (_, came) = shelf.take(id(number), &mut quiet).unwrap();
    came.map(|came| came.evicted.into_iter().map(ModelId::number).collect())
}

#[test]
fn the_one_asked_for_longest_ago_goes_and_the_urgent_one_last() {
    let (shelf, meter) = shelf(20, &[10, 10, 10]);
    let asked: Vec<_> = [1, 2, 3, 1, 2, 3].into_iter().map(|number| ask(&shelf, number)).collect();
    let went = |numbers: &[u32]| Some(numbers.to_vec());
    assert_eq!(asked, [went(&[]), went(&[]), went(&[2]), None, went(&[3]), went(&[2])]);
    let fates = [1, 2, 3].map(|number| shelf.fate(id(number)));
    assert_eq!(
        fates.map(|fate| (fate.loads, fate.evictions, fate.is_loaded)),
        [(1, 0, true), (2, 2, false), (2, 1, true)]
    );
    assert_eq!((meter.most.load(Ordering::SeqCst), meter.now.load(Ordering::SeqCst)), (20, 20));
    assert_eq!(shelf.slack(), 0);
}

#[test]
fn as_many_go_as_are_needed_and_the_urgent_one_too_if_nothing_else_helps() {
    let (shelf, _) = shelf(30, &[10, 10, 10, 25]);
    (1..=3).for_each(|number| drop(ask(&shelf, number)));
    assert_eq!(ask(&shelf, 4), Some(vec![2, 3, 1]));
    assert_eq!(ask(&shelf, 1), Some(vec![4]));
}

#[test]
fn what_can_never_fit_is_refused_with_both_numbers() {
    let (shelf, _) = shelf(3_000_000_000, &[2_000_000_000]);
    let error = shelf.check(4_500_000_000).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.to_string().contains("4.5 GB") && error.to_string().contains("3.0 GB"), "{error}");
    assert_eq!(ask(&shelf, 1), Some(vec![]));
    // The detector has come meanwhile; whoever is loaded stays so.
    shelf.set_aside(1_500_000_000);
    assert_eq!(ask(&shelf, 1), None);
    shelf.remove(id(1));
    assert!(shelf.take(id(1), &mut quiet).err().unwrap().to_string().contains("unloaded"));
    let error = shelf.check(2_000_000_000).unwrap_err();
    assert!(error.to_string().contains("1.5 GB of the detector"), "{error}");
}

#[test]
fn one_in_use_stays_and_is_waited_for() {
    let (shelf, meter) = shelf(10, &[10, 10]);
    let (held, _) = shelf.take(id(1), &mut quiet).unwrap();
    let (say, heard) = channel();
    let other = thread::spawn({
        let shelf = Arc::clone(&shelf);
        move || {
            let went = ask(&shelf, 2);
            say.send(()).unwrap();
            went
        }
    });
    assert!(heard.recv_timeout(Duration::from_millis(50)).is_err(), "it must wait");
    assert_eq!(held.model().bytes, 10);
    drop(held);
    heard.recv_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!(other.join().unwrap(), Some(vec![1]));
    assert_eq!(meter.most.load(Ordering::SeqCst), 10);
}

#[test]
fn two_that_ask_for_the_same_load_it_once() {
    let shelf = Arc::new(Shelf::new(Some(10)));
    let (begun, has_begun) = channel();
    let (go, may_go) = channel::<()>();
    let ends = Mutex::new((begun, may_go));
    let make: Maker<u32> = Arc::new(move |_| {
        let ends = ends.lock().unwrap();
        ends.0.send(()).unwrap();
        ends.1.recv().unwrap();
        Ok(7)
    });
    shelf.add(id(1), 10, false, make);
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let shelf = Arc::clone(&shelf);
            thread::spawn(move || {
                shelf.take(id(1), &mut quiet).map(|(held, came)| (**held.model(), came.is_some())).unwrap()
            })
        })
        .collect();
    has_begun.recv().unwrap();
    go.send(()).unwrap();
    let mut found: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    found.sort_unstable();
    assert_eq!(found, [(7, false), (7, true)]);
}

#[test]
fn a_load_that_fails_or_panics_can_be_tried_again() {
    let shelf = Arc::new(Shelf::new(Some(10)));
    let count = AtomicUsize::new(0);
    let make: Maker<u32> = Arc::new(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Err(Error::new(ErrorKind::Io, "gone for a moment")),
        1 => panic!("a fault"),
        _ => Ok(7),
    });
    shelf.add(id(1), 10, false, make);
    assert_eq!(shelf.take(id(1), &mut quiet).err().unwrap().kind(), ErrorKind::Io);
    let other = Arc::clone(&shelf);
    assert!(thread::spawn(move || other.take(id(1), &mut quiet).is_ok()).join().is_err());
    assert_eq!(**shelf.take(id(1), &mut quiet).unwrap().0.model(), 7);
    assert_eq!(shelf.fate(id(1)).loads, 1);
}

#[test]
fn many_threads_with_room_for_two_of_four_all_come_to_an_end() {
    let (shelf, meter) = shelf(20, &[10, 10, 10, 10]);
    thread::scope(|scope| {
        for i in 0..6_u32 {
            let shelf = &shelf;
            scope.spawn(move || (0..200_u32).for_each(|step| drop(ask(shelf, (i + step * (i + 1)) % 4 + 1))));
        }
    });
    assert!(meter.most.load(Ordering::SeqCst) <= 20, "{}", meter.most.load(Ordering::SeqCst));
    let fates: Vec<_> = (1..=4).map(|number| shelf.fate(id(number))).collect();
    let (loads, evictions) = fates.iter().fold((0, 0), |(l, e), fate| (l + fate.loads, e + fate.evictions));
    assert_eq!(loads - evictions, fates.iter().filter(|fate| fate.is_loaded).count() as u32);
}

#[test]
fn those_who_never_rest_leave_room_to_one_who_waits() {
    let (shelf, _) = shelf(10, &[10, 10]);
    let is_over = std::sync::atomic::AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                // One of them is always at work: alone they would never let go.
                while !is_over.load(Ordering::Relaxed) {
                    let held = shelf.take(id(1), &mut quiet).unwrap();
                    thread::sleep(Duration::from_millis(1));
                    drop(held);
                }
            });
        }
        while shelf.fate(id(1)).loads == 0 {
            thread::yield_now();
        }
        (0..20).for_each(|_| drop(ask(&shelf, 2)));
        is_over.store(true, Ordering::Relaxed);
    });
    assert!(shelf.fate(id(2)).loads >= 1 && shelf.fate(id(1)).evictions >= 1);
}
