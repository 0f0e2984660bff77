//! `agent schema`: what a configuration may hold.

use crate::app::{Components, Config};
use crate::text::say;

/// Prints the JSON schema of a configuration that may choose from `components`.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn run(components: &Components) -> anyhow::Result<()> {
    say(&serde_json::to_string_pretty(&Config::schema(components))?);
    Ok(())
}
