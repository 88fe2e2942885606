//! The graphs that make of a model's output the map that a host gets: the arithmetic of [`crate::task`], operator by operator.
//!
//! As in the framing graphs no operator computes a shape, so that nothing runs on the processor.

use super::MapKind;
use crate::geometry::Size;
use crate::image::planes::{Region, gaussian_3, neighbours};
use crate::onnx::{Attr, Builder, Dim, Element};
use crate::spec::NormalFrame;
use crate::task::normal::MIN_LENGTH;
use crate::task::pointmap::SMOOTHING_PASSES;
use prost::Message;

/// What a finishing graph is built for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Key {
    pub kind: MapKind,
    /// Size of what the model gives.
    pub input: Size,
    pub step: Step,
    /// That of normals.
    pub frame: NormalFrame,
}

/// What happens between the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing: the grid stays.
    Same,
    /// It is sampled at other places.
    Sample,
    /// This part of it is smoothed, and then sampled.
    Smooth(Region),
}

/// `planes` (pictures x channels x height x width, or without channels) of picture `person` to `map`: height x width x channels, or
/// without channels.
///
/// To sample floats, for each axis (`rows`, `columns`): `_lo` and `_hi`, where each target takes its two values from, and `_lo_weight`
/// and `_hi_weight`. To sample labels and their confidence only `_at`, one behind the last for "outside".
pub(super) fn finishing(key: &Key) -> Vec<u8> {
    let Key { kind, input, step, frame } = *key;
    let Size { width, height } = input;
    let mut b = Builder::new();
    let (c, h, w) = (kind.channels(), Dim::Fixed(height), Dim::Fixed(width));
    let dims = if kind.has_planes() { vec![Dim::Batch, Dim::Fixed(c), h, w] } else { vec![Dim::Batch, h, w] };
    let planes = b.input("planes", kind.element(), &dims);
    let person = b.input("person", Element::I32, &[Dim::Fixed(1)]);

    b.scope("picture");
    let mut x = b.op("Gather", &[&planes, &person], &[("axis", Attr::Int(0))]);
    if kind.has_planes() {
        // The axis of one picture goes, that of channels stays.
        let shape = b.shape(&[c as i64, height as i64, width as i64]);
        x = b.op("Reshape", &[&x, &shape], &[]);
    }
    b.scope("before");
    x = match kind {
        MapKind::Normals => unit(&mut b, &x, None),
        MapKind::Albedo => hold(&mut b, &x),
        _ => x,
    };
    if let Step::Smooth(region) = step {
        b.scope("smooth");
        x = smooth(&mut b, &x, input, region);
    }
    if step != Step::Same {
        b.scope("sample");
        x = if kind.is_nearest() { nearest(&mut b, &x, kind, input) } else { bilinear(&mut b, &x) };
    }
    b.scope("after");
    x = match kind {
        MapKind::Normals => unit(&mut b, &x, Some(frame)),
        MapKind::Alpha | MapKind::Foreground => hold(&mut b, &x),
        _ => x,
    };
    let target = match step {
        Step::Same => [h, w],
        _ => [Dim::Free("rows"), Dim::Free("columns")],
    };
    x = if c == 1 {
        let axis = b.shape(&[0]);
        b.op("Squeeze", &[&x, &axis], &[])
    } else {
        b.op("Transpose", &[&x], &[("perm", Attr::Ints(&[1, 2, 0]))])
    };
    let map = b.rename(&x, "map");
    let channels = (c > 1).then_some(Dim::Fixed(c));
    b.output(&map, kind.element(), &target.into_iter().chain(channels).collect::<Vec<_>>());
    b.finish("finishing", &[]).encode_to_vec()
}

/// Vectors at unit length, turned into the camera frame; 0 where the length is not finite.
fn unit(b: &mut Builder, x: &str, frame: Option<NormalFrame>) -> String {
    let squares = b.op("Mul", &[x, x], &[]);
    let axis = b.shape(&[0]);
    let sum = b.op("ReduceSum", &[&squares, &axis], &[("keepdims", Attr::Int(1))]);
    let length = b.op("Sqrt", &[&sum], &[]);
    let (largest, least) = (b.floats(&[f32::MAX], &[1]), b.floats(&[MIN_LENGTH], &[1]));
    let is_finite = b.op("LessOrEqual", &[&length, &largest], &[]);
    let length = b.op("Max", &[&length, &least], &[]);
    let one = b.floats(&[1.0], &[1]);
    let scale = b.op("Div", &[&one, &length], &[]);
    let mut scaled = b.op("Mul", &[x, &scale], &[]);
    if frame == Some(NormalFrame::OpenGl) {
        let signs = b.floats(&[1.0, -1.0, -1.0], &[3, 1, 1]);
        scaled = b.op("Mul", &[&scaled, &signs], &[]);
    }
    let zero = b.floats(&[0.0], &[1]);
    b.op("Where", &[&is_finite, &scaled, &zero], &[])
}

