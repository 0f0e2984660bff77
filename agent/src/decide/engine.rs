//! What runs a model's networks: as the user asks for it, as the model allows, and as is fastest here.

use super::choice::ModelChoice;
use super::timed::Timed;
use clap::ValueEnum;
use scaleiq_core::forecast::{
    CALENDAR, CHANNELS, CONTEXT, ForecastModel, LEVELS, ModelInput, SLOT_WIDTH, SLOTS, STEPS,
    Scale, WINDOW,
};
use scaleiq_core::model::{Bundle, FORECASTER_F32, ModelError, Origin, PACK, Precision};
use std::time::{Duration, Instant};

/// Forecasts by which a precision is timed, behind a first one that is not.
const TIMED: usize = 5;

/// What runs the networks: `--engine`, `engine:`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// tract, from the ONNX files: the forecaster in f32 or in int8, whichever is faster here.
    Tract,
    /// tract, with the forecaster in f32.
    TractF32,
    /// tract, with the forecaster in int8.
    TractInt8,
    /// The int8 engine of microcontrollers, from the model's pack: the fastest. tract takes its place
    /// for a model that is too large for it.
    #[default]
    Native,
}

impl Engine {
    /// Those that run networks the same on each machine.
    pub const EXACT: [Self; 3] = [Self::Native, Self::TractF32, Self::TractInt8];

    /// The word for it in configurations.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Tract => "tract",
            Self::TractF32 => "tract-f32",
            Self::TractInt8 => "tract-int8",
            Self::Native => "native",
        }
    }

    /// The numbers in which tract runs the forecaster; `None` for the int8 engine.
    #[must_use]
    pub fn precision(self) -> Option<Precision> {
        match self {
            Self::Native => None,
            Self::TractF32 => Some(Precision::Float),
            Self::Tract | Self::TractInt8 => Some(Precision::Int8),
        }
    }

    /// Which of [`Engine::EXACT`] runs `model` on this machine where this one is asked for; that is
    /// logged where it is another one.
    ///
    /// # Errors
    /// If the model's files cannot be read, are damaged, or were made for another version.
    pub fn running(self, model: &ModelChoice) -> Result<Self, ModelError> {
        let Some(origin) = model.origin() else { return Ok(self) };
        match self {
            Self::Tract => Self::faster(origin),
            Self::Native => {
                let card = Bundle::card_of(origin)?;
                if card.files.contains_key(PACK) {
                    return Ok(self);
                }
                let why = card.too_large.unwrap_or_else(|| "`trainer pack` makes it".into());
                tracing::warn!("{} has no {PACK}, so tract runs it: {why}", card.name);
                Self::faster(origin)
            }
            Self::TractF32 | Self::TractInt8 => Ok(self),
        }
    }

    /// The faster of tract's two, as measured now: on processors without VNNI int8 takes up to ten
    /// times as long as f32, with it large networks take half.
    fn faster(origin: Origin<'_>) -> Result<Self, ModelError> {
        let int8 = Bundle::open(origin, Precision::Int8)?;
        let name = &int8.card().name;
        // A model may come without the larger file.
        let float = match Bundle::open(origin, Precision::Float) {
            Ok(float) => float,
            Err(error) => {
                tracing::info!(
                    "tract runs {name} in int8: {FORECASTER_F32} is not at hand: {error}"
                );
                return Ok(Self::TractInt8);
            }
        };
        let (engine, [float, int8]) = match [time(&float), time(&int8)] {
            took @ [float, int8] if int8 < float => (Self::TractInt8, took),
            took => (Self::TractF32, took),
        };
        let ms = |took: Duration| took.as_secs_f32() * 1000.0;
        tracing::info!(
            "engine {} for {name}: a forecast takes {:.2} ms in f32 and {:.2} ms in int8 here",
            engine.word(),
            ms(float),
            ms(int8)
        );
        Ok(engine)
    }
}

/// The least time that a forecast takes; the longest where there is none.
fn time(bundle: &Bundle) -> Duration {
    let input = ModelInput {
        recent: [[[0.0; WINDOW]; CHANNELS]; LEVELS],
        seasons: [[0.0; SLOT_WIDTH]; SLOTS],
        calendar: [[0.0; CALENDAR]; STEPS],
        context: [0.0; CONTEXT],
        scale: Scale { level: 1.0, anchor: 0.0, swing: 1.0 },
    };
    let Ok(mut network) = Timed::forecaster(bundle.forecaster().clone()) else {
        return Duration::MAX;
    };
    let mut once = || {
        let begin = Instant::now();
        network.infer(&input).map_or(Duration::MAX, |_| begin.elapsed())
    };
    // The first one may set things up.
    if once() == Duration::MAX {
        return Duration::MAX;
    }
    (0..TIMED).map(|_| once()).min().unwrap_or(Duration::MAX)
}
