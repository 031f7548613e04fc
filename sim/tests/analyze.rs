//! `vrrplab analyze` tells of every golden capture what the run that made it was, and makes a scenario in which it happens
//! again.
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::{IpAddr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use vrrplab_engine::State;
use vrrplab_engine::model::{InterfaceModel, Mac};
use vrrplab_formats::recording::{self, FrameSort, RecordedFrame, RecordedKind, Recording};
use vrrplab_formats::scenario::{self, Disk};
use vrrplab_formats::world::World;
use vrrplab_sim::analyze::scenario::guess;
use vrrplab_sim::analyze::{Go, Report, read};
use vrrplab_sim::experiment::play;
use vrrplab_sim::library::find;
use vrrplab_wire::{AddressFamily, Advert, AdvertFrame, Version, gratuitous_arp, unsolicited_na};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn analyzed(path: &Path) -> Report {
    let (analysis, trouble) = read(fs::File::open(path).unwrap(), &mut |_, _| Go::On);
    assert!(trouble.is_none(), "{}: {trouble:?}", path.display());
    analysis.report()
}

/// Every scenario with a golden capture.
fn golden() -> Vec<(String, World, PathBuf)> {
    let told = |file: &PathBuf| {
        let name = file.file_stem()?.to_str()?.to_owned();
        let capture = root().join("captures/golden").join(format!("{name}.pcapng"));
        let world = || scenario::load(file, &Disk).0;
        if capture.exists() { Some((name, world()?, capture)) } else { None }
    };
    let all: Vec<_> = find(&root().join("scenarios")).unwrap().iter().filter_map(told).collect();
    assert!(all.len() > 70, "only {} captures", all.len());
    all
}

/// Who becomes master of which virtual router: node, VRID, microseconds.
type Masters = BTreeSet<(String, u8, u64)>;

/// What the run knows, also of changes that last no time.
fn of_run(world: &World) -> Masters {
    let outcome = play(world, world.seed, false, |_, _| Ok(())).unwrap();
    let mut masters = Masters::new();
    for name in outcome.states.instances() {
        for node in outcome.states.nodes(name) {
            let model = &world.nodes[node.0].model;
            let vrid = model.instances.iter().find(|instance| *instance.name == *name).unwrap().vrid.get();
            for (at, state) in outcome.states.entries(node, name) {
                if *state == Some(State::Master) {
                    masters.insert((model.name.clone(), vrid, at.0 / 1_000));
                }
            }
        }
    }
    masters
}

fn addresses(interface: &InterfaceModel) -> Vec<IpAddr> {
    let [a, b, c, d, e, f] = interface.mac.0.map(u16::from);
    let local = Ipv6Addr::new(0xfe80, 0, 0, 0, (a ^ 2) << 8 | b, c << 8 | 0xff, 0xfe00 | d, e << 8 | f);
    interface.addresses.iter().map(|addr| addr.ip).chain([IpAddr::V6(local)]).collect()
}

/// What the capture tells; whoever is heard again though nobody else was master has not become it then.
fn of_capture(world: &World, report: &Report) -> Masters {
    let mut nodes: BTreeMap<IpAddr, &str> = BTreeMap::new();
    for node in &world.nodes {
        nodes.extend(node.model.interfaces.iter().flat_map(addresses).map(|ip| (ip, node.model.name.as_str())));
    }
    let mut masters = Masters::new();
    for router in &report.routers {
        for master in router.masters.iter().filter(|master| !master.how.starts_with("again")) {
            let name = nodes.get(&master.router).map_or_else(|| master.router.to_string(), ToString::to_string);
            let (seconds, micros) = master.from.split_once('.').unwrap();
            let at = seconds.parse::<u64>().unwrap() * 1_000_000 + micros.parse::<u64>().unwrap();
            masters.insert((name, router.vrid, report.start.0 / 1_000 + at));
        }
    }
    masters
}

/// The members of one that the other does not have, give or take 20 ms.
fn lacking(one: &Masters, other: &Masters) -> Vec<String> {
    let near = |a: &(String, u8, u64)| other.iter().any(|b| (&a.0, a.1) == (&b.0, b.1) && a.2.abs_diff(b.2) <= 20_000);
    one.iter().filter(|a| !near(a)).map(|(node, vrid, at)| format!("{node} {vrid} {at}")).collect()
}

/// Where a capture cannot tell what the run was, and why.
const OTHERWISE: &[(&str, &str)] = &[
    (
        "killed-daemon",
        "a daemon that was killed and starts again, with nobody else there, looks like one that was paused",
    ),
    ("sorry-server-left-behind", "as before"),
    ("starved-master", "a master that wakes up says so once more before it hears of the other one"),
    ("vm-stun-master", "as before"),
    ("v6-cut-vrrp", "as before"),
    ("forged-priority-255", "a forger that speaks as a master is told as one"),
];

#[test]
fn every_golden_capture_tells_the_masters_of_its_run() {
    let mut wrong = Vec::new();
    for (name, world, capture) in golden() {
        let (run, told) = (of_run(&world), of_capture(&world, &analyzed(&capture)));
        let (hidden, invented) = (lacking(&run, &told), lacking(&told, &run));
        let differs = !(hidden.is_empty() && invented.is_empty());
        let known = OTHERWISE.iter().any(|(known, _)| *known == name);
        if differs != known {
            wrong.push(format!("{name}: not told {hidden:?}, told and not so {invented:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// How many changes of master the guessed scenarios show at the same time as captured, of how many.
const SHOWN: (usize, usize) = (226, 238);

#[test]
fn the_scenario_of_every_golden_capture_runs_and_shows_the_same_masters() {
    let folder = std::env::temp_dir().join(format!("vrrplab-analyze-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let (mut held, mut all, mut short) = (0, 0, Vec::new());
    for (name, _, capture) in golden() {
        let report = analyzed(&capture);
        let counts = [true, false].map(|cuts| {
            let Some(guess) = guess(&report, cuts) else { return (0, 0) };
            let path = folder.join(format!("{name}-{cuts}.yaml"));
            fs::write(&path, guess.yaml(&name, &[])).unwrap();
            let (world, diagnostics) = scenario::load(&path, &Disk);
            let world = world.unwrap_or_else(|| panic!("{name}: {}", diagnostics.render(false)));
            let outcome = play(&world, 1, false, |_, _| Ok(())).unwrap();
            (outcome.judgements.iter().filter(|judgement| judgement.held).count(), outcome.judgements.len())
        });
        let best = counts.into_iter().max().unwrap();
        (held, all) = (held + best.0, all + best.1);
        if best.0 < best.1 {
            short.push(format!("{name} {} of {}", best.0, best.1));
        }
    }
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!((held, all), SHOWN, "{}", short.join("\n"));
}

/// A capture of what a recording says that real daemons sent: pcap, big end first, nanoseconds.
fn recorded_capture(recording: &Recording) -> Vec<u8> {
    let mut file: Vec<u8> = Vec::new();
    let words = |file: &mut Vec<u8>, words: &[u32]| file.extend(words.iter().flat_map(|word| word.to_be_bytes()));
    words(&mut file, &[0xa1b2_3c4d, 0x0002_0004, 0, 0, 262_144, 1]);
    for recorded in recording.frames() {
        let Some(bytes) = recorded_frame(recorded) else { continue };
        let length = u32::try_from(bytes.len()).unwrap();
        let (seconds, rest) = (recorded.at.0 / 1_000_000_000, recorded.at.0 % 1_000_000_000);
        words(&mut file, &[u32::try_from(seconds).unwrap(), u32::try_from(rest).unwrap(), length, length]);
        file.extend(bytes);
    }
    file
}

fn mac(text: &str) -> Option<Mac> {
    let bytes: Vec<u8> = text.split(':').filter_map(|byte| u8::from_str_radix(byte, 16).ok()).collect();
    bytes.try_into().ok().map(Mac)
}

/// The frame that has these fields.
fn recorded_frame(recorded: &RecordedFrame) -> Option<Vec<u8>> {
    let field = |name: &str| recorded.fields.get(name).map(String::as_str);
    match recorded.sort {
        FrameSort::Garp(IpAddr::V4(ip)) => Some(gratuitous_arp(mac(field("sha")?)?, ip)),
        FrameSort::Na(IpAddr::V6(ip)) => Some(unsolicited_na(mac(field("smac")?)?, ip, true)),
        FrameSort::Garp(_) | FrameSort::Na(_) => None,
        FrameSort::Advert { vrid, .. } => {
            let v3 = field("ver")? == "3";
            let millis: u64 = field("int_ms")?.parse().ok()?;
            let (src, dst): (IpAddr, IpAddr) = (field("src")?.parse().ok()?, field("dst")?.parse().ok()?);
            let advert = Advert {
                version: if v3 { Version::V3 } else { Version::V2 },
                vrid,
                priority: field("prio")?.parse().ok()?,
                interval: u16::try_from(millis / if v3 { 10 } else { 1_000 }).ok()?,
                addresses: field("addrs")?.split(' ').filter_map(|ip| ip.parse().ok()).collect(),
                auth: None,
            };
            let family = if src.is_ipv4() { AddressFamily::V4 } else { AddressFamily::V6 };
            let (src_mac, dst_mac) = (mac(field("smac")?)?, mac(field("dmac")?)?);
            let id = field("ip_id").and_then(|id| id.parse().ok()).unwrap_or(0);
            let ttl = field("ttl")?.parse().ok()?;
            Some(AdvertFrame { advert: &advert, family, src_mac, dst_mac, src, dst, ttl, id }.emit())
        }
    }
}

/// Which recordings cannot be told from their adverts, and why.
const RECORDED_OTHERWISE: &[(&str, &str)] = &[
    ("p32_vrid_clash", "adverts of the other cluster put its own off, so that it seems to give way for a moment"),
    ("p25_sigstop5_sigcont", "a master that wakes up says so once more before it hears of the other one"),
    ("v6-cut-vrrp", "as before"),
];

#[test]
fn what_real_keepalived_sent_tells_its_masters() {
    let mut wrong = Vec::new();
    let mut folders: Vec<PathBuf> = ["recordings", "recorded"]
        .iter()
        .flat_map(|of| fs::read_dir(root().join("captures").join(of)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("case.json").exists())
        .collect();
    folders.sort();
    for folder in folders {
        let (recording, _) = recording::load(&folder, Some(1));
        let recording = recording.unwrap();
        let (analysis, _) = read(recorded_capture(&recording).as_slice(), &mut |_, _| Go::On);
        let told = of_capture(&recording.world, &analysis.report());
        let mut run = Masters::new();
        for event in &recording.events {
            let RecordedKind::State { instance, state: State::Master } = &event.kind else { continue };
            let node = recording.world.nodes.iter().find(|node| node.model.name == event.node).unwrap();
            let vrid = node.model.instances.iter().find(|known| *known.name == **instance).unwrap().vrid.get();
            run.insert((event.node.clone(), vrid, event.at.0 / 1_000));
        }
        let (hidden, invented) = (lacking(&run, &told), lacking(&told, &run));
        let name = folder.file_name().unwrap().to_str().unwrap();
        let known = RECORDED_OTHERWISE.iter().any(|(known, _)| *known == name);
        if (hidden.is_empty() && invented.is_empty()) == known {
            wrong.push(format!("{name}: not told {hidden:?}, told and not so {invented:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn vrrplab(args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vrrplab"));
    let output = command.arg("analyze").args(args).current_dir(root()).stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_exit_code_tells_how_bad_it_is() {
    let (code, out, err) = vrrplab(&["captures/golden/graceful-stop.pcapng"]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    let (code, out, _) = vrrplab(&["--quiet", "captures/golden/passwords-differ.pcapng"]);
    assert_eq!(code, Some(1));
    assert!(
        out.contains("error[auth-mismatch]: virtual router 51: 192.168.10.11 and 192.168.10.12 have different"),
        "{out}"
    );
    let (code, out, err) = vrrplab(&["README.md"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert_eq!(err, "error: README.md: byte 0: neither pcap nor pcapng begins with these bytes\n");
    let (code, out, _) = vrrplab(&["--json", "captures/golden/split-brain.pcapng"]);
    assert_eq!(code, Some(1));
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json["findings"][0]["id"], "double-master");
}

#[test]
fn the_page_of_the_split_is_the_kept_one() {
    let (_, out, _) = vrrplab(&["captures/golden/split-brain.pcapng"]);
    insta::assert_snapshot!(out);
}
