//! The players of a round, divided among the processes of a run: all of them act, the first one learns
//! (Horgan et al. 2018, arXiv:1803.00933, but in step: an action is always of the latest network).
//!
//! ```text
//! first process   actions of all players -> broadcast ------\      /-> transitions of all players -> learn
//! each process                                               > play
//!                                 its share of the players -/      \-> gather
//! ```
//!
//! A player's luck follows from its seed, and what players bring is put in their order: so what is learned
//! is the same, to the bit, however many processes there are.

use super::player::{Player, Seen};
use super::settings::PolicySettings;
use crate::data::workload::Workload;
use crate::runtime::ranks::Ranks;
use crate::runtime::stop::Stop;
use crate::runtime::threads::{in_parallel, on_all};
use anyhow::Result;
use serde::{Deserialize, Serialize};

/// What the first process tells all to do.
#[derive(Serialize, Deserialize)]
pub(super) enum Order {
    /// Begins a round, with a player for each of these seeds.
    Begin(Vec<u64>),
    /// Plays each player's action, or the plan alone where there is none.
    Play(Vec<Option<usize>>),
    /// Ends the round.
    Finish,
}

/// All players of a round, of whom this process plays a share.
pub(super) struct Actors<'a> {
    settings: &'a PolicySettings,
    workloads: &'a [Workload],
    ranks: Ranks<'a>,
    stop: Stop<'a>,
    share: Vec<Player>,
}

impl<'a> Actors<'a> {
    /// Nobody as yet.
    pub(super) fn new(
        settings: &'a PolicySettings,
        workloads: &'a [Workload],
        ranks: Ranks<'a>,
        stop: Stop<'a>,
    ) -> Self {
        Self { settings, workloads, ranks, stop, share: Vec::new() }
    }

    /// Lets all processes do something and gives what is seen of all players, in their order. `None` if any
    /// process is told to stop. The first process alone gives orders.
    ///
    /// # Errors
    /// If what the others send cannot be understood.
    pub(super) fn order(&mut self, order: &Order) -> Result<Option<Vec<Seen>>> {
        self.ranks.broadcast(&Some(order))?;
        self.carry_out(order)
    }

    /// The same in every process, once it has the order; the first one alone is given what is seen.
    fn carry_out(&mut self, order: &Order) -> Result<Option<Vec<Seen>>> {
        let mine = self.play_share(order);
        let all: Option<Vec<_>> = self.ranks.gather(mine)?.into_iter().collect();
        Ok(all.map(|all| all.into_iter().flatten().collect()))
    }

    /// What is seen of this process's share; `None` if it is told to stop.
    fn play_share(&mut self, order: &Order) -> Option<Vec<Seen>> {
        let Self { settings, workloads, ranks, stop, .. } = *self;
        match order {
            Order::Begin(seeds) => {
                let begin = |seed: &u64| (!stop()).then(|| Player::new(settings, workloads, *seed));
                let begun = in_parallel(&seeds[ranks.share(seeds.len())], begin);
                self.share = begun.into_iter().collect::<Option<_>>()?;
                Some(self.share.iter().map(|player| player.seen(Vec::new())).collect())
            }
            Order::Play(_) if stop() => None,
            Order::Play(actions) => {
                let actions = &actions[ranks.share(actions.len())];
                let mut share: Vec<_> = self.share.iter_mut().zip(actions).collect();
                let play = |(player, action): &mut (&mut Player, &Option<usize>)| {
                    player.play(**action, settings.after_ticks)
                };
                Some(on_all(&mut share, play))
            }
            Order::Finish => Some(self.share.iter_mut().map(Player::finish).collect()),
        }
    }
}

/// Plays this process's share of every round, until the first process [dismisses](dismiss) all.
///
/// # Errors
/// If what the first process sends cannot be understood.
pub fn act(
    settings: &PolicySettings,
    workloads: &[Workload],
    ranks: Ranks,
    stop: Stop,
) -> Result<()> {
    let mut actors = Actors::new(settings, workloads, ranks, stop);
    while let Some(order) = ranks.receive::<Option<Order>>()? {
        actors.carry_out(&order)?;
    }
    Ok(())
}

/// Lets the other processes go, which [`act`]. The first process alone does it.
///
/// # Errors
/// If it cannot be told.
pub fn dismiss(ranks: Ranks) -> Result<()> {
    ranks.broadcast(&None::<Order>)
}
