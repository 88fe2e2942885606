//! Sums, shares and medians that do not keep what they were made of.

/// A running mean.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mean {
    sum: f64,
    count: u64,
}

impl Mean {
    pub fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
    }

    /// Several values at once.
    pub fn add_sum(&mut self, sum: f64, count: u64) {
        self.sum += sum;
        self.count += count;
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    /// `None` without values.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

/// `part / all`, `None` of nothing.
pub(super) fn share(part: u64, all: u64) -> Option<f64> {
    (all > 0).then(|| part as f64 / all as f64)
}

/// Counts of values in bins of equal width from 0: a median as exact as the bins are fine.
#[derive(Debug, Clone)]
pub(super) struct Histogram {
    bins: Vec<u64>,
    high: f64,
    count: u64,
}

impl Histogram {
    /// `bins` bins over 0..`high`.
    pub fn new(high: f64, bins: usize) -> Self {
        Self { bins: vec![0; bins], high, count: 0 }
    }

    /// Values outside go to the outermost bins.
    pub fn add(&mut self, value: f64) {
        let last = self.bins.len() - 1;
        let bin = (value / self.high * self.bins.len() as f64) as usize; // saturates, NaN is 0
        self.bins[bin.min(last)] += 1;
        self.count += 1;
    }

    /// The value with half of the values below it, as if those of a bin were spread evenly over it.
    pub fn median(&self) -> Option<f64> {
        let width = self.high / self.bins.len() as f64;
        let half = self.count as f64 / 2.0;
        let mut below = 0.0;
        for (i, &count) in self.bins.iter().enumerate() {
            let count = count as f64;
            if count > 0.0 && below + count >= half {
                return Some(width * (i as f64 + (half - below) / count));
            }
            below += count;
        }
        None
    }
}

/// The median, the mean of the two in the middle of an even number. Reorders the values.
pub(super) fn median(values: &mut [f64]) -> Option<f64> {
    let (middle, is_odd) = (values.len() / 2, values.len() % 2 == 1);
    if values.is_empty() {
        return None;
    }
    let (below, &mut upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    if is_odd {
        return Some(upper);
    }
    let lower = below.iter().copied().max_by(f64::total_cmp).unwrap_or(upper);
    Some((lower + upper) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median(&mut []), None);
        assert_eq!(median(&mut [3.0]), Some(3.0));
        assert_eq!(median(&mut [9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&mut [9.0, 1.0, 2.0, 4.0]), Some(3.0));
    }

    #[test]
    fn a_histogram_is_as_exact_as_its_bins() {
        let mut histogram = Histogram::new(10.0, 100);
        assert_eq!(histogram.median(), None);
        (0..1001).for_each(|i| histogram.add(f64::from(i) * 0.005)); // 0 to 5
        assert!((histogram.median().unwrap() - 2.5).abs() < 0.1);
        let mut outside = Histogram::new(1.0, 4);
        [-5.0, 77.0, 77.0].iter().for_each(|v| outside.add(*v));
        assert!(outside.median().unwrap() > 0.75);
    }

    #[test]
    fn nothing_has_no_mean() {
        assert_eq!((Mean::default().mean(), share(0, 0)), (None, None));
        let mut mean = Mean::default();
        mean.add(1.0);
        mean.add_sum(5.0, 2);
        assert_eq!((mean.mean(), mean.count(), share(1, 4)), (Some(2.0), 3, Some(0.25)));
    }
}
