//! The examples in C: built as their comments say, run, and their output looked at. README shows the quickstart as it is.

mod native;

use native::{Build, Language, root, run};
use std::process::Command;

fn build(source: &str, standard: &'static str) -> native::Program {
    let flags = ["-pedantic", "-Wshadow"];
    Build { language: Language::C(standard), sources: &[source], flags: &flags, sanitized: false }.program()
}

#[test]
fn the_quickstart_finds_a_person() {
    let program = build("examples/c/quickstart.c", "c99");
    let text = program.run(&[root().join("assets/standing.jpg").to_str().unwrap()]);
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(' ').collect()).collect();
    let names = &sapiens::skeleton::keypoints().names;
    assert_eq!(lines.iter().map(|line| line[0]).collect::<Vec<_>>(), *names);
    let number = |line: &[&str], i: usize| line[i].parse::<f32>().unwrap();
    let row = |name: &str| number(&lines[names.iter().position(|n| *n == name).unwrap()], 2);
    let (nose, left, right) = (row("nose"), row("left_ankle"), row("right_ankle"));
    assert!(nose < 256.0 && left > 480.0 && right > 480.0, "nose {nose}, ankles {left} and {right} of 768 rows");
}

#[test]
fn the_quickstart_says_what_is_wrong() {
    let program = build("examples/c/quickstart.c", "c99");
    for (picture, library, says) in
        [("/nowhere.jpg", None, "/nowhere.jpg"), ("x.jpg", Some("/nowhere/ort.so"), "/nowhere/ort.so")]
    {
        let mut command = program.command(&[picture]);
        if let Some(library) = library {
            command.env("SAPIENS_ORT", library);
        }
        let output = native::finish(&mut command);
        assert_eq!(output.status.code(), Some(1));
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(message.contains(says), "{message}");
    }
}

#[test]
fn readme_shows_the_quickstart_as_it_is() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let program = std::fs::read_to_string(root().join("examples/c/quickstart.c")).unwrap();
    assert!(readme.contains(&format!("```c\n{program}```")), "README.md and examples/c/quickstart.c differ");
}

#[test]
fn the_live_camera_never_waits_and_loses_nothing_it_does_not_count() {
    let program = build("examples/c/live.c", "c11");
    for arguments in [&["--frames", "20"][..], &["--frames", "20", "--events"]] {
        let text = program.run(arguments);
        let numbers: Vec<u64> = text.lines().next().unwrap().split(' ').filter_map(|word| word.parse().ok()).collect();
        let [taken, results, dropped_frames, dropped_results, faults] = numbers[..] else { panic!("{text}") };
        assert!(results > 0 && faults == 0, "{text}");
        assert_eq!(taken, results + dropped_frames + dropped_results, "{text}");
    }
}

#[test]
fn the_stream_in_rust_reads_every_picture() {
    let pictures: Vec<_> =
        ["standing.jpg", "closeup.jpg"].iter().map(|name| root().join("assets").join(name)).collect();
    let pictures: Vec<_> = pictures.into_iter().filter(|path| path.is_file()).collect();
    assert!(!pictures.is_empty());
    let example = native::library_folder().parent().unwrap().join("examples/live");
    let text = run(Command::new(example).args(&pictures).args(&pictures));
    assert_eq!(text.lines().filter(|line| line.contains("keypoints")).count(), 2 * pictures.len(), "{text}");
}
