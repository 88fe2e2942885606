//! Where frames come from: a clip through ffmpeg, or numbered pictures.

use sapiens::Result;
use sapiens::geometry::Size;
use sapiens::video::{ClipInfo, Decoder, Faults, Ffmpeg, Sequence, VideoFrame};
use std::path::{Path, PathBuf};

const ENDINGS: [&str; 20] = [
    "mp4", "m4v", "mov", "mkv", "webm", "avi", "mpg", "mpeg", "ts", "mts", "m2ts", "wmv", "flv", "ogv", "3gp", "mxf",
    "y4m", "vob", "h264", "hevc",
];

/// Whether an input is a clip: by the ending of its name, or as a pattern of numbered pictures.
pub fn is_clip(path: &Path) -> bool {
    let ending = path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
    ending.is_some_and(|e| ENDINGS.contains(&e.as_str())) && !path.is_dir() || Sequence::is_pattern(path)
}

/// The name that results of a clip get.
pub fn stem(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    if !Sequence::is_pattern(path) {
        return stem;
    }
    let before = stem.split('%').next().unwrap_or_default().trim_end_matches(['_', '-', '.', ' ']);
    let folder = || path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    if before.is_empty() { folder().unwrap_or("sequence".to_owned()) } else { before.to_owned() }
}

/// A frame, or why there is none.
pub struct Item {
    pub index: u64,
    pub timestamp_ns: i64,
    pub frame: Result<VideoFrame>,
}

pub struct Source {
    kind: Kind,
    pub size: Size,
    pub frame_rate: Option<f64>,
    /// For progress only.
    pub frames: Option<u64>,
    pub step_ns: i64,
    pub notes: Vec<String>,
    path: PathBuf,
}

struct Clip {
    ffmpeg: Ffmpeg,
    info: ClipInfo,
    decoder: Option<Decoder>,
}

enum Kind {
    Clip(Box<Clip>),
    Pictures(Sequence),
}

impl Source {
    /// Looks at a clip; nothing is decoded yet.
    pub fn open(path: &Path, fps: Option<f64>, start: Option<u64>) -> Result<Self> {
        let path_buf = path.to_path_buf();
        if Sequence::is_pattern(path) {
            let fps = fps.unwrap_or(30.0);
            let sequence = Sequence::open(path, fps, start)?;
            // The first that can be read says how large they are.
            let mut looking = sequence.clone();
            let first = std::iter::from_fn(|| looking.next()).find_map(|(.., frame)| frame.ok());
            let size = match first {
                Some(frame) => frame.image.size(),
                None => return Err(sapiens::Error::new(sapiens::ErrorKind::Image, "no picture can be read").at(path)),
            };
            let missing = sequence.missing();
            let notes =
                if missing > 0 { vec![format!("{missing} numbers are missing: dropped frames")] } else { vec![] };
            return Ok(Self {
                size,
                frame_rate: Some(fps),
                frames: Some(sequence.span()),
                step_ns: sequence.step_ns(),
                notes,
                kind: Kind::Pictures(sequence),
                path: path_buf,
            });
        }
        for (option, is_given) in [("--fps", fps.is_some()), ("--start-number", start.is_some())] {
            if is_given {
                return Err(sapiens::Error::invalid(format!("{option}: this clip has its own times")).at(path));
            }
        }
        std::fs::metadata(path).map_err(|e| sapiens::Error::io("open the clip", path, e))?;
        let ffmpeg = Ffmpeg::find()?;
        let info = ClipInfo::read(&ffmpeg, path)?;
        Ok(Self {
            size: info.size,
            frame_rate: info.frame_rate,
            frames: info.frames,
            step_ns: info.nominal_step_ns(),
            notes: Vec::new(),
            kind: Kind::Clip(Box::new(Clip { ffmpeg, info, decoder: None })),
            path: path_buf,
        })
    }

    /// The next frame with at least this number.
    pub fn next(&mut self, at_least: u64) -> Result<Option<Item>> {
        match &mut self.kind {
            Kind::Pictures(sequence) => {
                sequence.skip_to(at_least);
                Ok(sequence.next().map(|(index, timestamp_ns, frame)| Item { index, timestamp_ns, frame }))
            }
            Kind::Clip(clip) => {
                let Clip { ffmpeg, info, decoder } = clip.as_mut();
                let decoder = match decoder {
                    Some(decoder) => decoder,
                    none => none.insert(Decoder::open(ffmpeg, &self.path, info)?),
                };
                // From the beginning: seeking is not exact in every container, and decoding is quick.
                while let Some(frame) = decoder.next()? {
                    crate::interrupt::check()?;
                    if frame.index >= at_least {
                        let (index, timestamp_ns) = (frame.index, frame.timestamp_ns);
                        return Ok(Some(Item { index, timestamp_ns, frame: Ok(frame) }));
                    }
                }
                Ok(None)
            }
        }
    }

    /// What went wrong while decoding; complete at the end.
    pub fn faults(&self) -> Faults {
        match &self.kind {
            Kind::Clip(clip) => clip.decoder.as_ref().map(|decoder| decoder.faults().clone()).unwrap_or_default(),
            Kind::Pictures(_) => Faults::default(),
        }
    }
}
