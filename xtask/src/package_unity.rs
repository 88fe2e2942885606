//! The Unity package, unpacked somewhere else: every asset has its import settings, and its C# sees a person with the libraries that
//! are in it and no other.

use crate::process::{self, Fault};
use std::fs;
use std::path::Path;
use std::process::Command;

/// A first program of a user, without the engine.
const PROGRAM: &str = r#"
using System;
using Sapiens;
internal static class First
{
    private static int Main(string[] pictures)
    {
        using (var context = new SapiensContext())
        {
            context.LoadDemo();
            using (SapiensStream stream = context.CreateStream())
            {
                stream.SubmitFile(pictures[0]);
                using (SapiensResult result = stream.Poll(SapiensStream.WaitForever))
                {
                    SapiensPose pose;
                    bool isThere = result.TryGetPose(0, out pose);
                    Console.WriteLine("runtime " + context.Runtime.Path);
                    Console.WriteLine(isThere && pose.Count == SapiensSkeleton.Keypoints.Count ? "a skeleton" : "no skeleton");
                }
            }
        }
        return 0;
    }
}
"#;

/// Unpacks and tries it in `work`. Gives the number of checks.
pub fn check(archive: &Path, work: &Path, picture: &Path) -> Result<usize, Fault> {
    process::run(Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(work))?;
    let package = work.join("package");
    let assets = with_settings(&package)?;

    let source = work.join("First.cs");
    fs::write(&source, PROGRAM).map_err(Fault::io("write", &source))?;
    let program = work.join("First.exe");
    let mut mcs = Command::new("mcs");
    mcs.args(["-langversion:7.2", "-unsafe", "-warnaserror"]).arg(format!("-out:{}", program.display())).arg(source);
    for folder in ["Runtime", "Runtime/Interop"] {
        mcs.arg(package.join(folder).join("*.cs"));
    }
    process::output(&mut mcs)?;
    let libraries = package.join("Plugins/Linux/x86_64");
    let mut mono = Command::new("mono");
    mono.arg(&program).arg(picture).current_dir(work).env_remove("SAPIENS_ORT").env("LD_LIBRARY_PATH", &libraries);
    let said = process::output(&mut mono)?;
    let libraries = libraries.canonicalize().map_err(Fault::io("resolve", &libraries))?;
    if !said.contains("a skeleton\n") || !said.contains(&format!("runtime {}", libraries.display())) {
        return Err(Fault::failed(format!(
            "the Unity package saw no person with its own libraries; it wrote:\n{said}"
        )));
    }
    println!("Unity package ok, {assets} assets");
    Ok(2)
}

/// Unity ignores what has no `.meta` in an installed package. Gives the number of assets.
fn with_settings(folder: &Path) -> Result<usize, Fault> {
    let mut count = 0;
    for entry in fs::read_dir(folder).map_err(Fault::io("list", folder))? {
        let path = entry.map_err(Fault::io("list", folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with('~') {
            continue;
        }
        let partner = match name.strip_suffix(".meta") {
            Some(asset) => folder.join(asset),
            None => folder.join(format!("{name}.meta")),
        };
        if !partner.exists() {
            return Err(Fault::failed(format!(
                "{} is in the Unity package without {}",
                path.display(),
                partner.display()
            )));
        }
        count += 1;
        if path.is_dir() {
            count += with_settings(&path)?;
        }
    }
    Ok(count)
}
