//! Running a head for a part of its map: the map is cut to that part and what the layers see around it, again after each
//! enlargement, where less around it is enough.
//!
//! How far the layers see follows from their kernels; an operator that this file does not know is an error.

mod reach;

use super::builder::{attribute, value_info};
use super::proto::{DimensionProto, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, dimension};
use super::{Attr, Dim, Element};
use crate::error::{Error, ErrorKind, Result};
use crate::geometry::Size;
use reach::{Part, unsupported};
use std::collections::HashSet;
use std::ops::Range;

/// The input of a windowed graph that says where it is cut: [`Windows::values`], floats.
pub const WINDOWS: &str = "windows";

/// Where a graph is cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Windows {
    cuts: Vec<Cut>,
    /// Output pixels per cell of the map, along an axis.
    scale: usize,
    /// Whether no layer sees more than its surroundings: then the part is what it is in the whole.
    is_exact: bool,
}

/// A value that is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cut {
    /// Its pixels per cell.
    scale: usize,
    /// So many pixels around the part are needed.
    reach: usize,
}

/// Cells of the map, or pixels of what is made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cells {
    /// From the first row to behind the last.
    pub rows: Range<usize>,
    /// From the first column to behind the last.
    pub columns: Range<usize>,
}

impl Cells {
    /// All of a map.
    pub fn whole(size: Size) -> Self {
        Self { rows: 0..size.height, columns: 0..size.width }
    }

    /// Their number.
    pub fn area(&self) -> usize {
        self.rows.len() * self.columns.len()
    }

    /// The same place on a map of `scale` times the size, and `reach` pixels around it, as far as `size` goes.
    fn enlarged(&self, scale: usize, reach: usize, size: Size) -> Self {
        let axis = |range: &Range<usize>, end: usize| {
            (range.start * scale).saturating_sub(reach)..(range.end * scale + reach).min(end)
        };
        Self { rows: axis(&self.rows, size.height), columns: axis(&self.columns, size.width) }
    }

    /// As seen from the corner of `outer`.
    fn within(&self, outer: &Self) -> Self {
        let axis = |range: &Range<usize>, from: usize| range.start - from..range.end - from;
        Self { rows: axis(&self.rows, outer.rows.start), columns: axis(&self.columns, outer.columns.start) }
    }
}

impl Windows {
    /// Output pixels per cell of the map, along an axis.
    pub fn scale(&self) -> usize {
        self.scale
    }

    /// Whether the part comes out as it is in the whole. Not where a norm takes in all of the map.
    pub fn is_exact(&self) -> bool {
        self.is_exact
    }

    /// The input [`WINDOWS`] for some cells of a map of the size `grid`, and where these cells lie in the outputs.
    pub fn values(&self, cells: &Cells, grid: Size) -> (Vec<f32>, Cells) {
        let sized = |scale: usize| Size::new(grid.width * scale, grid.height * scale);
        let (mut known, mut known_scale) = (Cells::whole(grid), 1);
        let mut values = Vec::with_capacity(4 * self.cuts.len());
        for cut in &self.cuts {
            let window = cells.enlarged(cut.scale, cut.reach, sized(cut.scale));
            let outer = known.enlarged(cut.scale / known_scale, 0, sized(cut.scale));
            let Cells { rows, columns } = window.within(&outer);
            values.extend([rows.start, columns.start, rows.end, columns.end].map(|v| v as f32));
            (known, known_scale) = (window, cut.scale);
        }
        let size = sized(self.scale);
        let outer = known.enlarged(self.scale / known_scale, 0, size);
        (values, cells.enlarged(self.scale, 0, size).within(&outer))
    }

    /// Values of [`WINDOWS`].
    pub fn count(&self) -> usize {
        4 * self.cuts.len()
    }
}

