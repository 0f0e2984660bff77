//! What one exporter has pushed: its totals, and the levels that it told last.

use super::contract::{KeyValue, Metric};
use super::mapping::{Mapping, Role};
use super::series::{Form, Point, points};
use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::time::{Duration, Instant};

/// Most series of one exporter.
const MAX_SERIES: usize = 1024;
/// A series that is not told for so long is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(3600);
/// Time between two pushes where it is not known: OpenTelemetry's default.
const INTERVAL: Duration = Duration::from_secs(60);
/// An exporter that has told of workers alone has gone with its worker after one and a half intervals and
/// this much;
const GONE: Duration = Duration::from_secs(5);
/// one that has told of arrivals or lengths is waited for, as long as this or four intervals.
const AWAITED: Duration = Duration::from_secs(180);
/// What a new exporter counted is news if it has not counted for longer.
const NEWS: Duration = Duration::from_secs(150);

/// What came.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Gain {
    /// Events.
    pub(super) arrived: f64,
    pub(super) processed: f64,
    /// Seconds of work, and the events that it was done on.
    pub(super) work_s: f64,
    pub(super) worked: f64,
    /// Totals that began anew.
    pub(super) resets: u32,
    /// Points for which there was no room.
    pub(super) rejected: usize,
}

/// A series: its role, its attributes, and since when it counts. Two processes that call themselves the
/// same are two series by that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    role: Role,
    attributes: u64,
    start_ns: u64,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    end_ns: u64,
    count: f64,
    sum: f64,
    heard: Instant,
}

/// One exporter.
#[derive(Debug)]
pub(super) struct Exporter {
    totals: HashMap<Key, Last>,
    /// Levels by their attributes, and whether each was told in this round.
    levels: HashMap<u64, (f64, bool)>,
    /// The first name of each role that it has ever sent.
    names: [Option<usize>; Role::ALL.len()],
    heard: Option<Instant>,
    interval: Duration,
    has_spoken: bool,
}

impl Default for Exporter {
    fn default() -> Self {
        Self {
            totals: HashMap::new(),
            levels: HashMap::new(),
            names: [None; Role::ALL.len()],
            heard: None,
            interval: INTERVAL,
            has_spoken: false,
        }
    }
}

impl Exporter {
    /// Takes what it pushed at `now`; somebody listens since `begun`.
    pub(super) fn take(
        &mut self,
        metrics: &[&Metric],
        mapping: &Mapping,
        begun: Instant,
        now: Instant,
    ) -> Gain {
        let roles: Vec<(&Metric, Role, usize)> = metrics
            .iter()
            .flat_map(|metric| mapping.roles(&metric.name).map(|(role, at)| (*metric, role, at)))
            .collect();
        for (_, role, at) in &roles {
            let first = &mut self.names[*role as usize];
            *first = Some(first.map_or(*at, |first| first.min(*at)));
        }
        // What counts as news of a series that was never told before.
        let news = match self.heard {
            Some(heard) => now.duration_since(heard) + Duration::from_secs(1),
            None => now.duration_since(begun).min(NEWS),
        };
        let mut gain = Gain::default();
        for (metric, role, at) in roles {
            let Some((form, points)) = points(metric) else { continue };
            if self.names[role as usize] != Some(at) {
                continue;
            }
            for point in points.iter().filter(|point| mapping.is_ours(point.attributes)) {
                self.take_point(role, form, point, news, now, &mut gain);
            }
        }
        if let Some(gap) = self.heard.map(|heard| now.duration_since(heard))
            && gap >= Duration::from_secs(1)
        {
            self.interval = gap.min(FORGOTTEN);
        }
        self.heard = Some(now);
        self.has_spoken = true;
        gain
    }

