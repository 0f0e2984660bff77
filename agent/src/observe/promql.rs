//! A Prometheus server that is asked in PromQL, or what speaks its API: Thanos, Mimir, VictoriaMetrics.

use super::probe::ProbeError;
use crate::platform::http::{Client, Method};
use scaleiq_core::units::UnixSeconds;
use serde::Deserialize;

/// Most points of a series that a server gives in one answer.
const MAX_POINTS: i64 = 11_000;

/// Asks one server.
#[derive(Clone, Debug)]
pub struct Server(Client);

/// What every answer stands in.
#[derive(Deserialize)]
struct Envelope {
    data: Data,
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

impl Server {
    /// Asks by `client`.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self(client)
    }

    /// Returns what `query` is now; `None` if that is not known.
    ///
    /// # Errors
    /// If there is no answer, or one of several series.
    pub async fn now(&self, query: &str) -> Result<Option<f64>, ProbeError> {
        match self.ask("query", &[("query", query)]).await? {
            Data::Scalar(point) => Ok(point.value()),
            Data::Vector(series) => {
                Ok(only(series, query)?.and_then(|series| series.value.value()))
            }
            Data::Matrix(_) => Err(no_number(query)),
        }
    }

    /// Returns what `query` was at each `step_s` from `first` to `last`, where that is known.
    ///
    /// # Errors
    /// As [`Server::now`].
    pub async fn then(
        &self,
        query: &str,
        [first, last]: [UnixSeconds; 2],
        step_s: i64,
    ) -> Result<Vec<(UnixSeconds, f64)>, ProbeError> {
        let mut known = Vec::new();
        let mut start = first;
        while start <= last {
            let end = last.min(start.plus((MAX_POINTS - 1) * step_s));
            let [from, to, step] = [start.0, end.0, step_s].map(|number| number.to_string());
            let asked = [("query", query), ("start", &from), ("end", &to), ("step", &step)];
            let Data::Matrix(series) = self.ask("query_range", &asked).await? else {
                return Err(no_number(query));
            };
            let points = only(series, query)?.map_or_else(Vec::new, |series| series.values);
            let numbers = points.iter().filter_map(|p| Some((UnixSeconds(p.0 as i64), p.value()?)));
            known.extend(numbers);
            start = end.plus(step_s);
        }
        Ok(known)
    }

    /// Returns the moment by the server's clock.
    ///
    /// # Errors
    /// As [`Server::now`].
    pub async fn clock(&self) -> Result<UnixSeconds, ProbeError> {
        let time = self.now("time()").await?;
        time.map(|time| UnixSeconds(time as i64)).ok_or_else(|| no_number("time()"))
    }

    async fn ask(&self, what: &str, query: &[(&str, &str)]) -> Result<Data, ProbeError> {
        let request = self.0.request(Method::GET, &["api", "v1", what], query);
        let answer: Envelope = self.0.json(request).await?;
        Ok(answer.data)
    }
}

/// The only series of an answer, if there is any.
fn only<T>(mut series: Vec<T>, query: &str) -> Result<Option<T>, ProbeError> {
    if series.len() > 1 {
        let n = series.len();
        let what = format!("`{query}` gives {n} series; one is needed: sum(...)");
        return Err(ProbeError::Invalid(what));
    }
    Ok(series.pop())
}

fn no_number(query: &str) -> ProbeError {
    ProbeError::Invalid(format!("`{query}` gives no number"))
}
