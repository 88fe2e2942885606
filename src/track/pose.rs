//! What keypoints say about a track: how alike two poses are, the box around one, whether anybody is there.

use crate::geometry::Rect;
use crate::skeleton::{KEYPOINT_COUNTS, KeypointSet, keypoint_set};
use crate::task::pose::Keypoint;
use once_cell::sync::Lazy;

/// Which keypoints count for what.
pub(super) struct Sets {
    /// Compared between poses: body, feet, elbows and shoulders. The dense face and the fingers have sigmas so small that
    /// a frame of motion would make any two poses strangers, and there are so many that they would outvote the rest.
    pub compared: Vec<usize>,
    /// Make up the box: all but the dense face, which lies inside.
    pub boxed: Vec<usize>,
    pub sigmas: Vec<f32>,
    /// Shoulders and hips: they do not swing.
    trunk: Vec<usize>,
}

/// Those of the official numbers of keypoints, in the order of [`KEYPOINT_COUNTS`].
static OFFICIAL: Lazy<Vec<Sets>> =
    Lazy::new(|| KEYPOINT_COUNTS.into_iter().filter_map(keypoint_set).map(official).collect());

fn official(known: &KeypointSet) -> Sets {
    let groups = &known.groups;
    let compared = [&groups.body[..], &groups.foot, &groups.extra].concat();
    let boxed = [&compared[..], &groups.left_hand, &groups.right_hand].concat();
    let is_trunk = |i: &usize| ["shoulder", "hip"].iter().any(|part| known.names[*i].ends_with(part));
    let trunk = groups.body.iter().filter(|i| is_trunk(i)).copied().collect();
    Sets { compared, boxed, sigmas: known.sigmas.clone(), trunk }
}

/// Sigma of keypoints that nothing is known about: that of COCO's shoulders.
const UNKNOWN_SIGMA: f32 = 0.079;

/// The sets for poses of `count` keypoints: where no official set has that many, all count for everything.
fn with_sets<T>(count: usize, then: impl FnOnce(&Sets) -> T) -> T {
    if let Some(sets) = OFFICIAL.iter().find(|sets| sets.sigmas.len() == count) {
        return then(sets);
    }
    let all: Vec<usize> = (0..count).collect();
    then(&Sets { compared: all.clone(), boxed: all, sigmas: vec![UNKNOWN_SIGMA; count], trunk: Vec::new() })
}

/// Share of the box that COCO's annotated bodies cover, as MMPose takes it where there is no mask.
const BODY_SHARE: f64 = 0.53;

/// Object keypoint similarity (COCO) of two found poses: the mean of `exp(-d^2 / (2 s^2 k^2))` with `k = 2 sigma` and `s^2`
/// the area of the body in square pixels, over keypoints sure on both sides. `None` with fewer than a third of those that
/// either side is sure of, or fewer than three: too little in common to compare. Lengths must agree.
pub(super) fn similarity(a: &[Keypoint], b: &[Keypoint], box_area: f64, min_score: f32) -> Option<f64> {
    if a.len() != b.len() {
        return None;
    }
    with_sets(a.len(), |sets| {
        let (mut sum, mut shared, mut either) = (0.0, 0usize, 0usize);
        for &i in &sets.compared {
            let (is_a, is_b) = (is_sure(&a[i], min_score), is_sure(&b[i], min_score));
            either += usize::from(is_a || is_b);
            if is_a && is_b {
                let squared = f64::from(a[i].x - b[i].x).powi(2) + f64::from(a[i].y - b[i].y).powi(2);
                let variance = (2.0 * f64::from(sets.sigmas[i])).powi(2) * (BODY_SHARE * box_area).max(1.0);
                sum += (-squared / variance / 2.0).exp();
                shared += 1;
            }
        }
        (shared >= 3 && shared * 3 >= either).then(|| sum / shared as f64)
    })
}

