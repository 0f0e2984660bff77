//! `agent demo`: see ScaleIQ at work, without a cluster and without a configuration.

use crate::cli::span::{parse_span, parse_speed};
use crate::decide::{self, Calendar, Engine, ModelChoice};
use crate::lab::demo::processor::Processor;
use crate::lab::demo::terminal::{self, Terminal};
use crate::lab::demo::traffic;
use crate::lab::replay::{Moment, TICK_S, settings};
use crate::lab::report::{Row, comparison, decided, table};
use crate::serve::dashboard::{About, DashboardState};
use crate::serve::page;
use crate::text::say;
use anyhow::Context;
use clap::builder::PossibleValuesParser;
use scaleiq_core::units::JobLimits;
use scaleiq_workload::sim::World;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A simulated day in a minute and a half.
const DEFAULT_SPEED: f64 = 960.0;
const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9185);
/// Fewest and most jobs of the demo's pool.
const LIMITS: (u32, u32) = (1, 100);
/// Longest sleep between two looks at the clock.
const NAP: Duration = Duration::from_millis(50);
/// Ticks between two looks at the scores.
const SCORE_EVERY: u64 = 4;

/// Options of `agent demo`.
#[derive(clap::Args, Clone, Debug)]
pub struct DemoArgs {
    /// Play one simulated hour without waiting, print the summary and end.
    #[arg(long)]
    once: bool,
    /// Print the summary as JSON, and nothing else.
    #[arg(long)]
    json: bool,
    /// End after this much real time, such as 60s, 5m or 1h.
    #[arg(long = "for", value_name = "TIME", value_parser = parse_span)]
    span: Option<Duration>,
    /// Simulated seconds per second: 960 plays a day in a minute and a half, 1 is real time.
    #[arg(long, default_value_t = DEFAULT_SPEED, value_parser = parse_speed)]
    speed: f64,
    /// Where the page is served; on this machine only.
    #[arg(long, value_name = "ADDRESS", default_value_t = DEFAULT_LISTEN)]
    listen: SocketAddr,
    /// Serve no page.
    #[arg(long)]
    no_page: bool,
    /// A model folder instead of the built-in model, or `none` for rules without networks.
    #[arg(long, value_name = "FOLDER", default_value = "shipped", hide_default_value = true)]
    model: String,
    /// What runs the networks.
    #[arg(long, value_enum, default_value_t)]
    engine: Engine,
    /// Another seed is another traffic.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What the workers are like: up within a minute, with pauses at each change, or slow to start.
    #[arg(long, default_value = "queue", value_parser = PossibleValuesParser::new(World::NAMES))]
    world: String,
}

impl Default for DemoArgs {
    fn default() -> Self {
        Self {
            once: false,
            json: false,
            span: None,
            speed: DEFAULT_SPEED,
            listen: DEFAULT_LISTEN,
            no_page: false,
            model: "shipped".into(),
            engine: Engine::default(),
            seed: 1,
            world: "queue".into(),
        }
    }
}

/// Runs the demo.
///
/// # Errors
/// If the page's address is taken, or the model cannot be used.
pub fn run(args: &DemoArgs) -> anyhow::Result<()> {
    let listener = match args.no_page || args.once {
        true => None,
        false => Some(page::bind(args.listen)?),
    };
    let address = listener.as_ref().and_then(|l| l.local_addr().ok());
    let world = World::named(&args.world).context("no such world")?;
    let limits = JobLimits::new(LIMITS.0, LIMITS.1)?;
    let choice = ModelChoice::from(args.model.as_str());
    let settings = settings(world, limits, &choice);
    let (decider, model) = decide::open(&choice, args.engine, settings, Calendar::default())?;
    let network_role = decider.network_role();
    let load = traffic::load(args.seed)?;
    let mut processor =
        Processor::new(&load, world, limits, args.seed, traffic::WARM_UP_S, decider);
    let state = DashboardState::new(About {
        speed: Some(args.speed),
        static_jobs: Some(processor.fixed_jobs().0),
        ..About::new("event-processor", "demo", &model, network_role, &settings)
    });
    let stop = page::start(listener, state.clone())?;

    let ticks = u64::from(traffic::WARM_UP_S / TICK_S);
    let mut terminal = Terminal::new(ticks, args.json);
    let live = warm_up(&mut processor, &state, &terminal, &stop);
    terminal.begin();
    if let (Some(address), false) = (address, args.json) {
        say(&format!(
            "ScaleIQ demo: model {}, page at http://{address}/  (Ctrl-C ends)",
            model.name
        ));
    }
    if live {
        play(args, &mut processor, &state, &mut terminal, &stop);
    }
    terminal.end();
    summary(args, &processor, &model.name)
}

