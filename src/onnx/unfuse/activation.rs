//! Activations.

use super::part::{F32, Part};
use crate::onnx::proto::NodeProto;

/// `x * sigmoid(alpha x)`, which devices know as SiLU or Swish.
pub(super) fn quick_gelu(part: &mut Part, node: &NodeProto) -> Option<()> {
    let ([x], [output]) = (node.input.as_slice(), node.output.as_slice()) else { return None };
    // The default of the operator.
    let alpha = node.float("alpha").unwrap_or(1.702);
    let (wide, element) = (part.wide(x, "wide"), part.element(x));
    let gate = if alpha == 1.0 {
        wide.clone()
    } else {
        let alpha = part.number("alpha", alpha, F32);
        part.op("Mul", "scaled", &[&wide, &alpha], &[])
    };
    let gate = part.op("Sigmoid", "sigmoid", &[&gate], &[]);
    let y = part.op("Mul", "product", &[&wide, &gate], &[]);
    part.finish(&y, element, output);
    Some(())
}

/// `x * (1 + erf(x / sqrt(2))) / 2`: standard since opset 20.
pub(super) fn gelu(part: &mut Part, node: &NodeProto) -> Option<()> {
    let ([x], [output]) = (node.input.as_slice(), node.output.as_slice()) else { return None };
    let (wide, element) = (part.wide(x, "wide"), part.element(x));
    let y = part.op("Gelu", "gelu", &[&wide], &[]);
    part.finish(&y, element, output);
    Some(())
}
