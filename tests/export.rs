//! Every writer's file is read back by other means, and the pictures are held against official reference values.

use std::fs;

use safetensors::{Dtype, SafeTensors};
use sapiens::export::json::{
    FORMAT, KeypointRecord, KeypointsDocument, ModelRecord, PersonRecord, PointsRecord, StreamRecord, TrackRecord,
    VERSION,
};
use sapiens::export::maps::{self, Backdrop, MATTE_GREEN};
use sapiens::export::picture::{Foreground, Picture};
use sapiens::export::ply::{PointCloud, write_ply};
use sapiens::export::sheet::Sheet;
use sapiens::export::{npy, picture};
use sapiens::geometry::{Rect, Size};

struct Golden(Vec<u8>);

impl Golden {
    fn load() -> Self {
        Self(fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/export.safetensors")).unwrap())
    }

    /// Height first in the file.
    fn u8(&self, name: &str) -> (Size, Vec<u8>) {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let tensor = file.tensor(name).unwrap();
        assert_eq!(tensor.dtype(), Dtype::U8);
        (Size::new(tensor.shape()[1], tensor.shape()[0]), tensor.data().to_vec())
    }

    fn f32(&self, name: &str) -> (Size, Vec<f32>) {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let tensor = file.tensor(name).unwrap();
        assert_eq!(tensor.dtype(), Dtype::F32);
        (Size::new(tensor.shape()[1], tensor.shape()[0]), f32s(tensor.data()))
    }
}

fn f32s(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
}

#[test]
fn segmentation_overlay_equals_the_official_one() {
    let golden = Golden::load();
    let (size, image) = golden.u8("seg.image_rgb");
    let (_, labels) = golden.u8("seg.labels");
    let (_, palette) = golden.u8("seg.palette");
    let ours = maps::segmentation_overlay(Picture::new(size, &image).unwrap(), &labels, palette.as_chunks().0).unwrap();
    assert_eq!(ours, golden.u8("seg.vis_rgb").1); // exact; tolerance of the reference is 1
}

#[test]
fn normals_albedo_and_matte_equal_the_official_ones() {
    let golden = Golden::load();
    let (size, values) = golden.f32("normal.hwc");
    assert_eq!(maps::normals(size, &values).unwrap(), golden.u8("normal.vis_rgb").1);
    let (size, values) = golden.f32("albedo.hwc");
    assert_eq!(maps::albedo(size, &values).unwrap(), golden.u8("albedo.u8_rgb").1);
    let (size, alpha) = golden.f32("matting.alpha");
    let (_, colors) = golden.f32("matting.premultiplied_rgb");
    assert_eq!(maps::matte_gray(size, &alpha).unwrap(), golden.u8("matting.alpha_u8").1);
    let ours = maps::composite(size, &colors, &alpha, Backdrop::Color(MATTE_GREEN)).unwrap();
    assert_eq!(ours, golden.u8("matting.composite_rgb").1);
}

/// A `.npy` reader of its own: version 1.0, header as text, data.
fn read_npy(path: &std::path::Path) -> (String, Vec<u8>) {
    let bytes = fs::read(path).unwrap();
    assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
    let len = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    assert_eq!((10 + len) % 16, 0, "data must be aligned");
    let header = String::from_utf8(bytes[10..10 + len].to_vec()).unwrap();
    assert!(header.ends_with('\n'));
    (header.replace(' ', ""), bytes[10 + len..].to_vec())
}

#[test]
fn npy_files_hold_shape_type_and_values() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    let size = Size::new(3, 2);
    let has = |header: &str, parts: [&str; 3]| {
        assert!(parts.iter().all(|part| header.contains(part)), "{header}");
    };

    npy::write_u8(&path, size, &[1, 2, 3, 4, 5, 255]).unwrap();
    let (header, data) = read_npy(&path);
    has(&header, ["'descr':'|u1'", "'fortran_order':False", "'shape':(2,3)"]);
    assert_eq!(data, [1, 2, 3, 4, 5, 255]);

    let values: Vec<f32> = (0..18).map(|i| i as f32 / 7.0 - 1.0).collect();
    npy::write_f32(&path, size, &values[..6]).unwrap();
    let (header, data) = read_npy(&path);
    has(&header, ["'descr':'<f4'", "'fortran_order':False", "'shape':(2,3)"]);
    assert_eq!(f32s(&data), &values[..6]);

