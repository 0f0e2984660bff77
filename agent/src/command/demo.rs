//! `agent demo`.

/// Options of `agent demo`.
#[derive(clap::Args, Debug, Default)]
pub struct DemoArgs {}

/// Runs the demo.
///
/// # Errors
/// If it cannot be run.
pub fn run(_args: &DemoArgs) -> anyhow::Result<()> {
    anyhow::bail!("not built yet")
}
