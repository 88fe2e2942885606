//! A session: one graph, loaded on one device.

use super::providers::{ProviderOptions, dispatch, prepare_cache};
use super::tensor::{Tensor, TensorData, View};
use super::{Device, Library, reason, runtime_error};
use crate::error::{Error, ErrorKind, Result};
use ort::session::builder::SessionBuilder;
use ort::session::{RunOptions, SessionInputValue};
use ort::value::{DynValue, TensorElementType, TensorRef};
use std::borrow::Cow;
use std::path::Path;
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
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self { devices: vec![Device::Cpu], threads: 0, low_memory: false, providers: ProviderOptions::default() }
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
fn turn(device: Device) -> Option<MutexGuard<'static, ()>> {
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
}

impl Session {
    /// Loads a graph.
    pub fn open(library: &'static Library, model: ModelBytes, options: &SessionOptions) -> Result<Self> {
        if options.devices.is_empty() {
            return Err(Error::invalid("devices: the list is empty; name at least one, such as `cpu`"));
        }
        let mut refused = Vec::new();
        for &device in &options.devices {
            match open_on(library, model, options, device) {
                Ok(inner) => {
                    let inputs = inner.inputs().iter().map(|i| i.name().to_owned()).collect();
                    let outputs = inner.outputs().iter().map(|o| o.name().to_owned()).collect();
                    let inner = Mutex::new(Some(inner));
                    let is_recorded =
                        options.providers.cuda_graphs && matches!(device, Device::Cuda(_) | Device::TensorRt(_));
                    let is_single = options.is_single(device);
                    return Ok(Self { inner, device, is_single, is_recorded, refused, inputs, outputs });
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

    /// Runs the graph and returns the named outputs, in that order.
    pub fn run(&self, inputs: &[(&str, View)], outputs: &[&str]) -> Result<Vec<Tensor>> {
        let failed = |e: &ort::Error| runtime_error("ONNX Runtime failed to run the model", e);
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
        let values = inputs
            .iter()
            .map(|&(name, view)| Ok((Cow::from(name.to_owned()), input_value(view)?)))
            .collect::<Result<Vec<_>, ort::Error>>()
            .map_err(|e| failed(&e))?;
        let selector =
            outputs.iter().fold(ort::session::OutputSelector::no_default(), |selector, name| selector.with(*name));
        let run_options = RunOptions::new().map_err(|e| failed(&e))?.with_outputs(selector);
        // A poisoned lock only says that another caller panicked between runs; the session itself is not torn.
        let mut session = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let session = session.as_mut().ok_or_else(|| Error::new(ErrorKind::Runtime, "the session is closed"))?;
        let _turn = turn(self.device);
        let found = session.run_with_options(values, &run_options).map_err(|e| failed(&e))?;
        outputs
            .iter()
            .map(|&name| {
                let value = found
                    .get(name)
                    .ok_or_else(|| Error::new(ErrorKind::Runtime, format!("the run returned no output `{name}`")))?;
                output_tensor(name, value)
            })
            .collect()
    }
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
) -> Result<ort::session::Session> {
    let _turn = turn(device);
    let build = || -> Result<SessionBuilder, ort::Error> {
        let mut builder = SessionBuilder::new(&library.environment)?
            .with_intra_threads(options.threads)?
            .with_intra_op_spinning(false)?
            .with_inter_op_spinning(false)?
            .with_prepacking(!options.low_memory)?;
        // Without its arena the processor provider gives memory back after each operator.
        let processor = ort::ep::CPU::default().with_arena_allocator(!options.low_memory).build();
        builder = builder.with_execution_providers([processor])?;
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

fn input_value(view: View<'_>) -> Result<SessionInputValue<'_>, ort::Error> {
    let shape = |dims: &[usize]| dims.iter().map(|&d| d as i64).collect::<Vec<_>>();
    Ok(match view {
        View::F32(dims, data) => TensorRef::from_array_view((shape(dims), data))?.into(),
        View::U8(dims, data) => TensorRef::from_array_view((shape(dims), data))?.into(),
    })
}

fn output_tensor(name: &str, value: &DynValue) -> Result<Tensor> {
    let failed = |e: &ort::Error| runtime_error(&format!("output `{name}`"), e);
    let dims = |shape: &ort::value::Shape| shape.iter().map(|&d| usize::try_from(d).unwrap_or(0)).collect::<Vec<_>>();
    match value.dtype().tensor_type() {
        Some(TensorElementType::Float32) => {
            let (shape, data) = value.try_extract_tensor::<f32>().map_err(|e| failed(&e))?;
            Ok(Tensor { shape: dims(shape), data: TensorData::F32(data.to_vec()) })
        }
        Some(TensorElementType::Uint8) => {
            let (shape, data) = value.try_extract_tensor::<u8>().map_err(|e| failed(&e))?;
            Ok(Tensor { shape: dims(shape), data: TensorData::U8(data.to_vec()) })
        }
        other => Err(Error::new(ErrorKind::Runtime, format!("output `{name}` has the unexpected type {other:?}"))),
    }
}