    npy::write_f32x3(&path, size, &values).unwrap();
    let (header, data) = read_npy(&path);
    has(&header, ["'descr':'<f4'", "'fortran_order':False", "'shape':(2,3,3)"]);
    assert_eq!(f32s(&data), values);

    npy::write_f32_shape(&path, &[1, 3, 2, 3], &values).unwrap();
    let (header, data) = read_npy(&path);
    has(&header, ["'descr':'<f4'", "'fortran_order':False", "'shape':(1,3,2,3)"]);
    assert_eq!(f32s(&data), values);
}

#[test]
fn npy_refuses_values_that_do_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    let error = npy::write_f32(&path, Size::new(3, 2), &[0.0; 7]).unwrap_err();
    assert!(error.to_string().starts_with("values: 7 values for 2x3 pixels"), "{error}");
    for len in [5, 7] {
        let error = npy::write_f32_shape(&path, &[2, 3], &vec![0.0; len]).unwrap_err();
        assert!(error.to_string().starts_with(&format!("values: {len} values")), "{error}");
    }
    assert!(npy::write_f32_shape(&path, &[usize::MAX, 3], &[0.0; 3]).is_err());
    assert!(!path.exists());
}

#[test]
fn ply_counts_its_vertices_and_skips_what_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ply");
    let size = Size::new(3, 2);
    let rgb: Vec<u8> = (0..18).collect();
    let mut points: Vec<f32> = (0..18).map(|i| i as f32 * 0.25).collect();
    points[4] = f32::NAN; // point 1
    points[17] = f32::INFINITY; // point 5
    let mut normals: Vec<f32> = (0..18).map(|i| -(i as f32)).collect();
    normals[6] = f32::NAN; // normal 2
    let picture = Picture::new(size, &rgb).unwrap();
    let mut cloud = PointCloud { picture, points_m: &points, normals: None, foreground: None };

    assert_eq!(write_ply(&path, &cloud).unwrap(), 4);
    let (header, data) = read_ply(&path);
    assert!(header.starts_with("ply\nformat binary_little_endian 1.0\n") && header.contains("\nelement vertex 4\n"));
    assert!(!header.contains("nx"));
    assert_eq!(data.len(), 4 * 15);
    for (vertex, i) in data.chunks_exact(15).zip([0, 2, 3, 4]) {
        assert_eq!(f32s(&vertex[..12]), &points[3 * i..3 * i + 3]);
        assert_eq!(&vertex[12..], &rgb[3 * i..3 * i + 3]);
    }

    cloud.normals = Some(&normals);
    cloud.foreground = Some(Foreground::Alpha { alpha: &[0.0, 1.0, 0.9, 0.5, 0.49, 1.0], at_least: 0.5 });
    assert_eq!(write_ply(&path, &cloud).unwrap(), 2);
    let (header, data) = read_ply(&path);
    let properties: Vec<_> = header.lines().filter_map(|l| l.strip_prefix("property ")).collect();
    let expected = "float x,float y,float z,float nx,float ny,float nz,uchar red,uchar green,uchar blue";
    assert_eq!(properties.join(","), expected);
    assert_eq!(data.len(), 2 * 27);
    assert_eq!(f32s(&data[..24]), [1.5, 1.75, 2.0, 0.0, 0.0, 0.0]);
    assert_eq!(f32s(&data[27..51]), [2.25, 2.5, 2.75, -9.0, -10.0, -11.0]);
    assert_eq!(&data[51..], [9, 10, 11]);

    cloud.foreground = Some(Foreground::Labels { labels: &[0; 6], background: 0 });
    assert_eq!(write_ply(&path, &cloud).unwrap(), 0);
    assert!(read_ply(&path).0.contains("\nelement vertex 0\n"));
    cloud.foreground = Some(Foreground::Labels { labels: &[0; 5], background: 0 });
    assert!(write_ply(&path, &cloud).is_err());
}

fn read_ply(path: &std::path::Path) -> (String, Vec<u8>) {
    let bytes = fs::read(path).unwrap();
    let end = bytes.windows(11).position(|w| w == b"end_header\n").unwrap() + 11;
    (String::from_utf8(bytes[..end].to_vec()).unwrap(), bytes[end..].to_vec())
}

