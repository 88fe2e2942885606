//! Segmentation: intersection over union per class, its mean, and pixel accuracy, from counts over all pictures.

use super::check_count;
use super::tally::share;
use crate::error::{Error, Result};
use serde::Serialize;

/// Counts of pixels per class.
#[derive(Debug, Clone)]
pub struct Classes {
    /// Labelled and predicted so.
    both: Vec<u64>,
    labelled: Vec<u64>,
    predicted: Vec<u64>,
}

/// Scores of a segmentation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassesReport {
    /// Pixels compared.
    pub pixels: u64,
    /// Mean IoU over the classes that the labels hold.
    pub mean_iou: Option<f64>,
    /// Mean over the same classes of the share of their labelled pixels that were found.
    pub mean_class_accuracy: Option<f64>,
    /// Share of pixels with the right class.
    pub pixel_accuracy_share: Option<f64>,
    /// How many classes the means are over.
    pub classes_in_labels: usize,
    /// One for each class there is, in label order.
    pub classes: Vec<ClassScore>,
}

/// Scores of one class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassScore {
    /// Its name.
    pub name: String,
    /// `TP / (TP + FP + FN)` over all pictures; `None` where it is neither in the labels nor predicted.
    pub iou: Option<f64>,
    /// Pixels of it in the labels.
    pub label_pixels: u64,
    /// Pixels predicted as it.
    pub predicted_pixels: u64,
}

impl Classes {
    /// Of `count` classes with the labels 0 to `count` - 1.
    pub fn new(count: usize) -> Self {
        Self { both: vec![0; count], labelled: vec![0; count], predicted: vec![0; count] }
    }

    /// Adds a picture, one value per pixel each.
    ///
    /// # Errors
    /// `InvalidArgument` for slices of different lengths and for a class that there is not; then nothing was added.
    pub fn add(&mut self, labels: &[u8], predicted: &[u8]) -> Result<()> {
        check_count("predicted", predicted.len(), labels.len())?;
        let count = self.both.len();
        for (name, values) in [("labels", labels), ("predicted", predicted)] {
            if let Some(wrong) = values.iter().find(|v| usize::from(**v) >= count) {
                return Err(Error::invalid(format!("`{name}` holds class {wrong}; there are {count}, from 0")));
            }
        }
        for (&label, &prediction) in labels.iter().zip(predicted) {
            self.labelled[usize::from(label)] += 1;
            self.predicted[usize::from(prediction)] += 1;
            self.both[usize::from(label)] += u64::from(label == prediction);
        }
        Ok(())
    }

    /// The result so far; `names` are those of the classes.
    pub fn report<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> ClassesReport {
        let pixels = self.labelled.iter().sum();
        let iou = |c: usize| share(self.both[c], self.labelled[c] + self.predicted[c] - self.both[c]);
        let present: Vec<usize> = (0..self.both.len()).filter(|c| self.labelled[*c] > 0).collect();
        let mean = |of: &dyn Fn(usize) -> Option<f64>| {
            let sum: f64 = present.iter().filter_map(|c| of(*c)).sum();
            (!present.is_empty()).then(|| sum / present.len() as f64)
        };
        let score = |(c, name): (usize, &str)| ClassScore {
            name: name.to_owned(),
            iou: iou(c),
            label_pixels: self.labelled[c],
            predicted_pixels: self.predicted[c],
        };
        ClassesReport {
            pixels,
            mean_iou: mean(&iou),
            mean_class_accuracy: mean(&|c| share(self.both[c], self.labelled[c])),
            pixel_accuracy_share: share(self.both.iter().sum(), pixels),
            classes_in_labels: present.len(),
            classes: names.into_iter().take(self.both.len()).enumerate().map(score).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_by_hand() {
        // Class 0: labelled 4 times, predicted once, rightly: IoU 1/4. Class 1: labelled twice, predicted 4 times, 2 right: 1/2.
        // Class 2 is predicted once and never labelled: IoU 0, not in the means. Class 3 is nowhere.
        let mut classes = Classes::new(4);
        classes.add(&[0, 0, 0], &[0, 1, 1]).unwrap();
        classes.add(&[1, 1, 0], &[1, 1, 2]).unwrap();
        let report = classes.report(["a", "b", "c", "d"]);
        let ious: Vec<_> = report.classes.iter().map(|c| c.iou).collect();
        assert_eq!(ious, [Some(0.25), Some(0.5), Some(0.0), None]);
        assert_eq!((report.pixels, report.classes_in_labels), (6, 2));
        assert_eq!(report.mean_iou, Some(0.375));
        assert_eq!(report.mean_class_accuracy, Some((0.25 + 1.0) / 2.0));
        assert_eq!(report.pixel_accuracy_share, Some(0.5));
        assert_eq!((report.classes[1].label_pixels, report.classes[1].predicted_pixels), (2, 4));
    }

    #[test]
    fn wrong_classes_and_sizes_add_nothing() {
        let mut classes = Classes::new(2);
        assert!(classes.add(&[0, 2], &[0, 0]).unwrap_err().to_string().contains("`labels` holds class 2"));
        assert!(classes.add(&[0, 1], &[7, 0]).unwrap_err().to_string().contains("`predicted` holds class 7"));
        assert!(classes.add(&[0, 1], &[0]).unwrap_err().to_string().contains("1 values; 2"));
        let report = classes.report(["a", "b"]);
        assert_eq!((report.pixels, report.mean_iou, report.pixel_accuracy_share), (0, None, None));
    }
}
