//! Plays the day: sends each event to both queues, and tells how both pools do.

use crate::Args;
use crate::broker::{Broker, subject};
use crate::day::{Day, SPEED};
use crate::tally::{SLA_S, Tally};
use crate::worker::ADDRESS;
use anyhow::{Context, bail};
use async_nats::{Client, Message};
use futures_util::StreamExt;
use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::signal::ctrl_c;
use tokio::time::{Instant, interval, sleep_until, timeout};

/// Queues and pools: the one that the agent scales, and the other.
const POOLS: [&str; 2] = ["scaled", "static"];
/// The agent's configuration; paths in it are relative to its folder.
const CONFIG: &str = include_str!("scaleiq.yaml");
/// Events that are left at the end get this long to be begun.
const REST: Duration = Duration::from_secs(20);
/// The agent gets this long to drain its workers.
const DRAIN: Duration = Duration::from_secs(15);
/// Both pools begin with no worker that is up: so long nothing counts, and no longer than for a third of it.
const WARM_UP: Duration = Duration::from_secs(20);
/// The static pool is so much larger than what the peak keeps busy, unless told otherwise.
const ROOM: f64 = 1.1;

pub(crate) fn play(args: &Args) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let folder = tempfile::tempdir()?;
        let broker = Broker::start(folder.path(), &POOLS).await?;
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
        let client = async_nats::connect(&broker.address).await?;
        let mut stage = Stage {
            told: client.subscribe("told.>").await?,
            client,
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
            |words: &[&str]| spawn(&program, words, &broker, folder.path(), log.try_clone()?);
        let workers: Result<Vec<Child>, _> =
            (0..size).map(|_| spawn(&["work", POOLS[1]])).collect();
        let _workers = workers?;
        fs::write(folder.path().join("scaleiq.yaml"), CONFIG)?;
        let mut agent = spawn(&["run", "--config", "scaleiq.yaml"])?;
        tokio::select! {
            played = stage.run(day, length, size) => played?,
            ended = agent.wait() => bail!("the agent ended: {}", ended?),
            interrupted = ctrl_c() => interrupted?,
        }
        end(&mut agent).await?;
        stage.summary(size);
        Ok(())
    })
}

/// This program again, with other words.
fn spawn(
    program: &Path,
    words: &[&str],
    broker: &Broker,
    folder: &Path,
    log: File,
) -> std::io::Result<Child> {
    Command::new(program)
        .args(words)
        .current_dir(folder)
        .env(ADDRESS, &broker.address)
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
struct Stage {
    client: Client,
    told: async_nats::Subscriber,
    begin: Instant,
    /// So long nothing counts.
    warm_up: Duration,
    tallies: [Tally; 2],
}

impl Stage {
    async fn run(&mut self, mut day: Day, length: Duration, size: u32) -> anyhow::Result<()> {
        println!(
            "  day  mean/s so far |  ScaleIQ: jobs      SLA  job-hours | static of {size}:      SLA  job-hours"
        );
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
                Some(message) = self.told.next() => self.hear(&message),
                () = sleep_until(self.begin + event.at), if !is_over => {
                    let counts = event.at >= self.warm_up;
                    let told = format!("{} {counts}", event.work.as_micros());
                    for (pool, tally) in POOLS.iter().zip(&mut self.tallies) {
                        self.client.publish(subject(pool), told.clone().into()).await?;
                        tally.sent += u64::from(counts);
                    }
                    next = day.next();
                }
                _ = seconds.tick() => {
                    self.tallies.iter_mut().for_each(Tally::second);
                    let hour = (since.as_secs_f64() * SPEED / 3600.0) as u32;
                    if hour > hours {
                        hours = hour;
                        self.line(&day.clock(since), since);
                    }
                }
            }
        }
    }

    /// A worker tells something.
    fn hear(&mut self, message: &Message) {
        let mut words = message.subject.split('.').skip(1);
        let (Some(pool), Some(what)) = (words.next(), words.next()) else { return };
        let Some(at) = POOLS.iter().position(|known| *known == pool) else { return };
        let told = std::str::from_utf8(&message.payload).unwrap_or_default();
        match (what, told.split_once(' ')) {
            ("begun", Some((us, "true"))) => {
                let waited = us.parse().map(Duration::from_micros);
                waited.into_iter().for_each(|waited| self.tallies[at].begun(waited));
            }
            ("alive", _) => self.tallies[at].sign_of_life(self.begin.elapsed() >= self.warm_up),
            _ => {}
        }
    }

    fn line(&self, clock: &str, since: Duration) {
        let [scaled, fixed] = &self.tallies;
        println!(
            "{clock} {:14.1} | {:14} {:8.3} % {:9.1} | {:14.3} % {:9.1}",
            scaled.sent as f64 / since.saturating_sub(self.warm_up).as_secs_f64().max(1.0),
            scaled.alive,
            scaled.sla_percent(false),
            scaled.job_hours(),
            fixed.sla_percent(false),
            fixed.job_hours(),
        );
    }

    fn summary(&self, size: u32) {
        let [scaled, fixed] = &self.tallies;
        let fixed_name = format!("static pool of {size}");
        println!("\npool                    events       SLA  job-hours  p50 wait  p99 wait");
        for (name, tally) in [("ScaleIQ", scaled), (fixed_name.as_str(), fixed)] {
            println!(
                "{name:<20} {:9} {:7.3} % {:10.1} {:7.1} s {:7.1} s",
                tally.sent,
                tally.sla_percent(true),
                tally.job_hours(),
                tally.wait_s(0.5),
                tally.wait_s(0.99),
            );
        }
        let saved = 100.0 * (1.0 - scaled.job_hours() / fixed.job_hours().max(1e-9));
        println!("\nScaleIQ paid {saved:.0} % fewer job-hours than the static pool.");
    }
}
