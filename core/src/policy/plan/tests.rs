use super::*;
use crate::estimation::LeadBacklog;
use crate::policy::examples::{estimate, settings};
use crate::units::EventsPerSecond;

fn jobs(s: &Estimate) -> Jobs {
    Plan::new(s, &settings()).jobs(1.0, s, &settings())
}

#[test]
fn a_fitting_pool_is_left_alone() {
    // 10 jobs busy: with a wait of 9 s allowed nine are enough for a while, eleven are not too many.
    for have in [9, 10, 11] {
        assert_eq!(jobs(&estimate(have, 100.0, 0.0)), Jobs(have));
    }
    assert!(jobs(&estimate(14, 100.0, 0.0)) < Jobs(12));
    assert!(jobs(&estimate(6, 100.0, 0.0)) >= Jobs(9));
}

#[test]
fn a_backlog_at_lead_time_calls_for_more() {
    let s = Estimate {
        lead_backlog: LeadBacklog { median_s: 600.0, high_s: 600.0 },
        ..estimate(10, 100.0, 0.0)
    };
    assert!(jobs(&s) > Jobs(13), "{:?}", jobs(&s));
    let stalled = Estimate { stalled: true, ..s };
    assert_eq!(jobs(&stalled), Jobs(10));
}

#[test]
fn the_high_path_counts_as_far_as_the_wait_cannot_absorb_it() {
    let s = Estimate { high_rate: 140.0, ..estimate(10, 100.0, 0.0) };
    assert_eq!(jobs(&s), Jobs(10));
    let s = Estimate { high_rate: 240.0, ..s };
    assert_eq!(jobs(&s), Jobs(15));
}

#[test]
fn the_high_path_is_looked_at_until_the_next_sample_comes() {
    let quick = Settings { sla_s: 5.0, ..settings() };
    let jobs = |sample_s: f32| {
        let s =
            Estimate { sample_s, high_rate: 160.0, start_up_s: 3.0, ..estimate(10, 100.0, 0.0) };
        Plan::new(&s, &quick).jobs(1.0, &s, &quick)
    };
    // In 5 s 80 jobs' seconds may come and 8 s be spent on them, in 30 s 480 and 33 s.
    assert_eq!([2.0, 5.0, 30.0, 300.0].map(jobs), [10, 10, 15, 15].map(Jobs));
}

#[test]
fn where_changes_are_costly_a_pool_grows_early_and_little_by_little() {
    let costly = Estimate { pause_s: 8.0, ..estimate(12, 100.0, 0.0) };
    assert_eq!(jobs(&costly), Jobs(12));
    let soon = Estimate { soon_rate: 115.0, later_rate: 300.0, ..costly };
    assert_eq!(jobs(&soon), Jobs(16));
    let busy = Estimate { rate: EventsPerSecond(110.0), ..soon };
    assert_eq!(jobs(&busy), Jobs(14));
    let starting = Estimate { wanted: Jobs(13), starting: Jobs(1), ..soon };
    assert_eq!(jobs(&starting), Jobs(13));
    let waiting = Estimate { backlog_events: 2400.0, ..soon };
    assert_eq!(jobs(&waiting), Jobs(12));
    let (rate, soon_rate) = (EventsPerSecond(300.0), 300.0);
    let burst = Estimate { rate, soon_rate, ..starting };
    assert!(jobs(&burst) > Jobs(30));
}
