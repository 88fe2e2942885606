//! Camera frames to upright pictures, against a reference that takes one pixel at a time and knows no plane of rows.

use image::{DynamicImage, RgbImage, metadata};
use sapiens::ErrorKind;
use sapiens::geometry::Size;
use sapiens::image::{FrameFormat, Image, Orientation, PixelFormat, Plane, YuvColor};
use testkit::TorchRng as Rng;

const FORMATS: [PixelFormat; 6] = [
    PixelFormat::Rgb8,
    PixelFormat::Bgr8,
    PixelFormat::Rgba8,
    PixelFormat::Bgra8,
    PixelFormat::Gray8,
    PixelFormat::Nv12,
];
const COLORS: [YuvColor; 4] =
    [YuvColor::Bt601Limited, YuvColor::Bt601Full, YuvColor::Bt709Limited, YuvColor::Bt709Full];

fn frame(size: Size, format: PixelFormat, orientation: Orientation) -> FrameFormat {
    let yuv = (format == PixelFormat::Nv12).then_some(YuvColor::Bt709Limited);
    FrameFormat { size, format, yuv, orientation }
}

fn noise(rng: &mut Rng, n: usize) -> Vec<u8> {
    (0..n).map(|_| (rng.bits() >> 11) as u8).collect()
}

/// R, G, B levels of a Y, U, V by the definition of the standards, not rounded.
fn rgb_of_yuv([y, u, v]: [u8; 3], color: YuvColor) -> [f64; 3] {
    let is_709 = matches!(color, YuvColor::Bt709Limited | YuvColor::Bt709Full);
    let is_full = matches!(color, YuvColor::Bt601Full | YuvColor::Bt709Full);
    let (kr, kb) = if is_709 { (0.2126, 0.0722) } else { (0.299, 0.114) };
    let (black, luma, chroma) = if is_full { (0.0, 255.0, 255.0) } else { (16.0, 219.0, 224.0) };
    let y = (f64::from(y) - black) / luma;
    let [cb, cr] = [u, v].map(|c| (f64::from(c) - 128.0) / chroma);
    let (r, b) = (y + 2.0 * (1.0 - kr) * cr, y + 2.0 * (1.0 - kb) * cb);
    let g = (y - kr * r - kb * b) / (1.0 - kr - kb);
    [r, g, b].map(|c| (255.0 * c).clamp(0.0, 255.0))
}

/// The pixel of a packed frame.
fn pixel(frame: &FrameFormat, packed: &[u8], x: usize, y: usize) -> [u8; 3] {
    let (i, n) = (y * frame.size.width + x, packed.len());
    match frame.format {
        PixelFormat::Rgb8 => [packed[3 * i], packed[3 * i + 1], packed[3 * i + 2]],
        PixelFormat::Bgr8 => [packed[3 * i + 2], packed[3 * i + 1], packed[3 * i]],
        PixelFormat::Rgba8 => [packed[4 * i], packed[4 * i + 1], packed[4 * i + 2]],
        PixelFormat::Bgra8 => [packed[4 * i + 2], packed[4 * i + 1], packed[4 * i]],
        PixelFormat::Gray8 => [packed[i]; 3],
        PixelFormat::Nv12 => {
            let pairs = frame.size.width.div_ceil(2);
            let chroma = n - 2 * pairs * frame.size.height.div_ceil(2);
            let uv = chroma + 2 * (y / 2 * pairs + x / 2);
            rgb_of_yuv([packed[i], packed[uv], packed[uv + 1]], frame.yuv.unwrap()).map(|c| c.round() as u8)
        }
    }
}

/// What the `image` crate makes of the pixels by the same value of EXIF.
fn reference(frame: &FrameFormat, packed: &[u8]) -> RgbImage {
    let Size { width, height } = frame.size;
    let lying =
        RgbImage::from_fn(width as u32, height as u32, |x, y| image::Rgb(pixel(frame, packed, x as usize, y as usize)));
    let exif = Orientation::ALL.iter().position(|o| *o == frame.orientation).unwrap() as u8 + 1;
    let mut picture = DynamicImage::ImageRgb8(lying);
    picture.apply_orientation(metadata::Orientation::from_exif(exif).unwrap());
    picture.into_rgb8()
}

