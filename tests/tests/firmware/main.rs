//! The image in QEMU against the same core on this machine, through the UART.

mod board;
#[path = "../../../firmware/clients/client.rs"]
mod client;
mod faults;
mod holes;
mod host;
mod image;
mod learned;
mod line;
mod m0_plus;
mod uploads;

use board::Board;
use host::{Host, decision, play, settings};
use image::{FLASH_BYTES, RAM, STACK, image, sizes};
use scaleiq_core::decision::Decision;
use scaleiq_core::forecast::{EXPERTS, ForecastSource};
use scaleiq_core::policy::Stage;

/// Intervals that are played where nothing else is asked for: three days, which takes two minutes.
const INTERVALS: usize = 3 * 720;
/// Asks for another number of them; firmware/README.md has figures of two weeks, 10080.
const ASKED: &str = "SCALEIQ_QEMU_INTERVALS";

fn intervals() -> usize {
    let Ok(asked) = std::env::var(ASKED) else { return INTERVALS };
    asked.parse().unwrap_or_else(|_| panic!("{ASKED}={asked:?} is no number of intervals"))
}

#[test]
fn the_image_decides_what_this_machine_decides_to_the_byte() {
    let Some(image) = image("", None) else { return };
    let board = Board::start(&image, &[]);
    let (mut host, mut client) = (Host::start(), board.client());
    host.ask(&settings());
    client.ask(&settings()).unwrap();
    let intervals = intervals();
    let decisions = play(intervals, |sample| {
        let (here, there) = (host.ask(sample), client.ask(sample).unwrap());
        assert_eq!(there, here);
        decision(here)
    });
    let source = |d: &Decision| d.forecast.map(|basis| basis.source);
    let is_with_network = |d: &&Decision| source(d) == Some(ForecastSource::Model);
    let with_network = decisions.iter().filter(is_with_network).count();
    let moved = decisions.iter().filter(|d| d.stage == Stage::Network).count();
    let changes = decisions.windows(2).filter(|pair| pair[0].jobs != pair[1].jobs).count();
    println!(
        "{intervals} intervals: {with_network} decisions on forecasts with the network, {moved} moved by \
         the Q-network, {changes} changes"
    );
    assert!(with_network > intervals * 9 / 10 && changes > intervals / 100);

    let learned = client.learned().unwrap();
    // With seasons of its own this machine has more experts than the image.
    if EXPERTS == 9 {
        assert_eq!(learned, host.learned(), "what it has learned, to the byte");
    }
    let (flash, end) = sizes(&image);
    let unused = client.status().unwrap().stack_unused.unwrap();
    let fixed = end - RAM.start - STACK;
    let stack = STACK - unused;
    println!("flash {flash} bytes, static RAM {fixed} bytes, deepest stack {stack} bytes");
    println!("{} bytes were learned", learned.len());
    assert!(flash < FLASH_BYTES, "{flash} bytes do not fit the flash");
    assert!(unused > 2048, "only {unused} bytes of RAM were never used");
}

#[test]
fn a_decision_takes_at_most_forty_million_instructions() {
    let Some(image) = image("", None) else { return };
    // One instruction a nanosecond, so that a microsecond is a thousand of them.
    let board = Board::start(&image, &["-icount", "shift=0"]);
    let mut client = board.client();
    client.ask(&settings()).unwrap();
    let mut taken = Vec::new();
    play(150, |sample| {
        let decision = decision(client.ask(sample).unwrap());
        taken.push(client.status().unwrap().decision_us);
        decision
    });
    taken.sort_unstable();
    let (median, most) = (taken[taken.len() / 2], taken[taken.len() - 1]);
    println!("thousand instructions for a decision: median {median}, most {most}");
    assert!(most < 40_000, "{most} thousand instructions");
}

/// The image with a panic handler that does not exist links only if nothing in it can panic.
#[test]
fn nothing_in_the_image_can_panic() {
    image("prove-no-panic", None);
}
