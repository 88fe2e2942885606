//! The graph of DETR: ResNet, transformer encoder and decoder, one box per query. Height and width of the picture are free.

use super::layers::Layers;
use crate::checkpoint::{Detr, DetrConfig, DetrLayer};
use crate::onnx::{Attr, Dim, Element};
use crate::spec::{MEAN_RGB, STD_RGB};

/// Outputs of the graph: logits of each query's classes, N x Q x C, the last for none; and its box in shares of width and
/// height (centre x, centre y, width, height), N x Q x 4.
pub const DETR_OUTPUTS: [&str; 2] = ["logits", "pred_boxes"];
/// Base of the frequencies in the position code.
const TEMPERATURE: f64 = 10_000.0;
/// Keeps the rows' and columns' share finite.
const POSITION_EPSILON: f32 = 1e-6;

pub(super) fn build(net: &mut Layers, detr: &Detr, config: DetrConfig) {
    let size = [Dim::Free("height"), Dim::Free("width")];
    let x = net.picture(size, &[0, 1, 2], &MEAN_RGB, &STD_RGB);
    let x = backbone(net, detr, config.is_dilated, &x);
    net.b.scope("encoder");
    let channels = detr.stages.last().and_then(|blocks| blocks.last()).map_or(0, |block| block.units[2].output);
    let width = detr.width;
    let x = net.pointwise(&x, "model.input_projection", channels, width);
    let position = position_code(net, &x, width);
    let flat = net.reshape(&x, &[0, width as i64, -1]);
    let mut x = net.b.op("Transpose", &[&flat], &[("perm", Attr::Ints(&[0, 2, 1]))]);
    let context = Context { width, heads: config.heads };
    for layer in &detr.encoder {
        let key = &layer.prefix;
        net.b.scope(key.trim_end_matches('.'));
        let placed = net.add(&x, &position);
        let seen = attention(net, context, [&placed, &placed, &x], &format!("{key}self_attn"));
        x = net.add_norm(&x, &seen, &format!("{key}self_attn_layer_norm"), width);
        x = feed_forward(net, &x, layer, width);
    }
    let memory = x;
    net.b.scope("decoder");
    let places = net.add(&memory, &position);
    let queries = net.stored("model.query_position_embeddings.weight", &[1, detr.queries, width]);
    let mut x = nothing(net, &memory, detr.queries, width);
    for layer in &detr.decoder {
        let key = &layer.prefix;
        net.b.scope(key.trim_end_matches('.'));
        let placed = net.add(&x, &queries);
        let seen = attention(net, context, [&placed, &placed, &x], &format!("{key}self_attn"));
        x = net.add_norm(&x, &seen, &format!("{key}self_attn_layer_norm"), width);
        let placed = net.add(&x, &queries);
        let seen = attention(net, context, [&placed, &places, &memory], &format!("{key}encoder_attn"));
        x = net.add_norm(&x, &seen, &format!("{key}encoder_attn_layer_norm"), width);
        x = feed_forward(net, &x, layer, width);
    }
    net.b.scope("head");
    let x = net.layer_norm(&x, "model.decoder.layernorm", width);
    let logits = net.linear(&x, "class_labels_classifier", width, detr.classes);
    let mut y = x;
    for (index, outputs) in [width, width, 4].into_iter().enumerate() {
        y = net.linear(&y, &format!("bbox_predictor.layers.{index}"), width, outputs);
        if index < 2 {
            y = net.relu(&y);
        }
    }
    let boxes = net.b.op("Sigmoid", &[&y], &[]);
    for ((from, to), last) in [&logits, &boxes].into_iter().zip(DETR_OUTPUTS).zip([detr.classes, 4]) {
        let name = net.b.rename(from, to);
        net.b.output(&name, Element::F32, &[Dim::Batch, Dim::Fixed(detr.queries), Dim::Fixed(last)]);
    }
}

/// The last stage's map: an 32nd of the picture, a 16th if it is dilated.
fn backbone(net: &mut Layers, detr: &Detr, is_dilated: bool, input: &str) -> String {
    net.b.scope("backbone.stem");
    let x = net.unit(input, &detr.stem, 2, 1);
    let x = net.relu(&x);
    let window =
        [("kernel_shape", Attr::Ints(&[3, 3])), ("strides", Attr::Ints(&[2, 2])), ("pads", Attr::Ints(&[1, 1, 1, 1]))];
    let mut x = net.b.op("MaxPool", &[&x], &window);
    for (stage, blocks) in detr.stages.iter().enumerate() {
        let is_last_dilated = is_dilated && stage + 1 == detr.stages.len();
        for (index, block) in blocks.iter().enumerate() {
            net.b.scope(format!("backbone.stage{stage}.{index}"));
            let stride = if stage > 0 && index == 0 && !is_last_dilated { 2 } else { 1 };
            let dilation = if is_last_dilated && index > 0 { 2 } else { 1 };
            let [first, second, third] = &block.units;
            let y = net.unit(&x, first, 1, 1);
            let y = net.relu(&y);
            let y = net.unit(&y, second, stride, dilation);
            let y = net.relu(&y);
            let y = net.unit(&y, third, 1, 1);
            let around = match &block.shortcut {
                Some(shortcut) => net.unit(&x, shortcut, stride, 1),
                None => x,
            };
            let sum = net.add(&y, &around);
            x = net.relu(&sum);
        }
    }
    let x = net.b.rename(&x, "featmap");
    let channels = detr.stages.last().and_then(|blocks| blocks.last()).map_or(0, |block| block.units[2].output);
    let dims = [Dim::Batch, Dim::Fixed(channels), Dim::Free("rows"), Dim::Free("columns")];
    net.b.value(&x, Element::F32, &dims);
    x
}

