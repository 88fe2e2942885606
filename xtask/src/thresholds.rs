//! Bounds that measured scores must keep: `{"note": "...", "people.pose.coco_17.oks_ap": {"min": 0.3}}`.

use crate::process::Fault;
use serde_json::Value;
use std::path::Path;

/// An entry that is for people to read.
const NOTE: &str = "note";

/// The bounds of a file.
#[derive(Debug, PartialEq)]
pub struct Thresholds(Vec<Bounds>);

#[derive(Debug, PartialEq)]
struct Bounds {
    /// Keys from the root, dots between them; an index for a member of an array.
    metric: String,
    min: Option<f64>,
    max: Option<f64>,
}

impl Thresholds {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, Fault> {
        let text = std::fs::read_to_string(path).map_err(Fault::io("read", path))?;
        Self::parse(&text).map_err(|wrong| Fault::failed(format!("{}: {wrong}", path.display())))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let document: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let entries = document.as_object().ok_or("thresholds are an object: {\"metric path\": {\"min\": 0.5}}")?;
        let of_metrics = entries.iter().filter(|(key, _)| *key != NOTE);
        let bounds = of_metrics.map(|(metric, value)| Bounds::of(metric, value)).collect::<Result<Vec<_>, _>>()?;
        if bounds.is_empty() { Err("no threshold in it, so nothing could fail".into()) } else { Ok(Self(bounds)) }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// A line for each that `scores` do not keep, or say nothing about.
    pub fn broken(&self, scores: &Value) -> Vec<String> {
        self.0.iter().filter_map(|bounds| bounds.breach(scores)).collect()
    }
}

impl Bounds {
    fn of(metric: &str, value: &Value) -> Result<Self, String> {
        let wrong = |what: &str| format!("`{metric}` {what}; give {{\"min\": 0.5}}, {{\"max\": 0.5}} or both");
        let entries = value.as_object().ok_or_else(|| wrong("is no object"))?;
        let (mut min, mut max) = (None, None);
        for (key, value) in entries {
            let bound = match key.as_str() {
                "min" => &mut min,
                "max" => &mut max,
                _ => return Err(wrong(&format!("has the key `{key}`"))),
            };
            *bound = Some(value.as_f64().ok_or_else(|| wrong(&format!("has a `{key}` that is no number")))?);
        }
        match (min, max) {
            (None, None) => Err(wrong("has no bound")),
            (Some(min), Some(max)) if min > max => Err(wrong(&format!("has a min of {min} above its max of {max}"))),
            _ => Ok(Self { metric: metric.to_owned(), min, max }),
        }
    }

    fn breach(&self, scores: &Value) -> Option<String> {
        let Self { metric, min, max } = self;
        let Some(found) = scores.pointer(&format!("/{}", metric.replace('.', "/"))) else {
            return Some(format!("{metric}: nothing of that name was measured"));
        };
        let Some(value) = found.as_f64() else {
            let what =
                if found.is_null() { "there was nothing to measure" } else { "this is no number but holds some" };
            return Some(format!("{metric}: {what}"));
        };
        match (*min, *max) {
            (Some(min), _) if value < min => Some(format!("{metric}: {value:.4} is below {min}")),
            (_, Some(max)) if value > max => Some(format!("{metric}: {value:.4} is above {max}")),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_broken_threshold_is_a_line() {
        let scores = json!({"people": {"pose": {"oks_ap": 0.5, "none": null}, "classes": [{"iou": 0.25}]}});
        let broken = |thresholds: Value| Thresholds::parse(&thresholds.to_string()).unwrap().broken(&scores);
        let kept = json!({
            "note": "for people", "people.pose.oks_ap": {"min": 0.5, "max": 0.5}, "people.classes.0.iou": {"max": 0.3}
        });
        assert_eq!(broken(kept), [""; 0]);
        let cases = [
            ("people.pose.oks_ap", json!({"min": 0.51}), "0.5000 is below 0.51"),
            ("people.pose.oks_ap", json!({"min": 0, "max": 0.4}), "0.5000 is above 0.4"),
            ("people.pose.oks_ap50", json!({"min": 0}), "nothing of that name"),
            ("people.classes.1.iou", json!({"min": 0}), "nothing of that name"),
            ("frames.detector.ap", json!({"min": 0}), "nothing of that name"),
            ("people.pose.none", json!({"max": 1}), "nothing to measure"),
            ("people.pose", json!({"max": 1}), "no number"),
        ];
        let mut all = serde_json::Map::new();
        for (metric, bounds, says) in cases {
            let lines = broken(json!({metric: bounds}));
            assert!(lines.len() == 1 && lines[0].contains(says) && lines[0].starts_with(metric), "{lines:?}");
            all.insert(metric.to_owned(), bounds);
        }
        assert_eq!(broken(Value::Object(all.clone())).len(), all.len());
    }

    #[test]
    fn files_that_bound_nothing_are_refused() {
        let cases = [
            ("", "EOF"),
            ("[]", "an object"),
            ("{}", "no threshold"),
            (r#"{"note": "later"}"#, "no threshold"),
            (r#"{"a.b": 0.5}"#, "`a.b` is no object"),
            (r#"{"a.b": {}}"#, "`a.b` has no bound"),
            (r#"{"a.b": {"minimum": 1}}"#, "`minimum`"),
            (r#"{"a.b": {"min": "1"}}"#, "`min` that is no number"),
            (r#"{"a.b": {"min": 2, "max": 1}}"#, "min of 2 above"),
        ];
        for (text, says) in cases {
            let wrong = Thresholds::parse(text).unwrap_err();
            assert!(wrong.contains(says), "{text}: {wrong}");
        }
        let missing = std::env::temp_dir().join(format!("xtask-no-thresholds-{}", std::process::id()));
        assert!(Thresholds::read(&missing).unwrap_err().to_string().contains("xtask-no-thresholds"));
    }

    #[test]
    fn those_of_the_demo_model_can_be_read() {
        assert!(Thresholds::read(&crate::options::root().join(crate::eval_demo::THRESHOLDS)).unwrap().len() > 0);
    }
}
