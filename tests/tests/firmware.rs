//! The image in QEMU against the same core on this machine, through the UART, byte by byte.

use firmware::{Answer, Device, Memory, NoStore, RETAINED, first_settings};
use scaleiq_core::decision::Decision;
use scaleiq_core::forecast::ForecastSource;
use scaleiq_core::policy::Stage;
use scaleiq_core::sample::{RawSample, Sample};
use scaleiq_core::settings::Settings;
use scaleiq_core::units::JobLimits;
use scaleiq_core::wire::{Config, FrameReader, Message, Refusal, Status, encode};
use scaleiq_tests::cannot_run;
use scaleiq_workload::traffic::builtin::{self, SampleSpec};
use std::io::{Read as _, Write as _};
use std::mem::MaybeUninit;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

/// Intervals that are played where nothing else is asked for: three days, which takes two minutes.
const INTERVALS: usize = 3 * 720;
/// Asks for another number of them; firmware/README.md has figures of two weeks, 10080.
const ASKED: &str = "SCALEIQ_QEMU_INTERVALS";

fn intervals() -> usize {
    let Ok(asked) = std::env::var(ASKED) else { return INTERVALS };
    asked.parse().unwrap_or_else(|_| panic!("{ASKED}={asked:?} is no number of intervals"))
}

fn firmware() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware")
}

/// Builds the image with `features`; `None`, said aloud, where the machine lacks what that needs.
fn image(features: &str) -> Option<PathBuf> {
    if Command::new("qemu-system-arm").arg("--version").output().is_err() {
        cannot_run("qemu-system-arm is missing: the firmware was not run");
        return None;
    }
    // One build after the other in one folder, and each test's image under its own name.
    static BUILDING: Mutex<()> = Mutex::new(());
    let _building = BUILDING.lock();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("firmware");
    let built = Command::new(firmware().join("cargo.sh"))
        .args(["build", "--bin", "mps2-an386", "--features", features, "--target-dir"])
        .arg(&target)
        // What cargo sets for this test is not for that build.
        .env_remove("RUSTFLAGS")
        .output()
        .unwrap();
    let why = String::from_utf8_lossy(&built.stderr);
    if built.status.code() == Some(3) {
        cannot_run(&format!("the firmware was not built: {why}"));
        return None;
    }
    assert!(built.status.success(), "{why}");
    // A test's thread has its name.
    let image = target.join(std::thread::current().name().unwrap_or("image"));
    std::fs::copy(target.join("thumbv7em-none-eabihf/debug/mps2-an386"), &image).unwrap();
    Some(image)
}

/// QEMU with the image, its UART, its monitor and its debugger's port.
struct Board {
    qemu: Child,
    uart: UnixStream,
    folder: tempfile::TempDir,
}

impl Board {
    /// The host listens and QEMU connects, so that nothing is lost.
    fn start(image: &Path, options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = |name: &str| folder.path().join(name).display().to_string();
        let listener = UnixListener::bind(socket("uart")).unwrap();
        let ports = ["monitor", "gdb"];
        let port = |name| format!("socket,id={name},path={},server=on,wait=off", socket(name));
        let qemu = Command::new("qemu-system-arm")
            .args(["-M", "mps2-an386", "-display", "none"])
            .args(["-chardev", &format!("socket,id=uart,path={}", socket("uart"))])
            .args(ports.iter().flat_map(|name| ["-chardev".into(), port(name)]))
            .args(["-serial", "chardev:uart", "-monitor", "chardev:monitor", "-gdb", "chardev:gdb"])
            .args(["-semihosting-config", "enable=on,target=native"])
            .args(options)
            .arg("-kernel")
            .arg(image)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let (uart, _) = listener.accept().unwrap();
        uart.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self { qemu, uart, folder }
    }

