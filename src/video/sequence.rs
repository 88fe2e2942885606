//! Clips of numbered pictures.

use super::decode::VideoFrame;
use crate::error::{Error, ErrorKind, Result};
use crate::geometry::Size;
use crate::image::Image;
use std::path::{Path, PathBuf};

/// Numbered pictures: `frames/%05d.png`. A number that is missing is a dropped frame: the others keep their times.
#[derive(Debug, Clone)]
pub struct Sequence {
    folder: PathBuf,
    name: Name,
    fps: f64,
    first: u64,
    /// Those there are, ascending.
    numbers: Vec<u64>,
    next: usize,
    size: Option<Size>,
}

/// `before%0WIDTHdafter`
#[derive(Debug, Clone, PartialEq)]
struct Name {
    before: String,
    width: usize,
    after: String,
}

impl Name {
    fn parse(name: &str) -> Option<Self> {
        let (before, rest) = name.split_once('%')?;
        let (digits, after) = rest.split_once('d')?;
        if before.contains('%') || after.contains('%') || !digits.chars().all(|c| c.is_ascii_digit()) {
            return None;
        }
        // `%5d` pads with spaces in C; everybody who writes it means zeros.
        let width = if digits.is_empty() { 0 } else { digits.parse().ok().filter(|w| *w <= 18)? };
        Some(Self { before: before.to_owned(), width, after: after.to_owned() })
    }

    fn number(&self, name: &str) -> Option<u64> {
        let digits = name.strip_prefix(&self.before)?.strip_suffix(&self.after)?;
        let number = digits.chars().all(|c| c.is_ascii_digit()).then(|| digits.parse().ok())??;
        (self.of(number) == name).then_some(number)
    }

    fn of(&self, number: u64) -> String {
        format!("{}{number:0width$}{}", self.before, self.after, width = self.width)
    }
}

