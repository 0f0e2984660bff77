//! `agent override`: limits and pauses by hand, of an agent that runs.

use crate::app::{Components, Config};
use crate::error::UsageError;
use crate::platform::http::{Client, HttpSettings, Method, Url};
use crate::text::say;
use anyhow::Context;
use clap::Subcommand;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use scaleiq_core::units::UnixSeconds;
use serde_json::{Value, json};
use std::env;
use std::net::SocketAddr;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  agent override set --min 12 --until 14:00 --why campaign
  agent override set --pause scale-down --for 2h --why \"database migration\" --config scaleiq.yaml
  agent override list
  agent override end 1795867247";

/// Options of `agent override`.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct OverrideArgs {
    #[command(subcommand)]
    action: Action,
    /// The running agent's configuration, for its address and token; without one: 127.0.0.1:9184.
    #[arg(long, short, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Which of its workloads, where it has several.
    #[arg(long, value_name = "NAME", global = true)]
    workload: Option<String>,
}

#[derive(Clone, Debug, Subcommand)]
enum Action {
    /// Sets a minimum, a maximum or a pause, until a moment.
    Set(SetArgs),
    /// Lists those in force, and the limits that follow.
    List,
    /// Ends one by its id.
    End {
        /// Its id, as it was told when it was set.
        id: u64,
    },
}

#[derive(Clone, Debug, clap::Args)]
struct SetArgs {
    /// Fewest jobs.
    #[arg(long)]
    min: Option<u32>,
    /// Most jobs.
    #[arg(long)]
    max: Option<u32>,
    /// What does not happen meanwhile.
    #[arg(long, value_parser = ["all", "scale-up", "scale-down"])]
    pause: Option<String>,
    /// When it ends: 14:00 (the next one here), or 2026-11-27T14:00:00+01:00.
    #[arg(long, value_parser = moment, required_unless_present = "for_")]
    until: Option<UnixSeconds>,
    /// For how long, such as 90m, 2h or "1d 12h".
    #[arg(long = "for", value_name = "SPAN", value_parser = seconds, conflicts_with = "until")]
    for_: Option<u32>,
    /// Why, for those who look at it later.
    #[arg(long)]
    why: String,
    /// Who; by default the user's name.
    #[arg(long)]
    who: Option<String>,
}

/// Asks the agent that runs.
///
/// # Errors
/// If it cannot be reached or refuses.
pub fn run(args: &OverrideArgs, components: &Components) -> anyhow::Result<()> {
    let config = Config::load_or_default(args.config.as_deref(), components)?;
    let (address, token) = (near(config.listen.address), config.listen.token.clone());
    let url = Url::parse(&format!("http://{address}")).context("no address")?;
    let workload = config.workload(args.workload.as_deref())?.name;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = HttpSettings::of(url, token).client()?;
        let answer = ask(&client, &workload, &args.action).await?;
        say(&serde_json::to_string_pretty(&answer)?);
        Ok(())
    })
}

async fn ask(client: &Client, workload: &str, action: &Action) -> anyhow::Result<Value> {
    let path = ["workloads", workload, "overrides"];
    let request = match action {
        Action::List => client.request(Method::GET, &path, &[]),
        Action::End { id } => {
            let id = id.to_string();
            client.request(Method::DELETE, &[&path[..], &[&id]].concat(), &[])
        }
        Action::Set(set) => client.request(Method::POST, &path, &[]).json(&body(set)?),
    };
    Ok(client.json(request).await?)
}

fn body(set: &SetArgs) -> anyhow::Result<Value> {
    let user = || env::var("USER").or_else(|_| env::var("LOGNAME")).ok();
    let who = set.who.clone().or_else(user);
    let who = who.ok_or_else(|| UsageError("there is no USER: say who by --who".into()))?;
    let mut body = json!({ "min": set.min, "max": set.max, "who": who, "why": set.why });
    if let Some(pause) = &set.pause {
        body["pause"] = pause.replace('-', "_").into();
    }
    match (set.until, set.for_) {
        (Some(until), _) => body["until"] = until.0.into(),
        (None, for_s) => body["for_s"] = for_s.into(),
    }
    Ok(body)
}

/// Where an agent that listens everywhere is reached from its own machine.
fn near(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        ip if ip.is_ipv4() => std::net::Ipv4Addr::LOCALHOST.into(),
        _ => std::net::Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, address.port())
}

fn moment(text: &str) -> Result<UnixSeconds, String> {
    match text.parse::<Time>() {
        Ok(time) if text.len() <= 8 => next(time, Timestamp::now(), TimeZone::system()),
        _ => scaleiq_workload::moment(text).map_err(|what| what.to_string()),
    }
}

/// The next time that a clock in `zone` shows `time`.
fn next(time: Time, now: Timestamp, zone: TimeZone) -> Result<UnixSeconds, String> {
    let no_such = |error: jiff::Error| format!("there is no such time: {error}");
    let here = now.to_zoned_datetime(zone.clone()).datetime();
    let day = if here.time() < time { here.date() } else { here.date().saturating_add(1.day()) };
    let at = day.to_datetime(time).to_zoned_datetime(zone).map_err(no_such)?;
    Ok(UnixSeconds(at.timestamp().as_second()))
}

fn seconds(text: &str) -> Result<u32, String> {
    let span: SignedDuration = text.parse().map_err(|error: jiff::Error| error.to_string())?;
    u32::try_from(span.as_secs()).map_err(|_| "is no time ahead, such as 2h or 90m".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_the_next_one() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let now: Timestamp = "2026-03-28T12:30:00Z".parse().unwrap();
        let at = |text: &str| {
            let time = next(text.parse().unwrap(), now, zone.clone()).unwrap();
            Timestamp::from_second(time.0).unwrap().to_string()
        };
        assert_eq!(at("14:00"), "2026-03-28T13:00:00Z");
        // Summer time begins in the night.
        assert_eq!(at("13:00"), "2026-03-29T11:00:00Z");
    }

    #[test]
    fn spans_and_moments_are_read_as_people_type_them() {
        assert_eq!([seconds("90m"), seconds("2h"), seconds("45s")], [Ok(5400), Ok(7200), Ok(45)]);
        assert!(seconds("-2h").is_err() && seconds("soon").is_err());
        assert_eq!(moment("2026-11-27T14:00:00+01:00"), Ok(UnixSeconds(1_795_784_400)));
        assert!(moment("14:00").is_ok() && moment("later").is_err());
    }
}
