//! `agent replay`: makes recorded decisions again, and explains them.

use super::when::past;
use crate::decide::{self, Decider, Engine, ModelChoice, ModelId};
use crate::error::UsageError;
use crate::journal::explain::{json, moment, text};
use crate::journal::{Aftermath, Checked, RunContext, Summary, Verdict, aftermaths, verify};
use crate::lab::decisions::{Line, page, table};
use crate::text::{grouped, say, word};
use anyhow::{Context, bail};
use scaleiq_core::model::ModelError;
use scaleiq_core::units::UnixSeconds;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  agent replay --journal journal                             are all decisions made again, to the bit?
  agent replay --journal journal --last 3                    the last three, explained
  agent replay --journal journal --at 01:20                  the one in force at that moment, and what became of it
  agent replay --journal journal --from 14:00 --to 15:30     those of that time, as a table
  agent replay --journal journal --from 2h --html out.html   the same as a page
Settings and plans come from the journal. It is only read, so the agent that writes it may go on.
Exit code 1 if a decision comes out otherwise, or if none can be made again.";

/// Most decisions that are explained at once.
const MOST: usize = 10_000;

/// Options of `agent replay`.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ReplayArgs {
    /// The journal's folder.
    #[arg(long, value_name = "DIR")]
    journal: PathBuf,
    /// Explains the decision in force at this moment, such as 14:30, `yesterday 14:30`, 20m (so long ago),
    /// 2025-03-10T01:20:00Z, or seconds since 1970.
    #[arg(long, value_name = "TIME", value_parser = past, conflicts_with = "last")]
    at: Option<UnixSeconds>,
    /// Lists the decisions from this moment on,
    #[arg(long, value_name = "TIME", value_parser = past, conflicts_with_all = ["at", "last"])]
    from: Option<UnixSeconds>,
    /// and up to this one.
    #[arg(long, value_name = "TIME", value_parser = past, requires = "from")]
    to: Option<UnixSeconds>,
    /// Writes what is listed or explained as a page.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Explains the last N decisions.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=MOST as i64))]
    last: Option<u32>,
    /// Folder of the model that decided, if it was neither the built-in one nor `none`.
    #[arg(long, value_name = "FOLDER")]
    model: Option<String>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Replays and compares.
///
/// # Errors
/// If the journal or a model cannot be read, and if a decision comes out otherwise.
pub fn run(args: &ReplayArgs) -> anyhow::Result<()> {
    if !args.journal.is_dir() {
        let what = format!("--journal: there is no folder {}", args.journal.display());
        return Err(UsageError(what).into());
    }
    let mut found = Found::new(args);
    let mut strangers: Vec<ModelId> = Vec::new();
    let open = |context: &RunContext| {
        let decider = open(args, context)?;
        if decider.is_none() && !strangers.contains(&context.model) {
            strangers.push(context.model.clone());
        }
        Ok(decider)
    };
    let summary = verify(&args.journal, open, |checked| found.take(checked))?;
    found.look_after(&args.journal);
    if let Some(path) = &args.html {
        let title = format!("Decisions in {}", args.journal.display());
        let page = page(&title, found.shown.iter().map(|shown| (&shown.line, shown.text.as_str())));
        std::fs::write(path, page).with_context(|| format!("cannot write {}", path.display()))?;
        say(&format!("page: {}", path.display()));
    }
    if args.json {
        say(&serde_json::to_string_pretty(&found.json(args, &summary))?);
    } else {
        found.print(args, &summary);
    }
    if summary.differing > 0 {
        bail!("{} decisions come out otherwise", summary.differing);
    }
    if summary.same == 0 && summary.decisions > 0 {
        bail!("no decision can be made again: {}", why_none(&strangers));
    }
    Ok(())
}

/// Why no decision could be made again, where these models are not at hand.
fn why_none(strangers: &[ModelId]) -> String {
    let (devices, models): (Vec<_>, Vec<_>) = strangers.iter().partition(|m| m.is_device());
    let names = |list: Vec<&ModelId>| {
        let name =
            |m: &ModelId| format!("{} ({})", m.name, m.sha256.as_deref().unwrap_or("no networks"));
        list.into_iter().map(name).collect::<Vec<_>>().join(", ")
    };
    match (models.is_empty(), devices.is_empty()) {
        (false, _) => format!("they were made by the model {}", names(models)),
        (true, false) => {
            let devices: Vec<_> = devices.iter().map(|m| m.name.as_str()).collect();
            format!(
                "they were made outside this program, by {}. What was recorded is whole, and --last \
                 and --at explain it",
                devices.join(", ")
            )
        }
        (true, true) => "what they followed from is deleted or lost".into(),
    }
}

