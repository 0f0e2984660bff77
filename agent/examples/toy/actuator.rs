//! A toy actuator: the number of jobs in a file.

use agent::actuate::actuator::{ActuatorVariant, Applying, Outcome, Tools};
use agent::actuate::{Actuator, ActuatorSettings, Order};
use agent::config::File;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// `actuator: {type: note}`: its word, what people are told of it, an example, and its settings.
pub(super) const NOTE: ActuatorVariant = ActuatorVariant {
    word: "note",
    about: "the number of jobs is written to a file",
    example: "{type: note, path: jobs.txt}",
    fields: |f| {
        let path = f.required("path", "the file, such as jobs.txt", File)?;
        Some(Arc::new(Note { path: path.value }))
    },
};

#[derive(Clone, Debug)]
struct Note {
    path: PathBuf,
}

impl ActuatorSettings for Note {
    fn describe(&self) -> String {
        format!("a number in {}", self.path.display())
    }

    fn build(&self, _: Tools<'_>) -> io::Result<Box<dyn Actuator>> {
        Ok(Box::new(self.clone()))
    }
}

impl Actuator for Note {
    fn apply<'a>(&'a mut self, order: &'a Order) -> Applying<'a> {
        Box::pin(async move {
            fs::write(&self.path, format!("{}\n", order.decision.jobs))?;
            Ok(Outcome::Done)
        })
    }
}
