//! How much memory a graph needs: its weights, and the values that are alive at the same time while it runs on one picture.

use super::proto::{GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, dimension};
use std::collections::HashMap;

/// Extents, slowest first; a free extent (the batch) counts as one.
type Shape = Vec<u64>;

/// Bytes of the weights of a graph: those beside it by their declared length, those in it as they are.
pub fn weight_bytes(model: &ModelProto) -> u64 {
    let beside =
        |t: &TensorProto| t.external_data.iter().find(|e| e.key == "length").and_then(|e| e.value.parse().ok());
    let declared = |t: &TensorProto| {
        let elements = t.dims.iter().map(|&d| u64::try_from(d).unwrap_or(0)).product::<u64>();
        elements.saturating_mul(element_bytes(t.data_type))
    };
    let all = model.graph.iter().flat_map(|g| &g.initializer);
    all.map(|t| if t.raw_data.is_empty() { beside(t).unwrap_or(declared(t)) } else { t.raw_data.len() as u64 }).sum()
}

/// The most bytes of values that are alive at the same time while the graph runs on one picture, node by node in the order of the
/// graph. A value lives from the node that makes it to the last that reads it; an output stays. Shapes are inferred for the operators that
/// this library writes; another one is taken to give what it gets.
pub fn work_bytes(model: &ModelProto) -> u64 {
    model.graph.as_ref().map_or(0, |graph| Walk::new(graph).peak())
}

/// Number of bytes of an element type of the format.
fn element_bytes(data_type: i32) -> u64 {
    match data_type {
        2 | 3 | 9 => 1,
        10 | 16 => 2,
        7 | 11 => 8,
        _ => 4,
    }
}

/// Operators that ONNX Runtime lets write over an input that nobody needs any more.
const IN_PLACE: [&str; 10] =
    ["Add", "Sub", "Mul", "Div", "Reshape", "Sigmoid", "Sqrt", "Identity", "Squeeze", "QuickGelu"];
/// Copies of the queries that attention makes while it works: queries, keys and values head by head.
const ATTENTION_COPIES: u64 = 3;

struct Walk<'g> {
    graph: &'g GraphProto,
    weights: HashMap<&'g str, &'g TensorProto>,
    /// What is known so far: extents and bytes per element.
    known: HashMap<&'g str, (Shape, u64)>,
    /// The node that reads a value last.
    last: HashMap<&'g str, usize>,
}

impl<'g> Walk<'g> {
    fn new(graph: &'g GraphProto) -> Self {
        let mut last = HashMap::new();
        for (i, node) in graph.node.iter().enumerate() {
            last.extend(node.input.iter().map(|name| (name.as_str(), i)));
        }
        last.extend(graph.output.iter().map(|output| (output.name.as_str(), usize::MAX)));
        let weights = graph.initializer.iter().map(|t| (t.name.as_str(), t)).collect();
        let known = graph.input.iter().filter_map(|value| Some((value.name.as_str(), declared(value)?))).collect();
        Self { graph, weights, known, last }
    }

    fn peak(mut self) -> u64 {
        // The host's pictures and featuremaps are alive beside what is made of them.
        let mut alive: u64 = self.known.values().map(bytes).sum();
        let mut peak = alive;
        for (i, node) in self.graph.node.iter().enumerate() {
            let dies =
                |name: &&String| self.last.get(name.as_str()) == Some(&i) && self.known.contains_key(name.as_str());
            let mut dying: Vec<&str> = node.input.iter().filter(dies).map(String::as_str).collect();
            dying.sort_unstable();
            dying.dedup();
            let freed: u64 = dying.iter().filter_map(|name| self.known.get(name)).map(bytes).sum();
            let made = self.results(node);
            let new: u64 = made.iter().map(|(_, value)| bytes(value)).sum();
            // What nobody reads is gone at once.
            let kept = |(name, _): &(&str, (Shape, u64))| self.last.contains_key(name);
            let made: Vec<_> = made.into_iter().filter(kept).collect();
            let stays: u64 = made.iter().map(|(_, value)| bytes(value)).sum();
            let scratch = if node.op_type == "MultiHeadAttention" { ATTENTION_COPIES * new } else { 0 };
            let reused = if IN_PLACE.contains(&node.op_type.as_str()) { freed.min(new) } else { 0 };
            peak = peak.max(alive + new + scratch - reused);
            alive = (alive + stays).saturating_sub(freed);
            self.known.extend(made);
        }
        peak
    }

