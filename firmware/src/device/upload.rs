//! What is uploaded lies beside what is in force until it was checked whole.

use super::{Device, Event};
use crate::retained::Memory;
use crate::signed;
use crate::store::{Slot, Store};
use heapless::Vec;
use scaleiq_core::engine::Pack;
use scaleiq_core::wire::{CHUNK, Message, Refusal, UploadKind};

/// An upload under way, or complete.
#[derive(Clone, Copy, Debug)]
pub(super) struct Upload {
    kind: UploadKind,
    slot: Slot,
    length: u32,
    pub(super) stored: u32,
    /// Whether it was checked and is in force: a repeated end is answered as the first one.
    done: bool,
}

impl<'m, M: Memory, S: Store<'m>> Device<'m, M, S> {
    pub(super) fn begin(&mut self, length: u32, kind: UploadKind) -> Result<Message, Refusal> {
        let slot = self.in_force.map_or(Slot::First, Slot::other);
        self.upload = None;
        self.store.begin(slot, length).map_err(|_| Refusal::Storage)?;
        self.upload = Some(Upload { kind, slot, length, stored: 0, done: false });
        Ok(self.report())
    }

    pub(super) fn chunk(
        &mut self,
        offset: u32,
        bytes: &Vec<u8, CHUNK>,
    ) -> Result<Message, Refusal> {
        let upload = self.upload.as_mut().ok_or(Refusal::Upload)?;
        let end = offset.checked_add(bytes.len() as u32).ok_or(Refusal::Upload)?;
        if end > upload.length || (offset != upload.stored && end > upload.stored) {
            return Err(Refusal::Upload);
        }
        if offset == upload.stored {
            self.store.write(upload.slot, offset, bytes).map_err(|_| Refusal::Storage)?;
            upload.stored = end;
        }
        Ok(self.report())
    }

    pub(super) fn complete(
        &mut self,
        event: &mut Option<Event>,
        alive: &mut dyn FnMut(),
    ) -> Result<Message, Refusal> {
        let whole = self.upload.filter(|upload| upload.stored == upload.length);
        let Upload { kind, slot, length, done, .. } = whole.ok_or(Refusal::Upload)?;
        if !done {
            let bytes = self.store.read(slot, length);
            match kind {
                UploadKind::Model => {
                    let pack = signed::pack(bytes, self.store.key())?;
                    alive();
                    self.run(pack)?;
                    // The new one is proved: of two the next start would not know which.
                    if let Some(former) = self.in_force.replace(slot) {
                        self.store.discard(former);
                    }
                    *event = Some(Event::Model { crc: self.status.pack_crc });
                }
                UploadKind::Learned => {
                    self.bring_back(bytes)?;
                    self.store.discard(slot);
                }
            }
            self.upload = whole.map(|upload| Upload { done: true, ..upload });
        }
        Ok(self.report())
    }

    /// Puts the networks of a pack in force; what was learned stays.
    fn run(&mut self, bytes: &'m [u8]) -> Result<(), Refusal> {
        let pack = Pack::parse(bytes).map_err(|_| Refusal::Pack)?;
        self.controller.forecaster_mut().replace_model(pack.forecaster());
        let policy = self.controller.policy_mut();
        policy.replace_network(pack.q_network(), pack.q_network.min_advantage);
        self.controller.tune(pack.parameters);
        self.status.pack_crc = Pack::crc(bytes);
        Ok(())
    }
}

/// The sound pack that lies in the store from before, and where.
pub(super) fn kept<'m>(store: &impl Store<'m>) -> Option<(Slot, &'m [u8])> {
    Slot::BOTH.into_iter().find_map(|slot| {
        let all = store.kept(slot);
        let length = Pack::length(all)?.checked_add(signed::SIGNATURE)?.min(all.len());
        let pack = signed::pack(all.get(..length)?, store.key()).ok()?;
        Pack::parse(pack).ok().map(|_| (slot, pack))
    })
}
