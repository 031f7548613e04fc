//! How fast the laboratory is: frames in a crowded segment, runs of a failover, and what observers cost.
//!
//! `cargo bench -p vrrplab-sim` measures; words after `--` choose (`segment`, `split-brain`, `big-site`). Under
//! `cargo test --benches`, which does not pass `--bench`, it only runs small sizes once.
use std::hint::black_box;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU8;
use std::path::Path;
use std::time::Duration;

use vrrplab_engine::model::{IfAddr, IfIndex, InstanceModel, InterfaceModel, Mac, NodeModel, Vip};
use vrrplab_engine::{Policy, Span};
use vrrplab_formats::scenario::{self, Disk};
use vrrplab_formats::world::{LinkQuality, Network, NetworkId, Node, Port, World};
use vrrplab_sim::experiment::play;
use vrrplab_sim::lab::Lab;

const ETH0: IfIndex = IfIndex(2);

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let measured = arguments.iter().any(|a| a == "--bench") && !arguments.iter().any(|a| a == "--test");
    let wanted = |name: &str| {
        let mut filters = arguments.iter().skip(1).filter(|a| !a.starts_with('-')).peekable();
        filters.peek().is_none() || filters.any(|filter| name.contains(filter.as_str()))
    };
    if wanted("segment") {
        segments(measured);
    }
    if wanted("split-brain") {
        failovers(measured)?;
    }
    if wanted("big-site") {
        site(measured)?;
    }
    Ok(())
}

/// Frames delivered a second, for segments with more and more routers.
fn segments(measured: bool) {
    let sizes: &[(u16, u64)] =
        if measured { &[(2, 3600), (10, 3600), (100, 3600), (1000, 3600)] } else { &[(2, 20), (10, 20)] };
    println!("one instant for all receivers:");
    receive(sizes, LinkQuality::CLEAN);
    println!("each link takes up to 200 us longer, drawn for each frame and receiver:");
    receive(sizes, LinkQuality { jitter: Span::from_micros(200), ..LinkQuality::CLEAN });
}

fn receive(sizes: &[(u16, u64)], quality: LinkQuality) {
    println!(
        "{:>6} {:>10} {:>12} {:>12} {:>9} {:>14}",
        "nodes", "simulated", "delivered", "events", "wall", "delivered/s"
    );
    for &(nodes, seconds) in sizes {
        let world = segment(nodes, Span::from_secs(seconds), quality);
        let (took, tally) = best_of(3, || Lab::new(&world, 1).run(&mut []));
        println!(
            "{nodes:>6} {:>8} s {:>12} {:>12} {:>6} ms {:>14}",
            seconds,
            tally.delivered,
            tally.events,
            took.as_millis(),
            rate(tally.delivered, took)
        );
    }
}

/// Runs of a scenario a second: bare, with its clients, with all that watches it.
fn failovers(measured: bool) -> io::Result<()> {
    let repeats = if measured { 200 } else { 1 };
    let split = split_brain()?;
    let mut quiet = split.clone();
    quiet.clients.clear();
    quiet.expectations.clear();
    println!("{:<48} {:>10} {:>10}", "split-brain", "per run", "runs/s");
    let (bare, _) = best_of(3, || many(repeats, || Lab::new(&quiet, 1).run(&mut [])));
    row("no clients, no observers", repeats, bare);
    let (clients, _) = best_of(3, || many(repeats, || Lab::new(&split, 1).run(&mut [])));
    row("four clients, no observers", repeats, clients);
    let (watched, outcome) = best_of(3, || many(repeats, || play(&split, 1, true, |_, _| Ok(()))));
    outcome?;
    row("four clients, every observer and the capture", repeats, watched);
    let ratio = 100 * watched.as_nanos() / clients.as_nanos().max(1);
    println!("observers: {}.{:02} times the time without", ratio / 100, ratio % 100);
    Ok(())
}

