//! The `agent` section: the scaling policy (a dueling double DQN).

use super::check::{Checks, same_numbers};
use super::unused::{Notes, Unused};
use scaleiq_core::policy::MULTIPLIERS;
use scaleiq_core::settings::Base;
use serde::{Deserialize, Serialize};

/// Weights of the parts of the reward.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RewardWeights {
    /// Price of the job time beyond what the ideal pool pays, per ideal job time.
    pub cost: f32,
    /// Price of events that wait longer than the SLA allows, per event. At 150, one event late in a
    /// thousand costs as much as 15 % more jobs.
    pub sla: f32,
    /// Price of starting and stopping jobs, per share of the pool changed.
    pub churn: f32,
}

impl Default for RewardWeights {
    fn default() -> Self {
        Self { cost: 1.0, sla: 150.0, churn: 0.02 }
    }
}

/// The agent: its size, its replay memory and its training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentConfig {
    /// Widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// Worth of a reward one choice later. A choice is held for 20 minutes.
    pub gamma: f32,
    /// Share of the online network mixed into the target network at each step.
    pub tau: f32,
    /// Learning rate of Adam.
    pub learning_rate: f64,
    /// Transitions in a step.
    pub batch_size: usize,
    /// Transitions remembered.
    pub memory_size: usize,
    /// How strongly replay prefers surprises (0: not at all).
    pub alpha: f32,
    /// Correction of that preference at the start; anneals to 1.
    pub beta: f32,
    /// Choices whose rewards are summed before the network's own estimate is used.
    pub n_step: usize,
    /// Largest norm of a step's gradient.
    pub gradient_clip: f32,
    /// What a multiplier is applied to: `required` or `current` jobs.
    pub base: Base,
    /// The actions. Fixed by the model format.
    pub multipliers: Vec<f32>,
    /// Fewest jobs of a pool in training.
    pub min_jobs: u32,
    /// Most jobs of a pool in training, and of a load's peak; without it three times as many as the
    /// load's peak keeps busy.
    pub max_jobs: Option<u32>,
    /// Weights of the parts of the reward.
    pub reward: RewardWeights,
    /// Rounds of playing simulated days and learning from them.
    pub rounds: usize,
    /// Rounds between evaluations, each of which also saves a checkpoint.
    pub evaluate_every: usize,
}

impl Default for AgentConfig {
    fn default() -> Self {
        Self {
            hidden: vec![128, 64],
            gamma: 0.9,
            tau: 0.005,
            learning_rate: 5e-4,
            batch_size: 128,
            memory_size: 100_000,
            alpha: 0.6,
            beta: 0.4,
            n_step: 1,
            gradient_clip: 10.0,
            base: Base::Required,
            multipliers: MULTIPLIERS.to_vec(),
            min_jobs: 1,
            max_jobs: None,
            reward: RewardWeights::default(),
            rounds: 40,
            evaluate_every: 5,
        }
    }
}

impl AgentConfig {
    pub(super) fn check(&self, checks: &mut Checks) {
        let mut c = checks.section("agent");
        let layers = 1..=8;
        c.require(
            layers.contains(&self.hidden.len())
                && self.hidden.iter().all(|w| (4..=4096).contains(w)),
            "hidden",
            || format!("{:?} should be 1 to 8 layers of 4 to 4096", self.hidden),
        );
        c.range("gamma", self.gamma, 0.0..=0.9999);
        c.range("tau", self.tau, 1e-6..=1.0);
        c.range("learning_rate", self.learning_rate, 1e-8..=1.0);
        c.range("batch_size", self.batch_size, 1..=65_536);
        c.range("memory_size", self.memory_size, 1..=100_000_000);
        c.require(self.memory_size >= self.batch_size, "memory_size", || {
            format!("{} is less than batch_size {}", self.memory_size, self.batch_size)
        });
        c.range("alpha", self.alpha, 0.0..=1.0);
        c.range("beta", self.beta, 0.0..=1.0);
        c.range("n_step", self.n_step, 1..=100);
        c.range("gradient_clip", self.gradient_clip, 1e-6..=1e6);
        let same = same_numbers(&self.multipliers, &MULTIPLIERS);
        c.fixed("multipliers", same, || format!("{MULTIPLIERS:?}"));
        c.range("min_jobs", self.min_jobs, 0..=100_000);
        if let Some(max_jobs) = self.max_jobs {
            c.range("max_jobs", max_jobs, 1..=100_000);
            c.require(self.min_jobs <= max_jobs, "min_jobs", || {
                format!("{} is above max_jobs {max_jobs}", self.min_jobs)
            });
        }
        let RewardWeights { cost, sla, churn } = self.reward;
        for (name, weight) in [("cost", cost), ("sla", sla), ("churn", churn)] {
            c.range(&format!("reward.{name}"), weight, 0.0..=1e6);
        }
        c.range("rounds", self.rounds, 1..=10_000_000);
        c.range("evaluate_every", self.evaluate_every, 1..=10_000_000);
    }
}

/// The reference's multipliers.
const REFERENCE_MULTIPLIERS: [f32; 6] = [0.5, 0.8, 1.0, 1.25, 1.5, 2.0];

