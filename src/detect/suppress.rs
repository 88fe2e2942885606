//! Non-maximum suppression.

use super::Detection;
use crate::geometry::Rect;

/// Greedy non-maximum suppression: the surest box stays, all that overlap it by more than `max_overlap` go, and so on with
/// the next. What stays is sorted by score; of equal scores the earlier one comes first. Boxes or scores that are not
/// finite go.
///
/// As the official code: an edge counts as a pixel, so the area of a box is `(width + 1) * (height + 1)`.
pub fn suppress(found: &[Detection], max_overlap: f32) -> Vec<Detection> {
    let finite = |d: &&Detection| d.score.is_finite() && d.bbox.xyxy().iter().all(|v| v.is_finite());
    let mut sorted: Vec<Detection> = found.iter().filter(finite).copied().collect();
    sorted.sort_by(|a, b| b.score.total_cmp(&a.score));
    let pixels = |b: Rect| Rect { width: b.width + 1.0, height: b.height + 1.0, ..b };
    let mut kept: Vec<Detection> = Vec::new();
    for candidate in sorted {
        let bbox = pixels(candidate.bbox);
        if !kept.iter().any(|other| pixels(other.bbox).iou(bbox) > max_overlap) {
            kept.push(candidate);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f32, y: f32, width: f32, height: f32, score: f32) -> Detection {
        Detection { bbox: Rect { x, y, width, height }, score }
    }

    /// The official code on random boxes (x0, y0, x1, y1, score) with 0.3: which stay, in this order.
    #[test]
    fn the_official_order_of_survivors() {
        const BOXES: [[f32; 5]; 24] = [
            [49.560, 158.607, 149.326, 266.589, 0.514],
            [18.377, 123.402, 174.648, 275.217, 0.874],
            [75.197, 81.701, 188.416, 204.617, 0.754],
            [111.469, 133.164, 141.180, 258.422, 0.429],
            [92.611, 67.723, 174.182, 166.797, 0.539],
            [67.569, 86.711, 123.426, 242.856, 0.500],
            [163.375, 121.671, 301.093, 225.962, 0.657],
            [131.166, 64.137, 224.654, 85.893, 0.867],
            [189.622, 81.864, 277.982, 134.536, 0.315],
            [184.724, 123.311, 335.657, 193.797, 0.807],
            [190.241, 112.546, 220.304, 207.227, 0.543],
            [73.271, 136.982, 182.760, 210.880, 0.854],
            [132.911, 100.840, 213.446, 232.975, 0.390],
            [89.656, 67.458, 169.994, 163.128, 0.775],
            [83.560, 148.522, 224.070, 188.042, 0.646],
            [78.918, 75.407, 171.947, 135.138, 0.385],
            [180.499, 14.404, 263.973, 146.088, 0.487],
            [152.966, 119.019, 311.711, 250.291, 0.469],
            [150.483, 29.263, 226.758, 169.190, 0.396],
            [140.327, 166.289, 266.043, 290.735, 0.854],
            [147.785, 58.967, 203.648, 218.175, 0.860],
            [5.907, 22.944, 35.655, 69.929, 0.335],
            [136.606, 71.934, 167.844, 130.628, 0.968],
            [53.817, 15.405, 161.507, 118.327, 0.626],
        ];
        const KEPT: [usize; 14] = [22, 1, 7, 20, 19, 9, 13, 14, 23, 10, 5, 16, 3, 21];
        let boxes = BOXES.map(|[x0, y0, x1, y1, score]| at(x0, y0, x1 - x0, y1 - y0, score));
        assert_eq!(suppress(&boxes, 0.3), KEPT.map(|i| boxes[i]));
    }

    #[test]
    fn edges_count_as_pixels() {
        // 10 x 10 pixels each, 5 x 10 shared: 50 / 150. Without the extra pixel: 36 / 126.
        let pair = [at(0.0, 0.0, 9.0, 9.0, 0.9), at(5.0, 0.0, 9.0, 9.0, 0.8)];
        assert_eq!(suppress(&pair, 0.334).len(), 2);
        assert_eq!(suppress(&pair, 0.333), pair[..1]);
    }

    #[test]
    fn a_suppressed_box_suppresses_nothing() {
        // The second overlaps both others by more than a third, the third the first by nothing.
        let row = [at(0.0, 0.0, 9.0, 9.0, 0.9), at(5.0, 0.0, 9.0, 9.0, 0.8), at(10.0, 0.0, 9.0, 9.0, 0.7)];
        assert_eq!(suppress(&row, 0.3), [row[0], row[2]]);
        assert_eq!(suppress(&[row[2], row[0], row[1]], 0.3), [row[0], row[2]]);
    }

    #[test]
    fn equal_scores_keep_their_order_and_nonsense_goes() {
        let (a, b) = (at(0.0, 0.0, 5.0, 5.0, 0.5), at(50.0, 0.0, 5.0, 5.0, 0.5));
        assert_eq!(suppress(&[a, b], 0.5), [a, b]);
        assert_eq!(suppress(&[b, a], 0.5), [b, a]);
        let wrong =
            [at(f32::NAN, 0.0, 5.0, 5.0, 0.9), at(0.0, 0.0, f32::INFINITY, 5.0, 0.9), at(0.0, 0.0, 5.0, 5.0, f32::NAN)];
        assert_eq!(suppress(&[&wrong[..], &[a]].concat(), 0.5), [a]);
        assert!(suppress(&[], 0.5).is_empty());
    }
}
