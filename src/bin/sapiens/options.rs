//! Options that several commands share.

use clap::Args;
use sapiens::detect::DetectOptions;
use sapiens::engine::{Detector, DeviceFraming, LoadOptions, ModelSource, Regions};
use sapiens::geometry::{Rect, Size};
use sapiens::runtime::{Device, Engines, ProviderOptions, SessionOptions};
use sapiens::spec::{NormalFrame, Precision, Rope, Task};
use std::path::PathBuf;

/// Which models, and how they are loaded.
#[derive(Args, Clone)]
pub struct ModelArgs {
    /// `demo` (embedded), an official .safetensors or .pth checkpoint, or an .onnx graph from `sapiens convert`; repeatable.
    #[arg(long = "model", value_name = "PATH|demo", default_value = "demo")]
    pub models: Vec<String>,
    /// Tasks to run, separated by commas: pose, seg, normal, pointmap, albedo, matting, features, depth [default: all the models have].
    #[arg(long = "task", visible_alias = "tasks", value_delimiter = ',', value_name = "TASK,...")]
    pub tasks: Vec<Task>,
    /// Devices in order of preference, separated by commas: cpu, webgpu, cuda:N, tensorrt:N, openvino:cpu, openvino:cpu-bf16,
    /// openvino:gpu, openvino:gpu-fp16, openvino:npu, directml:N, coreml (docs/providers.md). Only listed ones are used.
    #[arg(long = "device", value_delimiter = ',', default_value = "cpu")]
    pub devices: Vec<Device>,
    /// Threads of the cpu device, at most 1024; 0 for one per core.
    #[arg(long, default_value_t = 0, value_parser = parse_threads)]
    pub threads: usize,
    /// Keep weights memory-mapped and unpacked: less memory, a slightly slower run.
    #[arg(long)]
    pub low_memory: bool,
    /// Average with the mirrored picture: twice the time, a little more accurate.
    #[arg(long)]
    pub flip_test: bool,
    /// Precision of a model built from a checkpoint: fp32, fp16, or bf16 (cuda:N, tensorrt:N) [default: fp32].
    #[arg(long)]
    pub precision: Option<Precision>,
    /// Input size of a model built from a checkpoint [default: the model's own].
    #[arg(long, value_name = "HxW", value_parser = parse_size)]
    pub input_size: Option<Size>,
    /// Arithmetic of the rotary embedding: bf16 (as the official code) or fp32 [default: as trained].
    #[arg(long)]
    pub rope: Option<Rope>,
    /// So many more megabytes of weights may make the convolutions of a model built from a checkpoint faster on a processor.
    #[arg(long, value_name = "MB", default_value_t = 0, value_parser = parse_megabytes)]
    pub winograd: u64,
    /// Where pictures are cut to what models see: auto (on the device, unless that is the cpu or cannot), on (on the device), off.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub device_framing: DeviceFraming,
    /// Run the heads of dense tasks only there: boxes (around people), seg (around what segmentation finds; give its task too), or a
    /// rectangle in pixels. Elsewhere maps say that there is nothing.
    #[arg(long, value_name = "boxes|seg|X,Y,W,H", value_parser = parse_regions, allow_hyphen_values = true)]
    pub regions: Option<Regions>,
    /// Axes the model's normals were trained in: camera (x right, y down, z forward) or opengl (x right, y up, z back).
    #[arg(long)]
    pub normal_frame: Option<NormalFrame>,
    /// A folder that keeps converted checkpoints and what devices compile, for the next load; `sapiens prebuild` fills it.
    #[arg(long, value_name = "FOLDER")]
    pub cache: Option<PathBuf>,
    /// Let the device tensorrt:N build engines that are not in the cache: minutes at the first load.
    #[arg(long)]
    pub build_engines: bool,
    /// cuda:N: products of 32-bit floats with 10 bits of precision, as fast as 16-bit ones.
    #[arg(long)]
    pub tf32: bool,
    /// cuda:N, tensorrt:N, webgpu: record the first run of each model, and replay it (docs/device.md).
    #[arg(long)]
    pub recorded: bool,
    /// A further option of the device's execution provider, in ONNX Runtime's words; repeatable.
    #[arg(long = "provider-option", value_name = "KEY=VALUE", value_parser = parse_setting)]
    pub provider_options: Vec<(String, String)>,
    /// The ONNX Runtime library [default: $SAPIENS_ORT, then beside this program].
    #[arg(long, value_name = "PATH")]
    pub ort: Option<PathBuf>,
}

