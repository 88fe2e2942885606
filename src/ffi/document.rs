//! A result of a stream as a keypoints document: what the structures say, but maps and pixels.

use crate::error::Result;
use crate::export::json::{KeypointsDocument, PersonRecord, PointsRecord, StreamRecord, TrackRecord};
use crate::geometry::Rect;
use crate::live::{BoxOrigin, CalmMaps, LivePerson, LiveResult};
use crate::render::{keypoint_records, person_record};
use crate::spec::Task;
use crate::track::filter::Agreement;
use crate::track::{Track, TrackState};

/// The JSON text.
pub(super) fn document(live: &LiveResult) -> Result<String> {
    let mut document = KeypointsDocument::new(format!("frame {}", live.frame), live.image);
    (document.frame, document.timestamp_ns) = (Some(live.frame), Some(live.timestamp_ns));
    document.stream = Some(StreamRecord {
        error: live.outcome.as_ref().err().map(ToString::to_string),
        tasks: names(live.tasks.iter().copied()),
        detector_ran: live.detector_ran,
        dropped_before: live.dropped_before,
        wait_ms: live.wait_ms,
        total_ms: live.total_ms,
        points: points(live, &live.filtered_scene),
    });
    for timing in &live.timings {
        document.add_timing_ms(&timing.stage, timing.ms);
    }
    document.persons = live.people.iter().map(|who| person(live, who)).collect::<Result<_>>()?;
    document.to_json()
}

fn person(live: &LiveResult, who: &LivePerson) -> Result<PersonRecord> {
    let record = person_record(who.bbox, who.pose.as_ref().map(|pose| pose.value.as_slice()))?;
    let pose = who.pose.iter().map(|_| Task::Pose);
    Ok(PersonRecord {
        detection_score: who.score,
        origin: Some(origin(who.origin).to_owned()),
        box_index: who.box_index,
        track: who.track.as_ref().map(track),
        tasks: names(pose.chain(who.maps.tasks())),
        keypoints_age_frames: who.pose.as_ref().map(|pose| live.frame.saturating_sub(pose.frame)),
        points: points(live, &who.filtered_maps),
        filtered: who.filtered.as_ref().map(|calm| keypoint_records(&calm.value)).transpose()?,
        ..record
    })
}

fn names(tasks: impl Iterator<Item = Task>) -> Vec<String> {
    tasks.map(|task| task.name().to_owned()).collect()
}

fn xywh(Rect { x, y, width, height }: Rect) -> [f32; 4] {
    [x, y, width, height]
}

fn track(track: &Track) -> TrackRecord {
    let state = match track.state {
        TrackState::Tentative => "tentative",
        TrackState::Confirmed => "confirmed",
        TrackState::Lost => "lost",
    };
    TrackRecord {
        id: track.id.number(),
        state: state.to_owned(),
        age_frames: track.age_frames,
        age_ns: track.age_ns,
        unseen_ns: track.unseen_ns,
        missed_frames: track.missed_frames,
        sightings: track.hits,
        is_chosen: track.is_selected,
        estimate: xywh(track.estimate),
        velocity: track.velocity,
    }
}

fn points(live: &LiveResult, calm: &CalmMaps) -> Option<PointsRecord> {
    let dated = calm.points.as_ref()?;
    let agreement = match dated.value.agreement {
        Agreement::First => "first",
        Agreement::Agrees => "agrees",
        Agreement::ScaleJump => "scale_jump",
        Agreement::Disagrees => "disagrees",
        Agreement::TooFew => "too_few",
    };
    Some(PointsRecord {
        agreement: agreement.to_owned(),
        is_valid: dated.value.agreement.is_valid(),
        factor: dated.value.factor,
        misfits: dated.value.misfits,
        compared: dated.value.compared,
        age_frames: live.frame.saturating_sub(dated.frame),
    })
}

fn origin(origin: BoxOrigin) -> &'static str {
    match origin {
        BoxOrigin::Image => "image",
        BoxOrigin::Host => "host",
        BoxOrigin::Detector => "detector",
        BoxOrigin::Keypoints => "keypoints",
        BoxOrigin::Prediction => "prediction",
    }
}
