//! The device on Nordic's nRF52840, with the pins of its development kit.
//!
//! UART at 115,200 baud on P0.06 (out) and P0.08 (in), which the kit's debugger brings to USB; LED 1
//! (P0.13, on when low) is the alarm; logs go to the debugger by RTT. Registers: nRF52840 product
//! specification. There is no memory for an uploaded model yet: its flash needs a driver.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!("this is a program for a microcontroller: run cargo in the folder firmware/");
}

#[cfg(target_os = "none")]
mod image {
    #![allow(unsafe_code)]

    use core::convert::Infallible;
    use cortex_m_rt::entry;
    use defmt_rtt as _;
    use embedded_hal::digital::{ErrorType as PinError, OutputPin};
    use embedded_io::{ErrorType, Read, ReadReady, Write};
    use firmware::memory::{Kept, Owned};
    use firmware::registers::Register;
    use firmware::{Board, Clock, Device, Event, NoStore, Watchdog, first_settings, serve};
    use scaleiq_core::engine::PackError;

    static PACK: &[u8] = include_bytes!("../../../models/edge/model.pack");

    /// A register of this chip.
    const fn register(address: usize) -> Register {
        // SAFETY: peripherals that only this program uses; addresses are the specification's.
        unsafe { Register::at(address) }
    }

    /// UART 0 without DMA.
    struct Uart;

    impl Uart {
        const BASE: usize = 0x4000_2000;
        const RECEIVED: Register = register(Self::BASE + 0x108);
        const SENT: Register = register(Self::BASE + 0x11C);
        const IN: Register = register(Self::BASE + 0x518);
        const OUT: Register = register(Self::BASE + 0x51C);

        fn new() -> Self {
            let set = |offset, value| register(Self::BASE + offset).write(value);
            OUT_SET.write(1 << 6);
            DIRECTION_SET.write(1 << 6);
            set(0x50C, 6);
            set(0x514, 8);
            set(0x524, 0x01D7_E000);
            set(0x500, 4);
            set(0x000, 1);
            set(0x008, 1);
            Self
        }
    }

    impl ErrorType for Uart {
        type Error = Infallible;
    }

    impl ReadReady for Uart {
        fn read_ready(&mut self) -> Result<bool, Infallible> {
            Ok(Self::RECEIVED.read() != 0)
        }
    }

    impl Read for Uart {
        fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Infallible> {
            let mut count = 0;
            for byte in bytes {
                while count == 0 && Self::RECEIVED.read() == 0 {}
                if Self::RECEIVED.read() == 0 {
                    break;
                }
                Self::RECEIVED.write(0);
                *byte = Self::IN.read() as u8;
                count += 1;
            }
            Ok(count)
        }
    }

    impl Write for Uart {
        fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
            for byte in bytes {
                Self::SENT.write(0);
                Self::OUT.write(u32::from(*byte));
                while Self::SENT.read() == 0 {}
            }
            Ok(bytes.len())
        }

        fn flush(&mut self) -> Result<(), Infallible> {
            Ok(())
        }
    }

    const OUT_SET: Register = register(0x5000_0508);
    const OUT_CLEAR: Register = register(0x5000_050C);
    const DIRECTION_SET: Register = register(0x5000_0518);
    const LED: u32 = 1 << 13;

    /// LED 1, which is on when its pin is low.
    struct Led;

    impl Led {
        fn new() -> Self {
            OUT_SET.write(LED);
            DIRECTION_SET.write(LED);
            Self
        }
    }

    impl PinError for Led {
        type Error = Infallible;
    }

    impl OutputPin for Led {
        fn set_low(&mut self) -> Result<(), Infallible> {
            OUT_SET.write(LED);
            Ok(())
        }

        fn set_high(&mut self) -> Result<(), Infallible> {
            OUT_CLEAR.write(LED);
            Ok(())
        }
    }

    struct Dog;

    impl Dog {
        const BASE: usize = 0x4001_0000;
        const RELOAD: Register = register(Self::BASE + 0x600);
        /// Ticks of the slow clock from a feeding to the reset: ten seconds.
        const PATIENCE: u32 = 10 * 32_768;

        fn new() -> Self {
            let set = |offset, value| register(Self::BASE + offset).write(value);
            set(0x504, Self::PATIENCE);
            set(0x508, 1);
            set(0x000, 1);
            Self
        }
    }

    impl Watchdog for Dog {
        fn feed(&mut self) {
            Self::RELOAD.write(0x6E52_4635);
        }
    }

    /// Real-time counter 0 at 8 Hz; its 24 bits are widened here.
    struct Seconds {
        counter: u32,
        ticks: u64,
    }

    impl Seconds {
        const BASE: usize = 0x4000_B000;
        const TIMER: usize = 0x4000_8000;
        const CAPTURE: Register = register(Self::TIMER + 0x040);
        const CAPTURED: Register = register(Self::TIMER + 0x540);
        const COUNTER: Register = register(Self::BASE + 0x504);

        fn new() -> Self {
            register(0x4000_0008).write(1);
            // Timer 0: 32 bits at 1 MHz.
            register(Self::TIMER + 0x508).write(3);
            register(Self::TIMER + 0x510).write(4);
            register(Self::TIMER).write(1);
            register(Self::BASE + 0x508).write(4095);
            register(Self::BASE).write(1);
            Self { counter: 0, ticks: 0 }
        }
    }

    impl Clock for Seconds {
        fn seconds(&mut self) -> u32 {
            let counter = Self::COUNTER.read();
            self.ticks += u64::from(counter.wrapping_sub(self.counter) & 0x00FF_FFFF);
            self.counter = counter;
            (self.ticks / 8) as u32
        }

        fn micros(&mut self) -> u32 {
            Self::CAPTURE.write(1);
            Self::CAPTURED.read()
        }
    }

    static DEVICE: Owned<Device<'static, Kept, NoStore>> = Owned::new();

    fn log(event: Event) {
        match event {
            Event::Decided { epoch, jobs, .. } => defmt::debug!("{}: {} jobs", epoch, jobs),
            Event::Dropped(_) => defmt::warn!("a frame was dropped"),
            Event::Refused(refusal) => defmt::warn!("refused: {}", refusal as u8),
            Event::Configured => defmt::info!("configured"),
            Event::Model { crc } => defmt::info!("model {:08x}", crc),
        }
    }

    /// What making the device takes of the stack is free again before it runs.
    #[inline(never)]
    fn make() -> Result<&'static mut Device<'static, Kept, NoStore>, PackError> {
        // SAFETY: this is the only use, and it is called once.
        let place = unsafe { DEVICE.get() };
        Device::make(place, first_settings(), PACK, Kept, NoStore)
    }

    #[entry]
    fn main() -> ! {
        let mut board = Board {
            uart: Uart::new(),
            alarm: Led::new(),
            watchdog: Dog::new(),
            clock: Seconds::new(),
        };
        match make() {
            Ok(device) => {
                defmt::info!("ready");
                let ended = serve(&mut board, device, log);
                defmt::info!("restart: {}", ended.is_ok());
            }
            Err(_) => defmt::error!("the built-in pack cannot be run"),
        }
        cortex_m::peripheral::SCB::sys_reset()
    }

    /// A panic is a fault like any other: the watchdog makes a reset, and the device holds.
    #[panic_handler]
    fn panic(_: &core::panic::PanicInfo) -> ! {
        loop {
            cortex_m::asm::nop();
        }
    }
}
