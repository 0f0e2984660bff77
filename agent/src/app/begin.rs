//! What a run begins with: what decides, with all that the journal knows.

use super::WorkloadConfig;
use crate::decide::{Decider, DeviceWithFallback, Mode, ModelChoice, ModelId};
use crate::journal::{Journal, Past, Resumed, RunContext, resume};

/// What a run begins with: what decides, and the journal with what is in it.
pub(super) type Begin = (Box<dyn Decider>, ModelId, (Option<Journal>, Option<Past>));

/// Opens the model, and has it learn again what the journal knows. A device is told nothing of that, since its
/// line is too slow for weeks: what it learned is kept beside the journal, and given back where it has lost it.
pub(super) fn begin(config: &mut WorkloadConfig) -> anyhow::Result<Begin> {
    let mut device = config.connect()?;
    let (mut decider, mut model) = open_model(config)?;
    let shadow = config.mode == Mode::Shadow;
    decider.set_shadow(shadow);
    if let Some(client) = &device {
        model = ModelId::device(&client.port().path, client.pack_crc());
    }
    let mut recorded = (None, None);
    if let Some(journal) = &config.journal {
        let context =
            RunContext::new(model.clone(), config.settings, config.planned.clone(), shadow);
        let mut first = Some(decider);
        let open = || match first.take() {
            Some(decider) => Ok(decider),
            None => config.open_here().map(|(decider, _)| decider),
        };
        let Resumed { decider: resumed, journal, past } = resume(journal, context, open)?;
        decider = resumed;
        recorded = (Some(journal), past);
    }
    if let (Some(client), Some(journal)) = (&mut device, &config.journal) {
        client.keep_in(&journal.folder);
    }
    if let Some(client) = device {
        decider = Box::new(DeviceWithFallback::new(client, decider));
    }
    Ok((decider, model, recorded))
}

/// Opens the model or, if it cannot be used, decides without networks (promise S-6): an agent that does
/// not start scales nothing.
fn open_model(config: &mut WorkloadConfig) -> anyhow::Result<(Box<dyn Decider>, ModelId)> {
    config.open_here().or_else(|error| {
        tracing::error!(
            "{error:#}. Decisions are made WITHOUT networks, by the plan on the experts' forecasts, until \
             the agent is restarted with a sound model; `agent check` tells whether it is"
        );
        config.decider.model = ModelChoice::None;
        config.open_here()
    })
}
