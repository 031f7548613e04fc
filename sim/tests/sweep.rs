//! What-if curves, with the arithmetic of their points; and the moment at which a failure was decided.
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use vrrplab_engine::{Instant, Span};
use vrrplab_formats::scenario::{self, Files};
use vrrplab_sim::sweep::{Point, Sweeper, Unfit, Vary};
use vrrplab_sim::turning::{Sample, Turning, steepest};

/// Files that are nowhere.
struct Memory(BTreeMap<PathBuf, String>);

impl Files for Memory {
    fn read(&self, path: &Path) -> Result<String, String> {
        self.0.get(path).cloned().ok_or_else(|| "no such file".to_owned())
    }
}

const PATH: &str = "pair.yaml";

/// r1 (150) and r2 (100), 200 us from host to host; a ping every 100 ms from 15.05 s on, and what else is wanted.
fn pair(more: &str) -> String {
    let node = |(n, priority): (usize, u8)| {
        format!(
            "  r{n}:\n    interfaces:\n      eth0: {{network: lan, addresses: [10.0.0.{n}/24]}}\n    keepalived: |\n      vrrp_instance \
             VI {{\n        interface eth0\n        virtual_router_id 51\n        priority {priority}\n        \
             virtual_ipaddress {{\n          10.0.0.100/24\n        }}\n      }}\n"
        )
    };
    let nodes: String = [(1, 150), (2, 100)].map(node).concat();
    format!(
        "duration: 32s\nnetworks:\n  lan: {{delay: 100us, jitter: 0us, loss: 0%}}\nnodes:\n{nodes}clients:\n  c1: {{network: lan, address: \
         10.0.0.50/24, ping: 10.0.0.100, every: 100ms, timeout: 50ms, from: 15050ms}}\n{more}"
    )
}

const CRASH: &str = "timeline:\n- {at: 20s, do: {crash: r1}}\n";

fn memory(text: &str) -> Memory {
    Memory(BTreeMap::from([(PathBuf::from(PATH), text.to_owned())]))
}

fn sweeper(text: &str, vary: &[&str], grid: bool) -> Result<Sweeper, Unfit> {
    let vary: Vec<Vary> = vary.iter().map(|text| Vary::read(text, 11).unwrap()).collect();
    Sweeper::read(Path::new(PATH), &memory(text), &vary, grid)
}

/// The worst outage of each point, with one seed.
fn outages(sweeper: &Sweeper) -> Vec<Span> {
    (0..sweeper.points()).map(|point| Point::of(vec![sweeper.play(point, 1)]).unwrap().worst).collect()
}

#[test]
fn the_interval_of_adverts_sets_the_outage_three_times_over() {
    let sweeper = sweeper(&pair(CRASH), &["advert_int=1,2,4"], false).unwrap_or_else(|why| panic!("{why:?}"));
    // r1 is MASTER after 3 intervals and 106/256 s, and advertises at that + n intervals. With 1 s the last advert before
    // 20 s is that of 19.414062, heard 200 us later; r2 takes over 3.609375 s after that, at 23.023637: the ping of 23.05 is
    // the first to be answered after that of 19.95, and 400 us later than that one was, as r2 asks for the client's MAC
    // first. With 2 s: 18.414062 and 6.609375 s; with 4 s: 16.414062 and 12.609375 s.
    let [one, two, four] = [3_100_400, 5_100_400, 9_100_400].map(Span::from_micros);
    assert_eq!(outages(&sweeper), [one, two, four]);
    let axis = &sweeper.curves()[0].axes[0];
    assert_eq!((axis.name.as_str(), axis.unit.as_str()), ("advert_int", "s"));
}

#[test]
fn the_moment_of_a_fault_within_a_period_counts() {
    let sweeper = sweeper(&pair(CRASH), &["at=19.5,20,20.4,20.5s"], false).unwrap_or_else(|why| panic!("{why:?}"));
    // Until the advert of 20.414062 r2 takes over at 23.023637, then a second later. Pings are answered until the crash.
    let expected = [3_600_400, 3_100_400, 2_700_400, 3_600_400].map(Span::from_micros);
    assert_eq!(outages(&sweeper), expected);
}

