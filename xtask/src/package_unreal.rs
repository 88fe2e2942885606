//! Part of the step `package`: the engine-free part of the Unreal plugin, built and run with nothing but the plugin's own archive.

use crate::options::root;
use crate::process::{self, Fault};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Unpacks the plugin below `work`, links with the library that lies in it, and runs a few sessions; ONNX Runtime must be found
/// in the plugin. Gives the number of checks.
pub fn check(archive: &Path, work: &Path) -> Result<usize, Fault> {
    let plugins = work.join("game/Plugins");
    fs::create_dir_all(&plugins).map_err(Fault::io("create", &plugins))?;
    process::run(Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(&plugins))?;
    let plugin = plugins.join("Sapiens");
    let libraries = plugin.join("Binaries/ThirdParty/SapiensSDK/Linux");
    let core = plugin.join("Source/Sapiens/Private/Core");
    let program = work.join("unreal-flow");
    let mut compile = Command::new("c++");
    compile.args(["-std=c++17", "-fno-exceptions", "-fno-rtti", "-o"]).arg(&program);
    compile.arg(root().join("tests/unreal/flow.cpp"));
    for name in ["Feed", "MapPixels", "Reading", "Session", "Skeleton"] {
        compile.arg(core.join(name).with_extension("cpp"));
    }
    compile
        .arg("-I")
        .arg(plugin.join("Source/SapiensSDK/include"))
        .arg("-I")
        .arg(plugin.join("Source/Sapiens/Private"));
    compile.arg("-L").arg(&libraries).args(["-lsapiens", "-pthread"]);
    compile.arg(format!("-Wl,-rpath,{}", libraries.display()));
    process::output(&mut compile)?;
    let mut run = Command::new("timeout");
    run.args(["--signal=KILL", "600"]).arg(&program).arg("3").current_dir("/");
    run.env_remove("SAPIENS_ORT").env_remove("LD_LIBRARY_PATH");
    let said = process::output(&mut run)?;
    if said.trim() != "ok" {
        return Err(Fault::failed(format!("the plugin's core wrote:\n{said}")));
    }
    println!("Unreal plugin ok");
    Ok(1)
}
