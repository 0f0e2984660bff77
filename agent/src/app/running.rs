//! One workload at work: its loop, what feeds it, and what carries its decisions out.

use super::WorkloadConfig;
use super::begin::begin;
use crate::actuate::{Account, Actor};
use crate::config::Secret;
use crate::decide::limits::OverrideStore;
use crate::decide::{Mode, tell_if_idle};
use crate::observe::pool::{PoolSettings, PoolWatch};
use crate::observe::source::Delivery;
use crate::platform::clock::Clock;
use crate::platform::stop::Stop;
use crate::platform::supervise::{Lifecycle, supervise};
use crate::serve::dashboard::{About, DashboardState, Learning};
use crate::serve::{Api, Served, Watch};
use crate::telemetry::Metrics;
use crate::workload::{Audience, Beginning, Control, Handle, Started};
use anyhow::{Context, anyhow};
use scaleiq_core::units::UnixSeconds;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// Longest time between two looks at the clock.
const TICK: Duration = Duration::from_secs(15);

/// One workload at work.
pub(super) struct Running {
    pub(super) name: String,
    /// Model and mode, for the log.
    pub(super) about: String,
    pub(super) control: Handle,
    /// What the server shows of it.
    pub(super) served: Served,
    thread: JoinHandle<()>,
}

impl Running {
    /// Starts the loop, and on the present runtime all that belongs to it. What is returned beside it
    /// carries decisions out, until the loop ends. `label` tells that its metrics stand beside those of
    /// others; `token` is passed on to nobody.
    ///
    /// # Errors
    /// If the model, the journal or the actuator cannot be used.
    pub(super) fn start(
        mut config: WorkloadConfig,
        label: bool,
        token: Option<&Secret>,
        stop: &Stop,
    ) -> anyhow::Result<(Self, impl Future<Output = ()> + use<>)> {
        let configured = config.decider.model.clone();
        let (decider, model, (journal, past)) = begin(&mut config)?;
        tell_if_idle(decider.as_ref(), &model);
        let label = label.then_some(config.name.as_str());
        let metrics = Metrics::new(&config.settings, &model, config.mode, label);
        metrics.model_loaded(config.decider.model == configured);
        let network_role = decider.network_role();
        metrics.network_role(network_role);
        let mode = config.mode.word();
        let about = About {
            price: config.price.clone(),
            learning: Learning::new(config.settings.interval.seconds(), &config.planned.seasons_s),
            ..About::new(&config.name, mode, &model, network_role, &config.settings)
        };
        let last_end = past.as_ref().map(|past| past.sample.end);
        let clock = Clock::after(last_end);
        let mut dashboard = DashboardState::new(about);
        if let Some(journal) = &config.journal {
            dashboard = dashboard.recorded_in(&journal.folder, clock.now().ours);
        }
        let pool = PoolWatch::default();
        let journal_folder = config.journal.as_ref().map(|journal| journal.folder.clone());
        let Started { handle: control, decisions, thread } = Control::start(Beginning {
            decider,
            settings: config.settings,
            model: model.clone(),
            journal,
            past,
            trust: config.trust,
            pool: pool.clone(),
            schedule: config.schedule.clone(),
            store: OverrideStore::new(journal_folder.as_deref()),
            clock,
            audience: Audience::new(vec![Box::new(metrics.clone()), Box::new(dashboard.clone())]),
        })?;
        if config.mode == Mode::Shadow {
            tracing::info!(
                "shadow mode: decisions are recorded and nothing is changed; GET /status and the page tell \
                 what they would save"
            );
        }
        let actor = Actor::new(
            config.mode,
            config.actuator.as_ref(),
            token,
            &config.settings,
            journal_folder.as_deref(),
            Account::new(metrics.clone(), control.clone()),
            stop.clone(),
        )
        .context("cannot act")?;
        feed(&config, &control, last_end, &metrics);
        if let Some(settings) = config.pool.clone() {
            let lifecycle = Lifecycle::default();
            metrics.pool_by(lifecycle.clone());
            tokio::spawn(look(settings, pool, control.clone(), lifecycle));
        }
        let stale_after = Duration::from_secs(config.settings.stale_after_s.into());
        tokio::spawn(tick(control.clone(), TICK.min(stale_after / 4)));
        let watch = Watch {
            control: control.clone(),
            metrics: metrics.clone(),
            mode: config.mode,
            takes_samples: config.source.is_posted(),
        };
        let rows = config.row_forecaster()?;
        let api = Api::new(control.clone(), metrics, config.mode, config.source.is_posted(), rows);
        let served =
            Served { name: config.name.clone(), api, dashboard: dashboard.watching(watch) };
        let about = format!("model {}, mode {mode}", model.name);
        Ok((Self { name: config.name, about, control, served, thread }, actor.run(decisions)))
    }

    /// Waits for the loop's end, which was asked for.
    pub(super) fn join(self) -> anyhow::Result<()> {
        let ended = self.thread.join();
        let what = || anyhow!("the loop of {} ended on its own: please report this", self.name);
        ended.map_err(|_| what())
    }
}

/// Has samples read for as long as the agent runs, unless they are posted.
fn feed(
    config: &WorkloadConfig,
    control: &Handle,
    last_end: Option<UnixSeconds>,
    metrics: &Metrics,
) {
    if config.source.is_posted() {
        return;
    }
    let lifecycle = Lifecycle::default();
    metrics.read_by(lifecycle.clone());
    let (source, inlet) = (Arc::clone(&config.source), control.clone());
    let (interval_s, told) = (config.settings.interval.seconds(), lifecycle.clone());
    let run =
        move || source.run(&Delivery { inlet: &inlet, interval_s, last_end, lifecycle: &told });
    tokio::spawn(supervise("source", lifecycle, run));
}

/// Has the pool looked at for as long as the agent runs.
fn look(
    settings: Arc<dyn PoolSettings>,
    pool: PoolWatch,
    control: Handle,
    lifecycle: Lifecycle,
) -> impl Future<Output = ()> {
    let told = lifecycle.clone();
    let run = move || pool.run(settings.as_ref(), &told, || control.is_closed());
    supervise("pool", lifecycle, run)
}

async fn tick(control: Handle, every: Duration) {
    let mut ticks = interval(every.max(Duration::from_secs(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        control.tick();
    }
}
