//! How a run begins: the state is built from the journal, which then goes on.

use super::folder::{self, claim};
use super::record::{Digest, Record, Run, RunContext};
use super::tell::{Teller, is_same};
use super::walk::{Place, Walk};
use super::write::Journal;
use super::{JournalConfig, JournalError};
use crate::decide::Decider;
use scaleiq_core::decision::Decision;
use scaleiq_core::sample::Sample;
use std::fs::{self, File};
use std::time::{Duration, Instant};

/// Time between two lines that tell how far it is.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// A run that may begin.
pub struct Resumed {
    /// What decides, in the state in which the last run ended.
    pub decider: Box<dyn Decider>,
    /// What it goes on with.
    pub journal: Journal,
    /// What was there; `None` if it begins anew.
    pub past: Option<Past>,
}

/// What a decider was told again.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    /// The last sample.
    pub sample: Sample,
    /// The last decision that was recorded, if it is the one that is made now, and the hash of what
    /// it followed from.
    pub decision: Option<(Decision, Digest)>,
    /// Samples read.
    pub samples: u64,
    /// Decisions made again.
    pub decisions: u64,
}

/// Builds the state for `context` from the journal, which is made if there is none. Another model learns
/// from what was recorded with the one before. What was recorded with other settings is left as it is,
/// and the run begins anew behind it.
///
/// # Errors
/// If the folder is in use, cannot be read or written, or the model cannot be opened.
pub fn resume(
    config: &JournalConfig,
    context: RunContext,
    mut open: impl FnMut() -> anyhow::Result<Box<dyn Decider>>,
) -> anyhow::Result<Resumed> {
    let JournalConfig { folder, limits } = config;
    let lock = claim(folder)?;
    let numbers = folder::numbers(folder)?;
    let Some(last) = numbers.last().copied() else {
        return anew(config, lock, context, 1, Digest([0; 32]), open);
    };
    let survey = match survey(config, last) {
        Ok(survey) => survey,
        Err(error) => {
            tracing::error!("{error}; that file is left as it is, and the agent begins anew");
            return anew(config, lock, context, last + 1, Digest([0; 32]), open);
        }
    };
    let before = survey.walk.chain().digest();
    if !context.goes_on_with(&survey.run.context) {
        tracing::warn!(
            "journal {}: it was recorded with other settings, so the agent begins anew in a new file",
            folder.display()
        );
        return anew(config, lock, context, last + 1, before, open);
    }
    // The newer half of the files: as soon as the first of them is deleted, what is decided now
    // cannot be repeated any more. Files that were deleted by hand end it as well.
    let mut root = last;
    let most = u32::try_from(limits.files / 2).unwrap_or(u32::MAX).max(1);
    let is_there = |number| numbers.binary_search(&number).is_ok();
    while root > survey.run.root && last - root + 1 < most && is_there(root - 1) {
        root -= 1;
    }
    let (decider, past) = loop {
        let mut decider = open()?;
        let mut walk = Walk::new(folder, (root..=last).collect());
        match rebuild(decider.as_mut(), &mut walk, config, &context) {
            Ok(past) => break (decider, past),
            Err(error) => match walk.number() {
                Some(number) if number < last => {
                    tracing::error!("{error}; the state is built from the files after it");
                    root = number + 1;
                }
                _ => return Err(error.into()),
            },
        }
    };
    let end = (last, survey.length, survey.walk.chain().clone());
    let journal = Journal::go_on(folder, *limits, lock, Run { root, context }, end)?;
    Ok(Resumed { decider, journal, past })
}

/// A run that builds on nothing.
fn anew(
    config: &JournalConfig,
    lock: File,
    context: RunContext,
    root: u32,
    before: Digest,
    mut open: impl FnMut() -> anyhow::Result<Box<dyn Decider>>,
) -> anyhow::Result<Resumed> {
    let mut decider = open()?;
    decider.set_shadow(context.shadow);
    let run = Run { root, context };
    let journal = Journal::begin(&config.folder, config.limits, lock, run, before)?;
    Ok(Resumed { decider, journal, past: None })
}

/// What the last file says.
struct Survey {
    /// The last run.
    run: Run,
    /// Bytes up to the end of the last whole record.
    length: u64,
    walk: Walk,
}

fn survey(config: &JournalConfig, last: u32) -> Result<Survey, JournalError> {
    let path = folder::path(&config.folder, last);
    let mut walk = Walk::new(&config.folder, vec![last]);
    let mut run = None;
    while let Some(entry) = walk.next()? {
        match entry.record {
            Record::Header(_, header) => run = Some(header.run),
            Record::Run(next) => run = Some(next),
            Record::Sample(_) | Record::Decision(_) | Record::Gap => {}
            Record::Limits(_) | Record::Carried(_) => {}
        }
    }
    let size = fs::metadata(&path).map_err(folder::io_error(&path))?.len();
    let length = walk.torn().map_or(size, |place| place.offset);
    if length < size {
        tracing::warn!(
            "journal {}: the last record was cut off at byte {length}, as by a crash; it is dropped",
            path.display()
        );
    }
    let what = "there is no header";
    let run = run.ok_or(JournalError::Damaged { path, offset: 0, what })?;
    Ok(Survey { run, length, walk })
}

fn rebuild(
    decider: &mut dyn Decider,
    walk: &mut Walk,
    config: &JournalConfig,
    context: &RunContext,
) -> Result<Option<Past>, JournalError> {
    // Neither another model's decisions nor a device's are what is decided here.
    let by_device = context.model.is_device();
    let mut teller = Teller::default();
    let begin = Instant::now();
    let mut told = begin;
    let mut past: Option<Past> = None;
    let mut decisions = 0;
    let mut differing = 0;
    while let Some(entry) = walk.next()? {
        let made = teller.tell(decider, &entry.record);
        match entry.record {
            Record::Sample(sample) => {
                let past =
                    past.get_or_insert(Past { sample, decision: None, samples: 0, decisions });
                past.sample = sample;
                past.samples += 1;
            }
            Record::Decision(recorded) => {
                decisions += 1;
                let own = teller.is_of(&context.model) && !by_device;
                let same = made.filter(|made| own && is_same(made, &recorded.decision));
                differing += u64::from(own && same.is_none());
                if let Some(past) = &mut past {
                    past.decisions = decisions;
                    past.decision = same.map(|decision| (decision, recorded.inputs));
                }
            }
            Record::Header(..) | Record::Run(_) | Record::Gap => {}
            Record::Limits(_) | Record::Carried(_) => {}
        }
        if told.elapsed() >= TELL_EVERY {
            told = Instant::now();
            let samples = past.as_ref().map_or(0, |past| past.samples);
            let Place { number, offset } = entry.place;
            tracing::info!("reading the journal: {samples} samples, file {number}, byte {offset}");
        }
    }
    decider.set_limits(context.settings.limits);
    teller.begin(decider, context);
    if let Some(past) = &past {
        tracing::info!(
            "journal {}: {} samples and {} decisions read in {:.1} s",
            config.folder.display(),
            past.samples,
            past.decisions,
            begin.elapsed().as_secs_f32()
        );
    }
    if differing > 0 {
        tracing::warn!(
            "{differing} decisions would not be made as they were recorded: by another version, \
             with other plans, or after records were lost; `agent replay` tells"
        );
    }
    Ok(past)
}
