//! Odd picture files: those that can be shown work and keep their size, the others are one error. How they are read is
//! tested in `tests/image_input.rs`.

use crate::support::{Npy, Sandbox, json, ply_vertices};
use image::{ExtendedColorType, ImageEncoder, codecs::jpeg::JpegEncoder, codecs::png::PngEncoder};

fn png(width: u32, height: u32, color: ExtendedColorType) -> Vec<u8> {
    let bytes = (width * height) as usize * usize::from(color.bits_per_pixel()) / 8;
    let noise: Vec<u8> = (0..bytes as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut out = Vec::new();
    PngEncoder::new(&mut out).write_image(&noise, width, height, color).unwrap();
    out
}

/// 40 wide and 24 high as stored, to be turned a quarter.
fn rotated_jpeg() -> Vec<u8> {
    let mut jpeg = Vec::new();
    JpegEncoder::new(&mut jpeg).write_image(&[90; 40 * 24 * 3], 40, 24, ExtendedColorType::Rgb8).unwrap();
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01".to_vec();
    exif.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0]); // orientation 6, no further directory
    let length = (exif.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &exif, &jpeg[2..]].concat()
}

#[test]
fn odd_pictures_work_and_keep_their_size() {
    use ExtendedColorType::{L8, L16, La8, Rgb8, Rgb16, Rgba8, Rgba16};
    let sandbox = Sandbox::new();
    let cases = [
        ("pixel.png", png(1, 1, Rgb8), [1, 1]),
        ("column.png", png(1, 300, Rgb8), [300, 1]),
        ("row.png", png(700, 2, Rgb8), [2, 700]),
        ("deep.png", png(30, 20, Rgb16), [20, 30]),
        ("deep_alpha.png", png(30, 20, Rgba16), [20, 30]),
        ("gray.png", png(31, 20, L8), [20, 31]),
        ("deep_gray.png", png(31, 20, L16), [20, 31]),
        ("gray_alpha.png", png(30, 21, La8), [21, 30]),
        ("alpha.png", png(30, 22, Rgba8), [22, 30]),
        ("turned.jpg", rotated_jpeg(), [40, 24]),
    ];
    let mut args = vec!["run", "--save", "png,json,npy,ply", "--out", "o", "--sheet", "s.png"];
    for (name, bytes, _) in &cases {
        sandbox.write(name, bytes);
        args.push(name);
    }
    sandbox.ok(&args);
    for (name, _, [h, w]) in cases {
        let stem = name.split('.').next().unwrap();
        let path = |ending: &str| sandbox.path(&format!("o/{stem}{ending}"));
        for (task, descr, channels) in [
            ("seg", "|u1", 1),
            ("normal", "<f4", 3),
            ("pointmap", "<f4", 3),
            ("albedo", "<f4", 3),
            ("matting", "<f4", 1),
        ] {
            let array = Npy::open(&path(&format!("_{task}.npy")));
            let shape = if channels == 3 { vec![h, w, 3] } else { vec![h, w] };
            assert!(array.is(descr, &shape), "{name} {task}: {} {:?}", array.descr, array.shape);
            assert!(array.values.iter().all(|v| v.is_finite()), "{name} {task}");
            assert_eq!(image::image_dimensions(path(&format!("_{task}.png"))).unwrap(), (w as u32, h as u32), "{name}");
        }
        let document = json(&path(".json"));
        assert_eq!((&document["image"]["width"], &document["image"]["height"]), (&w.into(), &h.into()), "{name}");
        assert!(ply_vertices(&path(".ply")) <= w * h, "{name}");
    }
}

/// Signature and header of a PNG without pixels; the checksum of the header is right.
fn png_header(width: u32, height: u32) -> Vec<u8> {
    let chunk = |kind: &[u8], data: &[u8]| {
        let body = [kind, data].concat();
        let crc = !body.iter().fold(u32::MAX, |crc, &byte| {
            (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
        });
        [&(data.len() as u32).to_be_bytes()[..], &body, &crc.to_be_bytes()].concat()
    };
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &header), chunk(b"IDAT", &[]), chunk(b"IEND", &[])].concat()
}

#[test]
fn pictures_that_cannot_be_read() {
    let sandbox = Sandbox::new();
    let noise = png(64, 64, ExtendedColorType::Rgb8);
    let cases = [
        ("empty.jpg", Vec::new(), "empty"),
        ("text.png", b"shopping list\n".to_vec(), "known image format"),
        ("cut.png", noise[..noise.len() / 2].to_vec(), "cannot decode"),
        ("zero.png", png_header(0, 7), "zero"),
        ("huge.png", png_header(20_000, 20_000), "20000 wide and 20000 high: the limit is 16384"),
        ("anim.gif", b"GIF89a\x01\x00\x01\x00\x00\x00\x00;".to_vec(), "readable are JPEG, PNG"),
    ];
    for (name, bytes, fragment) in cases {
        sandbox.write(name, &bytes);
        sandbox.refused(&["run", name, "--save", "png,json,npy,ply", "--out", "o"], &[name, fragment]);
        sandbox.refused(&["bench", "--image", name], &[name, fragment]);
    }
    // The file of no picture is written: not the sheet either.
    sandbox.refused(&["run", "text.png", "--out", "o", "--sheet", "s.png"], &["text.png"]);
}
