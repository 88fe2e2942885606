//! NV12 on its way to a device: what the host makes of it, in whole numbers and therefore the same.

use super::graph::floats;
use super::surface::{Rows, Yuv};
use crate::image::{YuvColor, YuvMatrix};
use crate::onnx::{Attr, Builder, Dim, Element};
use crate::runtime::{Device, Input, View};
use prost::Message;

/// What stands for no colour in U and V.
const GREY: i32 = 128;

/// `luma` (bytes x 1) and `chroma` (pairs of U, V x 2) to `frame`: pixels x 3 in the order of the buffer, R, G, B as floats.
///
/// | input | shape | holds |
/// |---|---|---|
/// | `luma_rows`, `chroma_rows` | height x 1 | where each row of pixels begins |
/// | `luma_columns`, `chroma_columns` | width | what to add for each column |
pub(super) fn upload(device: Device, color: YuvColor) -> Vec<u8> {
    let (height, width) = (Dim::Free("height"), Dim::Free("width"));
    let mut b = Builder::new();
    let plane = |b: &mut Builder, name: &'static str, channels: usize| {
        let bytes = b.input(name, Element::U8, &[Dim::Free(name), Dim::Fixed(channels)]);
        let rows = b.input(&format!("{name}_rows"), Element::I32, &[height, Dim::Fixed(1)]);
        let columns = b.input(&format!("{name}_columns"), Element::I32, &[width]);
        let values = floats(b, device, &bytes);
        let at = b.op("Add", &[&rows, &columns], &[]);
        let values = b.op("Gather", &[&values, &at], &[("axis", Attr::Int(0))]);
        b.op("Cast", &[&values], &[("to", Attr::Int(Element::I32 as i64))])
    };
    let (luma, chroma) = (plane(&mut b, "luma", 1), plane(&mut b, "chroma", 2));
    let matrix = YuvMatrix::of(color);
    let ([offset, scale], [half, whole]) = (matrix.of_luma(), YuvMatrix::rounding());
    let [offset, scale, half, whole, grey] = [offset, scale, half, whole, GREY].map(|value| b.ints32(&[value], &[1]));
    let luma = b.op("Sub", &[&luma, &offset], &[]);
    let luma = b.op("Mul", &[&luma, &scale], &[]);
    let chroma = b.op("Sub", &[&chroma, &grey], &[]);
    let mut sum = b.op("Add", &[&luma, &half], &[]);
    for (channel, factors) in matrix.of_chroma().into_iter().enumerate() {
        let index = b.ints32(&[channel as i32], &[1]);
        let own = b.op("Gather", &[&chroma, &index], &[("axis", Attr::Int(2))]);
        let factors = b.ints32(&factors, &[3]);
        let product = b.op("Mul", &[&own, &factors], &[]);
        sum = b.op("Add", &[&sum, &product], &[]);
    }
    // What is negative becomes 0 below, so it is the same whether a division rounds down, as on the host, or towards 0.
    let levels = b.op("Div", &[&sum, &whole], &[]);
    let levels = b.op("Cast", &[&levels], &[("to", Attr::Int(Element::F32 as i64))]);
    let (low, high) = (b.floats(&[0.0], &[]), b.floats(&[255.0], &[]));
    let levels = b.op("Clip", &[&levels, &low, &high], &[]);
    let shape = b.shape(&[-1, 3]);
    let frame = b.op("Reshape", &[&levels, &shape], &[]);
    let frame = b.rename(&frame, "frame");
    b.output(&frame, Element::F32, &[Dim::Free("pixels"), Dim::Fixed(3)]);
    b.finish("upload_nv12", &[]).encode_to_vec()
}

/// Where rows and columns of the planes lie.
pub(super) struct Tables {
    shapes: [[usize; 2]; 2],
    rows: [Vec<i32>; 2],
    columns: [Vec<i32>; 2],
}

impl Tables {
    pub fn new(yuv: &Yuv) -> Self {
        let (height, width) = (yuv.size.height, yuv.size.width);
        // A pair of columns, and of rows, shares one U, V.
        let rows = |Rows { first, step }: Rows, shared: usize| {
            (0..height).map(|y| (first as isize + (y / shared) as isize * step) as i32).collect()
        };
        let columns = |shared: usize| (0..width).map(|x| (x / shared) as i32).collect();
        Self {
            shapes: [[height, 1], [width, 1]],
            rows: [rows(yuv.luma, 1), rows(yuv.pairs, 2)],
            columns: [columns(1), columns(2)],
        }
    }

    pub fn inputs(&self) -> Vec<(&'static str, Input<'_>)> {
        let rows = ["luma_rows", "chroma_rows"].into_iter().zip(&self.rows);
        let columns = ["luma_columns", "chroma_columns"].into_iter().zip(&self.columns);
        let [tall, wide] = &self.shapes;
        let rows = rows.map(|(name, values)| (name, Input::Host(View::I32(tall, values))));
        rows.chain(columns.map(|(name, values)| (name, Input::Host(View::I32(&wide[..1], values))))).collect()
    }
}
