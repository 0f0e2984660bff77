//! Numbers of the forecaster that can be searched. What is allowed and what is usually searched is
//! declared once, beside each: checks and search read the same table.

use super::check::Checks;
use super::forecaster::ForecasterConfig;
use super::space::Space;

/// A number of the `forecaster` section.
#[derive(Debug)]
pub struct Setting {
    /// Its key, and then the names that the reference has for it.
    names: &'static [&'static str],
    /// The least and the most that is taken.
    allowed: [f64; 2],
    /// What is searched unless the user says otherwise.
    usual: Usual,
    /// Whether it is searched where no space is named.
    pub by_default: bool,
    /// Whether it is a size of the network, which shipped weights fix.
    pub is_size: bool,
    place: fn(&mut ForecasterConfig) -> Place<'_>,
}

/// What of a setting is usually searched.
#[derive(Debug)]
enum Usual {
    /// All between two numbers.
    Between(f64, f64),
    /// The same, each factor as likely.
    Factors(f64, f64),
    /// One of these.
    Choices(&'static [f64]),
}

/// Where a setting is kept.
enum Place<'a> {
    Float(&'a mut f64),
    Single(&'a mut f32),
    Whole(&'a mut usize),
}

/// All of them, in the order of the file.
pub static SETTINGS: [Setting; 10] = [
    Setting {
        names: &["d_model", "hidden_dim", "hidden_size"],
        allowed: [8.0, 1024.0],
        usual: Usual::Choices(&[32.0, 48.0, 64.0, 96.0, 128.0]),
        by_default: false,
        is_size: true,
        place: |c| Place::Whole(&mut c.d_model),
    },
    Setting {
        names: &["n_heads", "num_heads", "nhead"],
        allowed: [1.0, 64.0],
        usual: Usual::Choices(&[2.0, 4.0, 8.0]),
        by_default: false,
        is_size: true,
        place: |c| Place::Whole(&mut c.n_heads),
    },
    Setting {
        names: &["n_layers", "num_layers", "num_encoder_layers"],
        allowed: [0.0, 24.0],
        usual: Usual::Between(1.0, 3.0),
        by_default: false,
        is_size: true,
        place: |c| Place::Whole(&mut c.n_layers),
    },
    Setting {
        names: &["d_ff", "ff_dim", "dim_feedforward"],
        allowed: [8.0, 8192.0],
        usual: Usual::Choices(&[64.0, 128.0, 256.0]),
        by_default: false,
        is_size: true,
        place: |c| Place::Whole(&mut c.d_ff),
    },
    Setting {
        names: &["dropout", "dropout_rate"],
        allowed: [0.0, 0.9],
        usual: Usual::Between(0.0, 0.3),
        by_default: true,
        is_size: false,
        place: |c| Place::Float(&mut c.dropout),
    },
    Setting {
        names: &["batch_size"],
        allowed: [1.0, 65_536.0],
        usual: Usual::Choices(&[32.0, 64.0, 128.0]),
        by_default: true,
        is_size: false,
        place: |c| Place::Whole(&mut c.batch_size),
    },
    Setting {
        names: &["learning_rate", "lr"],
        allowed: [1e-8, 1.0],
        usual: Usual::Factors(3e-4, 1e-2),
        by_default: true,
        is_size: false,
        place: |c| Place::Float(&mut c.learning_rate),
    },
    Setting {
        names: &["weight_decay"],
        allowed: [0.0, 1.0],
        usual: Usual::Factors(1e-4, 0.1),
        by_default: true,
        is_size: false,
        place: |c| Place::Float(&mut c.weight_decay),
    },
    Setting {
        names: &["warm_restart_period", "T_0"],
        allowed: [1.0, 1e8],
        usual: Usual::Factors(200.0, 9000.0),
        by_default: false,
        is_size: false,
        place: |c| Place::Whole(&mut c.warm_restart_period),
    },
    Setting {
        names: &["gradient_clip", "grad_clip", "max_grad_norm"],
        allowed: [1e-6, 1e6],
        usual: Usual::Factors(0.1, 10.0),
        by_default: true,
        is_size: false,
        place: |c| Place::Single(&mut c.gradient_clip),
    },
];

impl Setting {
    /// The setting of this key, or of a name that the reference has for it.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.names.contains(&name))
    }

    /// All keys, for messages.
    pub fn keys() -> impl Iterator<Item = &'static str> {
        SETTINGS.iter().map(Self::key)
    }

    /// Its key in the `forecaster` section.
    #[must_use]
    pub fn key(&self) -> &'static str {
        self.names[0]
    }