/// The section as written.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct AgentFile {
    #[serde(alias = "hidden_dims", alias = "hidden_layers", alias = "hidden_sizes")]
    hidden: Option<Vec<usize>>,
    #[serde(alias = "discount")]
    gamma: Option<f32>,
    tau: Option<f32>,
    #[serde(alias = "lr")]
    learning_rate: Option<f64>,
    batch_size: Option<usize>,
    #[serde(alias = "buffer_size", alias = "replay_size", alias = "memory_capacity")]
    #[serde(alias = "replay_buffer_size")]
    memory_size: Option<usize>,
    #[serde(alias = "priority_alpha", alias = "per_alpha")]
    alpha: Option<f32>,
    #[serde(alias = "priority_beta", alias = "per_beta", alias = "beta_start")]
    beta: Option<f32>,
    n_step: Option<usize>,
    #[serde(alias = "grad_clip", alias = "max_grad_norm")]
    gradient_clip: Option<f32>,
    base: Option<Base>,
    #[serde(alias = "actions", alias = "scaling_actions", alias = "scaling_factors")]
    multipliers: Option<Vec<f32>>,
    #[serde(alias = "min_instances")]
    min_jobs: Option<u32>,
    #[serde(alias = "max_instances")]
    max_jobs: Option<u32>,
    #[serde(alias = "reward_weights")]
    reward: RewardFile,
    #[serde(alias = "episodes", alias = "num_episodes")]
    rounds: Option<usize>,
    #[serde(alias = "eval_interval", alias = "eval_every")]
    evaluate_every: Option<usize>,
    state_dim: Unused,
    action_dim: Unused,
    num_actions: Unused,
    max_steps_per_episode: Unused,
    epsilon_start: Unused,
    epsilon_end: Unused,
    epsilon_decay: Unused,
    beta_frames: Unused,
    beta_end: Unused,
    target_update: Unused,
    target_update_freq: Unused,
    update_frequency: Unused,
    noisy: Unused,
    dueling: Unused,
    double_dqn: Unused,
    prioritized_replay: Unused,
    dropout: Unused,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RewardFile {
    #[serde(alias = "cost_weight")]
    cost: Option<f32>,
    #[serde(alias = "sla_weight", alias = "sla_penalty")]
    sla: Option<f32>,
    #[serde(alias = "churn_weight", alias = "stability", alias = "stability_weight")]
    churn: Option<f32>,
    efficiency: Unused,
    efficiency_weight: Unused,
}

impl AgentFile {
    pub(super) fn config(self, notes: &mut Notes) -> AgentConfig {
        self.note(notes);
        let ours = AgentConfig::default();
        let given = self.multipliers.unwrap_or_else(|| MULTIPLIERS.to_vec());
        let reference = REFERENCE_MULTIPLIERS.to_vec();
        AgentConfig {
            hidden: self.hidden.unwrap_or(ours.hidden),
            gamma: self.gamma.unwrap_or(ours.gamma),
            tau: self.tau.unwrap_or(ours.tau),
            learning_rate: self.learning_rate.unwrap_or(ours.learning_rate),
            batch_size: self.batch_size.unwrap_or(ours.batch_size),
            memory_size: self.memory_size.unwrap_or(ours.memory_size),
            alpha: self.alpha.unwrap_or(ours.alpha),
            beta: self.beta.unwrap_or(ours.beta),
            n_step: self.n_step.unwrap_or(ours.n_step),
            gradient_clip: self.gradient_clip.unwrap_or(ours.gradient_clip),
            base: self.base.unwrap_or(ours.base),
            multipliers: notes.fixed("agent.multipliers", given, &reference, MULTIPLIERS.to_vec()),
            min_jobs: self.min_jobs.unwrap_or(ours.min_jobs),
            max_jobs: self.max_jobs.or(ours.max_jobs),
            reward: RewardWeights {
                cost: self.reward.cost.unwrap_or(ours.reward.cost),
                sla: self.reward.sla.unwrap_or(ours.reward.sla),
                churn: self.reward.churn.unwrap_or(ours.reward.churn),
            },
            rounds: self.rounds.unwrap_or(ours.rounds),
            evaluate_every: self.evaluate_every.unwrap_or(ours.evaluate_every),
        }
    }

    fn note(&self, notes: &mut Notes) {
        let why = "the model format fixes state and actions (they are on the card)";
        let sizes = [
            ("state_dim", self.state_dim),
            ("action_dim", self.action_dim),
            ("num_actions", self.num_actions),
        ];
        notes.unused("agent", why, &sizes);
        let why = "noisy layers explore, there is no epsilon";
        let epsilon = [
            ("epsilon_start", self.epsilon_start),
            ("epsilon_end", self.epsilon_end),
            ("epsilon_decay", self.epsilon_decay),
        ];
        notes.unused("agent", why, &epsilon);
        let beta = [("beta_frames", self.beta_frames), ("beta_end", self.beta_end)];
        notes.unused("agent", "beta anneals to 1 over all rounds", &beta);
        let why = "the target follows by `agent.tau` at each step";
        let target = [
            ("target_update", self.target_update),
            ("target_update_freq", self.target_update_freq),
            ("update_frequency", self.update_frequency),
        ];
        notes.unused("agent", why, &target);
        let why = "it is a dueling double DQN with noisy layers and prioritized replay";
        let kind = [
            ("noisy", self.noisy),
            ("dueling", self.dueling),
            ("double_dqn", self.double_dqn),
            ("prioritized_replay", self.prioritized_replay),
            ("dropout", self.dropout),
        ];
        notes.unused("agent", why, &kind);
        let steps = [("max_steps_per_episode", self.max_steps_per_episode)];
        notes.unused("agent", "a round plays days of all workloads at once", &steps);
        let why = "`cost` is the price of what is paid beyond the ideal pool, which is that";
        let RewardFile { efficiency, efficiency_weight, .. } = self.reward;
        let efficiency = [("efficiency", efficiency), ("efficiency_weight", efficiency_weight)];
        notes.unused("agent.reward", why, &efficiency);
    }
}
