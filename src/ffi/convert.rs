//! From the integers and pointers of C to the types of the library, checked.

use super::context_types::{SapiensContextOptions, SapiensLoadOptions};
use super::convert_people::people_options;
use super::enums::{SapiensDeviceFraming, SapiensLogLevel, SapiensPrecision, SapiensTask};
use super::guard::{flag, optional_text};
use super::status::{Failure, SapiensStatus, c_text};
use super::stream_types::{SAPIENS_WAIT_FOREVER, SapiensStreamOptions};
use crate::engine::{DeviceFraming, MapSpace, Regions};
use crate::geometry::Size;
use crate::live::{ContextOptions, Delivery, LoadRequest, Log, LogLevel, Overlap, Policy, StreamOptions, TaskSetting};
use crate::preprocess::Framing;
use crate::runtime::Device;
use crate::spec::{Precision, Task};
use std::time::Duration;

/// A pointer that only the host looks behind, and which it allows callbacks to be given on any thread.
pub(super) struct UserData<T>(pub *mut T);

// SAFETY: the library never follows it.
unsafe impl<T> Send for UserData<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for UserData<T> {}

const TASKS: [(SapiensTask, Task); 8] = [
    (SapiensTask::Pose, Task::Pose),
    (SapiensTask::Seg, Task::Seg),
    (SapiensTask::Normal, Task::Normal),
    (SapiensTask::Pointmap, Task::Pointmap),
    (SapiensTask::Albedo, Task::Albedo),
    (SapiensTask::Matting, Task::Matting),
    (SapiensTask::Features, Task::Features),
    (SapiensTask::Depth, Task::Depth),
];

/// The bits of tasks.
pub(super) fn task_mask(tasks: &[Task]) -> u32 {
    TASKS.iter().filter(|(_, task)| tasks.contains(task)).fold(0, |mask, (bit, _)| mask | *bit as u32)
}

/// The tasks of a mask; 0 is none in particular.
pub(super) fn tasks_of_mask(mask: u32, argument: &str) -> Result<Option<Vec<Task>>, Failure> {
    let known = TASKS.iter().fold(0, |all, (bit, _)| all | *bit as u32);
    if mask & !known != 0 {
        return Err(Failure::invalid(format!("{argument} has unknown bits: {:#x}", mask & !known)));
    }
    let tasks = TASKS.iter().filter(|(bit, _)| mask & *bit as u32 != 0).map(|(_, task)| *task).collect();
    Ok((mask != 0).then_some(tasks))
}

/// The task of a single bit.
pub(super) fn one_task(bit: u32, argument: &str) -> Result<Task, Failure> {
    let found = TASKS.iter().find(|(known, _)| *known as u32 == bit).map(|(_, task)| *task);
    found.ok_or_else(|| Failure::invalid(format!("{argument} is {bit:#x}; it must be one SapiensTask bit")))
}

/// `None` waits for ever.
pub(super) fn timeout(ms: u32) -> Option<Duration> {
    (ms != SAPIENS_WAIT_FOREVER).then(|| Duration::from_millis(ms.into()))
}

pub(super) fn choose<T: Clone>(number: i32, argument: &str, kind: &str, known: &[(i32, T)]) -> Result<T, Failure> {
    known.iter().find(|(value, _)| *value == number).map(|(_, choice)| choice.clone()).ok_or_else(|| {
        let values: Vec<_> = known.iter().map(|(value, _)| value.to_string()).collect();
        Failure::invalid(format!("{argument} is {number}; a {kind} is one of {}", values.join(", ")))
    })
}

pub(super) fn zero(value: u32, argument: &str) -> Result<(), Failure> {
    if value == 0 { Ok(()) } else { Err(Failure::invalid(format!("{argument} is {value}; it must be 0"))) }
}

fn delivery(number: i32, argument: &str) -> Result<Delivery, Failure> {
    choose(number, argument, "SapiensDelivery", &[(0, Delivery::Poll), (1, Delivery::Events), (2, Delivery::Immediate)])
}

