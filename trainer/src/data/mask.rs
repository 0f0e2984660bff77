//! Inputs hidden from the network, to measure what they are worth.

use scaleiq_core::forecast::{
    ForecastModel, ModelInput, QUANTILES, SLOT_WIDTH, SLOTS, STEPS, WINDOW,
};

/// What the network does not see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mask {
    /// The past seasons.
    Seasons,
    /// Everything but the last [`STEPS`] intervals and the calendar: what a plain window model has.
    AllButWindow,
}

impl Mask {
    /// Hides it: as if it were unknown.
    pub fn apply(self, input: &mut ModelInput) {
        input.seasons = [[0.0; SLOT_WIDTH]; SLOTS];
        if self == Self::AllButWindow {
            for (level, channels) in input.recent.iter_mut().enumerate() {
                let hidden = if level == 0 { WINDOW - STEPS } else { WINDOW };
                channels.iter_mut().for_each(|points| points[..hidden].fill(0.0));
            }
            input.context.fill(0.0);
        }
    }
}

/// A network behind a mask.
#[derive(Clone, Debug)]
pub struct Masked<M> {
    /// The network.
    pub model: M,
    /// What it does not see.
    pub mask: Option<Mask>,
}

impl<M: ForecastModel> ForecastModel for Masked<M> {
    type Error = M::Error;

    fn infer(&mut self, input: &ModelInput) -> Result<[f32; STEPS * QUANTILES.len()], M::Error> {
        let Some(mask) = self.mask else { return self.model.infer(input) };
        let mut input = input.clone();
        mask.apply(&mut input);
        self.model.infer(&input)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::probe_windows;

    #[test]
    fn masks_hide_what_they_say() {
        let set = probe_windows();
        let whole = set.input(set.len() - 1);
        let mut seasons = whole.clone();
        Mask::Seasons.apply(&mut seasons);
        assert_eq!(seasons.seasons, [[0.0; SLOT_WIDTH]; SLOTS]);
        assert_eq!((seasons.recent, seasons.context), (whole.recent, whole.context));
        let mut window = whole.clone();
        Mask::AllButWindow.apply(&mut window);
        assert_eq!(window.recent[0][0][WINDOW - STEPS..], whole.recent[0][0][WINDOW - STEPS..]);
        assert_eq!(window.recent[0][0][..WINDOW - STEPS], [0.0; WINDOW - STEPS]);
        assert_eq!(window.recent[1..].as_flattened().as_flattened().iter().sum::<f32>(), 0.0);
        assert_eq!(window.calendar, whole.calendar);
        // A set of windows is masked the same way.
        let masked = set.masked(Mask::AllButWindow);
        assert_eq!(masked.input(set.len() - 1), window);
        assert_eq!(masked.target(3), set.target(3));
    }
}
