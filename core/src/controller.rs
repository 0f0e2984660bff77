//! The whole way from sample to decision: the one loop that live agent, backtest, training and
//! firmware run.

use crate::decision::{Constraint, Decision, Outlook, Prospect, Reason};
use crate::forecast::{Forecast, Forecaster, Q50, Q90};
use crate::guard::Guard;
use crate::history::FOUR_WEEKS;
use crate::interval::{Gatherer, Interval, TimeError};
use crate::plausibility::{Doubt, Doubts, PlausibilityFilter};
use crate::policy::{
    Choice, MULTIPLIERS, Memory, NEUTRAL, Policy, Stage, State, jobs_for_action, prospect, state,
};
use crate::sample::Sample;
use crate::settings::Settings;
use crate::situation::{Blind, DEFAULT_WORK_MS, Observer, Situation};
use crate::units::{Jobs, UnixSeconds};

/// Seconds of samples that say nothing after which the number held is raised: a load that rises unseen
/// breaks the SLA, and jobs to spare for minutes cost little (on eight traces 20 % a minute, up to
/// double, won half a point of SLA in samples that are lost for minutes, and cost 2 %).
const BLIND_S: i64 = 60;
/// Share of the number by which it is raised a minute,
const RAISED_A_MINUTE: f32 = 0.2;
/// ... up to so many times.
const MOST_RAISED: f32 = 2.0;

/// Observes samples and decides.
///
/// ```
/// use scaleiq_core::controller::Controller;
/// use scaleiq_core::engine::Pack;
/// use scaleiq_core::forecast::Perception;
/// use scaleiq_core::policy::Planner;
/// use scaleiq_core::sample::RawSample;
/// use scaleiq_core::settings::Settings;
/// use scaleiq_core::units::JobLimits;
///
/// let pack = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../models/edge/model.pack"));
/// let pack = Pack::parse(pack)?;
/// // 1 to 50 jobs; an event should begin within 60 s; a job is up within 60 s.
/// let settings = Settings::new(JobLimits::new(1, 50)?, 60.0, 60.0);
/// let forecaster = Perception::new(settings.interval, pack.forecaster());
/// let mut controller = Box::new(Controller::new(settings, forecaster, Planner));
///
/// // A minute in which 3,000 events arrived, each 100 ms of work, and 2 jobs worked: 5 are busy with that.
/// let raw = RawSample {
///     time: 60.0,
///     interval_s: 60.0,
///     logged_events: Some(3000.0),
///     processed_events: Some(1200.0),
///     unprocessed_events: Some(1800.0),
///     avg_processing_ms: Some(100.0),
///     jobs_ready: Some(2.0),
///     ..RawSample::default()
/// };
/// let sample = raw.gate()?.sample;
/// controller.observe(&sample, |_interval, _forecast| ())?;
/// let decision = controller.decide(sample.end);
/// assert!(decision.jobs.0 >= 5);
/// // Asked again before the next sample it says the same.
/// assert_eq!(controller.decide(sample.end), decision);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Controller<F, P> {
    settings: Settings,
    gatherer: Gatherer,
    filter: PlausibilityFilter,
    doubts: Doubts,
    observer: Observer,
    forecaster: F,
    forecast: Option<Forecast>,
    policy: P,
    guard: Guard,
    memory: Memory,
    /// When it was last known what to decide on.
    sighted: Option<UnixSeconds>,
    epoch: u64,
    latched: Option<Decision>,
}

impl<F: Forecaster, P: Policy> Controller<F, P> {
    /// A controller that has seen nothing yet.
    ///
    /// It is larger than a microcontroller's stack. With every constructor inlined, and nothing large
    /// filled before it is needed, it is made in its place instead of being moved there.
    #[must_use]
    #[inline(always)]
    pub fn new(settings: Settings, forecaster: F, policy: P) -> Self {
        Self {
            settings,
            gatherer: Gatherer::new(settings.interval, FOUR_WEEKS as u32),
            filter: PlausibilityFilter::default(),
            doubts: Doubts::default(),
            observer: Observer::default(),
            forecaster,
            forecast: None,
            policy,
            guard: Guard::default(),
            memory: Memory::default(),
            sighted: None,
            epoch: 0,
            latched: None,
        }
    }

    /// Takes a sample. Each model interval that it completes is handed to `closed`, with the forecast
    /// made from the end of the last of them.
    ///
    /// # Errors
    /// If the sample is not after the last one; nothing is changed then.
    pub fn observe(
        &mut self,
        sample: &Sample,
        closed: impl FnMut(&Interval, Option<&Forecast>),
    ) -> Result<(), TimeError> {
        self.observe_beside(sample, |_, _| None, closed)
    }

