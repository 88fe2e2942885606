//! Dense maps of a stream steadied over time, beside the raw ones.

use super::keep::Kept;
use super::result::{CalmMaps, Dated, LiveMaps, PointsCheck};
use crate::engine::Maps;
use crate::error::Result;
use crate::geometry::{Affine, Rect};
use crate::spec::Task;
use crate::track::filter::{
    FilteredPoints, MapFrame, NormalFilter, NormalFilterOptions, PointmapFilter, PointmapFilterOptions,
};
use crate::track::{TrackId, TrackState};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Which maps are steadied over time, and how. Those of the whole image, which is taken to stand still, and those of
/// tracked people, whose motion is taken out.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct MapFilterOptions {
    /// Normals are blended where nothing moves.
    pub normals: Option<NormalFilterOptions>,
    /// The scale of pointmaps is blended, and each is compared with the one before.
    pub points: Option<PointmapFilterOptions>,
}

impl MapFilterOptions {
    /// Checks the ranges.
    ///
    /// # Errors
    /// `InvalidArgument` names the option and its range.
    pub fn check(&self) -> Result<()> {
        Filters::new(self).map(drop)
    }
}

/// The filters of a stream.
#[derive(Default)]
pub(super) struct Calm {
    scene: Option<Filters>,
    people: BTreeMap<TrackId, Filters>,
}

impl Calm {
    /// Adds the steadied maps to what this frame gave. An age of more than one frame is no gap to the filters: they go by
    /// timestamps.
    pub fn steady(&mut self, options: &MapFilterOptions, newest: &mut Kept) {
        if *options == MapFilterOptions::default() {
            return;
        }
        newest.filtered_scene = steady(&mut self.scene, options, &newest.scene, None);
        let people = &newest.people;
        self.people.retain(|id, _| people.iter().any(|p| p.track.is_some_and(|track| track.id == *id)));
        for person in &mut newest.people {
            let Some(track) = person.track.filter(|track| track.state != TrackState::Lost) else { continue };
            let mut filters = self.people.remove(&track.id);
            person.filtered_maps = steady(&mut filters, options, &person.maps, Some(track.estimate));
            self.people.extend(filters.map(|filters| (track.id, filters)));
        }
    }
}

/// A filter, and where the person was when it was last fed.
struct Fed<F> {
    filter: F,
    at: Option<Rect>,
}

impl<F> Fed<F> {
    fn new(filter: F) -> Self {
        Self { filter, at: None }
    }

    fn frame(&self, timestamp_ns: i64, image_from_map: Affine, now: Option<Rect>) -> MapFrame {
        let frame = MapFrame::still(timestamp_ns, image_from_map);
        match self.at.zip(now) {
            Some((before, now)) => frame.with_person(before, now),
            None => frame,
        }
    }
}

/// Those of one person or of the whole image.
struct Filters {
    normals: Option<Fed<NormalFilter>>,
    points: Option<Fed<PointmapFilter>>,
}

impl Filters {
    fn new(options: &MapFilterOptions) -> Result<Self> {
        Ok(Self {
            normals: options.normals.map(NormalFilter::new).transpose()?.map(Fed::new),
            points: options.points.map(PointmapFilter::new).transpose()?.map(Fed::new),
        })
    }
}

fn steady(filters: &mut Option<Filters>, options: &MapFilterOptions, raw: &LiveMaps, now: Option<Rect>) -> CalmMaps {
    let mut calm = CalmMaps::default();
    if filters.is_none() {
        // Checked when the stream was made.
        *filters = Filters::new(options).ok();
    }
    let Some(Filters { normals, points }) = filters else { return calm };
    if let Some((fed, dated)) = normals.as_mut().zip(raw.get(Task::Normal))
        && let Some(map) = &dated.value.normal
    {
        let frame = fed.frame(dated.timestamp_ns, dated.value.image_from_map(Task::Normal), now);
        // What cannot be steadied, such as a map of nothing, has no steadied map.
        if let Ok(normal) = fed.filter.filter(&frame, map.view()) {
            fed.at = now;
            calm.maps.0.push(placed(Task::Normal, dated, Maps { normal: Some(normal), ..Maps::default() }));
        }
    }
    if let Some((fed, dated)) = points.as_mut().zip(raw.get(Task::Pointmap))
        && let Some(map) = &dated.value.pointmap
    {
        let frame = fed.frame(dated.timestamp_ns, dated.value.image_from_map(Task::Pointmap), now);
        if let Ok(found) = fed.filter.filter(&frame, map.view()) {
            fed.at = now;
            let FilteredPoints { points, factor, agreement, misfits, compared } = found;
            let check = PointsCheck { agreement, factor, misfits, compared };
            calm.points = Some(Dated { value: check, frame: dated.frame, timestamp_ns: dated.timestamp_ns });
            calm.maps.0.push(placed(Task::Pointmap, dated, Maps { pointmap: Some(points), ..Maps::default() }));
        }
    }
    calm
}

/// On the grid of the raw map, and of its frame.
fn placed(task: Task, raw: &Dated<Arc<Maps>>, calm: Maps) -> (Task, Dated<Arc<Maps>>) {
    let value = Arc::new(Maps { placed: raw.value.placed.clone(), ..calm });
    (task, Dated { value, frame: raw.frame, timestamp_ns: raw.timestamp_ns })
}
