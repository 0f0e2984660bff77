//! Words and numbers in a form that people read well.

use jiff::Timestamp;
use serde::Serialize;
use std::error::Error;
use std::io::Write as _;

/// Prints a line to stdout. A reader that went away (`agent ... | head`) is no error.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// The word that stands for an enum's value in JSON, with spaces.
pub fn word<T: Serialize>(value: &T) -> String {
    let json = serde_json::to_value(value).ok();
    let word = json.as_ref().and_then(|v| v.as_str()).unwrap_or("unknown");
    word.replace('_', " ")
}

/// An error and what is behind it, on one line.
#[must_use]
pub fn causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let more = cause.to_string();
        // Some repeat what is behind them.
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        next = cause.source();
    }
    text
}

/// What `who` tells, in which an address at the beginning is left out where `who` names it already.
#[must_use]
pub fn told_of(who: &str, what: &str) -> String {
    let (first, rest) = what.split_once(' ').unwrap_or((what, ""));
    let address = first.trim_end_matches(':');
    let what = if address.contains("://") && who.contains(address) { rest } else { what };
    format!("{who}: {what}")
}

/// The share of `other`'s cost that `ours` saves; negative if it costs more.
#[must_use]
pub fn saving(ours: f64, other: f64) -> f64 {
    if other > 0.0 { 1.0 - ours / other } else { 0.0 }
}

/// An SLA in percent, never rounded up to a full 100 %.
#[must_use]
pub fn sla(share: f64) -> String {
    let percent = (share * 1e5).floor() / 1e3;
    format!("{percent:.3} %")
}

/// A number with thin groups of thousands; one decimal place below 100.
#[must_use]
pub fn grouped(value: f64) -> String {
    if value.abs() < 100.0 {
        let text = format!("{value:.1}");
        return text.strip_suffix(".0").map_or(text.clone(), String::from);
    }
    let digits = format!("{value:.0}");
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits.as_str()), |d| ("-", d));
    let mut out = String::from(sign);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `2025-06-01 14:30` in UTC; the seconds themselves where no calendar reaches.
#[must_use]
pub fn utc(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(
        |_| format!("{seconds} s"),
        |moment| moment.strftime("%Y-%m-%d %H:%M").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_once() {
        let who = "metrics of http://far:1/m";
        assert_eq!(told_of(who, "http://far:1/m: refused"), "metrics of http://far:1/m: refused");
        assert_eq!(
            told_of(who, "http://far:1/m answers 503"),
            "metrics of http://far:1/m: answers 503"
        );
        for other in ["http://else: refused", "refused by http://far:1/m", "http"] {
            assert_eq!(told_of(who, other), format!("{who}: {other}"));
        }
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(grouped(1_234_567.4), "1,234,567");
        assert_eq!(grouped(-1234.0), "-1,234");
        assert_eq!([grouped(12.34), grouped(7.0), grouped(0.0)], ["12.3", "7", "0"]);
        assert_eq!(sla(0.999_996), "99.999 %");
        assert_eq!(sla(1.0), "100.000 %");
    }

    #[test]
    fn dates_are_civil() {
        assert_eq!(utc(0), "1970-01-01 00:00");
        assert_eq!(utc(951_782_400), "2000-02-29 00:00");
        assert_eq!(utc(1_751_328_030), "2025-07-01 00:00");
        assert_eq!(utc(-60), "1969-12-31 23:59");
    }
}
