//! Frames of a clip, with the times of its container.

use super::probe::ClipInfo;
use super::process::{Running, command, file};
use super::tool::Ffmpeg;
use crate::error::{Error, ErrorKind, Result};
use crate::geometry::Size;
use crate::image::Image;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How long the time of a frame may come after its pixels. It is said before they are sent.
const PATIENCE: Duration = Duration::from_secs(10);

/// A frame.
#[derive(Debug, Clone)]
pub struct VideoFrame {
    /// Its number, from 0, of those that could be decoded.
    pub index: u64,
    /// When it is shown, by the clock of the container, in nanoseconds.
    pub timestamp_ns: i64,
    /// Whether the container has no time for it, and the usual step after the frame before was taken.
    pub time_was_assumed: bool,
    /// RGB8, as it is to be shown.
    pub image: Image,
}

/// What went wrong while decoding, without ending it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// Complaints of the decoder.
    pub count: u64,
    /// The first few.
    pub first: Vec<String>,
    /// Whether it ended with a failure: frames at the end may be missing.
    pub is_cut_short: bool,
}

impl Faults {
    /// Whether nothing went wrong.
    pub fn is_empty(&self) -> bool {
        self.count == 0 && !self.is_cut_short
    }
}

/// Decodes a clip. Dropped before its end it ends the process.
#[derive(Debug)]
pub struct Decoder {
    process: Running,
    pixels: ChildStdout,
    /// Nanoseconds, one for each frame, in their order.
    times: Receiver<Option<i64>>,
    size: Size,
    step_ns: i64,
    next: u64,
    last_ns: Option<i64>,
    faults: Faults,
    is_over: bool,
    path: PathBuf,
}

impl Decoder {
    /// Begins at the first frame. Frames are scaled to the size of the clip should they change it on the way.
    ///
    /// # Errors
    /// `Io` if ffmpeg cannot be started.
    pub fn open(ffmpeg: &Ffmpeg, path: &Path, info: &ClipInfo) -> Result<Self> {
        let Size { width, height } = info.size;
        // What `showinfo` says of a frame comes before its pixels. It stands before the conversion: it reads every pixel.
        let filters =
            format!("showinfo,scale={width}:{height}:flags=bicubic+accurate_rnd+full_chroma_int,format=rgb24");
        let mut process = command(ffmpeg.program());
        process
            .args(["-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+info"])
            .args(["-copyts", "-protocol_whitelist", "file", "-i"])
            .arg(file(path))
            .args(["-map", &format!("0:{}", info.stream), "-an", "-sn", "-dn", "-vf", &filters])
            .args(ffmpeg.passthrough())
            .args(["-c:v", "rawvideo", "-pix_fmt", "rgb24", "-f", "rawvideo", "pipe:1"]);
        process.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = process.spawn().map_err(|e| Error::io("start ffmpeg for", path, e))?;
        let pixels = child.stdout.take().ok_or_else(|| Error::new(ErrorKind::Internal, "ffmpeg: no pipe").at(path))?;
        let (sender, times) = channel();
        let mut base = None;
        let process = Running::listen(child, move |line| match Said::of(line) {
            Some(Said::TimeBase(seconds)) => base = Some(seconds),
            Some(Said::Frame(pts)) => {
                let _ = sender.send(pts.zip(base).and_then(|(pts, base)| nanoseconds(pts, base)));
            }
            None => {}
        });
        Ok(Self {
            process,
            pixels,
            times,
            size: info.size,
            step_ns: info.nominal_step_ns(),
            next: 0,
            last_ns: None,
            faults: Faults::default(),
            is_over: false,
            path: path.to_path_buf(),
        })
    }