    /// As [`Controller::observe`], where decisions may be carried out in another pool than the one that
    /// the sample is of. `beside` is told the sample as far as it is believed, with the work of an event
    /// in seconds, and gives that other pool's sample of the same time; `None` if there is none. What is
    /// believed and what work is rest on the real sample, everything else on the other one.
    ///
    /// # Errors
    /// If the sample is not after the last one; nothing is changed then.
    pub fn observe_beside(
        &mut self,
        sample: &Sample,
        beside: impl FnOnce(&Sample, f32) -> Option<Sample>,
        mut closed: impl FnMut(&Interval, Option<&Forecast>),
    ) -> Result<(), TimeError> {
        self.gatherer.admit(sample)?;
        let (real, doubts) = self.filter.judge(sample, self.observer.work_s());
        let work_s = self.observer.work_s().unwrap_or(DEFAULT_WORK_MS / 1000.0);
        let other = beside(&real, work_s);
        let sample = other.as_ref().unwrap_or(&real);
        let Self { gatherer, forecaster, forecast, .. } = self;
        gatherer.push(sample, |interval, is_last| {
            if is_last {
                *forecast = forecaster.push(&interval);
            } else {
                forecaster.pass(&interval);
                *forecast = None;
            }
            closed(&interval, forecast.as_ref());
        })?;
        let ordered = self.memory.last_wanted;
        let is_told = real.jobs_ready.is_some();
        let real = other.as_ref().map(|_| &real);
        self.observer.push(sample, real, self.forecast.as_ref(), ordered, &self.settings);
        self.doubts = doubts;
        if !is_told {
            self.doubts.insert(Doubt::Pool);
        }
        if self.observer.doubts_work() {
            self.doubts.insert(Doubt::Work);
        }
        self.epoch += 1;
        Ok(())
    }

    /// Decides how many jobs should run from `now` on. Asked again before the next sample, it
    /// gives the same decision (promise J-2), unless the data has become stale meanwhile.
    pub fn decide(&mut self, now: UnixSeconds) -> Decision {
        let situation = self.situation(now);
        let stale = situation == Err(Blind::Stale);
        if let Some(latched) = &self.latched
            && latched.epoch == self.epoch
            && !stale
        {
            return latched.clone();
        }
        let decision = match situation {
            Ok(situation) => self.decide_on(now, &situation),
            Err(blind) => self.hold(now, blind),
        };
        let changed = self.memory.last_wanted != Some(decision.jobs);
        self.memory.since_change =
            if changed { 0 } else { self.memory.since_change.saturating_add(1) };
        self.memory.last_wanted = Some(decision.jobs);
        self.latched = Some(decision.clone());
        decision
    }

    /// What is known at `now`.
    ///
    /// # Errors
    /// If the data is stale or incomplete.
    pub fn situation(&self, now: UnixSeconds) -> Result<Situation, Blind> {
        let (forecast, ordered) = (self.forecast.as_ref(), self.memory.last_wanted);
        let situation = self.observer.situation(now, forecast, ordered, &self.settings)?;
        Ok(Situation { frozen: self.filter.is_frozen(), ..situation })
    }

    /// The state that a Q-network would read at `situation`.
    #[must_use]
    pub fn state(&self, situation: &Situation) -> State {
        state(situation, &self.settings, &self.memory)
    }

    /// The latest forecast.
    #[must_use]
    pub fn forecast(&self) -> Option<&Forecast> {
        self.forecast.as_ref()
    }

    /// The settings in force.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The forecaster.
    #[must_use]
    pub fn forecaster(&self) -> &F {
        &self.forecaster
    }

    /// The forecaster, to give it another network.
    pub fn forecaster_mut(&mut self) -> &mut F {
        &mut self.forecaster
    }

    /// Other settings from now on; everything remembered stays. Says whether it could be: intervals
    /// of another length need a new controller.
    pub fn configure(&mut self, settings: Settings) -> bool {
        let fits = settings.interval == self.settings.interval;
        if fits {
            self.settings = settings;
            self.latched = None;
        }
        fits
    }

    /// Goes on after a restart in which all but the last decision was lost: `jobs` counts as decided
    /// at `at`, so that no scale-down comes before its window. It takes the place of what was decided
    /// here, which nobody carried out.
    pub fn resume(&mut self, jobs: Jobs, at: UnixSeconds) {
        self.latched = None;
        self.memory.last_wanted = Some(jobs);
        self.guard.resume(jobs, at);
    }

