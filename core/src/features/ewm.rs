//! Exponentially weighted mean.

/// pandas' `ewm(span=w, adjust=False, ignore_na=True).mean()`: `m += 2 / (w + 1) * (x - m)`,
/// starting at the first known value; a missing value leaves it as it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ewm {
    weight: f64,
    /// NaN until the first known value.
    mean: f64,
}

impl Ewm {
    pub(super) fn new(span: u16) -> Self {
        Self { weight: 2.0 / (f64::from(span) + 1.0), mean: f64::NAN }
    }

    /// Takes a value (NaN = missing) and gives the mean; NaN while nothing was known.
    pub(super) fn push(&mut self, value: f64) -> f64 {
        if self.mean.is_nan() {
            self.mean = value;
        } else if !value.is_nan() {
            self.mean += self.weight * (value - self.mean);
        }
        self.mean
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_pandas() {
        let mut ewm = Ewm::new(3);
        assert!(ewm.push(f64::NAN).is_nan());
        let got = [1.0, f64::NAN, 3.0, 4.0, f64::NAN, 6.0].map(|x| ewm.push(x));
        // pandas 3.1.1
        assert_eq!(got, [1.0, 1.0, 2.0, 3.0, 3.0, 4.5]);
    }
}
