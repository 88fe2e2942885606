//! `sapiens eval --sheet`: labels that are the model's own predictions, and others, beside what it predicts.

use crate::labelled::{MapWriter, Predictions, SIZE, bytes, folder};
use crate::support::Sandbox;
use image::RgbImage;
use sapiens::task::pose::Keypoint;
use serde_json::{Value, json};

/// Panels, and what lies between them: the picture's shape at 320 pixels of height.
const PANEL: (u32, u32) = (240, 320);
const MARGIN: u32 = 18;
const GAP: u32 = 6;
/// Title and headers, the line below a row, and the part of the last line that is margin.
const ABOVE: u32 = 50;
const BELOW: u32 = 29;
const LAST: u32 = 10;
/// Column of the label of each task; the prediction is right of it.
const TASKS: [(&str, u32); 6] =
    [("keypoints", 1), ("classes", 3), ("normals", 5), ("depth", 7), ("albedo", 9), ("alpha", 11)];
const EMPTY: [u8; 3] = [232, 233, 235];

struct Sheet(RgbImage);

impl Sheet {
    /// Runs the evaluation and reads its sheet, of so many columns and rows.
    #[track_caller]
    fn of(sandbox: &Sandbox, options: &[&str], columns: u32, rows: u32) -> Self {
        let eval = ["eval", "--data", "d", "--threads", "1", "--sheet", "s.png"];
        let ran = sandbox.ok(&[&eval[..], options].concat());
        assert!(ran.out.contains(&format!("contact sheet of {rows} pictures: s.png")), "{ran:?}");
        let picture = image::open(sandbox.path("s.png")).unwrap().into_rgb8();
        let width = 2 * MARGIN + columns * (PANEL.0 + GAP) - GAP;
        let height = 2 * MARGIN + ABOVE + rows * (PANEL.1 + BELOW) - LAST;
        assert_eq!(picture.dimensions(), (width, height));
        Self(picture)
    }

    fn panel(&self, column: u32, row: u32) -> Vec<[u8; 3]> {
        let (left, top) = (MARGIN + column * (PANEL.0 + GAP), MARGIN + ABOVE + row * (PANEL.1 + BELOW));
        let pixels = (0..PANEL.0 * PANEL.1).map(|i| (left + i % PANEL.0, top + i / PANEL.0));
        pixels.map(|(x, y)| self.0.get_pixel(x, y).0).collect()
    }

    /// Largest difference of a channel, and the share of pixels with one above 2.
    fn difference(&self, row: u32, columns: [u32; 2]) -> (u8, f64) {
        let [a, b] = columns.map(|column| self.panel(column, row));
        let off = |(a, b): (&[u8; 3], &[u8; 3])| (0..3).map(|c| a[c].abs_diff(b[c])).max().unwrap();
        let off: Vec<u8> = a.iter().zip(&b).map(off).collect();
        (*off.iter().max().unwrap(), off.iter().filter(|d| **d > 2).count() as f64 / off.len() as f64)
    }
}

/// Labels of what is drawn of a prediction, moved to the right; the others are not labelled.
fn keypoints(pose: &[Keypoint], right: f32) -> Value {
    pose.iter().map(|k| json!([k.x + right, k.y, if k.score < 0.3 { 0 } else { 2 }])).collect()
}

