//! Tensor names. The library asks for the original names; files saved by Hugging Face transformers are translated. Sapiens v1 has
//! names of its own, which are the same in all its files.
//!
//! A task model's original names are `backbone.*` and `decode_head.*`, a pretrained backbone has bare names, and a
//! bundle has `backbone.*`, one `decode_heads.<task>.*` per task and perhaps `decode_heads.detector.*`. transformers splits `ffn.w12` into gate and up;
//! its rows are those of `w12` in this order.

use super::file::Checkpoint;
use super::header::DType;
use super::sapiens1::Hints;
use super::{detr, recognise, transformers};
use crate::error::{Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

/// Which names a file uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// Those of the original code.
    Original,
    /// Those of Hugging Face transformers.
    Transformers,
    /// Those of Sapiens v1.
    Sapiens1,
    /// An RTMDet person detector, in its own names.
    RtmDet,
    /// A DETR detector in the names of transformers.
    Detr,
    /// The same with a backbone in the names of timm.
    DetrTimm,
}

impl Naming {
    /// What has these names, if it is no model of this family but a person detector beside one.
    pub const fn detector(self) -> Option<&'static str> {
        match self {
            Self::Original | Self::Transformers | Self::Sapiens1 => None,
            Self::RtmDet => Some("an RTMDet detector"),
            Self::Detr | Self::DetrTimm => Some("a DETR detector"),
        }
    }
}

/// A checkpoint that answers to original names.
pub struct Source {
    checkpoint: Checkpoint,
    naming: Naming,
    /// Original name to the tensors of the file that make it up, stacked along the first dimension.
    parts: BTreeMap<String, Vec<String>>,
    hints: Hints,
}

impl Source {
    /// Finds out which names the file uses.
    ///
    /// # Errors
    /// `UnknownModel` when the names are those of no model of this family and of no person detector; the message says which
    /// they look like.
    pub fn new(checkpoint: Checkpoint) -> Result<Self> {
        let naming = recognise::naming(&checkpoint).map_err(|e| checkpoint.locate(e))?;
        let (is_task_model, predictor) = transformers::kind(&checkpoint);
        let translate = |name: &str| match naming {
            Naming::Original | Naming::Sapiens1 | Naming::RtmDet | Naming::Detr => (name.to_string(), 0),
            Naming::Transformers => transformers::original(name, is_task_model, predictor),
            Naming::DetrTimm => (detr::from_timm(name), 0),
        };
        let mut ordered = BTreeMap::<String, BTreeMap<usize, String>>::new();
        for name in checkpoint.names() {
            let (original, part) = translate(name);
            if let Some(other) = ordered.entry(original.clone()).or_default().insert(part, name.to_string()) {
                let message = format!("the tensors `{other}` and `{name}` are both `{original}`");
                return Err(checkpoint.locate(Error::new(ErrorKind::CorruptModel, message)));
            }
        }
        // Half of a pair counts as missing; its lonely name is then reported as unexpected.
        let complete = |name: &str, parts: &BTreeMap<usize, String>| {
            naming != Naming::Transformers || !name.contains("ffn.w12.") || parts.len() == 2
        };
        let mut parts = BTreeMap::new();
        for (original, found) in ordered {
            if complete(&original, &found) {
                parts.insert(original, found.into_values().collect());
            } else {
                parts.extend(found.into_values().map(|name| (name.clone(), vec![name])));
            }
        }
        Ok(Self { checkpoint, naming, parts, hints: Hints::default() })
    }

