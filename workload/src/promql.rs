//! What a Prometheus server answers in its HTTP API, whoever asks it.

use scaleiq_core::units::UnixSeconds;
use serde::Deserialize;

/// Most points of a series that a server gives in one answer.
const MAX_POINTS: i64 = 11_000;

/// An answer to `api/v1/query` or `api/v1/query_range`.
#[derive(Deserialize)]
pub struct Answer {
    data: Data,
}

/// Why an answer is not what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// More series than one.
    #[error("`{query}` gives {series} series; one is needed: sum(...)")]
    Several {
        /// What was asked for.
        query: String,
        /// How many there are.
        series: usize,
    },
    /// No numbers.
    #[error("`{query}` gives no number")]
    NoNumber {
        /// What was asked for.
        query: String,
    },
}

#[derive(Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
enum Data {
    Scalar(Point),
    Vector(Vec<Instant>),
    Matrix(Vec<Range>),
}

#[derive(Deserialize)]
struct Instant {
    value: Point,
}

#[derive(Deserialize)]
struct Range {
    values: Vec<Point>,
}

/// Seconds since 1970, and a number that stands as a text since it may be `NaN`.
#[derive(Deserialize)]
struct Point(f64, String);

impl Point {
    /// The number; `None` for what is none: NaN, an infinity, or less than nothing.
    fn value(&self) -> Option<f64> {
        self.1.parse().ok().filter(|value: &f64| value.is_finite() && *value >= 0.0)
    }
}

impl Answer {
    /// What `query` is at the moment it was asked for; `None` if that is not known.
    ///
    /// # Errors
    /// If the answer has several series, or no numbers.
    pub fn at_once(self, query: &str) -> Result<Option<f64>, AnswerError> {
        match self.data {
            Data::Scalar(point) => Ok(point.value()),
            Data::Vector(series) => Ok(only(series, query)?.and_then(|one| one.value.value())),
            Data::Matrix(_) => Err(AnswerError::NoNumber { query: query.into() }),
        }
    }

    /// What `query` was over the span it was asked for, where that is known.
    ///
    /// # Errors
    /// As [`Answer::at_once`].
    pub fn over_time(self, query: &str) -> Result<Vec<(UnixSeconds, f64)>, AnswerError> {
        let Data::Matrix(series) = self.data else {
            return Err(AnswerError::NoNumber { query: query.into() });
        };
        let points = only(series, query)?.map_or_else(Vec::new, |series| series.values);
        let known = points.iter().filter_map(|p| Some((UnixSeconds(p.0 as i64), p.value()?)));
        Ok(known.collect())
    }
}

/// The only series of an answer, if there is any.
fn only<T>(mut series: Vec<T>, query: &str) -> Result<Option<T>, AnswerError> {
    if series.len() > 1 {
        return Err(AnswerError::Several { query: query.into(), series: series.len() });
    }
    Ok(series.pop())
}

/// The moments from `first` to `last`, each `step_s` seconds after the one before, in parts that a server
/// answers at once.
pub fn pages(
    [first, last]: [UnixSeconds; 2],
    step_s: i64,
) -> impl Iterator<Item = [UnixSeconds; 2]> {
    let page = move |from: &UnixSeconds| [*from, last.min(from.plus((MAX_POINTS - 1) * step_s))];
    let from = std::iter::successors(Some(first), move |from| Some(from.plus(MAX_POINTS * step_s)));
    from.take_while(move |from| *from <= last).map(move |from| page(&from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_page_has_too_many_points_and_each_moment_is_in_one() {
        let pages = |last: i64| -> Vec<[i64; 2]> {
            let pages = pages([UnixSeconds(60), UnixSeconds(last)], 60);
            pages.map(|page| page.map(|moment| moment.0)).collect()
        };
        assert_eq!(pages(0), Vec::<[i64; 2]>::new());
        assert_eq!(pages(60), [[60, 60]]);
        assert_eq!(pages(660_000), [[60, 660_000]]);
        assert_eq!(pages(660_060), [[60, 660_000], [660_060, 660_060]]);
    }
}
