//! How much memory this process has taken.

/// The most that it has held in RAM so far, in MiB. `None` where nobody tells: it is Linux' `/proc` that does.
#[must_use]
pub fn peak_mib() -> Option<f64> {
    of_status(&std::fs::read_to_string("/proc/self/status").ok()?)
}

/// `VmHWM` of `/proc/PID/status` (proc_pid_status(5)), which is in KiB.
fn of_status(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    Some(kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read_in_mib() {
        let status = "Name:\ttrainer\nVmPeak:\t  900000 kB\nVmHWM:\t  524288 kB\nVmRSS:\t  1 kB\n";
        assert_eq!((of_status(status), of_status("Name:\ttrainer\n")), (Some(512.0), None));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_was_held_once_stays_the_peak() {
        let before = peak_mib().unwrap();
        let held = vec![1_u8; 64 << 20];
        assert!(held.iter().map(|byte| u64::from(*byte)).sum::<u64>() == 64 << 20);
        drop(held);
        // Other tests run in this process, too: it can only be more.
        assert!(peak_mib().unwrap() >= before.max(64.0), "{before}");
    }
}
