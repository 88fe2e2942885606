//! `sapiens doctor`: what is here, what is missing, how to get it.

use crate::console::say;
use sapiens::Result;
use sapiens::engine::{built_models, try_device};
use sapiens::runtime::{Device, Library, OpenVinoTarget, search_folders};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    /// The ONNX Runtime library [default: $SAPIENS_ORT, then beside this program].
    #[arg(long, value_name = "PATH")]
    ort: Option<PathBuf>,
    /// A cache folder: says what was built into it, and whether it fits.
    #[arg(long, value_name = "FOLDER")]
    cache: Option<PathBuf>,
    #[command(flatten)]
    fits: crate::fits::FitsArgs,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    say!("sapiens       {}", env!("CARGO_PKG_VERSION"));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    say!("machine       {} {}, {cores} cores", std::env::consts::OS, std::env::consts::ARCH);
    let library = match Library::load(args.ort.as_deref()) {
        Ok(library) => library,
        Err(error) => {
            say!("ONNX Runtime  not usable");
            say!("  looked in, in this order:");
            say!("    $SAPIENS_ORT = {}", std::env::var("SAPIENS_ORT").unwrap_or_else(|_| "(not set)".into()));
            search_folders().iter().for_each(|path| say!("    {}", path.display()));
            say!("  get it: `cargo xtask fetch-ort` in the source tree, or `pip download onnxruntime` and unpack the");
            say!("  wheel, then set SAPIENS_ORT to the libonnxruntime file in it");
            return Err(error);
        }
    };
    say!("ONNX Runtime  {} from {}", library.version(), library.path().display());
    let providers = library.providers();
    let devices = [
        Device::Cpu,
        Device::WebGpu,
        Device::Cuda(0),
        Device::TensorRt(0),
        Device::OpenVino(OpenVinoTarget::Cpu),
        Device::OpenVino(OpenVinoTarget::Gpu),
        Device::DirectMl(0),
        Device::CoreMl,
    ];
    for device in devices {
        let compiled = providers.iter().any(|p| p == device.provider());
        let state = if !compiled {
            format!("not in this build of ONNX Runtime; {}", how_to_get(device))
        } else {
            match try_device(library, device) {
                Ok(()) => "works".to_owned(),
                Err(error) => format!("does not work: {error}"),
            }
        };
        say!("{:13} {state}", device.to_string());
    }
    if let Some(folder) = &args.cache {
        cache(folder, library)?;
    }
    say!("NVIDIA        {}", nvidia());
    say!("Vulkan        {}", vulkan());
    say!("ffmpeg        {}", ffmpeg());
    crate::fits::say_what_fits(&args.fits)?;
    Ok(ExitCode::SUCCESS)
}

/// What `sapiens prebuild` has left there.
fn cache(folder: &Path, library: &Library) -> Result<()> {
    let built = built_models(folder, Some(library))?;
    say!("cache         {}: {} builds", folder.display(), built.len());
    for found in built {
        let state = found.obstacle.unwrap_or_else(|| "fits".to_owned());
        say!("  {} for {}: {state}", found.record.model, found.record.device);
    }
    Ok(())
}

fn how_to_get(device: Device) -> &'static str {
    match device {
        Device::WebGpu => "the npm package onnxruntime-node has it (`cargo xtask fetch-ort --source npm`)",
        Device::Cuda(_) | Device::TensorRt(_) => "the PyPI package onnxruntime-gpu has it",
        Device::OpenVino(_) => "the PyPI package onnxruntime-openvino has it",
        Device::DirectMl(_) => "the NuGet package Microsoft.ML.OnnxRuntime.DirectML has it (Windows)",
        Device::CoreMl => "the builds for macOS and iOS have it",
        _ => "take another build",
    }
}

/// For clips.
fn ffmpeg() -> String {
    match sapiens::video::Ffmpeg::find() {
        Ok(found) => format!("{} ({})", found.version(), found.program().display()),
        Err(error) => error.to_string(),
    }
}

fn nvidia() -> String {
    match std::fs::read_to_string("/proc/driver/nvidia/version") {
        Ok(text) => text.lines().next().unwrap_or("driver present").trim().to_owned(),
        Err(_) => "no kernel driver found".to_owned(),
    }
}

fn vulkan() -> String {
    let loader = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"]
        .iter()
        .map(|folder| Path::new(folder).join("libvulkan.so.1"))
        .find(|path| path.exists());
    let driver = std::env::var("VK_DRIVER_FILES").map_or_else(|_| String::new(), |f| format!(", VK_DRIVER_FILES={f}"));
    match loader {
        Some(path) => format!("loader {}{driver}", path.display()),
        None if cfg!(target_os = "linux") => "no loader (Debian package libvulkan1); webgpu needs it".to_owned(),
        None => "not looked for on this system".to_owned(),
    }
}
