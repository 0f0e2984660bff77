//! Samples as they are read from a body, before they are placed in time: whoever leaves the length of
//! the interval out shows it by the distance of its samples.

use crate::observe::{Refusal, RefusedSample, Reported, Warning, WarningKind};
use scaleiq_core::sample::{FieldFault, RawSample};
use std::collections::HashMap;

/// Two samples are neighbours up to this many usual distances apart; beyond it something is missing.
pub(in crate::observe) const NEIGHBOURS: f64 = 1.8;

/// A sample without what only its body can tell.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) number: usize,
    pub(super) source: Option<String>,
    /// Everything but the interval.
    pub(super) raw: RawSample,
    /// The interval, if it is told.
    pub(super) interval_s: Option<f64>,
    /// Whether the time is that of a row's column and not `time`.
    pub(super) stamped: bool,
    pub(super) warnings: Vec<Warning>,
}

/// What stands where a body leaves something open.
#[derive(Clone, Copy, Debug)]
pub struct Manner<'a> {
    /// The sender's name where the samples give none.
    pub source: Option<&'a str>,
    /// Length of the interval in seconds where neither a sample nor its distance to others tells it.
    pub interval_s: u32,
    /// Whether `DateTime` is the start of a row, as in a file, and not the moment of a live sample, which
    /// is its end.
    pub rows: bool,
}

impl<'a> Manner<'a> {
    /// Of samples as they are taken: `DateTime` is the moment of a sample.
    #[must_use]
    pub fn live(source: Option<&'a str>, interval_s: u32) -> Self {
        Self { source, interval_s, rows: false }
    }

    /// Of rows of a history: `DateTime` is the start of each.
    #[must_use]
    pub fn rows(interval_s: u32) -> Self {
        Self { source: None, interval_s, rows: true }
    }
}

/// Gives each draft its interval and takes it through the gate, in the order in which they came.
pub(super) fn complete(
    drafts: Vec<Draft>,
    manner: &Manner<'_>,
) -> impl Iterator<Item = (usize, Result<Reported, RefusedSample>)> {
    let spans = spans(&drafts);
    drafts.into_iter().zip(spans).map(|(draft, span)| (draft.number, place(draft, span, manner)))
}

/// What was told in a field, by the name that core has for it.
fn told(raw: &RawSample, field: &str) -> Option<f64> {
    let fields = [
        ("logged_events", raw.logged_events),
        ("processed_events", raw.processed_events),
        ("unprocessed_events", raw.unprocessed_events),
        ("queued_events", raw.queued_events),
        ("avg_processing_ms", raw.avg_processing_ms),
        ("jobs_ready", raw.jobs_ready),
        ("jobs_starting", raw.jobs_starting),
    ];
    fields.into_iter().find(|(name, _)| *name == field)?.1
}

fn place(
    mut draft: Draft,
    span: Option<Span>,
    manner: &Manner<'_>,
) -> Result<Reported, RefusedSample> {
    let told_s = draft.interval_s.or(span.map(|span| span.seconds));
    draft.raw.interval_s = told_s.unwrap_or(f64::from(manner.interval_s));
    if draft.stamped && manner.rows {
        draft.raw.time += draft.raw.interval_s;
    }
    let gated = draft.raw.gate();
    let gated = gated.map_err(|error| RefusedSample::new(Refusal::Value, error.to_string()))?;
    let warning = |fault: &FieldFault| Warning::of_fault(fault, told(&draft.raw, fault.field));
    draft.warnings.splice(0..0, gated.faults.iter().map(warning).collect::<Vec<_>>());
    if let Some(Span { seconds, is_first: true }) = span {
        let message = format!(
            "field `interval_s` is missing: samples last from one to the next, {seconds} s as a rule"
        );
        draft.warnings.push(Warning::of_field("interval_s", WarningKind::Interval, message));
    }
    Ok(Reported {
        number: draft.number,
        source: draft.source,
        sample: gated.sample,
        is_spanless: told_s.is_none(),
        warnings: draft.warnings,
    })
}

/// The length of a draft's interval by its distance to others.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Span {
    seconds: f64,
    /// Whether it is the first of its sender.
    is_first: bool,
}

