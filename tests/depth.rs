//! The task depth (Sapiens v1) through the engine, the exports and the C interface, on a graph made here: its depth is the
//! brightness of the picture.

#![allow(unsafe_code)] // it plays the host

#[path = "common/brightness.rs"]
mod brightness;
mod common;

use brightness::graph;
use common::{quiet, session_options};
use sapiens::engine::{Engine, LoadOptions, MapSpace, ModelSource, Request, describe};
use sapiens::export::maps::DEPTH_BACKGROUND;
use sapiens::ffi::*;
use sapiens::geometry::{Rect, Size};
use sapiens::image::Image;
use sapiens::preprocess::Framing;
use sapiens::render::{MapPicture, Style, merge};
use sapiens::spec::{Licence, Task};
use std::ffi::{CStr, CString};
use std::path::Path;
use std::ptr::{null, null_mut};

const PICTURE: Size = Size::new(60, 40);

/// Dark on the left, bright on the right.
fn picture() -> Image {
    let row = (0..PICTURE.width).flat_map(|x| [if x < PICTURE.width / 2 { 51 } else { 204 }; 3]);
    Image::from_rgb8(PICTURE, row.collect::<Vec<u8>>().repeat(PICTURE.height)).unwrap()
}

fn load(folder: &Path, flip_test: bool) -> Engine {
    common::library();
    let options = LoadOptions { session: session_options(), flip_test, ..Default::default() };
    Engine::load(&[ModelSource::Path(graph(folder))], &options, &mut quiet).unwrap()
}

#[test]
fn depth_is_delivered_as_the_network_gives_it() {
    let folder = tempfile::tempdir().unwrap();
    let description = describe(&graph(folder.path())).unwrap();
    assert_eq!((description.task.as_str(), description.info.licence), ("depth", Licence::Sapiens1));
    assert!(description.info.licence.name().contains("non-commercial"));
    assert_eq!((description.info.keypoints, description.info.classes), (0, 0));
    for flip_test in [false, true] {
        let engine = load(folder.path(), flip_test);
        let result = engine.run(&picture(), &Request::default()).unwrap();
        let depth = result.scene.depth.as_ref().unwrap();
        assert_eq!((depth.dim(), result.scene.tasks()), ((40, 60), vec![Task::Depth]));
        // Averaged with itself mirrored back, the picture stays.
        assert!((depth[[20, 5]] - 0.2).abs() < 1e-5 && (depth[[20, 55]] - 0.8).abs() < 1e-5, "{flip_test}");
        let model = engine.run(&picture(), &Request { space: MapSpace::Model, ..Default::default() }).unwrap();
        assert_eq!(model.scene.depth.as_ref().unwrap().dim(), (128, 96));
        let corner = model.scene.image_from_map(Task::Depth).apply(-0.5, -0.5);
        assert!((corner.0 + 0.5).abs() < 1e-9 && (corner.1 + 0.5).abs() < 1e-9);
    }
}

#[test]
fn a_persons_depth_ends_at_the_crop_and_has_a_picture() {
    let folder = tempfile::tempdir().unwrap();
    let engine = load(folder.path(), false);
    let bbox = Rect { x: 20.0, y: 8.0, width: 16.0, height: 20.0 };
    let request = Request { boxes: vec![bbox], framing: Framing::Crop, ..Default::default() };
    let result = engine.run(&picture(), &request).unwrap();
    let depth = result.people[0].maps.depth.as_ref().unwrap();
    assert!(depth[[0, 0]].is_nan() && depth[[39, 59]].is_nan());
    assert!((depth[[18, 24]] - 0.2).abs() < 1e-2 && (depth[[18, 34]] - 0.8).abs() < 1e-2);

    let (style, merged) = (Style::new(0.3), merge(&result).unwrap());
    let (size, small) = style.map(&merged, MapPicture::RelativeDepth).unwrap().unwrap();
    let panel = style.panel(Task::Depth, &picture(), &result, &merged).unwrap().unwrap();
    assert_eq!((size, &small), (PICTURE, &panel));
    let at = |x: usize, y: usize| &panel[3 * (y * PICTURE.width + x)..][..3];
    let brightness = |rgb: &[u8]| rgb.iter().map(|v| u32::from(*v)).sum::<u32>();
    assert_eq!(at(0, 0), DEPTH_BACKGROUND, "no value");
    assert!(brightness(at(24, 18)) > 600 && brightness(at(34, 18)) < 60, "near is bright: {:?}", at(24, 18));
    let mut maps = result.people[0].maps.clone();
    assert!(maps.take(Task::Depth).depth.is_some() && maps.is_empty());
}

#[track_caller]
fn ok(status: SapiensStatus) {
    // SAFETY: valid until the next call on this thread.
    let message = unsafe { CStr::from_ptr(sapiens_last_error()) };
    assert_eq!(status, SapiensStatus::Ok, "{}", message.to_string_lossy());
}

fn text(path: &Path) -> CString {
    CString::new(path.to_str().unwrap()).unwrap()
}

