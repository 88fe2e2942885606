//! What came out, in the shape of the JSON document.

use super::Boxes;
use super::pose::PoseReport;
use crate::measure::{AlbedoReport, AlphaReport, BoxReport, ClassesReport, NormalsReport, PointsReport};
use crate::spec::Task;
use serde::Serialize;

/// The scores of every task that was compared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Pictures seen, those without a label for any of the tasks too.
    pub pictures: u64,
    /// Where the person boxes of pose came from.
    pub boxes: Boxes,
    /// The boxes of the detector, where those of pose came from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detector: Option<Scored<BoxReport>>,
    /// Keypoints.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pose: Option<Scored<PoseReport>>,
    /// Body parts, over whole pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seg: Option<Scored<ClassesReport>>,
    /// Normals, on the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normal: Option<Scored<NormalsReport>>,
    /// Points, on the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointmap: Option<Scored<PointsReport>>,
    /// Albedo, on the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub albedo: Option<Scored<AlbedoReport>>,
    /// Coverage, over whole pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matting: Option<Scored<AlphaReport>>,
}

/// The scores of one task.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scored<T> {
    /// Pictures with a label for it; all of them for the detector, and for pose in boxes that it found.
    pub pictures: u64,
    /// The scores.
    #[serde(flatten)]
    pub scores: T,
}

/// A task that is missing from a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotEvaluated {
    /// The task.
    pub task: Task,
    /// Why.
    pub reason: String,
}
