//! Names and relations of what the models predict: 308 keypoints with their links, 29 classes with their palette.
//!
//! The facts lie in `data/*.json`, are compiled in and parsed once, on first use.

use once_cell::sync::Lazy;
use serde::Deserialize;
use std::borrow::Cow;

/// The keypoints of the Sapiens2 pose models. Every `Vec` indexed by keypoint has 308 entries.
#[derive(Debug, Clone)]
pub struct Keypoints308 {
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

/// Names for a model with `count` keypoints: those of the official set for 308, `keypoint_0` and so on for any other.
pub fn keypoint_names(count: usize) -> Vec<Cow<'static, str>> {
    match count {
        KEYPOINT_COUNT => keypoints().names.iter().map(|&name| name.into()).collect(),
        _ => (0..count).map(|i| format!("keypoint_{i}").into()).collect(),
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
    /// Toes and heels.
    pub foot: Vec<usize>,
    /// The left hand without its wrist.
    pub left_hand: Vec<usize>,
    /// The right hand without its wrist.
    pub right_hand: Vec<usize>,
    /// Elbow, shoulder and neck points beyond COCO's.
    pub extra: Vec<usize>,
    /// The dense face.
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

/// A class of the body-part segmentation; its position in [`classes`] is its label.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Class {
    /// Name such as `Left_Hand`; left and right are those of the person.
    pub name: &'static str,
    /// RGB colour of the palette.
    pub color: [u8; 3],
    /// Label this one becomes in the mirrored image.
    flip: u8,
}

/// Number of keypoints.
pub const KEYPOINT_COUNT: usize = 308;
/// Number of classes, background (label 0) included.
pub const CLASS_COUNT: usize = 29;

/// The 308 keypoints.
pub fn keypoints() -> &'static Keypoints308 {
    &KEYPOINTS
}

/// The 29 classes, in label order.
pub fn classes() -> &'static [Class] {
    &CLASSES
}

/// Which label each label becomes in the mirrored image.
pub fn class_flip() -> [u8; CLASS_COUNT] {
    std::array::from_fn(|label| CLASSES[label].flip)
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
static KEYPOINTS: Lazy<Keypoints308> = Lazy::new(|| {
    let file: KeypointFile =
        serde_json::from_str(include_str!("data/keypoints308.json")).expect("compiled-in keypoints308.json parses");
    let KeypointFile { keypoints: rows, links, groups, upper_body, lower_body } = file;
    Keypoints308 {
        names: rows.iter().map(|row| row.name).collect(),
        flip: rows.iter().map(|row| row.flip).collect(),
        sigmas: rows.iter().map(|row| row.sigma).collect(),
        colors: rows.iter().map(|row| row.color).collect(),
        links,
        groups,
        upper_body,
        lower_body,
    }
});

static CLASSES: Lazy<Vec<Class>> =
    Lazy::new(|| serde_json::from_str(include_str!("data/classes29.json")).expect("compiled-in classes29.json parses"));

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_keypoint_has_one_name_and_one_of_everything() {
        let k = keypoints();
        assert_eq!(k.names.len(), KEYPOINT_COUNT);
        assert_eq!(k.names.iter().collect::<HashSet<_>>().len(), KEYPOINT_COUNT);
        assert_eq!([k.flip.len(), k.sigmas.len(), k.colors.len()], [KEYPOINT_COUNT; 3]);
        assert!(k.sigmas.iter().all(|s| *s > 0.0 && *s < 0.2));
        assert_eq!(keypoint_names(KEYPOINT_COUNT)[41], "right_wrist");
        assert_eq!(keypoint_names(3), ["keypoint_0", "keypoint_1", "keypoint_2"]);
        assert_eq!((k.names[0], k.names[41], k.names[62]), ("nose", "right_wrist", "left_wrist"));
    }

    #[test]
    fn mirroring_twice_changes_nothing_and_swaps_left_with_right() {
        let k = keypoints();
        for (i, &j) in k.flip.iter().enumerate() {
            assert_eq!(k.flip[j], i, "{}", k.names[i]);
            if let Some(rest) = k.names[i].strip_prefix("left_") {
                assert_eq!(k.names[j].strip_prefix("right_"), Some(rest));
            }
        }
        assert_eq!(k.flip.iter().enumerate().filter(|(i, j)| i < j).count(), 146);
    }

    #[test]
    fn links_join_existing_keypoints_and_say_so() {
        let k = keypoints();
        assert_eq!(k.links.len(), 65);
        for link in &k.links {
            assert_ne!(link.from, link.to);
            assert_eq!(link.name, format!("{}-{}", k.names[link.from], k.names[link.to]));
        }
    }

    #[test]
    fn groups_hold_every_keypoint_once() {
        let k = keypoints();
        let mut all: Vec<usize> = k.groups.named().iter().flat_map(|(_, ids)| ids.iter().copied()).collect();
        assert_eq!(k.groups.named().map(|(_, ids)| ids.len()), [17, 6, 20, 20, 7, 238]);
        all.sort_unstable();
        assert_eq!(all, (0..KEYPOINT_COUNT).collect::<Vec<_>>());
        let halves: HashSet<_> = k.upper_body.iter().chain(&k.lower_body).collect();
        assert_eq!(halves.len(), k.upper_body.len() + k.lower_body.len());
        assert!(halves.iter().all(|&&i| i < KEYPOINT_COUNT));
    }

    #[test]
    fn classes_have_distinct_names_and_colours_and_a_mirror() {
        let (all, flip) = (classes(), class_flip());
        assert_eq!(all.len(), CLASS_COUNT);
        assert_eq!(all[0].name, "Background");
        assert_eq!(all.iter().map(|c| c.name).collect::<HashSet<_>>().len(), CLASS_COUNT);
        assert_eq!(all.iter().map(|c| c.color).collect::<HashSet<_>>().len(), CLASS_COUNT);
        for (i, &j) in flip.iter().enumerate() {
            assert_eq!(usize::from(flip[usize::from(j)]), i);
            let mirrored = match all[i].name.split_once('_') {
                Some(("Left", rest)) => format!("Right_{rest}"),
                Some(("Right", rest)) => format!("Left_{rest}"),
                _ => all[i].name.to_owned(),
            };
            assert_eq!(all[usize::from(j)].name, mirrored);
        }
    }
}
