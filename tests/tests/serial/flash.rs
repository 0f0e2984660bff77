//! Another model for a device.

use super::board::{Board, Noise, PACK, TIME_LIMIT};
use super::play_alike;
use super::pool::{Pool, decide, open, settings};
use agent::cli::{Cli, Command, flash_model};
use agent::decide::{Engine, ModelChoice};
use agent::device::{Fault, Link};
use clap::Parser;
use scaleiq_core::engine::Pack;
use scaleiq_core::model::{Card, PACK as PACK_FILE, sha256_hex};
use scaleiq_core::wire::Refusal;
use std::path::{Path, PathBuf};

fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/edge")
}

/// The shipped model with another minimum advantage, as a model folder.
pub(super) fn with_min_advantage(folder: &Path) -> Vec<u8> {
    let mut pack = Pack::parse(PACK).unwrap();
    pack.q_network.min_advantage = 0.0;
    assert_ne!(Pack::parse(PACK).unwrap().q_network.min_advantage, 0.0);
    let mut bytes = vec![0; PACK.len() + 16];
    let length = pack.write(&mut bytes).unwrap();
    bytes.truncate(length);
    let card = std::fs::read(models().join("card.json")).unwrap();
    let mut card = Card::parse(&card, Path::new("card.json")).unwrap();
    card.policy.min_advantage = pack.q_network.min_advantage;
    card.files.insert(PACK_FILE.into(), sha256_hex(&bytes));
    std::fs::write(folder.join("card.json"), serde_json::to_vec(&card).unwrap()).unwrap();
    std::fs::write(folder.join(PACK_FILE), &bytes).unwrap();
    bytes
}

pub(super) fn flash(board: &Board, model: &str) -> Result<(), String> {
    let line = ["agent", "flash-model", "--port", &board.path, "--model", model];
    let Some(Command::FlashModel(args)) = Cli::try_parse_from(line).unwrap().command else {
        panic!("another command")
    };
    flash_model::run(&args).map_err(|error| format!("{error:#}"))
}

#[test]
fn a_model_is_uploaded_over_a_noisy_line_and_decides() {
    let board = Board::start();
    let folder = tempfile::tempdir().unwrap();
    let pack = with_min_advantage(folder.path());
    assert_eq!(board.status().pack_crc, Pack::crc(PACK));
    board.hand().noise = Some(Noise::new(3));
    flash(&board, folder.path().to_str().unwrap()).unwrap();
    let noise = board.hand().noise.take().unwrap();
    assert!(noise.hurt > 50, "that was no noise");
    assert_eq!(board.status().pack_crc, Pack::crc(&pack));

    // What decides now is that model.
    let mut decider = board.with_fallback(settings());
    let choice = ModelChoice::in_folder(folder.path().into());
    let mut native = open(choice, Engine::Native, settings());
    let mut shipped = open(ModelChoice::Shipped, Engine::Native, settings());
    let mut pool = Pool::new();
    let mut otherwise = 0;
    for _ in 0..400 {
        let sample = pool.sample();
        let decision = decide(&mut decider, &sample);
        assert_eq!(decision, decide(native.as_mut(), &sample));
        otherwise += usize::from(decision != decide(shipped.as_mut(), &sample));
        pool.jobs = decision.jobs;
    }
    println!("{otherwise} of 400 decisions are not those of the shipped model");
    assert!(otherwise > 0);
    drop(decider);
    flash(&board, "shipped").unwrap();
    assert_eq!(board.status().pack_crc, Pack::crc(PACK));
}

#[test]
fn a_pack_that_cannot_be_run_is_refused_and_the_old_one_decides() {
    let board = Board::start();
    let mut pack = PACK.to_vec();
    let middle = pack.len() / 2;
    pack[middle] ^= 1;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let refused = runtime.block_on(async {
        let mut link = Link::new(board.port().open().unwrap(), TIME_LIMIT.answer, TIME_LIMIT.tries);
        link.upload(&pack, |_| {}).await.unwrap_err()
    });
    assert!(matches!(refused, Fault::Refused(Refusal::Pack)), "{refused}");
    assert_eq!(board.status().pack_crc, Pack::crc(PACK));
    play_alike(&mut board.with_fallback(settings()), 400);

    // The program does not even send it.
    let folder = tempfile::tempdir().unwrap();
    with_min_advantage(folder.path());
    std::fs::write(folder.path().join(PACK_FILE), &pack).unwrap();
    let error = flash(&board, folder.path().to_str().unwrap()).unwrap_err();
    assert!(error.contains(PACK_FILE) && error.contains("SHA-256"), "{error}");

    let small = Board::with_room(1000);
    let folder = tempfile::tempdir().unwrap();
    with_min_advantage(folder.path());
    let error = flash(&small, folder.path().to_str().unwrap()).unwrap_err();
    assert!(error.contains("no memory for another model pack"), "{error}");
    assert!(error.contains(&format!("decides with pack {:08x}", Pack::crc(PACK))), "{error}");
}
