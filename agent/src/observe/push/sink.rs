//! Lines of JSON on their way to the loop.

use crate::observe::source::Delivery;
use crate::observe::{Body, Closed, Manner, RefusedSample, parse};
use std::time::{Duration, Instant};

/// Refused lines are logged no more often than this.
const WARN_EVERY: Duration = Duration::from_secs(1);

/// Where accepted lines go and refused ones are counted.
pub(super) struct Sink<'a> {
    to: &'a Delivery<'a>,
    /// When one was logged last.
    warned: Option<Instant>,
}

impl<'a> Sink<'a> {
    pub(super) fn new(to: &'a Delivery<'a>) -> Self {
        Self { to, warned: None }
    }

    pub(super) fn to(&self) -> &'a Delivery<'a> {
        self.to
    }

    /// Takes one line; `None` stands for one that was too long.
    pub(super) fn take(&mut self, number: u64, line: Option<&[u8]>) -> Result<(), Closed> {
        let body = line.map_or_else(
            || Body { refused: vec![(1, RefusedSample::too_long())], ..Body::default() },
            |line| parse(line, &Manner::live(None, self.to.interval_s)),
        );
        for (_, refused) in &body.refused {
            self.to.inlet.unread(refused.refusal);
        }
        let unread = body.refused.into_iter().map(|(_, refused)| refused.to_string()).next();
        let ingested = self.to.inlet.ingest(body.samples)?;
        let refused = ingested.errors.into_iter().map(|(_, refused)| refused.to_string()).next();
        let warning = ingested.warnings.into_iter().map(|(_, warning)| warning.message).next();
        let quiet = self.warned.is_some_and(|at| at.elapsed() < WARN_EVERY);
        let message = match (unread.or(refused), warning) {
            (Some(refused), _) => format!("sample refused: {refused}"),
            (None, Some(warning)) => format!("sample taken in part: {warning}"),
            (None, None) => return Ok(()),
        };
        if !quiet {
            tracing::warn!(line = number, "{message}");
            self.warned = Some(Instant::now());
        }
        Ok(())
    }
}
