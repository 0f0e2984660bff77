//! What becomes of a sample on its way from a pool to whoever scales it.

use super::FaultKind::*;
use super::episode::Episode;
use crate::sim::dice::unit_draw;
use rand_chacha::ChaCha8Rng;
use scaleiq_core::sample::{RawSample, Reading, Sample};
use scaleiq_core::units::Jobs;

const HOUR_S: f64 = 3600.0;
const TEN_YEARS_S: f64 = 10.0 * 365.0 * 24.0 * HOUR_S;
/// Seconds by which [`FaultKind::ClockFast`] is fast.
const FAST_S: f64 = 180.0;
/// What a 32-bit total wraps at.
const WRAP_EVENTS: f64 = 4_294_967_296.0;
/// Events in a batch of [`FaultKind::WorkPerBatch`].
const BATCH_EVENTS: f64 = 50.0;
/// Share of the samples in which a backlog below zero is read.
const NEGATIVE_SHARE: f64 = 0.7;
/// Attempts that wait for each job that an event without success keeps busy.
const POISON_PER_JOB: f64 = 5.0;

/// Share of the counts and of the pool of which the first of [`FaultKind::TwoSenders`] tells.
const FIRST_SHARE: f64 = 0.4;

/// A sample on its way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reported {
    /// Who sends it: 0, but for the second of two senders.
    pub sender: u8,
    /// What it says, before the gate.
    pub sample: RawSample,
}

/// Samples that one tick delivers.
pub(super) type Delivery = heapless::Vec<Reported, 4>;

/// A sample as its source would send it.
pub(super) fn raw(sample: &Sample) -> RawSample {
    let number = |reading: Reading| reading.known().map(f64::from);
    let count = |jobs: Option<Jobs>| jobs.map(|jobs| f64::from(jobs.0));
    RawSample {
        time: sample.end.0 as f64,
        interval_s: f64::from(sample.interval_s),
        logged_events: number(sample.arrivals_events),
        processed_events: number(sample.processed_events),
        unprocessed_events: number(sample.backlog_events),
        queued_events: number(sample.queued_events),
        avg_processing_ms: number(sample.work_ms),
        jobs_ready: count(sample.jobs_ready),
        jobs_starting: count(sample.jobs_starting),
    }
}

/// What arrives of a sample under one fault. `before` was told last before the fault began.
pub(super) fn deliver(
    episode: &Episode,
    told: Reported,
    before: &RawSample,
    dice: &mut ChaCha8Rng,
) -> Delivery {
    let mut told = told;
    distort(&mut told.sample, episode, before, dice);
    match episode.kind {
        LostSamples | Hole => Delivery::new(),
        Duplicate => [told, told].into_iter().collect(),
        TwoSenders => (0..)
            .zip(split(&told.sample))
            .map(|(sender, sample)| Reported { sender, sample })
            .collect(),
        _ => [told].into_iter().collect(),
    }
}

/// What two senders tell, each of its part; whole events and jobs, for they count them.
fn split(sample: &RawSample) -> [RawSample; 2] {
    let mut parts = [*sample; 2];
    let [first, second] = &mut parts;
    let work_ms = sample.avg_processing_ms;
    for (one, other) in fields(first).into_iter().zip(fields(second)) {
        let part = one.map(|whole| libm::floor(FIRST_SHARE * whole));
        *other = one.zip(part).map(|(whole, part)| whole - part);
        *one = part;
    }
    // A mean is not shared out.
    parts.map(|part| RawSample { avg_processing_ms: work_ms, ..part })
}

fn distort(told: &mut RawSample, episode: &Episode, before: &RawSample, dice: &mut ChaCha8Rng) {
    let times = |value: &mut Option<f64>, factor: f64| *value = value.map(|v| v * factor);
    match episode.kind {
        MissingCounts => {
            (told.logged_events, told.unprocessed_events, told.queued_events) = (None, None, None);
        }
        MissingFields => {
            let absent = |field: &mut Option<f64>| *field = field.filter(|_| unit_draw(dice) > 0.5);
            fields(told).into_iter().for_each(absent);
        }
        NotANumber => {
            let fields = fields(told);
            let chosen = (unit_draw(dice) * fields.len() as f64) as usize % fields.len();
            fields.into_iter().skip(chosen).take(1).for_each(|field| *field = Some(f64::NAN));
        }
        NegativeBacklog if unit_draw(dice) <= NEGATIVE_SHARE => {
            told.unprocessed_events = Some(-libm::ceil(30.0 * unit_draw(dice)));
        }
        NegativeArrivals => times(&mut told.logged_events, -episode.between(1.0, 1000.0)),
        ArrivalsSpike => times(&mut told.logged_events, episode.between(10.0, 1000.0)),
        WrappedCounter => {
            told.logged_events = Some(WRAP_EVENTS - libm::ceil(episode.between(1.0, 1e5)));
        }
        BacklogSpike => told.unprocessed_events = Some(libm::round(episode.between(1e6, 1e9))),
        WorkSpike => times(&mut told.avg_processing_ms, episode.between(10.0, 1000.0)),
        DeadMetrics => {
            let counts = [&mut told.logged_events, &mut told.processed_events];
            let backlogs = [&mut told.unprocessed_events, &mut told.queued_events];
            counts.into_iter().chain(backlogs).for_each(|field| *field = Some(0.0));
            told.avg_processing_ms = None;
        }
        DeadArrivals => told.logged_events = Some(0.0),
        Frozen => {
            let RawSample { time, jobs_ready, jobs_starting, .. } = *told;
            *told = RawSample { time, jobs_ready, jobs_starting, ..*before };
        }
        ArrivalsUnit => times(&mut told.logged_events, 1000.0),
        CountsUnit => {
            let counts = [&mut told.logged_events, &mut told.processed_events];
            let backlogs = [&mut told.unprocessed_events, &mut told.queued_events];
            counts.into_iter().chain(backlogs).for_each(|field| times(field, 1000.0));
        }
        WorkUnknown => told.avg_processing_ms = None,
        WorkInSeconds => times(&mut told.avg_processing_ms, 1e-3),
        WorkPerBatch => times(&mut told.avg_processing_ms, BATCH_EVENTS),
        ReadyZero => told.jobs_ready = Some(0.0),
        ReadyMany => told.jobs_ready = Some(500.0),
        ClockBack => told.time -= HOUR_S,
        ClockFast => told.time += FAST_S,
        ClockAhead => told.time += TEN_YEARS_S,
        RolloutSurge => {
            let share = episode.between(0.25, 1.0);
            told.jobs_ready = told.jobs_ready.map(|jobs| jobs + libm::ceil(share * jobs));
        }
        Poison => {
            let waiting = POISON_PER_JOB * f64::from(poisoned_jobs(episode));
            for backlog in [&mut told.unprocessed_events, &mut told.queued_events] {
                *backlog = backlog.map(|events| events + waiting);
            }
        }
        _ => {}
    }
}

