//! Layers shared by backbone and heads: a graph builder that knows how each weight is made from the checkpoint.

use super::weights::{Job, Recipe};
use super::winograd;
use crate::checkpoint::Arch;
use crate::geometry::Size;
use crate::onnx::{Attr, Builder, Element};
use crate::spec::{ModelInfo, Precision, Rotation};

/// Epsilon of every RMS norm, and of the layer norms of v1.
pub(super) const NORM_EPSILON: f32 = 1e-6;
/// Epsilon of the instance norms in the heads.
pub(super) const INSTANCE_EPSILON: f32 = 1e-5;

/// A graph under construction together with its weight recipes.
///
/// Activations travel between layers as 32-bit floats: residual stream, norms, rotary embedding and statistics need
/// them. In fp16 and bf16 the inputs of products are cast just before them, and their results back.
pub(super) struct Net<'a> {
    pub arch: &'a Arch,
    pub info: &'a ModelInfo,
    pub rotation: Rotation,
    pub b: Builder,
    /// Layers that are convolved with less arithmetic.
    pub winograd: winograd::Chosen,
    jobs: Vec<Job>,
}

impl<'a> Net<'a> {
    pub fn new(arch: &'a Arch, info: &'a ModelInfo, rotation: Rotation) -> Self {
        Self { arch, info, rotation, b: Builder::new(), winograd: winograd::Chosen::new(), jobs: Vec::new() }
    }

    pub fn into_parts(self) -> (Builder, Vec<Job>) {
        (self.b, self.jobs)
    }

    /// Element type of weights and products.
    pub fn element(&self) -> Element {
        match self.info.precision {
            Precision::Fp32 => Element::F32,
            Precision::Fp16 => Element::F16,
            Precision::Bf16 => Element::Bf16,
        }
    }

    /// Declares a weight of the precision of products.
    pub fn weight(&mut self, name: &str, dims: &[usize], recipe: Recipe) -> String {
        let element = self.element();
        self.typed_weight(name, element, dims, recipe)
    }

    /// Declares a weight that stays 32-bit in every precision.
    pub fn float_weight(&mut self, name: &str, dims: &[usize], recipe: Recipe) -> String {
        self.typed_weight(name, Element::F32, dims, recipe)
    }

    fn typed_weight(&mut self, name: &str, element: Element, dims: &[usize], recipe: Recipe) -> String {
        let elements = dims.iter().product();
        self.jobs.push(Job { name: name.to_owned(), element, elements, recipe });
        self.b.weight(name, element, dims)
    }

    /// To the element type of products.
    pub fn narrow(&mut self, x: &str) -> String {
        self.cast_if_half(x, self.element())
    }

    /// Back to 32-bit floats.
    pub fn widen(&mut self, x: &str) -> String {
        self.cast_if_half(x, Element::F32)
    }

    fn cast_if_half(&mut self, x: &str, to: Element) -> String {
        match self.info.precision {
            Precision::Fp32 => x.to_owned(),
            Precision::Fp16 | Precision::Bf16 => self.cast(x, to),
        }
    }

    pub fn cast(&mut self, x: &str, to: Element) -> String {
        self.b.op("Cast", &[x], &[("to", Attr::Int(to as i64))])
    }

    /// `x` with other extents. One that stays, above all the batch, is 0 and not -1: it then keeps its name, and ONNX Runtime knows
    /// which buffers it can use again. Without, planning them takes most of the time of a load, and every value gets memory of its own.
    pub fn reshape(&mut self, x: &str, dims: &[i64]) -> String {
        let shape = self.b.shape(dims);
        self.b.op("Reshape", &[x, &shape], &[])
    }

    /// `x[..., in] * W^T` without bias. `x` and the result have the type of products. `rows` of the stored `[out, in]`
    /// matrix are used, scaled per row by the tensor `row_scale` if given.
    pub fn matmul(
        &mut self,
        x: &str,
        key: &str,
        part: &str,
        rows: std::ops::Range<usize>,
        inputs: usize,
        row_scale: Option<String>,
    ) -> String {
        let dims = [inputs, rows.len()];
        let tensor = format!("{key}.weight");
        let weight = self.weight(
            &format!("{tensor}{part}"),
            &dims,
            Recipe::Transposed { tensor, rows, columns: inputs, row_scale },
        );
        self.b.op("MatMul", &[x, &weight], &[])
    }

    /// A linear layer with bias, in the type of products.
    pub fn linear(&mut self, x: &str, key: &str, inputs: usize, outputs: usize) -> String {
        self.linear_rows(x, key, "", 0..outputs, inputs)
    }

