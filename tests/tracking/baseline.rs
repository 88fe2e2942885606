//! What a tracker has to be better than: boxes go to the track whose last box they overlap most.

use sapiens::geometry::Rect;

/// Greedy matching by intersection over union, no motion, no keypoints, no memory.
#[derive(Default)]
pub struct IouMatcher {
    tracks: Vec<Held>,
    last_id: u64,
}

struct Held {
    id: u64,
    bbox: Rect,
    seen_ns: i64,
}

const LEAST: f32 = 0.3;
const FORGET_NS: i64 = 1_500_000_000;

impl IouMatcher {
    /// The tracks that are seen.
    pub fn update(&mut self, timestamp_ns: i64, boxes: &[Rect]) -> Vec<(u64, Rect)> {
        self.tracks.retain(|t| timestamp_ns - t.seen_ns <= FORGET_NS);
        let mut pairs: Vec<(f32, usize, usize)> = Vec::new();
        for (t, track) in self.tracks.iter().enumerate() {
            pairs.extend(boxes.iter().enumerate().map(|(b, bbox)| (track.bbox.iou(*bbox), t, b)));
        }
        pairs.retain(|(overlap, ..)| *overlap >= LEAST);
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
        let (mut taken, mut owner) = (vec![false; self.tracks.len()], vec![None; boxes.len()]);
        for (_, t, b) in pairs {
            if !taken[t] && owner[b].is_none() {
                (taken[t], owner[b]) = (true, Some(t));
            }
        }
        let mut out = Vec::new();
        for (bbox, owner) in boxes.iter().zip(owner) {
            let held = match owner {
                Some(t) => &mut self.tracks[t],
                None => {
                    self.last_id += 1;
                    self.tracks.push(Held { id: self.last_id, bbox: *bbox, seen_ns: timestamp_ns });
                    self.tracks.last_mut().unwrap()
                }
            };
            (held.bbox, held.seen_ns) = (*bbox, timestamp_ns);
            out.push((held.id, *bbox));
        }
        out
    }
}
