//! Random calls of the C interface in random order, with living, dead and foreign handles, and structs from sensible to
//! absurd. Nothing may crash, hang or answer INTERNAL. A failure prints its seed; `SAPIENS_FUZZ_SEED` repeats it,
//! `SAPIENS_FUZZ_SECONDS` runs for longer than a test should.

#![allow(unsafe_code)] // it plays the host

mod people;
mod read;

use sapiens::ffi::*;
use std::collections::BTreeMap;
use std::ffi::{CStr, c_void};
use std::ptr::{null, null_mut};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const STEPS: u32 = 4000;
const BUFFER: usize = 32 << 20;

static RELEASED: AtomicU64 = AtomicU64::new(0);
/// One after the other: the end of a run ends every context of the process.
static TURN: Mutex<()> = Mutex::new(());

unsafe extern "C" fn on_release(_: *mut c_void, _: u64) {
    RELEASED.fetch_add(1, Ordering::SeqCst);
}

unsafe extern "C" fn on_result(_: *mut c_void, stream: *mut SapiensStream, result: *mut SapiensResult) {
    // SAFETY: handles are checked by the library.
    unsafe {
        sapiens_stream_cancel(stream, 7);
        sapiens_result_retain(result);
        let mut copy = result;
        sapiens_result_release(&mut copy);
    }
}

unsafe extern "C" fn on_log(_: *mut c_void, _: i32, _: *const std::ffi::c_char) {}

unsafe extern "C" fn on_progress(stop: *mut c_void, _: *const std::ffi::c_char, _: u64, _: u64) -> i32 {
    i32::from(!stop.is_null())
}

struct Fuzz {
    state: u64,
    contexts: Vec<*mut SapiensContext>,
    streams: Vec<*mut SapiensStream>,
    results: Vec<*mut SapiensResult>,
    buffer: Vec<u8>,
    borrowed: u64,
    statuses: BTreeMap<i32, u64>,
}

impl Fuzz {
    fn new(seed: u64) -> Self {
        let (contexts, streams, results) = (vec![null_mut()], vec![null_mut()], vec![null_mut()]);
        let buffer = vec![90; BUFFER];
        Self { state: seed | 1, contexts, streams, results, buffer, borrowed: 0, statuses: BTreeMap::new() }
    }

