//! Result files of a picture, and the contact sheet of a run.

use crate::inputs::Input;
use sapiens::engine::{Engine, FrameResult, Maps};
use sapiens::export::json::{KeypointsDocument, ModelRecord, PersonRecord};
use sapiens::export::picture::{Picture, write_png, write_rgba_png};
use sapiens::export::ply::{PointCloud, write_ply};
use sapiens::export::sheet::{Sheet, panel_size};
use sapiens::export::{maps, npy};
use sapiens::geometry::Size;
use sapiens::image::Image;
use sapiens::render::{Style, foreground, foreground_rgb, merge, person_record, slice};
use sapiens::runtime::Device;
use sapiens::spec::{ModelInfo, Task};
use sapiens::{Error, Result};
use std::path::{Path, PathBuf};

/// Kinds of result files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Save {
    Png,
    Json,
    Npy,
    Ply,
}

/// Writes results into a folder.
pub struct Writer<'a> {
    out: PathBuf,
    save: Vec<Save>,
    style: Style,
    engine: &'a Engine,
    tasks: Vec<Task>,
    sheet: Option<SheetState>,
}

struct SheetState {
    /// Built at the first picture, whose shape the panels take.
    sheet: Option<Sheet>,
}

impl<'a> Writer<'a> {
    pub fn new(out: &Path, save: &[Save], threshold: f32, engine: &'a Engine, sheet: bool) -> Result<Self> {
        if !threshold.is_finite() {
            return Err(Error::invalid("--threshold: must be a number, such as 0.3"));
        }
        let loaded = |task: &Task| engine.models().iter().any(|m| m.info().tasks.contains(task));
        let tasks = Task::ALL.into_iter().filter(loaded).collect();
        let sheet = sheet.then_some(SheetState { sheet: None });
        Ok(Self { out: out.to_path_buf(), save: save.to_vec(), style: Style::new(threshold), engine, tasks, sheet })
    }

    /// Writes everything asked for about one picture; returns the number of files.
    pub fn write(&mut self, input: &Input, image: &Image, result: &FrameResult) -> Result<usize> {
        let mut files = 0;
        let path = |name: String| self.out.join(name);
        let merged = merge(result)?;
        let has = |kind: Save| self.save.contains(&kind);
        if has(Save::Json) {
            self.document(input, result)?.write(path(format!("{}.json", input.stem)))?;
            files += 1;
        }
        if has(Save::Npy) {
            files += write_arrays(&path, &input.stem, &result.scene, result.image)?;
            for (i, person) in result.people.iter().enumerate() {
                let stem = match result.people.len() {
                    1 => input.stem.clone(),
                    _ => format!("{}_person{i}", input.stem),
                };
                files += write_arrays(&path, &stem, &person.maps, result.image)?;
            }
        }
        if has(Save::Ply)
            && let Some(points) = &merged.pointmap
        {
            let cloud = PointCloud {
                picture: Picture::new(image.size(), image.pixels())?,
                points_m: slice(points),
                normals: merged.normal.as_ref().map(slice),
                foreground: foreground(&merged),
            };
            write_ply(path(format!("{}.ply", input.stem)), &cloud)?;
            files += 1;
        }
        if has(Save::Png) || self.sheet.is_some() {
            let panels = self
                .tasks
                .iter()
                .filter(|t| **t != Task::Features)
                .map(|&task| Ok((task, self.style.panel(task, image, result, &merged)?)))
                .collect::<Result<Vec<_>>>()?;
            if has(Save::Png) {
                for (task, panel) in &panels {
                    if let Some(rgb) = panel {
                        write_png(path(format!("{}_{task}.png", input.stem)), Picture::new(image.size(), rgb)?)?;
                        files += 1;
                    }
                }
                if let Some(m) = &merged.matting {
                    let rgba = maps::cutout_rgba(image.size(), &foreground_rgb(m), slice(&m.alpha))?;
                    write_rgba_png(path(format!("{}_cutout.png", input.stem)), image.size(), &rgba)?;
                    files += 1;
                }
            }
            self.add_to_sheet(input, image, &panels)?;
        }
        Ok(files)
    }

