//! Where the heads of dense tasks run, where that is not everywhere.
//!
//! A head gets the cells of the feature map that its region needs; what it makes of them is put back where it belongs, and what
//! lies outside the region says that there is nothing.

use super::result::{FrameResult, Maps};
use crate::error::{Error, ErrorKind, Result};
use crate::geometry::{Affine, Rect, Size};
use crate::onnx::proto::{GraphProto, ModelProto, dimension};
use crate::onnx::{Cells, Windows, windowed};
use crate::preprocess::Placement;
use crate::runtime::{Tensor, TensorData};
use crate::spec::Task;
use ndarray::Array2;
use std::ops::Range;

/// Pixels of the network input that a pixel of the image is made of, to each side of its own place: four for the smoothing of
/// pointmaps, one or two between which values are interpolated.
const AROUND: f64 = 6.0;
/// How much larger than a person's box its region is, as the official crops for poses are.
const BOX_PADDING: f32 = 1.25;

/// Where the heads of dense tasks run: less arithmetic, in proportion to the area (docs/graph.md has numbers). Poses and features
/// are always those of the whole picture.
///
/// Outside its region a map says that there is nothing: label and confidence 0, normal 0, albedo 0, coverage 0, points and depth
/// NaN. Inside it is what it would be without regions, where the head has no norm over the whole map (official: albedo); with
/// one (all others) it differs, since the norm sees another part of the picture: little for normals and mattes, but points lose their
/// distance (docs/graph.md).
///
/// Models must be loaded for it ([`LoadOptions::regions`](super::LoadOptions::regions)). People are looked at one after the
/// other, so that the result of one does not depend on the others.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Regions {
    /// Everywhere.
    #[default]
    Whole,
    /// In these rectangles of the image: one for each box, or any number for the whole image. A map of the whole image has one
    /// region, around all of them.
    Rects(Vec<Rect>),
    /// Around the boxes, those of the request or of the detector, each 1.25 times its size; without boxes everywhere.
    Boxes,
    /// Around everything that is not background in the segmentation of the same run, which must be among its tasks and looks
    /// at the whole picture.
    Seg,
}

impl Regions {
    /// Refuses what cannot be run.
    pub(super) fn check(&self, boxes: usize, segments: bool) -> Result<()> {
        match self {
            Self::Rects(rects) => {
                if let Some(bad) = rects.iter().find(|r| !r.is_valid()) {
                    return Err(Error::invalid(format!(
                        "regions: {bad:?} is no rectangle; numbers must be finite, extents more than 0"
                    )));
                }
                if rects.is_empty() || (boxes > 0 && rects.len() != boxes) {
                    return Err(Error::invalid(format!(
                        "regions: there are {} rectangles for {boxes} boxes; give one for each, or at least one without boxes",
                        rects.len()
                    )));
                }
                Ok(())
            }
            Self::Seg if !segments => Err(Error::invalid(
                "regions: segmentation is to find them, and is not among the tasks that run; add `seg`, or give rectangles",
            )),
            _ => Ok(()),
        }
    }

    /// The region of a task in the picture of a person, or of the whole image (no number). `None`: everywhere.
    pub(super) fn of(&self, task: Task, person: Option<usize>, boxed: bool, result: &FrameResult) -> Option<Rect> {
        if !is_regional(task) {
            return None;
        }
        let own = |rects: Vec<Rect>| match person {
            Some(i) => rects.get(i).copied(),
            None => Some(around(rects)),
        };
        match self {
            Self::Whole => None,
            Self::Seg if task == Task::Seg => None,
            Self::Boxes if !boxed => None,
            Self::Rects(rects) if boxed => own(rects.clone()),
            Self::Rects(rects) => Some(around(rects.iter().copied())),
            Self::Boxes => own(result.people.iter().map(|person| padded(person.bbox)).collect()),
            Self::Seg => {
                let people = || result.people.iter().filter_map(|person| labelled(&person.maps));
                let seen = match person {
                    Some(i) => result.people.get(i).and_then(|person| labelled(&person.maps)),
                    None => None,
                };
                Some(seen.or_else(|| labelled(&result.scene)).unwrap_or_else(|| around(people())))
            }
        }
    }
}

/// Whether a task has a head that can run for a part of the picture. The decoding of poses needs all of it.
pub(super) fn is_regional(task: Task) -> bool {
    !matches!(task, Task::Pose | Task::Features)
}

/// No region at all.
const NOTHING: Rect = Rect { x: 0.0, y: 0.0, width: 0.0, height: 0.0 };

/// The smallest rectangle around others.
fn around(rects: impl IntoIterator<Item = Rect>) -> Rect {
    let edges = rects.into_iter().filter(|r| r.is_valid()).map(Rect::xyxy);
    let all = edges.reduce(|[a, b, c, d], [e, f, g, h]| [a.min(e), b.min(f), c.max(g), d.max(h)]);
    all.map_or(NOTHING, |[x, y, right, lower]| Rect { x, y, width: right - x, height: lower - y })
}

