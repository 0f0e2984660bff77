//! The image in QEMU against the same core on this machine, through the UART, byte by byte.

use firmware::{Answer, Device, Memory, NoStore, RETAINED, first_settings};
use scaleiq_core::sample::RawSample;
use scaleiq_core::sample::Sample;
use scaleiq_core::settings::Settings;
use scaleiq_core::units::JobLimits;
use scaleiq_core::wire::{Config, FrameReader, Message, encode};
use scaleiq_data::sample_traffic::{self, SampleSpec};
use scaleiq_tests::cannot_run;
use std::io::{Read as _, Write as _};
use std::mem::MaybeUninit;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Intervals that are played: two weeks.
const INTERVALS: usize = 14 * 720;

fn firmware() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware")
}

/// Builds the image; `None`, said aloud, where the machine lacks what that needs.
fn image() -> Option<PathBuf> {
    if Command::new("qemu-system-arm").arg("--version").output().is_err() {
        cannot_run("qemu-system-arm is missing: the firmware was not run");
        return None;
    }
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("firmware");
    let built = Command::new(firmware().join("cargo.sh"))
        .args(["build", "--bin", "mps2-an386", "--target-dir"])
        .arg(&target)
        // What cargo sets for this test is not for that build.
        .env_remove("RUSTFLAGS")
        .env_remove("RUSTUP_TOOLCHAIN")
        .output()
        .unwrap();
    if built.status.code() == Some(3) {
        let why = String::from_utf8_lossy(&built.stderr);
        cannot_run(&format!("the firmware was not built: {why}"));
        return None;
    }
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    Some(target.join("thumbv7em-none-eabihf/debug/mps2-an386"))
}

/// QEMU with the image, and its UART.
struct Board {
    qemu: Child,
    uart: UnixStream,
}

impl Board {
    /// The host listens and QEMU connects, so that nothing is lost.
    fn start(image: &Path, folder: &Path) -> Self {
        let socket = folder.join("uart");
        let listener = UnixListener::bind(&socket).unwrap();
        let qemu = Command::new("qemu-system-arm")
            .args(["-M", "mps2-an386", "-display", "none", "-monitor", "none"])
            .args(["-chardev", &format!("socket,id=u0,path={}", socket.display())])
            .args(["-serial", "chardev:u0"])
            .args(["-semihosting-config", "enable=on,target=native", "-kernel"])
            .arg(image)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let (uart, _) = listener.accept().unwrap();
        uart.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        Self { qemu, uart }
    }

    /// Sends a frame and gives the one that comes back.
    fn ask(&mut self, frame: &[u8]) -> Vec<u8> {
        self.uart.write_all(frame).unwrap();
        let mut answer = Vec::new();
        let mut bytes = [0; 512];
        while answer.last() != Some(&0) {
            let count = self.uart.read(&mut bytes).expect("the device answers");
            assert!(count > 0, "QEMU has gone");
            answer.extend_from_slice(&bytes[..count]);
        }
        answer
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
    }
}

/// Memory that forgets: the host's device is never reset.
struct Forgets;

impl Memory for Forgets {
    fn load(&self) -> [u8; RETAINED] {
        [0xFF; RETAINED]
    }
    fn save(&mut self, _: &[u8; RETAINED]) {}
}

/// The same device on this machine.
struct Host(&'static mut Device<'static, Forgets, NoStore>);

impl Host {
    fn start() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/edge/model.pack");
        let pack = Vec::leak(std::fs::read(path).unwrap());
        let place: &'static mut MaybeUninit<_> = Box::leak(Box::new_uninit());
        Self(Device::make(place, first_settings(), pack, Forgets, NoStore).unwrap())
    }

    fn ask(&mut self, frame: &[u8]) -> Answer {
        frame.iter().find_map(|byte| self.0.receive(*byte)).expect("an answer to a whole frame")
    }
}

fn message(frame: &[u8]) -> Message {
    let mut reader = FrameReader::default();
    frame.iter().find_map(|byte| reader.push(*byte)).unwrap().unwrap()
}

/// A worker pool that does what it is told at once, on recorded arrivals.
struct Pool {
    jobs: u32,
    backlog: f64,
}

impl Pool {
    /// The sample of the interval that ends at `time`, in which so many events arrived; now and then
    /// one is missing.
    fn sample(&mut self, time: i64, length_s: f64, arrivals: Option<f32>, work_ms: f64) -> Sample {
        let came = arrivals.map(f64::from);
        let capacity = f64::from(self.jobs) * length_s * 1000.0 / work_ms;
        let processed = capacity.min(self.backlog + came.unwrap_or(0.0));
        self.backlog += came.unwrap_or(0.0) - processed;
        RawSample {
            time: time as f64,
            interval_s: length_s,
            logged_events: came,
            processed_events: Some(processed),
            unprocessed_events: Some(self.backlog),
            queued_events: Some(self.backlog),
            avg_processing_ms: (processed > 0.0).then_some(work_ms),
            jobs_ready: Some(f64::from(self.jobs)),
            jobs_starting: Some(0.0),
        }
        .gate()
        .unwrap()
    }
}

#[test]
fn the_image_decides_what_this_machine_decides_to_the_byte() {
    let Some(image) = image() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut board = Board::start(&image, folder.path());
    let mut host = Host::start();
    let mut both = |sent: &Message| {
        let frame = encode(sent).unwrap();
        let (here, there) = (host.ask(&frame), board.ask(&frame));
        assert_eq!(there, here.frame, "{:?} is not {:?}", message(&there), message(&here.frame));
        message(&there)
    };
    let settings = Settings::new(JobLimits::new(1, 60).unwrap(), 60.0, 60.0);
    assert!(matches!(both(&Message::Configure(Config::from(&settings))), Message::Status(_)));

    let series = sample_traffic::generate(&SampleSpec { rows: INTERVALS, ..SampleSpec::default() });
    let mut pool = Pool { jobs: 5, backlog: 0.0 };
    let (mut by_network, mut changes) = (0, 0);
    for (k, row) in series.rows.iter().enumerate() {
        let arrivals = row.arrivals_events.filter(|_| k % 997 != 0);
        let sample = pool.sample(row.end.0, 120.0, arrivals, 73.6);
        let Message::Decision(decision) = both(&Message::Sample(sample)) else {
            panic!("no decision for interval {k}")
        };
        by_network += usize::from(decision.q_values.is_some());
        changes += usize::from(decision.jobs.0 != pool.jobs);
        pool.jobs = decision.jobs.0;
    }
    println!("{INTERVALS} intervals: {by_network} decisions by the network, {changes} changes");
    assert!(by_network > INTERVALS * 9 / 10 && changes > INTERVALS / 100);
    assert_eq!(both(&Message::Ask), both(&Message::Ask));
}
