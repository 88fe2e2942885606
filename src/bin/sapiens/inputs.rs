//! The pictures to work on: files and folders.

use sapiens::spec::Task;
use sapiens::{Error, Result};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

const ENDINGS: [&str; 10] = ["jpg", "jpeg", "png", "bmp", "tif", "tiff", "webp", "ppm", "pgm", "pnm"];

/// A picture and the name its results get.
pub struct Input {
    pub path: PathBuf,
    pub stem: String,
}

/// Files as they are, folders as the pictures in them, sorted by name.
pub fn collect(paths: &[PathBuf]) -> Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for path in paths {
        let kind = std::fs::metadata(path).map_err(|e| Error::io("open the input", path, e))?;
        if kind.is_dir() {
            let before = inputs.len();
            let mut found: Vec<PathBuf> = std::fs::read_dir(path)
                .map_err(|e| Error::io("list the folder", path, e))?
                .filter_map(|entry| Some(entry.ok()?.path()))
                .filter(|p| p.is_file() && is_picture(p))
                .collect();
            found.sort();
            inputs.extend(found.into_iter().map(input));
            if inputs.len() == before {
                return Err(Error::invalid(format!("no picture in this folder ({})", ENDINGS.join(", "))).at(path));
            }
        } else {
            inputs.push(input(path.clone()));
        }
    }
    let mut seen: HashMap<&str, &Path> = HashMap::new();
    for Input { path, stem } in &inputs {
        if let Some(other) = seen.insert(stem, path) {
            return Err(Error::invalid(format!(
                "{} and {} would write the same result files; run them into different --out folders",
                other.display(),
                path.display()
            )));
        }
    }
    Ok(inputs)
}

/// Fails if a result of one input, or the sheet, would take the place of an input: a second run with `--out` in the folder
/// of the pictures would see the first one's results as pictures.
pub fn refuse_overwriting(inputs: &[Input], out: &Path, sheet: Option<&Path>) -> Result<()> {
    let endings = Task::ALL.into_iter().map(Task::name).chain(["cutout"]);
    let endings: Vec<String> = endings.map(|name| format!("_{name}.png")).collect();
    let stems: HashMap<&str, &Path> = inputs.iter().map(|i| (i.stem.as_str(), i.path.as_path())).collect();
    let (out, sheet) = (out.canonicalize().ok(), sheet.and_then(|s| s.canonicalize().ok()));
    for Input { path, .. } in inputs {
        let Ok(full) = path.canonicalize() else { continue };
        if sheet.as_ref() == Some(&full) {
            return Err(Error::invalid("--sheet: this would overwrite an input; choose another name").at(path));
        }
        let name = full.file_name().unwrap_or_default().to_string_lossy();
        let source = endings.iter().find_map(|e| stems.get(name.strip_suffix(e.as_str())?));
        if let Some(source) = source.filter(|_| full.parent() == out.as_deref()) {
            return Err(Error::invalid(format!(
                "--out: the results of {} would overwrite this input; choose another folder",
                source.display()
            ))
            .at(path));
        }
    }
    Ok(())
}

fn input(path: PathBuf) -> Input {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Input { path, stem }
}

fn is_picture(path: &Path) -> bool {
    path.extension().and_then(|e| e.to_str()).is_some_and(|e| ENDINGS.contains(&e.to_ascii_lowercase().as_str()))
}
