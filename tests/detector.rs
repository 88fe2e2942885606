//! The person detector of a bundle: its graph against the head written out, and what the engine makes of it.

mod common;

use common::{Converted, quiet, run_pixels, session_options, worst};
use sapiens::ErrorKind;
use sapiens::checkpoint::Source;
use sapiens::convert::{self, ConvertOptions, DETECTOR_OUTPUT, plan_detector};
use sapiens::detect::{DetectOptions, decode};
use sapiens::engine::{Detector, Engine, LoadOptions, ModelSource, Request};
use sapiens::geometry::{Rect, Size};
use sapiens::image::Image;
use sapiens::preprocess::letterbox;
use sapiens::spec::{Precision, Task};
use std::sync::Arc;
use testkit::{Bundle, DETECTOR};

fn source(bundle: &Bundle) -> Source {
    Source::from_bytes(bundle.bytes()).unwrap()
}

fn model(bundle: &Bundle) -> ModelSource {
    ModelSource::Bytes { name: "bundle.safetensors".into(), bytes: Arc::from(bundle.bytes()) }
}

fn load_options() -> LoadOptions {
    common::library();
    LoadOptions { session: session_options(), detect: true, ..Default::default() }
}

fn load(bundle: &Bundle) -> Engine {
    Engine::load(&[model(bundle)], &load_options(), &mut quiet).unwrap()
}

/// A picture without any symmetry.
fn picture(size: Size) -> Image {
    let mut state = 7u32;
    let noise = (0..3 * size.area()).map(|i| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (i / 7 % 200) as u8 + (state >> 27) as u8
    });
    Image::from_rgb8(size, noise.collect()).unwrap()
}

/// Planes `channels x height x width`.
struct Planes {
    size: Size,
    data: Vec<f64>,
}

impl Planes {
    fn at(&self, channel: usize, x: isize, y: isize) -> f64 {
        let (w, h) = (self.size.width as isize, self.size.height as isize);
        let inside = (0..w).contains(&x) && (0..h).contains(&y);
        if inside { self.data[channel * self.size.area() + (y * w + x) as usize] } else { 0.0 }
    }

    /// `from_fn(channel, x, y)`.
    fn new(size: Size, channels: usize, value: impl Fn(usize, isize, isize) -> f64) -> Self {
        let cell = |i: usize| (i / size.area(), i % size.width, i % size.area() / size.width);
        let data = (0..channels * size.area()).map(cell).map(|(c, x, y)| value(c, x as isize, y as isize)).collect();
        Self { size, data }
    }

    /// Each channel to mean 0 and variance 1, then `x * sigmoid(x)`.
    fn norm_silu(mut self) -> Self {
        for plane in self.data.chunks_mut(self.size.area()) {
            let count = plane.len() as f64;
            let mean = plane.iter().sum::<f64>() / count;
            let variance = plane.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / count;
            for v in plane {
                *v = (*v - mean) / (variance + 1e-5).sqrt();
                *v /= 1.0 + (-*v).exp();
            }
        }
        self
    }

    /// Transposed, 4x4, stride 2, padding 1: input (x, y) adds to outputs `2x - 1 + column`.
    fn deconvolution(&self, w: &[f32], inputs: usize, outputs: usize) -> Self {
        Self::new(Size::new(2 * self.size.width, 2 * self.size.height), outputs, |o, x, y| {
            let mut sum = 0.0;
            for (row, column) in (0..16).map(|k| (k / 4, k % 4)) {
                let (from_x, from_y) = (x + 1 - column, y + 1 - row);
                if from_x % 2 == 0 && from_y % 2 == 0 {
                    let tap = |i: usize| f64::from(w[(i * outputs + o) * 16 + (row * 4 + column) as usize]);
                    sum += (0..inputs).map(|i| self.at(i, from_x / 2, from_y / 2) * tap(i)).sum::<f64>();
                }
            }
            sum
        })
    }

    fn convolution(&self, w: &[f32], bias: &[f32], inputs: usize, kernel: usize) -> Self {
        let (k, taps) = (kernel as isize, kernel * kernel);
        Self::new(self.size, bias.len(), |o, x, y| {
            let tap = |i: usize, t: usize| {
                let (dx, dy) = (t as isize % k - k / 2, t as isize / k - k / 2);
                self.at(i, x + dx, y + dy) * f64::from(w[(o * inputs + i) * taps + t])
            };
            let sum: f64 = (0..inputs).flat_map(|i| (0..taps).map(move |t| tap(i, t))).sum();
            sum + f64::from(bias[o])
        })
    }
}