/// A packed plane spread over memory with a stride; between the rows lies noise.
struct Spread {
    bytes: Vec<u8>,
    first: usize,
    stride: isize,
}

impl Spread {
    fn new(rng: &mut Rng, rows: &[u8], row: usize, padding: usize, is_upwards: bool) -> Self {
        let (n, step, before) = (rows.len() / row, row + padding, (rng.bits() % 9) as usize);
        // No padding after the last row in memory, so that reading beyond it cannot go unnoticed.
        let mut bytes = noise(rng, before + step * (n - 1) + row);
        for (y, from) in rows.chunks_exact(row).enumerate() {
            let place = if is_upwards { n - 1 - y } else { y };
            bytes[before + place * step..][..row].copy_from_slice(from);
        }
        let (first, stride) =
            if is_upwards { (before + (n - 1) * step, -(step as isize)) } else { (before, step as isize) };
        Self { bytes, first, stride }
    }

    fn plane(&self) -> Plane<'_> {
        Plane { bytes: &self.bytes, first: self.first, stride: self.stride }
    }
}

/// Checks the copy and the picture of a frame that lies in memory in several ways.
fn check(rng: &mut Rng, frame: &FrameFormat, reuse: &mut Vec<u8>) {
    let packed = noise(rng, frame.packed_bytes());
    let expected = reference(frame, &packed);
    // Levels that lie halfway, for which there is a test of its own.
    let tolerance = u8::from(frame.format == PixelFormat::Nv12);
    for (padding, is_upwards) in [(0, false), (7, false), (0, true), (64, true)] {
        let mut rest = &packed[..];
        let mut spread = Vec::new();
        for index in 0..frame.plane_count() {
            let (rows, others) = rest.split_at(frame.row_bytes(index) * frame.rows(index));
            spread.push(Spread::new(rng, rows, frame.row_bytes(index), padding, is_upwards));
            rest = others;
        }
        assert!(rest.is_empty());
        let planes: Vec<Plane<'_>> = spread.iter().map(Spread::plane).collect();
        let mut copy = noise(rng, 17);
        frame.pack(&planes, &mut copy).unwrap();
        assert!(copy == packed, "{frame:?} padding {padding}, upwards {is_upwards}: the copy differs");
        let picture = frame.to_image(&planes, std::mem::take(reuse)).unwrap();
        let upright = Size::new(expected.width() as usize, expected.height() as usize);
        assert_eq!((picture.size(), frame.upright_size()), (upright, upright), "{frame:?}");
        let differs = picture.pixels().iter().zip(expected.as_raw()).position(|(a, b)| a.abs_diff(*b) > tolerance);
        assert_eq!(differs, None, "{frame:?} padding {padding}, upwards {is_upwards}: byte of the picture");
        *reuse = picture.into_pixels();
    }
}

#[test]
fn every_format_stride_and_orientation_gives_the_upright_pixels() {
    // Sides around the pixels that are converted together, the rows of a band, and a single pixel.
    let sizes = [(1, 1), (1, 6), (5, 1), (2, 3), (7, 5), (33, 35), (64, 32), (131, 67)];
    let (mut rng, mut reuse) = (Rng::new(3), Vec::new());
    for (width, height) in sizes {
        for format in FORMATS {
            for orientation in Orientation::ALL {
                check(&mut rng, &frame(Size::new(width, height), format, orientation), &mut reuse);
            }
        }
    }
}

