//! What streams are to do about people: from the fields of C to the types of the library, checked.

use super::convert::{choose, tasks_of_mask};
use super::enums::{SapiensAgreement, SapiensBoxOrigin, SapiensPersonPolicy, SapiensTrackState};
use super::guard::{flag, read, read_or};
use super::people_types::{SapiensFilterOptions, SapiensMapFilterOptions, SapiensOneEuro};
use super::status::Failure;
use super::stream_types::SapiensStreamOptions;
use crate::live::{BoxOrigin, DetectSetting, MapFilterOptions, PeopleOptions};
use crate::spec::Task;
use crate::track::filter::{
    Agreement, GroupSettings, KeypointFilterOptions, NormalFilterOptions, OneEuro, PointmapFilterOptions,
};
use crate::track::{PersonPolicy, TrackOptions, TrackState};
use std::time::Duration;

/// # Safety
/// `options->filter_options` and `map_filter_options` are null or lead to whole structures.
pub(super) unsafe fn people_options(options: &SapiensStreamOptions) -> Result<PeopleOptions, Failure> {
    let detects = flag(options.detect, "options->detect")?;
    let tracks = flag(options.track, "options->track")?;
    let filters = flag(options.filter, "options->filter")?;
    for (name, is_set, needs, is_there) in [
        ("detect_threshold", options.detect_threshold != 0.0, "detect", detects),
        ("detect_overlap", options.detect_overlap != 0.0, "detect", detects),
        ("detect_every", options.detect_every > 1, "detect", detects),
        ("detect_every", options.detect_every > 1, "track", tracks),
        ("person_policy", options.person_policy != 0, "track", tracks),
        ("person_count", options.person_count != 0, "track", tracks),
        ("max_people", options.max_people != 0, "track", tracks),
        ("track_new_score", options.track_new_score != 0.0, "track", tracks),
        ("track_new_score", options.track_new_score != 0.0, "detect", detects),
        ("track_memory_ms", options.track_memory_ms != 0, "track", tracks),
        ("filter", filters, "track", tracks),
        ("filter_options", !options.filter_options.is_null(), "filter", filters),
        ("map_filter_options", !options.map_filter_options.is_null(), "filter_maps", options.filter_maps != 0),
    ] {
        if is_set && !is_there {
            return Err(Failure::invalid(format!(
                "options->{name} is set, which needs options->{needs}, but that is 0"
            )));
        }
    }
    // 0 stands for the default.
    let given = |value: f32| (value != 0.0).then_some(value);
    let detect = DetectSetting {
        threshold: given(options.detect_threshold),
        max_overlap: given(options.detect_overlap),
        new_score: given(options.track_new_score),
    };
    let people = PeopleOptions {
        detect: detects.then_some(detect),
        track: if tracks { Some(track_options(options)?) } else { None },
        filter: if filters { Some(unsafe { filter_options(options.filter_options)? }) } else { None },
        maps: unsafe { map_filter_options(options.filter_maps, options.map_filter_options)? },
    };
    people.check()?;
    Ok(people)
}