fn padded(Rect { x, y, width, height }: Rect) -> Rect {
    let more = (BOX_PADDING - 1.0) / 2.0;
    Rect { x: x - more * width, y: y - more * height, width: width * BOX_PADDING, height: height * BOX_PADDING }
}

/// The rectangle of the image around everything that is not background; `None` without segmentation.
fn labelled(maps: &Maps) -> Option<Rect> {
    let labels = &maps.seg.as_ref()?.labels;
    let Some((rows, columns)) = occupied(labels) else { return Some(NOTHING) };
    let image_from_map = maps.image_from_map(Task::Seg);
    let (x0, y0) = image_from_map.apply(columns.start as f64 - 0.5, rows.start as f64 - 0.5);
    let (x1, y1) = image_from_map.apply(columns.end as f64 - 0.5, rows.end as f64 - 0.5);
    Some(Rect { x: x0 as f32, y: y0 as f32, width: (x1 - x0) as f32, height: (y1 - y0) as f32 })
}

/// Rows and columns of everything that is not 0.
fn occupied(labels: &Array2<u8>) -> Option<(Range<usize>, Range<usize>)> {
    let mut found: Option<(Range<usize>, Range<usize>)> = None;
    for (y, row) in labels.rows().into_iter().enumerate() {
        let Some(first) = row.iter().position(|label| *label != 0) else { continue };
        let last = row.iter().rposition(|label| *label != 0).unwrap_or(first);
        let (rows, columns) = found.get_or_insert((y..y, first..last));
        rows.end = y + 1;
        *columns = columns.start.min(first)..columns.end.max(last + 1);
    }
    found
}

/// Pixels along an axis that a region covers, from the first to the last.
fn covered(from: f32, extent: f32) -> Option<[f64; 2]> {
    let (first, last) = (from.floor(), (from + extent).ceil() - 1.0);
    (extent > 0.0).then_some([f64::from(first), f64::from(last.max(first))])
}

/// A head that can run for a part of its map.
pub(super) struct Regional {
    windows: Windows,
    grid: Size,
}

impl Regional {
    /// Rewrites the graph of a head.
    pub fn of(head: ModelProto) -> Result<(ModelProto, Self)> {
        let grid = head.graph.as_ref().and_then(map_size);
        let grid =
            grid.ok_or_else(|| Error::new(ErrorKind::CorruptModel, "the feature map of the graph has no size"))?;
        // The scale of a pointmap is that of the whole picture.
        let (head, windows) = windowed(head, "featmap", &["scale"])?;
        Ok((head, Self { windows, grid }))
    }

    /// The cells that a region of the image needs; at least one, since a graph cannot run for none.
    pub fn cells(&self, region: Option<Rect>, placement: &Placement) -> Cells {
        let (Some(region), Some(input_from_image)) = (region, placement.image_from_input().inverse()) else {
            return self.all();
        };
        let (x, y) = (covered(region.x, region.width), covered(region.y, region.height));
        let (Some([x0, x1]), Some([y0, y1])) = (x, y) else { return Cells { rows: 0..1, columns: 0..1 } };
        let (a, b) = (input_from_image.apply(x0, y0), input_from_image.apply(x1, y1));
        let axis = |from: f64, to: f64, pixels: usize, cells: usize| {
            let side = pixels as f64 / cells.max(1) as f64;
            let first = (((from - AROUND) / side).floor().max(0.0) as usize).min(cells.saturating_sub(1));
            let end = ((to + AROUND + 1.0) / side).ceil().max(0.0) as usize;
            first..end.clamp(first + 1, cells.max(first + 1))
        };
        let input = placement.input;
        Cells {
            rows: axis(a.1, b.1, input.height, self.grid.height),
            columns: axis(a.0, b.0, input.width, self.grid.width),
        }
    }

    /// All cells.
    pub fn all(&self) -> Cells {
        Cells::whole(self.grid)
    }

    /// What lies at these cells in the mirrored picture.
    pub fn mirrored(&self, cells: &Cells) -> Cells {
        let width = self.grid.width;
        Cells { rows: cells.rows.clone(), columns: width - cells.columns.end..width - cells.columns.start }
    }

    /// The input that tells the graph where to cut.
    pub fn values(&self, cells: &Cells) -> Vec<f32> {
        self.windows.values(cells, self.grid).0
    }

    /// Maps of the size they have for the whole picture: 0 where the head has not run.
    pub fn restore(&self, outputs: Vec<Tensor>, cells: &Cells) -> Result<Vec<Tensor>> {
        let scale = self.windows.scale();
        let at = self.windows.values(cells, self.grid).1;
        let to = Cells {
            rows: cells.rows.start * scale..cells.rows.end * scale,
            columns: cells.columns.start * scale..cells.columns.end * scale,
        };
        let size = Size::new(self.grid.width * scale, self.grid.height * scale);
        outputs.into_iter().map(|output| restored(output, &at, &to, size)).collect()
    }
}

