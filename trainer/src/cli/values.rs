//! What options take: times, counts, shares.

use scaleiq_core::forecast::STEPS;
use scaleiq_core::units::UnixSeconds;

pub(super) fn parse_time(text: &str) -> Result<UnixSeconds, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(UnixSeconds(seconds));
    }
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Ok(UnixSeconds(time.as_second()));
    }
    Err(if text.parse::<jiff::civil::DateTime>().is_ok() {
        "without a zone it could be any: write it as 2025-07-01T00:00:00Z (Z: UTC)".into()
    } else {
        "use seconds since 1970, or RFC 3339 such as 2025-07-01T00:00:00Z".into()
    })
}

pub(super) fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("must be at least 1".into()),
        Ok(n) => Ok(n),
        Err(_) => Err("should be a whole number".into()),
    }
}

pub(super) fn parse_days(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(days) if days > 0.0 && days <= 3650.0 => Ok(days),
        _ => Err("should be a number of days above 0 and up to 3650".into()),
    }
}

pub(super) fn parse_share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if share > 0.0 && share < 1.0 => Ok(share),
        _ => Err("should lie between 0 and 1, such as 0.2".into()),
    }
}

pub(super) fn parse_steps(text: &str) -> Result<usize, String> {
    let steps = at_least_one(text)?;
    if steps > STEPS {
        return Err(format!("the model forecasts {STEPS} intervals"));
    }
    Ok(steps)
}
