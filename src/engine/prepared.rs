//! Heads of models in low-memory mode, optimised once and kept in the cache folder.
//!
//! ONNX Runtime copies the weights of convolutions into the order of its kernels. Weights that are mapped and not packed are left
//! alone otherwise, so this takes most of such a load, reads the whole head from the disk and holds it in memory once more. Kept as they
//! are afterwards, weights are mapped like all others. The backbone has no convolutions: the head is a session of its own, and its
//! file as large as the head.

use super::cache::{self, Fingerprint};
use super::load::{LoadOptions, Loaded};
use super::watch::Watched;
use crate::checkpoint::hex;
use crate::convert::InMemory;
use crate::error::Result;
use crate::onnx::proto::ModelProto;
use crate::runtime::{Device, Library, ModelBytes, Optimised, Session, SessionOptions};
use prost::Message;
use sha2::{Digest, Sha256};
use std::path::Path;

/// Raised when entries are made otherwise.
const FORMAT: u32 = 1;

/// Whether heads are taken from the cache: in low-memory mode, on the processor alone.
pub(super) fn is_wanted(options: &LoadOptions) -> bool {
    options.session.low_memory && options.cache.is_some() && options.session.devices == [Device::Cpu]
}

impl Loaded {
    /// The session of a head with weights from the cache, and the files it maps. `None` if there is no such thing, whatever the
    /// reason: the head is opened as any other then.
    pub fn prepared(
        &self,
        library: &'static Library,
        head: &ModelProto,
        options: &SessionOptions,
        cache: &Path,
    ) -> Option<(Session, Vec<Watched>)> {
        // Weights in memory are small, and have no file by which to know them.
        if self.weights.is_some() || self.temporary.is_some() {
            return None;
        }
        let key = self.head_key(library, head).ok()?;
        let fill = |folder: &Path| {
            let (folder, weights) = (folder.to_path_buf(), InMemory::WEIGHTS.to_owned());
            // There even if no weight is large enough for it.
            let path = folder.join(&weights);
            std::fs::write(&path, []).map_err(|e| crate::Error::io("write the weights", &path, e))?;
            let into = Optimised::Into { folder: folder.clone(), weights };
            self.open(library, head, &SessionOptions { optimised: into, ..options.clone() }, None)?;
            Optimised::take(&folder)
        };
        let found = cache::optimised(cache, &key, fill).ok()?;
        let model = ModelBytes { graph: &found.graph, folder: Some(&found.folder), weights: None };
        let already = SessionOptions { optimised: Optimised::Already, ..options.clone() };
        let session = Session::open(library, model, &already).ok()?;
        Some((session, found.watched))
    }

    /// What all that decides an optimised head is called: graph, files of weights, ONNX Runtime, processor.
    fn head_key(&self, library: &Library, head: &ModelProto) -> Result<String> {
        let mut hash = Sha256::new();
        hash.update(FORMAT.to_le_bytes());
        hash.update(Sha256::digest(head.encode_to_vec()));
        for file in &self.watched {
            hash.update(Fingerprint::of(file.path())?.0);
        }
        hash.update(Fingerprint::of(library.path())?.0);
        for text in [library.version(), library.build_info(), &Optimised::processor()] {
            hash.update(Sha256::digest(text));
        }
        Ok(hex(&hash.finalize())[..32].to_owned())
    }
}
