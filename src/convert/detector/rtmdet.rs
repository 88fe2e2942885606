//! The graph of RTMDet: backbone CSPNeXt, neck CSP-PAFPN, separate head, boxes.

use super::layers::Layers;
use crate::checkpoint::{Csp, CspBlock, RtmDet, Unit};
use crate::geometry::Size;
use crate::onnx::{Attr, Dim, Element};
use crate::spec::{MEAN_RGB, RTMDET_STRIDES, STD_RGB};

/// Outputs of the graph: per cell of all levels the score of each class, N x P x C, and the box in input pixels (left, upper,
/// right, lower edge), N x P x 4. Levels from fine to coarse, cells row by row.
pub const RTMDET_OUTPUTS: [&str; 2] = ["scores", "boxes"];
/// The same undecoded per level: logits N x C x h x w, distances to the edges in input pixels N x 4 x h x w.
pub const RTMDET_RAW_OUTPUTS: [&str; 6] = ["cls_0", "cls_1", "cls_2", "bbox_0", "bbox_1", "bbox_2"];
/// Kernels of the pooling in the last stage.
const POOLINGS: [i64; 3] = [5, 9, 13];

pub(super) fn build(net: &mut Layers, det: &RtmDet, input: Size) {
    let bgr = |rgb: [f32; 3]| [rgb[2], rgb[1], rgb[0]];
    let size = [Dim::Fixed(input.height), Dim::Fixed(input.width)];
    let x = net.picture(size, &[2, 1, 0], &bgr(MEAN_RGB), &bgr(STD_RGB));
    let features = backbone(net, det, &x);
    let features = neck(net, det, &features);
    let (mut scores, mut boxes) = (Vec::new(), Vec::new());
    for (level, feature) in features.iter().enumerate() {
        let (score, edges) = head(net, det, level, feature, input);
        scores.push(score);
        boxes.push(edges);
    }
    net.b.scope("boxes");
    let cells: usize = cells(input).iter().map(|grid| grid.area()).sum();
    let scores = net.concat(&scores.iter().map(String::as_str).collect::<Vec<_>>(), 1);
    let scores = net.b.op("Sigmoid", &[&scores], &[]);
    let scores = net.b.rename(&scores, RTMDET_OUTPUTS[0]);
    net.b.output(&scores, Element::F32, &[Dim::Batch, Dim::Fixed(cells), Dim::Fixed(det.classes)]);
    let edges = net.concat(&boxes.iter().map(String::as_str).collect::<Vec<_>>(), 1);
    let boxes = around_points(net, &edges, input, cells);
    let boxes = net.b.rename(&boxes, RTMDET_OUTPUTS[1]);
    net.b.output(&boxes, Element::F32, &[Dim::Batch, Dim::Fixed(cells), Dim::Fixed(4)]);
}

/// The grid of each level.
fn cells(input: Size) -> [Size; 3] {
    RTMDET_STRIDES.map(|stride| Size::new(input.width / stride, input.height / stride))
}

fn unit(net: &mut Layers, x: &str, unit: &Unit, stride: usize) -> String {
    let x = net.unit(x, unit, stride, 1);
    net.silu(&x)
}

fn backbone(net: &mut Layers, det: &RtmDet, input: &str) -> [String; 3] {
    net.b.scope("backbone.stem");
    let mut x = input.to_owned();
    for (index, layer) in det.stem.iter().enumerate() {
        x = unit(net, &x, layer, if index == 0 { 2 } else { 1 });
    }
    let mut features = Vec::new();
    for (index, stage) in det.stages.iter().enumerate() {
        net.b.scope(format!("backbone.stage{}", index + 1));
        x = unit(net, &x, &stage.down, 2);
        if let Some([half, whole]) = &stage.pooling {
            let x0 = unit(net, &x, half, 1);
            // Each pools the same map, not the result of the one before.
            let pooled = POOLINGS.map(|kernel| {
                let attributes = [("kernel_shape", Attr::Ints(&[kernel; 2])), ("pads", Attr::Ints(&[kernel / 2; 4]))];
                net.b.op("MaxPool", &[&x0], &attributes)
            });
            let both = net.concat(&[&x0, &pooled[0], &pooled[1], &pooled[2]], 1);
            x = unit(net, &both, whole, 1);
        }
        x = csp(net, &x, &stage.csp);
        features.push(x.clone());
    }
    features.remove(0);
    [0, 1, 2].map(|i| features[i].clone())
}

