//! Decisions in lines: as a table for a terminal, and as a page.

use crate::journal::explain::moment;
use scaleiq_core::units::{Jobs, UnixSeconds};
use std::fmt::Write;

/// A decision in a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// When it was made.
    pub at: UnixSeconds,
    /// Jobs before,
    pub from: Option<Jobs>,
    /// and jobs that were decided; `None` where another version described them otherwise.
    pub jobs: Option<Jobs>,
    /// Who decided.
    pub stage: String,
    /// Why.
    pub why: &'static str,
    /// What became of it.
    pub then: String,
}

impl Line {
    fn moved(&self) -> String {
        let told = |jobs: Option<Jobs>| jobs.map_or("?".into(), |jobs| jobs.to_string());
        match self.from == self.jobs {
            true => told(self.jobs),
            false => format!("{} -> {}", told(self.from), told(self.jobs)),
        }
    }
}

/// The lines as text.
pub fn table<'a>(lines: impl Iterator<Item = &'a Line>) -> String {
    let mut out = format!("{:<20}  {:<11}  {:<13}  why; what became of it\n", "time", "jobs", "by");
    for line in lines {
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "{:<20}  {:<11}  {:<13}  {}; {}",
            moment(line.at),
            line.moved(),
            line.stage,
            line.why,
            line.then
        );
    }
    out.trim_end().into()
}

/// The lines as a page, each with its explanation.
pub fn page<'a>(title: &str, decisions: impl Iterator<Item = (&'a Line, &'a str)>) -> String {
    let mut rows = String::new();
    for (line, text) in decisions {
        // Writing to a string cannot fail.
        let _ = writeln!(
            rows,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>\
             <td><details><summary>explain</summary><pre>{}</pre></details></td></tr>",
            moment(line.at),
            escaped(&line.moved()),
            escaped(&line.stage),
            escaped(line.why),
            escaped(&line.then),
            escaped(text)
        );
    }
    let heads = ["time", "jobs", "by", "why", "what became of it", "in full"];
    let heads: String = heads.iter().map(|head| format!("<th scope=\"col\">{head}</th>")).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
         <style>{}{TABLE}</style></head><body><main><h1>{title}</h1><table><thead><tr>{heads}</tr></thead>\
         <tbody>\n{rows}</tbody></table></main></body></html>\n",
        include_str!("../../assets/base.css"),
        title = escaped(title),
    )
}

const TABLE: &str = "main { padding: 18px; overflow-x: auto; } h1 { font-size: 18px; margin-bottom: 10px; } \
    table { border-collapse: collapse; } th, td { text-align: left; vertical-align: top; padding: 4px 14px 4px 0; \
    border-bottom: 1px solid var(--grid); } td:nth-child(-n+2) { white-space: nowrap; font-variant-numeric: tabular-nums; }";

/// Text as it stands in a page.
#[must_use]
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_hook_says_is_text_and_nothing_else() {
        let line = Line {
            at: UnixSeconds(0),
            from: Some(Jobs(2)),
            jobs: Some(Jobs(9)),
            stage: "plan".into(),
            why: "catch up",
            then: "failed: <script>".into(),
        };
        assert!(
            table([&line].into_iter()).contains("2 -> 9       plan           catch up; failed")
        );
        let page = page("a & b", [(&line, "x")].into_iter());
        assert!(page.contains("&lt;script&gt;") && page.contains("a &amp; b"), "{page}");
        assert!(!page.contains("<script"));
    }
}
