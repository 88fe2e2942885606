//! Inputs bound as they are.
#![allow(unsafe_code)] // one function of ONNX Runtime

use ort::AsPointer;
use ort::session::{IoBinding, SessionInputValue};
use std::borrow::Cow;
use std::ffi::CString;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

/// A binding, and the values that its inputs are read from.
pub(super) struct Bound<'v> {
    binding: IoBinding,
    _inputs: PhantomData<&'v SessionInputValue<'v>>,
}

impl<'v> Bound<'v> {
    /// Binds inputs: what lies elsewhere than a session wants it is copied there, perhaps still when this returns; the rest is read
    /// where it lies, memory that somebody else owns on a device too.
    ///
    /// `IoBinding::bind_input` would first copy whatever is borrowed, with a session of its own: for CUDA and WebGPU it has none here, and
    /// ends in a panic, and on the processor that copy waits for itself (`ort` 2.0.0-rc.15).
    pub fn of(
        session: &ort::session::Session,
        values: &'v [(Cow<'static, str>, SessionInputValue<'v>)],
    ) -> Result<Self, ort::Error> {
        let mut binding = session.create_binding()?;
        for (name, value) in values {
            let name = CString::new(name.as_bytes()).map_err(|e| ort::Error::new(e.to_string()))?;
            let value: &ort::value::DynValue = value;
            // SAFETY: all of them exist, and the value as long as this binding.
            unsafe {
                let status = (ort::api().BindInput)(binding.ptr_mut(), name.as_ptr(), value.ptr());
                ort::Error::result_from_status(status)?;
            }
        }
        Ok(Self { binding, _inputs: PhantomData })
    }
}

impl Deref for Bound<'_> {
    type Target = IoBinding;

    fn deref(&self) -> &IoBinding {
        &self.binding
    }
}

impl DerefMut for Bound<'_> {
    fn deref_mut(&mut self) -> &mut IoBinding {
        &mut self.binding
    }
}
