//! The life of the process beside its workers: starts every part, and ends them in order.

use super::Config;
use super::running::Running;
use crate::platform::stop::Stop;
use crate::serve::{Access, Keda, Server, router};
use crate::telemetry::ConnectionMetrics;
use anyhow::{Context, bail};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// Open connections get this long to end,
const DRAIN: Duration = Duration::from_secs(2);
/// and no longer than until so long after the agent was asked to.
const DRAINED_AFTER: Duration = Duration::from_millis(4000);

/// Runs what is configured until `stop` is requested.
///
/// # Errors
/// If a model, a journal or the address cannot be used, or a part ends on its own.
pub fn run(config: Config, stop: &Stop) -> anyhow::Result<()> {
    let listener = config.listen.bind()?;
    let address = listener.local_addr()?;
    let asked = config.keda.as_ref().map(Keda::bind).transpose()?;
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build();
    let runtime = runtime.context("cannot start the runtime")?;
    let entered = runtime.enter();
    let are_several = config.workloads.len() > 1;
    let (mut workloads, mut actors) = (Vec::new(), JoinSet::new());
    for workload in config.workloads {
        let name = workload.name.clone();
        let token = config.listen.token.as_ref();
        let (running, actor) = Running::start(workload, are_several, token, stop)
            .with_context(|| format!("workload {name}"))?;
        workloads.push(running);
        actors.spawn(actor);
    }
    let served: Vec<_> = workloads.iter().map(|workload| workload.served.clone()).collect();
    let keda = config.keda.as_ref().zip(asked);
    let connections = ConnectionMetrics::default();
    let keda = keda.map(|(keda, listener)| keda.open(listener, &served, &connections));
    let keda = keda.transpose().context("cannot answer KEDA: `keda`")?;
    let access = Access::new(address, config.listen.token.clone());
    let routes = router(served, connections.clone(), access);
    let server = Arc::new(Server::new(routes, connections));
    match workloads.as_slice() {
        [workload] => tracing::info!("listening on http://{address}, {}", workload.about),
        _ => {
            for workload in &workloads {
                tracing::info!("workload {}: {}", workload.name, workload.about);
            }
            tracing::info!("listening on http://{address}, {} workloads", workloads.len());
        }
    }
    let done = runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let serving = server.clone();
        let accepting = tokio::spawn(async move { serving.accept(listener).await });
        tokio::select! {
            _ = stop.requested() => Ok(accepting),
            _ = actors.join_next() => bail!("a control loop ended on its own: please report this"),
        }
    });
    tracing::info!("stopping");
    // The order of the end. Whatever of it hangs, the process ends: see [`Stop::on_signal`]. First no
    // more samples are taken; then what was handed in is decided on, and durable;
    workloads.iter().for_each(|workload| workload.control.close());
    for workload in &workloads {
        runtime.block_on(workload.control.stop());
    }
    let ended: Vec<_> = workloads.into_iter().map(Running::join).collect();
    // then that is carried out, and a hook that runs is given some time;
    while let Some(acted) = runtime.block_on(actors.join_next()) {
        acted.context("the actuator ended on its own")?;
    }
    // and until then whoever asks is answered.
    if let Ok(accepting) = &done {
        accepting.abort();
    }
    let time_limit = stop.left(DRAINED_AFTER).min(DRAIN);
    let ended_well = runtime.block_on(async {
        let keda = async {
            match keda {
                Some(keda) => keda.shut(time_limit).await,
                None => true,
            }
        };
        tokio::join!(server.drain(time_limit), keda)
    });
    if ended_well != (true, true) {
        tracing::warn!("connections are still open: closing them");
    }
    drop(entered);
    runtime.shutdown_timeout(Duration::from_millis(100));
    ended.into_iter().collect::<anyhow::Result<()>>()?;
    done?;
    tracing::info!("stopped");
    Ok(())
}
