//! Whether a demo run left everything it promised: each file present, of its format, and written by this run.

use crate::process::Fault;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The tasks of a demo run.
pub const TASKS: [&str; 6] = ["pose", "seg", "normal", "pointmap", "albedo", "matting"];

/// What each picture must have: name endings, any one of which will do, and how such a file begins.
const EXPECTED: &[(&[&str], &[u8])] = &[
    (&[".json"], b"{"),
    (&["_seg.npy"], NPY),
    (&["_normal.npy"], NPY),
    (&["_pointmap.npy"], NPY),
    (&["_albedo.npy"], NPY),
    (&["_alpha.npy", "_matting.npy"], NPY),
    (&[".ply"], b"ply"),
    (&[".png"], PNG),
];
const NPY: &[u8] = b"\x93NUMPY";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// File systems round modification times; a file this much older than the start still counts as new.
const CLOCK_SLACK: Duration = Duration::from_secs(2);

/// Checks the contact sheet and the results of every picture in `out`; returns how many result files there are.
pub fn check(out: &Path, sheet: &Path, pictures: &[PathBuf], started: SystemTime) -> Result<usize, Fault> {
    let since = started - CLOCK_SLACK;
    let mut wrong = Vec::new();
    note(&mut wrong, sheet, PNG, since);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(out).map_err(Fault::io("list", out))? {
        names.push(entry.map_err(Fault::io("list", out))?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    let mut count = 0;
    for picture in pictures {
        let stem = picture.file_stem().unwrap_or_default().to_string_lossy();
        let of_picture: Vec<&String> = names.iter().filter(|name| name.starts_with(stem.as_ref())).collect();
        count += of_picture.len();
        for (endings, start) in EXPECTED {
            let is_match = |name: &&&String| endings.iter().any(|ending| name.ends_with(ending));
            let matching: Vec<_> = of_picture.iter().filter(is_match).collect();
            if matching.is_empty() {
                wrong.push(format!("{stem}*{} is missing", endings.join(" or ")));
            }
            for name in matching {
                note(&mut wrong, &out.join(name), start, since);
            }
        }
    }
    if wrong.is_empty() {
        return Ok(count);
    }
    Err(Fault::failed(format!(
        "the results in {} are not what was asked for:\n  {}",
        out.display(),
        wrong.join("\n  ")
    )))
}

fn note(wrong: &mut Vec<String>, path: &Path, start: &[u8], since: SystemTime) {
    let name = path.file_name().unwrap_or_default().display();
    let mut found = Vec::new();
    let read = File::open(path).and_then(|file| {
        let modified = file.metadata()?.modified()?;
        file.take(start.len() as u64).read_to_end(&mut found)?;
        Ok(modified)
    });
    match read {
        Err(error) => wrong.push(format!("{name}: {error}")),
        Ok(_) if found != start => wrong.push(format!("{name} begins with {found:02x?}, expected {start:02x?}")),
        Ok(modified) if modified < since => wrong.push(format!("{name} is left from an earlier run")),
        Ok(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results(dir: &Path) -> Vec<PathBuf> {
        let _ = std::fs::remove_dir_all(dir);
        std::fs::create_dir_all(dir).unwrap();
        for (endings, start) in EXPECTED {
            std::fs::write(dir.join(format!("one{}", endings[0])), start).unwrap();
        }
        std::fs::write(dir.join("sheet.png"), PNG).unwrap();
        vec![PathBuf::from("assets/one.jpg")]
    }

    #[test]
    fn each_missing_broken_or_old_file_is_named() {
        let dir = std::env::temp_dir().join(format!("xtask-demo-{}", std::process::id()));
        let sheet = dir.join("sheet.png");
        let now = SystemTime::now();
        let pictures = results(&dir);
        assert_eq!(check(&dir, &sheet, &pictures, now).unwrap(), EXPECTED.len());
        for (endings, _) in EXPECTED {
            let pictures = results(&dir);
            std::fs::remove_file(dir.join(format!("one{}", endings[0]))).unwrap();
            let text = check(&dir, &sheet, &pictures, now).unwrap_err().to_string();
            assert!(text.contains(endings[0]) && text.contains("missing"), "{text}");
        }
        let pictures = results(&dir);
        std::fs::write(dir.join("one_seg.npy"), "empty").unwrap();
        std::fs::remove_file(&sheet).unwrap();
        let text = check(&dir, &sheet, &pictures, now).unwrap_err().to_string();
        assert!(text.contains("one_seg.npy begins") && text.contains("sheet.png:"), "{text}");
        let pictures = results(&dir);
        let later = now + Duration::from_secs(60);
        assert!(check(&dir, &sheet, &pictures, later).unwrap_err().to_string().contains("earlier run"));
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
