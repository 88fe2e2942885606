//! A model that can be loaded again.

use super::load::{LoadOptions, ModelSource};
use super::memory::Footprint;
use super::model::Model;
use super::watch::Watched;
use crate::convert::Progress;
use crate::error::Result;
use crate::spec::ModelInfo;
use once_cell::sync::OnceCell;
use std::sync::Arc;

/// A source and how it is loaded. What is loaded later is what was there at first: a file that has changed since is an error.
pub struct Origin {
    source: ModelSource,
    options: LoadOptions,
    info: ModelInfo,
    footprint: Footprint,
    /// The file named by the source.
    file: Option<Watched>,
    /// The files that the model depends on while it runs, as it found them at first.
    weights: OnceCell<Arc<[Watched]>>,
}

impl Origin {
    /// Reads the header; loads nothing.
    ///
    /// # Errors
    /// Those of [`Footprint::of`].
    pub fn new(source: ModelSource, options: LoadOptions) -> Result<Self> {
        let file = match &source {
            ModelSource::Path(path) => Some(Watched::new(path)?),
            ModelSource::Demo | ModelSource::Bytes { .. } => None,
        };
        let (info, footprint) = Footprint::of(&source, &options)?;
        Ok(Self { source, options, info, footprint, file, weights: OnceCell::new() })
    }

    /// What the model is.
    pub fn info(&self) -> &ModelInfo {
        &self.info
    }

    /// Its path or name.
    pub fn name(&self) -> String {
        self.source.to_string()
    }

    /// What it takes.
    pub fn footprint(&self) -> Footprint {
        self.footprint
    }

    /// Loads it, for the first time or again.
    ///
    /// # Errors
    /// Those of [`Model::load`]; `CorruptModel` if the file is another one than at first.
    pub fn load(&self, progress: &mut Progress) -> Result<Model> {
        self.file
            .iter()
            .chain(self.weights.get().into_iter().flat_map(|files| files.iter()))
            .try_for_each(Watched::check)?;
        let model = Model::load(&self.source, &self.options, progress)?;
        // Only the first time: later ones are those, or the look above would have said so.
        self.weights.get_or_init(|| model.files());
        Ok(model)
    }
}

impl std::fmt::Debug for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Origin")
            .field("source", &self.source)
            .field("footprint", &self.footprint)
            .finish_non_exhaustive()
    }
}