/// # Safety
/// The texts are null or end in zero.
pub(super) unsafe fn context_options(options: &SapiensContextOptions) -> Result<ContextOptions, Failure> {
    let abi = super::version::SAPIENS_ABI_VERSION;
    if options.abi_version != abi {
        return Err(Failure::new(
            SapiensStatus::AbiMismatch,
            format!(
                "options->abi_version is {}, this library has {abi}: compile with its own header, and begin with \
                 SAPIENS_CONTEXT_OPTIONS_INIT",
                options.abi_version
            ),
        ));
    }
    zero(options.reserved, "options->reserved")?;
    let level = choose(
        options.log_level,
        "options->log_level",
        "SapiensLogLevel",
        &[
            (SapiensLogLevel::Off as i32, None),
            (SapiensLogLevel::Error as i32, Some(LogLevel::Error)),
            (SapiensLogLevel::Warning as i32, Some(LogLevel::Warning)),
            (SapiensLogLevel::Info as i32, Some(LogLevel::Info)),
            (SapiensLogLevel::Debug as i32, Some(LogLevel::Debug)),
        ],
    )?;
    let log_delivery = delivery(options.log_delivery, "options->log_delivery")?;
    let log = level.zip(options.log_callback).map(|(level, callback)| Log {
        level,
        is_immediate: log_delivery == Delivery::Immediate,
        callback: log_callback(callback, UserData(options.user_data)),
    });
    let devices = unsafe { optional_text(options.devices, "options->devices")? }.unwrap_or("cpu");
    let devices = devices.split(',').map(|name| name.trim().parse::<Device>()).collect::<crate::Result<Vec<_>>>();
    let library = unsafe { optional_text(options.onnxruntime_path, "options->onnxruntime_path")? };
    let cache = unsafe { optional_text(options.cache_folder, "options->cache_folder")? };
    if cache == Some("") {
        return Err(Failure::invalid("options->cache_folder is empty; NULL stands for none"));
    }
    Ok(ContextOptions {
        library: library.map(Into::into),
        cache: cache.map(Into::into),
        devices: devices.map_err(|e| Failure::invalid(format!("options->devices: {e}")))?,
        threads: options.threads as usize,
        low_memory: flag(options.low_memory, "options->low_memory")?,
        flip_test: flag(options.flip_test, "options->flip_test")?,
        memory_budget: (options.memory_budget > 0).then_some(options.memory_budget),
        log,
    })
}

type LogSink = Box<dyn Fn(LogLevel, &str) + Send + Sync>;

fn log_callback(
    callback: unsafe extern "C" fn(*mut std::ffi::c_void, i32, *const std::ffi::c_char),
    user_data: UserData<std::ffi::c_void>,
) -> LogSink {
    Box::new(move |level, message| {
        let user_data = &user_data;
        let level = match level {
            LogLevel::Error => SapiensLogLevel::Error,
            LogLevel::Warning => SapiensLogLevel::Warning,
            LogLevel::Info => SapiensLogLevel::Info,
            LogLevel::Debug => SapiensLogLevel::Debug,
        };
        let message = c_text(message.replace('\n', " "));
        // SAFETY: a function of the host, given with this user data.
        unsafe { callback(user_data.0, level as i32, message.as_ptr()) };
    })
}

pub(super) fn precision_number(precision: Precision) -> i32 {
    match precision {
        Precision::Fp32 => SapiensPrecision::Fp32 as i32,
        Precision::Fp16 => SapiensPrecision::Fp16 as i32,
        Precision::Bf16 => SapiensPrecision::Bf16 as i32,
    }
}