#[test]
fn a_grid_plays_pairs_and_two_curves_play_each_alone() {
    let vary = ["r1.advert_int=1,2", "r2.priority=100,90,80"];
    let [grid, curves] =
        [true, false].map(|grid| sweeper(&pair(CRASH), &vary, grid).unwrap_or_else(|why| panic!("{why:?}")));
    assert_eq!((grid.points(), grid.curves().len()), (6, 1));
    assert_eq!((curves.points(), curves.curves().len()), (5, 2));
    assert_eq!(curves.curves()[1].first, 2);
    // what holds for r1 alone does not for r2: they refuse each other
    assert!(grid.remarks().is_empty(), "{:?}", grid.remarks());
}

#[test]
fn what_cannot_be_varied_is_told_in_words() {
    let told = |text: &str, vary: &str| match sweeper(text, &[vary], false) {
        Err(Unfit::Because(why)) => why,
        Err(Unfit::Unreadable(report)) => report.render(false),
        Ok(_) => panic!("{vary} was played"),
    };
    let crash = pair(CRASH);
    assert_eq!(told(&crash, "prioriti=1..3"), "nothing in the scenario is called `prioriti`; did you mean `priority`?");
    assert!(told(&crash, "advert_int=1..3s").contains("has no units: write it without `s`"));
    assert!(told(&crash, "fault[1].at=1..3s").contains("there is one fault in the scenario, fault[0]"));
    assert!(told(&crash, "loss=0,200%").contains("200%"));
    assert!(told(&pair(""), "at=1..3s").contains("there is no fault in the scenario"));
}

#[test]
fn a_value_that_keepalived_takes_otherwise_is_remarked_once() {
    let sweeper = sweeper(&pair(CRASH), &["advert_int=0.25,0.5,1"], false).unwrap_or_else(|why| panic!("{why:?}"));
    let expected = "advert_int 0.25: the advert interval becomes 1.000 s";
    assert_eq!(sweeper.remarks().first().map(String::as_str), Some(expected), "{:?}", sweeper.remarks());
}

/// r1 stops at 20 s, and its link loses half of all frames around that moment: the release is lost, or it is not.
const RELEASE: &str = "timeline:\n- {at: 19.9s, do: {link: {node: r1, loss: 50%}}}\n- {at: 20s, do: {stop: r1}}\n- {at: 20.1s, do: \
                       {link: {node: r1, loss: 0%}}}\nexpect:\n- enters: {instance: VI, node: r2, state: MASTER, at: 20610ms, \
                       within: 10ms}\n";

#[test]
fn a_failure_was_decided_when_the_release_was_lost() {
    let pair = pair("");
    let (alone, _) = pair.split_once("clients:").unwrap();
    let text = format!("{alone}{RELEASE}");
    let (world, report) = scenario::load(Path::new(PATH), &memory(&text));
    let world = world.unwrap_or_else(|| panic!("{}", report.render(false)));
    let failing = (0..20).find_map(|seed| Turning::of_scenario(&world, seed, 40)).unwrap();
    assert!((0..20).any(|seed| Turning::of_scenario(&world, seed, 40).is_none()));
    let mut samples = Vec::new();
    let mut moments = failing.moments(8);
    while !moments.is_empty() {
        samples.extend(moments.into_iter().map(|at| Sample { at, failed: failing.failed(at) }));
        samples.sort_by_key(|sample| sample.at);
        moments = failing.closer(&samples);
    }
    let second = |ms: u64| Instant::ZERO + Span::from_millis(ms);
    // The release leaves at 20 s. What comes before it does not matter, and nothing that comes later does.
    assert_eq!(samples.last().map(|sample| sample.failed), Some(40));
    assert!((10..=30).contains(&samples[0].failed), "{samples:?}");
    let (from, to) = steepest(&samples).unwrap();
    assert!(from.at < second(20_000) && to.at >= second(20_000) && to.at <= second(20_001), "{from:?} {to:?}");
    assert_eq!((from.failed, to.failed), (samples[0].failed, 40));
    let (told, _) = failing.happened(from.at, to.at, 20);
    assert!(
        told.iter().any(|line| line.contains("release of vrid 51") && line.contains("lost by chance")),
        "{told:#?}"
    );
}

