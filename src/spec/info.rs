//! What a model says about itself: derived from a checkpoint, stored in a converted graph, reported to the caller.

use super::{Certificate, Task};
use crate::error::{Error, Result};
use crate::geometry::Size;
use serde::{Deserialize, Serialize};

macro_rules! text_enum {
    ($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            /// The name used in options and metadata.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }

        impl std::str::FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(Error::invalid(format!(
                        concat!("unknown ", $what, " `{}`; known are {}"), text, [$($text),+].join(", ")))),
                }
            }
        }
    };
}

text_enum! {
    /// Element type of the weights and of the large matrix products.
    Precision, "precision" {
        /// 32-bit floats throughout.
        Fp32 = "fp32",
        /// 16-bit weights and products; norms, rotary embedding, softmax and residual stream stay 32-bit.
        Fp16 = "fp16",
        /// As fp16, in bfloat16: the range of 32-bit floats with 8 bits of precision. For CUDA and TensorRT.
        Bf16 = "bf16",
    }
}

text_enum! {
    /// Arithmetic of the rotary position embedding.
    Rope, "RoPE arithmetic" {
        /// As the official code evaluates it: every step rounded to bfloat16.
        Bf16 = "bf16",
        /// 32-bit floats and exact periods, as Hugging Face transformers evaluates it.
        Fp32 = "fp32",
    }
}

text_enum! {
    /// How queries and keys are rotated when the tables are bfloat16; with 32-bit tables always `fused`.
    ///
    /// On the golden checkpoints the largest error against the official code is 3e-3 with the first two and 3e-2 with
    /// `fused` (values up to 11); a test keeps that order.
    #[derive(Default)]
    Rotation, "rotation" {
        /// Queries and keys, both products and their sum are rounded to bfloat16, as in the official code.
        #[default]
        Rounded = "rounded",
        /// The same, rounded by 32-bit arithmetic alone: for devices without bfloat16.
        Veltkamp = "veltkamp",
        /// Queries and keys stay 32-bit: one fused operator, a smaller and faster graph.
        Fused = "fused",
    }
}

text_enum! {
    /// How the model was trained to see an image.
    ModelFraming, "framing" {
        /// Each task as in the official code: pose a padded person crop, seg and matting the stretched image,
        /// normal, pointmap and albedo the letterboxed image.
        Official = "official",
        /// Each task as in the official "full" pipeline of Sapiens v1: pose a padded person crop, every other task the
        /// stretched image, all of it bilinear.
        Sapiens1 = "sapiens1",
        /// All tasks the same picture of one person, stretched to the input.
        Stretch = "stretch",
    }
}

text_enum! {
    /// Which input position a heatmap index stands for.
    HeatmapCodec, "heatmap codec" {
        /// First and last index on the centres of the first and last input pixel (unbiased data processing).
        Udp = "udp",
        /// Cell centres: index i covers the pixels from s*i to s*(i+1).
        HalfPixel = "half-pixel",
    }
}

text_enum! {
    /// The axes a model's normals were trained in. They are delivered in the camera frame.
    NormalFrame, "normal frame" {
        /// x right, y down, z forward: visible surfaces have negative z.
        Camera = "camera",
        /// x right, y up, z towards the viewer: visible surfaces have positive z.
        OpenGl = "opengl",
    }
}

text_enum! {
    /// Under which terms the weights may be used.
    Licence, "licence" {
        /// The Sapiens2 licence: no surveillance, no biometric processing, no deepfakes.
        Sapiens2 = "Sapiens2 License",
        /// The licence of Sapiens v1: no commercial use.
        Sapiens1 = "CC BY-NC 4.0 (Sapiens v1, non-commercial)",
        /// Our own demo model.
        MitApache = "MIT OR Apache-2.0",
        /// Nothing in the file says.
        Unknown = "unknown",
    }
}

text_enum! {
    /// Who made a person detector: what it sees and what its answer means.
    DetectorFamily, "detector" {
        /// The head of a bundle, over the backbone of its tasks.
        Bundle = "bundle",
        /// RTMDet: boxes per cell of three levels.
        RtmDet = "rtmdet",
        /// DETR: a fixed number of objects.
        Detr = "detr",
    }
}

/// Facts about one model. Of a detector alone, which has no tasks, framing, heatmap, RoPE and normal frame say nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// Tasks it has heads for; more than one for a bundle with a shared backbone.
    pub tasks: Vec<Task>,
    /// Official size name (`0.4b`, `1b-4k`, ...) or `custom`.
    pub size: String,
    /// Number of trained parameters.
    pub parameters: u64,
    /// Input size in pixels.
    pub input: Size,
    /// Keypoints of its pose head, 0 without one. The number names the set: [`crate::skeleton::keypoint_set`].
    #[serde(default)]
    pub keypoints: usize,
    /// Classes of its segmentation, background included, 0 without one. The number names the set:
    /// [`crate::skeleton::class_set`].
    #[serde(default)]
    pub classes: usize,
    /// How it was trained to see an image.
    pub framing: ModelFraming,
    /// Which input position a heatmap index stands for.
    pub heatmap: HeatmapCodec,
    /// Arithmetic of the rotary position embedding.
    pub rope: Rope,
    /// Element type of weights and products.
    pub precision: Precision,
    /// Axes of its normals.
    pub normal_frame: NormalFrame,
    /// Whether the graph takes normalised floats and gives undecoded outputs.
    pub raw: bool,
    /// Convolutions of its heads that have the form with less arithmetic ([`ConvertOptions::winograd`]); of a checkpoint 0.
    ///
    /// [`ConvertOptions::winograd`]: crate::convert::ConvertOptions::winograd
    #[serde(default, skip_serializing_if = "is_zero")]
    pub winograd: usize,
    /// SHA-256 of the checkpoint, hexadecimal; empty where nobody has read the whole file.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source_sha256: String,
    /// Terms of the weights.
    pub licence: Licence,
    /// The person detector of a bundle, or that the model is one; converted graphs of tasks have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detector: Option<DetectorInfo>,
    /// What the conversion was measured to cost; `None` where nobody has measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// Facts about a person detector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetectorInfo {
    /// Who made it.
    pub family: DetectorFamily,
    /// Size in pixels of what it sees: the whole picture, with a border. Of a DETR, which needs none, the shorter side of the
    /// picture (as height) and the longest that the other may be (as width).
    pub input: Size,
    /// Side in input pixels of a cell of its (finest) map.
    pub stride: usize,
}
