//! Results of earlier frames, for the tasks that do not run on this one.

use super::result::{BoxOrigin, CalmMaps, Dated, LiveMaps, LivePerson};
use crate::engine::{FrameResult, Maps};
use crate::geometry::Size;
use crate::spec::Task;
use std::sync::Arc;

/// Boxes that overlap less are not the same person.
const MIN_OVERLAP: f32 = 0.3;

/// The newest of every task.
#[derive(Debug, Default, Clone)]
pub(super) struct Kept {
    pub image: Size,
    pub people: Vec<LivePerson>,
    pub scene: LiveMaps,
    pub filtered_scene: CalmMaps,
}

impl Kept {
    /// What a frame gave but for its maps, which may not be there yet; poses are moved out.
    pub fn of(result: &mut FrameResult, frame: u64, timestamp_ns: i64) -> Self {
        let people = result.people.iter_mut().enumerate().map(|(i, person)| LivePerson {
            bbox: person.bbox,
            origin: BoxOrigin::default(),
            box_index: None,
            score: person.score,
            track: None,
            filtered: None,
            pose: person.pose.take().map(|pose| Dated { value: Arc::new(pose), frame, timestamp_ns }),
            maps: LiveMaps::default(),
            filtered_maps: CalmMaps::default(),
            seen: Some(i),
        });
        Self { image: result.image, people: people.collect(), ..Self::default() }
    }

    /// Adds the maps of the same frame to the people who were seen there, and the scene.
    pub fn attach(&mut self, mut result: FrameResult, frame: u64, timestamp_ns: i64) {
        let dated = |mut maps: Maps| {
            let tasks = maps.tasks();
            let split = |task: Task| (task, Dated { value: Arc::new(maps.take(task)), frame, timestamp_ns });
            LiveMaps(tasks.into_iter().map(split).collect())
        };
        for person in &mut self.people {
            if let Some(seen) = person.seen.and_then(|i| result.people.get_mut(i)) {
                person.maps = dated(std::mem::take(&mut seen.maps));
            }
        }
        self.scene = dated(result.scene);
    }

    /// Takes over what `older` knows of `tasks` that did not run now. People are matched by their
    /// ids, without those by their boxes; nothing is copied.
    pub fn fill(&mut self, older: &Self, tasks: &[Task]) {
        if older.image != self.image {
            return;
        }
        fill_maps(&mut self.scene, &older.scene, tasks);
        fill_calm(&mut self.filtered_scene, &older.filtered_scene, tasks);
        for (now, then) in pairs(&self.people, &older.people) {
            let (person, known) = (&mut self.people[now], &older.people[then]);
            if !person.is_current() {
                continue;
            }
            if tasks.contains(&Task::Pose) && person.pose.is_none() {
                (person.pose, person.filtered) = (known.pose.clone(), known.filtered.clone());
            }
            fill_maps(&mut person.maps, &known.maps, tasks);
            fill_calm(&mut person.filtered_maps, &known.filtered_maps, tasks);
        }
    }

    /// Without what does not belong to `tasks`.
    pub fn only(mut self, tasks: &[Task]) -> Self {
        let retain = |maps: &mut LiveMaps| maps.0.retain(|(task, _)| tasks.contains(task));
        let retain_calm = |calm: &mut CalmMaps| {
            retain(&mut calm.maps);
            calm.points = calm.points.take().filter(|_| tasks.contains(&Task::Pointmap));
        };
        retain(&mut self.scene);
        retain_calm(&mut self.filtered_scene);
        for person in &mut self.people {
            retain(&mut person.maps);
            retain_calm(&mut person.filtered_maps);
            if !tasks.contains(&Task::Pose) {
                (person.pose, person.filtered) = (None, None);
            }
        }
        self
    }
}

fn fill_maps(maps: &mut LiveMaps, older: &LiveMaps, tasks: &[Task]) {
    let missing = older.0.iter().filter(|(task, _)| tasks.contains(task) && maps.get(*task).is_none());
    let missing: Vec<_> = missing.cloned().collect();
    maps.0.extend(missing);
}