fn track_options(options: &SapiensStreamOptions) -> Result<TrackOptions, Failure> {
    let policies = [
        (SapiensPersonPolicy::All as i32, SapiensPersonPolicy::All),
        (SapiensPersonPolicy::Largest as i32, SapiensPersonPolicy::Largest),
        (SapiensPersonPolicy::Nearest as i32, SapiensPersonPolicy::Nearest),
        (SapiensPersonPolicy::NearestTo as i32, SapiensPersonPolicy::NearestTo),
    ];
    let policy = choose(options.person_policy, "options->person_policy", "SapiensPersonPolicy", &policies)?;
    let count = options.person_count as usize;
    if (policy == SapiensPersonPolicy::All) != (count == 0) {
        return Err(Failure::invalid(match policy {
            SapiensPersonPolicy::All => {
                "options->person_count is set, but options->person_policy is ALL; choose another"
            }
            _ => "options->person_count is 0; this policy needs the number of people it chooses",
        }));
    }
    let usual = TrackOptions::default();
    let detect_every = options.detect_every.max(1);
    Ok(TrackOptions {
        detect_every,
        detect_every_empty: detect_every,
        policy: match policy {
            SapiensPersonPolicy::All => PersonPolicy::All,
            SapiensPersonPolicy::Largest => PersonPolicy::Largest { count },
            SapiensPersonPolicy::Nearest => PersonPolicy::Nearest { count },
            SapiensPersonPolicy::NearestTo => {
                PersonPolicy::NearestTo { count, x: options.person_x, y: options.person_y }
            }
        },
        max_people: if options.max_people == 0 { usual.max_people } else { options.max_people as usize },
        memory: match options.track_memory_ms {
            0 => usual.memory,
            ms => Duration::from_millis(ms.into()),
        },
        ..usual
    })
}

/// # Safety
/// `pointer` is null or leads to a whole structure.
unsafe fn filter_options(pointer: *const SapiensFilterOptions) -> Result<KeypointFilterOptions, Failure> {
    if pointer.is_null() {
        return Ok(KeypointFilterOptions::default());
    }
    let options = unsafe { read(pointer, "options->filter_options")? };
    let one =
        |SapiensOneEuro { min_cutoff_hz, beta, speed_cutoff_hz }| OneEuro { min_cutoff_hz, beta, speed_cutoff_hz };
    let options = KeypointFilterOptions {
        groups: GroupSettings {
            body: one(options.body),
            feet: one(options.feet),
            hands: one(options.hands),
            face: one(options.face),
        },
        min_score: options.min_score,
        hold: Duration::from_millis(options.hold_ms.into()),
        reset_after: Duration::from_millis(options.reset_after_ms.into()),
        ..KeypointFilterOptions::default()
    };
    options.check().map_err(|e| Failure::invalid(format!("options->filter_options: {e}")))?;
    Ok(options)
}

/// # Safety
/// `pointer` is null or leads to a whole structure.
unsafe fn map_filter_options(mask: u32, pointer: *const SapiensMapFilterOptions) -> Result<MapFilterOptions, Failure> {
    let tasks = tasks_of_mask(mask, "options->filter_maps")?.unwrap_or_default();
    if let Some(other) = tasks.iter().find(|task| !matches!(task, Task::Normal | Task::Pointmap)) {
        return Err(Failure::invalid(format!(
            "options->filter_maps has `{other}`; NORMAL and POINTMAP can be steadied"
        )));
    }
    let options = unsafe { read_or(pointer, "options->map_filter_options", SapiensMapFilterOptions::DEFAULT)? };
    let reset_after = Duration::from_millis(options.reset_after_ms.into());
    let normals = NormalFilterOptions {
        time_constant_s: options.normal_time_s,
        still_degrees: options.normal_still_degrees,
        moving_degrees: options.normal_moving_degrees,
        reset_after,
    };
    let points = PointmapFilterOptions {
        time_constant_s: options.points_time_s,
        max_factor: options.points_max_factor,
        tolerance_m: options.points_tolerance_m,
        max_misfits: options.points_max_misfits,
        reset_after,
    };
    let options = MapFilterOptions {
        normals: tasks.contains(&Task::Normal).then_some(normals),
        points: tasks.contains(&Task::Pointmap).then_some(points),
    };
    options.check().map_err(|e| Failure::invalid(format!("options->map_filter_options: {e}")))?;
    Ok(options)
}

pub(super) fn agreement_number(agreement: Agreement) -> i32 {
    let known = match agreement {
        Agreement::First => SapiensAgreement::First,
        Agreement::Agrees => SapiensAgreement::Agrees,
        Agreement::ScaleJump => SapiensAgreement::ScaleJump,
        Agreement::Disagrees => SapiensAgreement::Disagrees,
        Agreement::TooFew => SapiensAgreement::TooFew,
    };
    known as i32
}

