//! The models of a context under a memory budget: who is loaded, who goes when another is asked for, and who waits for whom.
//!
//! Whoever has a model holds a [`Use`] of it, and never asks for another one meanwhile: so every wait ends.

use super::context::ModelId;
use crate::convert::Progress;
use crate::engine::memory::in_words;
use crate::error::{Error, ErrorKind, Result};
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Makes a model, again and again the same one.
pub(super) type Maker<M> = Arc<dyn Fn(&mut Progress) -> Result<M> + Send + Sync>;

/// What became of a model so far.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Fate {
    /// Whether it is on its device now.
    pub is_loaded: bool,
    /// How often it was loaded.
    pub loads: u32,
    /// How often it had to go.
    pub evictions: u32,
    /// What the last load took, in milliseconds; 0 without a budget.
    pub load_ms: f64,
}

/// That a model had to be loaded, and who went for it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Came {
    pub ms: f64,
    pub evicted: Vec<ModelId>,
}

struct Entry<M> {
    id: ModelId,
    bytes: u64,
    /// Goes last.
    is_urgent: bool,
    make: Maker<M>,
    model: Option<Arc<M>>,
    is_loading: bool,
    /// Frames that are at work with it.
    uses: usize,
    /// When it was last asked for.
    asked: u64,
    fate: Fate,
}

struct State<M> {
    entries: Vec<Entry<M>>,
    clock: u64,
    /// Who waits for room, first come first.
    waiting: VecDeque<u64>,
    /// Bytes of what is never evicted.
    set_aside: u64,
}

/// The models of a context.
pub(super) struct Shelf<M> {
    /// Bytes that they may take together.
    budget: Option<u64>,
    state: Mutex<State<M>>,
    changed: Condvar,
}

/// A model that stays as long as this.
pub(super) struct Use<'s, M> {
    // Dropped in this order: it is gone before others are told that it is free.
    model: Arc<M>,
    _hold: Hold<'s, M>,
}

/// That a model is in use.
struct Hold<'s, M> {
    shelf: &'s Shelf<M>,
    id: ModelId,
}

/// What can be done for somebody who asks for a model.
enum Step<M> {
    Have(Arc<M>),
    /// It is to be loaded, when these have gone.
    Load(Maker<M>, Vec<(ModelId, Arc<M>)>),
    /// Others must end first.
    Wait,
}

