//! What a journal holds.

use crate::decide::{Calendar, Event, ModelId};
use scaleiq_core::decision::Decision;
use scaleiq_core::interval::IntervalLength;
use scaleiq_core::parameters::Parameters;
use scaleiq_core::sample::Sample;
use scaleiq_core::settings::{Base, Settings};
use scaleiq_core::units::{JobLimits, Jobs, Objective, UnixSeconds};
use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// To be raised when [`Record`] or what is in it changes, but for decisions: those are bytes here, since the
/// state that a run starts from must not depend on how a former version described its decisions.
pub(super) use scaleiq_workload::journal::FORMAT;

/// Optional fields that were added at the end of decisions.
const ADDED: usize = 2;

/// A SHA-256; hex for people, bytes in files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

/// What decisions follow from, beside samples and moments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "RunContextDef", into = "RunContextDef")]
pub struct RunContext {
    /// Version of the program.
    pub version: String,
    /// Which model decides.
    pub model: ModelId,
    /// The settings in force.
    pub settings: Settings,
    /// Holidays and campaigns, and the user's own seasons.
    pub planned: Calendar,
    /// Whether decisions were made for a virtual pool, since the real one did not obey.
    pub shadow: bool,
}

/// [`RunContext`] as they are recorded: what former versions did not know comes last.
#[derive(Serialize, Deserialize)]
struct RunContextDef {
    version: String,
    model: ModelId,
    #[serde(with = "SettingsDef")]
    settings: Settings,
    events: Vec<Event>,
    shadow: bool,
    seasons_s: Vec<u32>,
    /// Share of events that may be late; `None` is the default.
    late_share: Option<f32>,
}

impl From<RunContextDef> for RunContext {
    fn from(def: RunContextDef) -> Self {
        let RunContextDef { version, model, settings, events, shadow, seasons_s, late_share } = def;
        let objective = late_share.map_or(Objective::DEFAULT, Objective::of_late_share);
        let settings = Settings { objective, ..settings };
        Self { version, model, settings, planned: Calendar { events, seasons_s }, shadow }
    }
}

impl From<RunContext> for RunContextDef {
    fn from(context: RunContext) -> Self {
        let RunContext { version, model, settings, planned, shadow } = context;
        let Calendar { events, seasons_s } = planned;
        let objective = Some(settings.objective).filter(|o| *o != Objective::DEFAULT);
        let late_share = objective.map(Objective::late_share);
        Self { version, model, settings, events, shadow, seasons_s, late_share }
    }
}

impl RunContext {
    /// The context of this program with these.
    #[must_use]
    pub fn new(model: ModelId, settings: Settings, planned: Calendar, shadow: bool) -> Self {
        Self { version: env!("CARGO_PKG_VERSION").into(), model, settings, planned, shadow }
    }

    /// Whether a run may build on what was recorded under `other`. The program, the model, what is
    /// planned and the mode may have changed, since the state is built anew from the samples.
    #[must_use]
    pub fn goes_on_with(&self, other: &Self) -> bool {
        self.settings == other.settings
    }

    /// Whether a decider in the state of a run under `other` is in that of a run under these: all devices
    /// have the same stand-in here, which is what is meant then.
    #[must_use]
    pub fn decides_as(&self, other: &Self) -> bool {
        let devices = self.model.is_device() && other.model.is_device();
        let same_model = devices || self.model.sha256 == other.model.sha256;
        let same_pool = self.shadow == other.shadow;
        same_model && same_pool && self.planned == other.planned && self.goes_on_with(other)
    }
}

/// The beginning of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Number of the file from whose beginning on its state was built.
    pub root: u32,
    /// Its context.
    pub context: RunContext,
}

/// The first record of each file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Header {
    /// The number in the file's name.
    pub(super) number: u32,
    /// The hash of the inputs at the end of the file before; zeros if there is none.
    pub(super) before: Digest,
    /// The run that began the file.
    pub(super) run: Run,
}

/// A decision as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// The moment that was passed in.
    pub at: UnixSeconds,
    /// Hash over all that the controller was told in this file: header, samples, and moments up to
    /// and including this one. The header holds the hash of the file before.
    pub inputs: Digest,
    /// The decision as postcard.
    pub decision: Vec<u8>,
}

impl Recorded {
    /// The decision, unless another version of this program described it otherwise. What was added to
    /// descriptions since is optional and at their end, and is not known of older ones.
    #[must_use]
    pub fn decision(&self) -> Option<Decision> {
        postcard::from_bytes(&self.decision).ok().or_else(|| {
            let older = [&self.decision[..], &[0; ADDED]].concat();
            postcard::from_bytes(&older).ok()
        })
    }
}

