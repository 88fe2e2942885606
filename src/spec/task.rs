//! The tasks of the Sapiens2 family and of its predecessor.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// What a model predicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Task {
    /// Dense features of the pretrained backbone.
    Features,
    /// Keypoints of body, face, hands and feet: 308, and of Sapiens v1 also 133 or 17.
    Pose,
    /// Body parts and kinds of clothing: 29 classes, 28 of Sapiens v1.
    Seg,
    /// Surface normals.
    Normal,
    /// Metric position (XYZ) per pixel.
    Pointmap,
    /// Colour without light and shadow.
    Albedo,
    /// Alpha matte and foreground colour.
    Matting,
    /// Relative depth, Sapiens v1 only: 0 near to 1 far within a person, no unit; undefined in the background.
    Depth,
}

impl Task {
    /// All tasks, in the order in which they are reported.
    pub const ALL: [Self; 8] =
        [Self::Features, Self::Pose, Self::Seg, Self::Normal, Self::Pointmap, Self::Albedo, Self::Matting, Self::Depth];

    /// The name used in options, file names and metadata.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Features => "features",
            Self::Pose => "pose",
            Self::Seg => "seg",
            Self::Normal => "normal",
            Self::Pointmap => "pointmap",
            Self::Albedo => "albedo",
            Self::Matting => "matting",
            Self::Depth => "depth",
        }
    }

    /// The network's own outputs, before any decoding: names in a graph converted with `--raw`.
    pub const fn raw_outputs(self) -> &'static [&'static str] {
        match self {
            Self::Features => &["tokens", "featmap"],
            Self::Pose => &["heatmaps"],
            Self::Seg => &["logits"],
            Self::Normal => &["normal"],
            Self::Pointmap => &["pointmap", "scale"],
            Self::Albedo => &["albedo"],
            Self::Matting => &["matting"],
            Self::Depth => &["depth"],
        }
    }

    /// The outputs of a graph that decodes.
    ///
    /// `keypoints` NxKx3 (x, y in input pixels, score); `labels` NxHxW u8 and `confidence` NxHxW; `normals` unit
    /// Nx3xHxW; `points` metres Nx3xHxW; `albedo_rgb` Nx3xHxW in 0..1; `alpha` NxHxW and premultiplied `foreground`
    /// Nx3xHxW in 0..1; `depth` Nx1xHxW, the network's own.
    pub const fn decoded_outputs(self) -> &'static [&'static str] {
        match self {
            Self::Features => &["tokens", "featmap"],
            Self::Pose => &["keypoints"],
            Self::Seg => &["labels", "confidence"],
            Self::Normal => &["normals"],
            Self::Pointmap => &["points"],
            Self::Albedo => &["albedo_rgb"],
            Self::Matting => &["alpha", "foreground"],
            Self::Depth => &["depth"],
        }
    }
}

impl std::fmt::Display for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Task {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|task| task.name() == text).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|task| task.name()).collect();
            Error::invalid(format!("unknown task `{text}`; known tasks are {}", names.join(", ")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_a_wrong_one_lists_the_right_ones() {
        for task in Task::ALL {
            assert_eq!(task.name().parse::<Task>().unwrap(), task);
        }
        let message = "deep".parse::<Task>().unwrap_err().to_string();
        assert!(message.contains("`deep`") && message.contains("pointmap"), "{message}");
    }
}