    fn shape(&self, name: &str) -> Option<Shape> {
        let weight = || self.weights.get(name).map(|t| t.dims.iter().map(|&d| d.max(0) as u64).collect());
        self.known.get(name).map(|(shape, _)| shape.clone()).or_else(weight)
    }

    /// Bytes per element of a value or a weight.
    fn element(&self, name: &str) -> u64 {
        let weight = || self.weights.get(name).map(|t| element_bytes(t.data_type));
        self.known.get(name).map(|(_, element)| *element).or_else(weight).unwrap_or(4)
    }

    /// The numbers of a constant that the graph holds itself.
    fn numbers(&self, name: Option<&String>) -> Option<Vec<i64>> {
        let tensor = self.weights.get(name?.as_str()).filter(|t| t.data_type == 7)?;
        let eight = |b: &[u8]| i64::from_le_bytes(b.try_into().unwrap_or_default());
        Some(tensor.raw_data.chunks_exact(8).map(eight).collect())
    }

    /// Extents and element size of each output that a node has.
    fn results(&self, node: &'g NodeProto) -> Vec<(&'g str, (Shape, u64))> {
        let inputs: Vec<Shape> = node.input.iter().filter_map(|name| self.shape(name)).collect();
        let first = inputs.first().cloned().unwrap_or_default();
        // Of a choice the second: the first says which.
        let typed = node.input.iter().skip(usize::from(node.op_type == "Where"));
        let element = typed.map(|name| self.element(name)).next().unwrap_or(4);
        let element = match node.op_type.as_str() {
            "Cast" => element_bytes(node.integer("to").unwrap_or(1) as i32),
            "ArgMax" | "Shape" | "Range" => 8,
            "Greater" | "LessOrEqual" | "Equal" | "And" => 1,
            _ => element,
        };
        let shape = self.shape_of(node, &inputs).unwrap_or(first);
        let outputs = node.output.iter().filter(|name| !name.is_empty());
        outputs.map(|name| (name.as_str(), (shape.clone(), element))).collect()
    }

