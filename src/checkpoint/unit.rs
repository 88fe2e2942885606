//! A convolution without bias and the batch norm behind it, which conversion folds into one.

use super::check::Checker;
use crate::error::Result;

/// Channels and names of one. Padding keeps the size: half the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Name of the convolution's weight.
    pub weight: String,
    /// In front of the norm's `weight`, `bias`, `running_mean` and `running_var`.
    pub norm: String,
    /// Channels in.
    pub input: usize,
    /// Channels out.
    pub output: usize,
    /// Side of the kernel.
    pub kernel: usize,
    /// Whether each channel is convolved by itself.
    pub is_depthwise: bool,
}

impl Unit {
    /// Checks the tensors; `output` 0 for any number of channels.
    pub(super) fn derive(
        check: &mut Checker<'_>,
        weight: String,
        norm: String,
        [input, output]: [usize; 2],
        kernel: usize,
    ) -> Result<Self> {
        let output = check.shape(&weight, &[output, input, kernel, kernel], "C")?[0];
        Self { weight, norm, input, output, kernel, is_depthwise: false }.with_norm(check)
    }

    /// One that convolves each channel by itself.
    pub(super) fn depthwise(
        check: &mut Checker<'_>,
        weight: String,
        norm: String,
        channels: usize,
        kernel: usize,
    ) -> Result<Self> {
        check.expect(&weight, &[channels, 1, kernel, kernel])?;
        Self { weight, norm, input: channels, output: channels, kernel, is_depthwise: true }.with_norm(check)
    }

    fn with_norm(self, check: &mut Checker<'_>) -> Result<Self> {
        for field in ["weight", "bias", "running_mean", "running_var"] {
            check.expect(&format!("{}{field}", self.norm), &[self.output])?;
        }
        check.allow(format!("{}num_batches_tracked", self.norm));
        Ok(self)
    }
}
