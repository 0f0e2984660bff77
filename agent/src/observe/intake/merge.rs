//! The samples of several senders as one: counts, backlogs and jobs are summed.
//!
//! One sender's samples go through as they are. Of several, each is responsible for its share, so the
//! sum is known up to the moment up to which all of them have spoken; it is given out from there to
//! there. One that falls silent is waited for, then its share is missing, and then it has left.

use super::admitted::Admitted;
use super::share::{
    ARRIVALS, BACKLOG, FIELDS, PROCESSED, Piece, QUEUED, READY, STARTING, Share, mean_work,
    time_limit_s, values,
};
use crate::observe::{Refusal, RefusedSample, Warning, WarningKind};
use scaleiq_core::sample::{MAX_INTERVAL_S, Reading, Sample};
use scaleiq_core::units::{Jobs, UnixSeconds};
use std::collections::VecDeque;

/// Samples of one sender that may wait for another.
const WAITING: usize = 64;
/// Of samples without a `source`, one that overlaps the one before counts 2 and another one takes 1
/// away: two senders in turn, each other of which overlaps, go beyond this and an accident does not.
const OVERLAPS: u8 = 2;

/// Sums what several senders say.
#[derive(Debug, Default)]
pub(super) struct Merge {
    shares: Vec<Share>,
    /// Up to here everything was given out.
    given: Option<UnixSeconds>,
    /// A sender with a name was heard of once: another one may be about to speak.
    waits_for_others: bool,
    overlaps: u8,
    left: Vec<Option<String>>,
}

impl Merge {
    /// Everything up to `last` was given out in a former life.
    pub(super) fn new(last: Option<UnixSeconds>) -> Self {
        Self { given: last, ..Self::default() }
    }

    /// Takes a sample and gives out what is complete with it.
    pub(super) fn push(
        &mut self,
        name: Option<&str>,
        sample: &Sample,
        admitted: &mut Admitted,
    ) -> Result<(), RefusedSample> {
        let is_new = !self.knows(name);
        let unnamed_alone = name.is_none() && self.shares.iter().all(|share| share.name.is_none());
        if unnamed_alone {
            self.notice_overlap(sample, admitted);
        }
        let last = self.shares.iter().find(|share| share.name.as_deref() == name).map(|s| s.last);
        let after = match last {
            Some(last) => Some(last.end),
            None if self.shares.is_empty() => self.given,
            // A new sender among others may be behind them by as much as one of them may.
            None => self.given.map(|given| given.plus(-time_limit_s(sample))),
        };
        if let Some(after) = after.filter(|after| sample.end <= *after) {
            return Err(not_after(after, sample));
        }
        if is_new {
            self.join(name, sample);
        }
        if unnamed_alone {
            self.given = Some(sample.end);
            self.keep(name, sample, None);
            admitted.samples.push(*sample);
            return Ok(());
        }
        let start = sample.end.plus(-i64::from(sample.interval_s));
        let start = after.map_or(start, |after| start.max(after));
        self.keep(name, sample, Some(start));
        self.part_with_silent(admitted);
        if let Some(sum) = self.sum(is_new) {
            admitted.samples.push(sum);
        }
        Ok(())
    }

    /// Whether the sender is one whose share counts.
    pub(super) fn knows(&self, name: Option<&str>) -> bool {
        self.shares.iter().any(|share| share.name.as_deref() == name)
    }

    /// Whether there are others, and it is not one of them.
    pub(super) fn has_others(&self, name: Option<&str>) -> bool {
        !self.shares.is_empty() && !self.knows(name)
    }

    /// Whether its share is missing.
    pub(super) fn is_silent(&self, name: Option<&str>) -> bool {
        let newest = self.newest();
        self.shares.iter().any(|s| s.name.as_deref() == name && s.is_silent(newest))
    }

    /// Those who have left since this was asked last.
    pub(super) fn take_left(&mut self) -> Vec<Option<String>> {
        std::mem::take(&mut self.left)
    }

    fn join(&mut self, name: Option<&str>, sample: &Sample) {
        if let Some(name) = name {
            tracing::info!(source = name, "a source has joined: the sum of all is decided on");
        }
        self.waits_for_others = self.shares.is_empty() && name.is_some();
        let name = name.map(str::to_owned);
        let share =
            Share { name, last: *sample, pieces: VecDeque::new(), reports: [false; FIELDS] };
        self.shares.push(share);
    }

    fn keep(&mut self, name: Option<&str>, sample: &Sample, start: Option<UnixSeconds>) {
        let Some(share) = self.shares.iter_mut().find(|s| s.name.as_deref() == name) else {
            return;
        };
        share.last = *sample;
        for (reports, value) in share.reports.iter_mut().zip(values(sample)) {
            *reports |= value.is_some();
        }
        if let Some(start) = start {
            if share.pieces.len() >= WAITING {
                share.pieces.pop_front();
            }
            share.pieces.push_back(Piece { start, sample: *sample });
        }
    }

