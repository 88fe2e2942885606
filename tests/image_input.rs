//! Picture files as users have them: damaged, odd, oversized, rotated. Each gives the right pixels or one clear error.

use image::{ColorType, ExtendedColorType, ImageEncoder, codecs::jpeg::JpegEncoder, codecs::png::PngEncoder};
use sapiens::geometry::Size;
use sapiens::image::Image;
use sapiens::{Error, ErrorKind};
use std::io::Cursor;
use std::path::{Path, PathBuf};

fn png(bytes: &[u8], width: u32, height: u32, color: ExtendedColorType) -> Vec<u8> {
    let mut out = Vec::new();
    PngEncoder::new(&mut out).write_image(bytes, width, height, color).unwrap();
    out
}

fn jpeg(rgb: &[u8], width: u32, height: u32) -> Vec<u8> {
    let mut out = Vec::new();
    JpegEncoder::new_with_quality(&mut out, 95).write_image(rgb, width, height, ColorType::Rgb8.into()).unwrap();
    out
}

/// Writes a file, opens it, and expects an error that names the file.
fn open_fails(name: &str, bytes: &[u8]) -> Error {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let error = Image::open(&path).unwrap_err();
    assert_eq!(error.path(), Some(path.as_path()), "{error}");
    assert!(error.to_string().contains(name), "{error}");
    error
}

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/standing.jpg")
}

#[test]
fn a_missing_file_is_not_found() {
    let error = Image::open("no/such/picture.png").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("no/such/picture.png"), "{error}");
}

#[test]
fn a_folder_is_an_error_and_not_a_picture() {
    let folder = tempfile::tempdir().unwrap();
    let error = Image::open(folder.path()).unwrap_err();
    assert_eq!(error.path(), Some(folder.path()));
    assert!(error.to_string().starts_with("cannot read the image"), "{error}");
}

/// Root may read everything, so the file is made unreadable in a way that holds for root too: a name cut by a NUL.
#[cfg(unix)]
#[test]
fn an_unreadable_file_is_an_io_error() {
    let error = Image::open("cut\0short.png").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    // A file used as a folder.
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = Image::open(file.path().join("below.png")).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Io | ErrorKind::NotFound), "{error}");
    assert!(error.to_string().contains("below.png"), "{error}");
}

#[test]
fn a_text_file_named_png_and_an_empty_file_are_named_as_such() {
    let error = open_fails("notes.png", b"shopping list\nmilk\n");
    assert_eq!(error.kind(), ErrorKind::Image);
    assert!(error.to_string().contains("not that of a known image format; readable are JPEG, PNG"), "{error}");
    assert!(open_fails("empty.jpg", b"").to_string().contains("the file is empty"));
}

#[test]
fn a_known_format_that_is_not_built_in_is_refused() {
    let error = open_fails("anim.gif", b"GIF89a\x01\x00\x01\x00\x00\x00\x00;");
    assert!(error.to_string().contains("readable are JPEG, PNG"), "{error}");
}

#[test]
fn a_truncated_jpeg_is_an_error_at_every_length() {
    let whole = std::fs::read(sample()).unwrap();
    assert!(Image::decode(&whole).is_ok());
    let lengths = (0..600).chain([whole.len() / 4, whole.len() / 2, whole.len() - 100, whole.len() - 1]);
    for length in lengths {
        let error = Image::decode(&whole[..length]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Image, "{length} bytes: {error}");
    }
    let error = open_fails("half.jpg", &whole[..whole.len() / 2]);
    assert!(error.to_string().contains("cut short"), "{error}");
}

