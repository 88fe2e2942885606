//! Where ffmpeg is, and whether it is new enough.

use super::process::{command, first_line};
use crate::error::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// The oldest version that does what is asked of it.
const OLDEST: (u32, u32) = (4, 2);
/// Names the program, or its folder.
const VARIABLE: &str = "SAPIENS_FFMPEG";
const INSTALL: &str = "install it (Debian, Ubuntu: `apt-get install ffmpeg`; macOS: `brew install ffmpeg`; Windows: `winget \
                       install ffmpeg`), or set SAPIENS_FFMPEG to the program";

/// The programs `ffmpeg` and `ffprobe`.
#[derive(Debug, Clone)]
pub struct Ffmpeg {
    ffmpeg: PathBuf,
    ffprobe: PathBuf,
    /// What it calls itself.
    version: String,
    /// `None` for a build from its repository, which counts as new.
    number: Option<(u32, u32)>,
}

impl Ffmpeg {
    /// The programs that `SAPIENS_FFMPEG` names (ffmpeg itself, or the folder of both), or those on `PATH`.
    ///
    /// # Errors
    /// `NotFound`, with how to install it; `Unsupported` if it is older than 4.2 or does not say what it is.
    pub fn find() -> Result<Self> {
        match std::env::var_os(VARIABLE).filter(|value| !value.is_empty()) {
            Some(path) => Self::at(Path::new(&path)),
            None => Self::open("ffmpeg".into(), "ffprobe".into()),
        }
    }

    /// The programs at a place: ffmpeg itself, with ffprobe beside it or on `PATH`; or the folder of both.
    ///
    /// # Errors
    /// As for [`Ffmpeg::find`].
    pub fn at(path: &Path) -> Result<Self> {
        let ending = std::env::consts::EXE_SUFFIX;
        let ffmpeg = if path.is_dir() { path.join(format!("ffmpeg{ending}")) } else { path.to_path_buf() };
        let beside = ffmpeg.with_file_name(format!("ffprobe{ending}"));
        let ffprobe = if beside.is_file() { beside } else { "ffprobe".into() };
        Self::open(ffmpeg, ffprobe)
    }

    fn open(ffmpeg: PathBuf, ffprobe: PathBuf) -> Result<Self> {
        let version = version_of(&ffmpeg, "ffmpeg")?;
        version_of(&ffprobe, "ffprobe")?;
        let number = number_of(&version);
        if number.is_some_and(|number| number < OLDEST) {
            let (major, minor) = OLDEST;
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("ffmpeg is version {version}, and {major}.{minor} or later is needed: {INSTALL}"),
            )
            .at(ffmpeg));
        }
        Ok(Self { ffmpeg, ffprobe, version, number })
    }

    /// What it calls itself: `5.1.9-0+deb12u1`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The program, as it is called.
    pub fn program(&self) -> &Path {
        &self.ffmpeg
    }

    pub(super) fn probe_program(&self) -> &Path {
        &self.ffprobe
    }

    fn is_at_least(&self, number: (u32, u32)) -> bool {
        self.number.is_none_or(|own| own >= number)
    }

    /// Every frame once, at its own time.
    pub(super) fn passthrough(&self) -> [&'static str; 2] {
        [if self.is_at_least((5, 1)) { "-fps_mode" } else { "-vsync" }, "passthrough"]
    }

    /// The encoder counts time as its input does.
    pub(super) fn input_time_base(&self) -> [&'static str; 2] {
        ["-enc_time_base", if self.is_at_least((6, 1)) { "demux" } else { "-1" }]
    }

    /// The best encoder for MP4 that this build has, with its options.
    ///
    /// # Errors
    /// `Unsupported` if it has none of those known here.
    pub(super) fn encoder(&self) -> Result<&'static [&'static str]> {
        const KNOWN: [&[&str]; 3] = [
            &["libx264", "-preset", "veryfast", "-crf", "20", "-bf", "0"],
            &["libopenh264", "-b:v", "8M"],
            &["mpeg4", "-q:v", "3", "-bf", "0"],
        ];
        let asked = command(&self.ffmpeg).args(["-hide_banner", "-v", "error", "-encoders"]).output();
        let asked = asked.map_err(|e| Error::io("run", &self.ffmpeg, e))?;
        let text = String::from_utf8_lossy(&asked.stdout);
        let has = |name: &str| text.lines().any(|line| line.split_whitespace().nth(1) == Some(name));
        KNOWN.into_iter().find(|known| has(known[0])).ok_or_else(|| {
            let names: Vec<_> = KNOWN.iter().map(|known| known[0]).collect();
            let message = format!("this ffmpeg has none of the encoders {}; {INSTALL}", names.join(", "));
            Error::new(ErrorKind::Unsupported, message).at(&self.ffmpeg)
        })
    }
}

/// What a program says it is.
fn version_of(program: &Path, name: &str) -> Result<String> {
    let asked = command(program).arg("-version").stdin(Stdio::null()).output().map_err(|e| {
        let message = format!("{name} cannot be started, which reads and writes clips ({e}): {INSTALL}");
        let kind = match e.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            _ => ErrorKind::Io,
        };
        Error::new(kind, message).at(program).caused_by(e)
    })?;
    let said = first_line(&asked.stdout);
    let version = said.strip_prefix(name).and_then(|rest| rest.trim_start().strip_prefix("version "));
    match version.and_then(|rest| rest.split_whitespace().next()).filter(|_| asked.status.success()) {
        Some(version) => Ok(version.to_owned()),
        None => {
            let said = if said.is_empty() { first_line(&asked.stderr) } else { said };
            let message = format!("this is not {name}, it says `{said}` when asked for its version: {INSTALL}");
            Err(Error::new(ErrorKind::Unsupported, message).at(program))
        }
    }
}

/// `5.1.9-0+deb12u1` and `n6.1` are versions; `N-112233-gabcdef` and `git-2020-01-01` are builds from the repository.
fn number_of(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.strip_prefix('n').unwrap_or(version).split(|c: char| !c.is_ascii_digit());
    let major = parts.next()?.parse().ok()?;
    Some((major, parts.next().and_then(|minor| minor.parse().ok()).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(number_of("5.1.9-0+deb12u1"), Some((5, 1)));
        assert_eq!(number_of("n6.1"), Some((6, 1)));
        assert_eq!(number_of("7-essentials"), Some((7, 0)));
        assert_eq!(number_of("N-112233-gabcdef"), None);
        assert_eq!(number_of("git-2020-01-01"), None);
    }

    #[test]
    fn what_is_not_there_says_how_to_get_it() {
        let error = Ffmpeg::at(Path::new("/no/such/ffmpeg")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(
            error.to_string().contains("apt-get install ffmpeg") && error.to_string().contains(VARIABLE),
            "{error}"
        );
    }
}
