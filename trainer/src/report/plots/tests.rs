//! Each plot once, on made-up data. `SCALEIQ_SHOW_REPORT=folder` writes them to look at.

use super::*;

/// All plots by name.
pub(in super::super) fn all() -> Vec<(String, String)> {
    let curve = |stage, name: &str, f: fn(f64) -> f64| {
        let points = (1..=60).map(move |n| (n * 100, f(n as f64)));
        let name = name.to_string();
        points.map(move |(step, value)| Point { stage, step, name: name.clone(), value })
    };
    let mut points: Vec<Point> = Vec::new();
    let forecaster = Stage::Forecaster;
    points.extend(curve(forecaster, "train_loss", |n| 0.2 + 1.0 / n + 0.02 * (5.0 * n).sin()));
    points.extend(curve(forecaster, "validation_loss", |n| 0.24 + 1.0 / n));
    points.extend(curve(forecaster, "learning_rate", |n| 5e-4 * (1.0 + (n / 19.0).cos())));
    points.extend(curve(Stage::Agent, "cost", |n| 1.3 + 2.0 / n));
    points.extend(curve(Stage::Agent, "sla_percent", |n| 100.0 - 4.0 / n));
    let times: Vec<i64> = (0..720).map(|n| 1_751_330_040 + 120 * n).collect();
    let wave = |n: usize| 3500.0 + 2000.0 * (n as f64 / 115.0).sin();
    let truth: Vec<f64> = (0..720)
        .map(|n| {
            if (300..330).contains(&n) {
                f64::NAN
            } else {
                wave(n) * (1.0 + 0.1 * (n as f64 * 2.3).sin())
            }
        })
        .collect();
    let slice = ForecastSlice {
        title: "Forecast 24 minutes ahead".into(),
        times: times.clone(),
        truth,
        median: (0..720).map(wave).collect(),
        band_80: (0..720).map(|n| (0.9 * wave(n), 1.1 * wave(n))).collect(),
        band_95: (0..720).map(|n| (0.8 * wave(n), 1.25 * wave(n))).collect(),
    };
    let errors = [("ScaleIQ", 0.8), ("persistence", 1.2), ("seasonal naive", 1.1)];
    let errors = errors.map(|(name, factor)| HorizonErrors {
        name: name.into(),
        wape: [(12, 0.08), (24, 0.1), (48, 0.13)].map(|(h, w)| (h, w * factor)).to_vec(),
    });
    let levels = [0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99];
    let line = |power: f64| levels.iter().map(|l: &f64| (*l, l.powf(power))).collect();
    let lines = [("12 min ahead".to_string(), line(1.1)), ("48 min ahead".into(), line(0.8))];
    let needed: Vec<f64> = (0..720).map(|n| wave(n) / 300.0).collect();
    let jobs: Vec<f64> = needed.iter().map(|n| (n * 1.15).ceil()).collect();
    let of = |name: &str, jobs: &[f64]| vec![(name.to_string(), jobs.to_vec())];
    let played = PolicySlice {
        title: "Jobs on made-up traffic".into(),
        times: times.clone(),
        needed: needed.clone(),
        panels: vec![of("ours", &jobs), of("hpa 0.7", &jobs)],
    };
    let forecaster_panels: [(&str, &[&str]); 2] =
        [("loss", &["train_loss", "validation_loss"]), ("rate", &["learning_rate"])];
    let agent_panels: [(&str, &[&str]); 2] =
        [("cost over the ideal pool", &["cost"]), ("% of events within the SLA", &["sla_percent"])];
    let named = |name: &str, svg: Result<String, PlotError>| (name.to_string(), svg.unwrap());
    vec![
        named(
            "forecaster",
            learning_curves(&points, forecaster, "Learning: forecaster", &forecaster_panels),
        ),
        named(
            "agent",
            learning_curves(&points, Stage::Agent, "Learning: scaling policy", &agent_panels),
        ),
        named("forecast", forecast(&slice)),
        named("errors", error_by_horizon(&errors)),
        named("calibration", calibration(&lines)),
        named("policies", policies(&played)),
        named("scaling", scaling(&ScalingSlice { times, needed, jobs })),
    ]
}

#[test]
fn every_plot_is_drawn_with_its_words() {
    for (name, svg) in all() {
        assert!(svg.starts_with("<svg ") && svg.contains("</svg>"), "{name}");
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{name}");
        if let Some(folder) = std::env::var_os("SCALEIQ_SHOW_REPORT") {
            let file = std::path::Path::new(&folder).join(format!("{name}.svg"));
            std::fs::write(file, svg).unwrap();
        }
    }
}

#[test]
fn nothing_to_draw_is_an_empty_plot() {
    forecast(&ForecastSlice::default()).unwrap();
    scaling(&ScalingSlice::default()).unwrap();
    policies(&PolicySlice::default()).unwrap();
    error_by_horizon(&[]).unwrap();
    calibration(&[]).unwrap();
    learning_curves(&[], Stage::Agent, "nothing", &[]).unwrap();
}

#[test]
fn lines_break_at_gaps() {
    let runs = unbroken(&[1, 2, 3, 4], &[1.0, f64::NAN, 3.0, 4.0]);
    assert_eq!(runs, [vec![(1, 1.0)], vec![(3, 3.0), (4, 4.0)]]);
}
