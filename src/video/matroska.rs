//! Raw frames with times, as ffmpeg reads them from a pipe: the least of Matroska (RFC 9559) that says so. Raw video without a
//! container has a constant frame rate, which clips do not.

use crate::geometry::Size;
use std::io::{self, Write};

/// Nanoseconds per tick.
const TICK_NS: u64 = 1000;
const MICROSECONDS: i64 = TICK_NS as i64;
/// Of an element that ends with the stream.
const UNKNOWN_SIZE: [u8; 8] = [0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

fn element(id: u32, content: &[u8]) -> Vec<u8> {
    let mut bytes = head(id, content.len() as u64);
    bytes.extend_from_slice(content);
    bytes
}

/// The identifier of an element and its size in eight bytes.
fn head(id: u32, size: u64) -> Vec<u8> {
    let id = id.to_be_bytes();
    let leading = id.iter().take_while(|byte| **byte == 0).count();
    let mut bytes = id[leading..].to_vec();
    bytes.extend_from_slice(&(size | 1 << 56).to_be_bytes());
    bytes
}

fn number(id: u32, value: u64) -> Vec<u8> {
    element(id, &value.to_be_bytes())
}

/// What stands before the frames: RGB8 of one size.
pub(super) fn write_header(out: &mut impl Write, size: Size) -> io::Result<()> {
    let ebml = [
        number(0x4286, 1),
        number(0x42f7, 1),
        number(0x42f2, 4),
        number(0x42f3, 8),
        element(0x4282, b"matroska"),
        number(0x4287, 4),
        number(0x4285, 2),
    ];
    let info = [number(0x2a_d7b1, TICK_NS), element(0x4d80, b"libsapiens"), element(0x5741, b"libsapiens")];
    let video = [
        number(0xb0, size.width as u64),
        number(0xba, size.height as u64),
        element(0x2e_b524, b"RGB\x18"), // the fourcc of packed 24-bit RGB, as ffmpeg names it
    ];
    let track = [
        number(0xd7, 1),
        number(0x73c5, 1),
        number(0x83, 1),
        number(0x9c, 0),
        element(0x86, b"V_UNCOMPRESSED"),
        element(0xe0, &video.concat()),
    ];
    out.write_all(&element(0x1a45_dfa3, &ebml.concat()))?;
    out.write_all(&0x1853_8067_u32.to_be_bytes())?;
    out.write_all(&UNKNOWN_SIZE)?;
    out.write_all(&element(0x1549_a966, &info.concat()))?;
    out.write_all(&element(0x1654_ae6b, &element(0xae, &track.concat())))
}

/// A frame `time_ns` after the beginning.
pub(super) fn write_frame(out: &mut impl Write, time_ns: i64, pixels: &[u8]) -> io::Result<()> {
    let ticks = (time_ns + MICROSECONDS / 2).max(0) / MICROSECONDS;
    let time = number(0xe7, ticks as u64);
    let block = [&head(0xa3, pixels.len() as u64 + 4)[..], &[0x81, 0, 0, 0x80]].concat();
    out.write_all(&head(0x1f43_b675, (time.len() + block.len() + pixels.len()) as u64))?;
    out.write_all(&time)?;
    out.write_all(&block)?;
    out.write_all(pixels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_as_long_as_they_say() {
        let mut bytes = Vec::new();
        write_frame(&mut bytes, 1_500, &[7; 6]).unwrap();
        assert_eq!(bytes[..4], [0x1f, 0x43, 0xb6, 0x75]);
        let size = u64::from_be_bytes(bytes[4..12].try_into().unwrap()) & !(1 << 56);
        assert_eq!(size as usize, bytes.len() - 12);
        assert_eq!(bytes[12..29], [&[0xe7, 1, 0, 0, 0, 0, 0, 0, 8][..], &[0, 0, 0, 0, 0, 0, 0, 2]].concat());
        assert!(bytes.ends_with(&[0x81, 0, 0, 0x80, 7, 7, 7, 7, 7, 7]));
    }
}
