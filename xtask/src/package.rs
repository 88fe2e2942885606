//! The step `package`: a package is made, unpacked somewhere else, and programs are built and run with nothing but it.

use crate::dist;
use crate::fetch::Source;
use crate::options::{root, target_dir};
use crate::process::{self, Fault};
use crate::test_run::{Counts, Run};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How long a program may take: one frame, the model loaded, on a busy machine.
const PATIENCE: &str = "300";

/// Every way to link, then all again from another place.
pub fn check(_: &mut Run) -> Result<Counts, Fault> {
    if !cfg!(target_os = "linux") {
        return Err(Fault::blocked("the package is checked on Linux only"));
    }
    let out = target_dir().join("dist-test");
    let request = dist::Request { profile: "dev", runtime: Some(Source::Pypi), ort: None, out: Some(&out) };
    let package = dist::run(&request)?;

    let work = Work::new()?;
    let mut unpack = Command::new("tar");
    process::run(unpack.arg("-xzf").arg(&package.archive).arg("-C").arg(&work.0))?;
    let name = package.folder.file_name().unwrap_or_default();
    let mut sdk = work.0.join(name);
    let mut passed = 0;

    sound(&sdk)?;
    let old = cmake(&work, "first", &sdk)?;
    passed += 4;
    passed += pkg_config(&work, "first", &sdk)?;
    program(&sdk)?;
    passed += 1;

    // To a place whose name needs quoting; whatever still worked through the old one fails from now on.
    let moved = work.0.join("moved to").join(name);
    fs::create_dir(work.0.join("moved to")).map_err(Fault::io("create", &work.0))?;
    fs::rename(&sdk, &moved).map_err(Fault::io("move", &sdk))?;
    sdk = moved;
    finds(&[&old.join("frame_shared")], Some(&sdk.join("lib")), &sdk)?;
    finds(&[&old.join("game/frame_copied")], None, &old.join("game"))?;
    cmake(&work, "moved", &sdk)?;
    program(&sdk)?;
    passed += 7;
    println!("{passed} programs of the package worked");
    Ok(Counts { passed, ..Counts::default() })
}

/// The name programs record, and that nothing but the interface leaves the library.
fn sound(sdk: &Path) -> Result<(), Fault> {
    let library = sdk.join("lib/libsapiens.so");
    let dynamic = process::output(Command::new("readelf").arg("-d").arg(&library))?;
    let soname = dynamic.lines().find(|line| line.contains("(SONAME)")).unwrap_or_default();
    let name = soname.split(['[', ']']).nth(1).unwrap_or_default();
    let number = name.strip_prefix("libsapiens.so.").unwrap_or_default();
    if number.is_empty() || number.contains('.') || !sdk.join("lib").join(name).is_file() {
        return Err(Fault::failed(format!("the soname `{name}` is not that of a link in lib/")));
    }
    let symbols = process::output(Command::new("nm").args(["-D", "--defined-only"]).arg(&library))?;
    let names: Vec<&str> = symbols.lines().filter_map(|line| line.split_whitespace().nth(2)).collect();
    match names.iter().find(|name| !name.starts_with("sapiens_")) {
        Some(stranger) => Err(Fault::failed(format!("libsapiens.so exports `{stranger}`"))),
        None if names.is_empty() => Err(Fault::failed("libsapiens.so exports nothing")),
        None => Ok(()),
    }
}

/// Two CMake projects, C and C++17; four programs. Gives the build folder of the first.
fn cmake(work: &Work, round: &str, sdk: &Path) -> Result<PathBuf, Fault> {
    let build = |language: &str| -> Result<PathBuf, Fault> {
        let folder = work.0.join(format!("cmake-{language}-{round}"));
        let mut configure = alone("cmake");
        configure.arg("-S").arg(root().join("tests/package").join(language)).arg("-B").arg(&folder);
        configure.arg(format!("-DCMAKE_PREFIX_PATH={}", sdk.display()));
        configure.arg(format!("-DEXPECTED_VERSION={}", env!("CARGO_PKG_VERSION")));
        configure.args(["-DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF", "--no-warn-unused-cli"]);
        process::output(&mut configure)?;
        process::output(alone("cmake").arg("--build").arg(&folder).arg("--parallel"))?;
        Ok(folder)
    };
    let c = build("c")?;
    let cpp = build("cpp")?;
    finds(&[&c.join("frame_shared"), &c.join("frame_static"), &cpp.join("frame_cpp")], None, sdk)?;
    finds(&[&c.join("game/frame_copied")], None, &c.join("game"))?;
    Ok(c)
}

