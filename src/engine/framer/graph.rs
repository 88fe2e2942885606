//! The graphs that bring a picture to a device and cut crops out of it there.
//!
//! No operator computes a shape, and each exists on every device: opened strictly, nothing runs on the processor. Products and sums
//! are single operators in the order of the host's, so that the pixels are the host's too.

use crate::geometry::Size;
use crate::onnx::{Attr, Builder, Dim, Element};
use crate::runtime::Device;
use prost::Message;

/// Adding this to a number in 0..255 leaves no fraction in the mantissa: it is rounded to nearest even, as on the host.
const TWO_POW_23: f32 = 8_388_608.0;

/// What a framing graph is built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    /// Size of the crops.
    pub input: Size,
    /// Bytes of a pixel of the picture.
    pub channels: usize,
    /// Which of them are red, green and blue.
    pub order: [usize; 3],
    /// Weights per column and per row.
    pub taps: [usize; 2],
    /// Whether something else than 0 stands where the picture is not seen.
    pub border: bool,
}

/// `bytes` (pixels x channels) to `frame`, the same as floats: WebGPU computes with nothing smaller.
pub(super) fn upload(device: Device, channels: usize) -> Vec<u8> {
    let mut b = Builder::new();
    let dims = [Dim::Free("pixels"), Dim::Fixed(channels)];
    let bytes = b.input("bytes", Element::U8, &dims);
    let floats = floats(&mut b, device, &bytes);
    let frame = b.rename(&floats, "frame");
    b.output(&frame, Element::F32, &dims);
    b.finish("upload", &[]).encode_to_vec()
}

/// Bytes as floats.
pub(super) fn floats(b: &mut Builder, device: Device, bytes: &str) -> String {
    match device {
        // It has no cast from bytes, but reads quantised ones.
        Device::WebGpu => {
            let one = b.floats(&[1.0], &[]);
            b.op("DequantizeLinear", &[bytes, &one], &[])
        }
        _ => b.op("Cast", &[bytes], &[("to", Attr::Int(Element::F32 as i64))]),
    }
}

/// `frame` and tables to `image`: people x height x width x 3, whole numbers in 0..255.
///
/// | input | shape | holds |
/// |---|---|---|
/// | `frame` | pixels x channels | the picture |
/// | `rows` | people x window x 1 | first pixel of each row that is looked at |
/// | `columns` | people x 1 x width | what to add for the first tap of each column |
/// | `step` | 1 | what to add for the next tap |
/// | `x_weights` | people x taps x width x 1 | |
/// | `y_first` | people x height | first tap of each row, in the rows of all windows |
/// | `y_weights` | people x height x taps | |
/// | `x_border`, `y_border` | people x 1 x width x 1, people x height x 1 x 1 | with a border: it, where column or row see nothing, else 0 |
pub(super) fn framing(key: &Key) -> Vec<u8> {
    let Key { input: Size { width, height }, channels, order, taps, border } = *key;
    let (people, window) = (Dim::Batch, Dim::Free("window"));
    let mut b = Builder::new();
    let frame = b.input("frame", Element::F32, &[Dim::Free("pixels"), Dim::Fixed(channels)]);
    let rows = b.input("rows", Element::I32, &[people, window, Dim::Fixed(1)]);
    let columns = b.input("columns", Element::I32, &[people, Dim::Fixed(1), Dim::Fixed(width)]);
    let step = b.input("step", Element::I32, &[Dim::Fixed(1)]);
    let x_dims = [people, Dim::Fixed(taps[0]), Dim::Fixed(width), Dim::Fixed(1)];
    let x_weights = b.input("x_weights", Element::F32, &x_dims);
    let y_first = b.input("y_first", Element::I32, &[people, Dim::Fixed(height)]);
    let y_weights = b.input("y_weights", Element::F32, &[people, Dim::Fixed(height), Dim::Fixed(taps[1])]);

    b.scope("columns");
    let first = b.op("Add", &[&rows, &columns], &[]);
    let lines = weighed(&mut b, &frame, first, &step, &x_weights, 1, taps[0]);
    let shape = b.shape(&[-1, (width * channels) as i64]);
    let lines = b.op("Reshape", &[&lines, &shape], &[]);

    b.scope("rows");
    let one = b.ints32(&[1], &[1]);
    let sums = weighed(&mut b, &lines, y_first, &one, &y_weights, 2, taps[1]);

    b.scope("pixels");
    let (low, high) = (b.floats(&[0.0], &[]), b.floats(&[255.0], &[]));
    let clipped = b.op("Clip", &[&sums, &low, &high], &[]);
    let large = b.floats(&[TWO_POW_23], &[1]);
    let pushed = b.op("Add", &[&clipped, &large], &[]);
    let whole = b.op("Sub", &[&pushed, &large], &[]);
    let shape = b.shape(&[-1, height as i64, width as i64, channels as i64]);
    let mut image = b.op("Reshape", &[&whole, &shape], &[]);
    if border {
        let one = Dim::Fixed(1);
        let x = b.input("x_border", Element::F32, &[people, one, Dim::Fixed(width), one]);
        let y = b.input("y_border", Element::F32, &[people, Dim::Fixed(height), one, one]);
        // Nothing else is there.
        let outside = b.op("Max", &[&x, &y], &[]);
        image = b.op("Add", &[&image, &outside], &[]);
    }
    if (channels, order) != (3, [0, 1, 2]) {
        let order = b.ints32(&order.map(|channel| channel as i32), &[3]);
        image = b.op("Gather", &[&image, &order], &[("axis", Attr::Int(3))]);
    }
    let image = b.rename(&image, "image");
    b.output(&image, Element::F32, &[people, Dim::Fixed(height), Dim::Fixed(width), Dim::Fixed(3)]);
    b.finish("framing", &[]).encode_to_vec()
}

/// The sum over taps of `source[first + tap * step] * weights[tap]`; the taps of `weights` lie along `axis`.
fn weighed(b: &mut Builder, source: &str, first: String, step: &str, weights: &str, axis: i64, taps: usize) -> String {
    let (mut at, mut sum) = (first, None::<String>);
    for tap in 0..taps {
        // Not Split: a shader may write to few tensors at a time.
        let index = b.ints32(&[tap as i32], &[1]);
        let weight = b.op("Gather", &[weights, &index], &[("axis", Attr::Int(axis))]);
        if tap > 0 {
            at = b.op("Add", &[&at, step], &[]);
        }
        let values = b.op("Gather", &[source, &at], &[("axis", Attr::Int(0))]);
        let product = b.op("Mul", &[&values, &weight], &[]);
        sum = Some(match sum {
            None => product,
            Some(sum) => b.op("Add", &[&sum, &product], &[]),
        });
    }
    sum.unwrap_or_default()
}