fn csp(net: &mut Layers, x: &str, layer: &Csp) -> String {
    net.b.scope(layer.prefix.trim_end_matches('.'));
    let short = unit(net, x, &layer.short, 1);
    let mut main = unit(net, x, &layer.main, 1);
    for CspBlock { first, depthwise, pointwise } in &layer.blocks {
        let y = unit(net, &main, first, 1);
        let y = unit(net, &y, depthwise, 1);
        let y = unit(net, &y, pointwise, 1);
        main = if layer.has_residual { net.add(&main, &y) } else { y };
    }
    let mut both = net.concat(&[&main, &short], 1);
    if layer.has_attention {
        let width = layer.main.output + layer.short.output;
        let mean = net.b.op("GlobalAveragePool", &[&both], &[]);
        let weights = net.pointwise(&mean, &format!("{}attention.fc", layer.prefix), width, width);
        let slope = [("alpha", Attr::Float(1.0 / 6.0)), ("beta", Attr::Float(0.5))];
        let weights = net.b.op("HardSigmoid", &[&weights], &slope);
        both = net.b.op("Mul", &[&both, &weights], &[]);
    }
    unit(net, &both, &layer.last, 1)
}

/// Top down, then bottom up. The way up takes the reduced maps of the way down.
fn neck(net: &mut Layers, det: &RtmDet, [c3, c4, c5]: &[String; 3]) -> [String; 3] {
    net.b.scope("neck");
    let high = unit(net, c5, &det.reduce[0], 1);
    let x = enlarge(net, &high);
    let x = net.concat(&[&x, c4], 1);
    let x = csp(net, &x, &det.top_down[0]);
    let middle = unit(net, &x, &det.reduce[1], 1);
    let x = enlarge(net, &middle);
    let x = net.concat(&[&x, c3], 1);
    let n3 = csp(net, &x, &det.top_down[1]);
    let x = unit(net, &n3, &det.downsamples[0], 2);
    let x = net.concat(&[&x, &middle], 1);
    let n4 = csp(net, &x, &det.bottom_up[0]);
    let x = unit(net, &n4, &det.downsamples[1], 2);
    let x = net.concat(&[&x, &high], 1);
    let n5 = csp(net, &x, &det.bottom_up[1]);
    net.b.scope("neck.out_convs");
    let [out3, out4, out5] = &det.out;
    [unit(net, &n3, out3, 1), unit(net, &n4, out4, 1), unit(net, &n5, out5, 1)]
}

/// Every value four times.
fn enlarge(net: &mut Layers, x: &str) -> String {
    let scales = net.b.floats(&[1.0, 1.0, 2.0, 2.0], &[4]);
    let attributes = [
        ("mode", Attr::Text("nearest")),
        ("coordinate_transformation_mode", Attr::Text("asymmetric")),
        ("nearest_mode", Attr::Text("floor")),
    ];
    net.b.op("Resize", &[x, "", &scales], &attributes)
}

/// Logits N x cells x C and distances N x cells x 4 of one level; declares the undecoded maps.
fn head(net: &mut Layers, det: &RtmDet, level: usize, feature: &str, input: Size) -> (String, String) {
    net.b.scope(format!("bbox_head.{level}"));
    let grid = cells(input)[level];
    let mut branch = |units: &[Unit], key: &str, outputs: usize| {
        let mut x = feature.to_owned();
        for layer in units {
            x = unit(net, &x, layer, 1);
        }
        let width = units.last().map_or(0, |unit| unit.output);
        net.pointwise(&x, &format!("bbox_head.{key}.{level}"), width, outputs)
    };
    let logits = branch(&det.levels[level].classes, "rtm_cls", det.classes);
    let logs = branch(&det.levels[level].edges, "rtm_reg", 4);
    let factor = net.b.op("Exp", &[&logs], &[]);
    let stride = net.b.floats(&[RTMDET_STRIDES[level] as f32], &[]);
    let distances = net.b.op("Mul", &[&factor, &stride], &[]);
    let mut declared = |from: &str, to: &str, channels: usize| {
        let name = net.b.rename(from, to);
        let dims = [Dim::Batch, Dim::Fixed(channels), Dim::Fixed(grid.height), Dim::Fixed(grid.width)];
        net.b.value(&name, Element::F32, &dims);
        // To one row per cell.
        let x = net.b.op("Transpose", &[&name], &[("perm", Attr::Ints(&[0, 2, 3, 1]))]);
        net.reshape(&x, &[0, -1, channels as i64])
    };
    let logits = declared(&logits, RTMDET_RAW_OUTPUTS[level], det.classes);
    let distances = declared(&distances, RTMDET_RAW_OUTPUTS[3 + level], 4);
    (logits, distances)
}

/// Boxes around the upper left corner of each cell.
fn around_points(net: &mut Layers, edges: &str, input: Size, count: usize) -> String {
    let mut points = Vec::with_capacity(2 * count);
    for (grid, stride) in cells(input).iter().zip(RTMDET_STRIDES) {
        for cell in 0..grid.area() {
            points.extend([(cell % grid.width * stride) as f32, (cell / grid.width * stride) as f32]);
        }
    }
    let points = net.b.floats(&points, &[1, count, 2]);
    let sizes = net.b.shape(&[2, 2]);
    let halves = net.b.node("", "Split", &[edges, &sizes], 2, &[("axis", Attr::Int(-1))]);
    let upper = net.b.op("Sub", &[&points, &halves[0]], &[]);
    let lower = net.b.op("Add", &[&points, &halves[1]], &[]);
    net.concat(&[&upper, &lower], -1)
}