/// Jobs that events without success keep busy: up to a fifth of what is needed, at least one.
pub(super) fn poisoned_jobs(episode: &Episode) -> u32 {
    libm::ceil(episode.need_jobs * episode.between(0.02, 0.2)) as u32
}

fn fields(sample: &mut RawSample) -> [&mut Option<f64>; 7] {
    let RawSample {
        time: _,
        interval_s: _,
        logged_events,
        processed_events,
        unprocessed_events,
        queued_events,
        avg_processing_ms,
        jobs_ready,
        jobs_starting,
    } = sample;
    [
        logged_events,
        processed_events,
        unprocessed_events,
        queued_events,
        avg_processing_ms,
        jobs_ready,
        jobs_starting,
    ]
}

/// Whether readings of this kind are ever touched here.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::faults::FaultKind;
    use crate::sim::faults::episode::dice;

    fn sample() -> RawSample {
        RawSample {
            time: 1e9,
            interval_s: 30.0,
            logged_events: Some(300.0),
            processed_events: Some(290.0),
            unprocessed_events: Some(10.0),
            queued_events: Some(8.0),
            avg_processing_ms: Some(100.0),
            jobs_ready: Some(4.0),
            jobs_starting: Some(1.0),
        }
    }

    fn told(kind: FaultKind, step: u32) -> Vec<RawSample> {
        let episode = Episode { kind, begin: 0, end: 9, severity: 0.5, need_jobs: 3.0 };
        let before = RawSample { logged_events: Some(7.0), ..sample() };
        let whole = Reported { sender: 0, sample: sample() };
        let told = deliver(&episode, whole, &before, &mut dice(1, kind, step));
        told.into_iter().map(|told| told.sample).collect()
    }

    #[test]
    fn samples_are_lost_doubled_and_misdated() {
        assert!(told(LostSamples, 0).is_empty() && told(Hole, 0).is_empty());
        assert_eq!(told(Duplicate, 0), [sample(), sample()]);
        let time = |kind| told(kind, 0)[0].time - sample().time;
        assert_eq!([ClockBack, ClockFast].map(time), [-3600.0, 180.0]);
        assert!(time(ClockAhead) > 3e8);
    }

    #[test]
    fn two_senders_share_counts_and_pool() {
        let [first, second] = told(TwoSenders, 0)[..] else { panic!("two samples") };
        assert_eq!((first.logged_events, second.logged_events), (Some(120.0), Some(180.0)));
        assert_eq!((first.jobs_ready, second.jobs_ready), (Some(1.0), Some(3.0)));
        assert_eq!((first.avg_processing_ms, second.time), (Some(100.0), sample().time));
    }

    #[test]
    fn readings_lie_as_their_names_say() {
        let one = |kind| told(kind, 0)[0];
        assert_eq!(one(ArrivalsSpike).logged_events, Some(30_000.0));
        assert!(one(NegativeArrivals).logged_events < Some(0.0));
        assert_eq!(one(Frozen), RawSample { logged_events: Some(7.0), ..sample() });
        assert_eq!(one(DeadArrivals), RawSample { logged_events: Some(0.0), ..sample() });
        assert_eq!(one(DeadMetrics).unprocessed_events, Some(0.0));
        assert_eq!(one(WorkInSeconds).avg_processing_ms, Some(0.1));
        assert_eq!(
            (one(ReadyZero).jobs_ready, one(RolloutSurge).jobs_ready),
            (Some(0.0), Some(6.0))
        );
        assert!(one(WrappedCounter).logged_events > Some(4e9));
    }

    #[test]
    fn fields_vanish_by_chance_and_one_is_nan() {
        let absent = |raw: &mut RawSample| fields(raw).into_iter().filter(|f| f.is_none()).count();
        let missing: usize = (0..200).map(|step| absent(&mut told(MissingFields, step)[0])).sum();
        assert!((600..800).contains(&missing), "{missing} of 1400");
        for step in 0..50 {
            let mut one = told(NotANumber, step)[0];
            let nan = |f: &&mut Option<f64>| f.is_some_and(f64::is_nan);
            assert_eq!(fields(&mut one).iter().filter(|f| nan(f)).count(), 1);
        }
    }
}
