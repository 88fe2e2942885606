//! Options of clips.

use crate::options::first_given;
use sapiens::track::PersonPolicy;

/// How a clip is worked on.
#[derive(clap::Args, Clone)]
#[command(next_help_heading = "Clips (docs/video.md)")]
pub struct VideoArgs {
    /// Frames per second of numbered pictures (frames/%05d.png) [default: 30].
    #[arg(long, value_name = "RATE", value_parser = parse_rate)]
    pub fps: Option<f64>,
    /// The number of the first picture [default: the lowest there is].
    #[arg(long, value_name = "N")]
    pub start_number: Option<u64>,
    /// Look for people on every n-th frame, and sooner where needed; in between they are followed by their keypoints
    /// [default: 1].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub detect_every: Option<u32>,
    /// Only the N people that are largest in the picture get keypoints and maps [default: everybody].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub largest: Option<u32>,
    /// Write filtered keypoints (One-Euro) beside those found.
    #[arg(long)]
    pub filter: bool,
    /// After the last frame smooth the keypoints of the whole clip, without lag, into a file of their own.
    #[arg(long)]
    pub smooth: bool,
    /// Write a clip with skeletons, boxes and ids drawn over the frames.
    #[arg(long)]
    pub overlay: bool,
    /// Write maps (--save png,npy,ply) of every n-th frame [default: 1].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub maps_every: Option<u64>,
    /// Begin anew where results of an earlier run are; without it the run goes on where that one stopped.
    #[arg(long)]
    pub restart: bool,
}

impl VideoArgs {
    /// The first of these options that was given.
    pub fn given(&self) -> Option<&'static str> {
        first_given(&[
            ("--fps", self.fps.is_some()),
            ("--start-number", self.start_number.is_some()),
            ("--detect-every", self.detect_every.is_some()),
            ("--largest", self.largest.is_some()),
            ("--filter", self.filter),
            ("--smooth", self.smooth),
            ("--overlay", self.overlay),
            ("--maps-every", self.maps_every.is_some()),
            ("--restart", self.restart),
        ])
    }

    pub fn policy(&self) -> PersonPolicy {
        match self.largest {
            Some(count) => PersonPolicy::Largest { count: count as usize },
            None => PersonPolicy::All,
        }
    }
}

fn parse_rate(text: &str) -> Result<f64, String> {
    let rate = text.parse::<f64>().ok().filter(|rate| *rate > 0.0 && *rate <= 1000.0);
    rate.ok_or_else(|| format!("`{text}` is no frame rate; give a number above 0 and at most 1000"))
}
