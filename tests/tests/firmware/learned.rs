//! What was learned goes back into an image that was reset.

use super::board::Board;
use super::host::{Host, decision, play, settings};
use super::image::image;
use scaleiq_core::wire::UploadKind;
use std::path::Path;
use std::process::Command;

#[test]
fn a_reset_changes_no_decision_once_the_learned_is_back() {
    let Some(image) = image("", None) else { return };
    let (learning, after) = (2 * 720, 200);
    let (mut host, board) = (Host::start(), Board::start(&image, &[]));
    let mut client = board.client();
    host.ask(&settings());
    client.ask(&settings()).unwrap();
    let mut k = 0;
    play(learning + after, |sample| {
        let (here, there) = (host.ask(sample), client.ask(sample).unwrap());
        assert_eq!(there, here, "{k}");
        k += 1;
        if k == learning {
            let learned = client.learned().unwrap();
            board.reset();
            let forgot = client.status().unwrap();
            assert_eq!((forgot.epoch, forgot.resets), (0, 1));
            let back = client.upload(UploadKind::Learned, &learned).unwrap();
            assert_eq!(back.epoch, learning as u64);
            assert_eq!(client.learned().unwrap(), learned);
        }
        decision(here)
    });
}

/// `client.py` beside a terminal of QEMU.
#[test]
fn a_program_written_from_the_page_asks_saves_and_restores() {
    let Some(image) = image("", None) else { return };
    let (qemu, port) = Board::on_a_terminal(&image);
    let client = Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware/clients/client.py");
    let file = tempfile::NamedTempFile::new().unwrap();
    let file = file.path().to_str().unwrap();
    let run = |words: &[&str]| {
        let run = Command::new("python3").arg(&client).arg(&port).args(words).output().unwrap();
        assert!(run.status.success(), "{words:?}: {}", String::from_utf8_lossy(&run.stderr));
        String::from_utf8(run.stdout).unwrap()
    };
    assert!(run(&["status"]).contains("\"epoch\": 0"));
    let decision = run(&["sample", "3000", "5"]);
    assert!(decision.contains("\"stage\": \"reactive\""), "{decision}");
    run(&["save", file]);
    run(&["forget"]);
    assert!(run(&["status"]).contains("\"epoch\": 0"));
    assert!(run(&["restore", file]).contains("\"epoch\": 1"));
    drop(qemu);
}
