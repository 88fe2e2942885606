//! Graphs as ONNX Runtime has optimised them, so that a later load need not.

use crate::error::{Error, Result};
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use std::path::{Path, PathBuf};

/// Weights below so many bytes stay in the graph.
const SMALL: &str = "1024";
/// The optimised graph in its folder.
const GRAPH: &str = "optimised.onnx";

/// Whether a graph is optimised when a session of it is opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Optimised {
    /// It is.
    #[default]
    Anew,
    /// It is, and what became of it is written into a folder, weights in a file of this name: for the same version of ONNX Runtime and
    /// for processors like this one ([`Optimised::processor`]) only. [`Optimised::take`] fetches the graph.
    Into {
        /// The folder.
        folder: PathBuf,
        /// Name of the file with the weights.
        weights: String,
    },
    /// It was: nothing is done to it.
    Already,
}

impl Optimised {
    /// The graph that a session has left in a folder ([`Optimised::Into`]); it is no longer there then, its weights are.
    ///
    /// # Errors
    /// `Io` if nothing was written.
    pub fn take(folder: &Path) -> Result<Vec<u8>> {
        let path = folder.join(GRAPH);
        let graph = std::fs::read(&path).map_err(|e| Error::io("read the optimised graph", &path, e))?;
        std::fs::remove_file(&path).map_err(|e| Error::io("remove the optimised graph", &path, e))?;
        Ok(graph)
    }

    /// What ONNX Runtime chooses its kernels and their order of weights by.
    pub fn processor() -> String {
        let mut found = vec![std::env::consts::OS, std::env::consts::ARCH];
        #[cfg(target_arch = "x86_64")]
        {
            let has = [
                ("sse4.1", is_x86_feature_detected!("sse4.1")),
                ("avx", is_x86_feature_detected!("avx")),
                ("avx2", is_x86_feature_detected!("avx2")),
                ("fma", is_x86_feature_detected!("fma")),
                ("avx512f", is_x86_feature_detected!("avx512f")),
                ("avx512dq", is_x86_feature_detected!("avx512dq")),
                ("avx512bw", is_x86_feature_detected!("avx512bw")),
                ("avx512vl", is_x86_feature_detected!("avx512vl")),
                ("avx512vnni", is_x86_feature_detected!("avx512vnni")),
            ];
            found.extend(has.iter().filter(|(_, has)| *has).map(|(name, _)| *name));
        }
        found.join(" ")
    }

    pub(super) fn apply(&self, builder: SessionBuilder) -> Result<SessionBuilder, ort::Error> {
        Ok(match self {
            Self::Anew => builder,
            Self::Into { folder, weights } => builder
                .with_optimized_model_path(folder.join(GRAPH))?
                .with_config_entry("session.optimized_model_external_initializers_file_name", weights)?
                .with_config_entry("session.optimized_model_external_initializers_min_size_in_bytes", SMALL)?,
            Self::Already => builder.with_optimization_level(GraphOptimizationLevel::Disable)?,
        })
    }
}
