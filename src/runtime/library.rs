//! Finding, opening and checking the ONNX Runtime library.
#![allow(unsafe_code)] // the C API table is reached through a symbol of a foreign library

use super::elf::cut_short;
use super::place::own_folder;
use super::runtime_error;
use crate::error::{Error, ErrorKind, Result};
use once_cell::sync::OnceCell;
use std::ffi::CStr;
use std::path::{Path, PathBuf};

/// Environment variable that names the library file.
const VARIABLE: &str = "SAPIENS_ORT";

/// The ONNX Runtime of this process. It is opened once and stays until the process ends: unloading a library that has
/// started threads is not safe.
pub struct Library {
    path: PathBuf,
    version: String,
    pub(super) environment: ort::environment::Environment,
}

static LIBRARY: OnceCell<Library> = OnceCell::new();

impl Library {
    /// Opens the library, or returns the one already open.
    ///
    /// With `path` that file is taken; without, the file named by the environment variable `SAPIENS_ORT`, then the
    /// first of [`candidates`] that exists. A second call with another path is an error: a process has one.
    pub fn load(path: Option<&Path>) -> Result<&'static Self> {
        let library = LIBRARY.get_or_try_init(|| Self::open(&locate(path)?))?;
        if let Some(asked) = path {
            let asked = absolute(asked)?;
            if asked != library.path {
                return Err(Error::new(
                    ErrorKind::Library,
                    format!(
                        "this process already uses the ONNX Runtime {}; a second one cannot be opened",
                        library.path.display()
                    ),
                )
                .at(asked));
            }
        }
        Ok(library)
    }

    /// The file it was loaded from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its version, such as `1.31.1`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Build information as ONNX Runtime gives it.
    pub fn build_info(&self) -> &'static str {
        ort::info()
    }

    /// Names of the execution providers compiled into it.
    pub fn providers(&self) -> Vec<String> {
        use ort::ep::{CPU, CUDA, CoreML, DirectML, ExecutionProvider, OpenVINO, TensorRT, WebGPU};
        let known = [
            (TensorRT::NAME, TensorRT::is_available()),
            (CUDA::NAME, CUDA::is_available()),
            (WebGPU::NAME, WebGPU::is_available()),
            (OpenVINO::NAME, OpenVINO::is_available()),
            (DirectML::NAME, DirectML::is_available()),
            (CoreML::NAME, CoreML::is_available()),
            (CPU::NAME, CPU::is_available()),
        ];
        known.into_iter().filter(|(_, there)| matches!(there, Ok(true))).map(|(name, _)| name.to_owned()).collect()
    }

    fn open(path: &Path) -> Result<Self> {
        let refuse = |message: String| Error::new(ErrorKind::Library, message).at(path);
        if let Some((length, needed)) =
            cut_short(path).map_err(|e| Error::io("read the ONNX Runtime library", path, e))?
        {
            return Err(refuse(format!("this file is cut short: it has {length} of {needed} bytes; fetch it again")));
        }
        // SAFETY: opening a library runs its initialisers; the file was named by the user or lies beside this program.
        let library = unsafe { libloading::Library::new(path) }.map_err(|e| {
            // The loader's own words, such as "invalid ELF header", are the cause.
            let reason = std::error::Error::source(&e).map_or_else(|| e.to_string(), ToString::to_string);
            refuse(format!("this file cannot be opened as a shared library: {reason}")).caused_by(e)
        })?;
        // SAFETY: the symbol has had this signature in every release of ONNX Runtime.
        let base = unsafe {
            library
                .get::<unsafe extern "C" fn() -> *const ort::sys::OrtApiBase>(b"OrtGetApiBase\0")
                .map_err(|_| refuse("this library is not ONNX Runtime (it has no symbol OrtGetApiBase)".into()))?(
            )
        };
        // SAFETY: ONNX Runtime returns a static table or null.
        let base = unsafe { base.as_ref() }
            .ok_or_else(|| refuse("ONNX Runtime returned no API table; the file may be damaged".into()))?;
        // SAFETY: the function returns a static, null-terminated string.
        let version = unsafe { (base.GetVersionString)().as_ref().map(|p| CStr::from_ptr(p)) }
            .map_or_else(|| "unknown".to_owned(), |text| text.to_string_lossy().into_owned());
        // SAFETY: the function returns the static table of that API version, or null when it is newer than the library.
        let api = unsafe { (base.GetApi)(ort::sys::ORT_API_VERSION).as_ref() }.ok_or_else(|| {
            refuse(format!("ONNX Runtime 1.{} or later is needed, this one is {version}", ort::sys::ORT_API_VERSION))
        })?;
        // SAFETY: the table is plain data; the library it points into is leaked below and stays for ever.
        ort::set_api(unsafe { std::ptr::read(api) });
        std::mem::forget(library);
        let environment = ort::init()
            .with_name("libsapiens")
            .with_telemetry(false)
            .with_logger(super::log::logger())
            .build()
            .map_err(|e| runtime_error("ONNX Runtime could not start", &e).at(path))?;
        environment.set_log_level(ort::logging::LogLevel::Error);
        Ok(Self { path: path.to_path_buf(), version, environment })
    }
}

