//! How many people a model looks at in one run.

use crate::geometry::Size;
use crate::spec::{PATCH, Task};

/// What a batch may take where nobody says otherwise: bytes.
const USUAL_MEMORY: u64 = 1 << 30;
/// Larger batches gain nothing: the arithmetic units are busy with far smaller ones.
const MOST: u64 = 16;
/// Feature maps that are alive at a time while a head works at half the size of the input: channels of floats.
const HEAD_CHANNELS: u64 = 192;
/// Copies of the tokens that are alive at a time in a block of the backbone, the wide layer of the MLP included.
const TOKEN_COPIES: u64 = 12;

/// How many crops fit into the memory of a batch, at least one.
pub(super) fn people_at_once(input: Size, tasks: &[Task], memory: Option<u64>) -> usize {
    let fit = memory.unwrap_or(USUAL_MEMORY) / bytes_per_person(input, tasks).max(1);
    usize::try_from(fit.clamp(1, MOST)).unwrap_or(1)
}

/// What a crop takes while it is worked on, roughly and rather too much: input, tokens, feature maps of the largest head.
fn bytes_per_person(input: Size, tasks: &[Task]) -> u64 {
    const FLOAT: u64 = 4;
    let pixels = input.width as u64 * input.height as u64;
    let tokens = pixels / (PATCH * PATCH) as u64 * EMBED * TOKEN_COPIES * FLOAT;
    let head = if tasks == [Task::Features] { 0 } else { pixels / 4 * HEAD_CHANNELS * FLOAT };
    pixels * 3 * FLOAT + tokens + head
}

/// Width of the widest official backbone: the metadata of a graph does not say its own.
const EMBED: u64 = 1920;

#[cfg(test)]
mod tests {
    use super::*;

    fn at_once(width: usize, height: usize, memory: Option<u64>) -> usize {
        people_at_once(Size::new(width, height), &[Task::Pose], memory)
    }

    #[test]
    fn the_memory_decides_and_one_always_fits() {
        assert_eq!(at_once(768, 1024, Some(0)), 1);
        assert_eq!(at_once(768, 1024, None), 2);
        assert_eq!(at_once(768, 1024, Some(u64::MAX)), 16);
        assert_eq!(at_once(192, 256, None), 16);
        assert_eq!(at_once(0, 0, None), 16, "no input size: nothing to divide by");
    }
}