/// The decider for a run, if its model is at hand, in the engine that the model's hash tells.
fn open(args: &ReplayArgs, context: &RunContext) -> anyhow::Result<Option<Box<dyn Decider>>> {
    if context.model.is_device() {
        return Ok(None);
    }
    let choice = match (&args.model, &context.model.sha256) {
        (Some(name), _) => ModelChoice::from(name.as_str()),
        (None, Some(_)) => ModelChoice::Shipped,
        (None, None) => ModelChoice::None,
    };
    for engine in Engine::EXACT {
        match decide::open(&choice, engine, context.settings, context.planned.clone()) {
            Ok((decider, model)) if model.sha256 == context.model.sha256 => {
                return Ok(Some(decider));
            }
            Ok(_) => {}
            // The engine cannot have made the decisions.
            Err(error) if matches!(error.downcast_ref(), Some(ModelError::NoPack { .. })) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// A decision that is shown.
struct Shown {
    text: String,
    json: Value,
    line: Line,
    is_shadow: bool,
}

impl Shown {
    fn new(checked: &Checked<'_>) -> Self {
        let decision = checked.recorded.decision();
        let line = Line {
            at: checked.recorded.at,
            from: decision.as_ref().map(|decision| decision.current_jobs),
            jobs: decision.as_ref().map(|decision| decision.jobs),
            stage: decision.as_ref().map_or(String::new(), |decision| word(&decision.stage)),
            why: decision.as_ref().map_or("", |decision| decision.reason.sentence()),
            then: String::new(),
        };
        let is_shadow = checked.run.context.shadow;
        Self { text: text(checked), json: json(checked), line, is_shadow }
    }

    /// What became of it.
    fn look_after(&mut self, after: &Aftermath) {
        let Some(jobs) = self.line.jobs else { return };
        let sentences = after.sentences(jobs, self.is_shadow);
        for (k, sentence) in sentences.iter().enumerate() {
            self.text += &format!("  {:<9} {sentence}\n", if k == 0 { "then" } else { "" });
        }
        self.line.then = sentences.join("; ");
        self.json["then"] = json!(after);
    }
}

/// What is shown of the decisions that pass by.
struct Found {
    at: Option<UnixSeconds>,
    range: Option<[UnixSeconds; 2]>,
    wanted: usize,
    /// Those to explain or list.
    shown: VecDeque<Shown>,
    /// The first that differs.
    first: Option<Shown>,
    /// Decisions that could not be made again, by reason.
    unknown: Vec<(String, u64)>,
    span: Option<[UnixSeconds; 2]>,
}

impl Found {
    fn new(args: &ReplayArgs) -> Self {
        let end = args.to.unwrap_or(UnixSeconds(i64::MAX));
        let range = args.from.map(|from| [from, end]);
        let wanted = match (args.last, range) {
            (Some(last), _) => last as usize,
            (None, Some(_)) => MOST,
            (None, None) => usize::from(args.at.is_some()),
        };
        Self {
            at: args.at,
            range,
            wanted,
            shown: VecDeque::new(),
            first: None,
            unknown: Vec::new(),
            span: None,
        }
    }

    fn take(&mut self, checked: &Checked<'_>) -> ControlFlow<()> {
        let at = checked.recorded.at;
        let end = self.at.or(self.range.map(|[_, to]| to));
        if end.is_some_and(|end| at > end) {
            return ControlFlow::Break(());
        }
        self.span = Some([self.span.map_or(at, |[first, _]| first), at]);
        if let Verdict::Unknown(why) = checked.verdict {
            let why = why.to_string();
            match self.unknown.iter_mut().find(|(known, _)| *known == why) {
                Some((_, count)) => *count += 1,
                None => self.unknown.push((why, 1)),
            }
        }
        let differs = matches!(checked.verdict, Verdict::Differs | Verdict::OtherInputs);
        if differs && self.first.is_none() {
            self.first = Some(Shown::new(checked));
        }
        if self.wanted > 0 && self.range.is_none_or(|[from, _]| at >= from) {
            if self.shown.len() == self.wanted {
                self.shown.pop_front();
            }
            self.shown.push_back(Shown::new(checked));
        }
        ControlFlow::Continue(())
    }

    /// Reads what became of those that are shown.
    fn look_after(&mut self, folder: &Path) {
        let decided = |shown: &Shown| Some((shown.line.at, shown.line.jobs?));
        let all: Vec<_> = self.shown.iter().filter_map(decided).collect();
        if all.is_empty() {
            return;
        }
        let after = aftermaths(folder, &all);
        for shown in &mut self.shown {
            if let Some(after) = decided(shown).and_then(|decided| after.get(&decided)) {
                shown.look_after(after);
            }
        }
    }

    fn print(&self, args: &ReplayArgs, summary: &Summary) {
        let count = |n: u64| grouped(n as f64);
        if self.range.is_some() {
            say(&table(self.shown.iter().map(|shown| &shown.line)));
        } else {
            self.shown.iter().for_each(|shown| say(&shown.text));
        }
        if let Some(first) = &self.first {
            say("The first decision that comes out otherwise:");
            say(&first.text);
        }
        if self.at.is_some() || self.range.is_some() {
            if self.shown.is_empty() {
                say("No decision was made then.");
            }
            return;
        }
        let span = self.span.map_or_else(String::new, |[first, last]| {
            format!(" from {} to {}", moment(first), moment(last))
        });
        let (samples, decisions) = (count(summary.samples), count(summary.decisions));
        let folder = args.journal.display();
        say(&format!("journal {folder}: {samples} samples, {decisions} decisions{span}"));
        say(&format!("  {} made again, the same to the bit", count(summary.same)));
        if summary.differing > 0 {
            say(&format!("  {} come out otherwise", count(summary.differing)));
        }
        for (why, n) in &self.unknown {
            say(&format!("  {} not possible: {why}", count(*n)));
        }
        if let Some(torn) = summary.torn {
            let (file, offset) = (torn.number, torn.offset);
            say(&format!("  file {file} ends within a record at byte {offset}, which is left out"));
        }
    }

    fn json(&self, args: &ReplayArgs, summary: &Summary) -> Value {
        json!({
            "journal": args.journal,
            "samples": summary.samples,
            "decisions": summary.decisions,
            "same": summary.same,
            "differing": summary.differing,
            "not_possible": self.unknown.iter().cloned().collect::<BTreeMap<_, _>>(),
            "first_difference": self.first.as_ref().map(|first| &first.json),
            "explained": self.shown.iter().map(|shown| &shown.json).collect::<Vec<_>>(),
        })
    }
}
