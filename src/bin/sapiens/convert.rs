//! `sapiens convert`.

use crate::console::say;
use crate::inputs;
use crate::interrupt;
use crate::options::{parse_megabytes, parse_size};
use crate::progress::ConvertBar;
use sapiens::checkpoint::{Arch, Hints, Naming, Source};
use sapiens::convert::{ConvertOptions, plan, plan_detector, write};
use sapiens::engine::{CertifyOptions, certify};
use sapiens::geometry::Size;
use sapiens::runtime::{Device, SessionOptions};
use sapiens::spec::{Precision, Rope, Rotation, Task};
use sapiens::{Error, Result};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// The checkpoint, a .safetensors or .pth file: a model (Sapiens2, Sapiens v1), or a person detector (RTMDet, DETR).
    checkpoint: PathBuf,
    /// The graph to write; its weights go to OUT.onnx.data beside it [default: CKPT with the ending .onnx].
    #[arg(value_name = "OUT.onnx")]
    out: Option<PathBuf>,
    /// fp32, fp16, or bf16 (for the devices cuda:N and tensorrt:N).
    #[arg(long, default_value = "fp32")]
    precision: Precision,
    /// Input size; multiples of 16, of 64 for the 4K model [default: 1024x768, 4096x3072 for the 4K model, of Sapiens v1 that of
    /// its stored positions]. Of RTMDet a square
    /// of a multiple of 32 [640x640], of DETR the shorter side and the longest that the other may be [800x1333].
    #[arg(long, value_name = "HxW", value_parser = parse_size)]
    input_size: Option<Size>,
    /// Normalised floats in (`input`, NCHW), undecoded outputs out.
    #[arg(long)]
    raw: bool,
    /// Arithmetic of the rotary embedding: bf16 (as the official code) or fp32 [default: as trained].
    #[arg(long)]
    rope: Option<Rope>,
    /// With bf16 tables, how queries and keys are rotated: rounded (as the official code, safe everywhere), veltkamp (the
    /// same values without bfloat16: for cpu and webgpu) or fused (ten times further from the official values).
    #[arg(long, default_value = "rounded")]
    rotation: Rotation,
    /// For processors: so many more megabytes of weights may go into convolutions with less arithmetic (fp32 only).
    #[arg(long, value_name = "MB", default_value_t = 0, value_parser = parse_megabytes)]
    winograd: u64,
    /// Attention heads of a Sapiens v1 checkpoint, which does not say [default: as the official model of its width].
    #[arg(long)]
    heads: Option<usize>,
    /// Zeros around the picture of a Sapiens v1 model, 0 to 7, which the checkpoint does not say [default: 2 for pose, normal and
    /// seg of 20 classes, otherwise 0].
    #[arg(long, value_name = "PIXELS")]
    patch_padding: Option<usize>,
    /// Heads to keep, separated by commas [default: all].
    #[arg(long = "task", value_delimiter = ',', value_name = "TASK,...")]
    tasks: Vec<Task>,
    #[command(flatten)]
    certify: CertifyArgs,
}

/// Whether and how the conversion is measured.
#[derive(clap::Args)]
struct CertifyArgs {
    /// Measure how far the converted model is from the checkpoint in fp32, per task, and write it into the graph.
    #[arg(long)]
    certify: bool,
    /// Pictures, or folders of them, to measure with [default: three rendered people that are built in].
    #[arg(long, value_name = "PICTURE|FOLDER", num_args = 1.., requires = "certify")]
    certify_with: Vec<PathBuf>,
    /// Devices to measure on, as for `sapiens run`.
    #[arg(long = "device", value_delimiter = ',', default_value = "cpu", requires = "certify")]
    devices: Vec<Device>,
    /// The ONNX Runtime library to measure with [default: $SAPIENS_ORT, then beside this program].
    #[arg(long, value_name = "PATH", requires = "certify")]
    ort: Option<PathBuf>,
}

