//! What the stages of a run work with.

use super::run::Run;
use crate::config::Config;
use crate::data::Corpus;
use crate::runtime::ranks::Ranks;
use crate::runtime::stop::Stop;
use burn::tensor::Device;

/// What the stages work with.
pub struct RunContext<'a> {
    /// The run's folder.
    pub run: &'a Run,
    /// Settings.
    pub config: &'a Config,
    /// Data.
    pub corpus: &'a Corpus,
    /// Where to train.
    pub device: Device,
    /// The processes that train together.
    pub ranks: Ranks<'a>,
    /// When to save and stop.
    pub stop: Stop<'a>,
}
