//! Where models come from.

use super::cache;
use super::form::write_for;
use super::framer::DeviceFraming;
use super::model::Model;
use super::turns::Turns;
use super::watch::Watched;
use crate::checkpoint::Source;
use crate::convert::{self, ConvertOptions, InMemory, Plan, Progress};
use crate::error::{Error, ErrorKind, Result};
use crate::geometry::Size;
use crate::onnx::proto::ModelProto;
use crate::runtime::{Device, Library, ModelBytes, Session, SessionOptions};
use crate::spec::{ModelInfo, NormalFrame, Precision, Rope, Rotation, Task};
use prost::Message;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The embedded model: small, our own, six tasks over one backbone.
const DEMO: &[u8] = include_bytes!("../../assets/demo/demo_bundle.safetensors");
/// A graph converted here is far smaller than this: its weights are in another file.
const MAX_GRAPH_BYTES: u64 = 256 << 20;

/// Weights of a checkpoint above this go through a temporary file, which ONNX Runtime maps: a buffer of ours it would
/// copy, and a 0.4b model then needed 4.4 GB instead of 2.5.
const MAX_BYTES_IN_MEMORY: u64 = 256 << 20;

/// In the name of every folder of what providers compile. Raised when [`write_for`] writes other graphs: what was compiled of the old
/// ones, and the records of it, are then no longer found.
const COMPILED: &str = "standard-1";

/// Where a model comes from.
#[derive(Clone, PartialEq, Eq)]
pub enum ModelSource {
    /// The model embedded in this library.
    Demo,
    /// A `.safetensors` or `.pth` checkpoint, or an `.onnx` graph converted by this library.
    Path(PathBuf),
    /// A `.safetensors` or `.pth` checkpoint in memory.
    Bytes {
        /// What stands for the path in messages.
        name: String,
        /// The whole file.
        bytes: Arc<[u8]>,
    },
}

impl ModelSource {
    /// `demo` is the embedded model, anything else a path.
    pub fn parse(text: &str) -> Self {
        if text == "demo" { Self::Demo } else { Self::Path(text.into()) }
    }
}

impl ModelSource {
    /// Names this source in an error, unless it is the embedded one.
    pub(super) fn locate(&self, error: Error) -> Error {
        match self {
            Self::Demo => error,
            Self::Path(path) => error.at(path),
            Self::Bytes { name, .. } => error.at(name),
        }
    }
}

impl std::fmt::Debug for ModelSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Demo => f.write_str("Demo"),
            Self::Path(path) => f.debug_tuple("Path").field(path).finish(),
            // A model has gigabytes.
            Self::Bytes { name, bytes } => write!(f, "Bytes {{ name: {name:?}, {} bytes }}", bytes.len()),
        }
    }
}

impl std::fmt::Display for ModelSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Demo => f.write_str("demo"),
            Self::Path(path) => write!(f, "{}", path.display()),
            Self::Bytes { name, .. } => f.write_str(name),
        }
    }
}

