//! Decoding inside the graph: what would otherwise cross the bus is up to 16,000 times larger.

use super::net::Net;
use crate::geometry::Size;
use crate::onnx::{Attr, Dim, Element};
use crate::spec::{HeatmapCodec, Task};

/// Taps and deviation of the blur in front of the sub-pixel refinement.
const BLUR_TAPS: usize = 11;
const BLUR_SIGMA: f64 = 2.0;
/// Range of the blurred heatmap before its logarithm.
const CLIP: [f32; 2] = [1e-3, 50.0];
/// Keeps the Hessian invertible.
const HESSIAN_EPSILON: f32 = 1.192_092_9e-7;
/// Longest Newton step taken, in heatmap cells.
const MAX_STEP: f32 = 2.0;
/// Shortest normal that is still divided by its length.
const NORMAL_EPSILON: f32 = 1e-8;
/// What Sapiens v1 adds to the length of a normal.
const NORMAL_EPSILON_1: f32 = 1e-5;

/// Decodes the raw output of `task` (`channels` maps of size `map`) and declares the graph's outputs.
pub(super) fn build(net: &mut Net, task: Task, channels: usize, map: Size) {
    let (h, w) = (Dim::Fixed(map.height), Dim::Fixed(map.width));
    let rgb = [Dim::Batch, Dim::Fixed(3), h, w];
    match task {
        // Neither has anything to decode: what the network gives is the output.
        Task::Features | Task::Depth => {}
        Task::Pose => {
            let keypoints = keypoints(net, channels, map);
            output(net, &keypoints, "keypoints", Element::F32, &[Dim::Batch, Dim::Fixed(channels), Dim::Fixed(3)]);
        }
        Task::Seg => {
            let labels = net.b.op("ArgMax", &["logits"], &[("axis", Attr::Int(1)), ("keepdims", Attr::Int(0))]);
            let labels = net.cast(&labels, Element::U8);
            output(net, &labels, "labels", Element::U8, &[Dim::Batch, h, w]);
            // The largest softmax probability is exp(max - log(sum(exp))).
            let axis = net.b.shape(&[1]);
            let keep = [("keepdims", Attr::Int(0))];
            let max = net.b.op("ReduceMax", &["logits", &axis], &keep);
            let sum = net.b.op("ReduceLogSumExp", &["logits", &axis], &keep);
            let difference = net.b.op("Sub", &[&max, &sum], &[]);
            let confidence = net.b.op("Exp", &[&difference], &[]);
            output(net, &confidence, "confidence", Element::F32, &[Dim::Batch, h, w]);
        }
        Task::Normal => {
            let axis = net.b.shape(&[1]);
            let length = net.b.op("ReduceL2", &["normal", &axis], &[("keepdims", Attr::Int(1))]);
            let is_v1 = net.arch.sapiens1.is_some();
            let least = net.b.floats(&[if is_v1 { NORMAL_EPSILON_1 } else { NORMAL_EPSILON }], &[]);
            let length = net.b.op(if is_v1 { "Add" } else { "Max" }, &[&length, &least], &[]);
            let normals = net.b.op("Div", &["normal", &length], &[]);
            output(net, &normals, "normals", Element::F32, &rgb);
        }
        Task::Pointmap => {
            let scale = net.reshape("scale", &[0, 1, 1, 1]);
            let points = net.b.op("Div", &["pointmap", &scale], &[]);
            output(net, &points, "points", Element::F32, &rgb);
        }
        Task::Albedo => {
            let albedo = unit_range(net, "albedo");
            output(net, &albedo, "albedo_rgb", Element::F32, &rgb);
        }
        Task::Matting => {
            let sizes = net.b.shape(&[3, 1]);
            let parts = net.b.node("", "Split", &["matting", &sizes], 2, &[("axis", Attr::Int(1))]);
            let axis = net.b.shape(&[1]);
            let alpha = net.b.op("Squeeze", &[&parts[1], &axis], &[]);
            output(net, &alpha, "alpha", Element::F32, &[Dim::Batch, h, w]);
            output(net, &parts[0], "foreground", Element::F32, &rgb);
        }
    }
}

