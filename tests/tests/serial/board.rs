//! A device of this machine in a thread, behind a pty: its line may be noisy or silent, its power may
//! go.

use super::pool::open;
use agent::decide::{DeviceWithFallback, Engine, ModelChoice};
use agent::device::{Client, Port, Timeouts};
use firmware::{Device, Memory, RETAINED, Slot, Store, StoreError, first_settings};
use scaleiq_core::settings::Settings;
use scaleiq_core::wire::Status;
use std::sync::{Arc, Mutex, MutexGuard, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};
use tokio_serial::{SerialPort, SerialStream};

pub(super) static PACK: &[u8] = include_bytes!("../../../models/edge/model.pack");

/// Memory that outlives its device.
#[derive(Clone)]
pub(super) struct Kept(Arc<Mutex<[u8; RETAINED]>>);

impl Kept {
    pub(super) fn after_power_on() -> Self {
        Self(Arc::new(Mutex::new([0xA5; RETAINED])))
    }
}

impl Memory for Kept {
    fn load(&self) -> [u8; RETAINED] {
        *self.0.lock().unwrap()
    }
    fn save(&mut self, bytes: &[u8; RETAINED]) {
        *self.0.lock().unwrap() = *bytes;
    }
}

/// Room for two uploads of so many bytes; what is read is leaked, as flash would be.
pub(super) struct Room {
    size: usize,
    slots: [Vec<u8>; 2],
}

impl Store<'static> for Room {
    fn begin(&mut self, slot: Slot, length: u32) -> Result<(), StoreError> {
        if length as usize > self.size {
            return Err(StoreError);
        }
        self.slots[slot as usize].clear();
        Ok(())
    }
    fn write(&mut self, slot: Slot, offset: u32, bytes: &[u8]) -> Result<(), StoreError> {
        assert_eq!(offset as usize, self.slots[slot as usize].len());
        self.slots[slot as usize].extend(bytes);
        Ok(())
    }
    fn read(&self, slot: Slot, length: u32) -> &'static [u8] {
        &Vec::leak(self.slots[slot as usize].clone())[..length as usize]
    }
}

pub(super) type TestDevice = Device<'static, Kept, Room>;

pub(super) fn device(kept: &Kept, room: usize) -> &'static mut TestDevice {
    let place = Box::leak(Box::new_uninit());
    let store = Room { size: room, slots: Default::default() };
    Device::make(place, first_settings(), PACK, kept.clone(), store).unwrap()
}

/// What is done to the line and to the device's power.
#[derive(Default)]
pub(super) struct Hand {
    pub(super) silent: bool,
    pub(super) power_cycle: bool,
    pub(super) noise: Option<Noise>,
    stop: bool,
}

/// Hurts about one byte in a thousand: some are lost, some changed, some added.
pub(super) struct Noise {
    state: u32,
    pub(super) hurt: u32,
}

impl Noise {
    pub(super) fn new(seed: u32) -> Self {
        Self { state: seed, hurt: 0 }
    }

    fn next(&mut self) -> u32 {
        self.state = self.state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.state >> 8
    }

    fn on(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        for byte in bytes {
            let event = self.next() % 3000;
            self.hurt += u32::from(event < 3);
            match event {
                0 => {}
                1 => out.push(byte ^ (1 << (self.next() % 8))),
                2 => out.extend([*byte, self.next() as u8]),
                _ => out.push(*byte),
            }
        }
        out
    }
}

/// The device in a thread, behind a pty.
pub(super) struct Board {
    pub(super) path: String,
    hand: Arc<Mutex<Hand>>,
    thread: Option<JoinHandle<()>>,
}

impl Board {
    pub(super) fn start() -> Self {
        Self::with_room(1 << 20)
    }

    pub(super) fn with_room(room: usize) -> Self {
        let hand = Arc::new(Mutex::new(Hand::default()));
        let (told, path) = mpsc::channel();
        let shared = Arc::clone(&hand);
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let (master, slave) = SerialStream::pair().unwrap();
                told.send(slave.name().unwrap()).unwrap();
                drop(slave);
                serve(master, &shared, room).await;
            });
        });
        Self { path: path.recv().unwrap(), hand, thread: Some(thread) }
    }

    pub(super) fn hand(&self) -> MutexGuard<'_, Hand> {
        self.hand.lock().unwrap()
    }

    pub(super) fn port(&self) -> Port {
        Port { path: self.path.clone(), baud: 115_200 }
    }

    pub(super) fn status(&self) -> Status {
        Client::look(&self.port(), TIME_LIMIT).unwrap()
    }

    pub(super) fn with_fallback(&self, settings: Settings) -> DeviceWithFallback {
        let client = Client::connect(&self.port(), TIME_LIMIT, &settings).unwrap();
        DeviceWithFallback::new(client, open(ModelChoice::None, Engine::Tract, settings))
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        self.hand().stop = true;
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || thread::panicking(), "the device's thread panicked");
    }
}

async fn serve(mut line: SerialStream, hand: &Mutex<Hand>, room: usize) {
    let mut kept = Kept::after_power_on();
    let mut device = device(&kept, room);
    let mut bytes = [0; 512];
    loop {
        let count = match timeout(Duration::from_millis(10), line.read(&mut bytes)).await {
            Ok(Ok(count)) => count,
            // Nobody has the port open.
            Ok(Err(_)) => 0,
            Err(_) => usize::MAX,
        };
        let mut out = Vec::new();
        {
            let mut hand = hand.lock().unwrap();
            if hand.stop {
                return;
            }
            if std::mem::take(&mut hand.power_cycle) {
                kept = Kept::after_power_on();
                device = self::device(&kept, room);
            }
            let read = bytes.get(..count).unwrap_or_default();
            if !hand.silent {
                let read = hand.noise.as_mut().map_or(read.to_vec(), |noise| noise.on(read));
                for answer in read.iter().filter_map(|byte| {
                    let answer = device.receive(*byte, &mut || {})?;
                    if answer.restart {
                        device = self::device(&kept, room);
                    }
                    Some(answer)
                }) {
                    out.extend_from_slice(&answer.frame);
                }
                if let Some(noise) = &mut hand.noise {
                    out = noise.on(&out);
                }
            }
        }
        if count == 0 {
            sleep(Duration::from_millis(2)).await;
        }
        // Whoever asked may have closed the port.
        let _ = line.write_all(&out).await;
    }
}

/// Enough for a line of this machine; a device that was lost is looked for with each sample.
pub(super) const TIME_LIMIT: Timeouts = Timeouts {
    answer: Duration::from_millis(300),
    tries: 8,
    pause: Duration::ZERO,
    longest_pause: Duration::ZERO,
    keep: Duration::MAX,
};
