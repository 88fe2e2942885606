//! The task heads, from the feature map to the raw outputs, and the outputs of the graph.

use super::backbone::Tokens;
use super::decode;
use super::net::{INSTANCE_EPSILON, NORM_EPSILON, Net};
use super::weights::Recipe;
use super::winograd;
use crate::checkpoint::{Conv, Head, HeadNorm, ScaleBranch};
use crate::error::{Error, ErrorKind, Result};
use crate::geometry::Size;
use crate::onnx::{Attr, Dim, Element};
use crate::spec::Task;

/// The output of a detector's graph: N x 5 x h x w, undecoded.
pub const DETECTOR_OUTPUT: &str = "detector";

/// Builds the head of a task and declares the graph's outputs for it.
pub(super) fn build(net: &mut Net, task: Task, grid: Size, tokens: &Tokens) -> Result<()> {
    let arch = net.arch;
    if task == Task::Features {
        let (count, embed) = (Dim::Fixed(arch.prefix_tokens() + grid.area()), Dim::Fixed(arch.embed));
        net.b.output("tokens", Element::F32, &[Dim::Batch, count, embed]);
        let (h, w) = (Dim::Fixed(grid.height), Dim::Fixed(grid.width));
        net.b.output("featmap", Element::F32, &[Dim::Batch, embed, h, w]);
        return Ok(());
    }
    let head = arch
        .head(task)
        .ok_or_else(|| Error::new(ErrorKind::Unsupported, format!("this model has no head for `{task}`")))?;
    let raw = layers(net, head, grid, tokens);
    let raw = match task {
        Task::Matting => net.b.op("Sigmoid", &[&raw], &[]),
        _ => raw,
    };
    let (mut map, mut dims) = raw_map(head, grid);
    let mut raw = raw;
    if !net.info.raw && arch.sapiens1.is_some() && task != Task::Pose {
        // The official pipeline goes to the size of the input first, and from there to the picture.
        raw = enlarged(net, &raw, map);
        map = net.info.input;
        dims[2..].copy_from_slice(&[Dim::Fixed(map.height), Dim::Fixed(map.width)]);
    }
    let name = net.b.rename(&raw, task.raw_outputs()[0]);
    if task == Task::Depth {
        net.b.output(&name, Element::F32, &dims);
    } else {
        declare_raw(net, &name, &dims);
    }
    if let Some(branch) = head.scale() {
        let scale = scale_branch(net, tokens, branch);
        let scale = net.b.rename(&scale, "scale");
        declare_raw(net, &scale, &[Dim::Batch, Dim::Fixed(1)]);
    }
    if !net.info.raw {
        net.b.scope(format!("decode.{task}"));
        decode::build(net, task, head.out(), map);
    }
    Ok(())
}

/// Maps of v1 brought to the size of the input: bilinear, half-pixel centres.
fn enlarged(net: &mut Net, x: &str, map: Size) -> String {
    let input = net.info.input;
    if map == input {
        return x.to_owned();
    }
    let factors = [input.height as f32 / map.height as f32, input.width as f32 / map.width as f32];
    let scales = net.b.floats(&[1.0, 1.0, factors[0], factors[1]], &[4]);
    let attributes = [("mode", Attr::Text("linear")), ("coordinate_transformation_mode", Attr::Text("half_pixel"))];
    net.b.op("Resize", &[x, "", &scales], &attributes)
}

/// Builds the head of a person detector: its maps are the output [`DETECTOR_OUTPUT`], which is small enough to be decoded
/// outside ([`mod@crate::detect`]).
pub(super) fn build_detector(net: &mut Net, head: &Head, grid: Size, tokens: &Tokens) {
    let raw = layers(net, head, grid, tokens);
    let name = net.b.rename(&raw, DETECTOR_OUTPUT);
    net.b.output(&name, Element::F32, &raw_map(head, grid).1);
}

/// Size of the map a head ends in, and its dimensions in the graph.
fn raw_map(head: &Head, grid: Size) -> (Size, [Dim; 4]) {
    let map = Size::new(grid.width * head.upscale(), grid.height * head.upscale());
    (map, [Dim::Batch, Dim::Fixed(head.out()), Dim::Fixed(map.height), Dim::Fixed(map.width)])
}

