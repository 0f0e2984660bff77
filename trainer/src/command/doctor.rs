//! `trainer doctor`: which devices are there, and does each compute training right?

use crate::cli::DoctorArgs;
use crate::device::{adapters, quietly};
use crate::train::forecaster::probe_step;
use anyhow::{Result, bail};
use burn::tensor::Device;
use std::time::Instant;

/// Largest difference from the CPU's loss, as a share of it, that rounding explains.
const TOLERANCE: f32 = 1e-3;

/// Takes a few training steps on every device and compares the losses with the CPU's.
///
/// # Errors
/// If the CPU cannot take the steps, or a device computes something else.
pub fn run(_args: &DoctorArgs) -> Result<()> {
    let began = Instant::now();
    let expected = probe_step(&Device::flex().autodiff())?;
    println!("cpu     flex: {:.1} s, the measure of the others", began.elapsed().as_secs_f64());
    let adapters = adapters();
    if adapters.is_empty() {
        println!("gpu     none found; training uses the CPU");
    }
    let mut wrong = 0;
    for (index, adapter) in adapters.into_iter().enumerate() {
        let kind = if adapter.software { " (software: correct, but slow)" } else { "" };
        println!(
            "gpu:{index:<3} {}{kind}: checking, the first time may take minutes",
            adapter.name
        );
        let began = Instant::now();
        let device = adapter.device.autodiff();
        let verdict = match quietly(|| probe_step(&device)) {
            Some(Ok(found)) => judge(&expected, &found),
            Some(Err(error)) => Err(error.to_string()),
            None => Err("the driver or the backend crashed".into()),
        };
        let seconds = began.elapsed().as_secs_f64();
        match verdict {
            Ok(off) => println!("        right: {off:.1e} off the CPU's loss; {seconds:.1} s"),
            Err(why) => {
                wrong += 1;
                println!("        WRONG, do not train on it: {why}; {seconds:.1} s");
            }
        }
    }
    if wrong > 0 {
        bail!("{wrong} of the devices cannot be trained on; `--device cpu` always works");
    }
    Ok(())
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
