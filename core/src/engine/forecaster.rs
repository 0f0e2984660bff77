//! The forecasting network in int8; the trainer's `model::forecaster` has its picture.

mod copied;

use super::attention::{Attention, COLUMNS, Keys, Values};
use super::dense::{Dense, ZERO_POINT};
use super::float::{Norm, first, gelu, quantise, softplus, within};
use super::instructions::Instructions;
use super::probe::{Probe, Site};
use super::shape::{HEAD_STEPS, MAX_INNER, MAX_WIDTH, PATCH, REACH, RECENT_TOKENS, TOKENS};
use super::weights::{FeedForward, ForecasterPack};
use crate::forecast::{CHANNELS, ForecastModel, ModelInput, Q50, QUANTILES, SLOTS, STEPS, WINDOW};
use core::convert::Infallible;
use core::num::NonZeroUsize;

/// The seasons' tokens follow those of the recent window, which the steps' states replace.
const _: () = assert!(STEPS == RECENT_TOKENS);
/// Bound of the standardised context.
const WIDEST: f32 = 5.0;
/// Rows that go through a wide layer at a time: the patches of a level.
const ROWS: usize = WINDOW / PATCH;
const ROWS_NOT_ZERO: NonZeroUsize = NonZeroUsize::new(ROWS).unwrap();

/// The forecaster over a pack: a [`ForecastModel`] without an allocator. Takes about 45 KB of stack.
#[derive(Clone, Debug)]
pub struct NativeForecaster<'a> {
    pack: ForecasterPack<'a>,
    on: Instructions,
}

impl ForecastModel for NativeForecaster<'_> {
    type Error = Infallible;

    fn infer(&mut self, input: &ModelInput) -> Result<[f32; STEPS * QUANTILES.len()], Infallible> {
        Ok(self.run(input, &mut ()))
    }
}

impl<'a> NativeForecaster<'a> {
    pub(super) fn new(pack: ForecasterPack<'a>) -> Self {
        Self { pack, on: Instructions::best() }
    }

    /// The same on other instructions: for tests and benchmarks.
    #[must_use]
    pub fn on(self, instructions: Instructions) -> Self {
        Self { on: instructions, ..self }
    }

    /// The weights.
    #[must_use]
    pub fn pack(&self) -> &ForecasterPack<'a> {
        &self.pack
    }

    /// Changes from the anchor in swings, `[STEPS][QUANTILES]`.
    #[inline(never)] // Its scratch is on the stack only while it runs.
    pub fn run(
        &self,
        input: &ModelInput,
        probe: &mut impl Probe,
    ) -> [f32; STEPS * QUANTILES.len()] {
        self.on.widely(
            #[inline(always)]
            || self.run_here(input, probe),
        )
    }

    #[inline(always)]
    fn run_here(
        &self,
        input: &ModelInput,
        probe: &mut impl Probe,
    ) -> [f32; STEPS * QUANTILES.len()] {
        let run = Run {
            pack: &self.pack,
            width: NonZeroUsize::new(usize::from(self.pack.width)).unwrap_or(NonZeroUsize::MIN),
            bench: Bench { probe, on: self.on, bytes: [ZERO_POINT; ROWS * MAX_INNER] },
            rows: [ZERO_POINT; TOKENS * MAX_WIDTH],
            keys: [[0.0; COLUMNS]; MAX_WIDTH],
            values: [[0.0; MAX_WIDTH]; COLUMNS],
            wide: [0.0; ROWS * MAX_INNER],
            narrow: [0.0; ROWS * MAX_WIDTH],
        };
        run.changes(input)
    }
}

/// Where rows are quantised.
struct Bench<'a, P> {
    probe: &'a mut P,
    on: Instructions,
    bytes: [u8; ROWS * MAX_INNER],
}

impl<P: Probe> Bench<'_, P> {
    /// Quantises the rows of `x`, of which the first is row `index` at `site`, and runs `layer`.
    #[cfg_attr(feature = "simd", inline(always))]
    fn layer(&mut self, layer: &Dense, site: Site, index: usize, x: &[f32], out: &mut [f32]) {
        let rows = x.len() / usize::from(layer.inputs).max(1);
        let bytes = first(&mut self.bytes, rows * layer.stride());
        layer.quantise(x, bytes);
        self.probe.quantised(site, index, bytes, layer);
        self.on.apply(layer, bytes, out);
    }
}