    fn take_point(
        &mut self,
        role: Role,
        form: Form,
        point: &Point<'_>,
        news: Duration,
        now: Instant,
        gain: &mut Gain,
    ) {
        let attributes = hash(point.attributes);
        match (role, form) {
            (Role::Waiting, Form::Level) => {
                if self.levels.len() >= MAX_SERIES && !self.levels.contains_key(&attributes) {
                    gain.rejected += 1;
                } else {
                    self.levels.insert(attributes, (point.count, true));
                }
                return;
            }
            (Role::Waiting, _) | (_, Form::Level) => return,
            _ => {}
        }
        let start_ns = if form == Form::Total { point.start_ns } else { 0 };
        let key = Key { role, attributes, start_ns };
        let told = Last { end_ns: point.end_ns, count: point.count, sum: point.sum, heard: now };
        if self.totals.len() >= MAX_SERIES && !self.totals.contains_key(&key) {
            gain.rejected += 1;
            return;
        }
        let last = self.totals.insert(key, told);
        let age = Duration::from_nanos(point.end_ns.saturating_sub(point.start_ns));
        let (count, sum) = match (form, last) {
            (_, Some(last)) if is_old(form, &told, &last) => {
                self.totals.insert(key, last);
                return;
            }
            (Form::Delta, _) => (told.count, told.sum),
            (_, Some(last)) if told.count >= last.count => {
                (told.count - last.count, (told.sum - last.sum).max(0.0))
            }
            // It began anew at 0: what it shows came since.
            (_, Some(_)) => {
                gain.resets += 1;
                (told.count, told.sum)
            }
            (_, None) if point.start_ns > 0 && age <= news => (told.count, told.sum),
            (_, None) => return,
        };
        match role {
            Role::Arrived => gain.arrived += count,
            Role::Processed => gain.processed += count,
            Role::Work if sum > 0.0 => {
                gain.work_s += sum;
                gain.worked += count;
            }
            Role::Work | Role::Waiting => {}
        }
    }

    /// Whether it has ever sent a metric of `role`.
    pub(super) fn tells(&self, role: Role) -> bool {
        self.names[role as usize].is_some()
    }

    /// Whether it has pushed in this round.
    pub(super) fn has_spoken(&self) -> bool {
        self.has_spoken
    }

    /// Time since it was heard of.
    pub(super) fn silence(&self, now: Instant) -> Duration {
        self.heard.map_or(Duration::ZERO, |heard| now.duration_since(heard))
    }

    /// Whether its share is counted: it has spoken, or is waited for.
    pub(super) fn counts(&self, now: Instant) -> bool {
        let is_worker = !self.tells(Role::Arrived) && !self.tells(Role::Waiting);
        let limit = match is_worker {
            true => self.interval + self.interval / 2 + GONE,
            false => AWAITED.max(4 * self.interval),
        };
        self.has_spoken || self.silence(now) <= limit
    }

    /// Returns the sum of its levels, and begins a round. One that was told before and not in this round makes
    /// it unknown, once: it may be late, or gone.
    pub(super) fn end_round(&mut self, now: Instant) -> Option<f64> {
        self.has_spoken = false;
        self.totals.retain(|_, last| now.duration_since(last.heard) <= FORGOTTEN);
        let is_whole = !self.levels.is_empty() && self.levels.values().all(|(_, is_new)| *is_new);
        let sum = is_whole.then(|| self.levels.values().map(|(level, _)| level).sum());
        self.levels.retain(|_, (_, is_new)| std::mem::take(is_new));
        sum
    }
}

/// Whether it is told again or late, and counts nothing. An exporter whose clock was set back speaks of earlier
/// moments as well: to wait until its clock has caught up would be to take minutes of events for none.
fn is_old(form: Form, told: &Last, last: &Last) -> bool {
    let is_late = told.end_ns < last.end_ns && form == Form::Total && told.count <= last.count;
    told.end_ns == last.end_ns || is_late
}

fn hash(attributes: &[KeyValue]) -> u64 {
    // In whatever order they come.
    attributes.iter().fold(0, |sum: u64, attribute| {
        let mut hasher = DefaultHasher::new();
        (&attribute.key, super::mapping::text(attribute)).hash(&mut hasher);
        sum.wrapping_add(hasher.finish())
    })
}
