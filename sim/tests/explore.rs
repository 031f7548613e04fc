//! Exploring: mistakes of real configurations are found and made small, and the same seeds give the same bytes.
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;

use vrrplab_formats::scenario::{self, Files};
use vrrplab_formats::world::World;
use vrrplab_sim::experiment::play;
use vrrplab_sim::explore::{Explorer, Options, Search, Summary, merge, shrink};

/// Files that are nowhere.
struct Memory(BTreeMap<PathBuf, String>);

impl Files for Memory {
    fn read(&self, path: &Path) -> Result<String, String> {
        self.0.get(path).cloned().ok_or_else(|| "no such file".to_owned())
    }
}

const PATH: &str = "pair.yaml";
const ALL: Options = Options { most: 6, own_faults: true, clients: true };

fn memory(text: &str) -> Memory {
    Memory(BTreeMap::from([(PathBuf::from(PATH), text.to_owned())]))
}

fn read(text: &str) -> World {
    let (world, report) = scenario::load(Path::new(PATH), &memory(text));
    world.unwrap_or_else(|| panic!("{}\n{text}", report.render(false)))
}

/// A configuration with some lines of its own, as a block of YAML.
fn conf(priority: u8, vip: &str, lines: &[&str], global: &str) -> String {
    let lines: String = lines.iter().map(|line| format!("        {line}\n")).collect();
    format!(
        "    keepalived: |\n      {global}\n      vrrp_instance VI {{\n        interface eth0\n        virtual_router_id 51\n        \
         priority {priority}\n{lines}        virtual_ipaddress {{\n          {vip}/24\n        }}\n      }}\n"
    )
}

/// Nodes r1, r2, ... at 10.0.0.1, ... with these configurations, and one client that pings 10.0.0.100.
fn site(confs: &[String]) -> String {
    let node = |(n, conf): (usize, &String)| {
        let n = n + 1;
        format!("  r{n}:\n    interfaces:\n      eth0: {{network: lan, addresses: [10.0.0.{n}/24]}}\n{conf}")
    };
    let nodes: String = confs.iter().enumerate().map(node).collect();
    format!(
        "duration: 12s\nnetworks:\n  lan:\nnodes:\n{nodes}clients:\n  c1: {{network: lan, address: 10.0.0.50/24, ping: \
         10.0.0.100, every: 250ms, timeout: 200ms, from: 5s}}\n"
    )
}

fn pair(first: &[&str], second: &[&str]) -> String {
    let vip = "10.0.0.100";
    site(&[conf(150, vip, first, ""), conf(100, vip, second, "")])
}

/// Explores a scenario with so many seeds, and makes the first failure of this invariant small. It has at most three
/// faults, expects what it shows, and shows it every time.
fn finds(text: &str, seeds: u64, invariant: &str) -> World {
    let world = read(text);
    let explorer = Explorer::new(&world, ALL);
    let summary = explorer.play(0..seeds, 0..seeds, &AtomicBool::new(false)).unwrap();
    let causes: Vec<&String> = summary.failures.keys().collect();
    let failure = summary.failures.values().filter(|failure| failure.fingerprint.starts_with(invariant));
    let failure = failure.min_by_key(|failure| failure.first);
    let failure = failure.unwrap_or_else(|| panic!("{invariant} was not violated: {causes:?}"));
    let files = memory(text);
    let (seed, fingerprint) = (failure.first, failure.fingerprint.as_str());
    let search = Search { path: Path::new(PATH), files: &files, seed, fingerprint, budget: 1_000 };
    let found = shrink(&explorer, &world, &search).unwrap();
    println!("{} of {seeds} failed; tried {}\n{}", summary.totals.failed, found.tried, found.text);
    assert!(found.faults.0 <= 3, "{:?}\n{}", found.faults, found.text);
    let small = read(&found.text);
    for _ in 0..2 {
        let outcome = play(&small, small.seed, false, |_, _| Ok(())).unwrap();
        assert!(outcome.held() && !outcome.objections.violations.is_empty(), "{}", found.text);
    }
    assert!(found.text.starts_with("# Found by exploring pair with seed "), "{}", found.text);
    small
}

#[test]
fn passwords_that_differ_are_found() {
    let auth =
        |word: &str| format!("authentication {{\nauth_type PASS\nauth_pass {word}\n}}").replace('\n', "\n        ");
    let small = finds(&pair(&[&auth("first")], &[&auth("second")]), 64, "adverts-accepted");
    assert!(small.faults.is_empty() && small.clients.is_empty());
}

#[test]
fn intervals_that_differ_are_found() {
    let small = finds(&pair(&["advert_int 1"], &["advert_int 2"]), 64, "adverts-accepted");
    assert_eq!((small.faults.len(), small.nodes.len()), (0, 2));
}

#[test]
fn another_cluster_with_the_same_vrid_is_found() {
    let other = "10.0.0.200";
    let [one, two] = [150, 100].map(|priority| conf(priority, "10.0.0.100", &[], ""));
    let [three, four] = [140, 90].map(|priority| conf(priority, other, &[], ""));
    let small = finds(&site(&[one, two, three, four]), 64, "adverts-accepted");
    // one router of each cluster is enough
    assert_eq!(small.nodes.len(), 2);
}

