//! The device without its line: a message in, a message out.

use crate::retained::{Memory, Retained};
use crate::store::Store;
use core::mem::MaybeUninit;
use heapless::Vec;
use scaleiq_core::controller::Controller;
use scaleiq_core::decision::Decision;
use scaleiq_core::engine::{NativeForecaster, NativeQNetwork, Pack, PackError};
use scaleiq_core::forecast::ForecastPipeline;
use scaleiq_core::policy::{Dqn, Policy, Stage};
use scaleiq_core::sample::Sample;
use scaleiq_core::settings::Settings;
use scaleiq_core::units::UnixSeconds;
use scaleiq_core::wire::{
    CHUNK, Config, FrameError, FrameReader, MAX_FRAME, Message, Refusal, Status, encode,
};

/// The controller, with the networks where the pack lies.
type Native<'m> = Controller<ForecastPipeline<NativeForecaster<'m>>, Dqn<NativeQNetwork<'m>>>;

/// What a board may want to log.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Event {
    Decided { epoch: u64, jobs: u32, stage: Stage },
    Dropped(FrameError),
    Refused(Refusal),
    Configured,
    Model { crc: u32 },
}

/// What is to be done after a message.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What goes back.
    pub frame: Vec<u8, MAX_FRAME>,
    /// Whether the device is blind: its decision is to hold for want of fresh data.
    pub blind: bool,
    /// Whether to restart once the answer was sent, with what was retained.
    pub restart: bool,
    /// For the log.
    pub event: Option<Event>,
}

/// An upload under way.
#[derive(Clone, Copy, Debug)]
struct Upload {
    length: u32,
    stored: u32,
}

/// A controller behind a serial line.
pub struct Device<'m, M, S> {
    reader: FrameReader,
    controller: Native<'m>,
    built_in: &'m [u8],
    last: Option<Sample>,
    last_decision: Option<Decision>,
    upload: Option<Upload>,
    status: Status,
    blind: bool,
    retained: Retained,
    memory: M,
    store: S,
}

