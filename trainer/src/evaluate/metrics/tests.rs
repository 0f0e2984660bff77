//! Vectors small enough to be worked out by hand.

use super::*;

#[track_caller]
fn close(found: Option<f64>, expected: f64) {
    let found = found.expect("a figure");
    assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
}

/// ```text
/// truth     10   20    0   40
/// forecast  12   18    0   30
/// last      10   10   10   50
/// |error|    2    2    0   10      sum 14,  mean 3.5
/// error^2    4    4    0  100      sum 108, mean 27
/// ```
fn example() -> PointScores {
    let truth = [10.0, 20.0, 0.0, 40.0];
    PointScores::of(&truth, &[12.0, 18.0, 0.0, 30.0], &[10.0, 10.0, 10.0, 50.0], Some(7.0))
}

#[test]
fn errors() {
    let s = example();
    assert_eq!(s.count, 4);
    close(s.mae, 3.5);
    close(s.mse, 27.0);
    close(s.rmse, 27.0_f64.sqrt());
    // The truth of 0 has no percentage: (20 % + 10 % + 25 %) / 3.
    close(s.mape, 55.0 / 3.0);
    // 2*2/22 + 2*2/38 + 0 + 2*10/70, over 4, in percent.
    close(s.smape, 25.0 * (4.0 / 22.0 + 4.0 / 38.0 + 20.0 / 70.0));
    // Mean truth 17.5; squared distances 56.25 + 6.25 + 306.25 + 506.25 = 875; errors 108.
    close(s.r2, 1.0 - 108.0 / 875.0);
    // 14 of 70 events.
    close(s.wape, 0.2);
    close(s.mase, 0.5);
}

#[test]
fn direction_counts_only_where_something_changed() {
    // No change, up as forecast, down as forecast, down as forecast: 3 of 3.
    close(example().direction_accuracy, 1.0);
    // Up but forecast unchanged, up but forecast down, unknown start: 0 of 2.
    let s = PointScores::of(&[2.0, 2.0, 2.0], &[1.0, 0.5, 3.0], &[1.0, 1.0, f32::NAN], None);
    close(s.direction_accuracy, 0.0);
}

#[test]
fn peaks_are_the_highest_twentieth_of_the_truth() {
    // 1..=41: the 95 % quantile is at position 38, so 39; peaks are 40 and 41. Forecast are 40 and,
    // wrongly, 5: precision 1/2, recall 1/2.
    let truth: Vec<f32> = (1..=41).map(|n| n as f32).collect();
    let mut forecast = vec![0.0; 41];
    forecast[39] = 100.0;
    forecast[4] = 100.0;
    let s = PointScores::of(&truth, &forecast, &truth, None);
    close(s.peak_precision, 0.5);
    close(s.peak_recall, 0.5);
    // No peak forecast: no precision, recall 0.
    let s = PointScores::of(&truth, &[0.0; 41], &truth, None);
    assert_eq!(s.peak_precision, None);
    close(s.peak_recall, 0.0);
}

#[test]
fn gaps_count_nowhere() {
    let with_gap = PointScores::of(
        &[10.0, f32::NAN, 20.0, 0.0, 40.0],
        &[12.0, 1e9, 18.0, 0.0, 30.0],
        &[10.0, 10.0, 10.0, 10.0, 50.0],
        Some(7.0),
    );
    assert_eq!(with_gap, example());
}

#[test]
fn what_is_not_defined_is_none() {
    let empty = PointScores::of(&[f32::NAN], &[1.0], &[1.0], Some(1.0));
    assert_eq!(empty, PointScores::default());
    let flat = PointScores::of(&[0.0, 0.0], &[1.0, 1.0], &[0.0, 0.0], Some(0.0));
    assert_eq!((flat.mape, flat.r2, flat.wape, flat.mase), (None, None, None, None));
    assert_eq!(flat.direction_accuracy, None);
    close(flat.mae, 1.0);
    close(flat.smape, 200.0);
}