    /// Two senders without names, or one whose intervals are longer than the time between them.
    fn notice_overlap(&mut self, sample: &Sample, admitted: &mut Admitted) {
        let Some(last) = self.shares.first().map(|share| share.last) else { return };
        let start = sample.end.plus(-i64::from(sample.interval_s));
        let shared_s = last.end.since(start);
        let overlaps = sample.end > last.end && 4 * shared_s > i64::from(sample.interval_s);
        self.overlaps = match overlaps {
            true => self.overlaps.saturating_add(2).min(3 * OVERLAPS),
            false => self.overlaps.saturating_sub(1),
        };
        if overlaps && self.overlaps > OVERLAPS {
            let message = format!(
                "samples without a `source` overlap by {shared_s} s, and what overlaps is counted once: \
                 if two senders push, give each a `source`, and they are summed; if it is one, \
                 `interval_s` is longer than the time between its samples"
            );
            admitted.warnings.push(Warning::of_sample(WarningKind::Overlap, message));
        }
    }

    /// Where the furthest of the senders is.
    pub(super) fn newest(&self) -> UnixSeconds {
        self.shares.iter().map(|share| share.last.end).max().unwrap_or_default()
    }

    /// Says whose share is missing, and forgets who has been silent for too long.
    fn part_with_silent(&mut self, admitted: &mut Admitted) {
        let newest = self.newest();
        let (mut silent, mut gone) = (Vec::new(), Vec::new());
        self.shares.retain(|share| {
            let name = share.name.as_deref().unwrap_or("(none)").to_owned();
            let has_left = share.has_left(newest);
            if has_left {
                tracing::warn!(source = name, "silent for too long: it has left the sum");
                self.left.push(share.name.clone());
                gone.push(name);
            } else if share.is_silent(newest) {
                silent.push(name);
            }
            !has_left
        });
        for (names, what) in [
            (silent, "has been silent: its share counts as missing"),
            (gone, "has left: it was silent for too long, and the sum is that of the others"),
        ] {
            let Some(first) = names.first() else { continue };
            let others = match names.len() - 1 {
                0 => String::new(),
                others => format!(", as {others} others,"),
            };
            let message = format!("source {first}{others} {what}");
            admitted.warnings.push(Warning::of_sample(WarningKind::Silent, message));
        }
    }

    /// The sum from where the last one ended up to where all have spoken.
    fn sum(&mut self, joined: bool) -> Option<Sample> {
        let newest = self.newest();
        let speaking = || self.shares.iter().filter(|share| !share.is_silent(newest));
        let to = speaking().map(|share| share.last.end).min()?;
        let starts = speaking().filter_map(|share| share.pieces.front()).map(|piece| piece.start);
        let from = starts.min()?;
        let from = self.given.map_or(from, |given| given.max(from));
        let from = from.max(to.plus(-i64::from(MAX_INTERVAL_S)));
        let longest_s = speaking().map(|share| share.last.interval_s).max()?;
        let span_s = to.since(from);
        // In steps of the senders' own intervals, however many of them there are.
        let is_whole = span_s > 0 && 4 * span_s >= 3 * i64::from(longest_s);
        if !is_whole || (self.waits_for_others && joined) {
            return None;
        }
        self.waits_for_others = false;
        let shares: Vec<[Option<f64>; FIELDS]> = self
            .shares
            .iter()
            .map(
                |share| if share.is_silent(newest) { [None; FIELDS] } else { share.part(from, to) },
            )
            .collect();
        let total = |field: usize| {
            let reported = self.shares.iter().zip(&shares).filter(|(s, _)| s.reports[field]);
            reported.map(|(_, values)| values[field]).sum::<Option<f64>>()
        };
        let is_reported = |field: usize| self.shares.iter().any(|share| share.reports[field]);
        let sum = |field: usize| if is_reported(field) { total(field) } else { None };
        let sum_of = |field| sum(field).map_or(Reading::Missing, |v| Reading::Known(v as f32));
        let jobs = |field| sum(field).map(|jobs| Jobs(jobs as u32));
        let merged = Sample {
            end: to,
            interval_s: u32::try_from(span_s).unwrap_or(MAX_INTERVAL_S),
            arrivals_events: sum_of(ARRIVALS),
            processed_events: sum_of(PROCESSED),
            backlog_events: sum_of(BACKLOG),
            queued_events: sum_of(QUEUED),
            work_ms: mean_work(&shares),
            jobs_ready: jobs(READY),
            jobs_starting: jobs(STARTING),
        };
        for share in &mut self.shares {
            share.pieces.retain(|piece| piece.sample.end > to);
        }
        self.given = Some(to);
        Some(merged)
    }
}

fn not_after(after: UnixSeconds, sample: &Sample) -> RefusedSample {
    let what = if after == sample.end {
        format!("duplicate time {} with other numbers", sample.end.0)
    } else {
        format!("time {} is before the last sample's {}", sample.end.0, after.0)
    };
    let advice = "times must ascend; if two senders push for one workload, give each a `source`";
    RefusedSample::new(Refusal::Time, format!("field `time`: {what}: {advice}"))
}

#[cfg(test)]
mod tests;