/// One call of the compiler per library; two programs.
fn pkg_config(work: &Work, round: &str, sdk: &Path) -> Result<usize, Fault> {
    let ask = |what: &[&str]| -> Result<Vec<String>, Fault> {
        let mut command = alone("pkg-config");
        command.env("PKG_CONFIG_PATH", sdk.join("lib/pkgconfig")).args(what);
        Ok(process::output(&mut command)?.split_whitespace().map(str::to_owned).collect())
    };
    for (package, own) in [("sapiens", None), ("sapiens-static", Some("onnxruntime"))] {
        let program = work.0.join(format!("{package}-{round}"));
        let mut cc = alone("cc");
        cc.args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-o"]).arg(&program);
        cc.arg(root().join("tests/package/frame.c")).args(ask(&["--cflags", "--libs", package])?);
        match own {
            Some(variable) => {
                let path = ask(&[&format!("--variable={variable}"), package])?.concat();
                cc.arg(format!("-DSAPIENS_ONNXRUNTIME=\"{path}\""));
            }
            None => {
                let folder = ask(&["--variable=libdir", package])?.concat();
                cc.arg(format!("-Wl,-rpath,{folder}"));
            }
        }
        process::output(&mut cc)?;
        finds(&[&program], None, sdk)?;
    }
    Ok(2)
}

/// Runs programs, which must take ONNX Runtime from `place`.
fn finds(programs: &[&Path], library_path: Option<&Path>, place: &Path) -> Result<(), Fault> {
    let place = place.canonicalize().map_err(Fault::io("resolve", place))?;
    for program in programs {
        let mut command = alone("timeout");
        command.args(["--signal=KILL", PATIENCE]).arg(program).current_dir("/");
        if let Some(path) = library_path {
            command.env("LD_LIBRARY_PATH", path);
        }
        let said = process::output(&mut command)?;
        let path = said.lines().find_map(|line| line.strip_prefix("runtime ")).unwrap_or_default();
        let path = Path::new(path)
            .canonicalize()
            .map_err(|_| Fault::failed(format!("{} named no ONNX Runtime; it wrote:\n{said}", program.display())))?;
        if !path.starts_with(&place) {
            let (program, path, place) = (program.display(), path.display(), place.display());
            return Err(Fault::failed(format!("{program} took ONNX Runtime from {path}, not from {place}")));
        }
        println!("{} ok", program.file_name().unwrap_or_default().display());
    }
    Ok(())
}

/// The command line program finds ONNX Runtime in the package too.
fn program(sdk: &Path) -> Result<(), Fault> {
    let said =
        process::output(alone("timeout").args(["--signal=KILL", PATIENCE]).arg(sdk.join("bin/sapiens")).arg("doctor"))?;
    let place = sdk.join("lib/onnxruntime");
    if said.contains(&place.display().to_string()) {
        return Ok(());
    }
    Err(Fault::failed(format!("`sapiens doctor` does not name {}:\n{said}", place.display())))
}

/// A command without the variables that could find the libraries for it.
fn alone(program: &str) -> Command {
    let mut command = Command::new(program);
    for name in
        ["SAPIENS_ORT", "SAPIENS_ORT_WEBGPU", "LD_LIBRARY_PATH", "PKG_CONFIG_PATH", "CMAKE_PREFIX_PATH", "CC", "CXX"]
    {
        command.env_remove(name);
    }
    command
}

/// A temporary folder, removed at the end.
struct Work(PathBuf);

impl Work {
    fn new() -> Result<Self, Fault> {
        let folder = std::env::temp_dir().join(format!("sapiens-package-{}", std::process::id()));
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(Fault::io("remove", &folder))?;
        }
        fs::create_dir_all(&folder).map_err(Fault::io("create", &folder))?;
        Ok(Self(folder))
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        // What is left is temporary in any case.
        let _ = fs::remove_dir_all(&self.0);
    }
}
