//! A stream from Rust: pictures go in on one thread, results come out on another.
//!
//!     cargo run --release --example live -- assets/*.jpg

use sapiens::engine::ModelSource;
use sapiens::image::Image;
use sapiens::live::{Context, ContextOptions, Frame, LoadRequest, Stream, StreamOptions, TaskSetting};
use sapiens::spec::Task;
use std::sync::Arc;
use std::time::Duration;

fn main() -> sapiens::Result<()> {
    let pictures: Vec<String> = std::env::args().skip(1).collect();
    if pictures.is_empty() {
        eprintln!("usage: live PICTURE...");
        std::process::exit(2);
    }
    let context = Context::new(ContextOptions::default())?;
    context.load(&ModelSource::Demo, &LoadRequest::default(), &mut |_, _, _| Ok(()))?;
    let every = |task, every_n| TaskSetting { task, every_n, priority: 0 };
    let tasks = vec![every(Task::Pose, 1), every(Task::Seg, 3)];
    let stream = Arc::new(Stream::new(&context, StreamOptions { tasks, ..StreamOptions::default() })?);

    let camera = std::thread::spawn({
        let (stream, pictures) = (Arc::clone(&stream), pictures.clone());
        move || -> sapiens::Result<()> {
            for (i, path) in pictures.iter().enumerate() {
                let frame = Frame { timestamp_ns: i as i64 * 33_000_000, ..Frame::of_image(Image::open(path)?) };
                // Policy Block: it waits for room as long as it takes.
                stream.submit(frame, None)?;
            }
            Ok(())
        }
    });
    let mut seen = 0;
    while seen < pictures.len() {
        let Some(result) = stream.poll(Some(Duration::from_millis(100)))? else {
            if camera.is_finished() && stream.statistics().waiting + stream.statistics().working == 0 {
                break;
            }
            continue;
        };
        seen += 1;
        let person = &result.people[0];
        let sure = person.pose.iter().flat_map(|pose| pose.value.iter()).filter(|k| k.score > 0.3).count();
        let parts = result.scene.get(Task::Seg).map(|seg| result.frame - seg.frame);
        println!("frame {}: {sure} keypoints, parts {parts:?} frames old, {:.1} ms", result.frame, result.total_ms);
    }
    camera.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
