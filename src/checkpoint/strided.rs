//! Tensors whose elements do not lie in order: transposed, cut out or repeated ones.

use std::ops::Range;

/// Elements of the storage from the first to the last of a tensor that has any.
pub(super) fn span(shape: &[usize], strides: &[usize]) -> u64 {
    shape.iter().zip(strides).map(|(&n, &stride)| (n as u64 - 1) * stride as u64).sum::<u64>() + 1
}

/// Copies some elements, counted in order, out of the span of a tensor. `size` is that of an element in bytes.
pub(super) fn in_order(
    span: &[u8],
    size: usize,
    shape: &[usize],
    strides: &[usize],
    elements: Range<usize>,
) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(elements.len() * size);
    let mut index = vec![0; shape.len()];
    let mut rest = elements.start;
    for (index, &n) in index.iter_mut().zip(shape).rev() {
        (*index, rest) = (rest % n, rest / n);
    }
    let mut at: usize = index.iter().zip(strides).map(|(i, stride)| i * stride).sum();
    for _ in elements {
        bytes.extend_from_slice(&span[at * size..(at + 1) * size]);
        for ((index, &n), &stride) in index.iter_mut().zip(shape).zip(strides).rev() {
            *index += 1;
            at += stride;
            if *index < n {
                break;
            }
            at -= n * stride;
            *index = 0;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_come_in_the_order_of_the_indices() {
        let bytes: Vec<u8> = (0..12).collect();
        // A matrix 3x4 transposed, part of it, every second one, and one row repeated.
        assert_eq!(span(&[4, 3], &[1, 4]), 12);
        assert_eq!(in_order(&bytes, 1, &[4, 3], &[1, 4], 0..12), [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]);
        assert_eq!(in_order(&bytes, 1, &[4, 3], &[1, 4], 4..7), [5, 9, 2]);
        assert_eq!(in_order(&bytes, 2, &[3], &[2], 0..3), [0, 1, 4, 5, 8, 9]);
        assert_eq!(span(&[3, 4], &[0, 1]), 4);
        assert_eq!(in_order(&bytes, 1, &[2, 4], &[0, 1], 0..8), [0, 1, 2, 3, 0, 1, 2, 3]);
        assert!(in_order(&bytes, 1, &[4, 3], &[1, 4], 12..12).is_empty());
    }
}
