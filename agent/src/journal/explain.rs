//! A decision in words: from what was proposed, over each constraint, to the number.

use super::basis::basis;
use super::verify::{Checked, Verdict};
use crate::text::{utc, word};
use scaleiq_core::decision::{Decision, Prospect};
use scaleiq_core::policy::{MULTIPLIERS, Preference};
use scaleiq_core::units::UnixSeconds;
use serde_json::{Value, json};
use std::fmt::Write;

/// A moment with its seconds, as `--at` takes it.
#[must_use]
pub fn moment(at: UnixSeconds) -> String {
    format!("{}:{:02}Z", utc(at.0).replace(' ', "T"), at.0.rem_euclid(60))
}

/// Everything about a decision, in some lines.
#[must_use]
pub fn text(checked: &Checked<'_>) -> String {
    let mut out = String::new();
    let mut put = |name: &str, value: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  {name:<9} {value}");
    };
    let context = &checked.run.context;
    let decision = checked.recorded.decision();
    if let Some(decision) = &decision {
        describe(decision, &mut put);
        let made_on = decision.forecast.as_ref();
        if let Some(forecast) = made_on.map(|made_on| basis(made_on, context.settings.interval)) {
            put("forecast", forecast);
        }
    }
    put("inputs", format!("SHA-256 {}", checked.recorded.inputs));
    let sha256 = context.model.sha256.as_deref().unwrap_or("none, since no network decides");
    put("model", format!("{}, SHA-256 {sha256}", context.model.name));
    put("recorded", format!("by version {}, file {}", context.version, checked.place.number));
    put("replayed", verdict(checked));
    for difference in differences(checked) {
        put("", difference);
    }
    let at = moment(checked.recorded.at);
    let head = decision.as_ref().map_or_else(String::new, headline);
    format!("{at}  {head}\n{out}")
}

/// The same for programs.
#[must_use]
pub fn json(checked: &Checked<'_>) -> Value {
    let differs = checked.verdict == Verdict::Differs;
    json!({
        "file": checked.place.number,
        "offset": checked.place.offset,
        "decision": checked.recorded.decision(),
        "input_sha256": checked.recorded.inputs,
        "model": checked.run.context.model,
        "version": checked.run.context.version,
        "verdict": checked.verdict,
        "replayed": checked.made.as_ref().filter(|_| differs),
    })
}

fn headline(decision: &Decision) -> String {
    let (have, jobs) = (decision.current_jobs, decision.jobs);
    let moved =
        if have == jobs { format!("{jobs} jobs") } else { format!("{have} -> {jobs} jobs") };
    format!("{moved}: {}", decision.reason.sentence())
}

fn describe(decision: &Decision, put: &mut impl FnMut(&str, String)) {
    let by = match decision.multiplier {
        Some(x) => format!("{}, x{x} of {}", word(&decision.stage), word(&decision.base)),
        None => word(&decision.stage),
    };
    put("proposed", format!("{} jobs by {by}", decision.proposed));
    if let Some(Preference { multiplier, margin, needed }) = &decision.preference {
        let preferred =
            format!("x{multiplier} was worth {margin:.3} more than x1 to it, asked last");
        put("network", format!("{preferred}; to act it needs more than {needed:.3}"));
    }
    if let Some(values) = &decision.q_values {
        let values = MULTIPLIERS.iter().zip(values).map(|(x, q)| format!("x{x} {q:.3}"));
        put("values", values.collect::<Vec<_>>().join(", "));
    }
    if decision.changes.is_empty() {
        put("guard", "changed nothing".into());
    }
    for (k, change) in decision.changes.iter().enumerate() {
        let name = if k == 0 { "guard" } else { "" };
        put(name, format!("{} {} -> {}", word(&change.by), change.from, change.to));
    }
    put("decided", format!("{} jobs", decision.jobs));
    for (k, doubt) in decision.doubts.iter().enumerate() {
        put(if k == 0 { "doubted" } else { "" }, doubt.sentence().into());
    }
    if let Some(rates) = &decision.outlook {
        put(
            "rates",
            format!(
                "{:.1}/s now, {:.1}/s (90 %: {:.1}/s) when a job started now is up",
                rates.now, rates.lead_q50, rates.lead_q90
            ),
        );
    }
    if let Some([chosen, other]) = &decision.prospects {
        put("expected", prospect(chosen));
        put("instead", prospect(other));
    }
}

fn prospect(p: &Prospect) -> String {
    let late = match f64::from(p.late) * 100.0 {
        late if late < 0.001 => "< 0.001".into(),
        late => format!("{late:.3}"),
    };
    format!("{} jobs, {:.2} x those kept busy, {late} % risk to break the SLA", p.jobs, p.cost)
}

fn verdict(checked: &Checked<'_>) -> String {
    match checked.verdict {
        Verdict::Same => "the same to the bit".into(),
        Verdict::OtherInputs => "the recorded inputs are not those of the recorded hash".into(),
        Verdict::Unknown(why) => format!("not possible: {why}"),
        Verdict::Differs if checked.run.context.version != env!("CARGO_PKG_VERSION") => {
            format!("DIFFERS; this is version {}", env!("CARGO_PKG_VERSION"))
        }
        Verdict::Differs => "DIFFERS".into(),
    }
}

/// What is another value now: field, recorded, made.
fn differences(checked: &Checked<'_>) -> Vec<String> {
    if checked.verdict != Verdict::Differs {
        return Vec::new();
    }
    let Some(recorded) = checked.recorded.decision() else {
        return vec!["this version describes decisions otherwise".into()];
    };
    let as_json = |decision: Option<&Decision>| json!(decision);
    let (old, new) = (as_json(Some(&recorded)), as_json(checked.made.as_ref()));
    let fields = old.as_object().into_iter().flatten();
    let fields = fields.filter(|(field, value)| new.get(field) != Some(value));
    let told = fields.map(|(field, value)| {
        let now = new.get(field).cloned().unwrap_or(Value::Null);
        format!("{field} was {value}, is {now}")
    });
    told.collect()
}
