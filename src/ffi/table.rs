//! Handles. What the host holds is a number in the shape of a pointer: never followed, looked up in a table. So a handle that was
//! destroyed, released too often, or is no handle at all is found out, whatever its bits.

use super::status::{Failure, SapiensStatus};
use std::sync::{Arc, PoisonError, RwLock};

/// How the last object of a slot ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Destroyed,
    ShutDown,
}

struct Slot<T> {
    /// Counts the objects that have been here.
    generation: u32,
    /// The object and how many references the host has.
    object: Option<(Arc<T>, u32)>,
    end: End,
}

struct Slots<T> {
    all: Vec<Slot<T>>,
    free: Vec<u32>,
}

/// All objects of one kind in this process.
pub(super) struct Table<T> {
    kind: u8,
    name: &'static str,
    slots: RwLock<Slots<T>>,
}

/// The number in a handle: 24 bits of slot, 32 of generation, 5 of kind with a mark; shifted by 2 as if it were aligned.
const SLOT_BITS: u32 = 24;
const GENERATION_BITS: u32 = 32;
const MARK: u64 = 0b10 << 3;

impl<T> Table<T> {
    /// `kind` from 1 to 7.
    pub const fn new(kind: u8, name: &'static str) -> Self {
        Self { kind, name, slots: RwLock::new(Slots { all: Vec::new(), free: Vec::new() }) }
    }

    /// A new handle with one reference.
    pub fn insert<H>(&self, object: Arc<T>) -> Result<*mut H, Failure> {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        let index = match slots.free.pop() {
            Some(index) => index,
            None if slots.all.len() >> SLOT_BITS == 0 => {
                slots.all.push(Slot { generation: 0, object: None, end: End::Destroyed });
                slots.all.len() as u32 - 1
            }
            None => return Err(Failure::new(SapiensStatus::Unsupported, format!("too many {}s are alive", self.name))),
        };
        let slot = &mut slots.all[index as usize];
        slot.generation = slot.generation.wrapping_add(1);
        slot.object = Some((object, 1));
        Ok(self.encode(index, slot.generation) as *mut H)
    }

    /// The object of a handle, kept alive while the caller works with it.
    pub fn get<H>(&self, handle: *const H) -> Result<Arc<T>, Failure> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        self.find(&slots, handle).map(|slot| Arc::clone(&slot.0))
    }

    /// One more reference.
    pub fn retain<H>(&self, handle: *const H) -> Result<(), Failure> {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        let index = self.index(&slots, handle)?;
        match &mut slots.all[index].object {
            Some((_, count)) if *count < u32::MAX => *count += 1,
            _ => {
                return Err(Failure::new(
                    SapiensStatus::Unsupported,
                    format!("too many references to one {}", self.name),
                ));
            }
        }
        Ok(())
    }

    /// One reference less; the object if it was the last.
    pub fn release<H>(&self, handle: *const H) -> Result<Option<Arc<T>>, Failure> {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        let index = self.index(&slots, handle)?;
        if let Some((_, count)) = &mut slots.all[index].object
            && *count > 1
        {
            *count -= 1;
            return Ok(None);
        }
        Ok(remove(&mut slots, index, End::Destroyed))
    }

    /// Removes the object whatever its references.
    pub fn remove<H>(&self, handle: *const H) -> Result<Option<Arc<T>>, Failure> {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        let index = self.index(&slots, handle)?;
        Ok(remove(&mut slots, index, End::Destroyed))
    }

    /// Removes what is chosen; handles say from now on that it was shut down.
    pub fn shut_down(&self, choose: impl Fn(&T) -> bool) -> Vec<Arc<T>> {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        let chosen = |slot: &Slot<T>| slot.object.as_ref().is_some_and(|(object, _)| choose(object));
        let found: Vec<usize> = (0..slots.all.len()).filter(|&index| chosen(&slots.all[index])).collect();
        found.into_iter().filter_map(|index| remove(&mut slots, index, End::ShutDown)).collect()
    }

    /// All objects alive.
    pub fn all(&self) -> Vec<Arc<T>> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        slots.all.iter().filter_map(|slot| Some(Arc::clone(&slot.object.as_ref()?.0))).collect()
    }

    fn encode(&self, index: u32, generation: u32) -> usize {
        let kind = MARK | u64::from(self.kind);
        ((kind << (SLOT_BITS + GENERATION_BITS) | u64::from(generation) << SLOT_BITS | u64::from(index)) << 2) as usize
    }

    /// Slot index and generation, if the number is one of this table's.
    fn decode<H>(&self, handle: *const H) -> Option<(usize, u32)> {
        let number = handle as usize as u64;
        let (index, generation) = ((number >> 2) & ((1 << SLOT_BITS) - 1), (number >> 2 >> SLOT_BITS) as u32);
        (self.encode(index as u32, generation) as u64 == number).then_some((index as usize, generation))
    }

    fn find<'a, H>(&self, slots: &'a Slots<T>, handle: *const H) -> Result<&'a (Arc<T>, u32), Failure> {
        let name = self.name;
        if handle.is_null() {
            return Err(Failure::invalid(format!("{name} is NULL")));
        }
        let invalid = |what: &str| Failure::new(SapiensStatus::InvalidHandle, format!("{name}: {what}"));
        let Some((index, generation)) = self.decode(handle) else {
            return Err(invalid(&format!("this pointer is no {name} that libsapiens made")));
        };
        match slots.all.get(index) {
            Some(slot) if slot.generation == generation => match &slot.object {
                Some(object) => Ok(object),
                None if slot.end == End::ShutDown => Err(Failure::new(
                    SapiensStatus::ShutDown,
                    format!("{name}: it has ended, with its context or by sapiens_shutdown_all; create a new one"),
                )),
                None => Err(invalid(&format!("this {name} does not exist any more"))),
            },
            Some(slot) if generation < slot.generation => Err(invalid(&format!("this {name} does not exist any more"))),
            _ => Err(invalid(&format!("this pointer is no {name} that libsapiens made"))),
        }
    }

    fn index<H>(&self, slots: &Slots<T>, handle: *const H) -> Result<usize, Failure> {
        self.find(slots, handle)?;
        Ok(self.decode(handle).map_or(usize::MAX, |(index, _)| index))
    }
}

