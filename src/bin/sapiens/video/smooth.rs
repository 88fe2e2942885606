//! The second pass over a clip: keypoints smoothed with past and future, from the lines that the first one wrote.

use super::journal::Reader;
use super::line::{FrameLine, points, pose, rounded};
use crate::interrupt;
use sapiens::Result;
use sapiens::file::write_atomic;
use sapiens::task::pose::Keypoint;
use sapiens::track::filter::{Moment, SmootherOptions, smooth};
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write};
use std::path::Path;

/// Somebody over the clip.
#[derive(Default)]
struct Take {
    times: Vec<i64>,
    heights: Vec<f32>,
    poses: Vec<Vec<Keypoint>>,
}

/// Writes the lines again, with `smoothed` beside `keypoints`. The file is there when it is complete.
pub fn write(lines: &Path, target: &Path, step_ns: i64) -> Result<()> {
    let mut people = read(lines, step_ns)?;
    let mut smoothed: BTreeMap<u64, VecDeque<Vec<Keypoint>>> = BTreeMap::new();
    while let Some((id, take)) = people.pop_first() {
        interrupt::check()?;
        smoothed.insert(id, take.smooth()?.into());
    }
    let mut reader = Reader::open(lines)?;
    let mut fault = None;
    let written = write_atomic(target, |out| {
        line_of(out, &reader.header)?;
        loop {
            match reader.next().and_then(|line| interrupt::check().map(|()| line)) {
                Ok(Some(line)) => line_of(out, &with_smoothed(line, &mut smoothed))?,
                Ok(None) => return Ok(()),
                Err(error) => {
                    fault = Some(error);
                    return Err(io::Error::other("the lines cannot be read"));
                }
            }
        }
    });
    fault.map_or(written, Err)
}

fn read(lines: &Path, step_ns: i64) -> Result<BTreeMap<u64, Take>> {
    let mut people: BTreeMap<u64, Take> = BTreeMap::new();
    let (mut reader, mut last) = (Reader::open(lines)?, None);
    while let Some(line) = reader.next()? {
        interrupt::check()?;
        if line.error.is_some() {
            continue;
        }
        // Broken times: the usual step, as the tracker and the overlay take it.
        let time = match last {
            Some(last) if line.timestamp_ns <= last => last.saturating_add(step_ns.max(1)),
            _ => line.timestamp_ns,
        };
        last = Some(time);
        for person in &line.people {
            let take = people.entry(person.id).or_default();
            take.times.push(time);
            take.heights.push(person.bbox[3].max(1.0));
            take.poses.push(person.keypoints.as_deref().map(pose).unwrap_or_default());
        }
    }
    Ok(people)
}

impl Take {
    fn smooth(&self) -> Result<Vec<Vec<Keypoint>>> {
        let moment =
            |i: usize| Moment { timestamp_ns: self.times[i], height_px: self.heights[i], keypoints: &self.poses[i] };
        let moments: Vec<Moment> = (0..self.times.len()).map(moment).collect();
        smooth(&moments, &SmootherOptions::default())
    }
}

fn with_smoothed(mut line: FrameLine, smoothed: &mut BTreeMap<u64, VecDeque<Vec<Keypoint>>>) -> FrameLine {
    if line.error.is_none() {
        for person in &mut line.people {
            let pose = smoothed.get_mut(&person.id).and_then(VecDeque::pop_front);
            person.smoothed = pose.filter(|pose| !pose.is_empty()).map(|pose| points(&rounded(&pose)));
        }
    }
    line
}

fn line_of(out: &mut dyn Write, line: &impl serde::Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line).map_err(io::Error::from)?;
    out.write_all(b"\n")
}