    /// What was decided so far was not carried out in the pool that the next samples are of: the jobs
    /// that are seen there count.
    pub fn forget_orders(&mut self) {
        self.latched = None;
        self.memory = Memory::default();
        self.guard = Guard::default();
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &P {
        &self.policy
    }

    /// The policy, to steer it from outside (training chooses actions itself).
    pub fn policy_mut(&mut self) -> &mut P {
        &mut self.policy
    }

    fn decide_on(&mut self, now: UnixSeconds, s: &Situation) -> Decision {
        self.sighted = Some(now);
        let state = self.state(s);
        let choice = self.policy.choose(s, &state, &self.settings);
        let (jobs, changes) = self.guard.check(choice.jobs, s, &self.settings);
        self.memory.last_seen = Some(jobs);
        Decision {
            reason: reason(&choice, jobs, s, &self.settings),
            outlook: Some(Outlook {
                now: s.rate.0,
                lead_q50: s.lead_rates[Q50],
                lead_q90: s.lead_rates[Q90],
                horizons: s.horizon_rates,
            }),
            prospects: Some(self.prospects(jobs, &choice, s)),
            changes,
            have: s.have(),
            multiplier: choice.action.and_then(|a| MULTIPLIERS.get(a)).copied(),
            forecast: self.forecast.as_ref().filter(|_| s.has_forecast).map(Forecast::basis),
            ..self.decision(now, jobs, choice)
        }
    }

    /// What is expected of the number decided and of the nearest alternative.
    fn prospects(&self, jobs: Jobs, choice: &Choice, s: &Situation) -> [Prospect; 2] {
        let limits = self.settings.limits;
        let taken = choice.action.unwrap_or(NEUTRAL);
        let best = choice.q_values.as_ref().and_then(|q| best_but(taken, q));
        let other = best.map(|action| jobs_for_action(action, s, &self.settings));
        let fewer = Jobs(jobs.0.saturating_sub(1));
        let neighbour = if fewer >= limits.min() && jobs.0 > 0 {
            fewer
        } else {
            Jobs(jobs.0.saturating_add(1))
        };
        let other = other.map(|o| limits.clamp(o)).filter(|o| *o != jobs).unwrap_or(neighbour);
        [jobs, other].map(|jobs| prospect(jobs, s, &self.settings))
    }

    /// In doubt, hold: the last number wanted; before there was one, what was last seen to run. Where
    /// samples come and say nothing for a while, the last forecast may raise it.
    fn hold(&mut self, now: UnixSeconds, blind: Blind) -> Decision {
        let last = self.observer.last();
        let ready = last.and_then(|s| s.jobs_ready).unwrap_or_default();
        let starting = last.and_then(|s| s.jobs_starting).unwrap_or_default();
        let have = Jobs(ready.0.saturating_add(starting.0));
        let wanted = self.memory.last_wanted.unwrap_or(have);
        let blind_for_s = self.sighted.map_or(0, |at| now.since(at));
        let (by, held) = match blind {
            Blind::Stale => (Constraint::Stale, wanted),
            Blind::Missing if blind_for_s > BLIND_S => {
                let foreseen = self.observer.foreseen(now, self.forecast.as_ref(), &self.settings);
                // Counts that were read and are doubted are no sign of a rise; where changes stop the
                // pool, those of a guess do more harm than it can avert.
                let read = [Doubt::Silence, Doubt::Counts].iter().any(|d| self.doubts.contains(*d));
                let holds = read || self.observer.changes_are_dear();
                let raised = if holds { wanted } else { self.raised(blind_for_s) };
                (Constraint::Missing, wanted.max(foreseen).max(raised))
            }
            Blind::Missing => (Constraint::Missing, wanted),
        };
        let (jobs, changes) = Guard::hold(by, wanted, held, &self.settings);
        let choice = Choice::new(Stage::Hold, wanted);
        Decision { changes, have: wanted, ..self.decision(now, jobs, choice) }
    }

    /// The number decided last in sight, raised for `blind_for_s` without it.
    fn raised(&self, blind_for_s: i64) -> Jobs {
        let minutes = (blind_for_s - BLIND_S) as f32 / 60.0;
        let factor = (1.0 + RAISED_A_MINUTE * minutes).min(MOST_RAISED);
        let seen = self.memory.last_seen.unwrap_or_default();
        Jobs::round(factor * seen.as_f32())
    }

    fn decision(&self, now: UnixSeconds, jobs: Jobs, choice: Choice) -> Decision {
        Decision {
            epoch: self.epoch,
            at: now,
            jobs,
            have: jobs,
            stage: choice.stage,
            base: self.settings.base,
            multiplier: None,
            q_values: choice.q_values,
            proposed: choice.jobs,
            changes: heapless::Vec::new(),
            reason: Reason::Blind,
            outlook: None,
            prospects: None,
            doubts: self.doubts,
            preference: choice.preference,
            forecast: None,
        }
    }
}

/// The action of the highest value but for `taken`.
fn best_but(taken: usize, q_values: &[f32]) -> Option<usize> {
    let others = q_values.iter().enumerate().filter(|(k, _)| *k != taken);
    others.max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(k, _)| k)
}

