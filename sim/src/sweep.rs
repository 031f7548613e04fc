//! What-if curves: a scenario with one number changed again and again, and what that costs its clients.
//!
//! [`Vary`] is a name with its values, [`Sweeper`] a scenario with all these worlds, [`Point`] what one of them came to;
//! [`chart`] draws them.
pub mod chart;
mod conf;
mod heat;
mod pieces;
mod svg;
mod values;

use std::collections::BTreeSet;
use std::path::Path;

use vrrplab_engine::{Instant, Span};
use vrrplab_formats::diagnostics::Report;
use vrrplab_formats::outline::Outline;
use vrrplab_formats::scenario::{self, Files};
use vrrplab_formats::world::World;

pub use crate::certify::Unfit;
use crate::certify::add_clients;
use crate::explore::{Case, Thought};
use crate::lab::Lab;
use crate::observe::Outages;
pub use values::{Value, Vary};

/// More points than this are no curve.
const MOST_POINTS: usize = 10_000;
/// Without an answer for so long at the end, a client is not served again.
const SILENT: Span = Span::from_secs(2);

/// A scenario, and all the worlds that were asked for.
#[derive(Debug)]
pub struct Sweeper {
    name: String,
    added: Vec<String>,
    curves: Vec<Curve>,
    remarks: Vec<String>,
    worlds: Vec<World>,
}

/// Points along one parameter, or all pairs of values of two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Curve {
    /// What is varied; two make a grid.
    pub axes: Vec<Axis>,
    /// The position of its first point among all.
    pub first: usize,
    /// The values of each point, in the order of the axes.
    pub points: Vec<Vec<Value>>,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// As it was named.
    pub name: String,
    /// The unit of its values, also where none was written; empty for plain numbers.
    pub unit: String,
}

impl Sweeper {
    /// Reads a scenario and makes its worlds: one curve for each parameter, or one grid of two. Its promises do not count;
    /// where nobody asks, a client is added to each network.
    pub fn read(path: &Path, files: &dyn Files, vary: &[Vary], grid: bool) -> Result<Sweeper, Unfit> {
        let (read, report) = scenario::load(path, files);
        let Some(world) = read else { return Err(Unfit::Unreadable(Box::new(report))) };
        let mut case = Case::read(path, files).map_err(Unfit::Because)?;
        let own = std::mem::take(&mut case.own);
        case.forget_promises();
        if !own.is_empty() {
            case.file.set("timeline", Outline::List(own));
        }
        let added = if world.clients.is_empty() { add_clients(&mut case, &world) } else { Vec::new() };
        let mut sweeper =
            Sweeper { name: world.name.clone(), added, curves: Vec::new(), remarks: Vec::new(), worlds: Vec::new() };
        if world.clients.len() + sweeper.added.len() == 0 {
            return Err(Unfit::Because(
                "nobody asks in it, and no client can be added: it has no virtual address".into(),
            ));
        }
        let mut known = titles(&report);
        let groups: Vec<&[Vary]> = if grid { vec![vary] } else { vary.chunks(1).collect() };
        for group in groups {
            let points = combined(group);
            if sweeper.worlds.len() + points.len() > MOST_POINTS {
                return Err(Unfit::Because(format!("that makes more than {MOST_POINTS} points")));
            }
            let mut axes = Vec::new();
            for vary in group {
                let unit = pieces::unit(&case.file, vary).map_err(Unfit::Because)?;
                axes.push(Axis { name: vary.name.clone(), unit });
            }
            let first = sweeper.worlds.len();
            for values in &points {
                let mut file = case.file.clone();
                for (vary, value) in group.iter().zip(values) {
                    pieces::set(&mut file, &vary.name, value).map_err(Unfit::Because)?;
                }
                let text = file.print();
                let (read, report) = scenario::load(path, &Thought { path, text: &text, files });
                let Some(world) = read else { return Err(Unfit::Unreadable(Box::new(report))) };
                for title in titles(&report) {
                    if known.insert(title.clone()) {
                        sweeper.remarks.push(format!("{}: {title}", written(group, values)));
                    }
                }
                sweeper.worlds.push(world);
            }
            sweeper.curves.push(Curve { axes, first, points });
        }
        Ok(sweeper)
    }

    /// The scenario's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The names of the clients that the scenario did not have.
    pub fn added(&self) -> &[String] {
        &self.added
    }

    /// All curves, in the order in which they were asked for.
    pub fn curves(&self) -> &[Curve] {
        &self.curves
    }

