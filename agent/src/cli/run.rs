//! `agent run`: the life of the process beside a worker.

use crate::actuate::Actor;
use crate::app::{Components, Config};
use crate::decide::{Brain, Deputed, Mode, ModelChoice, ModelId, warn_if_idle};
use crate::journal::{Journal, Past, Resumed, Terms, resume};
use crate::observe::Source;
use crate::observe::source::Delivery;
use crate::platform::clock::Clock;
use crate::platform::stop::Stop;
use crate::platform::supervise::{Lifecycle, supervise};
use crate::serve::dashboard::{About, DashboardState};
use crate::serve::{Access, Api, Server, Watch, router};
use crate::telemetry::Metrics;
use crate::workload::{Audience, Beginning, Control, Handle, Started};
use anyhow::{Context, anyhow, bail};
use scaleiq_core::settings::Settings;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// Open connections get this long to end,
const DRAIN: Duration = Duration::from_secs(2);
/// and no longer than until so long after the agent was asked to.
const DRAINED_AFTER: Duration = Duration::from_millis(4000);
/// Longest time between two looks at the clock.
const TICK: Duration = Duration::from_secs(15);

const EXAMPLES: &str = "\
Examples:
  agent run --config scaleiq.yaml
  agent run                                  defaults: samples by POST /ingest, shadow mode
  curl -d '{\"time\": 1751328030, \"interval_s\": 30, \"logged_events\": 812, ...}' \\
       http://127.0.0.1:9184/ingest
                                             also arrays, {\"samples\": [...]}, JSON lines and gzip;
                                             the answer tells what was not taken. Several senders:
                                             \"source\": \"pod-1\" in each sample, or ?source=pod-1
                                             The columns of the CSV (\"DateTime\", \"avg_...\") do, too:
                                             without jobs_ready the jobs decided last count
  curl http://127.0.0.1:9184/predict           quantiles of the next 24 intervals
  curl --data-binary @rows.csv http://127.0.0.1:9184/predict
                                             the same from these rows alone: CSV, JSON or JSON lines
  curl http://127.0.0.1:9184/decide            how many jobs, and why (POST does, too)
  curl http://127.0.0.1:9184/status            SLA, waits, cost and savings; how forecasts did
  curl http://127.0.0.1:9184/metrics           Prometheus' text or OpenMetrics; /healthz and /readyz for probes
The dashboard is at http://127.0.0.1:9184/. Off loopback all but the probes need the token: -H
'Authorization: Bearer TOKEN', or in a browser as the password of any user.

An exec hook finds SCALEIQ_JOBS, SCALEIQ_HAVE and SCALEIQ_REASON in its environment, SCALEIQ_ID, which
grows with each order, and SCALEIQ_TERM, which grows with each start of the agent: an order with a lower
id than one before is an older one. All processes of a hook's group end with it.
SIGTERM or Ctrl-C ends the agent within 5 s, whatever hooks, stdout or clients do; SIGHUP ends and
reloads nothing. A model that cannot be
used is done without.";

/// Options of `agent run`.
#[derive(clap::Args, Debug, Default)]
#[command(after_help = EXAMPLES)]
pub struct RunArgs {
    /// Configuration; without one: 1 to 200 jobs, SLA 60 s, start-up 60 s, samples by POST.
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Runs until told to stop.
///
/// # Errors
/// If the configuration, the model or the address cannot be used, or a part ends on its own.
pub fn run(args: &RunArgs, components: &Components) -> anyhow::Result<()> {
    let stop = Stop::on_signal().context("cannot wait for signals")?;
    let mut config = Config::load_or_default(args.config.as_deref(), components)?;
    let listener = listen(config.listen.address)?;
    let address = listener.local_addr()?;
    let configured = config.decider.model.clone();
    let (brain, model, recorded) = open(&mut config)?;
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
    let clock = Clock::after(past.as_ref().map(|past| past.sample.end));
    let Started { handle: control, decisions, thread } = Control::start(Beginning {
        brain,
        settings: config.settings,
        model: model.clone(),
        journal,
        past,
        trust: config.trust,
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
    let done = runtime.block_on(async {
        if !config.source.is_posted() {
            let lifecycle = Lifecycle::default();
            metrics.read_by(lifecycle.clone());
            tokio::spawn(read(
                Arc::clone(&config.source),
                control.clone(),
                &config.settings,
                lifecycle,
            ));
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
    if !runtime.block_on(server.drain(patience)) {
        tracing::warn!("connections are still open: closing them");
    }
    runtime.shutdown_timeout(Duration::from_millis(100));
    ended.map_err(|_| anyhow!("the control loop ended on its own: please report this"))?;
    done?;
    tracing::info!("stopped");
    Ok(())
}

/// What a run begins with: what decides, and the journal with what is in it.
type Begin = (Box<dyn Brain>, ModelId, (Option<Journal>, Option<Past>));

/// Opens the model, and has it learn again what the journal knows. A device is told nothing of that:
/// it keeps what it learned for as long as it has power, and its line is too slow for weeks.
fn open(config: &mut Config) -> anyhow::Result<Begin> {
    let device = config.connect()?;
    let (mut brain, mut model) = open_model(config)?;
    let shadow = config.mode == Mode::Shadow;
    brain.set_shadow(shadow);
    if let Some(client) = &device {
        model = ModelId::device(&client.port().path, client.pack_crc());
    }
    let mut recorded = (None, None);
    if let Some(journal) = &config.journal {
        let terms = Terms::new(model.clone(), config.settings, config.planned.clone(), shadow);
        let mut first = Some(brain);
        let open = || match first.take() {
            Some(brain) => Ok(brain),
            None => config.open_here().map(|(brain, _)| brain),
        };
        let Resumed { brain: resumed, journal, past } = resume(journal, terms, open)?;
        brain = resumed;
        recorded = (Some(journal), past);
    }
    if let Some(client) = device {
        brain = Box::new(Deputed::new(client, brain));
    }
    Ok((brain, model, recorded))
}

/// Opens the model or, if it cannot be used, decides without networks (promise S-6): an agent that does
/// not start scales nothing.
fn open_model(config: &mut Config) -> anyhow::Result<(Box<dyn Brain>, ModelId)> {
    config.open_here().or_else(|error| {
        tracing::error!(
            "{error:#}. Decisions are made WITHOUT networks, by the plan on the experts' forecasts, until \
             the agent is restarted with a sound model; `agent check` tells whether it is"
        );
        config.decider.model = ModelChoice::None;
        config.open_here()
    })
}

fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = match TcpListener::bind(address) {
        Ok(listener) => listener,
        Err(error) if error.kind() == ErrorKind::AddrInUse => bail!(
            "cannot listen on {address}: the address is in use, perhaps by another agent. Stop it, \
             or set another one in the configuration, such as `listen: 127.0.0.1:9185`"
        ),
        Err(error) => {
            bail!("cannot listen on {address}: {error}; set `listen` in the configuration")
        }
    };
    listener.set_nonblocking(true)?;
    Ok(listener)
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
    lifecycle: Lifecycle,
) -> impl Future<Output = ()> + use<> {
    let interval_s = settings.interval.seconds();
    let told = lifecycle.clone();
    let run = move || source.run(&Delivery { inlet: &control, interval_s, lifecycle: &told });
    supervise("source", lifecycle, run)
}