/// The middle of the trunk: of shoulders and hips, at least two of which are sure. `None` for poses of no
/// official set.
pub(super) fn trunk(pose: &[Keypoint], min_score: f32) -> Option<[f64; 2]> {
    with_sets(pose.len(), |sets| {
        let sure: Vec<&Keypoint> = sets.trunk.iter().map(|&i| &pose[i]).filter(|k| is_sure(k, min_score)).collect();
        let mean = |of: fn(&Keypoint) -> f32| sure.iter().map(|k| f64::from(of(k))).sum::<f64>() / sure.len() as f64;
        (sure.len() >= 2).then(|| [mean(|k| k.x), mean(|k| k.y)])
    })
}

fn is_sure(keypoint: &Keypoint, min_score: f32) -> bool {
    keypoint.score >= min_score && keypoint.x.is_finite() && keypoint.y.is_finite()
}

/// The hull of the keypoints that count, and how sure the pose is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Hull {
    /// Left, upper, right, lower.
    pub edges: [f32; 4],
    /// Mean score of the sure ones among the compared keypoints, held in 0..1.
    pub score: f32,
}

impl Hull {
    /// `None` where too few keypoints are sure for somebody to be there: fewer than three, or a sixth.
    pub fn of(pose: &[Keypoint], min_score: f32) -> Option<Self> {
        with_sets(pose.len(), |sets| {
            let sure = sets.boxed.iter().map(|&i| &pose[i]).filter(|k| is_sure(k, min_score));
            let mut edges = [f32::INFINITY, f32::INFINITY, f32::NEG_INFINITY, f32::NEG_INFINITY];
            for Keypoint { x, y, .. } in sure {
                edges = [edges[0].min(*x), edges[1].min(*y), edges[2].max(*x), edges[3].max(*y)];
            }
            let compared = sets.compared.iter().map(|&i| &pose[i]).filter(|k| is_sure(k, min_score));
            let scores: Vec<f32> = compared.map(|k| k.score.min(1.0)).collect();
            let (sure_bodies, score) = (scores.len(), scores.iter().sum::<f32>() / scores.len().max(1) as f32);
            (sure_bodies >= 3 && sure_bodies * 6 >= sets.compared.len()).then_some(Self { edges, score })
        })
    }

    fn longest(&self) -> f32 {
        (self.edges[2] - self.edges[0]).max(self.edges[3] - self.edges[1]).max(1.0)
    }

    /// The box with margins around the hull.
    pub fn padded(&self, margins: &Margins) -> Rect {
        let [left, top, right, bottom] = margins.0.map(|m| m * self.longest());
        let [x0, y0, x1, y1] = self.edges;
        let (x, y) = (x0 - left, y0 - top);
        Rect { x, y, width: (x1 + right - x).max(1.0), height: (y1 + bottom - y).max(1.0) }
    }
}

/// How far a person's box reaches beyond the hull of the keypoints: left, upper, right, lower, as shares of its longer side.
///
/// They are learnt per track from frames that have both, so that boxes from keypoints are those the detector would give:
/// otherwise boxes would jump at every detection, and shrink or grow from frame to frame without one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Margins([f32; 4]);

impl Default for Margins {
    /// The highest keypoints are eyes and ears, the lowest toes and heels.
    fn default() -> Self {
        Self([0.04, 0.07, 0.04, 0.02])
    }
}

impl Margins {
    const LIMIT: f32 = 0.3;
    /// Share of a new frame.
    const PACE: f32 = 0.2;

