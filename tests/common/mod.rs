//! Shared by the tests that run ONNX Runtime: it must be there, a missing library fails.
#![allow(dead_code, unreachable_pub, missing_docs)]

pub mod usage;

use prost::Message;
use sapiens::Result;
use sapiens::checkpoint::Source;
use sapiens::convert::{self, ConvertOptions, InMemory, Plan, Stage};
use sapiens::geometry::Size;
use sapiens::image::Image;
use sapiens::onnx::{cut, proto::ModelProto};
use sapiens::runtime::{Device, Library, ModelBytes, Session, SessionOptions, Tensor, View};
use sapiens::spec::{ModelInfo, Precision, Rope, Rotation, Task};
use std::path::Path;
use std::sync::Arc;
use testkit::Expected;

/// ONNX Runtime, or a failure that says how to get it.
pub fn library() -> &'static Library {
    Library::load(None).unwrap_or_else(|error| {
        panic!(
            "this test needs ONNX Runtime: {error}\n`cargo xtask test` fetches it and runs all tests; `cargo xtask \
             fetch-ort` fetches it for plain `cargo test`; SAPIENS_ORT names a library that is already there"
        )
    })
}

/// Few threads: tests run side by side. `SAPIENS_TEST_DEVICE` names another device than the processor, for the tests that go
/// through here: `benches/gpu.sh` checks a GPU with them.
pub fn session_options() -> SessionOptions {
    let device = std::env::var("SAPIENS_TEST_DEVICE").ok().filter(|name| !name.is_empty());
    let device = device.map_or(Device::Cpu, |name| name.parse().unwrap());
    SessionOptions { devices: vec![device], threads: 1, ..SessionOptions::default() }
}

/// Progress that nobody looks at.
pub fn quiet(_: Stage, _: u64, _: u64) -> Result<()> {
    Ok(())
}

/// A converted model in memory.
pub struct Converted {
    pub info: ModelInfo,
    pub model: ModelProto,
    pub weights: Arc<[u8]>,
}

impl Converted {
    pub fn new(source: &Source, options: &ConvertOptions) -> Self {
        Self::of(convert::plan(source, options).unwrap(), source)
    }

    pub fn of(plan: Plan, source: &Source) -> Self {
        let info = plan.info.clone();
        let InMemory { model, weights } = convert::in_memory(plan, source, &mut quiet).unwrap();
        Self { info, model, weights }
    }

    pub fn session(&self) -> Session {
        self.open(&self.model)
    }

    /// The part between inner values.
    pub fn part(&self, inputs: &[&str], outputs: &[&str]) -> Session {
        self.open(&cut(&self.model, inputs, outputs).unwrap())
    }

    fn open(&self, model: &ModelProto) -> Session {
        let graph = model.encode_to_vec();
        let weights = Some((InMemory::WEIGHTS, &self.weights));
        Session::open(library(), ModelBytes { graph: &graph, folder: None, weights }, &session_options()).unwrap()
    }
}

/// The session of an `.onnx` file.
pub fn open_file(path: &Path) -> Session {
    let graph = std::fs::read(path).unwrap();
    let folder = path.parent().unwrap().canonicalize().unwrap();
    let bytes = ModelBytes { graph: &graph, folder: Some(&folder), weights: None };
    Session::open(library(), bytes, &session_options()).unwrap()
}

/// What the goldens ask of a conversion.
pub fn raw_options(input: Size, rope: Rope, rotation: Rotation, precision: Precision) -> ConvertOptions {
    ConvertOptions {
        precision: Some(precision),
        input: Some(input),
        raw: true,
        rope: Some(rope),
        rotation,
        ..ConvertOptions::default()
    }
}

/// A reference: its checkpoint, its input and that input's size.
pub struct Golden {
    pub name: &'static str,
    pub source: Source,
    pub expected: Expected,
    pub input: Vec<f32>,
    pub size: Size,
}

impl Golden {
    pub fn open(name: &'static str) -> Self {
        let expected = testkit::expected(name);
        let shape = expected.shape("input");
        Self {
            name,
            source: Source::open(testkit::golden_checkpoint(name)).unwrap(),
            input: expected.input("input"),
            size: Size::new(shape[3], shape[2]),
            expected,
        }
    }

    pub fn task(&self) -> Task {
        convert::plan(&self.source, &ConvertOptions { input: Some(self.size), ..Default::default() })
            .unwrap()
            .info
            .tasks[0]
    }

    /// The raw outputs for the golden input.
    pub fn run(&self, options: &ConvertOptions) -> Vec<(&'static str, Tensor)> {
        let converted = Converted::new(&self.source, options);
        let names = converted.info.tasks[0].raw_outputs();
        let tensors = run_floats(&converted.session(), &self.input, self.size, names);
        names.iter().copied().zip(tensors).collect()
    }

    /// The largest difference of any raw output from the expected values of the flavour `prefix`.
    pub fn error(&self, options: &ConvertOptions, prefix: &str) -> f32 {
        let outputs = self.run(options);
        let of = |(name, tensor): &(&str, Tensor)| {
            let floats = tensor.floats().unwrap();
            let (expected, actual) = self.expected.compare_slice(&format!("{prefix}{name}"), floats, &tensor.shape);
            worst(&actual, &expected)
        };
        outputs.iter().map(of).fold(0.0, f32::max)
    }
}

/// Runs a raw graph on normalised images, one or several.
pub fn run_floats(session: &Session, input: &[f32], size: Size, outputs: &[&str]) -> Vec<Tensor> {
    let shape = [input.len() / (3 * size.area()), 3, size.height, size.width];
    session.run(&[("input", View::F32(&shape, input))], outputs).unwrap()
}

/// Runs a graph on RGB8 pixels.
pub fn run_pixels(session: &Session, pixels: &[u8], size: Size, outputs: &[&str]) -> Vec<Tensor> {
    let shape = [pixels.len() / (3 * size.area()), size.height, size.width, 3];
    session.run(&[("image", View::U8(&shape, pixels))], outputs).unwrap()
}

/// The largest difference; infinite where a value is not finite.
pub fn worst(actual: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(actual.len(), expected.len());
    assert!(!actual.is_empty());
    let difference = |(a, b): (&f32, &f32)| if (a - b).is_finite() { (a - b).abs() } else { f32::INFINITY };
    actual.iter().zip(expected).map(difference).fold(0.0, f32::max)
}

/// The picture stored as `input` of expected values, as an image.
pub fn stored_picture(expected: &Expected) -> Image {
    stored_image(expected, "input")
}

/// A picture stored among expected values (1x3xHxW bytes), as an image.
pub fn stored_image(expected: &Expected, name: &str) -> Image {
    let shape = expected.shape(name);
    let size = Size::new(shape[3], shape[2]);
    let planes = expected.u8(name);
    let pixels = (0..size.area()).flat_map(|i| [0, 1, 2].map(|c| planes[c * size.area() + i])).collect();
    Image::from_rgb8(size, pixels).unwrap()
}
