//! `agent check`: is a configuration sound, before anything is started?

use crate::app::{Components, Config, WorkloadConfig};
use crate::device::{Client, Timeouts};
use crate::error::UsageError;
use crate::text::{grouped, say};
use scaleiq_core::forecast::STEPS;
use scaleiq_core::interval::IntervalLength;
use scaleiq_core::policy::NetworkRole;
use scaleiq_core::units::Objective;
use scaleiq_core::wire::Status;
use std::fmt::Write;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  agent check --config scaleiq.yaml && agent run --config scaleiq.yaml
Exit code 2 and file:line:column with what to do, if anything is wrong.";

/// Options of `agent check`.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct CheckArgs {
    /// Configuration.
    #[arg(long, short, value_name = "FILE")]
    config: PathBuf,
}

/// Checks the configuration, loads its model or asks its device, and looks for its files.
///
/// # Errors
/// A [`UsageError`] with everything that is wrong.
pub fn run(args: &CheckArgs, components: &Components) -> anyhow::Result<()> {
    let config = Config::load(&args.config, components)?;
    for workload in &config.workloads {
        check(workload, &args.config)?;
    }
    if let Some(keda) = &config.keda {
        let unusable = |what| UsageError(format!("{}: {what}", args.config.display()));
        keda.check().map_err(unusable)?;
        say(&format!("{:<10} {}", "keda", keda.describe()));
    }
    let token = if config.listen.token.is_some() { "with" } else { "without" };
    say(&format!("{:<10} {}, {token} a token", "listen", config.listen.address));
    say(&format!("ok: {} is sound", args.config.display()));
    Ok(())
}

/// Checks one workload of `file`, and says what it is.
fn check(config: &WorkloadConfig, file: &Path) -> anyhow::Result<()> {
    let usage = |what: String| UsageError(format!("{}: {what}", file.display()));
    let (decider, model) =
        config.open_here().map_err(|error| usage(format!("`model`: {error:#}")))?;
    let device = match &config.decider.device {
        // It is asked how it is, and not given its settings: an agent may be using it.
        Some(port) => {
            let status = Client::look(port, Timeouts::default());
            Some(status.map_err(|error| usage(format!("`serial`: {error}")))?)
        }
        None => None,
    };
    config.actuator.check().map_err(usage)?;
    let role = device.as_ref().map_or(decider.network_role(), |status| status.network_role);
    say(summary(config, &model.name, role, device.as_ref()).trim_end());
    for note in notes(config) {
        say(&format!("note: {note}"));
    }
    Ok(())
}

/// What is sound and may not be meant.
fn notes(config: &WorkloadConfig) -> Vec<String> {
    let settings = &config.settings;
    let mut notes: Vec<String> = config.source.note().into_iter().collect();
    if config.decider.device.is_some() && settings.objective != Objective::DEFAULT {
        notes.push("a device is not told the `objective`: it keeps to 0.999".into());
    }
    let (min, max) = (settings.limits.min(), settings.limits.max());
    if min == max {
        notes.push(format!("`jobs.min` and `jobs.max` are both {min}: nothing is left to decide"));
    }
    if min.0 == 0 {
        notes.push(format!(
            "`jobs.min` is 0: the first event after a quiet time waits until a job is up, about {} s",
            settings.start_up_s
        ));
    }
    let (interval_s, stale_s) = (settings.interval.seconds(), settings.stale_after_s);
    let ahead_s = STEPS as u32 * interval_s;
    if settings.start_up_s > ahead_s as f32 {
        notes.push(format!(
            "jobs start in {} s, and forecasts reach {ahead_s} s ahead: a rise that comes sooner \
             breaks the SLA, whatever is decided",
            settings.start_up_s
        ));
    }
    let window_s = settings.scale_down_window_s;
    if interval_s < IntervalLength::TWO_MINUTES.seconds() && window_s > interval_s {
        notes.push(format!(
            "`scale_down_window_s` is {window_s}, `interval_s` {interval_s}: where traffic rises and falls within \
             minutes, the number stays near the peak; a window of one interval follows it"
        ));
    }
    if stale_s < interval_s {
        notes.push(format!(
            "`stale_after_s` is {stale_s}: samples have to come more often than that, or nothing is \
             decided"
        ));
    }
    notes
}

fn summary(
    config: &WorkloadConfig,
    model: &str,
    role: NetworkRole,
    device: Option<&Status>,
) -> String {
    let s = &config.settings;
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name:<10} {value}");
    };
    line("name", config.name.clone());
    line("jobs", format!("{} to {}", s.limits.min(), s.limits.max()));
    line(
        "SLA",
        format!(
            "{} % of the work begins within {} s; jobs start in {} s",
            s.objective.percent(),
            s.sla_s,
            s.start_up_s
        ),
    );
    let model = match device {
        Some(status) => format!("pack {:08x}", status.pack_crc),
        None => model.into(),
    };
    line(
        "model",
        format!("{model} ({}); {} s intervals", config.decider.origin(), s.interval.seconds()),
    );
    line("network", role.sentence().into());
    if let Some(status) = device {
        line(
            "device",
            format!("{} samples taken, {} resets", grouped(status.epoch as f64), status.resets),
        );
    }
    line("source", config.source.describe());
    if let Some(pool) = &config.pool {
        line("pool", pool.describe());
    }
    line("actuator", config.actuator.describe());
    if let events @ 1.. = config.planned.events.len() {
        let untold = if device.is_some() { ", of which the device is not told" } else { "" };
        line("planned", format!("{events} holidays and campaigns{untold}"));
    }
    if let Some(journal) = &config.journal {
        let mib = journal.limits.file_bytes >> 20;
        let most = format!("up to {} files of {mib} MiB", journal.limits.files);
        line("journal", format!("{}, {most}", journal.folder.display()));
    }
    line("mode", config.mode.word().into());
    text
}
