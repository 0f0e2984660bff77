//! From what is written to what holds: ranges, substitutions, and rules between fields.

use super::Config;
use super::config::LIMITS;
use super::file::{
    ActuatorKind, ActuatorSection, ClockKind, Decider, File, JobsSection, JournalSection,
    PlannedEntry, PriceSection, SerialSection, SourceKind, SourceSection,
};
use crate::actuate::Actuator;
use crate::config::{Problem, Secret, substitute, variables};
use crate::decide::figures::Price;
use crate::decide::{Engine, Event, ModelChoice};
use crate::device::{BAUD, BAUD_RANGE, Port};
use crate::journal::{JournalConfig, Limits};
use crate::observe::{Source, Trust};
use scaleiq_core::forecast::OWN_SEASONS;
use scaleiq_core::interval::IntervalLength;
use scaleiq_core::settings::{Settings, range};
use scaleiq_core::units::{DAY_S, JobLimits, Objective, UnixSeconds, WEEK_S};
use serde_saphyr::{Location, Spanned};
use std::fmt::Display;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Seconds that an exec hook may run unless told otherwise.
const TIMEOUT_S: f64 = 30.0;
/// Size of a journal's files, and how many are kept, unless told otherwise.
const FILE_MIB: u32 = 4;
const FILES: u32 = 10;
/// What prices are in unless told otherwise.
const CURRENCY: &str = "USD";
/// Shortest token.
const TOKEN_CHARS: usize = 16;

/// Collects problems on the way, so that all are told at once.
struct Reader<'a, L> {
    folder: &'a Path,
    lookup: L,
    problems: Vec<Problem>,
}

