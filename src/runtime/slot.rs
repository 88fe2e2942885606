//! Tensors that stay where they are while what they hold changes: what a recorded run reads and writes.

use super::Device;
use super::bound::memory_of;
use ort::memory::{Allocator, MemoryInfo};
use ort::session::SharedSessionInner;
use ort::value::{DynTensor, DynValue, TensorElementType};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};

/// A tensor allocated once, in the memory of a session's device.
pub(super) struct Slot {
    // Before the session: its memory belongs to that one's allocator.
    value: RwLock<DynValue>,
    _session: Arc<SharedSessionInner>,
    element: TensorElementType,
    shape: Vec<i64>,
    lent: Mutex<Weak<()>>,
}

/// Keeps others from writing a slot.
pub(super) struct Lent {
    pub slot: Arc<Slot>,
    _loan: Arc<()>,
}

impl Slot {
    pub fn new(
        session: &ort::session::Session,
        device: Device,
        element: TensorElementType,
        shape: &[i64],
    ) -> Result<Arc<Self>, ort::Error> {
        let memory = memory_of(device)?.unwrap_or_else(MemoryInfo::default);
        let allocator = Allocator::new(session, memory)?;
        let value = DynTensor::new(&allocator, element, shape.to_vec())?.into_dyn();
        let (value, lent) = (RwLock::new(value), Mutex::default());
        Ok(Arc::new(Self { value, _session: session.inner(), element, shape: shape.to_vec(), lent }))
    }

    /// Type of its elements.
    pub fn element(&self) -> TensorElementType {
        self.element
    }

    /// Whether a tensor of this kind has its place here.
    pub fn fits(&self, element: TensorElementType, shape: &[i64]) -> bool {
        self.element == element && self.shape == shape
    }

    /// Hands it to one who reads or fills it; `None` as long as another one has it.
    pub fn lend(self: &Arc<Self>) -> Option<Lent> {
        let mut lent = self.lent.lock().unwrap_or_else(PoisonError::into_inner);
        if lent.strong_count() > 0 {
            return None;
        }
        let loan = Arc::new(());
        *lent = Arc::downgrade(&loan);
        Some(Lent { slot: Arc::clone(self), _loan: loan })
    }

    // Poisoned locks only say that somebody panicked: the handle of the tensor is never torn.

    pub fn read(&self) -> RwLockReadGuard<'_, DynValue> {
        self.value.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn write(&self) -> RwLockWriteGuard<'_, DynValue> {
        self.value.write().unwrap_or_else(PoisonError::into_inner)
    }
}