    /// Opens a file; errors of [`Checkpoint::open`] and [`Source::new`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::new(Checkpoint::open(path)?)
    }

    /// A checkpoint in memory; errors as for [`Source::open`].
    pub fn from_bytes(bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Result<Self> {
        Self::new(Checkpoint::from_bytes(bytes)?)
    }

    /// Says what the tensors of a Sapiens v1 checkpoint do not; any other refuses hints when its architecture is derived.
    #[must_use]
    pub fn with_hints(self, hints: Hints) -> Self {
        Self { hints, ..self }
    }

    /// What was said with [`Source::with_hints`].
    pub fn hints(&self) -> Hints {
        self.hints
    }

    /// The file behind it.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Which names the file uses.
    pub fn naming(&self) -> Naming {
        self.naming
    }

    /// The original names of everything in the file, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.keys().map(String::as_str)
    }

    /// Whether a tensor exists.
    pub fn contains(&self, name: &str) -> bool {
        self.parts.contains_key(name)
    }

    /// Shape of a tensor; `None` when it does not exist or when its parts do not fit together.
    pub fn shape(&self, name: &str) -> Option<Vec<usize>> {
        let mut parts = self.parts.get(name)?.iter().map(|part| self.checkpoint.info(part));
        let mut shape = parts.next()??.shape.clone();
        for part in parts {
            let part = &part?.shape;
            if part.is_empty() || part.len() != shape.len() || part[1..] != shape[1..] {
                return None;
            }
            shape[0] += part[0];
        }
        Some(shape)
    }

    /// Element type of a tensor (of its first part).
    pub fn dtype(&self, name: &str) -> Option<DType> {
        Some(self.checkpoint.info(self.parts.get(name)?.first()?)?.dtype)
    }

    /// The names under which a tensor is stored in the file; empty when it does not exist.
    pub fn stored_names(&self, name: &str) -> &[String] {
        self.parts.get(name).map_or(&[], Vec::as_slice)
    }

    /// Element type and first byte in the file, when the tensor lies there in one piece and in order.
    pub fn location(&self, name: &str) -> Option<(DType, u64)> {
        match self.parts.get(name)?.as_slice() {
            [part] => {
                let info = self.checkpoint.info(part).filter(|info| info.strides.is_none());
                info.map(|info| (info.dtype, info.offset))
            }
            _ => None,
        }
    }

    /// The element type that most bytes of the file have.
    pub fn main_dtype(&self) -> Option<DType> {
        let mut bytes = Vec::<(DType, u64)>::new();
        for info in self.checkpoint.names().filter_map(|name| self.checkpoint.info(name)) {
            match bytes.iter_mut().find(|(dtype, _)| *dtype == info.dtype) {
                Some((_, total)) => *total += info.bytes,
                None => bytes.push((info.dtype, info.bytes)),
            }
        }
        bytes.into_iter().max_by_key(|&(_, total)| total).map(|(dtype, _)| dtype)
    }

    /// All elements of a tensor; errors as for [`Checkpoint::read_f32`].
    pub fn read(&self, name: &str) -> Result<Vec<f32>> {
        let elements = self.require(name)?.iter().map(|part| self.part_elements(part)).sum();
        self.read_range(name, 0..elements)
    }

    /// Some elements of a tensor, counted over its parts; errors as for [`Checkpoint::read_f32_range`].
    pub fn read_range(&self, name: &str, elements: Range<usize>) -> Result<Vec<f32>> {
        let parts = self.require(name)?;
        if let [part] = parts {
            return self.checkpoint.read_f32_range(part, elements);
        }
        let total: usize = parts.iter().map(|part| self.part_elements(part)).sum();
        if elements.start > elements.end || elements.end > total {
            let message = format!("elements {elements:?} of `{name}`: it has {total}");
            return Err(self.checkpoint.locate(Error::invalid(message)));
        }
        let (mut values, mut start) = (Vec::with_capacity(elements.len()), 0);
        for part in parts {
            let end = start + self.part_elements(part);
            let (from, to) = (elements.start.max(start), elements.end.min(end));
            if from < to {
                values.append(&mut self.checkpoint.read_f32_range(part, from - start..to - start)?);
            }
            start = end;
        }
        Ok(values)
    }

    /// Refuses a file in other names than these.
    pub(super) fn require_naming(&self, wanted: &[Naming]) -> Result<()> {
        if wanted.contains(&self.naming) {
            return Ok(());
        }
        let message = match self.naming.detector() {
            Some(what) => format!(
                "this is not a Sapiens checkpoint: it looks like {what}, which finds people for other models; give it as \
                 their detector (`--detector`)"
            ),
            None => "this is a Sapiens checkpoint, not a detector alone".to_owned(),
        };
        Err(self.error(ErrorKind::UnknownModel, message))
    }

    /// Elements of all tensors that are trained (statistics of batch norms are not) and that `counts`.
    pub(super) fn trained_elements(&self, counts: &dyn Fn(&str) -> bool) -> u64 {
        const STATISTICS: [&str; 3] = [".running_mean", ".running_var", ".num_batches_tracked"];
        let trained = |name: &&str| !STATISTICS.iter().any(|end| name.ends_with(end)) && counts(name);
        let elements = |name: &str| self.parts[name].iter().map(|part| self.part_elements(part) as u64).sum::<u64>();
        self.names().filter(trained).map(elements).sum()
    }

    /// An error about this file.
    pub(super) fn error(&self, kind: ErrorKind, message: impl Into<String>) -> Error {
        self.checkpoint.locate(Error::new(kind, message))
    }

    fn part_elements(&self, part: &str) -> usize {
        self.checkpoint.info(part).map_or(0, |info| info.elements() as usize)
    }

    fn require(&self, name: &str) -> Result<&[String]> {
        self.parts
            .get(name)
            .map(Vec::as_slice)
            .ok_or_else(|| self.error(ErrorKind::CorruptModel, format!("the checkpoint has no tensor `{name}`")))
    }
}
