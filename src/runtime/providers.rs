//! What each execution provider is told: the options of ONNX Runtime behind ours.

use super::{BuildRecord, Device, SessionOptions};
use crate::error::{Error, ErrorKind, Result};
use crate::spec::Precision;
use ort::ep::{self, ArbitrarilyConfigurableExecutionProvider, ExecutionProviderDispatch};
use std::path::{Path, PathBuf};

/// Whether a load may build what takes minutes: TensorRT's engines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Engines {
    /// Only those in the cache are used; without them, loading is refused.
    #[default]
    Cached,
    /// They are built where they are missing.
    Build,
}

/// How CUDA's library of convolutions is asked for an algorithm.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ConvSearch {
    /// It is asked what it expects to be fast.
    #[default]
    Heuristic,
    /// All are tried at the first run of each shape: seconds, and memory for the largest.
    Exhaustive,
    /// The first one.
    Default,
}

/// How memory on a GPU grows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Arena {
    /// By what is asked for: the least memory.
    #[default]
    AsRequested,
    /// By powers of two.
    PowersOfTwo,
}

/// Options that some devices have. Others ignore them.
#[derive(Debug, Clone, Default)]
pub struct ProviderOptions {
    /// Precision of the graph that is opened; whoever loads a model sets it. `None`: nobody knows.
    pub precision: Option<Precision>,
    /// Folder for what providers compile of this model, for this ONNX Runtime: TensorRT's engines, OpenVINO's and CoreML's models,
    /// each device in a folder of its own ([`BuildRecord::folder`]). `None`: nothing is kept.
    pub cache: Option<PathBuf>,
    /// Whether TensorRT may build engines.
    pub engines: Engines,
    /// CUDA, TensorRT, WebGPU: the first run is recorded, and later ones replay it, so that the processor has not to send every
    /// operator anew; models must be able to run on the device altogether, else they are loaded without
    /// ([`Session::recording_refused`](super::Session::recording_refused)). Inputs and outputs are tensors of the session's own, on the
    /// processor too, where nothing is recorded; batches are of one picture. Runs that do not fit are run as ever.
    pub recorded: bool,
    /// CUDA: products of 32-bit floats with 10 bits of precision (TF32), as fast as 16-bit ones. Off: 32-bit floats are that.
    pub tf32: bool,
    /// CUDA: algorithms of convolutions.
    pub conv_search: ConvSearch,
    /// CUDA: how memory grows.
    pub arena: Arena,
    /// Further options of the provider, in ONNX Runtime's own words; they come last and win.
    pub extra: Vec<(String, String)>,
}

impl SessionOptions {
    /// Whether every run on this device is of one picture.
    pub fn is_single(&self, device: Device) -> bool {
        device.fixes_batch() || self.is_fixed(device)
    }

    /// Whether runs on this device are on tensors of the session's own.
    pub(super) fn is_fixed(&self, device: Device) -> bool {
        let knows = matches!(device, Device::Cpu | Device::WebGpu | Device::Cuda(_) | Device::TensorRt(_));
        // Where sizes vary from run to run, no run is like another.
        self.providers.recorded && !self.varying && knows
    }

    /// Whether this device records them.
    pub(super) fn records(&self, device: Device) -> bool {
        self.is_fixed(device) && device != Device::Cpu
    }
}

