//! Races that one run does not show: every order is played, and what may come out is known beforehand.
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;

use vrrplab_engine::Span;
use vrrplab_formats::scenario::{self, Files};
use vrrplab_formats::world::World;
use vrrplab_sim::lab::Lab;
use vrrplab_sim::observe::Timeline;
use vrrplab_sim::orders::{Ending, Found, Options, Orders};

struct Memory(BTreeMap<PathBuf, String>);

impl Files for Memory {
    fn read(&self, path: &Path) -> Result<String, String> {
        self.0.get(path).cloned().ok_or_else(|| "no such file".to_owned())
    }
}

fn read(text: &str) -> World {
    let path = Path::new("race.yaml");
    let (world, report) = scenario::load(path, &Memory(BTreeMap::from([(path.to_owned(), text.to_owned())])));
    world.unwrap_or_else(|| panic!("{}\n{text}", report.render(false)))
}

/// Nodes r1, r2, ... at 10.0.0.1, ... with these priorities.
fn site(duration: &str, delay: &str, priorities: &[u8], rest: &str) -> String {
    let node = |(n, priority): (usize, &u8)| {
        let n = n + 1;
        format!(
            "  r{n}:\n    interfaces:\n      eth0: {{network: lan, addresses: [10.0.0.{n}/24]}}\n    keepalived: |\n      \
             vrrp_instance VI {{\n        state MASTER\n        interface eth0\n        virtual_router_id 51\n        priority \
             {priority}\n        virtual_ipaddress {{\n          10.0.0.100/24\n        }}\n      }}\n"
        )
    };
    let nodes: String = priorities.iter().enumerate().map(node).collect();
    format!("duration: {duration}\nnetworks:\n  lan: {{delay: {delay}}}\nnodes:\n{nodes}{rest}")
}

const NO_DELAY: Options = Options { slack: 0, step: Span::ZERO, limit: 100_000 };

fn all(orders: &Orders) -> Found {
    let found = orders.play(&AtomicBool::new(false), |_| ());
    println!("{} states, {} runs, {} ended", found.states, found.runs, found.ended);
    for (outcome, example) in &found.outcomes {
        println!("{outcome:?}\n  {example:?}");
    }
    found
}

/// The outcomes in an order of their own: states, whether there were two masters at once.
fn outcomes(found: &Found) -> Vec<(Vec<&str>, bool)> {
    let mut all: Vec<_> = found
        .outcomes
        .iter()
        .map(|(outcome, _)| (outcome.states.iter().map(String::as_str).collect(), !outcome.double.is_empty()))
        .collect();
    all.sort();
    all
}

#[test]
fn two_equal_routers_that_start_at_the_same_instant_race() {
    // Both wait 3 s + (256-100)/256 s, and wake at the same instant, on a network that takes no time:
    // - one wakes and its advert is heard before the other wakes: the other stays BACKUP;
    // - both wake before either is heard: two masters; r1 hears the same priority from a higher address and steps back.
    let orders = Orders::new(&read(&site("6s", "0us", &[100, 100], "")), NO_DELAY);
    let found = all(&orders);
    assert_eq!(found.ending, Ending::Whole);
    let expected = [
        (vec!["r1 VI: BACKUP", "r2 VI: BACKUP MASTER"], false),
        (vec!["r1 VI: BACKUP MASTER", "r2 VI: BACKUP"], false),
        (vec!["r1 VI: BACKUP MASTER BACKUP", "r2 VI: BACKUP MASTER"], true),
    ];
    assert_eq!(outcomes(&found), expected);
    // by itself r1 wakes first, and r2 next: one choice lets r2 hear of r1 before, and two let r2 wake first and be heard
    let mut lengths: Vec<usize> = found.outcomes.iter().map(|(_, example)| example.turns.len()).collect();
    lengths.sort_unstable();
    assert_eq!(lengths, [0, 1, 2]);
}