/// What a journal consists of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
// Decisions and samples are nearly all there is.
#[allow(clippy::large_enum_variant)]
pub(super) enum Record {
    /// The first of each file.
    Header(u8, Header),
    /// A run goes on where another one ended.
    Run(Run),
    /// A sample was taken.
    Sample(Sample),
    /// The controller was asked, and decided.
    Decision(Recorded),
    /// Records before this one could not be written and are lost.
    Gap,
    /// Other limits are in force from here on. A file whose beginning lies after that has it behind its
    /// header.
    Limits(LimitsRecord),
    /// What became of an order. No decision follows from it.
    Carried(Carried),
}

/// Limits that people changed for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LimitsRecord {
    /// From when on.
    pub(super) at: UnixSeconds,
    /// Fewest and most jobs.
    pub(super) min: Jobs,
    pub(super) max: Jobs,
    /// Who wanted that, and why; nothing where they are as configured.
    pub(super) why: Vec<String>,
}

/// What became of an order at the actuator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// When that was known,
    pub at: UnixSeconds,
    /// and when it had been decided.
    pub decided_at: UnixSeconds,
    /// The order's identifier.
    pub id: u64,
    /// Jobs before,
    pub from: Jobs,
    /// and jobs that were ordered.
    pub jobs: Jobs,
    /// How long it took, in milliseconds.
    pub took_ms: u32,
    /// Failures in a row, this one among them, or until now.
    pub failures: u32,
    /// Why it failed; `None` if it was carried out.
    pub error: Option<String>,
}

impl LimitsRecord {
    /// The limits.
    pub(super) fn limits(&self) -> JobLimits {
        JobLimits::in_force(self.min, self.max)
    }
}

impl Record {
    /// Reads a record. RunContext were told without an objective once, before that without seasons, and before
    /// that without a mode, and end the records that they are in: in those without a mode, decisions were
    /// made for the real pool whether it obeyed or not.
    pub(super) fn read(payload: &[u8]) -> postcard::Result<Self> {
        let read = postcard::from_bytes(payload);
        if read.is_ok() || !matches!(payload, [0 | 1, ..]) {
            return read;
        }
        let with = |zeros: &[u8]| postcard::from_bytes(&[payload, zeros].concat());
        with(&[0]).or_else(|_| with(&[0; 2])).or_else(|_| with(&[0; 3]))
    }
}

/// A value as postcard.
pub(super) fn bytes(value: &impl Serialize) -> postcard::Result<Vec<u8>> {
    postcard::to_extend(value, Vec::new())
}

/// The hash over what the controller was told in one file.
#[derive(Clone, Debug, Default)]
pub(super) struct Chain(Sha256);

impl Chain {
    /// Goes on over a record but a decision. A header begins anew.
    pub(super) fn push(&mut self, payload: &[u8]) {
        self.0.update(payload);
    }

    /// Goes on over a moment at which the controller was asked.
    pub(super) fn ask(&mut self, at: UnixSeconds) -> Digest {
        self.0.update(at.0.to_le_bytes());
        self.digest()
    }

    /// The hash so far.
    pub(super) fn digest(&self) -> Digest {
        Digest(self.0.clone().finalize().into())
    }
}

/// [`Settings`] as they are recorded; the compiler tells when a setting is added.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Settings")]
struct SettingsDef {
    #[serde(with = "limits")]
    limits: JobLimits,
    sla_s: f32,
    /// It is among the [`RunContextDef`], since it was added later.
    #[serde(skip)]
    objective: Objective,
    start_up_s: f32,
    interval: IntervalLength,
    base: Base,
    catch_up_s: f32,
    stale_after_s: u32,
    scale_down_window_s: u32,
    max_step_up: f32,
    max_step_down: f32,
    /// They are the model's: a replay takes them from its card.
    #[serde(skip)]
    parameters: Parameters,
}

mod limits {
    use super::{Deserialize, JobLimits, Serialize, Serializer};
    use serde::Deserializer;
    use serde::de::Error;