fn fill_calm(calm: &mut CalmMaps, older: &CalmMaps, tasks: &[Task]) {
    fill_maps(&mut calm.maps, &older.maps, tasks);
    if calm.points.is_none() && tasks.contains(&Task::Pointmap) {
        calm.points.clone_from(&older.points);
    }
}

/// Who now is who then: by id, or by the best overlap first, each used once.
fn pairs(now: &[LivePerson], then: &[LivePerson]) -> Vec<(usize, usize)> {
    let mut all: Vec<(f32, usize, usize)> = Vec::new();
    for (i, a) in now.iter().enumerate() {
        let alike = |b: &LivePerson| match (a.track, b.track) {
            (Some(a), Some(b)) => f32::from(u8::from(a.id == b.id)),
            (None, None) => a.bbox.iou(b.bbox),
            _ => 0.0,
        };
        all.extend(then.iter().enumerate().map(|(j, b)| (alike(b), i, j)).filter(|(o, ..)| *o > MIN_OVERLAP));
    }
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (_, i, j) in all {
        if !found.iter().any(|(a, b)| *a == i || *b == j) {
            found.push((i, j));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Person;
    use crate::geometry::Rect;
    use crate::task::pose::Keypoint;

    fn rect(x: f32) -> Rect {
        Rect { x, y: 0.0, width: 10.0, height: 10.0 }
    }

    fn seen(boxes: &[f32], pose: bool, normal: bool) -> FrameResult {
        let maps = |there: bool| Maps { normal: there.then(|| ndarray::Array3::zeros((1, 1, 3))), ..Maps::default() };
        let person = |&x: &f32| Person {
            bbox: rect(x),
            score: None,
            pose: pose.then(|| vec![Keypoint { x, y: 0.0, score: 1.0 }]),
            maps: maps(normal),
        };
        let image = Size::new(100, 100);
        FrameResult { image, people: boxes.iter().map(person).collect(), scene: maps(normal), ..FrameResult::default() }
    }

    fn kept(mut result: FrameResult, frame: u64, timestamp_ns: i64) -> Kept {
        let mut kept = Kept::of(&mut result, frame, timestamp_ns);
        kept.attach(result, frame, timestamp_ns);
        kept
    }

    #[test]
    fn people_keep_what_is_theirs_when_boxes_move_and_change_places() {
        let older = kept(seen(&[0.0, 50.0], true, true), 1, 10);
        let mut now = kept(seen(&[52.0, 2.0, 80.0], false, false), 2, 20);
        now.fill(&older, &[Task::Pose, Task::Normal]);
        let pose = |i: usize| now.people[i].pose.as_ref().map(|p| (p.value[0].x, p.frame, p.timestamp_ns));
        assert_eq!((pose(0), pose(1), pose(2)), (Some((50.0, 1, 10)), Some((0.0, 1, 10)), None));
        assert!(now.people[0].maps.get(Task::Normal).is_some() && now.people[2].maps.get(Task::Normal).is_none());
        assert!(Arc::ptr_eq(
            &now.scene.get(Task::Normal).unwrap().value,
            &older.scene.get(Task::Normal).unwrap().value
        ));
    }

    #[test]
    fn what_is_new_is_not_replaced_and_what_is_not_asked_for_stays_away() {
        let older = kept(seen(&[0.0], true, true), 1, 10);
        let mut now = kept(seen(&[0.0], true, false), 2, 20);
        now.fill(&older, &[Task::Pose]);
        assert_eq!(now.people[0].pose.as_ref().unwrap().frame, 2);
        assert!(now.scene.get(Task::Normal).is_none());
        let only = older.only(&[Task::Normal]);
        assert!(only.people[0].pose.is_none() && only.scene.get(Task::Normal).is_some());
    }

    #[test]
    fn another_image_size_begins_anew() {
        let older = kept(seen(&[0.0], true, true), 1, 10);
        let mut now = kept(FrameResult { image: Size::new(50, 50), ..seen(&[0.0], false, false) }, 2, 20);
        now.fill(&older, &Task::ALL);
        assert!(now.people[0].pose.is_none() && now.scene.tasks().next().is_none());
    }
}
