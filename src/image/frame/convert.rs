//! Pixel formats to RGB, row by row on all cores.

use super::{FrameFormat, PixelFormat, Plane, YuvColor};
use rayon::prelude::*;

/// Writes the picture of a frame that is upright already.
pub(super) fn upright(frame: &FrameFormat, planes: &[Plane<'_>], pixels: &mut [u8]) {
    pixels.par_chunks_exact_mut(3 * frame.size.width).enumerate().for_each(|(y, out)| row(frame, planes, y, out));
}

/// Writes the upright picture of a frame that must be turned: converted as it lies, then every pixel goes to its place.
pub(super) fn turned(frame: &FrameFormat, planes: &[Plane<'_>], pixels: &mut [u8]) {
    /// Rows of the upright picture per piece of work: where sides are swapped they share cache lines of the source.
    const BAND: usize = 16;
    let (width, buffer) = (frame.upright_size().width, frame.size);
    let mut lying = vec![0; pixels.len()];
    upright(frame, planes, &mut lying);
    pixels.par_chunks_mut(3 * width * BAND).enumerate().for_each(|(band, out)| {
        for x in 0..width {
            for (y, out) in out.chunks_exact_mut(3 * width).enumerate() {
                let (column, row) = frame.orientation.source(buffer, x, band * BAND + y);
                let from = 3 * (row * buffer.width + column);
                out[3 * x..3 * x + 3].copy_from_slice(&lying[from..from + 3]);
            }
        }
    });
}

/// Converts row `y` of the buffer.
fn row(frame: &FrameFormat, planes: &[Plane<'_>], y: usize, out: &mut [u8]) {
    let source = planes[0].row(y, frame.row_bytes(0));
    match frame.format {
        PixelFormat::Rgb8 => out.copy_from_slice(source),
        PixelFormat::Bgr8 => pick::<3>(source, out, [2, 1, 0]),
        PixelFormat::Rgba8 => pick::<4>(source, out, [0, 1, 2]),
        PixelFormat::Bgra8 => pick::<4>(source, out, [2, 1, 0]),
        PixelFormat::Gray8 => out.chunks_exact_mut(3).zip(source).for_each(|(to, &from)| to.fill(from)),
        PixelFormat::Nv12 => {
            let chroma = planes[1].row(y / 2, frame.row_bytes(1));
            // A frame without colours is refused before.
            yuv(source, chroma, out, &Matrix::of(frame.yuv.unwrap_or(YuvColor::Bt709Limited)));
        }
    }
}

fn pick<const N: usize>(source: &[u8], out: &mut [u8], order: [usize; 3]) {
    for (to, from) in out.chunks_exact_mut(3).zip(source.chunks_exact(N)) {
        (to[0], to[1], to[2]) = (from[order[0]], from[order[1]], from[order[2]]);
    }
}

/// Coefficients with 20 fractional bits: the rounding error stays far below half a level.
struct Matrix {
    luma_offset: i32,
    luma: i32,
    red_v: i32,
    green_u: i32,
    green_v: i32,
    blue_u: i32,
}

const BITS: u32 = 20;

impl Matrix {
    /// From the luma coefficients of red and blue (ITU-R BT.601-7, BT.709-6): R = Y + 2(1-kr) V, B = Y + 2(1-kb) U, and G from
    /// the definition of Y. In limited range Y spans 219 levels and U, V 224.
    const fn of(color: YuvColor) -> Self {
        let (kr, kb) = match color {
            YuvColor::Bt601Limited | YuvColor::Bt601Full => (0.299, 0.114),
            YuvColor::Bt709Limited | YuvColor::Bt709Full => (0.2126, 0.0722),
        };
        let (luma_offset, luma, chroma) = match color {
            YuvColor::Bt601Limited | YuvColor::Bt709Limited => (16, 255.0 / 219.0, 255.0 / 224.0),
            YuvColor::Bt601Full | YuvColor::Bt709Full => (0, 1.0, 1.0),
        };
        let kg = 1.0 - kr - kb;
        let (red, blue) = (2.0 * (1.0 - kr) * chroma, 2.0 * (1.0 - kb) * chroma);
        Self {
            luma_offset,
            luma: fixed(luma),
            red_v: fixed(red),
            green_u: fixed(-blue * kb / kg),
            green_v: fixed(-red * kr / kg),
            blue_u: fixed(blue),
        }
    }
}

const fn fixed(value: f64) -> i32 {
    let scaled = value * (1 << BITS) as f64;
    (if scaled < 0.0 { scaled - 0.5 } else { scaled + 0.5 }) as i32
}

/// Each pair of pixels shares one U, V, as `cv2.cvtColor` does.
fn yuv(luma: &[u8], chroma: &[u8], out: &mut [u8], m: &Matrix) {
    const HALF: i32 = 1 << (BITS - 1);
    for ((out, luma), uv) in out.chunks_mut(6).zip(luma.chunks(2)).zip(chroma.chunks_exact(2)) {
        let (u, v) = (i32::from(uv[0]) - 128, i32::from(uv[1]) - 128);
        let add = [m.red_v * v + HALF, m.green_u * u + m.green_v * v + HALF, m.blue_u * u + HALF];
        for (out, &y) in out.chunks_exact_mut(3).zip(luma) {
            let y = (i32::from(y) - m.luma_offset) * m.luma;
            (0..3).for_each(|c| out[c] = ((y + add[c]) >> BITS).clamp(0, 255) as u8);
        }
    }
}
