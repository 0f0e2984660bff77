//! The `hpo` section: the search for better settings.

use super::Config;
use super::check::Checks;
use super::parse::closest;
use super::setting::{SETTINGS, Setting};
use super::space::Space;
use super::unused::{Notes, Unused};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which trials are given up before their end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrunerChoice {
    /// Those worse than the median of the trials before at the same step.
    #[default]
    Median,
    /// All but the best third at each of a few steps, each three times as late as the one before.
    #[serde(alias = "successive_halving", alias = "asha", alias = "hyperband")]
    Halving,
    /// None.
    None,
}

/// The search: how much is tried, and of what.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HpoConfig {
    /// Whether `trainer train` searches before it trains.
    pub enable: bool,
    /// Trials in all. The first one is of the settings as they stand.
    pub n_trials: usize,
    /// Steps of each trial; without it those of the forecaster.
    pub steps: Option<usize>,
    /// Which trials are given up before their end.
    pub pruner: PrunerChoice,
    /// What is searched, by keys of the `forecaster` section; empty: what is usually searched.
    pub spaces: BTreeMap<String, Space>,
}

impl Default for HpoConfig {
    fn default() -> Self {
        let pruner = PrunerChoice::default();
        Self { enable: false, n_trials: 20, steps: None, pruner, spaces: BTreeMap::new() }
    }
}

impl HpoConfig {
    /// Settings that are searched, each with its space, in the order of the table.
    #[must_use]
    pub fn searched(&self) -> Vec<(&'static Setting, Space)> {
        let space = |setting: &'static Setting| {
            let by_default = self.spaces.is_empty() && setting.by_default;
            let named = self.spaces.get(setting.key()).cloned();
            Some((setting, named.or_else(|| by_default.then(|| setting.usual()))?))
        };
        SETTINGS.iter().filter_map(space).collect()
    }

    pub(super) fn check(&self, config: &Config, checks: &mut Checks) {
        let mut c = checks.section("hpo");
        c.range("n_trials", self.n_trials, 1..=100_000);
        c.range("steps", self.steps.unwrap_or(1), 1..=100_000_000);
        for (key, space) in &self.spaces {
            let at = format!("spaces.{key}");
            let Some(setting) = Setting::named(key) else {
                let keys: Vec<&str> = Setting::keys().collect();
                c.require(false, &at, || match closest(key, &keys) {
                    Some(likely) => format!("cannot be searched; did you mean `{likely}`?"),
                    None => format!("cannot be searched; what can: {}", keys.join(", ")),
                });
                continue;
            };
            let tuned = config.forecaster.start == super::Start::Shipped && setting.is_size;
            c.require(!tuned, &at, || {
                "the shipped network has its sizes; search them with `forecaster.start: fresh`"
                    .into()
            });
            let wrong = match space {
                Space::Range { low, high, .. } if low >= high => {
                    Some(format!("low {low} is not below high {high}"))
                }
                Space::Range { low, log: true, .. } if *low <= 0.0 => {
                    Some("low must be above 0 where each factor is as likely (`log: true`)".into())
                }
                Space::Range { low, high, .. } => outside(setting, &[*low, *high]),
                Space::Choices { choices } if choices.is_empty() => {
                    Some("no choice is given".into())
                }
                Space::Choices { choices } => outside(setting, choices),
            };
            c.require(wrong.is_none(), &at, || wrong.unwrap_or_default());
        }
    }
}

fn outside(setting: &Setting, values: &[f64]) -> Option<String> {
    let wrong = values.iter().find(|value| !setting.allows(**value))?;
    Some(format!("{wrong} is not allowed: {}", setting.allowed()))
}

/// The section as written.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct HpoFile {
    #[serde(alias = "enabled")]
    enable: bool,
    #[serde(alias = "trials", alias = "num_trials")]
    n_trials: Option<usize>,
    #[serde(alias = "steps_per_trial")]
    steps: Option<usize>,
    pruner: PrunerChoice,
    #[serde(alias = "search_space", alias = "search_spaces", alias = "space", alias = "params")]
    spaces: BTreeMap<String, SpaceFile>,
    sampler: Unused,
    direction: Unused,
    metric: Unused,
    timeout: Unused,
    study_name: Unused,
    storage: Unused,
    n_jobs: Unused,
}

