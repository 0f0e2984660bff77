//! `agent backtest`.

/// Options of `agent backtest`.
#[derive(clap::Args, Debug, Default)]
pub struct BacktestArgs {}

/// Runs the backtest.
///
/// # Errors
/// If it cannot be run.
pub fn run(_args: &BacktestArgs) -> anyhow::Result<()> {
    anyhow::bail!("not built yet")
}
