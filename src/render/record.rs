//! People as records of the keypoints document.

use crate::error::Result;
use crate::export::json::{KeypointRecord, PersonRecord};
use crate::geometry::Rect;
use crate::skeleton;
use crate::task::pose::Keypoint;

/// A person with named keypoints; without any if there is no pose.
///
/// # Errors
/// Those of [`PersonRecord::new`].
pub fn person_record(bbox: Rect, pose: Option<&[Keypoint]>) -> Result<PersonRecord> {
    let Some(pose) = pose else { return PersonRecord::new::<&str>(bbox, &[], &[]) };
    PersonRecord::new(bbox, &skeleton::keypoint_names(pose.len()), &points(pose))
}

/// Named keypoints.
///
/// # Errors
/// Those of [`KeypointRecord::all`].
pub fn keypoint_records(pose: &[Keypoint]) -> Result<Vec<KeypointRecord>> {
    KeypointRecord::all(&skeleton::keypoint_names(pose.len()), &points(pose))
}

fn points(pose: &[Keypoint]) -> Vec<[f32; 3]> {
    pose.iter().map(|k| [k.x, k.y, k.score]).collect()
}
