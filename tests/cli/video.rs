//! Clips: every frame a line, at its own time; interrupted and resumed runs; clips that are odd, damaged or none.

use crate::support::{Ran, Sandbox, asset};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// Runs ffmpeg, which must be there: without it nothing here can be shown.
#[track_caller]
pub fn ffmpeg(sandbox: &Sandbox, args: &str) {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y", "-nostdin"]).args(args.split_whitespace()).current_dir(sandbox.path(""));
    let ran = Ran::from(command.output().expect("ffmpeg is needed: apt-get install ffmpeg"));
    assert_eq!(ran.code, Some(0), "ffmpeg {args}: {ran:?}");
}

/// Two people who move to the right, `count` pictures of 192 x 128 named `f/00.png` and on.
pub fn pictures(sandbox: &Sandbox, count: u32) {
    std::fs::create_dir_all(sandbox.path("f")).unwrap();
    let person =
        image::open(asset("standing.jpg")).unwrap().resize_exact(96, 128, image::imageops::FilterType::Triangle);
    for i in 0..count {
        let mut frame = image::RgbImage::from_pixel(192, 128, image::Rgb([90, 90, 90]));
        image::imageops::overlay(&mut frame, &person.to_rgb8(), i64::from(i * 2), 0);
        image::imageops::overlay(&mut frame, &person.to_rgb8(), i64::from(96 + i), 0);
        frame.save(sandbox.path(&format!("f/{i:02}.png"))).unwrap();
    }
}

/// A clip of them.
pub fn clip(sandbox: &Sandbox, count: u32, name: &str, options: &str) {
    pictures(sandbox, count);
    ffmpeg(sandbox, &format!("-framerate 25 -i f/%02d.png {options} {name}"));
}

/// Header and frames.
pub fn lines(path: &Path) -> (Value, Vec<Value>) {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert!(text.ends_with('\n'));
    let mut lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    (lines.next().expect("a header"), lines.collect())
}

fn times(frames: &[Value]) -> Vec<i64> {
    frames.iter().map(|f| f["timestamp_ns"].as_i64().unwrap()).collect()
}

/// What another program says: times in seconds of the frames of a clip.
fn probed(path: &Path) -> Vec<f64> {
    let mut command = Command::new("ffprobe");
    command
        .args(["-v", "error", "-select_streams", "v:0", "-show_entries", "frame=pts_time", "-of", "csv=p=0"])
        .arg(path);
    let output = command.output().expect("ffprobe is needed: apt-get install ffmpeg");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.trim_end_matches(',')).filter(|t| !t.is_empty()).map(|t| t.parse().unwrap()).collect()
}

#[test]
fn every_frame_is_a_line_with_ids_and_keypoints() {
    let sandbox = Sandbox::new();
    clip(&sandbox, 6, "c.mp4", "-pix_fmt yuv420p");
    let ran = sandbox.ok(&["run", "c.mp4", "--out", "o", "--filter", "--overlay"]);
    assert!(ran.out.contains("6 frames"), "{ran:?}");
    let (header, frames) = lines(&sandbox.path("o/c.jsonl"));
    assert_eq!((&header["format"], &header["version"]), (&"libsapiens-video".into(), &1.into()));
    assert_eq!((&header["width"], &header["height"]), (&192.into(), &128.into()));
    assert_eq!(header["keypoints"].as_array().unwrap().len(), 308);
    assert_eq!(times(&frames), [0, 40_000_000, 80_000_000, 120_000_000, 160_000_000, 200_000_000]);
    for (i, frame) in frames.iter().enumerate() {
        assert_eq!((&frame["frame"], &frame["detected"]), (&i.into(), &true.into()));
        for person in frame["people"].as_array().unwrap().iter().filter(|p| p["state"] == "confirmed") {
            for kind in ["keypoints", "filtered"] {
                assert_eq!(person[kind].as_array().map(Vec::len), Some(308), "{kind} of frame {i}");
            }
        }
    }
    let people = frames[0]["people"].as_array().unwrap();
    assert!(!people.is_empty() && people[0]["id"] == 1 && people[0]["state"] == "confirmed", "{people:?}");
    // The overlay shows the same frames at the same times, and nothing but results is left.
    let shown = probed(&sandbox.path("o/c_overlay.mp4"));
    assert_eq!(shown.len(), 6);
    assert!(shown.iter().zip(times(&frames)).all(|(s, ns)| (s - ns as f64 * 1e-9).abs() < 1e-4), "{shown:?}");
    let files = sandbox.files().into_iter().filter(|f| f.starts_with("o/")).collect::<Vec<_>>();
    assert_eq!(files, ["o/", "o/c.jsonl", "o/c.state.json", "o/c_overlay.mp4"]);
    let again = sandbox.ok(&["run", "c.mp4", "--out", "o", "--filter", "--overlay"]);
    assert!(again.out.contains("complete already"), "{again:?}");
    let ran = Ran::of(&mut sandbox.command(&["run", "c.mp4", "--out", "o"]));
    ran.assert_one_error(&["--filter", "--restart", "c.state.json"]);
}