/// How models are loaded.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// Devices, threads and memory.
    pub session: SessionOptions,
    /// The ONNX Runtime library; `None` to look for it ([`Library::load`]).
    pub library: Option<PathBuf>,
    /// The tasks that will be asked for; `None` for all. Others are not loaded.
    pub tasks: Option<Vec<Task>>,
    /// Averages each result with that of the mirrored picture: twice the time, a little more accurate.
    pub flip_test: bool,
    /// Precision of a model built from a checkpoint; `None` for fp32.
    pub precision: Option<Precision>,
    /// Input size of a model built from a checkpoint; `None` for its own.
    pub input: Option<Size>,
    /// Arithmetic of the rotary embedding of a model built from a checkpoint; `None` for what it was trained with.
    pub rope: Option<Rope>,
    /// So many more bytes of weights may make the convolutions of a model built from a checkpoint faster on a processor
    /// ([`ConvertOptions::winograd`]); 0: none.
    pub winograd: u64,
    /// Heads of dense tasks can be run for a part of the picture ([`Request::regions`](super::Request::regions)). Not with
    /// Winograd's form, which has fixed sizes.
    pub regions: bool,
    /// Segmentation as labels and confidences decoded in the graph: a fraction of the memory traffic of logits. In image
    /// space labels then come from the nearest pixel, not from scaled logits. Not with a flip test or a raw graph.
    pub decoded_seg: bool,
    /// Where pictures are framed. The pixels are the same; on the device, a frame crosses the bus once, whatever looks at it.
    pub device_framing: DeviceFraming,
    /// Whom the model shares its device with: each run of it waits for a turn.
    pub turns: Option<Arc<Turns>>,
    /// Axes of the model's normals, where its metadata is wrong about them.
    pub normal_frame: Option<NormalFrame>,
    /// Also loads the person detector of the first model that has one ([`Engine::detect`](super::Engine::detect)); without
    /// any, loading fails.
    pub detect: bool,
    /// The detector to load beside the models, instead of one of theirs: a bundle, a checkpoint of RTMDet or DETR, or a graph
    /// converted from one.
    pub detector: Option<ModelSource>,
    /// Input size of the detector, where it is built from a checkpoint; `None` for its own.
    pub detector_input: Option<Size>,
    /// A folder that keeps converted checkpoints, heads in low-memory mode as ONNX Runtime optimised them, and what execution providers
    /// compile, for the next load (`docs/providers.md`). It is made if it is not there, and may be shared by processes. `None`: nothing is kept.
    pub cache: Option<PathBuf>,
}

/// A graph in memory and where its weights are.
pub(super) struct Loaded {
    pub model: ModelProto,
    pub weights: Option<Arc<[u8]>>,
    pub folder: Option<PathBuf>,
    /// A folder that goes when the sessions have mapped its files.
    pub temporary: Option<tempfile::TempDir>,
    pub info: ModelInfo,
    /// Files of the user's that must stay as they are.
    pub watched: Vec<Watched>,
    /// What it is called in a cache.
    pub key: Option<String>,
    /// Whether it came from there.
    pub is_cached: bool,
}

impl Loaded {
    /// A graph whose weights are nowhere yet.
    pub fn new(model: ModelProto, info: ModelInfo) -> Self {
        let (weights, folder, temporary, watched, key) = (None, None, None, Vec::new(), None);
        Self { model, weights, folder, temporary, info, watched, key, is_cached: false }
    }

    /// A session of the graph or a part of it, in the form that each device of the list takes ([`write_for`]).
    ///
    /// `compiled`: where providers keep what they compile of it.
    pub fn open(
        &self,
        library: &'static Library,
        graph: &ModelProto,
        options: &SessionOptions,
        compiled: Option<&Path>,
    ) -> Result<Session> {
        let forms: Vec<(Device, Vec<u8>)> =
            options.devices.iter().map(|&device| (device, form(graph, device))).collect();
        let bytes = |device: Device| ModelBytes {
            graph: forms.iter().find(|(of, _)| *of == device).map_or(&[], |(_, bytes)| bytes),
            folder: self.folder.as_deref(),
            weights: self.weights.as_ref().map(|w| (InMemory::WEIGHTS, w)),
        };
        let mut options = options.clone();
        options.providers.precision = Some(self.info.precision);
        options.providers.cache = compiled.map(Path::to_path_buf).or(options.providers.cache);
        Session::open_each(library, bytes, &options)
    }

    /// Where providers keep what they compile of this model, loaded with these options; `None` without a cache.
    pub fn compiled(&self, library: &Library, options: &LoadOptions) -> Option<PathBuf> {
        let (cache, key) = (options.cache.as_deref()?, self.key.as_deref()?);
        // Other outputs of the same graph.
        let variant = match (options.flip_test, options.decoded_seg && self.info.tasks.contains(&Task::Seg)) {
            (true, _) => "-flip",
            (_, true) => "-labels",
            _ => "",
        };
        Some(cache::record_folder(cache, library, &format!("{key}{variant}-{COMPILED}")))
    }
}

