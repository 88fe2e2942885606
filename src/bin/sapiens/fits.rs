//! What fits into a device's memory: the part of `sapiens doctor` about models that need not be here.

use crate::console::say;
use crate::options::parse_bytes;
use sapiens::Result;
use sapiens::checkpoint::{official, official_sizes};
use sapiens::engine::memory::in_words;
use sapiens::engine::{Footprint, LoadOptions, ModelSource};
use sapiens::runtime::{Device, device_memory};
use sapiens::spec::{Precision, Task};

/// The tasks of the official sizes, most wanted first: that is the order in which a set is filled up.
const TASKS: [Task; 7] =
    [Task::Pose, Task::Seg, Task::Normal, Task::Albedo, Task::Pointmap, Task::Matting, Task::Features];
/// Those that every size from 0.4b on has.
const FIVE: usize = 5;
/// Widest cell: `15.2 / 10.1*`.
const CELL: usize = 15;

#[derive(clap::Args)]
pub struct FitsArgs {
    /// Models to say the same about: `demo`, checkpoints, converted graphs; without any the official sizes.
    #[arg(value_name = "MODEL")]
    models: Vec<String>,
    /// Memory that models may have, such as 8GB or 512MB [default: what the device has].
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes)]
    memory: Option<u64>,
    /// The device whose memory counts: cpu, cuda:N [default: the first NVIDIA card, without one cpu].
    #[arg(long, conflicts_with = "memory")]
    device: Option<Device>,
}

/// Prints what fits.
pub fn say_what_fits(args: &FitsArgs) -> Result<()> {
    let memory = memory(args)?;
    if args.models.is_empty() { official_table(memory) } else { given(&args.models, memory) }
}

fn memory(args: &FitsArgs) -> Result<u64> {
    if let Some(memory) = args.memory {
        say!("memory        {} (as given)", in_words(memory));
        return Ok(memory);
    }
    let (device, found) = match args.device {
        Some(device) => (device, device_memory(device)?),
        None => match device_memory(Device::Cuda(0)) {
            Ok(found) => (Device::Cuda(0), found),
            Err(_) => (Device::Cpu, device_memory(Device::Cpu)?),
        },
    };
    let (total, free) = (in_words(found.total), in_words(found.free));
    say!("memory        {total}, {free} free ({device}: {})", found.name);
    Ok(found.total)
}

fn options(precision: Option<Precision>) -> LoadOptions {
    LoadOptions { precision, decoded_seg: true, ..LoadOptions::default() }
}

/// Bytes of each task of a size in both precisions; `None` where there is no such model.
fn row(size: &str) -> Result<Vec<Option<[u64; 2]>>> {
    let total = |task: Task| {
        let Some(source) = official(size, task)? else { return Ok(None) };
        let of = |precision| Ok(Footprint::of_checkpoint(&source, &options(Some(precision)))?.1.total(1));
        Ok(Some([of(Precision::Fp32)?, of(Precision::Fp16)?]))
    };
    TASKS.into_iter().map(total).collect()
}

fn official_table(memory: u64) -> Result<()> {
    say!("models        GB for weights and one person at a time, fp32 / fp16; * does not fit");
    let titles: String = TASKS.iter().map(|task| format!("{:CELL$}", task.name())).collect();
    say!("  {:5} {}", "", titles.trim_end());
    let mut sets = Vec::new();
    for size in official_sizes(Task::Features) {
        let row = row(size)?;
        let cells: String =
            row.iter().map(|cell| format!("{:CELL$}", cell.map_or(String::new(), |c| text(c, memory)))).collect();
        say!("  {size:5} {}", cells.trim_end());
        let five: Vec<[u64; 2]> = row.iter().take(FIVE).flatten().copied().collect();
        if five.len() == FIVE {
            sets.push((size, five));
        }
    }
    say!("together      in the order pose, seg, normal, albedo, pointmap as many as fit");
    for (size, five) in &sets {
        for (column, precision) in [Precision::Fp32, Precision::Fp16].into_iter().enumerate() {
            let bytes: Vec<u64> = five.iter().map(|cell| cell[column]).collect();
            say!("  {size:5} {precision}  {}", together(&bytes, memory));
        }
    }
    if let Some((size, five)) = sets.first() {
        let sum = five.iter().map(|cell| cell[1]).sum::<u64>();
        let fits = if sum <= memory { "fits" } else { "does not fit: give a memory budget, and models take turns" };
        say!("example       five tasks of {size} at fp16: {}, {fits}", in_words(sum));
    }
    Ok(())
}

