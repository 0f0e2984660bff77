//! The device without its line: a message in, a message out.

mod learned;
mod upload;

use crate::retained::{Memory, Retained};
use crate::store::{Slot, Store};
use core::mem::MaybeUninit;
use heapless::Vec;
use scaleiq_core::controller::Controller;
use scaleiq_core::decision::Decision;
use scaleiq_core::engine::{NativeForecaster, NativeQNetwork, Pack, PackError};
use scaleiq_core::forecast::ForecastPipeline;
use scaleiq_core::history::FOUR_WEEKS;
use scaleiq_core::policy::{Dqn, Policy, Stage};
use scaleiq_core::sample::Sample;
use scaleiq_core::settings::Settings;
use scaleiq_core::units::UnixSeconds;
use scaleiq_core::wire::{
    Config, Frame, FrameError, FrameReader, MAX_FRAME, Message, NO_SEQUENCE, Refusal, ResetCause,
    Status, encode,
};
use upload::Upload;

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

/// A controller behind a serial line.
pub struct Device<'m, M, S> {
    reader: FrameReader,
    controller: Native<'m>,
    /// Where the pack that decides lies, unless it is the built-in one.
    in_force: Option<Slot>,
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
        // A device without a sound built-in pack would be none once the store is empty.
        let mut pack = Pack::parse(built_in)?;
        let (mut bytes, mut in_force) = (built_in, None);
        if let Some((slot, its)) = upload::kept(&store)
            && let Ok(kept) = Pack::parse(its)
        {
            (pack, bytes, in_force) = (kept, its, Some(slot));
        }
        let retained = Retained::begin(&mut memory);
        let status = Status {
            pack_crc: Pack::crc(bytes),
            takes_unsigned: store.key().is_none(),
            jobs: retained.jobs,
            resets: retained.resets,
            ..Status::default()
        };
        let kept = retained.config.and_then(|config| config.settings().ok());
        let settings = Settings { parameters: pack.parameters, ..kept.unwrap_or(settings) };
        let device = place.write(Self {
            reader: FrameReader::default(),
            controller: Controller::new(
                settings,
                ForecastPipeline::new(settings.interval, pack.forecaster()),
                Dqn::new(pack.q_network()).with_min_advantage(pack.q_network.min_advantage),
            ),
            in_force,
            last: None,
            last_decision: None,
            upload: None,
            status,
            blind: true,
            retained,
            memory,
            store,
        });
        if let Some(jobs) = device.status.jobs {
            device.controller.resume(jobs, UnixSeconds(0));
        }
        Ok(device)
    }

    /// Takes one byte of the line; gives the answer when it completed a frame. What takes long calls
    /// `alive` now and then.
    pub fn receive(&mut self, byte: u8, alive: &mut dyn FnMut()) -> Option<Answer> {
        let read = self.reader.push(byte)?;
        let mut event = None;
        let (sequence, message) = match read {
            Ok(Frame { sequence, message }) => (sequence, self.handle(message, &mut event, alive)),
            Err(error) => {
                self.status.dropped = self.status.dropped.saturating_add(1);
                event = Some(Event::Dropped(error));
                match error {
                    FrameError::Unknown { sequence } => (sequence, Message::Refused(Refusal::Kind)),
                    FrameError::Version(_) => (NO_SEQUENCE, Message::Refused(Refusal::Version)),
                    _ => (NO_SEQUENCE, Message::Refused(Refusal::Frame)),
                }
            }
        };
        if let Message::Refused(refusal) = message {
            event = event.or(Some(Event::Refused(refusal)));
        }
        // Every answer fits a frame: a test of the wire holds the longest to it.
        let frame = encode(sequence, &message).unwrap_or_default();
        let restart = self.retained.ends.is_some();
        Some(Answer { frame, blind: self.blind, restart, event })
    }

    /// The receiver lost bytes: the frame that they were of comes damaged, and is asked for again.
    pub fn overrun(&mut self) {
        self.status.overruns = self.status.overruns.saturating_add(1);
    }

    /// The board is about to restart because of `cause`, which the next start tells.
    pub fn end(&mut self, cause: ResetCause) {
        self.retained.ends = Some(cause);
        self.retained.save(&mut self.memory);
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

    fn handle(
        &mut self,
        message: Message,
        event: &mut Option<Event>,
        alive: &mut dyn FnMut(),
    ) -> Message {
        let result = match message {
            Message::Sample(sample) => self.sample(&sample, alive).map(Message::Decision),
            Message::Time(now) => Ok(Message::Decision(self.decide(now))),
            Message::Ask => Ok(self.report()),
            Message::Configure(config) => self.configure(config, event),
            Message::UploadBegin { length, kind } => self.begin(length, kind),
            Message::UploadChunk { offset, bytes } => self.chunk(offset, &bytes),
            Message::UploadEnd => self.complete(event, alive),
            Message::Forget => Ok(self.forget()),
            Message::AskLearned { offset } => Ok(self.learned(offset)),
            Message::Decision(_)
            | Message::Refused(_)
            | Message::Status(_)
            | Message::Learned { .. } => Err(Refusal::Kind),
        };
        if let Ok(Message::Decision(decision)) = &result {
            let (epoch, jobs, stage) = (decision.epoch, decision.jobs.0, decision.stage);
            *event = Some(Event::Decided { epoch, jobs, stage });
        }
        result.unwrap_or_else(Message::Refused)
    }

    /// A sample that was taken already is answered by what was decided on it.
    fn sample(&mut self, sample: &Sample, alive: &mut dyn FnMut()) -> Result<Decision, Refusal> {
        if !sample.is_sound() {
            return Err(Refusal::SampleValue);
        }
        if self.last.as_ref() == Some(sample)
            && let Some(decision) = &self.last_decision
        {
            return Ok(decision.clone());
        }
        if self.last.is_some_and(|last| sample.end.since(last.end) > self.longest_hole_s()) {
            return Err(Refusal::SampleJump);
        }
        if let (None, Some(jobs)) = (self.last, self.status.jobs) {
            self.controller.resume(jobs, sample.end);
        }
        let observed = self.controller.observe(sample, |_, _| alive());
        observed.map_err(|_| Refusal::SampleTime)?;
        self.last = Some(*sample);
        self.status.epoch = self.status.epoch.saturating_add(1);
        let decision = self.decide(sample.end);
        self.last_decision = Some(decision.clone());
        Ok(decision)
    }

    /// What is remembered: after a longer hole nothing of it would be left.
    fn longest_hole_s(&self) -> i64 {
        FOUR_WEEKS as i64 * i64::from(self.controller.settings().interval.seconds())
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
        Message::Status(Status {
            uploaded: self.upload.map_or(0, |upload| upload.stored),
            network_role: self.controller.policy().network_role(),
            last_end: self.last.map(|sample| sample.end),
            cause: self.retained.cause,
            crash: self.retained.crash.clone(),
            stack_unused: self.memory.stack_unused(),
            ..self.status.clone()
        })
    }

    /// What was decided and set outlives a restart, and nothing else does.
    fn forget(&mut self) -> Message {
        self.end(ResetCause::Wanted);
        self.report()
    }

    /// Intervals of another length mean another memory: the device restarts with the settings.
    fn configure(&mut self, config: Config, event: &mut Option<Event>) -> Result<Message, Refusal> {
        let settings = config.settings().map_err(|_| Refusal::Config)?;
        let parameters = self.controller.settings().parameters;
        let settings = Settings { parameters, ..settings };
        self.retained.config = Some(config);
        if !self.controller.configure(settings) {
            self.retained.ends = Some(ResetCause::Wanted);
        }
        self.retained.save(&mut self.memory);
        *event = Some(Event::Configured);
        Ok(self.report())
    }
}
