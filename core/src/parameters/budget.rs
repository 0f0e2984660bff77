//! How much room lateness earns: the margin that is steered by late events.

use super::table::parameters;

parameters! {
    /// The numbers by which the margin is steered.
    pub struct BudgetParams {
        /// The margin at first, where lead time is an SLA: a workload must prove to be calm. Chosen by ADR 7 (6
        /// before, for all lead times).
        first_margin: f32 = 3.3, "usual errors of the nowcast";
        /// It grows with the lead time in SLAs, up to `answered_slas`, to this power: the later jobs come up, the
        /// less of a surprise can be waited for. Chosen by ADR 7.
        first_margin_grows: f32 = 0.43, "1";
        /// It is wider by this factor where changes turn out to be costly. Chosen by ADR 7.
        costly_first_margin: f32 = 1.75, "1";
        /// Narrowest margin. Commit 5d42fc3; range tried: unknown.
        min_margin: f32 = 0.7, "usual errors of the nowcast";
        /// Widest margin. Commit 5d42fc3; range tried: unknown.
        max_margin: f32 = 40.0, "usual errors of the nowcast";
        /// A day in which all that is allowed is late multiplies the margin by e to this power. Chosen by
        /// ADR 5 (0.5 before).
        widens_a_day: f32 = 0.7, "logarithms a day";
        /// Each day divides it by e to this one: so it is steady where this over `widens_a_day` of the
        /// allowance is used, and half as wide within six days. What is spent cannot be earned back.
        /// Commit 4134da4, on traffic before the judged weeks (four traces, 40 jobs); range tried: unknown.
        narrows_a_day: f32 = 0.125, "logarithms a day";
        /// As `widens_a_day` where changes are costly: a burst cannot be followed there, only be prepared
        /// for. Commit faba9b7; range tried: unknown.
        costly_widens_a_day: f32 = 0.8, "logarithms a day";
        /// As `narrows_a_day` where changes are costly: a sixteenth of the allowance is used. Commit faba9b7;
        /// range tried: unknown.
        costly_narrows_a_day: f32 = 0.05, "logarithms a day";
        /// With lead times of up to this many SLAs a wider margin answers a burst at least in part. Chosen by
        /// ADR 5 (5 before).
        answered_slas: f32 = 4.0, "SLAs";
        /// A burst is excused until its jobs are up and for so long after it. Commit 4358482; range tried:
        /// unknown.
        excused_slas: f32 = 2.0, "SLAs";
        /// A sample's events count for at least this share in what is usual. Commit ce76476; range tried:
        /// unknown.
        min_usual: f32 = 0.2, "share of the arrivals";
    }
}
