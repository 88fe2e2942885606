//! Models whose pictures a device frames.

use super::framer::{DeviceFraming, Framer};
use super::load::LoadOptions;
use super::parts::Parts;
use crate::error::{Error, ErrorKind, Result};
use crate::onnx::{proto::ModelProto, widen_input};
use crate::runtime::Library;
use std::sync::Arc;

/// The sessions of a model whose pictures a device frames, with its framer, where that is wanted and works; else why it does not.
#[expect(clippy::type_complexity, reason = "said once, in the line above")]
pub(super) fn framed(
    model: &ModelProto,
    input: &str,
    library: &'static Library,
    options: &LoadOptions,
    parts: &dyn Fn(&ModelProto) -> Result<Parts>,
) -> Result<(Option<(Parts, Arc<Framer>)>, Option<Error>)> {
    if !options.device_framing.is_wanted(&options.session.devices) {
        return Ok((None, None));
    }
    let is_must = options.device_framing == DeviceFraming::On;
    let mut wide = model.clone();
    if !widen_input(&mut wide, input) {
        let message = "device framing: this graph does not take bytes";
        return if is_must { Err(Error::new(ErrorKind::Unsupported, message)) } else { Ok((None, None)) };
    }
    let (framer, refused) = framer_of(library, options)?;
    let Some(framer) = framer else { return Ok((None, refused)) };
    let parts = parts(&wide)?;
    // A device of the list may frame that the model could not be loaded on.
    if framer.works_for(parts.device()) {
        return Ok((Some((parts, framer)), refused));
    }
    if is_must {
        let message = format!("device framing: the model runs on {}, which cannot", parts.device());
        return Err(Error::new(ErrorKind::Device, message));
    }
    Ok((None, refused))
}

/// The framer of the first listed device that has one, and why those before it have none.
fn framer_of(library: &'static Library, options: &LoadOptions) -> Result<(Option<Arc<Framer>>, Option<Error>)> {
    let mut refused = None;
    for &device in &options.session.devices {
        if !options.device_framing.is_wanted(&[device]) {
            break;
        }
        match Framer::of(library, device) {
            Ok(framer) => return Ok((Some(framer), None)),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    match refused {
        Some(error) if options.device_framing == DeviceFraming::On => Err(error),
        refused => Ok((None, refused)),
    }
}