pub(super) fn load_request(options: &SapiensLoadOptions) -> Result<LoadRequest, Failure> {
    let regions = flag(options.regions, "options->regions")?;
    let precision = choose(
        options.precision,
        "options->precision",
        "SapiensPrecision",
        &[
            (SapiensPrecision::Default as i32, None),
            (SapiensPrecision::Fp32 as i32, Some(Precision::Fp32)),
            (SapiensPrecision::Fp16 as i32, Some(Precision::Fp16)),
            (SapiensPrecision::Bf16 as i32, Some(Precision::Bf16)),
        ],
    )?;
    let input = match (options.input_width, options.input_height) {
        (0, 0) => None,
        (0, _) | (_, 0) => return Err(Failure::invalid("options->input_width and input_height: give both or none")),
        (width, height) => Some(Size::new(width as usize, height as usize)),
    };
    let tasks = tasks_of_mask(options.tasks, "options->tasks")?;
    let framings = [
        (SapiensDeviceFraming::Auto as i32, DeviceFraming::Auto),
        (SapiensDeviceFraming::On as i32, DeviceFraming::On),
        (SapiensDeviceFraming::Off as i32, DeviceFraming::Off),
    ];
    let device_framing = choose(options.device_framing, "options->device_framing", "SapiensDeviceFraming", &framings)?;
    let recorded = flag(options.recorded, "options->recorded")?;
    let winograd = options.winograd_bytes;
    Ok(LoadRequest { tasks, precision, input, winograd, regions, device_framing, recorded })
}

/// # Safety
/// `options->filter_options` and `map_filter_options` are null or lead to whole structures.
pub(super) unsafe fn stream_options(options: &SapiensStreamOptions) -> Result<StreamOptions, Failure> {
    let delivery = delivery(options.delivery, "options->delivery")?;
    if (delivery == Delivery::Poll) != options.callback.is_none() {
        return Err(Failure::invalid(match delivery {
            Delivery::Poll => "options->callback is set, but options->delivery is POLL; choose EVENTS or IMMEDIATE",
            _ => "options->callback is NULL, but options->delivery says results go to it",
        }));
    }
    let budget = u64::try_from(options.budget_ns).map_err(|_| {
        Failure::invalid(format!("options->budget_ns is {}; it must be 0 (no limit) or more", options.budget_ns))
    })?;
    let policies = [(0, Policy::Block), (1, Policy::DropOldest), (2, Policy::LatestOnly)];
    let spaces = [(0, MapSpace::Model), (1, MapSpace::Image)];
    let regions = [(0, Regions::Whole), (1, Regions::Boxes), (2, Regions::Seg)];
    let overlaps = [(0, Overlap::Auto), (1, Overlap::On), (2, Overlap::Off)];
    let framings = [(0, Framing::Official), (1, Framing::Crop)];
    let tasks = tasks_of_mask(options.tasks, "options->tasks")?.unwrap_or_default();
    zero(options.reserved, "options->reserved")?;
    if !(1..=64).contains(&options.depth) {
        return Err(Failure::invalid(format!("options->depth is {}; it must be 1..64", options.depth)));
    }
    Ok(StreamOptions {
        depth: options.depth as usize,
        policy: choose(options.policy, "options->policy", "SapiensPolicy", &policies)?,
        space: choose(options.map_space, "options->map_space", "SapiensMapSpace", &spaces)?,
        framing: choose(options.framing, "options->framing", "SapiensFraming", &framings)?,
        tasks: tasks.into_iter().map(|task| TaskSetting { task, every_n: 1, priority: 0 }).collect(),
        budget: (budget > 0).then(|| Duration::from_nanos(budget)),
        keep_picture: flag(options.keep_image, "options->keep_image")?,
        regions: choose(options.regions, "options->regions", "SapiensRegions", &regions)?,
        batch_memory: (options.batch_memory != 0).then_some(options.batch_memory),
        delivery,
        overlap: choose(options.overlap, "options->overlap", "SapiensOverlap", &overlaps)?,
        device_maps: tasks_of_mask(options.device_maps, "options->device_maps")?.unwrap_or_default(),
        people: unsafe { people_options(options)? },
    })
}
