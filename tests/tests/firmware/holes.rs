//! Holes, and samples of hours, at the speed of a microcontroller.

use super::board::Board;
use super::host::{Host, Pool, decision, play, settings};
use super::image::image;
use scaleiq_core::wire::{Message, ResetCause};

/// What `core/SPEC.md` says that an answer takes at most, in milliseconds at 64 MHz.
fn patience_ms(hole_s: i64, span_s: u32) -> i64 {
    600 + 400 * hole_s / 86_400 + 30 * i64::from(span_s) / 120
}

#[test]
fn holes_are_filled_in_time_and_as_on_this_machine() {
    let Some(image) = image("", None) else { return };
    // An instruction takes 16 ns: 62.5 MHz.
    let board = Board::start(&image, &["-icount", "shift=4"]);
    let (mut host, mut client) = (Host::start(), board.client());
    host.ask(&settings());
    client.ask(&settings()).unwrap();
    let mut both = |sample: &Message| {
        let (here, there) = (host.ask(sample), client.ask(sample).unwrap());
        assert_eq!(there, here);
        (decision(here), client.status().unwrap())
    };
    // Long enough for the regressions to be solved.
    let last = play(120, |sample| both(sample).0).pop().unwrap();
    let mut pool = Pool { jobs: last.jobs.0, backlog: 0.0 };
    let (mut at, mut epoch) = (last.at.0, 120);
    let (minute, hour, day) = (60, 3600, 86_400);
    let holes = [38 * minute, 4 * hour, 3 * day, 28 * day].map(|hole_s| (hole_s, 120));
    let long = [(hour, 3600), (hour, 3600), (hour, 3600), (2 * hour, 7200)];
    for (hole_s, span_s) in holes.into_iter().chain(long) {
        at += hole_s;
        epoch += 1;
        let sample = pool.sample(at, f64::from(span_s), Some(20.0 * span_s as f32), 73.6);
        let (decision, status) = both(&Message::Sample(sample));
        pool.jobs = decision.jobs.0;
        let took_ms = i64::from(status.decision_us) / 1000;
        println!("{hole_s} s after the last, a sample of {span_s} s: {took_ms} ms");
        assert!(took_ms < patience_ms(hole_s, span_s), "{hole_s} s, {span_s} s: {took_ms} ms");
        let Some(end) = status.last_end else { panic!("it took no sample") };
        assert_eq!((status.resets, status.cause), (0, ResetCause::Power));
        assert_eq!((status.epoch, end.0), (epoch, at));
    }
}
