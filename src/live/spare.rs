//! Memory that is used again.

use std::sync::{Mutex, PoisonError};

/// Buffers kept for later frames, a few.
pub(super) struct Spare {
    buffers: Mutex<Vec<Vec<u8>>>,
    most: usize,
}

impl Spare {
    pub fn new(most: usize) -> Self {
        Self { buffers: Mutex::default(), most }
    }

    /// A buffer; an empty one if there is none.
    pub fn take(&self) -> Vec<u8> {
        self.buffers.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    pub fn give(&self, buffer: Vec<u8>) {
        let mut buffers = self.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        if buffers.len() < self.most {
            buffers.push(buffer);
        }
    }

    pub fn clear(&self) {
        self.buffers.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
