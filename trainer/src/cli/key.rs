//! `trainer key`: a pair of keys, of which one signs models and the other tells what it signed.

use crate::export::SignKey;
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;

/// Options of `trainer key`.
#[derive(Args, Debug)]
pub struct KeyArgs {
    /// File for the private key, which must not be there yet (PKCS #8 in PEM, as openssl has it)
    #[arg(long, value_name = "FILE", required_unless_present = "of")]
    pub out: Option<PathBuf>,
    /// Tell the public key of a private one that is there
    #[arg(long, value_name = "FILE", conflicts_with = "out")]
    pub of: Option<PathBuf>,
}

/// Prints the public key, 64 hexadecimal digits.
///
/// # Errors
/// If the private key cannot be written or read.
pub fn run(args: &KeyArgs) -> Result<()> {
    let key = match (&args.of, &args.out) {
        (Some(path), _) => Some(SignKey::read(path)?),
        (None, Some(path)) => Some(SignKey::generate(path)?),
        // The options do not allow that.
        (None, None) => None,
    };
    if let Some(path) = &args.out {
        eprintln!(
            "{} signs; who has it can sign as you do, so keep it from others",
            path.display()
        );
        eprintln!("the agent takes what it signed where its configuration has `model_key:` with");
    }
    key.iter().for_each(|key| println!("{}", key.public()));
    Ok(())
}