    /// The next frame; `None` after the last. What cannot be decoded is left out, and counted in [`Decoder::faults`].
    ///
    /// # Errors
    /// `Io` if the pipe breaks, `Internal` if ffmpeg does not say when a frame is shown.
    #[allow(clippy::should_implement_trait)] // an iterator of results ends twice
    pub fn next(&mut self) -> Result<Option<VideoFrame>> {
        if self.is_over {
            return Ok(None);
        }
        let mut pixels = vec![0; self.size.area() * 3];
        let mut filled = 0;
        while filled < pixels.len() {
            match self.pixels.read(&mut pixels[filled..]) {
                Ok(0) => return self.end(filled > 0).map(|()| None),
                Ok(count) => filled += count,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(Error::io("read frames of", &self.path, e)),
            }
        }
        let known = self.times.recv_timeout(PATIENCE).map_err(|e| {
            let message = "ffmpeg does not say when a frame is shown; its version is not known to work";
            Error::new(ErrorKind::Internal, message).at(&self.path).caused_by(e)
        })?;
        let assumed = self.last_ns.map_or(0, |last| last.saturating_add(self.step_ns));
        let timestamp_ns = known.unwrap_or(assumed);
        let index = self.next;
        (self.next, self.last_ns) = (index + 1, Some(timestamp_ns));
        let image = Image::from_rgb8(self.size, pixels)?;
        Ok(Some(VideoFrame { index, timestamp_ns, time_was_assumed: known.is_none(), image }))
    }

    fn end(&mut self, is_torn: bool) -> Result<()> {
        self.is_over = true;
        let (is_good, complaints) = self.process.wait().map_err(|e| Error::io("wait for ffmpeg on", &self.path, e))?;
        self.faults = Faults { count: complaints.count, first: complaints.first, is_cut_short: !is_good || is_torn };
        Ok(())
    }

    /// What went wrong; complete after the last frame.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }
}

/// What the filter `showinfo` says.
#[derive(Debug, PartialEq)]
enum Said {
    /// Seconds per tick.
    TimeBase((i64, i64)),
    /// A frame, with its time in ticks.
    Frame(Option<i64>),
}

impl Said {
    fn of(line: &str) -> Option<Self> {
        let (_, said) = line.split_once("Parsed_showinfo_")?.1.split_once("] [info] ")?;
        if let Some(base) = said.strip_prefix("config in time_base: ") {
            let (above, below) = base.split(',').next()?.split_once('/')?;
            let base = (above.trim().parse().ok()?, below.trim().parse().ok()?);
            return Some(Self::TimeBase(base));
        }
        let pts = said.strip_prefix("n:")?.split_once("pts:")?.1.split_whitespace().next()?;
        Some(Self::Frame(pts.parse().ok()))
    }
}

fn nanoseconds(ticks: i64, (above, below): (i64, i64)) -> Option<i64> {
    if below <= 0 {
        return None;
    }
    let scaled = i128::from(ticks) * i128::from(above) * 1_000_000_000;
    let below = i128::from(below);
    // To the nearest, so that 1/30 s and its multiples are as exact as can be.
    i64::try_from((scaled + below / 2).div_euclid(below)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_showinfo_says_is_read() {
        let line =
            "[Parsed_showinfo_0 @ 0x55d0] [info] n:   7 pts:   3584 pts_time:0.233333 duration:    512 fmt:yuv420p";
        assert_eq!(Said::of(line), Some(Said::Frame(Some(3584))));
        let line = "[Parsed_showinfo_0 @ 0x55d0] [info] n:   0 pts:  NOPTS pts_time:NOPTS   pos: 48 fmt:yuv420p";
        assert_eq!(Said::of(line), Some(Said::Frame(None)));
        let line = "[Parsed_showinfo_0 @ 0x55d0] [info] config in time_base: 1/15360, frame_rate: 30/1";
        assert_eq!(Said::of(line), Some(Said::TimeBase((1, 15360))));
        assert_eq!(Said::of("[Parsed_showinfo_0 @ 0x55d0] [info] config out time_base: 0/0, frame_rate: 0/0"), None);
        assert_eq!(Said::of("  Stream #0:0: Video: h264, n: 3 pts: 7"), None);
        assert_eq!(nanoseconds(512, (1, 15360)), Some(33_333_333));
        assert_eq!(nanoseconds(1024, (1, 15360)), Some(66_666_667));
        assert_eq!(nanoseconds(-512, (1, 15360)), Some(-33_333_333));
        assert_eq!(nanoseconds(1, (1, 0)), None);
        assert_eq!(nanoseconds(i64::MAX, (1000, 1)), None);
    }
}
