//! What was found of columns.

use crate::evaluate::paired::Ratio;
use serde::Serialize;

/// A change of the error below this share is none that anybody would notice, by chance or not.
const NOTICEABLE: f64 = 0.005;

/// What was found in a file.
#[derive(Clone, Debug, Serialize)]
pub struct Found {
    /// The file.
    pub file: String,
    /// Seconds of an interval.
    pub interval_s: u32,
    /// When the test part begins.
    pub judged_from: String,
    /// Forecasts of the test part, which judge.
    pub judged: usize,
    /// Forecasts before it, which were learned from.
    pub learned: usize,
    /// Error (WAPE) of the forecaster over each horizon.
    pub wape: Vec<Option<f64>>,
    /// Errors of the control over those of the forecaster.
    pub control: Vec<Option<Ratio>>,
    /// Each column beside the control.
    pub columns: Vec<Worth>,
    /// All of them, if there are several.
    pub together: Option<Worth>,
}

/// What one or several columns are worth.
#[derive(Clone, Debug, Serialize)]
pub struct Worth {
    /// Name of the column.
    pub name: String,
    /// When it is known.
    pub kind: Kind,
    /// Errors with it over those without it, at each horizon.
    pub ratios: Vec<Option<Ratio>>,
}

/// When a column is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Once it was measured.
    Past,
    /// In advance, as far as a forecast reaches.
    Known,
    /// Some are past, some known.
    Both,
}

impl Kind {
    /// Of columns of which it is told whether they are known in advance.
    #[must_use]
    pub fn of(mut is_known: impl Iterator<Item = bool>) -> Self {
        let first = is_known.next().unwrap_or(false);
        match (first, is_known.all(|other| other == first)) {
            (_, false) => Self::Both,
            (true, true) => Self::Known,
            (false, true) => Self::Past,
        }
    }
}

/// What is to be said of a column at a horizon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The errors are fewer with it, and not by chance.
    Helps,
    /// They are more, and not by chance.
    Harms,
    /// They are fewer, which may be chance.
    MayHelp,
    /// Nothing of the sort.
    Nothing,
}

impl Verdict {
    /// Of the errors with a column over those without it.
    #[must_use]
    pub fn of(ratio: &Ratio) -> Self {
        match ratio {
            _ if (ratio.ratio - 1.0).abs() < NOTICEABLE => Self::Nothing,
            _ if ratio.is_better() => Self::Helps,
            _ if ratio.is_worse() => Self::Harms,
            _ if ratio.ratio < 1.0 => Self::MayHelp,
            _ => Self::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_needs_a_size_and_no_chance() {
        let verdict = |ratio, low, high, blocks| Verdict::of(&Ratio { ratio, low, high, blocks });
        assert_eq!(verdict(0.96, 0.94, 0.98, 20), Verdict::Helps);
        assert_eq!(verdict(0.96, 0.94, 1.01, 20), Verdict::MayHelp);
        assert_eq!(verdict(0.96, 0.94, 0.98, 7), Verdict::MayHelp, "too few days");
        assert_eq!(verdict(0.996, 0.995, 0.997, 90), Verdict::Nothing, "too little");
        assert_eq!(verdict(1.0, 1.0, 1.0, 20), Verdict::Nothing);
        assert_eq!(verdict(1.02, 0.99, 1.04, 20), Verdict::Nothing);
        assert_eq!(verdict(1.02, 1.01, 1.04, 20), Verdict::Harms);
    }
}
