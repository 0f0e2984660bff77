//! What is played: traffic, scales, worlds and seeds.

use super::contender::Contender;
use super::foresight::Foresight;
use crate::data::file;
use crate::data::recording::Recording;
use anyhow::{Context as _, Result, ensure};
use scaleiq_core::parameters::Parameters;
use scaleiq_core::units::{DAY_S, JobLimits};
use scaleiq_workload::ReadOptions;
use scaleiq_workload::sim::{LoadSettings, Scale};
use scaleiq_workload::traffic::builtin::{SampleSpec, generate};
use std::path::Path;

/// Longest interval of a recording from which a load is made, in seconds.
const COARSEST_S: u32 = 3600;
/// The most of a short recording that is warm-up.
const MAX_WARM: f64 = 0.5;

/// Which part of a recording is played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// So many days; all there are if there are fewer.
    pub days: f64,
    /// Days after these, at the end, that are not looked at.
    pub held_back_days: f64,
}

impl Stretch {
    /// The last days.
    #[must_use]
    pub fn last(days: f64) -> Self {
        Self { days, held_back_days: 0.0 }
    }
}

/// Some days of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Traffic {
    /// Its name in tables.
    pub name: String,
    recording: Recording,
}

impl Traffic {
    /// A stretch of a file.
    ///
    /// # Errors
    /// If the file cannot be read, is coarser than hourly, or cannot be a load.
    pub fn read(path: &Path, options: &ReadOptions, stretch: Stretch) -> Result<Self> {
        let series = file::read(path, options)?;
        let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy();
        Self::new(&name, &series, stretch).with_context(|| path.display().to_string())
    }

    /// A stretch of the built-in sample.
    ///
    /// # Errors
    /// If it is too short for a load.
    pub fn sample(stretch: Stretch) -> Result<Self> {
        Self::new("sample", &generate(&SampleSpec::default()), stretch)
    }

    fn new(name: &str, series: &scaleiq_workload::Series, stretch: Stretch) -> Result<Self> {
        let interval_s = series.length_s;
        ensure!(interval_s <= COARSEST_S, "intervals of {interval_s} s are coarser than an hour");
        let rows = |days: f64| (days * f64::from(DAY_S) / f64::from(interval_s)) as usize;
        let last = series.measured().saturating_sub(rows(stretch.held_back_days));
        let keep = rows(stretch.days);
        let first = last.saturating_sub(keep);
        let recording = Recording::of(&series.rows[first..last], interval_s);
        let traffic = Self { name: name.into(), recording };
        // Better said now than after minutes of others.
        traffic.recording.load(&settings_at(1.0), 0)?;
        Ok(traffic)
    }

    /// What was recorded.
    #[must_use]
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    /// Seconds at the start that are not scored, of `warm_days` that are specified.
    #[must_use]
    pub fn warm_s(&self, warm_days: f64) -> u32 {
        (warm_days * f64::from(DAY_S)).min(MAX_WARM * self.recording.span_s()) as u32
    }
}

/// How a load is made whose peak keeps so many jobs busy.
#[must_use]
pub fn settings_at(peak_jobs: f32) -> LoadSettings {
    LoadSettings { scale: Scale::PeakJobs(peak_jobs), ..LoadSettings::default() }
}

/// Everything that is played.
#[derive(Clone, Debug)]
pub struct Grid {
    /// Recordings.
    pub traffic: Vec<Traffic>,
    /// Jobs that a load's peak keeps busy.
    pub peaks: Vec<f32>,
    /// Names of worlds.
    pub worlds: Vec<&'static str>,
    /// Seeds.
    pub seeds: Vec<u64>,
    /// Policies.
    pub contenders: Vec<Contender>,
    /// Whose forecasts they get.
    pub foresight: Foresight,
    /// The numbers of plan and guard.
    pub parameters: Parameters,
    /// Days at the start that are not scored.
    pub warm_days: f64,
    /// Fewest and most jobs, for all policies.
    pub limits: JobLimits,
}

/// One load: played in every world.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoadPlan {
    /// Index into [`Grid::traffic`].
    pub traffic: usize,
    /// Jobs that its peak keeps busy.
    pub peak_jobs: f32,
    /// Its seed.
    pub seed: u64,
}

impl Grid {
    /// The loads, those of one recording together.
    #[must_use]
    pub fn loads(&self) -> Vec<LoadPlan> {
        let mut loads = Vec::new();
        for traffic in 0..self.traffic.len() {
            for peak_jobs in &self.peaks {
                let load = |seed: &u64| LoadPlan { traffic, peak_jobs: *peak_jobs, seed: *seed };
                loads.extend(self.seeds.iter().map(load));
            }
        }
        loads
    }

    /// Runs of all, for a progress bar.
    #[must_use]
    pub fn runs(&self) -> u64 {
        let a_case: u64 = self.contenders.iter().map(|contender| contender.runs()).sum();
        a_case * (self.loads().len() * self.worlds.len()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_days_are_kept() {
        let traffic = Traffic::sample(Stretch::last(2.0)).unwrap();
        assert_eq!(traffic.recording.counts_events.len(), 1440);
        let all = generate(&SampleSpec::default());
        let end = all.rows.last().unwrap().end;
        assert_eq!(end.since(traffic.recording.start), 2 * i64::from(DAY_S));
        assert_eq!((traffic.warm_s(0.5), traffic.warm_s(7.0)), (DAY_S / 2, DAY_S));
        let before = Traffic::sample(Stretch { days: 2.0, held_back_days: 3.0 }).unwrap();
        let days = end.since(before.recording.start) as f64 / f64::from(DAY_S);
        assert_eq!((days, before.recording.counts_events.len()), (5.0, 1440));
    }

    #[test]
    fn what_is_no_load_is_refused_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("silent.csv");
        let row = |k: usize| format!("{},0\n", 1_751_328_000 + 300 * k);
        let rows: String = (0..100).map(row).collect();
        std::fs::write(&path, format!("timestamp,value\n{rows}")).unwrap();
        let error = format!(
            "{:#}",
            Traffic::read(&path, &ReadOptions::default(), Stretch::last(21.0)).unwrap_err()
        );
        assert!(error.contains("silent.csv: the series has no peak"), "{error}");
    }
}
