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
        if self.one_in(2) {
            return options;
        }
        options.filter_maps = self.pick(&[0, 4, 8, 12]);
        if options.filter_maps != 0 && self.one_in(2) {
            options.map_filter_options = maps;
        }
        (options.detect, options.track) = self.pick(&[(1, 0), (0, 1), (1, 1), (1, 1)]);
        if options.track == 1 {
            options.detect_every = if options.detect == 1 { self.pick(&[0, 1, 3]) } else { 0 };
            (options.person_policy, options.person_count) = self.pick(&[(0, 0), (0, 0), (1, 1), (2, 2), (3, 1)]);
            options.person_x = self.pick(&[0.0, 20.0, 1e30]);
            options.track_memory_ms = self.pick(&[0, 1, 5000]);
            options.filter = self.pick(&[0, 1]);
            if options.filter == 1 && self.one_in(2) {
                options.filter_options = filter;
            }
        }
        if self.one_in(4) {
            self.spoil(&mut options);
        }
        options
    }

    /// Something that is out of range, or does not fit to the rest, as a rule.
    fn spoil(&mut self, options: &mut SapiensStreamOptions) {
        let number = self.number(&[2, 300, 1001, u32::MAX]);
        let float = self.pick(&[0.1, 1.0, -1.0, 7.0, f32::NAN, f32::INFINITY]);
        match self.next() % 12 {
            0 => options.detect = number,
            1 => options.track = number,
            2 => options.detect_every = number,
            3 => options.person_policy = number as i32,
            4 => options.person_count = number,
            5 => options.max_people = number,
            6 => options.filter = number,
            7 => options.filter_maps = number,
            8 => options.detect_threshold = float,
            9 => options.detect_overlap = float,
            10 => options.track_new_score = float,
            _ => options.person_y = float,
        }
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
        filter.hands.beta = self.pick(&[1.0, 0.0]);
        filter.reset_after_ms = self.pick(&[500, 1]);
        maps.points_max_factor = self.pick(&[1.25, 3.0]);
        maps.normal_still_degrees = self.pick(&[12.0, 0.0]);
        match self.next() % 30 {
            0 => filter.min_score = f32::NAN,
            1 => filter.body.min_cutoff_hz = -1.0,
            2 => maps.points_max_factor = 0.0,
            3 => maps.normal_still_degrees = 90.0,
            4 => maps.struct_size = self.number(&[0, 3, 36, 5000]).min(36),
            _ => {}
        }
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
