//! Which keypoint of one official set is which of another.

use super::keypoints::keypoint_set;
use std::borrow::Cow;

/// The index in the set of `to` keypoints of the place that keypoint `index` of the set of `from` stands for; `None` where
/// that set has no such place, and for numbers of keypoints that are in no official set.
///
/// Only what means the same place counts: equal names; the joints of fingers, counted from the knuckle in 133 (`thumb1`) and
/// named in 308 (`thumb_third_joint`); the roots of hands in 133, which are the wrists; and those points of the face in 133
/// (a contour of 68 points in the order of iBUG 300-W) that 308 has too. From a wrist one gets to the wrist, not to the root.
pub fn keypoint_counterpart(from: usize, index: usize, to: usize) -> Option<usize> {
    let (from, to) = (keypoint_set(from)?, keypoint_set(to)?);
    let place = place(from.names.get(index)?);
    if std::ptr::eq(from, to) {
        return Some(index);
    }
    to.names.iter().position(|name| self::place(name) == place)
}

/// Points of the face contour in 133, by their number there, that have a name in 308. The corners of the eyes are where the
/// lash lines end. The other points lie between those of the dense face, at places that it does not mark.
const FACE: [(usize, &str); 20] = [
    (8, "tip_of_chin"),
    (17, "end_of_r_eyebrow"),
    (26, "end_of_l_eyebrow"),
    (27, "center_of_nose_root"),
    (30, "tip_of_nose"),
    (31, "r_outer_corner_of_nose"),
    (33, "bottom_center_of_nose"),
    (35, "l_outer_corner_of_nose"),
    (36, "r_outer_end_of_upper_lash_line"),
    (39, "r_inner_end_of_upper_lash_line"),
    (42, "l_inner_end_of_upper_lash_line"),
    (45, "l_outer_end_of_upper_lash_line"),
    (48, "r_outer_corner_of_mouth"),
    (51, "center_of_cupid_bow"),
    (54, "l_outer_corner_of_mouth"),
    (57, "center_of_lower_outer_lip"),
    (60, "r_inner_corner_of_mouth"),
    (62, "center_of_upper_inner_lip"),
    (64, "l_inner_corner_of_mouth"),
    (66, "center_of_lower_inner_lip"),
];

/// One name per place, whatever the set calls it.
fn place(name: &'static str) -> Cow<'static, str> {
    if let Some(finger) = name.strip_suffix("_third_joint") {
        return format!("{finger}1").into();
    }
    if let Some(number) = name.strip_prefix("face-") {
        let known = FACE.iter().find(|(at, _)| number.parse() == Ok(*at));
        return known.map_or(name, |(_, place)| *place).into();
    }
    match name {
        "left_hand_root" => "left_wrist".into(),
        "right_hand_root" => "right_wrist".into(),
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::keypoints::KEYPOINT_COUNTS;
    use super::*;

    #[test]
    fn there_and_back_is_the_same_place() {
        let mut pairs = Vec::new();
        for from in KEYPOINT_COUNTS {
            for to in KEYPOINT_COUNTS.into_iter().filter(|to| *to != from) {
                let found: Vec<(usize, usize)> =
                    (0..from).filter_map(|i| Some((i, keypoint_counterpart(from, i, to)?))).collect();
                for &(i, j) in &found {
                    let back = keypoint_counterpart(to, j, from).unwrap();
                    let names = [&keypoint_set(from).unwrap().names[i], &keypoint_set(from).unwrap().names[back]];
                    assert!(back == i || names[0].ends_with("_hand_root") && names[1].ends_with("_wrist"), "{names:?}");
                    // What mirrors one mirrors the other.
                    let (a, b) = (keypoint_set(from).unwrap().flip[i], keypoint_set(to).unwrap().flip[j]);
                    assert_eq!(keypoint_counterpart(from, a, to), Some(b), "{names:?}");
                }
                pairs.push((from, to, found.len()));
            }
        }
        let expected = [(308, 133, 83), (308, 17, 17), (133, 308, 85), (133, 17, 19), (17, 308, 17), (17, 133, 17)];
        assert_eq!(pairs, expected);
    }

    #[test]
    fn names_that_differ_are_known() {
        assert_eq!(keypoint_counterpart(133, 91, 308), Some(62), "hand root, wrist");
        assert_eq!(keypoint_counterpart(308, 62, 133), Some(9), "wrist");
        assert_eq!(keypoint_counterpart(308, 45, 133), Some(92), "thumb");
        assert_eq!(keypoint_counterpart(308, 42, 133), Some(95), "tip of the thumb");
        assert_eq!(keypoint_counterpart(308, 69, 133), None, "neck");
        assert_eq!([keypoint_counterpart(308, 308, 17), keypoint_counterpart(4, 0, 17)], [None; 2]);
        assert_eq!(keypoint_counterpart(133, 50, 133), Some(50));
        let dense = &keypoint_set(308).unwrap().names;
        assert!(FACE.iter().all(|(_, place)| dense.contains(place)), "each place of the face is one of 308");
    }
}
