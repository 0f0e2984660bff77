//! Where training runs: wgpu on a GPU, Burn's flex backend on the CPU.

use super::device_choice::DeviceChoice;
use super::graphics::{self, Graphics};
use super::ranks::on_this_machine;
use super::stderr::muted;
use anyhow::{Result, bail};
use burn::tensor::{Device, DeviceType};
use std::panic::catch_unwind;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A graphics adapter that wgpu can reach.
#[derive(Clone, Debug)]
pub struct Adapter {
    /// Its name, as its driver gives it.
    pub name: String,
    /// What wgpu says of it, where that tells of one of this name.
    pub graphics: Option<Graphics>,
    /// The device to train on.
    pub device: Device,
}

impl Adapter {
    /// Whether it computes in software: good for proving the path, useless for speed.
    #[must_use]
    pub fn is_software(&self) -> bool {
        self.graphics.as_ref().is_some_and(|graphics| graphics.is_software)
    }

    /// Its name with its driver.
    #[must_use]
    pub fn full_name(&self) -> String {
        match &self.graphics {
            Some(Graphics { backend, driver, .. }) => {
                format!("{} ({backend}, {driver})", self.name)
            }
            None => self.name.clone(),
        }
    }
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
    let mut told = quietly(graphics::all).unwrap_or_default();
    let mut describe = |device: Device| {
        let identity = quietly(|| device.identity()).flatten();
        let name = identity.map_or_else(|| "unnamed adapter".to_string(), |i| i.name);
        // Of several cards of one name each has an entry.
        let place = told.iter().position(|graphics| graphics.name == name);
        Adapter { name, graphics: place.map(|place| told.remove(place)), device }
    };
    found.into_iter().map(&mut describe).collect()
}

/// Runs `work` and turns a panic into `None`, without the panic's message on the terminal.
pub fn quietly<T>(work: impl FnOnce() -> T) -> Option<T> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let result = catch_unwind(std::panic::AssertUnwindSafe(work)).ok();
    std::panic::set_hook(hook);
    result
}

/// Seeds the stream of random numbers that all of the process draw from, and keeps others that ask here from drawing
/// until the guard is dropped.
pub fn seeded(device: &Device, seed: u64) -> MutexGuard<'static, ()> {
    static STREAM: Mutex<()> = Mutex::new(());
    let alone = STREAM.lock().unwrap_or_else(PoisonError::into_inner);
    device.seed(seed);
    alone
}

/// A device to train on, and its name for people.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The device, with automatic differentiation.
    pub device: Device,
    /// Its name, with its driver if it is a GPU.
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
    let gpu = |a: &Adapter| Chosen { device: a.device.clone().autodiff(), name: a.full_name() };
    let (place, processes) = on_this_machine();
    match choice {
        DeviceChoice::Cpu => Ok(cpu()),
        DeviceChoice::Auto => {
            let real: Vec<Adapter> = adapters().into_iter().filter(|a| !a.is_software()).collect();
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