/// The head of a bundle on a feature map.
fn head(bundle: &mut Bundle, featmap: &[f32], size: Size) -> Vec<f32> {
    let mut x = Planes { size, data: featmap.iter().map(|&v| f64::from(v)).collect() };
    let prefix = format!("{DETECTOR}d");
    let ups = bundle.tensors.iter().filter(|t| t.name.starts_with(&prefix)).count();
    for i in 0..ups {
        let tensor = bundle.tensor(&format!("{DETECTOR}deconv_layers.{}.weight", 3 * i));
        x = x.deconvolution(&tensor.data, tensor.shape[0], tensor.shape[1]).norm_silu();
    }
    let convs = bundle.tensors.iter().filter(|t| t.name.starts_with(&format!("{DETECTOR}conv_layers"))).count() / 2;
    let keys = (0..convs).map(|i| format!("conv_layers.{}", 3 * i)).chain(["conv_detector".into()]);
    for key in keys.collect::<Vec<_>>() {
        let bias = bundle.tensor(&format!("{DETECTOR}{key}.bias")).data.clone();
        let tensor = bundle.tensor(&format!("{DETECTOR}{key}.weight"));
        x = x.convolution(&tensor.data, &bias, tensor.shape[1], tensor.shape[2]);
        if key != "conv_detector" {
            x = x.norm_silu();
        }
    }
    x.data.into_iter().map(|v| v as f32).collect()
}

#[test]
fn the_graph_is_the_backbone_and_the_head() {
    // Channels behind transposed convolutions; channels and kernels of convolutions.
    type Layers<'a> = (&'a [usize], &'a [(usize, usize)]);
    let cases: [(Layers, Size); 3] = [
        ((&[24], &[(16, 1), (12, 3)]), Size::new(96, 64)),
        ((&[], &[(16, 1)]), Size::new(48, 80)),
        ((&[24, 16], &[]), Size::new(64, 32)),
    ];
    for ((up, conv), input) in cases {
        let mut bundle = Bundle::demo().with_detector(up, conv, 11);
        let embed = bundle.tensor("backbone.cls_token").shape[2];
        let source = source(&bundle);
        let options = ConvertOptions { input: Some(input), ..Default::default() };
        let converted = Converted::of(plan_detector(&source, &options).unwrap(), &source);
        assert!(converted.info.tasks.is_empty() && converted.info.input == input);
        let pixels = picture(input);
        let outputs = ["featmap", DETECTOR_OUTPUT];
        let tensors = run_pixels(&converted.part(&["image"], &outputs), pixels.pixels(), input, &outputs);

        // The backbone is that of the tasks at this size.
        let features = ConvertOptions { tasks: Some(vec![Task::Features]), ..options.clone() };
        let features = Converted::new(&source, &features).session();
        let expected = run_pixels(&features, pixels.pixels(), input, &["featmap"]);
        assert_eq!(tensors[0].shape, [1, embed, input.height / 16, input.width / 16]);
        assert!(worst(tensors[0].floats().unwrap(), expected[0].floats().unwrap()) < 1e-4);

        let stride = 16 >> up.len();
        assert_eq!(tensors[1].shape, [1, 5, input.height / stride, input.width / stride]);
        let grid = Size::new(input.width / 16, input.height / 16);
        let expected = head(&mut bundle, tensors[0].floats().unwrap(), grid);
        let maps = tensors[1].floats().unwrap();
        let range = expected.iter().fold(0.0_f32, |m, v| m.max(v.abs()));
        let error = worst(maps, &expected) / range;
        println!("up {up:?}, conv {conv:?}: error {error:.1e} of {range:.1}");
        assert!(error < 1e-5 && range > 0.5);

        let half = ConvertOptions { precision: Some(Precision::Fp16), ..options };
        let half = Converted::of(plan_detector(&source, &half).unwrap(), &source).session();
        let tensors = run_pixels(&half, pixels.pixels(), input, &[DETECTOR_OUTPUT]);
        let error = worst(tensors[0].floats().unwrap(), &expected) / range;
        println!("  in fp16 {error:.1e}");
        assert!(error < 0.05);
    }
}

#[test]
fn the_engine_sees_the_letterboxed_picture() {
    let bundle = Bundle::demo().with_detector(&[24], &[(16, 1)], 5).with("detector_input_size", "96x128");
    let (engine, image) = (load(&bundle), picture(Size::new(200, 100)));
    let detector = engine.detector().unwrap();
    let input = Size::new(128, 96);
    assert_eq!((detector.info().input, detector.name()), (input, "bundle.safetensors"));

    let options = DetectOptions { threshold: 0.5, ..Default::default() };
    let source = source(&bundle);
    let converted = Converted::of(plan_detector(&source, &ConvertOptions::default()).unwrap(), &source);
    let framed = letterbox(&image, input).unwrap();
    let maps = run_pixels(&converted.session(), &framed.pixels, input, &[DETECTOR_OUTPUT]).remove(0);
    let expected = decode(maps.floats().unwrap(), Size::new(16, 12), &framed.placement, &options).unwrap();
    assert!(expected.len() > 1, "{expected:?}");
    assert_eq!(engine.detect(&image, &options).unwrap(), expected);

    // Everything about those people is what their boxes give.
    let request = Request { detect: Some(options), tasks: Some(vec![Task::Pose]), ..Default::default() };
    let found = engine.run(&image, &request).unwrap();
    let boxes: Vec<Rect> = expected.iter().map(|d| d.bbox).collect();
    let scores: Vec<_> = expected.iter().map(|d| Some(d.score)).collect();
    assert_eq!(found.people.iter().map(|p| p.bbox).collect::<Vec<_>>(), boxes);
    assert_eq!(found.people.iter().map(|p| p.score).collect::<Vec<_>>(), scores);
    assert_eq!(found.timings[0].stage, "detect");
    let given = engine.run(&image, &Request { boxes, detect: None, ..request }).unwrap();
    assert!(given.people.iter().zip(&found.people).all(|(a, b)| a.pose == b.pose && a.pose.is_some()));
    assert!(given.people.iter().all(|p| p.score.is_none()));
}

