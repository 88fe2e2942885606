//! Norms over the last axis, alone or behind the sum of a branch and the residual stream.

use super::part::{F32, Part};
use crate::onnx::Attr;
use crate::onnx::proto::NodeProto;

/// `x / sqrt(mean(x^2) + epsilon) * weight`.
pub(super) fn rms(part: &mut Part, node: &NodeProto) -> Option<()> {
    let ([x, weight], [output]) = (node.input.as_slice(), node.output.as_slice()) else { return None };
    if node.integer("axis").unwrap_or(-1) != -1 {
        return None;
    }
    let (wide, element) = (part.wide(x, "wide"), part.element(x));
    let y = rms_of(part, &wide, weight, epsilon(node));
    part.finish(&y, element, output);
    Some(())
}

/// The same of a sum; input: branch, residual, weight, and the bias of the branch.
pub(super) fn rms_of_sum(part: &mut Part, node: &NodeProto) -> Option<()> {
    let [branch, residual, weight, bias @ ..] = node.input.as_slice() else { return None };
    let summed = sum(part, node, [branch, residual], bias)?;
    let y = rms_of(part, &summed, weight, epsilon(node));
    part.finish(&y, part.element(branch), node.output.first()?);
    Some(())
}

/// A layer norm of a sum; input: branch, residual, weight and bias of the norm, and the bias of the branch.
pub(super) fn layer_of_sum(part: &mut Part, node: &NodeProto) -> Option<()> {
    let [branch, residual, weight, shift, bias @ ..] = node.input.as_slice() else { return None };
    let summed = sum(part, node, [branch, residual], bias)?;
    let (weight, shift) = (part.wide(weight, "weight"), part.wide(shift, "shift"));
    let attributes = [("axis", Attr::Int(-1)), ("epsilon", Attr::Float(epsilon(node)))];
    let y = part.op("LayerNormalization", "norm", &[&summed, &weight, &shift], &attributes);
    part.finish(&y, part.element(branch), node.output.first()?);
    Some(())
}

fn epsilon(node: &NodeProto) -> f32 {
    // The default of these operators.
    node.float("epsilon").unwrap_or(1e-5)
}

/// The sum in 32-bit floats, which is also the fourth output; `None`, and nothing added, if mean or deviation are asked for.
fn sum(part: &mut Part, node: &NodeProto, [branch, residual]: [&String; 2], bias: &[String]) -> Option<String> {
    let asked = |i: usize| node.output.get(i).filter(|name| !name.is_empty());
    if asked(0).is_none() || asked(1).is_some() || asked(2).is_some() || bias.len() > 1 {
        return None;
    }
    let element = part.element(branch);
    let mut x = part.wide(branch, "branch");
    // Product and bias first: devices know that as one operator.
    if let Some(bias) = bias.first() {
        let bias = part.wide(bias, "bias");
        x = part.op("Add", "biased", &[&x, &bias], &[]);
    }
    let residual = part.wide(residual, "residual");
    let summed = part.op("Add", "sum", &[&x, &residual], &[]);
    match asked(3) {
        Some(output) if element == F32 => {
            part.name(&summed, output);
            Some(output.clone())
        }
        Some(output) => {
            part.finish(&summed, element, output);
            Some(summed)
        }
        None => Some(summed),
    }
}

fn rms_of(part: &mut Part, x: &str, weight: &str, epsilon: f32) -> String {
    // In this form OpenVINO knows it as one operator.
    let two = part.number("two", 2.0, F32);
    let squares = part.op("Pow", "squares", &[x, &two], &[]);
    let axis = part.ints("axis", &[-1]);
    let mean = part.op("ReduceMean", "mean", &[&squares, &axis], &[("keepdims", Attr::Int(1))]);
    let epsilon = part.number("epsilon", epsilon, F32);
    let mean = part.op("Add", "mean_epsilon", &[&mean, &epsilon], &[]);
    let root = part.op("Sqrt", "root", &[&mean], &[]);
    let normal = part.op("Div", "normal", &[x, &root], &[]);
    let weight = part.wide(weight, "weight");
    part.op("Mul", "weighted", &[&normal, &weight], &[])
}
