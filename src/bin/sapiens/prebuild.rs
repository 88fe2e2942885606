//! `sapiens prebuild`.

use crate::console::say;
use crate::interrupt;
use crate::options::{parse_megabytes, parse_size};
use crate::progress::{ConvertBar, waiting_bar};
use sapiens::Result;
use sapiens::engine::{LoadOptions, ModelSource, prebuild};
use sapiens::geometry::Size;
use sapiens::runtime::{Device, SessionOptions};
use sapiens::spec::{Precision, Rope, Task};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// Checkpoints or converted graphs.
    #[arg(value_name = "MODEL", required = true)]
    models: Vec<PathBuf>,
    /// The folder to build into; it is made if it is not there. Load with the same `--cache`.
    #[arg(long, value_name = "FOLDER")]
    cache: PathBuf,
    /// Devices to build for, each by itself, as for `sapiens run`.
    #[arg(long = "device", value_delimiter = ',', default_value = "cpu")]
    devices: Vec<Device>,
    /// As for `sapiens run`: what is built is for loads with the same options.
    #[arg(long = "task", visible_alias = "tasks", value_delimiter = ',', value_name = "TASK,...")]
    tasks: Vec<Task>,
    /// As for `sapiens run`.
    #[arg(long)]
    precision: Option<Precision>,
    /// As for `sapiens run`.
    #[arg(long, value_name = "HxW", value_parser = parse_size)]
    input_size: Option<Size>,
    /// As for `sapiens run`.
    #[arg(long)]
    rope: Option<Rope>,
    /// As for `sapiens run`.
    #[arg(long, value_name = "MB", default_value_t = 0, value_parser = parse_megabytes)]
    winograd: u64,
    /// As for `sapiens run`.
    #[arg(long)]
    flip_test: bool,
    /// The ONNX Runtime library [default: $SAPIENS_ORT, then beside this program].
    #[arg(long, value_name = "PATH")]
    ort: Option<PathBuf>,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    interrupt::install()?;
    for path in &args.models {
        let options = LoadOptions {
            session: SessionOptions { devices: args.devices.clone(), ..SessionOptions::default() },
            library: args.ort.clone(),
            tasks: (!args.tasks.is_empty()).then(|| args.tasks.clone()),
            flip_test: args.flip_test,
            precision: args.precision,
            input: args.input_size,
            rope: args.rope,
            winograd: args.winograd << 20,
            cache: Some(args.cache.clone()),
            ..LoadOptions::default()
        };
        let (mut bar, mut waiting) = (ConvertBar::default(), None);
        let source = ModelSource::Path(path.clone());
        let started = &mut |device: Device| waiting = Some(waiting_bar(format!("{} for {device}", path.display())));
        let result = prebuild(&source, &options, started, &mut |stage, done, total| {
            bar.update(stage, done, total);
            if done == total {
                bar.finish();
            }
            interrupt::check()
        });
        bar.finish();
        if let Some(waiting) = waiting {
            waiting.finish_and_clear();
        }
        for built in result? {
            let seconds = built.record.build_ms as f64 / 1e3;
            say!("{} for {}: {seconds:.1} s, in {}", path.display(), built.record.device, built.folder.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}
