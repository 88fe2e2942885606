//! One task on one framed picture: run, average with the mirrored picture if asked, decode, carry to image space.

use super::finisher::{Finisher, MapKind};
use super::model::{Backbone, Model};
use super::picture::Seen;
use super::result::{Features, Maps};
use super::run::MapSpace;
use crate::error::{Error, ErrorKind, Result};
use crate::geometry::{Affine, Rect, Size};
use crate::image::planes;
use crate::preprocess::{Geometry, Placement};
use crate::runtime::{Tensor, Traffic};
use crate::skeleton;
use crate::spec::{ModelFraming, PATCH, Task};
use crate::task::pose::Keypoint;
use crate::task::seg::SegMap;
use crate::task::{albedo, depth, matting, normal, pointmap, pose, seg};
use ndarray::{Array2, Array3};
use std::sync::Arc;

/// Pictures that a model sees in one run, their mirror images if it is flip-tested, and what the backbone made of them.
pub(super) struct Prepared {
    placements: Vec<Placement>,
    seen: Seen,
    backbone: Backbone,
    mirrored: Option<(Seen, Backbone)>,
}

impl Prepared {
    /// Runs the shared part of a model.
    pub fn new(
        model: &Model,
        placements: Vec<Placement>,
        (seen, mirrored): (Seen, Option<Seen>),
        traffic: &mut Traffic,
    ) -> Result<Self> {
        let backbone = model.run_backbone(&seen, traffic)?;
        let mirrored = match mirrored {
            Some(seen) => {
                let backbone = model.run_backbone(&seen, traffic)?;
                Some((seen, backbone))
            }
            None => None,
        };
        Ok(Self { placements, seen, backbone, mirrored })
    }

    /// Runs one head on the pictures, and finishes the map of each on the device, where it stays.
    pub fn finish(
        &self,
        model: &Model,
        finisher: &Arc<Finisher>,
        task: Task,
        space: MapSpace,
        traffic: &mut Traffic,
    ) -> Result<Vec<Maps>> {
        let outputs = model.keep_head(task, &self.seen, &self.backbone, traffic)?;
        let info = model.info();
        let maps = |(person, &real): (usize, &Placement)| {
            let (placement, placed) = target(real, space);
            let on_device = MapKind::of(task).into_iter().zip(&outputs).map(|(kind, output)| {
                Ok(Arc::new(finisher.finish(kind, (output, person), &placement, info, traffic)?))
            });
            let placed = placed.map(|affine| (task, affine)).into_iter().collect();
            Ok(Maps { on_device: on_device.collect::<Result<_>>()?, placed, ..Maps::default() })
        };
        self.placements.iter().enumerate().map(maps).collect()
    }

    /// The size of the largest map.
    pub fn target(&self, space: MapSpace) -> Size {
        let sizes = self.placements.iter().map(|&real| target(real, space).0.image);
        sizes.max_by_key(|size| size.area()).unwrap_or_default()
    }

    /// Runs one head on the pictures and their mirror images: where each picture lies, and what came of it. With a region of the
    /// image, of a single picture, only there.
    pub fn run(
        &self,
        model: &Model,
        task: Task,
        region: Option<Rect>,
        traffic: &mut Traffic,
    ) -> Result<Vec<(Placement, RawOutputs)>> {
        let count = self.placements.len();
        let (cells, mirrored_cells) = match (region, model.regional(task), self.placements.as_slice()) {
            (None, ..) => (None, None),
            (Some(_), Some(regional), [placement]) => {
                let cells = regional.cells(region, placement);
                let mirrored = regional.mirrored(&cells);
                (Some(cells), Some(mirrored))
            }
            _ => return Err(Error::invalid(format!("regions: model {} was not loaded for them", model.name()))),
        };
        let outputs = parted(model.run_head(task, &self.seen, &self.backbone, cells.as_ref(), traffic)?, count)?;
        let mut mirrored = match &self.mirrored {
            Some((seen, backbone)) => {
                let outputs = model.run_head(task, seen, backbone, mirrored_cells.as_ref(), traffic)?;
                parted(outputs, count)?.into_iter().map(Some).collect()
            }
            None => Vec::new(),
        };
        mirrored.resize_with(count, || None);
        let each = self.placements.iter().copied().zip(outputs).zip(mirrored);
        Ok(each.map(|((placement, outputs), mirrored)| (placement, RawOutputs { outputs, mirrored })).collect())
    }
}

