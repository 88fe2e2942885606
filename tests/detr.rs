//! DETR against transformers: both naming styles, the dilated flavour, preprocessing, boxes.

mod common;

use common::{Converted, quiet, run_floats, worst};
use sapiens::ErrorKind;
use sapiens::checkpoint::{Checkpoint, Detr, DetrConfig, Naming, Source};
use sapiens::convert::{ConvertOptions, DETR_OUTPUTS, detector_info, plan_detector};
use sapiens::detect::{DetectOptions, Detection};
use sapiens::engine::{Detector, LoadOptions, ModelSource};
use sapiens::geometry::Size;
use sapiens::image::Image;
use sapiens::preprocess::scaled_within;
use sapiens::spec::{DetectorFamily, DetectorInfo, MEAN_RGB, STD_RGB};
use std::path::{Path, PathBuf};
use testkit::{Dtype, Expected, Tensor, safetensors_bytes};

/// Shorter side and longest side of the goldens.
const LIMITS: Size = Size::new(160, 96);

fn data(name: &str) -> PathBuf {
    testkit::data_dir().join("detector").join(name)
}

fn expected() -> Expected {
    Expected::of_bytes(&testkit::gzipped("detector/detr.expected.safetensors.gz"))
}

/// The checkpoint as it is downloaded: `config.json` beside it, which says the number of heads and the dilation.
struct Download {
    folder: tempfile::TempDir,
}

impl Download {
    fn new(is_dilated: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = std::fs::read_to_string(data("detr.config.json")).unwrap();
        let config = config.replace("\"dilation\": false", &format!("\"dilation\": {is_dilated}"));
        std::fs::write(folder.path().join("config.json"), config).unwrap();
        std::fs::copy(data("detr_hf.safetensors"), folder.path().join("model.safetensors")).unwrap();
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("model.safetensors")
    }

    /// Translates the names of the backbone into those of timm.
    fn into_timm(self) -> Self {
        let bytes = safetensors_bytes(&timm_tensors(&self.path()), Dtype::F32, &[]);
        std::fs::write(self.path(), bytes).unwrap();
        self
    }

    fn converted(&self) -> Converted {
        let source = Source::open(self.path()).unwrap();
        let options = ConvertOptions { input: Some(LIMITS), raw: true, ..ConvertOptions::default() };
        Converted::of(plan_detector(&source, &options).unwrap(), &source)
    }
}

/// The names of timm by those of transformers: the table of the goldens, backwards.
fn timm_tensors(path: &Path) -> Vec<Tensor> {
    let checkpoint = Checkpoint::open(path).unwrap();
    let prefix = "model.backbone.conv_encoder.model.";
    let name = |name: &str| {
        let Some(rest) = name.strip_prefix(prefix) else { return name.to_owned() };
        let rest =
            rest.replace("embedder.embedder.convolution", "conv1").replace("embedder.embedder.normalization", "bn1");
        let parts: Vec<&str> = rest.split('.').collect();
        let number = |text: &str| text.parse::<usize>().unwrap() + 1;
        let rest = match parts.as_slice() {
            ["encoder", "stages", stage, "layers", block, "layer", index, kind, field] => {
                let kind = if *kind == "convolution" { "conv" } else { "bn" };
                format!("layer{}.{block}.{kind}{}.{field}", number(stage), number(index))
            }
            ["encoder", "stages", stage, "layers", block, "shortcut", kind, field] => {
                let index = usize::from(*kind == "normalization");
                format!("layer{}.{block}.downsample.{index}.{field}", number(stage))
            }
            _ => rest.clone(),
        };
        format!("{prefix}{rest}")
    };
    let tensor = |stored: &str| Tensor {
        name: name(stored),
        shape: checkpoint.info(stored).unwrap().shape.clone(),
        data: checkpoint.read_f32(stored).unwrap(),
    };
    checkpoint.names().map(tensor).collect()
}

fn picture(expected: &Expected, index: usize) -> Image {
    let name = format!("img{index}.rgb_u8");
    let shape = expected.shape(&name);
    Image::from_rgb8(Size::new(shape[1], shape[0]), expected.u8(&name)).unwrap()
}

