//! Which tasks run on a frame.

use super::statistics::moving;
use crate::engine::Timing;
use crate::spec::Task;
use std::collections::BTreeMap;
use std::time::Duration;

/// How often a task runs, and how important it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskSetting {
    /// The task.
    pub task: Task,
    /// It runs on every n-th frame that is worked on; 0: never.
    pub every_n: u32,
    /// Where the budget is short, tasks of a higher priority are chosen first.
    pub priority: i32,
}

#[derive(Debug, Clone, Copy, Default)]
struct History {
    /// Ordinal of the frame it last ran on.
    last: Option<u64>,
    /// How often it has been put off since.
    put_off: u32,
    /// Its own time: model and postprocessing.
    own_ms: Option<f64>,
}

/// Settings and recent times of the tasks of a stream.
#[derive(Debug)]
pub(super) struct Cadence {
    settings: Vec<TaskSetting>,
    /// Whether tasks without a setting run, on every frame.
    others_run: bool,
    history: BTreeMap<Task, History>,
    /// What the tasks of a model share (preprocessing, backbone), by its first task.
    shared_ms: BTreeMap<Task, f64>,
    budget: Option<Duration>,
    /// Frames worked on.
    frames: u64,
}

impl Cadence {
    /// Without settings every task runs on every frame.
    pub fn new(settings: Vec<TaskSetting>, budget: Option<Duration>) -> Self {
        let others_run = settings.is_empty();
        Self { settings, others_run, history: BTreeMap::new(), shared_ms: BTreeMap::new(), budget, frames: 0 }
    }

    /// Changes a task.
    pub fn set(&mut self, setting: TaskSetting) {
        self.settings.retain(|known| known.task != setting.task);
        self.settings.push(setting);
    }

    fn setting(&self, task: Task) -> TaskSetting {
        let default = TaskSetting { task, every_n: u32::from(self.others_run), priority: 0 };
        self.settings.iter().find(|s| s.task == task).copied().unwrap_or(default)
    }

    /// The tasks of `available` that are not switched off.
    pub fn enabled(&self, available: &[Task]) -> Vec<Task> {
        available.iter().copied().filter(|task| self.setting(*task).every_n > 0).collect()
    }

    /// All tasks are due again: nothing is known about this kind of frame.
    pub fn forget(&mut self) {
        self.history.values_mut().for_each(|history| history.last = None);
    }

    /// Begins a frame: the tasks to run, in the order of `groups` (those of each model together). `wanted` narrows the
    /// choice; `ignores_cadence` runs all of it; `spent` has gone of the budget before.
    pub fn choose(
        &mut self,
        groups: &[Vec<Task>],
        wanted: Option<&[Task]>,
        ignores_cadence: bool,
        spent: Duration,
    ) -> Vec<Task> {
        self.frames += 1;
        let all: Vec<Task> = groups.iter().flatten().copied().collect();
        let is_wanted = |task: &Task| match wanted {
            // Named for this very frame: even if switched off for the stream.
            Some(wanted) if ignores_cadence => wanted.contains(task),
            Some(wanted) => wanted.contains(task) && self.setting(*task).every_n > 0,
            None => self.setting(*task).every_n > 0,
        };
        let mut due: Vec<Task> = all.iter().copied().filter(is_wanted).collect();
        if !ignores_cadence {
            due.retain(|task| self.is_due(*task));
            due.sort_by_key(|task| std::cmp::Reverse(self.setting(*task).priority));
            due = self.affordable(due, groups, spent);
        }
        for task in &due {
            let history = self.history.entry(*task).or_default();
            (history.last, history.put_off) = (Some(self.frames), 0);
        }
        all.into_iter().filter(|task| due.contains(task)).collect()
    }

    fn is_due(&self, task: Task) -> bool {
        let last = self.history.get(&task).and_then(|history| history.last);
        last.is_none_or(|last| self.frames - last >= u64::from(self.setting(task).every_n))
    }

    /// What fits into the budget, by the recent times: the first always, and what has been put off long enough.
    fn affordable(&mut self, due: Vec<Task>, groups: &[Vec<Task>], spent: Duration) -> Vec<Task> {
        let Some(budget) = self.budget else { return due };
        let (mut left, mut begun) = (budget.saturating_sub(spent).as_secs_f64() * 1e3, Vec::new());
        let mut chosen = Vec::new();
        for task in due {
            let group = groups.iter().find(|group| group.contains(&task)).and_then(|group| group.first()).copied();
            let shared = group.filter(|g| !begun.contains(g)).and_then(|g| self.shared_ms.get(&g)).copied();
            let patience = self.setting(task).every_n;
            let history = self.history.entry(task).or_default();
            let cost = shared.unwrap_or(0.0) + history.own_ms.unwrap_or(0.0);
            if chosen.is_empty() || cost <= left || history.put_off >= patience {
                left -= cost;
                begun.extend(group);
                chosen.push(task);
            } else {
                history.put_off += 1;
            }
        }
        chosen
    }

