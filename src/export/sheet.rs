//! Contact sheets: one row per picture, one column per task, as a single PNG.

use std::path::Path;

use image::imageops::{self, FilterType};
use image::{ImageBuffer, Rgb};

use super::canvas::Canvas;
use super::picture::{Picture, write_png};
use crate::error::{Error, Result};
use crate::geometry::Size;

const PAPER: [u8; 3] = [250, 250, 250];
const INK: [u8; 3] = [32, 33, 36];
const SOFT_INK: [u8; 3] = [112, 115, 120];
const EMPTY: [u8; 3] = [232, 233, 235];

/// A sheet under construction. Panels are shrunk as they come, so a long sheet of large pictures stays small in memory.
#[derive(Debug, Clone)]
pub struct Sheet {
    title: String,
    columns: Vec<String>,
    rows: Vec<Row>,
    panel: Size,
}

#[derive(Debug, Clone)]
struct Row {
    label: String,
    panels: Vec<Option<Panel>>,
}

#[derive(Debug, Clone)]
struct Panel {
    size: Size,
    rgb: Vec<u8>,
}

/// Distances in pixels, all derived from the panel's width.
struct Layout {
    margin: usize,
    gap: usize,
    cap_height: usize,
}

/// Room for the panels of pictures of about this size: 320 pixels high and as wide as that makes them, within reason.
pub fn panel_size(picture: Size) -> Size {
    let scale = 320.0 / picture.height.max(1) as f64;
    Size::new(((picture.width as f64 * scale) as usize).clamp(160, 480), 320)
}

impl Sheet {
    /// A sheet with these column headers, `input` first as a rule. Panels fit into `panel` (320x427 is a good size),
    /// keeping their aspect.
    pub fn new<S: Into<String>>(columns: impl IntoIterator<Item = S>, panel: Size) -> Result<Self> {
        let columns: Vec<String> = columns.into_iter().map(Into::into).collect();
        if columns.is_empty() {
            return Err(Error::invalid("columns: a sheet needs at least one"));
        }
        if !(32..=4096).contains(&panel.width) || !(32..=4096).contains(&panel.height) {
            return Err(Error::invalid(format!("panel: {panel} pixels; each side must be 32 to 4096")));
        }
        Ok(Self { title: String::new(), columns, rows: Vec::new(), panel })
    }

    /// A line above the headers.
    #[must_use]
    pub fn with_title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Number of rows so far.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows yet.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Adds a picture and its results, one per column; `None` leaves a gray field. `label` stands below the row.
    pub fn push_row(&mut self, label: impl Into<String>, panels: &[Option<Picture<'_>>]) -> Result<()> {
        if panels.len() != self.columns.len() {
            let message = format!("panels: {} for {} columns", panels.len(), self.columns.len());
            return Err(Error::invalid(message));
        }
        let panels = panels.iter().map(|p| p.map(|p| fit(p, self.panel)).transpose()).collect::<Result<_>>()?;
        self.rows.push(Row { label: label.into(), panels });
        Ok(())
    }

    /// Draws the sheet: its size and `height * width * 3` RGB8 bytes.
    pub fn render(&self) -> Result<(Size, Vec<u8>)> {
        let layout = self.layout();
        let mut canvas = Canvas::new(self.size(&layout), PAPER)?;
        let cap = layout.cap_height as f32;
        let left_of = |column: usize| layout.margin + column * (self.panel.width + layout.gap);
        let mut y = layout.margin;
        if !self.title.is_empty() {
            let room = canvas.size().width - 2 * layout.margin;
            let title_cap = cap * 1.4;
            let title = shortened(&self.title, title_cap, room as f32);
            canvas.text(&title, [layout.margin as f32, y as f32], title_cap, INK);
            y += layout.title_height();
        }
        for (column, name) in self.columns.iter().enumerate() {
            let name = shortened(name, cap, self.panel.width as f32);
            canvas.text(&name, [left_of(column) as f32, y as f32], cap, INK);
        }
        y += layout.line_height();
        for row in &self.rows {
            let height = self.row_height(row);
            for (column, panel) in row.panels.iter().enumerate() {
                let left = left_of(column);
                let Some(panel) = panel else {
                    canvas.fill_box(left, y, Size::new(self.panel.width, height), EMPTY);
                    continue;
                };
                // A panel that leaves room is centred on the gray of an empty field.
                if panel.size != Size::new(self.panel.width, height) {
                    canvas.fill_box(left, y, Size::new(self.panel.width, height), EMPTY);
                }
                let x = left + (self.panel.width - panel.size.width) / 2;
                canvas.paste(x, y + (height - panel.size.height) / 2, Picture::new(panel.size, &panel.rgb)?);
            }
            y += height + layout.label_gap();
            let small = cap * 0.85;
            let room = (canvas.size().width - 2 * layout.margin) as f32;
            canvas.text(&shortened(&row.label, small, room), [layout.margin as f32, y as f32], small, SOFT_INK);
            y += layout.label_height();
        }
        let size = canvas.size();
        Ok((size, canvas.into_rgb()))
    }

    /// Draws the sheet and writes it as PNG.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let (size, rgb) = self.render().map_err(|e| e.at(&path))?;
        write_png(path, Picture::new(size, &rgb)?)
    }

