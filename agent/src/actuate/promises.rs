//! Watches what is carried out: promises J-1 and J-2, stated without the ledger that keeps them.

use super::Order;
use crate::workload::Traced;
use scaleiq_core::invariant::Promise;
use scaleiq_core::units::Jobs;

/// Remembers what was carried out last.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    done: Option<(u64, Jobs)>,
}

impl Watch {
    /// The promise that it would break to carry `order` out, which is for the decision `traced`. What
    /// is fewer than was carried out last and than is seen takes jobs away.
    pub(super) fn check(&self, order: &Order, traced: &Traced) -> Option<Promise> {
        let have = order.decision.current_jobs;
        let in_force = self.done.map_or(have, |(_, jobs)| jobs.min(have));
        if traced.recorded == Some(false) && order.decision.jobs < in_force {
            return Some(Promise::Durable);
        }
        self.done.is_some_and(|(id, _)| id >= order.id).then_some(Promise::Once)
    }

    /// `order` was carried out.
    pub(super) fn done(&mut self, order: &Order) {
        self.done = Some((order.id, order.decision.jobs));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actuate::ledger::tests::decision;
    use crate::decide::ModelId;
    use scaleiq_core::policy::NetworkRole;

    fn check(watch: &Watch, id: u64, (jobs, have): (u32, u32), recorded: bool) -> Option<Promise> {
        let decision = decision(jobs, have);
        let traced = Traced {
            decision: decision.clone(),
            input_sha256: None,
            recorded: Some(recorded),
            model: ModelId::none(),
            network_role: NetworkRole::Absent,
        };
        watch.check(&Order { id, term: 1, decision }, &traced)
    }

    #[test]
    fn jobs_taken_away_without_a_record_and_orders_carried_out_twice_are_seen() {
        let mut watch = Watch::default();
        assert_eq!(check(&watch, 1, (4, 5), true), None);
        assert_eq!(check(&watch, 1, (4, 5), false), Some(Promise::Durable));
        assert_eq!(check(&watch, 1, (6, 5), false), None, "more jobs cannot wait for a disk");
        watch.done(&Order { id: 1, term: 1, decision: decision(6, 5) });
        assert_eq!(check(&watch, 1, (6, 6), true), Some(Promise::Once));
        assert_eq!(check(&watch, 2, (6, 6), true), None);
    }
}
