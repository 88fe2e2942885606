//! How much memory a device has, as far as the system or its driver tells.
#![allow(unsafe_code)] // what the system tells elsewhere than on Linux

use super::Device;
use super::nvml::{DeviceMemory, Nvml};
use crate::error::{Error, ErrorKind, Result};

/// The memory of a device: of the processor that of the machine (or what this process may have of it), of an NVIDIA card what its driver
/// tells.
///
/// # Errors
/// `Unsupported` where nothing tells (WebGPU), `NotFound` without an NVIDIA driver, `InvalidArgument` for a card that is not there,
/// `Device` with the words of the driver.
pub fn device_memory(device: Device) -> Result<DeviceMemory> {
    let index = match device {
        Device::Cpu => return host_memory(),
        Device::Cuda(index) | Device::TensorRt(index) => index,
        _ => {
            let message = format!("nothing tells how much memory the device {device} has; name it, such as 8GB");
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
    };
    let cards = Nvml::open(None)?.devices()?;
    let count = cards.len();
    let card = usize::try_from(index).ok().and_then(|index| cards.into_iter().nth(index));
    card.ok_or_else(|| {
        Error::invalid(format!("device {device}: the NVIDIA driver knows {count} cards, counted from 0"))
    })
}

fn unknown(why: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Unsupported, format!("the system does not tell how much memory it has: {why}"))
}

#[cfg(target_os = "linux")]
fn host_memory() -> Result<DeviceMemory> {
    let text = std::fs::read_to_string("/proc/meminfo").map_err(unknown)?;
    let bytes = |name: &str| -> Option<u64> {
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? << 10)
    };
    let total = bytes("MemTotal:").ok_or_else(|| unknown("/proc/meminfo has no line MemTotal"))?;
    // In a container; `max` where there is no limit.
    let limit = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|text| text.trim().parse().ok());
    let total = total.min(limit.unwrap_or(u64::MAX));
    let free = bytes("MemAvailable:").unwrap_or(total).min(total);
    Ok(DeviceMemory { name: "memory of this machine".into(), total, free })
}

#[cfg(target_os = "macos")]
fn host_memory() -> Result<DeviceMemory> {
    let (mut total, mut size) = (0_u64, size_of::<u64>());
    // SAFETY: the name ends in zero, and the value has the size that is passed along.
    let status = unsafe {
        libc::sysctlbyname(c"hw.memsize".as_ptr(), (&raw mut total).cast(), &mut size, std::ptr::null_mut(), 0)
    };
    if status != 0 {
        return Err(unknown(std::io::Error::last_os_error()));
    }
    // Of what is free it tells only pages of several kinds.
    Ok(DeviceMemory { name: "memory of this machine".into(), total, free: total })
}

#[cfg(windows)]
fn host_memory() -> Result<DeviceMemory> {
    use windows_sys::Win32::System::SystemInformation::{GlobalMemoryStatusEx, MEMORYSTATUSEX};
    // SAFETY: plain numbers, zero is valid.
    let mut status: MEMORYSTATUSEX = unsafe { std::mem::zeroed() };
    status.dwLength = size_of::<MEMORYSTATUSEX>() as u32;
    // SAFETY: the struct is ours and says its size.
    if unsafe { GlobalMemoryStatusEx(&mut status) } == 0 {
        return Err(unknown(std::io::Error::last_os_error()));
    }
    Ok(DeviceMemory { name: "memory of this machine".into(), total: status.ullTotalPhys, free: status.ullAvailPhys })
}

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
fn host_memory() -> Result<DeviceMemory> {
    Err(unknown("not asked on this system"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(any(target_os = "linux", target_os = "macos", windows))]
    fn this_machine_has_some() {
        let memory = device_memory(Device::Cpu).unwrap();
        assert!(memory.total > 64 << 20 && memory.free > 0 && memory.free <= memory.total, "{memory:?}");
    }

    #[test]
    fn a_device_that_nobody_knows_about_asks_for_a_number() {
        let error = device_memory(Device::WebGpu).unwrap_err();
        assert!(error.kind() == ErrorKind::Unsupported && error.to_string().contains("such as 8GB"), "{error}");
    }
}
