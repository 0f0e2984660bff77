//! What of a run the server has, and sending it the rest.

use super::client::{Client, METRICS, Metric};
use crate::config::{Config, MlflowConfig};
use crate::experiment::curves::{Curves, Point};
use crate::experiment::manifest::Manifest;
use crate::experiment::results::{Results, card_metrics};
use crate::experiment::run::Run;
use crate::runtime::files::write_json;
use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fs;

/// What the server has of a run: `mlflow.json` in the run's folder, so that a run that goes on goes on there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Sent {
    /// The server and the run's id there.
    url: String,
    run_id: String,
    /// Whether it has the settings.
    settings: bool,
    /// Rows of the learning curves that it has.
    rows: usize,
}

/// A run on its way to a server.
pub(super) struct Sending {
    client: Client,
    url: String,
    run: Run,
    config: Config,
    /// None before the first answer.
    sent: Option<Sent>,
    /// Whether the server has to be told that a run goes on that had ended for it.
    goes_on: bool,
}

impl Sending {
    /// Goes on where it was left, if the run was told to this server before.
    pub(super) fn new(settings: &MlflowConfig, run: &Run, config: &Config) -> Self {
        let sent = fs::read(run.mlflow()).ok();
        let sent: Option<Sent> = sent.and_then(|json| serde_json::from_slice(&json).ok());
        let sent = sent.filter(|sent| sent.url == settings.url);
        Self {
            client: Client::new(settings),
            url: settings.url.clone(),
            run: run.clone(),
            config: config.clone(),
            goes_on: sent.is_some(),
            sent,
        }
    }

    /// Sends what the server does not have yet.
    pub(super) fn send(&mut self) -> Result<()> {
        let mut sent = match self.sent.take() {
            Some(sent) => sent,
            None => self.begin()?,
        };
        let done = self.rest(&mut sent);
        let done = done.and_then(|()| match self.goes_on {
            true => self.client.status(&sent.run_id, "RUNNING"),
            false => Ok(()),
        });
        self.goes_on &= done.is_err();
        self.sent = Some(sent);
        done
    }

    /// Sends all that is left, and how the run ended.
    pub(super) fn end(&mut self, status: &str) -> Result<()> {
        self.send()?;
        let id = self.sent.as_ref().map_or("", |sent| sent.run_id.as_str());
        if let Ok(json) = fs::read(self.run.metrics()) {
            let results: Results = serde_json::from_slice(&json)
                .with_context(|| format!("reading {}", self.run.metrics().display()))?;
            let figure = |(key, value)| Metric { key, value, step: 0 };
            let figures: Vec<Metric> = card_metrics(&results).into_iter().map(figure).collect();
            figures.chunks(METRICS).try_for_each(|part| self.client.metrics(id, part))?;
        }
        self.client.status(id, status)
    }

    fn begin(&self) -> Result<Sent> {
        let folder = self.run.dir();
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.into()).display().to_string();
        let manifest = Manifest::read(&self.run);
        let began = manifest.as_ref().and_then(|m| m.began.parse::<jiff::Timestamp>().ok());
        let began = began.unwrap_or_else(jiff::Timestamp::now).as_millisecond();
        let name = self.run.dir().file_name().unwrap_or_default().to_string_lossy();
        let report = format!("{folder}/report.html");
        let models = format!("{folder}/models");
        let data = manifest.as_ref().map(|manifest| &manifest.data).into_iter().flatten();
        let data: Vec<String> = data.map(|(name, print)| format!("{name} {print}")).collect();
        let data = data.join(", ");
        let mut tags = vec![("folder", folder.as_str()), ("report", &report), ("models", &models)];
        if let Some(manifest) = &manifest {
            tags.extend([("command", manifest.command.as_str()), ("device", &manifest.device)]);
            tags.extend(
                manifest.commit.as_deref().map(|commit| ("mlflow.source.git.commit", commit)),
            );
            tags.push(("data", &data));
        }
        let run_id = self.client.create(&name, began, &tags)?;
        let sent = Sent { url: self.url.clone(), run_id, ..Sent::default() };
        write_json(&self.run.mlflow(), &sent)?;
        Ok(sent)
    }

    /// Settings and rows of the curves that are not there yet; each part is noted once it is.
    fn rest(&self, sent: &mut Sent) -> Result<()> {
        if !sent.settings {
            let mut settings = Vec::new();
            flatten("", &serde_json::to_value(&self.config)?, &mut settings);
            self.client.settings(&sent.run_id, &settings)?;
            sent.settings = true;
            write_json(&self.run.mlflow(), sent)?;
        }
        // A run that goes on from a checkpoint writes the rows after it again, as they were.
        let points = Curves::read(&self.run.curves())?;
        for part in points.get(sent.rows..).unwrap_or_default().chunks(METRICS) {
            let metric = |point: &Point| Metric {
                key: format!("{}/{}", point.stage.name(), point.name),
                value: point.value,
                step: point.step,
            };
            self.client.metrics(&sent.run_id, &part.iter().map(metric).collect::<Vec<_>>())?;
            sent.rows += part.len();
            write_json(&self.run.mlflow(), sent)?;
        }
        Ok(())
    }
}

/// Settings by their full names.
fn flatten(name: &str, value: &Value, into: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                let name = if name.is_empty() { field.clone() } else { format!("{name}.{field}") };
                flatten(&name, value, into);
            }
        }
        Value::String(text) => into.push((name.into(), text.clone())),
        other => into.push((name.into(), other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_their_full_names() {
        let mut settings = Vec::new();
        flatten("", &serde_json::to_value(Config::default()).unwrap(), &mut settings);
        let value = |name: &str| {
            let found = settings.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_str())
        };
        assert_eq!(value("seed"), Some("42"));
        assert_eq!(value("agent.hidden"), Some("[128,64]"));
        assert_eq!(value("training.device"), Some("auto"));
    }
}
