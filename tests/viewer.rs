//! `examples/cpp/viewer.cpp`: built against SDL2, run in a window of Xvfb, its screenshots looked at.

mod native;

use image::RgbImage;
use native::{Build, Language, Program, finish, root, run};
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// What SDL2 needs of the compiler and the linker.
fn sdl_flags() -> Vec<String> {
    let config = std::env::var("SDL2_CONFIG").unwrap_or_else(|_| "sdl2-config".into());
    let answer = Command::new(&config).args(["--cflags", "--libs"]).output();
    let answer =
        answer.unwrap_or_else(|e| panic!("{config} cannot be run ({e}); on Debian: apt-get install libsdl2-dev"));
    String::from_utf8(answer.stdout).unwrap().split_whitespace().map(str::to_owned).collect()
}

fn viewer(sanitized: bool) -> Program {
    let owned = sdl_flags();
    let flags: Vec<&str> = owned.iter().map(String::as_str).chain(["-pedantic", "-Wshadow"]).collect();
    let sources = ["examples/cpp/viewer.cpp"];
    let program = Build { language: Language::Cpp("c++17"), sources: &sources, flags: &flags, sanitized }.program();
    let picture = image::open(root().join("assets/standing.jpg")).unwrap().to_rgb8();
    let header = format!("P6\n# upright\n{} {}\n255\n", picture.width(), picture.height());
    std::fs::write(program.folder().join("standing.ppm"), [header.as_bytes(), &picture].concat()).unwrap();
    let smaller = image::imageops::resize(&picture, 201, 300, image::imageops::FilterType::Triangle);
    smaller.save(program.folder().join("small.bmp")).unwrap();
    program
}

/// Runs the viewer in a display of its own. One after the other: two that start at once may choose the same number.
fn in_a_window(program: &Program, arguments: &[&str]) {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let plain = program.command(arguments);
    let mut command = Command::new("xvfb-run");
    command.args(["--auto-servernum", "--server-args=-screen 0 1024x768x24"]).arg(plain.get_program());
    command.args(plain.get_args()).current_dir(plain.get_current_dir().unwrap());
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    run(command.env("SDL_VIDEODRIVER", "x11"));
}

fn screenshot(path: &Path) -> RgbImage {
    image::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display())).to_rgb8()
}

/// The share of pixels that differ clearly.
fn difference(a: &RgbImage, b: &RgbImage) -> f64 {
    assert_eq!(a.dimensions(), b.dimensions());
    let differs = |(p, q): (&image::Rgb<u8>, &image::Rgb<u8>)| p.0.iter().zip(q.0).any(|(x, y)| x.abs_diff(y) > 24);
    a.pixels().zip(b.pixels()).filter(|&pair| differs(pair)).count() as f64 / f64::from(a.width() * a.height())
}

#[test]
fn every_layer_is_drawn_over_the_picture() {
    let program = viewer(false);
    let shoot = |shown: &str| {
        let mut arguments = vec!["--still", "--no-text", "--frames", "3", "--screenshot", "shot.bmp"];
        arguments.extend(["--show", shown, "standing.ppm"]);
        in_a_window(&program, &arguments);
        screenshot(&program.folder().join("shot.bmp"))
    };
    let bare = shoot("");
    // The camera shows the middle of the picture as large as fits.
    let standing = image::open(program.folder().join("standing.ppm")).unwrap();
    let filmed = standing.resize_to_fill(bare.width(), bare.height(), image::imageops::FilterType::Triangle).to_rgb8();
    assert!(difference(&bare, &filmed) < 0.02, "the window does not show the picture");
    assert_eq!(shoot(""), bare, "the still camera moves");

    let mut before: Vec<(&str, RgbImage)> = vec![("nothing", bare.clone())];
    for (shown, least, most) in [
        ("skeleton", 0.002, 0.1),
        ("labels", 0.05, 0.6),
        ("normals", 0.05, 0.6),
        ("depth", 0.05, 0.6),
        ("albedo", 0.02, 0.6),
        ("alpha", 0.3, 1.0),
    ] {
        let shot = shoot(shown);
        let share = difference(&shot, &bare);
        assert!((least..most).contains(&share), "{shown}: {share} of the picture is drawn over");
        for (other, picture) in &before {
            assert!(difference(&shot, picture) > 0.001, "{shown} looks like {other}");
        }
        before.push((shown, shot));
    }
}