fn normalised(image: &Image) -> (Vec<f32>, Size) {
    let framed = scaled_within(image, LIMITS).unwrap();
    let plane = |c: usize| framed.pixels.chunks(3).map(move |p| (f32::from(p[c]) - MEAN_RGB[c]) / STD_RGB[c]);
    ((0..3).flat_map(plane).collect(), framed.placement.input)
}

#[test]
fn depth_and_naming_follow_from_the_names() {
    let dir = tempfile::tempdir().unwrap();
    for (name, label, naming, parameters, blocks) in [
        ("detr_resnet50_hf", "detr-resnet-50", Naming::Detr, 41_577_888, 6),
        ("detr_resnet50_timm", "detr-resnet-50", Naming::DetrTimm, 41_577_888, 6),
        ("detr_resnet101_hf", "detr-resnet-101", Naming::Detr, 60_570_016, 23),
        ("detr_resnet101_timm", "detr-resnet-101", Naming::DetrTimm, 60_570_016, 23),
    ] {
        let path = dir.path().join(format!("{name}.safetensors"));
        testkit::write_sparse(&path, &testkit::key_table(data(&format!("manifests/{name}.json.gz"))));
        let source = Source::open(&path).unwrap();
        let detr = Detr::derive(&source).unwrap();
        assert_eq!((source.naming(), detr.label(), detr.parameters), (naming, label, parameters), "{name}");
        assert_eq!((detr.stages[2].len(), detr.width, detr.queries, detr.classes), (blocks, 256, 100, 92), "{name}");
        assert_eq!((detr.encoder.len(), detr.decoder.len(), detr.decoder[0].hidden), (6, 6, 2048), "{name}");
        assert_eq!(DetrConfig::of(&source, &detr).unwrap(), DetrConfig { heads: 8, is_dilated: false }, "{name}");
        let info = detector_info(&source).unwrap();
        let input = Size::new(1333, 800);
        assert_eq!(info.detector, Some(DetectorInfo { family: DetectorFamily::Detr, input, stride: 32 }));
        plan_detector(&source, &ConvertOptions::default()).unwrap();
        std::fs::remove_file(&path).unwrap();
    }
}

/// Only the name or `config.json` tells; the latter where both do.
#[test]
fn the_dilated_flavour_is_known_by_config_or_name() {
    let is_dilated = |path: &Path| {
        let source = Source::open(path).unwrap();
        let config = DetrConfig::of(&source, &Detr::derive(&source).unwrap()).unwrap();
        let info = detector_info(&source).unwrap();
        assert_eq!(info.size, if config.is_dilated { "detr-resnet-dc5" } else { "detr-resnet" });
        assert_eq!(info.detector.unwrap().stride, if config.is_dilated { 16 } else { 32 });
        config.is_dilated
    };
    assert!(is_dilated(&Download::new(true).path()) && !is_dilated(&Download::new(false).path()));
    let folder = tempfile::tempdir().unwrap();
    for (name, dilated) in
        [("detr-resnet-101-dc5/model.safetensors", true), ("detr-DC5.safetensors", true), ("a/b.st", false)]
    {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::copy(data("detr_hf.safetensors"), &path).unwrap();
        assert_eq!(is_dilated(&path), dilated, "{name}");
    }
    let path = folder.path().join("detr-resnet-101-dc5/model.safetensors");
    std::fs::copy(data("detr.config.json"), path.with_file_name("config.json")).unwrap();
    assert!(!is_dilated(&path));
    // That of another model says nothing, nor does nonsense.
    for config in ["{\"model_type\": \"detr\", \"d_model\": 256, \"dilation\": false}", "{\"model_type\": 3}", "["] {
        std::fs::write(path.with_file_name("config.json"), config).unwrap();
        assert!(is_dilated(&path), "{config}");
    }
    let heads = "{\"model_type\": \"detr\", \"d_model\": 32, \"encoder_attention_heads\": 5}";
    std::fs::write(path.with_file_name("config.json"), heads).unwrap();
    let error = detector_info(&Source::open(&path).unwrap()).unwrap_err();
    assert!(error.kind() == ErrorKind::Unsupported && error.to_string().contains("5 attention heads"), "{error}");
}