/// From the feature map to what the last layer gives.
fn layers(net: &mut Net, head: &Head, grid: Size, tokens: &Tokens) -> String {
    net.b.scope(head.prefix().trim_end_matches('.'));
    let x = net.narrow(&tokens.featmap);
    let mut size = grid;
    let double = |size: Size| Size::new(2 * size.width, 2 * size.height);
    match head {
        Head::Deconv { deconv, conv, predictor, .. } => {
            let mut x = x;
            for layer in deconv {
                x = deconvolution(net, &x, layer, size);
                size = double(size);
                x = norm_silu(net, &x, layer, HeadNorm::Instance, layer.output);
            }
            for layer in conv {
                x = conv_before_norm(net, &x, layer, HeadNorm::Instance, Step::Same(size));
                x = norm_silu(net, &x, layer, HeadNorm::Instance, layer.output);
            }
            predict(net, &x, predictor)
        }
        Head::PixelShuffle { input_conv, upsample, conv, predictor, norm, .. } => {
            let mut x = conv_before_norm(net, &x, input_conv, *norm, Step::Same(size));
            x = norm_silu(net, &x, input_conv, *norm, input_conv.output);
            for layer in upsample {
                // A bias matters here: the shuffle mixes four channels into each normalised one.
                x = if net.winograd.contains(&layer.key) {
                    winograd::shuffled(net, &x, layer, size)
                } else {
                    let x = convolution(net, &x, layer, true, Step::Same(size));
                    net.depth_to_space(&x, false, layer.output / 4, size)
                };
                size = double(size);
                x = norm_silu(net, &x, layer, *norm, layer.output / 4);
            }
            for layer in conv {
                x = conv_before_norm(net, &x, layer, *norm, Step::Same(size));
                x = norm_silu(net, &x, layer, *norm, layer.output);
            }
            predict(net, &x, predictor)
        }
    }
}

/// A raw output is an output of a raw graph, and a declared inner value of one that decodes.
fn declare_raw(net: &mut Net, name: &str, dims: &[Dim]) {
    if net.info.raw {
        net.b.output(name, Element::F32, dims);
    } else {
        net.b.value(name, Element::F32, dims);
    }
}

/// A convolution whose bias has no effect: an instance norm directly behind it subtracts the mean of each channel.
fn conv_before_norm(net: &mut Net, x: &str, layer: &Conv, norm: HeadNorm, step: Step) -> String {
    convolution(net, x, layer, norm != HeadNorm::Instance, step)
}

/// What a convolution does to the size of a map.
#[derive(Clone, Copy)]
enum Step {
    /// Keeps this size.
    Same(Size),
    /// Halves it.
    Half,
}

/// A convolution in the type of products.
fn convolution(net: &mut Net, x: &str, layer: &Conv, bias: bool, step: Step) -> String {
    let stride = match step {
        Step::Same(size) if net.winograd.contains(&layer.key) => {
            return winograd::convolution(net, x, layer, bias, size);
        }
        Step::Same(_) => 1,
        Step::Half => 2,
    };
    let (k, pad) = (layer.kernel as i64, layer.kernel as i64 / 2);
    let name = format!("{}.weight", layer.key);
    let dims = [layer.output, layer.input, layer.kernel, layer.kernel];
    let weight = net.weight(&name, &dims, Recipe::Stored(name.clone()));
    let name = format!("{}.bias", layer.key);
    let bias = bias.then(|| net.weight(&name, &[layer.output], Recipe::Stored(name.clone())));
    let mut inputs = vec![x, &weight];
    inputs.extend(bias.as_deref());
    let attributes = [
        ("kernel_shape", Attr::Ints(&[k, k])),
        ("pads", Attr::Ints(&[pad, pad, pad, pad])),
        ("strides", Attr::Ints(&[stride, stride])),
    ];
    net.b.op("Conv", &inputs, &attributes)
}

