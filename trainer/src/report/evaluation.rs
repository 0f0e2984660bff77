//! The page of an evaluation: charts and tables of every file.

use super::advice::duel;
use super::comparison::{against_best_baseline, facts, over_all};
use super::runs::{charts, sorted};
use super::{Page, Table};
use crate::evaluate::contest::{Comparison, Kind};
use crate::evaluate::view::SeriesView;
use serde::Serialize;

/// What the charts show.
#[derive(Serialize)]
struct Data {
    series: Vec<SeriesView>,
    runs: [(); 0],
}

/// The page. `how` says how was judged.
#[must_use]
pub fn page(all: &[Comparison], how: &str) -> String {
    let mut page = Page::new("ScaleIQ evaluation", how);
    over_all(all).lines().for_each(|line| page.text(line));
    let views: Vec<SeriesView> = all.iter().map(SeriesView::of).collect();
    for (place, (compared, view)) in all.iter().zip(&views).enumerate() {
        page.section(&compared.series.name);
        page.text(&facts(compared));
        view.duels.iter().filter_map(duel).for_each(|words| page.text(&words));
        for model in compared.of_kind(Kind::Model) {
            page.text(against_best_baseline(compared, model).trim_end());
        }
        charts(&mut page, &place.to_string());
        let minutes = compared.series.minutes();
        page.table(&sorted(&view.forecasters.iter().collect::<Vec<_>>(), minutes));
        for standing in compared.standings.iter().filter(|s| s.kind != Kind::Baseline) {
            page.table(&Table::of_scores(&standing.name, &standing.scores, minutes));
        }
    }
    page.finish(&Data { series: views, runs: [] })
}

#[cfg(test)]
mod tests {
    use super::super::comparison::tests::made_up;
    use super::*;

    #[test]
    fn a_page_shows_every_file() {
        let html = page(&[made_up("a.csv", 0.08), made_up("b.csv", 0.3)], "stride 7");
        assert!(html.contains("<h2>a.csv</h2>") && html.contains("<h2>b.csv</h2>"));
        assert_eq!(html.matches("data-chart=\"forecast\"").count(), 2);
        assert!(html.contains("all 1.549"), "the mean of 0.8 and 3");
    }
}
