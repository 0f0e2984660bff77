//! What a change of the pool costs: how long it stands still when jobs come or go.

use crate::learned::learned;
use crate::units::UnixSeconds;

/// Weight of the last change in the pause that a change is expected to cost.
const PAUSE_WEIGHT: f32 = 0.1;
/// Changes in one sample overlap: of no more than this many the pauses are told apart.
const MAX_PAUSES: f32 = 3.0;
/// Longest pause believed, in seconds.
const MAX_PAUSE_S: f32 = 60.0;
/// Where nobody tells when jobs come up, pauses are told at the latest after so many have.
const MAX_MOVES: u32 = 6;

/// Learns the pause of a change.
#[derive(Clone, Debug, Default)]
pub(super) struct Pauses {
    pause_s: Option<f32>,
    /// Seconds of the last sample without a change in which jobs were idle although work waited: no
    /// change is to blame for these.
    usual_idle_s: f32,
    /// Of a pool of which nobody tells.
    moves: Moves,
}
learned!(Pauses { pause_s, usual_idle_s, moves });

/// Jobs that came and went lately, and how long the pool stood still meanwhile.
#[derive(Clone, Copy, Debug, Default)]
struct Moves {
    jobs: u32,
    idle_s: f32,
    /// Whether it could be told in any sample.
    told: bool,
    /// The last of them should be up by then.
    until: UnixSeconds,
}
learned!(Moves { jobs, idle_s, told, until });

impl Pauses {
    /// In a sample without a change jobs were idle for so long.
    pub(super) fn calm(&mut self, idle_s: f32) {
        self.usual_idle_s = idle_s;
    }

    /// In a sample in which `changed` jobs came or went the pool stood still for `idle_s`.
    pub(super) fn changed(&mut self, changed: u32, idle_s: f32) {
        // Each job that comes or goes by itself stops the pool once more.
        let changes = (changed as f32).min(MAX_PAUSES);
        let idle_s = (idle_s - self.usual_idle_s).max(0.0);
        self.learn(idle_s / changes);
    }

    /// Forgets what came and went.
    pub(super) fn settle(&mut self) {
        self.moves = Moves::default();
    }

    /// Jobs that were just asked for should be up by then.
    pub(super) fn expect(&mut self, until: UnixSeconds) {
        self.moves.until = until;
    }

    /// Puts the time that the pool stood still down to the jobs that came and went meanwhile.
    pub(super) fn moved(&mut self, end: UnixSeconds, changed: u32, idle_s: Option<f32>) {
        self.moves.jobs = self.moves.jobs.saturating_add(changed);
        let moving = changed > 0 || end <= self.moves.until;
        match idle_s {
            Some(idle_s) if moving => {
                self.moves.idle_s += (idle_s - self.usual_idle_s).max(0.0);
                self.moves.told = true;
            }
            Some(idle_s) => self.calm(idle_s),
            None => {}
        }
        if moving && self.moves.jobs < MAX_MOVES {
            return;
        }
        if self.moves.told && self.moves.jobs > 0 {
            self.learn(self.moves.idle_s / self.moves.jobs as f32);
        }
        self.moves = Moves { until: self.moves.until, ..Moves::default() };
    }

    fn learn(&mut self, pause_s: f32) {
        let pause_s = pause_s.min(MAX_PAUSE_S);
        let learned = self.pause_s.unwrap_or(pause_s);
        self.pause_s = Some(learned + PAUSE_WEIGHT * (pause_s - learned));
    }

    /// Seconds for which the pool stands still when a job comes or goes; 0 before any did.
    pub(super) fn pause_s(&self) -> f32 {
        self.pause_s.unwrap_or(0.0)
    }
}
