//! Curves for people: one table each.
use std::fmt::Write as _;
use std::ops::Range;

use crate::observe::words::{count, span};
use crate::sweep::{Curve, Point, Sweeper, Value};

/// What is told.
pub(super) struct Told<'t> {
    /// What was played.
    pub(super) sweeper: &'t Sweeper,
    /// What came out; nothing where it was interrupted.
    pub(super) points: &'t [Option<Point>],
    /// With which seeds.
    pub(super) seeds: &'t Range<u64>,
}

pub(super) fn print(told: &Told<'_>) -> String {
    let (name, seeds) = (told.sweeper.name(), told.seeds);
    let runs = count(seeds.end - seeds.start, "run");
    let mut text = format!(
        "{name}: {runs} at each point, seeds {}..{}; the longest time between two answers of a client that lost requests\n",
        seeds.start, seeds.end
    );
    if !told.sweeper.added().is_empty() {
        let _ = writeln!(text, "clients that were added: {}", told.sweeper.added().join(", "));
    }
    for curve in told.sweeper.curves() {
        text += "\n";
        text += &table(curve, &told.points[curve.first..curve.first + curve.points.len()]);
    }
    text
}

fn table(curve: &Curve, points: &[Option<Point>]) -> String {
    let names = curve.axes.iter().map(|axis| axis.name.clone());
    let titles = ["median", "p99", "worst", "its seed", "not back"].map(str::to_owned);
    let mut lines: Vec<Vec<String>> = vec![names.chain(titles).collect()];
    for (values, point) in curve.points.iter().zip(points) {
        let Some(point) = point else { continue };
        let written = |(value, axis): (&Value, &crate::sweep::Axis)| match value.text.strip_suffix(&axis.unit) {
            Some(plain) if !axis.unit.is_empty() => format!("{plain} {}", axis.unit),
            _ if axis.unit.is_empty() => value.text.clone(),
            _ => format!("{} {}", value.text, axis.unit),
        };
        let values = values.iter().zip(&curve.axes).map(written);
        let figures = [point.median, point.p99, point.worst].map(span).into_iter();
        lines.push(values.chain(figures).chain([point.seed.to_string(), point.not_back.to_string()]).collect());
    }
    let columns = lines[0].len();
    let width = |column: usize| lines.iter().map(|cells| cells[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for cells in &lines {
        let row: Vec<String> = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:>width$}")).collect();
        text += row.join("  ").trim_end();
        text += "\n";
    }
    text
}
