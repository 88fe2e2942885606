//! Three stages of work at the same time: three threads, two bounded queues. Whichever stage is slow, the others wait for it
//! once the queues are full, so that what is in flight never grows.

use sapiens::{Error, ErrorKind, Result};
use std::sync::mpsc::{Receiver, sync_channel};

/// Things that are in flight at most before the second stage, beside those in its queue: one in its hands, one that the first
/// stage is about to hand over.
#[cfg(test)]
const IN_HANDS: usize = 2;

/// Runs `make` until it has nothing more, `work` on each thing in turn (on this thread), and `take` on what came out; `work`
/// may leave things out. `depths` are the lengths of the queues before `work` and before `take`.
///
/// # Errors
/// That of the last stage that failed: the stages before it end because of it. What `take` was given before is complete.
pub fn run<A: Send, B: Send>(
    depths: [usize; 2],
    mut make: impl FnMut() -> Result<Option<A>> + Send,
    mut work: impl FnMut(A) -> Result<Option<B>>,
    take: impl FnOnce(Receiver<B>) -> Result<()> + Send,
) -> Result<()> {
    let (things, made) = sync_channel(depths[0]);
    let (results, done) = sync_channel(depths[1]);
    std::thread::scope(|scope| {
        let making = scope.spawn(move || {
            while let Some(thing) = make()? {
                if things.send(thing).is_err() {
                    break; // the cause is at the other end
                }
            }
            Ok(())
        });
        let taking = scope.spawn(move || take(done));
        let worked = (move || {
            for thing in made {
                if let Some(result) = work(thing)?
                    && results.send(result).is_err()
                {
                    break;
                }
            }
            Ok(())
        })();
        let joined = |thread: std::thread::ScopedJoinHandle<Result<()>>| {
            thread.join().unwrap_or_else(|_| Err(Error::new(ErrorKind::Internal, "a thread of the clip has failed")))
        };
        let (made, taken) = (joined(making), joined(taking));
        taken.and(worked).and(made)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::sync::mpsc::channel;
    use std::time::Duration;

    /// Far longer than a thread needs to do what it may do, and must not.
    const A_WHILE: Duration = Duration::from_millis(100);
    const DEPTHS: [usize; 2] = [5, 2];

    fn count_to(counter: &AtomicUsize, last: usize) -> Option<usize> {
        let next = counter.load(SeqCst);
        (next < last).then(|| counter.fetch_add(1, SeqCst))
    }

    fn wait_for(counter: &AtomicUsize, value: usize) {
        let begin = std::time::Instant::now();
        while counter.load(SeqCst) < value {
            assert!(begin.elapsed() < Duration::from_secs(60), "stopped at {}", counter.load(SeqCst));
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Decoding goes on while a model works, up to the bound, and no further.
    #[test]
    fn the_first_stage_goes_on_while_the_second_is_held() {
        let (made, mut seen) = (AtomicUsize::new(0), 0);
        let bound = DEPTHS[0] + IN_HANDS;
        let work = |i: usize| {
            if i == 0 {
                wait_for(&made, bound);
                std::thread::sleep(A_WHILE);
                assert_eq!(made.load(SeqCst), bound, "it stops at the bound");
            }
            assert!(made.load(SeqCst) - i <= bound, "what waits never grows");
            seen += 1;
            Ok(Some(i))
        };
        let take = |results: Receiver<usize>| {
            assert!(results.into_iter().eq(0..40), "in their order, and all of them");
            Ok(())
        };
        run(DEPTHS, || Ok(count_to(&made, 40)), work, take).unwrap();
        assert_eq!(seen, 40);
    }

    /// Models and decoder go on while something is written, and wait when that is slow.
    #[test]
    fn both_go_on_while_the_last_is_held() {
        let (made, worked) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let take = |results: Receiver<usize>| {
            let first = results.recv().unwrap();
            // In the queue, and one in hand; behind that the first stage fills its own queue.
            wait_for(&worked, 1 + DEPTHS[1] + 1);
            let bound = 1 + DEPTHS[1] + 1 + DEPTHS[0] + 1;
            wait_for(&made, bound);
            std::thread::sleep(A_WHILE);
            assert_eq!((worked.load(SeqCst), made.load(SeqCst)), (1 + DEPTHS[1] + 1, bound));
            assert!(std::iter::once(first).chain(results).eq(0..40));
            Ok(())
        };
        let work = |i| {
            worked.fetch_add(1, SeqCst);
            Ok(Some(i))
        };
        run(DEPTHS, || Ok(count_to(&made, 40)), work, take).unwrap();
    }

    #[test]
    fn the_cause_is_told_and_everybody_ends() {
        let fault = |text: &str| Err(Error::invalid(text));
        let take = |results: Receiver<usize>| {
            results.into_iter().for_each(drop);
            Ok(())
        };
        let endless = AtomicUsize::new(0);
        let make = || Ok(count_to(&endless, usize::MAX));
        let told = run(DEPTHS, make, |i| if i == 9 { fault("model") } else { Ok(Some(i)) }, take).unwrap_err();
        assert!(told.to_string().contains("model"), "{told}");
        let disk_full = |results: Receiver<usize>| {
            results.recv().unwrap();
            Err(Error::invalid("disk"))
        };
        let told = run(DEPTHS, make, |i| Ok(Some(i)), disk_full).unwrap_err();
        assert!(told.to_string().contains("disk"), "{told}");
        // What was made before a fault of the first stage is still worked on and taken.
        let (made, (sender, taken)) = (AtomicUsize::new(0), channel());
        let make = || if made.load(SeqCst) == 3 { fault("pipe") } else { Ok(count_to(&made, 9)) };
        let take = move |results: Receiver<usize>| {
            results.into_iter().for_each(|i| sender.send(i).unwrap());
            Ok(())
        };
        let told = run(DEPTHS, make, |i| Ok((i != 1).then_some(i)), take).unwrap_err();
        assert!(told.to_string().contains("pipe"), "{told}");
        assert_eq!(taken.into_iter().collect::<Vec<_>>(), [0, 2]);
    }
}
