//! The plots: from plain data to the text of an SVG.

use super::style::{
    Area, Drawing, Entry, INK, PALETTE, PlotError, SIZE, frame, numbers, span, times,
};
use crate::experiment::curves::{Point, Stage};
use plotters::prelude::*;

/// Forecasts of one horizon over a stretch of the test.
#[derive(Clone, Debug, Default)]
pub struct ForecastSlice {
    /// What was forecast, such as "24 minutes ahead".
    pub title: String,
    /// Moments forecast, seconds since 1970, ascending.
    pub times: Vec<i64>,
    /// Events per interval that came; NaN where not observed.
    pub truth: Vec<f64>,
    /// Medians.
    pub median: Vec<f64>,
    /// 80 % band: 0.1 and 0.9 quantiles.
    pub band_80: Vec<(f64, f64)>,
    /// 95 % band: 0.025 and 0.975 quantiles.
    pub band_95: Vec<(f64, f64)>,
}

/// A forecaster's error at each horizon.
#[derive(Clone, Debug, Default)]
pub struct HorizonErrors {
    /// Name of the forecaster.
    pub name: String,
    /// Minutes ahead and WAPE.
    pub wape: Vec<(u32, f64)>,
}

/// Jobs over a stretch of the test.
#[derive(Clone, Debug, Default)]
pub struct ScalingSlice {
    /// Moments, seconds since 1970, ascending.
    pub times: Vec<i64>,
    /// Jobs that the arrivals needed.
    pub needed: Vec<f64>,
    /// Jobs that ran.
    pub jobs: Vec<f64>,
}

/// Jobs of several policies over the same stretch, in panels under each other.
#[derive(Clone, Debug, Default)]
pub struct PolicySlice {
    /// What was played.
    pub title: String,
    /// Moments, seconds since 1970, ascending.
    pub times: Vec<i64>,
    /// Jobs that the arrivals needed.
    pub needed: Vec<f64>,
    /// For each panel its policies (up to five): name and jobs.
    pub panels: Vec<Vec<(String, Vec<f64>)>>,
}

/// Learning curves of `stage`, one panel for each group of names that share a unit.
///
/// # Errors
/// If it cannot be drawn.
pub fn learning_curves(
    points: &[Point],
    stage: Stage,
    title: &str,
    panels: &[(&str, &[&str])],
) -> Result<String, PlotError> {
    svg("learning curves", |root| {
        let area = frame(root, title, &[])?;
        let areas = area.split_evenly((1, panels.len().max(1)));
        for (panel, (unit, names)) in areas.iter().zip(panels) {
            let line = |name: &str| -> Vec<(f64, f64)> {
                let mine = points.iter().filter(|p| p.stage == stage && p.name == name);
                mine.map(|p| (p.step as f64, p.value)).collect()
            };
            let lines: Vec<_> = names.iter().map(|name| line(name)).collect();
            let legend: Vec<Entry<'_>> =
                names.iter().zip(PALETTE).map(|(name, colour)| (colour, 1.0, *name)).collect();
            let panel = inner_legend(panel, &legend)?;
            let all = || lines.iter().flatten();
            let x = all().map(|p| p.0).fold(1.0, f64::max);
            let label = if stage == Stage::Forecaster { "step" } else { "round" };
            let y = span(all().map(|p| p.1), false);
            let mut chart = numbers(&panel, (label, 0.0..x), (unit, y))?;
            for (line, colour) in lines.into_iter().zip(PALETTE) {
                chart.draw_series(LineSeries::new(line, colour.stroke_width(2)))?;
            }
        }
        Ok(())
    })
}

