//! Networks of the presets that fit the int8 engine, packed and played by core.

use super::{engine, forecaster_files, pack};
use crate::config::{ForecasterConfig, Preset};
use crate::data::probe_windows;
use burn::module::Module as _;
use burn::tensor::Device;
use scaleiq_core::engine::Pack;
use scaleiq_core::forecast::ForecastModel as _;
use scaleiq_core::model::FORECASTER_INT8;
use scaleiq_core::parameters::Parameters;

/// The preset's parameters and the bytes of its pack with the shipped Q-network, after core has played it.
fn packed(preset: Preset) -> String {
    let (device, windows) = (Device::flex().autodiff(), probe_windows());
    let network = ForecasterConfig::preset(preset).shape().init(7, &device);
    let network = network.with_scaler(&windows.context_scaler(), &device);
    let files = forecaster_files(&network, &windows).unwrap();
    let (_, int8) = files.iter().find(|(name, _)| *name == FORECASTER_INT8).unwrap();
    let q_network = include_bytes!("../../../models/edge/q_network.int8.onnx");
    let bytes = pack(int8, q_network, f32::MAX, Parameters::DEFAULT).unwrap();

    let mut native = Pack::parse(&bytes).unwrap().forecaster();
    let mut tract = engine(&files, FORECASTER_INT8).unwrap();
    for k in [0, windows.len() - 1] {
        let input = windows.input(k);
        let (a, b) = (native.infer(&input).unwrap(), tract.infer(&input).unwrap());
        let apart = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(apart < 0.02, "{preset}: {apart}");
    }
    format!("{preset}: {} parameters, {} bytes", network.num_params(), bytes.len())
}

#[test]
fn packs_of_the_presets_load_and_say_what_tract_says() {
    let all = [Preset::Nano, Preset::Edge, Preset::Server].map(packed).join("\n");
    insta::assert_snapshot!(all, @r"
    nano: 10421 parameters, 40664 bytes
    edge: 138805 parameters, 190169 bytes
    server: 247029 parameters, 308605 bytes
    ");
}