    /// What is searched unless the user says otherwise.
    #[must_use]
    pub fn usual(&self) -> Space {
        match self.usual {
            Usual::Between(low, high) => Space::Range { low, high, log: false },
            Usual::Factors(low, high) => Space::Range { low, high, log: true },
            Usual::Choices(all) => Space::Choices { choices: all.to_vec() },
        }
    }

    /// Whether it counts something.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        matches!((self.place)(&mut ForecasterConfig::default()), Place::Whole(_))
    }

    /// Its value.
    #[must_use]
    pub fn get(&self, config: &ForecasterConfig) -> f64 {
        match (self.place)(&mut config.clone()) {
            Place::Float(value) => *value,
            Place::Single(value) => f64::from(*value),
            Place::Whole(value) => *value as f64,
        }
    }

    /// Sets it; what counts something is rounded.
    pub fn set(&self, config: &mut ForecasterConfig, to: f64) {
        match (self.place)(config) {
            Place::Float(value) => *value = to,
            Place::Single(value) => *value = to as f32,
            Place::Whole(value) => *value = to.round() as usize,
        }
    }

    /// Whether it may be `value`.
    #[must_use]
    pub fn allows(&self, value: f64) -> bool {
        let [low, high] = self.allowed;
        (low..=high).contains(&value) && (!self.is_whole() || value.fract() == 0.0)
    }

    /// What it may be, for messages.
    #[must_use]
    pub fn allowed(&self) -> String {
        let [low, high] = self.allowed;
        let kind = if self.is_whole() { "whole numbers" } else { "numbers" };
        format!("{kind} from {low} to {high}")
    }
}

/// Checks all of them.
pub(super) fn check(config: &ForecasterConfig, checks: &mut Checks) {
    let mut section = checks.section("forecaster");
    for setting in &SETTINGS {
        let ([low, high], key) = (setting.allowed, setting.key());
        match (setting.place)(&mut config.clone()) {
            Place::Float(value) => section.range(key, *value, low..=high),
            Place::Single(value) => section.range(key, *value, low as f32..=high as f32),
            Place::Whole(value) => section.range(key, *value, low as usize..=high as usize),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use std::path::Path;

    #[test]
    fn what_is_usually_searched_is_allowed_and_every_name_is_read() {
        for setting in &SETTINGS {
            for value in setting.usual().ends() {
                assert!(setting.allows(value), "{}: {value}", setting.key());
                for name in setting.names {
                    // One head divides every width.
                    let heads = if setting.key() == "n_heads" { "" } else { ", n_heads: 1" };
                    let text = format!("forecaster: {{{name}: {value}{heads}}}");
                    let (config, _) = Config::parse(&text, Path::new("a.yaml")).unwrap();
                    let read = setting.get(&config.forecaster);
                    assert!((read - value).abs() <= 1e-6 * value, "{name}: {read}, not {value}");
                }
            }
        }
    }

    #[test]
    fn what_is_set_is_read_again() {
        let mut config = ForecasterConfig::default();
        for setting in &SETTINGS {
            let value = setting.usual().ends()[1];
            setting.set(&mut config, value);
            assert!((setting.get(&config) - value).abs() < 1e-6, "{}", setting.key());
        }
    }
}