#[test]
fn pinball_weighs_both_sides() {
    // 10 above the 0.9 quantile costs 9; 10 below it costs 1.
    close(Some(pinball(110.0, 100.0, 0.9)), 9.0);
    close(Some(pinball(90.0, 100.0, 0.9)), 1.0);
    // All quantiles at 100, truth 110: 10 x the mean level (0.025 + .1 + .25 + .5 + .75 + .9 + .95
    // + .975 + .99 = 5.44, over 9).
    let case = Case { truth: 110.0, last: 0.0, quantiles: [100.0; 9] };
    assert!((case.pinball() - 10.0 * 5.44 / 9.0).abs() < 1e-6);
}

#[test]
fn coverage_and_calibration_are_shares_of_the_truth() {
    // Quantiles 10, 20, .., 90; truths 5, 25, 55, 90 and a gap. Within 20..=60: 25 and 55; within
    // 10..=80: 25 and 55.
    let quantiles = core::array::from_fn(|q| 10.0 * (q + 1) as f32);
    let case = |truth| Case { truth, last: 0.0, quantiles };
    let s = Scores::of(&[5.0, 25.0, 55.0, 90.0, f32::NAN].map(case), None);
    assert_eq!(s.point.count, 4);
    close(s.coverage_80, 0.5);
    close(s.coverage_95, 0.5);
    let shares: Vec<f64> = s.calibration.into_iter().flatten().collect();
    assert_eq!(shares, [0.25, 0.25, 0.5, 0.5, 0.5, 0.75, 0.75, 0.75, 1.0]);
    // The median is 40: errors 35, 15, 15, 50.
    close(s.point.mae, 115.0 / 4.0);
}

#[test]
fn the_worst_day_has_the_lowest_share_within_the_band() {
    // The band is 20..=60. Day 1: 5 origins, 8 of their 10 truths within. Day 2: 1 origin, a fifth
    // of day 1's: 1 of 2 known truths. Day 3: gaps alone, so no origin and no day.
    let quantiles = core::array::from_fn(|q| 10.0 * (q + 1) as f32);
    let case = |truth| Case { truth, last: 0.0, quantiles };
    let (in_it, half) = ([case(20.0), case(60.0)], [case(61.0), case(f32::NAN), case(30.0)]);
    let (out, gap) = ([case(19.0), case(70.0)], [case(f32::NAN)]);
    let mut origins: Vec<(i64, &[Case])> = vec![(1, &in_it); 4];
    origins.extend([(1, &out[..]), (2, &half), (3, &gap)]);
    close(worst_day_coverage_80(origins.clone()), 0.5);
    // A sixth origin on day 1 and day 2 has less than a fifth: 10 of 12 are left.
    origins.push((1, &in_it));
    close(worst_day_coverage_80(origins), 10.0 / 12.0);
    assert_eq!(worst_day_coverage_80([(1, &gap[..])]), None);
    assert_eq!(worst_day_coverage_80([]), None);
}

#[test]
fn the_scale_of_mase_skips_gaps() {
    // Over 2 intervals: |4-1| = 3, gap, |9-4| = 5.
    close(mase_scale(&[1.0, f32::NAN, 4.0, 6.0, 9.0], 2), 4.0);
    assert_eq!(mase_scale(&[1.0, 1.0, 1.0], 1), None);
    assert_eq!(mase_scale(&[1.0], 5), None);
}

#[test]
fn quantiles_are_interpolated() {
    close(quantile(&[4.0, 1.0, f64::NAN, 3.0, 2.0], 0.5), 2.5);
    close(quantile(&[1.0, 2.0, 3.0], 1.0), 3.0);
    assert_eq!(quantile(&[], 0.5), None);
}

#[test]
fn scores_survive_json() {
    let scores = HorizonScores {
        horizon: 6,
        scores: Scores { point: example(), ..Scores::default() },
        worst_day_coverage_80: Some(0.5),
    };
    let json = serde_json::to_string(&scores).unwrap();
    assert_eq!(serde_json::from_str::<HorizonScores>(&json).unwrap(), scores);
}
