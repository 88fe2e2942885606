//! Sizes, offsets and numbers of the C interface: the same in Rust and in C, and the same as yesterday.
//! `SAPIENS_UPDATE=1 cargo test --test c_layout` rewrites `tests/data/abi.txt`: do so when the interface is meant to change.

mod native;

use native::{Build, Language, root};
use std::fmt::Write;
use std::mem::offset_of;

/// Lines `name size` and `name.field offset` of structs, as Rust lays them out.
macro_rules! layout {
    ($($name:ident { $($field:ident),+ $(,)? }),+ $(,)?) => {{
        let mut lines = Vec::new();
        $(
            lines.push(format!("{} {}", stringify!($name), size_of::<sapiens::ffi::$name>()));
            $(lines.push(format!(
                concat!(stringify!($name), ".", stringify!($field), " {}"),
                offset_of!(sapiens::ffi::$name, $field)
            ));)+
        )+
        lines
    }};
}

fn in_rust() -> Vec<String> {
    layout! {
        SapiensKeypointInfo { struct_size, flip, name, group, sigma, color, reserved },
        SapiensLinkInfo { struct_size, from, to, color, reserved },
        SapiensClassInfo { struct_size, flip, name, color, reserved },
        SapiensContextOptions {
            struct_size, abi_version, onnxruntime_path, devices, threads, low_memory, flip_test, log_level,
            log_delivery, reserved, log_callback, user_data, cache_folder, memory_budget
        },
        SapiensLoadOptions {
            struct_size, tasks, precision, input_width, input_height, regions, progress, user_data, winograd_bytes,
            device_framing, recorded
        },
        SapiensOneEuro { min_cutoff_hz, beta, speed_cutoff_hz },
        SapiensFilterOptions { struct_size, body, feet, hands, face, min_score, hold_ms, reset_after_ms },
        SapiensMapFilterOptions {
            struct_size, normal_time_s, normal_still_degrees, normal_moving_degrees, points_time_s, points_max_factor,
            points_tolerance_m, points_max_misfits, reset_after_ms
        },
        SapiensStreamOptions {
            struct_size, depth, policy, delivery, map_space, framing, tasks, keep_image, budget_ns, callback,
            user_data, detect, detect_every, detect_threshold, detect_overlap, track, person_policy, person_count,
            max_people, person_x, person_y, track_new_score, track_memory_ms, filter, filter_maps, filter_options,
            map_filter_options, batch_memory, regions, overlap, device_maps, reserved
        },
        SapiensTaskOptions { struct_size, every_n, priority },
        SapiensImage {
            struct_size, format, width, height, memory, orientation, color, reserved, row_stride, chroma_stride,
            data, chroma, timestamp_ns, stream, event
        },
        SapiensBox { x, y, width, height },
        SapiensSubmitOptions { struct_size, tasks, flags, box_count, boxes, release, user_data },
        SapiensRuntimeInfo { struct_size, reserved, path, version, providers },
        SapiensModelInfo {
            struct_size, id, tasks, input_width, input_height, precision, parameters, name, size, licence,
            device, provider, refused, source_sha256, keypoints, classes, memory_bytes, load_ms, loads, evictions,
            is_loaded, frames_on_device, certificate
        },
        SapiensStatistics {
            struct_size, reserved, submitted, completed, failed, dropped_frames, dropped_results, cancelled,
            waiting, working, finished, tracks, wait_ms, convert_ms, preprocess_ms, model_ms, postprocess_ms,
            total_ms, detector_runs, detect_ms, model_loads, load_ms
        },
        SapiensResultInfo {
            struct_size, status, message, frame, timestamp_ns, image_width, image_height, buffer_from_image,
            person_count, tasks, dropped_before, wait_ms, total_ms, timing_count, detector_ran,
            to_device_bytes, to_host_bytes
        },
        SapiensPerson {
            struct_size, tasks, bbox, origin, state, id, score, box_index, age_frames, missed_frames, age_ns, unseen_ns,
            estimate, velocity_x, velocity_y, sightings, is_chosen
        },
        SapiensKeypoint { x, y, score },
        SapiensPose { struct_size, count, keypoints, stride, age_frames, bbox, timestamp_ns },
        SapiensMap {
            struct_size, element, memory, width, height, channels, data, row_stride, pixel_stride,
            channel_stride, image_from_map, timestamp_ns, age_frames, classes
        },
        SapiensPointsCheck {
            struct_size, agreement, is_valid, factor, misfits, compared, timestamp_ns, age_frames, reserved
        },
        SapiensMapTarget { struct_size, memory, filtered, reserved, data, row_stride, size, stream, event },
    }
}

/// The header without its comments.
fn header() -> String {
    let text = std::fs::read_to_string(root().join("include/sapiens.h")).unwrap();
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|l| !l.starts_with("//")).collect();
    lines.join("\n")
}

