//! Health checks, told with a clock. The sections cited are those of what was found out about keepalived 2.2.7's checkers.
#[path = "health/answers.rs"]
mod answers;
#[path = "health/kinds.rs"]
mod kinds;
#[path = "health/properties.rs"]
mod properties;
#[path = "health/refused.rs"]
mod refused;
#[path = "health/stage.rs"]
mod stage;

use stage::*;
use vrrplab_engine::health::{Answer, Input};
use vrrplab_engine::model::globals::Fifo;
use vrrplab_engine::model::health::CheckKind;
use vrrplab_engine::model::lvs::{Endpoint, GroupMember, Scheduler, ServerGroupModel, ServiceKey};

const WELL: Answer = Answer::Reached;
const REFUSED: Answer = Answer::Refused(111);

#[test]
fn at_the_start_all_servers_are_taken_as_alive() {
    let mut stage = Stage::new(vec![service(vec![tcp(11, 1, 3)])]);
    assert_eq!(
        stage.give(Input::Start),
        [
            "0.000 servers-start: table: add service",
            "0.000 servers-start: table: add 10.0.0.11 weight 1",
            "0.000 quorum-gained: Gained quorum 1+0=1 <= 1 for VS [10.99.0.1]:tcp:80",
            "0.000 quorum-gained: run quorum_up",
            "0.000 check-activated: Activating healthchecker for service [10.0.0.11]:tcp:80 for VS [10.99.0.1]:tcp:80",
        ]
    );
    assert_eq!(stage.checkers.next_wake(), Some(ms(1000)), "no warmup: 1 s");
    assert_eq!(
        stage.until(1000, |_| Some(WELL)),
        ["1.000 check-runs: ask 11", "1.000 check-content: TCP connection to [10.0.0.11]:tcp:80 success."]
    );
}

#[test]
fn a_refusal_counts_after_all_retries_and_one_success_brings_the_server_back() {
    let mut stage = Stage::running(vec![service(vec![tcp(11, 1, 2), server(12, 1, vec![])])], &WELL);
    assert_eq!(
        stage.all(12_000, &REFUSED),
        [
            "6.000 check-retries: Tried(Tcp, Refused(111))",
            "9.000 check-retries: Tried(Tcp, Refused(111))",
            "12.000 check-fails: TCP_CHECK on service [10.0.0.11]:tcp:80 failed after 2 retries.",
            "12.000 server-removed: Removing service [10.0.0.11]:tcp:80 from VS [10.99.0.1]:tcp:80",
            "12.000 server-removed: table: delete 10.0.0.11",
            "12.000 server-removed: run down11",
        ]
    );
    // TCP repeats its retries while down: 5 s, 3 s, 3 s, 5 s.
    let asked = stage.until(28_000, |_| Some(REFUSED));
    let asked: Vec<&str> = asked.iter().filter_map(|line| line.strip_suffix(" check-runs: ask 11")).collect();
    assert_eq!(asked, ["17.000", "20.000", "23.000", "28.000"]);
    assert_eq!(
        stage.all(31_000, &WELL),
        [
            "31.000 check-content: TCP connection to [10.0.0.11]:tcp:80 success.",
            "31.000 server-added: Adding service [10.0.0.11]:tcp:80 to VS [10.99.0.1]:tcp:80",
            "31.000 server-added: table: add 10.0.0.11 weight 1",
            "31.000 server-added: run up11",
        ]
    );
}

#[test]
fn the_first_attempt_of_all_needs_no_retry_to_fail() {
    let mut stage = Stage::new(vec![service(vec![tcp(11, 1, 3), server(12, 1, vec![])])]);
    stage.give(Input::Start);
    let lines = stage.all(1000, &REFUSED);
    assert_eq!(lines[0], "1.000 check-fails: TCP_CHECK on service [10.0.0.11]:tcp:80 failed.");
}