/// The options that ONNX Runtime is given for a device, in its words.
pub fn provider_settings(device: Device, options: &SessionOptions) -> Vec<(String, String)> {
    let (own, flag) = (&options.providers, |on: bool| if on { "1" } else { "0" }.to_owned());
    let cache = own.cache.as_ref().map(|folder| BuildRecord::folder(folder, device).to_string_lossy().into_owned());
    let mut settings: Vec<(&str, String)> = Vec::new();
    match device {
        Device::Cpu => {}
        Device::WebGpu if options.records(device) => settings.push(("enableGraphCapture", flag(true))),
        Device::WebGpu => {}
        Device::Cuda(id) => settings.extend(cuda(id, options)),
        Device::TensorRt(id) => {
            settings.push(("device_id", id.to_string()));
            settings.push(("trt_fp16_enable", flag(own.precision == Some(Precision::Fp16))));
            settings.push(("trt_bf16_enable", flag(own.precision == Some(Precision::Bf16))));
            // Norms stay in 32 bits whatever the rest is in.
            settings.push(("trt_layer_norm_fp32_fallback", flag(true)));
            settings.push(("trt_cuda_graph_enable", flag(options.records(device))));
            if let Some(folder) = cache {
                settings.extend([("trt_engine_cache_enable", flag(true)), ("trt_timing_cache_enable", flag(true))]);
                settings.extend([("trt_engine_cache_path", folder.clone()), ("trt_timing_cache_path", folder)]);
            }
        }
        Device::OpenVino(target) => {
            let (name, element) = target.device_and_type();
            settings.push(("device_type", name.to_owned()));
            let config = format!("{{\"{name}\": {{\"INFERENCE_PRECISION_HINT\": \"{element}\"}}}}");
            settings.push(("load_config", config));
            if options.threads > 0 {
                settings.push(("num_of_threads", options.threads.to_string()));
            }
            settings.extend(cache.map(|folder| ("cache_dir", folder)));
        }
        Device::DirectMl(_) => {}
        Device::CoreMl => {
            settings.push(("ModelFormat", "MLProgram".to_owned()));
            settings.push(("MLComputeUnits", "ALL".to_owned()));
            settings.push(("RequireStaticInputShapes", flag(true)));
            settings.extend(cache.map(|folder| ("ModelCacheDirectory", folder)));
        }
    }
    let own_words = settings.into_iter().map(|(key, value)| (key.to_owned(), value));
    let mut settings: Vec<(String, String)> = own_words.collect();
    for (key, value) in &own.extra {
        settings.retain(|(known, _)| known != key);
        settings.push((key.clone(), value.clone()));
    }
    settings
}

fn cuda(id: i32, options: &SessionOptions) -> Vec<(&'static str, String)> {
    let (own, flag) = (&options.providers, |on: bool| if on { "1" } else { "0" }.to_owned());
    let arena = match own.arena {
        Arena::AsRequested => "kSameAsRequested",
        Arena::PowersOfTwo => "kNextPowerOfTwo",
    };
    let search = match own.conv_search {
        ConvSearch::Heuristic => "HEURISTIC",
        ConvSearch::Exhaustive => "EXHAUSTIVE",
        ConvSearch::Default => "DEFAULT",
    };
    vec![
        ("device_id", id.to_string()),
        ("arena_extend_strategy", arena.to_owned()),
        ("cudnn_conv_algo_search", search.to_owned()),
        ("cudnn_conv_use_max_workspace", flag(true)),
        ("use_tf32", flag(own.tf32)),
        ("enable_cuda_graph", flag(options.records(Device::Cuda(id)))),
    ]
}

/// The providers to register, in order: a failure is an error, never a fall-back. None for the processor, always there.
///
/// # Errors
/// `Device` where the device cannot run the graph's precision, or would have to build engines that nobody asked for.
pub(super) fn dispatch(device: Device, options: &SessionOptions) -> Result<Vec<ExecutionProviderDispatch>> {
    let own = &options.providers;
    let refuse = |message: String| Err(Error::new(ErrorKind::Device, message));
    if let Some(precision) = own.precision
        && !device.runs(precision)
    {
        return refuse(format!(
            "device {device} cannot run a model in {precision}: that is for cuda:N and tensorrt:N; load or convert it in fp32 \
             or fp16 (openvino:cpu-bf16 computes an fp32 model in bfloat16)"
        ));
    }
    if let Device::TensorRt(_) = device
        && own.engines == Engines::Cached
        && !is_built(own.cache.as_deref(), device)
    {
        return refuse(format!(
            "device {device} has no engines for this model, and building them takes minutes: build them once with `sapiens \
             prebuild MODEL --device {device} --cache FOLDER` and load with that cache folder, or allow building at the load \
             (`--build-engines`)"
        ));
    }
    let settings = provider_settings(device, options);
    let dispatches = match device {
        Device::Cpu => Vec::new(),
        Device::WebGpu => vec![configured(ep::WebGPU::default(), &settings).build()],
        Device::Cuda(_) => vec![configured(ep::CUDA::default(), &settings).build()],
        Device::TensorRt(id) => {
            // What TensorRT does not know stays on the same GPU.
            let rest = cuda(id, &SessionOptions { providers: super::ProviderOptions::default(), ..options.clone() });
            let rest: Vec<_> = rest.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
            vec![configured(ep::TensorRT::default(), &settings).build(), configured(ep::CUDA::default(), &rest).build()]
        }
        Device::OpenVino(_) => vec![configured(ep::OpenVINO::default(), &settings).build()],
        Device::DirectMl(id) => vec![ep::DirectML::default().with_device_id(id).build()],
        Device::CoreMl => vec![configured(ep::CoreML::default(), &settings).build()],
    };
    Ok(dispatches.into_iter().map(ExecutionProviderDispatch::error_on_failure).collect())
}

