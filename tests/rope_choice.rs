//! Which way of applying bfloat16 rotary tables is nearer to the official values; the default is that one.

mod common;

use common::{Golden, raw_options};
use sapiens::convert::ConvertOptions;
use sapiens::spec::{Precision, Rope, Rotation};
use testkit::GOLDEN;

#[test]
fn rounding_queries_and_keys_is_nearer_to_the_official_values_and_the_default() {
    for name in GOLDEN {
        let golden = Golden::open(name);
        let [rounded, veltkamp, fused] = [Rotation::Rounded, Rotation::Veltkamp, Rotation::Fused].map(|rotation| {
            let options = raw_options(golden.size, Rope::Bf16, rotation, Precision::Fp32);
            golden.error(&options, "")
        });
        println!("{name}: rounded {rounded:.1e}, veltkamp {veltkamp:.1e}, fused {fused:.1e}");
        assert!(rounded < fused, "{name}: rounded {rounded}, fused {fused}");
        assert!(veltkamp < fused && veltkamp < 1e-2, "{name}: veltkamp {veltkamp}, fused {fused}");
    }
    assert_eq!(ConvertOptions::default().rotation, Rotation::Rounded);
}

/// And exact tables are further away: the default is bfloat16, unless a file says otherwise.
#[test]
fn without_an_option_the_tables_are_bfloat16() {
    let golden = Golden::open("pretrain");
    let plan = |rope| {
        let options = ConvertOptions { rope, raw: true, input: Some(golden.size), ..Default::default() };
        (sapiens::convert::plan(&golden.source, &options).unwrap().info.rope, golden.error(&options, ""))
    };
    let (default, default_error) = plan(None);
    let (exact, exact_error) = plan(Some(Rope::Fp32));
    assert_eq!((default, exact), (Rope::Bf16, Rope::Fp32));
    assert!(default_error < 0.3 * exact_error, "{default_error} {exact_error}");
}