/// As in the recording `quorum-sorry`, with its programs in their order.
#[test]
fn a_quorum_with_hysteresis_brings_the_sorry_server_in_and_out() {
    let servers = vec![tcp(11, 2, 0), tcp(12, 2, 0), tcp(13, 1, 0)];
    let mut service = service(servers);
    (service.quorum, service.hysteresis, service.sorry) = (3, 1, sorry(14, false));
    let mut stage = Stage::running(vec![service], &WELL);
    let dead = |dead: &'static [u8]| move |last| Some(if dead.contains(&last) { REFUSED } else { WELL });
    let lines = stage.until(6000, dead(&[12, 13]));
    assert!(lines.iter().all(|line| !line.contains("quorum")), "2 is not below 3-1: {lines:?}");
    assert_eq!(
        stage.until(11_000, dead(&[11, 12, 13])).split_off(2),
        [
            "11.000 check-runs: ask 13",
            "11.000 check-fails: TCP_CHECK on service [10.0.0.11]:tcp:80 failed.",
            "11.000 server-removed: Removing service [10.0.0.11]:tcp:80 from VS [10.99.0.1]:tcp:80",
            "11.000 server-removed: table: delete 10.0.0.11",
            "11.000 server-removed: run down11",
            "11.000 quorum-lost: Lost quorum 3-1=2 > 0 for VS [10.99.0.1]:tcp:80",
            "11.000 sorry-server-in: Adding sorry server [10.0.0.14]:tcp:80 to VS [10.99.0.1]:tcp:80",
            "11.000 sorry-server-in: table: add 10.0.0.14 weight 1",
            "11.000 sorry-server-in: Removing alive servers from the pool for VS [10.99.0.1]:tcp:80",
            "11.000 quorum-lost: run quorum_down",
        ]
    );
    // 2 and 3 are not yet 3+1: servers are said to come, but the table keeps the sorry server.
    let lines = stage.until(16_000, dead(&[12])).join("\n");
    assert!(lines.contains("Adding service [10.0.0.13]") && !lines.contains("table"), "{lines}");
    assert_eq!(
        stage.all(21_000, &WELL).split_off(1),
        [
            "21.000 server-added: Adding service [10.0.0.12]:tcp:80 to VS [10.99.0.1]:tcp:80",
            "21.000 server-added: run up12",
            "21.000 quorum-gained: Gained quorum 3+1=4 <= 5 for VS [10.99.0.1]:tcp:80",
            "21.000 sorry-server-out: Removing sorry server [10.0.0.14]:tcp:80 from VS [10.99.0.1]:tcp:80",
            "21.000 sorry-server-out: table: delete 10.0.0.14",
            "21.000 sorry-server-out: Adding alive servers to the pool for VS [10.99.0.1]:tcp:80",
            "21.000 sorry-server-out: table: add 10.0.0.11 weight 2",
            "21.000 sorry-server-out: table: add 10.0.0.12 weight 2",
            "21.000 sorry-server-out: table: add 10.0.0.13 weight 1",
            "21.000 quorum-gained: run quorum_up",
        ]
    );
}

#[test]
fn inhibited_servers_stay_with_weight_0() {
    let mut real = tcp(11, 4, 0);
    real.inhibit_on_failure = true;
    let mut service = service(vec![real]);
    service.sorry = sorry(14, true);
    let mut stage = Stage::new(vec![service]);
    let lines = stage.give(Input::Start).join("\n");
    assert!(lines.contains("table: add 10.0.0.14 weight 0"), "{lines}");
    assert_eq!(
        stage.all(1000, &REFUSED),
        [
            "1.000 check-fails: TCP_CHECK on service [10.0.0.11]:tcp:80 failed.",
            "1.000 server-removed: Disabling service [10.0.0.11]:tcp:80 of VS [10.99.0.1]:tcp:80",
            "1.000 server-removed: table: edit 10.0.0.11 weight 0",
            "1.000 server-removed: run down11",
            "1.000 quorum-lost: Lost quorum 1-0=1 > 0 for VS [10.99.0.1]:tcp:80",
            "1.000 sorry-server-in: Enabling sorry server [10.0.0.14]:tcp:80 to VS [10.99.0.1]:tcp:80",
            "1.000 sorry-server-in: table: edit 10.0.0.14 weight 1",
            "1.000 sorry-server-in: Removing alive servers from the pool for VS [10.99.0.1]:tcp:80",
            "1.000 quorum-lost: run quorum_down",
        ]
    );
    let lines = stage.all(6000, &WELL).join("\n");
    assert!(lines.contains("Enabling service [10.0.0.11]:tcp:80 of VS"), "{lines}");
    assert!(lines.contains("table: edit 10.0.0.14 weight 0") && lines.contains("table: edit 10.0.0.11 weight 4"));
}

/// 14.4: what begins as failed is added by its first success; its first failure is told, and runs `notify_down`.
#[test]
fn alpha_servers_begin_as_failed() {
    let mut real = tcp(11, 1, 3);
    real.checks[0].alpha = true;
    let mut stage = Stage::new(vec![service(vec![real])]);
    assert_eq!(stage.give(Input::Start).len(), 2, "a service without servers, and a checker");
    assert_eq!(
        stage.all(1000, &REFUSED),
        ["1.000 check-fails: TCP_CHECK on service [10.0.0.11]:tcp:80 failed.", "1.000 server-removed: run down11",]
    );
    assert_eq!(stage.all(6000, &WELL)[2], "6.000 server-added: table: add 10.0.0.11 weight 1");
}

