//! How far the layers of a head see, from their kernels.

use super::super::proto::{GraphProto, NodeProto};
use super::Cut;
use crate::error::{Error, ErrorKind, Result};
use std::collections::{HashMap, HashSet};

/// Operators whose result at a pixel depends on that pixel alone, of all channels.
const POINTWISE: &[&str] =
    &["Add", "Cast", "Clip", "Div", "Exp", "Max", "Mul", "QuickGelu", "Sigmoid", "Sqrt", "Sub", "Identity"];
/// Such operators, if their axis is that of the channels.
const OVER_CHANNELS: &[&str] =
    &["ArgMax", "Concat", "ReduceL2", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "Split", "Squeeze"];

pub(super) fn unsupported(why: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Unsupported, format!("regions: the head cannot be run for a part of the picture: {why}"))
}

/// What depends on the part.
pub(super) struct Part {
    /// Nodes, by their index.
    pub nodes: Vec<usize>,
    /// Pixels per cell of each value.
    pub scales: HashMap<String, usize>,
    /// Pixels around the part that are needed of each value.
    reaches: HashMap<String, usize>,
    /// Whether no layer sees more than its surroundings.
    pub is_exact: bool,
}

impl Part {
    pub fn of(graph: &GraphProto, input: &str, whole: &[&str]) -> Result<Self> {
        let mut above: HashSet<&str> = whole.iter().copied().collect();
        for node in graph.node.iter().rev() {
            if node.output.iter().any(|o| above.contains(o.as_str())) {
                above.extend(node.input.iter().map(String::as_str));
            }
        }
        let mut part = Self {
            nodes: Vec::new(),
            scales: HashMap::from([(input.to_owned(), 1)]),
            reaches: HashMap::new(),
            is_exact: true,
        };
        for (i, node) in graph.node.iter().enumerate() {
            if node.output.iter().any(|o| above.contains(o.as_str())) {
                continue;
            }
            let Some(scale) = node.input.iter().filter_map(|v| part.scales.get(v)).max().copied() else { continue };
            let factor = enlargement(graph, node)?;
            part.is_exact &= node.op_type != "InstanceNormalization";
            part.nodes.push(i);
            part.scales.extend(node.output.iter().filter(|o| !o.is_empty()).map(|o| (o.clone(), scale * factor)));
        }
        for &i in part.nodes.iter().rev() {
            let node = &graph.node[i];
            let behind = node.output.iter().filter_map(|o| part.reaches.get(o)).max().copied().unwrap_or(0);
            let reach = match node.op_type.as_str() {
                "Conv" => behind + radius(node)?,
                "DepthToSpace" => behind.div_ceil(enlargement(graph, node)?),
                // Half a pixel to each side, between two of them.
                "Resize" => behind.div_ceil(enlargement(graph, node)?) + 1,
                _ => behind,
            };
            for name in node.input.iter().filter(|name| part.scales.contains_key(*name)) {
                let known = part.reaches.entry(name.clone()).or_default();
                *known = (*known).max(reach);
            }
        }
        Ok(part)
    }

    /// The values to be cut: the input, and behind an enlargement where a quarter of a cell or more goes.
    pub fn cut(&self, graph: &GraphProto, input: &str) -> Vec<(String, Cut)> {
        let cut = |name: &str| Cut {
            scale: self.scales.get(name).copied().unwrap_or(1),
            reach: self.reaches.get(name).copied().unwrap_or(0),
        };
        let mut last = cut(input);
        let mut cuts = vec![(input.to_owned(), last)];
        for node in self.nodes.iter().map(|&i| &graph.node[i]).filter(|node| node.op_type == "DepthToSpace") {
            let Some(name) = node.output.first() else { continue };
            let here = cut(name);
            let carried = last.reach * here.scale / last.scale.max(1);
            if here.scale > last.scale && 4 * carried.saturating_sub(here.reach) >= here.scale {
                cuts.push((name.clone(), here));
                last = here;
            }
        }
        cuts
    }
}

/// How many times larger a node's result is along an axis.
fn enlargement(graph: &GraphProto, node: &NodeProto) -> Result<usize> {
    let name = node.op_type.as_str();
    match name {
        "Conv" => radius(node).map(|_| 1),
        // The values of a channel are brought to the same mean and deviation, over whatever part there is.
        "InstanceNormalization" => Ok(1),
        "DepthToSpace" => Ok(node.integer("blocksize").map_or(1, |size| size.unsigned_abs() as usize).max(1)),
        "Resize" => {
            let scales = node.input.get(2).map(|name| constant::<4, f32>(graph, name, f32::from_le_bytes));
            match scales.unwrap_or_default().as_slice() {
                &[1.0, 1.0, y, x] if y == x && y >= 1.0 && y.fract() == 0.0 => Ok(y as usize),
                _ => Err(unsupported("its maps are resized by a factor that is no whole number")),
            }
        }
        _ if POINTWISE.contains(&name) => Ok(1),
        _ if OVER_CHANNELS.contains(&name) && is_over_channels(graph, node) => Ok(1),
        "Pad" | "MatMul" | "Slice" => {
            Err(unsupported("its convolutions have Winograd's form, of fixed sizes; load or convert it without"))
        }
        _ => Err(unsupported(format!("it has the operator {name}"))),
    }
}

/// Pixels that a convolution of stride 1 sees to each side.
fn radius(node: &NodeProto) -> Result<usize> {
    let ints = |name: &str| node.integers(name).unwrap_or_default();
    let (kernel, pads) = (ints("kernel_shape"), ints("pads"));
    if ints("strides").iter().chain(ints("dilations")).any(|&s| s != 1) || kernel.len() != 2 {
        return Err(unsupported("it has a convolution with strides"));
    }
    let mut radius = 0;
    for (axis, &kernel) in kernel.iter().enumerate() {
        let [before, after] = [axis, axis + 2].map(|i| pads.get(i).copied().unwrap_or(0));
        if before + after != kernel - 1 {
            return Err(unsupported("it has a convolution that changes the size of its map"));
        }
        radius = radius.max(before).max(after);
    }
    Ok(radius.unsigned_abs() as usize)
}

fn is_over_channels(graph: &GraphProto, node: &NodeProto) -> bool {
    match node.integer("axis") {
        Some(axis) => axis == 1,
        None => node.input.get(1).is_some_and(|axes| constant::<8, i64>(graph, axes, i64::from_le_bytes) == [1]),
    }
}

/// The values of a small constant.
fn constant<const BYTES: usize, T>(graph: &GraphProto, name: &str, read: fn([u8; BYTES]) -> T) -> Vec<T> {
    let tensor = graph.initializer.iter().find(|t| t.name == name && t.data_location == 0);
    let chunks = tensor.map_or(&[][..], |t| t.raw_data.as_slice()).chunks_exact(BYTES);
    chunks.filter_map(|bytes| bytes.try_into().ok().map(read)).collect()
}