    /// What the reader finds in worlds with other values and not in the scenario itself, each once.
    pub fn remarks(&self) -> &[String] {
        &self.remarks
    }

    /// How many points there are on all curves.
    pub fn points(&self) -> usize {
        self.worlds.len()
    }

    /// Plays one point with one seed.
    pub fn play(&self, point: usize, seed: u64) -> Cost {
        let world = &self.worlds[point];
        let mut outages = Outages::new(world);
        Lab::new(world, seed).run(&mut [&mut outages]);
        let (mut cost, end) = (Cost { seed, ..Cost::default() }, Instant::ZERO + world.duration);
        for client in outages.clients().iter().filter(|client| client.lost > 0) {
            cost.outage = cost.outage.max(client.longest);
            let silent = end.since(client.last_answer.unwrap_or_default());
            cost.not_back |= client.back_at.is_none() && silent >= SILENT;
        }
        cost
    }
}

/// What one run costs its clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cost {
    /// The longest time between two answers of a client that lost requests.
    pub outage: Span,
    /// Its seed.
    pub seed: u64,
    /// A client was not served again before the end.
    pub not_back: bool,
}

/// What all runs of a point come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// How many there were.
    pub runs: usize,
    /// Half of the outages are no longer.
    pub median: Span,
    /// Of a hundred outages, 99 are no longer.
    pub p99: Span,
    /// The longest outage.
    pub worst: Span,
    /// The first seed of that.
    pub seed: u64,
    /// Runs in which a client was not served again before the end.
    pub not_back: usize,
}

impl Point {
    /// Adds runs up, in whatever order they come; nothing when there are none.
    pub fn of(mut costs: Vec<Cost>) -> Option<Point> {
        costs.sort_unstable();
        let runs = costs.len();
        let worst = costs.last()?.outage;
        // of a share of all, the last: the nearest rank
        let rank = |percent: usize| costs[(runs * percent).div_ceil(100).max(1) - 1].outage;
        let seed = costs.iter().find(|cost| cost.outage == worst).map_or(0, |cost| cost.seed);
        let not_back = costs.iter().filter(|cost| cost.not_back).count();
        Some(Point { runs, median: rank(50), p99: rank(99), worst, seed, not_back })
    }
}

/// Every value, or every pair of values, the first axis fastest.
fn combined(group: &[Vary]) -> Vec<Vec<Value>> {
    let mut points = vec![Vec::new()];
    for vary in group.iter().rev() {
        let with = |value: &Value| {
            let value = value.clone();
            move |point: &Vec<Value>| [vec![value.clone()], point.clone()].concat()
        };
        points = points.iter().flat_map(|point| vary.values.iter().map(move |value| with(value)(point))).collect();
    }
    points
}

/// `advert_int 0.1, loss 2%`.
fn written(group: &[Vary], values: &[Value]) -> String {
    let all: Vec<String> =
        group.iter().zip(values).map(|(vary, value)| format!("{} {}", vary.name, value.text)).collect();
    all.join(", ")
}

fn titles(report: &Report) -> BTreeSet<String> {
    report.diagnostics.iter().map(|told| told.title.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(millis: u64, seed: u64) -> Cost {
        Cost { outage: Span::from_millis(millis), seed, not_back: millis > 150 }
    }

    #[test]
    fn figures_are_runs_that_happened_whatever_their_order() {
        let all: Vec<Cost> = (1..=200).map(|n| cost(n, 1000 - n)).collect();
        let expected = Point {
            runs: 200,
            median: Span::from_millis(100),
            p99: Span::from_millis(198),
            worst: Span::from_millis(200),
            seed: 800,
            not_back: 50,
        };
        assert_eq!(Point::of(all.clone()), Some(expected));
        assert_eq!(Point::of(all.into_iter().rev().collect()), Some(expected));
        assert_eq!(Point::of(Vec::new()), None);
        let one = Point::of(vec![cost(7, 3)]).unwrap();
        assert_eq!((one.median, one.p99, one.worst, one.seed), (one.worst, one.worst, Span::from_millis(7), 3));
    }

    #[test]
    fn a_grid_has_every_pair_and_the_first_parameter_moves_fastest() {
        let vary = |text: &str| Vary::read(text, 2).unwrap();
        let pairs = combined(&[vary("a=1,2,3"), vary("b=5,6")]);
        let texts: Vec<String> = pairs
            .iter()
            .map(|pair| pair.iter().map(|value| value.text.as_str()).collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(texts, ["1 5", "2 5", "3 5", "1 6", "2 6", "3 6"]);
    }
}