    pub fn learn(&mut self, hull: &Hull, bbox: Rect) {
        let outside = bbox.xyxy();
        let reach = [
            hull.edges[0] - outside[0],
            hull.edges[1] - outside[1],
            outside[2] - hull.edges[2],
            outside[3] - hull.edges[3],
        ];
        for (margin, reach) in self.0.iter_mut().zip(reach) {
            let seen = (reach / hull.longest()).clamp(0.0, Self::LIMIT);
            *margin += Self::PACE * (seen - *margin);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::skeleton::KEYPOINT_COUNT;

    /// A standing person of that height with its upper left corner there: all keypoints in a column.
    fn standing(x: f32, y: f32, height: f32, score: f32) -> Vec<Keypoint> {
        let at = |i: usize| Keypoint { x: x + (i % 5) as f32, y: y + height * i as f32 / 307.0, score };
        (0..KEYPOINT_COUNT).map(at).collect()
    }

    #[test]
    fn the_same_pose_is_alike_and_falls_off_with_the_distance() {
        let (pose, area) = (standing(0.0, 0.0, 200.0, 0.9), 100.0 * 200.0);
        let likeness = |dx: f32| similarity(&pose, &standing(dx, 0.0, 200.0, 0.9), area, 0.3).unwrap();
        assert_eq!(likeness(0.0), 1.0);
        assert!(likeness(5.0) > likeness(20.0) && likeness(20.0) > likeness(60.0) && likeness(60.0) < 0.1);
        // By hand, all points of one sigma: (2 * 0.079)^2 * 0.53 * 100 * 100 = 132.3.
        let point = |x: f32| [Keypoint { x, y: 1.0, score: 1.0 }; 4];
        let value = similarity(&point(0.0), &point(10.0), 1e4, 0.3).unwrap();
        assert!((value - (-100.0f64 / 132.3 / 2.0).exp()).abs() < 1e-3, "{value}");
    }

    #[test]
    fn poses_with_too_little_in_common_are_not_compared() {
        let sure = standing(0.0, 0.0, 200.0, 0.9);
        assert_eq!(similarity(&sure, &standing(0.0, 0.0, 200.0, 0.2), 1e4, 0.3), None);
        assert_eq!(similarity(&sure, &sure[..17], 1e4, 0.3), None);
        assert_eq!(similarity(&[], &[], 1e4, 0.3), None);
        let nan = vec![Keypoint { x: f32::NAN, y: 0.0, score: 0.9 }; KEYPOINT_COUNT];
        assert_eq!(similarity(&sure, &nan, 1e4, 0.3), None);
    }

    #[test]
    fn boxes_from_keypoints_become_those_of_the_detector() {
        let hull = Hull::of(&standing(50.0, 20.0, 200.0, 0.8), 0.3).unwrap();
        assert!((hull.score - 0.8).abs() < 1e-6);
        let [x, y, right, lower] = hull.edges;
        let wanted = Rect { x: x - 5.0, y: y - 9.0, width: right - x + 5.0, height: lower - y + 13.0 };
        let mut margins = Margins::default();
        for _ in 0..40 {
            margins.learn(&hull, wanted);
        }
        let found = hull.padded(&margins);
        assert!(found.iou(wanted) > 0.99, "{found:?} instead of {wanted:?}");
    }

    #[test]
    fn the_trunk_is_between_shoulders_and_hips() {
        let pose = standing(50.0, 20.0, 200.0, 0.8);
        let trunks: Vec<&[usize]> = OFFICIAL.iter().map(|sets| sets.trunk.as_slice()).collect();
        assert_eq!(trunks, [[5, 6, 9, 10], [5, 6, 11, 12], [5, 6, 11, 12]]);
        let counts = |sets: &Sets| (sets.compared.len(), sets.boxed.len());
        assert_eq!(OFFICIAL.iter().map(counts).collect::<Vec<_>>(), [(30, 70), (23, 65), (17, 17)]);
        let [x, y] = trunk(&pose, 0.3).unwrap();
        assert!((x - 51.25).abs() < 1e-3 && (y - (20.0 + 200.0 * 7.5 / 307.0)).abs() < 1e-3, "{x} {y}");
        assert!(trunk(&pose[..18], 0.3).is_none() && trunk(&pose, 0.9).is_none());
    }

    #[test]
    fn a_pose_that_nothing_is_sure_of_is_nobody() {
        assert_eq!(Hull::of(&standing(0.0, 0.0, 100.0, 0.1), 0.3), None);
        assert_eq!(Hull::of(&standing(0.0, 0.0, 100.0, f32::NAN), 0.3), None);
        assert_eq!(Hull::of(&[], 0.3), None);
        let mut two = standing(0.0, 0.0, 100.0, 0.1);
        (two[5].score, two[6].score) = (0.9, 0.9);
        assert_eq!(Hull::of(&two, 0.3), None);
    }
}
