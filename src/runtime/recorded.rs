//! What sessions do that have tensors of their own ([`ProviderOptions::recorded`](super::ProviderOptions::recorded)).

use super::bind::Bound;
use super::bound::{DeviceTensor, Input, Traffic};
use super::fixed::On;
use super::session::{Open, Session, closed, failed, turn};
use super::slot::{Lent, Slot};
use super::tensor::Tensor;
use super::values::{seen, values};
use crate::error::{Error, Result};
use std::sync::atomic::Ordering;

impl Session {
    /// As [`Session::keep`], of one output, into a tensor of another session ([`Session::lend_input`]).
    ///
    /// # Errors
    /// Those of [`Session::fetch`]; `InvalidArgument` for a tensor that was not lent.
    pub fn keep_in(
        &self,
        inputs: &[(&str, Input)],
        output: &str,
        place: &DeviceTensor,
        traffic: &mut Traffic,
    ) -> Result<()> {
        let lent = place.loan().ok_or_else(|| Error::invalid("place: it is no tensor that a session has lent"))?;
        self.write(inputs, output, &lent.slot, traffic)
    }

    /// Runs the graph with its output in a slot, not recorded.
    pub(super) fn write(
        &self,
        inputs: &[(&str, Input)],
        output: &str,
        slot: &Slot,
        traffic: &mut Traffic,
    ) -> Result<()> {
        self.check(inputs, &[output])?;
        let mut open = self.locked();
        let open = open.as_mut().ok_or_else(closed)?;
        let seen = seen(inputs)?;
        let Open { session, staging, .. } = open;
        let staged = staging.stage(session, inputs);
        let values = values(inputs, &seen, &staged, traffic)?;
        let _turn = turn(self.device());
        self.runs.fetch_add(1, Ordering::Relaxed);
        let mut run = || -> Result<(), ort::Error> {
            let mut binding = Bound::of(session, &values)?;
            binding.bind_output(output, &mut *slot.write())?;
            binding.synchronize_inputs()?;
            session.run_binding_with_options(&binding, &self.unrecorded()?)?;
            binding.synchronize_outputs()
        };
        run().map_err(|e| failed(&e))
    }

    /// The tensor that its runs read this input from, for others to write; `None` where it has none of its own, or another one has it.
    ///
    /// # Errors
    /// `Runtime` when the device has no memory left.
    pub fn lend_input(&self, name: &str) -> Result<Option<DeviceTensor>> {
        let mut open = self.locked();
        let Some(Open { fixed: Some(fixed), session, .. }) = open.as_mut() else { return Ok(None) };
        let _turn = turn(self.device());
        let slot = fixed.input(session, self.device(), name).map_err(|e| failed(&e))?;
        Ok(slot.and_then(|slot| slot.lend()).map(|lent| DeviceTensor::lent(lent, self.device())))
    }

    /// Runs on tensors of its own; `None`, and nothing has happened, where it has none or these tensors do not fit: other
    /// shapes, other outputs, or somebody still needs what is in them.
    pub(super) fn run_fixed(
        &self,
        open: &mut Open,
        inputs: &[(&str, Input)],
        outputs: &[&str],
        traffic: &mut Traffic,
    ) -> Result<Option<Vec<Lent>>> {
        let Open { fixed: Some(fixed), session, .. } = open else { return Ok(None) };
        // What is read where it lies is not copied first.
        if inputs.iter().any(|(_, input)| matches!(input, Input::Foreign(..))) {
            return Ok(None);
        }
        let mut on = On { session, library: self.library, device: self.device() };
        let lent = fixed.run(&mut on, inputs, outputs, traffic)?;
        if lent.is_some() {
            self.runs.fetch_add(1, Ordering::Relaxed);
            self.fixed_runs.fetch_add(1, Ordering::Relaxed);
        }
        Ok(lent)
    }

    /// Brings what a run has left in them to the host.
    pub(super) fn bring(&self, lent: Vec<Lent>, traffic: &mut Traffic) -> Result<Vec<Tensor>> {
        let mut bring = |lent| DeviceTensor::lent(lent, self.device()).to_host(self.library, traffic);
        lent.into_iter().map(&mut bring).collect()
    }
}