fn output(net: &mut Net, value: &str, name: &str, element: Element, dims: &[Dim]) {
    net.b.rename(value, name);
    net.b.output(name, element, dims);
}

fn unit_range(net: &mut Net, x: &str) -> String {
    let (low, high) = (net.b.floats(&[0.0], &[]), net.b.floats(&[1.0], &[]));
    net.b.op("Clip", &[x, &low, &high], &[])
}

/// Peak and sub-pixel refinement of each heatmap (DARK with the UDP codec): `[N, K, 3]` of x, y in input pixels and
/// score. `task::pose::decode` is the same in plain Rust and explains it.
fn keypoints(net: &mut Net, channels: usize, map: Size) -> String {
    let (k, area) = (channels as i64, map.area() as i64);
    let axis = [("axis", Attr::Int(2))];
    let keep = [("keepdims", Attr::Int(1))];
    let last = net.b.shape(&[2]);
    let flat = net.reshape("heatmaps", &[0, k, area]);
    // Peak: the first row that has the largest value, and in it the first cell. So no 64-bit indices come up, which WebGPU
    // computes on the processor: rows and columns are floats (exact up to 2^24), and places in the map are made of them as
    // 32-bit integers. Behind a Reshape: ONNX Runtime would move the transposition of WebGPU's layout through what follows, down
    // to truth values, which it cannot transpose there.
    let rows = net.reshape("heatmaps", &[0, k * map.height as i64, map.width as i64]);
    let best = net.b.op("ReduceMax", &[&rows, &last], &[("keepdims", Attr::Int(0))]);
    let best = net.reshape(&best, &[0, k, map.height as i64]);
    let score = &net.b.op("ReduceMax", &[&best, &last], &keep);
    let y = first(net, &best, score, map.height);
    let width = net.b.ints32(&[map.width as i32], &[]);
    let place = |net: &mut Net, y: &str, x: &str| {
        let y = net.cast(y, Element::I32);
        let row = net.b.op("Mul", &[&y, &width], &[]);
        net.b.op("Add", &[&row, x], &[])
    };
    let columns: Vec<i32> = (0..map.width as i32).collect();
    let columns = net.b.ints32(&columns, &[map.width]);
    let row = place(net, &y, &columns);
    let row = net.b.op("GatherElements", &[&flat, &row], &axis);
    let x = first(net, &row, score, map.width);

    // The separable blur as two products with banded matrices, which also pad with zeros.
    let (rows, columns) = (band(map.height), band(map.width));
    let rows = net.b.floats(&rows, &[map.height, map.height]);
    let columns = net.b.floats(&columns, &[map.width, map.width]);
    let blurred = net.b.op("MatMul", &["heatmaps", &columns], &[]);
    let blurred = net.b.op("MatMul", &[&rows, &blurred], &[]);
    let blurred = net.reshape(&blurred, &[0, k, area]);
    let blurred_max = net.b.op("ReduceMax", &[&blurred, &last], &keep);
    let lowest = net.b.op("ReduceMin", &[&flat, &last], &keep);

    // Centre, right, left, below, above, lower right, upper left; beyond the border its own value counts.
    let shift = |net: &mut Net, v: &str, by: f32, limit: usize| {
        let by = net.b.floats(&[by], &[]);
        let (low, high) = (net.b.floats(&[0.0], &[]), net.b.floats(&[(limit - 1) as f32], &[]));
        let moved = net.b.op("Add", &[v, &by], &[]);
        net.b.op("Clip", &[&moved, &low, &high], &[])
    };
    let (right, left) = (shift(net, &x, 1.0, map.width), shift(net, &x, -1.0, map.width));
    let (below, above) = (shift(net, &y, 1.0, map.height), shift(net, &y, -1.0, map.height));
    let ys = net.b.op("Concat", &[&y, &y, &y, &below, &above, &below, &above], &axis);
    let xs = net.b.op("Concat", &[&x, &right, &left, &x, &x, &right, &left], &axis);
    let xs = net.cast(&xs, Element::I32);
    let around = place(net, &ys, &xs);
    let values = net.b.op("GatherElements", &[&blurred, &around], &axis);

    let zero = net.b.floats(&[0.0], &[]);
    let positive = net.b.op("Greater", &[score, &zero], &[]);
    let blurred_positive = net.b.op("Greater", &[&blurred_max, &zero], &[]);
    let uneven = net.b.op("Greater", &[score, &lowest], &[]);
    let largest = net.b.floats(&[f32::MAX], &[]);
    // A value that is not finite, anywhere, makes the whole blurred map so: each product takes in every cell. The
    // reductions themselves skip a NaN in some places.
    let (from, to) = (net.b.shape(&[0]), net.b.shape(&[1]));
    let centre = net.b.op("Slice", &[&values, &from, &to, &last], &[]);
    let centre = net.b.op("Abs", &[&centre], &[]);
    let finite = net.b.op("LessOrEqual", &[&centre, &largest], &[]);
    let scored = net.b.op("And", &[&positive, &uneven], &[]);
    let scored = net.b.op("And", &[&scored, &finite], &[]);
    let refined = net.b.op("And", &[&scored, &blurred_positive], &[]);
    let unit = net.b.floats(&[1.0], &[]);
    let divisor = net.b.op("Where", &[&refined, &blurred_max, &unit], &[]);
    let factor = net.b.op("Div", &[score, &divisor], &[]);
    let values = net.b.op("Mul", &[&values, &factor], &[]);
    let (low, high) = (net.b.floats(&CLIP[..1], &[]), net.b.floats(&CLIP[1..], &[]));
    let values = net.b.op("Clip", &[&values, &low, &high], &[]);
    let logs = net.b.op("Log", &[&values], &[]);
    let ones = net.b.shape(&[1; 7]);
    let v = net.b.node("", "Split", &[&logs, &ones], 7, &axis);
    let [c, r, l, d, u, se, nw] = [0, 1, 2, 3, 4, 5, 6].map(|i: usize| v[i].as_str());

    let (dx, dy) = (half_difference(net, r, l), half_difference(net, d, u));
    let (dxx, dyy) = (second_difference(net, r, c, l), second_difference(net, d, c, u));
    // (se - r - d + 2c - l - u + nw) / 2
    let sum = |net: &mut Net, [a, b, c, d]: [&str; 4]| {
        let sum = net.b.op("Add", &[a, b], &[]);
        let sum = net.b.op("Add", &[&sum, c], &[]);
        net.b.op("Add", &[&sum, d], &[])
    };
    let (plus, minus) = (sum(net, [se, c, c, nw]), sum(net, [r, d, l, u]));
    let dxy = half_difference(net, &plus, &minus);
    // Newton step: -H^-1 g. One that leads far away, or nowhere, is not taken.
    let step = |net: &mut Net, gx: &str, hyy: &str, gy: &str, hxy: &str, det: &str| {
        let a = net.b.op("Mul", &[hxy, gy], &[]);
        let b = net.b.op("Mul", &[hyy, gx], &[]);
        let difference = net.b.op("Sub", &[&a, &b], &[]);
        net.b.op("Div", &[&difference, det], &[])
    };
    let product = net.b.op("Mul", &[&dxx, &dyy], &[]);
    let square = net.b.op("Mul", &[&dxy, &dxy], &[]);
    let det = net.b.op("Sub", &[&product, &square], &[]);
    let (ox, oy) = (step(net, &dx, &dyy, &dy, &dxy, &det), step(net, &dy, &dxx, &dx, &dxy, &det));
    let limit = net.b.floats(&[MAX_STEP], &[]);
    let taken = [&ox, &oy].into_iter().fold(refined, |taken, offset| {
        let length = net.b.op("Abs", &[offset], &[]);
        let near = net.b.op("LessOrEqual", &[&length, &limit], &[]);
        net.b.op("And", &[&taken, &near], &[])
    });
    let [ox, oy] = [ox, oy].map(|offset| net.b.op("Where", &[&taken, &offset, &zero], &[]));

    let input = net.info.input;
    let x = input_position(net, &x, &ox, map.width, input.width);
    let y = input_position(net, &y, &oy, map.height, input.height);
    let score = net.b.op("Where", &[&scored, score, &zero], &[]);
    net.b.op("Concat", &[&x, &y, &score], &axis)
}