#[test]
fn labels_stand_beside_predictions() {
    let sandbox = Sandbox::new();
    folder(&sandbox);
    let found = Predictions::new();
    let mut writer = MapWriter::new(&sandbox, "a");
    writer.all(&found);
    writer.person(keypoints(&found.pose, 0.0));
    writer.write();
    // Nothing to compare: no row.
    MapWriter::new(&sandbox, "b").write();
    // Everything is off, but the person is where it was.
    let mut writer = MapWriter::new(&sandbox, "c");
    writer.classes(&found.classes().iter().map(|c| if *c == 0 { 0 } else { c % 28 + 1 }).collect::<Vec<_>>());
    writer.normals(&found.normals().iter().map(|n| -n).collect::<Vec<_>>());
    writer.points(&found.points().iter().map(|p| p * 2.0).collect::<Vec<_>>());
    writer.albedo(&bytes(&found.albedo()).iter().map(|v| v ^ 128).collect::<Vec<_>>());
    writer.alpha(&bytes(&found.alpha()).iter().map(|v| 255 - v).collect::<Vec<_>>());
    writer.person(keypoints(&found.pose, 40.0));
    writer.write();
    // One task of six.
    let mut writer = MapWriter::new(&sandbox, "d");
    writer.alpha(&vec![255; SIZE.area()]);
    writer.write();

    let sheet = Sheet::of(&sandbox, &[], 13, 3);
    for (task, column) in TASKS {
        // Bytes of albedo and alpha were rounded for the label and are truncated for the sheet.
        let (largest, _) = sheet.difference(0, [column, column + 1]);
        assert!(largest <= if column < 9 { 0 } else { 2 }, "{task}: {largest}");
        let panel = sheet.panel(column, 0);
        assert!(panel.iter().any(|p| *p != panel[0]), "{task}: nothing is drawn");
        let (_, share) = sheet.difference(1, [column, column + 1]);
        assert!(share > 0.02, "{task}: only {share} of the pixels tell the label from the prediction");
        // The same picture: what is predicted does not depend on the label.
        if task != "depth" {
            assert_eq!(sheet.panel(column + 1, 0), sheet.panel(column + 1, 1), "{task}");
        }
        let is_empty = [column, column + 1].map(|c| sheet.panel(c, 2).iter().all(|p| *p == EMPTY));
        assert_eq!(is_empty, [task != "alpha"; 2], "{task}");
    }
    let (_, share) = sheet.difference(0, [0, 2]);
    assert!((0.005..0.5).contains(&share), "a skeleton over the picture changes {share} of it");
    // Predicted at half the labelled depth: nearer than the nearest of the label, so of one colour on the person.
    let mut colours = sheet.panel(8, 1);
    colours.sort_unstable();
    let most = colours.chunk_by(|a, b| a == b).map(<[_]>::len).filter(|count| *count > 2000).count();
    assert_eq!(most, 2, "the background and the nearest colour");

    // Only the tasks that are asked for, and only so many pictures.
    let few = Sheet::of(&sandbox, &["--tasks", "seg,matting", "--sheet-count", "2"], 5, 2);
    for (column, of) in [(0, 0), (1, 3), (2, 4), (3, 11), (4, 12)] {
        assert!((0..2).all(|row| few.panel(column, row) == sheet.panel(of, row)), "{column}");
    }
}

#[test]
fn sheets_that_cannot_be_are_refused_at_once() {
    let sandbox = Sandbox::new();
    folder(&sandbox);
    let mut writer = MapWriter::new(&sandbox, "a");
    writer.alpha(&vec![0; SIZE.area()]);
    writer.write();
    let with = |options: &[&str], says: &[&str]| {
        // A model that is not there: what is refused is refused before it is looked for.
        let eval = ["eval", "--data", "d", "--model", "none.safetensors"];
        sandbox.refused(&[&eval[..], options].concat(), says);
    };
    with(&["--sheet", "none/s.png"], &["--sheet", "none/s.png"]);
    with(&["--sheet", "d"], &["--sheet", "PNG", "(d)"]);
    with(&["--sheet", "o", "--json", "o"], &["--sheet", "--json", "same file"]);
    with(&["--sheet", "s.png", "--sheet-count", "0"], &["--sheet-count", "`0`", "1 to 100"]);
    with(&["--sheet", "s.png", "--sheet-count", "101"], &["--sheet-count", "`101`", "1 to 100"]);
    let ran = crate::support::Ran::of(&mut sandbox.command(&["eval", "--data", "d", "--sheet-count", "3"]));
    assert!(ran.code == Some(2) && ran.err.contains("--sheet <PNG>"), "{ran:?}");
    if cfg!(target_os = "linux") {
        with(&["--sheet", "/proc/s.png"], &["--sheet", "cannot write", "/proc/s.png"]);
        with(&["--json", "/proc/o.json"], &["--json", "cannot write", "/proc/o.json"]);
    }
}
