//! A controller, and how what it decides turns out.

use super::figures::{Figures, ForecastRecord, Pool, PoolFigures};
use super::{Decider, Fallible};
use scaleiq_core::controller::Controller;
use scaleiq_core::decision::Decision;
use scaleiq_core::estimation::{Estimate, NoEstimate};
use scaleiq_core::forecast::{Forecast, Forecaster};
use scaleiq_core::interval::TimeError;
use scaleiq_core::policy::{NetworkRole, Policy, Stage};
use scaleiq_core::sample::{Reading, Sample};
use scaleiq_core::settings::Settings;
use scaleiq_core::units::{JobLimits, Jobs, UnixSeconds};
use scaleiq_workload::baselines::{HpaRule, LagRule, ScalingRule};
use scaleiq_workload::sim::live::{MeasuredPool, VirtualPool};

/// A controller beside two pools under the same arrivals: the real one, and a virtual one. In shadow mode
/// the virtual one is what the controller sees and scales, since the real one does not obey: what it
/// decides and what comes of it are then what they would be in active mode. In active mode the virtual
/// one is what a common rule would have had.
///
/// It is here, behind [`Decider`], and not in the loop, since decisions follow from the virtual pool: a
/// journal that is told to a decider again must lead to the same pool.
pub(super) struct Watched<F, P> {
    controller: Controller<F, P>,
    real: MeasuredPool,
    /// It goes its own way from the first decision on; `None` before the first sample.
    other: Option<VirtualPool>,
    /// The one that KEDA would have had, beside the HPA's.
    keda: Option<VirtualPool>,
    scaler: Scaler,
    /// What the virtual pool told last.
    told: Option<Sample>,
    forecasts: ForecastRecord,
    /// Whether anything was decided on what was known. What happened before is on nobody's account.
    began: bool,
}

/// Who scales the virtual pool.
enum Scaler {
    /// The controller: shadow mode.
    Controller,
    /// What most pools are scaled by.
    Rules(HpaRule, LagRule),
}

impl<F: Forecaster, P: Policy> Watched<F, P> {
    /// `controller` in active mode.
    pub(super) fn new(controller: Controller<F, P>) -> Self {
        Self {
            real: MeasuredPool::new(controller.settings().sla_s),
            controller,
            other: None,
            scaler: Scaler::Rules(HpaRule::default(), LagRule::default()),
            keda: None,
            told: None,
            forecasts: ForecastRecord::default(),
            began: false,
        }
    }

    fn restart_pools(&mut self) {
        self.real.restart();
        for other in [&mut self.other, &mut self.keda].into_iter().flatten() {
            other.restart();
        }
    }

    fn is_shadow(&self) -> bool {
        matches!(self.scaler, Scaler::Controller)
    }
}

