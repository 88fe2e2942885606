//! A session: one graph, loaded on one device.

use super::bind::Bound;
use super::bound::{DeviceTensor, Input, Traffic, memory_of};
use super::fixed::Fixed;
use super::open::{open_on, open_recorded};
use super::optimised::Optimised;
use super::providers::ProviderOptions;
use super::staging::Staging;
use super::tensor::{Tensor, View};
use super::values::{output_tensor, seen, values};
use super::{Device, Library, runtime_error};
use crate::error::{Error, ErrorKind, Result};
use ort::memory::MemoryInfo;
use ort::session::{
    HasSelectedOutputs, NoSelectedOutputs, OutputSelector, RunOptions, SessionInputValue, SessionOutputs,
};
use ort::value::DynValue;
use std::borrow::Cow;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How a session is opened.
#[derive(Debug, Clone)]
pub struct SessionOptions {
    /// Devices in order of preference. The first one that works is used; the others are tried only because they are
    /// listed, and [`Session::device`] and [`Session::refused`] say what happened.
    pub devices: Vec<Device>,
    /// Threads of the processor provider; 0 leaves the number to ONNX Runtime (one per physical core).
    pub threads: usize,
    /// Keeps the weights of a file memory-mapped and unpacked: little memory, a slightly slower run.
    pub low_memory: bool,
    /// Whether the graph is optimised, and what becomes of it then.
    pub optimised: Optimised,
    /// What only some devices have.
    pub providers: ProviderOptions,
    /// Values inside the graph have other sizes from run to run: memory is not planned as the first run needs it.
    pub varying: bool,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self {
            devices: vec![Device::Cpu],
            threads: 0,
            low_memory: false,
            optimised: Optimised::default(),
            providers: ProviderOptions::default(),
            varying: false,
        }
    }
}

/// The bytes of a graph and where its weights are.
#[derive(Clone, Copy)]
pub struct ModelBytes<'a> {
    /// The serialised graph.
    pub graph: &'a [u8],
    /// Folder that the graph's external data is relative to.
    pub folder: Option<&'a Path>,
    /// External data held in memory: the file name used in the graph, and its bytes.
    pub weights: Option<(&'a str, &'a Arc<[u8]>)>,
}

/// All WebGPU sessions of a process share one device context, which is not safe to use from two threads: opening,
/// running and closing sessions at the same time ends the process with a segmentation fault (seen in 1.30). So these
/// take turns.
static WEBGPU: Mutex<()> = Mutex::new(());

/// The turn of a session on `device`, held until dropped; `None` where there is nothing to wait for.
pub(super) fn turn(device: Device) -> Option<MutexGuard<'static, ()>> {
    // A poisoned lock only says that another caller panicked: it guards no data.
    (device == Device::WebGpu).then(|| WEBGPU.lock().unwrap_or_else(PoisonError::into_inner))
}

/// One graph on one device. Runs are serialised: the runtime's own run call is not safe to enter twice. On WebGPU those
/// of all sessions are.
pub struct Session {
    /// `None` only while it is dropped.
    pub(super) inner: Mutex<Option<Open>>,
    pub(super) library: &'static Library,
    pub(super) device: Device,
    is_single: bool,
    /// Whether the device records runs.
    records: bool,
    recording_refused: Option<Error>,
    refused: Vec<(Device, Error)>,
    inputs: Vec<String>,
    outputs: Vec<String>,
    pub(super) runs: AtomicU64,
    pub(super) fixed_runs: AtomicU64,
}

/// What a run needs, one at a time.
pub(super) struct Open {
    /// Its own tensors, if it keeps some; they go before the session.
    pub fixed: Option<Fixed>,
    pub staging: Staging,
    pub session: ort::session::Session,
}

impl Session {
    /// Loads a graph.
    pub fn open(library: &'static Library, model: ModelBytes, options: &SessionOptions) -> Result<Self> {
        Self::open_each(library, |_| model, options)
    }

