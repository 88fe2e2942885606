//! Memory of the host that a device copies from and to by itself: page-locked where its provider has such memory, taken once and
//! used again.

use super::bound::Input;
use super::values::{kind, put};
use super::{Device, View};
use ort::memory::{AllocationDevice, Allocator, AllocatorType, MemoryInfo, MemoryType};
use ort::value::{DynTensor, DynValue, TensorElementType};

/// Inputs below this go as they are: the copy would cost more than it saves.
const WORTH_IT: usize = 64 << 10;

/// The card whose driver locks pages for this device; `None` where plain memory is used.
pub(super) const fn pinned_for(device: Device) -> Option<i32> {
    match device.plain() {
        Device::Cuda(card) => Some(card),
        _ => None,
    }
}

/// The staging memory of a session.
pub(super) struct Staging {
    memory: Option<(AllocationDevice<'static>, i32)>,
    tensors: Vec<Staged>,
}

/// What an input was staged in.
struct Staged {
    name: String,
    element: TensorElementType,
    shape: Vec<i64>,
    value: DynValue,
}

impl Staging {
    pub fn of(device: Device) -> Self {
        Self { memory: pinned_for(device).map(|card| (AllocationDevice::CUDA_PINNED, card)), tensors: Vec::new() }
    }

    /// Where results are to be left; `None` for plain memory.
    pub fn results(&self) -> Option<MemoryInfo<'static>> {
        let (device, card) = self.memory.clone()?;
        MemoryInfo::new(device, card, AllocatorType::Device, MemoryType::CPUOutput).ok()
    }

    /// Plain memory from now on: the provider has no other.
    pub fn give_up(&mut self) {
        self.memory = None;
        self.tensors.clear();
    }

    /// Copies large inputs of the host into its memory: where each is, of those that are there. They stay until the next call.
    pub fn stage(&mut self, session: &ort::session::Session, inputs: &[(&str, Input)]) -> Vec<Option<&DynValue>> {
        let mut is_there = vec![false; inputs.len()];
        for (&(name, input), is_there) in inputs.iter().zip(&mut is_there) {
            let Input::Host(view) = input else { continue };
            if self.memory.is_some() && view.bytes() >= WORTH_IT {
                match self.fill(session, name, view) {
                    Ok(()) => *is_there = true,
                    Err(_) => self.give_up(),
                }
            }
        }
        let staged = |name: &str| self.tensors.iter().find(|staged| staged.name == name).map(|staged| &staged.value);
        inputs.iter().zip(is_there).map(|((name, _), is_there)| staged(name).filter(|_| is_there)).collect()
    }

    fn fill(&mut self, session: &ort::session::Session, name: &str, view: View) -> Result<(), ort::Error> {
        let Some((element, shape)) = kind(Input::Host(view)) else { return Ok(()) };
        let fits = |staged: &Staged| staged.name == name && staged.element == element && staged.shape == shape;
        let at = match self.tensors.iter().position(fits) {
            Some(at) => at,
            None => {
                self.tensors.retain(|staged| staged.name != name);
                let value = self.tensor(session, element, &shape)?;
                self.tensors.push(Staged { name: name.to_owned(), element, shape, value });
                self.tensors.len() - 1
            }
        };
        put(view, &mut self.tensors[at].value)
    }

    fn tensor(
        &self,
        session: &ort::session::Session,
        element: TensorElementType,
        shape: &[i64],
    ) -> Result<DynValue, ort::Error> {
        let (device, card) = self.memory.clone().unwrap_or((AllocationDevice::CPU, 0));
        let memory = MemoryInfo::new(device, card, AllocatorType::Device, MemoryType::CPUInput)?;
        Ok(DynTensor::new(&Allocator::new(session, memory)?, element, shape.to_vec())?.into_dyn())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nvidia_copies_from_locked_pages_and_others_from_plain_ones() {
        let pinned: Vec<_> = ["cpu", "webgpu", "cuda:2", "tensorrt:1", "openvino:gpu", "directml:0", "coreml"]
            .map(|device| pinned_for(device.parse().unwrap()))
            .to_vec();
        assert_eq!(pinned, [None, None, Some(2), Some(1), None, None, None]);
        assert!(Staging::of(Device::Cpu).memory.is_none());
        let mut cuda = Staging::of(Device::Cuda(2));
        assert_eq!(cuda.memory, Some((AllocationDevice::CUDA_PINNED, 2)));
        cuda.give_up();
        assert!(cuda.results().is_none());
    }
}