/// `2.2 / 1.1`, with a star behind what is too large.
fn text(cell: [u64; 2], memory: u64) -> String {
    let one = |bytes: u64| format!("{:.1}{}", bytes as f64 / 1e9, if bytes > memory { "*" } else { "" });
    format!("{} / {}", one(cell[0]), one(cell[1]))
}

/// Which of the five fit together, those that do not fit any more left out.
fn together(bytes: &[u64], memory: u64) -> String {
    let (mut sum, mut names, mut left_out) = (0_u64, Vec::new(), Vec::new());
    for (task, &bytes) in TASKS.iter().zip(bytes) {
        if sum + bytes <= memory {
            sum += bytes;
            names.push(task.name());
        } else {
            left_out.push(task.name());
        }
    }
    match (names.as_slice(), left_out.as_slice()) {
        ([], _) => "none".to_owned(),
        (_, []) => format!("all five, {}", in_words(sum)),
        (names, left_out) => format!("{}, {}; not {}", names.join(" + "), in_words(sum), left_out.join(", ")),
    }
}

/// The same about files.
fn given(models: &[String], memory: u64) -> Result<()> {
    let mut sums = [Some(0_u64); 2];
    for model in models {
        let source = ModelSource::parse(model);
        let (mut cells, mut tasks) = (Vec::new(), Vec::new());
        for precision in [None, Some(Precision::Fp16)] {
            // A converted graph has its precision built in.
            let is_graph = model.to_ascii_lowercase().ends_with(".onnx");
            if is_graph && precision.is_some() {
                continue;
            }
            let (info, footprint) = Footprint::of(&source, &options(precision))?;
            let fits = if footprint.total(1) <= memory { "" } else { ", does not fit" };
            let (weights, work) = (in_words(footprint.weights), in_words(footprint.work));
            cells.push((footprint.total(1), format!("{}: weights {weights}, a person {work}{fits}", info.precision)));
            tasks = info.tasks.iter().map(|task| task.name()).collect();
        }
        for (i, sum) in sums.iter_mut().enumerate() {
            let bytes = cells.get(i).or(cells.first()).map(|cell| cell.0);
            *sum = sum.zip(bytes).map(|(sum, bytes)| sum + bytes);
        }
        let cells: Vec<_> = cells.into_iter().map(|cell| cell.1).collect();
        say!("  {model} ({}): {}", tasks.join(", "), cells.join("; "));
    }
    let words = |sum: Option<u64>| {
        let sum = sum.unwrap_or(u64::MAX);
        format!("{}, {}", in_words(sum), if sum <= memory { "fits" } else { "does not fit" })
    };
    say!("together      as they are: {}; checkpoints at fp16: {}", words(sums[0]), words(sums[1]));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_of_memory_have_units() {
        let bytes = |text: &str| parse_bytes(text).unwrap();
        assert_eq!(["8GB", "512 mb", "1.5GiB", "123"].map(bytes), [8_000_000_000, 512_000_000, 1_610_612_736, 123]);
        for wrong in ["", "GB", "8TB", "-1GB", "0", "1e99", "8 G B"] {
            assert!(parse_bytes(wrong).unwrap_err().contains("such as 8GB"), "{wrong}");
        }
    }

    #[test]
    fn a_set_is_filled_up_in_order_and_what_is_too_large_is_named() {
        let gb = |numbers: [u64; 5]| numbers.map(|n| n * 1_000_000_000);
        let bytes = gb([2, 2, 3, 3, 5]);
        assert_eq!(together(&bytes, gb([20; 5])[0]), "all five, 15.0 GB");
        assert_eq!(together(&bytes, gb([6; 5])[0]), "pose + seg, 4.0 GB; not normal, albedo, pointmap");
        assert_eq!(together(&gb([9, 2, 3, 3, 5]), gb([8; 5])[0]), "seg + normal + albedo, 8.0 GB; not pose, pointmap");
        assert_eq!(together(&bytes, 1), "none");
        assert_eq!(text([2_240_000_000, 1_100_000_000], 2_000_000_000), "2.2* / 1.1");
    }
}
