//! The instances of a template unit, and what has to be done to have so many.

use std::collections::BTreeMap;

/// How an instance is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It works.
    Active,
    /// It is on its way up, or rests until it is started again.
    Activating,
    /// It is on its way down, or there is none.
    Gone,
}

/// Instances by their numbers. Those that are not known to systemd are not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Instances(BTreeMap<u32, State>);

impl Instances {
    /// Reads what `systemctl show --property=Id,ActiveState` prints: for each unit its properties, and an
    /// empty line between units. Instances whose name is no number are somebody else's.
    pub(super) fn read(printed: &str, template: &Template) -> Self {
        let instance = |unit: &str| {
            let property = |name: &str| {
                unit.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
            };
            let number = template.number(property("Id")?)?;
            let state = match property("ActiveState")? {
                "active" | "reloading" | "refreshing" => State::Active,
                "activating" => State::Activating,
                _ => State::Gone,
            };
            Some((number, state))
        };
        Self(printed.split("\n\n").filter_map(instance).collect())
    }

    pub(super) fn count(&self, state: State) -> u32 {
        let count = self.0.values().filter(|known| **known == state).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Returns the numbers to be started, and those to be stopped, so that 1 to `jobs` run and no others.
    pub(super) fn changes(&self, jobs: u32) -> (Vec<u32>, Vec<u32>) {
        let is_up = |number: &u32| self.0.get(number).is_some_and(|state| *state != State::Gone);
        let start = (1..=jobs).filter(|number| !is_up(number)).collect();
        let stop =
            self.0.keys().copied().filter(|number| *number > jobs && is_up(number)).collect();
        (start, stop)
    }
}

/// The name of a template unit, such as `worker@.service`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    /// Up to the `@`, and with it.
    head: String,
}

impl Template {
    /// Reads a name; `.service` may be left out.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let head = text.strip_suffix(".service").unwrap_or(text);
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || ":-_.\\".contains(c);
        match head.strip_suffix('@') {
            Some(name)
                if !name.is_empty() && !name.starts_with('-') && name.chars().all(is_allowed) =>
            {
                Ok(Self { head: head.into() })
            }
            _ => Err("is no template unit: worker@.service".into()),
        }
    }

    /// Returns the pattern that all instances match.
    pub(super) fn pattern(&self) -> String {
        format!("{}*.service", self.head)
    }

    /// Returns the name of an instance.
    pub(super) fn instance(&self, number: u32) -> String {
        format!("{}{number}.service", self.head)
    }

    fn number(&self, unit: &str) -> Option<u32> {
        let number = unit.strip_prefix(&self.head)?.strip_suffix(".service")?.parse().ok()?;
        // 01 is another unit than 1.
        (self.instance(number) == unit && number > 0).then_some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template() -> Template {
        Template::parse("worker@.service").unwrap()
    }

    #[test]
    fn what_is_missing_is_started_and_what_is_too_much_is_stopped() {
        let printed = "Id=worker@1.service\nActiveState=active\n\n\
                       Id=worker@3.service\nActiveState=failed\n\n\
                       ActiveState=activating\nId=worker@4.service\n\n\
                       Id=worker@6.service\nActiveState=deactivating\n\n\
                       Id=worker@02.service\nActiveState=active\n\n\
                       Id=worker@blue.service\nActiveState=active\n";
        let instances = Instances::read(printed, &template());
        let counts = [State::Active, State::Activating].map(|state| instances.count(state));
        assert_eq!(counts, [1, 1]);
        assert_eq!(instances.changes(3), (vec![2, 3], vec![4]));
        assert_eq!(instances.changes(0), (vec![], vec![1, 4]));
        assert_eq!(Instances::read("", &template()).changes(2), (vec![1, 2], vec![]));
    }

    #[test]
    fn only_templates_are_templates() {
        assert_eq!(Template::parse("worker@"), Ok(template()));
        for other in ["worker.service", "@.service", "worker@1.service", "a b@", "--now@"] {
            assert!(Template::parse(other).is_err(), "{other}");
        }
    }
}
