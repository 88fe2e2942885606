//! How the weights of a graph are made from the tensors of a checkpoint.

use crate::checkpoint::Source;
use crate::error::Result;
use crate::onnx::Element;
use std::ops::Range;

/// One weight of the graph.
pub(super) struct Job {
    pub name: String,
    pub element: Element,
    pub elements: usize,
    pub recipe: Recipe,
}

type Compute = Box<dyn Fn(&Source) -> Result<Vec<f32>> + Send + Sync>;

/// How its values are made.
pub(super) enum Recipe {
    /// The tensor as stored.
    Stored(String),
    /// Some rows of a tensor, each scaled by an element of another one.
    Rows { tensor: String, rows: Range<usize>, row_scale: Option<String> },
    /// Some rows of an `[out, in]` matrix, scaled, as `[in, out]`.
    Transposed { tensor: String, rows: Range<usize>, columns: usize, row_scale: Option<String> },
    /// Anything else.
    Computed(Compute),
}

impl Recipe {
    pub fn computed(f: impl Fn(&Source) -> Result<Vec<f32>> + Send + Sync + 'static) -> Self {
        Self::Computed(Box::new(f))
    }

    /// Values known when the graph is built.
    pub fn values(values: Vec<f32>) -> Self {
        Self::computed(move |_| Ok(values.clone()))
    }

    fn make(&self, source: &Source) -> Result<Vec<f32>> {
        match self {
            Self::Stored(tensor) => source.read(tensor),
            Self::Rows { tensor, rows, row_scale } => {
                let mut values = source.read_range(tensor, rows.clone())?;
                if let Some(scale) = row_scale {
                    let scale = source.read_range(scale, rows.clone())?;
                    values.iter_mut().zip(scale).for_each(|(v, s)| *v *= s);
                }
                Ok(values)
            }
            Self::Transposed { tensor, rows, columns, row_scale } => {
                let stored = source.read_range(tensor, rows.start * columns..rows.end * columns)?;
                let scale = match row_scale {
                    Some(name) => source.read_range(name, rows.clone())?,
                    None => vec![1.0; rows.len()],
                };
                Ok(transpose(&stored, rows.len(), *columns, &scale))
            }
            Self::Computed(f) => f(source),
        }
    }
}

impl Job {
    pub fn bytes(&self) -> usize {
        self.elements * self.element.bytes()
    }

    /// The bytes of the weight, little-endian.
    pub fn make(&self, source: &Source) -> Result<Vec<u8>> {
        let values = self.recipe.make(source)?;
        if values.len() != self.elements {
            // The shapes were checked when the architecture was derived.
            return Err(crate::Error::new(
                crate::ErrorKind::CorruptModel,
                format!("weight `{}` has {} elements instead of {}", self.name, values.len(), self.elements),
            ));
        }
        Ok(match self.element {
            Element::F16 => values.iter().flat_map(|&v| half::f16::from_f32(v).to_le_bytes()).collect(),
            Element::Bf16 => values.iter().flat_map(|&v| half::bf16::from_f32(v).to_le_bytes()).collect(),
            _ => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        })
    }

    /// Where the checkpoint holds exactly these bytes.
    pub fn in_place(&self, source: &Source) -> Option<u64> {
        let Recipe::Stored(tensor) = &self.recipe else { return None };
        match source.location(tensor)? {
            (crate::checkpoint::DType::F32, offset) if self.element == Element::F32 => Some(offset),
            (crate::checkpoint::DType::F16, offset) if self.element == Element::F16 => Some(offset),
            (crate::checkpoint::DType::BF16, offset) if self.element == Element::Bf16 => Some(offset),
            _ => None,
        }
    }
}

/// `[rows, columns]` to `[columns, rows]`, in tiles so that both sides stay in the cache.
fn transpose(x: &[f32], rows: usize, columns: usize, row_scale: &[f32]) -> Vec<f32> {
    const TILE: usize = 32;
    let mut y = vec![0.0; x.len()];
    for r0 in (0..rows).step_by(TILE) {
        for c0 in (0..columns).step_by(TILE) {
            for r in r0..rows.min(r0 + TILE) {
                for c in c0..columns.min(c0 + TILE) {
                    y[c * rows + r] = x[r * columns + c] * row_scale[r];
                }
            }
        }
    }
    y
}

/// What a conversion is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Reading the checkpoint for its SHA-256.
    Hash,
    /// Making and writing weights.
    Weights,
}

/// Told how far a conversion is, in bytes done and bytes in total; an error it returns stops the conversion.
pub type Progress<'a> = dyn FnMut(Stage, u64, u64) -> Result<()> + 'a;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transpose_scales_rows() {
        let x: Vec<f32> = (0..6).map(|v| v as f32).collect();
        assert_eq!(transpose(&x, 2, 3, &[1.0, 10.0]), [0.0, 30.0, 1.0, 40.0, 2.0, 50.0]);
        let big: Vec<f32> = (0..70 * 45).map(|v| v as f32).collect();
        let back = transpose(&transpose(&big, 70, 45, &[1.0; 70]), 45, 70, &[1.0; 45]);
        assert_eq!(back, big);
    }
}
