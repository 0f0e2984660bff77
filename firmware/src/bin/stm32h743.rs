//! The device on STMicroelectronics' STM32H743 (Cortex-M7), with the pins of the board NUCLEO-H743ZI2.
//!
//! USART3 at 115,200 baud on PD8 (out) and PD9 (in), which the board's debugger brings to USB; the red LED
//! (PB14) is the alarm; logs go to the debugger by RTT. The chip stays at the 64 MHz that it starts with.
//! Registers: ST RM0433. The data cache stays off, so that what is retained is in RAM when a reset comes.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!("this is a program for a microcontroller: run ./cargo.sh in the folder firmware/");
}

#[cfg(target_os = "none")]
mod image {
    #![allow(unsafe_code)]

    use core::convert::Infallible;
    use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicUsize, Ordering::Relaxed};
    use cortex_m::Peripherals;
    use cortex_m::asm::wfe;
    use cortex_m::interrupt::InterruptNumber;
    use cortex_m::peripheral::syst::SystClkSource;
    use cortex_m::peripheral::{NVIC, SCB};
    use cortex_m_rt::{entry, exception};
    #[cfg(not(feature = "prove-no-panic"))]
    use defmt_rtt as _;
    use embedded_hal::digital::{ErrorType as PinError, OutputPin};
    use embedded_io::{ErrorType, Read, ReadReady, Write};
    use firmware::board::{Lost, PACK, run};
    use firmware::memory::{Kept, Owned};
    use firmware::registers::{Block, Register};
    use firmware::{Board, Clock, Device, NoStore, Watchdog, first_settings};
    use scaleiq_core::engine::PackError;
    use scaleiq_core::wire::ResetCause;

    /// The processor's clock and all that hang on it, in hertz.
    const HZ: u32 = 64_000_000;
    /// Interrupts of the system timer in a second: its 24 bits count no whole one.
    const TICKS: u32 = 4;
    /// Seconds from a feeding of the watchdog to the reset, at 250 counts a second.
    const TIME_LIMIT_S: u32 = 10;

    // SAFETY: peripherals of this chip that only this program uses.
    const TIMER_2: Block = unsafe { Block::at(0x4000_0000) };
    // SAFETY: as above.
    const USART_3: Block = unsafe { Block::at(0x4000_4800) };
    // SAFETY: as above.
    const PORT_B: Block = unsafe { Block::at(0x5802_0400) };
    // SAFETY: as above.
    const PORT_D: Block = unsafe { Block::at(0x5802_0C00) };
    // SAFETY: as above.
    const RCC: Block = unsafe { Block::at(0x5802_4400) };
    // SAFETY: as above.
    const WATCHDOG: Block = unsafe { Block::at(0x5800_4800) };

    /// Bytes that came in and were not taken: more than a host sends before it waits for an answer.
    static BYTES: [AtomicU8; 1024] = [const { AtomicU8::new(0) }; 1024];
    /// Bytes that came in, and that were taken, since the start.
    static CAME: AtomicUsize = AtomicUsize::new(0);
    static TAKEN: AtomicUsize = AtomicUsize::new(0);
    static IS_LOST: AtomicBool = AtomicBool::new(false);
    static TICKED: AtomicU32 = AtomicU32::new(0);

    /// Its interrupt.
    #[derive(Clone, Copy)]
    struct Usart3;

    // SAFETY: RM0433, table of interrupts.
    unsafe impl InterruptNumber for Usart3 {
        fn number(self) -> u16 {
            39
        }
    }

    /// The line: bytes come in by interrupt.
    struct Uart;

    impl Uart {
        const STATE: Register = USART_3.register(0x1C);
        const CLEAR: Register = USART_3.register(0x20);
        const CAME_IN: Register = USART_3.register(0x24);
        const GO_OUT: Register = USART_3.register(0x28);
        const OVERRUN: u32 = 1 << 3;
        const RECEIVED: u32 = 1 << 5;
        const SENT: u32 = 1 << 6;
        const FREE_TO_SEND: u32 = 1 << 7;

        fn new() -> Self {
            // PD8 and PD9 are the seventh of their functions, by mode 2.
            set(PORT_D.register(0x24), 0xFF, 0x77);
            set(PORT_D.register(0x00), 0xF << 16, 0xA << 16);
            USART_3.register(0x0C).write(HZ.div_ceil(115_200));
            // On; it sends, receives, and interrupts for a byte.
            USART_3.register(0x00).write(1 | 1 << 2 | 1 << 3 | 1 << 5);
            // SAFETY: its handler is there, and shares nothing but atomics.
            unsafe { NVIC::unmask(Usart3) };
            Self
        }

        fn is(flag: u32) -> bool {
            Self::STATE.read() & flag != 0
        }

        /// Puts what has come into the ring; what it has no room for is lost.
        fn interrupt() {
            if Self::is(Self::OVERRUN) {
                Self::CLEAR.write(Self::OVERRUN);
                IS_LOST.store(true, Relaxed);
            }
            while Self::is(Self::RECEIVED) {
                let byte = Self::CAME_IN.read() as u8;
                let came = CAME.load(Relaxed);
                if came.wrapping_sub(TAKEN.load(Relaxed)) == BYTES.len() {
                    IS_LOST.store(true, Relaxed);
                } else {
                    BYTES[came % BYTES.len()].store(byte, Relaxed);
                    CAME.store(came.wrapping_add(1), Relaxed);
                }
            }
        }
    }

    impl ErrorType for Uart {
        type Error = Lost;
    }

    impl ReadReady for Uart {
        /// Sleeps until the next byte or tick where nothing has come: one that comes meanwhile is an event,
        /// which `wfe` sees.
        fn read_ready(&mut self) -> Result<bool, Lost> {
            let has_come = || CAME.load(Relaxed) != TAKEN.load(Relaxed);
            if IS_LOST.swap(false, Relaxed) {
                return Err(Lost);
            }
            if !has_come() {
                wfe();
            }
            Ok(has_come())
        }
    }

    impl Read for Uart {
        fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Lost> {
            while CAME.load(Relaxed) == TAKEN.load(Relaxed) {}
            let mut count = 0;
            for byte in bytes {
                let taken = TAKEN.load(Relaxed);
                if taken == CAME.load(Relaxed) {
                    break;
                }
                *byte = BYTES[taken % BYTES.len()].load(Relaxed);
                TAKEN.store(taken.wrapping_add(1), Relaxed);
                count += 1;
            }
            Ok(count)
        }
    }

    impl Write for Uart {
        fn write(&mut self, bytes: &[u8]) -> Result<usize, Lost> {
            for byte in bytes {
                while !Self::is(Self::FREE_TO_SEND) {}
                Self::GO_OUT.write(u32::from(*byte));
            }
            Ok(bytes.len())
        }

        fn flush(&mut self) -> Result<(), Lost> {
            while !Self::is(Self::SENT) {}
            Ok(())
        }
    }

    /// The red LED, by the register that sets and clears pins.
    struct Led(Register);

    impl PinError for Led {
        type Error = Infallible;
    }

    impl OutputPin for Led {
        fn set_low(&mut self) -> Result<(), Infallible> {
            self.0.write(1 << (16 + 14));
            Ok(())
        }

        fn set_high(&mut self) -> Result<(), Infallible> {
            self.0.write(1 << 14);
            Ok(())
        }
    }

    struct Dog(Register);

    impl Dog {
        fn new() -> Self {
            let key = WATCHDOG.register(0x0);
            // Starts it, and lets its settings be written: the slow clock's 32 kHz by 128.
            key.write(0xCCCC);
            key.write(0x5555);
            WATCHDOG.register(0x4).write(5);
            WATCHDOG.register(0x8).write(250 * TIME_LIMIT_S);
            Self(key)
        }
    }

    impl Watchdog for Dog {
        fn feed(&mut self) {
            self.0.write(0xAAAA);
        }
    }

    /// The system timer's interrupts, and timer 2 at a megahertz.
    struct Counters;

    impl Counters {
        fn new(chip: &mut Peripherals) -> Self {
            chip.SYST.set_clock_source(SystClkSource::Core);
            chip.SYST.set_reload(HZ / TICKS - 1);
            chip.SYST.clear_current();
            chip.SYST.enable_interrupt();
            chip.SYST.enable_counter();
            TIMER_2.register(0x28).write(HZ / 1_000_000 - 1);
            // Takes the divider over, and counts.
            TIMER_2.register(0x14).write(1);
            TIMER_2.register(0x00).write(1);
            Self
        }
    }

    impl Clock for Counters {
        fn seconds(&mut self) -> u32 {
            TICKED.load(Relaxed) / TICKS
        }

        fn micros(&mut self) -> u32 {
            TIMER_2.register(0x24).read()
        }
    }

    /// Sets the bits of `mask` in a register to those of `bits`.
    fn set(register: Register, mask: u32, bits: u32) {
        register.write(register.read() & !mask | bits);
    }

    /// What made this start, by the chip's register RCC_RSR, which collects until it is cleared. Every reset
    /// pulls the pin, so that this comes last.
    fn cause() -> Option<ResetCause> {
        let reasons = RCC.register(0xD0);
        let told = reasons.read();
        reasons.write(1 << 16);
        let bits = [
            (1 << 26 | 1 << 28, ResetCause::Watchdog),
            (1 << 23 | 1 << 21, ResetCause::Power),
            (1 << 24 | 1 << 30, ResetCause::Unknown),
            (1 << 22, ResetCause::Pin),
        ];
        bits.into_iter().find(|(bits, _)| told & bits != 0).map(|(_, cause)| cause)
    }

    static DEVICE: Owned<Device<'static, Kept, NoStore>> = Owned::new();

    /// What making the device takes of the stack is free again before it runs.
    #[inline(never)]
    fn make() -> Result<&'static mut Device<'static, Kept, NoStore>, PackError> {
        // SAFETY: this is the only use, and it is called once.
        let place = unsafe { DEVICE.get() };
        Device::make(place, first_settings(), PACK, Kept { cause: cause() }, NoStore)
    }

    #[entry]
    fn main() -> ! {
        // Taken once; it is there.
        let Some(mut chip) = Peripherals::take() else { SCB::sys_reset() };
        chip.SCB.enable_icache();
        // Clocks of ports B and D, of timer 2 and of USART 3.
        set(RCC.register(0xE0), 0, 1 << 1 | 1 << 3);
        set(RCC.register(0xE8), 0, 1 << 0 | 1 << 18);
        // PB14 is an output.
        set(PORT_B.register(0x00), 0b11 << 28, 0b01 << 28);
        let mut board = Board {
            uart: Uart::new(),
            alarm: Led(PORT_B.register(0x18)),
            watchdog: Dog::new(),
            clock: Counters::new(&mut chip),
        };
        run(&mut board, make())
    }

    #[exception]
    fn SysTick() {
        TICKED.store(TICKED.load(Relaxed).wrapping_add(1), Relaxed);
    }

    /// Of a chip's own interrupts only that of the line is on.
    #[exception]
    unsafe fn DefaultHandler(_: i16) {
        Uart::interrupt();
    }
}