impl Model {
    /// Loads a model. A checkpoint with more than 256 MB of weights passes through a temporary folder of that size
    /// ([`std::env::temp_dir`], the variable `TMPDIR` on Unix); `sapiens convert` saves that. `progress` is told how far the weights of a checkpoint are; an error it returns stops the work.
    ///
    /// # Errors
    /// `NotFound`, `Io`, `CorruptModel`, `UnknownModel` about the file, `Library` and `Device` about where it should
    /// run, `Unsupported` for tasks it has no head for.
    pub fn load(source: &ModelSource, options: &LoadOptions, progress: &mut Progress) -> Result<Self> {
        let library = Library::load(options.library.as_deref())?;
        let loaded = match source {
            ModelSource::Path(path) if is_graph(path) => from_graph(path, options),
            _ => checkpoint(source).and_then(|checkpoint| from_checkpoint(&checkpoint, options, progress)),
        };
        let model = loaded.and_then(|mut loaded| {
            if let Some(frame) = options.normal_frame {
                loaded.info.normal_frame = frame;
            }
            Self::new(source.to_string(), library, loaded, options)
        });
        model.map_err(|e| source.locate(e))
    }
}

fn form(graph: &ModelProto, device: Device) -> Vec<u8> {
    if !device.compiles() {
        return graph.encode_to_vec();
    }
    let mut own = graph.clone();
    write_for(device, &mut own);
    own.encode_to_vec()
}

/// Opens a checkpoint.
pub(super) fn checkpoint(source: &ModelSource) -> Result<Source> {
    match source {
        ModelSource::Demo => Source::from_bytes(DEMO),
        ModelSource::Path(path) => Source::open(path),
        ModelSource::Bytes { bytes, .. } => Source::from_bytes(Arc::clone(bytes)),
    }
}

/// By the ending `.onnx`.
pub(super) fn is_graph(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("onnx"))
}

fn from_checkpoint(source: &Source, options: &LoadOptions, progress: &mut Progress) -> Result<Loaded> {
    made(convert::plan(source, &convert_options(options))?, source, options, progress)
}

/// Makes the weights of a graph, or takes both from the cache.
pub(super) fn made(plan: Plan, source: &Source, options: &LoadOptions, progress: &mut Progress) -> Result<Loaded> {
    let Some(folder) = &options.cache else { return materialise(plan, source, progress) };
    match cache::key(&plan, source)? {
        Some(key) => cache::converted(folder, &key, plan, source, progress),
        None => materialise(plan, source, progress),
    }
}

/// How a model that is loaded so is converted.
pub(super) fn convert_options(options: &LoadOptions) -> ConvertOptions {
    // The first device listed decides. Rounding by arithmetic gives the same values as casts, on the processor sooner, and
    // WebGPU, DirectML and CoreML have no bfloat16; but CUDA and TensorRT may fuse the arithmetic and round it away, and for
    // OpenVINO the casts are replaced when a session is opened.
    let rotation = match options.session.devices.first() {
        Some(Device::Cpu | Device::WebGpu | Device::DirectMl(_) | Device::CoreMl) => Rotation::Veltkamp,
        _ => Rotation::Rounded,
    };
    ConvertOptions {
        precision: options.precision,
        input: options.input,
        raw: false,
        rope: options.rope,
        rotation,
        tasks: options.tasks.clone(),
        winograd: options.winograd,
    }
}

/// Makes the weights of a graph.
pub(super) fn materialise(plan: Plan, source: &Source, progress: &mut Progress) -> Result<Loaded> {
    let info = plan.info.clone();
    if plan.weight_bytes() <= MAX_BYTES_IN_MEMORY {
        let InMemory { model, weights } = convert::in_memory(plan, source, progress)?;
        return Ok(Loaded { weights: Some(weights), ..Loaded::new(model, info) });
    }
    let temporary = tempfile::Builder::new().prefix("sapiens-").tempdir();
    let temporary = temporary.map_err(|e| Error::io("create a temporary folder", std::env::temp_dir(), e))?;
    let folder = temporary.path().to_path_buf();
    let model = convert::to_folder(plan, source, &folder, progress)?;
    Ok(Loaded { folder: Some(folder), temporary: Some(temporary), ..Loaded::new(model, info) })
}

