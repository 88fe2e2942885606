//! Clips from frames.

use super::matroska::{write_frame, write_header};
use super::process::{Complaints, Running, command, file};
use super::tool::Ffmpeg;
use crate::error::{Error, ErrorKind, Result};
use crate::geometry::Size;
use crate::image::Image;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Stdio};

/// Microseconds: times stay as they are, whatever clock the source has.
const TIMESCALE: &str = "1000000";

/// Encodes an MP4 file (H.264 where ffmpeg has an encoder for it). Dropped before [`Encoder::finish`] it ends the
/// process; the file is then not complete.
#[derive(Debug)]
pub struct Encoder {
    process: Running,
    frames: Option<ChildStdin>,
    size: Size,
    first_ns: Option<i64>,
    path: PathBuf,
}

impl Encoder {
    /// Begins a file; one of that name is replaced. An odd side is made even by a line of black at the right or bottom,
    /// since the usual format of colours has one for every two pixels.
    ///
    /// # Errors
    /// `Unsupported` if ffmpeg has no encoder for MP4, `Io` if it cannot be started.
    pub fn create(ffmpeg: &Ffmpeg, path: &Path, size: Size) -> Result<Self> {
        let mut process = command(ffmpeg.program());
        process
            .args(["-y", "-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+error"])
            .args(["-protocol_whitelist", "pipe", "-f", "matroska", "-i", "pipe:0", "-map", "0:v:0"])
            .args(["-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-pix_fmt", "yuv420p", "-c:v"])
            .args(ffmpeg.encoder()?)
            .args(ffmpeg.passthrough())
            .args(ffmpeg.input_time_base())
            .args(["-video_track_timescale", TIMESCALE, "-movflags", "+faststart", "-f", "mp4"])
            .arg(file(path));
        process.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = process.spawn().map_err(|e| Error::io("start ffmpeg for", path, e))?;
        let frames = child.stdin.take();
        let process = Running::listen(child, |_| {});
        let mut encoder = Self { process, frames, size, first_ns: None, path: path.to_path_buf() };
        encoder.send(|out| write_header(out, size))?;
        Ok(encoder)
    }

    /// A frame at a time later than that of the frame before; the first one is at the beginning, whatever its time.
    ///
    /// # Errors
    /// `InvalidArgument` for a picture of another size, `Io` with the words of ffmpeg if it has given up.
    pub fn write(&mut self, timestamp_ns: i64, image: &Image) -> Result<()> {
        if image.size() != self.size {
            let message = format!("frame of {}: the clip is {}", image.size(), self.size);
            return Err(Error::invalid(message).at(&self.path));
        }
        let first = *self.first_ns.get_or_insert(timestamp_ns);
        self.send(|out| write_frame(out, timestamp_ns.saturating_sub(first), image.pixels()))
    }

    fn send(&mut self, write: impl FnOnce(&mut ChildStdin) -> std::io::Result<()>) -> Result<()> {
        let Some(frames) = &mut self.frames else {
            return Err(Error::new(ErrorKind::Internal, "the encoder has no pipe").at(&self.path));
        };
        write(frames).or_else(|e| {
            self.frames = None;
            let (_, complaints) = self.process.wait().map_err(|e| Error::io("wait for ffmpeg on", &self.path, e))?;
            Err(failed("encoding failed", &complaints, &self.path).caused_by(e))
        })
    }

    /// Ends the file.
    ///
    /// # Errors
    /// `Io` with the words of ffmpeg if it failed.
    pub fn finish(mut self) -> Result<()> {
        self.frames = None;
        let (is_good, complaints) = self.process.wait().map_err(|e| Error::io("wait for ffmpeg on", &self.path, e))?;
        if is_good { Ok(()) } else { Err(failed("encoding failed", &complaints, &self.path)) }
    }
}

/// A piece of a clip.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Its file, made by an [`Encoder`].
    pub path: PathBuf,
    /// From its first frame to that of the part after it, in nanoseconds; of no meaning for the last.
    pub length_ns: i64,
}

/// Joins parts without encoding again, each beginning when the one before it is over.
///
/// # Errors
/// `Io` with the words of ffmpeg if it failed; an existing file of that name then stays as it was.
pub fn join(ffmpeg: &Ffmpeg, parts: &[Part], path: &Path) -> Result<()> {
    let script = script(parts)?;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let joined = tempfile::Builder::new().prefix(".sapiens-").suffix(".partial").tempfile_in(folder);
    let joined = joined.map_err(|e| Error::io("create a file in the folder of", path, e))?.into_temp_path();
    let mut process = command(ffmpeg.program());
    process
        .args(["-y", "-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+error"])
        .args(["-protocol_whitelist", "file,pipe", "-f", "concat", "-safe", "0", "-i", "pipe:0"])
        .args(["-map", "0:v:0", "-c", "copy", "-video_track_timescale", TIMESCALE])
        .args(["-movflags", "+faststart", "-f", "mp4"])
        .arg(file(&joined));
    process.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let child = process.spawn().map_err(|e| Error::io("start ffmpeg for", path, e))?;
    let mut process = Running::listen(child, |_| {});
    if let Some(mut pipe) = process.child().stdin.take() {
        let _ = pipe.write_all(script.as_bytes()); // it says itself why it stopped reading
    }
    let (is_good, complaints) = process.wait().map_err(|e| Error::io("wait for ffmpeg on", path, e))?;
    if !is_good {
        return Err(failed("joining the parts failed", &complaints, path));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // What a temporary file has is narrower than what the parts have.
        if let Some(from) = parts.first().and_then(|part| std::fs::metadata(&part.path).ok()) {
            let _ = std::fs::set_permissions(&joined, std::fs::Permissions::from_mode(from.permissions().mode()));
        }
    }
    joined.persist(path).map_err(|e| Error::io("rename the finished file", path, e.error))
}

fn script(parts: &[Part]) -> Result<String> {
    let mut script = "ffconcat version 1.0\n".to_owned();
    for (i, part) in parts.iter().enumerate() {
        let full = std::path::absolute(&part.path).map_err(|e| Error::io("find", &part.path, e))?;
        let Some(name) = full.to_str().filter(|name| !name.contains('\n')) else {
            return Err(Error::invalid("the name of a clip's part must be Unicode of one line").at(full));
        };
        script.push_str(&format!("file 'file:{}'\n", name.replace('\'', r"'\''")));
        if i + 1 < parts.len() {
            script.push_str(&format!("duration {:.6}\n", part.length_ns as f64 * 1e-9));
        }
    }
    Ok(script)
}

fn failed(what: &str, complaints: &Complaints, path: &Path) -> Error {
    let said = complaints.first.first().map_or("ffmpeg does not say why", String::as_str);
    Error::new(ErrorKind::Io, format!("{what}: {said}")).at(path)
}
