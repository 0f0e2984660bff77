//! `trainer pack`: a model folder's pack, from the ONNX files that are there.

use crate::export::add_pack;
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;

/// Options of `trainer pack`.
#[derive(Args, Debug)]
pub struct PackArgs {
    /// The model's folder, which the pack is added to
    #[arg(long, value_name = "DIR")]
    pub model: PathBuf,
}

/// Writes `model.pack` and its hash on the card.
///
/// # Errors
/// If the folder cannot be read or written, or the engine cannot run its networks.
pub fn run(args: &PackArgs) -> Result<()> {
    let length = add_pack(&args.model)?;
    eprintln!("{}: a pack of {length} bytes", args.model.display());
    Ok(())
}