#[test]
fn keypoints_documents_are_valid_rounded_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.json");
    let mut document = KeypointsDocument::new("a/b.jpg", Size::new(640, 480));
    document.models.push(ModelRecord { task: "pose".into(), name: "demo".into(), ..ModelRecord::default() });
    document.add_timing_ms("pose", 12.3456);
    document.add_timing_ms("decode", f64::NAN);
    let person = Rect { x: 1.0, y: 2.004, width: 0.1 + 0.2, height: f32::INFINITY };
    let keypoints = [[10.123456, -0.0001, 0.123456], [f32::NAN, f32::NEG_INFINITY, f32::NAN], [5.0, 6.0, 0.5]];
    document.persons.push(PersonRecord::new(person, &["nose", "left_eye", "right_eye"], &keypoints).unwrap());
    document
        .persons
        .push(PersonRecord { detection_score: Some(0.123456), ..PersonRecord::new::<&str>(person, &[], &[]).unwrap() });
    document.write(&path).unwrap();

    let text = fs::read_to_string(&path).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["format"], FORMAT);
    assert_eq!(value["version"], VERSION);
    assert_eq!(value["image"], serde_json::json!({"path": "a/b.jpg", "width": 640, "height": 480}));
    assert_eq!(value["models"], serde_json::json!([{"task": "pose", "name": "demo"}]));
    assert_eq!(value["timings_ms"].to_string(), r#"{"pose":12.35,"decode":null}"#);
    assert_eq!(value["persons"][0]["box"].to_string(), "[1.0,2.0,0.3,null]");
    assert_eq!(value["persons"][0]["mean_score"].to_string(), "0.3117");
    let points = &value["persons"][0]["keypoints"];
    assert_eq!(points[0].to_string(), r#"{"name":"nose","x":10.12,"y":0.0,"score":0.1235}"#);
    assert_eq!(points[1].to_string(), r#"{"name":"left_eye","x":null,"y":null,"score":null}"#);
    assert!(value["persons"][1]["mean_score"].is_null());
    assert!(value["persons"][0].get("detection_score").is_none());
    assert_eq!(value["persons"][1]["detection_score"].to_string(), "0.1235");

    let back = KeypointsDocument::read(&path).unwrap();
    assert_eq!(back.persons[0].keypoints[2], document.persons[0].keypoints[2]);
    assert_eq!((back.persons[0].detection_score, back.persons[1].detection_score), (None, Some(0.1235)));
    assert!(back.persons[0].keypoints[1].x.is_nan() && back.persons[0].box_xywh[3].is_nan());
    assert!(PersonRecord::new(person, &["nose"], &keypoints).is_err());

    fs::write(&path, text.replace("\"version\": 1", "\"version\": 2")).unwrap();
    let error = KeypointsDocument::read(&path).unwrap_err().to_string();
    assert!(error.contains("version 2; expected \"libsapiens-keypoints\" up to 1"), "{error}");
    fs::write(&path, "{").unwrap();
    assert!(KeypointsDocument::read(&path).is_err());
}

#[test]
fn what_a_stream_knows_of_people_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.json");
    let mut document = KeypointsDocument::new("frame 7", Size::new(640, 480));
    let points = PointsRecord {
        agreement: "disagrees".into(),
        is_valid: false,
        factor: 1.25,
        misfits: 0.5,
        compared: 900,
        age_frames: 2,
    };
    document.stream = Some(StreamRecord {
        tasks: vec!["pose".into()],
        detector_ran: true,
        wait_ms: 0.25,
        total_ms: 12.5,
        points: Some(points.clone()),
        ..StreamRecord::default()
    });
    let track = TrackRecord {
        id: 3,
        state: "lost".into(),
        age_frames: 12,
        age_ns: -1,
        unseen_ns: 66_000_000,
        missed_frames: 2,
        sightings: 10,
        is_chosen: true,
        estimate: [1.0, 2.5, 30.0, 40.25],
        velocity: [-5.5, 0.0],
    };
    let person = Rect { x: 1.0, y: 2.0, width: 30.0, height: 40.0 };
    document.persons.push(PersonRecord {
        origin: Some("prediction".into()),
        box_index: Some(1),
        track: Some(track),
        tasks: vec!["pose".into()],
        keypoints_age_frames: Some(1),
        points: Some(points),
        filtered: Some(KeypointRecord::all(&["nose"], &[[4.5, 5.25, 0.5]]).unwrap()),
        ..PersonRecord::new(person, &["nose"], &[[4.0, 5.0, 0.5]]).unwrap()
    });
    document.write(&path).unwrap();
    assert_eq!(KeypointsDocument::read(&path).unwrap(), document);
    // Nothing of it stands in the document of a picture.
    let plain = PersonRecord::new(person, &["nose"], &[[4.0, 5.0, 0.5]]).unwrap();
    let keys: Vec<String> = serde_json::to_value(plain).unwrap().as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["box", "mean_score", "keypoints"]);

    let text = fs::read_to_string(&path).unwrap();
    let short = text.replacen("40.25", "40.25, 7.0", 1);
    assert_ne!(short, text);
    fs::write(&path, short).unwrap();
    let error = KeypointsDocument::read(&path).unwrap_err().to_string();
    assert!(error.contains("invalid length 5"), "{error}");
}

