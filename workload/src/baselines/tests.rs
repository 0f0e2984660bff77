use super::*;
use crate::sim::Step;
use crate::sim::{Load, World};
use scaleiq_core::sample::Reading;
use scaleiq_core::sample::Sample;
use scaleiq_core::units::{Jobs, UnixSeconds};

/// Half a minute of a pool that works off what arrives: `busy_jobs` of 100 ms events.
fn sample(end: i64, busy_jobs: f32, ready: u32, backlog_events: f32) -> Sample {
    Sample {
        end: UnixSeconds(end),
        interval_s: 30,
        arrivals_events: Reading::Known(busy_jobs * 300.0),
        processed_events: Reading::Known(busy_jobs * 300.0),
        backlog_events: Reading::Known(backlog_events),
        queued_events: Reading::Known(backlog_events),
        work_ms: Reading::Known(100.0),
        jobs_ready: Some(Jobs(ready)),
        jobs_starting: Some(Jobs(0)),
    }
}

fn lost(end: i64) -> Sample {
    Sample {
        arrivals_events: Reading::Missing,
        processed_events: Reading::Missing,
        backlog_events: Reading::Missing,
        work_ms: Reading::Missing,
        jobs_ready: None,
        jobs_starting: None,
        ..sample(end, 0.0, 0, 0.0)
    }
}

/// Steps of 100 ms events at these rates.
fn load(rates: &[f32]) -> Load {
    let step = |rate: &f32| Step {
        rate_per_s: *rate,
        arrivals_events: 5.0 * rate,
        work_s: 0.1,
        speed: 1.0,
    };
    Load::from_steps(UnixSeconds(0), rates.iter().map(step).collect()).unwrap()
}

#[test]
fn hpa_follows_its_documentation() {
    let mut rule = HpaRule::new(0.5);
    assert_eq!(rule.decide(&sample(30, 5.2, 10, 0.0)), Jobs(10), "within the tolerance");
    assert_eq!(rule.decide(&sample(60, 9.0, 10, 0.0)), Jobs(18));
    assert_eq!(rule.decide(&sample(90, 2.0, 2, 0.0)), Jobs(4));
    let mut eager = HpaRule::new(0.05);
    assert_eq!(eager.decide(&sample(30, 3.0, 3, 0.0)), Jobs(14), "two periods of growth");
    let mut calm = HpaRule::new(0.5);
    assert_eq!(calm.decide(&sample(30, 10.0, 10, 0.0)), Jobs(20));
    assert_eq!(calm.decide(&sample(330, 2.0, 20, 0.0)), Jobs(20), "still in the window");
    assert_eq!(calm.decide(&sample(360, 2.0, 20, 0.0)), Jobs(4));
}

#[test]
fn lag_counts_seconds_of_work() {
    let mut rule = LagRule::default();
    assert_eq!(rule.decide(&sample(30, 4.0, 4, 501.0)), Jobs(6));
    assert_eq!(LagRule::default().decide(&sample(30, 4.0, 4, 0.0)), Jobs(1));
}

#[test]
fn ds2_averages_and_lets_a_change_settle() {
    let mut rule = Ds2Rule::new(0.5);
    // 4 jobs' worth at half utilisation, and 600 s of work within 300 s.
    assert_eq!(rule.decide(&sample(30, 4.0, 10, 6000.0)), Jobs(10));
    // The mean of 4 and 8 jobs' worth.
    assert_eq!(rule.decide(&sample(60, 8.0, 10, 0.0)), Jobs(12));
    assert_eq!(rule.decide(&sample(90, 30.0, 12, 0.0)), Jobs(12), "three minutes of rest");
    let mut calm = Ds2Rule::new(0.5);
    assert_eq!(calm.decide(&sample(30, 10.0, 10, 0.0)), Jobs(20));
    // Every five minutes a mean of new samples alone; ten minutes hold what was required.
    let jobs: Vec<u32> =
        [330, 630, 660].map(|end| calm.decide(&sample(end, 2.0, 20, 0.0)).0).to_vec();
    assert_eq!(jobs, [20, 20, 4]);
}