#[test]
fn numbered_pictures_are_a_clip_and_missing_ones_dropped_frames() {
    let sandbox = Sandbox::new();
    pictures(&sandbox, 6);
    std::fs::remove_file(sandbox.path("f/02.png")).unwrap();
    sandbox.write("f/04.png", b"no picture");
    let args =
        ["run", "f/%02d.png", "--fps", "10", "--start-number", "1", "--out", "o", "--save", "npy", "--maps-every", "2"];
    sandbox.ok(&[&args[..], &["--task", "pose,normal", "--framing", "crop"]].concat());
    let (_, frames) = lines(&sandbox.path("o/f.jsonl"));
    assert_eq!(times(&frames), [0, 200_000_000, 300_000_000, 400_000_000]);
    assert!(frames[2]["error"].as_str().unwrap().contains("04.png"), "{}", frames[2]);
    assert!(frames[0]["maps"] == true && frames[1]["maps"] == true, "frames 0 and 2");
    let maps: Vec<_> = sandbox.files().into_iter().filter(|f| f.ends_with(".npy")).collect();
    assert!(maps.iter().any(|f| f.starts_with("o/f_frames/000002_")), "{maps:?}");
    assert!(!maps.iter().any(|f| f.starts_with("o/f_frames/000003_")), "{maps:?}");
}

/// Frames dropped on purpose keep their times, in the lines and in the overlay; the container's clock begins at 1.5 s.
#[test]
fn variable_frame_rate() {
    let sandbox = Sandbox::new();
    let options = "-vf select='not(eq(n,2)+eq(n,3)+eq(n,6))' -vsync vfr -output_ts_offset 1.5 -pix_fmt yuv420p";
    clip(&sandbox, 9, "c.mkv", options);
    sandbox.ok(&["run", "c.mkv", "--out", "o", "--overlay"]);
    let (_, frames) = lines(&sandbox.path("o/c.jsonl"));
    let expected: Vec<i64> = [0, 1, 4, 5, 7, 8].iter().map(|n| 1_500_000_000 + n * 40_000_000).collect();
    assert_eq!(times(&frames), expected);
    let shown = probed(&sandbox.path("o/c_overlay.mp4"));
    let shown: Vec<i64> = shown.iter().map(|s| ((s - shown[0]) * 1e3).round() as i64).collect();
    assert_eq!(shown, [0, 40, 160, 200, 280, 320]);
}

