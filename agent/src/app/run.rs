//! The life of the process beside a worker: starts every part, and ends them in order.

use super::Config;
use super::begin::begin;
use crate::actuate::Actor;
use crate::decide::{Mode, warn_if_idle};
use crate::observe::Source;
use crate::observe::pool::{PoolSettings, PoolWatch};
use crate::observe::source::Delivery;
use crate::platform::clock::Clock;
use crate::platform::stop::Stop;
use crate::platform::supervise::{Lifecycle, supervise};
use crate::serve::dashboard::{About, DashboardState};
use crate::serve::{Access, Api, Keda, Server, Watch, router};
use crate::telemetry::Metrics;
use crate::workload::{Audience, Beginning, Control, Handle, Started};
use anyhow::{Context, anyhow, bail};
use scaleiq_core::settings::Settings;
use scaleiq_core::units::UnixSeconds;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// Open connections get this long to end,
const DRAIN: Duration = Duration::from_secs(2);
/// and no longer than until so long after the agent was asked to.
const DRAINED_AFTER: Duration = Duration::from_millis(4000);
/// Longest time between two looks at the clock.
const TICK: Duration = Duration::from_secs(15);

/// Runs what is configured until `stop` is requested.
///
/// # Errors
/// If the model, the journal or the address cannot be used, or a part ends on its own.
pub fn run(mut config: Config, stop: &Stop) -> anyhow::Result<()> {
    let listener = config.listen.bind()?;
    let address = listener.local_addr()?;
    let asked = config.keda.as_ref().map(Keda::bind).transpose()?;
    let configured = config.decider.model.clone();
    let (brain, model, recorded) = begin(&mut config)?;
    warn_if_idle(brain.as_ref(), &model);
    let metrics = Metrics::new(&config.settings, &model, config.mode);
    metrics.model_loaded(config.decider.model == configured);
    let network_role = brain.network_role();
    metrics.network_role(network_role);
    let mode = config.mode.word();
    let about = About {
        price: config.price.clone(),
        ..About::new(&config.name, mode, &model, network_role, &config.settings)
    };
    let dashboard = DashboardState::new(about);
    let (journal, past) = recorded;
    let last_end = past.as_ref().map(|past| past.sample.end);
    let clock = Clock::after(last_end);
    let pool = PoolWatch::default();
    let Started { handle: control, decisions, thread } = Control::start(Beginning {
        brain,
        settings: config.settings,
        model: model.clone(),
        journal,
        past,
        trust: config.trust,
        pool: pool.clone(),
        clock,
        audience: Audience::new(vec![Box::new(metrics.clone()), Box::new(dashboard.clone())]),
    })?;
    let watch = Watch {
        control: control.clone(),
        metrics: metrics.clone(),
        mode: config.mode,
        stale_after_s: config.settings.stale_after_s,
    };
    let routes = router(
        Api::new(
            control.clone(),
            metrics.clone(),
            config.mode,
            config.source.is_posted(),
            config.row_forecaster()?,
        ),
        Access::new(address, config.listen.token.clone()),
        dashboard.watching(watch),
    );
    tracing::info!(
        "listening on http://{address}, model {}, mode {}",
        model.name,
        config.mode.word()
    );
    if config.mode == Mode::Shadow {
        tracing::info!(
            "shadow mode: decisions are recorded and nothing is changed; GET /status and the page tell what \
             they would save"
        );
    }

    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build();
    let runtime = runtime.context("cannot start the runtime")?;
    let actor = Actor::new(
        config.mode,
        config.actuator.as_ref(),
        config.listen.token.as_ref(),
        config.settings.start_up_s,
        config.journal.as_ref().map(|journal| journal.folder.as_path()),
        metrics.clone(),
        stop.clone(),
    )
    .context("cannot act")?;
    let mut actuator = runtime.spawn(actor.run(decisions));
    let server = Arc::new(Server::new(routes, metrics.clone()));
    let guard = runtime.enter();
    let keda = config.keda.as_ref().zip(asked);
    let keda = keda.map(|(keda, listener)| keda.open(listener, control.clone(), config.mode));
    let keda = keda.transpose().context("cannot answer KEDA: `keda`")?;
    drop(guard);
    let done = runtime.block_on(async {
        if !config.source.is_posted() {
            let lifecycle = Lifecycle::default();
            metrics.read_by(lifecycle.clone());
            tokio::spawn(read(
                Arc::clone(&config.source),
                control.clone(),
                &config.settings,
                last_end,
                lifecycle,
            ));
        }
        if let Some(settings) = config.pool.clone() {
            let lifecycle = Lifecycle::default();
            metrics.pool_by(lifecycle.clone());
            tokio::spawn(look(settings, pool, control.clone(), lifecycle));
        }
        let stale_after = Duration::from_secs(config.settings.stale_after_s.into());
        tokio::spawn(tick(control.clone(), TICK.min(stale_after / 4)));
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let serving = server.clone();
        let accepting = tokio::spawn(async move { serving.accept(listener).await });
        tokio::select! {
            _ = stop.requested() => Ok(accepting),
            _ = &mut actuator => bail!("the control loop ended on its own: please report this"),
        }
    });
    tracing::info!("stopping");
    // The order of the end. Whatever of it hangs, the process ends: see [`Stop::on_signal`]. First no
    // more samples are taken; then what was handed in is decided on, and durable;
    control.close();
    runtime.block_on(control.stop());
    let ended = thread.join();
    // then that is carried out, and a hook that runs is given some time;
    if !actuator.is_finished() {
        runtime.block_on(actuator).context("the actuator ended on its own")?;
    }
    // and until then whoever asks is answered.
    if let Ok(accepting) = &done {
        accepting.abort();
    }
    let patience = stop.left(DRAINED_AFTER).min(DRAIN);
    let ended_well = runtime.block_on(async {
        let keda = async {
            match keda {
                Some(keda) => keda.shut(patience).await,
                None => true,
            }
        };
        tokio::join!(server.drain(patience), keda)
    });
    if ended_well != (true, true) {
        tracing::warn!("connections are still open: closing them");
    }
    runtime.shutdown_timeout(Duration::from_millis(100));
    ended.map_err(|_| anyhow!("the control loop ended on its own: please report this"))?;
    done?;
    tracing::info!("stopped");
    Ok(())
}

async fn tick(control: Handle, every: Duration) {
    let mut ticks = interval(every.max(Duration::from_secs(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        control.tick();
    }
}

/// Has samples read for as long as the agent runs.
fn read(
    source: Arc<dyn Source>,
    control: Handle,
    settings: &Settings,
    last_end: Option<UnixSeconds>,
    lifecycle: Lifecycle,
) -> impl Future<Output = ()> + use<> {
    let interval_s = settings.interval.seconds();
    let told = lifecycle.clone();
    let run =
        move || source.run(&Delivery { inlet: &control, interval_s, last_end, lifecycle: &told });
    supervise("source", lifecycle, run)
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