impl std::fmt::Debug for Library {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Library").field("path", &self.path).field("version", &self.version).finish_non_exhaustive()
    }
}

fn absolute(path: &Path) -> Result<PathBuf> {
    path.canonicalize().map_err(|e| {
        Error::new(ErrorKind::Library, format!("the ONNX Runtime library cannot be read: {e}")).at(path).caused_by(e)
    })
}

fn locate(path: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = path {
        return absolute(path);
    }
    if let Some(path) = std::env::var_os(VARIABLE).filter(|p| !p.is_empty()) {
        return absolute(Path::new(&path))
            .map_err(|e| Error::new(ErrorKind::Library, format!("environment variable {VARIABLE}: {e}")));
    }
    let Some(found) = candidates().into_iter().next() else {
        let folders: Vec<_> = search_folders().iter().map(|p| p.display().to_string()).collect();
        return Err(Error::new(
            ErrorKind::Library,
            format!(
                "no ONNX Runtime library found; name one by option or in {VARIABLE}, or put one beside libsapiens or beside \
                 the program (`cargo xtask fetch-ort` fetches it, or `pip download onnxruntime`). Looked in {}",
                folders.join(", ")
            ),
        ));
    };
    absolute(&found)
}

/// The libraries found where they are looked for when none is named, in the order of [`search_folders`].
pub fn candidates() -> Vec<PathBuf> {
    search_folders().iter().flat_map(|folder| libraries_in(folder)).collect()
}

/// The folders looked in when no library is named, in order: the folder of libsapiens itself, where it is a shared library;
/// then that of the program and the two above it, with their `lib`. In each of them the folder `onnxruntime` comes first,
/// with what `cargo xtask fetch-ort` puts there (the PyPI build before others), so that a copy that was packed with libsapiens
/// goes before a stranger that happens to lie in the same system folder.
pub fn search_folders() -> Vec<PathBuf> {
    let program = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.to_path_buf()));
    folders_from(own_folder().as_deref(), program.as_deref())
}

fn folders_from(library: Option<&Path>, program: Option<&Path>) -> Vec<PathBuf> {
    let library = library.map(Path::to_path_buf);
    let program = program.into_iter().flat_map(|folder| folder.ancestors().take(3));
    let mut folders: Vec<PathBuf> = Vec::new();
    for base in library.into_iter().chain(program.flat_map(|up| [up.to_path_buf(), up.join("lib")])) {
        let packed = base.join("onnxruntime");
        let mut fetched = subfolders(&packed);
        fetched.sort_by(|a, b| b.cmp(a));
        for folder in [packed].into_iter().chain(fetched).chain([base]) {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
    }
    folders
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| p.is_dir()).collect()
}

/// `libonnxruntime.so`, `libonnxruntime.so.1.31.1`, `libonnxruntime.1.31.1.dylib`, `onnxruntime.dll`, but no provider.
fn libraries_in(folder: &Path) -> Vec<PathBuf> {
    let start = format!("{}onnxruntime.", std::env::consts::DLL_PREFIX);
    let kind = std::env::consts::DLL_EXTENSION;
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|p| {
            let name = p.file_name().unwrap_or_default().to_string_lossy();
            name.strip_prefix(&start).is_some_and(|rest| rest.split('.').any(|part| part == kind)) && p.is_file()
        })
        .collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn beside_the_library_comes_before_beside_the_program() {
        let root = tempfile::tempdir().unwrap();
        let (sdk, game) = (root.path().join("sdk/lib"), root.path().join("game/bin"));
        let fetched = game.join("onnxruntime");
        for folder in [&sdk, &fetched.join("npm-1"), &fetched.join("pypi-1")] {
            fs::create_dir_all(folder).unwrap();
        }
        let folders = folders_from(Some(&sdk), Some(&game));
        let expected = [
            sdk.join("onnxruntime"),
            sdk.clone(),
            fetched.clone(),
            fetched.join("pypi-1"),
            fetched.join("npm-1"),
            game.clone(),
            game.join("lib/onnxruntime"),
            game.join("lib"),
            root.path().join("game/onnxruntime"),
            root.path().join("game"),
            root.path().join("game/lib/onnxruntime"),
            root.path().join("game/lib"),
        ];
        assert_eq!(folders[..expected.len()], expected);
        // A program that libsapiens is linked into: each folder once.
        let own = folders_from(Some(&game), Some(&game));
        assert_eq!(own[..], folders_from(None, Some(&game))[..]);
    }

    #[test]
    fn only_onnx_runtime_itself_is_taken() {
        let root = tempfile::tempdir().unwrap();
        let name = |middle: &str| format!("{}onnxruntime{middle}", std::env::consts::DLL_PREFIX);
        let kind = std::env::consts::DLL_EXTENSION;
        for file in [name(&format!("_providers_cuda.{kind}")), name(".txt"), format!("other.{kind}")] {
            fs::write(root.path().join(file), "").unwrap();
        }
        fs::create_dir(root.path().join(name(&format!(".9.{kind}")))).unwrap();
        assert_eq!(libraries_in(root.path()), Vec::<PathBuf>::new());
        let file = root.path().join(name(&format!(".{kind}")));
        fs::write(&file, "").unwrap();
        assert_eq!(libraries_in(root.path()), [file]);
    }
}
