//! Shape checks that name the tensor, and the record of which tensors belong to the model.

use super::names::Source;
use crate::error::{Error, ErrorKind, Result};
use std::collections::BTreeSet;

/// Asks a source for tensors and remembers which were asked for.
pub(super) struct Checker<'a> {
    pub source: &'a Source,
    known: BTreeSet<String>,
}

impl<'a> Checker<'a> {
    pub fn new(source: &'a Source) -> Self {
        Self { source, known: BTreeSet::new() }
    }

    pub fn has(&self, name: &str) -> bool {
        self.source.contains(name)
    }

    /// A tensor whose presence is allowed but which is not needed.
    pub fn allow(&mut self, name: String) {
        self.known.insert(name);
    }

    /// Shape of a required tensor. `pattern` has a number for each extent that is given and 0 for each that is free;
    /// `letters` says what the free ones are called in messages.
    pub fn shape(&mut self, name: &str, pattern: &[usize], letters: &str) -> Result<Vec<usize>> {
        let expected = || {
            let mut letters = letters.chars();
            let extents = pattern.iter().map(|&n| match n {
                0 => letters.next().unwrap_or('n').to_string(),
                n => n.to_string(),
            });
            format!("[{}]", extents.collect::<Vec<_>>().join(", "))
        };
        let kind = ErrorKind::CorruptModel;
        let Some(shape) = self.source.shape(name) else {
            let message = match self.source.stored_names(name) {
                [] => format!("tensor `{name}` is missing; its shape should be {}", expected()),
                parts => format!("the parts {} of tensor `{name}` do not fit together", parts.join(" and ")),
            };
            return Err(self.source.error(kind, message));
        };
        let fits =
            shape.len() == pattern.len() && shape.iter().zip(pattern).all(|(&n, &p)| n > 0 && (p == 0 || n == p));
        if !fits {
            let message = format!("tensor `{name}` has shape {shape:?}; it should be {}", expected());
            return Err(self.source.error(kind, message));
        }
        for part in self.source.stored_names(name) {
            if let Some(info) = self.source.checkpoint().info(part).filter(|info| !info.dtype.is_float()) {
                let message = format!("tensor `{part}` has type {}; readable are F32, F16, BF16 and F64", info.dtype);
                return Err(self.source.error(ErrorKind::Unsupported, message));
            }
        }
        self.known.insert(name.to_string());
        Ok(shape)
    }

    /// A required tensor of a known shape.
    pub fn expect(&mut self, name: &str, shape: &[usize]) -> Result<()> {
        self.shape(name, shape, "").map(drop)
    }

    /// `{key}.weight` with this shape and `{key}.bias` with its first extent.
    pub fn layer(&mut self, key: &str, shape: &[usize]) -> Result<()> {
        self.expect(&format!("{key}.weight"), shape)?;
        self.expect(&format!("{key}.bias"), &shape[..1])
    }

    /// `{key}.weight` and `{key}.bias` of a norm.
    pub fn layer_norm(&mut self, key: &str, width: usize) -> Result<()> {
        self.expect(&format!("{key}.weight"), &[width])?;
        self.expect(&format!("{key}.bias"), &[width])
    }

    pub fn error(&self, message: String) -> Error {
        self.source.error(ErrorKind::CorruptModel, message)
    }

    /// Number of blocks under a prefix. With a gap, the block after the last one before it counts, so that the check of
    /// that block names what is missing.
    pub fn count(&self, prefix: &str) -> usize {
        let index = |name: &str| name.strip_prefix(prefix)?.split_once('.')?.0.parse().ok();
        let indices: BTreeSet<usize> = self.source.names().filter_map(index).collect();
        let gapless = (0..).take_while(|i| indices.contains(i)).count();
        if gapless < indices.len() || gapless == 0 { gapless + 1 } else { gapless }
    }

    /// Every tensor must have been asked for: an unknown one would change the result of `model` in a way this library
    /// ignores.
    pub fn finish(&self, model: &str) -> Result<()> {
        let extra: Vec<_> = self.source.names().filter(|name| !self.known.contains(*name)).collect();
        if extra.is_empty() {
            return Ok(());
        }
        let some: Vec<_> = extra.iter().take(4).map(|name| format!("`{name}`")).collect();
        let more = if extra.len() > some.len() { ", ..." } else { "" };
        Err(self.source.error(
            ErrorKind::UnknownModel,
            format!("tensors that do not belong to {model} ({}): {}{more}", extra.len(), some.join(", ")),
        ))
    }
}