/// Transposed convolution 4x4, stride 2, padding 1, as four convolutions 2x2, one per phase of the output grid, whose
/// results are interleaved: about half the time of the transposed operator.
fn deconvolution(net: &mut Net, x: &str, layer: &Conv, size: Size) -> String {
    if net.winograd.contains(&layer.key) {
        return winograd::transposed(net, x, layer, size);
    }
    // Output row 2y + phase sees these kernel rows, at input rows y - 1 + phase and y + phase.
    const TAPS: [[usize; 2]; 2] = [[3, 1], [2, 0]];
    let (inputs, outputs) = (layer.input, layer.output);
    let mut phases = Vec::with_capacity(4);
    for a in 0..2 {
        for b in 0..2 {
            let tensor = format!("{}.weight", layer.key);
            let name = format!("{tensor}.phase{a}{b}");
            let recipe = Recipe::computed(move |source| {
                let stored = source.read(&tensor)?;
                let mut w = vec![0.0; outputs * inputs * 4];
                for i in 0..inputs {
                    for o in 0..outputs {
                        for (u, &row) in TAPS[a].iter().enumerate() {
                            for (v, &column) in TAPS[b].iter().enumerate() {
                                w[((o * inputs + i) * 2 + u) * 2 + v] =
                                    stored[((i * outputs + o) * 4 + row) * 4 + column];
                            }
                        }
                    }
                }
                Ok(w)
            });
            let weight = net.weight(&name, &[outputs, inputs, 2, 2], recipe);
            let (pa, pb) = (a as i64, b as i64);
            let attributes = [("kernel_shape", Attr::Ints(&[2, 2])), ("pads", Attr::Ints(&[1 - pa, 1 - pb, pa, pb]))];
            phases.push(net.b.op("Conv", &[x, &weight], &attributes));
        }
    }
    let phases: Vec<&str> = phases.iter().map(String::as_str).collect();
    let x = net.b.op("Concat", &phases, &[("axis", Attr::Int(1))]);
    net.depth_to_space(&x, true, outputs, size)
}

/// Norm and SiLU in 32-bit floats, the result in the type of products.
fn norm_silu(net: &mut Net, x: &str, layer: &Conv, norm: HeadNorm, channels: usize) -> String {
    let x = net.widen(x);
    let x = match (norm, &layer.norm) {
        (HeadNorm::ChannelRms, Some(name)) => channel_rms_norm(net, &x, name, channels),
        _ => {
            let (scale, bias) = (vec![1.0; channels], vec![0.0; channels]);
            let scale = net.b.floats(&scale, &[channels]);
            let bias = net.b.floats(&bias, &[channels]);
            let attributes = [("epsilon", Attr::Float(INSTANCE_EPSILON))];
            net.b.op("InstanceNormalization", &[&x, &scale, &bias], &attributes)
        }
    };
    let x = net.silu(&x);
    net.narrow(&x)
}

/// RMS norm over the channels of each pixel.
fn channel_rms_norm(net: &mut Net, x: &str, name: &str, channels: usize) -> String {
    let weight = net.float_weight(name, &[1, channels, 1, 1], Recipe::Stored(name.to_owned()));
    let squares = net.b.op("Mul", &[x, x], &[]);
    let axis = net.b.shape(&[1]);
    let mean = net.b.op("ReduceMean", &[&squares, &axis], &[("keepdims", Attr::Int(1))]);
    let epsilon = net.b.floats(&[NORM_EPSILON], &[]);
    let mean = net.b.op("Add", &[&mean, &epsilon], &[]);
    let rms = net.b.op("Sqrt", &[&mean], &[]);
    let x = net.b.op("Div", &[x, &rms], &[]);
    net.b.op("Mul", &[&x, &weight], &[])
}

/// The last layer, 1x1, in 32-bit floats: it is small, and its result is the answer.
fn predict(net: &mut Net, x: &str, layer: &Conv) -> String {
    let x = net.widen(x);
    let name = format!("{}.weight", layer.key);
    let weight = net.float_weight(&name, &[layer.output, layer.input, 1, 1], Recipe::Stored(name.clone()));
    let name = format!("{}.bias", layer.key);
    let bias = net.float_weight(&name, &[layer.output], Recipe::Stored(name.clone()));
    net.b.op("Conv", &[&x, &weight, &bias], &[("kernel_shape", Attr::Ints(&[1, 1]))])
}

/// The pointmap's scale: `[N, 1]`. Its linear layers are small, and every point is divided by their result: 32-bit floats.
fn scale_branch(net: &mut Net, tokens: &Tokens, branch: &ScaleBranch) -> String {
    let mut x = net.narrow(&tokens.featmap);
    for layer in &branch.convs {
        x = conv_before_norm(net, &x, layer, HeadNorm::Instance, Step::Half);
        x = norm_silu(net, &x, layer, HeadNorm::Instance, layer.output);
    }
    let features = branch.linears.first().map_or(0, |l| l.input);
    x = net.widen(&x);
    x = net.reshape(&x, &[0, features as i64]);
    for (i, layer) in branch.linears.iter().enumerate() {
        if i > 0 {
            x = net.silu(&x);
        }
        x = net.float_linear(&x, &layer.key, layer.input, layer.output);
    }
    x
}
