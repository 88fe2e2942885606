//! The tables of a framing graph: which pixels are read, and what they weigh.

use super::surface::Layout;
use crate::geometry::Size;
use crate::preprocess::{Plan, Taps};
use crate::runtime::{Input, View};

/// Shape and elements of an input.
struct Table<T> {
    shape: Vec<usize>,
    values: Vec<T>,
}

impl<T> Table<T> {
    fn of(shape: &[usize]) -> Self {
        Self { shape: shape.to_vec(), values: Vec::with_capacity(shape.iter().product()) }
    }
}

impl Table<i32> {
    fn input(&self) -> Input<'_> {
        Input::Host(View::I32(&self.shape, &self.values))
    }
}

impl Table<f32> {
    fn input(&self) -> Input<'_> {
        Input::Host(View::F32(&self.shape, &self.values))
    }
}

/// Tables of several people, as the graph takes them.
pub(super) struct Tables {
    /// Weights per column and per row.
    pub taps: [usize; 2],
    rows: Table<i32>,
    columns: Table<i32>,
    step: Table<i32>,
    x_weights: Table<f32>,
    y_first: Table<i32>,
    y_weights: Table<f32>,
    /// Of columns and rows, if there is one.
    border: Option<[Table<f32>; 2]>,
}

impl Tables {
    /// For crops of one size out of one picture; `None` without any.
    pub fn new(plans: &[Plan], layout: &Layout) -> Option<Self> {
        let Size { width, height } = plans.first()?.placement.input;
        let (people, size) = (plans.len(), layout.size);
        let taps = |axis: &dyn Fn(&Plan) -> usize, limit: usize| {
            // Few different numbers: each is a graph of its own.
            let most = plans.iter().map(axis).max().unwrap_or(1);
            if most.next_multiple_of(2) <= limit { most.next_multiple_of(2) } else { most }
        };
        let taps = [taps(&|p| p.columns.count(), size.width), taps(&|p| p.rows.count(), size.height)];
        let used = |plan: &Plan| plan.rows.source_range(0, plan.rows.len());
        // The rows used, and those that taps of no weight read behind them.
        let rows = |plan: &Plan| (used(plan).len() + taps[1] - plan.rows.count()).clamp(taps[1], size.height);
        let window = plans.iter().map(rows).max().unwrap_or(taps[1]);
        let mut tables = Self {
            taps,
            rows: Table::of(&[people, window, 1]),
            columns: Table::of(&[people, 1, width]),
            step: Table { shape: vec![1], values: vec![layout.across as i32] },
            x_weights: Table::of(&[people, taps[0], width, 1]),
            y_first: Table::of(&[people, height]),
            y_weights: Table::of(&[people, height, taps[1]]),
            border: plans.iter().any(|plan| plan.border > 0).then(|| border(plans)),
        };
        for (person, plan) in plans.iter().enumerate() {
            // All of these fit: the area of pictures is limited.
            let top = used(plan).start.min(size.height - window);
            let row = |y: usize| (layout.origin as isize + (top + y) as isize * layout.down) as i32;
            tables.rows.values.extend((0..window).map(row));
            let (starts, weights) = widened(&plan.columns, taps[0], size.width);
            tables.columns.values.extend(starts.iter().map(|&x| (x as isize * layout.across) as i32));
            for tap in 0..taps[0] {
                tables.x_weights.values.extend(weights.iter().skip(tap).step_by(taps[0]));
            }
            let (starts, weights) = widened(&plan.rows, taps[1], size.height);
            // Rows that see nothing start anywhere.
            let in_window = |&y: &usize| (person * window + y.saturating_sub(top).min(window - taps[1])) as i32;
            tables.y_first.values.extend(starts.iter().map(in_window));
            tables.y_weights.values.extend(weights);
        }
        Some(tables)
    }

    /// Elements of the largest tensor that the graph makes of them, for pixels of so many channels.
    pub fn largest(&self, channels: usize) -> usize {
        let (lines, width) = (self.rows.values.len(), self.columns.shape[2]);
        lines.max(self.y_first.values.len()) * width * channels
    }

    /// Whether something else than 0 stands where the picture is not seen.
    pub fn has_border(&self) -> bool {
        self.border.is_some()
    }

    /// The inputs of the graph, but for the picture.
    pub fn inputs(&self) -> Vec<(&'static str, Input<'_>)> {
        let mut inputs = vec![
            ("rows", self.rows.input()),
            ("columns", self.columns.input()),
            ("step", self.step.input()),
            ("x_weights", self.x_weights.input()),
            ("y_first", self.y_first.input()),
            ("y_weights", self.y_weights.input()),
        ];
        if let Some([x, y]) = &self.border {
            inputs.extend([("x_border", x.input()), ("y_border", y.input())]);
        }
        inputs
    }
}

/// What stands in columns and rows that see nothing, and 0 in others.
fn border(plans: &[Plan]) -> [Table<f32>; 2] {
    let values = |taps: fn(&Plan) -> &Taps| -> Vec<f32> {
        let of = |plan: &Plan| -> Vec<f32> {
            let (taps, border) = (taps(plan), f32::from(plan.border));
            (0..taps.len()).map(|i| if taps.is_blank(i) { border } else { 0.0 }).collect()
        };
        plans.iter().flat_map(of).collect()
    };
    let (x, y) = (values(|plan| &plan.columns), values(|plan| &plan.rows));
    let people = plans.len();
    let (width, height) = (x.len() / people.max(1), y.len() / people.max(1));
    [Table { shape: vec![people, 1, width, 1], values: x }, Table { shape: vec![people, height, 1, 1], values: y }]
}

/// Starts and weights with `count` weights per position, at least as many as there are; all of them within `length`.
fn widened(taps: &Taps, count: usize, length: usize) -> (Vec<usize>, Vec<f32>) {
    let mut starts = Vec::with_capacity(taps.len());
    let mut weights = vec![0.0; taps.len() * count];
    let own = taps.all_weights().chunks_exact(taps.count());
    for ((&start, own), weights) in taps.starts().iter().zip(own).zip(weights.chunks_exact_mut(count)) {
        let moved = start.min(length - count);
        weights[start - moved..][..own.len()].copy_from_slice(own);
        starts.push(moved);
    }
    (starts, weights)
}
