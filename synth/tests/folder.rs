//! The command line: labelled folders that the library reads, arrays, sheets, and clear errors.

use std::path::Path;
use std::process::{Command, Output};

fn synth(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_synth")).args(arguments).output().unwrap()
}

fn good(arguments: &[&str]) {
    let output = synth(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_string()
}

#[test]
fn a_labelled_folder_is_what_the_library_reads() {
    let folder = tempfile::tempdir().unwrap();
    for (kind, more) in [("person", &["--quality", "90"][..]), ("frame", &[])] {
        let out = folder.path().join(kind);
        let mut arguments = vec!["labels", "--count", "4", "--height", "128", "--framing", kind];
        let path = text(&out);
        arguments.extend(["--out", &path]);
        arguments.extend(more);
        good(&arguments);
        let dataset = sapiens::dataset::Folder::open(&out).unwrap();
        assert!(!dataset.is_empty() && dataset.len() <= 4, "{kind}");
        for i in 0..dataset.len() {
            let label = dataset.label(i).unwrap();
            let picture = label.picture(&dataset).unwrap().size();
            assert_eq!(label.classes(&dataset).unwrap().unwrap().len(), picture.area());
            assert_eq!(label.normals(&dataset).unwrap().unwrap().len(), 3 * picture.area());
            assert_eq!(label.points(&dataset).unwrap().unwrap().len(), 3 * picture.area());
            assert_eq!(label.albedo(&dataset).unwrap().unwrap().len(), 3 * picture.area());
            assert_eq!(label.alpha(&dataset).unwrap().unwrap().len(), picture.area());
            assert!(label.people.iter().all(|p| p.has_keypoints()));
        }
        // Nothing is written over.
        let again = synth(&arguments);
        assert!(!again.status.success() && String::from_utf8_lossy(&again.stderr).contains("is not empty"));
    }
}

#[test]
fn sequences_name_their_frames() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("walk");
    good(&["sequence", "--act", "walk", "--count", "3", "--width", "64", "--height", "64", "--out", &text(&out)]);
    for frame in 0..3 {
        let label = std::fs::read_to_string(out.join(format!("labels/{frame:06}.json"))).unwrap();
        let label: serde_json::Value = serde_json::from_str(&label).unwrap();
        assert_eq!((label["sequence"].as_str(), label["frame"].as_u64()), (Some("walk"), Some(frame)));
        assert_eq!(label["people"][0]["id"], 0);
        assert_eq!(label["people"][0]["joints"].as_array().unwrap().len(), 51);
    }
}

#[test]
fn arrays_and_frames_have_the_promised_shapes() {
    let folder = tempfile::tempdir().unwrap();
    let (arrays, frames) = (folder.path().join("arrays"), folder.path().join("frames"));
    good(&["arrays", "--count", "2", "--out", &text(&arrays)]);
    let image: ndarray::Array4<u8> = ndarray_npy::read_npy(arrays.join("image.npy")).unwrap();
    let keypoints: ndarray::Array3<f32> = ndarray_npy::read_npy(arrays.join("keypoints.npy")).unwrap();
    assert_eq!((image.shape(), keypoints.shape()), (&[2, 256, 192, 3][..], &[2, 308, 2][..]));
    good(&["frames", "--count", "3", "--out", &text(&frames)]);
    let boxes: ndarray::Array3<f32> = ndarray_npy::read_npy(frames.join("boxes.npy")).unwrap();
    assert_eq!(boxes.shape(), [3, 8, 5]);
    assert!(
        boxes
            .outer_iter()
            .flat_map(|f| f.outer_iter().map(|b| b.to_vec()).collect::<Vec<_>>())
            .all(|b| { b[4] == 0.0 || (b[0] >= 0.0 && b[2] <= 256.0 && b[0] < b[2] && b[1] < b[3]) })
    );
}

#[test]
fn sheets_are_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let (sheet, bare) = (folder.path().join("a/sheet.png"), folder.path().join("bare.png"));
    good(&["sheet", "--count", "2", "--height", "64", "--out", &text(&sheet)]);
    good(&["sheet", "--bare", "--count", "3", "--columns", "2", "--height", "64", "--out", &text(&bare)]);
    assert!(image::open(sheet).unwrap().width() > 7 * 48);
    let bare = image::open(bare).unwrap();
    assert_eq!((bare.width(), bare.height()), (2 * 48, 2 * 64));
}

#[test]
fn wrong_arguments_are_named() {
    for (arguments, reason) in [
        (&["labels", "--out", "/tmp/x", "--count", "0"][..], "--count 0"),
        (&["labels", "--out", "/tmp/x", "--height", "9"], "9 pixels"),
        (&["labels", "--out", "/tmp/x", "--quality", "0"], "--quality"),
        (&["sequence", "--out", "/tmp/x", "--fps", "0"], "--fps"),
        (&["labels", "--out", "/dev/null/x"], "/dev/null"),
    ] {
        let output = synth(arguments);
        let said = String::from_utf8_lossy(&output.stderr).to_string();
        assert!(!output.status.success() && said.contains(reason), "{arguments:?}: {said}");
    }
}
