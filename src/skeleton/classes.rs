//! Classes of body-part segmentation.

use once_cell::sync::Lazy;
use serde::Deserialize;
use std::borrow::Cow;

/// A class of the body-part segmentation; its position in its set is its label.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Class {
    /// Name such as `Left_Hand`; left and right are those of the person.
    pub name: &'static str,
    /// RGB colour of the palette.
    pub color: [u8; 3],
    /// Label this one becomes in the mirrored image; itself where it has no sides.
    pub flip: u8,
}

/// Number of classes of Sapiens2, background (label 0) included.
pub const CLASS_COUNT: usize = 29;
/// Numbers of classes that have names here: of Sapiens2; of Sapiens v1 (without `Eyeglass`); of its CIHP and LIP heads.
pub const CLASS_COUNTS: [usize; 3] = [29, 28, 20];

/// The 29 classes of Sapiens2, in label order.
pub fn classes() -> &'static [Class] {
    &SETS[0]
}

/// The official classes of a model with this many, background included, in label order; `None` for a number that is in no
/// official set.
pub fn class_set(count: usize) -> Option<&'static [Class]> {
    CLASS_COUNTS.iter().position(|known| *known == count).map(|set| SETS[set].as_slice())
}

/// Names for a model with `count` classes: those of the official set, `class_0` and so on where there is none.
pub fn class_names(count: usize) -> Vec<Cow<'static, str>> {
    match class_set(count) {
        Some(set) => set.iter().map(|class| class.name.into()).collect(),
        None => (0..count).map(|i| format!("class_{i}").into()).collect(),
    }
}

/// Which label each of the 29 becomes in the mirrored image.
pub fn class_flip() -> [u8; CLASS_COUNT] {
    std::array::from_fn(|label| classes()[label].flip)
}

/// The label in the set of `to` classes that means the same (has the same name) as `label` in the set of `from`; `None` where
/// there is none, and for numbers of classes that are in no official set.
///
/// From 28 to 29 that is the label, and from 2 on the next; 29's `Eyeglass` has none in 28.
pub fn class_counterpart(from: usize, label: u8, to: usize) -> Option<u8> {
    let name = class_set(from)?.get(usize::from(label))?.name;
    class_set(to)?.iter().zip(0..).find(|(class, _)| class.name == name).map(|(_, label)| label)
}

// The files are part of the program, so a failure here is a broken build; the tests below read them.
static SETS: Lazy<[Vec<Class>; 3]> = Lazy::new(|| {
    [include_str!("data/classes29.json"), include_str!("data/classes28.json"), include_str!("data/classes20.json")]
        .map(|text| serde_json::from_str(text).expect("compiled-in classes parse"))
});

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn classes_have_distinct_names_and_colours_and_a_mirror() {
        for count in CLASS_COUNTS {
            let all = class_set(count).unwrap();
            assert_eq!(all.len(), count);
            assert_eq!(all[0].name, "Background");
            assert_eq!(all.iter().map(|c| c.name).collect::<HashSet<_>>().len(), count);
            assert_eq!(all.iter().map(|c| c.color).collect::<HashSet<_>>().len(), count);
            for (i, class) in all.iter().enumerate() {
                assert_eq!(usize::from(all[usize::from(class.flip)].flip), i);
                let mirrored = match class.name.split_at_checked(class.name.find(['_', '-']).unwrap_or(0)) {
                    Some(("Left", rest)) => format!("Right{rest}"),
                    Some(("Right", rest)) => format!("Left{rest}"),
                    _ => class.name.to_owned(),
                };
                assert_eq!(all[usize::from(class.flip)].name, mirrored);
            }
        }
        assert_eq!(class_flip()[5], classes()[5].flip);
        assert_eq!((class_set(19), class_names(2)), (None, vec!["class_0".into(), "class_1".into()]));
        assert_eq!(class_names(20)[19], "Right-shoe");
    }

    #[test]
    fn the_28_are_the_29_without_eyeglasses() {
        for label in 0..28u8 {
            let shifted = if label < 2 { label } else { label + 1 };
            assert_eq!(class_counterpart(28, label, 29), Some(shifted));
            assert_eq!(class_counterpart(29, shifted, 28), Some(label));
            assert_eq!(class_set(28).unwrap()[usize::from(label)].color, classes()[usize::from(shifted)].color);
        }
        assert_eq!(classes()[2].name, "Eyeglass");
        assert_eq!(
            [class_counterpart(29, 2, 28), class_counterpart(28, 28, 29), class_counterpart(7, 0, 29)],
            [None; 3]
        );
    }
}
