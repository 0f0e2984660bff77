//! Inference with a time limit, for an engine that cannot be interrupted.

use scaleiq_core::forecast::{ForecastModel, ModelInput, QUANTILES, STEPS};
use scaleiq_core::policy::{ACTIONS, OBSERVATION, ValueModel};
use std::fmt;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::thread;
use std::time::Duration;

/// The longest wait for an inference. It takes milliseconds; what takes longer than this has no
/// processor to run on, or never ends.
pub(super) const LIMIT: Duration = Duration::from_secs(2);

/// A network in a thread of its own: when it does not answer in time, or its engine panics, that is
/// an error like any other of an inference, and the decision is made without it (promise S-6).
pub(crate) struct Timed<I, O> {
    name: &'static str,
    limit: Duration,
    inputs: Sender<I>,
    outputs: Receiver<Result<O, String>>,
    /// An answer is still owed that nobody waits for any more.
    late: bool,
}

/// Why there is no answer.
#[derive(Debug, PartialEq)]
pub(crate) enum Fault {
    /// It took longer than the limit, now or the time before and still does.
    Late,
    /// The engine panicked: there is no network any more.
    Gone,
    /// The engine's own error.
    Engine(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Late => f.write_str("it does not answer in time"),
            Self::Gone => f.write_str("its engine has panicked"),
            Self::Engine(message) => f.write_str(message),
        }
    }
}

impl<I: Send + 'static, O: Send + 'static> Timed<I, O> {
    /// Starts the thread of the network `name`, which lives as long as this.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(super) fn start<E: fmt::Display>(
        name: &'static str,
        limit: Duration,
        mut infer: impl FnMut(&I) -> Result<O, E> + Send + 'static,
    ) -> io::Result<Self> {
        let (inputs, asked) = channel::<I>();
        let (answer, outputs) = channel();
        thread::Builder::new().name(name.into()).spawn(move || {
            for input in asked {
                let output = infer(&input).map_err(|error| error.to_string());
                if answer.send(output).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { name, limit, inputs, outputs, late: false })
    }

    /// Asks the network, unless it is still busy with what it was asked before.
    fn ask(&mut self, input: I) -> Result<O, Fault> {
        if self.late {
            match self.outputs.try_recv() {
                Ok(_) => tracing::info!("the {} network answers again", self.name),
                Err(TryRecvError::Empty) => return Err(Fault::Late),
                Err(TryRecvError::Disconnected) => return Err(Fault::Gone),
            }
            self.late = false;
        }
        self.inputs.send(input).map_err(|_| Fault::Gone)?;
        match self.outputs.recv_timeout(self.limit) {
            Ok(output) => output.map_err(Fault::Engine),
            Err(RecvTimeoutError::Timeout) => {
                self.late = true;
                tracing::error!(
                    "the {} network gave no answer within {} s: decisions are made without it until \
                     it does",
                    self.name,
                    self.limit.as_secs_f32()
                );
                Err(Fault::Late)
            }
            Err(RecvTimeoutError::Disconnected) => {
                tracing::error!(
                    "the engine of the {} network has panicked: decisions are made without it",
                    self.name
                );
                Err(Fault::Gone)
            }
        }
    }
}

/// The numbers that a forecaster's network gives.
type Changes = [f32; STEPS * QUANTILES.len()];

impl Timed<ModelInput, Changes> {
    /// The forecaster's network.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(crate) fn forecaster<M: ForecastModel + Send + 'static>(mut model: M) -> io::Result<Self> {
        Self::start("forecaster", LIMIT, move |input: &ModelInput| model.infer(input))
    }
}

impl ForecastModel for Timed<ModelInput, Changes> {
    type Error = Fault;

    fn infer(&mut self, input: &ModelInput) -> Result<Changes, Fault> {
        self.ask(input.clone())
    }
}

impl Timed<[f32; OBSERVATION], [f32; ACTIONS]> {
    /// The policy's network.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(super) fn policy<Q: ValueModel + Send + 'static>(mut model: Q) -> io::Result<Self> {
        Self::start("policy", LIMIT, move |state: &[f32; OBSERVATION]| model.values(state))
    }
}

impl ValueModel for Timed<[f32; OBSERVATION], [f32; ACTIONS]> {
    type Error = Fault;

    fn values(&mut self, state: &[f32; OBSERVATION]) -> Result<[f32; ACTIONS], Fault> {
        self.ask(*state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_that_hangs_costs_its_answer_and_nothing_else() {
        let (release, held) = channel::<()>();
        let infer = move |input: &u32| {
            if *input == 0 {
                held.recv().unwrap();
            }
            if *input == 9 { Err("nine") } else { Ok(*input) }
        };
        let mut network = Timed::start("test", Duration::from_millis(50), infer).unwrap();
        assert_eq!(network.ask(0), Err(Fault::Late));
        // Now it is not waited for at all.
        network.limit = Duration::MAX;
        assert_eq!(network.ask(1), Err(Fault::Late));
        release.send(()).unwrap();
        let answer = loop {
            match network.ask(2) {
                Err(Fault::Late) => thread::yield_now(),
                answer => break answer,
            }
        };
        assert_eq!(answer, Ok(2), "what was owed is not taken for it");
        assert_eq!(network.ask(9), Err(Fault::Engine("nine".into())));
    }

    #[test]
    fn an_engine_that_panics_takes_nothing_with_it() {
        let infer = |_: &()| -> Result<(), Fault> { panic!("as an engine may") };
        let mut network = Timed::start("test", LIMIT, infer).unwrap();
        assert_eq!([network.ask(()), network.ask(())], [Err(Fault::Gone), Err(Fault::Gone)]);
    }
}
