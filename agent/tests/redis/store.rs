//! A Redis server for tests, and what is said to it.

use super::servers::Server;
use redis::{Client, Connection, FromRedisValue, cmd};

/// A server, without persistence unless it is asked for.
pub(crate) struct Store {
    pub(crate) server: Server,
    password: Option<&'static str>,
}

impl Store {
    /// Starts one; `None` if it is not installed, which is said.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with("", None)
    }

    /// As `start`, with more arguments, and the password that the test itself needs then.
    pub(crate) fn start_with(more: &'static str, password: Option<&'static str>) -> Option<Self> {
        let server = Server::start("redis-server", "redis-server", move |command, place| {
            command.args(["--bind", "127.0.0.1", "--port", &place.port.to_string()]);
            command.args(["--save", ""]).args(more.split_whitespace());
        })?;
        Some(Self { server, password })
    }

    fn connection(&self) -> Connection {
        let login = self.password.map_or(String::new(), |password| format!(":{password}@"));
        let address = format!("redis://{login}127.0.0.1:{}", self.server.port);
        Client::open(address).unwrap().get_connection().unwrap()
    }

    /// Does what a command line says, and returns the answer.
    pub(crate) fn ask<T: FromRedisValue>(&self, line: &str) -> T {
        let mut words = line.split(' ');
        let mut command = cmd(words.next().unwrap());
        words.for_each(|word| {
            command.arg(word);
        });
        command.query(&mut self.connection()).unwrap()
    }

    /// Does it so many times.
    pub(crate) fn repeat(&self, count: usize, line: &str) {
        for _ in 0..count {
            let _: redis::Value = self.ask(line);
        }
    }

    /// The section of a configuration for it, with more fields.
    pub(crate) fn section(&self, kind: &str, more: &str) -> String {
        let port = self.server.port;
        format!(
            "{{type: {kind}, url: \"redis://127.0.0.1:{port}\", key: jobs, every_s: 1, {more}}}"
        )
    }
}
