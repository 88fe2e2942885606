//! Convolutions with less arithmetic give what the plain ones give.

mod common;

use common::{Converted, run_floats, worst};
use sapiens::checkpoint::Source;
use sapiens::convert::{ConvertOptions, plan, read_info};
use sapiens::geometry::Size;
use sapiens::spec::{Precision, Rope};
use testkit::{Dtype, Spec, make_checkpoint, safetensors_bytes};

/// So many bytes of weights are more than any of these models needs.
const PLENTY: u64 = 1 << 30;

/// Wide heads on a small backbone: only where there are many channels does it pay.
fn source(task: &str, up: &[usize], conv: &[usize]) -> Source {
    let spec = Spec { layers: 2, up: up.to_vec(), conv: conv.to_vec(), ..Spec::tiny(task, 11) };
    Source::from_bytes(safetensors_bytes(&make_checkpoint(&spec), Dtype::F32, &[])).unwrap()
}

fn options(input: Size, winograd: u64) -> ConvertOptions {
    ConvertOptions { raw: true, rope: Some(Rope::Fp32), input: Some(input), winograd, ..Default::default() }
}

/// Task, channels of its head's enlargements and convolutions, input size, layers that get the form.
type Case = (&'static str, &'static [usize], &'static [usize], Size, usize);

#[test]
fn the_raw_outputs_are_the_same() {
    // The first layer has too few inputs; one band and several of them, the last one smaller than the others.
    let cases: [Case; 3] = [
        ("normal", &[256, 256, 208, 12], &[8, 8, 8], Size::new(128, 192), 2),
        ("albedo", &[224, 256, 8, 8], &[8, 8, 8], Size::new(192, 64), 1),
        ("pose", &[256, 264, 264], &[16, 16], Size::new(64, 192), 2),
    ];
    for (task, up, conv, size, layers) in cases {
        let source = source(task, up, conv);
        let random: Vec<f32> = (0..2 * 3 * size.area()).map(|i| ((i * 7919) % 1000) as f32 / 250.0 - 2.0).collect();
        let output = plan(&source, &options(size, 0)).unwrap().info.tasks[0].raw_outputs()[0];
        let run = |winograd: u64| {
            let plan = plan(&source, &options(size, winograd)).unwrap();
            let products = plan.model.graph.iter().flat_map(|g| &g.initializer);
            let products = products.filter(|t| t.name.ends_with(".winograd0")).count();
            let session = Converted::of(plan, &source).session();
            (products, run_floats(&session, &random, size, &[output]).remove(0))
        };
        let ((none, plain), (some, fast)) = (run(0), run(PLENTY));
        let chosen = if task == "pose" { some / 4 } else { some };
        assert_eq!((none, chosen), (0, layers), "{task}");
        // What the file says about itself.
        let told = |winograd: u64| read_info(&plan(&source, &options(size, winograd)).unwrap().model).unwrap().winograd;
        assert_eq!((told(0), told(PLENTY)), (0, layers), "{task}");
        let range = plain.floats().unwrap().iter().fold(0.0_f32, |most, v| most.max(v.abs()));
        let error = worst(fast.floats().unwrap(), plain.floats().unwrap());
        println!("{task}: {error:e} of {range}");
        assert!(plain.shape == fast.shape && error < 1e-4 * range, "{task}: {error} of {range}");
    }
}

#[test]
fn the_memory_is_a_limit_and_half_precision_has_none_of_it() {
    let source = source("normal", &[256, 256, 208, 12], &[8, 8, 8]);
    let size = Size::new(128, 192);
    let bytes = |winograd: u64, precision: Precision| {
        let options = ConvertOptions { precision: Some(precision), ..options(size, winograd) };
        plan(&source, &options).unwrap().weight_bytes()
    };
    let plain = bytes(0, Precision::Fp32);
    let all = bytes(PLENTY, Precision::Fp32) - plain;
    for limit in [0, all / 4, all / 2, all - 1, all, all + 1] {
        let more = bytes(limit, Precision::Fp32) - plain;
        assert!(more <= limit, "{more} of {limit}");
        assert_eq!(more == all, limit >= all);
    }
    assert!(bytes(all / 2, Precision::Fp32) > plain);
    assert_eq!(bytes(PLENTY, Precision::Fp16), bytes(0, Precision::Fp16));
}
