//! Samples from a serial port, behind a pty: not there yet, noisy, unplugged and plugged in again.

use super::http::{Agent, get, until};
use super::samples;
use std::os::unix::fs::symlink;
use std::path::Path;
use tokio::io::AsyncWriteExt;
use tokio::runtime::Runtime;
use tokio_serial::{SerialPort, SerialStream};

/// The other end of a port that is plugged in at `path`.
fn plug_in(runtime: &Runtime, path: &Path) -> SerialStream {
    let _in_it = runtime.enter();
    let (board, port) = SerialStream::pair().unwrap();
    // It may be there from before, and lead nowhere.
    let _ = std::fs::remove_file(path);
    symlink(port.name().unwrap(), path).unwrap();
    board
}

#[test]
fn a_port_is_read_line_by_line_and_tried_again_when_it_goes() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("port");
    let source = format!("{{type: serial, port: {}}}", path.display());
    let agent = Agent::start(&format!("listen: 127.0.0.1:0\nsource: {source}\n"));
    agent.wait_for_log("is the device plugged in?");
    until(|| get(&agent, "/healthz").1.contains("source restarting: "));

    let mut board = plug_in(&runtime, &path);
    until(|| get(&agent, "/healthz").1 == "ok\n");
    let lines = format!("ed_events\":3}}\n{}", samples(3000));
    runtime.block_on(board.write_all(lines.as_bytes())).unwrap();
    until(|| get(&agent, "/readyz").0 == 200);
    until(|| get(&agent, "/metrics").1.contains("scaleiq_samples_total 21\n"));
    agent.wait_for_log("sample refused: ");

    drop(board);
    until(|| get(&agent, "/healthz").1.contains("source restarting: "));
    assert!(get(&agent, "/metrics").1.contains("scaleiq_source_running 0\n"));
    let _board = plug_in(&runtime, &path);
    until(|| get(&agent, "/healthz").1 == "ok\n");
    assert_eq!(agent.terminate().0, Some(0));
}
