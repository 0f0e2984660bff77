//! What a sample lacks of what a decision needs.

use scaleiq_core::sample::Sample;
use std::fmt;

/// What a sample lacks of what a decision needs; nothing if what it tells was not believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lacking {
    arrivals: bool,
    backlog: bool,
    jobs: bool,
}

impl From<&Sample> for Lacking {
    fn from(sample: &Sample) -> Self {
        Self {
            arrivals: sample.arrivals_events.known().is_none(),
            backlog: sample.backlog_events.known().is_none(),
            jobs: sample.jobs_ready.is_none(),
        }
    }
}

impl fmt::Display for Lacking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = [
            (self.arrivals, "logged_events"),
            (self.backlog, "unprocessed_events"),
            (self.jobs, "jobs_ready"),
        ];
        let names: Vec<&str> = fields.iter().filter(|field| field.0).map(|field| field.1).collect();
        match names.is_empty() {
            true => f.write_str("the readings of the last sample contradict each other"),
            false => write!(f, "the last sample has no {}", names.join(", and no ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lacking_is_named() {
        let lacking = Lacking { jobs: true, ..Lacking::default() };
        assert_eq!(lacking.to_string(), "the last sample has no jobs_ready");
        let lacking = Lacking { arrivals: true, ..lacking };
        assert_eq!(lacking.to_string(), "the last sample has no logged_events, and no jobs_ready");
        assert!(Lacking::default().to_string().contains("contradict"));
    }
}