    /// Learns how long the tasks of a frame took.
    pub fn learn(&mut self, timings: &[Timing], groups: &[Vec<Task>]) {
        let mut own: BTreeMap<Task, f64> = BTreeMap::new();
        let mut shared: BTreeMap<Task, f64> = BTreeMap::new();
        for timing in timings {
            let Some((kind, names)) = timing.stage.split_once(' ') else { continue };
            let Some(task) = names.split('+').next().and_then(|name| name.parse::<Task>().ok()) else { continue };
            match kind {
                // Models that had to come back say nothing about the next frame.
                "load" => {}
                "model" | "postprocess" => *own.entry(task).or_default() += timing.ms,
                _ => {
                    let group = groups.iter().find(|group| group.contains(&task)).and_then(|group| group.first());
                    *shared.entry(*group.unwrap_or(&task)).or_default() += timing.ms;
                }
            }
        }
        for (task, ms) in own {
            let history = self.history.entry(task).or_default();
            history.own_ms = Some(history.own_ms.map_or(ms, |average| moving(average, ms, false)));
        }
        for (task, ms) in shared {
            let average = self.shared_ms.get(&task).map_or(ms, |average| moving(*average, ms, false));
            self.shared_ms.insert(task, average);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Task::{Normal, Pointmap, Pose, Seg};

    const NONE: Duration = Duration::ZERO;

    fn every(task: Task, every_n: u32, priority: i32) -> TaskSetting {
        TaskSetting { task, every_n, priority }
    }

    fn timing(stage: &str, ms: f64) -> Timing {
        Timing { stage: stage.into(), ms }
    }

    #[test]
    fn every_nth_frame_and_never() {
        let mut cadence = Cadence::new(vec![every(Pose, 1, 0), every(Normal, 3, 0), every(Seg, 0, 0)], None);
        let groups = [vec![Pose, Seg, Normal, Pointmap]];
        let runs: Vec<_> = (0..5).map(|_| cadence.choose(&groups, None, false, NONE)).collect();
        assert_eq!(runs, [vec![Pose, Normal], vec![Pose], vec![Pose], vec![Pose, Normal], vec![Pose]]);
        assert_eq!(cadence.enabled(&groups[0]), [Pose, Normal]);
        cadence.set(every(Seg, 1, 0));
        assert_eq!(cadence.choose(&groups, None, false, NONE), [Pose, Seg]);
        cadence.forget();
        assert_eq!(cadence.choose(&groups, None, false, NONE), [Pose, Seg, Normal]);
    }

    #[test]
    fn a_frame_may_ask_for_less_or_insist() {
        let mut cadence = Cadence::new(vec![every(Pose, 1, 0), every(Normal, 2, 0)], None);
        let groups = [vec![Pose, Normal, Seg]];
        assert_eq!(cadence.choose(&groups, Some(&[Pose]), false, NONE), [Pose]);
        // Normal was due and has not run: it stays due.
        assert_eq!(cadence.choose(&groups, None, false, NONE), [Pose, Normal]);
        assert_eq!(cadence.choose(&groups, Some(&[Normal, Seg]), false, NONE), []);
        assert_eq!(cadence.choose(&groups, Some(&[Normal, Seg]), true, NONE), [Normal, Seg]);
    }

    #[test]
    fn the_budget_puts_the_least_important_off_but_not_for_ever() {
        let settings = vec![every(Pose, 1, 10), every(Normal, 2, 5), every(Pointmap, 2, 1)];
        let mut cadence = Cadence::new(settings, Some(Duration::from_millis(20)));
        let groups = [vec![Pose, Normal, Pointmap]];
        assert_eq!(cadence.choose(&groups, None, false, NONE).len(), 3, "nothing is known yet");
        let timings = [
            timing("backbone pose+normal", 10.0),
            timing("model pose", 3.0),
            timing("model normal", 6.0),
            timing("model pointmap", 6.0),
        ];
        cadence.learn(&timings, &groups);
        let runs: Vec<_> = (0..6).map(|_| cadence.choose(&groups, None, false, NONE)).collect();
        let (alone, normal) = (vec![Pose], vec![Pose, Normal]);
        // 10 + 3 + 6 fit into 20 ms, a second map does not; after two frames it has waited long enough.
        assert_eq!(runs[..3], [alone, normal, vec![Pose, Pointmap]], "{runs:?}");
        assert!(runs.iter().all(|run| run.contains(&Pose)));
        assert!(runs.iter().flatten().filter(|t| **t == Pointmap).count() >= 2, "{runs:?}");
    }

    #[test]
    fn a_budget_too_short_for_anything_still_runs_everything_at_times() {
        let settings = vec![every(Pose, 1, 0), every(Normal, 1, -1)];
        let mut cadence = Cadence::new(settings, Some(Duration::from_nanos(1)));
        let groups = [vec![Pose], vec![Normal]];
        cadence.choose(&groups, None, false, NONE);
        cadence.learn(&[timing("model pose", 50.0), timing("model normal", 50.0)], &groups);
        let runs: Vec<_> = (0..4).map(|_| cadence.choose(&groups, None, false, NONE)).collect();
        assert_eq!(runs, [vec![Pose], vec![Pose, Normal], vec![Pose], vec![Pose, Normal]]);
    }

    #[test]
    fn what_the_detector_takes_is_not_there_for_tasks() {
        let settings = vec![every(Pose, 1, 1), every(Normal, 3, 0)];
        let mut cadence = Cadence::new(settings, Some(Duration::from_millis(20)));
        let groups = [vec![Pose], vec![Normal]];
        cadence.learn(&[timing("model pose", 5.0), timing("model normal", 6.0)], &groups);
        assert_eq!(cadence.choose(&groups, None, false, Duration::from_millis(8)), [Pose, Normal]);
        cadence.forget();
        assert_eq!(cadence.choose(&groups, None, false, Duration::from_millis(12)), [Pose]);
        assert_eq!(cadence.choose(&groups, None, false, Duration::from_secs(1)), [Pose], "the first always runs");
        assert_eq!(cadence.choose(&groups, None, false, Duration::from_millis(8)), [Pose, Normal]);
    }
}
