//! What the arithmetic of a conversion costs, as it was measured: stored in the graph, reported to the caller.

use super::Task;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Differences between a converted model and the same checkpoint in 32-bit floats, measured on the same device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// What it was compared with: `fp32`, without Winograd.
    pub reference: String,
    /// Where the converted model ran.
    pub device: String,
    /// Where the reference ran: another device than `device` only if that cannot run it.
    pub reference_device: String,
    /// Version of ONNX Runtime.
    pub onnxruntime: String,
    /// Number of pictures looked at.
    pub pictures: usize,
    /// `built-in`, or `given` by the caller.
    pub source: String,
    /// One per task of the model.
    pub tasks: Vec<TaskError>,
}

/// The error of one task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskError {
    /// The task.
    pub task: Task,
    /// Length of the difference of the network's own outputs, divided by the length of those of the reference (all pictures as
    /// one vector). A value that is not a number counts as 0.
    pub relative_l2: f64,
    /// Values of the converted model's outputs that are not a number, or infinite.
    pub not_finite: u64,
    /// The error in the task's own terms; the unit is the end of the name:
    /// pose `mean_px`, `p99_px`, `max_px` (distance in pixels of the network input), `mean_box`, `p99_box`, `max_box` (share of the
    /// diagonal of the person's box), `keypoints` (how many were compared: those with a reference score of at least 0.3, all if
    /// there are none); seg `differing_share` (of labels); normal `mean_degrees`, `p99_degrees`, `max_degrees`; pointmap
    /// `mean_relative`, `p99_relative`, `max_relative` (to the distance from the camera); depth the same, relative to the range
    /// of the reference; albedo and matting (alpha) `mean_absolute`, `p99_absolute`, `max_absolute`, of 0..1; features none.
    pub measures: BTreeMap<String, f64>,
}

impl std::fmt::Display for TaskError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: relative L2 {:.1e}", self.task, self.relative_l2)?;
        for (name, value) in &self.measures {
            let (what, unit) = name.rsplit_once('_').unwrap_or(("", name));
            match name.as_str() {
                "keypoints" => write!(f, ", {value} keypoints")?,
                _ => write!(f, ", {what} {value:.2e} {unit}")?,
            }
        }
        match self.not_finite {
            0 => Ok(()),
            count => write!(f, ", {count} values are not finite"),
        }
    }
}
