//! What streams are to do about people: from the fields of C to the types of the library, checked.

use super::convert::{choose, zero};
use super::enums::{SapiensBoxOrigin, SapiensPersonPolicy, SapiensTrackState};
use super::guard::{flag, read};
use super::people_types::{SapiensFilterOptions, SapiensOneEuro};
use super::status::Failure;
use super::stream_types::SapiensStreamOptions;
use crate::live::{BoxOrigin, DetectSetting, PeopleOptions};
use crate::track::filter::{GroupSettings, KeypointFilterOptions, OneEuro};
use crate::track::{PersonPolicy, TrackOptions, TrackState};
use std::time::Duration;

/// # Safety
/// `options->filter_options` is null or leads to a whole structure.
pub(super) unsafe fn people_options(options: &SapiensStreamOptions) -> Result<PeopleOptions, Failure> {
    zero(options.reserved, "options->reserved")?;
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

    #[test]
    fn the_defaults_of_the_filter_are_those_of_the_library() {
        // SAFETY: a whole structure.
        let ours = unsafe { filter_options(&SapiensFilterOptions::DEFAULT) };
        assert_eq!(ours.ok().unwrap(), KeypointFilterOptions::default());
    }

    #[test]
    fn what_needs_something_that_is_off_is_named() {
        type Change = fn(&mut SapiensStreamOptions);
        let cases: [(&str, Change); 10] = [
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
            // SAFETY: no pointer in it.
            let message = unsafe { people_options(&options) }.err().unwrap().message;
            assert!(message.contains(says), "{says}: {message}");
        }
    }
}
