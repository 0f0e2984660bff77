//! A device as it is seen by a thread that may wait for it.

use super::fault::{DeviceError, Fault};
use super::link::Link;
use super::port::{Port, Timeouts};
use scaleiq_core::decision::Decision;
use scaleiq_core::policy::NetworkRole;
use scaleiq_core::sample::Sample;
use scaleiq_core::settings::Settings;
use scaleiq_core::units::{JobLimits, UnixSeconds};
use scaleiq_core::wire::Status;
use tokio::runtime::{Builder, Runtime};
use tokio_serial::SerialStream;

/// Times that a device that was lost is asked whether it is there again: whoever waits for it has
/// waited before.
const PROBES: u32 = 2;

/// A device that was given its settings.
#[derive(Debug)]
pub struct Client {
    // Before the runtime, which it is registered with.
    link: Option<Link<SerialStream>>,
    runtime: Runtime,
    port: Port,
    timeouts: Timeouts,
    settings: Settings,
    /// CRC of the pack that decided at the start.
    pack_crc: u32,
    /// The part that the pack's Q-network has.
    network_role: NetworkRole,
    /// Samples that it has taken.
    epoch: u64,
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
            runtime,
            port: port.clone(),
            timeouts,
            settings: *settings,
            pack_crc: 0,
            network_role: NetworkRole::default(),
            epoch: 0,
        };
        let begun = client.open(timeouts.tries).and_then(|()| client.configure());
        let status = begun.map_err(|fault| port.error(fault))?;
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

    /// Lets go of the port: the next question opens it again.
    pub fn close(&mut self) {
        self.link = None;
    }

    /// What the device decides on `sample`, and whether it was found to have restarted. A device that
    /// was lost or has restarted is given its settings first.
    ///
    /// # Errors
    /// If it does not answer, refuses, or is not the one that it was at the start.
    pub fn sample(&mut self, sample: &Sample) -> Result<(Decision, bool), Fault> {
        if self.link.is_none() {
            self.open(PROBES)?;
            self.begin_again()?;
        }
        let (link, runtime) = self.parts()?;
        let decision = runtime.block_on(link.sample(sample))?;
        if decision.epoch == self.epoch.wrapping_add(1) && self.is_within_limits(&decision) {
            self.epoch = decision.epoch;
            return Ok((decision, false));
        }
        // It has restarted meanwhile, and may have forgotten its settings too.
        self.begin_again()?;
        let (knows, end) = (self.epoch > 0, sample.end);
        let (link, runtime) = self.parts()?;
        let decision = match knows {
            true => runtime.block_on(link.time(end)),
            false => runtime.block_on(link.sample(sample)),
        }?;
        self.check(&decision)?;
        self.epoch = decision.epoch;
        Ok((decision, true))
    }

    /// What the device decides for `now`, when its last decision is not to stand.
    ///
    /// # Errors
    /// If it does not answer, or has restarted.
    pub fn time(&mut self, now: UnixSeconds) -> Result<Decision, Fault> {
        let (link, runtime) = self.parts()?;
        let decision = runtime.block_on(link.time(now))?;
        self.check(&decision)?;
        if decision.epoch != self.epoch {
            return Err(Fault::Senseless("it has restarted"));
        }
        Ok(decision)
    }

    fn open(&mut self, tries: u32) -> Result<(), Fault> {
        let answer = self.timeouts.answer + self.port.line_time();
        let link = self.runtime.block_on(async {
            let mut probe = Link::new(self.port.open()?, answer, tries);
            probe.status().await?;
            Ok::<_, Fault>(probe.with_tries(self.timeouts.tries))
        })?;
        self.link = Some(link);
        Ok(())
    }

    fn configure(&mut self) -> Result<Status, Fault> {
        let settings = self.settings;
        let (link, runtime) = self.parts()?;
        runtime.block_on(link.configure(&settings))
    }

    /// Gives a device that may have restarted its settings, and sees what it remembers.
    fn begin_again(&mut self) -> Result<(), Fault> {
        let status = self.configure()?;
        if status.pack_crc != self.pack_crc {
            return Err(Fault::OtherPack { expected: self.pack_crc, found: status.pack_crc });
        }
        if status.epoch < self.epoch {
            tracing::warn!(
                resets = status.resets,
                cause = ?status.cause,
                crash = status.crash.as_ref().map(|crash| crash.text.as_str()),
                "the device on port {} has restarted: what it learned from {} samples is lost, and it \
                 begins anew",
                self.port.path,
                self.epoch
            );
        }
        self.epoch = status.epoch;
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
