//! The device on Nordic's nRF52840, with the pins of its development kit, over Embassy's HAL.
//!
//! UART at 115,200 baud on P0.06 (out) and P0.08 (in), which the kit's debugger brings to USB; LED 1
//! (P0.13, on when low) is the alarm; logs go to the debugger by RTT. The end of
//! the flash holds uploads.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!("this is a program for a microcontroller: run ./cargo.sh in the folder firmware/");
}

#[cfg(all(target_os = "none", not(feature = "nrf52840")))]
compile_error!("this image needs --features nrf52840, which ./cargo.sh sets");

#[cfg(all(target_os = "none", feature = "nrf52840"))]
mod image {
    #![allow(unsafe_code)]

    use core::task::Poll;
    use cortex_m::asm::wfe;
    use cortex_m_rt::entry;
    #[cfg(not(feature = "prove-no-panic"))]
    use defmt_rtt as _;
    use embassy_futures::{block_on, poll_once};
    use embassy_nrf::buffered_uarte::{BufferedUarte, Error, InterruptHandler};
    use embassy_nrf::gpio::{Level, Output, OutputDrive};
    use embassy_nrf::interrupt::typelevel::{Handler, RTC0};
    use embassy_nrf::nvmc::Nvmc;
    use embassy_nrf::rtc::{Interrupt, Rtc};
    use embassy_nrf::timer::Timer;
    use embassy_nrf::wdt::{self, HaltConfig, WatchdogHandle};
    use embassy_nrf::{bind_interrupts, peripherals, uarte};
    use embedded_hal::digital::{ErrorType as PinError, OutputPin};
    use embedded_io::{ErrorType, Read, ReadReady, Write};
    use firmware::board::{Builder, PACK, run};
    use firmware::memory::{Kept, Owned, store, stored};
    use firmware::registers::Register;
    use firmware::{Board, Clock, Device, FlashStore, Watchdog, first_settings};
    use scaleiq_core::engine::PackError;
    use scaleiq_core::wire::{MAX_FRAME, ResetCause};

    bind_interrupts!(struct Interrupts {
        UARTE0 => InterruptHandler<peripherals::UARTE0>;
        RTC0 => Tick;
    });

    /// Wakes the processor eight times a second, to feed the watchdog and to look how old the data is.
    struct Tick;

    impl Handler<RTC0> for Tick {
        unsafe fn on_interrupt() {
            // SAFETY: the real-time counter's event of a tick, which nothing else uses.
            let event = unsafe { Register::at(0x4000_B100) };
            event.write(0);
        }
    }

    /// Ticks of the slow clock from a feeding of the watchdog to the reset: ten seconds.
    const TIME_LIMIT: u32 = 10 * 32_768;

    /// UART 0 by DMA into a ring: bytes come in while the processor computes, or waits for its flash.
    struct Uart(BufferedUarte<'static>);

    impl ErrorType for Uart {
        type Error = Error;
    }

    impl ReadReady for Uart {
        /// Sleeps until the next byte or tick where nothing has come: one that comes meanwhile is an event,
        /// which `wfe` sees.
        fn read_ready(&mut self) -> Result<bool, Error> {
            // Asked in vain, the driver lets the next byte interrupt.
            match poll_once(self.0.fill_buf()) {
                Poll::Ready(came) => came.map(|_| true),
                Poll::Pending => {
                    wfe();
                    self.0.read_ready()
                }
            }
        }
    }

    impl Read for Uart {
        fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Error> {
            block_on(self.0.read(bytes))
        }
    }

    impl Write for Uart {
        fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
            block_on(self.0.write(bytes))
        }

        fn flush(&mut self) -> Result<(), Error> {
            block_on(self.0.flush())
        }
    }

