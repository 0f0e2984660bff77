//! The device decides; a controller here sees the same samples and stands in while it cannot.

use super::figures::Figures;
use super::{Decider, Health};
use crate::device::{Client, Fault};
use scaleiq_core::decision::Decision;
use scaleiq_core::estimation::{Estimate, NoEstimate};
use scaleiq_core::forecast::Forecast;
use scaleiq_core::interval::TimeError;
use scaleiq_core::policy::NetworkRole;
use scaleiq_core::sample::Sample;
use scaleiq_core::units::{JobLimits, Jobs, UnixSeconds};
use scaleiq_core::wire::Refusal;
use std::time::{Duration, Instant};

/// Leaves deciding to a device. What is asked about the present and what is coming is answered by
/// the controller that stands in.
///
/// After an outage the device has a gap in what it knows, or has forgotten everything. So it decides
/// again once it has seen a whole scale-down window: before that it could let jobs go that are
/// needed. For the same reason its last number counts as decided by whoever stands in.
///
/// While what it learned is on the line, a sample is decided by who stands in, and told to the device later.
pub struct DeviceWithFallback {
    client: Client,
    stand_in: Box<dyn Decider>,
    /// What the device decided on the last sample, unless something stands in.
    decided: Option<Decision>,
    outage: Option<Outage>,
    /// End of the first sample on which the device decides again.
    again_from: Option<UnixSeconds>,
    outages: u64,
}

/// The device does not decide.
struct Outage {
    since: Instant,
    pause: Duration,
    /// It is not looked for before.
    until: Instant,
}

impl DeviceWithFallback {
    /// `client` decides and `stand_in` learns. If that knows of a past of which the device knows
    /// nothing, it is as after an outage.
    #[must_use]
    pub fn new(client: Client, stand_in: Box<dyn Decider>) -> Self {
        let (port, epoch) = (client.port(), client.epoch());
        tracing::info!("the device on port {port} goes on from {epoch} samples");
        let now = Instant::now();
        let outage = Outage { since: now, pause: client.timeouts().pause, until: now };
        let forgot = epoch == 0 && stand_in.forecast().is_some();
        Self {
            client,
            stand_in,
            decided: None,
            outage: forgot.then_some(outage),
            again_from: None,
            outages: 0,
        }
    }

    /// What the device decides on `sample`; `None` while it is not there or not yet to be followed.
    fn consult(&mut self, sample: &Sample) -> Option<Decision> {
        if self.outage.as_ref().is_some_and(|outage| Instant::now() < outage.until) {
            return None;
        }
        match self.client.sample(sample) {
            Ok(None) => {
                self.hand_over();
                None
            }
            Ok(Some((decision, restarted))) => {
                self.found(sample.end, restarted);
                if self.again_from.is_some_and(|from| sample.end < from) {
                    return None;
                }
                self.again_from = None;
                Some(decision)
            }
            Err(fault) => {
                self.lost(&fault);
                None
            }
        }
    }

    fn found(&mut self, end: UnixSeconds, restarted: bool) {
        let outage = self.outage.take();
        if outage.is_none() && !restarted {
            return;
        }
        let window_s = self.client.settings().scale_down_window_s;
        self.again_from = Some(end.plus(window_s.into()));
        match outage {
            Some(outage) => tracing::info!(
                "the device on port {} answers, {} s after it was missed; it decides once it has seen \
                 {window_s} s",
                self.client.port(),
                outage.since.elapsed().as_secs()
            ),
            None => {
                self.outages += 1;
                self.hand_over();
            }
        }
    }

    fn lost(&mut self, fault: &Fault) {
        // Later samples may be taken, so there is nothing to wait for.
        let passes = matches!(
            fault,
            Fault::Refused(Refusal::SampleTime | Refusal::SampleValue | Refusal::SampleJump)
        );
        if !passes {
            self.client.close();
        }
        let timeouts = self.client.timeouts();
        let pause = match &self.outage {
            None => timeouts.pause,
            Some(outage) => (2 * outage.pause).min(timeouts.longest_pause),
        };
        let wait = if passes { Duration::ZERO } else { pause };
        let (now, port) = (Instant::now(), self.client.port());
        let since = self.outage.as_ref().map_or(now, |outage| outage.since);
        if self.outage.is_none() {
            tracing::error!(
                "the device on port {port} does not decide now, and the plan without networks does \
                 in its place: {fault}"
            );
            self.outages += 1;
        } else {
            tracing::debug!("the device on port {port}: {fault}");
        }
        self.outage = Some(Outage { since, pause, until: now + wait });
        self.hand_over();
    }

    /// The device decides no longer: its last number stands for a window.
    fn hand_over(&mut self) {
        if let Some(decision) = self.decided.take() {
            self.stand_in.resume(decision.jobs, decision.at);
        }
    }
}

impl Decider for DeviceWithFallback {
    fn observe(&mut self, sample: &Sample) -> Result<bool, TimeError> {
        let closed = self.stand_in.observe(sample)?;
        // In shadow mode the device decides for the virtual pool, too.
        let sample = *self.stand_in.virtual_sample().unwrap_or(sample);
        if let Some(decision) = self.consult(&sample) {
            self.decided = Some(decision);
        }
        Ok(closed)
    }

    /// The device is given them with the next sample; until then what stands in decides.
    fn set_limits(&mut self, limits: JobLimits) {
        self.stand_in.set_limits(limits);
        if limits != self.client.settings().limits {
            self.hand_over();
            self.client.set_limits(limits);
        }
    }

    /// The device latches its decision as a controller here does, so it need not be asked twice,
    /// unless its data has grown old.
    fn decide(&mut self, now: UnixSeconds) -> Decision {
        let is_old =
            matches!(self.stand_in.no_estimate(now), Some(NoEstimate::Stale | NoEstimate::Late));
        if is_old && self.decided.is_some() {
            match self.client.time(now) {
                Ok(decision) => self.decided = Some(decision),
                Err(fault) => self.lost(&fault),
            }
        }
        // Asked each time: what it would have wanted is what its scale-down window remembers.
        let instead = self.stand_in.decide(now);
        let decision = self.decided.clone().unwrap_or(instead);
        self.stand_in.obey(decision.jobs);
        decision
    }

    fn estimate(&self, now: UnixSeconds) -> Option<Estimate> {
        self.stand_in.estimate(now)
    }

    fn no_estimate(&self, now: UnixSeconds) -> Option<NoEstimate> {
        self.stand_in.no_estimate(now)
    }

    fn forecast(&self) -> Option<&Forecast> {
        self.stand_in.forecast()
    }

    /// The networks are the device's, which does not tell.
    fn failures(&mut self) -> [u32; 2] {
        [0, 0]
    }

    fn network_role(&self) -> NetworkRole {
        self.client.network_role()
    }

    fn resume(&mut self, jobs: Jobs, at: UnixSeconds) {
        self.stand_in.resume(jobs, at);
    }

    fn set_shadow(&mut self, on: bool) {
        self.stand_in.set_shadow(on);
    }

    fn virtual_sample(&self) -> Option<&Sample> {
        self.stand_in.virtual_sample()
    }

    fn obey(&mut self, jobs: Jobs) {
        self.stand_in.obey(jobs);
    }

    fn figures(&self) -> Figures {
        self.stand_in.figures()
    }

    fn restart_figures(&mut self) {
        self.stand_in.restart_figures();
    }

    fn device(&self) -> Option<Health> {
        Some(Health { decides: self.decided.is_some(), outages: self.outages })
    }
}
