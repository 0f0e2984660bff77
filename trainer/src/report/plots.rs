//! The plot of a bench: jobs of policies, from plain data to the text of an SVG.

use super::style::{Area, Drawing, Entry, INK, PALETTE, PlotError, SIZE, frame, span, times};
use plotters::prelude::*;

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

#[cfg(test)]
pub(super) mod tests;
