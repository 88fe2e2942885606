//! Options about people, and the calls that take them.

use super::Fuzz;
use sapiens::ffi::*;
use std::ptr::null;

impl Fuzz {
    /// Options about people, sensible as a rule.
    pub fn people(&mut self, filter: &SapiensFilterOptions, maps: &SapiensMapFilterOptions) -> SapiensStreamOptions {
        // SAFETY: as large as it says.
        let mut options: SapiensStreamOptions = unsafe { std::mem::zeroed() };
        // SAFETY: as above.
        unsafe { sapiens_stream_options_default(&mut options, size_of::<SapiensStreamOptions>() as u32) };
        options.filter_maps = self.number(&[0, 4, 8, 12]);
        if options.filter_maps != 0 && self.one_in(2) {
            options.map_filter_options = maps;
        }
        options.detect = self.number(&[0, 1]);
        options.track = self.number(&[0, 1]);
        if options.detect == 1 {
            options.detect_threshold = self.pick(&[0.0, 0.0, 0.1, 1.0, -1.0, f32::NAN]);
            options.detect_overlap = self.pick(&[0.0, 0.0, 0.5, 7.0]);
        }
        if options.track == 1 {
            options.detect_every = if options.detect == 1 { self.number(&[0, 1, 3]) } else { 0 };
            options.person_policy = self.number(&[0, 0, 1, 2, 3]) as i32;
            options.person_count = if options.person_policy == 0 { 0 } else { self.number(&[1, 2]) };
            options.max_people = self.number(&[0, 1, 300]);
            options.person_x = self.pick(&[0.0, 20.0, f32::INFINITY]);
            options.track_memory_ms = self.number(&[0, 1, 5000]);
            options.filter = self.number(&[0, 1]);
            if options.filter == 1 && self.one_in(2) {
                options.filter_options = filter;
            }
        }
        options
    }

    pub fn filters(&mut self) -> (SapiensFilterOptions, SapiensMapFilterOptions) {
        // SAFETY: plain data, as large as it says.
        let (mut filter, mut maps): (SapiensFilterOptions, SapiensMapFilterOptions) =
            unsafe { (std::mem::zeroed(), std::mem::zeroed()) };
        // SAFETY: as above.
        unsafe {
            sapiens_filter_options_default(&mut filter, size_of_val(&filter) as u32);
            sapiens_map_filter_options_default(&mut maps, size_of_val(&maps) as u32);
        }
        filter.min_score = self.pick(&[0.3, 0.0, 1.0, f32::NAN]);
        filter.hands.beta = self.pick(&[1.0, 0.0, -1.0]);
        filter.reset_after_ms = self.number(&[500, 1]);
        maps.points_max_factor = self.pick(&[1.25, 1.25, 0.0]);
        maps.normal_still_degrees = self.pick(&[12.0, 90.0]);
        (filter, maps)
    }

    /// Detectors come and go, and streams are told something else at work.
    pub fn call_about_people(&mut self, context: *mut SapiensContext, stream: *mut SapiensStream) {
        // SAFETY: pointers lead to locals of the right type; handles are checked by the library.
        let status = unsafe {
            match self.next() % 8 {
                0 => sapiens_context_load_detector(context, null(), null()),
                1 => sapiens_context_load_detector(context, c"/nowhere.pth".as_ptr(), null()),
                2 if self.one_in(4) => sapiens_context_unload_detector(context),
                3 => {
                    let mut info: SapiensModelInfo = std::mem::zeroed();
                    info.struct_size = size_of_val(&info) as u32;
                    sapiens_context_detector(context, &mut info)
                }
                4 => sapiens_stream_expect_entry(stream),
                _ => {
                    let (filter, maps) = self.filters();
                    let options = self.people(&filter, &maps);
                    let options = if self.one_in(6) { null() } else { &raw const options };
                    sapiens_stream_set_people(stream, options)
                }
            }
        };
        self.note(status);
    }
}