/// One inference and its scratch.
struct Run<'a, P> {
    pack: &'a ForecasterPack<'a>,
    width: NonZeroUsize,
    bench: Bench<'a, P>,
    /// Tokens or states as a layer reads them.
    rows: [u8; TOKENS * MAX_WIDTH],
    keys: Keys,
    values: Values,
    /// Some rows of a wide layer and of a narrow one.
    wide: [f32; ROWS * MAX_INNER],
    narrow: [f32; ROWS * MAX_WIDTH],
}

/// Numbers in [`ROWS`] rows; never 0, which the compiler must know to leave panics out.
#[cfg_attr(feature = "simd", inline(always))]
fn rows_at_a_time(width: NonZeroUsize) -> usize {
    width.saturating_mul(ROWS_NOT_ZERO).get()
}

/// Adds number to number.
#[cfg_attr(feature = "simd", inline(always))]
fn add(to: &mut [f32], what: impl IntoIterator<Item = f32>) {
    to.iter_mut().zip(what).for_each(|(to, what)| *to += what);
}

/// Writes number over number.
#[cfg_attr(feature = "simd", inline(always))]
fn copy(to: &mut [f32], what: &[f32]) {
    to.iter_mut().zip(what).for_each(|(to, what)| *to = *what);
}

impl<P: Probe> Run<'_, P> {
    #[cfg_attr(feature = "simd", inline(always))]
    fn changes(mut self, input: &ModelInput) -> [f32; STEPS * QUANTILES.len()] {
        let pack = self.pack;
        let mut tokens = [0.0; TOKENS * MAX_WIDTH];
        let tokens = first(&mut tokens, TOKENS * self.width.get());
        self.embed(input, tokens);
        for (index, block) in pack.blocks.iter().enumerate() {
            self.quantise_tokens(tokens, &block.attention, Some(&block.norm_1), index);
            self.remember(&block.attention);
            self.attend(&block.attention, Site::BlockMixed(index), tokens);
            let sites = [Site::BlockInner(index), Site::BlockOuter(index)];
            self.feed_forward(&block.norm_2, &block.feed_forward, sites, tokens);
        }
        // Loops here, not `for_each`: that is a function of its own, without the wide registers.
        for row in tokens.chunks_exact_mut(self.width.get()) {
            pack.norm.apply(row);
        }

        self.quantise_tokens(tokens, &pack.attention, None, 0);
        self.remember(&pack.attention);
        // Of the recent window's tokens nothing else is needed: the steps' states take their place.
        let (states, tokens) =
            tokens.split_at_mut_checked(STEPS * self.width.get()).unwrap_or_default();
        self.queries(input, tokens, states);
        let rows = first(&mut self.rows, STEPS * self.width.get());
        pack.copy_query.quantise(states, rows);
        self.bench.probe.quantised(Site::States, 0, rows, &pack.copy_query);
        self.attend(&pack.attention, Site::Mixed, states);
        let copied = self.copied(input, tokens);
        let sites = [Site::DecoderInner, Site::DecoderOuter];
        self.feed_forward(&pack.decoder_norm, &pack.decoder, sites, states);
        self.quantiles(states, &copied)
    }

    /// The inputs as tokens.
    #[cfg_attr(feature = "simd", inline(always))]
    fn embed(&mut self, input: &ModelInput, tokens: &mut [f32]) {
        let (pack, width) = (self.pack, self.width.get());
        let (recent, rest) = tokens.split_at_mut_checked(RECENT_TOKENS * width).unwrap_or_default();
        let (seasons, context) = rest.split_at_mut_checked(SLOTS * width).unwrap_or_default();
        let levels = recent.chunks_exact_mut(rows_at_a_time(self.width));
        for (level, (window, out)) in input.recent.iter().zip(levels).enumerate() {
            self.patches(level, window, out);
        }
        self.bench.layer(&pack.season, Site::Season, 0, input.seasons.as_flattened(), seasons);
        let mut numbers = input.context;
        let scaler = pack.mean.iter().zip(pack.inverse_deviation.iter());
        for (x, (mean, inverse)) in numbers.iter_mut().zip(scaler) {
            *x = within((*x - mean) * inverse, -WIDEST, WIDEST);
        }
        self.bench.layer(&pack.context, Site::Context, 0, &numbers, context);
        add(tokens, pack.positions.iter());
    }

    /// One level's window through the causal convolutions to a token per patch.
    #[cfg_attr(feature = "simd", inline(always))]
    fn patches(&mut self, level: usize, window: &[[f32; WINDOW]; CHANNELS], out: &mut [f32]) {
        const ROW: usize = (REACH * CHANNELS).next_multiple_of(4);
        let convolution = &self.pack.convolution;
        let per_unit = 1.0 / convolution.scale;
        let mut points = [[ZERO_POINT; CHANNELS]; REACH - 1 + WINDOW];
        for (channel, values) in window.iter().enumerate() {
            for (point, value) in points.iter_mut().skip(REACH - 1).zip(values) {
                if let Some(x) = point.get_mut(channel) {
                    *x = quantise(*value, per_unit);
                }
            }
        }
        // What a point sees is the last points in a row: [REACH][CHANNELS], and padding.
        let mut rows = [[ZERO_POINT; ROW]; WINDOW];
        for (row, seen) in rows.iter_mut().zip(points.windows(REACH)) {
            row.iter_mut().zip(seen.as_flattened()).for_each(|(x, seen)| *x = *seen);
        }
        let bytes = rows.as_flattened_mut();
        self.bench.probe.quantised(Site::Convolution, level * WINDOW, bytes, convolution);
        let features = first(&mut self.wide, WINDOW * usize::from(convolution.outputs));
        self.bench.on.apply(convolution, rows.as_flattened(), features);
        features.iter_mut().for_each(|x| *x = gelu(*x));
        self.bench.layer(&self.pack.patch, Site::Patch, level * ROWS, features, out);
    }

    /// Tokens, normalised if so specified, as `attention` reads them.
    #[cfg_attr(feature = "simd", inline(always))]
    fn quantise_tokens(
        &mut self,
        tokens: &[f32],
        attention: &Attention,
        norm: Option<&Norm>,
        index: usize,
    ) {
        let rows = self.rows.chunks_exact_mut(self.width.get());
        for (token, row) in tokens.chunks_exact(self.width.get()).zip(rows) {
            let x = first(&mut self.narrow, self.width.get());
            copy(x, token);
            if let Some(norm) = norm {
                norm.apply(x);
            }
            attention.key.quantise(x, row);
        }
        let site = if norm.is_some() { Site::BlockTokens(index) } else { Site::Tokens };
        let rows = first(&mut self.rows, TOKENS * self.width.get());
        self.bench.probe.quantised(site, 0, rows, &attention.key);
    }

    /// Keys and values of the quantised tokens.
    #[cfg_attr(feature = "simd", inline(always))]
    fn remember(&mut self, attention: &Attention) {
        let width = self.width.get();
        let rows = self.rows.get(..TOKENS * width).unwrap_or_default();
        for (index, rows) in rows.chunks(rows_at_a_time(self.width)).enumerate() {
            let numbers = first(&mut self.narrow, rows.len());
            self.bench.on.apply(&attention.key, rows, numbers);
            for (column, key) in (index * ROWS..).zip(numbers.chunks_exact(width)) {
                scatter(key, &mut self.keys, column);
            }
            self.bench.on.apply(&attention.value, rows, numbers);
            let columns = self.values.iter_mut().skip(index * ROWS);
            columns.zip(numbers.chunks_exact(width)).for_each(|(to, value)| copy(to, value));
        }
    }

    /// Adds to each row of `stream` what it finds among the remembered tokens. The quantised rows
    /// are those of the stream.
    #[cfg_attr(feature = "simd", inline(always))]
    fn attend(&mut self, attention: &Attention, site: Site, stream: &mut [f32]) {
        let heads = self.pack.split();
        let parts = self.rows.chunks(rows_at_a_time(self.width));
        let parts = parts.zip(stream.chunks_mut(rows_at_a_time(self.width)));
        for (index, (rows, stream)) in parts.enumerate() {
            let asked = first(&mut self.narrow, stream.len());
            self.bench.on.apply(&attention.query, rows, asked);
            let found = first(&mut self.wide, stream.len());
            heads.attend(asked, &self.keys, &self.values, found);
            self.bench.layer(&attention.output, site, index * ROWS, found, asked);
            add(stream, asked.iter().copied());
        }
    }

    /// Adds to each row of `stream` what the layers make of it.
    #[cfg_attr(feature = "simd", inline(always))]
    fn feed_forward(
        &mut self,
        norm: &Norm,
        layers: &FeedForward,
        sites: [Site; 2],
        stream: &mut [f32],
    ) {
        let (width, inner) = (self.width.get(), usize::from(layers.inner.outputs));
        for (index, stream) in stream.chunks_mut(rows_at_a_time(self.width)).enumerate() {
            let x = first(&mut self.narrow, stream.len());
            copy(x, stream);
            for row in x.chunks_exact_mut(width) {
                norm.apply(row);
            }
            let wide = first(&mut self.wide, stream.len() / width * inner);
            self.bench.layer(&layers.inner, sites[0], index * ROWS, x, wide);
            wide.iter_mut().for_each(|x| *x = gelu(*x));
            self.bench.layer(&layers.outer, sites[1], index * ROWS, wide, x);
            add(stream, x.iter().copied());
        }
    }

    /// A query per future step: its place in day and week, its distance, and the context.
    #[cfg_attr(feature = "simd", inline(always))]
    fn queries(&mut self, input: &ModelInput, tokens: &[f32], states: &mut [f32]) {
        let calendar = input.calendar.as_flattened();
        self.bench.layer(&self.pack.query, Site::Calendar, 0, calendar, states);
        add(states, self.pack.steps.iter());
        if let Some(context) = tokens.chunks_exact(self.width.get()).next_back() {
            let rows = states.chunks_exact_mut(self.width.get());
            for row in rows {
                add(row, context.iter().copied());
            }
        }
    }

    /// A head per horizon; increments make the quantiles ascend.
    #[cfg_attr(feature = "simd", inline(always))]
    fn quantiles(
        &mut self,
        states: &[f32],
        copied: &[f32; STEPS],
    ) -> [f32; STEPS * QUANTILES.len()] {
        let mut changes = [[0.0; QUANTILES.len()]; STEPS];
        for (index, (head, steps)) in
            self.pack.outputs.iter().zip(HEAD_STEPS.windows(2)).enumerate()
        {
            let &[from, to] = steps else { continue };
            let x = states.get(from * self.width.get()..to * self.width.get()).unwrap_or_default();
            let out = changes.get_mut(from..to).unwrap_or_default().as_flattened_mut();
            // More steps than fit at a time in the last head.
            let parts =
                x.chunks(rows_at_a_time(self.width)).zip(out.chunks_mut(ROWS * QUANTILES.len()));
            for (part, (x, out)) in parts.enumerate() {
                self.bench.layer(head, Site::Head(index), part * ROWS, x, out);
            }
        }
        for (row, copied) in changes.iter_mut().zip(copied) {
            ascend(row, *copied);
        }
        let mut flat = [0.0; STEPS * QUANTILES.len()];
        copy(&mut flat, changes.as_flattened());
        flat
    }
}

/// Writes a token's key into its column.
#[cfg_attr(feature = "simd", inline(always))]
fn scatter(key: &[f32], keys: &mut Keys, column: usize) {
    for (x, row) in key.iter().zip(keys) {
        if let Some(to) = row.get_mut(column) {
            *to = *x;
        }
    }
}

/// Turns a head's row into quantiles: the median moved by `copied`, and increments outwards.
#[cfg_attr(feature = "simd", inline(always))]
fn ascend(row: &mut [f32; QUANTILES.len()], copied: f32) {
    let (below, rest) = row.split_at_mut(Q50);
    let Some((median, above)) = rest.split_first_mut() else { return };
    *median += copied;
    let (mut low, mut high) = (0.0, 0.0);
    for x in below.iter_mut().rev() {
        low += softplus(*x);
        *x = *median - low;
    }
    for x in above {
        high += softplus(*x);
        *x = *median + high;
    }
}
