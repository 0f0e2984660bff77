//! Real servers for tests, an agent beside them, and a source whose samples are collected.
//!
//! A test brings it in by `#[path = "servers/mod.rs"] mod servers;`.
// Each test is a program of its own, and none of them uses all of this.
#![allow(dead_code, unused_imports)]

#[path = "../certificates/mod.rs"]
pub(crate) mod authority;
mod blind;
mod certificates;
#[path = "../run/http.rs"]
pub(crate) mod http;
pub(crate) mod machine;
mod server;
mod stand_in;
mod watched;

pub(crate) use blind::{Act, holds_while_blind};
pub(crate) use certificates::Certificates;
pub(crate) use machine::{cannot_run, require};
pub(crate) use server::{Place, Server};
pub(crate) use stand_in::{Asked, StandIn};
pub(crate) use watched::{Watched, events};

use std::net::{Ipv4Addr, TcpListener};

/// A port that nobody listened on a moment ago.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}