    fn layout(&self) -> Layout {
        let unit = self.panel.width;
        Layout { margin: (unit / 13).max(8), gap: (unit / 40).max(3), cap_height: (unit / 22).clamp(8, 40) }
    }

    fn size(&self, layout: &Layout) -> Size {
        let columns = self.columns.len();
        let title = if self.title.is_empty() { 0 } else { layout.title_height() };
        let rows = self.rows.iter().map(|r| self.row_height(r) + layout.label_gap() + layout.label_height());
        let below_last = if self.is_empty() { 0 } else { layout.cap_height }; // the last label's own space is margin
        Size::new(
            2 * layout.margin + columns * self.panel.width + (columns - 1) * layout.gap,
            2 * layout.margin + title + layout.line_height() + rows.sum::<usize>() - below_last,
        )
    }

    /// The tallest panel; a row without any is as tall as a panel may be wide.
    fn row_height(&self, row: &Row) -> usize {
        let tallest = row.panels.iter().flatten().map(|p| p.size.height).max();
        tallest.unwrap_or(self.panel.width.min(self.panel.height))
    }
}

impl Layout {
    fn title_height(&self) -> usize {
        self.cap_height * 3
    }

    fn line_height(&self) -> usize {
        self.cap_height * 2
    }

    fn label_gap(&self) -> usize {
        self.cap_height * 6 / 10
    }

    fn label_height(&self) -> usize {
        self.cap_height * 23 / 10
    }
}

/// Scaled with anti-aliasing to touch the box from inside.
fn fit(picture: Picture<'_>, room: Size) -> Result<Panel> {
    let from = picture.size();
    let scale = (room.width as f64 / from.width as f64).min(room.height as f64 / from.height as f64);
    let side = |n: usize, room: usize| ((n as f64 * scale).round() as usize).clamp(1, room);
    let size = Size::new(side(from.width, room.width), side(from.height, room.height));
    if size == from {
        return Ok(Panel { size, rgb: picture.rgb().to_vec() });
    }
    let too_large = || Error::invalid(format!("panel picture: {from} pixels is too large for a sheet"));
    let (width, height) = u32::try_from(from.width).ok().zip(u32::try_from(from.height).ok()).ok_or_else(too_large)?;
    let view: ImageBuffer<Rgb<u8>, &[u8]> =
        ImageBuffer::from_raw(width, height, picture.rgb()).ok_or_else(too_large)?;
    // `resize` widens the kernel when it shrinks, which makes Triangle a smooth area filter.
    let scaled = imageops::resize(&view, size.width as u32, size.height as u32, FilterType::Triangle);
    Ok(Panel { size, rgb: scaled.into_raw() })
}

/// The text, or as much of its beginning as fits with three dots.
fn shortened(text: &str, cap_height: f32, room: f32) -> String {
    // Widths add up per letter, so a text that is too long is never measured to its end.
    let fits = |text: &str| Canvas::text_width(text, cap_height) <= room;
    let mut beginning = String::new();
    for character in text.chars() {
        beginning.push(character);
        if !fits(&beginning) {
            while beginning.pop().is_some() {
                let candidate = format!("{}...", beginning.trim_end());
                if fits(&candidate) {
                    return candidate;
                }
            }
            return String::new();
        }
    }
    beginning
}
