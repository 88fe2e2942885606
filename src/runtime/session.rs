//! A session: one graph, loaded on one device.

use super::bound::{DeviceTensor, Input, Traffic, memory_of};
use super::providers::{ProviderOptions, dispatch, prepare_cache};
use super::tensor::{Tensor, View};
use super::values::{input_value, output_tensor};
use super::{Device, Library, reason, runtime_error};
use crate::error::{Error, ErrorKind, Result};
use ort::session::builder::SessionBuilder;
use ort::session::{HasSelectedOutputs, OutputSelector, RunOptions, SessionInputValue};
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

/// The name of the free first extent of inputs and outputs.
const BATCH: &str = "batch";

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
    inner: Mutex<Option<ort::session::Session>>,
    device: Device,
    is_single: bool,
    is_recorded: bool,
    refused: Vec<(Device, Error)>,
    inputs: Vec<String>,
    outputs: Vec<String>,
    runs: AtomicU64,
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
            match open_on(library, model(device), options, device, false) {
                Ok(inner) => return Ok(Self::of(inner, device, options, refused)),
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
        Ok(Self::of(inner, device, &options, Vec::new()))
    }

    fn of(
        inner: ort::session::Session,
        device: Device,
        options: &SessionOptions,
        refused: Vec<(Device, Error)>,
    ) -> Self {
        let inputs = inner.inputs().iter().map(|i| i.name().to_owned()).collect();
        let outputs = inner.outputs().iter().map(|o| o.name().to_owned()).collect();
        let is_recorded = options.providers.cuda_graphs && matches!(device, Device::Cuda(_) | Device::TensorRt(_));
        let is_single = options.is_single(device);
        let (inner, runs) = (Mutex::new(Some(inner)), AtomicU64::new(0));
        Self { inner, device, is_single, is_recorded, refused, inputs, outputs, runs }
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
        let values = self.values(inputs, outputs, traffic)?;
        let run_options = selected(outputs).map_err(|e| failed(&e))?;
        let mut session = self.locked();
        let session = session.as_mut().ok_or_else(closed)?;
        let _turn = turn(self.device);
        self.runs.fetch_add(1, Ordering::Relaxed);
        let found = session.run_with_options(values, &run_options).map_err(|e| failed(&e))?;
        let tensor = |&name: &&str| output_tensor(name, found.get(name).ok_or_else(|| missing(name))?);
        let tensors = outputs.iter().map(tensor).collect::<Result<Vec<_>>>()?;
        traffic.to_host += tensors.iter().map(|tensor| tensor.view().bytes() as u64).sum::<u64>();
        Ok(tensors)
    }

    /// As [`Session::fetch`], but leaves the outputs on the device.
    ///
    /// # Errors
    /// Those of [`Session::fetch`].
    pub fn keep(&self, inputs: &[(&str, Input)], outputs: &[&str], traffic: &mut Traffic) -> Result<Vec<DeviceTensor>> {
        let values = self.values(inputs, outputs, traffic)?;
        let memory = memory_of(self.device).map_err(|e| failed(&e))?;
        let mut session = self.locked();
        let session = session.as_mut().ok_or_else(closed)?;
        let owner = session.inner();
        let _turn = turn(self.device);
        self.runs.fetch_add(1, Ordering::Relaxed);
        let mut found = Vec::with_capacity(outputs.len());
        if let Some(memory) = memory {
            let mut run = || -> Result<(), ort::Error> {
                let mut binding = session.create_binding()?;
                for (name, value) in &values {
                    binding.bind_input(name.as_ref(), value)?;
                }
                for &name in outputs {
                    binding.bind_output_to_device(name, &memory)?;
                }
                // Copies to the device may still be under way.
                binding.synchronize_inputs()?;
                let mut bound = session.run_binding(&binding)?;
                binding.synchronize_outputs()?;
                found.extend(outputs.iter().map(|name| bound.remove(name)));
                Ok(())
            };
            run().map_err(|e| failed(&e))?;
        } else {
            let run_options = selected(outputs).map_err(|e| failed(&e))?;
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

    /// The inputs as ONNX Runtime takes them, after all names have been looked at.
    fn values<'v>(
        &self,
        inputs: &[(&str, Input<'v>)],
        outputs: &[&str],
        traffic: &mut Traffic,
    ) -> Result<Vec<(Cow<'static, str>, SessionInputValue<'v>)>> {
        for (name, _) in inputs {
            known("input", name, &self.inputs)?;
        }
        for name in outputs {
            known("output", name, &self.outputs)?;
        }
        if self.is_recorded {
            let message =
                "CUDA graphs replay a run on the same memory: only runs with bound tensors can; load without them";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let value = |&(name, input): &(&str, Input<'v>)| {
            let value = match input {
                Input::Host(view) => {
                    traffic.to_device += view.bytes() as u64;
                    input_value(view).map_err(|e| failed(&e))?
                }
                Input::Device(tensor) => tensor.value().ok_or_else(|| missing(name))?.into(),
            };
            Ok((Cow::from(name.to_owned()), value))
        };
        inputs.iter().map(value).collect()
    }

    fn locked(&self) -> MutexGuard<'_, Option<ort::session::Session>> {
        // A poisoned lock only says that another caller panicked between runs; the session itself is not torn.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn failed(error: &ort::Error) -> Error {
    runtime_error("ONNX Runtime failed to run the model", error)
}

fn closed() -> Error {
    Error::new(ErrorKind::Runtime, "the session is closed")
}

fn missing(name: &str) -> Error {
    Error::new(ErrorKind::Runtime, format!("the run has no value `{name}`"))
}

/// Only the outputs asked for are computed.
fn selected(outputs: &[&str]) -> Result<RunOptions<HasSelectedOutputs>, ort::Error> {
    let none = OutputSelector::no_default();
    Ok(RunOptions::new()?.with_outputs(outputs.iter().fold(none, |selector, name| selector.with(*name))))
}

impl Drop for Session {
    fn drop(&mut self) {
        let _turn = turn(self.device);
        *self.inner.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

fn known(what: &str, name: &str, names: &[String]) -> Result<()> {
    if names.iter().any(|n| n == name) {
        return Ok(());
    }
    Err(Error::invalid(format!("the model has no {what} `{name}`; it has {}", names.join(", "))))
}

fn open_on(
    library: &'static Library,
    model: ModelBytes,
    options: &SessionOptions,
    device: Device,
    strict: bool,
) -> Result<ort::session::Session> {
    let _turn = turn(device);
    let build = || -> Result<SessionBuilder, ort::Error> {
        let mut builder = SessionBuilder::new(&library.environment)?
            .with_intra_threads(options.threads)?
            .with_intra_op_spinning(false)?
            .with_inter_op_spinning(false)?
            .with_prepacking(!options.low_memory)?
            .with_memory_pattern(!options.varying)?;
        if strict && device != Device::Cpu {
            builder = builder.with_disable_cpu_fallback()?;
        } else {
            // Without its arena the processor provider gives memory back after each operator.
            let processor = ort::ep::CPU::default().with_arena_allocator(!options.low_memory).build();
            builder = builder.with_execution_providers([processor])?;
        }
        if options.is_single(device) {
            builder = builder.with_dimension_override(BATCH, 1)?;
        }
        if matches!(device, Device::DirectMl(_)) {
            // That provider refuses patterns of memory and nodes in parallel.
            builder = builder.with_memory_pattern(false)?.with_parallel_execution(false)?;
        }
        if let Some(folder) = model.folder {
            builder = builder
                .with_config_entry("session.model_external_initializers_file_folder_path", folder.to_string_lossy())?;
        }
        if let Some((name, bytes)) = model.weights {
            builder = builder.with_external_initializer_file_in_memory(name, Arc::clone(bytes))?;
        }
        Ok(builder)
    };
    let providers = dispatch(device, options)?;
    prepare_cache(device, options)?;
    let mut builder = build().map_err(|e| runtime_error("ONNX Runtime refused the session options", &e))?;
    if !providers.is_empty() {
        builder = builder.with_execution_providers(providers).map_err(|e| {
            Error::new(ErrorKind::Device, format!("device {device} cannot be used: {}", reason(e.message())))
        })?;
    }
    builder.commit_from_memory(model.graph).map_err(|e| {
        let kind = if device == Device::Cpu { ErrorKind::Runtime } else { ErrorKind::Device };
        Error::new(kind, format!("ONNX Runtime could not load the model on {device}: {}", reason(e.message())))
    })
}
