//! The tables of a finishing graph: where each pixel of a map takes its value from.

use super::MapKind;
use crate::image::planes::{Grid, Tap};
use crate::runtime::{Input, View};
use std::ops::Range;

/// Name, shape and elements of an input.
type Table<T> = (&'static str, Vec<usize>, Vec<T>);

/// Inputs of a graph that samples.
#[derive(Default)]
pub(super) struct Tables {
    indices: Vec<Table<i32>>,
    weights: Vec<Table<f32>>,
}

impl Tables {
    pub fn new(kind: MapKind, grid: &Grid) -> Self {
        let (rows, columns) = ((grid.rows(), grid.rows_inside()), (grid.columns(), grid.columns_inside()));
        let mut tables = Self::default();
        if kind.is_nearest() {
            tables.nearest("rows_at", rows, grid.map().height);
            tables.nearest("columns_at", columns, grid.map().width);
            return tables;
        }
        // What is outside weighs nothing, so that it is 0; or else it is no number.
        let outside = if kind == MapKind::Points { f32::NAN } else { 0.0 };
        // Weights of rows are a column.
        let (height, width) = (rows.0.len(), columns.0.len());
        tables.bilinear(["rows_lo", "rows_hi"], ["rows_lo_weight", "rows_hi_weight"], &[height, 1], rows, outside);
        let weights = ["columns_lo_weight", "columns_hi_weight"];
        tables.bilinear(["columns_lo", "columns_hi"], weights, &[width], columns, outside);
        tables
    }

    fn nearest(&mut self, name: &'static str, (taps, inside): (&[Tap], Range<usize>), outside: usize) {
        let index = |(i, tap): (usize, &Tap)| if inside.contains(&i) { tap.nearest() } else { outside };
        let at: Vec<_> = taps.iter().enumerate().map(index).map(|i| i as i32).collect();
        self.indices.push((name, vec![at.len()], at));
    }

    fn bilinear(
        &mut self,
        indices: [&'static str; 2],
        weights: [&'static str; 2],
        shape: &[usize],
        (taps, inside): (&[Tap], Range<usize>),
        outside: f32,
    ) {
        let index = |of: fn(&Tap) -> usize| taps.iter().map(|tap| of(tap) as i32).collect();
        let ends = indices.into_iter().zip([index(|tap| tap.lo), index(|tap| tap.hi)]);
        self.indices.extend(ends.map(|(name, values)| (name, vec![taps.len()], values)));
        let weight = |of: fn(&Tap) -> f32| {
            let weight = |(i, tap): (usize, &Tap)| if inside.contains(&i) { of(tap) } else { outside };
            taps.iter().enumerate().map(weight).collect()
        };
        let ends = weights.into_iter().zip([weight(|tap| 1.0 - tap.weight), weight(|tap| tap.weight)]);
        self.weights.extend(ends.map(|(name, values)| (name, shape.to_vec(), values)));
    }

    /// The inputs of the graph, but for the model's output.
    pub fn inputs(&self) -> Vec<(&'static str, Input<'_>)> {
        let indices = self.indices.iter().map(|(name, shape, values)| (*name, Input::Host(View::I32(shape, values))));
        let weights = self.weights.iter().map(|(name, shape, values)| (*name, Input::Host(View::F32(shape, values))));
        indices.chain(weights).collect()
    }
}
