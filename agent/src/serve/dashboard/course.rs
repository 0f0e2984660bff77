//! What was, for drawing: the last twelve hours closely, and four weeks in steps of ten minutes.

use super::point::Point;
use std::collections::VecDeque;

/// Seconds of which points are kept as they came,
pub(super) const CLOSE_S: i64 = 12 * 3600;
/// unless they are closer together than this.
pub(super) const CLOSEST_S: i64 = 15;
/// Seconds of which steps are kept,
const FAR_S: i64 = 28 * 86_400;
/// and the length of one.
const STEP_S: i64 = 600;

/// The points of one workload, bounded whatever the cadence.
#[derive(Debug, Default)]
pub(super) struct Course {
    close: VecDeque<Point>,
    /// Number of the first of them, since the beginning.
    first: u64,
    /// Steps, and how many points the last one is of.
    far: VecDeque<Point>,
    in_last: u32,
}

impl Course {
    /// Adds the next point; one that follows too closely is left out.
    pub(super) fn push(&mut self, point: Point) {
        let at = point.at;
        // Decided anew on the same sample.
        if let Some(last) = self.close.back_mut().filter(|last| last.at == at) {
            *last = point;
            return;
        }
        if self.close.back().is_some_and(|last| at < last.at.saturating_add(CLOSEST_S)) {
            return;
        }
        self.close.push_back(point);
        while self.close.front().is_some_and(|p| p.at < at.saturating_sub(CLOSE_S)) {
            self.close.pop_front();
            self.first += 1;
        }
        match self.far.back_mut() {
            Some(last) if last.at.div_euclid(STEP_S) == at.div_euclid(STEP_S) => {
                last.merge(&point, self.in_last);
                self.in_last += 1;
            }
            _ => {
                self.far.push_back(point);
                self.in_last = 1;
            }
        }
        while self.far.front().is_some_and(|p| p.at < at.saturating_sub(FAR_S)) {
            self.far.pop_front();
        }
    }

    /// Number of the point that comes next.
    pub(super) fn next(&self) -> u64 {
        self.first + self.close.len() as u64
    }

    /// The close points from the one numbered `since` on.
    pub(super) fn since(&self, since: u64) -> impl Iterator<Item = &Point> {
        let skip = usize::try_from(since.saturating_sub(self.first)).unwrap_or(usize::MAX);
        self.close.iter().skip(skip)
    }

    /// The steps of four weeks.
    pub(super) fn far(&self) -> impl Iterator<Item = &Point> {
        self.far.iter()
    }

    /// The last point.
    pub(super) fn last(&self) -> Option<&Point> {
        self.close.back()
    }

    /// When the oldest step that is kept was.
    pub(super) fn begin(&self) -> Option<i64> {
        self.far.front().map(|point| point.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded_and_steps_keep_what_matters() {
        let mut course = Course::default();
        for k in 0..1_000_000 {
            let at = k * 5;
            let backlog = Some(if at % 600 == 300 { 50.0 } else { 1.0 });
            course.push(Point { at, backlog, arrivals: Some(2.0), ..Point::default() });
        }
        assert_eq!(course.close.len() as i64, CLOSE_S / CLOSEST_S + 1);
        assert_eq!(course.far.len() as i64, FAR_S / STEP_S + 1);
        let step = course.far().nth(5).unwrap();
        assert_eq!((step.backlog, step.arrivals), (Some(50.0), Some(2.0)));
        assert_eq!(course.since(course.next() - 1).count(), 1);
    }
}
