//! Writes a model folder: ONNX files in f32 and int8, and the card that verifies for them.

use super::{Precision, TooLarge, activation_scales, forecaster_graph, pack, q_network_graph};
use crate::data::WindowSet;
use crate::model::forecaster::Forecaster;
use crate::model::q_network::QNetworkWeights;
use crate::model::runnable::Runnable;
use crate::model::weights::{WEIGHTS_FILE, Weights};
use crate::runtime::files::{write_atomic, write_json};
use anyhow::{Context, Result};
use burn::module::Module;
use scaleiq_core::engine::Pack;
use scaleiq_core::features;
use scaleiq_core::forecast::{
    CALENDAR, CHANNELS, CONTEXT, HORIZONS, LEVELS, ModelInput, QUANTILES, SLOT_WIDTH, SLOTS, STEPS,
    WINDOW,
};
use scaleiq_core::model::{
    Bundle, CARD_FILE, Card, FORECASTER_F32, FORECASTER_INT8, Files, ForecastNetwork, PACK,
    PolicyCard, Q_NETWORK_F32, Q_NETWORK_INT8, SCHEMA_VERSION, sha256_hex,
};
use scaleiq_core::parameters::Parameters;
use scaleiq_core::policy::{OBSERVATION, Observation};
use scaleiq_core::settings::Base;
use std::collections::BTreeMap;
use std::path::Path;

/// Windows that activation scales are measured on.
const CALIBRATION_WINDOWS: usize = 256;

/// The files of one network: name and bytes.
pub type NetworkFiles = Vec<(&'static str, Vec<u8>)>;

/// The forecaster in f32, in int8, calibrated on windows of the training part, and its weights.
///
/// # Errors
/// If tract cannot run the graph that was built, or the weights cannot be encoded.
pub fn forecaster_files(network: &Forecaster, windows: &WindowSet) -> Result<NetworkFiles> {
    let step = (windows.len() / CALIBRATION_WINDOWS).max(1);
    let inputs: Vec<_> =
        (0..windows.len()).step_by(step).map(|k| forecaster_tensors(&windows.input(k))).collect();
    let scales = activation_scales(forecaster_graph(network, Precision::Taps), &inputs)
        .context("calibrating the forecaster")?;
    let write = |precision| forecaster_graph(network, precision).finish();
    Ok(vec![
        (FORECASTER_F32, write(Precision::Float)),
        (FORECASTER_INT8, write(Precision::Int8(scales))),
        (WEIGHTS_FILE, Weights::of(network)?.to_bytes()?),
    ])
}

/// The bytes of the file `name` among `files`.
///
/// # Errors
/// If it is not there.
pub fn file<'a>(files: &'a NetworkFiles, name: &str) -> Result<&'a [u8]> {
    let file = files.iter().find(|(known, _)| *known == name);
    file.map(|(_, bytes)| bytes.as_slice()).with_context(|| format!("{name} was not exported"))
}

/// The forecaster `name` among `files`, ready to run.
///
/// # Errors
/// If it is not there or tract cannot run it.
pub fn engine(files: &NetworkFiles, name: &str) -> Result<ForecastNetwork> {
    Ok(ForecastNetwork::parse(file(files, name)?, Path::new(name))?)
}

/// The int8 forecaster among `files`, in what the agent will run it with.
///
/// # Errors
/// If it is not there or cannot be run.
pub fn runnable(files: &NetworkFiles) -> Result<Runnable> {
    let mut files = files.clone();
    // A pack holds both networks; the forecaster's part is the same beside any Q-network.
    if files.iter().all(|(name, _)| *name != Q_NETWORK_INT8) {
        files.extend(Bundle::shipped_q_network().map(|(name, bytes)| (name, bytes.to_vec())));
    }
    match pack_of(&files, f32::MAX)? {
        // Networks are views of their pack, and this one is used until the program ends.
        Ok(pack) => Ok(Runnable::Native(Box::new(Pack::parse(Vec::leak(pack))?.forecaster()))),
        Err(_) => Ok(Runnable::Tract(engine(&files, FORECASTER_INT8)?)),
    }
}

/// The Q-network in f32 and int8, calibrated on states met in the simulator.
///
/// # Errors
/// If tract cannot run the graph that was built.
pub fn q_network_files(weights: &QNetworkWeights, states: &[Observation]) -> Result<NetworkFiles> {
    let inputs: Vec<_> = states.iter().map(|s| vec![(vec![1, OBSERVATION], s.to_vec())]).collect();
    let scales = activation_scales(q_network_graph(weights, Precision::Taps), &inputs)
        .context("calibrating the Q-network")?;
    let write = |precision| q_network_graph(weights, precision).finish();
    Ok(vec![
        (Q_NETWORK_F32, write(Precision::Float)),
        (Q_NETWORK_INT8, write(Precision::Int8(scales))),
    ])
}

