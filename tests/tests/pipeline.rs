//! From a CSV to decisions through every crate, with models trained on the spot.

use scaleiq_core::forecast::ForecastSource;
use scaleiq_core::model::{Bundle, FORECASTER_F32, FORECASTER_INT8, ForecastNetwork, ModelError};
use scaleiq_core::settings::Settings;
use scaleiq_core::units::JobLimits;
use scaleiq_tests::{sample_csv, tiny, train};
use scaleiq_workload::Series as Table;
use scaleiq_workload::sim::{Load, LoadSettings, Series, Simulator, World};
use std::fs;
use std::path::Path;
use trainer::data::{Split, windows};

const ROWS: usize = 720 * 20;

fn trained(folder: &Path) -> (std::path::PathBuf, Table) {
    let csv = sample_csv(folder, ROWS);
    let mut config = tiny();
    config.data.path = Some(csv.clone());
    (train(&config, &folder.join("run")), Table::read_csv(&csv).unwrap())
}

#[test]
fn a_csv_becomes_models_forecasts_and_decisions() {
    let root = tempfile::tempdir().unwrap();
    let (models, table) = trained(root.path());
    let bundle = Bundle::load(&models).unwrap();
    assert!(bundle.card().metrics.contains_key("int8_h6_wape"));

    let counts = table.arrivals_filled();
    let start = table.start;
    let series = Series { start, interval_s: table.length_s, counts_events: &counts[..720] };
    let load = Load::from_series(&series, &LoadSettings::default(), 1).unwrap();
    let limits = JobLimits::new(1, 200).unwrap();
    let mut simulator = Simulator::new(&load, World::queue(), limits, 30, 1);
    let mut controller = bundle.controller(Settings::new(limits, 60.0, 60.0));
    let (mut with_network, mut forecasts) = (0, 0);
    while let Some(sample) = simulator.tick() {
        controller
            .observe(&sample, |_, forecast| {
                forecasts +=
                    usize::from(forecast.is_some_and(|f| f.source == ForecastSource::Model));
            })
            .unwrap();
        let decision = controller.decide(sample.end);
        assert!(decision.jobs >= limits.min() && decision.jobs <= limits.max());
        let source = decision.forecast.map(|basis| basis.source);
        with_network += usize::from(source == Some(ForecastSource::Model));
        simulator.set_jobs(decision.jobs);
    }
    assert!(forecasts > 700, "{forecasts} forecasts");
    assert!(with_network > 2800, "{with_network} decisions with the network");
    assert!(simulator.score().sla > 0.5);

    int8_follows_f32(&models, &table);
    damaged_models_are_refused(&models);
}

/// The quantized network may differ from the exact one by a tenth of the forecast's own spread.
fn int8_follows_f32(models: &Path, table: &Table) {
    let read = |name: &str| {
        let bytes = fs::read(models.join(name)).unwrap();
        ForecastNetwork::parse(&bytes, Path::new(name)).unwrap()
    };
    let (mut exact, mut quantized) = (read(FORECASTER_F32), read(FORECASTER_INT8));
    let length = table.length_s.try_into().unwrap();
    let set = windows(&table.rows, length, Split { from: ROWS / 2, to: ROWS }, 97);
    let (mut error, mut size) = (0.0f64, 0.0f64);
    for k in 0..set.len() {
        use scaleiq_core::forecast::ForecastModel as _;
        let input = set.input(k);
        let a = input.scale.grid(&exact.infer(&input).unwrap());
        let b = input.scale.grid(&quantized.infer(&input).unwrap());
        for (a, b) in a.as_flattened().iter().zip(b.as_flattened()) {
            error += f64::from((a - b).abs());
            size += f64::from(a.abs());
        }
    }
    assert!(error < 0.02 * size, "int8 is {:.3} % off f32", 100.0 * error / size);
}

fn damaged_models_are_refused(models: &Path) {
    let path = models.join(FORECASTER_INT8);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let error = Bundle::load(models).err().unwrap();
    assert!(matches!(error, ModelError::Hash { .. }), "{error}");
    assert!(error.to_string().contains("truncated, corrupt or from another model"));
    fs::write(&path, whole).unwrap();

    let card = models.join("card.json");
    let json = fs::read_to_string(&card).unwrap();
    let first_hash = json.find("\"forecaster.f32.onnx\"").unwrap();
    fs::write(&card, &json[..first_hash]).unwrap();
    let error = Bundle::load(models).err().unwrap();
    assert!(matches!(error, ModelError::Card { .. }), "{error}");
    fs::write(&card, json.replace("\"schema_version\": 3", "\"schema_version\": 9")).unwrap();
    let error = Bundle::load(models).err().unwrap().to_string();
    assert!(error.contains("field `schema_version` is 9, this program needs 1 to 3"), "{error}");
    fs::remove_file(&card).unwrap();
    let error = Bundle::load(models).err().unwrap().to_string();
    assert!(error.contains("cannot read model file") && error.contains("card.json"), "{error}");
}