/// Every Y, with U and V in steps: the nearest level, where the exact value is not within 1/2000 of halfway.
#[test]
fn yuv_is_rounded_to_the_nearest_level_for_all_colours() {
    let levels: Vec<u8> = (0..=255).step_by(15).collect();
    for color in COLORS {
        for u in &levels {
            let size = Size::new(256, 2 * levels.len());
            let mut packed: Vec<u8> = (0..size.height).flat_map(|_| 0..=255).collect();
            levels.iter().for_each(|v| packed.extend([*u, *v].repeat(128)));
            let frame =
                FrameFormat { size, format: PixelFormat::Nv12, yuv: Some(color), orientation: Orientation::Normal };
            let picture = frame.to_image(&frame.packed_planes(&packed).unwrap(), Vec::new()).unwrap();
            for (i, rgb) in picture.pixels().chunks_exact(3).enumerate() {
                let yuv = [(i % 256) as u8, *u, levels[i / 512]];
                let exact = rgb_of_yuv(yuv, color);
                let off =
                    rgb.iter().zip(exact).map(|(level, exact)| (f64::from(*level) - exact).abs()).fold(0.0, f64::max);
                assert!(off <= 0.5005, "{yuv:?} {color:?}: {rgb:?} is not {exact:?}");
            }
        }
    }
}

/// Numbers of OpenCV 4, `cvtColorTwoPlane(y, uv, COLOR_YUV2RGB_NV12)`, which is BT.601 in limited range with coefficients of
/// three digits: it may differ from the standard by one level.
#[test]
fn nv12_agrees_with_opencv() {
    let y = [16, 81, 145, 235, 41, 128, 200, 60];
    let cases: [([u8; 4], [u8; 24]); 2] = [
        (
            [90, 240, 54, 34],
            [179, 0, 0, 254, 0, 0, 0, 255, 1, 105, 255, 106, 208, 0, 0, 255, 54, 54, 64, 255, 65, 0, 157, 0],
        ),
        (
            [128, 128, 200, 110],
            [0, 0, 0, 76, 76, 76, 121, 137, 255, 226, 241, 255, 29, 29, 29, 130, 130, 130, 185, 201, 255, 22, 38, 197],
        ),
    ];
    for (uv, expected) in cases {
        let mut frame = frame(Size::new(4, 2), PixelFormat::Nv12, Orientation::Normal);
        frame.yuv = Some(YuvColor::Bt601Limited);
        let packed = [&y[..], &uv].concat();
        let picture = frame.to_image(&frame.packed_planes(&packed).unwrap(), Vec::new()).unwrap();
        let difference = picture.pixels().iter().zip(expected).map(|(a, b)| a.abs_diff(b)).max();
        assert!(difference.unwrap() <= 1, "{:?} {expected:?}", picture.pixels());
    }
}

#[test]
fn memory_is_used_again() {
    let frame = frame(Size::new(40, 30), PixelFormat::Rgba8, Orientation::Rotate90);
    let bytes = vec![9; frame.packed_bytes()];
    let planes = frame.packed_planes(&bytes).unwrap();
    let mut copy = Vec::new();
    frame.pack(&planes, &mut copy).unwrap();
    let image = frame.to_image(&planes, Vec::new()).unwrap();
    let (copied_to, drawn_to) = (copy.as_ptr(), image.pixels().as_ptr());
    frame.pack(&planes, &mut copy).unwrap();
    assert_eq!(copy.as_ptr(), copied_to);
    let small = FrameFormat { size: Size::new(8, 8), ..frame };
    let image = small.to_image(&small.packed_planes(&bytes[..256]).unwrap(), image.into_pixels()).unwrap();
    assert_eq!(image.pixels(), [9; 192]);
    assert_eq!(frame.to_image(&planes, image.into_pixels()).unwrap().pixels().as_ptr(), drawn_to);
}

