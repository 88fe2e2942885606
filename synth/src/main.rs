//! `synth`: renders people with exact labels. `cargo run --release -p synth -- --help`.

use clap::{Parser, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;
use synth::body::Performance;
use synth::render::render;
use synth::scene::{Layout, compose};
use synth::sequence::{Sequence, Story};
use synth::write::{self, FolderWriter, Mosaic, Result, camera_noise};

#[derive(Parser)]
#[command(name = "synth", version, about = "Procedurally rendered people with exact labels")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, ValueEnum)]
enum Framing {
    /// One person who fills most of the picture.
    Person,
    /// Whole places with none to six people.
    Frame,
}

#[derive(Clone, Copy, ValueEnum)]
enum Act {
    Walk,
    Run,
    Wave,
    Gesture,
    Turn,
    Sit,
    /// Two people who cross.
    Crossing,
}

#[derive(clap::Args)]
struct Common {
    /// What to write.
    #[arg(long)]
    out: PathBuf,
    /// First seed; picture i has seed + i.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many pictures.
    #[arg(long, default_value_t = 16)]
    count: usize,
}

#[derive(Subcommand)]
enum Command {
    /// A labelled folder (docs/labels.md): pictures, keypoints, boxes, joints, maps.
    Labels {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_enum, default_value = "person")]
        framing: Framing,
        /// Height of a person's picture (3:4); longer side of a place's.
        #[arg(long, default_value_t = 512)]
        height: usize,
        /// JPEG quality; PNG when left out.
        #[arg(long)]
        quality: Option<u8>,
    },
    /// A labelled folder of a sequence: smooth motion, ids.
    Sequence {
        #[command(flatten)]
        common: Common,
        #[arg(long, value_enum, default_value = "walk")]
        act: Act,
        #[arg(long, default_value_t = 30.0)]
        fps: f32,
        #[arg(long, default_value_t = 640)]
        width: usize,
        #[arg(long, default_value_t = 480)]
        height: usize,
    },
    /// Training arrays of the embedded model (train/data.py).
    Arrays(Common),
    /// Training frames of its detector (train/frames.py).
    Frames(Common),
    /// A contact sheet: each picture beside its labels; with --bare a mosaic of the pictures alone.
    Sheet {
        #[command(flatten)]
        common: Common,
        #[arg(long)]
        bare: bool,
        #[arg(long, value_enum, default_value = "person")]
        framing: Framing,
        #[arg(long, default_value_t = 256)]
        height: usize,
        #[arg(long, default_value_t = 8)]
        columns: usize,
    },
    /// Single pictures as PNG, of any size.
    Pictures {
        #[command(flatten)]
        common: Common,
        #[arg(long, default_value_t = 576)]
        width: usize,
        #[arg(long, default_value_t = 768)]
        height: usize,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result {
    let begin = Instant::now();
    let count = match command {
        Command::Labels { common, framing, height, quality } => {
            check(&common, height)?;
            if quality.is_some_and(|q| !(1..=100).contains(&q)) {
                return Err("--quality: 1 to 100".into());
            }
            labels(&common, framing, height, quality)?
        }
        Command::Sequence { common, act, fps, width, height } => {
            check(&common, height.min(width))?;
            if !(fps.is_finite() && fps > 0.0) {
                return Err("--fps: a number above 0".into());
            }
            sequence(&common, act, fps, width, height)?
        }
        Command::Arrays(common) => {
            check(&common, 256)?;
            write::write_arrays(&common.out, common.count, common.seed, &bar(common.count))?;
            common.count
        }
        Command::Frames(common) => {
            check(&common, 256)?;
            write::write_frames(&common.out, common.count, common.seed, &bar(common.count))?;
            common.count
        }
        Command::Sheet { common, bare, framing, height, columns } => {
            check(&common, height)?;
            sheet(&common, bare, framing, height, columns)?
        }
        Command::Pictures { common, width, height } => {
            check(&common, height.min(width))?;
            std::fs::create_dir_all(&common.out)?;
            seeds(&common).into_par_iter().try_for_each(|seed| -> Result {
                let r = write::picture(seed, Layout::Person, width, height);
                let path = common.out.join(format!("{seed:06}.png"));
                let (w, h) = (width as u32, height as u32);
                Ok(image::save_buffer(path, r.rgb.as_flattened(), w, h, image::ExtendedColorType::Rgb8)?)
            })?;
            common.count
        }
    };
    let seconds = begin.elapsed().as_secs_f32();
    eprintln!("{count} pictures in {seconds:.1} s, {:.1} per second", count as f32 / seconds);
    Ok(())
}

fn check(common: &Common, side: usize) -> Result {
    if common.count == 0 || common.count > 10_000_000 {
        return Err(format!("--count {}: 1 to 10000000", common.count).into());
    }
    if !(32..=8192).contains(&side) {
        return Err(format!("a side of {side} pixels: 32 to 8192").into());
    }
    Ok(())
}

fn bar(count: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {per_sec} eta {eta}");
    ProgressBar::new(count as u64).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn seeds(common: &Common) -> Vec<u64> {
    (common.seed..common.seed + common.count as u64).collect()
}

fn layout_of(seed: u64, framing: Framing, height: usize) -> (Layout, usize, usize) {
    match framing {
        Framing::Person => (Layout::Person, height * 3 / 4, height),
        Framing::Frame => write::frame_of(seed, height),
    }
}

fn labels(common: &Common, framing: Framing, height: usize, quality: Option<u8>) -> Result<usize> {
    let folder = FolderWriter::create(&common.out, quality)?;
    let bar = bar(common.count);
    seeds(common).into_par_iter().try_for_each(|seed| -> Result {
        let (layout, w, h) = layout_of(seed, framing, height);
        let scene = compose(seed, layout, w, h);
        let rendered = render(&scene, &mut camera_noise(seed));
        bar.inc(1);
        if matches!(framing, Framing::Person) && !write::is_useful(&rendered) {
            return Ok(());
        }
        folder.add(&format!("{seed:08}"), &rendered, &scene.camera, None)
    })?;
    let kind = if matches!(framing, Framing::Person) { "person" } else { "frame" };
    let source =
        format!("synth labels --framing {kind} --seed {} --count {} --height {height}", common.seed, common.count);
    folder.finish(&source)?;
    Ok(common.count)
}

fn sequence(common: &Common, act: Act, fps: f32, width: usize, height: usize) -> Result<usize> {
    let story = match act {
        Act::Walk => Story::One(Performance::Walk),
        Act::Run => Story::One(Performance::Run),
        Act::Wave => Story::One(Performance::Wave),
        Act::Gesture => Story::One(Performance::Gesture),
        Act::Turn => Story::One(Performance::Turn),
        Act::Sit => Story::One(Performance::SitAndTalk),
        Act::Crossing => Story::Crossing,
    };
    let sequence = Sequence::new(common.seed, story, width, height, common.count as f32 / fps);
    let folder = FolderWriter::create(&common.out, None)?;
    let bar = bar(common.count);
    (0..common.count).into_par_iter().try_for_each(|frame| -> Result {
        let scene = sequence.at(frame as f32 / fps);
        let rendered = render(&scene, &mut camera_noise(common.seed));
        bar.inc(1);
        folder.add(&format!("{frame:06}"), &rendered, &scene.camera, Some((&sequence.name(), frame)))
    })?;
    let (name, count) = (sequence.name(), common.count);
    folder.finish(&format!("synth sequence --act {name} --seed {} --count {count} --fps {fps}", common.seed))?;
    Ok(count)
}

fn sheet(common: &Common, bare: bool, framing: Framing, height: usize, columns: usize) -> Result<usize> {
    parent(&common.out)?;
    let pictures: Vec<_> = seeds(common)
        .into_par_iter()
        .map(|seed| {
            let (layout, w, h) = layout_of(seed, framing, height);
            (format!("seed {seed}"), write::picture(seed, layout, w, h))
        })
        .collect();
    if bare {
        let mut mosaic = Mosaic::new(columns);
        pictures.iter().try_for_each(|(_, r)| mosaic.push(r))?;
        mosaic.write(&common.out)?;
    } else {
        write::write_sheet(&common.out, pictures.iter().map(|(name, r)| (name.clone(), r)), height * 3 / 4)?;
    }
    Ok(common.count)
}

fn parent(path: &Path) -> Result {
    Ok(path.parent().map_or(Ok(()), std::fs::create_dir_all)?)
}
