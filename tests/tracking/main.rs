//! Tracking and temporal filters on rendered sequences with known ids and keypoints, made worse on purpose: boxes and keypoints
//! with noise, unsure and missing detections, false ones, occlusion, exits and returns, dropped frames.

mod baseline;
mod calm;
mod follow;
mod found;
mod scene;