/// The outputs of each picture of a batch.
fn parted(outputs: Vec<Tensor>, count: usize) -> Result<Vec<Vec<Tensor>>> {
    let mut each: Vec<Vec<Tensor>> = Vec::new();
    each.resize_with(count, Vec::new);
    for output in outputs {
        for (own, tensor) in each.iter_mut().zip(output.split(count)?) {
            own.push(tensor);
        }
    }
    Ok(each)
}

/// What the graph returned for a task.
pub(super) struct RawOutputs {
    outputs: Vec<Tensor>,
    mirrored: Option<Vec<Tensor>>,
}

impl RawOutputs {
    /// Channels and size of output `i`, which is `1 x C x H x W`.
    fn map(&self, i: usize) -> Result<(usize, Size)> {
        match self.outputs.get(i).map(|t| t.shape.as_slice()) {
            Some(&[1, c, h, w]) => Ok((c, Size::new(w, h))),
            other => Err(Error::new(ErrorKind::Runtime, format!("expected an output 1xCxHxW, got {other:?}"))),
        }
    }

    /// Moves the elements of output `i` out; its shape stays.
    fn take(&mut self, i: usize) -> Result<Vec<f32>> {
        self.outputs.get_mut(i).ok_or_else(|| missing(i))?.take_floats()
    }

    /// Planes at the size of the network input. Heads of Sapiens v1 end in half of it, and the official code brings their
    /// output there before it looks at the image.
    fn take_at_input(&mut self, i: usize, input: Size, average: Average<'_>) -> Result<(usize, Vec<f32>)> {
        let (channels, map) = self.map(i)?;
        let mut values = self.take(i)?;
        if let Some(flipped) = self.mirrored(i)? {
            average(&mut values, flipped, channels, map)?;
        }
        Ok((channels, planes::resize(values, channels, map, input)?))
    }

    fn tensor(&self, i: usize) -> Result<&Tensor> {
        self.outputs.get(i).ok_or_else(|| missing(i))
    }

    fn mirrored(&self, i: usize) -> Result<Option<&[f32]>> {
        self.mirrored.as_ref().and_then(|m| m.get(i)).map(Tensor::floats).transpose()
    }

    fn scalar(tensors: &[Tensor], i: usize) -> Result<f32> {
        let value = tensors.get(i).map(Tensor::floats).transpose()?.and_then(|v| v.first().copied());
        value.ok_or_else(|| Error::new(ErrorKind::Runtime, "the graph returned no scale"))
    }
}

/// Averages planes with those of the mirrored input: both, their number and size.
type Average<'a> = &'a dyn Fn(&mut [f32], &[f32], usize, Size) -> Result<()>;

fn missing(output: usize) -> Error {
    Error::new(ErrorKind::Runtime, format!("the graph returned no output {output}"))
}

/// Keypoints in image pixels.
pub(super) fn decode_pose(model: &Model, placement: &Placement, raw: &mut RawOutputs) -> Result<Vec<Keypoint>> {
    let info = model.info();
    let keypoints = if model.gives_raw() {
        let (count, map) = raw.map(0)?;
        let mut heatmaps = raw.take(0)?;
        if let Some(flipped) = raw.mirrored(0)? {
            let set = skeleton::keypoint_set(count)
                .ok_or_else(|| no_mirror("keypoints", count, skeleton::KEYPOINT_COUNTS))?;
            pose::average_flipped(&mut heatmaps, flipped, map, &set.flip)?;
        }
        pose::decode(&heatmaps, count, map, info.input, info.heatmap)?
    } else {
        let values = raw.tensor(0)?.floats()?;
        values.chunks_exact(3).map(|k| Keypoint { x: k[0], y: k[1], score: k[2] }).collect()
    };
    pose::to_image(&keypoints, placement)
}

/// Where a map is to lie: on the image, or the network input, taken for the image itself; then with the way from there to the image.
fn target(real: Placement, space: MapSpace) -> (Placement, Option<Affine>) {
    match space {
        MapSpace::Image => (real, None),
        MapSpace::Model => {
            let same = Placement { image: real.input, geometry: Geometry::Stretch, ..real };
            (same, Some(real.image_from_input()))
        }
    }
}