/// Whether a record says that what the device needs was built here.
fn is_built(cache: Option<&Path>, device: Device) -> bool {
    let record = cache.and_then(|folder| BuildRecord::read(&BuildRecord::folder(folder, device)));
    record.is_some_and(|record| record.device == device.to_string() && record.fits_machine())
}

/// Makes the folder that a device of the list compiles into.
pub(super) fn prepare_cache(device: Device, options: &SessionOptions) -> Result<()> {
    let compiles = matches!(device, Device::TensorRt(_) | Device::OpenVino(_) | Device::CoreMl);
    let Some(folder) = options.providers.cache.as_deref().filter(|_| compiles) else { return Ok(()) };
    let folder = BuildRecord::folder(folder, device);
    std::fs::create_dir_all(&folder).map_err(|e| Error::io("create the cache folder", &folder, e))
}

fn configured<P: ArbitrarilyConfigurableExecutionProvider>(provider: P, settings: &[(String, String)]) -> P {
    settings.iter().fold(provider, |provider, (key, value)| provider.with_arbitrary_config(key, value))
}

#[cfg(test)]
mod tests {
    use super::super::OpenVinoTarget;
    use super::*;

    fn given(device: Device, providers: ProviderOptions) -> Vec<(String, String)> {
        provider_settings(device, &SessionOptions { threads: 3, providers, ..Default::default() })
    }

