use super::*;
use crate::estimation::LeadBacklog;
use crate::policy::examples::{estimate, settings};
use crate::units::EventsPerSecond;

fn jobs(s: &Estimate) -> Jobs {
    Plan::new(s, &settings()).jobs(1.0, s, &settings())
}

#[test]
fn a_fitting_pool_is_left_alone() {
    // 10 jobs busy: with a wait of 18 s allowed nine are enough for a while.
    for have in [9, 10] {
        assert_eq!(jobs(&estimate(have, 100.0, 0.0)), Jobs(have));
    }
    assert_eq!(jobs(&estimate(14, 100.0, 0.0)), Jobs(10));
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
    assert_eq!(jobs(&s), Jobs(14));
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

#[test]
fn what_is_needed_before_others_could_come_is_kept() {
    // Nodes take 12 minutes. Half as much is due at lead time, and before it as much as now.
    let node = Settings { sla_s: 120.0, catch_up_s: 180.0, ..settings() };
    let due = |until_lead_rate: f32| Estimate {
        rate: EventsPerSecond(100.0),
        start_up_s: 720.0,
        high_rate: 100.0,
        until_lead_rate,
        ..estimate(20, 100.0, 0.0)
    };
    let jobs = |s: &Estimate| Plan::new(s, &node).jobs(1.0, s, &node);
    assert_eq!(jobs(&due(100.0)), Jobs(10));
    assert!(jobs(&due(190.0)) >= Jobs(18), "{:?}", jobs(&due(190.0)));
    // It is no reason to ask for more, since these would come later.
    let few = Estimate { wanted: Jobs(10), ready: Jobs(10), ..due(190.0) };
    assert_eq!(jobs(&few), Jobs(10));
    // What comes while the last of those asked for now come up is one.
    let late = Estimate { after_lead_rate: 190.0, ..few };
    assert!(jobs(&late) >= Jobs(18), "{:?}", jobs(&late));
}

#[test]
fn a_pool_never_shrinks_below_its_need() {
    for have in [12, 15, 30] {
        assert!(jobs(&estimate(have, 100.0, 0.0)) >= Jobs(10), "{have}");
    }
}

#[test]
fn the_later_jobs_come_up_the_less_is_left_to_chance() {
    let jobs = |start_up_s: f32| {
        let s = Estimate { start_up_s, high_rate: 240.0, ..estimate(10, 100.0, 0.0) };
        Plan::new(&s, &settings()).goal
    };
    let [soon, late, later] = [30.0, 240.0, 480.0].map(jobs);
    assert!(soon < 14.0 && soon < late && late < later, "{soon} {late} {later}");
}
