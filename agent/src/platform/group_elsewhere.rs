//! Where there are no process groups, a hook's own children outlive it.

use std::io;
use tokio::process::{Child, Command};

/// Stands for a process group.
#[derive(Debug)]
pub(crate) struct Group;

impl Group {
    pub(crate) fn spawn(command: &mut Command) -> io::Result<(Child, Self)> {
        Ok((command.spawn()?, Self))
    }

    pub(crate) fn kill(&self) {}

    pub(crate) async fn gone(self, _: &str) {}
}
