//! `trainer sign`: signs a model, so that an agent that has the public key takes it.

use crate::export::SignKey;
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;

/// Options of `trainer sign`.
#[derive(Args, Debug)]
pub struct SignArgs {
    /// The model's folder
    #[arg(long, value_name = "DIR")]
    pub model: PathBuf,
    /// The private key, as `trainer key` writes it
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
}

/// Writes the signatures of card and pack beside them.
///
/// # Errors
/// If the key cannot be read, the model is not whole, or the signatures cannot be written.
pub fn run(args: &SignArgs) -> Result<()> {
    let key = SignKey::read(&args.key)?;
    let written = key.sign(&args.model)?.join(" and ");
    eprintln!("{}: {written}, with the key {}", args.model.display(), key.public());
    Ok(())
}
