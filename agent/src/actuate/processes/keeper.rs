//! The keeper: a process of its own that has as many workers run as the agent wants.

use super::orphans;
use super::places::Places;
use super::plan::{Plan, Report};
use super::slot::{Slot, State, told};
use super::worker::Worker;
use crate::platform::children::adopt_orphans;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::ExitStatus;
use tokio::io::{AsyncBufReadExt, BufReader, Lines, Stdin};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// Keeps a pool as stdin tells and reports to stdout, until stdin ends or a signal comes: then it drains all
/// workers.
///
/// # Errors
/// If it is not told how, or the system refuses what it needs.
pub fn keep() -> io::Result<()> {
    adopt_orphans();
    // Workers are the children of the thread that starts them, and are killed with it: there is only one.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let done = runtime.block_on(async {
        let mut lines = BufReader::new(tokio::io::stdin()).lines();
        let Some(first) = lines.next_line().await? else { return Ok(()) };
        let mut plan: Plan = serde_json::from_str(&first)?;
        let places = Places::open(plan.folder.clone())?;
        // A process is known by it, from wherever it was started.
        plan.folder = plan.folder.canonicalize()?;
        let pool = plan.folder.clone();
        let entered = places.enter(|| orphans::kill_all(&pool))?;
        let keeper = Keeper {
            plan,
            places,
            wanted: None,
            slots: BTreeMap::new(),
            workers: JoinSet::new(),
            last_end: None,
        };
        keeper.run(lines).await?;
        Places::leave(entered, || orphans::kill_all(&pool))
    });
    // A thread of it may still wait for a line.
    runtime.shutdown_background();
    done
}

struct Keeper {
    plan: Plan,
    places: Places,
    /// `None` until the first number.
    wanted: Option<u32>,
    slots: BTreeMap<u32, Slot>,
    workers: JoinSet<(u32, io::Result<ExitStatus>)>,
    last_end: Option<String>,
}

impl Keeper {
    async fn run(mut self, mut lines: Lines<BufReader<Stdin>>) -> io::Result<()> {
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let mut reported = None;
        loop {
            let next = self.tend();
            let report = self.wanted.map(|wanted| self.report(wanted));
            if report != reported {
                // Where nobody listens any more, the end of stdin comes as well.
                let line = serde_json::to_string(&report)?;
                let _ = writeln!(io::stdout(), "{line}").and_then(|()| io::stdout().flush());
                reported = report;
            }
            tokio::select! {
                line = lines.next_line() => match line? {
                    Some(line) => self.wanted = Some(line.trim().parse().map_err(io::Error::other)?),
                    None => break,
                },
                Some(ended) = self.workers.join_next() => self.ended(ended),
                () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {}
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
            }
        }
        self.drain();
        while self.workers.join_next().await.is_some() {}
        Ok(())
    }

    /// Asks surplus workers to end and starts what is missing and due; the moment at which there is more
    /// to do, or to report.
    fn tend(&mut self) -> Option<Instant> {
        let wanted = self.wanted? as usize;
        let mut active: Vec<u32> = self.active();
        while active.len() > wanted {
            // A place without a worker goes first, and else the last.
            let is_resting = |index: &u32| matches!(self.slots[index].state, State::Resting { .. });
            let at = active.iter().position(is_resting).unwrap_or(active.len() - 1);
            self.release(active.remove(at));
        }
        let mut index = 0;
        while active.len() < wanted {
            index += 1;
            if self.slots.contains_key(&index) {
                continue;
            }
            // A place that cannot be taken for another reason is asked for again where it is filled.
            match self.places.take(index) {
                Ok(None) => continue,
                Ok(place) => self.slots.insert(index, Slot::new(place)),
                Err(_) => self.slots.insert(index, Slot::new(None)),
            };
            active.push(index);
        }
        let now = Instant::now();
        for index in active {
            self.fill(index, now);
        }
        let due = self.slots.values().filter_map(|slot| match &slot.state {
            State::Resting { until, .. } => Some(*until),
            _ => slot.ready_at(self.plan.ready_after).filter(|at| *at > now),
        });
        due.min()
    }

    /// Places that have a worker which is to go on, or are to have one.
    fn active(&self) -> Vec<u32> {
        let active = self.slots.iter().filter(|(_, slot)| !slot.is_draining());
        active.map(|(index, _)| *index).collect()
    }

    /// Starts the worker of a place that is due for one.
    fn fill(&mut self, index: u32, now: Instant) {
        let Some(slot) = self.slots.get_mut(&index) else { return };
        let State::Resting { until, place } = &mut slot.state else { return };
        if *until > now {
            return;
        }
        let place = match place.take() {
            Some(place) => Ok(place),
            None => self.places.take(index).and_then(|place| {
                place.ok_or_else(|| io::Error::other("another worker is still in this place"))
            }),
        };
        match place.and_then(|place| Worker::start(&self.plan, index, place)) {
            Ok(worker) => {
                let (drain, drained) = oneshot::channel();
                slot.started(worker.group(), drain);
                let grace = self.plan.grace;
                self.workers.spawn(async move { (index, worker.live(drained, grace).await) });
            }
            Err(error) => self.rest(index, &format!("it cannot be started: {error}")),
        }
    }

    /// Asks the worker of a place to end.
    fn release(&mut self, index: u32) {
        if let Some(draining) = self.slots.remove(&index).and_then(Slot::released) {
            self.slots.insert(index, draining);
        }
    }

    /// A worker has ended.
    fn ended(&mut self, ended: Result<(u32, io::Result<ExitStatus>), tokio::task::JoinError>) {
        let Ok((index, end)) = ended else { return };
        match self.slots.get(&index) {
            Some(slot) if slot.is_draining() => {
                self.slots.remove(&index);
            }
            Some(_) => self.rest(index, &told(&end)),
            None => {}
        }
    }

    /// A worker is gone that should be there: it is started again after a pause.
    fn rest(&mut self, index: u32, why: &str) {
        let Some(slot) = self.slots.get_mut(&index) else { return };
        let pause = slot.ended();
        tracing::warn!(worker = index, "ended: {why}; again in {:.1} s", pause.as_secs_f32());
        self.last_end = Some(why.into());
    }

    fn drain(&mut self) {
        for index in self.active() {
            self.release(index);
        }
    }

    fn report(&self, wanted: u32) -> Report {
        let now = Instant::now();
        let is_ready =
            |slot: &&Slot| slot.ready_at(self.plan.ready_after).is_some_and(|at| at <= now);
        let active = || self.slots.values().filter(|slot| !slot.is_draining());
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let failing = count(active().filter(|slot| slot.is_failing()).count());
        Report {
            wanted,
            ready: count(active().filter(is_ready).count()),
            failing,
            last_end: self.last_end.clone().filter(|_| failing > 0),
            groups: self.slots.values().filter_map(Slot::group).collect(),
        }
    }
}