#[test]
fn a_truncated_or_damaged_png_is_an_error() {
    let noise: Vec<u8> = (0..40 * 30 * 3u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut whole = png(&noise, 40, 30, ExtendedColorType::Rgb8);
    assert_eq!(Image::decode(&whole).unwrap().pixels(), noise);
    for length in [10, 30, 50, whole.len() / 2, whole.len() - 40] {
        let error = open_fails("cut.png", &whole[..length]);
        assert_eq!(error.kind(), ErrorKind::Image, "{length} bytes: {error}");
    }
    let middle = whole.len() / 2;
    whole[middle] ^= 0x55;
    assert_eq!(open_fails("flipped.png", &whole).kind(), ErrorKind::Image);
}

#[test]
fn zero_size_is_refused() {
    for size in [Size::new(0, 0), Size::new(0, 5), Size::new(5, 0)] {
        let error = Image::from_rgb8(size, Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Image);
        assert!(error.to_string().contains("at least 1"), "{error}");
    }
    assert_eq!(open_fails("zero.png", &png_header(0, 7)).kind(), ErrorKind::Image);
}

#[test]
fn one_pixel_works() {
    let image = Image::decode(&png(&[1, 2, 3], 1, 1, ExtendedColorType::Rgb8)).unwrap();
    assert_eq!((image.size(), image.pixels()), (Size::new(1, 1), &[1, 2, 3][..]));
}

/// Signature and header of a PNG, an empty data chunk and the end.
fn png_header(width: u32, height: u32) -> Vec<u8> {
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend([8, 2, 0, 0, 0]); // 8 bits, RGB, default methods, not interlaced
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in [(b"IHDR", &header[..]), (b"IDAT", &[]), (b"IEND", &[])] {
        out.extend((data.len() as u32).to_be_bytes());
        let body = [&kind[..], data].concat();
        out.extend(&body);
        out.extend(crc32(&body).to_be_bytes());
    }
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
    })
}

#[test]
fn oversized_pictures_are_refused_from_the_header_alone() {
    let error = open_fails("huge.png", &png_header(20_000, 20_000));
    assert_eq!(error.kind(), ErrorKind::Image);
    assert!(error.to_string().contains("20000 wide and 20000 high: the limit is 16384"), "{error}");
    let error = open_fails("area.png", &png_header(16_000, 16_000));
    assert!(error.to_string().contains("256000000 pixels: the limit is 134217728"), "{error}");
    // The same header with an allowed size is only found to lack its pixels.
    let error = open_fails("small.png", &png_header(20, 20));
    assert!(error.to_string().starts_with("cannot decode"), "{error}");
}

/// 16-bit samples, native byte order as the encoder wants them, whose upper and rounded bytes differ.
const DEEP: [u16; 4] = [0x00ff, 0x0180, 0x80ff, 0xffff];
const HIGH: [u8; 4] = [0, 1, 128, 255];

fn deep_bytes(samples: &[u16]) -> Vec<u8> {
    samples.iter().flat_map(|v| v.to_ne_bytes()).collect()
}

#[test]
fn sixteen_bits_keep_the_upper_eight() {
    let [a, b, c, d] = DEEP;
    let [ha, hb, hc, hd] = HIGH;
    let rgb = png(&deep_bytes(&[a, b, c, d, c, b]), 2, 1, ExtendedColorType::Rgb16);
    assert_eq!(Image::decode(&rgb).unwrap().pixels(), [ha, hb, hc, hd, hc, hb]);
    let rgba = png(&deep_bytes(&[a, b, c, 0, d, c, b, 9]), 2, 1, ExtendedColorType::Rgba16);
    assert_eq!(Image::decode(&rgba).unwrap().pixels(), [ha, hb, hc, hd, hc, hb]);
    let gray = png(&deep_bytes(&[c, b]), 2, 1, ExtendedColorType::L16);
    assert_eq!(Image::decode(&gray).unwrap().pixels(), [hc, hc, hc, hb, hb, hb]);
    let gray_alpha = png(&deep_bytes(&[c, 0, b, d]), 2, 1, ExtendedColorType::La16);
    assert_eq!(Image::decode(&gray_alpha).unwrap().pixels(), [hc, hc, hc, hb, hb, hb]);
}

#[test]
fn gray_is_repeated() {
    let image = Image::decode(&png(&[7, 200], 2, 1, ExtendedColorType::L8)).unwrap();
    assert_eq!(image.pixels(), [7, 7, 7, 200, 200, 200]);
}

#[test]
fn alpha_is_dropped_and_not_blended() {
    let gray = Image::decode(&png(&[7, 0, 200, 128], 2, 1, ExtendedColorType::La8)).unwrap();
    assert_eq!(gray.pixels(), [7, 7, 7, 200, 200, 200]);
    let color = Image::decode(&png(&[1, 2, 3, 0, 200, 201, 202, 128], 2, 1, ExtendedColorType::Rgba8)).unwrap();
    assert_eq!(color.pixels(), [1, 2, 3, 200, 201, 202]);
}

