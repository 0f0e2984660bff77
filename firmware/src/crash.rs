//! What an image leaves when it fails, and the restart that follows.

#![allow(unsafe_code)]

use crate::memory::{Kept, stack};
use crate::registers::fault_status;
use core::arch::global_asm;
use core::panic::PanicInfo;
use cortex_m::peripheral::SCB;
use cortex_m_rt::ExceptionFrame;
use heapless::{String, Vec};
use scaleiq_core::wire::{CRASH_REGISTERS, CRASH_TEXT, Crash, ResetCause};

/// Most bytes of a file's name: the end of it says more than the beginning.
const FILE: usize = 48;

/// Calls what does not exist where that is to be proved: the image links if nothing in it can panic, and not
/// otherwise.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    unsafe extern "C" {
        fn something_in_this_image_can_panic() -> !;
    }
    if cfg!(feature = "prove-no-panic") {
        // SAFETY: never called.
        unsafe { something_in_this_image_can_panic() }
    }
    let mut text = String::new();
    if let Some(place) = info.location() {
        let file = place.file();
        append(&mut text, file.get(file.len().saturating_sub(FILE)..).unwrap_or(file));
        append(&mut text, ":");
        append_number(&mut text, place.line());
    }
    // Numbers in a message would bring all that formats them, which is in the image for nothing else.
    if let Some(message) = info.message().as_str() {
        append(&mut text, ": ");
        append(&mut text, message);
    }
    end(ResetCause::Panic, text, Vec::new())
}

// The frame lies where the stack ends. A stack that overran has room for nothing more, and begins anew.
// In instructions of ARMv6-M, which a Cortex-M0+ knows as well.
global_asm!(
    ".thumb_func",
    ".global HardFault",
    "HardFault: mov r0, sp",
    "ldr r1, =_stack_end + 1024",
    "cmp r0, r1",
    "bhs 1f",
    "ldr r1, =_stack_start",
    "mov sp, r1",
    "1: ldr r1, ={faults}",
    "bx r1",
    ".pool",
    faults = sym faults
);

/// The processor stopped the program; `frame` is what it left on the stack, if the stack had room for it.
extern "C" fn faults(frame: *const ExceptionFrame) -> ! {
    if stack().contains(&frame.cast()) {
        // SAFETY: written by the processor, and nothing else uses it.
        stopped(ResetCause::HardFault, unsafe { &*frame })
    }
    let mut text = String::new();
    append(&mut text, "the stack is full");
    end(ResetCause::HardFault, text, Vec::new())
}

/// After the processor, or a timer, has stopped the program at `frame`.
pub fn stopped(cause: ResetCause, frame: &ExceptionFrame) -> ! {
    let [cfsr, hfsr] = fault_status();
    let mut text = String::new();
    let kind = match cause {
        ResetCause::Watchdog => "no sign of life",
        _ if cfsr & 0xFFFF_0000 != 0 => "usage fault",
        _ if cfsr & 0xFF00 != 0 => "bus fault",
        _ if cfsr & 0xFF != 0 => "memory fault",
        _ => "hard fault",
    };
    append(&mut text, kind);
    let f = frame;
    let registers = [f.r0(), f.r1(), f.r2(), f.r3(), f.r12(), f.lr(), f.pc(), f.xpsr(), cfsr, hfsr];
    end(cause, text, Vec::from_slice(&registers).unwrap_or_default())
}

fn end(cause: ResetCause, text: String<CRASH_TEXT>, registers: Vec<u32, CRASH_REGISTERS>) -> ! {
    Kept::save_crash(&Crash { cause, text, registers });
    SCB::sys_reset()
}

/// Text as far as there is room for it.
fn append(text: &mut String<CRASH_TEXT>, more: &str) {
    let _ = more.chars().try_for_each(|c| text.push(c));
}

fn append_number(text: &mut String<CRASH_TEXT>, number: u32) {
    if number > 9 {
        append_number(text, number / 10);
    }
    let _ = text.push(char::from(b'0' + (number % 10) as u8));
}
