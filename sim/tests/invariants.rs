//! Every invariant has a scenario that breaks it on purpose, and that scenario notices when nobody watches.
use std::fs;
use std::path::{Path, PathBuf};

use vrrplab_engine::Instant;
use vrrplab_formats::scenario::{self, Disk};
use vrrplab_formats::world::{Invariant, World};
use vrrplab_sim::experiment::{Outcome, play};
use vrrplab_sim::lab::Lab;
use vrrplab_sim::library::find;
use vrrplab_sim::library::starter::Memory;
use vrrplab_sim::moment::{Moment, Observer};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn library() -> Vec<World> {
    let load = |path: &PathBuf| {
        let (world, report) = scenario::load(path, &Disk);
        world.unwrap_or_else(|| panic!("{}", report.render(false)))
    };
    find(&root().join("scenarios")).unwrap().iter().map(load).collect()
}

fn run(world: &World) -> Outcome {
    play(world, world.seed, false, |_, _| Ok(())).unwrap()
}

#[test]
fn every_invariant_is_broken_on_purpose_by_a_scenario_that_fails_when_it_is_not_watched() {
    let library = library();
    for &invariant in Invariant::ALL {
        let breaks = |world: &&World| world.invariants.expected.iter().any(|expected| expected.invariant == invariant);
        let breakers: Vec<&World> = library.iter().filter(breaks).collect();
        assert!(!breakers.is_empty(), "no scenario breaks {}", invariant.id());
        for world in breakers {
            assert!(run(world).objections.held(), "{} {}", world.name, invariant.id());
            let mut unwatched = world.clone();
            unwatched.invariants.off.insert(invariant);
            let outcome = run(&unwatched);
            assert!(!outcome.held(), "{} does not miss {}", world.name, invariant.id());
            let summary = outcome.objections.summary();
            let missed = format!("FAIL violation expected: invariant: {}", invariant.id());
            assert!(summary.contains(&missed) && summary.contains("there was none"), "{summary}");
        }
    }
}

#[test]
fn a_violation_that_nobody_expects_fails_the_run_and_tells_who_believed_what() {
    let mut world = library().into_iter().find(|world| world.name == "passwords-differ").unwrap();
    world.invariants.expected.retain(|expected| expected.invariant != Invariant::OneMaster);
    let outcome = run(&world);
    assert!(!outcome.held());
    let summary = outcome.objections.summary();
    for line in [
        "FAIL invariant one-master violated at 7.605868: vrid 51 on lan has had 2 masters that are connected since \
         3.609375: r1, r2 (allowed: 3.996493 s)",
        "     view:  r1 VI_1: MASTER since 3.414062 [backup-timer-expired], holds 192.168.10.100, has heard no advert",
        "     view:  r2 VI_1: MASTER since 3.609375 [backup-timer-expired], holds 192.168.10.100, has heard no advert",
        "     cause: 3.609375 r2 VI_1: BACKUP -> MASTER [backup-timer-expired]",
    ] {
        assert!(summary.contains(line), "`{line}` is missing in:\n{summary}");
    }
    let json: serde_json::Value = serde_json::from_str(&outcome.json(&world).unwrap()).unwrap();
    assert_eq!(json["held"], false);
    let violations = json["violations"].as_array().unwrap();
    let one = violations.iter().find(|violation| violation["invariant"] == "one-master").unwrap();
    assert_eq!((&one["at_ns"], &one["expected"]), (&7_605_868_000_u64.into(), &false.into()));
}

/// One server of 1,024 virtual addresses. It loses its power at 8 s.
const WIDE: &str = r#"
duration: 20s
networks:
  lan:
nodes:
  lb1:
    interfaces: { eth0: { network: lan, addresses: [10.9.0.1/24] } }
    keepalived: |
      virtual_server_group web {
          10.8.0.0/22 80
      }
      virtual_server group web {
          delay_loop 2
          lb_kind DR
          protocol TCP
          real_server 10.9.0.11 80 {
              TCP_CHECK {
                  connect_timeout 1
              }
          }
      }
  rs1:
    interfaces: { eth0: { network: lan, addresses: [10.9.0.11/24] } }
    services: [{ http: 80 }]
timeline:
  - { at: 8s, do: { crash: rs1 } }
"#;

/// How many commands the table had taken each time that it was laid beside what the checkers want.
#[derive(Default)]
struct Judged {
    taken: usize,
    at: Vec<usize>,
}

impl Observer for Judged {
    fn see(&mut self, _: Instant, moment: &Moment<'_>) {
        match moment {
            Moment::Balanced { .. } => self.taken += 1,
            Moment::Settled { .. } => self.at.push(self.taken),
            _ => {}
        }
    }
    fn finish(&mut self, _: Instant) {}
}

/// At the start 1,024 services are made with the server in each, later it is taken out of each, one after the other.
#[test]
fn a_long_row_of_commands_is_judged_once_at_its_end() {
    let path = Path::new("wide.yaml");
    let (world, report) = scenario::load(path, &Memory { path, text: WIDE, below: &Disk });
    let world = world.unwrap_or_else(|| panic!("{}", report.render(false)));
    let mut judged = Judged::default();
    Lab::new(&world, world.seed).run(&mut [&mut judged]);
    assert_eq!(judged.at, [2 * 1_024, 3 * 1_024]);
}

#[test]
fn the_page_of_invariants_has_every_row() {
    let page = fs::read_to_string(root().join("docs/invariants.md")).unwrap();
    for invariant in Invariant::ALL {
        let row = format!("| `{}` | {} | {} |", invariant.id(), invariant.sentence(), invariant.reason());
        assert!(page.contains(&row), "docs/invariants.md lacks this row:\n{row}");
    }
}
