//! Looks at a queue at its times, and makes samples of what it tells.

use super::counter::{Counted, Counter};
use super::probe::{QueueProbe, QueueSettings};
use super::reading::QueueReading;
use crate::config::{Fields, Real};
use crate::observe::probe::{Answer, ProbeError};
use crate::observe::source::{Delivery, Source};
use crate::observe::{Closed, Reported, Warning, WarningKind};
use crate::platform::supervise::Condition;
use crate::text::told_of;
use scaleiq_core::sample::{MAX_INTERVAL_S, RawSample};
use scaleiq_core::units::{UnixSeconds, WEEK_S};
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::runtime::Runtime;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

/// Seconds between two looks, by default: often enough for a start-up of a minute.
const EVERY_S: f64 = 10.0;
/// Seconds that an answer may take, by default.
const TIMEOUT_S: f64 = 5.0;
/// What was before the start is asked for over so many seconds: the forecaster remembers no more.
const PAST_S: i64 = 4 * WEEK_S as i64;
/// The past may take so long to be told: it is much.
const PAST_TIMEOUT: Duration = Duration::from_secs(60);
/// Time between two lines that tell of the same trouble.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// A queue that is looked at again and again.
#[derive(Debug)]
pub struct Polled<Q> {
    queue: Q,
    every: Duration,
    timeout: Duration,
}

impl<Q: QueueSettings> Polled<Q> {
    /// The settings that all such sources have in common, beside those of `queue`, which were read before.
    pub fn fields(f: &mut Fields<'_>, queue: Option<Q>) -> Option<Arc<dyn Source>> {
        let every_s = f.or("every_s", "seconds between two looks", Real(1.0..=3600.0), EVERY_S);
        let about = "seconds that an answer may take";
        let timeout_s = f.or("timeout_s", about, Real(0.1..=60.0), TIMEOUT_S);
        let [every, timeout] = [every_s, timeout_s].map(Duration::from_secs_f64);
        Some(Arc::new(Self { queue: queue?, every, timeout }))
    }

    /// Looks until nobody takes samples any more. To deliver one blocks this thread until it is taken, which
    /// may not be done within the runtime: only answers are waited for there.
    fn poll(&self, runtime: &Runtime, to: &Delivery<'_>) -> io::Result<String> {
        let mut probe = {
            let _within = runtime.enter();
            self.queue.probe()?
        };
        let stopping = || Ok("the agent is stopping".into());
        let mut knows_past = false;
        let mut sampler = Sampler::default();
        let mut ticks = runtime.block_on(async { interval(self.every) });
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut warned: Option<Instant> = None;
        loop {
            runtime.block_on(ticks.tick());
            if to.inlet.is_closed() {
                return stopping();
            }
            let answer = answer_within(runtime, self.timeout, probe.read());
            let told = answer.and_then(|reading| sampler.sample(&reading, now()?, Instant::now()));
            match told {
                Ok(told) => {
                    if warned.take().is_some() {
                        tracing::info!("{} answers again", self.queue.describe());
                    }
                    to.lifecycle.set(Condition::Running);
                    // Not before it answers: a system that starts later than the agent has a past, too.
                    if !std::mem::replace(&mut knows_past, true)
                        && self.tell_past(runtime, probe.as_mut(), to).is_err()
                    {
                        return stopping();
                    }
                    let Some(told) = told else { continue };
                    if deliver(to, vec![told]).is_err() {
                        return stopping();
                    }
                }
                Err(error) => {
                    let what = told_of(&self.queue.describe(), &error.to_string());
                    if warned.is_none_or(|at| at.elapsed() >= WARN_EVERY) {
                        tracing::warn!("no sample: {what}");
                        warned = Some(Instant::now());
                    }
                    to.lifecycle.failed(error.word());
                    to.lifecycle.set(Condition::Waiting(what));
                }
            }
        }
    }

    /// Hands in what was before, as far as the system knows it. Without it the agent begins with nothing.
    fn tell_past(
        &self,
        runtime: &Runtime,
        probe: &mut dyn QueueProbe,
        to: &Delivery<'_>,
    ) -> Result<(), Closed> {
        let Ok(now) = now().map(|now| UnixSeconds(now as i64)) else { return Ok(()) };
        let from = to.last_end.map_or(now.plus(-PAST_S), |last| now.plus(-PAST_S).max(last));
        let past = match answer_within(runtime, PAST_TIMEOUT, probe.past(from, now)) {
            Ok(past) => past,
            Err(error) => {
                let what = told_of(&self.queue.describe(), &error.to_string());
                tracing::warn!("the past is not known: {what}");
                return Ok(());
            }
        };
        let told: Vec<Reported> = past.iter().filter_map(told).collect();
        if told.is_empty() {
            return Ok(());
        }
        tracing::info!("{} samples of the past are learned from", told.len());
        deliver(to, told)
    }
}

/// Waits for an answer, and no longer than `limit`.
fn answer_within<T>(
    runtime: &Runtime,
    limit: Duration,
    answer: Answer<'_, T>,
) -> Result<T, ProbeError> {
    let late = |_| ProbeError::Unreachable(format!("no answer within {} s", limit.as_secs_f32()));
    runtime.block_on(async { timeout(limit, answer).await }).map_err(late)?
}

