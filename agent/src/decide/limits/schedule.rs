//! Limits and pauses at certain hours, by cron expressions in a time zone.

use super::overrides::Pause;
use super::within;
use crate::config::{Choice, Fields, List, Parsed, Section, Text, Whole};
use croner::errors::CronError;
use croner::{CivilDateTime, Cron, CronDateTime, Resolution, Weekday};
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, ZonedDateTime};
use scaleiq_core::units::{JobLimits, Jobs, UnixSeconds};
use std::cmp::Ordering;
use std::str::FromStr;

/// Most rules of a workload.
const MAX_RULES: usize = 64;
/// Kinds of pauses by their words.
const PAUSES: Choice<Pause> =
    Choice(&[("all", Pause::All), ("scale_up", Pause::ScaleUp), ("scale_down", Pause::ScaleDown)]);

/// What holds from each `start` to the next `end`.
#[derive(Clone, Debug)]
struct Rule {
    start: Cron,
    end: Cron,
    zone: TimeZone,
    min: Option<u32>,
    max: Option<u32>,
    pause: Option<Pause>,
    why: String,
}

/// The rules of a workload, in their order: the later one wins.
#[derive(Clone, Debug, Default)]
pub struct Schedule(Vec<Rule>);

impl Schedule {
    /// The setting `schedule`.
    pub fn fields(f: &mut Fields<'_>) -> Self {
        let about = "limits and pauses at certain hours; the later rule wins";
        let rules = f.optional("schedule", about, List { of: Section(rule), max: MAX_RULES });
        let rules = rules.map_or_else(Vec::new, |rules| rules.value);
        Self(rules.into_iter().map(|rule| rule.value).collect())
    }

    /// Whether there are no rules.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns `limits` as the rules that hold at `now` change them, and says which those are. A pause holds
    /// `jobs`.
    #[must_use]
    pub fn apply(
        &self,
        now: UnixSeconds,
        mut limits: JobLimits,
        jobs: Option<Jobs>,
    ) -> (JobLimits, Vec<String>) {
        let mut why = Vec::new();
        for rule in self.0.iter().filter(|rule| rule.holds(now)) {
            limits = rule.apply(limits, jobs);
            why.push(rule.sentence());
        }
        (limits, why)
    }
}

