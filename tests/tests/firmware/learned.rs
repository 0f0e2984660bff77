//! What was learned goes back into an image that was reset.

use super::board::Board;
use super::host::{Host, decision, play, settings};
use super::image::image;
use scaleiq_core::wire::{Message, UploadKind};
use std::path::Path;
use std::process::Command;

/// A week of learning on this machine, as much again in the image by one upload.
#[test]
fn what_was_learned_elsewhere_decides_as_it_did_there() {
    let Some(image) = image("", None) else { return };
    let (week, more) = (7 * 720, 200);
    let mut host = Host::start();
    host.ask(&settings());
    let board = Board::start(&image, &[]);
    let mut client = board.client();
    client.ask(&settings()).unwrap();
    let mut k = 0;
    play(week + more, |sample| {
        let here = host.ask(sample);
        if k >= week {
            assert_eq!(client.ask(sample).unwrap(), here, "{k}");
        }
        k += 1;
        if k == week {
            let learned = host.learned();
            let after = client.upload(UploadKind::Learned, &learned).unwrap();
            assert_eq!(after.epoch, week as u64);
            // A reset in between, and back again.
            client.ask(&Message::Forget).unwrap();
            assert_eq!(client.status().unwrap().epoch, 0);
            client.upload(UploadKind::Learned, &learned).unwrap();
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