    fn value<'a>(settings: &'a [(String, String)], key: &str) -> Option<&'a str> {
        settings.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    #[test]
    fn cuda_is_told_everything() {
        let plain = given(Device::Cuda(2), ProviderOptions::default());
        let of = |key| value(&plain, key);
        assert_eq!((of("device_id"), of("use_tf32"), of("enable_cuda_graph")), (Some("2"), Some("0"), Some("0")));
        assert_eq!(of("arena_extend_strategy"), Some("kSameAsRequested"));
        assert_eq!(of("cudnn_conv_algo_search"), Some("HEURISTIC"));
        let options = ProviderOptions {
            recorded: true,
            tf32: true,
            conv_search: ConvSearch::Exhaustive,
            arena: Arena::PowersOfTwo,
            extra: vec![("prefer_nhwc".into(), "1".into()), ("use_tf32".into(), "0".into())],
            ..Default::default()
        };
        let set = given(Device::Cuda(0), options);
        let of = |key| value(&set, key);
        assert_eq!((of("enable_cuda_graph"), of("prefer_nhwc"), of("use_tf32")), (Some("1"), Some("1"), Some("0")));
        assert_eq!(set.iter().filter(|(key, _)| key == "use_tf32").count(), 1, "the user's own word counts");
        assert_eq!(of("cudnn_conv_algo_search"), Some("EXHAUSTIVE"));
        assert_eq!(of("arena_extend_strategy"), Some("kNextPowerOfTwo"));
    }

    #[test]
    fn tensorrt_knows_precision_and_cache() {
        let with = |precision, cache: Option<&str>| {
            let cache = cache.map(PathBuf::from);
            given(Device::TensorRt(1), ProviderOptions { precision: Some(precision), cache, ..Default::default() })
        };
        let half = with(Precision::Fp16, Some("/c"));
        let of = |key| value(&half, key);
        assert_eq!((of("trt_fp16_enable"), of("trt_bf16_enable")), (Some("1"), Some("0")));
        assert_eq!(
            (of("trt_engine_cache_path"), of("trt_timing_cache_path")),
            (Some("/c/tensorrt-1"), Some("/c/tensorrt-1"))
        );
        assert_eq!((of("trt_engine_cache_enable"), of("trt_timing_cache_enable")), (Some("1"), Some("1")));
        let plain = with(Precision::Bf16, None);
        assert_eq!((value(&plain, "trt_bf16_enable"), value(&plain, "trt_engine_cache_enable")), (Some("1"), None));
    }

    #[test]
    fn tensorrt_without_engines_is_refused_until_building_is_allowed() {
        let open = |providers| {
            let options = SessionOptions { providers, ..Default::default() };
            dispatch(Device::TensorRt(0), &options).map(|found| found.len())
        };
        let error = open(ProviderOptions::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Device);
        assert!(error.to_string().contains("sapiens prebuild"), "{error}");
        // TensorRT, and CUDA for the rest.
        assert_eq!(open(ProviderOptions { engines: Engines::Build, ..Default::default() }).unwrap(), 2);
        // A record of a build is as good, if it is of this device and machine.
        let cache = tempfile::tempdir().unwrap();
        let with = || ProviderOptions { cache: Some(cache.path().to_path_buf()), ..Default::default() };
        assert!(open(with()).is_err());
        let device = Device::TensorRt(0);
        let mut record = BuildRecord {
            model: "m".into(),
            fingerprint: String::new(),
            device: device.to_string(),
            provider: device.provider().into(),
            onnxruntime: "1".into(),
            machine: BuildRecord::this_machine(device),
            sapiens: "0".into(),
            build_ms: 1,
        };
        let folder = BuildRecord::folder(cache.path(), device);
        std::fs::create_dir_all(&folder).unwrap();
        let write = |record: &BuildRecord| {
            std::fs::write(folder.join(BuildRecord::FILE), serde_json::to_vec(record).unwrap()).unwrap();
        };
        write(&record);
        assert_eq!(open(with()).unwrap(), 2);
        record.machine = "NVIDIA Another".into();
        write(&record);
        assert!(open(with()).is_err(), "engines of another GPU");
        std::fs::write(folder.join(BuildRecord::FILE), "half a rec").unwrap();
        assert!(open(with()).is_err());
    }

    #[test]
    fn openvino_is_told_the_arithmetic() {
        let cache = Some(PathBuf::from("/c"));
        let bf16 = given(Device::OpenVino(OpenVinoTarget::CpuBf16), ProviderOptions { cache, ..Default::default() });
        let of = |key| value(&bf16, key);
        assert_eq!(
            (of("device_type"), of("cache_dir"), of("num_of_threads")),
            (Some("CPU"), Some("/c/openvino-cpu-bf16"), Some("3"))
        );
        assert_eq!(of("load_config"), Some(r#"{"CPU": {"INFERENCE_PRECISION_HINT": "bf16"}}"#));
        let npu = given(Device::OpenVino(OpenVinoTarget::Npu), ProviderOptions::default());
        assert_eq!(value(&npu, "load_config"), Some(r#"{"NPU": {"INFERENCE_PRECISION_HINT": "f16"}}"#));
        assert_eq!(value(&npu, "cache_dir"), None);
    }

    #[test]
    fn batches_are_of_one_where_shapes_are_fixed() {
        let recorded = ProviderOptions { recorded: true, ..Default::default() };
        let (plain, recorded) =
            (SessionOptions::default(), SessionOptions { providers: recorded, ..Default::default() });
        let varying = SessionOptions { varying: true, ..recorded.clone() };
        let devices = [Device::Cpu, Device::Cuda(0), Device::TensorRt(0), Device::CoreMl, Device::DirectMl(0)];
        let single = |options: &SessionOptions| devices.map(|device| options.is_single(device));
        assert_eq!(single(&plain), [false, false, true, true, false]);
        assert_eq!(single(&recorded), [true, true, true, true, false]);
        assert_eq!(single(&varying), single(&plain));
    }

    #[test]
    fn recording_is_asked_for_in_the_words_of_each_provider() {
        let of = |device, varying| {
            let providers = ProviderOptions { recorded: true, ..Default::default() };
            provider_settings(device, &SessionOptions { providers, varying, ..Default::default() })
        };
        for (device, key) in [
            (Device::Cuda(1), "enable_cuda_graph"),
            (Device::TensorRt(0), "trt_cuda_graph_enable"),
            (Device::WebGpu, "enableGraphCapture"),
        ] {
            assert_eq!(value(&of(device, false), key), Some("1"), "{device}");
            assert_ne!(value(&of(device, true), key), Some("1"), "{device}");
        }
        assert!(of(Device::Cpu, false).is_empty());
    }

    #[test]
    fn a_bf16_graph_is_refused_where_it_cannot_run() {
        let providers = ProviderOptions { precision: Some(Precision::Bf16), ..Default::default() };
        let options = SessionOptions { providers, ..Default::default() };
        for device in ["cpu", "webgpu", "openvino:cpu-bf16", "directml:0", "coreml"] {
            let error = dispatch(device.parse().unwrap(), &options).map(|found| found.len()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Device);
            assert!(error.to_string().contains("cuda:N"), "{error}");
        }
        assert_eq!(dispatch(Device::Cuda(0), &options).unwrap().len(), 1);
    }
}
