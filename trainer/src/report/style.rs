//! What all plots share: size, colours, title, legend, axes.

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::coord::{Shift, types::RangedCoordf64};
use plotters::prelude::*;
use std::ops::Range;

/// A drawing that failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot draw {plot}: {reason}")]
pub struct PlotError {
    plot: &'static str,
    reason: String,
}

impl PlotError {
    pub(super) fn new(plot: &'static str) -> impl Fn(Drawing) -> Self {
        move |error| Self { plot, reason: error.to_string() }
    }
}

/// What plotters reports; drawing into a string has no errors of its own.
pub(super) type Drawing = DrawingAreaErrorKind<std::io::Error>;
pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

pub(super) const SIZE: (u32, u32) = (900, 380);
/// Colours that people with any colour vision tell apart (Okabe and Ito 2008), and print apart.
pub(super) const PALETTE: [RGBColor; 5] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
];
pub(super) const INK: RGBColor = RGBColor(34, 34, 34);
const GRID: RGBColor = RGBColor(225, 228, 232);
const FONT: &str = "sans-serif";

/// A legend's entry: colour, opacity, text.
pub(super) type Entry<'a> = (RGBColor, f64, &'a str);

/// Draws title and legend above the data, so that they never cover it; returns what is left.
pub(super) fn frame<'a>(
    root: &Area<'a>,
    title: &str,
    legend: &[Entry<'_>],
) -> Result<Area<'a>, Drawing> {
    root.fill(&WHITE)?;
    let title_font = (FONT, 19).into_font().style(FontStyle::Bold).color(&INK);
    root.draw(&Text::new(title.to_string(), (16, 12), title_font))?;
    let mut x = 18;
    for (colour, opacity, text) in legend {
        root.draw(&Rectangle::new([(x, 46), (x + 18, 56)], colour.mix(*opacity).filled()))?;
        let font = (FONT, 14).into_font().color(&INK);
        root.draw(&Text::new((*text).to_string(), (x + 24, 43), font))?;
        x += 24 + 8 * text.chars().count() as i32 + 22;
    }
    let top = if legend.is_empty() { 40 } else { 66 };
    Ok(root.margin(top, 8, 8, 20))
}

/// Axes of time and a number.
pub(super) type Times<'a> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<TimeAxis, RangedCoordf64>>;

pub(super) fn times<'a>(
    area: &Area<'a>,
    x: Range<i64>,
    y: (&str, Range<f64>),
) -> Result<Times<'a>, Drawing> {
    let mut builder = ChartBuilder::on(area);
    let mut chart =
        builder.x_label_area_size(44).y_label_area_size(66).build_cartesian_2d(TimeAxis(x), y.1)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(INK.mix(0.5))
        .label_style((FONT, 13).into_font().color(&INK))
        .axis_desc_style((FONT, 14).into_font().color(&INK))
        .x_labels(9)
        .x_desc("time (UTC)")
        .y_desc(y.0)
        .y_label_formatter(&|v| short(*v))
        .draw()?;
    Ok(chart)
}

/// The range of finite values with a margin; never empty. `zero` takes 0 in.
pub(super) fn span(values: impl Iterator<Item = f64>, zero: bool) -> Range<f64> {
    let start = if zero { (0.0, 0.0) } else { (f64::INFINITY, f64::NEG_INFINITY) };
    let finite = values.filter(|v| v.is_finite());
    let (low, high) = finite.fold(start, |(low, high), v| (low.min(v), high.max(v)));
    if low > high {
        return 0.0..1.0;
    }
    let margin = if high > low { 0.06 * (high - low) } else { 0.5 * high.abs().max(1.0) };
    let low = if zero && low >= 0.0 { 0.0 } else { low - margin };
    low..high + margin
}

/// A number as short as an axis needs it.
pub(super) fn short(value: f64) -> String {
    let (scaled, unit) = match value.abs() {
        v if v >= 1e6 => (value / 1e6, "M"),
        v if v >= 1e4 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let digits = match scaled.abs() {
        v if v >= 100.0 || v == 0.0 => 0,
        v if v >= 1.0 => 2,
        v if v >= 0.01 => 3,
        _ => return format!("{scaled:.1e}{unit}"),
    };
    let text = format!("{scaled:.digits$}");
    let text = if digits > 0 { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{unit}")
}

/// Seconds since 1970, with marks at whole hours and days.
#[derive(Clone)]
pub(super) struct TimeAxis(Range<i64>);

impl TimeAxis {
    const STEPS_S: [i64; 12] =
        [300, 600, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 2_419_200];
}

impl Ranged for TimeAxis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = i64;

    fn map(&self, value: &i64, limit: (i32, i32)) -> i32 {
        let span = (self.0.end - self.0.start).max(1) as f64;
        let part = (value - self.0.start) as f64 / span;
        limit.0 + (part * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<i64> {
        let span = self.0.end - self.0.start;
        let most = hint.max_num_points().clamp(1, 9) as i64;
        let fits = |step: &&i64| span / **step < most;
        let step = Self::STEPS_S.iter().find(fits).copied().unwrap_or(span.max(1));
        let first = self.0.start.div_euclid(step) * step;
        let marks = (0..=most + 1).map(|n| first + n * step);
        marks.filter(|mark| self.0.contains(mark)).collect()
    }

    fn range(&self) -> Range<i64> {
        self.0.clone()
    }
}

impl ValueFormatter<i64> for TimeAxis {
    fn format_ext(&self, value: &i64) -> String {
        let Ok(time) = jiff::Timestamp::from_second(*value) else { return value.to_string() };
        let days = (self.0.end - self.0.start) / 86_400;
        time.strftime(if days >= 8 { "%e %b" } else { "%e %b %H:%M" }).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let all: Vec<_> =
            [0.0, 0.5, 0.00012, 2.0, 1250.0, 12_500.0, -3.25e6].into_iter().map(short).collect();
        assert_eq!(all, ["0", "0.5", "1.2e-4", "2", "1250", "12.5k", "-3.25M"]);
    }

    #[test]
    fn ranges_are_never_empty() {
        assert_eq!(span(std::iter::empty(), false), 0.0..1.0);
        assert_eq!(span([f64::NAN, 4.0].into_iter(), false), 2.0..6.0);
        assert_eq!(span([10.0].into_iter(), true), 0.0..10.6);
    }

    #[test]
    fn marks_lie_at_whole_hours() {
        let axis = TimeAxis(1_751_330_000..1_751_330_000 + 86_400);
        let points = axis.key_points(9usize);
        assert!(points.len() >= 4 && points.iter().all(|p| p % 3600 == 0), "{points:?}");
    }
}
