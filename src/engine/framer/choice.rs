//! Where pictures are framed: what the caller says.

use crate::error::{Error, Result};
use crate::runtime::Device;

/// Where pictures are brought to what a model sees.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum DeviceFraming {
    /// On the device of the model, unless that is the processor or cannot; [`Model::framing_refused`](crate::engine::Model::framing_refused) tells.
    #[default]
    Auto,
    /// On the device of the model, also the processor; else loading fails.
    On,
    /// On the host.
    Off,
}

impl DeviceFraming {
    /// The name used in options.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::On => "on",
            Self::Off => "off",
        }
    }

    /// Whether the first of these devices is to frame.
    pub(in crate::engine) fn is_wanted(self, devices: &[Device]) -> bool {
        match self {
            Self::Auto => devices.first().is_some_and(|device| *device != Device::Cpu),
            Self::On => true,
            Self::Off => false,
        }
    }
}

impl std::str::FromStr for DeviceFraming {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = [Self::Auto, Self::On, Self::Off].into_iter().find(|known| known.name() == text);
        found.ok_or_else(|| Error::invalid(format!("unknown device framing `{text}`; known are auto, on, off")))
    }
}