impl Sequence {
    /// Whether a path is a pattern and no file.
    pub fn is_pattern(path: &Path) -> bool {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| Name::parse(name).is_some()) && !path.exists()
    }

    /// The pictures that match a pattern, from number `start` (by default the lowest there is) at a frame rate.
    ///
    /// # Errors
    /// `InvalidArgument` for a pattern that is none or a frame rate that is not above 0 and at most 1000; `NotFound` if no
    /// picture matches, or not that of number `start`; `Io` if the folder cannot be listed.
    pub fn open(pattern: &Path, fps: f64, start: Option<u64>) -> Result<Self> {
        let name = pattern.file_name().and_then(|name| name.to_str()).and_then(Name::parse);
        let name = name.ok_or_else(|| Error::invalid("no pattern; give one such as frames/%05d.png").at(pattern))?;
        if !(fps > 0.0 && fps <= 1000.0) {
            return Err(Error::invalid(format!("frame rate {fps}: must be above 0 and at most 1000")).at(pattern));
        }
        let folder = pattern.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let listed = std::fs::read_dir(folder).map_err(|e| Error::io("list the folder of the pattern", pattern, e))?;
        let number = |entry: std::io::Result<std::fs::DirEntry>| name.number(entry.ok()?.file_name().to_str()?);
        let mut numbers: Vec<u64> = listed.filter_map(number).collect();
        numbers.sort_unstable();
        let lowest = numbers.first().copied();
        numbers.retain(|number| start.is_none_or(|start| *number >= start));
        match (numbers.first().copied(), start, lowest) {
            (Some(first), None, _) => {
                Ok(Self { folder: folder.to_path_buf(), name, fps, first, numbers, next: 0, size: None })
            }
            (Some(first), Some(start), _) if first == start => {
                Ok(Self { folder: folder.to_path_buf(), name, fps, first, numbers, next: 0, size: None })
            }
            (_, Some(start), Some(lowest)) => Err(Error::new(
                ErrorKind::NotFound,
                format!("no picture {}; the lowest number is {lowest}", name.of(start)),
            )
            .at(pattern)),
            _ => Err(Error::new(ErrorKind::NotFound, "no picture matches this pattern").at(pattern)),
        }
    }

    /// Numbers from the first picture to the last, missing ones too.
    pub fn span(&self) -> u64 {
        self.numbers.last().map_or(0, |last| last - self.first + 1)
    }

    /// How many of them are missing.
    pub fn missing(&self) -> u64 {
        self.span() - self.numbers.len() as u64
    }

    /// The step between frames in nanoseconds.
    pub fn step_ns(&self) -> i64 {
        (1e9 / self.fps).round() as i64
    }

    /// The next frame, numbered from the first picture, and the picture or why there is none; `None` after the last. The
    /// first picture that can be read gives the size of the clip.
    #[allow(clippy::should_implement_trait)] // as for a decoder
    pub fn next(&mut self) -> Option<(u64, i64, Result<VideoFrame>)> {
        let number = *self.numbers.get(self.next)?;
        self.next += 1;
        let index = number - self.first;
        let timestamp_ns = (index as f64 * 1e9 / self.fps).round() as i64;
        let path = self.folder.join(self.name.of(number));
        let frame = Image::open(&path).and_then(|image| {
            let size = *self.size.get_or_insert(image.size());
            if image.size() != size {
                let message = format!("this picture is {}, the sequence is {size}", image.size());
                return Err(Error::new(ErrorKind::Image, message).at(&path));
            }
            Ok(VideoFrame { index, timestamp_ns, time_was_assumed: false, image })
        });
        Some((index, timestamp_ns, frame))
    }

    /// Leaves frames out up to, not including, that of an index.
    pub fn skip_to(&mut self, index: u64) {
        self.next = self.numbers.partition_point(|number| number - self.first < index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_printf() {
        let name = Name::parse("a_%03d.png").unwrap();
        assert_eq!(name.number("a_007.png"), Some(7));
        assert_eq!(name.number("a_1234.png"), Some(1234), "more digits than the width");
        for other in ["a_7.png", "a_0007.png", "a_07x.png", "b_007.png", "a_+07.png"] {
            assert_eq!(name.number(other), None, "{other}");
        }
        assert_eq!(Name::parse("%d.jpg").unwrap().number("12.jpg"), Some(12));
        for wrong in ["a.png", "%s.png", "%d_%d.png", "%", "%-3d.png", "%99d.png"] {
            assert_eq!(Name::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn missing_numbers_are_dropped_frames_and_damaged_ones_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let pattern = folder.path().join("%04d.ppm");
        assert!(Sequence::is_pattern(&pattern));
        assert!(Sequence::open(&pattern, 25.0, None).unwrap_err().to_string().contains("no picture matches"));
        let write = |number: u32, bytes: &[u8]| std::fs::write(folder.path().join(format!("{number:04}.ppm")), bytes);
        write(5, b"P6 1 1 255\nabc").unwrap();
        write(7, b"P6 1 1 255\nabc").unwrap();
        write(8, b"P6 1 1 2").unwrap();
        write(9, b"P6 2 1 255\nabcdef").unwrap();
        let mut sequence = Sequence::open(&pattern, 25.0, None).unwrap();
        assert_eq!((sequence.span(), sequence.missing()), (5, 1));
        let mut next = || sequence.next().map(|(index, ns, frame)| (index, ns, frame.map_err(|e| e.to_string())));
        assert!(matches!(next(), Some((0, 0, Ok(_)))));
        assert!(matches!(next(), Some((2, 80_000_000, Ok(_)))));
        assert!(matches!(next(), Some((3, _, Err(message))) if message.contains("0008.ppm")));
        assert!(matches!(next(), Some((4, _, Err(message))) if message.contains("the sequence is")));
        assert!(next().is_none());
        sequence.skip_to(2);
        assert_eq!(sequence.next().map(|(index, ..)| index), Some(2));
        let error = Sequence::open(&pattern, 25.0, Some(6)).unwrap_err().to_string();
        assert!(error.contains("0006.ppm") && error.contains("lowest number is 5"), "{error}");
        assert_eq!(Sequence::open(&pattern, 25.0, Some(7)).unwrap().span(), 3);
        assert!(Sequence::open(&pattern, f64::NAN, None).unwrap_err().to_string().contains("frame rate NaN"));
    }
}