/// The first of `cells` values, along the last axis of `[N, K, cells]`, that equals `value` `[N, K, 1]`, as a float; the last if none
/// does (a value that is not a number).
fn first(net: &mut Net, values: &str, value: &str, cells: usize) -> String {
    let ramp: Vec<f32> = (0..cells).map(|i| i as f32).collect();
    let (ramp, end) = (net.b.floats(&ramp, &[cells]), net.b.floats(&[(cells - 1) as f32], &[]));
    let equal = net.b.op("Equal", &[values, value], &[]);
    let places = net.b.op("Where", &[&equal, &ramp, &end], &[]);
    let last = net.b.shape(&[2]);
    net.b.op("ReduceMin", &[&places, &last], &[("keepdims", Attr::Int(1))])
}

fn half_difference(net: &mut Net, a: &str, b: &str) -> String {
    let half = net.b.floats(&[0.5], &[]);
    let difference = net.b.op("Sub", &[a, b], &[]);
    net.b.op("Mul", &[&difference, &half], &[])
}

/// `a - 2c + b`, plus the epsilon of the Hessian's diagonal.
fn second_difference(net: &mut Net, a: &str, c: &str, b: &str) -> String {
    let epsilon = net.b.floats(&[HESSIAN_EPSILON], &[]);
    let ends = net.b.op("Add", &[a, b], &[]);
    let twice = net.b.op("Add", &[c, c], &[]);
    let second = net.b.op("Sub", &[&ends, &twice], &[]);
    net.b.op("Add", &[&second, &epsilon], &[])
}

