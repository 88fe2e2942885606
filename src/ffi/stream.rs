//! Exports about streams.

use super::context::{CONTEXTS, Host};
use super::context_types::SapiensContext;
use super::convert::{UserData, one_task, stream_options, timeout};
use super::convert_people::people_options;
use super::guard::{check_struct, guard, output, read_or, write};
use super::result::RESULTS;
use super::result_types::SapiensResult;
use super::status::{Failure, SapiensStatus};
use super::stream_types::{
    SAPIENS_ALL_FRAMES, SapiensStatistics, SapiensStream, SapiensStreamOptions, SapiensTaskOptions,
};
use super::table::Table;
use crate::live::{Stream, TaskSetting};
use std::sync::{Arc, Weak};

/// A stream and the context it ends with.
pub(super) struct StreamHost {
    pub live: Stream,
    context: Weak<Host>,
}

pub(super) static STREAMS: Table<StreamHost> = Table::new(2, "stream");

/// Makes a stream and its worker thread.
///
/// `options`: NULL for the defaults. `*stream`: the new stream; untouched on failure. Free it with `sapiens_stream_destroy`.
/// Models may be loaded before or after; a frame runs the tasks loaded when its turn comes.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_stream_create(
    context: *mut SapiensContext,
    options: *const SapiensStreamOptions,
    stream: *mut *mut SapiensStream,
) -> SapiensStatus {
    guard(|| {
        let out = unsafe { output(stream, "stream")? };
        let host = CONTEXTS.get(context)?;
        let options = unsafe { read_or(options, "options", SapiensStreamOptions::DEFAULT)? };
        let live = Stream::new(&host.live, unsafe { stream_options(&options)? })?;
        let handle: *mut SapiensStream =
            STREAMS.insert(Arc::new(StreamHost { live, context: Arc::downgrade(&host) }))?;
        if let Some(callback) = options.callback {
            let (user_data, handle) = (UserData(options.user_data), UserData(handle));
            STREAMS.get(handle.0)?.live.set_callback(Box::new(move |result| {
                let (user_data, handle) = (&user_data, &handle);
                let Ok(result) = RESULTS.insert::<SapiensResult>(Arc::new(result.into())) else { return };
                // SAFETY: a function of the host, given with this user data, called where it chose to be called.
                unsafe { callback(user_data.0, handle.0, result) };
                RESULTS.release(result).ok();
            }));
        }
        *out = handle;
        Ok(())
    })
}

/// Frees a stream and sets `*stream` to NULL. Discards what waits and what is finished, waits for the frame in work and for a
/// callback that runs; none runs after it. Borrowed pixels are released before it returns. Results live on. Safe to call
/// twice, and with `*stream` NULL. Fails with WRONG_THREAD as `sapiens_context_destroy`.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_stream_destroy(stream: *mut *mut SapiensStream) -> SapiensStatus {
    guard(|| {
        let handle = unsafe { output(stream, "stream")? };
        if !handle.is_null() {
            match STREAMS.get(*handle) {
                Ok(host) => {
                    host.live.destroy()?;
                    // Another thread may have been faster.
                    STREAMS.remove(*handle).ok();
                }
                Err(failure) if failure.status == SapiensStatus::ShutDown => {}
                Err(failure) => return Err(failure),
            }
        }
        *handle = std::ptr::null_mut();
        Ok(())
    })
}

/// Ends the streams of a context.
pub(super) fn destroy_streams(context: &Arc<Host>) -> Result<(), Failure> {
    let ended = STREAMS.shut_down(|stream| std::ptr::eq(stream.context.as_ptr(), Arc::as_ptr(context)));
    for stream in &ended {
        stream.live.destroy()?;
    }
    Ok(())
}

/// Sets how often a task runs and how important it is, from the next frame on. `task`: one `SapiensTask` bit, whether or not
/// a model has it yet. `options`: NULL for the defaults (every frame, priority 0).
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_stream_set_task(
    stream: *mut SapiensStream,
    task: u32,
    options: *const SapiensTaskOptions,
) -> SapiensStatus {
    guard(|| {
        let host = STREAMS.get(stream)?;
        let task = one_task(task, "task")?;
        let options = unsafe { read_or(options, "options", SapiensTaskOptions::DEFAULT)? };
        host.live.set_task(TaskSetting { task, every_n: options.every_n, priority: options.priority })?;
        Ok(())
    })
}

