//! `vrrplab why`: plays a scenario and explains changes of state by what led to them.
use std::io;

use serde::Serialize;
use vrrplab_engine::Instant;
use vrrplab_formats::scenario::{self, Disk};
use vrrplab_formats::world::{NodeId, World};

use super::WhyArgs;
use super::output::{Exit, say, tell, tell_report};
use crate::invariant::{Objections, Watch};
use crate::lab::Lab;
use crate::observe::Why;
use crate::observe::why::{Change, ChangeJson};

/// Which changes are wanted.
struct Wanted {
    at: Option<Instant>,
    node: Option<NodeId>,
    instance: Option<String>,
}

pub(super) fn why(args: &WhyArgs) -> io::Result<Exit> {
    let (world, report) = scenario::load(&args.file, &Disk);
    tell_report(&report);
    let Some(mut world) = world else { return Ok(Exit::BadInput) };
    world.seed = args.seed.unwrap_or(world.seed);
    let wanted = match wanted(args, &world) {
        Ok(wanted) => wanted,
        Err(words) => {
            tell(&format!("error: {words}\n"));
            return Ok(Exit::BadInput);
        }
    };
    let lab = Lab::new(&world, world.seed);
    let mut why = Why::new(&world, lab.ports());
    let mut watch = Watch::new(&world, lab.ports());
    lab.run(&mut [&mut why, &mut watch]);
    let objections = watch.judge();
    let changes = choose(why.changes(), &wanted);
    if args.json {
        let changes = changes.into_iter().map(|change| change.json(why.names())).collect();
        say(&serde_json::to_string_pretty(&Report { name: &world.name, seed: world.seed, changes })?)?;
    } else {
        say(&text(&changes, &objections, &wanted))?;
    }
    Ok(Exit::Held)
}

#[derive(Serialize)]
struct Report<'a> {
    name: &'a str,
    seed: u64,
    changes: Vec<ChangeJson<'a>>,
}

/// Reads what was asked, or says what is wrong with it.
fn wanted(args: &WhyArgs, world: &World) -> Result<Wanted, String> {
    let at = args.at.as_deref().map(scenario::moment).transpose()?;
    if at.is_some_and(|at| at > Instant::ZERO + world.duration) {
        return Err(format!("the scenario ends at {}, before that moment", world.duration));
    }
    let names = || world.nodes.iter().map(|node| node.model.name.as_str());
    let node = match &args.node {
        None => None,
        Some(name) => match names().position(|known| known == name) {
            Some(position) => Some(NodeId(position)),
            None => return Err(unknown("node", name, names().collect())),
        },
    };
    if let Some(name) = &args.instance {
        let mut known: Vec<&str> =
            world.nodes.iter().flat_map(|node| &node.model.instances).map(|i| &*i.name).collect();
        known.sort_unstable();
        known.dedup();
        if !known.contains(&name.as_str()) {
            return Err(unknown("instance", name, known));
        }
    }
    Ok(Wanted { at, node, instance: args.instance.clone() })
}

fn unknown(what: &str, name: &str, known: Vec<&str>) -> String {
    format!("unknown {what} `{name}`: {}", scenario::choices(name, known.into_iter()))
}

fn choose<'a>(changes: &'a [Change], wanted: &Wanted) -> Vec<&'a Change> {
    let meant = |change: &&Change| {
        wanted.node.is_none_or(|node| change.node == node)
            && wanted.instance.as_ref().is_none_or(|instance| change.instance == *instance)
    };
    match wanted.at {
        Some(at) => changes.iter().filter(meant).rfind(|change| change.at() <= at).into_iter().collect(),
        None => changes.iter().filter(meant).filter(|change| change.moves_mastership()).collect(),
    }
}

fn text(changes: &[&Change], objections: &Objections, wanted: &Wanted) -> String {
    let mut text: String = changes.iter().map(|change| change.text()).collect();
    if changes.is_empty() {
        text += "no such change of state\n";
    }
    if wanted.at.is_none() {
        for violation in &objections.violations {
            text += &format!("{}\n", violation.text());
        }
    }
    text
}
