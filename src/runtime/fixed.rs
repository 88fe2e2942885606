//! Tensors that a session reads and writes at every run: bound once, so that the device can record the run and replay it.

use super::bound::{Input, Traffic, memory_of};
use super::copy::{self, FROM, TO};
use super::session::{Session, failed, missing, turn};
use super::slot::{Lent, Slot};
use super::values::{declared_kind, kind, move_value, put};
use super::{Device, Library};
use crate::error::Result;
use ort::session::IoBinding;
use ort::value::TensorElementType;
use std::sync::Arc;

/// What a session has bound.
#[derive(Default)]
pub(super) struct Fixed {
    /// Before the tensors that are bound.
    binding: Option<IoBinding>,
    inputs: Vec<(String, Arc<Slot>)>,
    outputs: Vec<(String, Arc<Slot>)>,
    copiers: Vec<(TensorElementType, Arc<Session>)>,
    /// A tensor has no shape that is known before the run, or a type that nothing copies.
    is_hopeless: bool,
}

/// A session, and where it is.
pub(super) struct On<'s> {
    pub session: &'s mut ort::session::Session,
    pub library: &'static Library,
    pub device: Device,
}

impl Fixed {
    /// What moves its tensors.
    pub fn copiers(&self) -> Vec<Arc<Session>> {
        self.copiers.iter().map(|(_, copier)| Arc::clone(copier)).collect()
    }

    /// The copier of a type that it has tensors of.
    fn copier(&self, element: TensorElementType) -> Option<&Session> {
        self.copiers.iter().find(|(known, _)| *known == element).map(|(_, copier)| &**copier)
    }

    /// The tensor of an input, made if there is none yet; `None` where its shape is not known before the run.
    pub fn input(
        &mut self,
        session: &ort::session::Session,
        device: Device,
        name: &str,
    ) -> Result<Option<Arc<Slot>>, ort::Error> {
        if let Some(slot) = self.slot(name) {
            return Ok(Some(Arc::clone(slot)));
        }
        let declared = session.inputs().iter().find(|input| input.name() == name);
        let Some((element, shape)) = declared.and_then(|input| declared_kind(input.dtype())) else { return Ok(None) };
        let slot = Slot::new(session, device, element, &shape)?;
        self.inputs.push((name.to_owned(), Arc::clone(&slot)));
        Ok(Some(slot))
    }

    /// Runs on its tensors: those of the outputs. `None`, and nothing has happened, where what is given does not fit them, or
    /// somebody still needs what is in them.
    pub fn run(
        &mut self,
        on: &mut On,
        inputs: &[(&str, Input)],
        outputs: &[&str],
        traffic: &mut Traffic,
    ) -> Result<Option<Vec<Lent>>> {
        if self.is_hopeless || inputs.len() != on.session.inputs().len() || !self.make_room(on, inputs, outputs)? {
            return Ok(None);
        }
        // From here on nobody else writes what this run reads or writes.
        let mut loans = Vec::new();
        let mut foreign = Vec::new();
        for &(name, input) in inputs {
            let slot = self.slot(name).ok_or_else(|| missing(name))?;
            if is_in(slot, input) {
                continue;
            }
            let (element, shape) = kind(input).ok_or_else(|| missing(name))?;
            let Some(lent) = slot.lend().filter(|_| slot.fits(element, &shape)) else { return Ok(None) };
            foreign.push((Arc::clone(slot), input));
            loans.push(lent);
        }
        let lent: Option<Vec<_>> = self.outputs.iter().map(|(_, slot)| slot.lend()).collect();
        let Some(lent) = lent else { return Ok(None) };
        for (slot, input) in foreign {
            self.fill(on.device, &slot, input, traffic)?;
        }
        let _turn = turn(on.device);
        self.replay(on).map_err(|e| failed(&e))?;
        Ok(Some(lent))
    }

