//! How a tracker works.

use crate::error::{Error, Result};
use std::time::Duration;

/// Whom the tasks look at.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum PersonPolicy {
    /// Everybody.
    #[default]
    All,
    /// The `count` largest boxes, by area.
    Largest {
        /// How many, at least 1.
        count: usize,
    },
    /// The `count` nearest to the camera, which is by the height of the box.
    Nearest {
        /// How many, at least 1.
        count: usize,
    },
    /// The `count` whose boxes have their centre nearest to a point.
    NearestTo {
        /// How many, at least 1.
        count: usize,
        /// Column in image pixels.
        x: f32,
        /// Row in image pixels.
        y: f32,
    },
}

/// Settings of a [`Tracker`](super::Tracker). The defaults fit detectors that deliver what they find above a score of 0.1 to 0.3.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackOptions {
    /// Boxes with at least this score are associated first, and alone bring lost people back; 0 to 1.
    pub sure_score: f32,
    /// Boxes below this are ignored; from here to `sure_score` they only keep alive who was there (ByteTrack); 0 to 1.
    pub unsure_score: f32,
    /// Boxes need this score to begin a track, at least `sure_score`; 0 to 1.
    pub new_score: f32,
    /// Least similarity of a track and a sure box, 0 to 1: intersection over union, mixed with that of the keypoints.
    pub min_similarity: f32,
    /// Least similarity of a track and an unsure box, 0 to 1.
    pub min_similarity_unsure: f32,
    /// Share of the keypoints (OKS) in the similarity where both sides have some, 0 to 1; it falls as far as the box overlaps
    /// that of somebody else.
    pub pose_weight: f32,
    /// Weight of going on in the same direction (OC-SORT), 0 to 1.
    pub direction_weight: f32,
    /// Sightings that confirm a track, at least 1. Tracks of the very first frame are confirmed at once.
    pub confirm_hits: u32,
    /// How long somebody unseen is expected where the motion leads.
    pub max_occluded: Duration,
    /// How long somebody gone is remembered after that.
    pub memory: Duration,
    /// Least cosine between the descriptors of somebody remembered and of somebody new, -1 to 1, where both are known.
    pub min_appearance: f32,
    /// The detector runs on every n-th frame, at least 1, and sooner where needed.
    pub detect_every: u32,
    /// As `detect_every`, while nobody is there.
    pub detect_every_empty: u32,
    /// Keypoints below this score count for nothing.
    pub min_keypoint_score: f32,
    /// Whom the tasks look at.
    pub policy: PersonPolicy,
    /// The step that is assumed where timestamps stand still or run backwards; more than 0.
    pub nominal_step: Duration,
    /// Tracks at a time, 1 to 1000; who comes then begins none, those with the highest scores go first.
    pub max_people: usize,
}

impl Default for TrackOptions {
    fn default() -> Self {
        Self {
            sure_score: 0.45,
            unsure_score: 0.1,
            new_score: 0.5,
            min_similarity: 0.2,
            min_similarity_unsure: 0.4,
            pose_weight: 0.5,
            direction_weight: 0.2,
            confirm_hits: 2,
            max_occluded: Duration::from_millis(1500),
            memory: Duration::from_secs(10),
            min_appearance: 0.6,
            detect_every: 1,
            detect_every_empty: 1,
            min_keypoint_score: 0.3,
            policy: PersonPolicy::All,
            nominal_step: Duration::from_nanos(33_333_333),
            max_people: 256,
        }
    }
}

impl TrackOptions {
    /// The usual [`Self::new_score`] where finds of a detector count above `threshold`: 0.1 more, as ByteTrack's code has it.
    pub fn new_score_above(threshold: f32) -> f32 {
        (threshold + 0.1).min(1.0)
    }

    /// Checks the ranges.
    ///
    /// # Errors
    /// `InvalidArgument` names the option and its range.
    pub fn check(&self) -> Result<()> {
        let shares = [
            ("sure_score", self.sure_score),
            ("unsure_score", self.unsure_score),
            ("new_score", self.new_score),
            ("min_similarity", self.min_similarity),
            ("min_similarity_unsure", self.min_similarity_unsure),
            ("pose_weight", self.pose_weight),
            ("direction_weight", self.direction_weight),
            ("min_keypoint_score", self.min_keypoint_score),
        ];
        for (name, value) in shares {
            if !(0.0..=1.0).contains(&value) {
                return Err(Error::invalid(format!("tracking {name} {value}: must be a number from 0 to 1")));
            }
        }
        if !(-1.0..=1.0).contains(&self.min_appearance) {
            let value = self.min_appearance;
            return Err(Error::invalid(format!("tracking min_appearance {value}: must be a number from -1 to 1")));
        }
        if self.unsure_score > self.sure_score || self.sure_score > self.new_score {
            return Err(Error::invalid(format!(
                "tracking scores: unsure_score {} <= sure_score {} <= new_score {} is needed",
                self.unsure_score, self.sure_score, self.new_score
            )));
        }
        let counts = [
            ("confirm_hits", self.confirm_hits),
            ("detect_every", self.detect_every),
            ("detect_every_empty", self.detect_every_empty),
        ];
        if let Some((name, _)) = counts.iter().find(|(_, value)| *value == 0) {
            return Err(Error::invalid(format!("tracking {name} 0: must be at least 1")));
        }
        if !(1..=1000).contains(&self.max_people) {
            return Err(Error::invalid(format!("tracking max_people {}: must be 1 to 1000", self.max_people)));
        }
        if self.nominal_step.is_zero() {
            return Err(Error::invalid("tracking nominal_step 0: must be longer, such as 33 ms"));
        }
        match self.policy {
            PersonPolicy::Largest { count: 0 }
            | PersonPolicy::Nearest { count: 0 }
            | PersonPolicy::NearestTo { count: 0, .. } => {
                Err(Error::invalid("tracking policy: a count of 0 people; at least 1 is needed"))
            }
            PersonPolicy::NearestTo { x, y, .. } if !(x.is_finite() && y.is_finite()) => {
                Err(Error::invalid(format!("tracking policy: the point {x}, {y} must be finite pixels")))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_out_of_range_are_named() {
        TrackOptions::default().check().unwrap();
        type Change = fn(&mut TrackOptions);
        let wrong: [(&str, Change); 13] = [
            ("sure_score NaN", |o| o.sure_score = f32::NAN),
            ("unsure_score -0.1", |o| o.unsure_score = -0.1),
            ("new_score 1.5", |o| o.new_score = 1.5),
            ("<= sure_score 0.05 <=", |o| o.sure_score = 0.05),
            ("<= new_score 0.3", |o| o.new_score = 0.3),
            ("pose_weight", |o| o.pose_weight = f32::INFINITY),
            ("min_appearance 2", |o| o.min_appearance = 2.0),
            ("confirm_hits 0", |o| o.confirm_hits = 0),
            ("detect_every 0", |o| o.detect_every = 0),
            ("max_people 1001", |o| o.max_people = 1001),
            ("nominal_step 0", |o| o.nominal_step = Duration::ZERO),
            ("at least 1 is needed", |o| o.policy = PersonPolicy::Largest { count: 0 }),
            ("the point NaN", |o| o.policy = PersonPolicy::NearestTo { count: 1, x: f32::NAN, y: 0.0 }),
        ];
        for (says, change) in wrong {
            let mut options = TrackOptions::default();
            change(&mut options);
            let message = options.check().unwrap_err().to_string();
            assert!(message.contains(says), "{says}: {message}");
        }
    }
}