fn from_graph(path: &Path, options: &LoadOptions) -> Result<Loaded> {
    for (option, given) in [
        ("precision", options.precision.is_some()),
        ("input size", options.input.is_some()),
        ("rope", options.rope.is_some()),
        ("winograd", options.winograd > 0),
    ] {
        if given {
            return Err(Error::invalid(format!(
                "{option}: a converted graph has it built in; give it to `sapiens convert`, or load the checkpoint"
            )));
        }
    }
    let mut loaded = graph_with(path, options, convert::read_info)?;
    let info = &mut loaded.info;
    if let Some(tasks) = &options.tasks {
        if let Some(missing) = tasks.iter().find(|t| !info.tasks.contains(t)) {
            let names: Vec<_> = info.tasks.iter().map(|t| t.name()).collect();
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("this model has no head for `{missing}`; it has {}", names.join(", ")),
            ));
        }
        info.tasks.retain(|t| tasks.contains(t));
    }
    Ok(loaded)
}

/// A converted graph and its weights.
pub(super) fn graph_with(
    path: &Path,
    options: &LoadOptions,
    read: fn(&ModelProto) -> Result<ModelInfo>,
) -> Result<Loaded> {
    let model = read_graph(path)?;
    let info = read(&model)?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    };
    let watched = external_data(&model, &folder)?;
    // ONNX Runtime resolves the folder against its own idea of the working directory.
    let folder = folder.canonicalize().map_err(|e| Error::io("open the folder of the graph", &folder, e))?;
    let key = options.cache.as_ref().map(|_| cache::graph_key(path)).transpose()?;
    Ok(Loaded { folder: Some(folder), watched, key, ..Loaded::new(model, info) })
}

/// Reads the graph of an `.onnx` file.
pub(super) fn read_graph(path: &Path) -> Result<ModelProto> {
    let bytes = std::fs::metadata(path).map_err(|e| Error::io("open the graph", path, e))?.len();
    if bytes > MAX_GRAPH_BYTES {
        return Err(Error::new(
            ErrorKind::UnknownModel,
            format!(
                "this graph has {bytes} bytes; one converted by `sapiens convert` keeps its weights in another file"
            ),
        )
        .at(path));
    }
    let bytes = std::fs::read(path).map_err(|e| Error::io("read the graph", path, e))?;
    ModelProto::decode(bytes.as_slice())
        .map_err(|e| Error::new(ErrorKind::CorruptModel, format!("this is not an ONNX file: {e}")).at(path))
}

/// Weights must lie in plain files of the graph's own folder, and be there: these files.
pub(super) fn external_data(model: &ModelProto, folder: &Path) -> Result<Vec<Watched>> {
    let corrupt = |message: String| Error::new(ErrorKind::CorruptModel, message);
    let mut sizes = std::collections::HashMap::new();
    let mut watched = Vec::new();
    for tensor in model.graph.iter().flat_map(|g| &g.initializer).filter(|t| t.data_location == 1) {
        let find = |key: &str| tensor.external_data.iter().find(|e| e.key == key).map(|e| e.value.as_str());
        let number = |key: &str| find(key).map_or(Ok(0), str::parse::<u64>);
        let name = find("location").unwrap_or_default();
        if Path::new(name).file_name() != Some(name.as_ref()) {
            return Err(corrupt(format!(
                "weight `{}` lies in `{name}`; it must be in the folder of the graph",
                tensor.name
            )));
        }
        let file = folder.join(name);
        let size = match sizes.get(name) {
            Some(&size) => size,
            None => {
                let size =
                    std::fs::metadata(&file).map_err(|e| Error::io("open the weights of the graph", &file, e))?.len();
                sizes.insert(name.to_owned(), size);
                watched.push(Watched::new(&file)?);
                size
            }
        };
        let end =
            number("offset").ok().zip(number("length").ok()).and_then(|(offset, length)| offset.checked_add(length));
        if end.is_none_or(|end| end > size) {
            return Err(corrupt(format!("the weights are cut short: `{}` lies beyond the end", tensor.name)).at(file));
        }
    }
    Ok(watched)
}