    fn shape_of(&self, node: &NodeProto, inputs: &[Shape]) -> Option<Shape> {
        let mut x = inputs.first()?.clone();
        let axis = |rank: usize, axis: i64| usize::try_from(if axis < 0 { axis + rank as i64 } else { axis }).ok();
        let rank = x.len();
        match node.op_type.as_str() {
            "Conv" => {
                let (kernel, [_, _, height, width]) = (inputs.get(1)?, x[..].try_into().ok()?);
                let pads = node.integers("pads").unwrap_or(&[0; 4]);
                let strides = node.integers("strides").unwrap_or(&[1; 2]);
                let extent = |size: u64, i: usize| {
                    let padded = size + pads.get(i).zip(pads.get(i + 2)).map_or(0, |(a, b)| (a + b).max(0) as u64);
                    Some(padded.checked_sub(*kernel.get(i + 2)?)? / (*strides.get(i)?).max(1) as u64 + 1)
                };
                Some(vec![x[0], *kernel.first()?, extent(height, 0)?, extent(width, 1)?])
            }
            "MatMul" => {
                let y = inputs.get(1)?;
                let (rows, columns) = (x.get(rank.checked_sub(2)?)?, y.last()?);
                let (outer, other) = (&x[..rank - 2], &y[..y.len().saturating_sub(2)]);
                let mut shape = if outer.len() >= other.len() { outer.to_vec() } else { other.to_vec() };
                let offset = shape.len() - outer.len().min(other.len());
                let shorter = if outer.len() >= other.len() { other } else { outer };
                shape[offset..].iter_mut().zip(shorter).for_each(|(a, b)| *a = (*a).max(*b));
                shape.extend([*rows, *columns]);
                Some(shape)
            }
            "Concat" => {
                let axis = axis(rank, node.integer("axis")?)?;
                *x.get_mut(axis)? = inputs.iter().map(|shape| shape.get(axis).copied().unwrap_or(0)).sum();
                Some(x)
            }
            "Split" => {
                let axis = axis(rank, node.integer("axis").unwrap_or(0))?;
                *x.get_mut(axis)? /= node.output.len().max(1) as u64;
                Some(x)
            }
            "DepthToSpace" => {
                let block = node.integer("blocksize")?.max(1) as u64;
                let [n, c, h, w] = x[..].try_into().ok()?;
                Some(vec![n, c / (block * block), h * block, w * block])
            }
            "Transpose" => node.integers("perm")?.iter().map(|&p| x.get(usize::try_from(p).ok()?).copied()).collect(),
            "Reshape" => {
                let total: u64 = x.iter().product();
                let asked = self.numbers(node.input.get(1))?;
                let extent = |(i, &d): (usize, &i64)| match d {
                    0 => x.get(i).copied(),
                    d => u64::try_from(d).ok(),
                };
                let fixed: Vec<Option<u64>> = asked.iter().enumerate().map(extent).collect();
                let product = fixed.iter().flatten().product::<u64>().max(1);
                Some(fixed.into_iter().map(|d| d.unwrap_or(total / product)).collect())
            }
            "Slice" => {
                let list = |i: usize| self.numbers(node.input.get(i));
                let (starts, ends) = (list(1)?, list(2)?);
                let axes = list(3).unwrap_or_else(|| (0..rank as i64).collect());
                let steps = list(4).unwrap_or_else(|| vec![1; starts.len()]);
                for (((&start, &end), &on), &step) in starts.iter().zip(&ends).zip(&axes).zip(&steps) {
                    let extent = x.get_mut(axis(rank, on)?)?;
                    let place = |at: i64| (if at < 0 { at + *extent as i64 } else { at }).clamp(0, *extent as i64);
                    *extent = ((place(end) - place(start)).max(0) as u64).div_ceil(step.unsigned_abs().max(1));
                }
                Some(x)
            }
            "Pad" => {
                let pads = self.numbers(node.input.get(1)).filter(|pads| pads.len() == 2 * rank)?;
                x.iter_mut().enumerate().for_each(|(i, d)| *d += (pads[i] + pads[i + rank]).max(0) as u64);
                Some(x)
            }
            "GatherElements" => inputs.get(1).cloned(),
            "TopK" => {
                let count = u64::try_from(*self.numbers(node.input.get(1))?.first()?).ok()?;
                *x.get_mut(axis(rank, node.integer("axis").unwrap_or(-1))?)? = count;
                Some(x)
            }
            "ArgMax" => Some(reduced(x, &[axis(rank, node.integer("axis").unwrap_or(0))?], node)),
            reduce if reduce.starts_with("Reduce") => {
                let axes =
                    self.numbers(node.input.get(1))?.iter().map(|&on| axis(rank, on)).collect::<Option<Vec<_>>>()?;
                Some(reduced(x, &axes, node))
            }
            "Resize" => {
                let output = node.output.first()?;
                let value = self.graph.value_info.iter().chain(&self.graph.output).find(|v| v.name == *output)?;
                declared(value).map(|(shape, _)| shape)
            }
            "Shape" => Some(vec![rank as u64]),
            // Element by element: each extent is the larger one.
            "Add" | "Sub" | "Mul" | "Div" | "Where" | "Expand" | "Sum" | "Max" | "Min" => {
                for other in inputs.iter().filter(|other| other.len() == rank) {
                    x.iter_mut().zip(other).for_each(|(a, b)| *a = (*a).max(*b));
                }
                let longest = inputs.iter().max_by_key(|shape| shape.len())?;
                Some(if longest.len() > rank { longest.clone() } else { x })
            }
            _ => None,
        }
    }
}

/// Extents behind a reduction along `axes`.
fn reduced(shape: Shape, axes: &[usize], node: &NodeProto) -> Shape {
    let keeps = node.integer("keepdims").unwrap_or(1) != 0;
    let each = shape.into_iter().enumerate();
    each.filter_map(|(i, extent)| if axes.contains(&i) { keeps.then_some(1) } else { Some(extent) }).collect()
}

fn bytes((shape, element): &(Shape, u64)) -> u64 {
    shape.iter().product::<u64>() * element
}