#[test]
fn depth_is_a_map_of_the_c_interface() {
    common::library();
    let folder = tempfile::tempdir().unwrap();
    let (model, shown) = (text(&graph(folder.path())), folder.path().join("depth.png"));
    let file = folder.path().join("picture.png");
    let rgb = picture();
    sapiens::export::picture::write_png(&file, sapiens::export::picture::Picture::new(PICTURE, rgb.pixels()).unwrap())
        .unwrap();
    let (mut context, mut stream, mut result) = (null_mut(), null_mut(), null_mut());
    // SAFETY: locals, zero is valid for every struct, and each says its size.
    unsafe {
        ok(sapiens_context_create(null(), &mut context));
        ok(sapiens_context_load(context, model.as_ptr(), null(), null_mut()));
        let mut info: SapiensModelInfo = std::mem::zeroed();
        info.struct_size = size_of::<SapiensModelInfo>() as u32;
        ok(sapiens_context_model(context, 0, &mut info));
        assert_eq!((info.tasks, info.keypoints, info.classes), (SapiensTask::Depth as u32, 0, 0));
        assert!(CStr::from_ptr(info.licence).to_str().unwrap().contains("non-commercial"));
        assert_eq!(CStr::from_ptr(sapiens_task_name(info.tasks)), c"depth");

        let mut options: SapiensStreamOptions = std::mem::zeroed();
        ok(sapiens_stream_options_default(&mut options, size_of::<SapiensStreamOptions>() as u32));
        options.map_space = SapiensMapSpace::Image as i32;
        options.tasks = SapiensTask::Depth as u32;
        ok(sapiens_stream_create(context, &options, &mut stream));
        ok(sapiens_stream_submit_file(stream, text(&file).as_ptr(), null(), 0, null_mut()));
        ok(sapiens_stream_poll(stream, SAPIENS_WAIT_FOREVER, &mut result));
        let mut map: SapiensMap = std::mem::zeroed();
        map.struct_size = size_of::<SapiensMap>() as u32;
        ok(sapiens_result_map(result, -1, SapiensMapKind::Depth as i32, &mut map));
        assert_eq!((map.width, map.height, map.channels, map.classes), (60, 40, 1, 0));
        assert_eq!(map.element, SapiensElement::F32 as i32);
        let at = |x: i64, y: i64| {
            let pixel = map.data.cast::<u8>().offset((y * map.row_stride + x * map.pixel_stride) as isize);
            pixel.cast::<f32>().read_unaligned()
        };
        assert!((at(5, 20) - 0.2).abs() < 1e-5 && (at(55, 20) - 0.8).abs() < 1e-5);
        ok(sapiens_result_write_map_png(result, -1, SapiensMapKind::Depth as i32, text(&shown).as_ptr()));
        let other = sapiens_result_map(result, -1, SapiensMapKind::Points as i32, &mut map);
        assert_eq!(other, SapiensStatus::Absent);
        ok(sapiens_result_release(&mut result));
        ok(sapiens_context_destroy(&mut context));
    }
    let picture = Image::open(&shown).unwrap();
    let at = |x: usize| picture.pixels()[3 * (20 * PICTURE.width + x)..][..3].to_vec();
    assert_eq!((picture.size(), at(2), at(57)), (PICTURE, vec![252, 255, 164], vec![0, 0, 4]));
}

/// Sets of keypoints and classes as a host asks for them.
#[test]
fn sets_are_asked_for_by_how_many_they_hold() {
    // SAFETY: as above.
    unsafe {
        let mut info: SapiensKeypointInfo = std::mem::zeroed();
        let mut class: SapiensClassInfo = std::mem::zeroed();
        let mut link: SapiensLinkInfo = std::mem::zeroed();
        info.struct_size = size_of_val(&info) as u32;
        class.struct_size = size_of_val(&class) as u32;
        link.struct_size = size_of_val(&link) as u32;
        for (set, links, last) in
            [(308, 65, "r_border_of_pupil_midpoint_2"), (133, 65, "right_pinky_finger4"), (17, 19, "right_ankle")]
        {
            ok(sapiens_set_keypoint(set, set - 1, &mut info));
            assert_eq!(CStr::from_ptr(info.name).to_str(), Ok(last));
            assert_eq!(sapiens_set_keypoint(set, set, &mut info), SapiensStatus::InvalidArgument);
            let mut count = 0;
            ok(sapiens_set_link_count(set, &mut count));
            assert_eq!(count, links);
            ok(sapiens_set_link(set, links - 1, &mut link));
            assert!(link.from < set && link.to < set);
            assert_eq!(sapiens_set_link(set, links, &mut link), SapiensStatus::InvalidArgument);
        }
        for (set, last) in [(29, "Tongue"), (28, "Tongue"), (20, "Right-shoe")] {
            ok(sapiens_set_class(set, set - 1, &mut class));
            assert_eq!(CStr::from_ptr(class.name).to_str(), Ok(last));
            assert_eq!(sapiens_set_class(set, set, &mut class), SapiensStatus::InvalidArgument);
        }
        let mut found = 7;
        ok(sapiens_keypoint_counterpart(17, 9, 308, &mut found));
        assert_eq!(found, 62);
        found = 7;
        assert_eq!(sapiens_keypoint_counterpart(308, 69, 133, &mut found), SapiensStatus::Absent);
        assert_eq!(sapiens_keypoint_counterpart(308, 0, 5, &mut found), SapiensStatus::Absent);
        assert_eq!(found, 7, "left alone");
        assert_eq!(sapiens_keypoint_counterpart(17, 17, 308, &mut found), SapiensStatus::InvalidArgument);
        let absent = [
            sapiens_set_keypoint(4, 0, &mut info),
            sapiens_set_link_count(4, &mut found),
            sapiens_set_link(0, 0, &mut link),
            sapiens_set_class(19, 0, &mut class),
        ];
        assert_eq!(absent, [SapiensStatus::Absent; 4]);
        let null = [
            sapiens_set_keypoint(17, 0, null_mut()),
            sapiens_set_link_count(17, null_mut()),
            sapiens_set_link(17, 0, null_mut()),
            sapiens_set_class(28, 0, null_mut()),
            sapiens_keypoint_counterpart(17, 0, 17, null_mut()),
        ];
        assert_eq!(null, [SapiensStatus::InvalidArgument; 5]);
    }
}
