//! A Cortex-M0+, which computes its floating-point numbers and its quotients by hand: does it decide the same, and what
//! does that take?

use super::board::Board;
use super::host::{Host, decision, play, settings};
use super::image::{M0_PLUS, image_for, sizes};
use scaleiq_core::model::PACK;
use scaleiq_core::wire::UploadKind;
use scaleiq_tests::networks::{Untrained, shipped};
use trainer::config::Preset;

/// Samples that are decided on.
const SAMPLES: usize = 150;

#[test]
fn a_core_without_floating_point_decides_the_same() {
    let Some(image) = image_for(M0_PLUS, "", None) else { return };
    let (flash, _) = sizes(&image);
    println!("Cortex-M0+: flash {flash} bytes with the shipped model");
    let edge = std::fs::read(shipped(PACK)).unwrap();
    for (name, pack) in [("edge", edge), ("nano", Untrained::of(Preset::Nano).pack)] {
        // One instruction a nanosecond, so that a microsecond is a thousand of them. QEMU's core is a Cortex-M4F,
        // which knows all that a Cortex-M0+ does.
        let board = Board::start(&image, &["-icount", "shift=0"]);
        let mut client = board.client();
        if name == "nano" {
            client.upload(UploadKind::Model, &pack).unwrap();
        }
        let bytes = pack.len();
        let mut host = Host::with(pack);
        host.ask(&settings());
        client.ask(&settings()).unwrap();
        let mut taken = Vec::new();
        play(SAMPLES, |sample| {
            let (here, there) = (host.ask(sample), client.ask(sample).unwrap());
            assert_eq!(there, here);
            taken.push(client.status().unwrap().decision_us);
            decision(here)
        });
        taken.sort_unstable();
        let (median, most) = (taken[taken.len() / 2], taken[taken.len() - 1]);
        println!(
            "Cortex-M0+, {name} ({bytes} bytes): thousand instructions for a decision: median {median}, most \
             {most}"
        );
    }
}
