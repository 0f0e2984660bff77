//! What a device has learned: fetched, brought back, and kept meanwhile.

use super::fault::Fault;
use super::link::Link;
use super::request::status;
use super::upload::SLOW;
use scaleiq_core::sample::Sample;
use scaleiq_core::wire::{Message, Status, UploadKind};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};

/// The file of a journal's folder in which it is.
const FILE: &str = "device.learned";
/// Most samples that are kept to be told again: more than an hour of one in five seconds.
const MOST_SINCE: usize = 1024;
/// A device remembers four weeks: of what is older nothing would be left.
const OLD: Duration = Duration::from_secs(28 * 86_400);

impl<S: AsyncRead + AsyncWrite + Unpin> Link<S> {
    /// All that the device has learned from `epoch` samples; `None` if those are no longer all that it knows,
    /// as after a reset, or if `goes_on` says no.
    ///
    /// # Errors
    /// If the device does not answer or refuses.
    pub(super) async fn learned(
        &mut self,
        epoch: u64,
        goes_on: &impl Fn() -> bool,
    ) -> Result<Option<Vec<u8>>, Fault> {
        let mut all = Vec::new();
        while goes_on() {
            let asked = all.len() as u32;
            let part = |answer| match answer {
                Message::Learned { epoch, offset, bytes, .. } if offset == asked => {
                    Some((epoch, bytes))
                }
                _ => None,
            };
            let (its, bytes) = self.ask(&Message::AskLearned { offset: asked }, part).await?;
            if its != epoch {
                break;
            }
            if bytes.is_empty() {
                return Ok(Some(all));
            }
            all.extend_from_slice(&bytes);
        }
        Ok(None)
    }

    /// Gives the device what it had `learned`, and the samples that it took `since`: how it is then; `None`
    /// if `goes_on` says no.
    ///
    /// # Errors
    /// If the device does not answer or refuses.
    pub(super) async fn restore(
        &mut self,
        learned: &[u8],
        since: &[Sample],
        goes_on: &impl Fn() -> bool,
    ) -> Result<Option<Status>, Fault> {
        if !self.send(UploadKind::Learned, learned, |_| goes_on()).await? {
            return Ok(None);
        }
        self.ask_for(SLOW, &Message::UploadEnd, status).await?;
        for sample in since {
            if !goes_on() {
                return Ok(None);
            }
            self.sample(sample).await?;
        }
        self.status().await.map(Some)
    }
}

/// What a device had learned when it was last asked, and the samples that it took after that: in memory
/// and, without the samples, in a file.
#[derive(Debug)]
pub(super) struct Keeper {
    learned: Option<Vec<u8>>,
    since: Vec<Sample>,
    file: Option<PathBuf>,
    every: Duration,
    /// Not fetched before.
    due: Instant,
}

impl Keeper {
    /// Nothing yet, which is to be fetched in so long a time.
    pub(super) fn new(every: Duration) -> Self {
        let due = later(every);
        Self { learned: None, since: Vec::new(), file: None, every, due }
    }

    /// Keeps it in `folder`, too, and takes what lies there. What cannot be read is told, and done without.
    pub(super) fn keep_in(&mut self, folder: &Path) {
        let path = folder.join(FILE);
        let read = fs::metadata(&path).and_then(|about| {
            let age = about.modified()?.elapsed().unwrap_or_default();
            if age > OLD { Ok(None) } else { fs::read(&path).map(Some) }
        });
        match read {
            Ok(learned) => self.learned = learned,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => tracing::error!(
                "{}: {error}: what a device had learned before is not known",
                path.display()
            ),
        }
        self.file = Some(path);
    }

    pub(super) fn is_due(&self) -> bool {
        Instant::now() >= self.due
    }

    /// Takes what was fetched, of which the samples until then are a part.
    pub(super) fn fetched(&mut self, learned: Vec<u8>) {
        self.due = later(self.every);
        self.since.clear();
        if let Some(path) = &self.file
            && let Err(error) = write(path, &learned)
        {
            tracing::error!(
                "{}: {error}: what the device has learned is kept in memory alone",
                path.display()
            );
        }
        self.learned = Some(learned);
    }

    /// Notes a sample that the device took.
    pub(super) fn took(&mut self, sample: &Sample) {
        if self.learned.is_some() && self.since.len() < MOST_SINCE {
            self.since.push(*sample);
        }
    }

    /// What brings the device to where it was, if anything does.
    pub(super) fn kept(&self) -> Option<(Vec<u8>, Vec<Sample>)> {
        Some((self.learned.clone()?, self.since.clone()))
    }

    /// Keeps nothing any longer: the device cannot take it, or was told to forget.
    pub(super) fn forget(&mut self) {
        (self.learned, self.since) = (None, Vec::new());
        if let Some(path) = &self.file {
            // One that stays is offered again at the next start, and refused.
            let _ = fs::remove_file(path);
        }
    }
}

/// A moment that may be too far away to be one.
fn later(wait: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(wait).unwrap_or(now + Duration::from_secs(1 << 30))
}

fn write(path: &Path, learned: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension("learned.new");
    let mut file = File::create(&unfinished)?;
    file.write_all(learned)?;
    file.sync_all()?;
    fs::rename(unfinished, path)
}