/// A run cut off in the middle of a line, and with a part of the overlay that was never finished, goes on as if nothing had
/// happened: the lines are those of a run that was not interrupted, byte for byte.
#[test]
fn a_killed_run_goes_on_where_it_stopped() {
    let sandbox = Sandbox::new();
    clip(&sandbox, 8, "c.mp4", "-pix_fmt yuv420p");
    let args = |out| ["run", "c.mp4", "--filter", "--overlay", "--detect-every", "3", "--out", out];
    sandbox.ok(&args("whole"));
    sandbox.ok(&args("o"));
    let whole = std::fs::read(sandbox.path("whole/c.jsonl")).unwrap();
    let state = std::fs::read_to_string(sandbox.path("o/c.state.json")).unwrap();
    for keep in [whole.len() * 2 / 3, whole.len() - 1, 40] {
        sandbox.write("o/c.jsonl", &whole[..keep]);
        sandbox.write("o/c.state.json", state.replace("\"complete\": true", "\"complete\": false").as_bytes());
        std::fs::create_dir_all(sandbox.path("o/c_overlay.parts")).unwrap();
        sandbox.write("o/c_overlay.parts/00000000-1.mp4", b"half a clip");
        std::fs::remove_file(sandbox.path("o/c_overlay.mp4")).unwrap();
        sandbox.ok(&args("o"));
        assert!(std::fs::read(sandbox.path("o/c.jsonl")).unwrap() == whole, "cut at {keep}");
        assert_eq!(probed(&sandbox.path("o/c_overlay.mp4")).len(), 8, "cut at {keep}");
        assert!(!sandbox.path("o/c_overlay.parts").exists());
    }
}

#[test]
fn odd_clips() {
    let sandbox = Sandbox::new();
    clip(&sandbox, 3, "deep.mkv", "-c:v ffv1 -pix_fmt yuv420p10le");
    ffmpeg(&sandbox, "-i deep.mkv -vf scale=101:67 -c:v ffv1 -pix_fmt bgr0 odd.mkv");
    ffmpeg(&sandbox, "-i deep.mkv -pix_fmt yuv420p -f mp4 flat.mp4");
    ffmpeg(&sandbox, "-i flat.mp4 -c copy -metadata:s:v:0 rotate=90 turned.mp4");
    ffmpeg(&sandbox, "-f lavfi -i color=gray:s=64x48:r=10:d=0.4 -pix_fmt yuv420p nobody.mp4");
    for (name, [width, height], count) in [
        ("deep.mkv", [192, 128], 3),
        ("odd.mkv", [101, 67], 3),
        ("turned.mp4", [128, 192], 3),
        ("nobody.mp4", [64, 48], 4),
    ] {
        let out = format!("o_{name}");
        sandbox.ok(&["run", name, "--out", &out, "--overlay"]);
        let stem = name.split('.').next().unwrap();
        let (header, frames) = lines(&sandbox.path(&format!("{out}/{stem}.jsonl")));
        assert_eq!((&header["width"], &header["height"]), (&width.into(), &height.into()), "{name}");
        assert_eq!(frames.len(), count, "{name}");
        assert_eq!(probed(&sandbox.path(&format!("{out}/{stem}_overlay.mp4"))).len(), count, "{name}");
        if name == "nobody.mp4" {
            assert!(frames.iter().all(|f| f["people"].as_array().unwrap().is_empty()), "{frames:?}");
        }
    }
}

#[test]
fn what_is_no_clip_is_one_error_and_leaves_nothing() {
    let sandbox = Sandbox::new();
    ffmpeg(&sandbox, "-f lavfi -i sine=d=0.2 audio.mp4");
    ffmpeg(&sandbox, "-f lavfi -i color=gray:s=64x48:r=10:d=0.4 -pix_fmt yuv420p c.mp4");
    sandbox.picture("p.jpg");
    sandbox.write("text.mp4", b"shopping list\n");
    sandbox.write("empty.mp4", b"");
    let cases: &[(&[&str], &[&str])] = &[
        (&["audio.mp4"], &["audio only", "audio.mp4"]),
        (&["text.mp4"], &["not a clip", "text.mp4"]),
        (&["empty.mp4"], &["empty.mp4"]),
        (&["none.mp4"], &["none.mp4"]),
        (&["none/%03d.png"], &["none"]),
        (&["c.mp4", "p.jpg"], &["clips and pictures", "p.jpg"]),
        (&["c.mp4", "--fps", "10"], &["--fps", "its own times", "c.mp4"]),
        (&["c.mp4", "--fps", "0"], &["--fps"]),
        (&["c.mp4", "--sheet", "s.png"], &["--sheet", "--overlay"]),
        (&["p.jpg", "--overlay"], &["--overlay", "only for clips"]),
    ];
    for (args, says) in cases {
        sandbox.refused(&[&["run", "--out", "o"], *args].concat(), says);
    }
    let mut without = sandbox.command(&["run", "c.mp4", "--out", "o"]);
    let ran = Ran::of(without.env("SAPIENS_FFMPEG", "/no/such/ffmpeg"));
    ran.assert_one_error(&["ffmpeg cannot be started", "apt-get install ffmpeg", "SAPIENS_FFMPEG"]);
}

