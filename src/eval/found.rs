//! Which labelled person a box that was found belongs to.

use crate::dataset::LabelledPerson;
use crate::geometry::Rect;

/// A box below this intersection over union with everybody belongs to nobody.
const MIN_IOU: f32 = 0.5;

/// For each person the box that is taken for it. The boxes, the surest first, each take the free person that they overlap
/// most (intersection over union of at least 0.5), with labelled keypoints or without.
pub(super) fn taken_by(people: &[LabelledPerson], boxes: &[Rect]) -> Vec<Option<usize>> {
    let mut taken = vec![None; people.len()];
    for (i, bbox) in boxes.iter().enumerate() {
        let free = (0..people.len()).filter(|p| taken[*p].is_none());
        let overlaps = free.map(|p| (bbox.iou(people[p].bbox), p)).filter(|(iou, _)| *iou >= MIN_IOU);
        if let Some((_, person)) = overlaps.max_by(|a, b| a.0.total_cmp(&b.0)) {
            taken[person] = Some(i);
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f32) -> Rect {
        Rect { x, y: 0.0, width: 30.0, height: 60.0 }
    }

    #[test]
    fn the_surest_box_chooses_first() {
        let person = |x| LabelledPerson { bbox: at(x), area_px: None, keypoints: None };
        let people = [person(0.0), person(8.0), person(500.0)];
        assert_eq!(taken_by(&people, &[at(7.0), at(9.0)]), [Some(1), Some(0), None]);
        // An overlap of 20 of 40 columns is enough; a person is taken once.
        assert_eq!(taken_by(&people, &[at(490.0), at(501.0)]), [None, None, Some(0)]);
        assert_eq!(taken_by(&people, &[at(489.0)]), [None; 3]);
        assert!(taken_by(&[], &[at(0.0)]).is_empty());
    }
}