/// The legend of one panel, in a strip above its axes.
fn inner_legend<'a>(panel: &Area<'a>, legend: &[Entry<'_>]) -> Result<Area<'a>, Drawing> {
    let mut x = 70;
    for (colour, _, name) in legend {
        panel.draw(&Rectangle::new([(x, 5), (x + 16, 9)], colour.filled()))?;
        let font = ("sans-serif", 13).into_font().color(&INK);
        let text = name.replace('_', " ");
        let width = 7 * text.chars().count() as i32;
        panel.draw(&Text::new(text, (x + 21, 0), font))?;
        x += 21 + width + 18;
    }
    Ok(panel.margin(20, 0, 0, 8))
}

/// What was forecast and what came, with bands.
///
/// # Errors
/// If it cannot be drawn.
pub fn forecast(slice: &ForecastSlice) -> Result<String, PlotError> {
    svg("the forecast", |root| {
        let blue = PALETTE[0];
        let legend = [
            (INK, 1.0, "actual"),
            (blue, 1.0, "forecast (median)"),
            (blue, 0.4, "80 % band"),
            (blue, 0.16, "95 % band"),
        ];
        let area = frame(root, &slice.title, &legend)?;
        let highest = slice.truth.iter().copied().chain(slice.band_95.iter().map(|b| b.1));
        let y = ("events per interval", span(highest, true));
        let mut chart = times(&area, ends(&slice.times), y)?;
        for (band, opacity) in [(&slice.band_95, 0.16), (&slice.band_80, 0.26)] {
            let upper = slice.times.iter().zip(band).map(|(t, b)| (*t, b.1));
            let lower = slice.times.iter().zip(band).rev().map(|(t, b)| (*t, b.0));
            let outline: Vec<_> = upper.chain(lower).collect();
            chart.draw_series([Polygon::new(outline, blue.mix(opacity).filled())])?;
        }
        for (values, colour, width) in [(&slice.truth, INK, 1), (&slice.median, blue, 2)] {
            for run in unbroken(&slice.times, values) {
                chart.draw_series(LineSeries::new(run, colour.stroke_width(width)))?;
            }
        }
        Ok(())
    })
}

/// Bars of the error at each horizon, side by side for several forecasters (up to five).
///
/// # Errors
/// If it cannot be drawn.
pub fn error_by_horizon(forecasters: &[HorizonErrors]) -> Result<String, PlotError> {
    svg("errors by horizon", |root| {
        let legend: Vec<Entry<'_>> = forecasters
            .iter()
            .zip(PALETTE)
            .map(|(forecaster, colour)| (colour, 1.0, forecaster.name.as_str()))
            .collect();
        let area = frame(root, "Error by horizon (less is better)", &legend)?;
        let mut horizons: Vec<u32> =
            forecasters.iter().flat_map(|f| f.wape.iter().map(|w| w.0)).collect();
        horizons.sort_unstable();
        horizons.dedup();
        let all = forecasters.iter().flat_map(|f| f.wape.iter().map(|w| 100.0 * w.1));
        let mut builder = ChartBuilder::on(&area);
        let mut chart = builder
            .x_label_area_size(44)
            .y_label_area_size(66)
            .build_cartesian_2d(0.0..horizons.len().max(1) as f64, span(all, true))?;
        let font = |size| ("sans-serif", size).into_font().color(&INK);
        chart
            .configure_mesh()
            .disable_x_mesh()
            .x_labels(0)
            .light_line_style(TRANSPARENT)
            .bold_line_style(INK.mix(0.1))
            .label_style(font(13))
            .axis_desc_style(font(14))
            .y_desc("error, % of the events (WAPE)")
            .draw()?;
        let width = 0.7 / forecasters.len().max(1) as f64;
        for (place, horizon) in horizons.iter().enumerate() {
            for ((number, forecaster), colour) in forecasters.iter().enumerate().zip(PALETTE) {
                let Some((_, wape)) = forecaster.wape.iter().find(|w| w.0 == *horizon) else {
                    continue;
                };
                let left = place as f64 + 0.15 + width * number as f64;
                let corners = [(left + 0.1 * width, 0.0), (left + 0.9 * width, 100.0 * wape)];
                chart.draw_series([Rectangle::new(corners, colour.filled())])?;
                let (x, y) = chart.backend_coord(&(left + 0.5 * width, 100.0 * wape));
                let text = format!("{:.1}", 100.0 * wape);
                centred(root, text, (x, y - 15), 12)?;
            }
            let (x, y) = chart.backend_coord(&(place as f64 + 0.5, 0.0));
            centred(root, format!("{horizon} min ahead"), (x, y + 10), 14)?;
        }
        Ok(())
    })
}

fn centred(root: &Area<'_>, text: String, at: (i32, i32), size: i32) -> Result<(), Drawing> {
    use plotters::style::text_anchor::{HPos, Pos, VPos};
    let font = ("sans-serif", size).into_font().color(&INK);
    root.draw(&Text::new(text, at, font.pos(Pos::new(HPos::Center, VPos::Top))))
}

/// Levels of quantiles against the share of truths below them: on the diagonal, the bands hold
/// what they say. One line for each horizon: its name, then (level, share) pairs.
///
/// # Errors
/// If it cannot be drawn.
pub fn calibration(lines: &[(String, Vec<(f64, f64)>)]) -> Result<String, PlotError> {
    svg("the calibration", |root| {
        let mut legend: Vec<Entry<'_>> =
            lines.iter().zip(PALETTE).map(|((name, _), c)| (c, 1.0, name.as_str())).collect();
        legend.push((INK, 0.4, "perfect"));
        let area = frame(root, "Calibration: do quantiles hold what they say?", &legend)?;
        let x = ("level of the quantile, %", 0.0..100.0);
        let mut chart = numbers(&area, x, ("actual share below it, %", 0.0..102.0))?;
        let diagonal = [(0.0, 0.0), (100.0, 100.0)];
        chart.draw_series(LineSeries::new(diagonal, INK.mix(0.4).stroke_width(1)))?;
        for ((_, points), colour) in lines.iter().zip(PALETTE) {
            let points: Vec<_> = points.iter().map(|p| (100.0 * p.0, 100.0 * p.1)).collect();
            chart.draw_series(LineSeries::new(points.clone(), colour.stroke_width(2)))?;
            chart.draw_series(points.into_iter().map(|p| Circle::new(p, 4, colour.filled())))?;
        }
        Ok(())
    })
}

/// Jobs that ran against jobs that were needed.
///
/// # Errors
/// If it cannot be drawn.
pub fn scaling(slice: &ScalingSlice) -> Result<String, PlotError> {
    svg("the scaling", |root| {
        let legend = [(PALETTE[1], 1.0, "jobs running"), (PALETTE[0], 0.35, "jobs needed")];
        let area = frame(root, "Scaling: jobs against the need", &legend)?;
        let all = slice.needed.iter().chain(&slice.jobs).copied();
        let mut chart = times(&area, ends(&slice.times), ("jobs", span(all, true)))?;
        for run in unbroken(&slice.times, &slice.needed) {
            chart.draw_series(AreaSeries::new(run, 0.0, PALETTE[0].mix(0.3)))?;
        }
        for run in unbroken(&slice.times, &slice.jobs) {
            // Jobs change at once, not along a slope.
            let stairs =
                run.windows(2).flat_map(|w| [w[0], (w[1].0, w[0].1)]).chain(run.last().copied());
            chart.draw_series(LineSeries::new(stairs, PALETTE[1].stroke_width(2)))?;
        }
        Ok(())
    })
}

/// Jobs of policies against the need.
///
/// # Errors
/// If it cannot be drawn.
pub fn policies(slice: &PolicySlice) -> Result<String, PlotError> {
    let count = slice.panels.len().max(1);
    let size = (SIZE.0, 60 + PANEL_HEIGHT * count as u32);
    sized_svg("the policies", size, |root| {
        let area = frame(root, &slice.title, &[])?;
        for (panel, lines) in area.split_evenly((count, 1)).iter().zip(&slice.panels) {
            let mut legend = vec![(NEED, 1.0, "jobs needed")];
            let names = lines.iter().map(|(name, _)| name.as_str());
            legend.extend(names.zip(PALETTE).map(|(name, colour)| (colour, 1.0, name)));
            let panel = inner_legend(&panel.margin(6, 6, 0, 0), &legend)?;
            let jobs = lines.iter().flat_map(|(_, jobs)| jobs);
            let all = slice.needed.iter().chain(jobs).copied();
            let mut chart = times(&panel, ends(&slice.times), ("jobs", span(all, true)))?;
            let points = |values: &[f64]| -> Vec<(i64, f64)> {
                slice.times.iter().copied().zip(values.iter().copied()).collect()
            };
            chart.draw_series(AreaSeries::new(points(&slice.needed), 0.0, NEED))?;
            // The first lies above the others.
            for ((_, jobs), colour) in lines.iter().zip(PALETTE).rev() {
                chart.draw_series(LineSeries::new(points(jobs), colour.stroke_width(1)))?;
            }
        }
        Ok(())
    })
}

/// Height of a panel with its legend and axis.
const PANEL_HEIGHT: u32 = 250;
/// The need as an area behind lines of all colours.
const NEED: RGBColor = RGBColor(205, 210, 216);

fn svg(
    plot: &'static str,
    draw: impl FnOnce(&Area<'_>) -> Result<(), Drawing>,
) -> Result<String, PlotError> {
    sized_svg(plot, SIZE, draw)
}

fn sized_svg(
    plot: &'static str,
    size: (u32, u32),
    draw: impl FnOnce(&Area<'_>) -> Result<(), Drawing>,
) -> Result<String, PlotError> {
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, size).into_drawing_area();
        draw(&root).and_then(|()| root.present()).map_err(PlotError::new(plot))?;
    }
    Ok(text)
}

fn ends(times: &[i64]) -> std::ops::Range<i64> {
    match (times.first(), times.last()) {
        (Some(first), Some(last)) if last > first => *first..*last + 1,
        (Some(first), _) => *first..*first + 3600,
        _ => 0..3600,
    }
}

/// The stretches in which values are known.
fn unbroken(times: &[i64], values: &[f64]) -> Vec<Vec<(i64, f64)>> {
    let points: Vec<_> = times.iter().copied().zip(values.iter().copied()).collect();
    let runs = points.split(|p| !p.1.is_finite());
    runs.filter(|run| !run.is_empty()).map(<[_]>::to_vec).collect()
}

#[cfg(test)]
pub(super) mod tests;
