//! What a person set by hand, until a moment: limits, or a pause.

use super::within;
use scaleiq_core::units::{JobLimits, Jobs, UnixSeconds};
use serde::{Deserialize, Serialize};

/// Most overrides at a time.
pub const MAX_OVERRIDES: usize = 32;
/// Longest time that one lasts: what is meant for longer belongs into the configuration.
const MAX_S: i64 = 31 * 86_400;
/// Most jobs that may be set.
const MAX_JOBS: u32 = 100_000;
/// Most bytes of a name and of a reason.
const MAX_TEXT: usize = 256;

/// What does not happen for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pause {
    /// The number stays.
    All,
    /// No more jobs.
    ScaleUp,
    /// No fewer jobs.
    ScaleDown,
}

impl Pause {
    /// `limits` while `held` jobs are held.
    pub(super) fn apply(self, limits: JobLimits, held: Jobs) -> JobLimits {
        match self {
            Self::All => within(held, held),
            Self::ScaleUp => within(limits.min(), limits.max().min(held)),
            Self::ScaleDown => within(limits.min().max(held), limits.max()),
        }
    }

    /// It in words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::All => "paused",
            Self::ScaleUp => "scaling up paused",
            Self::ScaleDown => "scaling down paused",
        }
    }
}

/// What a person asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// Fewest jobs.
    pub min: Option<u32>,
    /// Most jobs.
    pub max: Option<u32>,
    /// What does not happen.
    pub pause: Option<Pause>,
    /// When it ends.
    pub until: UnixSeconds,
    /// Who asks.
    pub who: String,
    /// Why.
    pub why: String,
}

/// What was set by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// Grows with each.
    pub id: u64,
    /// Fewest jobs.
    pub min: Option<u32>,
    /// Most jobs.
    pub max: Option<u32>,
    /// What does not happen.
    pub pause: Option<Pause>,
    /// The number that a pause holds: the one in force when it began.
    pub held: Option<Jobs>,
    /// When it was set.
    pub since: UnixSeconds,
    /// When it ends.
    pub until: UnixSeconds,
    /// Who set it.
    pub who: String,
    /// Why.
    pub why: String,
}

/// Why an override is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

impl Override {
    /// `limits` with it.
    pub(super) fn apply(&self, limits: JobLimits) -> JobLimits {
        let (mut min, mut max) = (limits.min(), limits.max());
        if let Some(fewest) = self.min {
            min = Jobs(fewest);
            max = max.max(min);
        }
        if let Some(most) = self.max {
            max = Jobs(most);
            min = min.min(max);
        }
        let limits = within(min, max);
        match (self.pause, self.held) {
            (Some(pause), Some(held)) => pause.apply(limits, held),
            (Some(_), None) | (None, _) => limits,
        }
    }

    /// What it says, for people.
    #[must_use]
    pub fn sentence(&self) -> String {
        let held = self.held.map_or("the number".into(), |held| format!("{held} jobs"));
        let parts = [
            self.min.map(|min| format!("at least {min} jobs")),
            self.max.map(|max| format!("at most {max} jobs")),
            self.pause.map(|pause| format!("{} at {held}", pause.words())),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        let what = parts.join(", ");
        format!(
            "{what} until {}, set by {}: {}",
            crate::text::utc(self.until.0),
            self.who,
            self.why
        )
    }
}

/// What was set by hand and has not ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overrides(Vec<Override>);

impl Overrides {
    /// Those at `now`, in the order in which they were set.
    pub fn at(&self, now: UnixSeconds) -> impl Iterator<Item = &Override> {
        self.0.iter().filter(move |entry| now < entry.until)
    }

    /// Returns whether there are none, ended or not.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets what has ended at `now`; returns that.
    pub fn take_ended(&mut self, now: UnixSeconds) -> Vec<Override> {
        let all = std::mem::take(&mut self.0);
        let (ended, left) = all.into_iter().partition(|entry| entry.until <= now);
        self.0 = left;
        ended
    }

    /// Sets what `draft` asks for at `now`, when `jobs` are in force.
    ///
    /// # Errors
    /// If it asks for nothing, for too much, or ends too soon or too late.
    pub fn set(
        &mut self,
        draft: Draft,
        now: UnixSeconds,
        jobs: Option<Jobs>,
    ) -> Result<Override, Refused> {
        let Draft { min, max, pause, until, who, why } = draft;
        let refuse = |what: String| Err(Refused(what));
        if min.is_none() && max.is_none() && pause.is_none() {
            return refuse("it asks for nothing: one of `min`, `max` and `pause` is needed".into());
        }
        for (name, given) in [("min", min), ("max", max)] {
            if let Some(given) = given.filter(|given| *given > MAX_JOBS) {
                return refuse(format!("`{name}` is {given}; it must be from 0 to {MAX_JOBS}"));
            }
        }
        if let (Some(min), Some(max)) = (min, max)
            && min > max
        {
            return refuse(format!("`min` is {min}, above `max` {max}"));
        }
        let lasts_s = until.since(now);
        if !(1..=MAX_S).contains(&lasts_s) {
            return refuse(format!(
                "`until` is {lasts_s} s from now; it must be ahead, and by no more than {} days: what \
                 is meant for longer belongs into the configuration",
                MAX_S / 86_400
            ));
        }
        for (name, text) in [("who", &who), ("why", &why)] {
            if text.trim().is_empty() || text.len() > MAX_TEXT || text.contains(char::is_control) {
                return refuse(format!(
                    "`{name}` is needed, in one line of at most {MAX_TEXT} bytes: it is recorded"
                ));
            }
        }
        if self.0.len() >= MAX_OVERRIDES {
            return refuse(format!("there are {MAX_OVERRIDES} already: end one first"));
        }
        let id = self.0.last().map_or(0, |last| last.id).max(now.0.unsigned_abs()) + 1;
        let held = pause.and(jobs);
        let entry = Override { id, min, max, pause, held, since: now, until, who, why };
        self.0.push(entry.clone());
        Ok(entry)
    }

