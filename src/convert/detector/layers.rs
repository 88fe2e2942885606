//! Layers of the convolutional detectors. They are small and run once per picture, so all of it is in 32-bit floats.

use crate::checkpoint::{Source, Unit};
use crate::convert::weights::{Job, Recipe};
use crate::error::Result;
use crate::onnx::{Attr, Builder, Dim, Element};

/// Epsilon of the batch norms and of DETR's layer norms.
const EPSILON: f64 = 1e-5;

/// A graph under construction together with its weight recipes.
#[derive(Default)]
pub(super) struct Layers {
    pub b: Builder,
    pub jobs: Vec<Job>,
}

impl Layers {
    pub fn weight(&mut self, name: &str, dims: &[usize], recipe: Recipe) -> String {
        let elements = dims.iter().product();
        self.jobs.push(Job { name: name.to_owned(), element: Element::F32, elements, recipe });
        self.b.weight(name, Element::F32, dims)
    }

    /// A tensor as it is stored.
    pub fn stored(&mut self, tensor: &str, dims: &[usize]) -> String {
        self.weight(tensor, dims, Recipe::Stored(tensor.to_owned()))
    }

    /// The picture, RGB bytes N x H x W x 3, as normalised planes in the given order of channels: the value `input`.
    pub fn picture(&mut self, size: [Dim; 2], order: &[i64; 3], mean: &[f32; 3], std: &[f32; 3]) -> String {
        let [height, width] = size;
        let image = self.b.input("image", Element::U8, &[Dim::Batch, height, width, Dim::Fixed(3)]);
        self.b.scope("normalise");
        let x = self.b.op("Cast", &[&image], &[("to", Attr::Int(Element::F32 as i64))]);
        let mut x = self.b.op("Transpose", &[&x], &[("perm", Attr::Ints(&[0, 3, 1, 2]))]);
        if *order != [0, 1, 2] {
            let order = self.b.shape(order);
            x = self.b.op("Gather", &[&x, &order], &[("axis", Attr::Int(1))]);
        }
        let (mean, std) = (self.b.floats(mean, &[1, 3, 1, 1]), self.b.floats(std, &[1, 3, 1, 1]));
        let x = self.b.op("Sub", &[&x, &mean], &[]);
        let x = self.b.op("Div", &[&x, &std], &[]);
        let x = self.b.rename(&x, "input");
        self.b.value(&x, Element::F32, &[Dim::Batch, Dim::Fixed(3), height, width]);
        x
    }

    /// A convolution with its batch norm folded in.
    pub fn unit(&mut self, x: &str, unit: &Unit, stride: usize, dilation: usize) -> String {
        let &Unit { input, output, kernel, is_depthwise, .. } = unit;
        let (groups, inputs) = if is_depthwise { (input, 1) } else { (1, input) };
        let dims = [output, inputs, kernel, kernel];
        let (own, per_output) = (unit.clone(), inputs * kernel * kernel);
        // By the norm: convolutions can share weights, their norms differ.
        let weight = self.weight(
            &format!("{}folded.weight", unit.norm),
            &dims,
            Recipe::computed(move |source| {
                let (values, scales) = (source.read(&own.weight)?, scales(source, &own.norm)?);
                let rows = values.chunks_exact(per_output).zip(scales);
                Ok(rows.flat_map(|(row, scale)| row.iter().map(move |v| (f64::from(*v) * scale) as f32)).collect())
            }),
        );
        let norm = unit.norm.clone();
        let bias = self.weight(
            &format!("{}folded.bias", unit.norm),
            &[output],
            Recipe::computed(move |source| {
                let (bias, mean) = (source.read(&format!("{norm}bias"))?, source.read(&format!("{norm}running_mean"))?);
                let scales = scales(source, &norm)?;
                let folded =
                    |((bias, mean), scale): ((f32, f32), f64)| (f64::from(bias) - f64::from(mean) * scale) as f32;
                Ok(bias.into_iter().zip(mean).zip(scales).map(folded).collect())
            }),
        );
        let pad = (kernel / 2 * dilation) as i64;
        let (stride, dilation) = (stride as i64, dilation as i64);
        let attributes = [
            ("pads", Attr::Ints(&[pad; 4])),
            ("strides", Attr::Ints(&[stride; 2])),
            ("dilations", Attr::Ints(&[dilation; 2])),
            ("group", Attr::Int(groups as i64)),
        ];
        self.b.op("Conv", &[x, &weight, &bias], &attributes)
    }

    /// A convolution 1x1 with bias, as stored.
    pub fn pointwise(&mut self, x: &str, key: &str, input: usize, output: usize) -> String {
        let weight = self.stored(&format!("{key}.weight"), &[output, input, 1, 1]);
        let bias = self.stored(&format!("{key}.bias"), &[output]);
        self.b.op("Conv", &[x, &weight, &bias], &[])
    }

    /// A linear layer with bias over the last axis.
    pub fn linear(&mut self, x: &str, key: &str, input: usize, output: usize) -> String {
        let tensor = format!("{key}.weight");
        let recipe = Recipe::Transposed { tensor: tensor.clone(), rows: 0..output, columns: input, row_scale: None };
        let weight = self.weight(&tensor, &[input, output], recipe);
        let bias = self.stored(&format!("{key}.bias"), &[output]);
        let product = self.b.op("MatMul", &[x, &weight], &[]);
        self.b.op("Add", &[&product, &bias], &[])
    }

    /// `(x + y)` normalised over the last axis.
    pub fn add_norm(&mut self, x: &str, y: &str, key: &str, width: usize) -> String {
        let sum = self.b.op("Add", &[x, y], &[]);
        self.layer_norm(&sum, key, width)
    }

    pub fn layer_norm(&mut self, x: &str, key: &str, width: usize) -> String {
        let weight = self.stored(&format!("{key}.weight"), &[width]);
        let bias = self.stored(&format!("{key}.bias"), &[width]);
        let attributes = [("axis", Attr::Int(-1)), ("epsilon", Attr::Float(EPSILON as f32))];
        self.b.op("LayerNormalization", &[x, &weight, &bias], &attributes)
    }

    pub fn relu(&mut self, x: &str) -> String {
        self.b.op("Relu", &[x], &[])
    }

    /// `x * sigmoid(x)`: ONNX Runtime's QuickGelu with alpha 1.
    pub fn silu(&mut self, x: &str) -> String {
        self.b.ms_op("QuickGelu", &[x], &[("alpha", Attr::Float(1.0))])
    }

    pub fn add(&mut self, x: &str, y: &str) -> String {
        self.b.op("Add", &[x, y], &[])
    }

    pub fn concat(&mut self, parts: &[&str], axis: i64) -> String {
        self.b.op("Concat", parts, &[("axis", Attr::Int(axis))])
    }

    pub fn reshape(&mut self, x: &str, dims: &[i64]) -> String {
        let shape = self.b.shape(dims);
        self.b.op("Reshape", &[x, &shape], &[])
    }
}

/// What a batch norm multiplies each channel with.
fn scales(source: &Source, norm: &str) -> Result<Vec<f64>> {
    let (weight, variance) = (source.read(&format!("{norm}weight"))?, source.read(&format!("{norm}running_var"))?);
    let scale = |(weight, variance): (f32, f32)| f64::from(weight) / (f64::from(variance) + EPSILON).sqrt();
    Ok(weight.into_iter().zip(variance).map(scale).collect())
}
