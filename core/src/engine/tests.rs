//! A small made-up pack through writing, reading, damage and running.

use super::*;
use crate::forecast::{
    CALENDAR, CHANNELS, CONTEXT, ForecastModel, LEVELS, ModelInput, QUANTILES, SLOT_WIDTH, SLOTS,
    STEPS, Scale, WINDOW,
};
use crate::parameters::Parameters;
use crate::policy::{ACTIONS, OBSERVATION, ValueModel};
use proptest::prelude::*;
use std::vec::Vec;

/// Numbers without a pattern, and the memory that a test pack borrows from.
#[derive(Default)]
struct Maker(u32);

impl Maker {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0 >> 8
    }

    /// Within -1..1.
    fn unit(&mut self) -> f32 {
        self.next() as f32 / (1 << 23) as f32 - 1.0
    }

    fn bytes(&mut self, count: usize) -> &'static [u8] {
        Vec::leak((0..count).map(|_| self.next() as u8).collect())
    }

    fn floats(&mut self, count: usize, size: f32) -> Floats<'static> {
        let bytes = (0..count).flat_map(|_| (size * self.unit()).to_le_bytes()).collect();
        Floats(Vec::leak(bytes))
    }

    fn dense(&mut self, inputs: usize, outputs: usize) -> Dense<'static> {
        Dense {
            inputs: inputs as u16,
            outputs: outputs as u16,
            scale: 1.0 / 32.0,
            weights: self.bytes(inputs.next_multiple_of(4) * outputs),
            factors: self.floats(outputs, 1e-4),
            bias: self.floats(outputs, 0.1),
        }
    }

    fn norm(&mut self, width: usize) -> Norm<'static> {
        Norm { gain: self.floats(width, 1.0), bias: self.floats(width, 0.1) }
    }

    fn attention(&mut self, width: usize) -> Attention<'static> {
        let [query, key, value, output] = [(); 4].map(|()| self.dense(width, width));
        Attention { query, key, value, output }
    }

    fn feed_forward(&mut self, width: usize, inner: usize) -> FeedForward<'static> {
        FeedForward { inner: self.dense(width, inner), outer: self.dense(inner, width) }
    }

    fn pack(&mut self, width: usize, heads: usize, null: bool) -> Pack<'static> {
        let blocks = (0..2).map(|_| Block {
            norm_1: self.norm(width),
            attention: self.attention(width),
            norm_2: self.norm(width),
            feed_forward: self.feed_forward(width, 2 * width),
        });
        let blocks = blocks.collect();
        let forecaster = ForecasterPack {
            width: width as u16,
            heads: heads as u16,
            convolution: self.dense(REACH * CHANNELS, 9),
            patch: self.dense(PATCH * 9, width),
            season: self.dense(SLOT_WIDTH, width),
            mean: self.floats(CONTEXT, 1.0),
            inverse_deviation: self.floats(CONTEXT, 1.0),
            context: self.dense(CONTEXT, width),
            positions: self.floats(TOKENS * width, 1.0),
            blocks,
            norm: self.norm(width),
            query: self.dense(CALENDAR, width),
            steps: self.floats(STEPS * width, 1.0),
            copy_query: self.dense(width, width),
            copy_key: self.dense(width, width),
            null_scores: null.then(|| self.floats(heads, 1.0)),
            copy_gain: self.floats(heads, 1.0),
            attention: self.attention(width),
            decoder_norm: self.norm(width),
            decoder: self.feed_forward(width, width),
            outputs: [(); 3].map(|()| self.dense(width, QUANTILES.len())),
        };
        let q_network = QNetworkPack {
            min_advantage: 0.25,
            trunk: [self.dense(OBSERVATION, 24)].into_iter().collect(),
            value: [self.dense(24, 12), self.dense(12, 1)].into_iter().collect(),
            advantage: [self.dense(24, 12), self.dense(12, ACTIONS)].into_iter().collect(),
        };
        Pack { forecaster, q_network, parameters: Parameters::DEFAULT }
    }

    fn input(&mut self) -> ModelInput {
        let mut unit = || self.unit();
        ModelInput {
            recent: [[[(); WINDOW]; CHANNELS]; LEVELS].map(|l| l.map(|c| c.map(|()| unit()))),
            seasons: [[(); SLOT_WIDTH]; SLOTS].map(|s| s.map(|()| unit())),
            calendar: [[(); CALENDAR]; STEPS].map(|s| s.map(|()| unit())),
            context: [(); CONTEXT].map(|()| unit()),
            scale: Scale { level: 1.0, anchor: 0.0, swing: 1.0 },
        }
    }
}

fn written(pack: &Pack) -> Vec<u8> {
    let mut bytes = vec![0; 300_000];
    let length = pack.write(&mut bytes).unwrap();
    bytes.truncate(length);
    bytes
}

#[test]
fn a_pack_is_read_back_and_runs() {
    for (width, heads, null) in [(8, 2, true), (12, 3, false), (MAX_WIDTH, 4, true)] {
        let mut maker = Maker::default();
        let pack = maker.pack(width, heads, null);
        let bytes = written(&pack);
        let read = Pack::parse(&bytes).unwrap();
        assert_eq!(read, pack);
        let Ok(changes) = read.forecaster().infer(&maker.input());
        assert!(changes.chunks(QUANTILES.len()).all(<[f32]>::is_sorted));
        assert!(changes.iter().all(|c| c.is_finite()));
        let Ok(values) = read.q_network().values(&[0.5; OBSERVATION]);
        assert!(values.iter().all(|v| v.is_finite()) && values[0] != values[1]);
    }
}