    fn next(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.next().is_multiple_of(n)
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.next() as usize % from.len()]
    }

    /// A sensible number as a rule, any of the absurd ones now and then.
    fn number(&mut self, sensible: &[u32]) -> u32 {
        if self.one_in(12) {
            self.pick(&[0, 1, 2, 77, 1 << 16, i32::MAX as u32, u32::MAX])
        } else {
            self.pick(sensible)
        }
    }

    /// A handle, living or dead; garbage now and then.
    fn handle<T>(&mut self, from: &[*mut T]) -> *mut T {
        match self.next() % 40 {
            0 => null_mut(),
            1 => self.next() as *mut T,
            2 => &raw mut self.state as *mut T,
            3..8 => self.pick(from),
            // The newest are alive as a rule.
            _ => self.pick(&from[from.len().saturating_sub(3)..]),
        }
    }

    /// Notes what a call answered, and checks that it is an answer.
    fn note(&mut self, status: SapiensStatus) -> bool {
        let number = status as i32;
        *self.statuses.entry(number).or_default() += 1;
        assert_ne!(status, SapiensStatus::Internal, "{}", last_error());
        assert!(number >= 0 || !last_error().is_empty(), "{number} without a message");
        status == SapiensStatus::Ok
    }

    fn image(&mut self) -> SapiensImage {
        // SAFETY: an integer-only struct; the function fills it.
        let mut image: SapiensImage = unsafe { std::mem::zeroed() };
        // SAFETY: as large as it says.
        unsafe { sapiens_image_default(&mut image, size_of::<SapiensImage>() as u32) };
        image.format = self.number(&[1, 2, 3, 4, 5, 6]) as i32;
        // Anything the library accepts lies within the buffer: 16384 x 96 x 4 bytes and padding.
        image.width = self.number(&[1, 17, 64, 96]);
        image.height = self.pick(&[0, 1, 33, 96, u32::MAX]);
        let bytes = [0, 3, 3, 4, 4, 1, 1].get(image.format as usize).copied().unwrap_or(3);
        let row = i64::from(image.width) * bytes;
        image.row_stride = match self.next() % 16 {
            0 => self.pick(&[0, -1, 1, i64::MIN, i64::MAX, row - 1]),
            1..4 => -row,
            4..8 => row + 5,
            _ => row,
        };
        if image.format == 6 {
            image.color = self.number(&[1, 2, 3, 4]) as i32;
            image.chroma_stride = row + 1;
            image.chroma = self.buffer[BUFFER / 2..].as_ptr().cast();
        }
        image.orientation = self.number(&[0, 1, 2, 3, 4, 5, 6, 7, 8]) as i32;
        image.memory = if self.one_in(30) { self.number(&[1, 4]) as i32 } else { 0 };
        image.timestamp_ns = self.next() as i64;
        image.data = if self.one_in(40) { null() } else { self.buffer[BUFFER / 2..].as_ptr().cast() };
        if self.one_in(40) {
            image.struct_size = self.number(&[0, 4, 71, 80]).min(size_of::<SapiensImage>() as u32);
        }
        image
    }

    fn submit(&mut self) {
        let (streams, image) = (self.streams.clone(), self.image());
        let boxes: Vec<SapiensBox> = (0..self.next() % 3)
            .map(|_| {
                let edge = self.pick(&[-5.0, 0.0, 3.5, 40.0, 1e30, f32::NAN]);
                SapiensBox {
                    x: edge,
                    y: 2.0,
                    width: self.pick(&[1.0, 30.0, 500.0, 0.0, -1.0, f32::INFINITY]),
                    height: 40.0,
                }
            })
            .collect();
        let flags = self.number(&[0, 0, 1, 2, 3]);
        let options = SapiensSubmitOptions {
            struct_size: size_of::<SapiensSubmitOptions>() as u32,
            tasks: self.number(&[0, 0, 1, 63]),
            flags,
            box_count: boxes.len() as u32,
            boxes: boxes.as_ptr(),
            release: Some(on_release),
            user_data: null_mut(),
        };
        let (stream, mut frame) = (self.handle(&streams), 0);
        let options = if self.one_in(3) { null() } else { &raw const options };
        let timeout = self.pick(&[0, 0, 1, 3]);
        // SAFETY: what the image covers lies in the buffer, which outlives the streams.
        let status = unsafe { sapiens_stream_submit(stream, &image, options, timeout, &mut frame) };
        if self.note(status) && !options.is_null() && flags & 1 == 1 {
            self.borrowed += 1;
        }
    }

    fn make_stream(&mut self) {
        let (filter, maps) = self.filters();
        let mut options = self.people(&filter, &maps);
        options.depth = self.number(&[1, 2, 5]);
        options.policy = self.number(&[0, 1, 2]) as i32;
        options.delivery = self.number(&[0, 0, 1, 2]) as i32;
        options.callback = (options.delivery != 0).then_some(on_result as _);
        options.map_space = self.number(&[0, 1]) as i32;
        options.framing = self.number(&[0, 1]) as i32;
        options.keep_image = self.number(&[0, 1]);
        options.tasks = self.number(&[0, 1, 9]);
        options.batch_memory = self.pick(&[0, 0, 1, u64::MAX]);
        options.regions = self.pick(&[0, 0, 1, 2, 3, -1]);
        options.budget_ns = self.pick(&[0, 0, 1, 5_000_000, -1, i64::MAX]);
        let contexts = self.contexts.clone();
        let (context, mut stream) = (self.handle(&contexts), null_mut());
        // SAFETY: a struct as large as it says.
        let status = unsafe { sapiens_stream_create(context, &options, &mut stream) };
        if self.note(status) {
            self.streams.push(stream);
        }
    }

    fn step(&mut self) {
        let (contexts, streams, results) = (self.contexts.clone(), self.streams.clone(), self.results.clone());
        let (mut context, mut stream) = (self.handle(&contexts), self.handle(&streams));
        // SAFETY: pointers lead to locals of the right type; handles are checked by the library.
        let status = unsafe {
            match self.next() % 62 {
                0..20 => return self.submit(),
                20..27 => {
                    let mut result = null_mut();
                    let status = sapiens_stream_poll(stream, self.pick(&[0, 0, 1, 4]), &mut result);
                    if status == SapiensStatus::Ok {
                        self.results.push(result);
                    }
                    status
                }
                27..33 => return self.read(),
                33..37 => {
                    let mut result = self.handle(&results);
                    if self.one_in(4) { sapiens_result_retain(result) } else { sapiens_result_release(&mut result) }
                }
                37..39 => return self.make_stream(),
                39 => sapiens_stream_destroy(&mut stream),
                40..42 => sapiens_stream_cancel(stream, self.pick(&[0, 1, 5, u64::MAX])),
                42 => sapiens_stream_flush(stream, self.pick(&[0, 1, 2])),
                43..46 => {
                    let size = size_of::<SapiensTaskOptions>() as u32;
                    let (every_n, priority) = (self.number(&[0, 1, 3]), self.next() as i32);
                    let options = SapiensTaskOptions { struct_size: size, every_n, priority };
                    sapiens_stream_set_task(stream, self.number(&[1, 2, 4, 32]), &options)
                }
                46..48 => {
                    let mut statistics: SapiensStatistics = std::mem::zeroed();
                    statistics.struct_size = size_of_val(&statistics) as u32;
                    let status = sapiens_stream_statistics(stream, &mut statistics);
                    let s = &statistics;
                    let ended = s.completed + s.failed + s.dropped_frames + s.cancelled;
                    // What is handed over at once is counted before its callback ends.
                    let open = u64::from(s.waiting) + u64::from(s.working);
                    assert!(s.submitted >= ended && s.submitted <= ended + open, "the books do not balance");
                    status
                }
                48..52 => sapiens_context_process_events(context),
                52 if self.one_in(3) => {
                    let mut options: SapiensContextOptions = std::mem::zeroed();
                    sapiens_context_options_default(&mut options, size_of::<SapiensContextOptions>() as u32);
                    options.threads = 1;
                    options.log_level = self.number(&[0, 1, 4]) as i32;
                    options.log_delivery = self.number(&[1, 2]) as i32;
                    options.log_callback = Some(on_log);
                    let status = sapiens_context_create(&options, &mut context);
                    if status == SapiensStatus::Ok {
                        self.contexts.push(context);
                    }
                    status
                }
                53 if self.one_in(4) => {
                    let mut options: SapiensLoadOptions = std::mem::zeroed();
                    sapiens_load_options_default(&mut options, size_of::<SapiensLoadOptions>() as u32);
                    options.tasks = self.number(&[1, 4, 6]);
                    options.precision = self.number(&[0, 1]) as i32;
                    options.progress = Some(on_progress);
                    options.user_data = if self.one_in(4) { null_mut::<c_void>().wrapping_add(8) } else { null_mut() };
                    sapiens_context_load(context, null(), &options, null_mut())
                }
                54 => sapiens_context_unload(context, self.number(&[1, 2, 3])),
                55 => {
                    let noise = &self.buffer[..100];
                    sapiens_context_load_memory(
                        context,
                        c"noise".as_ptr(),
                        noise.as_ptr().cast(),
                        100,
                        null(),
                        null_mut(),
                    )
                }
                56 => sapiens_context_cancel_loads(context),
                57 if self.one_in(60) => sapiens_context_destroy(&mut context),
                58 if self.one_in(90) => sapiens_shutdown_all(),
                59..62 => return self.call_about_people(context, stream),
                _ => {
                    let mut count = 0;
                    sapiens_context_model_count(context, &mut count)
                }
            }
        };
        self.note(status);
    }

    fn end(mut self) {
        let status = sapiens_shutdown_all();
        assert!(self.note(status));
        for mut result in std::mem::take(&mut self.results) {
            // SAFETY: handles are checked by the library.
            while !result.is_null() && unsafe { sapiens_result_release(&mut result) } == SapiensStatus::Ok {}
        }
        assert_eq!(RELEASED.swap(0, Ordering::SeqCst), self.borrowed, "every borrowed frame is released once");
        println!("answers: {:?}", self.statuses);
        let seen = |status: SapiensStatus| self.statuses.get(&(status as i32)).copied().unwrap_or(0);
        assert!(seen(SapiensStatus::Ok) > u64::from(STEPS) / 5, "most calls should be sensible: {:?}", self.statuses);
    }
}