/// Where nothing is alive at the start, a sorry server comes in; pipes hear of servers and quorums.
#[test]
fn a_sorry_server_begins_where_all_begin_as_failed() {
    let mut real = tcp(11, 1, 3);
    real.checks[0].alpha = true;
    let mut service = service(vec![real]);
    service.sorry = sorry(14, false);
    let mut model = node(vec![service]);
    model.globals.lvs_fifo = Some(Fifo { path: "/fifo".into(), owner: None, reader: None });
    let mut stage = Stage::of(&model);
    assert_eq!(
        stage.give(Input::Start)[1..7],
        [
            "0.000 quorum-lost: Starting with quorum down 1-0=1 > 0 for VS [10.99.0.1]:tcp:80",
            "0.000 sorry-server-in: Adding sorry server [10.0.0.14]:tcp:80 to VS [10.99.0.1]:tcp:80",
            "0.000 sorry-server-in: table: add 10.0.0.14 weight 1",
            "0.000 sorry-server-in: Removing alive servers from the pool for VS [10.99.0.1]:tcp:80",
            "0.000 quorum-lost: run quorum_down",
            "0.000 quorum-lost: /fifo hears VS [10.99.0.1]:tcp:80 DOWN",
        ]
    );
    let lines = stage.all(1000, &WELL);
    assert!(lines.contains(&"1.000 server-added: /fifo hears RS [10.0.0.11]:tcp:80 [10.99.0.1]:tcp:80 UP".into()));
}

#[test]
fn a_server_is_alive_while_all_its_checkers_are_content() {
    let checks = vec![check(11, CheckKind::Tcp, 0), check(12, CheckKind::Ping, 0)];
    let mut stage = Stage::running(vec![service(vec![server(11, 1, checks), server(13, 1, vec![])])], &WELL);
    let only = |dead: &'static [u8]| move |last| Some(if dead.contains(&last) { REFUSED } else { WELL });
    let count = |lines: Vec<String>, word: &str| lines.iter().filter(|line| line.contains(word)).count();
    assert_eq!(count(stage.until(6000, only(&[11, 12])), "Removing service"), 1);
    assert_eq!(count(stage.until(11_000, only(&[12])), "Adding service"), 0);
    assert_eq!(count(stage.until(16_000, only(&[])), "Adding service"), 1);
}

/// 14.15: all servers are said to be shut down, those of the table leave it; `omega` runs the programs.
#[test]
fn stop_takes_servers_out_before_their_service() {
    let mut service = service(vec![tcp(11, 1, 0), tcp(12, 1, 0)]);
    service.omega = true;
    let mut stage = Stage::running(vec![service], &WELL);
    stage.until(6000, |last| (last == 11).then_some(REFUSED));
    assert_eq!(
        stage.give(Input::Stop),
        [
            "6.000 servers-stop: cancel",
            "6.000 servers-stop: Shutting down service [10.0.0.11]:tcp:80 from VS [10.99.0.1]:tcp:80",
            "6.000 servers-stop: Shutting down service [10.0.0.12]:tcp:80 from VS [10.99.0.1]:tcp:80",
            "6.000 servers-stop: table: delete 10.0.0.12",
            "6.000 servers-stop: run down12",
            "6.000 servers-stop: run quorum_down",
            "6.000 servers-stop: table: delete service",
        ]
    );
    assert_eq!(stage.checkers.next_wake(), None);
}

/// 14.13: checks pause while the address is elsewhere; what they found stays.
#[test]
fn checkers_follow_the_address_with_ha_suspend() {
    let mut service = service(vec![tcp(11, 1, 0)]);
    service.ha_suspend = true;
    let mut stage = Stage::new(vec![service]);
    let lines = stage.give(Input::Start);
    let suspending =
        "check-suspended: Suspending healthchecker for service [10.0.0.11]:tcp:80 for VS [10.99.0.1]:tcp:80";
    assert_eq!(lines[4], format!("0.000 {}", suspending.replace("Suspending", "Deactivating")));
    assert!(stage.until(11_000, |_| Some(REFUSED)).is_empty(), "no attempts");
    let lines = stage.give(Input::Address { ip: vip(), here: true });
    assert_eq!(
        lines,
        ["11.000 check-activated: Activating healthchecker for service [10.0.0.11]:tcp:80 for VS [10.99.0.1]:tcp:80"]
    );
    assert_eq!(stage.until(16_000, |_| Some(WELL))[0], "16.000 check-runs: ask 11", "the timer went on: 1, 6, 11, 16");
    assert_eq!(stage.give(Input::Address { ip: vip(), here: false }), [format!("16.000 {suspending}")]);
}

