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

    use core::arch::global_asm;
    use core::convert::Infallible;
    use cortex_m_rt::{ExceptionFrame, entry};
    #[cfg(not(feature = "prove-no-panic"))]
    use defmt_semihosting as _;
    use embedded_hal::digital::{ErrorType as PinError, OutputPin};
    use embedded_io::{ErrorType, Read, ReadReady, Write};
    use firmware::board::{Builder, Lost, PACK, run};
    use firmware::crash::stopped;
    use firmware::memory::{self, Kept, Owned, store};
    use firmware::registers::{Block, Register};
    use firmware::{
        Board, Clock, Device, Key, Signer, Slot, Store, StoreError, Watchdog, first_settings,
    };
    use scaleiq_core::engine::PackError;
    use scaleiq_core::wire::ResetCause;

    /// Ticks of the peripherals' clock in a second.
    const HZ: u32 = 25_000_000;
    /// Seconds without feeding until the watchdog's first timeout, which tells where the program hangs
    /// and resets; where that comes to nothing, the second one resets after as many again.
    const TIME_LIMIT_S: u32 = 10;

    // SAFETY: peripherals of the AN386 that only this program uses.
    const UART: Block = unsafe { Block::at(0x4000_4000) };
    // SAFETY: as above.
    const WATCHDOG: Block = unsafe { Block::at(0x4000_8000) };
    // SAFETY: as above.
    const FPGA_IO: Block = unsafe { Block::at(0x4002_8000) };

    struct Uart {
        data: Register,
        state: Register,
    }

    impl Uart {
        const FULL_TO_SEND: u32 = 1;
        const RECEIVED: u32 = 2;
        /// A byte came while the last one was not read: cleared by writing it.
        const OVERRUN: u32 = 8;

        fn new() -> Self {
            let at = |offset| UART.register(offset);
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
        type Error = Lost;
    }

    impl ReadReady for Uart {
        fn read_ready(&mut self) -> Result<bool, Lost> {
            if self.is(Self::OVERRUN) {
                self.state.write(Self::OVERRUN);
                return Err(Lost);
            }
            Ok(self.is(Self::RECEIVED))
        }
    }

    impl Read for Uart {
        fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Lost> {
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
        fn write(&mut self, bytes: &[u8]) -> Result<usize, Lost> {
            for byte in bytes {
                while self.is(Self::FULL_TO_SEND) {}
                self.data.write(u32::from(*byte));
            }
            Ok(bytes.len())
        }

        fn flush(&mut self) -> Result<(), Lost> {
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
            let at = |offset| WATCHDOG.register(offset);
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
            FPGA_IO.register(0x1C).write(Self::TICKS - 1);
            Self { seconds: FPGA_IO.register(0x10), ticks: FPGA_IO.register(0x18) }
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

    impl Upload {
        fn room() -> usize {
            store().1 / 2
        }
    }

    impl Store<'static> for Upload {
        fn begin(&mut self, _: Slot, length: u32) -> Result<(), StoreError> {
            if length as usize <= Self::room() { Ok(()) } else { Err(StoreError) }
        }

        fn write(&mut self, slot: Slot, offset: u32, bytes: &[u8]) -> Result<(), StoreError> {
            let (start, room) = (store().0, Self::room());
            let end = (offset as usize).checked_add(bytes.len()).ok_or(StoreError)?;
            if end > room {
                return Err(StoreError);
            }
            let at = slot.offset(room as u32) + offset;
            // SAFETY: within a slot, which nothing else lies in and which nothing reads now: the
            // device lets go of what it read of it before it begins.
            unsafe { start.add(at as usize).copy_from(bytes.as_ptr(), bytes.len()) };
            Ok(())
        }

        fn read(&self, slot: Slot, length: u32) -> &'static [u8] {
            // SAFETY: written before, and not again while this is in use.
            unsafe { memory::slot(slot, length as usize) }
        }

        fn key(&self) -> Option<&Key> {
            const { Builder::KEY.as_ref() }
        }
    }

    static DEVICE: Owned<Device<'static, Kept, Upload>> = Owned::new();

    /// What making the device takes of the stack is free again before it runs.
    #[inline(never)]
    fn make() -> Result<&'static mut Device<'static, Kept, Upload>, PackError> {
        // SAFETY: this is the only use, and it is called once.
        let place = unsafe { DEVICE.get() };
        // The board does not tell what made a reset.
        Device::make(place, first_settings(), PACK, Kept { cause: None }, Upload)
    }

    #[entry]
    fn main() -> ! {
        let mut board = Board {
            uart: Uart::new(),
            alarm: Led(FPGA_IO.register(0x0)),
            watchdog: Dog::new(),
            clock: Counters::new(),
        };
        run(&mut board, make())
    }

    /// The watchdog's first timeout is a non-maskable interrupt.
    #[unsafe(no_mangle)]
    extern "C" fn hangs(frame: &ExceptionFrame) -> ! {
        stopped(ResetCause::Watchdog, frame)
    }
    // The frame lies where the stack ends.
    global_asm!(
        ".thumb_func",
        ".global NonMaskableInt",
        "NonMaskableInt: mov r0, sp",
        "ldr r1, ={hangs}",
        "bx r1",
        ".pool",
        hangs = sym hangs
    );
}
