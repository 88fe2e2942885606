//! Sets of keypoints.

use once_cell::sync::Lazy;
use serde::Deserialize;
use std::borrow::Cow;

/// The keypoints of a kind of pose model. Every `Vec` indexed by keypoint has one entry for each.
#[derive(Debug, Clone)]
pub struct KeypointSet {
    /// Names such as `left_wrist`; left and right are those of the person.
    pub names: Vec<&'static str>,
    /// Which keypoint each one becomes in the mirrored image; itself where it lies in the plane of symmetry.
    pub flip: Vec<usize>,
    /// Standard deviation of the annotation relative to the size of the person (the constants of COCO's OKS).
    pub sigmas: Vec<f32>,
    /// RGB colour to draw each one with.
    pub colors: Vec<[u8; 3]>,
    /// Lines to draw between keypoints.
    pub links: Vec<Link>,
    /// Parts that together hold every keypoint exactly once.
    pub groups: Groups,
    /// Keypoints of head, trunk, arms and hands (without the dense face).
    pub upper_body: Vec<usize>,
    /// Keypoints of hips, legs and feet.
    pub lower_body: Vec<usize>,
}

/// Names for a model with `count` keypoints: those of the official set, `keypoint_0` and so on where there is none.
pub fn keypoint_names(count: usize) -> Vec<Cow<'static, str>> {
    match keypoint_set(count) {
        Some(set) => set.names.iter().map(|&name| name.into()).collect(),
        None => (0..count).map(|i| format!("keypoint_{i}").into()).collect(),
    }
}

/// A line between two keypoints.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Link {
    /// The names of its ends, joined by a hyphen.
    pub name: &'static str,
    /// Index of the keypoint it starts at.
    pub from: usize,
    /// Index of the keypoint it ends at.
    pub to: usize,
    /// RGB colour to draw it with.
    pub color: [u8; 3],
}

/// Indices of the keypoints per part of the body.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Groups {
    /// The 17 keypoints of COCO's body, wrists included.
    pub body: Vec<usize>,
    /// Toes and heels; none in 17.
    pub foot: Vec<usize>,
    /// The left hand: its fingers, and in 133 its root, but not the wrist.
    pub left_hand: Vec<usize>,
    /// The right hand: its fingers, and in 133 its root, but not the wrist.
    pub right_hand: Vec<usize>,
    /// Elbow, shoulder and neck points beyond COCO's.
    pub extra: Vec<usize>,
    /// The dense face of 308, the contour of 133.
    pub face: Vec<usize>,
}

impl Groups {
    /// The groups with their names, in drawing order.
    pub fn named(&self) -> [(&'static str, &[usize]); 6] {
        [
            ("body", &self.body),
            ("foot", &self.foot),
            ("left_hand", &self.left_hand),
            ("right_hand", &self.right_hand),
            ("extra", &self.extra),
            ("face", &self.face),
        ]
    }
}

/// Number of keypoints of Sapiens2.
pub const KEYPOINT_COUNT: usize = 308;
/// Numbers of keypoints that have names here: of Sapiens2 and v1; of v1 on COCO-WholeBody; of v1 on COCO.
pub const KEYPOINT_COUNTS: [usize; 3] = [308, 133, 17];

/// The 308 keypoints of Sapiens2.
pub fn keypoints() -> &'static KeypointSet {
    &SETS[0]
}

/// The official set of a model with this many keypoints; `None` for a number that is in no official set.
pub fn keypoint_set(count: usize) -> Option<&'static KeypointSet> {
    KEYPOINT_COUNTS.iter().position(|known| *known == count).map(|set| &SETS[set])
}

#[derive(Deserialize)]
struct KeypointRow {
    name: &'static str,
    flip: usize,
    sigma: f32,
    color: [u8; 3],
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))] // the names stay in the compiled-in text
struct KeypointFile {
    keypoints: Vec<KeypointRow>,
    links: Vec<Link>,
    groups: Groups,
    upper_body: Vec<usize>,
    lower_body: Vec<usize>,
}