fn remove<T>(slots: &mut Slots<T>, index: usize, end: End) -> Option<Arc<T>> {
    let slot = slots.all.get_mut(index)?;
    let (object, _) = slot.object.take()?;
    slot.end = end;
    slots.free.push(index as u32);
    Some(object)
}

#[cfg(not(target_pointer_width = "64"))]
compile_error!("the handles of libsapiens need pointers of 64 bits");

#[cfg(test)]
mod tests {
    use super::*;

    enum Handle {}

    fn status<T>(result: Result<T, Failure>) -> SapiensStatus {
        result.err().map_or(SapiensStatus::Ok, |f| f.status)
    }

    #[test]
    fn a_handle_lives_as_long_as_its_references() {
        let table = Table::new(1, "thing");
        let handle: *mut Handle = table.insert(Arc::new(5)).ok().unwrap();
        assert_eq!(*table.get(handle).ok().unwrap(), 5);
        assert_eq!(status(table.retain(handle)), SapiensStatus::Ok);
        assert!(table.release(handle).ok().unwrap().is_none());
        assert!(table.release(handle).ok().unwrap().is_some());
        assert_eq!(status(table.get(handle)), SapiensStatus::InvalidHandle);
        assert_eq!(status(table.release(handle)), SapiensStatus::InvalidHandle);
    }

    #[test]
    fn a_slot_used_again_does_not_revive_old_handles() {
        let table = Table::new(1, "thing");
        let old: *mut Handle = table.insert(Arc::new(1)).ok().unwrap();
        table.remove(old).ok().unwrap();
        let new: *mut Handle = table.insert(Arc::new(2)).ok().unwrap();
        assert_ne!(old, new);
        assert_eq!(status(table.get(old)), SapiensStatus::InvalidHandle);
        assert_eq!(*table.get(new).ok().unwrap(), 2);
    }

    #[test]
    fn what_is_no_handle_is_refused() {
        let (table, other) = (Table::new(1, "thing"), Table::new(2, "other"));
        let handle: *mut Handle = table.insert(Arc::new(1)).ok().unwrap();
        let foreign: *mut Handle = other.insert(Arc::new(1)).ok().unwrap();
        assert_eq!(status(table.get(std::ptr::null::<Handle>())), SapiensStatus::InvalidArgument);
        let number = handle as usize;
        let on_the_stack = 1_u64;
        let not = [1, 8, usize::MAX, number ^ 1, number ^ 4, number + (1 << 40), &raw const on_the_stack as usize];
        for pointer in not.map(|n| n as *const Handle).into_iter().chain([foreign.cast_const()]) {
            assert_eq!(status(table.get(pointer)), SapiensStatus::InvalidHandle, "{pointer:?}");
        }
    }

    #[test]
    fn shut_down_says_so() {
        let table = Table::new(1, "thing");
        let handle: *mut Handle = table.insert(Arc::new(1)).ok().unwrap();
        assert_eq!(table.shut_down(|_| true).len(), 1);
        assert_eq!(status(table.get(handle)), SapiensStatus::ShutDown);
        assert_eq!(table.shut_down(|_| true).len(), 0);
    }
}
