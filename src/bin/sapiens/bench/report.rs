//! Series of times, and the table of a report.

use crate::console::say;
use serde_json::{Value, json};

/// Times of one stage in milliseconds.
#[derive(Default)]
pub struct Series(Vec<f64>);

impl From<f64> for Series {
    fn from(ms: f64) -> Self {
        Self(vec![ms])
    }
}

impl Series {
    pub fn push(&mut self, ms: f64) {
        self.0.push(ms);
    }

    pub fn mean(&self) -> f64 {
        self.0.iter().sum::<f64>() / self.0.len() as f64
    }

    pub fn summary(&self) -> Value {
        let mut ms = self.0.clone();
        ms.sort_by(f64::total_cmp);
        let Some((&min, &max)) = ms.first().zip(ms.last()) else { return Value::Null };
        let median = (ms[(ms.len() - 1) / 2] + ms[ms.len() / 2]) / 2.0;
        // The nearest rank: the smallest time that 99 % of the runs did not exceed. With few runs that is the longest.
        let p99 = ms[(ms.len() * 99).div_ceil(100) - 1];
        json!({"median": median, "min": min, "p99": p99, "max": max})
    }
}

pub fn print(report: &Value) {
    for model in report["models"].as_array().into_iter().flatten() {
        let (name, device) = (&model["name"], &model["device"]);
        say!("{} on {}", name.as_str().unwrap_or_default(), device.as_str().unwrap_or_default());
    }
    say!("{:28} {:>10} {:>10} {:>10} {:>10}", "milliseconds", "median", "min", "p99", "max");
    let line = |name: &str, v: &Value| {
        let ms = |key: &str| v[key].as_f64().unwrap_or(f64::NAN);
        say!("{name:28} {:10.2} {:10.2} {:10.2} {:10.2}", ms("median"), ms("min"), ms("p99"), ms("max"));
    };
    for (name, v) in report["stages_ms"].as_object().into_iter().flatten() {
        line(name, v);
    }
    line("total", &report["total_ms"]);
    let number = |v: &Value, unit: &str| v.as_f64().map_or("not known".into(), |n| format!("{n:.2}{unit}"));
    let count = |key: &str| report["bytes_per_run"][key].to_string();
    let rows = [
        ("load", number(&report["load_ms"], " ms")),
        ("first run", number(&report["first_run_ms"], " ms")),
        ("processor time per run", number(&report["processor_ms_per_run"], " ms")),
        ("frames per second", number(&report["frames_per_second"], "")),
        ("bytes to the device, per run", count("to_device")),
        ("bytes to the host, per run", count("to_host")),
        ("peak memory", number(&report["memory_mb"]["peak"], " MB")),
        ("of it backed by no file, now", number(&report["memory_mb"]["anonymous"], " MB")),
    ];
    let streamed = report["streamed_frames_per_second"].as_object().into_iter().flatten();
    let streamed =
        streamed.map(|(way, rate)| (format!("streamed, {}", way.replace('_', " ")), number(rate, " per second")));
    for (name, text) in rows.into_iter().map(|(name, text)| (name.to_owned(), text)).chain(streamed) {
        say!("{name:28} {text}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_ranks() {
        let mut series = Series::default();
        assert_eq!(series.summary(), Value::Null);
        (1..=200).rev().for_each(|ms| series.push(f64::from(ms)));
        assert_eq!(series.summary(), json!({"median": 100.5, "min": 1.0, "p99": 198.0, "max": 200.0}));
        assert_eq!(Series::from(3.0).summary(), json!({"median": 3.0, "min": 3.0, "p99": 3.0, "max": 3.0}));
        assert!((series.mean() - 100.5).abs() < 1e-12);
    }
}