impl Rule {
    /// Whether it began later than it ended.
    fn holds(&self, now: UnixSeconds) -> bool {
        let Ok(moment) = Timestamp::from_second(now.0) else { return false };
        let Some(now) = Local::new(moment.to_zoned_datetime(self.zone.clone())) else {
            return false;
        };
        // What has never been has no last time.
        let last = |cron: &Cron| cron.find_previous_occurrence(&now, true).ok();
        match (last(&self.start), last(&self.end)) {
            (Some(start), Some(end)) => start.cmp_instant(&end) == Ordering::Greater,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }

    fn apply(&self, limits: JobLimits, jobs: Option<Jobs>) -> JobLimits {
        let mut limits = limits;
        if let Some(min) = self.min.map(Jobs) {
            limits = within(min, limits.max().max(min));
        }
        if let Some(max) = self.max.map(Jobs) {
            limits = within(limits.min(), max);
        }
        match (self.pause, jobs) {
            (Some(pause), Some(held)) => pause.apply(limits, held),
            _ => limits,
        }
    }

    fn sentence(&self) -> String {
        let parts = [
            self.min.map(|min| format!("at least {min} jobs")),
            self.max.map(|max| format!("at most {max} jobs")),
            self.pause.map(|pause| pause.words().into()),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        let why = if self.why.is_empty() { String::new() } else { format!(": {}", self.why) };
        format!("{} by schedule until `{}`{why}", parts.join(", "), self.end.as_str())
    }
}

fn rule(f: &mut Fields<'_>) -> Option<Rule> {
    let start = f.required("start", "when it begins, such as \"0 8 * * 1-5\"", Parsed(cron));
    let end = f.required("end", "when it ends, such as \"0 18 * * 1-5\"", Parsed(cron));
    let zone = f.or("zone", "a time zone, such as Europe/Berlin", Parsed(zone), TimeZone::UTC);
    let min = f.optional("min", "fewest jobs meanwhile", Whole(0..=100_000));
    let max = f.optional("max", "most jobs meanwhile", Whole(0..=100_000));
    let pause = f.optional("pause", "what does not happen meanwhile", PAUSES);
    let why = f.optional("why", "for people", Text).map_or(String::new(), |why| why.value);
    if let (Some(min), Some(max)) = (&min, &max)
        && min.value > max.value
    {
        let message = format!("`{}` is {}, above `max` {}", f.name("min"), min.value, max.value);
        f.problem(min.place, message);
    }
    let (min, max) = (min.map(|given| given.value), max.map(|given| given.value));
    let pause = pause.map(|given| given.value);
    if f.place().is_some() && min.is_none() && max.is_none() && pause.is_none() {
        f.problem(f.place(), "it asks for nothing: one of `min`, `max` and `pause` is needed");
    }
    Some(Rule { start: start?.value, end: end?.value, zone, min, max, pause, why })
}

fn cron(text: &str) -> Result<Cron, String> {
    let what = |error: CronError| format!("is no cron expression of five fields: {error}");
    Cron::from_str(text).map_err(what)
}

fn zone(text: &str) -> Result<TimeZone, String> {
    TimeZone::get(text).map_err(|_| "is no time zone, such as Europe/Berlin or UTC".into())
}

/// A moment in a zone, with its date and time as the cron crate has them: it brings the same for another
/// version of jiff.
#[derive(Clone)]
struct Local(ZonedDateTime, CivilDateTime);

impl Local {
    /// Takes `moment`; `None` if it is beyond the cron crate's calendar.
    fn new(moment: ZonedDateTime) -> Option<Self> {
        let at = moment.datetime();
        let [month, day, hour, minute, second] =
            [at.month(), at.day(), at.hour(), at.minute(), at.second()].map(|part| part as u32);
        let year = at.year().into();
        let civil = CivilDateTime::from_ymd_hms_opt(year, month, day, hour, minute, second)?;
        Some(Self(moment, civil))
    }
}

impl CronDateTime for Local {
    fn to_civil(&self) -> CivilDateTime {
        self.1
    }

    fn civil_weekday(&self) -> Weekday {
        let days = self.0.weekday().to_sunday_zero_offset();
        Weekday::from_days_from_sunday(u32::try_from(days).unwrap_or(0))
    }

    fn resolve_civil(&self, civil: CivilDateTime) -> Result<Resolution<Self>, CronError> {
        let part = |part: u32| i8::try_from(part).map_err(|_| CronError::InvalidTime);
        let year = i16::try_from(civil.year()).map_err(|_| CronError::InvalidDate)?;
        let (month, day) = (part(civil.month())?, part(civil.day())?);
        let (hour, minute, second) =
            (part(civil.hour())?, part(civil.minute())?, part(civil.second())?);
        let at = DateTime::new(year, month, day, hour, minute, second, 0);
        let at =
            self.0.time_zone().to_ambiguous_zoned_datetime(at.map_err(|_| CronError::InvalidDate)?);
        let local = |zoned: Result<ZonedDateTime, _>| {
            zoned.ok().and_then(Self::new).ok_or(CronError::InvalidTime)
        };
        Ok(match at.offset() {
            AmbiguousOffset::Unambiguous { .. } => Resolution::Single(local(at.unambiguous())?),
            AmbiguousOffset::Fold { .. } => {
                Resolution::Ambiguous(local(at.clone().earlier())?, local(at.later())?)
            }
            AmbiguousOffset::Gap { .. } => Resolution::Gap,
        })
    }

    fn checked_add_seconds(&self, seconds: i64) -> Option<Self> {
        self.0.checked_add(SignedDuration::from_secs(seconds)).ok().and_then(Self::new)
    }

    fn cmp_instant(&self, other: &Self) -> Ordering {
        self.0.timestamp().cmp(&other.0.timestamp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn office(zone_name: &str) -> Schedule {
        Schedule(vec![Rule {
            start: cron("0 8 * * 1-5").unwrap(),
            end: cron("0 18 * * 1-5").unwrap(),
            zone: zone(zone_name).unwrap(),
            min: Some(12),
            max: None,
            pause: None,
            why: "office hours".into(),
        }])
    }

    fn min(schedule: &Schedule, at: &str) -> u32 {
        let at: Timestamp = at.parse().unwrap();
        let configured = JobLimits::new(2, 50).unwrap();
        schedule.apply(UnixSeconds(at.as_second()), configured, None).0.min().0
    }

    #[test]
    fn a_rule_holds_from_its_start_to_its_end_in_its_zone() {
        let berlin = office("Europe/Berlin");
        // A Friday in winter, an hour ahead of Greenwich; then the weekend.
        assert_eq!(min(&berlin, "2026-01-16T06:59:59Z"), 2);
        assert_eq!(min(&berlin, "2026-01-16T07:00:00Z"), 12);
        assert_eq!(min(&berlin, "2026-01-16T16:59:59Z"), 12);
        assert_eq!(min(&berlin, "2026-01-16T17:00:00Z"), 2);
        assert_eq!(min(&berlin, "2026-01-17T10:00:00Z"), 2);
        assert_eq!(min(&office("UTC"), "2026-01-16T07:00:00Z"), 2);
    }

    #[test]
    fn the_clock_that_is_put_on_and_back_is_the_walls() {
        let berlin = office("Europe/Berlin");
        // Summer time begins on Sunday, 29 March, and ends on Sunday, 25 October 2026.
        assert_eq!(min(&berlin, "2026-03-27T06:30:00Z"), 2);
        assert_eq!(min(&berlin, "2026-03-30T06:30:00Z"), 12);
        assert_eq!(min(&berlin, "2026-10-23T16:30:00Z"), 2);
        assert_eq!(min(&berlin, "2026-10-26T16:30:00Z"), 12);
        // Hours that are not there, or are there twice.
        let night = |from: &str, to: &str| {
            let mut night = office("Europe/Berlin");
            night.0[0].start = cron(from).unwrap();
            night.0[0].end = cron(to).unwrap();
            night
        };
        let gap = night("30 2 * * *", "0 4 * * *");
        assert_eq!(min(&gap, "2026-03-29T01:30:00Z"), 12, "half past two is half past three");
        let twice = night("30 2 * * *", "0 3 * * *");
        let held = ["00:00:00", "00:45:00", "01:15:00", "01:45:00", "02:00:00"]
            .map(|time| min(&twice, &format!("2026-10-25T{time}Z")));
        assert_eq!((held[1], held[3], held[4]), (12, 12, 2), "{held:?}");
    }

    #[test]
    fn over_midnight_and_beside_others_the_later_rule_wins() {
        let mut schedule = office("UTC");
        let mut night = schedule.0[0].clone();
        night.start = cron("0 22 * * *").unwrap();
        night.end = cron("0 6 * * *").unwrap();
        (night.min, night.max) = (None, Some(1));
        schedule.0.push(night);
        let configured = JobLimits::new(2, 50).unwrap();
        let at = |text: &str| {
            let at: Timestamp = text.parse().unwrap();
            schedule.apply(UnixSeconds(at.as_second()), configured, None)
        };
        let (limits, why) = at("2026-01-16T03:00:00Z");
        assert_eq!((limits.min(), limits.max()), (Jobs(1), Jobs(1)));
        assert_eq!(why, ["at most 1 jobs by schedule until `0 6 * * *`: office hours"]);
        assert_eq!(at("2026-01-16T12:00:00Z").0.min(), Jobs(12));
    }
}