pub(super) fn origin_number(origin: BoxOrigin) -> i32 {
    let known = match origin {
        BoxOrigin::Image => SapiensBoxOrigin::Image,
        BoxOrigin::Host => SapiensBoxOrigin::Host,
        BoxOrigin::Detector => SapiensBoxOrigin::Detector,
        BoxOrigin::Keypoints => SapiensBoxOrigin::Keypoints,
        BoxOrigin::Prediction => SapiensBoxOrigin::Prediction,
    };
    known as i32
}

pub(super) fn state_number(state: Option<TrackState>) -> i32 {
    let known = match state {
        None => SapiensTrackState::None,
        Some(TrackState::Tentative) => SapiensTrackState::Tentative,
        Some(TrackState::Confirmed) => SapiensTrackState::Confirmed,
        Some(TrackState::Lost) => SapiensTrackState::Lost,
    };
    known as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRONG: SapiensMapFilterOptions =
        SapiensMapFilterOptions { points_max_factor: 0.5, ..SapiensMapFilterOptions::DEFAULT };

    #[test]
    fn the_defaults_of_the_filter_are_those_of_the_library() {
        // SAFETY: a whole structure.
        let ours = unsafe { filter_options(&SapiensFilterOptions::DEFAULT) };
        assert_eq!(ours.ok().unwrap(), KeypointFilterOptions::default());
    }

    #[test]
    fn the_defaults_of_the_map_filters_are_those_of_the_library() {
        // SAFETY: a whole structure.
        let ours = unsafe { map_filter_options(4 | 8, &SapiensMapFilterOptions::DEFAULT) };
        let (normals, points) = (NormalFilterOptions::default(), PointmapFilterOptions::default());
        assert_eq!(ours.ok().unwrap(), MapFilterOptions { normals: Some(normals), points: Some(points) });
        // SAFETY: no pointer in it.
        let none = unsafe { map_filter_options(0, std::ptr::null()) };
        assert_eq!(none.ok().unwrap(), MapFilterOptions::default());
    }

    #[test]
    fn what_needs_something_that_is_off_is_named() {
        type Change = fn(&mut SapiensStreamOptions);
        let cases: [(&str, Change); 13] = [
            ("max_factor 0.5", |o| (o.filter_maps, o.map_filter_options) = (8, &WRONG)),
            ("filter_maps has `pose`", |o| o.filter_maps = 1 | 4),
            ("map_filter_options is set, which needs options->filter_maps,", |o| o.map_filter_options = &WRONG),
            ("detect_threshold is set, which needs options->detect,", |o| o.detect_threshold = 0.4),
            ("detect_every is set, which needs options->track,", |o| (o.detect, o.detect_every) = (1, 5)),
            ("filter is set, which needs options->track,", |o| (o.detect, o.filter) = (1, 1)),
            ("person_count is 0", |o| (o.track, o.person_policy) = (1, 2)),
            ("person_policy is ALL", |o| (o.track, o.person_count) = (1, 2)),
            ("person_policy is 9", |o| (o.track, o.person_policy, o.person_count) = (1, 9, 1)),
            ("max_people 1001", |o| (o.track, o.max_people) = (1, 1001)),
            ("threshold NaN", |o| (o.detect, o.detect_threshold) = (1, f32::NAN)),
            ("new_score 2", |o| (o.detect, o.track, o.track_new_score) = (1, 1, 2.0)),
            ("detect is 2", |o| o.detect = 2),
        ];
        for (says, change) in cases {
            let mut options = SapiensStreamOptions::DEFAULT;
            change(&mut options);
            // SAFETY: pointers in it lead to whole structures.
            let message = unsafe { people_options(&options) }.err().unwrap().message;
            assert!(message.contains(says), "{says}: {message}");
        }
    }
}