#[test]
fn a_peer_that_is_missing_in_a_list_is_found() {
    let vip = "10.0.0.100";
    let peers = |priority, of: &[u8]| {
        let list: Vec<String> = of.iter().map(|n| format!("10.0.0.{n}")).collect();
        conf(priority, vip, &[&format!("unicast_peer {{\n          {}\n        }}", list.join("\n          "))], "")
    };
    // r1 does not know r3
    finds(&site(&[peers(150, &[2]), peers(100, &[1, 3]), peers(90, &[1, 2])]), 64, "one-master");
}

#[test]
fn an_address_that_one_list_lacks_is_found() {
    let two = conf(100, "10.0.0.100/24\n          10.0.0.101", &[], "");
    let small = finds(&site(&[conf(150, "10.0.0.100", &[], ""), two]), 64, "adverts-accepted");
    assert!(small.faults.is_empty());
}

#[test]
fn strict_mode_that_answers_nobody_is_found() {
    let strict = "global_defs {\n        vrrp_strict\n      }";
    let vip = "10.0.0.100";
    let small = finds(&site(&[conf(150, vip, &[], strict), conf(100, vip, &[], strict)]), 64, "no-black-hole");
    assert_eq!((small.faults.len(), small.clients.len()), (0, 1));
}

#[test]
fn a_firewall_that_drops_vrrp_is_found() {
    let firewall = "    firewall:\n      - {direction: in, protocol: vrrp}\n";
    let two = conf(100, "10.0.0.100", &[], "") + firewall;
    finds(&site(&[conf(150, "10.0.0.100", &[], ""), two]), 64, "one-");
}

#[test]
fn a_good_pair_has_no_failure_without_faults() {
    let world = read(&pair(&[], &[]));
    let explorer = Explorer::new(&world, Options { most: 0, ..ALL });
    let summary = explorer.play(0..16, 0..16, &AtomicBool::new(false)).unwrap();
    assert_eq!((summary.totals.runs, summary.totals.failed, summary.totals.faults), (16, 0, 0));
}

#[test]
fn one_router_with_peers_and_one_without_are_found() {
    let peer = "unicast_peer {\n          10.0.0.2\n        }";
    finds(&pair(&[peer], &[]), 64, "");
}

#[test]
fn versions_that_differ_are_found() {
    let small = finds(&pair(&["version 3"], &["version 2"]), 64, "");
    assert!(small.faults.is_empty());
}

#[test]
fn port_security_without_the_virtual_address_is_found() {
    let secured = |n: u8| (format!("[10.0.0.{n}/24]}}"), format!("[10.0.0.{n}/24], port_security: true}}"));
    let text = [1, 2].map(secured).iter().fold(pair(&[], &[]), |text, (old, new)| text.replace(old, new));
    finds(&text, 64, "");
}

#[test]
fn any_division_and_any_order_give_the_same_bytes() {
    let world = read(&pair(&["advert_int 1"], &["advert_int 2"]));
    let explorer = Explorer::new(&world, ALL);
    let stop = AtomicBool::new(false);
    let whole = explorer.play(3..99, 3..99, &stop).unwrap().print().unwrap();
    for cuts in [vec![3, 99], vec![3, 50, 99], vec![3, 4, 5, 90, 99]] {
        let parts = cuts.windows(2).rev().map(|cut| explorer.play(3..99, cut[0]..cut[1], &stop).unwrap());
        // through their files, as from other machines
        let parts = parts.map(|part| Summary::read(&part.print().unwrap()).unwrap());
        let named = parts.enumerate().map(|(n, part)| (n.to_string(), part)).collect();
        let merged = merge(named).unwrap();
        assert_eq!((merged.repeated.len(), merged.lost.len()), (0, 0));
        assert_eq!(merged.summary.print().unwrap(), whole);
    }
}

#[test]
fn lost_repeated_and_foreign_shards_are_recognised() {
    let explorer = Explorer::new(&read(&pair(&[], &[])), ALL);
    let stop = AtomicBool::new(false);
    let part = |from, to| (format!("{from}-{to}"), explorer.play(0..8, from..to, &stop).unwrap());
    let merged = merge(vec![part(5, 8), part(0, 3), part(5, 8)]).unwrap();
    assert_eq!((merged.lost, merged.repeated), (vec![(3, 5)], vec!["5-8".to_owned()]));
    assert_eq!(merged.summary.totals.runs, 6);
    assert!(merge(vec![part(0, 4), part(3, 8)]).is_err_and(|why| why.contains("some seeds in common")));
    let mut other = part(4, 8);
    other.1.totals.sum ^= 1;
    assert!(merge(vec![part(4, 8), other]).is_err_and(|why| why.contains("found different things")));
    let fewer = Explorer::new(&read(&pair(&[], &[])), Options { most: 1, ..ALL });
    let foreign = ("foreign".to_owned(), fewer.play(0..8, 4..8, &stop).unwrap());
    assert!(merge(vec![part(0, 4), foreign]).is_err_and(|why| why.contains("options have changed")));
}

