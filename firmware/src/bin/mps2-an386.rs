//! The device on Arm's MPS2+ board with the AN386 image, a Cortex-M4F: what QEMU runs.
//!
//! UART 0 is the line, LED 0 the alarm, the CMSDK watchdog the watchdog; logs go to the debugger by
//! semihosting. Registers: Arm DUI 0479, DDI 0479.
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
    #[cfg(not(feature = "prove-no-panic"))]
    use defmt_semihosting as _;
    use embedded_hal::digital::{ErrorType as PinError, OutputPin};
    use embedded_io::{ErrorType, Read, ReadReady, Write};
    use firmware::board::{PACK, run};
    use firmware::memory::{Kept, Owned, store, stored};
    use firmware::registers::Register;
    use firmware::{Board, Clock, Device, Store, StoreError, Watchdog, first_settings};
    use scaleiq_core::engine::PackError;

    /// Ticks of the peripherals' clock in a second.
    const HZ: u32 = 25_000_000;
    /// Seconds that the watchdog waits: twice this from the last feeding to the reset.
    const TIME_LIMIT_S: u32 = 5;

    /// A block of registers by its address.
    struct Block(usize);

    const UART: Block = Block(0x4000_4000);
    const WATCHDOG: Block = Block(0x4000_8000);
    const FPGA_IO: Block = Block(0x4002_8000);

    impl Block {
        const fn at(&self, offset: usize) -> Register {
            // SAFETY: peripherals of the AN386 that only this program uses.
            unsafe { Register::at(self.0 + offset) }
        }
    }

    struct Uart {
        data: Register,
        state: Register,
    }

    impl Uart {
        const FULL_TO_SEND: u32 = 1;
        const RECEIVED: u32 = 2;

        fn new() -> Self {
            let at = |offset| UART.at(offset);
            let (control, divider) = (at(0x8), at(0x10));
            divider.write(HZ / 115_200);
            control.write(0b11);
            Self { data: at(0x0), state: at(0x4) }
        }

        fn is(&self, flag: u32) -> bool {
            self.state.read() & flag != 0
        }
    }

    impl ErrorType for Uart {
        type Error = Infallible;
    }

    impl ReadReady for Uart {
        fn read_ready(&mut self) -> Result<bool, Infallible> {
            Ok(self.is(Self::RECEIVED))
        }
    }

    impl Read for Uart {
        fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Infallible> {
            let mut count = 0;
            for byte in bytes {
                while count == 0 && !self.is(Self::RECEIVED) {}
                if !self.is(Self::RECEIVED) {
                    break;
                }
                *byte = self.data.read() as u8;
                count += 1;
            }
            Ok(count)
        }
    }

    impl Write for Uart {
        fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
            for byte in bytes {
                while self.is(Self::FULL_TO_SEND) {}
                self.data.write(u32::from(*byte));
            }
            Ok(bytes.len())
        }

        fn flush(&mut self) -> Result<(), Infallible> {
            while self.is(Self::FULL_TO_SEND) {}
            Ok(())
        }
    }

    /// LED 0 of the FPGA's I/O block.
    struct Led(Register);

    impl PinError for Led {
        type Error = Infallible;
    }

    impl OutputPin for Led {
        fn set_low(&mut self) -> Result<(), Infallible> {
            self.0.write(0);
            Ok(())
        }

        fn set_high(&mut self) -> Result<(), Infallible> {
            self.0.write(1);
            Ok(())
        }
    }

    struct Dog {
        clear: Register,
    }

    impl Dog {
        fn new() -> Self {
            let at = |offset| WATCHDOG.at(offset);
            let (load, control, lock) = (at(0x0), at(0x8), at(0xC00));
            lock.write(0x1ACC_E551);
            load.write(TIME_LIMIT_S * HZ);
            control.write(0b11);
            Self { clear: at(0xC) }
        }
    }

    impl Watchdog for Dog {
        fn feed(&mut self) {
            self.clear.write(1);
        }
    }

    /// The counters of the FPGA's I/O block.
    struct Counters {
        seconds: Register,
        ticks: Register,
    }

    impl Counters {
        /// Ticks of the counter's clock in a microsecond.
        const TICKS: u32 = 20;

        fn new() -> Self {
            FPGA_IO.at(0x1C).write(Self::TICKS - 1);
            Self { seconds: FPGA_IO.at(0x10), ticks: FPGA_IO.at(0x18) }
        }
    }

    impl Clock for Counters {
        fn seconds(&mut self) -> u32 {
            self.seconds.read()
        }

        fn micros(&mut self) -> u32 {
            self.ticks.read()
        }
    }

    /// The part of the program's memory that the linker leaves free: RAM on this board, so that it
    /// can be written like RAM.
    struct Upload;

    impl Store<'static> for Upload {
        fn begin(&mut self, length: u32) -> Result<(), StoreError> {
            if length as usize <= store().1 { Ok(()) } else { Err(StoreError) }
        }

        fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), StoreError> {
            let (start, room) = store();
            let end = (offset as usize).checked_add(bytes.len()).ok_or(StoreError)?;
            if end > room {
                return Err(StoreError);
            }
            // SAFETY: within the store, which nothing else lies in and which nothing reads now: the
            // device lets go of what it read before it begins.
            unsafe { start.add(offset as usize).copy_from(bytes.as_ptr(), bytes.len()) };
            Ok(())
        }

        fn read(&self, length: u32) -> &'static [u8] {
            // SAFETY: written before, and not again while this is in use.
            unsafe { stored(length as usize) }
        }
    }

    static DEVICE: Owned<Device<'static, Kept, Upload>> = Owned::new();

    /// What making the device takes of the stack is free again before it runs.
    #[inline(never)]
    fn make() -> Result<&'static mut Device<'static, Kept, Upload>, PackError> {
        // SAFETY: this is the only use, and it is called once.
        let place = unsafe { DEVICE.get() };
        Device::make(place, first_settings(), PACK, Kept, Upload)
    }

    #[entry]
    fn main() -> ! {
        let mut board = Board {
            uart: Uart::new(),
            alarm: Led(FPGA_IO.at(0x0)),
            watchdog: Dog::new(),
            clock: Counters::new(),
        };
        run(&mut board, make())
    }

    /// A panic is a fault like any other: the watchdog makes a reset, and the device holds.
    #[cfg(not(feature = "prove-no-panic"))]
    #[panic_handler]
    fn panic(_: &core::panic::PanicInfo) -> ! {
        loop {
            cortex_m::asm::nop();
        }
    }

    /// Calls what does not exist: the image links if nothing in it can panic, and not otherwise.
    #[cfg(feature = "prove-no-panic")]
    #[panic_handler]
    fn panic(_: &core::panic::PanicInfo) -> ! {
        unsafe extern "C" {
            fn something_in_this_image_can_panic() -> !;
        }
        // SAFETY: never called.
        unsafe { something_in_this_image_can_panic() }
    }
}
