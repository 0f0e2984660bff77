//! `report.html`: one page that needs nothing else, to read, print and send.
//!
//! Its charts are drawn by plotly.js (MIT, `assets/vendor`), which is in the page, from data that is in
//! the page. The policy of the page forbids it to fetch anything.

use crate::evaluate::metrics::HorizonScores;
use serde::Serialize;
use std::fmt::Write as _;

const HEAD: &str = include_str!("../../assets/report.css");
const PLOTLY: &str = include_str!("../../assets/vendor/plotly-cartesian.min.js");
const CHARTS: &str = include_str!("../../assets/report.js");
/// What the page may load: what is in it.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
                      img-src data: blob:; font-src data:";

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
    has_charts: bool,
}

/// Seconds after which a page of what is still trained looks for what is new.
const REFRESH_S: u32 = 15;

/// A chart that `assets/report.js` draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chart {
    /// Forecasts with bands against what came.
    Forecast,
    /// Errors by horizon.
    Horizons,
    /// Errors by hour and weekday.
    When,
    /// Whether quantiles hold what they say.
    Calibration,
    /// What was forecast less what came.
    Residuals,
    /// Several figures of several forecasters at once.
    Radar,
    /// Learning curves.
    Curves,
    /// Cost and SLA of policies.
    Policies,
    /// How often the Q-network chose what.
    Actions,
    /// What the inputs of a network are worth.
    Inputs,
    /// A search's trials.
    Trials,
    /// What a search's settings account for.
    Importance,
    /// A setting's values and what came of them.
    Settings,
}

impl Chart {
    /// Its name in `assets/report.js`.
    fn name(self) -> &'static str {
        match self {
            Self::Forecast => "forecast",
            Self::Horizons => "horizons",
            Self::When => "when",
            Self::Calibration => "calibration",
            Self::Residuals => "residuals",
            Self::Radar => "radar",
            Self::Curves => "curves",
            Self::Policies => "policies",
            Self::Actions => "actions",
            Self::Inputs => "inputs",
            Self::Trials => "trials",
            Self::Importance => "importance",
            Self::Settings => "settings",
        }
    }
}

impl Page {
    /// A page with a title and a line of facts under it.
    #[must_use]
    pub fn new(title: &str, facts: &str) -> Self {
        let (title, facts) = (escape(title), escape(facts));
        let html = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
             <title>{title}</title>\n\
             <style>\n{HEAD}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n<p class=\"facts\">{facts}</p>\n"
        );
        Self { html, has_charts: false }
    }

    /// Has the page load itself anew, as one can that is served: what it shows goes on.
    pub fn goes_on(&mut self) {
        let refresh = format!("<meta http-equiv=\"refresh\" content=\"{REFRESH_S}\">\n<title>");
        self.html = self.html.replacen("<title>", &refresh, 1);
    }

    /// Begins a section.
    pub fn section(&mut self, title: &str) {
        self.line(&format!("<h2>{}</h2>", escape(title)));
    }

    /// Adds a paragraph.
    pub fn text(&mut self, text: &str) {
        self.line(&format!("<p>{}</p>", escape(text)));
    }

    /// Adds a sentence that matters more than the others.
    pub fn verdict(&mut self, text: &str) {
        self.line(&format!("<p class=\"verdict\">{}</p>", escape(text)));
    }

    /// Adds a chart of part `of` of the data, with a line that says how to read it.
    pub fn chart(&mut self, chart: Chart, of: &str, caption: &str) {
        self.has_charts = true;
        let (name, of, caption) = (chart.name(), escape(of), escape(caption));
        self.line(&format!(
            "<figure data-chart=\"{name}\" data-of=\"{of}\"><div class=\"controls\"></div>\
             <div class=\"plot\"></div><figcaption>{caption}</figcaption></figure>"
        ));
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
            "<div class=\"wide\" tabindex=\"0\"><table><caption>{caption}</caption>\n\
             <thead>{header}</thead>\n<tbody>{body}</tbody></table></div>"
        ));
    }

    /// Adds text that was written for a machine, such as the config.
    pub fn code(&mut self, summary: &str, text: &str) {
        let (summary, text) = (escape(summary), escape(text));
        self.line(&format!("<details><summary>{summary}</summary><pre>{text}</pre></details>"));
    }

    /// The whole page, whose charts show `data`.
    #[must_use]
    pub fn finish(mut self, data: &impl Serialize) -> String {
        if self.has_charts {
            // A name within the data must not end the script that holds it.
            let data = serde_json::to_string(data).unwrap_or_default().replace("</", "<\\/");
            self.line(&format!(
                "<script type=\"application/json\" id=\"data\">{data}</script>\n\
                 <script>{PLOTLY}</script>\n<script>{CHARTS}</script>"
            ));
        }
        self.html.push_str("</main>\n</body>\n</html>\n");
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
    use super::super::plots::tests::made_up;
    use super::*;

    #[test]
    fn a_page_needs_nothing_else_and_holds_no_markup_of_others() {
        let mut page = Page::new("Run <june>", "seed 42");
        page.section("Forecasts");
        page.table(&Table::of_scores("On the test", &[HorizonScores::default()], 2.0));
        page.plot(&made_up(), "jobs");
        page.code("Settings", "seed: 42 # <script>");
        let html = page.finish(&());
        assert!(html.contains("<h1>Run &lt;june&gt;</h1>") && !html.contains("<script"));
        assert_eq!(html.matches("<svg ").count(), 1);
        // The only address is the name of the SVG language, which nobody fetches.
        let others = html.replace("http://www.w3.org/2000/svg", "");
        assert!(!others.contains("http:") && !others.contains("url(") && !others.contains("src="));
    }

    #[test]
    fn charts_come_with_what_draws_them_and_data_ends_no_script() {
        let mut page = Page::new("a", "b");
        page.chart(Chart::Radar, "0", "a <caption>");
        let html = page.finish(&["</script><b>"]);
        assert_eq!(html.matches("</script>").count(), 3);
        assert!(html.contains("[\"<\\/script><b>\"]") && html.contains("data-chart=\"radar\""));
        assert!(html.contains("default-src 'none'"));
        assert!(html.len() < 2_000_000, "{}", html.len());
    }

    #[test]
    fn every_chart_is_drawn_by_the_script() {
        use Chart::*;
        let all = [
            Forecast,
            Horizons,
            When,
            Calibration,
            Residuals,
            Radar,
            Curves,
            Policies,
            Actions,
            Inputs,
            Trials,
            Importance,
            Settings,
        ];
        for chart in all {
            assert!(CHARTS.contains(&format!("\n  {}: {{", chart.name())), "{}", chart.name());
        }
    }
}
