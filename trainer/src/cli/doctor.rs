//! `trainer doctor`: which devices are there, and does each compute training right?

use crate::config::DeviceChoice;
use crate::learn::supervised::probe::{PROBE_STEPS, probe_losses};
use crate::runtime::device::{Adapter, adapters, quietly};
use anyhow::{Context, Result, bail, ensure};
use burn::tensor::Device;
use clap::Args;
use std::process::Command;
use std::time::Instant;

/// Options of `trainer doctor`.
#[derive(Args, Debug, Default)]
pub struct DoctorArgs {
    /// Check this one alone: cpu, gpu or gpu:N
    #[arg(long, value_name = "DEVICE", default_value = "auto", hide_default_value = true)]
    pub device: DeviceChoice,
}

/// Largest difference from the CPU's loss, as a share of it, that rounding explains.
const TOLERANCE: f32 = 1e-3;
/// How many variants of a kernel are tried before one is used (cubecl's variable). A software driver has
/// nothing to choose by, and compiles each for seconds.
const TUNING: (&str, &str) = ("CUBECL_AUTOTUNE_LEVEL", "minimal");

/// Takes a few training steps on every device, or on the one that is asked for, and compares the losses
/// with the CPU's.
///
/// # Errors
/// If the CPU cannot take the steps, or a device computes something else.
pub fn run(args: &DoctorArgs) -> Result<()> {
    match args.device {
        DeviceChoice::Gpu(index) => one(index.unwrap_or(0)),
        DeviceChoice::Cpu => cpu().map(|_| ()),
        DeviceChoice::Auto => all(),
    }
}

/// The CPU's losses, which are the measure of the others.
fn cpu() -> Result<Vec<f32>> {
    let began = Instant::now();
    let losses = probe_losses(&Device::flex().autodiff(), |_, _| ())?;
    println!("cpu     flex: {:.1} s, the measure of the others", began.elapsed().as_secs_f64());
    Ok(losses)
}

/// Checks each adapter in a process of its own: a driver that crashes takes nothing else with it.
fn all() -> Result<()> {
    cpu()?;
    println!("gpu     looking for adapters");
    let adapters = adapters();
    if adapters.is_empty() {
        println!("gpu     none found; training uses the CPU");
    }
    let mut wrong = 0;
    for (index, adapter) in adapters.iter().enumerate() {
        let kind = if adapter.is_software() { " (software: correct, but slow)" } else { "" };
        println!("gpu:{index:<3} {}{kind}", adapter.name);
        if let Some(graphics) = &adapter.graphics {
            println!("        {graphics}");
        }
        wrong += u32::from(!apart(index, adapter.is_software())?);
    }
    if wrong > 0 {
        bail!("{wrong} of the devices cannot be trained on; `--device cpu` always works");
    }
    Ok(())
}

/// Whether an adapter is right, checked in another process.
fn apart(index: usize, software: bool) -> Result<bool> {
    let mut check = Command::new(std::env::current_exe().context("finding this program")?);
    check.args(["doctor", "--device", &format!("gpu:{index}")]);
    if software && std::env::var_os(TUNING.0).is_none() {
        check.env(TUNING.0, TUNING.1);
    }
    let status = check.status().context("starting the check of an adapter")?;
    if status.code().is_none() {
        println!("        WRONG, do not train on it: its driver crashed ({status})");
    }
    Ok(status.success())
}

/// Checks one adapter.
fn one(index: usize) -> Result<()> {
    let all = adapters();
    let adapter = all
        .get(index)
        .with_context(|| format!("there is no gpu:{index}: {} adapters were found", all.len()))?;
    // The variable is read when a device is first used, and a program may not set its own.
    if adapter.is_software() && std::env::var_os(TUNING.0).is_none() {
        ensure!(apart(index, true)?, "gpu:{index} cannot be trained on");
        return Ok(());
    }
    let expected = probe_losses(&Device::flex().autodiff(), |_, _| ())?;
    let began = Instant::now();
    let verdict = match quietly(|| losses(adapter)) {
        Some(Ok(found)) => judge(&expected, &found),
        Some(Err(error)) => Err(error.to_string()),
        None => Err("the driver or the backend crashed".into()),
    };
    let seconds = began.elapsed().as_secs_f64();
    match verdict {
        Ok(off) => println!("        right: {off:.1e} off the CPU's loss; {seconds:.1} s"),
        Err(why) => {
            println!("        WRONG, do not train on it: {why}; {seconds:.1} s");
            bail!("gpu:{index} cannot be trained on");
        }
    }
    Ok(())
}

/// The losses of the steps on an adapter; each is told as it is taken.
fn losses(adapter: &Adapter) -> Result<Vec<f32>> {
    let slow = if adapter.is_software() { ", for up to a minute" } else { "" };
    println!("        step 1 of {PROBE_STEPS}: compiling the kernels of a training step{slow}");
    let mut began = Instant::now();
    probe_losses(&adapter.device.clone().autodiff(), |step, half| {
        let seconds = began.elapsed().as_secs_f64();
        println!("        step {step} of {PROBE_STEPS}, {half}: {seconds:.1} s");
        began = Instant::now();
    })
}

/// The largest relative difference, if it is small enough.
fn judge(expected: &[f32], found: &[f32]) -> Result<f32, String> {
    if expected.len() != found.len() {
        return Err(format!("{} losses instead of {}", found.len(), expected.len()));
    }
    let mut worst = 0.0f32;
    for (step, (expected, found)) in expected.iter().zip(found).enumerate() {
        let off = (found - expected).abs() / expected.abs().max(1e-6);
        // The comparison is false for NaN too.
        if off <= TOLERANCE {
            worst = worst.max(off);
        } else {
            return Err(format!(
                "in step {} its loss is {found} and the CPU's {expected}",
                step + 1
            ));
        }
    }
    Ok(worst)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_passes_and_everything_else_does_not() {
        assert!(judge(&[1.0, 0.5], &[1.0001, 0.5]).unwrap() > 0.0);
        assert!(judge(&[1.0, 0.5], &[1.0, 0.6]).unwrap_err().starts_with("in step 2"));
        assert!(judge(&[1.0], &[f32::NAN]).is_err());
        assert!(judge(&[1.0], &[]).is_err());
    }
}
