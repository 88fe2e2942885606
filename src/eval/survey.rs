//! What a folder labels, found out before any model runs, and what can be compared.

use super::Boxes;
use super::report::NotEvaluated;
use crate::dataset::{Folder, LabelledPerson};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::spec::Task;

/// The tasks that can be compared with labels, in the order in which they are reported.
const TASKS: [Task; 6] = [Task::Pose, Task::Seg, Task::Normal, Task::Pointmap, Task::Albedo, Task::Matting];

/// Which tasks the labels of a folder are for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// Labels read.
    pub pictures: usize,
    tasks: Vec<Task>,
    detects: bool,
}

/// What will be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Tasks that are labelled and that a model has; at least one, unless the detector alone is scored.
    pub tasks: Vec<Task>,
    /// Tasks that are only one of these, and why they are left out.
    pub left_out: Vec<NotEvaluated>,
}

impl Survey {
    /// Reads the first `count` labels, so that a wrong one is found before hours of work.
    ///
    /// # Errors
    /// Those of [`Folder::label`]; `InvalidArgument` for several labelled people where the whole picture is the one box,
    /// for labels without any person where people are to be detected, and for labels that hold nothing to compare with.
    pub fn of(folder: &Folder, count: usize, boxes: Boxes) -> Result<Self> {
        let (mut found, mut people_in_all) = (Vec::new(), 0);
        let count = count.min(folder.len());
        for index in 0..count {
            let label = folder.label(index)?;
            found.extend(label.tasks());
            let people = label.people.iter().filter(|p| p.has_keypoints()).count();
            if boxes == Boxes::Whole && people > 1 {
                return Err(whole_and_many(people).at(&label.path));
            }
            people_in_all += label.people.len();
            found.sort_unstable();
            found.dedup();
        }
        let tasks: Vec<_> = TASKS.into_iter().filter(|t| found.contains(t)).collect();
        if boxes.are_detected() && people_in_all == 0 {
            let message = format!("none of the {count} labels holds a person: no box that is found could be right");
            return Err(Error::invalid(message).at(folder.root()));
        }
        if tasks.is_empty() && !boxes.are_detected() {
            let message =
                format!("none of the {count} labels holds keypoints or maps: there is nothing to compare with");
            return Err(Error::invalid(message).at(folder.root()));
        }
        Ok(Self { pictures: count, tasks, detects: boxes.are_detected() })
    }

    /// The tasks with a label.
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// Fails unless each of `tasks` can be compared: with labels here, and at all.
    ///
    /// # Errors
    /// `InvalidArgument` naming the task.
    pub fn require(&self, tasks: &[Task]) -> Result<()> {
        for task in tasks {
            if !TASKS.contains(task) {
                return Err(Error::invalid(format!("task `{task}`: there is no measure for it")));
            }
            if !self.tasks.contains(task) {
                let known = if self.tasks.is_empty() { "no task".to_owned() } else { list(&self.tasks) };
                return Err(Error::invalid(format!("task `{task}`: no label is for it; labels are for {known}")));
            }
        }
        Ok(())
    }

    /// What of this the models can be compared on; with tasks in `only`, no other is looked at.
    ///
    /// # Errors
    /// `InvalidArgument` if that is nothing.
    pub fn plan(&self, engine: &Engine, only: &[Task]) -> Result<Plan> {
        let loaded: Vec<Task> = engine.models().iter().flat_map(|m| m.info().tasks.iter().copied()).collect();
        let (mut tasks, mut left_out) = (Vec::new(), Vec::new());
        for task in TASKS.into_iter().filter(|t| only.is_empty() || only.contains(t)) {
            match (loaded.contains(&task), self.tasks.contains(&task)) {
                (true, true) => tasks.push(task),
                (true, false) => left_out.push(NotEvaluated { task, reason: "no label is for it".into() }),
                (false, true) => left_out.push(NotEvaluated { task, reason: "no loaded model has it".into() }),
                (false, false) => {}
            }
        }
        if tasks.is_empty() && !self.detects {
            return Err(Error::invalid(format!(
                "nothing to evaluate: the models have {}, the labels are for {}",
                list(&loaded),
                list(&self.tasks)
            )));
        }
        Ok(Plan { tasks, left_out })
    }
}

/// Several people, and the whole picture as the one box.
pub(super) fn whole_and_many(people: usize) -> Error {
    Error::invalid(format!(
        "{people} people have labelled keypoints; with the whole picture as the one box there may be one (use the boxes \
         of the labels)"
    ))
}

/// The people whose keypoints are compared.
pub(super) fn compared(people: &[LabelledPerson]) -> Vec<&LabelledPerson> {
    people.iter().filter(|p| p.has_keypoints()).collect()
}

fn list(tasks: &[Task]) -> String {
    tasks.iter().map(|t| t.name()).collect::<Vec<_>>().join(", ")
}
