//! The step `package`: a package is made, unpacked somewhere else, and programs are built and run with nothing but it.

use crate::dist;
use crate::fetch::Source;
use crate::options::{root, target_dir};
use crate::package_unity;
use crate::package_unreal;
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

    let mut passed = sound(&sdk)?;
    let (old, count) = cmake(&work, "first", &sdk)?;
    passed += count + pkg_config(&work, "first", "sapiens", &sdk)? + program(&sdk)? + viewer(&work, &sdk)?;
    if let Some(unity) = &package.unity {
        passed += package_unity::check(unity, &work.0, &root().join("assets/standing.jpg"))?;
    }

    if let Some(plugin) = &package.unreal {
        passed += package_unreal::check(plugin, &work.0)?;
    }

    // To a place whose name needs quoting; whatever still worked through the old one fails from now on.
    let moved = work.0.join("moved to").join(name);
    move_to(&mut sdk, moved)?;
    passed += finds(&[&old.join("frame_shared")], Some(&sdk.join("lib")), &sdk)?;
    passed += finds(&[&old.join("game/frame_copied")], None, &old.join("game"))?;
    passed += cmake(&work, "moved", &sdk)?.1 + program(&sdk)?;

    // pkg-config's output cannot be split where folders have spaces.
    let third = work.0.join("third").join(name);
    move_to(&mut sdk, third)?;
    passed += pkg_config(&work, "third", "sapiens", &sdk)? + pkg_config(&work, "third", "sapiens-static", &sdk)?;
    println!("{passed} checks of the package passed");
    Ok(Counts { passed, ..Counts::default() })
}

fn move_to(sdk: &mut PathBuf, place: PathBuf) -> Result<(), Fault> {
    let parent = place.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(parent).map_err(Fault::io("create", parent))?;
    fs::rename(&sdk, &place).map_err(Fault::io("move", sdk))?;
    *sdk = place;
    Ok(())
}

/// The name programs record, and that nothing but the interface leaves the library.
fn sound(sdk: &Path) -> Result<usize, Fault> {
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
        None => Ok(1),
    }
}

/// Two CMake projects, C and C++17; four programs. Gives the build folder of the first and the number of programs.
fn cmake(work: &Work, round: &str, sdk: &Path) -> Result<(PathBuf, usize), Fault> {
    let c = project(work, round, "tests/package/c", sdk)?;
    let cpp = project(work, round, "tests/package/cpp", sdk)?;
    let count = finds(&[&c.join("frame_shared"), &cpp.join("frame_cpp")], None, sdk)?
        + finds(&[&c.join("static/frame_static")], None, &c.join("static"))?
        + finds(&[&c.join("game/frame_copied")], None, &c.join("game"))?;
    Ok((c, count))
}

/// The viewer as a user of the package builds it; that it works is seen by the tests.
fn viewer(work: &Work, sdk: &Path) -> Result<usize, Fault> {
    let program = project(work, "viewer", "examples/cpp", sdk)?.join("viewer");
    if !program.is_file() {
        return Err(Fault::failed(format!("{} was not built", program.display())));
    }
    println!("viewer ok");
    Ok(1)
}

/// Builds a CMake project of the repository against the package.
fn project(work: &Work, round: &str, source: &str, sdk: &Path) -> Result<PathBuf, Fault> {
    let folder = work.0.join(format!("cmake-{}-{round}", source.replace('/', "-")));
    let mut configure = alone("cmake");
    configure.arg("-S").arg(root().join(source)).arg("-B").arg(&folder);
    configure.arg(format!("-DCMAKE_PREFIX_PATH={}", sdk.display()));
    configure.arg(format!("-DEXPECTED_VERSION={}", env!("CARGO_PKG_VERSION")));
    configure.args(["-DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF", "--no-warn-unused-cli"]);
    process::output(&mut configure)?;
    process::output(alone("cmake").arg("--build").arg(&folder).arg("--parallel"))?;
    Ok(folder)
}

/// One call of the compiler, with what pkg-config says about `sapiens` or `sapiens-static`.
fn pkg_config(work: &Work, round: &str, package: &str, sdk: &Path) -> Result<usize, Fault> {
    let ask = |what: &[&str]| -> Result<Vec<String>, Fault> {
        let mut command = alone("pkg-config");
        command.env("PKG_CONFIG_PATH", sdk.join("lib/pkgconfig")).args(what);
        Ok(process::output(&mut command)?.split_whitespace().map(str::to_owned).collect())
    };
    let program = work.0.join(format!("{package}-{round}"));
    let mut cc = alone("cc");
    cc.args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-o"]).arg(&program);
    cc.arg(root().join("tests/package/frame.c")).args(ask(&["--cflags", "--libs", package])?);
    if package == "sapiens-static" {
        let path = ask(&["--variable=onnxruntime", package])?.concat();
        cc.arg(format!("-DSAPIENS_ONNXRUNTIME=\"{path}\""));
    } else {
        let folder = ask(&["--variable=libdir", package])?.concat();
        cc.arg(format!("-Wl,-rpath,{folder}"));
    }
    process::output(&mut cc)?;
    finds(&[&program], None, sdk)
}

/// Runs programs, which must take ONNX Runtime from `place`. Gives their number.
fn finds(programs: &[&Path], library_path: Option<&Path>, place: &Path) -> Result<usize, Fault> {
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
    Ok(programs.len())
}

/// The command line program finds ONNX Runtime in the package too.
fn program(sdk: &Path) -> Result<usize, Fault> {
    let said =
        process::output(alone("timeout").args(["--signal=KILL", PATIENCE]).arg(sdk.join("bin/sapiens")).arg("doctor"))?;
    let place = sdk.join("lib/onnxruntime");
    if said.contains(&place.display().to_string()) {
        return Ok(1);
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
