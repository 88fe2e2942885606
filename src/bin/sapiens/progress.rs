//! Progress bars on stderr; nothing where stderr is no terminal.

use indicatif::{ProgressBar, ProgressStyle};
use sapiens::convert::Stage;

/// A bar for the stages of a conversion.
#[derive(Default)]
pub struct ConvertBar {
    current: Option<(Stage, ProgressBar)>,
}

impl ConvertBar {
    pub fn update(&mut self, stage: Stage, done: u64, total: u64) {
        if self.current.as_ref().is_none_or(|(s, _)| *s != stage) {
            self.finish();
            let bar = ProgressBar::new(total).with_message(match stage {
                Stage::Hash => "hashing checkpoint",
                Stage::Weights => "weights",
            });
            let template = "{msg:18} {wide_bar} {bytes}/{total_bytes} {eta}";
            bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
            self.current = Some((stage, bar));
        }
        if let Some((_, bar)) = &self.current {
            bar.set_length(total);
            bar.set_position(done);
        }
    }

    pub fn finish(&mut self) {
        if let Some((_, bar)) = self.current.take() {
            bar.finish_and_clear();
        }
    }
}

/// A bar that counts pictures.
pub fn picture_bar(count: usize) -> ProgressBar {
    let bar = ProgressBar::new(count as u64);
    let template = "{wide_bar} {pos}/{len} {per_sec} {eta} {msg}";
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// A bar that counts frames of a clip, of which some are done; their number may not be known.
pub fn clip_bar(count: Option<u64>, done: u64) -> ProgressBar {
    let (bar, template) = match count {
        Some(count) => (ProgressBar::new(count.max(done)), "{wide_bar} {pos}/{len} frames {per_sec} {eta}"),
        None => (ProgressBar::no_length(), "{spinner} {pos} frames {per_sec} {elapsed}"),
    };
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_position(done);
    bar.reset_eta();
    bar
}

/// Work whose end is not known: what it is, and how long it has taken.
pub fn waiting_bar(what: String) -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_message(what);
    let template = "{spinner} {elapsed} {msg}";
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.enable_steady_tick(std::time::Duration::from_millis(250));
    bar
}
