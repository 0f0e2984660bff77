//! What the guard lets through, and what is held while nothing is seen.

use super::table::parameters;

parameters! {
    /// The guard's numbers, and those of the reactive rule that it falls back to.
    pub struct GuardParams {
        /// A step up may always be this large, however small the pool is (promise S-1). Commit 8cea999;
        /// range tried: unknown.
        min_step_up: u32 = 8, "jobs";
        /// With waits above this the forecast's ceiling does not hold jobs back. Commit 8cea999; range
        /// tried: unknown.
        ceiling_wait: f32 = 0.5, "share of the SLA";
        /// How long the present rate may make events wait before the floor asks for jobs (promise S-7).
        /// Commit ce76476; range tried: unknown.
        floor_wait: f32 = 0.7, "share of the SLA";
        /// Where changes are costly jobs are let go only after several scale-down windows, since to have
        /// them again would stop the pool again: after this many. Commit dd20d21; range tried: unknown.
        costly_windows: u32 = 1, "windows";
        /// One window more for each so many jobs, since a large pool takes longer to grow. Commit dd20d21;
        /// range tried: unknown.
        jobs_a_window: u32 = 8, "jobs";
        /// No more windows than these. Commit dd20d21; range tried: unknown.
        max_windows: u32 = 20, "windows";
        /// Utilisation that the reactive rule aims at: HPA users' usual 70 to 80 %. Not tuned.
        reactive_utilisation: f32 = 0.8, "share of the pool";
        /// A wait up to this calls for no extra jobs of the simple rules. Commit d747a3b; range tried:
        /// unknown.
        harmless_wait: f32 = 0.25, "share of the SLA";
        /// Start-up times of up to this many SLAs can still answer a burst (promise S-7). Commit ea1c9cc;
        /// range tried: unknown.
        followed_slas: f32 = 3.0, "SLAs";
        /// Samples that say nothing for longer than this, or are late by more, raise the number held: a load
        /// that rises unseen breaks the SLA, and jobs to spare for minutes cost little. Commit ea1c9cc; range
        /// tried: unknown.
        blind_after_s: u32 = 60, "seconds";
        /// By how much it is raised. On eight traces this, up to double, won half a point of SLA in samples
        /// that are lost for minutes, and cost 2 % (commit 4358482); other values tried: unknown.
        blind_raise: f32 = 0.2, "share a minute";
        /// Up to so many times the number. Chosen with `blind_raise`.
        max_blind_raise: f32 = 2.0, "1";
        /// With waits above this more jobs are said to be there to catch up. It decides a word, no number.
        catch_up_wait: f32 = 0.25, "share of the SLA";
    }
}