impl ModelArgs {
    pub fn sources(&self) -> Vec<ModelSource> {
        self.models.iter().map(|m| ModelSource::parse(m)).collect()
    }

    pub fn tasks(&self) -> Option<Vec<Task>> {
        (!self.tasks.is_empty()).then(|| self.tasks.clone())
    }

    /// Where the heads of dense tasks run.
    pub fn regions(&self) -> Regions {
        self.regions.clone().unwrap_or_default()
    }

    pub fn load_options(&self) -> LoadOptions {
        LoadOptions {
            session: SessionOptions {
                devices: self.devices.clone(),
                threads: self.threads,
                low_memory: self.low_memory,
                providers: ProviderOptions {
                    engines: if self.build_engines { Engines::Build } else { Engines::Cached },
                    tf32: self.tf32,
                    recorded: self.recorded,
                    extra: self.provider_options.clone(),
                    ..ProviderOptions::default()
                },
                ..SessionOptions::default()
            },
            cache: self.cache.clone(),
            library: self.ort.clone(),
            tasks: self.tasks(),
            flip_test: self.flip_test,
            precision: self.precision,
            input: self.input_size,
            rope: self.rope,
            winograd: self.winograd << 20,
            device_framing: self.device_framing,
            regions: self.regions.is_some(),
            normal_frame: self.normal_frame,
            ..LoadOptions::default()
        }
    }
}

/// Which detector finds people, and which finds count.
#[derive(Args, Clone, Debug)]
pub struct DetectArgs {
    /// The person detector: a bundle, `demo`, a .pth or .safetensors file of RTMDet or DETR, or an .onnx graph from `sapiens
    /// convert` [default: that of the first model that has one].
    #[arg(long, value_name = "PATH|demo")]
    detector: Option<String>,
    /// What the detector sees: of RTMDet a square [default: 640x640], of DETR the shorter side and the longest that the other
    /// may be [default: 800x1333].
    #[arg(long, value_name = "HxW", requires = "detector", value_parser = parse_size)]
    detector_size: Option<Size>,
    /// People count with a score above this, 0 to 1 [default: 0.3, with DETR 0.5].
    #[arg(long, value_name = "T", value_parser = parse_share, allow_negative_numbers = true)]
    detect_threshold: Option<f32>,
    /// Of two boxes that overlap by more than this (intersection over union, 0 to 1), one goes [default: 0.3,
    /// with DETR 1: none goes].
    #[arg(long, value_name = "T", value_parser = parse_share, allow_negative_numbers = true)]
    detect_nms: Option<f32>,
}

impl DetectArgs {
    /// The first of these options that was given.
    pub fn given(&self) -> Option<&'static str> {
        first_given(&[
            ("--detector", self.detector.is_some()),
            ("--detect-threshold", self.detect_threshold.is_some()),
            ("--detect-nms", self.detect_nms.is_some()),
        ])
    }

    /// The detector into the options of the models.
    pub fn load_options(&self, models: LoadOptions) -> LoadOptions {
        let detector = self.detector.as_deref().map(ModelSource::parse);
        LoadOptions { detect: true, detector, detector_input: self.detector_size, ..models }
    }

    /// Which finds count: what is usual for the detector, where nothing else was given.
    pub fn options(&self) -> sapiens::Result<DetectOptions> {
        let usual = match &self.detector {
            Some(detector) => Detector::usual_options(&ModelSource::parse(detector))?,
            None => DetectOptions::default(),
        };
        Ok(DetectOptions {
            threshold: self.detect_threshold.unwrap_or(usual.threshold),
            max_overlap: self.detect_nms.unwrap_or(usual.max_overlap),
        })
    }
}