/// Plays history as fast as it goes, so that days and weeks are known. False if it was stopped.
fn warm_up(
    processor: &mut Processor,
    state: &DashboardState,
    terminal: &Terminal,
    stop: &AtomicBool,
) -> bool {
    while processor.is_warming() {
        if stop.load(Ordering::Relaxed) {
            return false;
        }
        let Some(moment) = processor.step() else { return false };
        state.publish(processor.snapshot(&moment, false));
        terminal.warm_tick();
    }
    true
}

/// Plays the live part at the speed asked for, until it is stopped, over or long enough.
fn play(
    args: &DemoArgs,
    processor: &mut Processor,
    state: &DashboardState,
    terminal: &mut Terminal,
    stop: &AtomicBool,
) {
    let begin = (Instant::now(), processor.now());
    let mut ticks = 0;
    while !stop.load(Ordering::Relaxed) {
        let real_s = begin.0.elapsed().as_secs_f64();
        let played_s = processor.now().since(begin.1) as f64;
        let over = match args.once {
            true => played_s >= 3600.0,
            false => args.span.is_some_and(|span| real_s >= span.as_secs_f64()),
        };
        if over {
            return;
        }
        if !args.once && played_s > real_s * args.speed {
            let ahead = Duration::from_secs_f64(played_s / args.speed - real_s);
            std::thread::sleep(ahead.min(NAP));
            continue;
        }
        let Some(moment) = processor.step() else { return };
        ticks += 1;
        state.publish(processor.snapshot(&moment, ticks % SCORE_EVERY == 1));
        show(args, &moment, processor, terminal);
    }
}

fn show(args: &DemoArgs, moment: &Moment, processor: &Processor, terminal: &mut Terminal) {
    if !args.json && !args.once && terminal.is_due() {
        terminal.show(terminal::line(moment, processor));
    }
}

/// What it came to.
fn summary(args: &DemoArgs, processor: &Processor, model: &str) -> anyhow::Result<()> {
    let fixed = format!("static pool of {}", processor.fixed_jobs());
    let (ours, theirs) = (processor.score(), processor.fixed_score());
    let tally = processor.ours().tally();
    let rows = [
        Row { policy: "ScaleIQ".into(), score: ours },
        Row { policy: fixed.clone(), score: theirs },
    ];
    if args.json {
        let json = serde_json::json!({
            "model": model,
            "world": args.world,
            "seed": args.seed,
            "policies": rows,
            "decisions": tally,
        });
        say(&serde_json::to_string_pretty(&json)?);
        return Ok(());
    }
    say(&format!("\n{}", table(&rows)));
    say(&comparison(&ours, &theirs, &format!("a {fixed}")));
    say(&decided(tally));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        demo: DemoArgs,
    }

    #[test]
    fn nothing_said_means_the_defaults() {
        let parsed = Cli::parse_from(["demo"]).demo;
        assert_eq!(format!("{parsed:?}"), format!("{:?}", DemoArgs::default()));
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in [["--for", "soon"], ["--speed", "0"], ["--world", "moon"], ["--listen", "9185"]]
        {
            assert!(Cli::try_parse_from(["demo"].iter().chain(&bad)).is_err(), "{bad:?}");
        }
    }
}