    /// Ends the override `id`; `None` if there is none.
    pub fn end(&mut self, id: u64) -> Option<Override> {
        let index = self.0.iter().position(|entry| entry.id == id)?;
        Some(self.0.remove(index))
    }

    /// Pauses that were set before anything was decided hold `jobs` from now on. Says whether there was
    /// one.
    pub fn hold(&mut self, jobs: Jobs) -> bool {
        let mut unheld: Vec<_> = self
            .0
            .iter_mut()
            .filter(|entry| entry.pause.is_some() && entry.held.is_none())
            .collect();
        unheld.iter_mut().for_each(|entry| entry.held = Some(jobs));
        !unheld.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{LimitsInForce, Schedule};
    use super::*;

    const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

    fn at(now: UnixSeconds, configured: JobLimits, overrides: &Overrides) -> JobLimits {
        LimitsInForce::at(now, configured, &Schedule::default(), overrides, None).limits
    }

    fn draft(min: Option<u32>, max: Option<u32>, pause: Option<Pause>) -> Draft {
        let (who, why) = ("ana".into(), "a campaign".into());
        Draft { min, max, pause, until: NOW.plus(3600), who, why }
    }

    fn in_force(drafts: &[Draft], jobs: u32, after_s: i64) -> (u32, u32) {
        let mut overrides = Overrides::default();
        for draft in drafts {
            overrides.set(draft.clone(), NOW, Some(Jobs(jobs))).unwrap();
        }
        let configured = JobLimits::new(2, 50).unwrap();
        let limits = at(NOW.plus(after_s), configured, &overrides);
        (limits.min().0, limits.max().0)
    }

    #[test]
    fn the_later_one_wins_and_all_end() {
        let least = draft(Some(12), None, None);
        assert_eq!(in_force(std::slice::from_ref(&least), 5, 0), (12, 50));
        assert_eq!(in_force(&[least.clone(), draft(None, Some(8), None)], 5, 0), (8, 8));
        assert_eq!(in_force(&[draft(None, Some(8), None), least.clone()], 5, 0), (12, 12));
        assert_eq!(in_force(&[draft(Some(80), None, None)], 5, 0), (80, 80), "beyond the usual");
        assert_eq!(in_force(&[least], 5, 3600), (2, 50));
    }

    #[test]
    fn a_pause_holds_the_number_that_was_in_force() {
        let pause = |pause| draft(None, None, Some(pause));
        assert_eq!(in_force(&[pause(Pause::All)], 7, 10), (7, 7));
        assert_eq!(in_force(&[pause(Pause::ScaleUp)], 7, 10), (2, 7));
        assert_eq!(in_force(&[pause(Pause::ScaleDown)], 7, 10), (7, 50));
        assert_eq!(in_force(&[pause(Pause::All)], 0, 10), (0, 0), "also at none");
        // Before anything was decided it waits for that.
        let mut overrides = Overrides::default();
        overrides.set(pause(Pause::All), NOW, None).unwrap();
        let configured = JobLimits::new(2, 50).unwrap();
        assert_eq!(at(NOW, configured, &overrides), configured);
        assert!(overrides.hold(Jobs(9)) && !overrides.hold(Jobs(10)));
        assert_eq!(at(NOW, configured, &overrides).max(), Jobs(9));
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_what_to_do() {
        let mut overrides = Overrides::default();
        let mut refused = |draft: Draft| overrides.set(draft, NOW, None).unwrap_err().to_string();
        assert!(refused(draft(None, None, None)).contains("one of `min`, `max` and `pause`"));
        assert!(refused(draft(Some(9), Some(3), None)).contains("above `max` 3"));
        assert!(refused(draft(Some(1_000_000), None, None)).contains("from 0 to 100000"));
        for until in [NOW, NOW.plus(-5), NOW.plus(40 * 86_400)] {
            let late = Draft { until, ..draft(Some(1), None, None) };
            assert!(refused(late).contains("by no more than 31 days"));
        }
        for who in ["", " ", "a\nb"] {
            let nameless = Draft { who: who.into(), ..draft(Some(1), None, None) };
            assert!(refused(nameless).contains("`who` is needed"));
        }
    }

    #[test]
    fn there_is_no_end_of_them_but_one() {
        let mut overrides = Overrides::default();
        let ids: Vec<u64> = (0..MAX_OVERRIDES)
            .map(|_| overrides.set(draft(Some(1), None, None), NOW, None).unwrap().id)
            .collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(overrides.set(draft(Some(1), None, None), NOW, None).is_err());
        assert!(overrides.end(ids[3]).is_some() && overrides.end(ids[3]).is_none());
        assert_eq!(overrides.take_ended(NOW.plus(3600)).len(), MAX_OVERRIDES - 1);
        assert!(overrides.is_empty());
    }
}
