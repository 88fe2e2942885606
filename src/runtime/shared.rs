//! What is made once, and used by many.

use super::session::Session;
use super::{Device, Library, ModelBytes};
use crate::error::Result;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// One thing for each key, as long as somebody uses it.
pub struct Shared<K, T>(Mutex<Vec<(K, Weak<T>)>>);

#[expect(clippy::new_without_default, reason = "made for statics, which take constants")]
impl<K: PartialEq, T> Shared<K, T> {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// The one of a key, made if nobody uses one.
    ///
    /// # Errors
    /// Those of `make`.
    pub fn get(&self, key: K, make: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(_, used)| used.strong_count() > 0);
        if let Some(used) = known.iter().find(|(k, _)| *k == key).and_then(|(_, used)| used.upgrade()) {
            return Ok(used);
        }
        let made = Arc::new(make()?);
        known.push((key, Arc::downgrade(&made)));
        Ok(made)
    }
}

/// More are not kept: pictures of ever new sizes would need ever new ones.
const MOST_GRAPHS: usize = 64;

/// Small graphs that run on a device altogether, each opened when it is first needed.
pub struct Graphs<K> {
    library: &'static Library,
    device: Device,
    known: Mutex<Vec<(K, Arc<Session>)>>,
}

impl<K: PartialEq> Graphs<K> {
    /// None yet.
    pub fn new(library: &'static Library, device: Device) -> Self {
        Self { library, device, known: Mutex::default() }
    }

    /// The session of a graph.
    ///
    /// # Errors
    /// Those of [`Session::open_strict`].
    pub fn get(&self, key: K, graph: impl FnOnce() -> Vec<u8>) -> Result<Arc<Session>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, session)) = known.iter().find(|(k, _)| *k == key) {
            return Ok(Arc::clone(session));
        }
        let bytes = ModelBytes { graph: &graph(), folder: None, weights: None };
        let session = Arc::new(Session::open_strict(self.library, bytes, self.device)?);
        if known.len() == MOST_GRAPHS {
            known.remove(0);
        }
        known.push((key, Arc::clone(&session)));
        Ok(session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn what_nobody_uses_is_made_again() {
        let shared: Shared<u8, u8> = Shared::new();
        let first = shared.get(1, || Ok(10)).unwrap();
        assert_eq!(*shared.get(1, || Ok(11)).unwrap(), 10);
        assert_eq!(*shared.get(2, || Ok(20)).unwrap(), 20);
        assert!(shared.get(3, || Err(Error::invalid("no"))).is_err());
        drop(first);
        assert_eq!(*shared.get(1, || Ok(12)).unwrap(), 12);
    }
}