/// A dense task, added to `maps`.
pub(super) fn decode_map(
    model: &Model,
    task: Task,
    real: Placement,
    raw: &mut RawOutputs,
    space: MapSpace,
    maps: &mut Maps,
) -> Result<()> {
    let (placement, placed) = target(real, space);
    let placement = &placement;
    let placed = if task == Task::Features { Some(image_from_cells(&real.image_from_input())) } else { placed };
    maps.placed.retain(|(known, _)| *known != task);
    maps.placed.extend(placed.map(|affine| (task, affine)));
    match task {
        Task::Pose => {}
        Task::Features => maps.features = Some(features(raw)?),
        Task::Seg => {
            maps.seg = Some(if model.gives_labels() {
                let found = seg::resize_labels(raw.tensor(0)?.bytes()?, raw.tensor(1)?.floats()?, placement)?;
                SegMap { classes: Some(model.info().classes).filter(|count| *count > 0), ..found }
            } else {
                let (classes, logits) = raw.take_at_input(0, real.input, &|logits, flipped, classes, map| {
                    let set = skeleton::class_set(classes);
                    let set = set.ok_or_else(|| no_mirror("classes", classes, skeleton::CLASS_COUNTS))?;
                    let flip: Vec<u8> = set.iter().map(|class| class.flip).collect();
                    seg::average_flipped(logits, flipped, map, &flip)
                })?;
                seg::labels_to_image(&logits, classes, placement)?
            });
        }
        Task::Normal => {
            let average: Average<'_> = &|a, b, _, map| normal::average_flipped(a, b, map);
            let planes = raw.take_at_input(0, real.input, average)?.1;
            let info = model.info();
            maps.normal = Some(match info.framing {
                ModelFraming::Sapiens1 => normal::to_image_late(&planes, placement, info.normal_frame)?,
                _ => normal::to_image(&planes, placement, info.normal_frame)?,
            });
        }
        Task::Pointmap => {
            let mut planes = raw.take(0)?;
            if model.gives_raw() {
                let mut scale = RawOutputs::scalar(&raw.outputs, 1)?;
                if let (Some(flipped), Some(tensors)) = (raw.mirrored(0)?, &raw.mirrored) {
                    let other = RawOutputs::scalar(tensors, 1)?;
                    scale = pointmap::average_flipped(&mut planes, scale, flipped, other, raw.map(0)?.1)?;
                }
                pointmap::metric(&mut planes, scale)?;
            }
            maps.pointmap = Some(pointmap::to_image(&planes, placement)?);
        }
        Task::Depth => {
            let average: Average<'_> = &|a, b, _, map| depth::average_flipped(a, b, map);
            maps.depth = Some(depth::to_image(&raw.take_at_input(0, real.input, average)?.1, placement)?);
        }
        Task::Albedo => {
            let average: Average<'_> = &|a, b, _, map| albedo::average_flipped(a, b, map);
            let planes = raw.take_at_input(0, real.input, average)?.1;
            maps.albedo = Some(albedo::to_image(&planes, placement)?);
        }
        Task::Matting => {
            maps.matting = Some(if model.gives_raw() {
                let (channels, map) = raw.map(0)?;
                let mut planes = raw.take(0)?;
                if let Some(flipped) = raw.mirrored(0)? {
                    matting::average_flipped(&mut planes, flipped, channels, map)?;
                }
                let (foreground, alpha) = planes.split_at(3 * map.area());
                matting::to_image(alpha, foreground, placement)?
            } else {
                matting::to_image(raw.tensor(0)?.floats()?, raw.tensor(1)?.floats()?, placement)?
            });
        }
    }
    Ok(())
}

/// Which outputs swap in a mirrored picture is known for the official sets only.
fn no_mirror(what: &str, count: usize, known: [usize; 3]) -> Error {
    let [a, b, c] = known;
    let message = format!(
        "flip test: this model has {count} {what}; which of them mirror each other is known for {a}, {b} and {c} only"
    );
    Error::new(ErrorKind::Unsupported, message)
}

/// A cell of the feature map stands for the patch of input pixels around its centre.
fn image_from_cells(image_from_input: &Affine) -> Affine {
    let (patch, [[a, b, c], [d, e, f]]) = (PATCH as f64, image_from_input.0);
    let centre = (patch - 1.0) / 2.0;
    Affine([[a * patch, b * patch, (a + b) * centre + c], [d * patch, e * patch, (d + e) * centre + f]])
}

fn features(raw: &mut RawOutputs) -> Result<Features> {
    let wrong =
        |e: ndarray::ShapeError| Error::new(ErrorKind::Runtime, format!("features of an unexpected shape: {e}"));
    let (channels, map) = raw.map(1)?;
    let rows = raw.tensor(0)?.shape.get(1).copied().unwrap_or(0);
    Ok(Features {
        tokens: Array2::from_shape_vec((rows, channels), raw.take(0)?).map_err(wrong)?,
        featmap: Array3::from_shape_vec((channels, map.height, map.width), raw.take(1)?).map_err(wrong)?,
    })
}
