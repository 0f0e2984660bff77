//! The device as an Embassy task beside other work, over USB: an nRF52840 that is a serial port of its host
//! (CDC-ACM), as on a dongle.
//!
//!     ./cargo.sh build --release --example usb --features nrf52840
//!
//! A decision computes for a third of a second without yielding. So it has the thread executor, and all that has
//! deadlines, here USB, whose host wants its answers in milliseconds, that of an interrupt, which goes before
//! it. Bytes go from one to the other through pipes. It is built, and was not yet run on a board.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(not(target_os = "none"))]
fn main() {
    eprintln!("this is a program for a microcontroller: run ./cargo.sh in the folder firmware/");
}

#[cfg(target_os = "none")]
mod image {
    #![allow(unsafe_code)]

    use cortex_m::peripheral::SCB;
    use embassy_executor::{InterruptExecutor, Spawner};
    use embassy_futures::join::join3;
    use embassy_nrf::config::HfclkSource;
    use embassy_nrf::interrupt;
    use embassy_nrf::interrupt::{InterruptExt, Priority};
    use embassy_nrf::usb::vbus_detect::{self, HardwareVbusDetect};
    use embassy_nrf::usb::{self, Driver};
    use embassy_nrf::{Peri, bind_interrupts, peripherals};
    use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
    use embassy_sync::pipe::Pipe;
    use embassy_usb::class::cdc_acm::{CdcAcmClass, State};
    use embassy_usb::{Builder, Config};
    use firmware::board::PACK;
    use firmware::memory::{Kept, Owned};
    use firmware::{Device, NoStore, first_settings};
    use scaleiq_core::engine::PackError;

    type Scaler = Device<'static, Kept, NoStore>;

    bind_interrupts!(struct Interrupts {
        USBD => usb::InterruptHandler<peripherals::USBD>;
        CLOCK_POWER => vbus_detect::InterruptHandler;
    });

    /// Bytes of a packet on a bus at full speed.
    const PACKET: usize = 64;

    static URGENT: InterruptExecutor = InterruptExecutor::new();
    static DEVICE: Owned<Scaler> = Owned::new();
    /// From the host, and to it. A host whose bytes find no room waits.
    static IN: Pipe<CriticalSectionRawMutex, 64> = Pipe::new();
    static OUT: Pipe<CriticalSectionRawMutex, 64> = Pipe::new();

    /// No part of the chip makes this interrupt here: it wakes the tasks with deadlines.
    #[interrupt]
    unsafe fn EGU1_SWI1() {
        // SAFETY: of this interrupt alone.
        unsafe { URGENT.on_interrupt() }
    }

    /// Begins what must not leave its executor.
    #[embassy_executor::task]
    async fn begin(bus: Peri<'static, peripherals::USBD>) {
        // SAFETY: it runs on one.
        let here = unsafe { Spawner::for_current_executor() }.await;
        if let Ok(task) = carry(bus) {
            here.spawn(task);
        }
    }

    /// A serial port of the host: its bytes into a pipe, and those of the other pipe to it.
    #[embassy_executor::task]
    async fn carry(bus: Peri<'static, peripherals::USBD>) {
        let driver = Driver::new(bus, Interrupts, HardwareVbusDetect::new(Interrupts));
        // Identifiers for whoever tries something: pid.codes/1209.
        let mut config = Config::new(0x1209, 0x0001);
        config.product = Some("ScaleIQ");
        let (mut configuration, mut bos, mut control) = ([0; 96], [0; 32], [0; 64]);
        let mut state = State::new();
        let mut builder =
            Builder::new(driver, config, &mut configuration, &mut bos, &mut [], &mut control);
        let line = CdcAcmClass::new(&mut builder, &mut state, PACKET as u16);
        let mut usb = builder.build();
        let (mut sender, mut receiver) = line.split();
        let inward = async {
            let mut packet = [0; PACKET];
            loop {
                receiver.wait_connection().await;
                while let Ok(count) = receiver.read_packet(&mut packet).await {
                    IN.write_all(packet.get(..count).unwrap_or_default()).await;
                }
            }
        };
        let outward = async {
            let mut packet = [0; PACKET];
            loop {
                let count = OUT.read(&mut packet).await;
                // What nobody has the port open for is dropped.
                let _ = sender.write_packet(packet.get(..count).unwrap_or_default()).await;
                if count == PACKET && OUT.is_empty() {
                    // A full packet tells the host to wait for more.
                    let _ = sender.write_packet(&[]).await;
                }
            }
        };
        join3(usb.run(), inward, outward).await;
    }

    /// What making the device takes of the stack is free again before it runs.
    #[inline(never)]
    fn make() -> Result<&'static mut Scaler, PackError> {
        // SAFETY: this is the only use, and it is called once.
        let place = unsafe { DEVICE.get() };
        Device::make(place, first_settings(), PACK, Kept { cause: None }, NoStore)
    }

    #[embassy_executor::main]
    async fn main(_spawner: Spawner) {
        let mut clocks = embassy_nrf::config::Config::default();
        // USB needs the crystal.
        clocks.hfclk_source = HfclkSource::ExternalXtal;
        let chip = embassy_nrf::init(clocks);
        interrupt::EGU1_SWI1.set_priority(Priority::P6);
        let urgent = URGENT.start(interrupt::EGU1_SWI1);
        let Ok(begin) = begin(chip.USBD) else { SCB::sys_reset() };
        urgent.spawn(begin);

        let Ok(device) = make() else { SCB::sys_reset() };
        let mut bytes = [0; PACKET];
        loop {
            let count = IN.read(&mut bytes).await;
            for byte in bytes.iter().take(count) {
                let Some(answer) = device.receive(*byte, &mut || {}) else { continue };
                OUT.write_all(&answer.frame).await;
                if answer.restart {
                    // An answer that is lost with it is asked for again.
                    SCB::sys_reset()
                }
            }
        }
    }
}