    pub(super) fn serialize<S: Serializer>(limits: &JobLimits, to: S) -> Result<S::Ok, S::Error> {
        (limits.min(), limits.max()).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<JobLimits, D::Error> {
        let (min, max) = Deserialize::deserialize(from)?;
        JobLimits::new(min, max).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scaleiq_core::policy::Stage;
    use scaleiq_core::sample::RawSample;
    use scaleiq_core::units::Jobs;

    fn context() -> RunContext {
        let settings = Settings::new(JobLimits::new(2, 40).unwrap(), 30.0, 90.0);
        let event = Event { kind: 1, from: UnixSeconds(5), to: UnixSeconds(9), size: 2.0 };
        let model = ModelId { name: "mine".into(), sha256: Some("ab".into()) };
        let planned = Calendar { events: vec![event], ..Calendar::default() };
        RunContext::new(model, settings, planned, true)
    }

    #[test]
    fn records_are_read_back() {
        let run = Run { root: 3, context: context() };
        let mut seasonal = run.clone();
        seasonal.context.planned.seasons_s = vec![28_800];
        let sample = RawSample { time: 1e9, interval_s: 30.0, ..RawSample::default() };
        let header = Header { number: 4, before: Digest([7; 32]), run: run.clone() };
        let recorded =
            Recorded { at: UnixSeconds(-1), inputs: Digest([1; 32]), decision: vec![1, 2, 255] };
        let mut lenient = run.clone();
        lenient.context.settings.objective = Objective::new(0.95).unwrap();
        for record in [
            Record::Run(lenient),
            Record::Header(FORMAT, header),
            Record::Run(run),
            Record::Run(seasonal),
            Record::Sample(sample.gate().unwrap().sample),
            Record::Decision(recorded),
            Record::Gap,
        ] {
            let bytes = bytes(&record).unwrap();
            assert_eq!(Record::read(&bytes), Ok(record));
        }
    }

    #[test]
    fn runs_of_former_versions_are_read() {
        let run = Record::Run(Run { root: 3, context: context() });
        let former = bytes(&run).unwrap();
        let without_objective = &former[..former.len() - 1];
        assert_eq!(Record::read(without_objective), Ok(run.clone()));
        let former = &former[..former.len() - 2];
        assert_eq!(Record::read(former), Ok(run));
        let former = &former[..former.len() - 1];
        let active = RunContext { shadow: false, ..context() };
        assert_eq!(Record::read(former), Ok(Record::Run(Run { root: 3, context: active })));
        assert!(Record::read(&former[..former.len() - 1]).is_err());
    }

    #[test]
    fn decisions_of_former_versions_are_read() {
        // One of version 0.1.0: 7 jobs by the plan, raised from 5 by the reactive floor.
        let decision =
            vec![172, 2, 188, 148, 153, 134, 13, 7, 6, 1, 0, 0, 0, 5, 1, 1, 5, 7, 3, 0, 0, 1];
        let mut recorded = Recorded { at: UnixSeconds(0), inputs: Digest([0; 32]), decision };
        let decision = recorded.decision().unwrap();
        assert_eq!((decision.jobs, decision.stage), (Jobs(7), Stage::Plan));
        assert_eq!((decision.preference, decision.forecast), (None, None));
        recorded.decision.truncate(9);
        assert_eq!(recorded.decision(), None);
    }

    #[test]
    fn the_format_is_what_it_was() {
        // If this fails, old journals cannot be read any more: raise FORMAT.
        let sample = RawSample {
            time: 100.0,
            interval_s: 30.0,
            logged_events: Some(1.5),
            ..RawSample::default()
        };
        let sample = bytes(&Record::Sample(sample.gate().unwrap().sample)).unwrap();
        assert_eq!(sample[0], scaleiq_workload::journal::SAMPLE);
        assert_eq!(sample, [2, 200, 1, 30, 0, 0, 0, 192, 63, 1, 1, 1, 1, 0, 0]);
        let context = bytes(&RunContext { version: "1".into(), ..context() }).unwrap();
        assert_eq!(
            context,
            [
                1, b'1', 4, b'm', b'i', b'n', b'e', 1, 2, b'a', b'b', 2, 40, 0, 0, 240, 65, 0, 0,
                180, 66, 120, 0, 0, 0, 52, 66, 172, 2, 120, 0, 0, 128, 64, 0, 0, 0, 63, 1, 1, 10,
                18, 0, 0, 0, 64, 1, 0, 0,
            ]
        );
    }

    #[test]
    fn other_settings_do_not_go_on_and_other_models_decide_otherwise() {
        let mine = context();
        let other_plan = RunContext { planned: Calendar::default(), ..mine.clone() };
        let other_model = RunContext { model: ModelId::none(), ..mine.clone() };
        let active = RunContext { shadow: false, ..mine.clone() };
        let settings = Settings { sla_s: 31.0, ..mine.settings };
        let other_settings = RunContext { settings, ..mine.clone() };
        let later = RunContext { version: "0".into(), ..mine.clone() };
        let both = |other: &RunContext| (mine.goes_on_with(other), mine.decides_as(other));
        assert_eq!(both(&later), (true, true));
        assert_eq!([&other_plan, &other_model, &active].map(both), [(true, false); 3]);
        assert_eq!(both(&other_settings), (false, false));
    }
}
