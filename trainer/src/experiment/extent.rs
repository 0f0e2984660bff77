//! How much a run judges and plays beside training: all there is, or as little as `--quick` has time for.

use crate::evaluate::baselines::Baseline;
use crate::evaluate::forecasts::WARM_DAYS;
use crate::evaluate::test_series::TestSeries;
use scaleiq_core::forecast::STEPS;

/// How much is judged and played.
pub(super) struct Extent {
    /// Days of the test part that judge, from its beginning; without it all of them.
    test_days: Option<usize>,
    /// Days before the test part from which on experts learn.
    pub(super) warm_days: usize,
    /// Whether the network is judged in f32 and without the experts as well.
    pub(super) parts: bool,
    /// Classical forecasters to compare with.
    pub(super) baselines: &'static [Baseline],
    /// Days of each load that the policy plays.
    pub(super) load_days: usize,
    /// Loads of the user's own traffic, at different scales; at least two.
    pub(super) own_loads: usize,
    /// Made-up loads at most: forecasting them is most of the policy's preparation.
    pub(super) made_up_loads: usize,
    /// Of those, loads that judge and are not trained on.
    pub(super) held_out: usize,
    /// Decisions in a held-out case, if not as many as usual.
    pub(super) judged_ticks: Option<u32>,
    /// Seconds that a pool has run before a policy is learned or judged, if not as many as usual.
    pub(super) policy_warm_s: Option<u32>,
    /// Decisions behind a held action that belong to what it brought, if not as many as usual.
    pub(super) after_ticks: Option<u32>,
}

/// Everything. A load has a week of memory and five days to be played.
const WHOLE: Extent = Extent {
    test_days: None,
    warm_days: WARM_DAYS,
    parts: true,
    baselines: &Baseline::ALL,
    load_days: 12,
    own_loads: 4,
    made_up_loads: 7,
    held_out: 3,
    judged_ticks: None,
    policy_warm_s: None,
    after_ticks: None,
};

/// What shows in three minutes on two cores that everything works.
const QUICK: Extent = Extent {
    test_days: Some(3),
    warm_days: 14,
    parts: false,
    baselines: &[
        Baseline::Persistence,
        Baseline::SeasonalNaiveDay,
        Baseline::SeasonalNaiveWeek,
        Baseline::Smoothing,
        Baseline::Ridge24,
    ],
    load_days: 5,
    own_loads: 2,
    made_up_loads: 2,
    held_out: 1,
    judged_ticks: Some(720),
    policy_warm_s: Some(3600),
    after_ticks: Some(80),
};

impl Extent {
    /// That of a run, which is `quick` or not.
    pub(super) fn of(quick: bool) -> &'static Self {
        if quick { &QUICK } else { &WHOLE }
    }

    /// Leaves out the end of a test part of which not all judges. What a reader of the figures must know
    /// then; `None` if everything is judged.
    pub(super) fn cut(&self, series: &mut TestSeries) -> Option<String> {
        let all = series.origins().count();
        let last = series.from + self.test_days? * series.length.steps_per_day() + STEPS;
        series.rows.truncate(last);
        series.plans.truncate(last);
        Some(format!(
            "quick: {} of {all} origins and {} of {} classical forecasters; enough to see that everything \
             works, too little to judge a model by",
            series.origins().count(),
            self.baselines.len(),
            Baseline::ALL.len(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{TEST_STRIDE, Track};
    use scaleiq_core::interval::{Interval, IntervalLength};
    use scaleiq_core::units::UnixSeconds;

    #[test]
    fn a_quick_run_judges_the_first_days_of_the_test_part_and_says_so() {
        let row = |k: i64| Interval::missing(UnixSeconds(600 * (k + 1)));
        let rows: Vec<_> = (0..2000).map(row).collect();
        let length = IntervalLength::new(600).unwrap();
        let (validation_from, test_from) = (1000, 1200);
        let track =
            Track { name: "a".into(), rows, plans: Vec::new(), length, validation_from, test_from };
        let cut = |quick: bool| {
            let mut series = TestSeries::of(&track, TEST_STRIDE);
            let note = Extent::of(quick).cut(&mut series);
            (series.origins().count(), note)
        };
        assert_eq!(cut(false), ((2000usize - 1200 - STEPS).div_ceil(TEST_STRIDE), None));
        let (origins, note) = cut(true);
        assert_eq!(origins, (3usize * 144).div_ceil(TEST_STRIDE));
        insta::assert_snapshot!(note.unwrap(), @"quick: 62 of 111 origins and 5 of 8 classical forecasters; enough to see that everything works, too little to judge a model by");
    }
}
