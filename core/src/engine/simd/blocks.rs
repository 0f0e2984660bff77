//! Rows in blocks that registers hold the sums of.

use super::super::dense::Dense;

/// Blocks of a power of two of rows each, with what comes of them: for each number of rows there is
/// a function of its own, whose sums stay in registers.
pub(super) struct Blocks<'a> {
    stride: usize,
    outputs: usize,
    most: usize,
    rows: &'a [u8],
    out: &'a mut [f32],
}

impl<'a> Blocks<'a> {
    /// Blocks of `most` rows, a power of two, and smaller ones at the end.
    pub(super) fn new(layer: &Dense, rows: &'a [u8], out: &'a mut [f32], most: usize) -> Self {
        let (stride, outputs) = (layer.stride().max(1), usize::from(layer.outputs).max(1));
        Self { stride, outputs, most, rows, out }
    }
}

impl<'a> Iterator for Blocks<'a> {
    type Item = (usize, &'a [u8], &'a mut [f32]);

    fn next(&mut self) -> Option<Self::Item> {
        let left = (self.rows.len() / self.stride).min(self.out.len() / self.outputs);
        let count = self.most.min(1 << left.checked_ilog2()?);
        let (rows, further) = self.rows.split_at_checked(count * self.stride)?;
        let out = core::mem::take(&mut self.out);
        let (out, beyond) = out.split_at_mut_checked(count * self.outputs)?;
        (self.rows, self.out) = (further, beyond);
        Some((count, rows, out))
    }
}
