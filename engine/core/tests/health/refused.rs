//! The kernel refuses what a server needs, as when somebody has deleted its virtual server.
use vrrplab_engine::health::{Answer, Input};
use vrrplab_engine::model::health::{CheckKind, FileCheck};
use vrrplab_engine::model::lvs::{Endpoint, GroupMember, ServerGroupModel, ServiceKey};

use super::stage::*;

const WELL: Answer = Answer::Reached;
const DEAD: Answer = Answer::Refused(111);

/// Two servers, of which 11 has failed at 6 s.
fn one_is_down() -> Stage {
    let mut stage = Stage::running(vec![service(vec![tcp(11, 1, 0), server(12, 1, vec![])])], &WELL);
    stage.refuse(&[]);
    stage.all(6000, &DEAD);
    stage
}

#[test]
fn a_server_whose_add_is_refused_is_down_and_each_good_check_tries_again() {
    let mut stage = one_is_down();
    stage.refuse(&[1]);
    let tried = |at: &str| {
        [
            format!("{at} check-content: TCP connection to [10.0.0.11]:tcp:80 success."),
            format!("{at} server-added: Adding service [10.0.0.11]:tcp:80 to VS [10.99.0.1]:tcp:80"),
            format!("{at} server-added: table: add 10.0.0.11 weight 1"),
        ]
    };
    let refused = |at: &str| [&tried(at)[..], &[format!("{at} server-refused: Refused {{ up: true }}")]].concat();
    assert_eq!(stage.all(16_000, &WELL), [refused("11.000"), refused("16.000")].concat(), "and no program runs");
    assert!(!stage.checkers.status().next().unwrap().alive);
    stage.refuse(&[]);
    let up = ["21.000 server-added: run up11".to_owned()];
    assert_eq!(stage.all(21_000, &WELL), [&tried("21.000")[..], &up].concat());
    assert_eq!(stage.all(30_000, &WELL), [""; 0], "done");
}

#[test]
fn a_server_that_fails_meanwhile_stays_down_without_a_word() {
    let mut stage = one_is_down();
    stage.refuse(&[1]);
    assert_eq!(stage.all(11_000, &WELL).len(), 4);
    assert_eq!(stage.all(21_000, &DEAD), [""; 0]);
}

#[test]
fn a_removal_that_is_refused_is_tried_again_by_the_next_failure() {
    let mut stage = Stage::running(vec![service(vec![tcp(11, 1, 0), server(12, 1, vec![])])], &WELL);
    stage.refuse(&[1]);
    let lines = stage.all(6000, &DEAD);
    assert_eq!(
        lines[2..],
        ["6.000 server-removed: table: delete 10.0.0.11", "6.000 server-refused: Refused { up: false }"]
    );
    assert!(stage.checkers.status().next().unwrap().alive);
    stage.refuse(&[]);
    let lines = stage.all(11_000, &DEAD);
    assert_eq!(lines[2..], ["11.000 server-removed: table: delete 10.0.0.11", "11.000 server-removed: run down11"]);
}

#[test]
fn what_cannot_be_edited_is_added() {
    let mut patient = tcp(11, 1, 0);
    patient.inhibit_on_failure = true;
    let mut stage = Stage::running(vec![service(vec![patient, server(12, 1, vec![])])], &WELL);
    stage.refuse(&[]);
    stage.all(6000, &DEAD);
    stage.refuse(&[1]);
    assert_eq!(
        stage.all(11_000, &WELL)[2..],
        [
            "11.000 server-added: table: edit 10.0.0.11 weight 1",
            "11.000 server-added: table: add 10.0.0.11 weight 1",
            "11.000 server-refused: Refused { up: true }",
        ]
    );
}

#[test]
fn of_a_group_the_services_behind_a_refused_one_are_not_tried() {
    let mut service = service(vec![tcp(11, 1, 0), server(12, 1, vec![])]);
    service.key = ServiceKey::Group(0);
    let members = vec![GroupMember::Addresses { first: Endpoint { ip: vip(), port: 80 }, more: 2 }];
    let mut model = node(vec![service]);
    model.server_groups = vec![ServerGroupModel { name: "G".into(), members }];
    let mut stage = Stage::of(&model);
    stage.give(Input::Start);
    stage.refuse(&[]);
    stage.all(1000, &DEAD);
    stage.refuse(&[2]);
    let table = |lines: Vec<String>| lines.into_iter().filter(|line| line.contains("table: ")).count();
    assert_eq!(table(stage.all(6000, &WELL)), 2, "10.99.0.1 takes it, 10.99.0.2 refuses, 10.99.0.3 is not asked");
    stage.refuse(&[]);
    assert_eq!(table(stage.all(11_000, &WELL)), 3);
}

#[test]
fn servers_that_follow_one_file_come_back_one_after_the_other() {
    let follows =
        |last| server(last, 1, vec![check(last, CheckKind::File(FileCheck { file: 0, weight: 0, reverse: false }), 0)]);
    let mut stage = Stage::new(vec![service(vec![follows(11), follows(12)])]);
    stage.refuse(&[]);
    stage.give(Input::File { item: 0, value: 0 });
    stage.give(Input::Start);
    stage.give(Input::File { item: 0, value: 1 });
    stage.refuse(&[1]);
    let lines = stage.give(Input::File { item: 0, value: 0 });
    let lines: Vec<&str> = lines.iter().filter_map(|line| line.split_once(": ")).map(|(_, what)| what).collect();
    assert_eq!(lines.len(), 8, "{lines:?}");
    assert_eq!((lines[2], lines[3]), ("table: add 10.0.0.11 weight 1", "Refused { up: true }"));
    assert_eq!((lines[6], lines[7]), ("table: add 10.0.0.12 weight 1", "Refused { up: true }"));
}