/// Where the skeleton is drawn the matte says there is a person.
#[test]
fn the_skeleton_lies_on_the_person() {
    let program = viewer(false);
    let shoot = |shown: &str| {
        let arguments = ["--still", "--no-text", "--frames", "2", "--screenshot", "shot.bmp", "--show", shown];
        in_a_window(&program, &[&arguments[..], &["standing.ppm"]].concat());
        screenshot(&program.folder().join("shot.bmp"))
    };
    let (bare, skeleton, alpha) = (shoot(""), shoot("skeleton"), shoot("alpha"));
    let clear = |p: &image::Rgb<u8>, q: &image::Rgb<u8>| p.0.iter().zip(q.0).any(|(x, y)| x.abs_diff(y) > 24);
    let drawn: Vec<(u32, u32)> = bare
        .enumerate_pixels()
        .filter(|(x, y, pixel)| clear(pixel, skeleton.get_pixel(*x, *y)))
        .map(|(x, y, _)| (x, y))
        .collect();
    let on = drawn.iter().filter(|(x, y)| alpha.get_pixel(*x, *y).0.iter().all(|&value| value > 128)).count();
    assert!(on * 10 > drawn.len() * 8, "{on} of {} pixels of the skeleton are on the person", drawn.len());
}

/// Everything at once, with a camera that moves over two pictures of different kinds, and text; watched by the sanitizers.
#[test]
fn it_films_several_pictures_live() {
    let program = viewer(true);
    let shown = "skeleton,labels,normals,depth,albedo,alpha";
    let arguments =
        ["--every", "2", "--frames", "8", "--show", shown, "--screenshot", "shot.bmp", "small.bmp", "standing.ppm"];
    in_a_window(&program, &arguments);
    let shot = screenshot(&program.folder().join("shot.bmp"));
    let white = shot.pixels().filter(|pixel| pixel.0 == [255; 3]).count();
    assert!(white > 200, "no text: {white} white pixels");
}

#[test]
fn what_cannot_be_shown_is_said() {
    let program = viewer(false);
    std::fs::write(program.folder().join("short.ppm"), "P6\n# half a picture\n4 4\n255\nabc").unwrap();
    std::fs::write(program.folder().join("deep.ppm"), "P6 4 4 65535 ").unwrap();
    std::fs::write(program.folder().join("text.bmp"), "no picture").unwrap();
    for (arguments, word) in [
        (&[][..], "usage"),
        (&["--show", "everything", "standing.ppm"], "--show everything"),
        (&["--frames", "x", "standing.ppm"], "--frames x"),
        (&["--frames"], "--frames needs a value"),
        (&["--fast", "standing.ppm"], "--fast"),
        (&["no.ppm"], "no.ppm: cannot be opened"),
        (&["short.ppm"], "ends before the picture"),
        (&["deep.ppm"], "8 bits"),
        (&["text.bmp"], "neither PPM"),
        (&["--model", "no.safetensors", "standing.ppm"], "no.safetensors"),
        (&["--device", "toaster", "standing.ppm"], "toaster"),
        (&["--frames", "1", "--screenshot", "no/such/folder.bmp", "standing.ppm"], "no/such/folder.bmp"),
    ] {
        let mut command = program.command(arguments);
        let output = finish(command.env("SDL_VIDEODRIVER", "dummy"));
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {text}");
        assert!(text.contains(word), "{arguments:?}: {text}");
    }
}