impl<M> Shelf<M> {
    pub fn new(budget: Option<u64>) -> Self {
        let state = State { entries: Vec::new(), clock: 0, waiting: VecDeque::new(), set_aside: 0 };
        Self { budget, state: Mutex::new(state), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State<M>> {
        // Every change of the state is complete before anything that could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes that models may take together.
    pub fn budget(&self) -> Option<u64> {
        self.budget
    }

    /// Bytes that are left when all models are loaded at the same time.
    pub fn slack(&self) -> u64 {
        let state = self.lock();
        let all = state.entries.iter().map(|entry| entry.bytes).sum::<u64>() + state.set_aside;
        self.budget.map_or(u64::MAX, |budget| budget.saturating_sub(all))
    }

    /// Refuses a model that could never be loaded, before anything is read.
    pub fn check(&self, bytes: u64) -> Result<()> {
        self.budget.map_or(Ok(()), |budget| fits_alone(bytes, self.lock().set_aside, budget))
    }

    /// Refuses what is never evicted if a model would have no room beside it.
    pub fn check_beside(&self, set_aside: u64) -> Result<()> {
        let Some(budget) = self.budget else { return Ok(()) };
        let largest = self.lock().entries.iter().map(|entry| entry.bytes).max().unwrap_or(0);
        fits_alone(largest, set_aside, budget)
    }

    /// What is never evicted takes so many bytes now; models go when the next one is asked for.
    pub fn set_aside(&self, bytes: u64) {
        self.lock().set_aside = bytes;
        self.changed.notify_all();
    }

    /// Puts a model on the shelf, not loaded.
    pub fn add(&self, id: ModelId, bytes: u64, is_urgent: bool, make: Maker<M>) {
        let (model, fate) = (None, Fate::default());
        let entry = Entry { id, bytes, is_urgent, make, model, is_loading: false, uses: 0, asked: 0, fate };
        self.lock().entries.push(entry);
    }

    /// Takes a model away; who is at work with it goes on.
    pub fn remove(&self, id: ModelId) {
        let mut state = self.lock();
        let at = state.entries.iter().position(|entry| entry.id == id);
        let gone = at.map(|at| state.entries.remove(at));
        drop(state);
        self.changed.notify_all();
        drop(gone);
    }

    /// Takes all of them away.
    pub fn clear(&self) {
        let gone = std::mem::take(&mut self.lock().entries);
        self.changed.notify_all();
        drop(gone);
    }

    /// What became of a model so far.
    pub fn fate(&self, id: ModelId) -> Fate {
        let state = self.lock();
        let entry = state.entries.iter().find(|entry| entry.id == id);
        entry.map_or(Fate::default(), |entry| Fate { is_loaded: entry.model.is_some(), ..entry.fate })
    }

    /// A model that is loaded, or is now: those that were asked for longest ago go for it, urgent ones last, and none that is in use.
    /// Waits where only those are left.
    ///
    /// # Errors
    /// Those of its load; `Unsupported` if it was taken away.
    pub fn take(&self, id: ModelId, progress: &mut Progress) -> Result<(Use<'_, M>, Option<Came>)> {
        let mut state = self.lock();
        let mut ticket = None;
        loop {
            match state.step(id, ticket, self.budget) {
                Err(error) => {
                    state.leave(ticket);
                    drop(state);
                    // Others may have waited behind this one.
                    self.changed.notify_all();
                    return Err(error);
                }
                Ok(Step::Have(model)) => {
                    state.leave(ticket);
                    drop(state);
                    self.changed.notify_all();
                    return Ok((Use { model, _hold: Hold { shelf: self, id } }, None));
                }
                Ok(Step::Load(make, gone)) => {
                    state.leave(ticket);
                    drop(state);
                    self.changed.notify_all();
                    let (evicted, gone): (Vec<_>, Vec<_>) = gone.into_iter().unzip();
                    // Their memory is free before more is taken.
                    drop(gone);
                    return self.load(id, &make, evicted, progress);
                }
                Ok(Step::Wait) => {
                    if ticket.is_none() && state.wants_room(id) {
                        state.clock += 1;
                        ticket = Some(state.clock);
                        state.waiting.extend(ticket);
                    }
                    state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    fn load(
        &self,
        id: ModelId,
        make: &Maker<M>,
        evicted: Vec<ModelId>,
        progress: &mut Progress,
    ) -> Result<(Use<'_, M>, Option<Came>)> {
        /// Whatever ends the load, a panic too: others may try.
        struct Loading<'s, M>(&'s Shelf<M>, ModelId);
        impl<M> Drop for Loading<'_, M> {
            fn drop(&mut self) {
                if let Some(entry) = self.0.lock().entry(self.1) {
                    entry.is_loading = false;
                }
                self.0.changed.notify_all();
            }
        }
        let loading = Loading(self, id);
        let begin = Instant::now();
        let model = Arc::new(make(progress)?);
        let ms = begin.elapsed().as_secs_f64() * 1e3;
        let mut state = self.lock();
        // Taken away meanwhile: this frame goes on with it.
        if let Some(entry) = state.entry(id) {
            entry.model = Some(Arc::clone(&model));
            entry.uses += 1;
            (entry.fate.loads, entry.fate.load_ms) = (entry.fate.loads + 1, ms);
        }
        drop(state);
        drop(loading);
        Ok((Use { model, _hold: Hold { shelf: self, id } }, Some(Came { ms, evicted })))
    }
}

impl<M> State<M> {
    fn entry(&mut self, id: ModelId) -> Option<&mut Entry<M>> {
        self.entries.iter_mut().find(|entry| entry.id == id)
    }

    fn leave(&mut self, ticket: Option<u64>) {
        self.waiting.retain(|waiting| Some(*waiting) != ticket);
    }

    /// Whether somebody who waits for this model waits for room, and not for a load of it or for others' turn.
    fn wants_room(&self, id: ModelId) -> bool {
        self.entries.iter().any(|entry| entry.id == id && entry.model.is_none() && !entry.is_loading)
    }

    fn step(&mut self, id: ModelId, ticket: Option<u64>, budget: Option<u64>) -> Result<Step<M>> {
        let Some(at) = self.entries.iter().position(|entry| entry.id == id) else {
            return Err(Error::new(ErrorKind::Unsupported, "the model was unloaded while a frame waited for it"));
        };
        // Who waits for room comes first, else those who have models would never let go of them. During a load nobody can.
        let is_early = |first: &u64| ticket.is_none_or(|own| *first < own);
        if self.waiting.front().is_some_and(is_early) && !self.entries.iter().any(|entry| entry.is_loading) {
            return Ok(Step::Wait);
        }
        self.clock += 1;
        let clock = self.clock;
        let entry = &mut self.entries[at];
        if let Some(model) = &entry.model {
            (entry.uses, entry.asked) = (entry.uses + 1, clock);
            return Ok(Step::Have(Arc::clone(model)));
        }
        budget.map_or(Ok(()), |budget| fits_alone(self.entries[at].bytes, self.set_aside, budget))?;
        let Some(going) = (!self.entries[at].is_loading).then(|| self.room_for(at, budget)).flatten() else {
            return Ok(Step::Wait);
        };
        let mut gone = Vec::new();
        for i in going {
            let entry = &mut self.entries[i];
            entry.fate.evictions += 1;
            gone.extend(entry.model.take().map(|model| (entry.id, model)));
        }
        let entry = &mut self.entries[at];
        (entry.is_loading, entry.asked) = (true, clock);
        Ok(Step::Load(Arc::clone(&entry.make), gone))
    }

    /// Who must go so that this one has room; `None` as long as those are in use.
    fn room_for(&self, at: usize, budget: Option<u64>) -> Option<Vec<usize>> {
        let Some(budget) = budget else { return Some(Vec::new()) };
        let is_there = |entry: &Entry<M>| entry.model.is_some() || entry.is_loading;
        let mut taken = self.set_aside + self.entries[at].bytes;
        taken += self.entries.iter().filter(|entry| is_there(entry)).map(|entry| entry.bytes).sum::<u64>();
        let idle = |i: &usize| self.entries[*i].model.is_some() && self.entries[*i].uses == 0;
        let mut idle: Vec<usize> = (0..self.entries.len()).filter(idle).collect();
        idle.sort_by_key(|&i| (self.entries[i].is_urgent, self.entries[i].asked));
        let mut going = Vec::new();
        let mut idle = idle.into_iter();
        while taken > budget {
            let next = idle.next()?;
            taken -= self.entries[next].bytes;
            going.push(next);
        }
        Some(going)
    }
}

/// Whether a model has room with all others gone.
fn fits_alone(bytes: u64, set_aside: u64, budget: u64) -> Result<()> {
    if bytes.saturating_add(set_aside) <= budget {
        return Ok(());
    }
    let (bytes, budget) = (in_words(bytes), in_words(budget));
    let beside = if set_aside > 0 { format!(" beside {} of the detector", in_words(set_aside)) } else { String::new() };
    Err(Error::invalid(format!(
        "memory_budget: the model takes about {bytes}{beside}, more than the budget of {budget}; raise it, or load the model with less \
         precision or a smaller input"
    )))
}

impl<M> Use<'_, M> {
    pub fn model(&self) -> &Arc<M> {
        &self.model
    }
}

impl<M> Drop for Hold<'_, M> {
    fn drop(&mut self) {
        if let Some(entry) = self.shelf.lock().entry(self.id) {
            // Ids are never used twice: it is the one that was counted, unless it was taken away and is not there any more.
            entry.uses = entry.uses.saturating_sub(1);
        }
        self.shelf.changed.notify_all();
    }
}
