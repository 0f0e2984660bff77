//! `agent flash-model`: another model for a device that decides.

use crate::decide::ModelChoice;
use crate::device::{Fault, Link, Port, Timeouts};
use crate::error::UsageError;
use crate::platform::serial::{BAUD, BAUD_RANGE};
use crate::text::{grouped, say};
use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use scaleiq_core::engine::Pack;
use scaleiq_core::model::{Bundle, PACK_SIGNATURE, SIGNATURE_BYTES};
use scaleiq_core::wire::Status;
use std::io::ErrorKind;
use std::path::Path;
use tokio_serial::SerialStream;

const EXAMPLES: &str = "\
Examples:
  agent flash-model --port /dev/ttyACM0                     the model built into this program
  agent flash-model --port /dev/ttyACM0 --model runs/mine   the `model.pack` of a model folder
  agent flash-model --port /dev/ttyUSB0 --baud 57600
The device checks the model whole before it decides with it; until then, and if it is refused or
Ctrl-C ends the upload, the model that decided decides on. What it learned of the load is kept.
A device whose image was built with a key takes signed models only: `model.pack.sig` beside the pack is
sent along, which `trainer sign` makes.
An agent that runs on this port has to be stopped first. Exit code 1 if the model is not in force.";

/// Options of `agent flash-model`.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct FlashModelArgs {
    /// The device's serial port, such as /dev/ttyACM0.
    #[arg(long, value_name = "PORT")]
    port: String,
    /// Bits a second.
    #[arg(long, value_name = "BITS", default_value_t = BAUD, value_parser = baud)]
    baud: u32,
    /// A model folder with a `model.pack` instead of the built-in model.
    #[arg(long, value_name = "FOLDER", default_value = "shipped", hide_default_value = true)]
    model: String,
}

fn baud(text: &str) -> Result<u32, String> {
    let (low, high) = (BAUD_RANGE.start(), BAUD_RANGE.end());
    match text.parse() {
        Ok(baud) if BAUD_RANGE.contains(&baud) => Ok(baud),
        _ => Err(format!("not a whole number from {low} to {high}")),
    }
}

/// Uploads the model and makes sure that it is in force.
///
/// # Errors
/// If the model has no sound pack, or the device is not there, does not answer or refuses it.
pub fn run(args: &FlashModelArgs) -> anyhow::Result<()> {
    let folder = match ModelChoice::from(args.model.as_str()) {
        ModelChoice::Shipped => None,
        ModelChoice::Folder(folder) => Some(folder.path),
        ModelChoice::None => {
            let what = "--model: a device needs a model: a folder, or nothing for the built-in one";
            return Err(UsageError(what.into()).into());
        }
    };
    let (path, pack) = Bundle::pack(folder.as_deref())?;
    let signature = folder.as_deref().map(signature).transpose()?.flatten();
    let model = [&pack[..], signature.as_deref().unwrap_or_default()].concat();
    let port = Port { path: args.port.clone(), baud: args.baud };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot start the runtime")?;
    runtime.block_on(async {
        let fault = |fault| port.error(fault);
        let timeouts = Timeouts::default();
        let stream = port.open().map_err(fault)?;
        let mut link = Link::new(stream, timeouts.answer + port.line_time(), timeouts.tries);
        let before = link.status().await.map_err(fault)?;
        say(&format!(
            "device on {port}: pack {:08x} in force, {} samples taken",
            before.pack_crc,
            grouped(before.epoch as f64)
        ));
        if before.pack_crc == Pack::crc(&pack) {
            say(&format!("{} is in force already", path.display()));
            return Ok(());
        }
        match upload(&mut link, &model).await {
            Some(Ok(after)) => {
                say(&format!("{}: pack {:08x} in force", path.display(), after.pack_crc));
                Ok(())
            }
            Some(Err(error)) => Err(anyhow::Error::from(fault(error)).context(format!(
                "the upload of {} came to nothing ({})",
                path.display(),
                what_decides(&mut link).await
            ))),
            None => bail!(
                "interrupted: the upload of {} came to nothing ({})",
                path.display(),
                what_decides(&mut link).await
            ),
        }
    })
}

/// The signature of the pack in `folder`; `None` if nobody has signed it.
fn signature(folder: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    let path = folder.join(PACK_SIGNATURE);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    if bytes.len() != SIGNATURE_BYTES {
        bail!(
            "{}: {} bytes are no Ed25519 signature, which has {SIGNATURE_BYTES}: sign the pack again",
            path.display(),
            bytes.len()
        );
    }
    Ok(Some(bytes))
}

/// Uploads with a progress bar; `None` if Ctrl-C ended it.
async fn upload(link: &mut Link<SerialStream>, model: &[u8]) -> Option<Result<Status, Fault>> {
    let bar = ProgressBar::with_draw_target(Some(model.len() as u64), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("[{bar:40}] {bytes} of {total_bytes}  {eta}") {
        bar.set_style(style.progress_chars("=> "));
    }
    let done = tokio::select! {
        done = link.upload(model, |stored| bar.set_position(stored as u64)) => Some(done),
        _ = tokio::signal::ctrl_c() => None,
    };
    bar.finish_and_clear();
    done
}

/// Which model decides after an upload that came to nothing.
async fn what_decides(link: &mut Link<SerialStream>) -> String {
    match link.status().await {
        Ok(status) => format!("the device decides with pack {:08x}", status.pack_crc),
        Err(_) => "the device does not tell which one it decides with".into(),
    }
}
