//! The whole way from sample to decision: the one loop that live agent, backtest, training and
//! firmware run.

mod explain;
mod hold;

use crate::decision::{Decision, Outlook, Reason};
use crate::estimation::{DEFAULT_WORK_MS, Estimate, HorizonRates, NoEstimate, Observer};
use crate::forecast::{Forecast, Forecaster, Q50, Q90};
use crate::guard::Guard;
use crate::history::FOUR_WEEKS;
use crate::interval::{Gatherer, Interval, TimeError};
use crate::learned::{Archive, Learned, PassMade};
use crate::parameters::Parameters;
use crate::plausibility::{Doubt, Doubts, PlausibilityFilter};
use crate::policy::{Choice, MULTIPLIERS, Memory, Observation, Policy, observation};
use crate::sample::Sample;
use crate::settings::Settings;
use crate::units::{Jobs, UnixSeconds};
use explain::{prospects, reason};

/// Observes samples and decides.
///
/// ```
/// use scaleiq_core::controller::Controller;
/// use scaleiq_core::engine::Pack;
/// use scaleiq_core::forecast::ForecastPipeline;
/// use scaleiq_core::policy::Planner;
/// use scaleiq_core::sample::RawSample;
/// use scaleiq_core::settings::Settings;
/// use scaleiq_core::units::JobLimits;
///
/// let pack = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../models/edge/model.pack"));
/// let pack = Pack::parse(pack)?;
/// // 1 to 50 jobs; an event should begin within 60 s; a job is up within 60 s.
/// let settings = Settings::new(JobLimits::new(1, 50)?, 60.0, 60.0);
/// let forecaster = ForecastPipeline::new(settings.interval, pack.forecaster());
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

/// Settings are not in it. What was latched is a decision, which the wire has a form for.
impl<F: Learned, P: Learned> Learned for Controller<F, P> {
    fn pass(&mut self, archive: &mut Archive<'_>) {
        let Self {
            settings,
            gatherer,
            filter,
            doubts,
            observer,
            forecaster,
            forecast,
            policy,
            guard,
            memory,
            sighted,
            epoch,
            latched,
        } = self;
        gatherer.pass(archive);
        filter.pass(archive);
        doubts.pass(archive);
        observer.pass(archive);
        forecaster.pass(archive);
        forecast.pass_made(archive, || Forecast::none(settings.interval));
        policy.pass(archive);
        guard.pass(archive);
        memory.pass(archive);
        sighted.pass(archive);
        epoch.pass(archive);
        archive.value(latched);
    }
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
            observer: Observer::new(&settings.parameters),
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
        let frozen = doubts.contains(Doubt::Frozen);
        self.observer.push(sample, real, frozen, self.forecast.as_ref(), ordered, &self.settings);
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
    /// gives the same decision (promise J-2), unless that is late: then there is a new one for each interval
    /// that passes without it, until the data is stale.
    pub fn decide(&mut self, now: UnixSeconds) -> Decision {
        let estimate = self.estimate(now);
        let stale = estimate == Err(NoEstimate::Stale);
        if let Some(latched) = &self.latched
            && latched.epoch == self.epoch
            && !stale
            && self.missed(latched.at) == self.missed(now)
        {
            return latched.clone();
        }
        let decision = match estimate {
            Ok(estimate) => self.decide_on(now, &estimate),
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
    /// If the data is stale, incomplete or late.
    pub fn estimate(&self, now: UnixSeconds) -> Result<Estimate, NoEstimate> {
        let (forecast, ordered) = (self.forecast.as_ref(), self.memory.last_wanted);
        let estimate = self.observer.estimate(now, forecast, ordered, &self.settings)?;
        if self.missed(now) > 0 {
            return Err(NoEstimate::Late);
        }
        Ok(Estimate { frozen: self.filter.is_frozen(), ..estimate })
    }

    /// Intervals that passed without a sample since there was something to decide on, from when the next is late.
    /// It is late by when the last one was decided on, since some sources tell of minutes ago.
    fn missed(&self, now: UnixSeconds) -> i64 {
        let decided = self.latched.as_ref().is_some_and(|latched| latched.epoch == self.epoch);
        let (Some(sighted), Some(last), true) = (self.sighted, self.observer.last(), decided)
        else {
            return 0;
        };
        let late_s = now.since(sighted) - i64::from(self.settings.parameters.guard.blind_after_s);
        late_s.max(0) / i64::from(last.interval_s.max(1))
    }

    /// The observation that a Q-network would read at `estimate`.
    #[must_use]
    pub fn observation(&self, estimate: &Estimate) -> Observation {
        observation(estimate, &self.settings, &self.memory)
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

    /// Other parameters from the next sample on, as another model brings them; what was decided stands.
    pub fn tune(&mut self, parameters: Parameters) {
        self.settings.parameters = parameters;
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

    fn decide_on(&mut self, now: UnixSeconds, s: &Estimate) -> Decision {
        self.sighted = Some(now);
        let observation = self.observation(s);
        let choice = self.policy.choose(s, &observation, &self.settings);
        let (jobs, changes) = self.guard.check(choice.jobs, s, &self.settings);
        self.memory.last_seen = Some(jobs);
        Decision {
            reason: reason(&choice, jobs, s, &self.settings),
            outlook: Some(Outlook {
                now: s.rate.0,
                lead_q50: s.lead_rates[Q50],
                lead_q90: s.lead_rates[Q90],
                horizons: s.horizon_rates.map(HorizonRates::ascending),
            }),
            prospects: Some(prospects(jobs, &choice, s, &self.settings)),
            changes,
            current_jobs: s.current_jobs(),
            multiplier: choice.action.and_then(|a| MULTIPLIERS.get(a)).copied(),
            forecast: self.forecast.as_ref().filter(|_| s.has_forecast).map(Forecast::basis),
            ..self.decision(now, jobs, choice)
        }
    }

    fn decision(&self, now: UnixSeconds, jobs: Jobs, choice: Choice) -> Decision {
        Decision {
            epoch: self.epoch,
            at: now,
            jobs,
            current_jobs: jobs,
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

#[cfg(test)]
mod tests;
