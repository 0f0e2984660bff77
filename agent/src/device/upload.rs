//! Gives a device another model, or what one has learned.

use super::fault::Fault;
use super::link::Link;
use super::request::status;
use scaleiq_core::engine::Pack;
use scaleiq_core::wire::{CHUNK, Message, Refusal, Status, UploadKind};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// Flash is erased before the first part, and the whole is read through twice after the last: these take
/// longer than other messages.
pub(super) const SLOW: Duration = Duration::from_secs(10);

impl<S: AsyncRead + AsyncWrite + Unpin> Link<S> {
    /// Uploads `model`, a pack and its signature behind it if it is signed, which the device checks before
    /// it decides; `sent` is told how many bytes of it are stored. The model that decided decides meanwhile,
    /// and if it comes to nothing.
    ///
    /// # Errors
    /// If the device does not answer or refuses the pack.
    pub async fn upload(
        &mut self,
        model: &[u8],
        mut sent: impl FnMut(usize),
    ) -> Result<Status, Fault> {
        let all = |stored| {
            sent(stored);
            true
        };
        self.send(UploadKind::Model, model, all).await?;
        let crc = Pack::crc(model);
        let in_force = |answer| status(answer).filter(|status| status.pack_crc == crc);
        self.ask_for(SLOW, &Message::UploadEnd, in_force).await
    }

    /// Sends all parts of an upload, and not its end; `goes_on` is told how many bytes are stored, and may
    /// stop it: then `false`.
    pub(super) async fn send(
        &mut self,
        kind: UploadKind,
        bytes: &[u8],
        mut goes_on: impl FnMut(usize) -> bool,
    ) -> Result<bool, Fault> {
        let length = u32::try_from(bytes.len()).map_err(|_| Fault::Refused(Refusal::Storage))?;
        let begun = |answer| status(answer).filter(|status| status.uploaded == 0);
        self.ask_for(SLOW, &Message::UploadBegin { length, kind }, begun).await?;
        let mut stored = 0;
        for part in bytes.chunks(CHUNK) {
            let bytes = part.iter().copied().collect();
            let end = stored + part.len() as u32;
            let reached = |answer| status(answer).filter(|status| status.uploaded >= end);
            self.ask(&Message::UploadChunk { offset: stored, bytes }, reached).await?;
            stored = end;
            if !goes_on(stored as usize) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
