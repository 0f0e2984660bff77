//! What is told of the pools: as they go, and in the end.

use super::simulated::Plan;
use super::tally::Tally;
use scaleiq_workload::sim::Score;

/// What the simulator makes of the day.
pub(crate) struct Simulated {
    scaled: Score,
    fixed: Score,
}

impl Simulated {
    /// Plays `plan` with the agent of this configuration, and with a static pool of `size`.
    pub(crate) fn play(plan: &Plan, config: &str, size: u32) -> anyhow::Result<Self> {
        Ok(Self { scaled: plan.scaled(config)?, fixed: plan.fixed(size)? })
    }
}

/// Prints the heads of the columns of [`standing`].
pub(crate) fn head(size: u32) {
    println!(
        "  day  mean/s so far |  ScaleIQ: jobs      SLA  job-hours | static of {size}:      SLA  job-hours"
    );
}

/// Prints how both pools stand when it is so late on the day.
pub(crate) fn standing(clock: &str, mean_per_s: f64, [scaled, fixed]: &[Tally; 2]) {
    println!(
        "{clock} {mean_per_s:14.1} | {:14} {:8.3} % {:9.1} | {:14.3} % {:9.1}",
        scaled.alive,
        scaled.sla_percent(false),
        scaled.job_hours(),
        fixed.sla_percent(false),
        fixed.job_hours(),
    );
}

/// Prints what was measured of both pools, if they were played, beside what the simulator makes of them.
pub(crate) fn summary(size: u32, measured: Option<&[Tally; 2]>, simulated: &Simulated) {
    println!("\npool                              events       SLA  job-hours  p50 wait  p99 wait");
    let fixed_name = format!("static pool of {size}");
    for (at, name, score) in
        [(0, "ScaleIQ", &simulated.scaled), (1, fixed_name.as_str(), &simulated.fixed)]
    {
        if let Some(tally) = measured.map(|tallies| &tallies[at]) {
            println!(
                "{name:<30} {:9} {:7.3} % {:10.1} {:7.1} s {:7.1} s",
                tally.sent,
                tally.sla_percent(true),
                tally.job_hours(),
                tally.wait_s(0.5),
                tally.wait_s(0.99),
            );
        }
        println!(
            "{:<30} {:9.0} {:7.3} % {:10.1} {:>9} {:7.1} s",
            format!("{name}, simulated"),
            score.events,
            100.0 * score.sla,
            score.job_hours,
            "",
            f64::from(score.p99_wait_s),
        );
    }
    let Some([scaled, fixed]) = measured else { return };
    let saved = 100.0 * (1.0 - scaled.job_hours() / fixed.job_hours().max(1e-9));
    println!("\nScaleIQ paid {saved:.0} % fewer job-hours than the static pool.");
    let off = 100.0 * (simulated.scaled.job_hours / scaled.job_hours().max(1e-9) - 1.0);
    let points = 100.0 * simulated.scaled.sla - scaled.sla_percent(true);
    println!(
        "Against that the simulator is off by {off:+.1} % in job-hours, and by {points:+.3} points in SLA."
    );
}