/// How many times faster than real time 200 routers and 500 clients are.
fn site(measured: bool) -> io::Result<()> {
    let mut world = load("operations/big-site")?;
    if !measured {
        world.duration = Span::from_secs(8);
        world.faults.clear();
    }
    let faster = |took: Duration| u128::from(world.duration.0) / took.as_nanos().max(1);
    println!("{:<48} {:>10} {:>10} {:>10}", "big-site", "wall", "x faster", "delivered");
    let (read, _) = best_of(3, || load("operations/big-site"));
    println!("{:<48} {:>7} ms", "reading the scenario", read.as_millis());
    let (bare, tally) = best_of(3, || Lab::new(&world, 1).run(&mut []));
    let line = "no observers";
    println!("{line:<48} {:>7} ms {:>10} {:>10}", bare.as_millis(), faster(bare), tally.delivered);
    let (watched, outcome) = best_of(3, || play(&world, 1, false, |_, _| Ok(())));
    let line = "every observer, no capture";
    println!("{line:<48} {:>7} ms {:>10} {:>10}", watched.as_millis(), faster(watched), outcome?.tally.delivered);
    Ok(())
}

fn split_brain() -> io::Result<World> {
    load("split-brain")
}

fn load(name: &str) -> io::Result<World> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../scenarios/{name}.yaml"));
    let (world, _) = scenario::load(&path, &Disk);
    world.ok_or_else(|| io::Error::other(format!("{} has errors", path.display())))
}

/// Routers of one virtual router on one segment. The first has the highest priority; the others share the rest.
fn segment(nodes: u16, duration: Span, quality: LinkQuality) -> World {
    let networks = vec![Network::new("lan", quality)];
    World { seed: 1, ..World::quiet("segment", duration, networks, (0..nodes).map(node).collect()) }
}

fn node(n: u16) -> Node {
    let [high, low] = n.to_be_bytes();
    let interface = InterfaceModel {
        index: ETH0,
        name: "eth0".to_owned(),
        mac: Mac([2, 0, 0, 0, high, low]),
        addresses: vec![IfAddr { ip: IpAddr::V4(Ipv4Addr::new(10, 0, high + 1, low)), prefix: 16 }],
        up: true,
    };
    let model = NodeModel {
        instances: vec![instance(n)],
        ..NodeModel::new(&format!("r{}", n + 1), Policy::KEEPALIVED_2_2_7, vec![interface])
    };
    Node::new(model, vec![Port::on(NetworkId(0))])
}

fn instance(n: u16) -> InstanceModel {
    let priority = if n == 0 { 254 } else { 1 + (n % 250) as u8 };
    let addr = IfAddr { ip: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 100)), prefix: 32 };
    InstanceModel {
        priority: NonZeroU8::new(priority).unwrap_or(NonZeroU8::MIN),
        vips: vec![Vip::new(addr, ETH0)],
        ..InstanceModel::new("VI_1", ETH0, NonZeroU8::MIN)
    }
}

/// Runs `work` so often; the last result.
fn many<T>(times: u32, mut work: impl FnMut() -> T) -> T {
    for _ in 1..times {
        black_box(work());
    }
    work()
}

/// The shortest wall time of some tries, and the last result.
fn best_of<T>(tries: u32, mut work: impl FnMut() -> T) -> (Duration, T) {
    let mut best = Duration::MAX;
    let result = many(tries, || {
        let before = clock();
        let result = work();
        best = best.min(before.elapsed());
        result
    });
    (best, result)
}

#[allow(clippy::disallowed_methods, reason = "a benchmark measures wall time; nothing simulated sees it")]
fn clock() -> std::time::Instant {
    std::time::Instant::now()
}

fn rate(count: u64, took: Duration) -> u128 {
    u128::from(count) * 1_000_000_000 / took.as_nanos().max(1)
}

fn row(what: &str, runs: u32, took: Duration) {
    println!("{what:<48} {:>7} us {:>10}", took.as_micros() / u128::from(runs), rate(u64::from(runs), took));
}
