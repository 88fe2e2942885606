//! `sapiens prebuild`.

use crate::console::say;
use crate::interrupt;
use crate::options::GraphArgs;
use crate::progress::{ConvertBar, waiting_bar};
use sapiens::Result;
use sapiens::engine::{LoadOptions, ModelSource, prebuild};
use sapiens::runtime::Device;
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
    #[command(flatten)]
    graph: GraphArgs,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    interrupt::install()?;
    for path in &args.models {
        let options = LoadOptions { cache: Some(args.cache.clone()), ..args.graph.load_options() };
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
