//! The plot on made-up data. `SCALEIQ_SHOW_REPORT=folder` writes it to look at.

use super::*;

/// Two policies over a day.
pub(in super::super) fn made_up() -> String {
    let wave = |n: usize| 12.0 + 7.0 * (n as f64 / 115.0).sin();
    let needed: Vec<f64> = (0..720).map(wave).collect();
    let jobs: Vec<f64> = needed.iter().map(|n| (n * 1.15).ceil()).collect();
    let of = |name: &str| vec![(name.to_string(), jobs.clone())];
    let slice = PolicySlice {
        title: "Jobs on made-up traffic".into(),
        times: (0..720).map(|n| 1_751_330_040 + 120 * n).collect(),
        needed,
        panels: vec![of("ours"), of("hpa 0.7")],
    };
    policies(&slice).unwrap()
}

#[test]
fn the_plot_is_drawn_with_its_words() {
    let svg = made_up();
    assert!(svg.starts_with("<svg ") && svg.contains("</svg>"));
    assert!(svg.contains("hpa 0.7") && !svg.contains("NaN") && !svg.contains("inf"));
    if let Some(folder) = std::env::var_os("SCALEIQ_SHOW_REPORT") {
        std::fs::write(std::path::Path::new(&folder).join("policies.svg"), svg).unwrap();
    }
}

#[test]
fn nothing_to_draw_is_an_empty_plot() {
    policies(&PolicySlice::default()).unwrap();
}