#[test]
fn logits_and_boxes_are_those_of_transformers() {
    let expected = expected();
    for (what, download, prefix, last) in [
        ("transformers", Download::new(false), "", 2),
        ("timm", Download::new(false).into_timm(), "", 2),
        ("dilated", Download::new(true), "dc5.", 1),
    ] {
        let session = download.converted().session();
        for index in 0..=last {
            let (own, size) = normalised(&picture(&expected, index));
            let input = expected.f32(&format!("img{index}.pixel_values"));
            let levels = worst(&own, &input) * 58.395;
            println!("image {index}: pixels {levels:.2} levels apart");
            assert!(levels < 1.1, "{levels}");
            // The official pixels, so that only the network differs.
            let found = run_floats(&session, &input, size, &DETR_OUTPUTS);
            let logits = worst(found[0].floats().unwrap(), &expected.f32(&format!("{prefix}img{index}.logits")));
            let boxes = worst(found[1].floats().unwrap(), &expected.f32(&format!("{prefix}img{index}.pred_boxes")));
            println!("{what} image {index}: logits {logits:.1e}, boxes {boxes:.1e}");
            assert!(logits < 5e-4 && boxes < 1e-4, "{what} {index}: {logits} {boxes}");
        }
    }
}

#[test]
fn the_engine_finds_the_people() {
    let expected = expected();
    let download = Download::new(false);
    let options =
        LoadOptions { session: common::session_options(), detector_input: Some(LIMITS), ..LoadOptions::default() };
    let source = ModelSource::Path(download.path());
    let detector = Detector::load(&source, &options, &mut quiet).unwrap();
    let usual = Detector::usual_options(&source).unwrap();
    assert_eq!((usual, detector.family()), (DetectOptions { threshold: 0.5, max_overlap: 1.0 }, DetectorFamily::Detr));
    for index in 0..3 {
        let found = detector.detect(&picture(&expected, index), &usual).unwrap();
        let edges = expected.f32(&format!("img{index}.person.boxes"));
        let scores = expected.f32(&format!("img{index}.person.scores"));
        let official: Vec<(f32, &[f32])> = scores.iter().copied().zip(edges.chunks(4)).collect();
        compare(&found, &official);
    }
    let sliver = Image::from_rgb8(Size::new(1, 700), vec![90; 2100]).unwrap();
    detector.detect(&sliver, &usual).unwrap();
}

#[track_caller]
fn compare(found: &[Detection], official: &[(f32, &[f32])]) {
    assert_eq!(found.len(), official.len(), "{found:?} {official:?}");
    for (score, edges) in official {
        let apart = |d: &Detection| {
            let pixels = d.bbox.xyxy().iter().zip(*edges).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            pixels + 10.0 * (d.score - score).abs()
        };
        let nearest = found.iter().map(apart).fold(f32::INFINITY, f32::min);
        // Our pixels, not theirs.
        assert!(nearest < 2.0, "{nearest}: {score} {edges:?} is not in {found:?}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    let all = timm_tensors(&data("detr_hf.safetensors"));
    let derive = |tensors: &[Tensor]| Detr::derive(&Source::from_bytes(safetensors_bytes(tensors, Dtype::F32, &[]))?);
    derive(&all).unwrap();
    for (stored, named) in [
        ("model.decoder.layers.1.encoder_attn.k_proj.bias", "model.decoder.layers.1.encoder_attn.k_proj.bias"),
        ("model.query_position_embeddings.weight", "model.query_position_embeddings.weight"),
        (
            "model.backbone.conv_encoder.model.layer2.1.bn2.running_mean",
            "stages.1.layers.1.layer.1.normalization.running_mean",
        ),
        ("class_labels_classifier.bias", "class_labels_classifier.bias"),
    ] {
        let mut less = all.clone();
        less.retain(|t| t.name != stored);
        assert!(less.len() < all.len());
        let error = derive(&less).unwrap_err();
        assert!(error.kind() == ErrorKind::CorruptModel && error.to_string().contains(named), "{error}");
    }
    for (input, fragment) in
        [(Size::new(90, 100), "shorter side"), (Size::new(99_999, 800), "4096"), (Size::new(99, 9), "32")]
    {
        let source = Source::open(Download::new(false).path()).unwrap();
        let options = ConvertOptions { input: Some(input), ..ConvertOptions::default() };
        let error = plan_detector(&source, &options).err().unwrap();
        assert!(error.kind() == ErrorKind::InvalidArgument && error.to_string().contains(fragment), "{error}");
    }
}
