//! What an engine says about one image.

use crate::geometry::{Rect, Size};
use crate::task::matting::Matte;
use crate::task::pose::Keypoint;
use crate::task::seg::SegMap;
use ndarray::{Array2, Array3};

/// Everything about one image.
#[derive(Debug, Clone, Default)]
pub struct FrameResult {
    /// Size of the image.
    pub image: Size,
    /// One per box, in the order of the request; one for the whole image without boxes.
    pub people: Vec<Person>,
    /// Maps of the whole image: from tasks that look at all of it.
    pub scene: Maps,
    /// What took how long, in the order of the work.
    pub timings: Vec<Timing>,
}

/// Results of one person box.
#[derive(Debug, Clone)]
pub struct Person {
    /// The box that was asked for.
    pub bbox: Rect,
    /// Keypoints in image pixels, in the order of [`crate::skeleton::keypoints`].
    pub pose: Option<Vec<Keypoint>>,
    /// Maps in image space that come from this person's crop; background outside it.
    pub maps: Maps,
}

/// Dense results in image space, `H x W` of the image. Each is present if its task ran.
#[derive(Debug, Clone, Default)]
pub struct Maps {
    /// Body part per pixel, and its probability.
    pub seg: Option<SegMap>,
    /// HxWx3 unit normals in the camera frame (x right, y down, z forward); 0 where there is none.
    pub normal: Option<Array3<f32>>,
    /// HxWx3 metres in the camera frame; NaN where there is none.
    pub pointmap: Option<Array3<f32>>,
    /// HxWx3 RGB in 0..1.
    pub albedo: Option<Array3<f32>>,
    /// Coverage and premultiplied foreground.
    pub matting: Option<Matte>,
    /// Features of the backbone: not carried to image space, they have one cell per patch.
    pub features: Option<Features>,
}

impl Maps {
    /// Whether no task has left anything here.
    pub fn is_empty(&self) -> bool {
        self.seg.is_none()
            && self.normal.is_none()
            && self.pointmap.is_none()
            && self.albedo.is_none()
            && self.matting.is_none()
            && self.features.is_none()
    }
}

/// Features of the backbone.
#[derive(Debug, Clone)]
pub struct Features {
    /// `(1 + storage + h*w) x embed`: class token, storage tokens, patches row by row.
    pub tokens: Array2<f32>,
    /// `embed x h x w`: the patch tokens as a map of the network's input.
    pub featmap: Array3<f32>,
}

/// Time spent in one stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Timing {
    /// `preprocess`, `model`, `postprocess`, each followed by its task: `model pose`.
    pub stage: String,
    /// Wall-clock milliseconds.
    pub ms: f64,
}
