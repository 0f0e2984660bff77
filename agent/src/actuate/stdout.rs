//! Decisions as JSON lines on stdout.

use super::actuator::{Actuator, ActuatorSettings, ActuatorVariant, Applying, Outcome, Tools};
use super::order::Order;
use crate::platform::outlet::Outlet;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

/// Orders that may wait behind one that stdout does not take.
const WAITING: usize = 1;
/// Longest wait for stdout at the end.
const FLUSH: Duration = Duration::from_secs(1);

/// `actuator: {type: stdout}`.
pub const STDOUT: ActuatorVariant = ActuatorVariant {
    word: "stdout",
    about: "one JSON decision a line on stdout, whether or not it changes anything",
    example: "{type: stdout}",
    fields: |_| Some(Arc::new(Stdout)),
};

#[derive(Clone, Copy, Debug)]
struct Stdout;

impl ActuatorSettings for Stdout {
    fn describe(&self) -> String {
        "JSON lines on stdout".into()
    }

    /// A reader that is slow, or gone, is told of in the log.
    fn build(&self, tools: Tools<'_>) -> io::Result<Box<dyn Actuator>> {
        let report = tools.report;
        let outlet = Outlet::start("stdout", WAITING, move |order: Order, dropped| {
            let written = write(&order);
            match &written {
                Ok(()) if dropped > 0 => {
                    tracing::info!("stdout is read again; {dropped} decisions were superseded");
                }
                Ok(()) => {}
                Err(error) => {
                    tracing::error!("the actuator failed: cannot write to stdout: {error}");
                }
            }
            report(&order, &written);
        })?;
        Ok(Box::new(Lines { outlet, blocked: false }))
    }
}

/// The way to stdout.
#[derive(Debug)]
struct Lines {
    outlet: Outlet<Order>,
    /// Whether stdout was last seen to be blocked.
    blocked: bool,
}

impl Actuator for Lines {
    fn apply<'a>(&'a mut self, order: &'a Order) -> Applying<'a> {
        let superseded = self.outlet.send(order.clone());
        if superseded && !self.blocked {
            tracing::error!("stdout is not read: decisions wait, and newer ones take their place");
        }
        self.blocked = superseded;
        Box::pin(std::future::ready(Ok(Outcome::Sent { superseded })))
    }

    fn takes_all(&self) -> bool {
        true
    }

    fn finish(&mut self) {
        if !self.outlet.flush(FLUSH) {
            tracing::warn!("stdout is not read: the last decision did not get through");
        }
    }
}

fn write(order: &Order) -> io::Result<()> {
    let mut line = serde_json::to_vec(order)?;
    line.push(b'\n');
    let mut stdout = io::stdout().lock();
    stdout.write_all(&line)?;
    stdout.flush()
}
