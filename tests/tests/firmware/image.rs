//! The image: how it is built, and what it takes.

use scaleiq_tests::cannot_run;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// What an image is built for: a Cortex-M4F, as on the boards, or a Cortex-M0+, which knows neither floating
/// point nor division.
pub(crate) const M4F: &str = "thumbv7em-none-eabihf";
pub(crate) const M0_PLUS: &str = "thumbv6m-none-eabi";

fn firmware() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware")
}

/// Builds the image with `features`, and with the `key` that models must be signed with; `None`, said
/// aloud, where the machine lacks what that needs.
pub(crate) fn image(features: &str, key: Option<&str>) -> Option<PathBuf> {
    image_for(M4F, features, key)
}

/// The same for another processor.
pub(crate) fn image_for(processor: &str, features: &str, key: Option<&str>) -> Option<PathBuf> {
    if Command::new("qemu-system-arm").arg("--version").output().is_err() {
        cannot_run("qemu-system-arm is missing: the firmware was not run");
        return None;
    }
    // One build after the other in one folder, and each test's image under its own name.
    static BUILDING: Mutex<()> = Mutex::new(());
    let _building = BUILDING.lock();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("firmware");
    let built = Command::new(firmware().join("cargo.sh"))
        .args(["build", "--bin", "mps2-an386", "--features", features, "--target", processor])
        .arg("--target-dir")
        .arg(&target)
        // What cargo sets for this test is not for that build.
        .env_remove("RUSTFLAGS")
        .envs(key.map(|key| ("SCALEIQ_MODEL_KEY", key)))
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
    std::fs::copy(target.join(processor).join("debug/mps2-an386"), &image).unwrap();
    Some(image)
}

/// The budget: the rest of the flash, of 1 MiB, is for uploads.
pub(crate) const FLASH_BYTES: u32 = 560 << 10;
pub(crate) const RAM: std::ops::Range<u32> = 0x2000_0000..0x2004_0000;
/// What the stack has of it, at the beginning.
pub(crate) const STACK: u32 = 64 << 10;

/// Bytes of flash that an image takes, and where its static memory ends.
pub(crate) fn sizes(image: &Path) -> (u32, u32) {
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