/// Height and width of the graph's input.
fn map_size(graph: &GraphProto) -> Option<Size> {
    let shape = graph.input.first()?.r#type.as_ref()?.tensor_type.as_ref()?.shape.as_ref()?;
    let extent = |axis: usize| match shape.dim.get(axis)?.value.as_ref()? {
        dimension::Value::DimValue(n) => usize::try_from(*n).ok(),
        dimension::Value::DimParam(_) => None,
    };
    Some(Size::new(extent(3)?, extent(2)?))
}

/// Puts the part `at` of each plane to the place `to` of a plane of the size `size`.
fn restored(tensor: Tensor, at: &Cells, to: &Cells, size: Size) -> Result<Tensor> {
    let Tensor { mut shape, data } = tensor;
    // A number per picture is no map.
    let [.., height, width] = shape[..] else { return Ok(Tensor { shape, data }) };
    if shape.len() < 3 || (height, width) == (size.height, size.width) {
        return Ok(Tensor { shape, data });
    }
    if at.rows.end > height || at.columns.end > width {
        let message = format!("a head gave {height}x{width} pixels for a region that ends at {at:?}");
        return Err(Error::new(ErrorKind::Runtime, message));
    }
    let rank = shape.len();
    (shape[rank - 2], shape[rank - 1]) = (size.height, size.width);
    let data = match data {
        TensorData::F32(part) => TensorData::F32(pasted(&part, width, height, at, to, size)),
        TensorData::U8(part) => TensorData::U8(pasted(&part, width, height, at, to, size)),
    };
    Ok(Tensor { shape, data })
}

fn pasted<T: Copy + Default>(part: &[T], width: usize, height: usize, at: &Cells, to: &Cells, size: Size) -> Vec<T> {
    let planes = part.chunks_exact((width * height).max(1));
    let mut whole = vec![T::default(); planes.len() * size.area()];
    for (plane, part) in whole.chunks_exact_mut(size.area()).zip(planes) {
        for (row, y) in at.rows.clone().zip(to.rows.clone()) {
            plane[y * size.width..][to.columns.clone()].copy_from_slice(&part[row * width..][at.columns.clone()]);
        }
    }
    whole
}

/// Says "nothing" in the map of a task outside the region.
pub(super) fn blank_outside(maps: &mut Maps, task: Task, region: Rect) {
    let map_from_image = maps.image_from_map(task).inverse().unwrap_or(Affine::IDENTITY);
    let kept = |width: usize, height: usize| {
        let (Some([x0, x1]), Some([y0, y1])) = (covered(region.x, region.width), covered(region.y, region.height))
        else {
            return (0..0, 0..0);
        };
        let (a, b) = (map_from_image.apply(x0, y0), map_from_image.apply(x1, y1));
        let axis = |from: f64, to: f64, end: usize| {
            let from = (from.round().max(0.0) as usize).min(end);
            from..((to.round() + 1.0).max(0.0) as usize).clamp(from, end)
        };
        (axis(a.0, b.0, width), axis(a.1, b.1, height))
    };
    macro_rules! blank {
        ($array:expr, $value:expr) => {{
            let array = $array;
            let (height, width) = (array.shape()[0], array.shape()[1]);
            let (columns, rows) = kept(width, height);
            if let Some(values) = array.as_slice_mut() {
                fill_outside(values, width, height, (columns, rows), $value);
            }
        }};
    }
    match task {
        Task::Pose | Task::Features => {}
        Task::Seg => {
            if let Some(seg) = &mut maps.seg {
                blank!(&mut seg.labels, 0);
                blank!(&mut seg.confidence, 0.0);
            }
        }
        Task::Normal => maps.normal.iter_mut().for_each(|map| blank!(map, 0.0)),
        Task::Pointmap => maps.pointmap.iter_mut().for_each(|map| blank!(map, f32::NAN)),
        Task::Albedo => maps.albedo.iter_mut().for_each(|map| blank!(map, 0.0)),
        Task::Depth => maps.depth.iter_mut().for_each(|map| blank!(map, f32::NAN)),
        Task::Matting => {
            if let Some(matte) = &mut maps.matting {
                blank!(&mut matte.alpha, 0.0);
                blank!(&mut matte.foreground, 0.0);
            }
        }
    }
}

/// Fills everything but some columns of some rows; a pixel has as many values as fit.
fn fill_outside<T: Copy>(
    values: &mut [T],
    width: usize,
    height: usize,
    (columns, rows): (Range<usize>, Range<usize>),
    value: T,
) {
    let row_length = values.len() / height.max(1);
    let channels = row_length / width.max(1);
    for (y, row) in values.chunks_exact_mut(row_length.max(1)).enumerate() {
        let (from, to) = if rows.contains(&y) { (columns.start, columns.end) } else { (0, 0) };
        row[..from * channels].fill(value);
        row[to * channels..].fill(value);
    }
}
