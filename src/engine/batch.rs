//! How many people a model looks at in one run.

use crate::geometry::Size;
use crate::spec::{ModelFraming, PATCH, Task};

/// What a batch may take where nobody says otherwise: bytes.
const USUAL_MEMORY: u64 = 1 << 30;
/// Larger batches gain nothing: the arithmetic units are busy with far smaller ones.
const MOST: u64 = 16;
/// Feature maps that are alive at a time while a head works at half the size of the input: channels of floats.
const HEAD_CHANNELS: u64 = 192;
/// Those of a head of Sapiens v1 for depth, which works at the size of the input: before a layer and behind it. Its other heads
/// have twice as many at half and a quarter of that size.
const HEAD_CHANNELS_1: u64 = 2 * 384;
/// Copies of the tokens that are alive at a time in a block of the backbone, the wide layer of the MLP included.
const TOKEN_COPIES: u64 = 12;

/// How many crops fit into the memory of a batch, at least one.
pub(super) fn people_at_once(input: Size, tasks: &[Task], framing: ModelFraming, memory: Option<u64>) -> usize {
    let fit = memory.unwrap_or(USUAL_MEMORY) / bytes_per_person(input, tasks, framing).max(1);
    usize::try_from(fit.clamp(1, MOST)).unwrap_or(1)
}

/// What a crop takes while it is worked on, roughly and rather too much: input, tokens, feature maps of the largest head.
fn bytes_per_person(input: Size, tasks: &[Task], framing: ModelFraming) -> u64 {
    const FLOAT: u64 = 4;
    let pixels = input.width as u64 * input.height as u64;
    let tokens = pixels / (PATCH * PATCH) as u64 * EMBED * TOKEN_COPIES * FLOAT;
    let head = |task: &Task| match (framing, task) {
        (_, Task::Features) => 0,
        (ModelFraming::Sapiens1, Task::Depth) => pixels * HEAD_CHANNELS_1,
        (ModelFraming::Sapiens1, Task::Pose) => pixels / 16 * 2 * HEAD_CHANNELS_1,
        (ModelFraming::Sapiens1, _) => pixels / 4 * 2 * HEAD_CHANNELS_1,
        _ => pixels / 4 * HEAD_CHANNELS,
    };
    let head = tasks.iter().map(head).max().unwrap_or(0) * FLOAT;
    pixels * 3 * FLOAT + tokens + head
}

/// Width of the widest official backbone: the metadata of a graph does not say its own.
const EMBED: u64 = 1920;

#[cfg(test)]
mod tests {
    use super::*;

    fn at_once(width: usize, height: usize, memory: Option<u64>) -> usize {
        people_at_once(Size::new(width, height), &[Task::Pose], ModelFraming::Official, memory)
    }

    #[test]
    fn heads_of_sapiens_v1_take_more() {
        let at_once = |task| people_at_once(Size::new(384, 512), &[Task::Features, task], ModelFraming::Sapiens1, None);
        assert_eq!([Task::Depth, Task::Seg, Task::Pose].map(at_once), [1, 2, 7]);
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
