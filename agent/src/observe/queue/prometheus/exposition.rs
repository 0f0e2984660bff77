//! Prometheus' text format, of which only those lines are read that are asked for.
//!
//! The crates for it read a whole page into values and were not kept up; a page may have a hundred thousand
//! lines, of which the agent needs six.

use super::selector::{Selector, series};

/// Most series that are summed into one number.
const MAX_SERIES: usize = 10_000;

/// A series of a page, as it is written, and its value.
pub(super) type Found<'a> = (&'a str, f64);

/// Returns the series of `page` that `selector` speaks of.
///
/// # Errors
/// If one of them cannot be read, or there are too many; the line is told.
pub(super) fn find<'a>(page: &'a str, selector: &Selector) -> Result<Vec<Found<'a>>, String> {
    let mut found = Vec::new();
    for line in page.lines().map(str::trim_start) {
        // Whatever begins otherwise is no concern of the selector's, also if it is wrong.
        let Some(after) = line.strip_prefix(&selector.name) else { continue };
        if !after.starts_with(['{', ' ', '\t']) {
            continue;
        }
        let wrong =
            || format!("line `{}` is no sample", line.chars().take(200).collect::<String>());
        let (series, rest) = series(line).ok_or_else(wrong)?;
        if !series.labels.iter().all(|label| label.is_equal) {
            return Err(wrong());
        }
        if !selector.fits(&series) {
            continue;
        }
        let value = value(rest).ok_or_else(wrong)?;
        if found.len() == MAX_SERIES {
            return Err(format!("`{}` has more than {MAX_SERIES} series", selector.name));
        }
        found.push((&line[..line.len() - rest.len()], value));
    }
    Ok(found)
}

/// The number behind a series. A time may follow, and an example after `#`.
fn value(text: &str) -> Option<f64> {
    let own = text.split(" # ").next().unwrap_or(text);
    let mut words = own.split_ascii_whitespace();
    // Rust reads NaN, +Inf and -Inf as Prometheus writes them.
    let value = words.next()?.parse().ok()?;
    let has_sound_time = words.next().is_none_or(|time| time.parse::<f64>().is_ok());
    (has_sound_time && words.next().is_none()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# HELP jobs_total Jobs.\n# TYPE jobs_total counter\n\
        jobs_total{queue=\"a\"} 5\n  jobs_total{queue=\"b\"} 1.5e3 1700000000000\n\
        jobs_total_created 7\njobs_waiting 3 # {trace_id=\"x\"} 1\njobs_limit +Inf\njobs_age NaN\n\
        broken{ 1\nbroken_value one\nbroken_time 1 now\n";

    fn values(selector: &str) -> Result<Vec<f64>, String> {
        let found = find(PAGE, &Selector::parse(selector).unwrap())?;
        Ok(found.into_iter().map(|(_, value)| value).collect())
    }

    #[test]
    fn lines_that_are_asked_for_are_read_and_no_others() {
        assert_eq!(values("jobs_total").unwrap(), [5.0, 1500.0]);
        assert_eq!(values("jobs_total{queue!=\"a\"}").unwrap(), [1500.0]);
        assert_eq!(values("jobs_waiting").unwrap(), [3.0]);
        assert_eq!(values("jobs_limit").unwrap(), [f64::INFINITY]);
        assert!(values("jobs_age").unwrap()[0].is_nan());
        assert_eq!(values("jobs").unwrap(), [0.0; 0]);
    }

    #[test]
    fn a_line_that_is_asked_for_and_cannot_be_read_is_told() {
        for broken in ["broken", "broken_value", "broken_time"] {
            let error = values(broken).unwrap_err();
            assert!(error.starts_with(&format!("line `{broken}")), "{error}");
        }
    }
}
