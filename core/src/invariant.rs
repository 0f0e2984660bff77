//! The promises of a decision, numbered, and a watch that checks each decision against them.
//!
//! Property tests hold random histories to them, under policies and forecasts that say anything.
//!
//! | id | promise |
//! |---|---|
//! | S-1 | jobs within the limits, and steps bounded |
//! | S-2 | no change on data older than `stale_after_s` |
//! | S-3 | numbers that are not finite or negative never pass the sample gate (`sample::RawSample::gate`) |
//! | S-4 | in doubt hold: never fewer than were decided last while blind: arrivals or the backlog are missing, or a number of jobs that was told within the hour |
//! | S-5 | never fewer jobs than were decided last, unless as few were asked for all through the scale-down window |
//! | S-6 | a network that fails is replaced within the same decision (`policy::Dqn`) |
//! | S-7 | never fewer jobs than the present rate and backlog need, whatever is forecast, as far as jobs come up and help |

use crate::decision::{Change, Constraint, Decision};
use crate::guard::{MIN_STEP_UP, fewest, reactive_floor};
use crate::history::Ring;
use crate::policy::Stage;
use crate::sample::Sample;
use crate::settings::Settings;
use crate::situation::Situation;
use crate::units::{Jobs, UnixSeconds};
use serde::{Deserialize, Serialize};

/// Numbers remembered of what was asked for: a scale-down window of a sample a second.
const ASKED: usize = 120;

/// A promise that a decision can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Promise {
    /// S-1.
    Bounds,
    /// S-2.
    Stale,
    /// S-4.
    Blind,
    /// S-5.
    Window,
    /// S-7.
    Floor,
}

impl Promise {
    /// All that a watch checks.
    pub const ALL: [Self; 5] = [Self::Bounds, Self::Stale, Self::Blind, Self::Window, Self::Floor];

    /// Its number.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Bounds => "S-1",
            Self::Stale => "S-2",
            Self::Blind => "S-4",
            Self::Window => "S-5",
            Self::Floor => "S-7",
        }
    }
}

/// Checks decisions one after the other. It shares no state with what it checks.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// What was asked for lately, before anything held it back.
    asked: Ring<(UnixSeconds, Jobs), ASKED>,
    last_wanted: Option<Jobs>,
}

impl Watch {
    /// The first promise that `decision` breaks. `last` is the last sample taken, `situation` what
    /// was known of it, if it was enough to decide on.
    pub fn check(
        &mut self,
        decision: &Decision,
        last: Option<&Sample>,
        situation: Option<&Situation>,
        settings: &Settings,
    ) -> Option<Promise> {
        let broken = match situation {
            Some(s) => self.sighted(decision, s, settings),
            None => self.blind(decision, last, settings),
        };
        self.last_wanted = Some(decision.jobs);
        broken
    }

    fn sighted(&mut self, d: &Decision, s: &Situation, settings: &Settings) -> Option<Promise> {
        let have = s.have();
        let limits = settings.limits;
        let most = Jobs::round(have.as_f32() * settings.max_step_up);
        let most = most.max(Jobs(have.0.saturating_add(MIN_STEP_UP)));
        let fewest = fewest(have, settings);
        let bounded = d.jobs == limits.clamp(d.jobs)
            && d.jobs <= limits.clamp(most)
            && d.jobs >= limits.clamp(fewest);
        if !bounded {
            return Some(Promise::Bounds);
        }
        // More jobs than help, or than come up, are no way to serve the present.
        let useful = s.most_jobs.unwrap_or(Jobs(u32::MAX)).max(fewest);
        let coming = if s.overdue { have } else { Jobs(u32::MAX) };
        let floor = reactive_floor(s, settings).min(most).min(useful).min(coming);
        if d.jobs < limits.clamp(floor) {
            return Some(Promise::Floor);
        }
        self.window(d, s, settings)
    }

    fn window(&mut self, d: &Decision, s: &Situation, settings: &Settings) -> Option<Promise> {
        // What is asked for is the proposal, as far as it is justified, needed and of use.
        let passed = |c: &&Change| {
            matches!(c.by, Constraint::Ceiling | Constraint::ReactiveFloor | Constraint::Useless)
        };
        let asked = d.changes.iter().rfind(passed).map_or(d.proposed, |c| c.to);
        self.asked.push((s.at, asked));
        let window_s = i64::from(settings.scale_down_window_s);
        let within = |(at, _): &(UnixSeconds, Jobs)| s.at.since(*at) < window_s;
        let asked = (0..ASKED).map_while(|age| self.asked.ago(age)).take_while(within);
        let most = asked.map(|(_, jobs)| jobs).max().unwrap_or_default();
        let fewest = settings.limits.clamp(most.min(s.have()));
        (d.jobs < s.have() && d.jobs < fewest).then_some(Promise::Window)
    }

    fn blind(
        &mut self,
        d: &Decision,
        last: Option<&Sample>,
        settings: &Settings,
    ) -> Option<Promise> {
        let stale =
            last.is_none_or(|l| d.at.since(l.end).abs() > i64::from(settings.stale_after_s));
        let count = |jobs: Option<Jobs>| jobs.unwrap_or_default().0;
        let have = last.map_or(0, |l| count(l.jobs_ready).saturating_add(count(l.jobs_starting)));
        let held = settings.limits.clamp(self.last_wanted.unwrap_or(Jobs(have)));
        // Samples that say nothing leave the forecast, which may raise the number.
        let holds = if stale { d.jobs == held } else { d.jobs >= held };
        if d.stage != Stage::Hold || !holds {
            return Some(if stale { Promise::Stale } else { Promise::Blind });
        }
        None
    }
}
