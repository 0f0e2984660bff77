//! The backtest as one self-contained page.

use super::play::{FORESIGHT, Outcome};
use super::recorder::WAITS_S;
use crate::lab::decisions::escaped;
use crate::text::{saving, word};
use serde_json::{Value, json};

const PAGE: &str = include_str!("../../../assets/report.html");
const STYLES: [&str; 3] = [
    include_str!("../../../assets/vendor/uplot/uPlot.min.css"),
    include_str!("../../../assets/base.css"),
    include_str!("../../../assets/report.css"),
];
const SCRIPTS: [&str; 6] = [
    include_str!("../../../assets/vendor/uplot/uPlot.iife.min.js"),
    include_str!("../../../assets/legend.js"),
    include_str!("../../../assets/charts.js"),
    include_str!("../../../assets/hours.js"),
    include_str!("../../../assets/tradeoff.js"),
    include_str!("../../../assets/report.js"),
];

/// What a page says about the run.
#[derive(Clone, Debug, Default)]
pub struct Heading {
    /// Name of the file that was replayed.
    pub data: String,
    /// Name of the model.
    pub model: String,
    /// Whether the model has seen this history, in a sentence.
    pub seen: Option<String>,
    /// Days that were scored.
    pub days: f64,
    /// Days before them.
    pub warm_days: f64,
    /// Longest wait that is in time.
    pub sla_s: u32,
    /// Median seconds until a job works.
    pub start_up_s: f32,
    /// Fewest and most jobs.
    pub limits: (u32, u32),
    /// Jobs that carry all but the rarest peaks.
    pub static_jobs: u32,
    /// What a job costs an hour, and in what.
    pub price: Option<(f32, String)>,
}

/// Days of a month.
const MONTH: f64 = 365.25 / 12.0;
/// A pool of no more jobs cannot be made much smaller.
const SMALL_POOL: u32 = 3;

impl Heading {
    /// What so many job-hours come to in a month, if a price is known.
    #[must_use]
    pub fn per_month(&self, job_hours: f64) -> Option<f64> {
        let (price, _) = self.price.as_ref()?;
        Some(job_hours / self.days.max(1e-9) * MONTH * f64::from(*price))
    }

    /// What to do where the traffic is too small to tell policies apart.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        (self.static_jobs <= SMALL_POOL).then(|| {
            format!(
                "This traffic keeps {} busy at its peak, so policies hardly differ. \
                 If it is a part of yours, or a sample, scale it: --peak-jobs 40.",
                if self.static_jobs == 1 {
                    "one job".into()
                } else {
                    format!("{} jobs", self.static_jobs)
                }
            )
        })
    }
}

/// The page.
///
/// # Errors
/// If a figure cannot be written as JSON.
pub fn page(heading: &Heading, outcome: &Outcome) -> Result<String, serde_json::Error> {
    let data = data(heading, outcome)?.to_string();
    let parts = [
        ("{{title}}", escaped(&heading.data)),
        ("{{style}}", STYLES.join("\n")),
        ("{{script}}", SCRIPTS.join("\n")),
        // Nothing in the data may end the element that holds it.
        ("{{data}}", data.replace('<', "\\u003c")),
    ];
    Ok(fill(PAGE, &parts))
}

/// Puts each part in its place. What a part holds is not searched for places again.
fn fill(page: &str, parts: &[(&str, String)]) -> String {
    let next = parts.iter().filter_map(|(place, part)| Some((page.find(place)?, place, part)));
    match next.min_by_key(|(at, ..)| *at) {
        Some((at, place, part)) => {
            let (before, rest) = page.split_at(at);
            let rest = rest.strip_prefix(*place).unwrap_or(rest);
            format!("{before}{part}{}", fill(rest, parts))
        }
        None => page.into(),
    }
}

fn data(heading: &Heading, outcome: &Outcome) -> Result<Value, serde_json::Error> {
    let first = outcome.rows.first().map_or(0.0, |row| row.score.job_hours);
    let rows: Vec<Value> = outcome
        .rows
        .iter()
        .map(|row| {
            let mut value = json!(row);
            value["saving"] = json!(saving(first, row.score.job_hours));
            value["real"] = json!(!row.policy.starts_with(FORESIGHT));
            value["per_month"] = json!(heading.per_month(row.score.job_hours));
            value
        })
        .collect();
    let reasons: Vec<Value> = outcome
        .decisions
        .reasons
        .iter()
        .map(|(reason, n)| json!([word(reason), reason.sentence(), n]))
        .collect();
    let stages: Vec<Value> =
        outcome.decisions.stages.iter().map(|(stage, n)| json!([word(stage), n])).collect();
    Ok(json!({
        "data": heading.data,
        "model": heading.model,
        "version": env!("CARGO_PKG_VERSION"),
        "days": heading.days,
        "warm_days": heading.warm_days,
        "sla_s": heading.sla_s,
        "start_up_s": heading.start_up_s,
        "limits": heading.limits,
        "price": heading.price,
        "hint": heading.hint(),
        "seen": heading.seen,
        "verdict": outcome.verdict,
        "recorded": outcome.recorded,
        "seeds": outcome.seeds,
        "waits_s": WAITS_S,
        "rows": rows,
        "reasons": reasons,
        "stages": stages,
        "network": outcome.decisions.network_role.sentence(),
        "forecast": outcome.forecast,
        "course": serde_json::to_value(&outcome.course)?,
        "tracks": serde_json::to_value(&outcome.tracks)?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_not_searched_for_places() {
        let parts = [("{{a}}", "{{b}}".to_string()), ("{{b}}", "x".into())];
        assert_eq!(fill("1{{a}}2{{b}}3", &parts), "1{{b}}2x3");
    }

    #[test]
    fn the_page_has_a_place_for_each_part() {
        for place in ["{{title}}", "{{style}}", "{{script}}", "{{data}}"] {
            assert!(PAGE.contains(place), "{place}");
        }
        assert_eq!(escaped("<a&b>\""), "&lt;a&amp;b&gt;&quot;");
    }
}
