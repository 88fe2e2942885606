//! What the host fills in about steady keypoints and maps.

use super::guard::Sized32;

/// A One-Euro filter: calm where a keypoint rests, quick where it moves.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SapiensOneEuro {
    /// Cutoff at rest in Hz, more than 0: lower is calmer and slower.
    pub min_cutoff_hz: f32,
    /// How much the cutoff grows with speed: Hz per person height per second, at least 0.
    pub beta: f32,
    /// Cutoff of the speed itself in Hz, more than 0.
    pub speed_cutoff_hz: f32,
}

/// How keypoints are steadied. Begin with SAPIENS_FILTER_OPTIONS_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SapiensFilterOptions {
    /// Size of this struct in the caller's header.
    pub struct_size: u32,
    /// Trunk, arms, legs; all keypoints of a pose that `sapiens_set_keypoint` has no set for.
    pub body: SapiensOneEuro,
    /// Toes and heels.
    pub feet: SapiensOneEuro,
    /// Fingers.
    pub hands: SapiensOneEuro,
    /// The dense face, eyes, ears and nose.
    pub face: SapiensOneEuro,
    /// Keypoints with a score below this are not believed, 0 to 1: their last place is held, and fades into what is found.
    pub min_score: f32,
    /// How long that takes, in milliseconds.
    pub hold_ms: u32,
    /// After a gap longer than this the filter begins anew, in milliseconds, more than 0.
    pub reset_after_ms: u32,
}

// SAFETY: plain data, zero is valid.
unsafe impl Sized32 for SapiensFilterOptions {
    const NAME: &'static str = "SapiensFilterOptions";
    const FIRST: usize = 64;
}

impl SapiensFilterOptions {
    pub(super) const DEFAULT: Self = {
        const fn with(min_cutoff_hz: f32, beta: f32, speed_cutoff_hz: f32) -> SapiensOneEuro {
            SapiensOneEuro { min_cutoff_hz, beta, speed_cutoff_hz }
        }
        Self {
            struct_size: size_of::<Self>() as u32,
            body: with(0.8, 20.0, 2.5),
            feet: with(0.8, 20.0, 2.5),
            hands: with(1.0, 35.0, 3.0),
            face: with(0.8, 35.0, 1.5),
            min_score: 0.3,
            hold_ms: 200,
            reset_after_ms: 500,
        }
    };
}

/// How maps are steadied. Begin with SAPIENS_MAP_FILTER_OPTIONS_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SapiensMapFilterOptions {
    /// Size of this struct in the caller's header.
    pub struct_size: u32,
    /// Normals older than this have faded to a third: seconds, more than 0.
    pub normal_time_s: f32,
    /// Up to this angle between the old and the new normal the surface counts as at rest: degrees, at least 0.
    pub normal_still_degrees: f32,
    /// From this angle on it has moved, and the new normal stands alone: degrees, above `normal_still_degrees`, at most 180.
    pub normal_moving_degrees: f32,
    /// Scales of pointmaps older than this have faded to a third: seconds, more than 0.
    pub points_time_s: f32,
    /// Scales further apart than this factor, above 1, are not blended.
    pub points_max_factor: f32,
    /// Points further apart than this in depth, after one scale for all, do not fit: metres, more than 0.
    pub points_tolerance_m: f32,
    /// Share of points that do not fit above which two pointmaps disagree, 0 to 1.
    pub points_max_misfits: f32,
    /// After a gap longer than this the filters begin anew, in milliseconds.
    pub reset_after_ms: u32,
}

// SAFETY: plain data, zero is valid.
unsafe impl Sized32 for SapiensMapFilterOptions {
    const NAME: &'static str = "SapiensMapFilterOptions";
    const FIRST: usize = 36;
}

impl SapiensMapFilterOptions {
    pub(super) const DEFAULT: Self = Self {
        struct_size: size_of::<Self>() as u32,
        normal_time_s: 0.1,
        normal_still_degrees: 12.0,
        normal_moving_degrees: 35.0,
        points_time_s: 0.3,
        points_max_factor: 1.25,
        points_tolerance_m: 0.1,
        points_max_misfits: 0.25,
        reset_after_ms: 500,
    };
}
