//! `trainer key`: a pair of keys, of which one signs models and the other tells what it signed.

use crate::export::SignKey;
use anyhow::{Result, bail};
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
        (Some(path), _) => SignKey::read(path)?,
        (None, Some(path)) => SignKey::generate(path)?,
        (None, None) => bail!("name a file for the key with --out, or a key with --of"),
    };
    if let Some(path) = &args.out {
        eprintln!(
            "{} signs; who has it can sign as you do, so keep it from others",
            path.display()
        );
        eprintln!("the agent takes what it signed where its configuration has `model_key:` with");
    }
    println!("{}", key.public());
    Ok(())
}