impl<F, P> Decider for Watched<F, P>
where
    F: Forecaster + Fallible + Send,
    P: Policy + Fallible + Send,
{
    fn observe(&mut self, sample: &Sample) -> Result<bool, TimeError> {
        let settings = *self.controller.settings();
        if !self.began {
            // Nobody was asked yet: it still is as the real one.
            (self.other, self.keda) = (None, None);
        }
        let Self { controller, real, other, keda, scaler, told, forecasts, .. } = self;
        let beside = |believed: &Sample, work_s: f32| {
            real.push(believed, work_s);
            let seen = play(other, believed, work_s, real, &settings);
            *told = Some(seen);
            match scaler {
                Scaler::Controller => Some(seen),
                Scaler::Rules(hpa, lag) => {
                    let work_ms = Reading::Known(1000.0 * work_s);
                    let jobs = hpa.decide(&Sample { work_ms, ..seen });
                    order(other, settings.limits.clamp(jobs));
                    let seen = play(keda, believed, work_s, real, &settings);
                    let jobs = lag.decide(&Sample { work_ms, ..seen });
                    order(keda, settings.limits.clamp(jobs));
                    None
                }
            }
        };
        let mut closed = false;
        controller.observe_beside(sample, beside, |interval, forecast| {
            closed = true;
            forecasts.closed(interval, forecast, settings.interval.seconds());
        })?;
        if !self.began {
            self.restart_pools();
        }
        Ok(closed)
    }

    fn set_limits(&mut self, limits: JobLimits) {
        let settings = *self.controller.settings();
        if limits != settings.limits {
            self.controller.configure(Settings { limits, ..settings });
        }
    }

    fn decide(&mut self, now: UnixSeconds) -> Decision {
        let decision = self.controller.decide(now);
        self.obey(decision.jobs);
        self.began |= decision.stage != Stage::Hold;
        decision
    }

    fn estimate(&self, now: UnixSeconds) -> Option<Estimate> {
        self.controller.estimate(now).ok()
    }

    fn no_estimate(&self, now: UnixSeconds) -> Option<NoEstimate> {
        self.controller.estimate(now).err()
    }

    fn forecast(&self) -> Option<&Forecast> {
        self.controller.forecast()
    }

    fn failures(&mut self) -> [u32; 2] {
        [self.controller.forecaster().failures(), self.controller.policy_mut().failures()]
    }

    fn network_role(&self) -> NetworkRole {
        self.controller.policy().network_role()
    }

    fn resume(&mut self, jobs: Jobs, at: UnixSeconds) {
        self.controller.resume(jobs, at);
        self.obey(jobs);
    }

    fn set_shadow(&mut self, on: bool) {
        if on == self.is_shadow() {
            return;
        }
        self.real = MeasuredPool::new(self.controller.settings().sla_s);
        (self.other, self.keda, self.told, self.began) = (None, None, None, false);
        self.scaler = if on {
            Scaler::Controller
        } else {
            // The real pool never was as the virtual one.
            self.controller.forget_orders();
            Scaler::Rules(HpaRule::default(), LagRule::default())
        };
    }

    fn virtual_sample(&self) -> Option<&Sample> {
        self.told.as_ref().filter(|_| self.is_shadow())
    }

    fn obey(&mut self, jobs: Jobs) {
        match self.scaler {
            Scaler::Controller => order(&mut self.other, jobs),
            Scaler::Rules(..) => self.real.order(jobs),
        }
    }

    fn figures(&self) -> Figures {
        let real = PoolFigures::new(Pool::Real, &self.real.standing(), self.real.totals());
        let told = |pool: &Option<VirtualPool>, name| match pool {
            Some(pool) => PoolFigures::new(name, &pool.standing(), pool.totals()),
            None => PoolFigures::unknown(name),
        };
        let other = |name| told(&self.other, name);
        let forecasts = self.forecasts.figures(self.controller.settings().interval.seconds());
        match self.scaler {
            Scaler::Controller => Figures::new(other(Pool::Virtual), real, forecasts),
            Scaler::Rules(..) => Figures {
                also: vec![told(&self.keda, Pool::Keda)],
                ..Figures::new(real, other(Pool::Hpa), forecasts)
            },
        }
    }

    fn restart_figures(&mut self) {
        self.restart_pools();
        self.forecasts = ForecastRecord::default();
    }
}

/// What the virtual pool tells of the time of a real sample. If there is none yet, it begins with it.
fn play(
    pool: &mut Option<VirtualPool>,
    believed: &Sample,
    work_s: f32,
    real: &MeasuredPool,
    settings: &Settings,
) -> Sample {
    let world = real.world(settings);
    match pool {
        Some(pool) => pool.play(believed, work_s, world),
        None => {
            let (sla_s, limits) = (settings.sla_s, settings.limits);
            let pool = pool.insert(VirtualPool::beside(believed, work_s, world, sla_s, limits));
            pool.told(believed)
        }
    }
}

fn order(pool: &mut Option<VirtualPool>, jobs: Jobs) {
    if let Some(pool) = pool {
        pool.order(jobs);
    }
}
