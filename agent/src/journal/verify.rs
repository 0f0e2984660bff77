//! Makes recorded decisions again and compares.

use super::JournalError;
use super::folder::numbers;
use super::record::{Record, Recorded, Run, RunContext};
use super::tell::{Teller, is_same};
use super::walk::{Entry, Place, Walk};
use crate::decide::Decider;
use scaleiq_core::decision::Decision;
use serde::Serialize;
use std::fmt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Why a decision cannot be made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// A file from which its run's state was built is deleted.
    InputsDeleted,
    /// Records could not be written in its run, so it may have followed from lost ones.
    InputsLost,
    /// Another model made it.
    OtherModel,
    /// A device made it.
    Device,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InputsDeleted => "files that its state was built from are deleted",
            Self::InputsLost => "records before it could not be written and are lost",
            Self::OtherModel => "it was made by another model; give that with --model",
            Self::Device => "it was made by a device, or by what stood in while that was silent",
        })
    }
}

/// What became of a recorded decision when it was made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is the same to the bit.
    Same,
    /// It is another one.
    Differs,
    /// The recorded hash is not that of the recorded inputs.
    OtherInputs,
    /// It could not be made again.
    Unknown(Unknown),
}

/// A recorded decision, made again.
#[derive(Debug)]
pub struct Checked<'a> {
    /// Where it is.
    pub place: Place,
    /// The run in which it was made.
    pub run: &'a Run,
    /// What was recorded.
    pub recorded: &'a Recorded,
    /// What was decided now.
    pub made: Option<Decision>,
    /// How they compare.
    pub verdict: Verdict,
}

/// What was found in a journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Samples.
    pub samples: u64,
    /// Decisions.
    pub decisions: u64,
    /// Decisions that were made again, to the bit.
    pub same: u64,
    /// Decisions that are others now, or whose inputs are.
    pub differing: u64,
    /// The last record was being written, now or when the machine stopped.
    pub torn: Option<Place>,
}

/// Walks through a journal and makes each decision again; `each` may end it before a decision is
/// counted. `open` gives a new
/// decider for the context of a run, or `None` if its model is not at hand.
///
/// # Errors
/// If the journal cannot be read or is damaged, or `open` fails.
pub fn verify(
    folder: &Path,
    open: impl FnMut(&RunContext) -> anyhow::Result<Option<Box<dyn Decider>>>,
    mut each: impl FnMut(&Checked<'_>) -> ControlFlow<()>,
) -> anyhow::Result<Summary> {
    let numbers = numbers(folder)?;
    if numbers.is_empty() {
        return Err(JournalError::Empty(folder.into()).into());
    }
    let mut walk = Walk::new(folder, numbers.clone());
    let mut again = Replayed {
        folder: folder.into(),
        numbers,
        open,
        run: None,
        teller: Teller::default(),
        decider: None,
        why: None,
    };
    let mut summary = Summary::default();
    while let Some(entry) = walk.next()? {
        match &entry.record {
            Record::Header(_, header) => {
                let before = header.number.checked_sub(1).map(|number| (number, header.before));
                again.file(&header.run, entry.place, walk.ended() == before)?;
            }
            Record::Run(run) => again.begin(run, entry.place)?,
            Record::Sample(_) => summary.samples += 1,
            Record::Gap => again.why = Some(Unknown::InputsLost),
            Record::Decision(_) | Record::Limits(_) | Record::Carried(_) => {}
        }
        let Some(checked) = again.check(&entry) else { continue };
        if each(&checked).is_break() {
            break;
        }
        summary.decisions += 1;
        match checked.verdict {
            Verdict::Same => summary.same += 1,
            Verdict::Differs | Verdict::OtherInputs => summary.differing += 1,
            Verdict::Unknown(_) => {}
        }
    }
    summary.torn = walk.torn();
    Ok(summary)
}

/// The run that is followed.
struct Replayed<O> {
    folder: PathBuf,
    numbers: Vec<u32>,
    open: O,
    run: Option<Run>,
    teller: Teller,
    decider: Option<Box<dyn Decider>>,
    why: Option<Unknown>,
}

impl<O: FnMut(&RunContext) -> anyhow::Result<Option<Box<dyn Decider>>>> Replayed<O> {
    /// A file begins; `follows` tells that it goes on where the last one ended.
    fn file(&mut self, run: &Run, place: Place, follows: bool) -> anyhow::Result<()> {
        if run.root == place.number || self.run.is_none() {
            return self.begin(run, place);
        }
        if !follows || self.run.as_ref() != Some(run) {
            self.run = Some(run.clone());
            self.decider = None;
            self.why = Some(Unknown::InputsDeleted);
        }
        Ok(())
    }

    /// A run begins at `place`.
    fn begin(&mut self, run: &Run, place: Place) -> anyhow::Result<()> {
        let same_state =
            |last: &Run| last.root == run.root && last.context.decides_as(&run.context);
        let goes_on = self.run.as_ref().is_some_and(same_state) && self.decider.is_some();
        self.run = Some(run.clone());
        self.why = None;
        if goes_on {
            return Ok(());
        }
        self.decider = None;
        let needed = run.root..=place.number;
        let files: Vec<u32> = self.numbers.iter().copied().filter(|n| needed.contains(n)).collect();
        // A run that began in an earlier file has been told some of this one already.
        let begins_inside = place.offset == 0 && run.root != place.number;
        if files.is_empty() || files.len() != needed.count() || begins_inside {
            self.why = Some(Unknown::InputsDeleted);
            return Ok(());
        }
        let Some(mut decider) = (self.open)(&run.context)? else {
            let device = run.context.model.is_device();
            self.why = Some(if device { Unknown::Device } else { Unknown::OtherModel });
            return Ok(());
        };
        let mut walk = Walk::new(&self.folder, files);
        self.teller = Teller::default();
        while let Some(entry) = walk.next()?
            && entry.place < place
        {
            self.teller.tell(decider.as_mut(), &entry.record);
        }
        self.decider = Some(decider);
        Ok(())
    }

    /// Tells the decider what `entry` says, and compares if it is a decision.
    fn check<'a>(&'a mut self, entry: &'a Entry) -> Option<Checked<'a>> {
        let teller = &mut self.teller;
        let decider = self.decider.as_mut();
        let made = decider.and_then(|decider| teller.tell(decider.as_mut(), &entry.record));
        let Record::Decision(recorded) = &entry.record else { return None };
        let verdict = match (self.why, &made) {
            _ if entry.inputs != Some(recorded.inputs) => Verdict::OtherInputs,
            (Some(why), _) => Verdict::Unknown(why),
            (None, Some(made)) if is_same(made, &recorded.decision) => Verdict::Same,
            (None, _) => Verdict::Differs,
        };
        let run = self.run.as_ref()?;
        Some(Checked { place: entry.place, run, recorded, made, verdict })
    }
}