/// A space as written: nothing (the usual one), choices, or a range.
#[derive(Deserialize)]
#[serde(untagged)]
enum SpaceFile {
    Choices(Vec<f64>),
    Fields(SpaceFields),
    Usual(Option<bool>),
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct SpaceFields {
    #[serde(rename = "type", alias = "distribution")]
    kind: Option<String>,
    #[serde(alias = "min")]
    low: Option<f64>,
    #[serde(alias = "max")]
    high: Option<f64>,
    log: Option<bool>,
    #[serde(alias = "values")]
    choices: Option<Vec<f64>>,
}

impl HpoFile {
    pub(super) fn config(self, notes: &mut Notes) -> HpoConfig {
        let why = "the sampler is TPE, which makes the validation loss small; the study is a file of its folder";
        let keys = [
            ("sampler", self.sampler),
            ("direction", self.direction),
            ("metric", self.metric),
            ("study_name", self.study_name),
            ("storage", self.storage),
        ];
        notes.unused("hpo", why, &keys);
        notes.unused("hpo", "`hpo.n_trials` ends it", &[("timeout", self.timeout)]);
        let why = "start `trainer search` once more on the same folder for each process";
        notes.unused("hpo", why, &[("n_jobs", self.n_jobs)]);
        let ours = HpoConfig::default();
        let spaces = self.spaces.into_iter().filter_map(|(name, given)| {
            let setting = Setting::named(&name);
            // An unknown name is kept for the checks to refuse.
            let key = setting.map_or(name, |setting| setting.key().into());
            Some((key, given.space(setting)?))
        });
        HpoConfig {
            enable: self.enable,
            n_trials: self.n_trials.unwrap_or(ours.n_trials),
            steps: self.steps,
            pruner: self.pruner,
            spaces: spaces.collect(),
        }
    }
}

impl SpaceFile {
    /// `None` where it is switched off.
    fn space(self, setting: Option<&Setting>) -> Option<Space> {
        let usual = || setting.map_or(Space::Choices { choices: Vec::new() }, Setting::usual);
        Some(match self {
            Self::Usual(Some(false)) => return None,
            Self::Usual(_) => usual(),
            Self::Choices(choices) | Self::Fields(SpaceFields { choices: Some(choices), .. }) => {
                Space::Choices { choices }
            }
            Self::Fields(SpaceFields { kind, low, high, log, .. }) => {
                let ours = usual();
                let [least, most] = ours.ends();
                let usual_log = matches!(ours, Space::Range { log: true, .. });
                let log =
                    log.unwrap_or_else(|| kind.map_or(usual_log, |kind| kind.contains("log")));
                Space::Range { low: low.unwrap_or(least), high: high.unwrap_or(most), log }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn parse(text: &str) -> Result<HpoConfig, String> {
        let parsed = Config::parse(text, Path::new("a.yaml"));
        parsed.map(|(config, _)| config.hpo).map_err(|error| error.to_string())
    }

    #[test]
    fn spaces_are_read_in_every_form() {
        let text = "hpo:
  enable: true
  n_trials: 5
  pruner: asha
  search_space:
    lr: {type: loguniform, low: 1e-4, high: 0.01}
    batch_size: [32, 64]
    dropout:
    hidden_dim: {type: categorical, choices: [32, 64]}
    weight_decay: false
    gradient_clip: {max: 2.0}
";
        let hpo = parse(text).unwrap();
        assert_eq!((hpo.enable, hpo.n_trials, hpo.pruner), (true, 5, PrunerChoice::Halving));
        let shown: Vec<String> =
            hpo.searched().iter().map(|(s, space)| format!("{} {space:?}", s.key())).collect();
        insta::assert_snapshot!(shown.join("\n"), @r"
        d_model Choices { choices: [32.0, 64.0] }
        dropout Range { low: 0.0, high: 0.3, log: false }
        batch_size Choices { choices: [32.0, 64.0] }
        learning_rate Range { low: 0.0001, high: 0.01, log: true }
        gradient_clip Range { low: 0.1, high: 2.0, log: true }
        ");
        let usual: Vec<&str> =
            HpoConfig::default().searched().iter().map(|(setting, _)| setting.key()).collect();
        assert_eq!(
            usual,
            ["dropout", "batch_size", "learning_rate", "weight_decay", "gradient_clip"]
        );
    }

    #[test]
    fn spaces_that_cannot_be_are_refused() {
        let text = "hpo:
  n_trials: 0
  spaces:
    leaning_rate: [0.1]
    loss: [1]
    dropout: {low: 0.5, high: 0.2}
    batch_size: [32, 0.5]
    weight_decay: {low: 0, log: true}
    gradient_clip: []
    n_layers: {low: 1, high: 99}
";
        insta::assert_snapshot!(parse(text).unwrap_err(), @r"
        a.yaml: `hpo.n_trials`: 0 is not within 1 to 100000
          and `hpo.spaces.batch_size`: 0.5 is not allowed: whole numbers from 1 to 65536
          and `hpo.spaces.dropout`: low 0.5 is not below high 0.2
          and `hpo.spaces.gradient_clip`: no choice is given
          and `hpo.spaces.leaning_rate`: cannot be searched; did you mean `learning_rate`?
          and `hpo.spaces.loss`: cannot be searched; what can: d_model, n_heads, n_layers, d_ff, dropout, batch_size, learning_rate, weight_decay, warm_restart_period, gradient_clip
          and `hpo.spaces.n_layers`: 99 is not allowed: whole numbers from 0 to 24
          and `hpo.spaces.weight_decay`: low must be above 0 where each factor is as likely (`log: true`)
        ");
        let text = "forecaster: {start: shipped}\nhpo: {spaces: {n_layers: [1, 2]}}";
        insta::assert_snapshot!(parse(text).unwrap_err(), @"a.yaml: `hpo.spaces.n_layers`: the shipped network has its sizes; search them with `forecaster.start: fresh`");
    }
}