    fn port(&self, name: &str) -> UnixStream {
        let port = UnixStream::connect(self.folder.path().join(name)).unwrap();
        port.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        port
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

    /// Asked again where the question was damaged, as by a reset in the middle of it.
    fn status(&mut self) -> Status {
        let question = encode(&Message::Ask).unwrap();
        for _ in 0..3 {
            match message(&self.ask(&question)) {
                Message::Status(status) => return status,
                Message::Refused(Refusal::Frame) => {}
                other => panic!("{other:?}"),
            }
        }
        panic!("no status")
    }

    /// The RAM from `from` on. What was never written is 0: QEMU begins with zeros.
    fn ram(&self, from: u32) -> Vec<u8> {
        let path = self.folder.path().join("ram");
        let mut monitor = self.port("monitor");
        let size = RAM.end - from;
        writeln!(monitor, "pmemsave {from:#x} {size:#x} \"{}\"", path.display()).unwrap();
        for _ in 0..100 {
            match std::fs::read(&path) {
                Ok(bytes) if bytes.len() == size as usize => return bytes,
                _ => std::thread::sleep(Duration::from_millis(50)),
            }
        }
        panic!("QEMU does not save its memory");
    }

    /// Puts a jump to itself where the program is: it hangs for good.
    fn hang(&self) {
        let mut gdb = self.port("gdb");
        let mut talk = |command: &str| {
            let sum = command.bytes().fold(0u8, u8::wrapping_add);
            write!(gdb, "+${command}#{sum:02x}").unwrap();
            // Up to `#` and two digits; that it stopped for us is no answer.
            loop {
                let mut answer = Vec::new();
                let mut byte = [0];
                while answer.iter().rev().nth(2) != Some(&b'#') {
                    gdb.read_exact(&mut byte).unwrap();
                    answer.push(byte[0]);
                }
                let answer = String::from_utf8(answer).unwrap();
                let answer = answer.trim_start_matches(['+', '$']).to_string();
                if !answer.starts_with('T') {
                    break answer;
                }
            }
        };
        let registers = talk("g");
        // Little-endian words; the program counter is the sixteenth.
        let counter = &registers[8 * 15..8 * 16];
        let counter = u32::swap_bytes(u32::from_str_radix(counter, 16).unwrap());
        assert!(talk(&format!("M{counter:x},2:fee7")).contains("OK"));
        talk("D");
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
    }
}

/// The budget.
const FLASH_BYTES: u32 = 1 << 20;
const RAM: std::ops::Range<u32> = 0x2000_0000..0x2004_0000;

/// Bytes of flash that an image takes, and where its static memory ends.
fn sizes(image: &Path) -> (u32, u32) {
    let elf = std::fs::read(image).unwrap();
    let word = |at: usize| u32::from_le_bytes(*elf[at..].first_chunk().unwrap());
    let half = |at: usize| usize::from(u16::from_le_bytes(*elf[at..].first_chunk().unwrap()));
    let headers = (0..half(44)).map(|k| word(28) as usize + k * half(42));
    let (mut flash, mut end) = (0, RAM.start);
    // Loadable segments: where in memory, how much of it in the file, how much in all.
    for header in headers.filter(|h| word(*h) == 1) {
        let [address, file, memory] = [8, 16, 20].map(|at| word(header + at));
        flash += file;
        if RAM.contains(&address) {
            end = end.max(address + memory);
        }
    }
    (flash, end)
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
        self.backlog = (self.backlog + came.unwrap_or(0.0) - processed).max(0.0);
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
        .sample
    }
}

fn settings() -> Message {
    let settings = Settings::new(JobLimits::new(1, 60).unwrap(), 60.0, 60.0);
    Message::Configure(Config::from(&settings))
}

/// Intervals of the sample traffic, and what a pool under `decide` makes of them.
fn play(intervals: usize, mut decide: impl FnMut(&Message) -> Decision) -> Vec<Decision> {
    let spec = SampleSpec { rows: intervals, ..SampleSpec::default() };
    let mut pool = Pool { jobs: 5, backlog: 0.0 };
    let rows = builtin::generate(&spec).rows;
    let decisions = rows.iter().enumerate().map(|(k, row)| {
        // Some counts are missing.
        let arrivals = row.arrivals_events.filter(|_| k % 997 != 996);
        let sample = pool.sample(row.end.0, 120.0, arrivals, 73.6);
        let decision = decide(&Message::Sample(sample));
        pool.jobs = decision.jobs.0;
        decision
    });
    decisions.collect()
}