/// Puts an EXIF block with nothing but an orientation behind a JPEG's start marker.
fn with_orientation(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08".to_vec(); // big-endian TIFF, first directory at byte 8
    exif.extend([0, 1]); // one entry:
    exif.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]); // tag 0x0112, one short
    exif.extend([0; 4]); // no further directory
    let mut out = jpeg[..2].to_vec();
    out.extend([0xff, 0xe1]);
    out.extend((exif.len() as u16 + 2).to_be_bytes());
    out.extend(exif);
    out.extend(&jpeg[2..]);
    out
}

#[test]
fn exif_orientation_is_applied() {
    // 32 wide, 16 high, one colour per 16x16 block: red left, blue right.
    let rgb: Vec<u8> = (0..32 * 16).flat_map(|i| if i % 32 < 16 { [250, 10, 10] } else { [10, 10, 250] }).collect();
    let plain = jpeg(&rgb, 32, 16);
    let (wide, tall) = (Size::new(32, 16), Size::new(16, 32));
    // What the camera's orientation value means for the picture: its size, and whether red comes first.
    for (orientation, size, red_first) in [
        (1, wide, true),
        (2, wide, false),
        (3, wide, false),
        (4, wide, true),
        (5, tall, true),
        (6, tall, true),
        (7, tall, false),
        (8, tall, false),
    ] {
        let image = Image::decode(&with_orientation(&plain, orientation)).unwrap();
        assert_eq!(image.size(), size, "orientation {orientation}");
        let (first, last) = (image.pixels()[0], image.pixels()[size.area() * 3 - 3]);
        assert_eq!((first > 200, last > 200), (red_first, !red_first), "orientation {orientation}: {first}, {last}");
    }
    assert_eq!(Image::decode(&with_orientation(&plain, 99)).unwrap().size(), wide, "an unknown value changes nothing");
}

#[test]
fn other_formats_are_read_by_content() {
    let rgb = [10, 20, 30, 200, 100, 50];
    let picture = image::RgbImage::from_raw(2, 1, rgb.to_vec()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for format in [image::ImageFormat::Bmp, image::ImageFormat::Tiff, image::ImageFormat::WebP, image::ImageFormat::Pnm]
    {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        let path = folder.path().join("misnamed.jpg");
        std::fs::write(&path, bytes.into_inner()).unwrap();
        assert_eq!(Image::open(&path).unwrap().pixels(), rgb, "{format:?}");
    }
}

/// Picture files are untrusted: damage anywhere gives pixels or an error of the right kind, never a panic.
#[test]
fn random_damage_never_panics() {
    let rgb: Vec<u8> = (0..24 * 17 * 3u32).map(|i| (i * i / 7) as u8).collect();
    let picture = image::RgbImage::from_raw(24, 17, rgb.clone()).unwrap();
    let mut files = vec![with_orientation(&jpeg(&rgb, 24, 17), 6)];
    for format in [
        image::ImageFormat::Png,
        image::ImageFormat::Bmp,
        image::ImageFormat::Tiff,
        image::ImageFormat::WebP,
        image::ImageFormat::Pnm,
    ] {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        files.push(bytes.into_inner());
    }
    let mut state = 1u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let rounds = std::env::var("SAPIENS_FUZZ_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(300);
    for (index, file) in files.iter().enumerate() {
        for round in 0..rounds {
            let mut bytes = file.clone();
            for _ in 0..1 + random(4) {
                // Headers decide most; half of the damage goes there.
                let reach = if random(2) == 0 { bytes.len().min(64) } else { bytes.len() };
                let at = random(reach);
                bytes[at] = random(256) as u8;
            }
            if random(8) == 0 {
                bytes.truncate(random(bytes.len()));
            }
            if let Err(error) = Image::decode(&bytes) {
                assert_eq!(error.kind(), ErrorKind::Image, "file {index}, round {round}: {error}");
            }
        }
    }
}