#[test]
fn a_host_that_goes_leaves_the_faults_of_the_others_alone() {
    let both = read(&pair(&[], &[]));
    let mut alone = both.clone();
    alone.clients.clear();
    // no limit, so that all that is drawn stays
    let options = Options { most: u64::MAX - 1, ..ALL };
    let (with, without) = (Explorer::new(&both, options), Explorer::new(&alone, options));
    let mut compared = 0;
    for seed in 0..50 {
        let (with, without) = (with.strikes(seed), without.strikes(seed));
        for strike in without.iter().filter(|strike| strike.kind.id() != "partition") {
            assert!(with.contains(strike), "{strike:?}");
            compared += 1;
        }
    }
    assert!(compared > 100, "{compared}");
}

fn vrrplab(args: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vrrplab"));
    command.args(args).current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).stdin(Stdio::null());
    for name in ["VRRPLAB_SHARD", "VRRPLAB_SHARDS", "CI_NODE_INDEX", "CI_NODE_TOTAL", "PARALLEL_SEQ"] {
        command.env_remove(name);
    }
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn any_number_of_jobs_and_shards_gives_the_same_bytes() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("explore");
    let _ = fs::remove_dir_all(&folder);
    let at = |name: &str| folder.join(name).display().to_string();
    let explore = |more: &[&str]| {
        let fixed = ["explore", "scenarios/split-brain.yaml", "--seeds", "0..200", "--without-clients", "--no-shrink"];
        vrrplab(&[&fixed, more].concat())
    };
    let (one, two) = (at("one"), at("two"));
    let first = explore(&["--jobs", "1", "--out", &one]);
    assert_eq!(first, explore(&["--jobs", "3", "--out", &two]));
    let whole = fs::read(folder.join("one/summary.jsonl")).unwrap();
    assert_eq!(whole, fs::read(folder.join("two/summary.jsonl")).unwrap());
    for shard in ["0/3", "1/3", "2/3"] {
        explore(&["--shard", shard, "--out", &one]);
    }
    let again = explore(&["--shard", "1/3", "--out", &one]);
    assert!(again.1.contains("finished before"), "{}", again.1);
    let shards = ["one/shard-0-of-3.jsonl", "one/shard-1-of-3.jsonl", "one/shard-2-of-3.jsonl"].map(at);
    let out = at("merged.jsonl");
    let merged = vrrplab(&["merge", &shards[2], &shards[0], &shards[1], "--out", &out]);
    assert_eq!((merged.1, fs::read(out).unwrap()), (first.1, whole));
    let (code, _) = vrrplab(&["merge", &shards[0], &shards[2]]);
    assert_eq!(code, Some(2));
    assert_eq!(explore(&["--shard", "auto", "--out", &one]).0, Some(2));
}

#[test]
fn rows_of_seeds_are_appended_and_joined_to_the_same_bytes() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rows");
    let _ = fs::remove_dir_all(&folder);
    let at = |name: &str| folder.join(name).display().to_string();
    let explore = |seeds: &str, out: &str, more: &[&str]| {
        let fixed = ["explore", "scenarios/split-brain.yaml", "--without-clients", "--no-shrink", "--runs"];
        vrrplab(&[&fixed, &["--seeds", seeds, "--out", &at(out)][..], more].concat())
    };
    explore("0..200", "one", &["--jobs", "3"]);
    let whole = fs::read_to_string(folder.join("one/runs.jsonl")).unwrap();
    assert_eq!(whole.lines().count(), 200);
    assert!(whole.starts_with("{\"seed\":0,"), "{whole}");
    explore("0..200", "two", &["--shard", "0/2"]);
    explore("0..200", "two", &["--shard", "1/2"]);
    let merge = |out: &str| {
        let shards = ["two/shard-1-of-2.jsonl", "two/shard-0-of-2.jsonl"].map(at);
        vrrplab(&["merge", &shards[0], &shards[1], "--runs", &at(out)]).0
    };
    assert!(merge("joined.jsonl").is_some_and(|code| code < 2));
    assert_eq!(fs::read_to_string(folder.join("joined.jsonl")).unwrap(), whole);
    // the second shard died in the middle of a line: the merge sees it, and the shard is not finished
    let torn = folder.join("two/runs-1-of-2.jsonl");
    let rows = fs::read(&torn).unwrap();
    fs::write(&torn, &rows[..rows.len() / 2]).unwrap();
    assert_eq!(merge("torn.jsonl"), Some(2));
    assert!(!folder.join("torn.jsonl").exists());
    explore("0..200", "two", &["--shard", "1/2"]);
    assert_eq!(fs::read(&torn).unwrap(), rows);
    // rows of other seeds are nothing to go on from
    assert_eq!(explore("1..200", "one", &[]).0, Some(2));
    assert_eq!(fs::read_to_string(folder.join("one/runs.jsonl")).unwrap(), whole);
}