fn refusal(frame: &FrameFormat, planes: &[Plane<'_>]) -> (ErrorKind, String) {
    let error = frame.to_image(planes, Vec::new()).unwrap_err();
    (error.kind(), error.to_string())
}

#[test]
fn refusals_name_the_argument_and_what_would_be_right() {
    let bytes = [0; 100];
    let plane = |first, stride| Plane { bytes: &bytes[..], first, stride };
    let rgb = frame(Size::new(4, 3), PixelFormat::Rgb8, Orientation::Normal);
    let nv12 = frame(Size::new(5, 3), PixelFormat::Nv12, Orientation::Normal);
    let colored = FrameFormat { yuv: Some(YuvColor::Bt601Full), ..rgb };
    let colorless = FrameFormat { yuv: None, ..nv12 };
    let two = [plane(0, 5), plane(0, 6)];
    let cases: [(&FrameFormat, &[Plane<'_>], &[&str]); 9] = [
        (&rgb, &[plane(0, 11)], &["image->row_stride is 11", "12 bytes"]),
        (&rgb, &[plane(60, -11)], &["image->row_stride is -11", "12 bytes"]),
        (&rgb, &[plane(0, 45)], &["image->row_stride 45", "need 102 bytes", "100 bytes"]),
        (&rgb, &[plane(70, 12)], &["need 36 bytes", "byte 70"]),
        (&rgb, &[plane(20, -12)], &["image->row_stride -12", "need 36 bytes"]),
        (&rgb, &two, &["2 planes", "has 1"]),
        (&nv12, &[two[0], plane(0, 5)], &["image->chroma_stride is 5", "6 bytes"]),
        (&colored, &[plane(0, 12)], &["image->color", "only NV12"]),
        (&colorless, &two, &["image->color is not set", "BT.709"]),
    ];
    for (frame, planes, says) in cases {
        let (kind, message) = refusal(frame, planes);
        assert_eq!(kind, ErrorKind::InvalidArgument, "{message}");
        assert!(says.iter().all(|part| message.contains(part)), "{message}");
    }
    assert!(nv12.to_image(&two, Vec::new()).is_ok(), "planes of the right size are taken");
}

/// Sizes, strides and places from the edges of integers: an error or a picture, never a panic.
#[test]
fn hostile_descriptions_are_refused() {
    let mut rng = Rng::new(11);
    let sides = [0, 1, 2, 3, 64, 16_384, 16_385, 1 << 31, u32::MAX as usize, usize::MAX / 2, usize::MAX];
    let steps = [0, 1, -1, 3, 12, -12, 256, -256, isize::MAX, isize::MIN, isize::MAX / 2, isize::MIN + 1];
    let firsts = [0, 1, 63, 4096, 12_288, isize::MAX as usize, usize::MAX - 3, usize::MAX];
    let bytes = vec![7; 12_300];
    let (mut pictures, mut refused) = (0, 0);
    for _ in 0..200_000 {
        let mut pick = |n: usize| rng.bits() as usize % n;
        let frame = FrameFormat {
            size: Size::new(sides[pick(sides.len())], sides[pick(sides.len())]),
            format: FORMATS[pick(6)],
            yuv: [None, Some(COLORS[pick(4)])][pick(2)],
            orientation: Orientation::ALL[pick(8)],
        };
        let planes: Vec<Plane<'_>> = (0..pick(4))
            .map(|_| Plane {
                bytes: &bytes[..[0, 1, 12, bytes.len()][pick(4)]],
                first: firsts[pick(firsts.len())],
                stride: steps[pick(steps.len())],
            })
            .collect();
        let _ = (
            frame.packed_bytes(),
            frame.upright_size(),
            frame.buffer_from_image(),
            frame.packed_planes(&bytes).is_ok(),
        );
        let copy = frame.pack(&planes, &mut Vec::new());
        let picture: Result<Image, _> = frame.to_image(&planes, Vec::new());
        assert!(copy.is_ok() || picture.is_err(), "{frame:?} {planes:?}");
        *(if picture.is_ok() { &mut pictures } else { &mut refused }) += 1;
    }
    assert!(pictures > 100 && refused > 100_000, "{pictures} pictures, {refused} refused");
}