/// Heatmap index plus offset to input pixels, by the model's codec.
fn input_position(net: &mut Net, index: &str, offset: &str, cells: usize, pixels: usize) -> String {
    let (scale, shift) = match net.info.heatmap {
        HeatmapCodec::Udp => ((pixels as f64 - 1.0) / (cells as f64 - 1.0).max(1.0), 0.0),
        HeatmapCodec::HalfPixel => {
            let scale = pixels as f64 / cells as f64;
            (scale, 0.5 * scale - 0.5)
        }
    };
    let (scale, shift) = (net.b.floats(&[scale as f32], &[]), net.b.floats(&[shift as f32], &[]));
    let position = net.b.op("Add", &[index, offset], &[]);
    let position = net.b.op("Mul", &[&position, &scale], &[]);
    net.b.op("Add", &[&position, &shift], &[])
}

/// The `n x n` matrix whose product with a column blurs it, zeros beyond its ends.
fn band(n: usize) -> Vec<f32> {
    let radius = (BLUR_TAPS / 2) as i64;
    let tap = |d: i64| (-((d * d) as f64) / (2.0 * BLUR_SIGMA * BLUR_SIGMA)).exp();
    let sum: f64 = (-radius..=radius).map(tap).sum();
    let mut matrix = vec![0.0; n * n];
    for i in 0..n as i64 {
        for j in (i - radius).max(0)..=(i + radius).min(n as i64 - 1) {
            matrix[(i * n as i64 + j) as usize] = (tap(j - i) / sum) as f32;
        }
    }
    matrix
}
