use super::super::Case;
use super::*;
use scaleiq_workload::sim::Score;

fn run(policy: Contender, knob: Option<f32>, sla: f64, cost_over_ideal: f64) -> Run {
    let score = Score { sla, cost_over_ideal, actions_per_day: 100.0, ..Score::default() };
    Run { policy, knob, score, moved: None }
}

/// A case in which HPA is as good as its knob says: cost 1 / knob, in time up to `hpa_until`.
fn case(data: &str, world: &'static str, dqn: (f64, f64), hpa_until: f32) -> CaseResult {
    let hpa = Contender::Baseline(Baseline::Hpa);
    let at = |knob: &f32| {
        let sla = if *knob <= hpa_until { 1.0 } else { 0.99 };
        run(hpa, Some(*knob), sla, 1.0 / f64::from(*knob))
    };
    let mut runs = vec![run(Contender::Dqn, None, dqn.0, dqn.1)];
    runs.extend(Baseline::Hpa.knobs().iter().map(at));
    runs.push(run(Contender::Baseline(Baseline::Oracle), Some(1.0), 1.0, 1.1));
    runs.push(run(Contender::Static, Some(40.0), 1.0, 4.0));
    let case = Case { data: data.into(), peak_jobs: 40.0, world, seed: 1 };
    CaseResult { case, runs, missing: 0, tracks: Vec::new() }
}

/// Two traffics in one world; HPA needs 0.8 in one and 0.5 in the other.
pub(in super::super) fn made_up() -> Vec<CaseResult> {
    vec![case("calm", "queue", (1.0, 1.25), 0.8), case("rough", "queue", (0.995, 1.6), 0.5)]
}

fn close(a: Option<f64>, b: f64) -> bool {
    a.is_some_and(|a| (a - b).abs() < 1e-6)
}

#[test]
fn untuned_is_one_knob_and_tuned_is_one_a_case() {
    let summary = Summary::of(&made_up());
    let names: Vec<&str> = summary.scopes.iter().map(|scope| scope.name.as_str()).collect();
    assert_eq!(names, ["all", "calm", "rough"]);
    let all = &summary.scopes[0];
    assert_eq!((all.cases, all.reached_by_baseline, all.reached), (2, 2, 2));
    // 0.5 is the highest target that does in both.
    let untuned = &all.untuned[0];
    assert_eq!(
        (untuned.policy, untuned.knob, untuned.share),
        (Contender::Baseline(Baseline::Hpa), 0.5, 1.0)
    );
    let dqn = &all.standings[0];
    assert_eq!((all.standings.len(), dqn.share, dqn.lowest_sla), (2, 0.5, 0.995));
    assert!(close(dqn.over_untuned, (1.25f64 * 1.6).sqrt() / 2.0), "{dqn:?}");
    // Tuned, HPA costs 1.25 and 2.
    assert!(close(dqn.over_tuned, (1.0f64 * 0.8).sqrt()), "{dqn:?}");
    assert_eq!(dqn.worst.map(|worst| worst.1), Some(0));
    assert!(close(dqn.over_oracle, (1.25f64 * 1.6).sqrt() / 1.1), "{dqn:?}");
    assert!(close(dqn.over_hpa_actions, 1.0));
    // On one traffic the choice for all still holds.
    assert_eq!(summary.scopes[1].untuned[0].knob, 0.5);
    assert!(close(summary.scopes[1].standings[0].over_untuned, 0.625));
}

#[test]
fn where_no_knob_is_enough_the_most_punctual_stands() {
    let cases = [case("a", "slow", (1.0, 1.5), 0.1), case("b", "slow", (1.0, 1.5), 0.3)];
    let summary = Summary::of(&cases);
    let untuned = &summary.scopes[0].untuned[0];
    // 0.3, 0.25 and 0.2 do in one of the two; the first is the cheapest.
    assert_eq!((untuned.knob, untuned.share, untuned.is_enough()), (0.3, 0.5, false));
    // Tuned, there is only the second case; the static pool and the oracle are no baselines.
    let all = &summary.scopes[0];
    assert_eq!((all.cases, all.reached_by_baseline, all.reached), (2, 1, 2));
    assert!(close(all.standings[0].over_tuned, 0.45), "{all:?}");
}

#[test]
fn cases_that_were_cut_short_are_left_out() {
    let mut cases = made_up();
    cases[1].missing = 1;
    let summary = Summary::of(&cases);
    assert_eq!((summary.unfinished, summary.scopes[0].cases), (1, 1));
    cases[0].missing = 1;
    assert_eq!(Summary::of(&cases), Summary { scopes: Vec::new(), unfinished: 2 });
}
