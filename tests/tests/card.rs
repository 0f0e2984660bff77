//! The shipped model's card tells figures that the shipped files have.

use scaleiq_core::model::{Bundle, Precision};
use trainer::config::Config;
use trainer::data::{Corpus, TEST_STRIDE, Track};
use trainer::evaluate::baselines::{Baseline, Past};
use trainer::evaluate::forecasts::{Course, WARM_DAYS, median_scores, scores};
use trainer::evaluate::parts::network_alone;
use trainer::experiment::results::{Results, card_metrics};
use trainer::runtime::stop::never;

/// How far a figure may be off: instruction sets round differently.
const ROUNDING: f64 = 1e-3;

/// The sample alone, as `trainer train` reads it.
fn sample() -> Corpus {
    let mut config = Config::default();
    config.data.synthetic_series = 0;
    Corpus::load(&config.data, config.seed).unwrap()
}

/// Every figure of the network alone, and of persistence beside it: those that take seconds, not
/// minutes, to take again.
#[test]
fn the_card_tells_what_the_network_does_on_the_sample() {
    let (corpus, bundle) = (sample(), Bundle::open(None, Precision::Int8).unwrap());
    let card = bundle.card();
    let name = "built-in sample";
    assert_eq!(card.data.get(name), corpus.fingerprints.get(name), "made from another sample");

    let Track { rows, length, test_from: from, .. } = &corpus.own;
    let start = from.saturating_sub(WARM_DAYS * length.steps_per_day());
    let course = Course { start, from: *from, stride: TEST_STRIDE };
    let network = network_alone(bundle.forecaster().clone(), *length, rows, course, |_| true);
    let origins: Vec<usize> = network.iter().map(|origin| origin.row).collect();
    let past = Past::new(rows, *length, *from);
    let persistence = Baseline::Persistence.forecasts(&past, &origins, &never).unwrap();
    let persistence: Vec<_> = origins.into_iter().zip(persistence).collect();

    let day = length.steps_per_day();
    let all = [
        ("network_alone".to_string(), scores(rows, &network, day, *from)),
        ("persistence".to_string(), median_scores(rows, &persistence, day, *from)),
    ];
    let interval_s = length.seconds();
    let measured = card_metrics(&Results {
        interval_s,
        forecast: all.into(),
        importance: Vec::new(),
        policy: None,
    });
    assert_eq!(measured.len(), 15);
    for (name, is) in measured {
        let told = card.metrics[&name];
        assert!(
            (told / is - 1.0).abs() < ROUNDING,
            "{name}: the card tells {told}, and it is {is}"
        );
    }
}
