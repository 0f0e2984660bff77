//! A training step on every graphics adapter gives what the CPU gives.

use burn::tensor::Device;
use scaleiq_tests::cannot_run;
use trainer::config::DeviceChoice;
use trainer::learn::supervised::probe::probe_losses;
use trainer::runtime::device::{adapters, choose};

#[test]
fn a_training_step_on_wgpu_equals_the_cpu() {
    let found = adapters();
    if found.is_empty() {
        let error = choose(DeviceChoice::Gpu(None)).err().unwrap().to_string();
        assert!(error.contains("--device cpu"), "{error}");
        cannot_run("no Vulkan driver: a wgpu training step was not checked");
        return;
    }
    let losses = |device| probe_losses(&device, |_, _| ()).unwrap();
    let expected = losses(Device::flex().autodiff());
    for adapter in found {
        let graphics = adapter.graphics.as_ref().expect("wgpu tells of each");
        assert!(graphics.max_buffer_bytes > 0 && !graphics.driver.is_empty(), "{graphics:?}");
        assert!(adapter.full_name().contains(&graphics.backend), "{}", adapter.full_name());
        let is_named = ["llvmpipe", "SwiftShader"].iter().any(|name| adapter.name.contains(name));
        assert_eq!(adapter.is_software(), is_named, "{}: {graphics}", adapter.name);
        let losses = losses(adapter.device.autodiff());
        for (a, b) in losses.iter().zip(&expected) {
            assert!((a - b).abs() < 1e-3 * b.abs(), "{}: {losses:?} {expected:?}", adapter.name);
        }
    }
}

#[test]
fn a_device_that_is_not_there_is_named() {
    let error = choose(DeviceChoice::Gpu(Some(99))).err().unwrap().to_string();
    assert!(error.contains("gpu:99"), "{error}");
}