fn vrrplab(args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vrrplab"));
    command.args(args).current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).stdin(Stdio::null());
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn any_number_of_jobs_gives_the_same_bytes() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sweep");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let sweep = |jobs: &str, format: &str| {
        let svg = folder.join(format!("{jobs}.svg")).display().to_string();
        let fixed =
            ["sweep", "scenarios/split-brain.yaml", "--vary", "loss=0,5%", "--vary", "priority=100,200", "--grid"];
        let ended =
            vrrplab(&[&fixed[..], &["--seeds", "3..21", "--jobs", jobs, "--format", format, "--svg", &svg]].concat());
        (ended, fs::read(svg).unwrap())
    };
    let one = sweep("1", "table");
    assert_eq!(one.0.0, Some(0), "{}", one.0.2);
    assert_eq!(one, sweep("3", "table"));
    let one = sweep("1", "json");
    assert_eq!(one, sweep("2", "json"));
    assert_eq!(one.0.1.matches("\"runs\": 18").count(), 4, "{}", one.0.1);
}

#[test]
fn a_failure_that_is_no_matter_of_chance_is_said_to_be_none() {
    let when = |jobs: &str| {
        let fixed = ["when", "scenarios/canary-must-fail.yaml", "--seed", "1", "--steps", "2", "--redraws", "3"];
        vrrplab(&[&fixed[..], &["--jobs", jobs]].concat())
    };
    let one = when("1");
    assert_eq!(one, when("3"));
    assert_eq!(one.0, Some(0), "{}", one.2);
    assert_eq!(one.1.matches("      3  ####").count(), 3, "{}", one.1);
    assert!(one.1.contains("the share of failures does not rise"), "{}", one.1);
}

/// 200 points of 16 runs each would take a while; the first is that of a value which is remarked before anything is played.
#[cfg(unix)]
#[test]
fn ctrl_c_leaves_the_points_that_are_finished() {
    let vary = ["--vary", "advert_int=0.5", "--vary", "at=7..9s", "--steps", "200", "--seeds", "0..16"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_vrrplab"));
    command.args(["sweep", "scenarios/split-brain.yaml", "--jobs", "1", "--format", "json"]).args(vary);
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).stdin(Stdio::null());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut text = String::new();
    err.read_line(&mut text).unwrap();
    assert_eq!(text, "warning: advert_int 0.5: the advert interval becomes 1.000 s\n");
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    err.read_to_string(&mut text).unwrap();
    assert_eq!(output.status.code(), Some(130), "{text}");
    assert!(text.ends_with(" of 201 points are done\n"), "{text}");
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(out.contains("\"outage\": null") && out.ends_with("}\n"), "{out}");
}

#[test]
fn what_is_wrong_ends_with_2_before_anything_is_played() {
    let sweep = |args: &[&str]| vrrplab(&[&["sweep", "scenarios/split-brain.yaml"], args].concat());
    let (code, out, err) = sweep(&["--vary", "advert_inte=1..3"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.ends_with("nothing in the scenario is called `advert_inte`; did you mean `advert_int`?\n"), "{err}");
    assert_eq!(sweep(&["--vary", "loss=0..20%", "--grid"]).0, Some(2));
    assert_eq!(sweep(&["--vary", "loss"]).0, Some(2));
    assert_eq!(sweep(&[]).0, Some(2));
    let (code, _, err) = vrrplab(&["when", "scenarios/split-brain.yaml", "--seed", "1"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("seed 1 does not fail"), "{err}");
}