    /// Some rows of a linear layer with bias.
    pub fn linear_rows(
        &mut self,
        x: &str,
        key: &str,
        part: &str,
        rows: std::ops::Range<usize>,
        inputs: usize,
    ) -> String {
        let product = self.matmul(x, key, part, rows.clone(), inputs, None);
        let tensor = format!("{key}.bias");
        let bias =
            self.weight(&format!("{tensor}{part}"), &[rows.len()], Recipe::Rows { tensor, rows, row_scale: None });
        self.b.op("Add", &[&product, &bias], &[])
    }

    /// A linear layer with bias, `[N, inputs]` to `[N, outputs]`, in 32-bit floats in every precision.
    pub fn float_linear(&mut self, x: &str, key: &str, inputs: usize, outputs: usize) -> String {
        let tensor = format!("{key}.weight");
        let recipe = Recipe::Transposed { tensor: tensor.clone(), rows: 0..outputs, columns: inputs, row_scale: None };
        let weight = self.float_weight(&tensor, &[inputs, outputs], recipe);
        let bias = format!("{key}.bias");
        let bias = self.float_weight(&bias, &[outputs], Recipe::Stored(bias.clone()));
        let product = self.b.op("MatMul", &[x, &weight], &[]);
        self.b.op("Add", &[&product, &bias], &[])
    }

    /// Puts the values of `2 x 2` pixels that lie behind one another in the channels where they belong: `[N, 4 C, h, w]` to
    /// `[N, C, 2h, 2w]`. `pixels_first`: channel `pixel * C + c`, otherwise `4 c + pixel`.
    pub fn depth_to_space(&mut self, x: &str, pixels_first: bool, channels: usize, map: Size) -> String {
        if self.element() != Element::Bf16 {
            let mode = if pixels_first { "DCR" } else { "CRD" };
            return self.b.op("DepthToSpace", &[x], &[("blocksize", Attr::Int(2)), ("mode", Attr::Text(mode))]);
        }
        // CUDA has no kernel for bfloat16: what the operator is defined by.
        let (c, h, w) = (channels as i64, map.height as i64, map.width as i64);
        let (split, order) = match pixels_first {
            true => ([0, 2, 2, c, h, w], [0, 3, 4, 1, 5, 2]),
            false => ([0, c, 2, 2, h, w], [0, 1, 4, 2, 5, 3]),
        };
        let x = self.reshape(x, &split);
        let x = self.b.op("Transpose", &[&x], &[("perm", Attr::Ints(&order))]);
        self.reshape(&x, &[0, c, 2 * h, 2 * w])
    }

    /// `x * rsqrt(mean(x^2) + eps) * weight` over the last axis, in 32-bit floats.
    pub fn rms_norm(&mut self, x: &str, weight: &str) -> String {
        let attributes = [("axis", Attr::Int(-1)), ("epsilon", Attr::Float(NORM_EPSILON))];
        self.b.op("SimplifiedLayerNormalization", &[x, weight], &attributes)
    }

    /// `(x - mean(x)) * rsqrt(var(x) + eps) * weight + bias` over the last axis, in 32-bit floats.
    pub fn layer_norm(&mut self, x: &str, weight: &str, bias: &str) -> String {
        let attributes = [("axis", Attr::Int(-1)), ("epsilon", Attr::Float(NORM_EPSILON))];
        self.b.op("LayerNormalization", &[x, weight, bias], &attributes)
    }

    /// Attention of heads that lie side by side in `[N, T, heads * D]`.
    pub fn attention(&mut self, q: &str, k: &str, v: &str, heads: usize) -> String {
        let scale = (self.arch.head_dim as f64).powf(-0.5) as f32;
        let attributes = [("num_heads", Attr::Int(heads as i64)), ("scale", Attr::Float(scale))];
        self.b.ms_op("MultiHeadAttention", &[q, k, v], &attributes)
    }

    /// `x * (1 + erf(x / sqrt(2))) / 2`. ONNX Runtime fuses it with the sum in front of it.
    pub fn gelu(&mut self, x: &str) -> String {
        self.b.ms_op("Gelu", &[x], &[])
    }

    /// `x * sigmoid(x)`: ONNX Runtime's QuickGelu with alpha 1.
    pub fn silu(&mut self, x: &str) -> String {
        self.b.ms_op("QuickGelu", &[x], &[("alpha", Attr::Float(1.0))])
    }

    /// The weight of a norm.
    pub fn norm_weight(&mut self, key: &str, width: usize) -> String {
        let name = format!("{key}.weight");
        self.float_weight(&name, &[width], Recipe::Stored(name.clone()))
    }

    /// Repeats a `[1, ...dims]` tensor along the batch of `like`.
    pub fn expand_batch(&mut self, x: &str, like: &str, dims: &[i64]) -> String {
        let batch = self.b.op("Shape", &[like], &[("start", Attr::Int(0)), ("end", Attr::Int(1))]);
        let rest = self.b.shape(dims);
        let shape = self.b.op("Concat", &[&batch, &rest], &[("axis", Attr::Int(0))]);
        self.b.op("Expand", &[x, &shape], &[])
    }
}
