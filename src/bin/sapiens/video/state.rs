//! What a run that goes on must know besides the lines: of which clip, with which options, which parts of the overlay are
//! complete.

use sapiens::file::write_atomic;
use sapiens::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

const FORMAT: &str = "libsapiens-video-state";

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    format: String,
    /// What the results depend on: the clip and the options.
    pub made_of: BTreeMap<String, String>,
    /// Whether every frame has its line.
    #[serde(default)]
    pub has_all_lines: bool,
    /// Whether everything is done.
    pub complete: bool,
    /// Complete parts of the overlay, in their order.
    pub parts: Vec<PartState>,
}

/// A part of the overlay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PartState {
    /// Its name in the folder of parts.
    pub file: String,
    pub first_ns: i64,
    /// The frame after its last.
    pub next_frame: u64,
}

impl State {
    pub fn new(made_of: BTreeMap<String, String>) -> Self {
        Self { format: FORMAT.to_owned(), made_of, ..Self::default() }
    }

    /// That of an earlier run; `None` if there is none.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        let text = match std::fs::read(path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Error::io("read the state of the earlier run", path, e)),
        };
        match serde_json::from_slice::<Self>(&text) {
            Ok(state) if state.format == FORMAT => Ok(Some(state)),
            _ => Err(Error::invalid("this is not the state of an earlier run; --restart begins anew").at(path)),
        }
    }

    /// Fails if these results were made otherwise.
    pub fn check(&self, made_of: &BTreeMap<String, String>, path: &Path) -> Result<()> {
        let names = self.made_of.keys().chain(made_of.keys());
        let Some(name) = names.into_iter().find(|name| self.made_of.get(*name) != made_of.get(*name)) else {
            return Ok(());
        };
        let show = |value: Option<&String>| value.map_or("nothing".to_owned(), |value| format!("`{value}`"));
        let message = format!(
            "results of another run are here: its {name} was {}, now it is {}; --restart replaces them, or choose another --out",
            show(self.made_of.get(name)),
            show(made_of.get(name))
        );
        Err(Error::invalid(message).at(path))
    }

    pub fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_vec_pretty(self)
            .map_err(|e| Error::new(ErrorKind::Internal, format!("no JSON: {e}")).at(path).caused_by(e))?;
        write_atomic(path, |out| out.write_all(&text))
    }
}