/// What the header declares: structs with their fields, and names of numbers.
fn declared() -> (Vec<(String, Vec<String>)>, Vec<String>) {
    let header = header();
    let word = |text: &str| -> String {
        text.trim()
            .chars()
            .rev()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect::<Vec<_>>()
            .iter()
            .rev()
            .collect()
    };
    let mut structs = Vec::new();
    for text in header.split("typedef struct ").skip(1) {
        let Some((name, rest)) = text.split_once(" {\n") else { continue };
        if name.contains('\n') {
            continue;
        }
        let body = rest.split_once("\n}").unwrap().0;
        let field = |line: &str| word(line.trim_end_matches(';').split('[').next().unwrap());
        structs.push((name.to_owned(), body.lines().map(field).collect()));
    }
    let mut numbers: Vec<String> = header
        .lines()
        .filter(|l| l.starts_with("SAPIENS_"))
        .filter_map(|l| l.split_once(" = "))
        .map(|(name, _)| name.to_owned())
        .collect();
    let macros = header.lines().filter_map(|l| l.strip_prefix("#define ")?.split_once(' ').map(|(name, _)| name));
    numbers.extend(macros.filter(|n| !n.ends_with("_INIT") && *n != "SAPIENS_API").map(str::to_owned));
    (structs, numbers)
}

/// Everything about the layout as a C compiler sees it, one line each.
fn in_c() -> Vec<String> {
    let (structs, numbers) = declared();
    assert!(structs.len() > 10 && numbers.len() > 60, "{} structs, {} numbers", structs.len(), numbers.len());
    let mut source =
        String::from("#include \"sapiens.h\"\n#include <stddef.h>\n#include <stdio.h>\nint main(void) {\n");
    for (name, fields) in &structs {
        writeln!(source, "printf(\"{name} %zu\\n\", sizeof({name}));").unwrap();
        for field in fields {
            writeln!(source, "printf(\"{name}.{field} %zu\\n\", offsetof({name}, {field}));").unwrap();
        }
    }
    for name in &numbers {
        writeln!(source, "printf(\"{name} %lld\\n\", (long long){name});").unwrap();
    }
    source += "return 0;\n}\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("layout.c");
    std::fs::write(&path, source).unwrap();
    let sources = [path.to_str().unwrap()];
    let build = Build { language: Language::C("c99"), sources: &sources, flags: &[], sanitized: false };
    build.program().run(&[]).lines().map(str::to_owned).collect()
}

#[test]
fn rust_and_c_lay_structs_out_alike() {
    let (structs, _) = declared();
    let expected = structs.iter().map(|(_, fields)| 1 + fields.len()).sum::<usize>();
    assert_eq!(in_rust(), in_c()[..expected], "the list in this file and include/sapiens.h");
}

#[test]
fn the_interface_is_what_it_was() {
    let path = root().join("tests/data/abi.txt");
    let now = in_c().join("\n") + "\n";
    if std::env::var_os("SAPIENS_UPDATE").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    let then = std::fs::read_to_string(&path).unwrap_or_default();
    for line in then.lines() {
        assert!(
            now.lines().any(|l| l == line),
            "the C interface changed: `{line}` is gone; see CHANGELOG.md, then SAPIENS_UPDATE=1"
        );
    }
    assert_eq!(
        now, then,
        "the C interface has more than tests/data/abi.txt; note it in CHANGELOG.md, then SAPIENS_UPDATE=1"
    );
}

#[test]
fn initial_values_are_those_of_the_functions() {
    let sources = ["tests/c/defaults.c"];
    let build = Build { language: Language::C("c99"), sources: &sources, flags: &[], sanitized: false };
    assert_eq!(build.program().run(&[]).lines().last(), Some("ok"));
}

#[test]
fn programs_of_the_first_header_are_accepted() {
    // `Sized32::FIRST` of each struct: nobody can have a smaller one. The sizes frozen above begin there.
    let source = std::fs::read_dir(root().join("src/ffi")).unwrap();
    let text: String = source.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap_or_default()).collect();
    let frozen = std::fs::read_to_string(root().join("tests/data/abi.txt")).unwrap();
    let mut seen = 0;
    for part in text.split("const NAME: &'static str = \"").skip(1) {
        let (name, rest) = part.split_once('"').unwrap();
        let first = rest.split("const FIRST: usize = ").nth(1).unwrap().split(';').next().unwrap();
        if name == "Sample" {
            continue;
        }
        // All of it, or what later fields were added behind.
        let begins_there = |line: &str| line.starts_with(&format!("{name}.")) && line.ends_with(&format!(" {first}"));
        let is_known = frozen.contains(&format!("{name} {first}\n")) || frozen.lines().any(begins_there);
        assert!(is_known, "{name}::FIRST is {first}");
        seen += 1;
    }
    assert!(seen > 10);
}
