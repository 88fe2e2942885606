//! How many people a model looks at in one run.

/// What a batch may take where nobody says otherwise: bytes.
pub const USUAL_MEMORY: u64 = 1 << 30;
/// Larger batches gain nothing: the arithmetic units are busy with far smaller ones.
const MOST: u64 = 16;

/// How many crops fit into the memory of a batch, at least one. `work`: bytes that one takes ([`super::Footprint::work`]).
pub(super) fn people_at_once(work: u64, memory: Option<u64>) -> usize {
    let fit = memory.unwrap_or(USUAL_MEMORY) / work.max(1);
    usize::try_from(fit.clamp(1, MOST)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_decides_and_one_always_fits() {
        const MB: u64 = 1 << 20;
        assert_eq!(people_at_once(500 * MB, Some(0)), 1);
        assert_eq!(people_at_once(500 * MB, None), 2);
        assert_eq!(people_at_once(500 * MB, Some(u64::MAX)), 16);
        assert_eq!(people_at_once(MB, None), 16);
        assert_eq!(people_at_once(0, None), 16, "nothing is known: nothing to divide by");
    }
}