impl<'m, M: Memory, S: Store<'m>> Device<'m, M, S> {
    /// Makes in `place` a device that runs the pack that the store has kept, else `built_in`, with
    /// `settings` unless others were retained. After a reset it holds the last number of jobs until
    /// there is fresh data, and does not scale down before the window for that is over.
    ///
    /// # Errors
    /// If `built_in` is no pack that the engine can run.
    // Larger than the stack: everything that makes it is inlined, so that it is made in its place.
    #[inline(always)]
    pub fn make<'p>(
        place: &'p mut MaybeUninit<Self>,
        settings: Settings,
        built_in: &'m [u8],
        mut memory: M,
        store: S,
    ) -> Result<&'p mut Self, PackError> {
        // The built-in pack decides during an upload: without it the device is none.
        let mut pack = Pack::parse(built_in)?;
        let mut bytes = built_in;
        if let Some((kept, its)) = kept(&store) {
            (pack, bytes) = (kept, its);
        }
        let before = Retained::load(&memory);
        let mut retained = before.unwrap_or_default();
        let status = Status {
            pack_crc: Pack::crc(bytes),
            jobs: retained.jobs,
            resets: retained.resets + u32::from(before.is_some()),
            by_watchdog: before.is_some_and(|before| !before.wanted),
            ..Status::default()
        };
        (retained.resets, retained.wanted) = (status.resets, false);
        retained.save(&mut memory);
        let kept = retained.config.and_then(|config| config.settings().ok());
        let settings = Settings { parameters: pack.parameters, ..kept.unwrap_or(settings) };
        let device = place.write(Self {
            reader: FrameReader::default(),
            controller: Controller::new(
                settings,
                ForecastPipeline::new(settings.interval, pack.forecaster()),
                Dqn::new(pack.q_network()).with_min_advantage(pack.q_network.min_advantage),
            ),
            built_in,
            last: None,
            last_decision: None,
            upload: None,
            status,
            blind: true,
            retained,
            memory,
            store,
        });
        if let Some(jobs) = status.jobs {
            device.controller.resume(jobs, UnixSeconds(0));
        }
        Ok(device)
    }

    /// Takes one byte of the line; gives the answer when it completed a frame.
    pub fn receive(&mut self, byte: u8) -> Option<Answer> {
        let read = self.reader.push(byte)?;
        let mut event = None;
        let message = match read {
            Ok(message) => self.handle(message, &mut event),
            Err(error) => {
                self.status.dropped = self.status.dropped.saturating_add(1);
                event = Some(Event::Dropped(error));
                Message::Refused(Refusal::Frame)
            }
        };
        if let Message::Refused(refusal) = message {
            event = event.or(Some(Event::Refused(refusal)));
        }
        // Every answer fits a frame: a test of the wire holds the longest to it.
        let frame = encode(&message).unwrap_or_default();
        Some(Answer { frame, blind: self.blind, restart: self.retained.wanted, event })
    }

    /// The decision for `seconds` after the last sample, as if the host had asked: whether it is to
    /// hold tells whether the device has become blind meanwhile.
    pub fn is_blind_after(&mut self, seconds: u32) -> bool {
        self.last.is_none_or(|last| {
            let stale_after = i64::from(self.controller.settings().stale_after_s);
            self.blind || i64::from(seconds) > stale_after.max(i64::from(last.interval_s))
        })
    }

    /// Notes how long the last decision took.
    pub fn took(&mut self, micros: u32) {
        self.status.decision_us = micros;
    }

    fn handle(&mut self, message: Message, event: &mut Option<Event>) -> Message {
        let result = match message {
            Message::Sample(sample) => self.sample(&sample).map(Message::Decision),
            Message::Time(now) => Ok(Message::Decision(self.decide(now))),
            Message::Ask => Ok(self.report()),
            Message::Configure(config) => self.configure(config, event),
            Message::UploadBegin { length } => self.begin(length),
            Message::UploadChunk { offset, bytes } => self.chunk(offset, &bytes),
            Message::UploadEnd => self.end(event),
            Message::Decision(_) | Message::Refused(_) | Message::Status(_) => Err(Refusal::Kind),
        };
        if let Ok(Message::Decision(decision)) = &result {
            let (epoch, jobs, stage) = (decision.epoch, decision.jobs.0, decision.stage);
            *event = Some(Event::Decided { epoch, jobs, stage });
        }
        result.unwrap_or_else(Message::Refused)
    }

    /// A sample that was taken already is answered by what was decided on it.
    fn sample(&mut self, sample: &Sample) -> Result<Decision, Refusal> {
        if !sample.is_sound() {
            return Err(Refusal::SampleValue);
        }
        if self.last.as_ref() == Some(sample)
            && let Some(decision) = &self.last_decision
        {
            return Ok(decision.clone());
        }
        if let (None, Some(jobs)) = (self.last, self.status.jobs) {
            self.controller.resume(jobs, sample.end);
        }
        self.controller.observe(sample, |_, _| {}).map_err(|_| Refusal::SampleTime)?;
        self.last = Some(*sample);
        self.status.epoch = self.status.epoch.saturating_add(1);
        let decision = self.decide(sample.end);
        self.last_decision = Some(decision.clone());
        Ok(decision)
    }

    fn decide(&mut self, now: UnixSeconds) -> Decision {
        let decision = self.controller.decide(now);
        self.blind = decision.stage == Stage::Hold;
        if self.status.jobs != Some(decision.jobs) {
            self.status.jobs = Some(decision.jobs);
            self.retained.jobs = self.status.jobs;
            self.retained.save(&mut self.memory);
        }
        decision
    }

    fn report(&self) -> Message {
        let uploaded = self.upload.map_or(0, |upload| upload.stored);
        let network_role = self.controller.policy().network_role();
        Message::Status(Status { uploaded, network_role, ..self.status })
    }

    /// Intervals of another length mean another memory: the device restarts with the settings.
    fn configure(&mut self, config: Config, event: &mut Option<Event>) -> Result<Message, Refusal> {
        let settings = config.settings().map_err(|_| Refusal::Config)?;
        let parameters = self.controller.settings().parameters;
        let settings = Settings { parameters, ..settings };
        self.retained.config = Some(config);
        self.retained.wanted = !self.controller.configure(settings);
        self.retained.save(&mut self.memory);
        *event = Some(Event::Configured);
        Ok(self.report())
    }

    /// While an upload is under way the built-in model decides: the store may hold the other one. It
    /// may still hold it where the upload is refused, as for its length.
    fn begin(&mut self, length: u32) -> Result<Message, Refusal> {
        self.run(self.built_in)?;
        self.upload = None;
        if self.store.begin(length).is_err() {
            if let Some((_, bytes)) = kept(&self.store) {
                self.run(bytes)?;
            }
            return Err(Refusal::Storage);
        }
        self.upload = Some(Upload { length, stored: 0 });
        Ok(self.report())
    }

    fn chunk(&mut self, offset: u32, bytes: &Vec<u8, CHUNK>) -> Result<Message, Refusal> {
        let upload = self.upload.as_mut().ok_or(Refusal::Upload)?;
        let end = offset.checked_add(bytes.len() as u32).ok_or(Refusal::Upload)?;
        if end > upload.length || (offset != upload.stored && end > upload.stored) {
            return Err(Refusal::Upload);
        }
        if offset == upload.stored {
            self.store.write(offset, bytes).map_err(|_| Refusal::Storage)?;
            upload.stored = end;
        }
        Ok(self.report())
    }

    /// A repeated end finds the model in force.
    fn end(&mut self, event: &mut Option<Event>) -> Result<Message, Refusal> {
        match self.upload {
            Some(Upload { length, stored }) if length == stored => {
                self.run(self.store.read(length))?;
                *event = Some(Event::Model { crc: self.status.pack_crc });
                Ok(self.report())
            }
            _ => Err(Refusal::Upload),
        }
    }

    /// Puts the networks of a pack in force.
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

/// The pack that lies in the store from before, with its bytes.
fn kept<'m>(store: &impl Store<'m>) -> Option<(Pack<'m>, &'m [u8])> {
    let all = store.kept();
    let bytes = all.get(..Pack::length(all)?)?;
    Pack::parse(bytes).ok().map(|pack| (pack, bytes))
}
