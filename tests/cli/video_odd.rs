//! Clips and boxes that are odd, and two runs at once.

use crate::support::{Ran, Sandbox};
use crate::video::{clip, ffmpeg, lines};
use serde_json::Value;
use std::process::Stdio;

fn people(frame: &Value) -> &Vec<Value> {
    frame["people"].as_array().unwrap()
}

#[test]
fn two_runs_into_one_folder_do_not_mix() {
    let sandbox = Sandbox::new();
    clip(&sandbox, 40, "c.mp4", "-pix_fmt yuv420p");
    let args = ["run", "c.mp4", "--out", "o"];
    let mut first = sandbox.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let count = || std::fs::read_to_string(sandbox.path("o/c.jsonl")).map_or(0, |text| text.lines().count());
    while count() < 3 {
        assert!(first.try_wait().unwrap().is_none(), "it ended too early");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    for more in [&[][..], &["--restart"]] {
        let ran = Ran::of(&mut sandbox.command(&[&args[..], more].concat()));
        ran.assert_one_error(&["another run is writing", "choose another --out", "c.lock"]);
    }
    let ran = Ran::from(first.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let (_, frames) = lines(&sandbox.path("o/c.jsonl"));
    assert_eq!(frames.iter().map(|f| f["frame"].as_u64().unwrap()).collect::<Vec<_>>(), (0..40).collect::<Vec<_>>());
    assert!(!sandbox.path("o/c.lock").exists());
    assert!(sandbox.ok(&args).out.contains("complete already"));
}

/// Frames of another size are scaled to that of the header; those before and after are all there.
#[test]
fn the_size_changes_in_the_middle() {
    let sandbox = Sandbox::new();
    clip(&sandbox, 4, "a.ts", "-pix_fmt yuv420p");
    ffmpeg(&sandbox, "-framerate 25 -i f/%02d.png -vf scale=96:160 -output_ts_offset 0.16 -pix_fmt yuv420p b.ts");
    let joined = [std::fs::read(sandbox.path("a.ts")).unwrap(), std::fs::read(sandbox.path("b.ts")).unwrap()].concat();
    sandbox.write("c.ts", &joined);
    sandbox.ok(&["run", "c.ts", "--out", "o", "--overlay"]);
    let (header, frames) = lines(&sandbox.path("o/c.jsonl"));
    assert_eq!((&header["width"], &header["height"]), (&192.into(), &128.into()));
    // The packet that is cut by the seam may be lost.
    assert!((7..=8).contains(&frames.len()), "{}", frames.len());
    assert!(frames.iter().all(|f| f["error"].is_null()), "{frames:?}");
    assert!(sandbox.path("o/c_overlay.mp4").is_file());
}

/// A container that promises pictures, of which none can be decoded.
#[test]
fn a_clip_without_a_frame() {
    let sandbox = Sandbox::new();
    clip(&sandbox, 3, "c.mp4", "-pix_fmt yuv420p -movflags +faststart");
    let mut bytes = std::fs::read(sandbox.path("c.mp4")).unwrap();
    let data = bytes.windows(4).position(|name| name == b"mdat").expect("frames") + 4;
    bytes[data..].fill(0);
    sandbox.write("none.mp4", &bytes);
    for more in [&[][..], &["--overlay"], &["--smooth", "--overlay"]] {
        let args = [&["run", "none.mp4", "--out", "o"][..], more].concat();
        let ran = Ran::of(&mut sandbox.command(&args));
        assert!(ran.code == Some(1) && ran.err.contains("no frame of this clip can be decoded"), "{ran:?}");
        assert!(!sandbox.path("o").exists(), "{:?}", sandbox.files());
    }
}

#[test]
fn two_hundred_boxes_are_two_hundred_people() {
    let sandbox = Sandbox::new();
    clip(&sandbox, 2, "c.mp4", "-pix_fmt yuv420p");
    let boxes: Vec<String> = (0..200).map(|i| format!("--box={},{},9,12", i % 20 * 9, i / 20 * 12)).collect();
    let boxes: Vec<&str> = boxes.iter().map(String::as_str).collect();
    sandbox.ok(&[&["run", "c.mp4", "--out", "o"][..], &boxes].concat());
    let (_, frames) = lines(&sandbox.path("o/c.jsonl"));
    for frame in &frames {
        let ids: Vec<u64> = people(frame).iter().map(|p| p["id"].as_u64().unwrap()).collect();
        assert_eq!(ids, (1..=200).collect::<Vec<_>>());
        assert!(people(frame).iter().all(|p| p["state"] == "confirmed" && p["keypoints"].is_array()));
    }
}

#[test]
fn boxes_outside_of_a_clip_are_nobody_and_boxes_that_are_none_are_refused() {
    let sandbox = Sandbox::new();
    clip(&sandbox, 3, "c.mp4", "-pix_fmt yuv420p");
    for (bad, says) in [
        ("--box=NaN,0,10,10", "finite"),
        ("--box=0,inf,10,10", "finite"),
        ("--box=0,0,0,10", "above 0"),
        ("--box=0,0,10,-1", "above 0"),
        ("--box=1,2,3", "x,y,width,height"),
    ] {
        let ran = Ran::of(&mut sandbox.command(&["run", "c.mp4", "--out", "o", bad]));
        assert!(ran.code == Some(2) && ran.err.contains(says), "{bad}: {ran:?}");
        assert!(!sandbox.path("o").exists());
    }
    // Outside, wholly and by far; partly outside; inside.
    let boxes = ["--box=500,10,40,90", "--box=-90,-90,80,80", "--box=-20,0,80,200", "--box=96,0,96,128"];
    sandbox.ok(&[&["run", "c.mp4", "--out", "o"][..], &boxes].concat());
    let (_, frames) = lines(&sandbox.path("o/c.jsonl"));
    for frame in &frames {
        let seen: Vec<u64> = people(frame).iter().map(|p| p["observation"].as_u64().unwrap()).collect();
        assert_eq!(seen, [2, 3], "those that are in the picture");
        let observations = frame["observations"].as_array().unwrap();
        assert_eq!(observations.len(), 4, "all are told");
        assert!(observations[..2].iter().all(|o| o["keypoints"].is_null()), "no model looked there");
    }
}
