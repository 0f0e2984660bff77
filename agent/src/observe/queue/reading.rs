//! What is known of a queue at one moment.

/// A number of events, in the form in which a system counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Amount {
    /// The system does not tell.
    #[default]
    Unknown,
    /// A running total since some beginning; it starts at 0 again when the system does.
    Total(f64),
    /// Events within the last so many seconds.
    Over {
        /// Events.
        events: f64,
        /// Seconds.
        seconds: f64,
    },
}

/// One look at a queue. What is not known is `None`, and never 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct QueueReading {
    /// Events that arrived.
    pub arrived: Amount,
    /// Events that were finished.
    pub processed: Amount,
    /// Events that wait for a worker.
    pub waiting: Option<f64>,
    /// Events that a worker has taken and not finished: unacknowledged, ack-pending, claimed. They
    /// belong to the backlog. `None` where the system knows of no such state.
    pub in_progress: Option<f64>,
    /// Mean work of one event on one job, in milliseconds.
    pub work_ms: Option<f64>,
    /// Jobs that work, where the system tells.
    pub jobs_ready: Option<f64>,
}

impl QueueReading {
    /// Whether it tells any number of the queue.
    #[must_use]
    pub fn tells(&self) -> bool {
        let is_told = |amount: Amount| amount != Amount::Unknown;
        is_told(self.arrived) || is_told(self.processed) || self.waiting.is_some()
    }

    /// Returns the events in the system, if those that wait are known.
    #[must_use]
    pub fn backlog(&self) -> Option<f64> {
        self.waiting.map(|waiting| waiting + self.in_progress.unwrap_or(0.0))
    }
}
