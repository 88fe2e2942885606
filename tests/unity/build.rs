//! C# of the Unity package: compiled with mcs, run on Mono and on CoreCLR. Nothing is skipped: what is missing is a failure that says
//! how to get it.

use crate::native::{files, library_folder, root, run};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The language of Unity 2021 and of every later one.
const LANGUAGE: &str = "-langversion:7.2";

/// Where the package lies.
pub fn package() -> PathBuf {
    root().join("bindings/unity/com.libsapiens.sdk")
}

/// The core and its test program.
pub struct Core {
    folder: tempfile::TempDir,
}

/// A virtual machine for them.
#[derive(Debug, Clone, Copy)]
pub enum Machine {
    Mono,
    CoreClr,
}

/// Compiles once per process.
pub fn core() -> &'static Core {
    static CORE: OnceLock<Core> = OnceLock::new();
    CORE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("Sapiens.dll");
        compile_core(&library);
        let program = folder.path().join("Sapiens.Tests.exe");
        compile(
            &program,
            &sources(&root().join("tests/unity/core"), &[]),
            &["-r:", library.to_str().unwrap()].concat(),
            &[],
        );
        Core { folder }
    })
}

/// Compiles what needs no engine, as the assembly `Sapiens`.
pub fn compile_core(library: &Path) {
    let runtime = package().join("Runtime");
    compile(library, &sources(&runtime, &["Component"]), "-target:library", &[]);
}

impl Core {
    /// Runs one part of the test program; panics with what it says.
    pub fn run(&self, machine: Machine, part: &str, argument: Option<&Path>) -> String {
        let text = run(self.command(machine, &library_folder()).arg(part).args(argument));
        assert_eq!(text.lines().last(), Some("ok"), "{text}");
        text
    }

    /// The test program, with native libraries from a folder.
    pub fn command(&self, machine: Machine, libraries: &Path) -> Command {
        let program = self.folder.path().join("Sapiens.Tests.exe");
        let mut command = match machine {
            Machine::Mono => {
                must_run("mono", "mono-runtime");
                let mut command = Command::new("mono");
                command.arg("--debug");
                command
            }
            Machine::CoreClr => {
                let settings = self.folder.path().join("coreclr.json");
                let framework = r#"{"name": "Microsoft.NETCore.App", "version": "3.1.0"}"#;
                std::fs::write(&settings, format!("{{\"runtimeOptions\": {{\"framework\": {framework}}}}}")).unwrap();
                let mut command = Command::new(dotnet());
                command.args(["exec", "--runtimeconfig"]).arg(settings);
                command.env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1"); // no ICU needed
                command
            }
        };
        command.arg(program).current_dir(self.folder.path()).env("LD_LIBRARY_PATH", libraries);
        command
    }
}

/// The host of CoreCLR: that of SAPIENS_DOTNET, or the one `cargo xtask fetch-coreclr` has fetched.
fn dotnet() -> PathBuf {
    let fetched = root().join("target/coreclr/dotnetcore2/bin/dotnet");
    let path = std::env::var_os("SAPIENS_DOTNET").map_or(fetched, PathBuf::from);
    assert!(
        path.is_file(),
        "{} is missing: `cargo xtask fetch-coreclr` fetches it, or name a `dotnet` of CoreCLR 3.1 in SAPIENS_DOTNET",
        path.display()
    );
    path
}

/// One call of the compiler; warnings are errors. Panics with what it says.
pub fn compile(output: &Path, sources: &[PathBuf], option: &str, more: &[String]) {
    must_run("mcs", "mono-mcs");
    assert!(!sources.is_empty(), "nothing to compile for {}", output.display());
    let mut command = Command::new("mcs");
    command.args([LANGUAGE, "-unsafe", "-debug", "-warn:4", "-warnaserror", option]).args(more);
    command.arg(format!("-out:{}", output.display())).args(sources);
    run(&mut command);
}

/// The C# files below a folder but not below those of the names.
pub fn sources(folder: &Path, without: &[&str]) -> Vec<PathBuf> {
    files(folder, &[".cs"], without)
}

/// Panics, and names the package of Debian, if a program is not there.
pub fn must_run(program: &str, package: &str) {
    let output = Command::new(program).arg("--version").output();
    assert!(
        output.as_ref().is_ok_and(|output| output.status.success()),
        "{program} cannot be run ({output:?}); on Debian: apt-get install {package}"
    );
}
