//! What a file is, as ffprobe says.

use super::process::{command, file, first_line};
use super::tool::Ffmpeg;
use crate::error::{Error, ErrorKind, Result};
use crate::geometry::Size;
use crate::image::{MAX_AREA, MAX_SIDE};
use serde::Deserialize;
use std::path::Path;
use std::process::Stdio;

/// A clip, from its headers.
#[derive(Debug, Clone, PartialEq)]
pub struct ClipInfo {
    /// Index of the video stream in the file: the first that is not a cover picture.
    pub stream: usize,
    /// Size of the frames as they are to be shown: turned as the file says.
    pub size: Size,
    /// Frames per second on average.
    pub frame_rate: Option<f64>,
    /// Number of frames, if the file says so, or an estimate from duration and rate. For progress only.
    pub frames: Option<u64>,
    /// `h264`.
    pub codec: String,
    /// `yuv420p10le`.
    pub pixel_format: String,
    /// By how many degrees the file says frames are to be turned, counter-clockwise, -180 to 180.
    pub rotation: f64,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    streams: Vec<Stream>,
    format: Option<Format>,
}

#[derive(Deserialize)]
struct Format {
    duration: Option<String>,
}

#[derive(Deserialize)]
struct Stream {
    index: usize,
    codec_type: Option<String>,
    codec_name: Option<String>,
    pix_fmt: Option<String>,
    #[serde(default)]
    width: usize,
    #[serde(default)]
    height: usize,
    avg_frame_rate: Option<String>,
    r_frame_rate: Option<String>,
    nb_frames: Option<String>,
    duration: Option<String>,
    #[serde(default)]
    disposition: Disposition,
    #[serde(default)]
    side_data_list: Vec<SideData>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Deserialize, Default)]
struct Disposition {
    #[serde(default)]
    attached_pic: u8,
}

#[derive(Deserialize)]
struct SideData {
    rotation: Option<f64>,
}

#[derive(Deserialize, Default)]
struct Tags {
    rotate: Option<String>,
}

impl ClipInfo {
    /// Asks ffprobe about a file.
    ///
    /// # Errors
    /// `NotFound` if there is no such file, `Image` if it is no clip, has no video stream or one without pixels or beyond
    /// the limits of pictures. All name the file.
    pub fn read(ffmpeg: &Ffmpeg, path: &Path) -> Result<Self> {
        std::fs::metadata(path).map_err(|e| Error::io("open the clip", path, e))?;
        let asked = command(ffmpeg.probe_program())
            .args(["-v", "error", "-protocol_whitelist", "file", "-print_format", "json"])
            .args(["-show_streams", "-show_format"])
            .arg("-i")
            .arg(file(path))
            .stdin(Stdio::null())
            .output()
            .map_err(|e| Error::io("run ffprobe on", path, e))?;
        let wrong = |message: String| Error::new(ErrorKind::Image, message).at(path);
        if !asked.status.success() {
            return Err(wrong(format!("not a clip that ffmpeg can read: {}", first_line(&asked.stderr))));
        }
        let answer: Answer = serde_json::from_slice(&asked.stdout)
            .map_err(|e| wrong(format!("ffprobe gave an answer that cannot be read: {e}")).caused_by(e))?;
        Self::of(&answer).map_err(wrong)
    }