/// A pack with parameters of its own is of its version; one with the defaults is of version 1, byte for byte
/// what it was before there were others.
#[test]
fn parameters_are_carried_where_they_differ() {
    let plain = Maker::default().pack(8, 2, true);
    let mut tuned = plain.clone();
    assert!(tuned.parameters.set("planner.cheap", "median_wait", 0.25));
    let [of_plain, of_tuned] = [&plain, &tuned].map(written);
    assert_eq!((of_plain[4], of_tuned[4]), (1, 4));
    let mut before = of_tuned.clone();
    before[4] = 3;
    assert_eq!(Pack::parse(&before), Err(PackError::Version(3)));
    assert_eq!(Pack::parse(&of_tuned).unwrap(), tuned);
    assert_eq!(Pack::length(&of_tuned), Some(of_tuned.len()));
    let nonsense = |number: f32| {
        let mut pack = plain.clone();
        pack.parameters.guard.floor_wait = number;
        pack.write(&mut [0; 300_000])
    };
    for number in [f32::NAN, f32::INFINITY, -0.1] {
        assert_eq!(nonsense(number), Err(PackError::Parameters));
    }
}

#[test]
fn networks_give_the_same_bits_on_all_instructions() {
    let bits = |numbers: &[f32]| numbers.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    for (width, heads, null) in [(8, 2, true), (12, 3, false), (MAX_WIDTH, 4, true)] {
        let mut maker = Maker::default();
        let pack = maker.pack(width, heads, null);
        let input = maker.input();
        let state = [(); OBSERVATION].map(|()| maker.unit());
        let run = |on: Instructions| {
            let Ok(changes) = pack.forecaster().on(on).infer(&input);
            let Ok(values) = pack.q_network().on(on).values(&state);
            [bits(&changes), bits(&values)]
        };
        let expected = run(Instructions::PORTABLE);
        for instructions in Instructions::all() {
            assert_eq!(run(instructions), expected, "{instructions}");
        }
    }
}

#[test]
fn what_is_not_a_number_does_no_harm() {
    let mut maker = Maker::default();
    let pack = maker.pack(16, 4, true);
    let mut input = maker.input();
    input.recent[0][0][5] = f32::NAN;
    input.seasons[3][40 - 1] = f32::INFINITY;
    input.context[9] = f32::NEG_INFINITY;
    let Ok(_) = pack.forecaster().infer(&input);
}

#[test]
fn unsound_parts_are_named() {
    let maker = || Maker::default().pack(16, 4, true);
    let refused = |pack: &Pack| pack.write(&mut vec![0; 300_000]).unwrap_err();
    let mut pack = maker();
    pack.forecaster.heads = 5;
    assert_eq!(refused(&pack), PackError::Unsound(Part::Sizes));
    pack.forecaster.heads = 0;
    assert_eq!(refused(&pack), PackError::Unsound(Part::Sizes));
    let mut pack = maker();
    pack.forecaster.season.scale = 0.3;
    assert_eq!(refused(&pack), PackError::Unsound(Part::Season));
    let mut pack = maker();
    pack.forecaster.blocks[1].feed_forward.inner.outputs += 1;
    assert_eq!(refused(&pack), PackError::Unsound(Part::Block));
    let mut pack = maker();
    pack.q_network.advantage.pop();
    assert_eq!(refused(&pack), PackError::Unsound(Part::QNetwork));
    let nan = f32::NAN.to_le_bytes().repeat(4);
    let mut pack = maker();
    pack.forecaster.copy_gain = Floats(&nan);
    assert_eq!(refused(&pack), PackError::Unsound(Part::Copy));
}

#[test]
fn headers_are_checked() {
    let bytes = written(&Maker::default().pack(8, 2, false));
    let with = |at: usize, to: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = to;
        Pack::parse(&bytes).unwrap_err()
    };
    assert_eq!(Pack::length(&bytes), Some(bytes.len()));
    assert_eq!(Pack::length(&bytes[..11]), None);
    assert_eq!(Pack::length(&[0xFF; 64]), None);
    assert_eq!(Pack::parse(&bytes[..15]).unwrap_err(), PackError::NoPack);
    assert_eq!(with(0, b'X'), PackError::NoPack);
    assert_eq!(with(4, 99), PackError::Version(99));
    assert_eq!(with(6, 1), PackError::Needs(1));
    assert_eq!(with(7, 1), PackError::Needs(256));
    assert_eq!(Pack::parse(&bytes[..bytes.len() - 1]).unwrap_err(), PackError::Length);
    assert_eq!(with(bytes.len() / 2, bytes[bytes.len() / 2] ^ 1), PackError::Checksum);
    let error = Maker::default().pack(8, 2, false).write(&mut [0; 1000]).unwrap_err();
    assert_eq!(error, PackError::TooLong);
}

/// The bytes with a header that fits them, so that the body's own checks are what is left.
fn verified(mut bytes: Vec<u8>) -> Vec<u8> {
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(&bytes[16..]);
    let length = (bytes.len() - 16) as u32;
    bytes[8..12].copy_from_slice(&length.to_le_bytes());
    bytes[12..16].copy_from_slice(&crc.to_le_bytes());
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn damaged_packs_are_refused_or_run(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let mut maker = Maker::default();
        let mut bytes = written(&maker.pack(8, 2, true));
        for (at, to) in edits {
            let at = 16 + at.index(bytes.len() - 16);
            bytes[at] = to;
        }
        if let Some(cut) = cut {
            bytes.truncate(16 + cut.index(bytes.len() - 16));
        }
        let bytes = verified(bytes);
        if let Ok(pack) = Pack::parse(&bytes) {
            let Ok(_) = pack.forecaster().infer(&maker.input());
            let Ok(_) = pack.q_network().values(&[1.0; OBSERVATION]);
        }
    }
}