#[test]
fn everybody_and_nobody() {
    // exp(4) * 32 pixels in all directions, everywhere: one person who fills the picture.
    let image = picture(Size::new(90, 200));
    let engine = load(&Bundle::demo().with_constant_detector([2.0, 4.0, 4.0, 4.0, 4.0]));
    assert_eq!(engine.detector().unwrap().info().input, Size::new(256, 256));
    let found = engine.detect(&image, &DetectOptions::default()).unwrap();
    assert_eq!((found.len(), found[0].bbox), (1, Rect::whole(image.size())));
    assert!((found[0].score - 0.880_797).abs() < 1e-5);

    let sure = Some(DetectOptions { threshold: 0.9, ..Default::default() });
    let result = engine.run(&image, &Request { detect: sure, ..Default::default() }).unwrap();
    assert!(result.people.is_empty() && result.scene.is_empty() && result.image == image.size());

    let both = Request { boxes: vec![Rect::whole(image.size())], detect: sure, ..Default::default() };
    let error = engine.run(&image, &both).unwrap_err();
    assert!(error.kind() == ErrorKind::InvalidArgument && error.to_string().contains("not both"), "{error}");
    let wrong = DetectOptions { threshold: f32::NAN, ..Default::default() };
    assert_eq!(engine.detect(&image, &wrong).unwrap_err().kind(), ErrorKind::InvalidArgument);
}

#[test]
fn the_detector_of_one_model_serves_another() {
    let image = picture(Size::new(60, 80));
    let options = LoadOptions { detect: false, input: Some(Size::new(96, 128)), ..load_options() };
    let pose = ModelSource::Path(testkit::golden_checkpoint("pose"));
    let mut engine = Engine::load(&[pose], &options, &mut quiet).unwrap();
    let error = engine.detect(&image, &DetectOptions::default()).unwrap_err();
    assert!(error.to_string().contains("no detector is loaded"), "{error}");
    let bundle = Bundle::tiny().with_constant_detector([2.0, 4.0, 4.0, 4.0, 4.0]);
    engine.set_detector(Detector::load(&model(&bundle), &options, &mut quiet).unwrap());
    let request = Request { detect: Some(DetectOptions::default()), ..Default::default() };
    let result = engine.run(&image, &request).unwrap();
    assert_eq!((result.people.len(), result.people[0].bbox), (1, Rect::whole(image.size())));
    assert_eq!(result.people[0].pose.as_ref().unwrap().len(), 308);
}

#[test]
fn models_without_a_detector_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let source = source(&Bundle::tiny().with_constant_detector([0.0; 5]));
    let graph = folder.path().join("converted.onnx");
    let plan = convert::plan(&source, &ConvertOptions::default()).unwrap();
    assert!(plan.info.detector.is_none() && plan.info.tasks == [Task::Pose]);
    convert::write(plan, &source, &graph, &mut quiet).unwrap();
    let checkpoint = ModelSource::Path(testkit::golden_checkpoint("seg"));
    for (source, name) in [(ModelSource::Path(graph), "converted.onnx"), (checkpoint, "seg-2.safetensors")] {
        let error = Engine::load(std::slice::from_ref(&source), &load_options(), &mut quiet).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        for part in [name, "no person detector", "decode_heads.detector", "official checkpoints"] {
            assert!(error.to_string().contains(part), "`{part}` in: {error}");
        }
        let error = Detector::load(&source, &load_options(), &mut quiet).unwrap_err();
        assert!(error.kind() == ErrorKind::Unsupported && error.to_string().contains(name), "{error}");
    }
    let plain = Source::from_bytes(Bundle::tiny().bytes()).unwrap();
    let error = plan_detector(&plain, &ConvertOptions::default()).err().unwrap();
    assert!(error.kind() == ErrorKind::Unsupported && error.to_string().contains("no person detector"), "{error}");
}

/// Written out nevertheless, the graph says what it is.
#[test]
fn a_detector_graph_is_no_model() {
    let folder = tempfile::tempdir().unwrap();
    let source = source(&Bundle::tiny().with_constant_detector([0.0; 5]));
    let graph = folder.path().join("detector.onnx");
    convert::write(plan_detector(&source, &ConvertOptions::default()).unwrap(), &source, &graph, &mut quiet).unwrap();
    let options = LoadOptions { detect: false, ..load_options() };
    let error = Engine::load(&[ModelSource::Path(graph)], &options, &mut quiet).unwrap_err();
    assert!(error.to_string().contains("person detector alone"), "{error}");
}