/// Waits in the loop's turn; nothing else runs in this thread.
fn deliver(to: &Delivery<'_>, told: Vec<Reported>) -> Result<(), Closed> {
    let ingested = to.inlet.ingest(told)?;
    if let Some((_, refused)) = ingested.errors.first() {
        tracing::warn!("sample refused: {refused}");
    }
    Ok(())
}

/// The machine's clock, in seconds since 1970.
pub(in crate::observe) fn now() -> Result<f64, ProbeError> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let since =
        since.map_err(|_| ProbeError::Invalid("this machine's clock is before 1970".into()))?;
    Ok(since.as_secs_f64())
}

impl<Q: QueueSettings> Source for Polled<Q> {
    fn describe(&self) -> String {
        format!("{}, every {} s", self.queue.describe(), self.every.as_secs_f32())
    }

    fn note(&self) -> Option<String> {
        self.queue.note()
    }

    fn run(&self, to: &Delivery<'_>) -> io::Result<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        self.poll(&runtime, to)
    }
}

/// Makes samples of readings: what lies between two of them.
#[derive(Debug, Default)]
pub struct Sampler {
    arrived: Counter,
    processed: Counter,
    /// When the last reading was made: whole seconds since 1970, and by a clock that nobody sets.
    last: Option<(f64, Instant)>,
    backlog: Option<f64>,
    has_told_derived: bool,
}

impl Sampler {
    /// Returns the sample between the last reading and this one; `None` for the first, and where no whole
    /// second has passed.
    ///
    /// Events that the system does not count follow from the others: what arrived is what was processed
    /// and what the backlog grew by, and the sample says so.
    ///
    /// # Errors
    /// If the reading tells nothing at all.
    pub fn sample(
        &mut self,
        reading: &QueueReading,
        now: f64,
        at: Instant,
    ) -> Result<Option<Reported>, ProbeError> {
        // As if it had not been asked: the next answer tells of all the time since the last.
        if !reading.tells() {
            return Err(ProbeError::Absent("the answer tells no number of this queue".into()));
        }
        let backlog = reading.backlog().filter(|backlog| backlog.is_finite() && *backlog >= 0.0);
        let elapsed_s = self.last.map(|(_, last)| at.duration_since(last).as_secs_f64());
        let interval_s = elapsed_s.map_or(0.0, f64::round);
        if self.last.is_some() && interval_s < 1.0 {
            return Ok(None);
        }
        let passed_s = elapsed_s.unwrap_or(0.0);
        let arrived = self.arrived.count(reading.arrived, passed_s);
        let processed = self.processed.count(reading.processed, passed_s);
        let grown = backlog.zip(self.backlog).map(|(now, before)| now - before);
        let is_first = self.last.replace((now, at)).is_none();
        self.backlog = backlog;
        if is_first || interval_s > f64::from(MAX_INTERVAL_S) {
            return Ok(None);
        }
        if arrived.events.is_none() && processed.events.is_none() && backlog.is_none() {
            return Err(ProbeError::Absent("the answer tells no number of this queue".into()));
        }
        let arrivals = arrived.events.or_else(|| Some((processed.events? + grown?).max(0.0)));
        let finished = processed.events.or_else(|| Some((arrived.events? - grown?).max(0.0)));
        let raw = RawSample {
            time: now.floor(),
            interval_s,
            logged_events: arrivals,
            processed_events: finished,
            unprocessed_events: backlog,
            avg_processing_ms: reading.work_ms,
            jobs_ready: reading.jobs_ready,
            ..RawSample::default()
        };
        let Some(mut told) = told(&raw) else {
            return Err(ProbeError::Invalid("its numbers make no sample".into()));
        };
        told.warnings.extend(reset("logged_events", arrived));
        told.warnings.extend(reset("processed_events", processed));
        if let Some((field, from)) = derived(&raw, arrived, processed)
            && !std::mem::replace(&mut self.has_told_derived, true)
        {
            let message = format!("field `{field}` is derived: {from}");
            told.warnings.push(Warning::of_field(field, WarningKind::Derived, message));
        }
        Ok(Some(told))
    }
}

/// Through the gate; `None` if its time or its length cannot be used.
fn told(raw: &RawSample) -> Option<Reported> {
    let gated = raw.gate().ok()?;
    let mut told = Reported::from(gated.sample);
    told.warnings.extend(gated.faults.iter().map(Warning::from));
    Some(told)
}

fn reset(field: &'static str, counted: Counted) -> Option<Warning> {
    let message = "the total began anew: what it shows is counted";
    counted.was_reset.then(|| Warning::of_field(field, WarningKind::Reset, message))
}