/// Extents of a declared value; free ones count as one.
fn declared(value: &ValueInfoProto) -> Option<(Shape, u64)> {
    let tensor = value.r#type.as_ref()?.tensor_type.as_ref()?;
    let dims = &tensor.shape.as_ref()?.dim;
    let extent = |d: &super::proto::DimensionProto| match d.value {
        Some(dimension::Value::DimValue(extent)) => u64::try_from(extent).unwrap_or(1),
        _ => 1,
    };
    Some((dims.iter().map(extent).collect(), element_bytes(tensor.elem_type)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onnx::{Attr, Builder, Dim, Element};

    #[test]
    fn what_is_alive_at_a_time_is_summed() {
        let mut b = Builder::new();
        let x = b.input("x", Element::F32, &[Dim::Batch, Dim::Fixed(2), Dim::Fixed(4), Dim::Fixed(4)]);
        let weight = b.weight("w", Element::F32, &[12, 2, 3, 3]);
        let attributes = [("pads", Attr::Ints(&[1; 4])), ("strides", Attr::Ints(&[1; 2]))];
        let wide = b.op("Conv", &[&x, &weight], &attributes);
        let large = b.op("DepthToSpace", &[&wide], &[("blocksize", Attr::Int(2)), ("mode", Attr::Text("CRD"))]);
        let twice = b.op("Add", &[&large, &large], &[]);
        let twice = b.rename(&twice, "y");
        b.output(&twice, Element::F32, &[Dim::Batch, Dim::Fixed(3), Dim::Fixed(8), Dim::Fixed(8)]);
        let model = b.finish("test", &[]);
        // x 32, wide 192, large 192 values; x is gone when large is made, and the sum takes its place.
        assert_eq!((work_bytes(&model), weight_bytes(&model)), ((192 + 192) * 4, 12 * 2 * 9 * 4));
    }

    #[test]
    fn outputs_that_nobody_reads_are_gone_and_reductions_are_small() {
        let mut b = Builder::new();
        let mut x = b.input("x", Element::F32, &[Dim::Batch, Dim::Fixed(100)]);
        for _ in 0..20 {
            x = b.node("", "Norm", &[&x], 3, &[]).remove(0);
        }
        let axis = b.shape(&[1]);
        let least = b.op("ReduceMin", &[&x, &axis], &[("keepdims", Attr::Int(0))]);
        let least = b.rename(&least, "y");
        b.output(&least, Element::F32, &[Dim::Batch]);
        // One value and the three made of it.
        assert_eq!(work_bytes(&b.finish("test", &[])), 4 * 100 * 4);
    }

    #[test]
    fn a_weight_repeated_by_a_shape_keeps_its_own_type() {
        let mut b = Builder::new();
        let x = b.input("x", Element::U8, &[Dim::Batch, Dim::Fixed(10)]);
        let weight = b.weight("w", Element::F32, &[1, 10]);
        let shape = b.op("Shape", &[&x], &[]);
        let y = b.op("Expand", &[&weight, &shape], &[]);
        let y = b.rename(&y, "y");
        b.output(&y, Element::F32, &[Dim::Batch, Dim::Fixed(10)]);
        // The shape: two numbers of eight bytes.
        assert_eq!(work_bytes(&b.finish("test", &[])), 2 * 8 + 40);
    }

    #[test]
    fn half_precision_takes_half() {
        let graph = |element: Element| {
            let mut b = Builder::new();
            let x = b.input("x", Element::F32, &[Dim::Batch, Dim::Fixed(100), Dim::Fixed(64)]);
            let x = b.op("Cast", &[&x], &[("to", Attr::Int(element as i64))]);
            let weight = b.weight("w", element, &[64, 256]);
            let y = b.op("MatMul", &[&x, &weight], &[]);
            let y = b.rename(&y, "y");
            b.output(&y, element, &[Dim::Batch, Dim::Fixed(100), Dim::Fixed(256)]);
            b.finish("test", &[])
        };
        let (single, half) = (graph(Element::F32), graph(Element::F16));
        assert_eq!((work_bytes(&single), work_bytes(&half)), (100 * 320 * 4, 100 * 320 * 2));
        assert_eq!((weight_bytes(&single), weight_bytes(&half)), (64 * 256 * 4, 64 * 256 * 2));
    }
}
