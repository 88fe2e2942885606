//! NV12 to RGB.

use super::YuvColor;
use super::convert::pack;
use std::ops::Range;

/// How Y, U, V become R, G, B: coefficients with 20 fractional bits, so that sums are exact to 1/2000 of a level and stay within 32 bits.
pub(crate) struct Matrix {
    luma_offset: i32,
    luma: i32,
    red_v: i32,
    green_u: i32,
    green_v: i32,
    blue_u: i32,
}

const BITS: u32 = 20;
/// Half a level, so that shifting rounds.
const HALF: i32 = 1 << (BITS - 1);

impl Matrix {
    /// From the luma coefficients of red and blue (ITU-R BT.601-7, BT.709-6): R = Y + 2(1-kr) V, B = Y + 2(1-kb) U, and G from
    /// the definition of Y. In limited range Y spans 219 levels and U, V 224.
    pub const fn of(color: YuvColor) -> Self {
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

    /// What is taken from Y, and what the rest is multiplied by.
    pub const fn of_luma(&self) -> [i32; 2] {
        [self.luma_offset, self.luma]
    }

    /// What `U - 128` and `V - 128` are multiplied by for red, green and blue.
    pub const fn of_chroma(&self) -> [[i32; 3]; 2] {
        [[0, self.green_u, self.blue_u], [self.red_v, self.green_v, 0]]
    }

    /// What is added to their sum, and what that is divided by then.
    pub const fn rounding() -> [i32; 2] {
        [HALF, 1 << BITS]
    }

    /// What a U, V adds to red, green and blue, and half a level.
    #[inline]
    fn chroma(&self, [u, v]: [u8; 2]) -> [i32; 3] {
        let (u, v) = (i32::from(u) - 128, i32::from(v) - 128);
        [self.red_v * v + HALF, self.green_u * u + self.green_v * v + HALF, self.blue_u * u + HALF]
    }

    /// R, G, B from the lowest byte on.
    #[inline]
    fn pixel(&self, y: u8, chroma: [i32; 3]) -> u32 {
        let y = (i32::from(y) - self.luma_offset) * self.luma;
        let [r, g, b] = chroma.map(|add| ((y + add) >> BITS).clamp(0, 255) as u32);
        r | g << 8 | b << 16
    }
}

const fn fixed(value: f64) -> i32 {
    let scaled = value * (1 << BITS) as f64;
    (if scaled < 0.0 { scaled - 0.5 } else { scaled + 0.5 }) as i32
}

/// Converts a run of columns of one row. Each pair of columns shares one U, V, as with `cv2.cvtColor`; results are
/// rounded to the nearest level, exact to 1/2000 of a level.
pub(super) fn read(luma: &[u8], chroma: &[u8], columns: Range<usize>, out: &mut [u8], matrix: &Matrix) {
    let (pairs, _) = chroma.as_chunks::<2>();
    let lone = |x: usize, out: &mut [u8]| {
        let word = matrix.pixel(luma[x], matrix.chroma(pairs[x / 2]));
        out.copy_from_slice(&word.to_le_bytes()[..3]);
    };
    let mut start = columns.start;
    let mut out = out;
    // A run may begin in the middle of a pair.
    if start % 2 == 1 {
        let (first, others) = out.split_at_mut(3);
        lone(start, first);
        (start, out) = (start + 1, others);
    }
    let (quads, rest) = luma[start..columns.end].as_chunks::<4>();
    let (out_quads, out_rest) = out.as_chunks_mut::<12>();
    let (uv, _) = pairs[start / 2..].as_chunks::<2>();
    quads.iter().zip(uv).zip(out_quads).for_each(|((y, uv), to)| {
        let [left, right] = uv.map(|uv| matrix.chroma(uv));
        let pixel = |i: usize| matrix.pixel(y[i], if i < 2 { left } else { right });
        *to = pack([pixel(0), pixel(1), pixel(2), pixel(3)]);
    });
    let start = columns.end - rest.len();
    out_rest.chunks_exact_mut(3).enumerate().for_each(|(i, out)| lone(start + i, out));
}