/// The field of `raw` that the system did not count, and from what it follows.
fn derived(
    raw: &RawSample,
    arrived: Counted,
    processed: Counted,
) -> Option<(&'static str, &'static str)> {
    if arrived.events.is_none() && raw.logged_events.is_some() {
        return Some(("logged_events", "what was processed, and what the backlog grew by"));
    }
    let is_derived = processed.events.is_none() && raw.processed_events.is_some();
    is_derived.then_some(("processed_events", "what arrived, less what the backlog grew by"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::queue::Amount;
    use scaleiq_core::sample::Reading;

    fn samples(readings: &[QueueReading]) -> Vec<Option<Reported>> {
        let (mut sampler, begin) = (Sampler::default(), Instant::now());
        let at = |index: usize| 10.0 * index as f64;
        let sample = |(index, reading): (usize, &QueueReading)| {
            let passed = Duration::from_secs_f64(at(index));
            sampler.sample(reading, 1_700_000_000.4 + at(index), begin + passed).unwrap()
        };
        readings.iter().enumerate().map(sample).collect()
    }

    fn reading(arrived: Amount, processed: Amount, waiting: f64) -> QueueReading {
        QueueReading {
            arrived,
            processed,
            waiting: Some(waiting),
            in_progress: Some(5.0),
            ..QueueReading::default()
        }
    }

    #[test]
    fn totals_become_a_sample_from_the_second_reading_on_and_work_in_progress_is_backlog() {
        let total =
            |arrived, processed| reading(Amount::Total(arrived), Amount::Total(processed), 20.0);
        let told = samples(&[total(100.0, 80.0), total(160.0, 140.0), total(10.0, 150.0)]);
        assert!(told[0].is_none());
        let sample = told[1].as_ref().unwrap().sample;
        assert_eq!((sample.end.0, sample.interval_s), (1_700_000_010, 10));
        assert_eq!(sample.arrivals_events, Reading::Known(60.0));
        assert_eq!(sample.processed_events, Reading::Known(60.0));
        assert_eq!(sample.backlog_events, Reading::Known(25.0));
        let after = told[2].as_ref().unwrap();
        assert_eq!(after.sample.arrivals_events, Reading::Known(10.0));
        assert_eq!(after.warnings[0].kind, WarningKind::Reset);
    }

    #[test]
    fn what_is_not_counted_follows_from_the_rest_and_is_said_once() {
        let told = samples(&[
            reading(Amount::Unknown, Amount::Total(100.0), 0.0),
            reading(Amount::Unknown, Amount::Total(130.0), 20.0),
            reading(Amount::Unknown, Amount::Total(190.0), 0.0),
        ]);
        let [second, third] = [1, 2].map(|index| told[index].as_ref().unwrap());
        assert_eq!(second.sample.arrivals_events, Reading::Known(50.0));
        assert_eq!(third.sample.arrivals_events, Reading::Known(40.0));
        assert_eq!(second.warnings[0].kind, WarningKind::Derived);
        assert!(third.warnings.is_empty());
        let told = samples(&[
            reading(Amount::Total(7.0), Amount::Unknown, 0.0),
            reading(Amount::Total(27.0), Amount::Unknown, 5.0),
        ]);
        assert_eq!(told[1].as_ref().unwrap().sample.processed_events, Reading::Known(15.0));
    }

    #[test]
    fn what_came_while_nothing_was_told_is_no_burst() {
        let (mut sampler, begin) = (Sampler::default(), Instant::now());
        let mut look = |k: u64, reading: &QueueReading| {
            let at = begin + Duration::from_secs(10 * k);
            sampler.sample(reading, 1e9 + 10.0 * k as f64, at).ok().flatten()
        };
        let of = |total| reading(Amount::Total(total), Amount::Unknown, 0.0);
        assert_eq!(look(0, &of(100.0)), None);
        assert_eq!(look(1, &QueueReading::default()), None);
        let sample = look(2, &of(140.0)).unwrap().sample;
        assert_eq!((sample.interval_s, sample.arrivals_events), (20, Reading::Known(40.0)));
        // Of a part that was missing the time is shorter than that since it was told.
        look(3, &QueueReading { arrived: Amount::Unknown, ..of(0.0) }).unwrap();
        let sample = look(4, &of(180.0)).unwrap().sample;
        assert_eq!((sample.interval_s, sample.arrivals_events), (10, Reading::Known(20.0)));
    }

    #[test]
    fn without_a_number_there_is_no_sample_and_nothing_is_taken_for_0() {
        let (mut sampler, begin) = (Sampler::default(), Instant::now());
        let nothing = QueueReading { waiting: Some(f64::NAN), ..QueueReading::default() };
        assert!(sampler.sample(&QueueReading::default(), 1e9, begin).is_err());
        assert_eq!(sampler.sample(&nothing, 1e9, begin), Ok(None));
        let later = begin + Duration::from_secs(10);
        assert!(sampler.sample(&nothing, 1e9 + 10.0, later).is_err());
        let backlog = QueueReading { waiting: Some(3.0), ..QueueReading::default() };
        let told = sampler.sample(&backlog, 1e9 + 20.0, later + Duration::from_secs(10));
        let sample = told.unwrap().unwrap().sample;
        assert_eq!(sample.arrivals_events, Reading::Missing);
        assert_eq!(sample.backlog_events, Reading::Known(3.0));
    }
}