    /// Loads a graph that is written otherwise for some devices: `model` is asked for each that is tried.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub fn open_each<'m>(
        library: &'static Library,
        model: impl Fn(Device) -> ModelBytes<'m>,
        options: &SessionOptions,
    ) -> Result<Self> {
        if options.devices.is_empty() {
            return Err(Error::invalid("devices: the list is empty; name at least one, such as `cpu`"));
        }
        let mut refused = Vec::new();
        for &device in &options.devices {
            match open_recorded(library, model(device), options, device) {
                Ok((inner, recording_refused)) => {
                    let mut session = Self::of(library, inner, device, options, recording_refused);
                    session.refused = refused;
                    return Ok(session);
                }
                Err(error) => refused.push((device, error)),
            }
        }
        if refused.len() == 1 {
            return Err(refused.swap_remove(0).1);
        }
        let reasons: Vec<_> = refused.iter().map(|(device, error)| format!("{device}: {error}")).collect();
        Err(Error::new(ErrorKind::Device, format!("no listed device works: {}", reasons.join("; "))))
    }

    /// Loads a graph on one device, all of it: an operator that the device lacks is an error, where [`Session::open`] lets the
    /// processor run it.
    ///
    /// # Errors
    /// `Device` if the device does not work or lacks an operator.
    pub fn open_strict(library: &'static Library, model: ModelBytes, device: Device) -> Result<Self> {
        let options = SessionOptions::default();
        let inner = open_on(library, model, &options, device, true)?;
        Ok(Self::of(library, inner, device, &options, None))
    }

    fn of(
        library: &'static Library,
        session: ort::session::Session,
        device: Device,
        options: &SessionOptions,
        recording_refused: Option<Error>,
    ) -> Self {
        let inputs = session.inputs().iter().map(|i| i.name().to_owned()).collect();
        let outputs = session.outputs().iter().map(|o| o.name().to_owned()).collect();
        let is_fixed = options.is_fixed(device) && recording_refused.is_none();
        let (records, is_single) = (is_fixed && options.records(device), options.is_single(device));
        let fixed = is_fixed.then(Fixed::default);
        Self {
            inner: Mutex::new(Some(Open { fixed, staging: Staging::of(device), session })),
            library,
            device,
            is_single,
            records,
            recording_refused,
            refused: Vec::new(),
            inputs,
            outputs,
            runs: AtomicU64::new(0),
            fixed_runs: AtomicU64::new(0),
        }
    }

    /// Where it runs.
    pub fn device(&self) -> Device {
        self.device
    }

    /// Whether every run is of one picture.
    pub fn is_single(&self) -> bool {
        self.is_single
    }

    /// Devices listed before it that did not work, and why.
    pub fn refused(&self) -> &[(Device, Error)] {
        &self.refused
    }

    /// Names of the graph's inputs.
    pub fn inputs(&self) -> &[String] {
        &self.inputs
    }

    /// Names of the graph's outputs.
    pub fn outputs(&self) -> &[String] {
        &self.outputs
    }

    /// How often it has run.
    pub fn runs(&self) -> u64 {
        self.runs.load(Ordering::Relaxed)
    }

    /// How many of its runs were on tensors of its own, recorded where the device does that ([`ProviderOptions::recorded`]).
    pub fn fixed_runs(&self) -> u64 {
        self.fixed_runs.load(Ordering::Relaxed)
    }

    /// Why its device does not record its runs, where it was to: an operator that the device lacks.
    pub fn recording_refused(&self) -> Option<&Error> {
        self.recording_refused.as_ref()
    }

    /// Runs the graph and returns the named outputs, in that order.
    pub fn run(&self, inputs: &[(&str, View)], outputs: &[&str]) -> Result<Vec<Tensor>> {
        let inputs: Vec<_> = inputs.iter().map(|&(name, view)| (name, Input::Host(view))).collect();
        self.fetch(&inputs, outputs, &mut Traffic::default())
    }

    /// Runs the graph on what is in the memory of the host or of its device, and brings the named outputs to the host, in that
    /// order. `traffic` grows by the bytes of both.
    ///
    /// # Errors
    /// `InvalidArgument` for a name that the graph does not have, `Runtime` when ONNX Runtime fails.
    pub fn fetch(&self, inputs: &[(&str, Input)], outputs: &[&str], traffic: &mut Traffic) -> Result<Vec<Tensor>> {
        self.check(inputs, outputs)?;
        let mut open = self.locked();
        let open = open.as_mut().ok_or_else(closed)?;
        if let Some(lent) = self.run_fixed(open, inputs, outputs, traffic)? {
            return self.bring(lent, traffic);
        }
        let mut own = Traffic::default();
        let mut fetched = self.fetch_plainly(open, inputs, outputs, &mut own);
        if fetched.is_err() && open.staging.results().is_some() {
            // Perhaps only its staging memory fails.
            open.staging.give_up();
            own = Traffic::default();
            fetched = self.fetch_plainly(open, inputs, outputs, &mut own);
        }
        *traffic += own;
        fetched
    }

    fn fetch_plainly(
        &self,
        open: &mut Open,
        inputs: &[(&str, Input)],
        outputs: &[&str],
        traffic: &mut Traffic,
    ) -> Result<Vec<Tensor>> {
        let Open { session, staging, .. } = open;
        let pinned = staging.results();
        let seen = seen(inputs)?;
        let staged = staging.stage(session, inputs);
        let values = values(inputs, &seen, &staged, traffic)?;
        let mut tensor = |found: &SessionOutputs, name: &str| -> Result<Tensor> {
            let tensor = output_tensor(name, found.get(name).ok_or_else(|| missing(name))?)?;
            traffic.to_host += tensor.view().bytes() as u64;
            Ok(tensor)
        };
        let _turn = turn(self.device);
        self.runs.fetch_add(1, Ordering::Relaxed);
        let Some(pinned) = pinned else {
            let run_options = self.selected(outputs).map_err(|e| failed(&e))?;
            let found = session.run_with_options(values, &run_options).map_err(|e| failed(&e))?;
            return outputs.iter().map(|name| tensor(&found, name)).collect();
        };
        let binding = self.bound(session, &values, outputs, &pinned).map_err(|e| failed(&e))?;
        let run_options = self.unrecorded().map_err(|e| failed(&e))?;
        let found = session.run_binding_with_options(&binding, &run_options).map_err(|e| failed(&e))?;
        binding.synchronize_outputs().map_err(|e| failed(&e))?;
        outputs.iter().map(|name| tensor(&found, name)).collect()
    }

    /// Inputs, brought to the device, and outputs that are to be left in some memory.
    fn bound<'v>(
        &self,
        session: &ort::session::Session,
        values: &'v [(Cow<'static, str>, SessionInputValue<'v>)],
        outputs: &[&str],
        memory: &MemoryInfo,
    ) -> Result<Bound<'v>, ort::Error> {
        let mut binding = Bound::of(session, values)?;
        for &name in outputs {
            binding.bind_output_to_device(name, memory)?;
        }
        // Copies to the device may still be under way.
        binding.synchronize_inputs()?;
        Ok(binding)
    }

    /// As [`Session::fetch`], but leaves the outputs on the device.
    ///
    /// # Errors
    /// Those of [`Session::fetch`].
    pub fn keep(&self, inputs: &[(&str, Input)], outputs: &[&str], traffic: &mut Traffic) -> Result<Vec<DeviceTensor>> {
        self.check(inputs, outputs)?;
        let memory = memory_of(self.device).map_err(|e| failed(&e))?;
        let mut open = self.locked();
        let open = open.as_mut().ok_or_else(closed)?;
        if let Some(lent) = self.run_fixed(open, inputs, outputs, traffic)? {
            return Ok(lent.into_iter().map(|lent| DeviceTensor::lent(lent, self.device)).collect());
        }
        let Open { session, staging, .. } = open;
        let seen = seen(inputs)?;
        let staged = staging.stage(session, inputs);
        let values = values(inputs, &seen, &staged, traffic)?;
        let owner = session.inner();
        let _turn = turn(self.device);
        self.runs.fetch_add(1, Ordering::Relaxed);
        let mut found = Vec::with_capacity(outputs.len());
        if let Some(memory) = memory {
            let mut run = || -> Result<(), ort::Error> {
                let binding = self.bound(session, &values, outputs, &memory)?;
                let mut bound = session.run_binding_with_options(&binding, &self.unrecorded()?)?;
                binding.synchronize_outputs()?;
                found.extend(outputs.iter().map(|name| bound.remove(name)));
                Ok(())
            };
            run().map_err(|e| failed(&e))?;
        } else {
            let run_options = self.selected(outputs).map_err(|e| failed(&e))?;
            let mut bound = session.run_with_options(values, &run_options).map_err(|e| failed(&e))?;
            found.extend(outputs.iter().map(|name| bound.remove(name)));
        }
        drop(_turn);
        let tensor = |(value, name): (Option<DynValue>, &&str)| {
            let value = value.ok_or_else(|| missing(name))?;
            Ok(DeviceTensor::new(value, Arc::clone(&owner), self.device))
        };
        found.into_iter().zip(outputs).map(tensor).collect()
    }

    pub(super) fn check(&self, inputs: &[(&str, Input)], outputs: &[&str]) -> Result<()> {
        for (name, input) in inputs {
            known("input", name, &self.inputs)?;
            if let Input::Foreign(bytes, _) = input
                && bytes.device() != self.device
            {
                let message = format!("input `{name}` is on {}, the session on {}", bytes.device(), self.device);
                return Err(Error::invalid(message));
            }
        }
        outputs.iter().try_for_each(|name| known("output", name, &self.outputs))
    }

    /// Options of a run that is not to be recorded.
    pub(super) fn unrecorded(&self) -> Result<RunOptions<NoSelectedOutputs>, ort::Error> {
        let mut options = RunOptions::new()?;
        if self.records {
            options.set("gpu_graph_id", "-1")?;
        }
        Ok(options)
    }

    /// The same; only the outputs asked for are computed.
    fn selected(&self, outputs: &[&str]) -> Result<RunOptions<HasSelectedOutputs>, ort::Error> {
        let none = OutputSelector::no_default();
        let selector = outputs.iter().fold(none, |selector, name| selector.with(*name));
        Ok(self.unrecorded()?.with_outputs(selector))
    }

    pub(super) fn locked(&self) -> MutexGuard<'_, Option<Open>> {
        // A poisoned lock only says that another caller panicked between runs; the session itself is not torn.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn failed(error: &ort::Error) -> Error {
    runtime_error("ONNX Runtime failed to run the model", error)
}

pub(super) fn closed() -> Error {
    Error::new(ErrorKind::Runtime, "the session is closed")
}

pub(super) fn missing(name: &str) -> Error {
    Error::new(ErrorKind::Runtime, format!("the run has no value `{name}`"))
}

impl Drop for Session {
    fn drop(&mut self) {
        let inner = self.inner.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        // Sessions themselves, they wait for a turn: after this one.
        let _copiers = inner.as_ref().and_then(|open| open.fixed.as_ref()).map(Fixed::copiers);
        let _turn = turn(self.device);
        drop(inner);
    }
}

fn known(what: &str, name: &str, names: &[String]) -> Result<()> {
    if names.iter().any(|n| n == name) {
        return Ok(());
    }
    Err(Error::invalid(format!("the model has no {what} `{name}`; it has {}", names.join(", "))))
}
