//! What a fault cost a policy, against the clean run.

use super::episode::Episode;
use super::kind::{Family, FaultKind};
use super::lasts::Lasts;
use super::trial::Course;
use crate::sim::STEP_S;
use serde::Serialize;

/// Most that a fault without information about load may cost, of the clean run.
pub(super) const MAX_COST: f64 = 1.10;
/// Most percentage points of the SLA that it may cost.
pub(super) const MAX_SLA_POINTS: f64 = 0.05;
/// Seconds after its end by which the pool is as it would have been,
const RECOVERED_S: u32 = 300;
/// compared over so many more, since two pools are never alike in each tick.
const COMPARED_S: u32 = 300;
/// Two pools are alike within this ratio,
const ALIKE: f64 = 1.25;
/// or if they differ by no more jobs than this.
const ALIKE_JOBS: f64 = 2.0;
/// Jobs asked for beyond this many times the usual are no help against any fault of a pool.
pub(super) const MAX_ASKED: f64 = 3.3;
/// Seconds after a surprise by which it is paid for,
const PAID_S: u32 = 1800;
/// and the seconds behind them in which it may still be felt,
const AFTERMATH_S: u32 = 9000;
/// at no more than this many times the usual cost.
pub(super) const MAX_AFTERMATH: f64 = 1.5;
/// Seconds until a frozen reading can be told from a calm minute.
const FREEZE_SHOWS_S: u32 = 120;

/// What a fault cost a policy, against the clean run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// What went wrong.
    pub kind: FaultKind,
    /// How often.
    pub episodes: u32,
    /// Cost over the cost of the clean run.
    pub cost_ratio: f64,
    /// Percentage points of the SLA gained; less than 0 if lost.
    pub sla_points: f64,
    /// Ticks in which the pool was made smaller while nothing true was told.
    pub blind_falls: u32,
    /// Episodes that ended early enough to be judged by what followed,
    pub ended: u32,
    /// and those of them after which the pool was soon as it would have been.
    pub recovered: u32,
    /// Most jobs asked for in an episode, over the most asked for meanwhile in the clean run.
    pub max_asked: f64,
    /// Jobs wanted from half an hour to three hours behind an episode, over those of the clean run;
    /// behind the end of all traffic, the number itself. The worst episode counts, 0 if there is none.
    pub aftermath: f64,
}

impl Verdict {
    /// Compares a course under one kind of fault with the clean one.
    #[must_use]
    pub fn of(kind: FaultKind, clean: &Course, faulty: &Course) -> Self {
        let episodes: Vec<&Episode> = faulty.episodes.iter().filter(|e| e.kind == kind).collect();
        let recoveries: Vec<bool> =
            episodes.iter().filter_map(|episode| recovery(episode, clean, faulty)).collect();
        let falls = episodes.iter().map(|episode| falls(episode, faulty));
        let asked = episodes.iter().map(|episode| max_asked(episode, clean, faulty));
        let aftermaths = episodes.iter().filter_map(|episode| aftermath(episode, clean, faulty));
        Self {
            kind,
            episodes: episodes.len() as u32,
            cost_ratio: faulty.score.cost_over_ideal / clean.score.cost_over_ideal,
            sla_points: 100.0 * (faulty.score.sla - clean.score.sla),
            blind_falls: if kind.profile().blinds { falls.sum() } else { 0 },
            ended: recoveries.len() as u32,
            recovered: recoveries.iter().filter(|recovered| **recovered).count() as u32,
            max_asked: asked.fold(0.0, f64::max),
            aftermath: aftermaths.fold(0.0, f64::max),
        }
    }

    /// Whether cost and SLA are those of a fault that carries no information about load.
    #[must_use]
    pub fn is_harmless(&self) -> bool {
        self.cost_ratio <= MAX_COST && self.sla_points >= -MAX_SLA_POINTS
    }

    /// Whether all marks of its kind are kept. No pool shrinks while blind, and none stays larger
    /// than it need be. What carries no information is harmless, and over when it ends; what befalls
    /// a pool is answered with bounded numbers.
    #[must_use]
    pub fn passes(&self) -> bool {
        let profile = self.kind.profile();
        let right = match (profile.informs, profile.family) {
            (false, _) => self.is_harmless() && self.recovered == self.ended,
            (true, Family::Pool) => self.max_asked <= MAX_ASKED,
            (true, _) => true,
        };
        right && self.blind_falls == 0 && self.aftermath <= MAX_AFTERMATH
    }
}

fn falls(episode: &Episode, faulty: &Course) -> u32 {
    let shows_s = if episode.kind == FaultKind::Frozen { FREEZE_SHOWS_S } else { 0 };
    let ticks = faulty.ticks((episode.begin, shows_s), (episode.end, 0));
    let moments = faulty.moments.get(ticks).unwrap_or_default();
    moments.iter().filter(|moment| moment.wanted < moment.have).count() as u32
}

/// Whether the pools are alike again in time; `None` if that cannot be seen.
fn recovery(episode: &Episode, clean: &Course, faulty: &Course) -> Option<bool> {
    let (usual, now) = behind(episode, RECOVERED_S, COMPARED_S, clean, faulty)?;
    Some((1.0 / ALIKE..=ALIKE).contains(&ratio(now, usual)) || (now - usual).abs() <= ALIKE_JOBS)
}

fn aftermath(episode: &Episode, clean: &Course, faulty: &Course) -> Option<f64> {
    if episode.kind.profile().lasts == Lasts::ToTheEnd {
        let later = faulty.ticks((episode.begin, 2 * PAID_S), (episode.end, 0));
        return Some(faulty.mean_wanted(later));
    }
    let (usual, now) = behind(episode, PAID_S, AFTERMATH_S, clean, faulty)?;
    // A job or two are no aftermath.
    Some(if now - usual <= ALIKE_JOBS { ratio(now, usual).min(1.0) } else { ratio(now, usual) })
}

fn max_asked(episode: &Episode, clean: &Course, faulty: &Course) -> f64 {
    let ticks = faulty.ticks((episode.begin, 0), (episode.end, 0));
    ratio(faulty.max_wanted(ticks.clone()), clean.max_wanted(ticks))
}

/// Mean jobs wanted, clean and faulty, in `span_s` seconds from `after_s` seconds behind an episode;
/// `None` if the course ends before, or if another episode comes between.
fn behind(
    episode: &Episode,
    after_s: u32,
    span_s: u32,
    clean: &Course,
    faulty: &Course,
) -> Option<(f64, f64)> {
    let last_step = episode.end.checked_add((after_s + span_s) / STEP_S)?;
    let between = |other: &Episode| other.begin > episode.begin && other.begin < last_step;
    let ticks = faulty.ticks((episode.end, after_s), (episode.end, after_s + span_s));
    let disturbed = faulty.episodes.iter().any(between);
    (faulty.is_whole(&ticks, span_s) && !disturbed)
        .then(|| (clean.mean_wanted(ticks.clone()), faulty.mean_wanted(ticks)))
}

fn ratio(now: f64, usual: f64) -> f64 {
    now.max(1.0) / usual.max(1.0)
}