fn reason(choice: &Choice, jobs: Jobs, s: &Situation, settings: &Settings) -> Reason {
    let have = s.have();
    let limits = settings.limits;
    if jobs > have {
        if s.wait_s() > 0.25 * settings.sla_s {
            Reason::CatchUp
        } else if s.need(s.rate.0) > have.as_f32() || !s.has_forecast {
            Reason::LoadNow
        } else {
            Reason::ForecastRise
        }
    } else if jobs < have {
        if s.has_forecast { Reason::ForecastFall } else { Reason::LoadNow }
    } else if s.overdue && choice.jobs > jobs {
        Reason::Overdue
    } else if s.most_jobs.is_some_and(|most| choice.jobs > most) {
        Reason::Useless
    } else if s.stalled {
        Reason::Stalled
    } else if choice.jobs > limits.max() || choice.jobs < limits.min() {
        Reason::AtLimit
    } else if choice.jobs < have {
        Reason::HeldByGuard
    } else {
        Reason::Steady
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Planner;
    use crate::sample::RawSample;
    use crate::units::JobLimits;

    /// No forecasts: the ladder's lower rungs alone.
    #[derive(Clone)]
    struct Silent;
    impl Forecaster for Silent {
        fn push(&mut self, _: &Interval) -> Option<Forecast> {
            None
        }
    }

    fn controller() -> Controller<Silent, Planner> {
        let settings = Settings::new(JobLimits::new(1, 100).unwrap(), 60.0, 60.0);
        Controller::new(settings, Silent, Planner)
    }

    fn sample(time: i64, arrivals: Option<f64>, ready: u32) -> Sample {
        RawSample {
            time: time as f64,
            interval_s: 30.0,
            logged_events: arrivals,
            processed_events: arrivals,
            unprocessed_events: Some(0.0),
            avg_processing_ms: Some(100.0),
            jobs_ready: Some(f64::from(ready)),
            jobs_starting: Some(0.0),
            ..RawSample::default()
        }
        .gate()
        .unwrap()
        .sample
    }

    #[test]
    fn a_decision_is_latched_until_the_next_sample() {
        let mut c = controller();
        c.observe(&sample(30, Some(3000.0), 10), |_, _| {}).unwrap();
        let first = c.decide(UnixSeconds(30));
        assert_eq!((first.jobs, first.stage), (Jobs(10), Stage::Reactive));
        assert_eq!(c.decide(UnixSeconds(31)), first);
        c.observe(&sample(60, Some(3000.0), 10), |_, _| {}).unwrap();
        assert_eq!(c.decide(UnixSeconds(60)).epoch, 2);
    }

    #[test]
    fn without_a_forecast_the_present_rate_is_the_reason() {
        // Ten jobs are needed.
        for (ready, moves) in [(8, true), (10, false), (14, true)] {
            let mut c = controller();
            c.observe(&sample(30, Some(3000.0), ready), |_, _| {}).unwrap();
            let d = c.decide(UnixSeconds(30));
            let expected = if moves { Reason::LoadNow } else { Reason::Steady };
            assert_eq!((d.jobs != d.have, d.reason, d.forecast), (moves, expected, None), "{d:?}");
        }
    }

    #[test]
    fn missing_data_never_scales_down() {
        let mut c = controller();
        c.observe(&sample(30, Some(3000.0), 10), |_, _| {}).unwrap();
        c.decide(UnixSeconds(30));
        for k in 2..40 {
            c.observe(&sample(30 * k, None, 14), |_, _| {}).unwrap();
            let d = c.decide(UnixSeconds(30 * k));
            assert_eq!((d.stage, d.reason), (Stage::Hold, Reason::Blind));
            // Held, and raised when that lasts.
            assert!((10..=20).contains(&d.jobs.0) && (k > 3 || d.jobs == Jobs(10)), "{k}: {d:?}");
        }
    }

    #[test]
    fn after_a_restart_the_last_number_is_held_for_a_window() {
        let mut c = controller();
        c.resume(Jobs(20), UnixSeconds(0));
        assert_eq!(c.decide(UnixSeconds(10)).jobs, Jobs(20));
        let mut jobs = Vec::new();
        for k in 1..60 {
            c.observe(&sample(30 * k, Some(300.0), 20), |_, _| {}).unwrap();
            jobs.push(c.decide(UnixSeconds(30 * k)).jobs);
        }
        assert_eq!(jobs[..3], [Jobs(20); 3]);
        assert!(jobs[3..].iter().any(|j| *j < Jobs(20)), "{jobs:?}");
    }

    #[test]
    fn stale_data_holds_and_says_so() {
        let mut c = controller();
        assert_eq!(c.decide(UnixSeconds(0)).stage, Stage::Hold);
        c.observe(&sample(30, Some(3000.0), 10), |_, _| {}).unwrap();
        let jobs = c.decide(UnixSeconds(30)).jobs;
        let late = c.decide(UnixSeconds(1000));
        assert_eq!((late.jobs, late.reason), (jobs, Reason::Blind));
    }

    /// Half a minute of `arrivals` of 100 ms, with the backlog, from a sender that knows no pool.
    fn of_the_queue(k: i64, arrivals: f64, backlog: f64) -> Sample {
        let sample =
            Sample { jobs_ready: None, jobs_starting: None, ..sample(30 * k, Some(arrivals), 0) };
        Sample { backlog_events: crate::sample::Reading::Known(backlog as f32), ..sample }
    }

    #[test]
    fn a_pool_that_nobody_tells_of_is_the_one_that_was_decided() {
        let mut c = controller();
        let mut decide = |k: i64, arrivals, backlog| {
            c.observe(&of_the_queue(k, arrivals, backlog), |_, _| {}).unwrap();
            c.decide(UnixSeconds(30 * k))
        };
        let first = decide(1, 9000.0, 0.0);
        assert_eq!((first.have, first.jobs), (Jobs(30), Jobs(30)), "so many were busy");
        assert!(first.doubts.contains(Doubt::Pool) && first.stage == Stage::Reactive);
        let more = decide(2, 12_000.0, 0.0);
        assert!(more.jobs >= Jobs(38), "{more:?}");
        let calm: Vec<_> = (3..60).map(|k| decide(k, 3000.0, 0.0)).collect();
        assert!(calm.windows(2).all(|pair| pair[1].have == pair[0].jobs));
        assert!((10..=13).contains(&calm[56].jobs.0), "{:?}", calm[56]);
        assert!(calm.iter().all(|decision| decision.stage != Stage::Hold));
    }

    #[test]
    fn a_number_of_jobs_that_has_vanished_is_missed_for_an_hour() {
        let mut c = controller();
        let mut decide = |k: i64, sample: Sample| {
            c.observe(&sample, |_, _| {}).unwrap();
            c.decide(UnixSeconds(30 * k))
        };
        (1..=20).for_each(|k| {
            decide(k, sample(30 * k, Some(6000.0), 20));
        });
        let after: Vec<_> = (21..200).map(|k| decide(k, of_the_queue(k, 6000.0, 0.0))).collect();
        let blind = |d: &&Decision| d.stage == Stage::Hold;
        let held = after.iter().position(|d| blind(&d)).unwrap();
        let held_for = after.iter().skip(held).take_while(blind).count();
        // The last number stands in for a quarter of an hour, and is missed for an hour then.
        assert_eq!((held, held_for), (29, 119));
        assert!(after[held..held + held_for].iter().all(|d| d.jobs >= after[held - 1].jobs));
        let last = after.last().unwrap();
        assert!(!blind(&last) && (20..=24).contains(&last.jobs.0), "{last:?}");
        assert!(last.doubts.contains(Doubt::Pool));
    }

    #[test]
    fn a_sample_from_the_past_changes_nothing() {
        let mut c = controller();
        c.observe(&sample(60, Some(3000.0), 10), |_, _| {}).unwrap();
        let before = c.decide(UnixSeconds(60));
        assert!(c.observe(&sample(30, Some(0.0), 1), |_, _| {}).is_err());
        assert_eq!(c.decide(UnixSeconds(60)), before);
    }
}
