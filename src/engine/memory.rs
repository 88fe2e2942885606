//! What a model takes on a device, from its header: nothing is loaded.

use super::load::{LoadOptions, ModelSource, checkpoint, convert_options, is_graph, read_graph};
use super::parts::graphs;
use crate::checkpoint::Source;
use crate::convert;
use crate::error::Result;
use crate::onnx::proto::ModelProto;
use crate::onnx::{weight_bytes, work_bytes};
use crate::spec::ModelInfo;

/// Halves of the values alive together that a run takes: what kernels allocate while they work and arenas lose is measured, not known
/// (`docs/scheduling.md`: 1.4 to 1.9 times those values for models of 0.4b, more for small ones).
const LOSSES: u64 = 3;

/// Bytes that a model takes on its device.
///
/// What the device itself takes is not in it: a CUDA context, compiled kernels, the library. `docs/scheduling.md` compares it with what
/// was measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Footprint {
    /// The weights, in the precision they are run in.
    pub weights: u64,
    /// Work space for one picture: half as much again as the values that are alive together, node by node; the sum over the sessions of
    /// the model (one, or the backbone and each head), because each keeps what it once had.
    pub work: u64,
}

impl Footprint {
    /// What a source would take if it were loaded so, and what it is.
    ///
    /// # Errors
    /// As for describing it: about the file, and about tasks, precision or input size that it cannot have.
    pub fn of(source: &ModelSource, options: &LoadOptions) -> Result<(ModelInfo, Self)> {
        let found = match source {
            ModelSource::Path(path) if is_graph(path) => {
                let model = read_graph(path)?;
                let mut info = convert::read_info(&model)?;
                if let Some(tasks) = &options.tasks {
                    info.tasks.retain(|task| tasks.contains(task));
                }
                Self::of_graph(&model, &info, options).map(|footprint| (info, footprint))
            }
            _ => checkpoint(source).and_then(|checkpoint| Self::of_checkpoint(&checkpoint, options)),
        };
        found.map_err(|e| source.locate(e))
    }

    /// The same of a checkpoint that is open, or that has no data ([`crate::checkpoint::official`]).
    ///
    /// # Errors
    /// As for [`Footprint::of`].
    pub fn of_checkpoint(source: &Source, options: &LoadOptions) -> Result<(ModelInfo, Self)> {
        let plan = convert::plan(source, &convert_options(options))?;
        let footprint = Self::of_graph(&plan.model, &plan.info, options)?;
        Ok((plan.info, footprint))
    }

    /// Of the sessions of a model. Heads that run for regions are taken as what they are for the whole picture.
    pub(super) fn of_graph(model: &ModelProto, info: &ModelInfo, options: &LoadOptions) -> Result<Self> {
        let whole = LoadOptions { regions: false, ..options.clone() };
        let parts = graphs(model, info, &whole)?;
        Ok(Self::of_graphs(parts.iter().map(|part| &part.graph)))
    }

    /// Of the graph of each session.
    pub(super) fn of_graphs<'a>(graphs: impl IntoIterator<Item = &'a ModelProto>) -> Self {
        let add = |sum: Self, graph: &ModelProto| Self {
            weights: sum.weights.saturating_add(weight_bytes(graph)),
            work: sum.work.saturating_add((work_bytes(graph) / 2).saturating_mul(LOSSES)),
        };
        graphs.into_iter().fold(Self::default(), add)
    }

    /// Weights and work space of so many people looked at in one run, at least one.
    pub fn total(&self, people: u64) -> u64 {
        self.weights.saturating_add(self.work.saturating_mul(people.max(1)))
    }
}

/// Bytes in the words of a person: `1.7 GB`, `640 MB`.
pub fn in_words(bytes: u64) -> String {
    match bytes {
        1_000_000_000.. => format!("{:.1} GB", bytes as f64 / 1e9),
        1_000_000.. => format!("{} MB", (bytes as f64 / 1e6).round()),
        1_000.. => format!("{} kB", (bytes as f64 / 1e3).round()),
        _ => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Precision, Task};

    fn demo(tasks: &[Task], precision: Precision) -> Footprint {
        let options = LoadOptions { tasks: Some(tasks.to_vec()), precision: Some(precision), ..LoadOptions::default() };
        Footprint::of(&ModelSource::Demo, &options).unwrap().1
    }

    #[test]
    fn more_tasks_take_more_and_half_precision_less() {
        let pose = demo(&[Task::Pose], Precision::Fp32);
        let both = demo(&[Task::Pose, Task::Normal], Precision::Fp32);
        let half = demo(&[Task::Pose], Precision::Fp16);
        assert!(both.weights > pose.weights && both.work > pose.work, "{pose:?} {both:?}");
        let share = half.weights as f64 / pose.weights as f64;
        assert!((0.5..0.6).contains(&share), "norms and the patch embedding stay whole: {share}");
        assert_eq!(pose.total(3), pose.weights + 3 * pose.work);
        assert_eq!(pose.total(0), pose.total(1));
    }

    #[test]
    fn bytes_are_rounded_for_people() {
        assert_eq!([999, 1_500, 640_400_000, 8_050_000_000].map(in_words), ["999 bytes", "2 kB", "640 MB", "8.1 GB"]);
    }
}
