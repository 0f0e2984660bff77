//! The agent as an external scaler of KEDA: how many jobs should run, for whoever asks as KEDA does.

mod contract;
mod instruction;
mod scaler;

use crate::config::Fields;
use crate::platform::door::{self, Door, Opened};
use crate::serve::Served;
use crate::telemetry::ConnectionMetrics;
use contract::external_scaler_server::ExternalScalerServer;
use scaler::Scaler;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use tonic::service::Routes;

/// Where KEDA is answered if nothing else is set.
const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 6000);
/// Largest question: a ScaledObject's name, and the metadata of its trigger.
const MAX_BYTES: usize = 64 << 10;

/// Where KEDA is answered, and who may ask.
#[derive(Clone, Debug)]
pub struct Keda(Door);

impl Keda {
    /// The settings of `keda`.
    pub fn fields(f: &mut Fields<'_>) -> Option<Self> {
        let about = "address at which KEDA asks (`scalerAddress`); off loopback `tls` is needed";
        let [door] = Door::fields(f, [("listen", about, ADDRESS)]);
        Some(Self(door))
    }

    /// Returns where it is and who may ask, for people.
    #[must_use]
    pub fn describe(&self) -> String {
        self.0.describe()
    }

    /// Returns whether its certificates can be used.
    ///
    /// # Errors
    /// Which cannot, and why.
    pub fn check(&self) -> Result<(), String> {
        self.0.check().map_err(|error| format!("`keda.tls`: {error}"))
    }

    /// Takes the address.
    ///
    /// # Errors
    /// If it cannot be taken, with what to do.
    pub fn bind(&self) -> anyhow::Result<TcpListener> {
        self.0.bind("keda.listen")
    }

    /// Answers at `listener` what is decided for `workloads`, within a tokio runtime, and counts it.
    ///
    /// # Errors
    /// If a certificate cannot be used.
    pub fn open(
        &self,
        listener: TcpListener,
        workloads: &[Served],
        metrics: &ConnectionMetrics,
    ) -> io::Result<Opened> {
        tracing::info!("KEDA is answered on {}", listener.local_addr()?);
        door::open(&self.0, listener, |stopping| {
            let scaler = Scaler::new(workloads, metrics.clone(), stopping);
            Routes::new(ExternalScalerServer::new(scaler).max_decoding_message_size(MAX_BYTES))
        })
    }
}
