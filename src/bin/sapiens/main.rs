//! `sapiens`: run, eval, convert, prebuild, inspect, doctor, bench.

mod bench;
mod console;
mod convert;
mod doctor;
mod eval;
mod eval_table;
mod fits;
mod inputs;
mod inspect;
mod interrupt;
mod options;
mod outputs;
mod places;
mod prebuild;
mod progress;
mod run;
mod video;

use clap::{Parser, Subcommand};
use console::note;
use sapiens::ErrorKind;
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "sapiens", version, about = "People in pictures: keypoints, parts, normals, points, albedo, matte")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run models on pictures, or on clips, and write what they see.
    Run(run::Args),
    /// Compare what models predict with a labelled folder (docs/labels.md): the measures of the field.
    Eval(eval::Args),
    /// Convert a .safetensors or .pth checkpoint to an .onnx graph.
    Convert(convert::Args),
    /// Do ahead of time what loading a model costs: convert it, build a device's engines, into a cache folder.
    Prebuild(prebuild::Args),
    /// Say what a .safetensors, .pth or .onnx file is.
    Inspect(inspect::Args),
    /// Say what this machine has, what is missing and how to get it, and which models fit into its memory.
    Doctor(doctor::Args),
    /// Measure a model: time per stage and peak memory.
    Bench(bench::Args),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Run(args) => run::run(&args),
        Command::Eval(args) => eval::run(&args),
        Command::Convert(args) => convert::run(&args),
        Command::Prebuild(args) => prebuild::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Bench(args) => bench::run(&args),
    };
    match result.and_then(|code| console::finish().map(|()| code)) {
        Ok(code) => code,
        Err(error) => {
            let hint = match error.kind() {
                ErrorKind::Device => "; `sapiens doctor` shows what works here",
                _ => "",
            };
            note!("error: {error}{hint}");
            interrupt::exit_code(&error)
        }
    }
}