#[test]
fn a_trend_is_read_two_minutes_ahead() {
    let mut rule = TrendRule::new(1.0);
    assert_eq!(rule.decide(&sample(30, 2.0, 4, 0.0)), Jobs(2));
    assert_eq!(rule.decide(&sample(60, 3.0, 4, 0.0)), Jobs(3), "two points are no line");
    // One job more in each tick, and four ticks ahead: 4 + 4.
    assert_eq!(rule.decide(&sample(90, 3.99, 4, 0.0)), Jobs(8));
    // A falling line is not followed below the present, and 12 s of work in 2 min is a tenth of one.
    let mut falling = TrendRule::new(1.0);
    for (k, busy) in [(1, 9.0), (2, 8.0)] {
        falling.decide(&sample(30 * k, busy, 5, 0.0));
    }
    assert_eq!(falling.decide(&sample(90, 6.95, 5, 120.0)), Jobs(8));
}

#[test]
fn a_season_is_known_after_a_day() {
    let mut rule = SeasonalRule::new(0.5);
    let day = i64::from(DAY);
    // Calm, but for one tick of 20 jobs' worth in the second half-hour of each day.
    let busy = |k: i64| if k % day == 90 { 20.0 } else { 2.0 };
    let jobs: Vec<u32> =
        (0..day + 91).map(|k| rule.decide(&sample(30 * (k + 1), busy(k), 4, 0.0)).0).collect();
    let at = |k: i64| jobs[(day + k) as usize];
    assert_eq!(jobs[100], 4, "nothing is known of the first day");
    assert_eq!((at(29), at(30), at(89)), (4, 40, 40), "half an hour before");
    // It also remembers no more than a week.
    for k in 0..8 * day {
        rule.decide(&sample(30 * (day + 92 + k), 2.0, 4, 0.0));
    }
    assert_eq!(rule.decide(&sample(30 * (9 * day + 93), 2.0, 4, 0.0)), Jobs(4));
}

/// Ticks in a day.
const DAY: u32 = 2880;

#[test]
fn the_oracle_sees_the_start_up_time_and_no_further() {
    let mut rates = vec![100.0; 100];
    rates[40] = 300.0;
    let load = load(&rates);
    // (60 x 1.6 + 45) s are 28 steps.
    let jobs = |played: i64, backlog| {
        let mut rule = OracleRule::new(1.1, &load, World::queue());
        rule.decide(&sample(5 * played, 0.0, 3, backlog))
    };
    assert_eq!([jobs(12, 0.0), jobs(13, 0.0), jobs(40, 0.0)], [11, 33, 33].map(Jobs));
    assert_eq!([jobs(41, 0.0), jobs(41, 1200.0), jobs(100, 0.0)], [11, 13, 11].map(Jobs));
}

#[test]
fn without_metrics_the_pool_stays() {
    let load = load(&[100.0; 100]);
    for baseline in Baseline::ALL {
        let mut rule = baseline.build(baseline.default_knob(), &load, World::queue());
        let before = rule.decide(&sample(30, 8.0, 8, 900.0));
        assert_eq!(rule.decide(&lost(60)), before, "{}", baseline.name());
        let mut blind = baseline.build(baseline.default_knob(), &load, World::queue());
        assert_eq!(blind.decide(&lost(60)), Jobs(1), "{}", baseline.name());
    }
}

#[test]
fn baselines_are_listed_with_their_knobs() {
    let load = load(&[100.0; 100]);
    for baseline in Baseline::ALL {
        assert_eq!(Baseline::named(baseline.name()), Some(baseline));
        assert!(baseline.knobs().contains(&baseline.default_knob()), "{}", baseline.name());
        let rule = baseline.build(baseline.default_knob(), &load, World::queue());
        assert_eq!(rule.name(), baseline.name());
        // Cheapest first: a lower target or threshold, or more head room, costs more.
        let costlier = |pair: &[f32]| (pair[1] < pair[0]) != baseline.is_bound();
        assert!(baseline.knobs().windows(2).all(costlier), "{}", baseline.name());
    }
    assert_eq!(Baseline::named("magic"), None);
}
