//! Curves for machines: times in seconds as decimals in words, as in all reports.
use std::io;

use serde::Serialize;
use vrrplab_engine::{Instant, Span};

use super::text::Told;
use crate::observe::words::time;
use crate::sweep::Curve;

#[derive(Serialize)]
struct Page<'t> {
    scenario: &'t str,
    seeds: (u64, u64),
    clients_added: &'t [String],
    remarks: &'t [String],
    curves: Vec<Line<'t>>,
}

/// A curve, or a grid.
#[derive(Serialize)]
struct Line<'t> {
    parameters: Vec<Parameter<'t>>,
    points: Vec<Dot<'t>>,
}

#[derive(Serialize)]
struct Parameter<'t> {
    name: &'t str,
    unit: &'t str,
}

#[derive(Serialize)]
struct Dot<'t> {
    /// As they were written into the scenario.
    values: Vec<&'t str>,
    /// Null where it was interrupted.
    outage: Option<Outage>,
}

#[derive(Serialize)]
struct Outage {
    runs: usize,
    median: String,
    p99: String,
    worst: String,
    worst_seed: u64,
    not_back: usize,
}

pub(super) fn print(told: &Told<'_>) -> io::Result<String> {
    let sweeper = told.sweeper;
    let page = Page {
        scenario: sweeper.name(),
        seeds: (told.seeds.start, told.seeds.end),
        clients_added: sweeper.added(),
        remarks: sweeper.remarks(),
        curves: sweeper.curves().iter().map(|curve| line(told, curve)).collect(),
    };
    Ok(serde_json::to_string_pretty(&page)? + "\n")
}

fn line<'t>(told: &Told<'t>, curve: &'t Curve) -> Line<'t> {
    let seconds = |length: Span| time(Instant::ZERO + length);
    let points = curve.points.iter().zip(&told.points[curve.first..]).map(|(values, point)| Dot {
        values: values.iter().map(|value| value.text.as_str()).collect(),
        outage: point.map(|point| Outage {
            runs: point.runs,
            median: seconds(point.median),
            p99: seconds(point.p99),
            worst: seconds(point.worst),
            worst_seed: point.seed,
            not_back: point.not_back,
        }),
    });
    let parameters = curve.axes.iter().map(|axis| Parameter { name: &axis.name, unit: &axis.unit });
    Line { parameters: parameters.collect(), points: points.collect() }
}
