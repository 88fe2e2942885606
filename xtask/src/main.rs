//! The project's own commands: `cargo xtask fetch-ort | fetch-coreclr | demo | eval-demo | dist | package | test`.

mod demo;
mod demo_check;
mod dist;
mod eval_demo;
mod fetch;
mod options;
mod package;
mod package_unity;
mod package_unreal;
mod process;
mod rendered;
mod test_actions;
mod test_run;
mod test_steps;
mod thresholds;
mod vulkan;

use options::Options;
use process::Fault;
use std::process::ExitCode;

const HELP: &str = "\
Usage: cargo xtask COMMAND

  fetch-ort [--source pypi|npm|openvino] [--ort PATH]
      Put ONNX Runtime under target/onnxruntime/. pypi (the default) is the CPU build; npm has the WebGPU provider, openvino
      (Linux x86_64) that of OpenVINO for processors.
  fetch-coreclr
      Put .NET's CoreCLR under target/coreclr/: the C# tests run on it, too.
  demo [--source pypi|npm] [--ort PATH] [--out DIR] [--smoke]
      Fetch, build in release, and run every task on the pictures in assets/ with the embedded demo model.
      --smoke: two pictures and the development build.
  eval-demo [--people N] [--frames M] [--seed S] [--keep] [--check FILE] [--out DIR] [--ort PATH]
      Render people that were never trained on (1000 filling a picture, 200 pictures of any number, seeds from 9000000),
      and measure the embedded demo model on them. Pictures under target/eval-demo/ are used again if they are of the
      same count and seed and the renderer is the same; with --keep even if it has changed. --check compares with
      thresholds such as assets/demo/thresholds.json.
  dist [--out DIR] [--source pypi|npm] [--ort PATH] [--no-ort] [--profile dist|release|dev]
      Make the package for C and C++: a folder and a .tar.gz under target/dist/ with libraries, headers, CMake and
      pkg-config files, ONNX Runtime and licences; beside it the plugin for Unreal Engine with the libraries in place,
      and the Unity package, a .tgz.
  package
      Make such a package from the development build, and build and run programs with it in other places.
  test [--allow-blocked]
      Everything CI checks. A missing host (WebGPU or OpenVINO library, Vulkan driver) fails the run unless --allow-blocked.

Environment: SAPIENS_ORT, SAPIENS_ORT_WEBGPU, SAPIENS_ORT_OPENVINO: absolute paths of libraries to use instead of fetching;
             PYTHON: the interpreter that has pip.";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("error: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Fault> {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_else(|| "help".to_owned());
    match command.as_str() {
        "fetch-ort" => {
            let options = Options::parse(arguments, &["--source", "--ort"], &[])?;
            let source = options.value("--source").unwrap_or("pypi").parse()?;
            let library = fetch::library(source, options.path("--ort"))?;
            println!("{}", library.path.display());
            println!("  {}", library.origin);
            Ok(())
        }
        "fetch-coreclr" => {
            Options::parse(arguments, &[], &[])?;
            println!("{}", fetch::coreclr::host()?.display());
            Ok(())
        }
        "demo" => {
            let options = Options::parse(arguments, &["--source", "--ort", "--out"], &["--smoke"])?;
            let source = options.value("--source").unwrap_or("pypi").parse()?;
            let kind = if options.has("--smoke") { demo::Kind::Smoke } else { demo::Kind::Full };
            demo::run(&demo::Request { kind, source, ort: options.path("--ort"), out: options.path("--out") })
        }
        "eval-demo" => {
            let options = Options::parse(arguments, &eval_demo::VALUED, &["--keep"])?;
            eval_demo::run(&eval_demo::Request::of(&options)?)
        }
        "dist" => {
            let valued = ["--out", "--source", "--ort", "--profile"];
            let options = Options::parse(arguments, &valued, &["--no-ort"])?;
            let source = options.value("--source").unwrap_or("pypi").parse()?;
            let request = dist::Request {
                profile: options.value("--profile").unwrap_or("dist"),
                runtime: (!options.has("--no-ort")).then_some(source),
                ort: options.path("--ort"),
                out: options.path("--out"),
            };
            dist::run(&request).map(|_| ())
        }
        "package" => {
            Options::parse(arguments, &[], &[])?;
            package::check(&mut test_run::Run::default()).map(|_| ())
        }
        "test" => {
            let options = Options::parse(arguments, &[], &["--allow-blocked"])?;
            test_run::run(options.has("--allow-blocked"))
        }
        "help" | "--help" | "-h" => {
            println!("{HELP}");
            Ok(())
        }
        _ => Err(Fault::failed(format!("unknown command `{command}`\n\n{HELP}"))),
    }
}