    fn of(answer: &Answer) -> std::result::Result<Self, String> {
        let is = |stream: &Stream, kind: &str| stream.codec_type.as_deref() == Some(kind);
        let is_clip = |s: &&Stream| is(s, "video") && s.disposition.attached_pic == 0;
        let Some(stream) = answer.streams.iter().find(is_clip) else {
            let has =
                if answer.streams.iter().any(|s| is(s, "audio")) { "audio only" } else { "no stream of pictures" };
            return Err(format!("no video in this file: it has {has}"));
        };
        let (width, height) = (stream.width, stream.height);
        if width == 0 || height == 0 || width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_AREA {
            return Err(format!(
                "frames {width} wide and {height} high: sides must be 1 to {MAX_SIDE} pixels, the area at most {MAX_AREA}"
            ));
        }
        let from_tag = || stream.tags.rotate.as_ref().and_then(|r| r.parse::<f64>().ok()).map(|clockwise| -clockwise);
        let rotation = stream.side_data_list.iter().find_map(|data| data.rotation).or_else(from_tag).unwrap_or(0.0);
        let is_turned = (rotation.abs() - 90.0).abs() < 1.0 || (rotation.abs() - 270.0).abs() < 1.0;
        let size = if is_turned { Size::new(height, width) } else { Size::new(width, height) };
        let rate = |text: &Option<String>| text.as_deref().and_then(fraction).filter(|r| *r > 0.0 && r.is_finite());
        let frame_rate = rate(&stream.avg_frame_rate).or(rate(&stream.r_frame_rate));
        let seconds = |text: Option<&String>| text.and_then(|t| t.parse::<f64>().ok()).filter(|s| *s > 0.0);
        let duration = seconds(stream.duration.as_ref())
            .or_else(|| seconds(answer.format.as_ref().and_then(|format| format.duration.as_ref())));
        let counted = stream.nb_frames.as_ref().and_then(|n| n.parse::<u64>().ok()).filter(|n| *n > 0);
        let estimated = duration.zip(frame_rate).map(|(seconds, rate)| (seconds * rate).round().max(1.0) as u64);
        Ok(Self {
            stream: stream.index,
            size,
            frame_rate,
            frames: counted.or(estimated),
            codec: stream.codec_name.clone().unwrap_or_default(),
            pixel_format: stream.pix_fmt.clone().unwrap_or_default(),
            rotation,
        })
    }

    /// The step between frames where nothing else is known, in nanoseconds.
    pub fn nominal_step_ns(&self) -> i64 {
        let rate = self.frame_rate.filter(|rate| (0.01..=1000.0).contains(rate)).unwrap_or(30.0);
        (1e9 / rate).round() as i64
    }
}

fn fraction(text: &str) -> Option<f64> {
    let (above, below) = text.split_once('/')?;
    Some(above.parse::<f64>().ok()? / below.parse::<f64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> std::result::Result<ClipInfo, String> {
        ClipInfo::of(&serde_json::from_str(text).unwrap())
    }

    #[test]
    fn answers_are_read() {
        let clip = of(r#"{"streams": [{"index": 0, "codec_type": "audio"},
            {"index": 1, "codec_type": "video", "width": 500, "height": 500, "disposition": {"attached_pic": 1}},
            {"index": 2, "codec_type": "video", "codec_name": "hevc", "pix_fmt": "yuv420p10le", "width": 64, "height": 48,
             "avg_frame_rate": "30000/1001", "side_data_list": [{}, {"rotation": -90}]}], "format": {"duration": "2.002"}}"#)
        .unwrap();
        assert_eq!((clip.stream, clip.size, clip.frames), (2, Size::new(48, 64), Some(60)));
        assert_eq!((clip.codec.as_str(), clip.pixel_format.as_str()), ("hevc", "yuv420p10le"));
        assert_eq!(clip.nominal_step_ns(), 33_366_667);
        let old = of(r#"{"streams": [{"index": 0, "codec_type": "video", "width": 64, "height": 48, "nb_frames": "7",
            "avg_frame_rate": "0/0", "tags": {"rotate": "270"}}]}"#)
        .unwrap();
        assert_eq!((old.size, old.rotation, old.frames), (Size::new(48, 64), -270.0, Some(7)));
        assert_eq!(old.nominal_step_ns(), 33_333_333);
    }

    #[test]
    fn what_is_no_clip_is_named() {
        assert!(of(r#"{"streams": [{"index": 0, "codec_type": "audio"}]}"#).unwrap_err().contains("audio only"));
        assert!(of("{}").unwrap_err().contains("no stream of pictures"));
        let empty = r#"{"streams": [{"index": 0, "codec_type": "video", "width": 0, "height": 9}]}"#;
        assert!(of(empty).unwrap_err().contains("0 wide and 9 high"));
    }
}
