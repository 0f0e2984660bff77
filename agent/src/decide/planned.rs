//! What the user plans and knows of the traffic, as it is configured.

use super::{Calendar, Event};
use crate::config::{Choice, Fields, List, Number, Parsed, Section, Whole};
use scaleiq_core::forecast::OWN_SEASONS;
use scaleiq_core::interval::IntervalLength;
use scaleiq_core::units::{UnixSeconds, WEEK_S};

/// Kinds of events by their places in [`scaleiq_core::forecast::PLAN_NAMES`].
const KINDS: Choice<usize> = Choice(&[("holiday", 0), ("campaign", 1)]);
/// A moment with its zone.
const MOMENT: Parsed<UnixSeconds> = Parsed(moment);

impl Calendar {
    /// The settings `planned` and `seasons_s` of traffic in intervals of `length`.
    pub fn fields(f: &mut Fields<'_>, length: IntervalLength) -> Self {
        let events = f.optional(
            "planned",
            "holidays and campaigns, past and coming, in any order",
            List { of: Section(event), max: usize::MAX },
        );
        let events = events.map_or_else(Vec::new, |events| events.value);
        Self {
            events: events.into_iter().map(|event| event.value).collect(),
            seasons_s: seasons(f, length.seconds()),
        }
    }
}

fn event(f: &mut Fields<'_>) -> Option<Event> {
    let kind = f.required("kind", "what it is", KINDS);
    let from = f.required("from", "its begin, such as 2025-11-28T08:00:00+01:00", MOMENT);
    let to = f.required("to", "its end, after its begin", MOMENT);
    let size = f.or("size", "1 is the usual one, 2 is twice as large", Number(0.01..=100.0), 1.0);
    let (kind, from, to) = (kind?, from?, to?);
    if to.value <= from.value {
        f.problem(to.place, format!("`{}` is not after `{}`", f.name("to"), f.name("from")));
    }
    Some(Event { kind: kind.value, from: from.value, to: to.value, size })
}

fn moment(text: &str) -> Result<UnixSeconds, String> {
    scaleiq_workload::moment(text).map_err(String::from)
}

/// Seasons beside day and week, each a whole number of intervals of `interval_s`.
fn seasons(f: &mut Fields<'_>, interval_s: u32) -> Vec<u32> {
    let given = f.optional(
        "seasons_s",
        "seasons of this traffic beside day and week, in seconds",
        List { of: Whole(2 * interval_s..=4 * WEEK_S), max: OWN_SEASONS },
    );
    let given = given.map_or_else(Vec::new, |given| given.value);
    for (k, season) in given.iter().enumerate() {
        if !season.value.is_multiple_of(interval_s) {
            let whole_s = season.value.next_multiple_of(interval_s);
            let message = format!(
                "`seasons_s[{k}]` is {}, which is no whole number of intervals of {interval_s} s; \
                 {whole_s} is",
                season.value
            );
            f.problem(season.place, message);
        }
    }
    given.into_iter().map(|season| season.value).collect()
}
