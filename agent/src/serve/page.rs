//! Serves the demo's page on a thread of its own, and listens for Ctrl-C.

use crate::serve::dashboard::{DashboardState, assets, page};
use anyhow::{Context, bail};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Takes the address, so that a port in use is noticed before anything else is done.
///
/// # Errors
/// If the address is not this machine's own or cannot be taken.
pub fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    if !address.ip().is_loopback() {
        bail!(
            "the demo's page is for this machine only and {address} is not: use a loopback \
             address, such as --listen 127.0.0.1:{}",
            address.port()
        );
    }
    let listener = TcpListener::bind(address).map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "{address} is already in use: choose another with --listen, such as \
             --listen 127.0.0.1:{}, or run without a page: --no-page",
            if address.port() < u16::MAX { address.port() + 1 } else { 9185 }
        ),
        _ => anyhow::anyhow!("cannot listen on {address}: {error}"),
    })?;
    listener.set_nonblocking(true).context("cannot prepare the page's socket")?;
    Ok(listener)
}

/// Starts the thread. The flag that it gives back is raised by Ctrl-C.
///
/// # Errors
/// If the system gives no thread.
pub fn start(
    listener: Option<TcpListener>,
    state: DashboardState,
) -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&stop);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the page's runtime")?;
    std::thread::Builder::new()
        .name("page".into())
        .spawn(move || {
            runtime.block_on(async {
                if let Some(listener) = listener {
                    tokio::spawn(serve(listener, state));
                }
                // Without a signal handler Ctrl-C simply ends the program.
                if tokio::signal::ctrl_c().await.is_ok() {
                    raised.store(true, Ordering::Relaxed);
                }
                std::future::pending::<()>().await;
            });
        })
        .context("cannot start the page's thread")?;
    Ok(stop)
}

async fn serve(listener: TcpListener, state: DashboardState) {
    let served = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => axum::serve(listener, page(state).merge(assets())).await,
        Err(error) => Err(error),
    };
    if let Err(error) = served {
        eprintln!("the page is gone: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_named_with_a_way_out() {
        let first = bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let address = first.local_addr().unwrap();
        let error = bind(address).unwrap_err().to_string();
        assert!(error.contains(&address.to_string()) && error.contains("--listen"), "{error}");
    }

    #[test]
    fn the_world_is_kept_out() {
        let error = bind(SocketAddr::from(([0, 0, 0, 0], 9185))).unwrap_err().to_string();
        assert!(error.contains("127.0.0.1:9185"), "{error}");
    }
}
