//! Running totals made into counts.

use super::row::Row;

/// A counter that was near one of these and is small again has wrapped; else it began anew at 0.
const WRAPS: [f64; 2] = [4_294_967_296.0, 18_446_744_073_709_551_616.0];
/// How near, as a part.
const NEAR: f64 = 0.1;
/// A hole is spread over at most this many intervals.
const MAX_SPREAD: i64 = 100_000;
/// Once there are so many rows, holes are no longer spread: rows are held in memory.
const MAX_ROWS: usize = 20_000_000;

/// Makes the running total in one track, sorted by time, into the increase from each row to the
/// next. What was counted over a hole is spread evenly over it. Returns how often it fell.
pub(super) fn increases(rows: &[Row], step_ms: i64, out: &mut Vec<Row>) -> usize {
    let mut falls = 0;
    let mut known: Option<(Row, f64)> = None;
    for row in rows {
        let Some(total) = row.arrivals else { continue };
        if let Some((from, before)) = known {
            falls += usize::from(total < before);
            let increase = increase(before, total);
            let steps = (row.time_ms - from.time_ms + step_ms / 2) / step_ms.max(1);
            let most = if out.len() < MAX_ROWS { MAX_SPREAD } else { 1 };
            let steps = steps.clamp(1, most);
            for step in 0..steps {
                let time_ms = from.time_ms + step * step_ms;
                out.push(Row { time_ms, arrivals: Some(increase / steps as f64), ..from });
            }
        }
        known = Some((*row, total));
    }
    falls
}

fn increase(before: f64, total: f64) -> f64 {
    if total >= before {
        return total - before;
    }
    let wrapped =
        |wrap: &&f64| before <= **wrap && before >= (1.0 - NEAR) * **wrap && total <= NEAR * **wrap;
    match WRAPS.iter().find(wrapped) {
        Some(wrap) => wrap - before + total,
        None => total,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resets_wraps_and_holes_keep_every_event() {
        let totals = [
            (0, Some(100.0)),
            (60, Some(110.0)),
            (120, Some(4.0)),
            (180, None),
            (240, Some(10.0)),
            (300, Some(4_294_967_290.0)),
            (360, Some(6.0)),
        ];
        let row = |(s, arrivals): (i64, _)| Row { time_ms: s * 1000, arrivals, ..Row::default() };
        let rows: Vec<Row> = totals.map(row).to_vec();
        let mut out = Vec::new();
        assert_eq!(increases(&rows, 60_000, &mut out), 2);
        let got: Vec<_> =
            out.iter().map(|row| (row.time_ms / 1000, row.arrivals.unwrap())).collect();
        assert_eq!(
            got,
            [(0, 10.0), (60, 4.0), (120, 3.0), (180, 3.0), (240, 4_294_967_280.0), (300, 12.0)]
        );
    }
}
