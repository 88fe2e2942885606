//! Measuring what a conversion costs: the converted model against the same checkpoint in 32-bit floats, on the same devices.

mod errors;

use super::attention;
use super::load::{LoadOptions, Loaded, convert_options, graph_with, materialise};
use crate::checkpoint::Source;
use crate::convert::{self, ConvertOptions, Progress, Stage};
use crate::error::{Error, ErrorKind, Result};
use crate::image::Image;
use crate::onnx::{cut, unfuse_attention};
use crate::preprocess::{Framing, frame, normalise};
use crate::runtime::{Library, Session, SessionOptions, Tensor, View};
use crate::spec::{Certificate, ModelFraming, Precision, Task};
use errors::Errors;
use std::path::{Path, PathBuf};

/// Rendered people, ours: near, whole and standing.
const BUILT_IN: [&[u8]; 3] = [
    include_bytes!("../../../assets/closeup.jpg"),
    include_bytes!("../../../assets/tpose.jpg"),
    include_bytes!("../../../assets/standing.jpg"),
];

/// How a conversion is measured.
#[derive(Debug, Clone, Default)]
pub struct CertifyOptions {
    /// Devices, threads and memory, for both models.
    pub session: SessionOptions,
    /// The ONNX Runtime library; `None` to look for it ([`Library::load`]).
    pub library: Option<PathBuf>,
    /// Pictures to look at; none: three that are built in.
    pub pictures: Vec<PathBuf>,
}

/// Runs a converted graph and the checkpoint it was made from, built in 32-bit floats without Winograd, on the same pictures,
/// writes how far they are apart into the graph's metadata and returns it. Both are in memory at the same time.
///
/// # Errors
/// `InvalidArgument` if the graph was made from another checkpoint; `Unsupported` for a detector; those of loading both, of
/// opening the pictures and of running; `Io` about the graph.
pub fn certify(
    graph: &Path,
    source: &Source,
    options: &CertifyOptions,
    progress: &mut Progress,
) -> Result<Certificate> {
    let library = Library::load(options.library.as_deref())?;
    let mut converted = graph_with(graph, &LoadOptions::default(), convert::read_info).map_err(|e| e.at(graph))?;
    let info = converted.info.clone();
    let sha256 = source.checkpoint().sha256_with(&mut |done, total| progress(Stage::Hash, done, total))?;
    if sha256 != info.source_sha256 {
        let message = "this graph was converted from another checkpoint than the one it is to be compared with";
        return Err(Error::invalid(message).at(graph));
    }
    let plain = ConvertOptions {
        precision: Some(Precision::Fp32),
        input: Some(info.input),
        raw: info.raw,
        rope: (info.framing != ModelFraming::Sapiens1).then_some(info.rope),
        tasks: Some(info.tasks.clone()),
        winograd: 0,
        ..convert_options(&LoadOptions { session: options.session.clone(), ..LoadOptions::default() })
    };
    let mut reference = materialise(convert::plan(source, &plain)?, source, progress)?;
    let pictures: Vec<Image> = match options.pictures.as_slice() {
        [] => BUILT_IN.iter().map(|bytes| Image::decode(bytes)).collect::<Result<_>>()?,
        paths => paths.iter().map(Image::open).collect::<Result<_>>()?,
    };
    if !attention::is_exact(library, &options.session.devices)? {
        unfuse_attention(&mut converted.model);
        unfuse_attention(&mut reference.model);
    }
    let mut certificate = Certificate {
        reference: Precision::Fp32.to_string(),
        device: String::new(),
        reference_device: String::new(),
        onnxruntime: library.version().to_owned(),
        pictures: pictures.len(),
        source: if options.pictures.is_empty() { "built-in" } else { "given" }.to_owned(),
        tasks: Vec::new(),
    };
    for &task in &info.tasks {
        let [ours, theirs] = [&converted, &reference].map(|model| open(library, model, task, &options.session));
        let (ours, theirs) = (ours?, theirs?);
        (certificate.device, certificate.reference_device) = (ours.device().to_string(), theirs.device().to_string());
        let mut errors = Errors::new(task);
        for picture in &pictures {
            let framed = frame(picture, None, info.input, task, Framing::Official, info.framing)?;
            let run = |session: &Session| run(session, &framed.pixels, &converted, task);
            errors.add(&mut run(&ours)?, &run(&theirs)?, &info, &framed.placement)?;
        }
        certificate.tasks.push(errors.report());
    }
    convert::set_certificate(graph, &certificate)?;
    Ok(certificate)
}

/// A session from the picture to a task's raw outputs.
fn open(library: &'static Library, model: &Loaded, task: Task, options: &SessionOptions) -> Result<Session> {
    let input = input_name(model)?;
    model.open(library, &cut(&model.model, &[input], task.raw_outputs())?, options, None)
}

fn input_name(model: &Loaded) -> Result<&str> {
    let mut inputs = model.model.graph.iter().flat_map(|g| &g.input);
    let first = inputs.next().map(|input| input.name.as_str());
    first.ok_or_else(|| Error::new(ErrorKind::CorruptModel, "the graph has no input"))
}

fn run(session: &Session, pixels: &[u8], model: &Loaded, task: Task) -> Result<Vec<Tensor>> {
    let (name, size) = (input_name(model)?, model.info.input);
    if model.info.raw {
        let shape = [1, 3, size.height, size.width];
        return session.run(&[(name, View::F32(&shape, &normalise(pixels, size)?))], task.raw_outputs());
    }
    session.run(&[(name, View::U8(&[1, size.height, size.width, 3], pixels))], task.raw_outputs())
}
