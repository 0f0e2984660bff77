//! A configuration as it is written: every field optional, every value with its place.

use crate::decide::Mode;
use scaleiq_core::settings::Base;
use serde::Deserialize;
use serde_saphyr::Spanned;

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) name: Option<Spanned<String>>,
    pub(super) jobs: Option<Spanned<JobsSection>>,
    pub(super) partitions: Option<Spanned<u32>>,
    pub(super) sla_s: Option<Spanned<f64>>,
    pub(super) objective: Option<Spanned<f64>>,
    pub(super) start_up_s: Option<Spanned<f64>>,
    pub(super) interval_s: Option<Spanned<u32>>,
    pub(super) base: Option<Base>,
    pub(super) catch_up_s: Option<Spanned<f64>>,
    pub(super) stale_after_s: Option<Spanned<u32>>,
    pub(super) scale_down_window_s: Option<Spanned<u32>>,
    pub(super) model: Option<Spanned<String>>,
    pub(super) engine: Option<Spanned<Decider>>,
    pub(super) serial: Option<Spanned<SerialSection>>,
    pub(super) source: Option<Spanned<SourceSection>>,
    pub(super) actuator: Option<Spanned<ActuatorSection>>,
    pub(super) mode: Option<Mode>,
    pub(super) listen: Option<Spanned<String>>,
    pub(super) token: Option<Spanned<String>>,
    pub(super) planned: Option<Vec<Spanned<PlannedEntry>>>,
    pub(super) seasons_s: Option<Spanned<Vec<Spanned<u32>>>>,
    pub(super) journal: Option<Spanned<JournalSection>>,
    pub(super) price: Option<Spanned<PriceSection>>,
}

/// What decides: an engine of this program, or a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Decider {
    Tract,
    TractF32,
    TractInt8,
    Native,
    Serial,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SerialSection {
    pub(super) port: Option<Spanned<String>>,
    pub(super) baud: Option<Spanned<u32>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JobsSection {
    pub(super) min: Option<Spanned<u32>>,
    pub(super) max: Option<Spanned<u32>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SourceSection {
    #[serde(rename = "type")]
    pub(super) kind: SourceKind,
    pub(super) path: Option<Spanned<String>>,
    pub(super) clock: Option<ClockKind>,
}

/// Whose clock places samples in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ClockKind {
    Receiver,
    Sender,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SourceKind {
    Http,
    Jsonl,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ActuatorSection {
    #[serde(rename = "type")]
    pub(super) kind: ActuatorKind,
    pub(super) command: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) timeout_s: Option<Spanned<f64>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JournalSection {
    pub(super) folder: Option<Spanned<String>>,
    pub(super) file_mib: Option<Spanned<u32>>,
    pub(super) files: Option<Spanned<u32>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PriceSection {
    pub(super) job_hour: Option<Spanned<f64>>,
    pub(super) currency: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlannedEntry {
    pub(super) kind: PlannedKind,
    pub(super) from: Spanned<String>,
    pub(super) to: Spanned<String>,
    pub(super) size: Option<Spanned<f64>>,
}

/// In the order of [`scaleiq_core::forecast::PLAN_NAMES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PlannedKind {
    Holiday,
    Campaign,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ActuatorKind {
    Exec,
    Stdout,
    DryRun,
}
