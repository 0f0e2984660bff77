//! What a run begins with: what decides, with all that the journal knows.

use super::Config;
use crate::decide::{Brain, Deputed, Mode, ModelChoice, ModelId};
use crate::journal::{Journal, Past, Resumed, Terms, resume};

/// What a run begins with: what decides, and the journal with what is in it.
pub(super) type Begin = (Box<dyn Brain>, ModelId, (Option<Journal>, Option<Past>));

/// Opens the model, and has it learn again what the journal knows. A device is told nothing of that:
/// it keeps what it learned for as long as it has power, and its line is too slow for weeks.
pub(super) fn begin(config: &mut Config) -> anyhow::Result<Begin> {
    let device = config.connect()?;
    let (mut brain, mut model) = open_model(config)?;
    let shadow = config.mode == Mode::Shadow;
    brain.set_shadow(shadow);
    if let Some(client) = &device {
        model = ModelId::device(&client.port().path, client.pack_crc());
    }
    let mut recorded = (None, None);
    if let Some(journal) = &config.journal {
        let terms = Terms::new(model.clone(), config.settings, config.planned.clone(), shadow);
        let mut first = Some(brain);
        let open = || match first.take() {
            Some(brain) => Ok(brain),
            None => config.open_here().map(|(brain, _)| brain),
        };
        let Resumed { brain: resumed, journal, past } = resume(journal, terms, open)?;
        brain = resumed;
        recorded = (Some(journal), past);
    }
    if let Some(client) = device {
        brain = Box::new(Deputed::new(client, brain));
    }
    Ok((brain, model, recorded))
}

/// Opens the model or, if it cannot be used, decides without networks (promise S-6): an agent that does
/// not start scales nothing.
fn open_model(config: &mut Config) -> anyhow::Result<(Box<dyn Brain>, ModelId)> {
    config.open_here().or_else(|error| {
        tracing::error!(
            "{error:#}. Decisions are made WITHOUT networks, by the plan on the experts' forecasts, until \
             the agent is restarted with a sound model; `agent check` tells whether it is"
        );
        config.decider.model = ModelChoice::None;
        config.open_here()
    })
}