/// Values in 0..1; a NaN becomes 0.
fn hold(b: &mut Builder, x: &str) -> String {
    let (low, high) = (b.floats(&[0.0], &[]), b.floats(&[1.0], &[]));
    let clipped = b.op("Clip", &[x, &low, &high], &[]);
    // A comparison with NaN fails, whatever Clip makes of one.
    let (one, zero) = (b.floats(&[1.0], &[1]), b.floats(&[0.0], &[1]));
    let is_number = b.op("LessOrEqual", &[&clipped, &one], &[]);
    b.op("Where", &[&is_number, &clipped, &zero], &[])
}

/// A part of planes, smoothed as pointmaps are before they are enlarged.
fn smooth(b: &mut Builder, x: &str, input: Size, region: Region) -> String {
    let Region { left, top, size } = region;
    let mut x = x.to_owned();
    if size != input {
        let (starts, ends) = ([top, left], [top + size.height, left + size.width]);
        let (starts, ends) = (starts.map(|i| i as i64), ends.map(|i| i as i64));
        let (starts, ends, axes) = (b.shape(&starts), b.shape(&ends), b.shape(&[1, 2]));
        x = b.op("Slice", &[&x, &starts, &ends, &axes], &[]);
    }
    let [centre, side] = gaussian_3().map(|weight| b.floats(&[weight], &[1]));
    for _ in 0..SMOOTHING_PASSES {
        // Along rows first, as on the host.
        for (axis, n) in [(2, size.width), (1, size.height)] {
            let (before, after): (Vec<_>, Vec<_>) = (0..n).map(|i| neighbours(i, n)).unzip();
            let [before, after] = [before, after].map(|indices| {
                let indices: Vec<i32> = indices.into_iter().map(|i| i as i32).collect();
                let indices = b.ints32(&indices, &[n]);
                b.op("Gather", &[&x, &indices], &[("axis", Attr::Int(axis))])
            });
            let ends = b.op("Add", &[&before, &after], &[]);
            let (own, ends) = (b.op("Mul", &[&x, &centre], &[]), b.op("Mul", &[&ends, &side], &[]));
            x = b.op("Add", &[&own, &ends], &[]);
        }
    }
    x
}

/// Between two rows, and then between two columns.
fn bilinear(b: &mut Builder, x: &str) -> String {
    let mut x = x.to_owned();
    for (name, axis, weighs) in [("rows", 1, vec![1]), ("columns", 2, vec![])] {
        let target = Dim::Free(name);
        let [lo, hi] = ["lo", "hi"].map(|end| {
            let at = b.input(&format!("{name}_{end}"), Element::I32, &[target]);
            // Weights of rows are a column.
            let dims: Vec<_> = std::iter::once(target).chain(weighs.iter().map(|&n| Dim::Fixed(n))).collect();
            let weight = b.input(&format!("{name}_{end}_weight"), Element::F32, &dims);
            let values = b.op("Gather", &[&x, &at], &[("axis", Attr::Int(axis))]);
            b.op("Mul", &[&values, &weight], &[])
        });
        x = b.op("Add", &[&lo, &hi], &[]);
    }
    x
}

/// The nearest of each axis; what lies behind the last row and column is "outside".
fn nearest(b: &mut Builder, x: &str, kind: MapKind, input: Size) -> String {
    let zeros = |b: &mut Builder, dims: [usize; 3]| match kind.element() {
        Element::U8 => b.bytes(&vec![0; dims.iter().product()], &dims),
        _ => b.floats(&vec![0.0; dims.iter().product()], &dims),
    };
    let column = zeros(b, [1, input.height, 1]);
    let wider = b.op("Concat", &[x, &column], &[("axis", Attr::Int(2))]);
    let row = zeros(b, [1, 1, input.width + 1]);
    let mut x = b.op("Concat", &[&wider, &row], &[("axis", Attr::Int(1))]);
    for (name, axis) in [("rows", 1), ("columns", 2)] {
        let at = b.input(&format!("{name}_at"), Element::I32, &[Dim::Free(name)]);
        x = b.op("Gather", &[&x, &at], &[("axis", Attr::Int(axis))]);
    }
    x
}