#[test]
fn sheets_lay_their_panels_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sheet.png");
    let (tall, wide) = (Size::new(60, 80), Size::new(200, 50));
    let red = [255, 0, 0].repeat(tall.area());
    let blue = [0, 0, 255].repeat(wide.area());
    let (red, blue) = (Picture::new(tall, &red).unwrap(), Picture::new(wide, &blue).unwrap());
    let mut sheet = Sheet::new(["input", "a header that is far too long for its column"], Size::new(120, 160)).unwrap();
    sheet.push_row("one.jpg", &[Some(red), None]).unwrap();
    sheet.push_row("two.jpg", &[Some(blue), Some(blue)]).unwrap();
    assert!(sheet.push_row("three.jpg", &[None]).is_err());
    sheet.write(&path).unwrap();

    let png = image::open(&path).unwrap().into_rgb8();
    let count = |color: [u8; 3]| png.pixels().filter(|p| p.0 == color).count();
    assert_eq!(count([255, 0, 0]), 120 * 160); // enlarged to fill its field
    assert_eq!(count([0, 0, 255]), 2 * 120 * 30);
    assert_eq!(count([232, 233, 235]), 120 * 160); // the missing one
    assert_eq!(png.get_pixel(0, 0).0, [250; 3]);
    // Nothing touches the margins, not even the long header.
    let (width, height) = png.dimensions();
    assert!((0..height).all(|y| (0..4).all(|x| png.get_pixel(x, y).0 == [250; 3])));
    assert!((0..height).all(|y| (width - 4..width).all(|x| png.get_pixel(x, y).0 == [250; 3])));
    assert_eq!(width, 2 * 9 + 2 * 120 + 3);
    assert!(Sheet::new(Vec::<String>::new(), Size::new(120, 160)).is_err());
    assert!(Sheet::new(["a"], Size::new(0, 160)).is_err());
}

/// Elsewhere there is no such device; `src/export/file.rs` tests a failing write everywhere.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_fails_every_writer() {
    let (size, full) = (Size::new(4, 4), "/dev/full");
    let rgb = [7; 48];
    let picture = Picture::new(size, &rgb).unwrap();
    let mut sheet = Sheet::new(["input"], Size::new(64, 64)).unwrap();
    sheet.push_row("a", &[Some(picture)]).unwrap();
    let cloud = PointCloud { picture, points_m: &[1.0; 48], normals: None, foreground: None };
    let errors = [
        picture::write_png(full, picture).unwrap_err(),
        picture::write_gray_png(full, size, &rgb[..16]).unwrap_err(),
        npy::write_f32(full, size, &[0.0; 16]).unwrap_err(),
        write_ply(full, &cloud).unwrap_err(),
        KeypointsDocument::new("a", size).write(full).unwrap_err(),
        sheet.write(full).unwrap_err(),
    ];
    for error in errors {
        assert!(error.to_string().contains("No space left on device"), "{error}");
        assert!(error.to_string().ends_with("(/dev/full)"), "{error}");
    }
}
