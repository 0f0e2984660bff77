//! What a journal tells without anything being decided again: for pages, and for what came after a
//! decision.

use super::folder::numbers;
use super::record::{Carried, Record, RunContext};
use super::walk::{Entry, Walk};
use scaleiq_core::decision::Decision;
use scaleiq_core::sample::Sample;
use scaleiq_core::units::{JobLimits, UnixSeconds};
use std::path::Path;

/// Something that was recorded.
#[derive(Debug)]
pub enum Seen<'a> {
    /// A run began, or a file of it.
    Run(&'a RunContext),
    /// A sample was taken.
    Sample(&'a Sample),
    /// A decision was made.
    Decision(&'a Decision),
    /// Other limits were in force from then on, for these reasons.
    Limits(UnixSeconds, JobLimits, &'a [String]),
    /// An order was carried out, or failed.
    Carried(&'a Carried),
}

/// Tells `each` what is recorded in `folder`, the oldest first. What is damaged is left out to the end of
/// its file, which whoever builds on it tells.
pub fn see(folder: &Path, mut each: impl FnMut(Seen<'_>)) {
    let mut left = numbers(folder).unwrap_or_default();
    while !left.is_empty() {
        let mut walk = Walk::new(folder, left.clone());
        loop {
            match walk.next() {
                Ok(Some(entry)) => show(&entry, &mut each),
                Ok(None) => return,
                Err(_) => break,
            }
        }
        let damaged = walk.number();
        left.retain(|number| damaged.is_some_and(|damaged| *number > damaged));
    }
}

fn show(entry: &Entry, each: &mut impl FnMut(Seen<'_>)) {
    match &entry.record {
        Record::Header(_, header) => each(Seen::Run(&header.run.context)),
        Record::Run(run) => each(Seen::Run(&run.context)),
        Record::Sample(sample) => each(Seen::Sample(sample)),
        Record::Decision(recorded) => {
            if let Some(decision) = recorded.decision() {
                each(Seen::Decision(&decision));
            }
        }
        Record::Limits(limits) => each(Seen::Limits(limits.at, limits.limits(), &limits.why)),
        Record::Carried(carried) => each(Seen::Carried(carried)),
        Record::Gap => {}
    }
}
