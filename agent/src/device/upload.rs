//! Gives a device another model.

use super::fault::Fault;
use super::link::Link;
use super::request::status;
use scaleiq_core::engine::Pack;
use scaleiq_core::wire::{CHUNK, Message, Refusal, Status, UploadKind};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// Flash is erased before the first part, and the pack is read through twice after the last: these take
/// longer than other messages.
const SLOW: Duration = Duration::from_secs(10);

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
        let length = u32::try_from(model.len()).map_err(|_| Fault::Refused(Refusal::Storage))?;
        let begun = |answer| status(answer).filter(|status| status.uploaded == 0);
        self.ask_for(SLOW, &Message::UploadBegin { length, kind: UploadKind::Model }, begun)
            .await?;
        let mut stored = 0;
        for part in model.chunks(CHUNK) {
            let bytes = part.iter().copied().collect();
            let end = stored + part.len() as u32;
            let reached = |answer| status(answer).filter(|status| status.uploaded >= end);
            self.ask(&Message::UploadChunk { offset: stored, bytes }, reached).await?;
            stored = end;
            sent(stored as usize);
        }
        let crc = Pack::crc(model);
        let in_force = |answer| status(answer).filter(|status| status.pack_crc == crc);
        self.ask_for(SLOW, &Message::UploadEnd, in_force).await
    }
}