/// The forecaster's inputs with their shapes, in the graph's order.
fn forecaster_tensors(input: &ModelInput) -> Vec<(Vec<usize>, Vec<f32>)> {
    vec![
        (vec![LEVELS, CHANNELS, WINDOW], input.recent.as_flattened().as_flattened().to_vec()),
        (vec![SLOTS, SLOT_WIDTH], input.seasons.as_flattened().to_vec()),
        (vec![STEPS, CALENDAR], input.calendar.as_flattened().to_vec()),
        (vec![1, CONTEXT], input.context.to_vec()),
    ]
}

/// The pack of the int8 networks among `files`, or why the int8 engine, which is sized for
/// microcontrollers, is too small for them.
fn pack_of(files: &NetworkFiles, min_advantage: f32) -> Result<Result<Vec<u8>, TooLarge>> {
    let (forecaster, q_network) = (file(files, FORECASTER_INT8)?, file(files, Q_NETWORK_INT8)?);
    match pack(forecaster, q_network, min_advantage, Parameters::DEFAULT) {
        Ok(bytes) => Ok(Ok(bytes)),
        Err(error) => error.downcast::<TooLarge>().map(Err),
    }
}

/// Makes the pack of a model folder from its int8 networks and adds it to the card.
///
/// # Errors
/// If the folder cannot be read or written, or no pack can be made of its networks.
pub fn add_pack(folder: &Path) -> Result<usize> {
    let read = |name: &str| {
        let path = folder.join(name);
        std::fs::read(&path).with_context(|| format!("reading {}", path.display()))
    };
    let path = folder.join(CARD_FILE);
    let mut card = Card::parse(&read(CARD_FILE)?, &path)?;
    let PolicyCard { min_advantage, parameters, .. } = card.policy;
    let bytes = pack(&read(FORECASTER_INT8)?, &read(Q_NETWORK_INT8)?, min_advantage, parameters)?;
    write_atomic(&folder.join(PACK), &bytes)?;
    card.too_large = None;
    card.files.insert(PACK.into(), sha256_hex(&bytes));
    write_json(&path, &card)?;
    Ok(bytes.len())
}

/// What a card says beside the names and hashes.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Name of the model.
    pub name: String,
    /// The command that made it.
    pub command: String,
    /// Data set to fingerprint.
    pub data: BTreeMap<String, String>,
    /// Figures on held-out data.
    pub metrics: BTreeMap<String, f64>,
    /// What the policy multiplies.
    pub base: Base,
    /// How cautious the policy is, see [`PolicyCard::min_advantage`].
    pub min_advantage: f32,
}

/// Writes `files` and their card into `folder`.
///
/// # Errors
/// If a file cannot be written.
pub fn write_folder(
    folder: &Path,
    network: &Forecaster,
    files: &NetworkFiles,
    facts: Facts,
) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    let mut hashes = Files::new();
    let (pack, too_large) = match pack_of(files, facts.min_advantage)? {
        Ok(bytes) => (Some((PACK, bytes)), None),
        Err(why) => (None, Some(why.to_string())),
    };
    if let Some(why) = &too_large {
        eprintln!("note: no {PACK}, hosts run the model in tract: {why}");
    }
    for (name, bytes) in files.iter().chain(&pack) {
        write_atomic(&folder.join(name), bytes)?;
        hashes.insert((*name).into(), sha256_hex(bytes));
    }
    let card = Card {
        schema_version: SCHEMA_VERSION,
        name: facts.name,
        command: facts.command,
        trainer_version: env!("CARGO_PKG_VERSION").into(),
        // The two scaler vectors are constants, not parameters.
        parameters: (network.num_params() - 2 * CONTEXT) as u64,
        features: features::SPECS.iter().map(|s| s.name.to_string()).collect(),
        scalers: network.scaler(),
        steps: STEPS,
        horizons: HORIZONS.to_vec(),
        quantiles: QUANTILES.to_vec(),
        policy: PolicyCard::current(facts.base, facts.min_advantage),
        data: facts.data,
        metrics: facts.metrics,
        too_large,
        files: hashes,
    };
    Ok(write_json(&folder.join(CARD_FILE), &card)?)
}
