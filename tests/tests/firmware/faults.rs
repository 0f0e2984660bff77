//! An image that hangs, or that the processor stops: what it says after the reset.

use super::board::Board;
use super::host::{decision, play, settings};
use super::image::{RAM, image};
use scaleiq_core::policy::Stage;
use scaleiq_core::units::UnixSeconds;
use scaleiq_core::wire::{Message, ResetCause};

/// Where the program counter and the fault status lie among a crash's registers.
const PC: usize = 6;
const CFSR: usize = 8;

#[test]
fn a_failing_image_is_reset_tells_why_and_holds() {
    let Some(image) = image("", None) else { return };
    for (instruction, stack, cause, text) in [
        ("fee7", None, ResetCause::Watchdog, "no sign of life"),
        ("00de", None, ResetCause::HardFault, "usage fault"),
        // There is room for two more registers.
        ("ffb4", Some(RAM.start + 8), ResetCause::HardFault, "the stack is full"),
    ] {
        let board = Board::start(&image, &[]);
        let mut client = board.client();
        client.ask(&settings()).unwrap();
        let last = play(5, |sample| decision(client.ask(sample).unwrap())).pop().unwrap();
        let before = client.status().unwrap();
        assert_eq!((before.resets, before.cause, &before.crash), (0, ResetCause::Power, &None));
        assert_eq!((before.epoch, before.jobs), (5, Some(last.jobs)));
        let at = board.run_instruction(instruction, stack);
        // Nothing answers before the reset; a part of the question is lost in it.
        let after = client.status().unwrap();
        assert_eq!((after.resets, after.cause, after.epoch), (1, cause, 0));
        let crash = after.crash.unwrap();
        assert_eq!((crash.cause, crash.text.as_str()), (cause, text));
        // What the processor leaves has no place on a stack that is full.
        assert_eq!(crash.registers.get(PC).copied(), stack.is_none().then_some(at));
        // An undefined instruction is a usage fault, bit 16.
        let is_undefined = crash.registers.get(CFSR) == Some(&(1 << 16));
        assert_eq!(is_undefined, text == "usage fault", "{:x?}", crash.registers);

        assert_eq!(after.jobs, Some(last.jobs));
        let now = Message::Time(UnixSeconds(last.at.0 + 60));
        let held = decision(client.ask(&now).unwrap());
        assert_eq!((held.stage, held.jobs), (Stage::Hold, last.jobs));
    }
}
