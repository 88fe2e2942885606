//! The folder: what it says about itself, and its labels in the order of their names.

use super::label::Label;
use crate::error::{Error, ErrorKind, Result};
use crate::skeleton::{classes, keypoints};
use serde::Deserialize;
use std::path::{Component, Path, PathBuf};

/// Value of `format` in `dataset.json`.
pub const FORMAT: &str = "sapiens-labels";
/// Value of `version` in `dataset.json`.
pub const VERSION: u64 = 1;

/// A labelled folder.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
    source: Option<String>,
    labels: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct About {
    format: String,
    version: u64,
    count: Option<usize>,
    keypoints: Option<Vec<String>>,
    classes: Option<Vec<String>>,
    source: Option<String>,
}

impl Folder {
    /// Reads `dataset.json` and lists `labels/*.json`.
    ///
    /// # Errors
    /// `NotFound` or `Io` for what is missing or cannot be read, `InvalidArgument` for another format or version, for
    /// names or an order of keypoints and classes that are not the library's, and for a folder without labels.
    pub fn open(root: impl AsRef<Path>) -> Result<Self> {
        let root = root.as_ref();
        let kind = std::fs::metadata(root).map_err(|e| Error::io("open the labelled folder", root, e))?;
        if !kind.is_dir() {
            return Err(Error::invalid("this is a file; give the folder that holds dataset.json").at(root));
        }
        let path = root.join("dataset.json");
        let text = std::fs::read(&path).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => {
                let message = format!("no labelled folder: it has no dataset.json of the format `{FORMAT}`");
                Error::new(ErrorKind::NotFound, message).at(root)
            }
            _ => Error::io("read", &path, e),
        })?;
        let source = check_about(&text).map_err(|e| e.at(&path))?;
        let labels = list(&root.join("labels"))?;
        if let Some(count) = source.1.filter(|count| *count != labels.len()) {
            let found = labels.len();
            return Err(Error::invalid(format!("`count` is {count}, but labels/ holds {found} .json files")).at(&path));
        }
        Ok(Self { root: root.to_path_buf(), source: source.0, labels })
    }

    /// Where it lies.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the data comes from, in the words of whoever made it.
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// Number of labels.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether it holds no label; an opened folder holds at least one.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The file of label `index`.
    ///
    /// # Errors
    /// `InvalidArgument` if there is none.
    pub fn label_path(&self, index: usize) -> Result<&Path> {
        let count = self.labels.len();
        let path = self.labels.get(index).map(PathBuf::as_path);
        path.ok_or_else(|| Error::invalid(format!("`index` is {index}; the folder has {count} labels")))
    }

    /// Reads label `index`: everything but the picture and the maps, of which only their being there is checked.
    ///
    /// # Errors
    /// `InvalidArgument` for a label that says what cannot be, `NotFound` for a file it names; all name the file.
    pub fn label(&self, index: usize) -> Result<Label> {
        let path = self.label_path(index)?;
        let text = std::fs::read(path).map_err(|e| Error::io("read the label", path, e))?;
        let label = Label::parse(&text, path).map_err(|e| e.at(path))?;
        for (what, file) in label.files() {
            let full = self.resolve(file).map_err(|e| e.at(path))?;
            if !full.is_file() {
                let message = format!("the {what} that the label {} names does not exist", path.display());
                return Err(Error::new(ErrorKind::NotFound, message).at(full));
            }
        }
        Ok(label)
    }

    /// The place of a file that a label names.
    ///
    /// # Errors
    /// `InvalidArgument` for a path that leads out of the folder.
    pub fn resolve(&self, file: &str) -> Result<PathBuf> {
        let path = Path::new(file);
        let is_inside = path.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
        if file.is_empty() || !is_inside {
            return Err(Error::invalid(format!(
                "`{file}`: paths of a label are relative to the labelled folder and stay in it, such as images/a.jpg"
            )));
        }
        Ok(self.root.join(path))
    }
}