/// The first of these options that was given.
pub fn first_given(options: &[(&'static str, bool)]) -> Option<&'static str> {
    options.iter().find_map(|(option, is_given)| is_given.then_some(*option))
}

fn parse_regions(text: &str) -> Result<Regions, String> {
    match text {
        "boxes" => Ok(Regions::Boxes),
        "seg" => Ok(Regions::Seg),
        _ => Ok(Regions::Rects(vec![parse_box(text).map_err(|error| format!("{error}; or `boxes`, or `seg`"))?])),
    }
}

/// `1024x768`: height, then width.
pub fn parse_size(text: &str) -> Result<Size, String> {
    let wrong = || format!("`{text}` is no size; give height x width, such as 1024x768");
    let (height, width) = text.split_once(['x', 'X']).ok_or_else(wrong)?;
    let side = |t: &str| t.trim().parse::<usize>().ok().filter(|n| (1..=16_384).contains(n)).ok_or_else(wrong);
    Ok(Size::new(side(width)?, side(height)?))
}

/// More threads than any machine has cores only exhaust its memory.
fn parse_threads(text: &str) -> Result<usize, String> {
    let count = text.parse::<usize>().ok().filter(|n| *n <= 1024);
    count.ok_or_else(|| format!("`{text}` is no number of threads; give 0 to 1024"))
}

/// `key=value`.
fn parse_setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err(format!("`{text}` is no setting; give KEY=VALUE, such as prefer_nhwc=1")),
    }
}

/// More than a terabyte is a mistake.
pub fn parse_megabytes(text: &str) -> Result<u64, String> {
    let megabytes = text.parse::<u64>().ok().filter(|n| *n <= 1 << 20);
    megabytes.ok_or_else(|| format!("`{text}` is no number of megabytes; give 0 to 1048576"))
}

/// `8GB`, `512 MB`, `6GiB`, or a number of bytes.
pub fn parse_bytes(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no amount of memory; give a number and a unit, such as 8GB, 512MB or 6GiB");
    let unit = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(unit);
    let factor = match unit.trim().to_ascii_lowercase().as_str() {
        "" => 1.0,
        "mb" => 1e6,
        "mib" => 1048576.0,
        "gb" => 1e9,
        "gib" => 1073741824.0,
        _ => return Err(wrong()),
    };
    let bytes = number.parse::<f64>().map_err(|_| wrong())? * factor;
    // More than a petabyte is a mistake.
    if (1.0..=1e15).contains(&bytes) { Ok(bytes as u64) } else { Err(wrong()) }
}

/// A number from 0 to 1.
pub fn parse_share(text: &str) -> Result<f32, String> {
    let share = text.parse::<f32>().ok().filter(|n| (0.0..=1.0).contains(n));
    share.ok_or_else(|| format!("`{text}` is no number from 0 to 1"))
}

/// `x,y,w,h` in pixels of the picture.
pub fn parse_box(text: &str) -> Result<Rect, String> {
    let numbers = text.split(',').map(|n| n.trim().parse::<f32>()).collect::<Result<Vec<_>, _>>();
    let bbox = match numbers.as_deref() {
        Ok(&[x, y, width, height]) => Rect { x, y, width, height },
        _ => return Err(format!("`{text}` is no box; give x,y,width,height in pixels")),
    };
    if bbox.is_valid() {
        Ok(bbox)
    } else {
        Err(format!("box `{text}`: all four must be finite, width and height above 0"))
    }
}
