//! Where training runs: wgpu on a GPU, Burn's flex backend on the CPU.

use super::device_choice::DeviceChoice;
use super::ranks::on_this_machine;
use super::stderr::muted;
use anyhow::{Result, bail};
use burn::tensor::{Device, DeviceType};
use std::panic::catch_unwind;

/// A graphics adapter that wgpu can reach.
#[derive(Clone, Debug)]
pub struct Adapter {
    /// Its name, as its driver gives it.
    pub name: String,
    /// Whether it computes in software: good for proving the path, useless for speed.
    pub software: bool,
    /// The device to train on.
    pub device: Device,
}

/// All adapters; empty where there is no driver.
#[must_use]
pub fn adapters() -> Vec<Adapter> {
    muted(find)
}

/// All adapters, while drivers write to stderr: each is opened, since it tells its name only then.
fn find() -> Vec<Adapter> {
    // cubecl panics instead of answering when no driver is installed at all.
    let found = quietly(|| Device::enumerate(DeviceType::Wgpu).into_vec()).unwrap_or_default();
    let describe = |device: Device| {
        let identity = quietly(|| device.identity()).flatten();
        let name = identity.map_or_else(|| "unnamed adapter".to_string(), |i| i.name);
        let software = ["llvmpipe", "lavapipe", "swiftshader", "software"]
            .iter()
            .any(|word| name.to_lowercase().contains(word));
        Adapter { name, software, device }
    };
    found.into_iter().map(describe).collect()
}

/// Runs `work` and turns a panic into `None`, without the panic's message on the terminal.
pub fn quietly<T>(work: impl FnOnce() -> T) -> Option<T> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let result = catch_unwind(std::panic::AssertUnwindSafe(work)).ok();
    std::panic::set_hook(hook);
    result
}

/// A device to train on, and its name for people.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The device, with automatic differentiation.
    pub device: Device,
    /// Its name.
    pub name: String,
}

/// Whether it is the CPU: whoever computes in parts does so on its threads there.
#[must_use]
pub fn is_cpu(device: &Device) -> bool {
    device.clone().inner() == Device::flex()
}

/// Picks the device that the user asked for. Where several processes of a run are on this machine, each has a
/// GPU of its own, and all share the CPU.
///
/// # Errors
/// If a GPU is asked for and there is none of that index, or are fewer than processes.
pub fn choose(choice: DeviceChoice) -> Result<Chosen> {
    let cpu = || Chosen { device: Device::flex().autodiff(), name: "cpu (flex)".into() };
    let gpu = |a: &Adapter| Chosen { device: a.device.clone().autodiff(), name: a.name.clone() };
    let (place, processes) = on_this_machine();
    match choice {
        DeviceChoice::Cpu => Ok(cpu()),
        DeviceChoice::Auto => {
            let real: Vec<Adapter> = adapters().into_iter().filter(|a| !a.software).collect();
            match real.get(place) {
                Some(adapter) if processes <= real.len() => Ok(gpu(adapter)),
                _ if real.is_empty() => Ok(cpu()),
                _ => bail!(
                    "{processes} processes, one a device, and {} GPUs here: start fewer, or use \
                     `--device cpu`",
                    real.len()
                ),
            }
        }
        DeviceChoice::Gpu(index) => {
            let all = adapters();
            match all.get(index.unwrap_or(0) + place) {
                Some(adapter) => Ok(gpu(adapter)),
                None if all.is_empty() => bail!(
                    "no Vulkan, Metal or DirectX driver found, so `--device {choice}` cannot work; \
                     use `--device cpu`, or install a driver (Debian: mesa-vulkan-drivers for the \
                     software one)"
                ),
                None => bail!(
                    "`--device {choice}` for {processes} processes, one a device: there are {} adapters; \
                     `trainer doctor` lists them",
                    all.len()
                ),
            }
        }
    }
}
