//! Models and detectors whose pictures a device frames.

use super::framer::{DeviceFraming, Framer};
use super::load::LoadOptions;
use super::parts::Parts;
use crate::error::{Error, ErrorKind, Result};
use crate::onnx::{proto::ModelProto, widen_input};
use crate::runtime::{Device, Library, Session};
use std::sync::Arc;

/// What is opened of a model or a detector, on a device.
pub(super) trait Opened {
    fn device(&self) -> Device;
}

impl Opened for Parts {
    fn device(&self) -> Device {
        Self::device(self)
    }
}

impl Opened for Session {
    fn device(&self) -> Device {
        Self::device(self)
    }
}

/// What `open` gives for a graph whose pictures a device frames, with its framer, where that is wanted and works; else why it does not.
#[expect(clippy::type_complexity, reason = "said once, in the line above")]
pub(super) fn framed<T: Opened>(
    model: &ModelProto,
    input: &str,
    library: &'static Library,
    options: &LoadOptions,
    open: &dyn Fn(&ModelProto) -> Result<T>,
) -> Result<(Option<(T, Arc<Framer>)>, Option<Error>)> {
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
    let opened = open(&wide)?;
    // A device of the list may frame that the model could not be loaded on.
    if framer.works_for(opened.device()) {
        return Ok((Some((opened, framer)), refused));
    }
    if is_must {
        let message = format!("device framing: the model runs on {}, which cannot", opened.device());
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