    /// LED 1, which is on when its pin is low.
    struct Led(Output<'static>);

    impl PinError for Led {
        type Error = core::convert::Infallible;
    }

    impl OutputPin for Led {
        fn set_low(&mut self) -> Result<(), Self::Error> {
            OutputPin::set_high(&mut self.0)
        }

        fn set_high(&mut self) -> Result<(), Self::Error> {
            OutputPin::set_low(&mut self.0)
        }
    }

    struct Dog(WatchdogHandle);

    impl Watchdog for Dog {
        fn feed(&mut self) {
            self.0.pet();
        }
    }

    /// A real-time counter at 8 Hz, whose 24 bits are widened here, and a timer at 1 MHz.
    struct Counters {
        slow: Rtc<'static>,
        fast: Timer<'static>,
        counter: u32,
        ticks: u64,
    }

    impl Clock for Counters {
        fn seconds(&mut self) -> u32 {
            let counter = self.slow.read();
            self.ticks += u64::from(counter.wrapping_sub(self.counter) & 0x00FF_FFFF);
            self.counter = counter;
            (self.ticks / 8) as u32
        }

        fn micros(&mut self) -> u32 {
            self.fast.cc(0).capture()
        }
    }

    type Upload = FlashStore<Nvmc<'static>, fn() -> &'static [u8], Builder>;

    /// The flash that `memory.x` leaves to uploads.
    fn uploaded() -> &'static [u8] {
        // SAFETY: the device lets go of what it read of a slot before it begins to write there.
        unsafe { stored() }
    }

    /// What made this start, by the chip's register RESETREAS, which collects until it is cleared.
    fn cause() -> Option<ResetCause> {
        // SAFETY: of the power peripheral; only this program uses it.
        let reasons = unsafe { Register::at(0x4000_0400) };
        let told = reasons.read();
        reasons.write(told);
        let bits = [
            (1 << 3, ResetCause::Lockup),
            (1 << 1, ResetCause::Watchdog),
            (1 << 0 | 1 << 18, ResetCause::Pin),
            (1 << 2, ResetCause::Unknown),
        ];
        let found = bits.into_iter().find(|(bits, _)| told & bits != 0);
        Some(found.map_or(ResetCause::Power, |(_, cause)| cause))
    }

    static DEVICE: Owned<Device<'static, Kept, Upload>> = Owned::new();
    /// What comes in, in two halves of which either takes a whole frame: a host that waits for answers
    /// cannot fill it. One that does not loses a frame.
    static IN: Owned<[u8; 2 * MAX_FRAME]> = Owned::new();
    /// What goes out, part by part.
    static OUT: Owned<[u8; 128]> = Owned::new();

    /// What making the device takes of the stack is free again before it runs.
    #[inline(never)]
    fn make(
        flash: Nvmc<'static>,
        cause: Option<ResetCause>,
    ) -> Result<&'static mut Device<'static, Kept, Upload>, PackError> {
        let (start, length) = store();
        let upload = Upload::new(flash, start as u32, length as u32, uploaded);
        // SAFETY: this is the only use, and it is called once.
        let place = unsafe { DEVICE.get() };
        Device::make(place, first_settings(), PACK, Kept { cause }, upload)
    }

    #[entry]
    fn main() -> ! {
        let cause = cause();
        let chip = embassy_nrf::init(Default::default());
        // A watchdog that runs already, as after a reset by software, keeps its settings.
        let mut settings = wdt::Config::default();
        settings.timeout_ticks = TIME_LIMIT;
        settings.action_during_debug_halt = HaltConfig::Pause;
        let settings = wdt::Config::try_new(&chip.WDT).unwrap_or(settings);
        let Ok((_, [dog])) = wdt::Watchdog::try_new(chip.WDT, settings) else {
            // Another program's, which this one cannot feed: it is gone after a reset.
            cortex_m::peripheral::SCB::sys_reset()
        };
        let Ok(mut slow) = Rtc::new_for_freq(chip.RTC0, 8) else {
            cortex_m::peripheral::SCB::sys_reset()
        };
        slow.enable_interrupt(Interrupt::Tick, true);
        slow.enable();
        let fast = Timer::new(chip.TIMER0);
        fast.start();
        // SAFETY: these are the only uses, and `main` is called once.
        let (input, output) = unsafe { (IN.get(), OUT.get()) };
        let uart = BufferedUarte::new(
            chip.UARTE0,
            chip.TIMER1,
            chip.PPI_CH0,
            chip.PPI_CH1,
            chip.PPI_GROUP0,
            chip.P0_08,
            chip.P0_06,
            Interrupts,
            uarte::Config::default(),
            input.write([0; _]),
            output.write([0; _]),
        );
        let mut board = Board {
            uart: Uart(uart),
            alarm: Led(Output::new(chip.P0_13, Level::High, OutputDrive::Standard)),
            watchdog: Dog(dog),
            clock: Counters { slow, fast, counter: 0, ticks: 0 },
        };
        run(&mut board, make(Nvmc::new(chip.NVMC), cause))
    }
}
