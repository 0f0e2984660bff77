//! How many jobs there are, as a Prometheus server knows it.

use super::{PoolProbe, PoolReading, PoolSettings, PoolVariant};
use crate::config::Text;
use crate::observe::probe::{Answer, ProbeError};
use crate::observe::promql::Server;
use crate::platform::http::HttpSettings;
use scaleiq_core::units::Jobs;
use std::io;
use std::sync::Arc;

/// `pool: {type: prometheus}`.
pub const PROMETHEUS: PoolVariant = PoolVariant {
    word: "prometheus",
    about: "a Prometheus server is asked in PromQL",
    example: "{type: prometheus, url: \"http://prometheus:9090\", ready: 'sum(up{job=\"worker\"})'}",
    fields: |f| {
        let http = HttpSettings::fields(f, "the server: http://prometheus:9090");
        let about = "query for the jobs that work: sum(up{job=\"worker\"})";
        let ready = f.required("ready", about, Text);
        let wanted = f.optional("wanted", "query for the jobs that were asked for", Text);
        let wanted = wanted.map(|given| given.value);
        Some(Arc::new(Prometheus { http: http?, ready: ready?.value, wanted }))
    },
};

/// Whom to ask, and for what.
#[derive(Clone, Debug)]
struct Prometheus {
    http: HttpSettings,
    ready: String,
    wanted: Option<String>,
}

impl PoolSettings for Prometheus {
    fn describe(&self) -> String {
        format!("`{}` of {}", self.ready, self.http.url())
    }

    fn probe(&self) -> io::Result<Box<dyn PoolProbe>> {
        let server = Server::new(self.http.client()?);
        Ok(Box::new(Asked { server, settings: self.clone() }))
    }
}

#[derive(Debug)]
struct Asked {
    server: Server,
    settings: Prometheus,
}

impl Asked {
    async fn reading(&self) -> Result<PoolReading, ProbeError> {
        let ready = self.jobs(&self.settings.ready).await?;
        let wanted = match &self.settings.wanted {
            Some(query) => self.jobs(query).await?,
            None => ready,
        };
        Ok(PoolReading { ready, starting: Jobs(wanted.0.saturating_sub(ready.0)) })
    }

    async fn jobs(&self, query: &str) -> Result<Jobs, ProbeError> {
        let jobs = self.server.now(query).await?;
        let jobs = jobs.ok_or_else(|| ProbeError::Absent(format!("`{query}` gives nothing")))?;
        // What does not fit into a u32 becomes its largest.
        Ok(Jobs(jobs.round() as u32))
    }
}

impl PoolProbe for Asked {
    fn read(&mut self) -> Answer<'_, PoolReading> {
        Box::pin(self.reading())
    }
}
