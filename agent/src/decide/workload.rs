//! What the core needs to know of a workload, as it is configured.

use crate::config::{At, Choice, Fields, Kind, Number, Real, Section, Whole};
use scaleiq_core::interval::IntervalLength;
use scaleiq_core::settings::range::{self, MAX_JOBS};
use scaleiq_core::settings::{Base, Settings};
use scaleiq_core::units::{DAY_S, JobLimits, JobLimitsError, Objective};
use serde_json::{Map, Value};

/// Limits that hold where none are set.
const LIMITS: Result<JobLimits, JobLimitsError> = JobLimits::new(1, 200);
/// What multipliers are applied to, by its words.
const BASES: Choice<Base> = Choice(&[("required", Base::Required), ("current", Base::Current)]);

/// The settings of the workload and its pool; `base` is what the model's multipliers were learned for.
pub fn settings(f: &mut Fields<'_>, base: Base) -> Option<Settings> {
    let limits = limits(f);
    let sla_s = f.or(
        "sla_s",
        "seconds from an event's arrival within which work on it should begin",
        Number(range::SLA_S),
        60.0,
    );
    let objective = f.or(
        "objective",
        "share of the events of which work should begin in time",
        Share,
        Objective::DEFAULT,
    );
    let start_up_s = f.or(
        "start_up_s",
        "median seconds until a job that is asked for works",
        Number(range::START_UP_S),
        60.0,
    );
    let catch_up_s = f.optional(
        "catch_up_s",
        "seconds in which a backlog should be worked off; 1.5 times the SLA if left out",
        Number(range::CATCH_UP_S),
    );
    let interval = f.or(
        "interval_s",
        "length of the model's interval in seconds, a whole fraction of a day",
        Interval,
        IntervalLength::TWO_MINUTES,
    );
    let stale_after_s = f.or(
        "stale_after_s",
        "seconds after which samples are no ground to act on",
        Whole(range::STALE_AFTER_S),
        300,
    );
    let scale_down_window_s = f.optional(
        "scale_down_window_s",
        "scale-down goes to the highest number proposed in this many last seconds; left out, 120, or less where \
         intervals and starts are shorter",
        Whole(range::SCALE_DOWN_WINDOW_S),
    );
    let base = f.optional(
        "base",
        "what the Q-network's multipliers are applied to; left out, what the model was trained for",
        BASES,
    )
    .map_or(base, |given| given.value);
    // With bad limits the rest is still checked, so that all problems are told at once.
    let settings = Settings::new(limits.or(LIMITS.ok())?, sla_s, start_up_s);
    let catch_up_s = catch_up_s.map_or(settings.catch_up_s, |given| given.value);
    let default_window_s = settings.scale_down_window_s.min(window_s(interval, start_up_s));
    let scale_down_window_s = scale_down_window_s.map_or(default_window_s, |given| given.value);
    Some(Settings {
        catch_up_s,
        objective,
        interval,
        stale_after_s,
        scale_down_window_s,
        base,
        ..settings
    })
}

/// Seconds of a scale-down window that is no longer than an interval, within which the traffic of somebody who chose a
/// short one changes, unless jobs that were let go too early take longer to have again. In a wave of 2 to 4 minutes
/// (samples every 2 s, intervals of 10 s, starts of 3 s, 10 jobs on average) 10 s cost 1.27 of the ideal, 20 s 1.36,
/// 30 s 1.45 and 120 s 1.83, all with nothing late.
fn window_s(interval: IntervalLength, start_up_s: f32) -> u32 {
    interval.seconds().max(start_up_s.ceil() as u32)
}

/// Fewest and most jobs. More jobs than `partitions` could not work at once.
fn limits(f: &mut Fields<'_>) -> Option<JobLimits> {
    let jobs = f.optional("jobs", "fewest and most jobs", Section(min_and_max));
    let partitions = f.optional(
        "partitions",
        "partitions of the topic or stream: of more jobs some would idle",
        Whole(1..=MAX_JOBS),
    );
    let (min, max) = jobs.map_or((1, 200), |jobs| jobs.value);
    let Some(partitions) = partitions else { return JobLimits::new(min, max).ok() };
    let usable = partitions.value;
    if min > usable {
        let message = format!("`jobs.min` is {min}, and of {usable} `partitions` no more can work");
        f.problem(partitions.place, message);
    }
    JobLimits::new(min, max.min(usable)).ok()
}

fn min_and_max(f: &mut Fields<'_>) -> Option<(u32, u32)> {
    let min = f.or("min", "fewest jobs", Whole(0..=MAX_JOBS), 1);
    let max = f.or("max", "most jobs", Whole(1..=MAX_JOBS), 200);
    if min > max && !f.failed("min") && !f.failed("max") {
        let place = f.given("max").or(f.given("min")).flatten();
        f.problem(place, format!("`jobs.min` is {min}, above `jobs.max`, which is {max}"));
    }
    Some((min, max))
}

/// A share of the events.
struct Share;

impl Kind for Share {
    type Value = Objective;

    fn read(&self, at: &At<'_>) -> Option<Objective> {
        // What is in the range is an objective.
        Objective::new(Real(Objective::RANGE).read(at)?)
    }

    fn schema(&self) -> Map<String, Value> {
        Real(Objective::RANGE).schema()
    }

    fn write(&self, value: &Objective) -> Option<Value> {
        (*value == Objective::DEFAULT).then(|| 0.999.into())
    }
}

/// A length of intervals.
struct Interval;

impl Kind for Interval {
    type Value = IntervalLength;

    fn read(&self, at: &At<'_>) -> Option<IntervalLength> {
        let seconds = Whole(0..=u32::MAX).read(at)?;
        IntervalLength::new(seconds)
            .or_else(|error| {
                let (shorter, longer) = neighbours(seconds);
                at.wrong(&format!("is {seconds}: {error}; {shorter} s and {longer} s are"))
                    .ok_or(())
            })
            .ok()
    }

    fn schema(&self) -> Map<String, Value> {
        Whole(1..=DAY_S).schema()
    }

    fn write(&self, value: &IntervalLength) -> Option<Value> {
        Some(value.seconds().into())
    }
}

/// The nearest lengths of an interval below and above one that is none, in seconds.
fn neighbours(seconds: u32) -> (u32, u32) {
    let sound = |seconds: &u32| IntervalLength::new(*seconds).is_ok();
    let shorter = (1..seconds.min(DAY_S)).rev().find(sound).unwrap_or(1);
    (shorter, (seconds.min(DAY_S)..=DAY_S).find(sound).unwrap_or(DAY_S))
}
