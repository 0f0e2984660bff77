//! `report.html`: one page that needs nothing else, to read, print and send.

use crate::evaluate::metrics::HorizonScores;
use std::fmt::Write as _;

const HEAD: &str = include_str!("page.css");

/// A table.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// Titles of the columns.
    pub header: Vec<String>,
    /// Rows; the first cell of each names it.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Every figure of the forecasts, one column for each horizon.
    #[must_use]
    pub fn of_scores(caption: &str, scores: &[HorizonScores], minutes_per_step: f64) -> Self {
        let mut header = vec!["figure".to_string()];
        header.extend(
            scores.iter().map(|s| format!("{} min ahead", s.horizon as f64 * minutes_per_step)),
        );
        type Figure = fn(&HorizonScores) -> Option<f64>;
        let figures: [(&str, usize, f64, Figure); 16] = [
            ("MAE, events", 1, 1.0, |s| s.scores.point.mae),
            ("MSE, events²", 0, 1.0, |s| s.scores.point.mse),
            ("RMSE, events", 1, 1.0, |s| s.scores.point.rmse),
            ("WAPE, %", 2, 100.0, |s| s.scores.point.wape),
            ("MAPE, %", 2, 1.0, |s| s.scores.point.mape),
            ("sMAPE, %", 2, 1.0, |s| s.scores.point.smape),
            ("MASE", 3, 1.0, |s| s.scores.point.mase),
            ("R²", 3, 1.0, |s| s.scores.point.r2),
            ("direction right, %", 1, 100.0, |s| s.scores.point.direction_accuracy),
            ("peaks forecast that came, %", 1, 100.0, |s| s.scores.point.peak_precision),
            ("peaks that were forecast, %", 1, 100.0, |s| s.scores.point.peak_recall),
            ("pinball loss, events", 2, 1.0, |s| s.scores.pinball),
            ("pinball loss, % of events", 2, 100.0, |s| s.scores.weighted_pinball),
            ("within the 80 % band, %", 1, 100.0, |s| s.scores.coverage_80),
            ("within the 95 % band, %", 1, 100.0, |s| s.scores.coverage_95),
            ("within the 80 % band on the worst day, %", 1, 100.0, |s| s.worst_day_coverage_80),
        ];
        let rows = figures.iter().map(|(name, digits, factor, figure)| {
            let cell =
                |s| figure(s).map_or("–".into(), |v| format!("{:.*}", *digits, v * factor));
            std::iter::once((*name).to_string()).chain(scores.iter().map(cell)).collect()
        });
        Self { caption: caption.into(), header, rows: rows.collect() }
    }
}

/// A report being written.
#[derive(Clone, Debug)]
pub struct Page {
    html: String,
}

impl Page {
    /// A page with a title and a line of facts under it.
    #[must_use]
    pub fn new(title: &str, facts: &str) -> Self {
        let (title, facts) = (escape(title), escape(facts));
        let html = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
             <style>\n{HEAD}</style>\n</head>\n<body>\n<h1>{title}</h1>\n<p class=\"facts\">{facts}</p>\n"
        );
        Self { html }
    }

    /// Begins a section.
    pub fn section(&mut self, title: &str) {
        self.line(&format!("<h2>{}</h2>", escape(title)));
    }

    /// Adds a paragraph.
    pub fn text(&mut self, text: &str) {
        self.line(&format!("<p>{}</p>", escape(text)));
    }

    /// Adds a plot (the text of an SVG, from this module) with a line that says how to read it.
    pub fn plot(&mut self, svg: &str, caption: &str) {
        let svg = svg.replacen("<svg ", "<svg role=\"img\" ", 1);
        let caption = escape(caption);
        self.line(&format!("<figure>{svg}<figcaption>{caption}</figcaption></figure>"));
    }

    /// Adds a table.
    pub fn table(&mut self, table: &Table) {
        let row = |cells: &[String], tag: &str| {
            let cells = cells.iter().map(|cell| format!("<{tag}>{}</{tag}>", escape(cell)));
            format!("<tr>{}</tr>\n", cells.collect::<String>())
        };
        let body: String = table.rows.iter().map(|cells| row(cells, "td")).collect();
        let (caption, header) = (escape(&table.caption), row(&table.header, "th"));
        self.line(&format!(
            "<table><caption>{caption}</caption>\n<thead>{header}</thead>\n<tbody>{body}</tbody></table>"
        ));
    }

    /// Adds text that was written for a machine, such as the config.
    pub fn code(&mut self, summary: &str, text: &str) {
        let (summary, text) = (escape(summary), escape(text));
        self.line(&format!("<details><summary>{summary}</summary><pre>{text}</pre></details>"));
    }

    /// The whole page.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.html.push_str("</body>\n</html>\n");
        self.html
    }

    fn line(&mut self, html: &str) {
        // Writing to a string does not fail.
        let _ = writeln!(self.html, "{html}");
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::plots::tests::all;
    use super::*;

    #[test]
    fn a_page_needs_nothing_else_and_holds_no_markup_of_others() {
        let mut page = Page::new("Run <june>", "seed 42");
        page.section("Forecasts");
        page.table(&Table::of_scores("On the test", &[HorizonScores::default()], 2.0));
        for (name, svg) in all() {
            page.plot(&svg, &name);
        }
        page.code("Settings", "seed: 42 # <script>");
        let html = page.finish();
        assert!(html.contains("<h1>Run &lt;june&gt;</h1>") && !html.contains("<script"));
        assert_eq!(html.matches("<svg ").count(), 7);
        // The only address is the name of the SVG language, which nobody fetches.
        let others = html.replace("http://www.w3.org/2000/svg", "");
        assert!(!others.contains("http") && !others.contains("url(") && !others.contains("src="));
        if let Some(folder) = std::env::var_os("SCALEIQ_SHOW_REPORT") {
            std::fs::write(std::path::Path::new(&folder).join("report.html"), html).unwrap();
        }
    }
}
