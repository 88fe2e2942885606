//! Names and relations of what the models predict: sets of 308, 133 and 17 keypoints with their links, sets of 29, 28 and 20
//! classes with their palettes. A set is found by how many it holds.
//!
//! The facts lie in `data/*.json`, are compiled in and parsed once, on first use.

mod classes;
mod correspond;
mod keypoints;

pub use classes::{CLASS_COUNT, CLASS_COUNTS, Class, class_counterpart, class_flip, class_names, class_set, classes};
pub use correspond::keypoint_counterpart;
pub use keypoints::{
    Groups, KEYPOINT_COUNT, KEYPOINT_COUNTS, KeypointSet, Link, keypoint_names, keypoint_set, keypoints,
};
