//! Plays the day: sends each event to both queues, and tells how both pools do.

use super::Args;
use super::queue::Queue;
use super::report::{Simulated, head, standing, summary};
use super::server::Server;
use super::simulated::Plan;
use super::tally::{SLA_S, Tally};
use super::told::{Ear, Told};
use super::traffic::{Day, SPEED};
use super::worker::ADDRESS;
use anyhow::{Context, bail};
use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::signal::ctrl_c;
use tokio::time::{Instant, interval, sleep_until, timeout};

/// Queues and pools: the one that the agent scales, and the other.
const POOLS: [&str; 2] = ["scaled", "static"];
/// Events that are left at the end get this long to be begun.
const REST: Duration = Duration::from_secs(20);
/// The agent gets this long to drain its workers.
const DRAIN: Duration = Duration::from_secs(15);
/// Both pools begin with no worker that is up: so long nothing counts, and no longer than for a third of it.
const WARM_UP: Duration = Duration::from_secs(20);
/// Default size of the static pool over what the peak keeps busy.
const ROOM: f64 = 1.1;

pub(crate) fn play<Q: Queue>(args: &Args, config: &str) -> anyhow::Result<()> {
    let length = Duration::from_secs_f64(args.minutes.clamp(0.1, 1e4) * 60.0);
    let warm_up = WARM_UP.min(length / 3);
    let day = Day::new(args.seed, args.peak_jobs, args.from_hour);
    let fitting = (day.peak_jobs(length) * ROOM).ceil() as u32;
    let size = args.static_jobs.unwrap_or(fitting).max(1);
    println!(
        "{} minutes of a day at {SPEED} times its speed, the first {:.0} s not counted; {SLA_S} s of it to begin \
         an event",
        length.as_secs_f64() / 60.0,
        warm_up.as_secs_f64()
    );
    let simulated = Simulated::play(&Plan::new(&day, length, warm_up)?, config, size)?;
    if args.simulated {
        summary(size, None, &simulated);
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let folder = tempfile::tempdir()?;
        let (server, mut queue) = Server::start::<Q>(folder.path()).await?;
        for pool in POOLS {
            queue.make(pool).await?;
        }
        let mut stage = Stage {
            queue,
            ear: Ear::open(folder.path())?,
            begin: Instant::now(),
            warm_up,
            tallies: Default::default(),
        };
        let program = std::env::current_exe()?;
        let log = match &args.log {
            Some(path) => File::create(path)?,
            None => tempfile::tempfile()?,
        };
        let spawn =
            |words: &[&str]| spawn(&program, words, &server, folder.path(), log.try_clone()?);
        let workers: Result<Vec<Child>, _> =
            (0..size).map(|_| spawn(&["work", POOLS[1]])).collect();
        let _workers = workers?;
        fs::write(folder.path().join("scaleiq.yaml"), config)?;
        let mut agent = spawn(&["run", "--config", "scaleiq.yaml"])?;
        tokio::select! {
            played = stage.run(day, length, size) => played?,
            ended = agent.wait() => bail!("the agent ended: {}", ended?),
            interrupted = ctrl_c() => interrupted?,
        }
        end(&mut agent).await?;
        summary(size, Some(&stage.tallies), &simulated);
        Ok(())
    })
}

/// This program again, with other words.
fn spawn(
    program: &Path,
    words: &[&str],
    server: &Server,
    folder: &Path,
    log: File,
) -> std::io::Result<Child> {
    Command::new(program)
        .args(words)
        .current_dir(folder)
        .env(ADDRESS, &server.address)
        .env("EXAMPLE", program)
        .env("XDG_RUNTIME_DIR", folder)
        // Ctrl-C is for those who end it in order.
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
}

/// Asks the agent to end, which drains its workers first.
async fn end(agent: &mut Child) -> anyhow::Result<()> {
    let Some(id) = agent.id() else { return Ok(()) };
    Command::new("kill").args(["-TERM", &id.to_string()]).status().await?;
    timeout(DRAIN, agent.wait()).await.context("the agent does not end")??;
    Ok(())
}

/// What is played on.
struct Stage<Q> {
    queue: Q,
    ear: Ear,
    begin: Instant,
    /// So long nothing counts.
    warm_up: Duration,
    tallies: [Tally; 2],
}

impl<Q: Queue> Stage<Q> {
    async fn run(&mut self, mut day: Day, length: Duration, size: u32) -> anyhow::Result<()> {
        head(size);
        self.begin = Instant::now();
        let mut seconds = interval(Duration::from_secs(1));
        let mut next = day.next();
        let mut hours = 0;
        loop {
            let Some(event) = &next else { return Ok(()) };
            let since = self.begin.elapsed();
            let is_over = event.at > length;
            if is_over && self.tallies.iter().all(|tally| tally.waiting() == 0) {
                return Ok(());
            }
            if since > length + REST {
                return Ok(());
            }
            tokio::select! {
                biased;
                told = self.ear.hear() => {
                    let (pool, told) = told?;
                    self.hear(&pool, told);
                }
                () = sleep_until(self.begin + event.at), if !is_over => {
                    let counts = event.at >= self.warm_up;
                    let told = format!("{} {counts}", event.work.as_micros());
                    for (pool, tally) in POOLS.iter().zip(&mut self.tallies) {
                        self.queue.send(pool, &told).await?;
                        tally.sent += u64::from(counts);
                    }
                    next = day.next();
                }
                _ = seconds.tick() => {
                    self.tallies.iter_mut().for_each(Tally::second);
                    let hour = (since.as_secs_f64() * SPEED / 3600.0) as u32;
                    if hour > hours {
                        hours = hour;
                        let counted_s = since.saturating_sub(self.warm_up).as_secs_f64().max(1.0);
                        let mean_per_s = self.tallies[0].sent as f64 / counted_s;
                        standing(&day.clock(since), mean_per_s, &self.tallies);
                    }
                }
            }
        }
    }

    /// A worker of `pool` tells something.
    fn hear(&mut self, pool: &str, told: Told) {
        let Some(at) = POOLS.iter().position(|known| *known == pool) else { return };
        match told {
            Told::Began { waited, counts: true } => self.tallies[at].begun(waited),
            Told::Began { counts: false, .. } => {}
            Told::Alive => self.tallies[at].sign_of_life(self.begin.elapsed() >= self.warm_up),
        }
    }
}
