//! The heads: which layers a task has behind the backbone.

use crate::geometry::Size;

/// Normalisation between the layers of a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadNorm {
    /// Per channel over the whole map, no weights, eps 1e-5.
    Instance,
    /// RMS over the channels of each pixel, with weights (`Conv::norm`), eps 1e-6.
    ChannelRms,
}

/// A convolution, plain or transposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conv {
    /// Name without `.weight`. Weight shape: plain `[output, input, kernel, kernel]`, transposed
    /// `[input, output, kernel, kernel]`. Plain ones also have a `.bias` of `output`.
    pub key: String,
    /// Input channels.
    pub input: usize,
    /// Output channels (before a pixel shuffle: 4 times those behind it).
    pub output: usize,
    /// Side of the kernel.
    pub kernel: usize,
    /// Full name of the norm weights behind it; only with [`HeadNorm::ChannelRms`].
    pub norm: Option<String>,
}

/// A linear layer with bias: weight `[output, input]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linear {
    /// Name without `.weight` and `.bias`.
    pub key: String,
    /// Input features.
    pub input: usize,
    /// Output features.
    pub output: usize,
}

/// The part of a pointmap head that predicts one scale per image: convolutions 1x1 of stride 2, each with instance norm
/// and SiLU, flattened (C, h, w), then linear layers with SiLU between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaleBranch {
    /// The convolutions.
    pub convs: Vec<Conv>,
    /// The linear layers; the last has one output.
    pub linears: Vec<Linear>,
    /// Cells (h*w) of the last convolution's map that the first linear layer expects: it fixes the input size.
    pub cells: usize,
}

impl ScaleBranch {
    /// Size of the map behind the convolutions for a given feature map: each halves and rounds up.
    pub fn cells_of(&self, grid: Size) -> Size {
        self.convs.iter().fold(grid, |s, _| Size::new(s.width.div_ceil(2), s.height.div_ceil(2)))
    }

    /// Whether a feature map of this size leads to the right number of cells. One cell never fits: its instance norm
    /// would be constant.
    pub fn fits(&self, grid: Size) -> bool {
        let cells = self.cells_of(grid);
        self.cells > 1 && cells.width.checked_mul(cells.height) == Some(self.cells)
    }
}

/// The layers of one task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// Transposed convolutions 4x4 (stride 2, padding 1, no bias), then convolutions, each with instance norm and SiLU;
    /// then the predictor.
    Deconv {
        /// `decode_head.`, `decode_heads.<task>.` or `decode_heads.detector.`.
        prefix: String,
        /// Transposed convolutions.
        deconv: Vec<Conv>,
        /// Convolutions.
        conv: Vec<Conv>,
        /// The last layer, 1x1.
        predictor: Conv,
    },
    /// A convolution 3x3, then blocks of convolution 3x3 and pixel shuffle by 2, then convolutions, each with norm and
    /// SiLU; then the predictor.
    PixelShuffle {
        /// `decode_head.` or `decode_heads.<task>.`.
        prefix: String,
        /// The first convolution.
        input_conv: Conv,
        /// Convolutions before a pixel shuffle; the channels behind it are `output / 4`.
        upsample: Vec<Conv>,
        /// Convolutions.
        conv: Vec<Conv>,
        /// The last layer, 1x1.
        predictor: Conv,
        /// Norm behind each layer but the predictor.
        norm: HeadNorm,
        /// Only in a pointmap head.
        scale: Option<ScaleBranch>,
    },
}

impl Head {
    /// The last layer.
    pub fn predictor(&self) -> &Conv {
        match self {
            Self::Deconv { predictor, .. } | Self::PixelShuffle { predictor, .. } => predictor,
        }
    }

    /// Channels of the output map.
    pub fn out(&self) -> usize {
        self.predictor().output
    }

    /// In front of all tensor names of this head.
    pub fn prefix(&self) -> &str {
        match self {
            Self::Deconv { prefix, .. } | Self::PixelShuffle { prefix, .. } => prefix,
        }
    }

    /// The scale branch of a pointmap head.
    pub fn scale(&self) -> Option<&ScaleBranch> {
        match self {
            Self::PixelShuffle { scale, .. } => scale.as_ref(),
            Self::Deconv { .. } => None,
        }
    }

    /// How many times larger the output map is than the feature map.
    pub fn upscale(&self) -> usize {
        match self {
            Self::Deconv { deconv, .. } => 1 << deconv.len(),
            Self::PixelShuffle { upsample, .. } => 1 << upsample.len(),
        }
    }
}