impl CertifyArgs {
    /// Pictures that cannot be found are known before anything is converted.
    fn options(&self) -> Result<Option<CertifyOptions>> {
        if !self.certify {
            return Ok(None);
        }
        let pictures = match self.certify_with.as_slice() {
            [] => Vec::new(),
            paths => inputs::collect(paths)?.into_iter().map(|input| input.path).collect(),
        };
        let session = SessionOptions { devices: self.devices.clone(), ..SessionOptions::default() };
        Ok(Some(CertifyOptions { session, library: self.ort.clone(), pictures }))
    }
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let out = args.out.clone().unwrap_or_else(|| args.checkpoint.with_extension("onnx"));
    if !out.extension().is_some_and(|e| e.eq_ignore_ascii_case("onnx")) {
        return Err(Error::invalid("OUT: the name must end in .onnx, by which `sapiens run` knows it").at(out));
    }
    let hints = Hints { heads: args.heads, patch_padding: args.patch_padding };
    let source = Source::open(&args.checkpoint)?.with_hints(hints);
    let options = ConvertOptions {
        precision: Some(args.precision),
        input: args.input_size,
        raw: args.raw,
        rope: args.rope,
        rotation: args.rotation,
        tasks: (!args.tasks.is_empty()).then(|| args.tasks.clone()),
        winograd: args.winograd << 20,
    };
    interrupt::install()?;
    let is_detector = source.naming().detector().is_some();
    if is_detector && let Some(option) = meaningless(args) {
        let message = format!("{option}: this checkpoint is a person detector, for which it has no meaning");
        return Err(Error::invalid(message).at(&args.checkpoint));
    }
    if source.naming() == Naming::Sapiens1 && args.rotation != Rotation::default() {
        return Err(Error::invalid("--rotation: Sapiens v1 has no rotary embedding").at(&args.checkpoint));
    }
    if is_detector && args.certify.certify {
        let message = "--certify: a detector alone is converted in fp32, there is nothing to measure";
        return Err(Error::invalid(message).at(&args.checkpoint));
    }
    let certify_options = args.certify.options()?;
    let plan = if is_detector { plan_detector(&source, &options) } else { plan(&source, &options) };
    let plan = plan.map_err(|e| e.at(&args.checkpoint))?;
    let mut bar = ConvertBar::default();
    let result = write(plan, &source, &out, &mut |stage, done, total| {
        bar.update(stage, done, total);
        interrupt::check()
    });
    bar.finish();
    let info = result?;
    let tasks: Vec<_> = info.tasks.iter().map(|t| t.name()).collect();
    let tasks = if is_detector { "person detector".to_owned() } else { tasks.join("+") };
    let family = if source.naming() == Naming::Sapiens1 { "Sapiens v1 " } else { "" };
    say!("{}: {family}{} {tasks}, input {}, {}", out.display(), info.size, info.input, info.precision);
    say!("licence of the weights: {}", info.licence);
    if let Some(options) = certify_options {
        measure(&out, &source, &options)?;
    }
    if is_detector {
        say!("use it so: sapiens run PICTURE --detect --detector {}", out.display());
    } else if Arch::derive(&source)?.detector.is_some() {
        say!("its person detector is not in the graph: `sapiens run --detect` needs the checkpoint");
    }
    Ok(ExitCode::SUCCESS)
}

/// The conversion against fp32, into the graph and onto the screen.
fn measure(out: &Path, source: &Source, options: &CertifyOptions) -> Result<()> {
    let mut bar = ConvertBar::default();
    let result = certify(out, source, options, &mut |stage, done, total| {
        bar.update(stage, done, total);
        interrupt::check()
    });
    bar.finish();
    let found = result?;
    say!(
        "against {} on {} ({} pictures, ONNX Runtime {}):",
        found.reference,
        found.device,
        found.pictures,
        found.onnxruntime
    );
    found.tasks.iter().for_each(|task| say!("  {task}"));
    Ok(())
}

/// The first option that says nothing about a detector.
fn meaningless(args: &Args) -> Option<&'static str> {
    let options = [
        ("--task", !args.tasks.is_empty()),
        ("--rope", args.rope.is_some()),
        ("--rotation", args.rotation != Rotation::default()),
        ("--winograd", args.winograd > 0),
        ("--heads", args.heads.is_some()),
        ("--patch-padding", args.patch_padding.is_some()),
    ];
    options.into_iter().find_map(|(option, is_given)| is_given.then_some(option))
}
