//! A PostgreSQL server for tests, and what is said to it.

use super::servers::{Certificates, Place, Server, require};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};
use tokio::runtime::Runtime;
use tokio_postgres::{Client, Config, NoTls};

/// Who owns the database of a test.
const OWNER: &str = "tester";
const PASSWORD: &str = "a long one";

/// A server, with the table `jobs` and the role `reader`, which may read it.
pub(crate) struct Database {
    pub(crate) server: Server,
    runtime: Runtime,
}

const TABLE: &str = "
    CREATE TABLE jobs (
        id bigserial PRIMARY KEY, state text NOT NULL DEFAULT 'waiting', took numeric
    );
    CREATE TABLE secrets (id int);
    CREATE ROLE reader LOGIN PASSWORD 'read only';
    GRANT SELECT ON jobs, jobs_id_seq TO reader;
";

impl Database {
    /// Starts one; `None` if it is not installed, which is said.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with("", None)
    }

    /// As `start`, with more settings (`name=value ...`), and files that lie beside its data.
    pub(crate) fn start_with(
        settings: &'static str,
        certificates: Option<&Certificates>,
    ) -> Option<Self> {
        let files = certificates.map(|certificates| certificates.folder().join("."));
        let initdb = require("initdb", "postgresql")?;
        let postgres = require("postgres", "postgresql")?;
        let prepare = move |command: &mut Command, place: &Place<'_>| {
            if !place.folder.join("data").exists() {
                make(&initdb, place.folder, files.as_deref());
            }
            let socket = format!("unix_socket_directories={}", place.folder.display());
            run_as_other(command, &postgres);
            command.args(["-D", "data", "-p", &place.port.to_string(), "-c", &socket]);
            for setting in ["listen_addresses=127.0.0.1", "fsync=off"] {
                command.args(["-c", setting]);
            }
            command.args(settings.split_whitespace().flat_map(|setting| ["-c", setting]));
        };
        let program = if is_root() { "setpriv" } else { "postgres" };
        let server = Server::start_when(program, "postgresql", answers, prepare)?.ended_by("QUIT");
        let database = Self { server, runtime: Runtime::new().unwrap() };
        database.run(TABLE);
        Some(database)
    }

    /// Runs statements, one behind the other.
    pub(crate) fn run(&self, statements: &str) {
        let client = self.client();
        self.runtime.block_on(client.batch_execute(statements)).unwrap();
    }

    /// A connection of the owner, which ends when it is dropped.
    pub(crate) fn client(&self) -> Client {
        self.runtime.block_on(connect(self.server.port)).unwrap()
    }

    /// Begins a transaction that holds up who reads the table, until it is dropped.
    pub(crate) fn lock(&self) -> Client {
        let client = self.client();
        self.runtime.block_on(client.batch_execute("BEGIN; LOCK TABLE jobs")).unwrap();
        client
    }

    /// The section of a configuration for it, with this query, as `reader`.
    pub(crate) fn section(&self, query: &str, more: &str) -> String {
        let port = self.server.port;
        format!(
            "{{type: postgres, host: 127.0.0.1, port: {port}, database: postgres, user: reader, \
             password: read only, tls: off, every_s: 1, query: \"{query}\"{more}}}"
        )
    }
}

/// Makes the files of a server that demands passwords.
fn make(initdb: &Path, folder: &Path, files: Option<&Path>) {
    std::fs::write(folder.join("password"), PASSWORD).unwrap();
    if let Some(files) = files {
        assert!(Command::new("cp").arg("-r").arg(files).arg(folder).status().unwrap().success());
    }
    if is_root() {
        let chown = Command::new("chown").args(["-R", "postgres"]).arg(folder).status().unwrap();
        assert!(chown.success());
    }
    let mut command = Command::new(if is_root() { Path::new("setpriv") } else { initdb });
    run_as_other(&mut command, initdb);
    let made = command
        .args(["-D", "data", "--no-sync", "--pwfile=password", "--auth=scram-sha-256"])
        .args(["--username", OWNER])
        .current_dir(folder)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(made.success());
}

/// PostgreSQL refuses to run as root: a command that begins with `setpriv` runs it as its own user.
fn run_as_other(command: &mut Command, program: &Path) {
    if is_root() {
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
    }
}

fn is_root() -> bool {
    tempfile::tempfile().unwrap().metadata().unwrap().uid() == 0
}

fn answers(port: u16) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(connect(port)).is_ok()
}

async fn connect(port: u16) -> Result<Client, tokio_postgres::Error> {
    let mut config = Config::new();
    config.host("127.0.0.1").port(port).user(OWNER).password(PASSWORD).dbname("postgres");
    let (client, work) = config.connect(NoTls).await?;
    tokio::spawn(work);
    Ok(client)
}
