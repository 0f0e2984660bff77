//! How long reads take while the loop is held up: by a disk that makes nothing durable, and by a device
//! that says nothing.
//!
//!     cargo bench -p agent --bench reads

#[cfg(unix)]
#[path = "../tests/reads/rig.rs"]
mod rig;

#[cfg(unix)]
fn main() -> std::io::Result<()> {
    use rig::{Barrier, Line, Rig};

    println!("{:<22} {:<10} {:>6} {:>11} {:>11} {:>11}", "", "read", "", "median", "p99", "most");
    let barrier = Barrier::default();
    let folder = std::env::temp_dir().join(format!("scaleiq-reads-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    measure("the disk stalls", Rig::on_disk(&folder, &barrier), &barrier);
    std::fs::remove_dir_all(&folder)?;
    let barrier = Barrier::default();
    let line = Line::plug_in(&barrier);
    measure("the device is silent", Rig::on_a_line(&line), &barrier);
    Ok(())
}

/// Reads that are timed, of each kind.
#[cfg(unix)]
const READS: usize = 2000;

/// Reads while `barrier` holds the loop up in the middle of a sample.
#[cfg(unix)]
fn measure(what: &str, rig: rig::Rig, barrier: &rig::Barrier) {
    let now = rig.control.now();
    rig.post("/ingest", &rig::samples(20, now.plus(-30)));
    barrier.set_shut(true);
    let (address, next) = (rig.address, rig::samples(1, now));
    let held_up = std::thread::spawn(move || rig::request(address, "POST", "/ingest", &next));
    barrier.wait_until_blocking();
    for path in ["/readyz", "/decide", "/predict", "/status", "/metrics"] {
        let mut taken: Vec<_> = (0..READS).map(|_| rig.get(path)).collect();
        assert!(taken.iter().all(|(status, ..)| *status == 200) && barrier.is_blocking(), "{path}");
        taken.sort_by_key(|(_, _, took)| *took);
        let ms = |share: f64| taken[(share * (READS - 1) as f64) as usize].2.as_secs_f64() * 1e3;
        let [median, p99, most] = [0.5, 0.99, 1.0].map(ms);
        println!("{what:<22} {path:<10} {READS:>6} {median:>8.3} ms {p99:>8.3} ms {most:>8.3} ms");
    }
    barrier.set_shut(false);
    assert!(held_up.join().is_ok());
    rig.stop();
}

#[cfg(not(unix))]
fn main() {}