/// Bytes destroyed in the middle cost frames there, not those after them, and are told.
#[test]
fn a_clip_damaged_in_the_middle() {
    let sandbox = Sandbox::new();
    clip(&sandbox, 20, "c.ts", "-g 4 -bf 0 -pix_fmt yuv420p");
    let mut bytes = std::fs::read(sandbox.path("c.ts")).unwrap();
    let (from, to) = (bytes.len() * 2 / 5, bytes.len() / 2);
    bytes[from..to].iter_mut().enumerate().for_each(|(i, byte)| *byte = (i * 31) as u8);
    sandbox.write("c.ts", &bytes);
    let ran = sandbox.ok(&["run", "c.ts", "--out", "o", "--overlay"]);
    assert!(ran.err.contains("the decoder complained"), "{ran:?}");
    let (_, frames) = lines(&sandbox.path("o/c.jsonl"));
    let times = times(&frames);
    assert!((10..=20).contains(&frames.len()), "{}", frames.len());
    assert!(times.last().unwrap() - times[0] == 19 * 40_000_000, "the end is there: {times:?}");
    assert_eq!(probed(&sandbox.path("o/c_overlay.mp4")).len(), frames.len());
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_whole_files_and_the_next_run_goes_on() {
    use std::process::Stdio;
    let sandbox = Sandbox::new();
    clip(&sandbox, 40, "c.mp4", "-pix_fmt yuv420p");
    let args = ["run", "c.mp4", "--overlay", "--out", "o"];
    let mut child = sandbox.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let count = || std::fs::read_to_string(sandbox.path("o/c.jsonl")).map_or(0, |text| text.lines().count());
    while count() < 4 {
        assert!(child.try_wait().unwrap().is_none(), "it ended too early");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    assert!(Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]).status().unwrap().success());
    let ran = Ran::from(child.wait_with_output().unwrap());
    ran.assert_one_error(&["interrupted"]);
    assert_eq!(ran.code, Some(130));
    let (_, frames) = lines(&sandbox.path("o/c.jsonl"));
    assert!(frames.len() < 40, "{}", frames.len());
    let parts: Vec<_> = sandbox.files().into_iter().filter(|f| f.starts_with("o/c_overlay.parts/0")).collect();
    assert_eq!(parts.len(), 1, "{parts:?}");
    assert_eq!(probed(&sandbox.path(&parts[0])).len(), frames.len(), "the part is a whole clip");
    let ran = sandbox.ok(&args);
    assert!(ran.out.contains(&format!("goes on at frame {}", frames.len())), "{ran:?}");
    let (_, all) = lines(&sandbox.path("o/c.jsonl"));
    assert_eq!(all.iter().map(|f| f["frame"].as_u64().unwrap()).collect::<Vec<_>>(), (0..40).collect::<Vec<_>>());
    let shown = probed(&sandbox.path("o/c_overlay.mp4"));
    assert_eq!(shown.len(), 40);
    assert!(shown.iter().enumerate().all(|(i, s)| (s - i as f64 * 0.04).abs() < 1e-3), "{shown:?}");
}