/// Changes what the stream does about people, from the next frame that is worked on: the fields of `options` from `detect` to
/// `map_filter_options`; the others are not looked at. NULL: nothing is done about people any more. Ids go on: who is tracked
/// keeps theirs, and none is given twice. After a fault nothing has changed.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_stream_set_people(
    stream: *mut SapiensStream,
    options: *const SapiensStreamOptions,
) -> SapiensStatus {
    guard(|| {
        let host = STREAMS.get(stream)?;
        let options = unsafe { read_or(options, "options", SapiensStreamOptions::DEFAULT)? };
        Ok(host.live.set_people(unsafe { people_options(&options)? })?)
    })
}

/// Tells that somebody may have come in (a door, a cut): a detector that rests between its turns looks at the next frame.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_stream_expect_entry(stream: *mut SapiensStream) -> SapiensStatus {
    guard(|| Ok(STREAMS.get(stream)?.live.expect_entry()?))
}

/// Fetches the oldest finished result, and waits for one up to `timeout_ms` (0: not at all; SAPIENS_WAIT_FOREVER), also when
/// no frame has been submitted. Answers TIMEOUT if there is none. A frame that failed gives a result too, with its
/// fault in `SapiensResultInfo.status`. `*result`: release it with `sapiens_result_release`; untouched unless OK.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_stream_poll(
    stream: *mut SapiensStream,
    timeout_ms: u32,
    result: *mut *mut SapiensResult,
) -> SapiensStatus {
    guard(|| {
        let out = unsafe { output(result, "result")? };
        let found = STREAMS.get(stream)?.live.poll(timeout(timeout_ms))?.ok_or(Failure::TIMEOUT)?;
        *out = RESULTS.insert(Arc::new(found.into()))?;
        Ok(())
    })
}

/// Takes back a frame, or all with SAPIENS_ALL_FRAMES: waiting ones go at once (borrowed pixels are released before this
/// returns), the one in work gives no result when it ends. Finished results stay. OK also if there is nothing to take back.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_stream_cancel(stream: *mut SapiensStream, frame: u64) -> SapiensStatus {
    guard(|| {
        STREAMS.get(stream)?.live.cancel((frame != SAPIENS_ALL_FRAMES).then_some(frame));
        Ok(())
    })
}

/// Waits until no frame waits or is in work, up to `timeout_ms`; TIMEOUT if that is not reached. With policy BLOCK the worker
/// waits for results to be fetched, so fetch them from another thread or give a timeout.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_stream_flush(stream: *mut SapiensStream, timeout_ms: u32) -> SapiensStatus {
    guard(|| match STREAMS.get(stream)?.live.flush(timeout(timeout_ms))? {
        true => Ok(()),
        false => Err(Failure::TIMEOUT),
    })
}

/// Gives counts and times of the stream.
///
/// # Safety
/// Pointers as the parameters say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sapiens_stream_statistics(
    stream: *mut SapiensStream,
    statistics: *mut SapiensStatistics,
) -> SapiensStatus {
    guard(|| {
        unsafe { check_struct(statistics, "statistics")? };
        let s = STREAMS.get(stream)?.live.statistics();
        let found = SapiensStatistics {
            struct_size: 0,
            reserved: 0,
            submitted: s.submitted,
            completed: s.completed,
            failed: s.failed,
            dropped_frames: s.dropped_frames,
            dropped_results: s.dropped_results,
            cancelled: s.cancelled,
            waiting: s.waiting as u32,
            working: s.working as u32,
            finished: s.finished as u32,
            tracks: s.tracks as u32,
            wait_ms: s.wait_ms,
            convert_ms: s.convert_ms,
            preprocess_ms: s.preprocess_ms,
            model_ms: s.model_ms,
            postprocess_ms: s.postprocess_ms,
            total_ms: s.total_ms,
            detector_runs: s.detector_runs,
            detect_ms: s.detect_ms,
            model_loads: s.model_loads,
            load_ms: s.load_ms,
        };
        unsafe { write(statistics, "statistics", found) }
    })
}
