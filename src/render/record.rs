//! People as records of the keypoints document.

use crate::error::Result;
use crate::export::json::PersonRecord;
use crate::geometry::Rect;
use crate::skeleton;
use crate::task::pose::Keypoint;

/// A person with named keypoints; without any if there is no pose.
///
/// # Errors
/// Those of [`PersonRecord::new`].
pub fn person_record(bbox: Rect, pose: Option<&[Keypoint]>) -> Result<PersonRecord> {
    let Some(pose) = pose else { return PersonRecord::new::<&str>(bbox, &[], &[]) };
    let points: Vec<[f32; 3]> = pose.iter().map(|k| [k.x, k.y, k.score]).collect();
    PersonRecord::new(bbox, &skeleton::keypoint_names(points.len()), &points)
}
