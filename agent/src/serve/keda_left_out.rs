//! Stands in for the KEDA endpoint in a program that was built without gRPC.

use super::Served;
use crate::config::Fields;
use crate::telemetry::ConnectionMetrics;
use std::convert::Infallible;
use std::io;
use std::net::TcpListener;
use std::time::Duration;

/// There is none.
#[derive(Clone, Debug)]
pub struct Keda(Infallible);

/// There is none.
#[derive(Debug)]
pub struct Opened(Infallible);

impl Keda {
    /// Says that it is left out.
    pub fn fields(f: &mut Fields<'_>) -> Option<Self> {
        f.problem(f.place(), "`keda` is left out of this program: it was built without `grpc`");
        None
    }

    /// There is none.
    #[must_use]
    pub fn describe(&self) -> String {
        match self.0 {}
    }

    /// There is none.
    ///
    /// # Errors
    /// None.
    pub fn check(&self) -> Result<(), String> {
        match self.0 {}
    }

    /// There is none.
    ///
    /// # Errors
    /// None.
    pub fn bind(&self) -> anyhow::Result<TcpListener> {
        match self.0 {}
    }

    /// There is none.
    ///
    /// # Errors
    /// None.
    pub fn open(&self, _: TcpListener, _: &[Served], _: &ConnectionMetrics) -> io::Result<Opened> {
        match self.0 {}
    }
}

impl Opened {
    /// There is none.
    pub async fn shut(self, _: Duration) -> bool {
        match self.0 {}
    }
}