/// The spans of those that do not tell them, where their sender has more than one in the body.
fn spans(drafts: &[Draft]) -> Vec<Option<Span>> {
    let mut senders: HashMap<Option<&str>, Vec<usize>> = HashMap::new();
    for (index, draft) in drafts.iter().enumerate() {
        senders.entry(draft.source.as_deref()).or_default().push(index);
    }
    let mut spans = vec![None; drafts.len()];
    let time = |index: usize| drafts.get(index).map_or(f64::NAN, |draft| draft.raw.time);
    for mut own in senders.into_values() {
        if own.iter().all(|index| drafts.get(*index).is_some_and(|d| d.interval_s.is_some())) {
            continue;
        }
        own.sort_by(|a, b| time(*a).total_cmp(&time(*b)));
        let distance = |pair: &[usize]| match pair {
            [older, newer] => time(*newer) - time(*older),
            _ => 0.0,
        };
        let Some(usual) = median(own.windows(2).map(distance).filter(|d| *d > 0.0)) else {
            continue;
        };
        let mut before = None;
        for index in own {
            let since = before.replace(index).map(|before| distance(&[before, index]));
            let near =
                |seconds: &f64| (0.0..=NEIGHBOURS * usual).contains(seconds) && *seconds > 0.0;
            let seconds = since.filter(near).unwrap_or(usual);
            let lacks = drafts.get(index).is_some_and(|draft| draft.interval_s.is_none());
            if let Some(span) = spans.get_mut(index).filter(|_| lacks) {
                *span = Some(Span { seconds, is_first: since.is_none() });
            }
        }
    }
    spans
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    let middle = values.len() / 2;
    (!values.is_empty()).then(|| *values.select_nth_unstable_by(middle, f64::total_cmp).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANNER: Manner<'static> = Manner { source: None, interval_s: 120, rows: false };

    fn drafts(times: &[f64]) -> Vec<Draft> {
        let raw = |time: &f64| RawSample { time: *time, ..RawSample::default() };
        times.iter().map(|time| Draft { raw: raw(time), ..Draft::default() }).collect()
    }

    /// Ends and lengths of the samples at `times`, and how many warnings there were.
    fn placed(drafts: Vec<Draft>, manner: &Manner<'_>) -> (Vec<(i64, u32)>, usize) {
        let told: Vec<Reported> = complete(drafts, manner).map(|(_, told)| told.unwrap()).collect();
        let spans = told.iter().map(|t| (t.sample.end.0, t.sample.interval_s)).collect();
        (spans, told.iter().map(|t| t.warnings.len()).sum())
    }

    #[test]
    fn rows_last_from_one_to_the_next_and_a_hole_is_none() {
        let (spans, warned) = placed(drafts(&[600.0, 720.0, 840.0, 4000.0, 4110.0]), &MANNER);
        assert_eq!(spans, [(600, 120), (720, 120), (840, 120), (4000, 120), (4110, 110)]);
        assert_eq!(warned, 1, "once for all");
        // Whatever their order, and what is told is kept.
        let mut newest_first = drafts(&[180.0, 120.0, 60.0]);
        newest_first[1].interval_s = Some(30.0);
        assert_eq!(placed(newest_first, &MANNER).0, [(180, 60), (120, 30), (60, 60)]);
    }

    #[test]
    fn one_alone_tells_nothing_of_its_length() {
        let told: Vec<_> = complete(drafts(&[600.0, 600.0]), &MANNER).collect();
        let told = told[1].1.clone().unwrap();
        assert!(told.is_spanless && told.sample.interval_s == 120 && told.warnings.is_empty());
    }

    #[test]
    fn the_stamp_of_a_row_is_its_start() {
        let stamped = || {
            let mut drafts = drafts(&[600.0, 720.0]);
            drafts.iter_mut().for_each(|draft| draft.stamped = true);
            drafts
        };
        assert_eq!(placed(stamped(), &MANNER).0, [(600, 120), (720, 120)]);
        let rows = Manner { rows: true, ..MANNER };
        assert_eq!(placed(stamped(), &rows).0, [(720, 120), (840, 120)]);
    }
}
