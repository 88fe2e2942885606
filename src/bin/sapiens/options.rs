//! Options that several commands share.

use clap::Args;
use sapiens::engine::{LoadOptions, ModelSource};
use sapiens::geometry::{Rect, Size};
use sapiens::runtime::{Device, SessionOptions};
use sapiens::spec::{NormalFrame, Precision, Rope, Task};
use std::path::PathBuf;

/// Which models, and how they are loaded.
#[derive(Args, Clone)]
pub struct ModelArgs {
    /// `demo` (embedded), an official .safetensors checkpoint, or an .onnx graph from `sapiens convert`; repeatable.
    #[arg(long = "model", value_name = "PATH|demo", default_value = "demo")]
    pub models: Vec<String>,
    /// Tasks to run, separated by commas: pose, seg, normal, pointmap, albedo, matting, features [default: all the models have].
    #[arg(long = "task", visible_alias = "tasks", value_delimiter = ',', value_name = "TASK,...")]
    pub tasks: Vec<Task>,
    /// Devices in order of preference, separated by commas: cpu, webgpu, cuda:N, tensorrt:N. Only listed ones are used.
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
    /// Precision of a model built from a checkpoint: fp32 or fp16 [default: fp32].
    #[arg(long)]
    pub precision: Option<Precision>,
    /// Input size of a model built from a checkpoint [default: the model's own].
    #[arg(long, value_name = "HxW", value_parser = parse_size)]
    pub input_size: Option<Size>,
    /// Arithmetic of the rotary embedding: bf16 (as the official code) or fp32 [default: as trained].
    #[arg(long)]
    pub rope: Option<Rope>,
    /// Axes the model's normals were trained in: camera (x right, y down, z forward) or opengl (x right, y up, z back).
    #[arg(long)]
    pub normal_frame: Option<NormalFrame>,
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

    pub fn load_options(&self) -> LoadOptions {
        LoadOptions {
            session: SessionOptions {
                devices: self.devices.clone(),
                threads: self.threads,
                low_memory: self.low_memory,
            },
            library: self.ort.clone(),
            tasks: self.tasks(),
            flip_test: self.flip_test,
            precision: self.precision,
            input: self.input_size,
            rope: self.rope,
            normal_frame: self.normal_frame,
            decoded_seg: false,
            detect: false,
        }
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
