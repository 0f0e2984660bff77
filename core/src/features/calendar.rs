//! Where a moment lies in day, week, month and year, UTC.

use super::spec::CALENDAR;
use crate::units::{DAY_S, UnixSeconds};

/// Sine and cosine of hour, weekday, day of month and month.
pub(super) fn features(at: UnixSeconds) -> [f32; CALENDAR] {
    let days = at.0.div_euclid(i64::from(DAY_S));
    let second = at.0.rem_euclid(i64::from(DAY_S)) as f32;
    // 1970-01-01 was a Thursday.
    let weekday = (days + 3).rem_euclid(7) as f32;
    let (month, day) = month_and_day(days);
    let hour = turn(second / DAY_S as f32);
    let weekday = turn(weekday / 7.0);
    let monthday = turn((day - 1) as f32 / 31.0);
    let month = turn((month - 1) as f32 / 12.0);
    [hour.0, hour.1, weekday.0, weekday.1, monthday.0, monthday.1, month.0, month.1]
}

fn turn(part: f32) -> (f32, f32) {
    let angle = core::f32::consts::TAU * part;
    (libm::sinf(angle), libm::cosf(angle))
}

/// Month (1..=12) and day (1..=31) of a day since 1970-01-01, in the proleptic Gregorian calendar.
/// Years are counted from 1 March, so that the leap day is the last (H. Hinnant, "chrono-Compatible
/// Low-Level Date Algorithms").
pub(super) fn month_and_day(days: i64) -> (i64, i64) {
    let from_march_0000 = days + 719_468;
    let day_of_era = from_march_0000.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_dates() {
        assert_eq!(month_and_day(0), (1, 1));
        assert_eq!(month_and_day(-1), (12, 31));
        assert_eq!(month_and_day(19_782), (2, 29)); // 2024-02-29
        assert_eq!(month_and_day(20_270), (7, 1)); // 2025-07-01
    }

    #[test]
    fn six_in_the_morning_is_a_quarter_turn() {
        let f = features(UnixSeconds(6 * 3600));
        assert!((f[0] - 1.0).abs() < 1e-6 && f[1].abs() < 1e-6);
    }
}
