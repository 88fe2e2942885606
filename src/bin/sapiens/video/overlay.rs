//! The clip with what was seen drawn over it: made in parts, each a whole file, joined at the end.

use super::line::{FrameLine, PersonLine, pose, rect};
use super::state::PartState;
use sapiens::export::canvas::Canvas;
use sapiens::export::picture::Picture;
use sapiens::geometry::Size;
use sapiens::image::Image;
use sapiens::render::Style;
use sapiens::task::pose::Keypoint;
use sapiens::video::{Encoder, Ffmpeg, Part, join};
use sapiens::{Error, Result};
use std::path::{Path, PathBuf};

/// Frames of a part: what is drawn again after a run was killed.
const PART_FRAMES: u64 = 256;
const COLORS: [[u8; 3]; 6] =
    [[255, 120, 0], [0, 200, 255], [120, 255, 0], [255, 60, 180], [255, 220, 0], [150, 120, 255]];

pub struct Overlay {
    ffmpeg: Ffmpeg,
    style: Style,
    size: Size,
    step_ns: i64,
    folder: PathBuf,
    target: PathBuf,
    open: Option<OpenPart>,
    last_ns: Option<i64>,
    /// The first frame that is not in a complete part.
    next_frame: u64,
}

struct OpenPart {
    encoder: Encoder,
    file: String,
    first_ns: i64,
    frames: u64,
    next_frame: u64,
}

impl Overlay {
    /// Goes on after complete parts; files of others, which were not finished, go.
    pub fn new(target: &Path, size: Size, step_ns: i64, threshold: f32, parts: &[PartState]) -> Result<Self> {
        let (folder, ffmpeg) = (target.with_extension("parts"), Ffmpeg::find()?);
        std::fs::create_dir_all(&folder).map_err(|e| Error::io("create the folder of parts", &folder, e))?;
        let listed = std::fs::read_dir(&folder).map_err(|e| Error::io("list the folder of parts", &folder, e))?;
        for entry in listed.filter_map(|entry| entry.ok()) {
            let name = entry.file_name();
            if !parts.iter().any(|part| name == part.file.as_str()) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
        if let Some(lost) = parts.iter().map(|part| folder.join(&part.file)).find(|path| !path.is_file()) {
            return Err(Error::invalid("a part of the overlay is gone; --restart begins anew").at(lost));
        }
        Ok(Self {
            ffmpeg,
            style: Style::new(threshold),
            size,
            step_ns,
            folder,
            target: target.to_path_buf(),
            open: None,
            last_ns: None,
            next_frame: parts.last().map_or(0, |part| part.next_frame),
        })
    }

    /// Draws a frame. Returns a part that it completed.
    pub fn add(&mut self, image: &Image, line: &FrameLine) -> Result<Option<PartState>> {
        if line.frame < self.next_frame {
            return Ok(None);
        }
        let drawn = self.draw(image, line)?;
        // A clip shows its frames one after the other, whatever broken times a source has.
        let time = match self.last_ns {
            Some(last) if line.timestamp_ns <= last => last.saturating_add(self.step_ns),
            _ => line.timestamp_ns,
        };
        self.last_ns = Some(time);
        let part = match &mut self.open {
            Some(part) => part,
            none => {
                // The process that began a part of the same frame, and was killed, may still be at it.
                let file = format!("{:08}-{}.mp4", line.frame, std::process::id());
                let encoder = Encoder::create(&self.ffmpeg, &self.folder.join(&file), self.size)?;
                none.insert(OpenPart { encoder, file, first_ns: time, frames: 0, next_frame: line.frame })
            }
        };
        part.encoder.write(time, &drawn)?;
        (part.frames, part.next_frame) = (part.frames + 1, line.frame + 1);
        if part.frames >= PART_FRAMES { self.close() } else { Ok(None) }
    }

    /// Completes the part that is open.
    pub fn close(&mut self) -> Result<Option<PartState>> {
        let Some(OpenPart { encoder, file, first_ns, next_frame, .. }) = self.open.take() else { return Ok(None) };
        encoder.finish()?;
        self.next_frame = next_frame;
        Ok(Some(PartState { file, first_ns, next_frame }))
    }

    /// Makes the clip of all parts, and removes them.
    pub fn join(&self, parts: &[PartState]) -> Result<()> {
        let length = |i: usize| parts.get(i + 1).map_or(0, |next| next.first_ns - parts[i].first_ns);
        let of = |(i, part): (usize, &PartState)| Part { path: self.folder.join(&part.file), length_ns: length(i) };
        let parts: Vec<Part> = parts.iter().enumerate().map(of).collect();
        if parts.is_empty() {
            return Ok(());
        }
        join(&self.ffmpeg, &parts, &self.target)
    }

    /// Removes the parts.
    pub fn clean(&self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }

    fn draw(&self, image: &Image, line: &FrameLine) -> Result<Image> {
        let calmest = |p: &'_ PersonLine| {
            let points = p.smoothed.as_ref().or(p.filtered.as_ref()).or(p.keypoints.as_ref());
            points.map(|points| pose(points))
        };
        let poses: Vec<Vec<Keypoint>> = line.people.iter().filter_map(calmest).collect();
        let poses: Vec<&[Keypoint]> = poses.iter().map(Vec::as_slice).collect();
        let picture = Picture::new(image.size(), image.pixels())?;
        let rgb = self.style.skeletons(picture, &poses)?;
        let mut canvas = Canvas::from_picture(Picture::new(image.size(), &rgb)?)?;
        let unit = (self.size.height.min(self.size.width) as f32 / 400.0).max(1.0);
        line.people.iter().filter(|p| p.state != "lost").for_each(|p| draw_person(&mut canvas, p, unit));
        Image::from_rgb8(image.size(), canvas.into_rgb())
    }
}

fn draw_person(canvas: &mut Canvas, person: &PersonLine, unit: f32) {
    let color = COLORS[(person.id % COLORS.len() as u64) as usize];
    let [x0, y0, x1, y1] = rect(person.bbox).xyxy();
    let opacity = if person.state == "confirmed" { 0.9 } else { 0.4 };
    for (from, to) in [([x0, y0], [x1, y0]), ([x1, y0], [x1, y1]), ([x1, y1], [x0, y1]), ([x0, y1], [x0, y0])] {
        canvas.line(from, to, unit, color, opacity);
    }
    let height = 8.0 * unit;
    canvas.text(&person.id.to_string(), [x0 + 3.0 * unit, y0 + height + 3.0 * unit], height, color);
}
