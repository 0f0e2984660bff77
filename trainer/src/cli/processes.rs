//! `trainer train --gpus 4 --nodes 2`: the same command in several processes, which `mpirun` starts.

use super::values::at_least_one;
use crate::runtime::device_choice::DeviceChoice;
use crate::runtime::ranks;
use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use std::path::PathBuf;
use std::process::Command;
use std::thread::available_parallelism;

/// Options that say how many processes there are.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct ProcessArgs {
    /// Processes that train together on each machine, one a GPU; with `--device cpu` they share its cores
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    gpus: Option<usize>,
    /// Machines; a scheduler gives them, or --hostfile names them
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    nodes: Option<usize>,
    /// Names of the machines, as mpirun reads them
    #[arg(long, value_name = "FILE")]
    hostfile: Option<PathBuf>,
}

impl ProcessArgs {
    fn on_each_machine(&self) -> usize {
        self.gpus.unwrap_or(1)
    }

    /// Becomes `mpirun`, which starts this command as often as is asked for. Comes back where one process is
    /// enough, or this is one of several already.
    ///
    /// # Errors
    /// If the program was built without MPI, or `mpirun` cannot be started.
    pub(super) fn multiply(&self) -> Result<()> {
        let processes = self.on_each_machine() * self.nodes.unwrap_or(1);
        if processes == 1 || ranks::started().is_some() {
            return Ok(());
        }
        ensure!(
            ranks::AVAILABLE,
            "{processes} processes train over MPI, and this trainer is one that runs alone: {}",
            ranks::REMEDY
        );
        let mut mpirun = Command::new("mpirun");
        mpirun.args(["-n", &processes.to_string()]);
        mpirun.args(["--map-by", &format!("ppr:{}:node", self.on_each_machine())]);
        // A process has threads, and the cores of a machine may be fewer than its GPUs.
        mpirun.args(["--bind-to", "none", "--oversubscribe"]);
        // They wait for each other, and longer while the first one judges: others may have the core meanwhile.
        mpirun.args(["--mca", "mpi_yield_when_idle", "1"]);
        if let Some(hosts) = &self.hostfile {
            mpirun.arg("--hostfile").arg(hosts);
        }
        // mpirun warns root off; whoever runs this as root has heard that.
        #[cfg(unix)]
        if nix::unistd::geteuid().is_root() {
            mpirun.arg("--allow-run-as-root");
        }
        let program = std::env::current_exe().context("finding this program")?;
        become_it(mpirun.arg(program).args(std::env::args_os().skip(1)))
    }

    /// The device of each process: `--gpus` asks for GPUs unless another device is named.
    pub(super) fn device(&self, choice: DeviceChoice) -> DeviceChoice {
        match choice {
            DeviceChoice::Auto if self.on_each_machine() > 1 => DeviceChoice::Gpu(None),
            choice => choice,
        }
    }
}

/// Ends this program for another, whose signals and end are this one's then.
#[cfg(unix)]
fn become_it(command: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt as _;
    match command.exec() {
        error if error.kind() == std::io::ErrorKind::NotFound => {
            bail!("mpirun was not found: install Open MPI (Debian: openmpi-bin)")
        }
        error => Err(error).context("starting mpirun"),
    }
}

#[cfg(not(unix))]
fn become_it(_: &mut Command) -> Result<()> {
    bail!("start it with mpirun: this system has no way to become another program")
}

/// Threads of each of the processes on this machine; `None` where there is one.
pub(super) fn threads_of_each() -> Option<usize> {
    let (_, processes) = ranks::on_this_machine();
    let cores = available_parallelism().ok()?.get();
    (processes > 1).then(|| (cores / processes).max(1))
}