/// Makes a graph run for a part of the map `input` (N x C x h x w). What only leads to the values `whole` still sees all of it.
///
/// The outputs that depend on the part have free heights and widths; how they are enlarged must be the same for all of them.
///
/// # Errors
/// `Unsupported` for operators that cannot be bounded, Winograd's form of a convolution among them.
pub fn windowed(mut model: ModelProto, input: &str, whole: &[&str]) -> Result<(ModelProto, Windows)> {
    let graph = model.graph.as_mut().ok_or_else(|| Error::new(ErrorKind::CorruptModel, "the model holds no graph"))?;
    let part = Part::of(graph, input, whole)?;
    let scales: HashSet<usize> = graph.output.iter().filter_map(|o| part.scales.get(&o.name)).copied().collect();
    let mut scales = scales.into_iter();
    let (Some(scale), None) = (scales.next(), scales.next()) else {
        return Err(unsupported("its outputs are not enlarged alike"));
    };
    let cuts = part.cut(graph, input);
    let windows = Windows { cuts: cuts.iter().map(|(_, cut)| *cut).collect(), scale, is_exact: part.is_exact };
    insert(graph, input, &part.nodes, &cuts);
    for output in graph.output.iter_mut().filter(|o| part.scales.contains_key(&o.name)) {
        free(output);
    }
    Ok((model, windows))
}

/// Cuts the values.
fn insert(graph: &mut GraphProto, input: &str, part: &[usize], cuts: &[(String, Cut)]) {
    let all = format!("{WINDOWS}/axes");
    graph.initializer.push(TensorProto {
        dims: vec![2],
        data_type: Element::I64 as i32,
        name: all.clone(),
        raw_data: [2i64, 3].map(i64::to_le_bytes).concat(),
        ..Default::default()
    });
    graph.input.push(value_info(WINDOWS, Element::F32, &[Dim::Fixed(4 * cuts.len())]));
    let ends = |i: usize| [format!("{WINDOWS}/{i}_from"), format!("{WINDOWS}/{i}_to")];
    let to = [("to", Attr::Int(Element::I64 as i64))];
    let whole = node("Cast", &[WINDOWS], vec![format!("{WINDOWS}/whole")], &to);
    let outputs: Vec<String> = (0..cuts.len()).flat_map(ends).collect();
    let count = [("axis", Attr::Int(0)), ("num_outputs", Attr::Int(outputs.len() as i64))];
    let mut nodes = vec![whole, node("Split", &[&format!("{WINDOWS}/whole")], outputs, &count)];
    let slice = |i: usize, from: &str, to: &str| {
        let [start, end] = ends(i);
        // The node whose output it cuts has the name of the value already.
        let name = format!("{WINDOWS}/{i}_cut");
        NodeProto { name, ..node("Slice", &[from, &start, &end, &all], vec![to.to_owned()], &[]) }
    };
    let window = format!("{WINDOWS}/{input}");
    nodes.push(slice(0, input, &window));
    for (i, mut old) in std::mem::take(&mut graph.node).into_iter().enumerate() {
        if part.contains(&i) {
            old.input.iter_mut().filter(|name| *name == input).for_each(|name| name.clone_from(&window));
        }
        let made = old.output.first().cloned().unwrap_or_default();
        let cut = cuts.iter().skip(1).position(|(name, _)| *name == made);
        let Some(cut) = cut else {
            nodes.push(old);
            continue;
        };
        let uncut = format!("{made}/uncut");
        old.output[0].clone_from(&uncut);
        nodes.push(old);
        nodes.push(slice(cut + 1, &uncut, &made));
    }
    graph.node = nodes;
}

fn node(op_type: &str, inputs: &[&str], output: Vec<String>, attributes: &[(&str, Attr)]) -> NodeProto {
    NodeProto {
        input: inputs.iter().map(|&input| input.to_owned()).collect(),
        name: output.first().cloned().unwrap_or_default(),
        output,
        op_type: op_type.to_owned(),
        attribute: attributes.iter().map(|&(name, value)| attribute(name, value)).collect(),
        domain: String::new(),
    }
}

/// Frees the last two extents of an output.
fn free(output: &mut ValueInfoProto) {
    let shape = output.r#type.as_mut().and_then(|t| t.tensor_type.as_mut()).and_then(|t| t.shape.as_mut());
    for (dim, name) in shape.into_iter().flat_map(|s| s.dim.iter_mut().rev()).zip(["columns", "rows"]) {
        *dim = DimensionProto { value: Some(dimension::Value::DimParam(name.into())) };
    }
}