#[test]
fn on_a_network_that_takes_time_the_same_start_always_makes_two_masters() {
    let orders = Orders::new(&read(&site("6s", "100us", &[100, 100], "")), NO_DELAY);
    let expected = [(vec!["r1 VI: BACKUP MASTER BACKUP", "r2 VI: BACKUP MASTER"], true)];
    assert_eq!(outcomes(&all(&orders)), expected);
}

#[test]
fn two_equal_backups_race_for_the_place_of_a_master_that_leaves() {
    // r1 says priority 0 at 5 s; r2 and r3 hear it 0.2 ms later, plus 0, 1 or 2 ms each, and wait 609.375 ms. Whoever heard it
    // first takes over first, by 1 or 2 ms, and its advert is under way for 0.2 ms, plus 0, 1 or 2 ms:
    // - it is heard before the other's timer ends: the other stays BACKUP;
    // - it is still in flight then, or both heard r1 at once: two masters, and r2, with the lower address, steps back.
    let rest = "timeline:\n  - at: 5s\n    do:\n      stop: r1\n";
    let world = read(&site("6s", "100us", &[150, 100, 100], rest));
    let late = Options { slack: 2, step: Span::from_millis(1), limit: 1_000_000 };
    let orders = Orders::new(&world, late);
    let found = all(&orders);
    assert_eq!(found.ending, Ending::Whole);
    let r1 = "r1 VI: BACKUP MASTER";
    let expected = [
        (vec![r1, "r2 VI: BACKUP", "r3 VI: BACKUP MASTER"], false),
        (vec![r1, "r2 VI: BACKUP MASTER", "r3 VI: BACKUP"], false),
        (vec![r1, "r2 VI: BACKUP MASTER BACKUP", "r3 VI: BACKUP MASTER"], true),
    ];
    assert_eq!(outcomes(&found), expected);
    // where adverts are never late, both hear the release at once: only the third
    let in_time = all(&Orders::new(&world, NO_DELAY));
    assert_eq!(outcomes(&in_time), expected[2..]);
    // each is played again by its choices
    for (outcome, example) in &found.outcomes {
        let mut timeline = Timeline::new(orders.world(), Lab::new(orders.world(), 1).ports());
        let played = orders.replay(&example.turns, &mut timeline).unwrap();
        assert_eq!((&played.outcome, &played.told), (outcome, &example.told));
    }
}

#[test]
fn the_search_ends_at_its_limit_and_says_so() {
    let world = read(&site("6s", "100us", &[100, 100], ""));
    let late = Options { slack: 2, step: Span::from_millis(1), limit: 5 };
    let found = all(&Orders::new(&world, late));
    assert_eq!((found.states, found.ending), (5, Ending::Limit));
    let stopped = Orders::new(&world, late).play(&AtomicBool::new(true), |_| ());
    assert_eq!((stopped.runs, stopped.ending), (0, Ending::Stopped));
}

fn vrrplab(args: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vrrplab"));
    command.args(args).current_dir(Path::new(env!("CARGO_TARGET_TMPDIR"))).stdin(Stdio::null());
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_command_tells_every_outcome_and_how_to_see_it() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("start.yaml");
    std::fs::write(&file, site("6s", "0us", &[100, 100], "")).unwrap();
    let (code, text) = vrrplab(&["orders", "start.yaml"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("every order was played; outcomes: 3"), "{text}");
    assert!(text.contains("two masters at once: VRID 51 on lan"), "{text}");
    let commands: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("  replay: vrrplab ")).collect();
    assert_eq!(commands.len(), 3);
    for command in commands {
        let (code, text) = vrrplab(&command.split(' ').collect::<Vec<_>>());
        assert_eq!(code, Some(0), "{command}\n{text}");
        assert!(text.contains("  r1 VI: BACKUP"), "{text}");
    }
    assert_eq!(vrrplab(&["orders", "start.yaml", "--replay", "0:99"]).0, Some(2));
    assert_eq!(vrrplab(&["orders", "start.yaml", "--delay", "3ms", "--step", "2ms"]).0, Some(2));
    let (code, text) = vrrplab(&["orders", "start.yaml", "--delay", "1ms", "--limit", "3"]);
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("not all: the limit of states is reached"), "{text}");
}