fn last_error() -> String {
    // SAFETY: never null, and valid until the next fault on this thread.
    unsafe { CStr::from_ptr(sapiens_last_error()) }.to_string_lossy().into_owned()
}

fn run(seed: u64) {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    println!("SAPIENS_FUZZ_SEED={seed}");
    let mut fuzz = Fuzz::new(seed);
    // Something to work with from the beginning, and again after everything was shut down.
    for step in 0..STEPS {
        if step % 1000 == 0 {
            let mut context = null_mut();
            // SAFETY: defaults, and a local.
            unsafe {
                assert_eq!(sapiens_context_create(null(), &mut context), SapiensStatus::Ok, "{}", last_error());
                let mut options: SapiensLoadOptions = std::mem::zeroed();
                sapiens_load_options_default(&mut options, size_of::<SapiensLoadOptions>() as u32);
                options.tasks = SapiensTask::Pose as u32 | SapiensTask::Seg as u32 | SapiensTask::Pointmap as u32;
                assert_eq!(
                    sapiens_context_load(context, null(), &options, null_mut()),
                    SapiensStatus::Ok,
                    "{}",
                    last_error()
                );
                let detector = sapiens_context_load_detector(context, null(), null());
                assert_eq!(detector, SapiensStatus::Ok, "{}", last_error());
            }
            fuzz.contexts.push(context);
            (0..3).for_each(|_| fuzz.make_stream());
        }
        fuzz.step();
    }
    fuzz.end();
}

#[test]
fn random_calls_do_no_harm() {
    if let Ok(seed) = std::env::var("SAPIENS_FUZZ_SEED") {
        return run(seed.parse().unwrap());
    }
    let seconds = std::env::var("SAPIENS_FUZZ_SECONDS").map_or(0, |text| text.parse().unwrap());
    let (begin, length) = (Instant::now(), Duration::from_secs(seconds));
    for seed in 1.. {
        run(seed * 7919);
        if seed >= 3 && begin.elapsed() >= length {
            break;
        }
    }
}
