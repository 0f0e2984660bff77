//! How the loop decides: the decision is made, held to the promises and recorded, and only then made
//! known.

use super::lacking::Lacking;
use super::{Control, Event, Prediction, Snapshot, Traced, View};
use crate::decide::{ModelId, NO_MODEL};
use crate::text::word;
use scaleiq_core::decision::Decision;
use scaleiq_core::estimation::{Estimate, NoEstimate};
use scaleiq_core::invariant::{self, Promise};
use scaleiq_core::policy::{NetworkRole, Stage};
use scaleiq_core::units::UnixSeconds;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

impl Control {
    /// Decides, records, and then makes known what is new.
    pub(super) fn decide(&mut self, now: UnixSeconds) -> Traced {
        self.keep_limits(now);
        let stale = self.decider.no_estimate(now) == Some(NoEstimate::Stale);
        if let Some(held) = self.held.as_ref().filter(|_| stale) {
            return held.clone();
        }
        let estimate = self.decider.estimate(now);
        let begin = Instant::now();
        let decision = self.decider.decide(now);
        if let Some(observed_in) = self.observed_in.take() {
            let took = observed_in + begin.elapsed();
            self.latencies.push(took);
            self.audience.tell(Event::DecidedIn(took));
        }
        let receipt = self.recorder.decision(&decision, stale);
        let last = self.decisions.borrow().as_ref().map(|last| last.decision.clone());
        if last.as_ref() != Some(&decision) {
            self.watch(&decision, estimate.as_ref());
        }
        let repeated = last.as_ref().is_some_and(|last| repeats(last, &decision));
        let device = self.decider.device();
        if let Some(health) = device {
            self.audience.tell(Event::Device(health));
        }
        let stood_in = device.is_some_and(|health| !health.decides);
        let (model, network_role) = match stood_in {
            true => (ModelId::none(), NetworkRole::Absent),
            false => (self.model.clone(), self.decider.network_role()),
        };
        let is_held = stale && decision.stage == Stage::Hold;
        let traced = Traced {
            decision,
            input_sha256: receipt.map(|receipt| receipt.inputs),
            recorded: receipt.map(|receipt| receipt.durable),
            model,
            network_role,
        };
        // What the disk had no room for is to be tried again.
        self.held = (is_held && traced.recorded != Some(false)).then(|| traced.clone());
        self.show(&traced);
        if !repeated {
            self.publish(last.as_ref(), &traced);
        }
        traced
    }

    /// Publishes what is known now, for those who read.
    fn show(&self, traced: &Traced) {
        let last = self.view.borrow().clone();
        let sample_end = self.last_sample.map(|sample| sample.end);
        let is_missing =
            sample_end.and_then(|end| self.decider.no_estimate(end)) == Some(NoEstimate::Missing);
        let lacking = self.last_sample.as_ref().filter(|_| is_missing).map(Lacking::from);
        let prediction = match self.decider.forecast() {
            Some(forecast) if self.forecast_is_new || last.prediction.is_none() => {
                // A device keeps its forecasts to itself.
                let here = self.decider.device().is_none();
                let model = if here { &self.model.name } else { NO_MODEL };
                Some(Arc::new(Prediction::new(model, forecast)))
            }
            Some(_) => last.prediction.clone(),
            None => None,
        };
        let (decision, notes) = (Some(traced.clone()), self.notes(&traced.decision));
        let view = View { sample_end, lacking, decision, prediction, notes, ..(*last).clone() };
        self.view.send_replace(Arc::new(view));
    }

    /// Holds a new decision to the promises. What a device knows is not known here, so of what it
    /// decides only the limits can be told.
    fn watch(&mut self, decision: &Decision, estimate: Option<&Estimate>) {
        let broken = if self.decider.device().is_some() {
            (!invariant::is_within_limits(decision.jobs, &self.settings)).then_some(Promise::Bounds)
        } else {
            self.promises.check(decision, self.last_sample.as_ref(), estimate, &self.settings)
        };
        if let Some(promise) = broken {
            self.broken(promise, decision);
        }
    }

    pub(super) fn broken(&self, promise: Promise, of: &impl fmt::Debug) {
        self.audience.tell(Event::Broken(promise));
        tracing::error!("promise {} is broken: please report this: {of:?}", promise.id());
    }

    fn publish(&mut self, last: Option<&Decision>, traced: &Traced) {
        let decision = &traced.decision;
        if last.is_none_or(|l| (l.jobs, l.stage) != (decision.jobs, decision.stage)) {
            tracing::info!(
                jobs = decision.jobs.0,
                current_jobs = decision.current_jobs.0,
                stage = word(&decision.stage),
                margin = decision.preference.map(|preference| preference.margin),
                forecast = decision.forecast.map(|basis| basis.source.words()),
                network_weight = decision.forecast.map(|basis| basis.network_weight[0]),
                "{}",
                decision.reason.sentence()
            );
        }
        // Without networks there is nothing that could fail.
        let has_networks = self.model.sha256.is_some();
        let failures = if has_networks { self.decider.failures() } else { [0, 0] };
        self.audience.tell(Event::Decided { decision, failures });
        if let Some(sample) = &self.last_sample {
            let estimate = self.decider.estimate(decision.at);
            let figures = self.decider.figures();
            let mut snapshot = Snapshot::new(sample, estimate.as_ref(), decision.clone());
            snapshot.virtual_sample = self.decider.virtual_sample().copied();
            snapshot.figures = Some(figures);
            snapshot.latency = self.latencies.quantiles();
            snapshot.input_sha256 = traced.input_sha256;
            if std::mem::take(&mut self.forecast_is_new) {
                snapshot.forecast = self.decider.forecast().cloned();
            }
            self.audience.tell(Event::Moment(&snapshot));
        }
        self.decisions.send_replace(Some(traced.clone()));
    }
}

/// Whether `next` says nothing that `last` did not say.
fn repeats(last: &Decision, next: &Decision) -> bool {
    let same = (last.jobs, last.stage) == (next.jobs, next.stage);
    same && (last.epoch == next.epoch || next.stage == Stage::Hold)
}
