//! What is tracked, from file to takeover, on simulated hosts: the recorded cases of a script and of a file, and scripts
//! that hang.
use std::path::Path;

use vrrplab_engine::model::command::{Notify, Program};
use vrrplab_engine::model::track::{FileModel, ScriptModel, Tracked};
use vrrplab_engine::{Instant, Span};
use vrrplab_formats::recording::RecordedKind;
use vrrplab_formats::scenario::{self, Files};
use vrrplab_formats::world::{Behaviour, Fault, NodeId, TimedFault, World};
use vrrplab_sim::lab::Lab;
use vrrplab_sim::observe::Timeline;
use vrrplab_sim::recorder::Recorder;

/// Two routers, 110 and 100, that start when the recorded ones did.
const PAIR: &str = "
duration: 25s
networks:
  lan: { delay: 20us }
nodes:
  n1:
    start: 8617us
    interfaces:
      eth0: { network: lan, addresses: [192.168.100.11/24] }
    vrrp:
      - { instance: VI_1, interface: eth0, vrid: 51, priority: 110, vips: [192.168.100.100/24] }
    files: { /chk.sh: \"#!/bin/sh\\ngrep -q 1 /run/flag\\n\", /run/flag: \"1\", /run/adj: \"0\" }
  n2:
    start: 309155us
    interfaces:
      eth0: { network: lan, addresses: [192.168.100.12/24] }
    vrrp:
      - { instance: VI_1, interface: eth0, vrid: 51, priority: 100, vips: [192.168.100.100/24] }
timeline:
  - { at: 30ms, do: { file: { node: n2, path: /run/other, content: x } } }
";

struct One;

impl Files for One {
    fn read(&self, _: &Path) -> Result<String, String> {
        Ok(PAIR.to_owned())
    }
}

fn pair() -> World {
    let (world, report) = scenario::load(Path::new("pair.yaml"), &One);
    let mut world = world.unwrap_or_else(|| panic!("{}", report.render(false)));
    assert_eq!(world.nodes[0].files.len(), 3);
    assert!(matches!(&world.faults[0].fault, Fault::WriteFile { content: Some(text), .. } if text == "x"));
    world.faults.clear();
    world
}

fn write(path: &str, micros: u64, content: &str) -> TimedFault {
    let fault = Fault::WriteFile { node: NodeId(0), path: path.into(), content: Some(content.into()) };
    TimedFault { at: Instant::ZERO + Span::from_micros(micros), fault }
}

/// `n1 MASTER 3579`: changes of state with milliseconds.
fn states(world: &World) -> Vec<String> {
    let mut recorder = Recorder::new(world);
    Lab::new(world, 1).run(&mut [&mut recorder]);
    let state = |e: &vrrplab_formats::recording::RecordedEvent| match &e.kind {
        RecordedKind::State { state, .. } => Some(format!("{} {} {}", e.node, state.name(), e.at.0 / 1_000_000)),
        RecordedKind::Vip { .. } => None,
    };
    recorder.events().iter().filter_map(state).collect()
}

fn check_script(weight: i16, rise: u32, fall: u32) -> (ScriptModel, Tracked) {
    let program = Program { words: vec!["/chk.sh".into()], user: None };
    let script = ScriptModel {
        name: "chk".into(),
        program,
        interval: Span::from_secs(1),
        timeout: Span::from_secs(1),
        weight,
        reverse: false,
        rise,
        fall,
        init_fail: false,
    };
    (script, Tracked { item: 0, weight, reverse: false })
}

fn track_script(world: &mut World, weight: i16, rise: u32, fall: u32) {
    let (script, tracked) = check_script(weight, rise, fall);
    let model = &mut world.nodes[0].model;
    model.scripts.push(script);
    model.instances[0].track_scripts.push(tracked);
}

/// Recorded: weight -20, rise 3, fall 2. The flag falls at 8.4 s: failures at 9.01 and 10.01 s, then priority 90; the last
/// advert that n2 accepts is that of 9.58 s, so it is MASTER at 13.19 s. The flag rises at 14.4 s: successes at 15.01,
/// 16.01 and 17.01 s shift the running down timer by 20/256 s.
#[test]
fn a_script_that_reads_a_flag_moves_the_mastership_as_recorded() {
    let mut world = pair();
    track_script(&mut world, -20, 3, 2);
    world.faults = vec![write("/run/flag", 8_399_980, "0\n"), write("/run/flag", 14_399_973, "1\n")];
    assert_eq!(
        states(&world),
        [
            "n1 BACKUP 8",
            "n2 BACKUP 309",
            "n1 MASTER 3578",
            "n2 MASTER 13188",
            "n1 BACKUP 13188",
            "n1 MASTER 19758",
            "n2 BACKUP 19758"
        ]
    );
}

/// Recorded (with priority 120): -30 at 8 s, -80 at 12 s, 0 at 16 s.
#[test]
fn a_number_in_a_file_moves_the_mastership_as_recorded() {
    let mut world = pair();
    let model = &mut world.nodes[0].model;
    model.instances[0].priority = 120.try_into().unwrap();
    let file = FileModel { name: "adj".into(), path: "/run/adj".into(), weight: 1, reverse: false, init: None };
    model.files.push(file);
    model.instances[0].track_files.push(Tracked { item: 0, weight: 1, reverse: false });
    let at = [(7_999_983, "-30\n"), (11_999_973, "-80\n"), (15_999_975, "0\n")];
    world.faults = at.map(|(micros, content)| write("/run/adj", micros, content)).to_vec();
    assert_eq!(
        states(&world),
        [
            "n1 BACKUP 8",
            "n2 BACKUP 309",
            "n1 MASTER 3539",
            "n2 MASTER 11149",
            "n1 BACKUP 11149",
            "n1 MASTER 18680",
            "n2 BACKUP 18680"
        ]
    );
}

/// Unweighted and hanging from 5 s on: ended at its timeout of 0.5 s, and that is the fault; notify scripts are told.
#[test]
fn a_hanging_script_is_told_and_faults_its_router() {
    let mut world = pair();
    track_script(&mut world, 0, 1, 1);
    let model = &mut world.nodes[0].model;
    model.scripts[0].timeout = Span::from_millis(500);
    let fault = Some(Program { words: vec!["/notify".into(), "down".into()], user: None });
    model.instances[0].notify = Notify { fault, ..Notify::default() };
    let fault = Fault::Script { node: NodeId(0), name: "chk".into(), does: Behaviour::Hangs };
    world.faults = vec![TimedFault { at: Instant::ZERO + Span::from_secs(5), fault }];
    let lab = Lab::new(&world, 1);
    let mut timeline = Timeline::new(&world, lab.ports());
    lab.run(&mut [&mut timeline]);
    let text = timeline.render(false, false);
    let told: Vec<&str> = text.lines().filter(|line| line.contains("n1 ") && line.trim_start() > "3.7").collect();
    let expected = [
        ("5.000000", "script chk of n1 hangs from now on"),
        ("5.508617", "script chk failed (ran too long)"),
        ("5.508617", "MASTER -> FAULT"),
        ("5.508617", "sends"),
        ("5.508617", "sends"),
        ("5.508617", "removes 192.168.100.100/24"),
        ("5.508617", "runs /notify down"),
    ];
    for ((at, what), line) in expected.iter().zip(&told) {
        assert!(line.trim_start().starts_with(at) && line.contains(what), "{line} is not {at} {what}:\n{text}");
    }
    assert!(told.len() >= expected.len(), "{text}");
}