    /// Sees to it that there is a tensor for each input and output; whether there is.
    fn make_room(&mut self, on: &On, inputs: &[(&str, Input)], outputs: &[&str]) -> Result<bool> {
        if !self.outputs.is_empty() {
            let bound = self.outputs.iter().map(|(name, _)| name.as_str());
            return Ok(bound.eq(outputs.iter().copied()) && inputs.iter().all(|(name, _)| self.slot(name).is_some()));
        }
        for &(name, input) in inputs.iter() {
            if self.slot(name).is_some() {
                continue;
            }
            let slot = match (loan(input), kind(input)) {
                // The tensor that another session writes is the one that this one reads.
                (Some(lent), _) => Arc::clone(&lent.slot),
                (None, Some((element, shape))) => {
                    let _turn = turn(on.device);
                    Slot::new(on.session, on.device, element, &shape).map_err(|e| failed(&e))?
                }
                (None, None) => return Ok(self.give_up()),
            };
            self.inputs.push((name.to_owned(), slot));
        }
        let mut made = Vec::new();
        for &name in outputs {
            let declared = on.session.outputs().iter().find(|output| output.name() == name);
            let Some((element, shape)) = declared.and_then(|output| declared_kind(output.dtype())) else {
                return Ok(self.give_up());
            };
            let _turn = turn(on.device);
            made.push((name.to_owned(), Slot::new(on.session, on.device, element, &shape).map_err(|e| failed(&e))?));
        }
        let types: Vec<_> = self.inputs.iter().chain(&made).map(|(_, slot)| slot.element()).collect();
        for element in types {
            if memory_of(on.device).map_err(|e| failed(&e))?.is_none() || self.copier(element).is_some() {
                continue;
            }
            // Without one, what is there cannot be brought anywhere.
            let Ok(Some(copier)) = copy::copier(on.library, on.device, element) else { return Ok(self.give_up()) };
            self.copiers.push((element, copier));
        }
        self.outputs = made;
        Ok(true)
    }

    fn give_up(&mut self) -> bool {
        self.is_hopeless = true;
        false
    }

    fn slot(&self, name: &str) -> Option<&Arc<Slot>> {
        self.inputs.iter().find(|(known, _)| known == name).map(|(_, slot)| slot)
    }

    /// Puts what is given into a tensor.
    fn fill(&self, device: Device, slot: &Slot, input: Input, traffic: &mut Traffic) -> Result<()> {
        if memory_of(device).map_err(|e| failed(&e))?.is_some() {
            let copier = self.copier(slot.element()).ok_or_else(|| missing(FROM))?;
            return copier.write(&[(FROM, input)], TO, slot, traffic);
        }
        let done = match input {
            Input::Host(view) => {
                traffic.to_device += view.bytes() as u64;
                put(view, &mut slot.write())
            }
            Input::Foreign(..) => return Err(missing(FROM)),
            Input::Device(tensor) => move_value(&*tensor.value().ok_or_else(|| missing(FROM))?, &mut slot.write()),
        };
        done.map_err(|e| failed(&e))
    }

    /// The first time the tensors are bound; the provider records then.
    fn replay(&mut self, on: &mut On) -> Result<(), ort::Error> {
        let binding = match &mut self.binding {
            Some(binding) => binding,
            none => {
                let mut binding = on.session.create_binding()?;
                for (name, slot) in &self.inputs {
                    binding.bind_input(name.as_str(), &*slot.read())?;
                }
                for (name, slot) in &self.outputs {
                    binding.bind_output(name.as_str(), &mut *slot.write())?;
                }
                none.insert(binding)
            }
        };
        on.session.run_binding(binding)?;
        binding.synchronize_outputs()
    }
}

fn loan<'t>(input: Input<'t>) -> Option<&'t Lent> {
    match input {
        Input::Host(_) | Input::Foreign(..) => None,
        Input::Device(tensor) => tensor.loan(),
    }
}

/// Whether what is given is the tensor itself.
fn is_in(slot: &Arc<Slot>, input: Input) -> bool {
    loan(input).is_some_and(|lent| Arc::ptr_eq(&lent.slot, slot))
}
