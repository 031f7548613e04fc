//! Machines that stand still, drift, starve and lose processes: what two routers make of it.
use std::path::Path;

use vrrplab_formats::scenario::{Files, load};

use super::*;
use crate::experiment::play;

struct One(String);

impl Files for One {
    fn read(&self, _: &Path) -> Result<String, String> {
        Ok(self.0.clone())
    }
}

/// The timeline of r1 (150) and r2 (100) with these faults. r1 is MASTER at 3.414062; without faults nothing else happens.
fn told(faults: &[&str]) -> String {
    let mut text = "duration: 24s\nnetworks: { lan: { delay: 100us } }\nnodes:\n".to_owned();
    for (n, priority) in [(1, 150), (2, 100)] {
        text += &format!(
            "  r{n}:\n    interfaces: {{ eth0: {{ network: lan, addresses: [10.0.0.1{n}/24] }} }}\n    vrrp:\n      \
             - {{ instance: VI_1, interface: eth0, vrid: 51, priority: {priority}, vips: [10.0.0.100/24] }}\n"
        );
    }
    text += "timeline:\n";
    for fault in faults {
        let (at, fault) = fault.split_once(' ').unwrap();
        text += &format!("  - {{ at: {at}, do: {{ {fault} }} }}\n");
    }
    let (world, report) = load(Path::new("told.yaml"), &One(text));
    let world = world.unwrap_or_else(|| panic!("{}", report.render(false)));
    play(&world, 1, false, |_, _| Ok(())).unwrap().timeline.render(false, false)
}

/// The moments and routers that enter a state after 8 s, such as `11.023637 r2 MASTER`.
fn changes(faults: &[&str]) -> Vec<String> {
    let timeline = told(faults);
    let words = timeline.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let change = |words: Vec<&str>| match words.as_slice() {
        [at, node, "VI_1", _, "->", to, _] if *at > "8" || at.len() > 8 => Some(format!("{at} {node} {to}")),
        _ => None,
    };
    words.filter_map(change).collect()
}

#[test]
fn what_happens_inside_of_a_machine_that_stands_still_happens_when_it_goes_on() {
    let stopped = ["8s stun: { node: r1, for: 2s, clock: stops }", "9s stop: r1"];
    // a release at 10.0, heard 0.2 ms later, and the skew of priority 100
    assert_eq!(changes(&stopped), ["10.609575 r2 MASTER"]);
    assert!(told(&stopped).contains("10.000000  r1   daemon of r1 told to stop (SIGTERM)"));
}

#[test]
fn a_ring_of_one_frame_keeps_a_backup_quiet() {
    // with no ring, its down timer is overdue at 19.0
    let lost = changes(&["9s stun: { node: r2, for: 10s, clock: runs }"]);
    assert_eq!(lost, ["19.000000 r2 MASTER", "19.000400 r2 BACKUP"]);
    // the advert of 9.414 waits for it
    let kept = changes(&["9s stun: { node: r2, for: 10s, clock: runs, ring: 1 }"]);
    assert_eq!(kept, Vec::<String>::new());
}

#[test]
fn a_second_pause_makes_the_first_one_longer() {
    let twice = ["9s stun: { node: r2, for: 5s, clock: runs }", "12s stun: { node: r2, for: 7s, clock: runs }"];
    assert_eq!(changes(&twice), ["19.000000 r2 MASTER", "19.000400 r2 BACKUP"]);
}

#[test]
fn a_power_loss_ends_a_pause() {
    let cut = ["8s stun: { node: r1, for: 12s, clock: runs }", "9s crash: r1", "9500ms start: r1"];
    // r1 begins at 9.5, and its last advert before was heard at 7.414262
    let after = ["9.500000 r1 BACKUP", "11.023637 r2 MASTER", "12.914062 r1 MASTER", "12.914262 r2 BACKUP"];
    assert_eq!(changes(&cut), after);
}

#[test]
fn a_clock_that_changes_its_speed_moves_the_timers_that_run() {
    // due at 11.023637, 1.023637 s after the change: at one and a half times the speed, and at half of it
    assert_eq!(changes(&["8s crash: r1", "10s drift: { node: r2, by: 50% }"]), ["10.682424 r2 MASTER"]);
    assert_eq!(changes(&["8s crash: r1", "10s drift: { node: r2, by: -50% }"]), ["12.047274 r2 MASTER"]);
}

#[test]
fn nobody_respawns_the_child_of_a_parent_that_died_too() {
    let gone = ["8s kill_child: { node: r1, child: vrrp }", "8004ms kill: r1"];
    assert_eq!(changes(&gone), ["11.023637 r2 MASTER"]);
}

#[test]
fn a_starved_daemon_that_was_paused_reads_all_when_it_goes_on() {
    let both = ["8s starve: { node: r2, late: 500ms }", "9s pause: r2", "16s resume: r2"];
    assert_eq!(changes(&both), Vec::<String>::new());
}

#[test]
fn the_parent_waits_longer_after_each_death() {
    let delays: Vec<u64> = (0..9).map(|deaths| respawn_delay(deaths).as_micros() / 1_000_000).collect();
    assert_eq!(delays, [0, 1, 2, 4, 8, 16, 32, 60, 60]);
}

#[test]
fn a_starved_daemon_is_late_by_the_same_each_time_or_by_chance() {
    let late = Span::from_millis(300);
    let mut steady = Starved { late, chance: None };
    assert_eq!([steady.next(), steady.next()], [late, late]);
    let mut random = Starved { late, chance: Some(Chance::new(1, "node/r1/starve")) };
    let drawn: Vec<Span> = (0..100).map(|_| random.next()).collect();
    assert!(drawn.iter().all(|span| *span <= late));
    assert!(drawn.iter().any(|span| *span > Span::from_millis(250)));
    assert!(drawn.iter().any(|span| *span < Span::from_millis(50)));
}