fn decision(frame: &[u8]) -> Decision {
    match message(frame) {
        Message::Decision(decision) => decision,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_image_decides_what_this_machine_decides_to_the_byte() {
    let Some(image) = image("") else { return };
    let mut board = Board::start(&image, &[]);
    let mut host = Host::start();
    let mut both = |sent: &Message| {
        let frame = encode(sent).unwrap();
        let (here, there) = (host.ask(&frame), board.ask(&frame));
        assert_eq!(there, *here.frame, "{:?} is not {:?}", message(&there), message(&here.frame));
        there
    };
    both(&settings());
    let intervals = intervals();
    let decisions = play(intervals, |sample| decision(&both(sample)));
    let source = |d: &Decision| d.forecast.map(|basis| basis.source);
    let is_with_network = |d: &&Decision| source(d) == Some(ForecastSource::Model);
    let with_network = decisions.iter().filter(is_with_network).count();
    let moved = decisions.iter().filter(|d| d.stage == Stage::Network).count();
    let changes = decisions.windows(2).filter(|pair| pair[0].jobs != pair[1].jobs).count();
    println!(
        "{intervals} intervals: {with_network} decisions on forecasts with the network, {moved} moved by \
         the Q-network, {changes} changes"
    );
    assert!(with_network > intervals * 9 / 10 && changes > intervals / 100);

    let (flash, end) = sizes(&image);
    let memory = board.ram(end);
    let unused = memory.iter().position(|byte| *byte != 0).unwrap();
    let stack = memory.len() - unused;
    let fixed = (end - RAM.start) as usize;
    println!("flash {flash} bytes, static RAM {fixed} bytes, deepest stack {stack} bytes");
    assert!(flash < FLASH_BYTES, "{flash} bytes do not fit the flash");
    assert!(unused > 2048, "only {unused} bytes of RAM were never used");
}

#[test]
fn a_decision_takes_at_most_forty_million_instructions() {
    let Some(image) = image("") else { return };
    // One instruction a nanosecond, so that a microsecond is a thousand of them.
    let mut board = Board::start(&image, &["-icount", "shift=0"]);
    board.ask(&encode(&settings()).unwrap());
    let mut taken = Vec::new();
    play(150, |sample| {
        let decision = decision(&board.ask(&encode(sample).unwrap()));
        taken.push(board.status().decision_us);
        decision
    });
    taken.sort_unstable();
    let (median, most) = (taken[taken.len() / 2], taken[taken.len() - 1]);
    println!("thousand instructions for a decision: median {median}, most {most}");
    assert!(most < 40_000, "{most} thousand instructions");
}

#[test]
fn a_hanging_image_is_reset_by_its_watchdog_and_holds() {
    let Some(image) = image("") else { return };
    let mut board = Board::start(&image, &[]);
    board.ask(&encode(&settings()).unwrap());
    let last = play(5, |sample| decision(&board.ask(&encode(sample).unwrap()))).pop().unwrap();
    let before = board.status();
    assert_eq!((before.resets, before.epoch, before.jobs), (0, 5, Some(last.jobs)));
    board.hang();
    // Nothing answers before the reset; a part of the question is lost in it.
    let after = board.status();
    assert_eq!((after.resets, after.by_watchdog, after.epoch), (1, true, 0));
    assert_eq!(after.jobs, Some(last.jobs));
    let now = encode(&Message::Time(last.at.plus(60))).unwrap();
    let held = decision(&board.ask(&now));
    assert_eq!((held.stage, held.jobs), (Stage::Hold, last.jobs));
}

/// The image with a panic handler that does not exist links only if nothing in it can panic.
#[test]
fn nothing_in_the_image_can_panic() {
    image("prove-no-panic");
}