/// Parses and checks.
pub(super) fn read(
    text: &str,
    folder: &Path,
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<Config, Vec<Problem>> {
    let options = serde_saphyr::options! { with_snippet: false };
    let file = serde_saphyr::from_str_with_options::<File>(text, options)
        .map_err(|error| vec![Problem::parsing(&error, text)])?;
    let mut reader = Reader { folder, lookup, problems: Vec::new() };
    let config = reader.config(file);
    let mut problems = reader.problems;
    problems.sort_by_key(|p| p.place);
    match config {
        Some(config) if problems.is_empty() => Ok(config),
        _ => Err(problems),
    }
}

/// The nearest lengths of an interval below and above one that is none, in seconds.
fn neighbours(seconds: u32) -> (u32, u32) {
    let sound = |seconds: &u32| IntervalLength::new(*seconds).is_ok();
    let shorter = (1..seconds.min(DAY_S)).rev().find(sound).unwrap_or(1);
    (shorter, (seconds.min(DAY_S)..=DAY_S).find(sound).unwrap_or(DAY_S))
}

impl<L: Fn(&str) -> Option<String>> Reader<'_, L> {
    fn config(&mut self, file: File) -> Option<Config> {
        let limits = self.limits(file.jobs.map(|j| j.value), file.partitions);
        // With bad limits the rest is still checked, so that all problems are told at once.
        let mut config = Config::with_limits(limits.or(LIMITS.ok())?);
        let s = &mut config.settings;
        self.seconds("sla_s", file.sla_s, range::SLA_S, &mut s.sla_s);
        s.catch_up_s = Settings::new(s.limits, s.sla_s, s.start_up_s).catch_up_s;
        self.seconds("start_up_s", file.start_up_s, range::START_UP_S, &mut s.start_up_s);
        self.seconds("catch_up_s", file.catch_up_s, range::CATCH_UP_S, &mut s.catch_up_s);
        self.whole("stale_after_s", file.stale_after_s, range::STALE_AFTER_S, &mut s.stale_after_s);
        let window = &mut s.scale_down_window_s;
        self.whole(
            "scale_down_window_s",
            file.scale_down_window_s,
            range::SCALE_DOWN_WINDOW_S,
            window,
        );
        if let Some(given) = file.objective
            && self.in_range("objective", &given, &Objective::RANGE)
        {
            s.objective = Objective::new(given.value).unwrap_or(Objective::DEFAULT);
        }
        if let Some(given) = file.interval_s {
            match IntervalLength::new(given.value) {
                Ok(length) => s.interval = length,
                Err(error) => {
                    let (shorter, longer) = neighbours(given.value);
                    let message = format!("`interval_s`: {error}; {shorter} s and {longer} s are");
                    self.problem(given.referenced, message);
                }
            }
        }
        config.mode = file.mode.unwrap_or_default();
        let model_place = file.model.as_ref().map_or(Location::UNKNOWN, |model| model.referenced);
        if let Some(name) = file.name {
            config.name = self.text("name", name)?;
        }
        if let Some(model) = file.model {
            let model = self.text("model", model)?;
            config.model = match ModelChoice::from(model.as_str()) {
                ModelChoice::Folder(folder) => ModelChoice::Folder(self.folder.join(folder)),
                other => other,
            };
        }
        config.settings.base = file.base.unwrap_or_else(|| config.model.base());
        match self.decider(file.engine, file.serial) {
            Ok(engine) => config.engine = engine,
            Err(port) => {
                config.device = Some(port?);
                if config.model != ModelChoice::Shipped {
                    let message = "`model` does not matter to the engine `serial`: leave it out, and \
                                   give the device its model with `agent flash-model`";
                    self.problem(model_place, message.into());
                }
            }
        }
        if let Some(source) = file.source {
            config.trust = match source.value.clock {
                None | Some(ClockKind::Receiver) => Trust::Receiver,
                Some(ClockKind::Sender) => Trust::Sender,
            };
            config.source = self.source(source)?;
        }
        if let Some(actuator) = file.actuator {
            config.actuator = self.actuator(actuator)?;
        }
        config.token = match file.token {
            Some(token) => Some(self.token(token)?),
            None => None,
        };
        if let Some(seasons) = file.seasons_s {
            let interval = config.settings.interval;
            config.planned.seasons_s = self.seasons(seasons, interval);
        }
        for (k, entry) in file.planned.into_iter().flatten().enumerate() {
            config.planned.events.extend(self.planned(k, entry));
        }
        if let Some(journal) = file.journal {
            config.journal = Some(self.journal(journal)?);
        }
        if let Some(price) = file.price {
            config.price = Some(self.price(price)?);
        }
        self.listen(file.listen, &mut config);
        Some(config)
    }

    fn problem(&mut self, location: Location, message: String) {
        self.problems.push(Problem::at(location, message));
    }

    /// Fewest and most jobs. More jobs than `partitions` could not work at once.
    fn limits(
        &mut self,
        section: Option<JobsSection>,
        partitions: Option<Spanned<u32>>,
    ) -> Option<JobLimits> {
        let JobsSection { min, max } = section.unwrap_or(JobsSection { min: None, max: None });
        let location = max.as_ref().or(min.as_ref()).map_or(Location::UNKNOWN, |v| v.referenced);
        let (mut least, mut most) = (1, 200);
        let sound = self.whole("jobs.min", min, 0..=range::MAX_JOBS, &mut least)
            & self.whole("jobs.max", max, 1..=range::MAX_JOBS, &mut most);
        if sound && least > most {
            let message = format!("`jobs.min` is {least}, above `jobs.max`, which is {most}");
            self.problem(location, message);
        }
        let mut usable = range::MAX_JOBS;
        let place = partitions.as_ref().map_or(Location::UNKNOWN, |given| given.referenced);
        if self.whole("partitions", partitions, 1..=range::MAX_JOBS, &mut usable) && least > usable
        {
            let message =
                format!("`jobs.min` is {least}, and of {usable} `partitions` no more can work");
            self.problem(place, message);
            return None;
        }
        JobLimits::new(least, most.min(usable)).ok()
    }

    /// A number, mostly of seconds; false and a problem if it is out of range.
    fn seconds(
        &mut self,
        field: &str,
        given: Option<Spanned<f64>>,
        range: RangeInclusive<f64>,
        into: &mut f32,
    ) -> bool {
        let Some(given) = given else { return true };
        *into = given.value as f32;
        self.in_range(field, &given, &range)
    }

    /// A whole number; false and a problem if it is out of range.
    fn whole(
        &mut self,
        field: &str,
        given: Option<Spanned<u32>>,
        range: RangeInclusive<u32>,
        into: &mut u32,
    ) -> bool {
        let Some(given) = given else { return true };
        *into = given.value;
        self.in_range(field, &given, &range)
    }

    fn in_range<T: PartialOrd + Display>(
        &mut self,
        field: &str,
        given: &Spanned<T>,
        range: &RangeInclusive<T>,
    ) -> bool {
        let sound = range.contains(&given.value);
        if !sound {
            let (value, low, high) = (&given.value, range.start(), range.end());
            let message = format!("`{field}` is {value}; it must be from {low} to {high}");
            self.problem(given.referenced, message);
        }
        sound
    }

    fn text(&mut self, field: &str, given: Spanned<String>) -> Option<String> {
        let message = match substitute(&given.value, &self.lookup) {
            Ok(text) if !text.trim().is_empty() => return Some(text),
            Ok(_) => format!("`{field}` is empty"),
            Err(what) => format!("`{field}` {what}"),
        };
        self.problem(given.referenced, message);
        None
    }

    /// A path, relative to the configuration's folder.
    fn path(&self, text: &str) -> PathBuf {
        self.folder.join(text)
    }

    fn source(&mut self, section: Spanned<SourceSection>) -> Option<Source> {
        let location = section.referenced;
        match (section.value.kind, section.value.path) {
            (SourceKind::Http, None) => Some(Source::Http),
            (SourceKind::Http, Some(path)) => {
                let message = "`source.path` belongs to the type `jsonl`, and the type is `http`";
                self.problem(path.referenced, message.into());
                None
            }
            (SourceKind::Jsonl, None) => {
                let message = "`source.path` is missing: a file of JSON lines, or `-` for stdin";
                self.problem(location, message.into());
                None
            }
            (SourceKind::Jsonl, Some(path)) => {
                let path = self.text("source.path", path)?;
                Some(if path == "-" { Source::Stdin } else { Source::File(self.path(&path)) })
            }
        }
    }

    /// An engine of this program, or else the port of a device, if that is sound.
    fn decider(
        &mut self,
        engine: Option<Spanned<Decider>>,
        serial: Option<Spanned<SerialSection>>,
    ) -> Result<Engine, Option<Port>> {
        let here = match engine.as_ref().map(|engine| engine.value) {
            None => Engine::default(),
            Some(Decider::Tract) => Engine::Tract,
            Some(Decider::TractF32) => Engine::TractF32,
            Some(Decider::TractInt8) => Engine::TractInt8,
            Some(Decider::Native) => Engine::Native,
            Some(Decider::Serial) => {
                let place = engine.map_or(Location::UNKNOWN, |engine| engine.referenced);
                return Err(self.port(place, serial));
            }
        };
        if let Some(serial) = serial {
            let message = format!(
                "`serial` belongs to the engine `serial`, and the engine is `{}`: write `engine: \
                 serial`, or take it out",
                here.word()
            );
            self.problem(serial.referenced, message);
        }
        Ok(here)
    }

    fn port(&mut self, place: Location, serial: Option<Spanned<SerialSection>>) -> Option<Port> {
        let place = serial.as_ref().map_or(place, |serial| serial.referenced);
        let (path, speed) = serial.map_or((None, None), |s| (s.value.port, s.value.baud));
        let mut baud = BAUD;
        self.whole("serial.baud", speed, BAUD_RANGE, &mut baud);
        let Some(path) = path else {
            let message = "`serial.port` is missing: the port of the device that decides, such as \
                           `serial: {port: /dev/ttyACM0}`";
            self.problem(place, message.into());
            return None;
        };
        Some(Port { path: self.text("serial.port", path)?, baud })
    }

    fn actuator(&mut self, section: Spanned<ActuatorSection>) -> Option<Actuator> {
        let location = section.referenced;
        let ActuatorSection { kind, command, timeout_s } = section.value;
        if kind != ActuatorKind::Exec {
            let places = [
                ("command", command.map(|c| c.referenced)),
                ("timeout_s", timeout_s.map(|t| t.referenced)),
            ];
            for (field, place) in places {
                if let Some(place) = place {
                    self.problem(place, format!("`actuator.{field}` belongs to the type `exec`"));
                }
            }
            let is_stdout = kind == ActuatorKind::Stdout;
            return Some(if is_stdout { Actuator::Stdout } else { Actuator::DryRun });
        }
        let mut seconds = TIMEOUT_S as f32;
        self.seconds("actuator.timeout_s", timeout_s, 0.1..=600.0, &mut seconds);
        let timeout = Duration::try_from_secs_f32(seconds).unwrap_or_default();
        let mut words = Vec::new();
        for word in command.map(|c| c.value).unwrap_or_default() {
            words.push(self.text("actuator.command", word)?);
        }
        if words.is_empty() {
            let message = "`actuator.command` is missing: a list of the program and its arguments, \
                           such as [./scale.sh, \"{jobs}\"]";
            self.problem(location, message.into());
        }
        Some(Actuator::Exec { command: words, timeout })
    }

    fn journal(&mut self, section: Spanned<JournalSection>) -> Option<JournalConfig> {
        let location = section.referenced;
        let JournalSection { folder, file_mib, files } = section.value;
        let (mut mib, mut count) = (FILE_MIB, FILES);
        self.whole("journal.file_mib", file_mib, 1..=1024, &mut mib);
        self.whole("journal.files", files, 2..=1000, &mut count);
        let Some(folder) = folder else {
            let message = "`journal.folder` is missing: where samples and decisions are recorded";
            self.problem(location, message.into());
            return None;
        };
        let folder = self.text("journal.folder", folder)?;
        let limits = Limits { file_bytes: u64::from(mib) << 20, files: count as usize };
        Some(JournalConfig { folder: self.path(&folder), limits })
    }

    fn seasons(&mut self, given: Spanned<Vec<Spanned<u32>>>, interval: IntervalLength) -> Vec<u32> {
        if given.value.len() > OWN_SEASONS {
            let message = format!("`seasons_s` has {}; {OWN_SEASONS} at most", given.value.len());
            self.problem(given.referenced, message);
        }
        let range = 2 * interval.seconds()..=4 * WEEK_S;
        for (k, season) in given.value.iter().enumerate() {
            let field = format!("seasons_s[{k}]");
            let (season_s, interval_s) = (season.value, interval.seconds());
            if self.in_range(&field, season, &range) && !season_s.is_multiple_of(interval_s) {
                let whole_s = season_s.next_multiple_of(interval_s);
                let message = format!(
                    "`{field}` is {season_s}, which is no whole number of intervals of {interval_s} s; \
                     {whole_s} is"
                );
                self.problem(season.referenced, message);
            }
        }
        given.value.into_iter().map(|season| season.value).collect()
    }

    fn price(&mut self, section: Spanned<PriceSection>) -> Option<Price> {
        let PriceSection { job_hour, currency } = section.value;
        if job_hour.is_none() {
            let message = "`price.job_hour` is missing: what one job costs an hour, such as 0.04";
            self.problem(section.referenced, message.into());
        }
        let mut amount = 0.0;
        self.seconds("price.job_hour", job_hour, 0.0..=1e6, &mut amount);
        let currency = match currency {
            Some(currency) => self.text("price.currency", currency)?,
            None => CURRENCY.into(),
        };
        Some(Price { job_hour: amount, currency })
    }

    fn planned(&mut self, k: usize, entry: Spanned<PlannedEntry>) -> Option<Event> {
        let PlannedEntry { kind, from, to, size } = entry.value;
        let end = to.referenced;
        let from = self.moment(&format!("planned[{k}].from"), from);
        let to = self.moment(&format!("planned[{k}].to"), to);
        let mut usual = 1.0;
        let sound = self.seconds(&format!("planned[{k}].size"), size, 0.01..=100.0, &mut usual);
        let (from, to) = (from?, to?);
        if to <= from {
            self.problem(end, format!("`planned[{k}].to` is not after `planned[{k}].from`"));
        }
        sound.then_some(Event { kind: kind as usize, from, to, size: usual })
    }

    fn moment(&mut self, field: &str, given: Spanned<String>) -> Option<UnixSeconds> {
        let location = given.referenced;
        let text = self.text(field, given)?;
        match scaleiq_workload::moment(&text) {
            Ok(moment) => Some(moment),
            Err(why) => {
                self.problem(location, format!("`{field}` is `{text}`, which {why}"));
                None
            }
        }
    }

    fn token(&mut self, given: Spanned<String>) -> Option<Secret> {
        let location = given.referenced;
        let variables = variables(&given.value);
        let token = self.text("token", given)?;
        if token.chars().count() < TOKEN_CHARS {
            let message = format!("`token` is shorter than {TOKEN_CHARS} characters");
            self.problem(location, message);
        }
        Some(Secret::new(token).made_of(variables))
    }

    /// Promise X-1: off loopback, control endpoints need a token.
    fn listen(&mut self, given: Option<Spanned<String>>, config: &mut Config) {
        let Some(given) = given else { return };
        let location = given.referenced;
        let Some(text) = self.text("listen", given) else { return };
        match text.parse::<SocketAddr>() {
            Ok(address) => config.listen = address,
            Err(_) => {
                let message = format!(
                    "`listen` is `{text}`; an IP address with a port is needed, such as \
                     127.0.0.1:9184 or [::1]:9184"
                );
                self.problem(location, message);
                return;
            }
        }
        if !config.listen.ip().is_loopback() && config.token.is_none() {
            let message = format!(
                "`listen` is {text}, which others can reach: set `token` (such as \
                 ${{env:SCALEIQ_TOKEN}}), or listen on 127.0.0.1"
            );
            self.problem(location, message);
        }
    }
}