/// Sines and cosines of row and column, 1 x cells x width: the row's first. Rows and columns count from 1, as shares of 2 pi.
fn position_code(net: &mut Layers, map: &str, width: usize) -> String {
    let pairs = width / 4;
    let frequencies: Vec<f32> =
        (0..pairs).map(|pair| TEMPERATURE.powf(2.0 * pair as f64 / (width / 2) as f64) as f32).collect();
    let frequencies = net.b.floats(&frequencies, &[1, pairs]);
    let shape = net.b.op("Shape", &[map], &[]);
    let (zero, one) = (net.b.ints(&[0], &[]), net.b.ints(&[1], &[]));
    let mut along = |axis: i64, dims: &[i64]| {
        let index = net.b.ints(&[axis], &[]);
        let count = net.b.op("Gather", &[&shape, &index], &[]);
        let indices = net.b.op("Range", &[&zero, &count, &one], &[]);
        let numbers = net.b.op("Add", &[&indices, &one], &[]);
        let to_float = [("to", Attr::Int(Element::F32 as i64))];
        let numbers = net.b.op("Cast", &[&numbers], &to_float);
        let count = net.b.op("Cast", &[&count], &to_float);
        let epsilon = net.b.floats(&[POSITION_EPSILON], &[]);
        let count = net.b.op("Add", &[&count, &epsilon], &[]);
        let shares = net.b.op("Div", &[&numbers, &count], &[]);
        let turn = net.b.floats(&[std::f32::consts::TAU], &[]);
        let angles = net.b.op("Mul", &[&shares, &turn], &[]);
        let angles = net.reshape(&angles, &[-1, 1]);
        let angles = net.b.op("Div", &[&angles, &frequencies], &[]);
        let sines = net.b.op("Sin", &[&angles], &[]);
        let cosines = net.b.op("Cos", &[&angles], &[]);
        // Sine and cosine of each frequency stand side by side.
        let sines = net.reshape(&sines, &[-1, pairs as i64, 1]);
        let cosines = net.reshape(&cosines, &[-1, pairs as i64, 1]);
        let both = net.concat(&[&sines, &cosines], -1);
        net.reshape(&both, dims)
    };
    let half = width as i64 / 2;
    let rows = along(2, &[-1, 1, half]);
    let columns = along(3, &[1, -1, half]);
    let grid = net.b.op("Shape", &[map], &[("start", Attr::Int(2)), ("end", Attr::Int(4))]);
    let single = net.b.shape(&[1]);
    let grid = net.concat(&[&grid, &single], 0);
    let rows = net.b.op("Expand", &[&rows, &grid], &[]);
    let columns = net.b.op("Expand", &[&columns, &grid], &[]);
    let code = net.concat(&[&rows, &columns], -1);
    net.reshape(&code, &[1, -1, width as i64])
}

/// What the decoder begins with: zeros, N x Q x width.
fn nothing(net: &mut Layers, like: &str, queries: usize, width: usize) -> String {
    let batch = net.b.op("Shape", &[like], &[("start", Attr::Int(0)), ("end", Attr::Int(1))]);
    let rest = net.b.shape(&[queries as i64, width as i64]);
    let shape = net.concat(&[&batch, &rest], 0);
    let zero = net.b.floats(&[0.0], &[1, 1, 1]);
    net.b.op("Expand", &[&zero, &shape], &[])
}

#[derive(Clone, Copy)]
struct Context {
    width: usize,
    heads: usize,
}

fn attention(net: &mut Layers, context: Context, [query, key, value]: [&str; 3], name: &str) -> String {
    let Context { width, heads } = context;
    let query = net.linear(query, &format!("{name}.q_proj"), width, width);
    let key = net.linear(key, &format!("{name}.k_proj"), width, width);
    let value = net.linear(value, &format!("{name}.v_proj"), width, width);
    let scale = ((width / heads) as f64).powf(-0.5) as f32;
    let attributes = [("num_heads", Attr::Int(heads as i64)), ("scale", Attr::Float(scale))];
    let seen = net.b.ms_op("MultiHeadAttention", &[&query, &key, &value], &attributes);
    net.linear(&seen, &format!("{name}.out_proj"), width, width)
}

fn feed_forward(net: &mut Layers, x: &str, layer: &DetrLayer, width: usize) -> String {
    let key = &layer.prefix;
    let y = net.linear(x, &format!("{key}fc1"), width, layer.hidden);
    let y = net.relu(&y);
    let y = net.linear(&y, &format!("{key}fc2"), layer.hidden, width);
    net.add_norm(x, &y, &format!("{key}final_layer_norm"), width)
}
