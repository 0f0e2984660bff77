//! A device as it is seen by a thread that may wait for it.

use super::errand::{Errand, Outcome, UnderWay};
use super::fault::{DeviceError, Fault};
use super::learned::Keeper;
use super::link::Link;
use super::port::{Port, Timeouts};
use scaleiq_core::decision::Decision;
use scaleiq_core::policy::NetworkRole;
use scaleiq_core::sample::Sample;
use scaleiq_core::settings::Settings;
use scaleiq_core::units::{JobLimits, UnixSeconds};
use scaleiq_core::wire::{ResetCause, Status};
use std::mem::take;
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};
use tokio_serial::SerialStream;

/// Times that a device that was lost is asked whether it is there again: whoever waits for it has
/// waited before.
const PROBES: u32 = 2;
/// Most samples that wait for the line while something longer is done on it.
const MOST_WAITING: usize = 64;

/// A device that was given its settings.
#[derive(Debug)]
pub struct Client {
    // Before the runtime, which it is registered with.
    link: Option<Link<SerialStream>>,
    errand: Option<UnderWay>,
    runtime: Arc<Runtime>,
    port: Port,
    timeouts: Timeouts,
    settings: Settings,
    /// CRC of the pack that decided at the start.
    pack_crc: u32,
    /// The part that the pack's Q-network has.
    network_role: NetworkRole,
    /// Samples that it has taken.
    epoch: u64,
    /// At the start it knew nothing, and nobody had told it to forget.
    is_new: bool,
    /// What it had learned when it was last asked.
    keeper: Keeper,
    /// Samples that it is told once the errand is over.
    waiting: Vec<Sample>,
    /// It was found to have restarted, which was not told yet.
    has_restarted: bool,
}

