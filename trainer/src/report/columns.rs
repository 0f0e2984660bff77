//! What further columns of a file are worth, as text.

use super::comparison::shortened;
use crate::evaluate::covariates::{Found, Kind, Verdict, Worth};
use crate::evaluate::paired::Ratio;
use scaleiq_core::forecast::HORIZONS;
use std::fmt::Write as _;

/// Most letters of a column's name: the reference's longest one.
const NAME: usize = 34;
/// Width of what is known when, and of a figure.
const KIND: usize = 7;
const FIGURE: usize = 10;

/// What there is to do with it.
const ADVICE: &str = "\
What is known in advance is used live from a `campaign` or `holiday` column, or
from `planned:` in the agent's settings. Past columns are not used live: what
they help by here is what that would bring.
";

/// The table, a sentence on each column, and what a user can do. At most 79 letters wide.
#[must_use]
pub fn text(found: &Found) -> String {
    let mut text = format!(
        "{}\n{} forecasts from {} on judge, {} before that taught\n\n",
        found.file, found.judged, found.judged_from, found.learned
    );
    let mut line = |name: &str, kind: &str, figures: Vec<String>| {
        let figures: String = figures.iter().map(|figure| format!("{figure:>FIGURE$}")).collect();
        let line = format!("{:NAME$}{kind:>KIND$}{figures}", shortened(name, NAME));
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}", line.trim_end());
    };
    let title = format!("error up to, at {} s a step", found.interval_s);
    line(&title, "", HORIZONS.map(|horizon| format!("{horizon} steps ")).to_vec());
    line("forecaster (WAPE)", "", found.wape.iter().map(percent).collect());
    line("corrected by arrivals, of that", "", found.control.iter().map(cell).collect());
    line("by a column as well, of that", "", Vec::new());
    for worth in found.columns.iter().chain(&found.together) {
        line(&worth.name, kind(worth.kind), worth.ratios.iter().map(cell).collect());
    }
    text += "* not by chance (block bootstrap, day by day)\n\n";
    for worth in found.columns.iter().chain(&found.together) {
        let _ = writeln!(text, "{}: {}", shortened(&worth.name, NAME), sentence(worth));
    }
    let _ = write!(text, "\n{ADVICE}");
    text
}

/// What is to be said of a column: the largest of what is no chance, or else of what may be.
fn sentence(worth: &Worth) -> String {
    let largest = |verdict: Verdict| {
        let sizes = worth.ratios.iter().zip(HORIZONS).filter_map(|(ratio, horizon)| {
            let ratio = ratio.filter(|ratio| Verdict::of(ratio) == verdict)?;
            Some((100.0 * (ratio.ratio - 1.0).abs(), horizon))
        });
        let (percent, horizon) = sizes.max_by(|a, b| a.0.total_cmp(&b.0))?;
        Some(format!("{percent:.1} % at {horizon} steps"))
    };
    if let Some(size) = largest(Verdict::Helps) {
        format!("helps by {size} (not by chance)")
    } else if let Some(size) = largest(Verdict::Harms) {
        format!("harms by {size} (not by chance)")
    } else if let Some(size) = largest(Verdict::MayHelp) {
        format!("{size}, which may be chance")
    } else {
        "nothing that the forecaster does not know".into()
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Past => "past",
        Kind::Known => "known",
        Kind::Both => "both",
    }
}

/// A ratio, marked where it is no chance.
fn cell(ratio: &Option<Ratio>) -> String {
    let Some(ratio) = ratio else { return "– ".into() };
    let mark = match Verdict::of(ratio) {
        Verdict::Helps | Verdict::Harms => '*',
        Verdict::MayHelp | Verdict::Nothing => ' ',
    };
    format!("{:.3}{mark}", ratio.ratio)
}

fn percent(share: &Option<f64>) -> String {
    share.map_or("– ".into(), |share| format!("{:.1} % ", 100.0 * share))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worth(name: &str, kind: Kind, ratios: [(f64, f64); 3]) -> Worth {
        let ratio = |(ratio, error): (f64, f64)| {
            Some(Ratio { ratio, low: ratio - error, high: ratio + error, blocks: 30 })
        };
        Worth { name: name.into(), kind, ratios: ratios.map(ratio).to_vec() }
    }

    #[test]
    fn a_table_says_in_words_what_is_worth_having() {
        let columns = vec![
            worth("cpu", Kind::Past, [(0.969, 0.01), (0.981, 0.01), (0.999, 0.01)]),
            worth("avg_average_processing_duration_ms", Kind::Past, [(1.0, 0.0); 3]),
            worth("a_name_that_is_longer_than_any_of_the_reference", Kind::Past, [(1.02, 0.01); 3]),
            worth("promo_mail", Kind::Known, [(0.985, 0.03), (0.988, 0.03), (0.99, 0.03)]),
        ];
        let together =
            worth("all together", Kind::Both, [(0.95, 0.01), (0.97, 0.01), (0.98, 0.03)]);
        let control = worth("", Kind::Past, [(0.998, 0.01); 3]).ratios;
        let found = Found {
            file: "own.csv".into(),
            interval_s: 120,
            judged_from: "2025-03-01T00:00:00Z".into(),
            judged: 1700,
            learned: 6000,
            wape: vec![Some(0.123), Some(0.1304), None],
            control,
            columns,
            together: Some(together),
        };
        let text = text(&found);
        assert!(text.lines().all(|line| line.chars().count() <= 79), "{text}");
        insta::assert_snapshot!(text, @r"
        own.csv
        1700 forecasts from 2025-03-01T00:00:00Z on judge, 6000 before that taught

        error up to, at 120 s a step               6 steps  12 steps  24 steps
        forecaster (WAPE)                           12.3 %    13.0 %         –
        corrected by arrivals, of that               0.998     0.998     0.998
        by a column as well, of that
        cpu                                  past    0.969*    0.981*    0.999
        avg_average_processing_duration_ms   past    1.000     1.000     1.000
        …_longer_than_any_of_the_reference   past    1.020*    1.020*    1.020*
        promo_mail                          known    0.985     0.988     0.990
        all together                         both    0.950*    0.970*    0.980
        * not by chance (block bootstrap, day by day)

        cpu: helps by 3.1 % at 6 steps (not by chance)
        avg_average_processing_duration_ms: nothing that the forecaster does not know
        …_longer_than_any_of_the_reference: harms by 2.0 % at 24 steps (not by chance)
        promo_mail: 1.5 % at 6 steps, which may be chance
        all together: helps by 5.0 % at 6 steps (not by chance)

        What is known in advance is used live from a `campaign` or `holiday` column, or
        from `planned:` in the agent's settings. Past columns are not used live: what
        they help by here is what that would bring.
        ");
    }
}
