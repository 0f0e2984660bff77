//! A bench as one page: the figures, and jobs against the need.

use super::contender::Contender;
use super::summary::{Scope, Summary};
use super::table::{LEGEND, PAIRED, STANDING, heading, paired, standing, untuned, worst};
use super::track::Track;
use super::{Case, CaseResult};
use crate::report::{Page, PolicySlice, Table, policies};
use anyhow::Result;
use scaleiq_workload::baselines::Baseline;

/// The page. `how` says how was played.
///
/// # Errors
/// If a plot cannot be drawn.
pub fn page(summary: &Summary, cases: &[CaseResult], how: &str) -> Result<String> {
    let mut page = Page::new("ScaleIQ: policies compared", how);
    page.text(LEGEND);
    if summary.unfinished > 0 {
        page.text(&format!("Not finished, and in no figure: {} cases.", summary.unfinished));
    }
    for scope in &summary.scopes {
        page.section(&scope.name);
        page.table(&Table {
            caption: heading(scope),
            header: STANDING.map(String::from).into(),
            rows: scope.standings.iter().map(|s| standing(s).into()).collect(),
        });
        if !scope.paired.is_empty() {
            page.table(&Table {
                caption: format!("{}: beside the plan", scope.name),
                header: PAIRED.map(String::from).into(),
                rows: scope.paired.iter().map(|p| paired(p).into()).collect(),
            });
        }
        page.text(&remarks(scope, cases));
    }
    let drawn = cases.iter().filter_map(|result| Some((result, result.tracks.split_first()?)));
    for (result, (need, tracks)) in drawn {
        let slice = slice(&result.case, need, tracks);
        page.section(&slice.title);
        page.plot(&policies(&slice)?, "Ours and the bound; baselines at their defaults.");
    }
    Ok(page.finish(&()))
}

/// Who the baselines were, and where ours did worst.
fn remarks(scope: &Scope, cases: &[CaseResult]) -> String {
    let baselines: Vec<String> = scope.untuned.iter().map(untuned).collect();
    let worst = scope.standings.iter().filter_map(|s| Some((s.policy.name(), worst(s, cases)?)));
    let worst: Vec<String> = worst.map(|(name, where_)| format!("{name} {where_}")).collect();
    format!(
        "Baselines at one knob, best first: {}. Worst: {}.",
        baselines.join("; "),
        worst.join("; ")
    )
}

fn slice(case: &Case, need: &Track, tracks: &[Track]) -> PolicySlice {
    let named = |track: &Track| {
        let name = track.policy.map_or("", Contender::name);
        let name = track.knob.map_or(name.to_string(), |knob| format!("{name} {knob}"));
        (name, track.means.clone())
    };
    let panel = |who: fn(Contender) -> bool| -> Vec<(String, Vec<f64>)> {
        tracks.iter().filter(|track| track.policy.is_some_and(who)).map(named).collect()
    };
    // Some rules want so many more jobs than others that they need an axis of their own.
    let ours = panel(|policy| match policy {
        Contender::Baseline(baseline) => baseline.is_bound(),
        policy => policy != Contender::Static,
    });
    let close = panel(|policy| policy.is_baseline() && !is_far(policy));
    let far = panel(is_far);
    let Case { data, peak_jobs, world, seed } = case;
    PolicySlice {
        title: format!("{data}: peak of {peak_jobs} jobs, world {world}, seed {seed}"),
        times: need.times(),
        needed: need.means.clone(),
        panels: [ours, close, far].into_iter().filter(|panel| !panel.is_empty()).collect(),
    }
}

/// Whether a baseline's jobs usually lie far above the need.
fn is_far(policy: Contender) -> bool {
    matches!(policy, Contender::Static | Contender::Baseline(Baseline::Lag | Baseline::Seasonal))
}

#[cfg(test)]
mod tests {
    use super::super::summary::tests::made_up;
    use super::*;
    use scaleiq_core::units::UnixSeconds;

    #[test]
    fn the_page_shows_figures_and_what_was_drawn() {
        let mut cases = made_up();
        let hpa = Contender::Baseline(Baseline::Hpa);
        for policy in [None, Some(Contender::Dqn), Some(hpa)] {
            let mut track = Track::new(UnixSeconds(1_751_328_000), 30, 50);
            track.policy = policy;
            (0..50).for_each(|k| track.push(f64::from(k)));
            cases[0].tracks.push(track);
        }
        let html = page(&Summary::of(&cases), &cases, "seed 1").unwrap();
        assert_eq!((html.matches("<svg ").count(), html.matches("<table>").count()), (1, 3));
        assert!(html.contains("calm: peak of 40 jobs") && !html.contains("NaN"));
    }
}
