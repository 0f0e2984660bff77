//! The command line: one file for each subcommand, its options and what it does.

pub mod ablate;
pub mod bench_policies;
pub mod columns;
pub mod doctor;
pub mod evaluate;
pub mod fetch;
pub mod forecast;
pub mod key;
pub mod mlflow;
pub mod monitor;
pub mod pack;
mod processes;
pub mod refresh;
pub mod report;
pub mod runs;
pub mod sample_data;
pub mod search;
pub mod sensitivity;
pub mod sign;
pub mod test_args;
mod traffic;
pub mod train;
mod values;

use crate::runtime::threads;
use ablate::AblateArgs;
use anyhow::Result;
use bench_policies::BenchPoliciesArgs;
use clap::{Parser, Subcommand};
use columns::ColumnsArgs;
use doctor::DoctorArgs;
use evaluate::EvaluateArgs;
use fetch::FetchArgs;
use forecast::ForecastArgs;
use key::KeyArgs;
use mlflow::MlflowArgs;
use monitor::MonitorArgs;
use pack::PackArgs;
use refresh::RefreshArgs;
use report::ReportArgs;
use runs::RunsArgs;
use sample_data::SampleDataArgs;
use search::SearchArgs;
use sensitivity::SensitivityArgs;
use sign::SignArgs;
use std::process::ExitCode;
use train::TrainArgs;
use values::at_least_one;

const EXAMPLES: &str = "\
Examples:
  trainer                                  train both models on the built-in sample
  trainer train --quick                    the same within minutes, to see that it works
  trainer train --config my.yaml --out runs/june
  trainer train --out runs/june --resume   go on where it was stopped
  trainer report runs/june runs/july       one page, without the network, nothing trained again
  trainer runs                             all runs, the least error first
  trainer search --trials 20               better settings; run it twice to search with two processes
  trainer forecast --data events.csv --from 2025-07-01T00:00:00Z --stride 7 --out forecast.csv
  trainer evaluate --data events.csv --out evaluation   the model beside classical forecasters
  trainer columns --data events.csv        does a column know what the forecaster does not?
  trainer bench-policies                   the policy beside what people use to scale today
  trainer sensitivity                      what does each tuned number do?
  trainer ablate                           what is each part of the forecaster worth?
  trainer monitor --data recent.csv        does the model still fit? exit status 3 if not
  trainer monitor --journal journal        the same of what an agent has recorded
  trainer refresh --data recent.csv        a tuned version, if it is better; --rollback takes it back
  trainer key --out key.pem                a key that signs models; prints the public one
  trainer sign --model runs/june/models --key key.pem
  trainer sample-data --out sample.csv
  trainer fetch --prometheus http://localhost:9090 --query 'sum(rate(jobs_total[2m]))' --out own.csv
  trainer doctor                           which devices are there, and do they compute right?";

/// Trains, evaluates and exports ScaleIQ's models.
#[derive(Parser, Debug)]
#[command(name = "trainer", version, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Threads to work on [default: one for each core, divided among the processes that mpirun started]; the
    /// results are the same with any number
    #[arg(long, value_name = "N", global = true, value_parser = at_least_one)]
    threads: Option<usize>,
}

impl Cli {
    /// Does what is asked for, on as many threads.
    ///
    /// # Errors
    /// Whatever went wrong, for people.
    pub fn run(self) -> Result<ExitCode> {
        self.threads.or_else(processes::threads_of_each).map_or(Ok(()), threads::limit)?;
        self.into_command().run()
    }

    /// What is to be done; without arguments, training of both models on the built-in sample.
    #[must_use]
    pub fn into_command(self) -> Command {
        self.command.unwrap_or_else(|| Command::Train(Box::default()))
    }
}

/// What can be done.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Trains the forecaster and then the scaling policy on it
    Train(Box<TrainArgs>),
    /// Tries settings of the forecaster and writes down the best
    Search(SearchArgs),
    /// Writes a page of one run or of several beside each other
    Report(ReportArgs),
    /// Lists runs, and tells some of them apart
    Runs(RunsArgs),
    /// Tells an MLflow server what it lacks of runs
    Mlflow(MlflowArgs),
    /// Says whether a model still fits recent traffic
    Monitor(MonitorArgs),
    /// Tunes a model to recent traffic, and takes the result only where it is better
    Refresh(RefreshArgs),
    /// Writes a trained model's forecasts over a file as CSV
    Forecast(ForecastArgs),
    /// Judges models beside classical forecasters on the last part of files
    Evaluate(EvaluateArgs),
    /// Says whether further columns of a file know anything of arrivals that the forecaster does not
    Columns(Box<ColumnsArgs>),
    /// Plays scaling policies beside what people use, on recorded traffic
    BenchPolicies(Box<BenchPoliciesArgs>),
    /// Moves each tuned number by a fifth and tells what that does
    Sensitivity(Box<SensitivityArgs>),
    /// Trains networks that lack a part and tells what each part is worth
    Ablate(AblateArgs),
    /// Writes the built-in sample traffic as CSV
    SampleData(SampleDataArgs),
    /// Writes what a Prometheus server knows as CSV, or adds what came since
    Fetch(Box<FetchArgs>),
    /// Makes a model's pack, for the int8 engine and microcontrollers, from its ONNX files
    Pack(PackArgs),
    /// Makes a key that signs models, and tells the public key that goes with one
    Key(KeyArgs),
    /// Signs a model, so that agents that have the public key take it
    Sign(SignArgs),
    /// Lists devices and checks that each computes a training step right
    Doctor(DoctorArgs),
}

impl Command {
    /// Does it.
    ///
    /// # Errors
    /// Whatever went wrong, for people.
    pub fn run(&self) -> Result<ExitCode> {
        let done = |result: Result<()>| result.map(|()| ExitCode::SUCCESS);
        match self {
            Self::Train(args) => train::run(args),
            Self::Search(args) => search::run(args),
            Self::Report(args) => done(report::run(args)),
            Self::Runs(args) => done(runs::run(args)),
            Self::Mlflow(args) => done(mlflow::run(args)),
            Self::Monitor(args) => monitor::run(args),
            Self::Refresh(args) => refresh::run(args),
            Self::Forecast(args) => done(forecast::run(args)),
            Self::Evaluate(args) => done(evaluate::run(args)),
            Self::Columns(args) => done(columns::run(args)),
            Self::BenchPolicies(args) => done(bench_policies::run(args)),
            Self::Sensitivity(args) => done(sensitivity::run(args)),
            Self::Ablate(args) => done(ablate::run(args)),
            Self::SampleData(args) => done(sample_data::run(args)),
            Self::Fetch(args) => done(fetch::run(args)),
            Self::Pack(args) => done(pack::run(args)),
            Self::Key(args) => done(key::run(args)),
            Self::Sign(args) => done(sign::run(args)),
            Self::Doctor(args) => done(doctor::run(args)),
        }
    }
}

#[cfg(test)]
mod tests;
