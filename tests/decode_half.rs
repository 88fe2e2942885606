//! The decoding graph in half precision: the same types and shapes as in fp32, values near it, for every task.

mod common;

use common::{Converted, Golden, run_pixels, stored_picture, worst};
use sapiens::convert::ConvertOptions;
use sapiens::runtime::{Tensor, TensorData};
use sapiens::spec::{Precision, Rope};

fn decoded(name: &'static str, precision: Precision) -> Vec<(&'static str, Tensor)> {
    let golden = Golden::open(name);
    let options = ConvertOptions {
        precision: Some(precision),
        rope: Some(Rope::Fp32),
        input: Some(golden.size),
        ..Default::default()
    };
    let converted = Converted::new(&golden.source, &options);
    assert_eq!(converted.info.precision, precision);
    let names = converted.info.tasks[0].decoded_outputs();
    let pixels = stored_picture(&golden.expected).into_pixels();
    names.iter().copied().zip(run_pixels(&converted.session(), &pixels, golden.size, names)).collect()
}

#[test]
fn decoded_outputs_are_near_those_in_fp32() {
    // Largest difference allowed, about three times what was measured.
    for (name, tolerance) in [
        ("pretrain", 4e-2),
        ("seg", 2e-2),
        ("normal", 0.5), // the direction of a vector of almost no length
        ("pointmap", 2e-2),
        ("albedo", 1e-2),
        ("matting", 7e-3),
    ] {
        let (half, full) = (decoded(name, Precision::Fp16), decoded(name, Precision::Fp32));
        for ((output, half), (_, full)) in half.iter().zip(&full) {
            assert_eq!(half.shape, full.shape, "{name} {output}");
            match (&half.data, &full.data) {
                (TensorData::U8(half), TensorData::U8(full)) => {
                    let different = half.iter().zip(full).filter(|(a, b)| a != b).count();
                    println!("{name} {output}: {different} of {} differ", full.len());
                    assert!(different * 50 <= full.len(), "{name} {output}: {different}");
                }
                (TensorData::F32(half), TensorData::F32(full)) => {
                    let mean = half.iter().zip(full).map(|(a, b)| (a - b).abs()).sum::<f32>() / full.len() as f32;
                    let error = worst(half, full);
                    println!("{name} {output}: {error:.1e}, mean {mean:.1e}");
                    assert!(error <= tolerance && mean <= 5e-3, "{name} {output}: {error}, mean {mean}");
                }
                _ => panic!("{name} {output}: another type than in fp32"),
            }
        }
    }
}

/// Random weights give heatmaps with several peaks of nearly the same height; scores are what can be compared.
#[test]
fn scores_of_keypoints_are_near_those_in_fp32() {
    let scores = |precision| -> Vec<f32> {
        let outputs = decoded("pose", precision);
        assert_eq!((outputs[0].0, outputs[0].1.shape.as_slice()), ("keypoints", &[1, 308, 3][..]));
        let values = outputs[0].1.floats().unwrap();
        assert!(values.iter().all(|v| v.is_finite()));
        values.iter().skip(2).step_by(3).copied().collect()
    };
    let error = worst(&scores(Precision::Fp16), &scores(Precision::Fp32));
    println!("scores: {error:.1e}");
    assert!(error <= 1.5e-2, "{error}");
}
