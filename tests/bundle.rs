//! What a bundle says about itself, its person detector above all; and bundles that are wrong.

use sapiens::checkpoint::{Arch, Head, Source, model_info};
use sapiens::convert::{ConvertOptions, plan, plan_detector};
use sapiens::geometry::Size;
use sapiens::spec::{DetectorFamily, DetectorInfo, HeatmapCodec, ModelFraming, ModelInfo, Task};
use sapiens::{ErrorKind, Result};
use testkit::{Bundle, DETECTOR, Tensor};

fn derive(bundle: &Bundle) -> Result<(Arch, ModelInfo)> {
    let source = Source::from_bytes(bundle.bytes())?;
    let arch = Arch::derive(&source)?;
    let info = model_info(&source, &arch)?;
    Ok((arch, info))
}

fn detecting() -> Bundle {
    Bundle::tiny().with_detector(&[16], &[(16, 1), (8, 3)], 2)
}

#[track_caller]
fn refused(bundle: &Bundle, kind: ErrorKind, fragments: &[&str]) {
    let error = derive(bundle).unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    let message = error.to_string();
    fragments.iter().for_each(|fragment| assert!(message.contains(fragment), "`{fragment}` in: {message}"));
}

#[test]
fn version_1_has_half_pixel_heatmaps_and_version_2_unbiased_ones() {
    for (version, codec) in [("1", HeatmapCodec::HalfPixel), ("2", HeatmapCodec::Udp)] {
        let (_, info) = derive(&Bundle::tiny().with("version", version)).unwrap();
        assert_eq!((info.heatmap, info.framing), (codec, ModelFraming::Stretch), "{version}");
        assert_eq!((info.input, info.tasks.as_slice(), info.detector), (Size::new(96, 128), &[Task::Pose][..], None));
    }
    for version in ["3", "", "1.0"] {
        let bundle = Bundle::tiny().with("version", version);
        refused(&bundle, ErrorKind::Unsupported, &["version", "versions 1 and 2"]);
    }
    let mut unnumbered = Bundle::tiny();
    unnumbered.metadata.remove("version");
    refused(&unnumbered, ErrorKind::Unsupported, &["version (none)"]);
}

#[test]
fn a_detector_is_no_task() {
    let (arch, info) = derive(&detecting()).unwrap();
    assert_eq!(
        info.detector,
        Some(DetectorInfo { family: DetectorFamily::Bundle, input: Size::new(256, 256), stride: 8 })
    );
    assert_eq!((arch.tasks(), info.tasks), (vec![Task::Pose], vec![Task::Pose]));
    assert_eq!(arch.heads_by_task.len(), 1);
    let Some(Head::Deconv { prefix, deconv, conv, predictor }) = &arch.detector else { panic!("{:?}", arch.detector) };
    assert_eq!((prefix.as_str(), deconv.len(), predictor.output), (DETECTOR, 1, 5));
    assert_eq!(conv.iter().map(|c| (c.output, c.kernel)).collect::<Vec<_>>(), [(16, 1), (8, 3)]);

    let (_, info) = derive(&detecting().with("detector_input_size", "96x160")).unwrap();
    assert_eq!(
        info.detector,
        Some(DetectorInfo { family: DetectorFamily::Bundle, input: Size::new(160, 96), stride: 8 })
    );
    for (up, stride) in [(&[][..], 16), (&[8, 8], 4), (&[8, 8, 8, 8], 1)] {
        let (_, info) = derive(&Bundle::tiny().with_detector(up, &[], 2)).unwrap();
        assert_eq!(info.detector.unwrap().stride, stride);
    }
    // Alone over a backbone: the backbone's features, and boxes.
    let mut alone = detecting();
    alone.tensors.retain(|t| !t.name.starts_with("decode_heads.pose."));
    let (arch, info) = derive(&alone).unwrap();
    assert!(info.tasks == [Task::Features] && arch.detector.is_some());
}

#[test]
fn wrong_shapes_are_named() {
    let damaged = |change: &dyn Fn(&mut Bundle)| {
        let mut bundle = detecting();
        change(&mut bundle);
        for tensor in &mut bundle.tensors {
            tensor.data.resize(tensor.shape.iter().product(), 0.5);
        }
        bundle
    };
    let reshaped = |key: &str, shape: &[usize]| {
        damaged(&|bundle| bundle.tensor(&format!("{DETECTOR}{key}")).shape = shape.to_vec())
    };
    let corrupt = ErrorKind::CorruptModel;
    refused(
        &reshaped("conv_detector.weight", &[6, 8, 1, 1]),
        corrupt,
        &["conv_detector.weight", "[6, 8, 1, 1]", "[5, 8, 1, 1]"],
    );
    refused(&reshaped("conv_detector.bias", &[6]), corrupt, &["conv_detector.bias", "[6]", "[5]"]);
    refused(&reshaped("conv_detector.weight", &[5, 8, 3, 3]), corrupt, &["[5, 8, 1, 1]"]);
    refused(
        &reshaped("deconv_layers.0.weight", &[31, 16, 4, 4]),
        corrupt,
        &["deconv_layers.0.weight", "[32, C, 4, 4]"],
    );
    refused(&reshaped("deconv_layers.0.weight", &[32, 16, 3, 3]), corrupt, &["deconv_layers.0.weight"]);
    refused(&reshaped("conv_layers.3.weight", &[8, 16, 2, 2]), corrupt, &["kernel of 2", "odd"]);
    for key in ["conv_detector.weight", "conv_detector.bias", "conv_layers.0.bias", "conv_layers.3.weight"] {
        let without = damaged(&|bundle| bundle.tensors.retain(|t| t.name != format!("{DETECTOR}{key}")));
        refused(&without, corrupt, &[key, "is missing", "its shape should be ["]);
    }
    let named = |name: &str| {
        damaged(&|bundle| {
            bundle.tensors.push(Tensor { name: format!("{DETECTOR}{name}"), shape: vec![1], data: vec![0.0] });
        })
    };
    refused(&named("upsample_blocks.0.0.weight"), ErrorKind::UnknownModel, &["detector.upsample_blocks"]);
    let tall = Bundle::tiny().with_detector(&[8; 5], &[], 2);
    refused(&tall, ErrorKind::Unsupported, &["decode_heads.detector.", "5 times"]);
}

#[test]
fn wrong_input_sizes_are_named() {
    for size in ["250x256", "256x250", "0x0", "0x256", "8x8", "65536x16", "16x4112", "99999999999999x16"] {
        let bundle = detecting().with("detector_input_size", size);
        refused(&bundle, ErrorKind::CorruptModel, &["detector_input_size", size]);
    }
    for text in ["256", "", "-16x16", "axb", "256x256x3", "1e3x16", "18446744073709551616x16"] {
        let bundle = detecting().with("detector_input_size", text);
        refused(&bundle, ErrorKind::CorruptModel, &["detector_input_size", "256x256"]);
    }
    // Without a detector it means nothing.
    assert!(derive(&Bundle::tiny().with("detector_input_size", "?")).is_ok());
    let source = Source::from_bytes(detecting().bytes()).unwrap();
    for input in [Size::new(100, 96), Size::new(0, 0), Size::new(16, 8192)] {
        let error = plan_detector(&source, &ConvertOptions { input: Some(input), ..Default::default() }).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    }
    // That of the tasks is their own.
    assert_eq!(plan(&source, &ConvertOptions::default()).unwrap().info.input, Size::new(96, 128));
    let detector = plan_detector(&source, &ConvertOptions::default()).unwrap();
    assert_eq!((detector.info.input, detector.info.tasks.len()), (Size::new(256, 256), 0));
}
