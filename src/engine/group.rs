//! The tasks of a model that see the same picture.

use super::batch;
use super::begun::Left;
use super::clock::Clock;
use super::finisher::Finisher;
use super::infer::{Prepared, decode_pose};
use super::model::Model;
use super::picture::Picture;
use super::region::Regions;
use super::result::FrameResult;
use super::run::Request;
use crate::error::{Error, ErrorKind, Result};
use crate::geometry::Rect;
use crate::preprocess::{Geometry, plan};
use crate::spec::Task;
use std::sync::Arc;

/// Runs tasks that see the same picture of each box.
pub(super) fn run_group(
    model: &Arc<Model>,
    tasks: &[Task],
    picture: &mut Picture<'_>,
    boxes: &[Option<Rect>],
    request: &Request,
    left: &mut Option<Vec<Left>>,
    result: &mut FrameResult,
) -> Result<()> {
    let names = tasks.iter().map(|t| t.name()).collect::<Vec<_>>().join("+");
    let at_once = match request.regions {
        Regions::Whole if !model.is_single() => batch::people_at_once(model.footprint().work, request.batch_memory),
        // Each has a region of its own, or the session takes no more.
        _ => 1,
    };
    let mut done = 0;
    while done < boxes.len() {
        let mut clock = Clock::new(&mut result.timings);
        let mut plans = Vec::new();
        let mut is_crop = true;
        for &bbox in boxes.iter().skip(done).take(at_once) {
            let (input, framing) = (model.info().input, model.info().framing);
            let one = plan(picture.size(), bbox, input, tasks[0], request.framing, framing)?;
            is_crop = matches!(one.placement.geometry, Geometry::Crop { .. });
            plans.push(one);
            if !is_crop {
                break;
            }
        }
        let count = plans.len();
        let traffic = &mut result.traffic;
        let seen = picture.see(model, &plans, traffic)?;
        clock.stop(format!("preprocess {names}"));
        let placements = plans.iter().map(|plan| plan.placement).collect();
        let prepared = Prepared::new(model, placements, seen, traffic)?;
        if tasks.len() > 1 {
            clock.stop(format!("backbone {names}"));
        }
        for &task in tasks {
            let region = request.regions.of(task, is_crop.then_some(done), boxes[done].is_some(), result);
            let finisher = request.device_maps.contains(&task).then(|| finisher(model, task, &prepared, request));
            let mut clock = Clock::new(&mut result.timings);
            match finisher {
                Some(Ok(finisher)) => {
                    let found = prepared.finish(model, finisher, task, request.space, &mut result.traffic)?;
                    clock.stop(format!("model {task}"));
                    for (i, maps) in (done..).zip(found) {
                        if is_crop { result.people[i].maps.absorb(maps) } else { result.scene.absorb(maps) }
                    }
                    continue;
                }
                Some(Err(error)) => note(&mut result.on_host, task, &error),
                None => {}
            }
            let found = prepared.run(model, task, region, &mut result.traffic)?;
            clock.stop(format!("model {task}"));
            for (i, (placement, mut raw)) in (done..).zip(found) {
                if task == Task::Pose {
                    result.people[i].pose = Some(decode_pose(model, &placement, &mut raw)?);
                } else {
                    let (model, person) = (Arc::clone(model), is_crop.then_some(i));
                    let map = Left { model, task, placement, raw, person, region };
                    match left {
                        Some(left) => left.push(map),
                        None => map.decode(request.space, &mut result.people, &mut result.scene)?,
                    }
                }
            }
            clock.stop(format!("postprocess {task}"));
        }
        if !is_crop {
            // The whole image: it does not depend on the box.
            break;
        }
        done += count;
    }
    Ok(())
}

/// What leaves the maps of a task on the device.
fn finisher<'m>(model: &'m Model, task: Task, prepared: &Prepared, request: &Request) -> Result<&'m Arc<Finisher>> {
    if request.regions != Regions::Whole {
        return Err(Error::new(ErrorKind::Unsupported, "the host blanks what lies outside of regions"));
    }
    let finisher = model.finisher(task)?;
    finisher.check(task, prepared.target(request.space))?;
    Ok(finisher)
}

fn note(notes: &mut Vec<(Task, String)>, task: Task, error: &Error) {
    if !notes.iter().any(|(known, _)| *known == task) {
        notes.push((task, error.to_string()));
    }
}
