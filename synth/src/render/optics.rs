//! From light to the file a camera writes: exposure, white balance, blur, noise, tone curve, compression.

use crate::random::Random;
use crate::scene::Scene;
use glam::Vec3;
use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::{DynamicImage, ExtendedColorType, ImageDecoder};

/// What a camera does to a picture.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    exposure: f32,
    balance: Vec3,
    contrast: f32,
    lift: f32,
    saturation: f32,
    vignette: f32,
    blur: f32,
    noise: f32,
    color_noise: bool,
    quality: Option<u8>,
}

impl Look {
    fn random(scene: &Scene, r: &mut Random) -> Self {
        Self {
            exposure: r.uniform(0.7, 1.25) / scene.lights.level().max(0.5),
            balance: Vec3::ONE + r.normal_vector(0.0, 0.06),
            contrast: r.uniform(0.8, 1.2),
            lift: r.uniform(-0.05, 0.05),
            saturation: r.uniform(0.6, 1.25),
            vignette: if r.chance(0.3) { r.uniform(0.0, 0.4) } else { 0.0 },
            blur: if r.chance(0.4) { r.uniform(0.3, 1.1) } else { 0.0 },
            noise: r.uniform(0.002, 0.03),
            color_noise: r.chance(0.6),
            quality: r.chance(0.45).then(|| r.int(40, 96) as u8),
        }
    }
}

/// sRGB bytes of linear light.
pub fn develop(linear: &[Vec3], scene: &Scene, random: &mut Random) -> Vec<[u8; 3]> {
    let look = Look::random(scene, random);
    let (width, height) = (scene.camera.width, scene.camera.height);
    let mut picture: Vec<Vec3> = (linear.iter().enumerate())
        .map(|(i, &light)| {
            let (x, y) = ((i % width) as f32 / width as f32 - 0.5, (i / width) as f32 / height as f32 - 0.5);
            let dim = 1.0 - look.vignette * 2.0 * (x * x + y * y);
            let v = (light * look.balance * look.exposure * dim).max(Vec3::ZERO);
            // A soft shoulder instead of clipped highlights, then the power law.
            let shoulder = |v: f32| if v > 0.8 { 0.8 + 0.2 * (1.0 - (-(v - 0.8) / 0.2).exp()) } else { v };
            let v = Vec3::new(shoulder(v.x), shoulder(v.y), shoulder(v.z)).powf(1.0 / 2.2);
            let gray = Vec3::splat(v.dot(Vec3::new(0.299, 0.587, 0.114)));
            gray.lerp(v, look.saturation)
        })
        .collect();
    if look.blur > 0.0 {
        blur(&mut picture, width, look.blur * height as f32 / 256.0);
    }
    let rgb: Vec<[u8; 3]> = picture
        .iter()
        .map(|&v| {
            let noise = match look.color_noise {
                true => random.normal_vector(0.0, look.noise),
                false => Vec3::splat(random.normal(0.0, look.noise)),
            };
            let v = (v + noise - 0.5) * look.contrast + 0.5 + look.lift;
            (v.clamp(Vec3::ZERO, Vec3::ONE) * 255.0 + 0.5).to_array().map(|c| c as u8)
        })
        .collect();
    match look.quality {
        Some(quality) => compressed(rgb, width, height, quality),
        None => rgb,
    }
}

/// Through a JPEG file and back.
fn compressed(rgb: Vec<[u8; 3]>, width: usize, height: usize, quality: u8) -> Vec<[u8; 3]> {
    let mut file = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut file, quality);
    let encoded = encoder.encode(rgb.as_flattened(), width as u32, height as u32, ExtendedColorType::Rgb8);
    let decoded = encoded.and_then(|()| {
        let decoder = JpegDecoder::new(std::io::Cursor::new(&file))?;
        debug_assert_eq!(decoder.dimensions(), (width as u32, height as u32));
        DynamicImage::from_decoder(decoder)
    });
    match decoded {
        Ok(image) => image.into_rgb8().pixels().map(|p| p.0).collect(),
        // Encoding to memory does not fail for a picture of this kind; the uncompressed one is as true.
        Err(_) => rgb,
    }
}

/// A Gaussian of this standard deviation in pixels, as three box filters of its variance.
pub fn blur(picture: &mut [Vec3], width: usize, sigma: f32) {
    let height = picture.len() / width;
    // The variance of a box of width 2r+1 is ((2r+1)^2 - 1)/12; below one pixel a three-tap kernel is exact enough.
    if sigma < 1.0 {
        let side = (sigma * sigma / 2.0).min(0.33);
        for _ in 0..1 {
            lines(picture, width, height, |line| taps(line, side));
        }
        return;
    }
    let radius = (((4.0 * sigma * sigma + 1.0).sqrt() - 1.0) / 2.0).round().max(1.0) as usize;
    for _ in 0..3 {
        lines(picture, width, height, |line| boxed(line, radius));
    }
}

fn taps(line: &mut [Vec3], side: f32) {
    let old = line.to_vec();
    for i in 0..old.len() {
        let (a, b) = (old[i.saturating_sub(1)], old[(i + 1).min(old.len() - 1)]);
        line[i] = old[i] * (1.0 - 2.0 * side) + (a + b) * side;
    }
}

fn boxed(line: &mut [Vec3], radius: usize) {
    let old = line.to_vec();
    let last = old.len() as isize - 1;
    let at = |i: isize| old[i.clamp(0, last) as usize];
    let r = radius as isize;
    let mut sum: Vec3 = (-r..=r).map(at).sum();
    for i in 0..old.len() {
        line[i] = sum / (2 * r + 1) as f32;
        sum += at(i as isize + r + 1) - at(i as isize - r);
    }
}

fn lines(picture: &mut [Vec3], width: usize, height: usize, filter: impl Fn(&mut [Vec3])) {
    picture.chunks_exact_mut(width).for_each(&filter);
    let mut column = vec![Vec3::ZERO; height];
    for x in 0..width {
        for y in 0..height {
            column[y] = picture[y * width + x];
        }
        filter(&mut column);
        for y in 0..height {
            picture[y * width + x] = column[y];
        }
    }
}