impl Client {
    /// Opens `port` and gives the device `settings`. Not to be called within a runtime, as all that
    /// waits here.
    ///
    /// # Errors
    /// If the port cannot be opened, the device does not answer, or it refuses the settings.
    pub fn connect(
        port: &Port,
        timeouts: Timeouts,
        settings: &Settings,
    ) -> Result<Self, DeviceError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| port.error(Fault::Broken(error)))?;
        let mut client = Self {
            link: None,
            errand: None,
            runtime: Arc::new(runtime),
            port: port.clone(),
            timeouts,
            settings: *settings,
            pack_crc: 0,
            network_role: NetworkRole::default(),
            epoch: 0,
            is_new: false,
            keeper: Keeper::new(timeouts.keep),
            waiting: Vec::new(),
            has_restarted: false,
        };
        let begun = client.open(timeouts.tries).and_then(|found| Ok((found, client.configure()?)));
        let (found, status) = begun.map_err(|fault| port.error(fault))?;
        client.is_new = status.epoch == 0 && found.cause != ResetCause::Wanted;
        (client.pack_crc, client.epoch) = (status.pack_crc, status.epoch);
        client.network_role = status.network_role;
        Ok(client)
    }

    /// How the device on `port` is, which is only asked.
    ///
    /// # Errors
    /// If the port cannot be opened or the device does not answer.
    pub fn look(port: &Port, timeouts: Timeouts) -> Result<Status, DeviceError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let asked = runtime.map_err(Fault::Broken).and_then(|runtime| {
            runtime.block_on(async {
                let answer = timeouts.answer + port.line_time();
                Link::new(port.open()?, answer, timeouts.tries).status().await
            })
        });
        asked.map_err(|fault| port.error(fault))
    }

    /// CRC of the pack that decides.
    #[must_use]
    pub fn pack_crc(&self) -> u32 {
        self.pack_crc
    }

    /// The part that its Q-network has in decisions.
    #[must_use]
    pub fn network_role(&self) -> NetworkRole {
        self.network_role
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> &Port {
        &self.port
    }

    /// How long it is waited for.
    #[must_use]
    pub fn timeouts(&self) -> Timeouts {
        self.timeouts
    }

    /// The settings that it was given.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Other limits from the next sample on.
    pub fn set_limits(&mut self, limits: JobLimits) {
        self.settings.limits = limits;
        self.close();
    }

    /// Samples that the device has taken since its start, as far as it said.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Keeps what the device learns in `folder`, too, and gives a device that knows nothing what lies there.
    pub fn keep_in(&mut self, folder: &Path) {
        self.keeper.keep_in(folder);
        if self.is_new {
            self.bring_back();
        }
    }

    /// Whether the line is taken by something longer: until that is over samples wait for it.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.errand.as_ref().is_some_and(|errand| !errand.is_over())
    }

    /// Lets go of the port: the next question opens it again.
    pub fn close(&mut self) {
        (self.link, self.errand) = (None, None);
    }

    /// What the device decides on `sample`, and whether it was found to have restarted; `None` while the
    /// line is busy: the device gets the sample after that. A device that was lost or has restarted is given
    /// its settings first, and what it had learned.
    ///
    /// # Errors
    /// If it does not answer, refuses, or is not the one that it was at the start.
    pub fn sample(&mut self, sample: &Sample) -> Result<Option<(Decision, bool)>, Fault> {
        self.waiting.push(*sample);
        if self.is_busy() && self.waiting.len() < MOST_WAITING {
            return Ok(None);
        }
        let waiting = take(&mut self.waiting);
        self.come_back()?;
        if self.link.is_none() {
            self.open(PROBES)?;
            self.begin_again()?;
        }
        let mut last = None;
        for (k, sample) in waiting.iter().enumerate() {
            if self.errand.is_none() {
                last = self.ask(sample)?;
            }
            if self.errand.is_some() {
                // It has begun anew, and gets this one after what it had learned.
                self.waiting = waiting.get(k..).unwrap_or_default().to_vec();
                return Ok(None);
            }
        }
        if self.keeper.is_due() {
            self.send_off(Errand::Fetch(self.epoch));
        }
        Ok(last.map(|decision| (decision, take(&mut self.has_restarted))))
    }

    /// What the device decides on `sample`; `None` if it has to be given what it had learned before.
    fn ask(&mut self, sample: &Sample) -> Result<Option<Decision>, Fault> {
        let (link, runtime) = self.parts()?;
        let mut decision = runtime.block_on(link.sample(sample))?;
        if decision.epoch != self.epoch.wrapping_add(1) || !self.is_within_limits(&decision) {
            // It has restarted meanwhile, and may have forgotten its settings too.
            self.has_restarted = true;
            self.begin_again()?;
            if self.errand.is_some() {
                return Ok(None);
            }
            let (knows, end) = (self.epoch > 0, sample.end);
            let (link, runtime) = self.parts()?;
            decision = match knows {
                true => runtime.block_on(link.time(end)),
                false => runtime.block_on(link.sample(sample)),
            }?;
            self.check(&decision)?;
        }
        self.epoch = decision.epoch;
        self.keeper.took(sample);
        Ok(Some(decision))
    }

    /// What the device decides for `now`, when its last decision is not to stand.
    ///
    /// # Errors
    /// If it does not answer, or has restarted.
    pub fn time(&mut self, now: UnixSeconds) -> Result<Decision, Fault> {
        self.come_back()?;
        let (link, runtime) = self.parts()?;
        let decision = runtime.block_on(link.time(now))?;
        self.check(&decision)?;
        if decision.epoch != self.epoch {
            return Err(Fault::Senseless("it has restarted"));
        }
        Ok(decision)
    }

    /// Opens the line: how the device is found.
    fn open(&mut self, tries: u32) -> Result<Status, Fault> {
        let answer = self.timeouts.answer + self.port.line_time();
        let (link, found) = self.runtime.block_on(async {
            let mut probe = Link::new(self.port.open()?, answer, tries);
            let found = probe.status().await?;
            Ok::<_, Fault>((probe.with_tries(self.timeouts.tries), found))
        })?;
        self.link = Some(link);
        Ok(found)
    }

    fn configure(&mut self) -> Result<Status, Fault> {
        let settings = self.settings;
        let (link, runtime) = self.parts()?;
        runtime.block_on(link.configure(&settings))
    }

    /// Gives a device that may have restarted its settings, and sees what it remembers.
    fn begin_again(&mut self) -> Result<(), Fault> {
        let (link, runtime) = self.parts()?;
        let found = runtime.block_on(link.status())?;
        // Another interval makes it restart, which is no news.
        let status = self.configure()?;
        if status.pack_crc != self.pack_crc {
            return Err(Fault::OtherPack { expected: self.pack_crc, found: status.pack_crc });
        }
        let forgot = status.epoch < self.epoch;
        if forgot {
            tracing::warn!(
                resets = found.resets,
                cause = ?found.cause,
                crash = found.crash.as_ref().map(|crash| crash.text.as_str()),
                "the device on port {} has restarted: what it learned from {} samples is lost there",
                self.port.path,
                self.epoch
            );
        }
        self.epoch = status.epoch;
        if forgot && found.cause == ResetCause::Wanted {
            // Somebody told it to forget.
            self.keeper.forget();
        } else if forgot {
            self.bring_back();
        }
        Ok(())
    }

    /// Begins to give the device what it had learned, if that is kept.
    fn bring_back(&mut self) {
        if let Some((learned, since)) = self.keeper.kept() {
            tracing::info!(
                "the device on port {} is given back what it had learned",
                self.port.path
            );
            self.send_off(Errand::Restore(learned, since));
        }
    }

    fn send_off(&mut self, errand: Errand) {
        if let Some(link) = self.link.take() {
            self.errand = Some(UnderWay::begin(errand, link, Arc::clone(&self.runtime)));
        }
    }

    /// Ends the errand under way, and takes what came of it.
    fn come_back(&mut self) -> Result<(), Fault> {
        let Some(errand) = self.errand.take() else { return Ok(()) };
        let (link, done) = errand.end()?;
        self.link = Some(link);
        match done {
            Ok(Outcome::Fetched(learned)) => self.keeper.fetched(learned),
            Ok(Outcome::Restored(status)) => self.epoch = status.epoch,
            Ok(Outcome::Stopped) => {}
            Err(Fault::Refused(refusal)) => {
                tracing::warn!(
                    "the device on port {} cannot go on from what it had learned, and begins anew: {}",
                    self.port.path,
                    Fault::Refused(refusal)
                );
                self.keeper.forget();
                let (link, runtime) = self.parts()?;
                self.epoch = runtime.block_on(link.status())?.epoch;
            }
            Err(fault) => return Err(fault),
        }
        Ok(())
    }

    fn parts(&mut self) -> Result<(&mut Link<SerialStream>, &Runtime), Fault> {
        let link = self.link.as_mut().ok_or(Fault::Senseless("it is not open"))?;
        Ok((link, &self.runtime))
    }

    fn check(&self, decision: &Decision) -> Result<(), Fault> {
        match self.is_within_limits(decision) {
            true => Ok(()),
            false => Err(Fault::Senseless("its decision is not within the limits of the settings")),
        }
    }

    fn is_within_limits(&self, decision: &Decision) -> bool {
        self.settings.limits.clamp(decision.jobs) == decision.jobs
    }
}