    fn document(&self, input: &Input, result: &FrameResult) -> Result<KeypointsDocument> {
        let mut document = KeypointsDocument::new(&input.path, result.image);
        if let Some(detector) = self.engine.detector() {
            document.models.push(record("detection", detector.name(), detector.info(), detector.device()));
        }
        for model in self.engine.models() {
            let info = model.info();
            let tasks = info.tasks.iter().map(|t| t.name()).collect::<Vec<_>>().join("+");
            document.models.push(record(&tasks, model.name(), info, model.device()));
        }
        for timing in &result.timings {
            document.add_timing_ms(&timing.stage, timing.ms);
        }
        for person in &result.people {
            let record = person_record(person.bbox, person.pose.as_deref())?;
            document.persons.push(PersonRecord { detection_score: person.score, ..record });
        }
        Ok(document)
    }

    fn add_to_sheet(&mut self, input: &Input, image: &Image, panels: &[(Task, Option<Vec<u8>>)]) -> Result<()> {
        let Some(state) = &mut self.sheet else { return Ok(()) };
        let sheet = match &mut state.sheet {
            Some(sheet) => sheet,
            none => {
                let columns = std::iter::once("input".to_owned()).chain(panels.iter().map(|(t, _)| t.to_string()));
                none.insert(Sheet::new(columns, panel_size(image.size()))?)
            }
        };
        let mut row = vec![Some(Picture::new(image.size(), image.pixels())?)];
        for (_, panel) in panels {
            row.push(panel.as_deref().map(|rgb| Picture::new(image.size(), rgb)).transpose()?);
        }
        sheet.push_row(&input.stem, &row)
    }

    /// Writes the contact sheet of all pictures so far.
    pub fn write_sheet(&self, path: &Path) -> Result<()> {
        match self.sheet.as_ref().and_then(|s| s.sheet.as_ref()) {
            Some(sheet) => sheet.write(path),
            None => Err(Error::invalid("--sheet: there is nothing to show").at(path)),
        }
    }
}

/// What ran, for the document.
fn record(task: &str, name: &str, info: &ModelInfo, device: Device) -> ModelRecord {
    ModelRecord {
        task: task.to_owned(),
        name: name.to_owned(),
        precision: Some(info.precision.to_string()),
        provider: Some(device.provider().to_owned()),
        source_sha256: (!info.source_sha256.is_empty()).then(|| info.source_sha256.clone()),
        license: Some(info.licence.to_string()),
    }
}

/// One array per dense task in image space; returns how many.
fn write_arrays(path: &impl Fn(String) -> PathBuf, stem: &str, maps: &Maps, size: Size) -> Result<usize> {
    let mut files = 0;
    let mut name = |task: Task| {
        files += 1;
        path(format!("{stem}_{task}.npy"))
    };
    if let Some(seg) = &maps.seg {
        npy::write_u8(name(Task::Seg), size, slice(&seg.labels))?;
    }
    if let Some(normal) = &maps.normal {
        npy::write_f32x3(name(Task::Normal), size, slice(normal))?;
    }
    if let Some(points) = &maps.pointmap {
        npy::write_f32x3(name(Task::Pointmap), size, slice(points))?;
    }
    if let Some(albedo) = &maps.albedo {
        npy::write_f32x3(name(Task::Albedo), size, slice(albedo))?;
    }
    if let Some(matte) = &maps.matting {
        npy::write_f32(name(Task::Matting), size, slice(&matte.alpha))?;
    }
    if let Some(depth) = &maps.depth {
        npy::write_f32(name(Task::Depth), size, slice(depth))?;
    }
    if let Some(features) = &maps.features {
        npy::write_f32_shape(name(Task::Features), features.featmap.shape(), slice(&features.featmap))?;
    }
    Ok(files)
}
