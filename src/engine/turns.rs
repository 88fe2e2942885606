//! Who may use a device next, where several want to: what is urgent goes first, but nobody waits for ever.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// How often one who waits may be overtaken by somebody who came later.
const MOST_OVERTAKES: u32 = 4;

/// Turns on a device. Who holds one must not ask for another.
#[derive(Debug)]
pub struct Turns {
    /// How many may be held at a time.
    at_once: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    held: usize,
    last: u64,
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    number: u64,
    is_urgent: bool,
    overtaken: u32,
}

/// Given back when it is dropped.
#[must_use]
pub(super) struct Turn<'t>(&'t Turns);

impl Turns {
    /// So many at a time, at least one.
    pub fn new(at_once: usize) -> Self {
        Self { at_once: at_once.max(1), state: Mutex::default(), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change of the state is complete before anything that could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a turn. Urgent ones go before others, in their own order; one who has been overtaken four times comes before anybody who
    /// came later.
    pub(super) fn take(&self, is_urgent: bool) -> Turn<'_> {
        let mut state = self.lock();
        state.last += 1;
        let number = state.last;
        state.waiting.push_back(Waiting { number, is_urgent, overtaken: 0 });
        while state.held >= self.at_once || state.next() != Some(number) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.begin(number);
        drop(state);
        // There may be room for another one.
        self.changed.notify_all();
        Turn(self)
    }

    #[cfg(test)]
    fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }
}

impl State {
    /// Whose turn it is.
    fn next(&self) -> Option<u64> {
        let tired = self.waiting.iter().find(|w| w.overtaken >= MOST_OVERTAKES);
        let urgent = || self.waiting.iter().find(|w| w.is_urgent);
        tired.or_else(urgent).or(self.waiting.front()).map(|w| w.number)
    }

    fn begin(&mut self, number: u64) {
        let Some(at) = self.waiting.iter().position(|w| w.number == number) else { return };
        self.waiting.iter_mut().take(at).for_each(|earlier| earlier.overtaken += 1);
        self.waiting.remove(at);
        self.held += 1;
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.lock().held -= 1;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::mpsc::channel;
    use std::thread;

    /// Lets callers queue up one after the other behind a turn that is held, and says in which order they come.
    fn order(urgent: &[bool]) -> Vec<usize> {
        let turns = Arc::new(Turns::new(1));
        let held = turns.take(false);
        let (say, heard) = channel();
        let threads: Vec<_> = urgent
            .iter()
            .enumerate()
            .map(|(i, &is_urgent)| {
                let (waits, say) = (Arc::clone(&turns), say.clone());
                let thread = thread::spawn(move || {
                    let _turn = waits.take(is_urgent);
                    say.send(i).unwrap();
                });
                while turns.waiting() <= i {
                    thread::yield_now();
                }
                thread
            })
            .collect();
        drop(held);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        drop(say);
        heard.into_iter().collect()
    }

    #[test]
    fn urgent_ones_go_first_in_their_own_order() {
        assert_eq!(order(&[false, true, false, true]), [1, 3, 0, 2]);
        assert_eq!(order(&[false; 3]), [0, 1, 2]);
    }

    #[test]
    fn nobody_is_overtaken_more_often_than_that() {
        let urgent: Vec<bool> = std::iter::once(false).chain([true; 7]).collect();
        assert_eq!(order(&urgent), [1, 2, 3, 4, 0, 5, 6, 7]);
    }

    #[test]
    fn so_many_at_a_time_and_no_more() {
        let turns = Arc::new(Turns::new(2));
        let (one, two) = (turns.take(false), turns.take(false));
        let (say, heard) = channel();
        let third = thread::spawn({
            let turns = Arc::clone(&turns);
            move || {
                let _turn = turns.take(true);
                say.send(()).unwrap();
            }
        });
        while turns.waiting() == 0 {
            thread::yield_now();
        }
        assert!(heard.try_recv().is_err());
        drop(one);
        heard.recv().unwrap();
        third.join().unwrap();
        drop(two);
    }
}