/// 14.12: 11 stays as it is, 12 goes, 13 comes, 14 was dead and is asked otherwise now: back at once.
#[test]
fn a_reload_keeps_what_asks_the_same() {
    let mut stage = Stage::running(vec![service(vec![tcp(11, 1, 0), tcp(12, 1, 0), tcp(14, 1, 0)])], &WELL);
    stage.until(6000, |last| Some(if last == 11 || last == 14 { REFUSED } else { WELL }));
    let mut after = service(vec![tcp(11, 1, 0), tcp(13, 7, 1), tcp(14, 3, 0)]);
    after.scheduler = Scheduler::Sh;
    after.real_servers[2].checks[0].kind = CheckKind::Ping;
    let lines = stage.give(Input::Reload(&node(vec![after])));
    assert_eq!(
        lines[..11],
        [
            "6.000 servers-reload: service [10.0.0.12]:tcp:80 no longer exist",
            "6.000 servers-reload: Removing service [10.0.0.12]:tcp:80 from VS [10.99.0.1]:tcp:80",
            "6.000 servers-reload: table: delete 10.0.0.12",
            "6.000 servers-reload: run down12",
            "6.000 server-added: Adding service [10.0.0.14]:tcp:80 to VS [10.99.0.1]:tcp:80",
            "6.000 server-added: table: add 10.0.0.14 weight 1",
            "6.000 server-added: run up14",
            "6.000 servers-reload: table: edit service",
            "6.000 servers-reload: table: add 10.0.0.13 weight 7",
            "6.000 servers-reload: Changing weight from 1 to 3 for active service [10.0.0.14]:tcp:80 of VS [10.99.0.1]:tcp:80",
            "6.000 servers-reload: table: edit 10.0.0.14 weight 3",
        ]
    );
    assert_eq!(lines.len(), 14, "and three checkers begin: {lines:?}");
    // After a reload one failure is not enough for a new checker.
    let lines = stage.until(7000, |last| Some(if last == 13 { REFUSED } else { WELL })).join("\n");
    assert!(lines.contains("7.000 check-retries") && lines.contains("Adding service [10.0.0.11]"), "{lines}");
}

#[test]
fn a_service_that_a_reload_drops_is_taken_out_with_its_servers() {
    let mut stage = Stage::running(vec![service(vec![tcp(11, 1, 0)])], &WELL);
    assert_eq!(
        stage.give(Input::Reload(&node(Vec::new()))),
        [
            "1.000 servers-reload: Removing Virtual Server [10.99.0.1]:tcp:80",
            "1.000 servers-reload: Removing service [10.0.0.11]:tcp:80 from VS [10.99.0.1]:tcp:80",
            "1.000 servers-reload: table: delete 10.0.0.11",
            "1.000 servers-reload: run down11",
            "1.000 servers-reload: run quorum_down",
            "1.000 servers-reload: table: delete service",
        ]
    );
}

/// 14.14: each change is for every member of the group.
#[test]
fn a_group_is_many_services() {
    let first = Endpoint { ip: vip(), port: 80 };
    let members = vec![GroupMember::Addresses { first, more: 1 }, GroupMember::Mark(7, None)];
    let mut service = service(vec![tcp(11, 1, 0)]);
    service.key = ServiceKey::Group(0);
    let mut model = node(vec![service]);
    model.server_groups = vec![ServerGroupModel { name: "web".into(), members }];
    let mut stage = Stage::of(&model);
    let lines = stage.give(Input::Start);
    assert_eq!(lines.iter().filter(|line| line.contains("table: add service")).count(), 3);
    assert_eq!(lines.iter().filter(|line| line.contains("table: add 10.0.0.11")).count(), 3);
    assert!(lines[6].ends_with("Gained quorum 1+0=1 <= 1 for VS [web]"), "{lines:?}");
}

#[test]
fn answers_that_nobody_waits_for_are_nothing() {
    let mut stage = Stage::running(vec![service(vec![tcp(11, 1, 0)])], &WELL);
    let answer = Answer::Refused(111);
    assert!(stage.give(Input::Answered { job: vrrplab_engine::Job(1), answer }).is_empty());
}

/// Attempts that this host could not make say nothing of the server, in either state: the next is a loop away.
#[test]
fn an_attempt_without_a_socket_changes_nothing() {
    let mut stage = Stage::running(vec![service(vec![tcp(11, 1, 0)])], &WELL);
    let asked = stage.until(11_000, |_| Some(Answer::NotAsked));
    assert_eq!(asked, ["6.000 check-runs: ask 11", "11.000 check-runs: ask 11"]);
    let lines = stage.all(16_000, &Answer::Refused(111));
    assert_eq!(lines[0], "16.000 check-fails: TCP_CHECK on service [10.0.0.11]:tcp:80 failed.");
    let asked = stage.until(26_000, |_| Some(Answer::NotAsked));
    assert_eq!(asked, ["21.000 check-runs: ask 11", "26.000 check-runs: ask 11"]);
}
