//! Models on labelled folders: every picture is run, compared with its label, and forgotten.
//!
//! ```no_run
//! use sapiens::dataset::Folder;
//! use sapiens::engine::{Engine, LoadOptions, ModelSource};
//! use sapiens::eval::{Boxes, Evaluation, Survey};
//!
//! let folder = Folder::open("labelled")?;
//! let survey = Survey::of(&folder, folder.len(), Boxes::Labels)?;
//! let engine = Engine::load(&[ModelSource::Demo], &LoadOptions::default(), &mut |_, _, _| Ok(()))?;
//! let mut evaluation = Evaluation::new(&survey.plan(&engine, &[])?.tasks, Boxes::Labels)?;
//! for index in 0..folder.len() {
//!     evaluation.add(&engine, &folder, &folder.label(index)?)?;
//! }
//! if let Some(pose) = evaluation.report().pose {
//!     println!("OKS AP {:?}", pose.scores.all_308.oks_ap);
//! }
//! # Ok::<(), sapiens::Error>(())
//! ```

mod evaluation;
mod found;
mod person;
mod pose;
mod report;
mod sheet;
mod survey;

pub use evaluation::{Compared, Evaluation, PRECISION_THRESHOLD};
pub use pose::{GroupErrors, PoseReport};
pub use report::{NotEvaluated, Report, Scored};
pub use sheet::ComparisonSheet;
pub use survey::{Plan, Survey};

use crate::detect::DetectOptions;
use crate::error::Error;

/// Where the person boxes of pose come from. Dense tasks always see the whole picture.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Boxes {
    /// The labels: every labelled person by its own box.
    #[default]
    Labels,
    /// The whole picture is the one box; only for pictures with one labelled person.
    Whole,
    /// The engine's detector, which is scored itself too. The labels have to name everybody who is in a picture.
    Detect(DetectOptions),
}

impl Boxes {
    /// The name used in options.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Labels => "labels",
            Self::Whole => "whole",
            Self::Detect(_) => "detect",
        }
    }

    /// Whether they come from the detector.
    pub const fn are_detected(self) -> bool {
        matches!(self, Self::Detect(_))
    }
}

impl std::fmt::Display for Boxes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl serde::Serialize for Boxes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// By name; the detector with its default options.
impl std::str::FromStr for Boxes {
    type Err = Error;

    fn from_str(text: &str) -> crate::error::Result<Self> {
        [Self::Labels, Self::Whole, Self::Detect(DetectOptions::default())]
            .into_iter()
            .find(|boxes| boxes.name() == text)
            .ok_or_else(|| Error::invalid(format!("unknown boxes `{text}`; known are labels, whole, detect")))
    }
}
