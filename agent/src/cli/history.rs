//! Where the history of a backtest comes from: a file, or a server that is asked.

use crate::error::UsageError;
use anyhow::{Context, anyhow};
use scaleiq_workload::{ReadOptions, Series};
use std::path::PathBuf;

#[cfg(feature = "http")]
use crate::{
    cli::span::parse_span,
    config::Secret,
    lab::backtest::asked::{self, Queries},
    observe::promql::Server,
    platform::http::{HttpSettings, Url},
};
#[cfg(feature = "http")]
use std::time::Duration;

/// Options that name a history.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct HistoryArgs {
    /// The history: a file with times and the events that arrived, as Grafana, Prometheus,
    /// CloudWatch, InfluxDB, Kibana, Excel and others export it; columns `holiday` and `campaign`
    /// say what was planned.
    #[arg(long, value_name = "FILE")]
    #[cfg_attr(feature = "http", arg(required_unless_present = "prometheus"))]
    #[cfg_attr(not(feature = "http"), arg(required = true))]
    data: Option<PathBuf>,
    #[cfg(feature = "http")]
    #[command(flatten)]
    asked: AskedArgs,
    #[command(flatten)]
    reading: ReadOptions,
}

/// Options of a history that is asked for.
#[cfg(feature = "http")]
#[derive(clap::Args, Clone, Debug)]
struct AskedArgs {
    /// Instead of a file: a Prometheus server that holds the history, or what speaks its API.
    #[arg(long, value_name = "URL", value_parser = address, conflicts_with = "data", requires = "query")]
    prometheus: Option<Url>,
    /// Events a second that arrived, in PromQL: one series, such as 'sum(rate(NAME[2m]))'.
    #[arg(long, value_name = "PROMQL", requires = "prometheus")]
    query: Option<String>,
    /// Mean work of an event in milliseconds, in PromQL.
    #[arg(long, value_name = "PROMQL", requires = "prometheus")]
    work_query: Option<String>,
    /// Events that waited, in PromQL.
    #[arg(long, value_name = "PROMQL", requires = "prometheus")]
    backlog_query: Option<String>,
    /// How far back is asked.
    #[arg(long, value_name = "TIME", default_value = "28d", value_parser = parse_span)]
    last: Duration,
    /// The variable of the environment that holds a bearer token for the server.
    #[arg(long, value_name = "NAME", requires = "prometheus")]
    token_env: Option<String>,
}

impl HistoryArgs {
    /// What people call it.
    pub(super) fn name(&self) -> String {
        #[cfg(feature = "http")]
        if let (Some(server), Some(query)) = (&self.asked.prometheus, &self.asked.query) {
            return format!("{query} of {server}");
        }
        let name = self.data.as_ref().and_then(|path| path.file_name());
        name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    /// Reads it, and says on stderr what was noticed.
    ///
    /// # Errors
    /// Whatever is wrong with a file, with its line and column; what a server answers; a [`UsageError`] if an option
    /// names what is not there.
    pub(super) fn series(&self) -> anyhow::Result<Series> {
        #[cfg(feature = "http")]
        let asked = self.asked.series().transpose()?;
        #[cfg(not(feature = "http"))]
        let asked = None;
        let series = match asked {
            Some(series) => series,
            None => self.read()?,
        };
        for note in &series.notes {
            eprintln!("note: {note}");
        }
        Ok(series)
    }

    fn read(&self) -> anyhow::Result<Series> {
        let path = self.data.as_ref().context("--data is needed")?;
        Series::read_csv_with(path, &self.reading).map_err(|error| {
            if error.is_usage() { UsageError(error.to_string()).into() } else { anyhow!(error) }
        })
    }
}

#[cfg(feature = "http")]
impl AskedArgs {
    /// What the server answers; `None` if there is none.
    fn series(&self) -> Option<anyhow::Result<Series>> {
        let (server, query) = (self.prometheus.clone()?, self.query.clone()?);
        let queries = Queries {
            arrived: query,
            work_ms: self.work_query.clone(),
            waiting: self.backlog_query.clone(),
        };
        Some(self.ask(server, &queries))
    }

    fn ask(&self, server: Url, queries: &Queries) -> anyhow::Result<Series> {
        let settings = HttpSettings::of(server, self.token()?);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let server = Server::new(settings.client()?);
            asked::ask(&server, queries, i64::try_from(self.last.as_secs())?).await
        })
    }

    fn token(&self) -> anyhow::Result<Option<Secret>> {
        let Some(name) = &self.token_env else { return Ok(None) };
        let missing = || UsageError(format!("--token-env: there is no variable {name}"));
        let token = std::env::var(name).map_err(|_| missing())?;
        Ok(Some(Secret::new(token)))
    }
}

/// The address of a server.
#[cfg(feature = "http")]
fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|why| format!("no address: {why}"))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        _ => Err("it begins with neither http:// nor https://".into()),
    }
}