// The files are part of the program, so a failure here is a broken build; the tests below read them.
static SETS: Lazy<[KeypointSet; 3]> = Lazy::new(|| {
    [
        include_str!("data/keypoints308.json"),
        include_str!("data/keypoints133.json"),
        include_str!("data/keypoints17.json"),
    ]
    .map(|text| {
        let KeypointFile { keypoints: rows, links, groups, upper_body, lower_body } =
            serde_json::from_str(text).expect("compiled-in keypoints parse");
        KeypointSet {
            names: rows.iter().map(|row| row.name).collect(),
            flip: rows.iter().map(|row| row.flip).collect(),
            sigmas: rows.iter().map(|row| row.sigma).collect(),
            colors: rows.iter().map(|row| row.color).collect(),
            links,
            groups,
            upper_body,
            lower_body,
        }
    })
});

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_keypoint_has_one_name_and_one_of_everything() {
        for count in KEYPOINT_COUNTS {
            let k = keypoint_set(count).unwrap();
            assert_eq!(k.names.len(), count);
            assert_eq!(k.names.iter().collect::<HashSet<_>>().len(), count);
            assert_eq!([k.flip.len(), k.sigmas.len(), k.colors.len()], [count; 3]);
            assert!(k.sigmas.iter().all(|s| *s > 0.0 && *s < 0.2));
            assert_eq!(k.names[..5], ["nose", "left_eye", "right_eye", "left_ear", "right_ear"]);
            assert_eq!(keypoint_names(count), k.names);
        }
        assert_eq!((KEYPOINT_COUNT, keypoints().names[41], keypoints().names[62]), (308, "right_wrist", "left_wrist"));
        assert_eq!(keypoint_names(3), ["keypoint_0", "keypoint_1", "keypoint_2"]);
        assert!(keypoint_set(3).is_none());
    }

    #[test]
    fn mirroring_twice_changes_nothing_and_swaps_left_with_right() {
        for (count, pairs) in KEYPOINT_COUNTS.into_iter().zip([146, 61, 8]) {
            let k = keypoint_set(count).unwrap();
            for (i, &j) in k.flip.iter().enumerate() {
                assert_eq!(k.flip[j], i, "{}", k.names[i]);
                if let Some(rest) = k.names[i].strip_prefix("left_") {
                    assert_eq!(k.names[j].strip_prefix("right_"), Some(rest));
                }
            }
            assert_eq!(k.flip.iter().enumerate().filter(|(i, j)| i < j).count(), pairs);
        }
    }

    #[test]
    fn links_join_existing_keypoints_and_say_so() {
        for (count, links) in KEYPOINT_COUNTS.into_iter().zip([65, 65, 19]) {
            let k = keypoint_set(count).unwrap();
            assert_eq!(k.links.len(), links);
            for link in &k.links {
                assert_ne!(link.from, link.to);
                assert_eq!(link.name, format!("{}-{}", k.names[link.from], k.names[link.to]));
            }
        }
    }

    #[test]
    fn groups_hold_every_keypoint_once() {
        let sizes = [[17, 6, 20, 20, 7, 238], [17, 6, 21, 21, 0, 68], [17, 0, 0, 0, 0, 0]];
        for (count, sizes) in KEYPOINT_COUNTS.into_iter().zip(sizes) {
            let k = keypoint_set(count).unwrap();
            let mut all: Vec<usize> = k.groups.named().iter().flat_map(|(_, ids)| ids.iter().copied()).collect();
            assert_eq!(k.groups.named().map(|(_, ids)| ids.len()), sizes);
            all.sort_unstable();
            assert_eq!(all, (0..count).collect::<Vec<_>>());
            let halves: HashSet<_> = k.upper_body.iter().chain(&k.lower_body).collect();
            assert_eq!(halves.len(), k.upper_body.len() + k.lower_body.len());
            assert!(halves.iter().all(|&&i| i < count));
            assert_eq!(k.groups.body.iter().filter(|i| halves.contains(i)).count(), 17);
        }
    }
}