/// The source and the count that `dataset.json` states.
fn check_about(text: &[u8]) -> Result<(Option<String>, Option<usize>)> {
    let about: About = serde_json::from_slice(text).map_err(|e| {
        Error::invalid(format!("no description of a labelled folder (format, version, count): {e}")).caused_by(e)
    })?;
    if about.format != FORMAT {
        return Err(Error::invalid(format!("`format` is `{}`; `{FORMAT}` is needed", about.format)));
    }
    if about.version != VERSION {
        let found = about.version;
        return Err(Error::invalid(format!(
            "`version` is {found}; this program reads version {VERSION} of `{FORMAT}`"
        )));
    }
    if let Some(names) = &about.keypoints {
        same_names("keypoints", names, keypoints().names.iter().copied())?;
    }
    if let Some(names) = &about.classes {
        same_names("classes", names, classes().iter().map(|class| class.name))?;
    }
    Ok((about.source, about.count))
}

/// Fails at the first name that is not the library's.
fn same_names(what: &str, found: &[String], own: impl ExactSizeIterator<Item = &'static str>) -> Result<()> {
    let count = own.len();
    for (i, (found, own)) in found.iter().zip(own).enumerate() {
        if found != own {
            return Err(Error::invalid(format!(
                "`{what}`: number {i} is `{found}`; the official order has `{own}` there"
            )));
        }
    }
    if found.len() != count {
        return Err(Error::invalid(format!("`{what}` has {} names; the official order has {count}", found.len())));
    }
    Ok(())
}

fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).map_err(|e| Error::io("list the labels", folder, e))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|e| Error::io("list the labels", folder, e))?.path();
        if path.extension().is_some_and(|e| e == "json") && path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    if found.is_empty() {
        return Err(Error::invalid("no label: one .json file per picture is needed here").at(folder));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        check_about(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn the_description_is_checked() {
        let (source, count) = check_about(br#"{"format":"sapiens-labels","version":1,"source":"me"}"#).unwrap();
        assert_eq!((source.as_deref(), count), (Some("me"), None));
        assert!(refused("{}").contains("format"));
        assert!(refused(r#"{"format":"coco","version":1}"#).contains("`coco`"));
        assert!(refused(r#"{"format":"sapiens-labels","version":2}"#).contains("`version` is 2"));
        let names = |what: &str, names: &[&str]| {
            refused(&serde_json::json!({"format": FORMAT, "version": 1, what: names}).to_string())
        };
        let message = names("keypoints", &["nose", "right_eye"]);
        assert!(message.contains("number 1 is `right_eye`") && message.contains("`left_eye`"), "{message}");
        assert!(names("classes", &["Background"]).contains("1 names; the official order has 29"));
    }

    #[test]
    fn a_folder_must_be_one() {
        let folder = tempfile::tempdir().unwrap();
        let says = |path: &Path| Folder::open(path).unwrap_err().to_string();
        assert_eq!(Folder::open(folder.path().join("none")).unwrap_err().kind(), ErrorKind::NotFound);
        assert!(says(folder.path()).contains("dataset.json"));
        let about = folder.path().join("dataset.json");
        std::fs::write(&about, r#"{"format":"sapiens-labels","version":1,"count":2}"#).unwrap();
        assert!(says(&about).contains("is a file"));
        assert!(says(folder.path()).contains("labels"));
        std::fs::create_dir(folder.path().join("labels")).unwrap();
        assert!(says(folder.path()).contains("no label"));
        std::fs::write(folder.path().join("labels/a.json"), "{}").unwrap();
        assert!(says(folder.path()).contains("`count` is 2, but labels/ holds 1"));
        std::fs::write(&about, r#"{"format":"sapiens-labels","version":1,"count":1}"#).unwrap();
        let opened = Folder::open(folder.path()).unwrap();
        assert_eq!((opened.len(), opened.is_empty()), (1, false));
        assert!(opened.label(1).unwrap_err().to_string().contains("1 labels"));
        assert!(opened.label(0).unwrap_err().to_string().contains("a.json"));
        for path in ["", "/etc/passwd", "../x.jpg", "images/../../x.jpg"] {
            assert!(opened.resolve(path).is_err(), "{path}");
        }
        assert_eq!(opened.resolve("images/a.jpg").unwrap(), folder.path().join("images/a.jpg"));
    }
}
