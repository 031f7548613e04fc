//! Who is told of what, in which order and words: keepalived.md 3.5.
mod support;

use support::*;
use vrrplab_engine::model::command::{Deleted, Notify, Program};
use vrrplab_engine::model::globals::{Fifo, Globals, Mail};
use vrrplab_engine::model::track::{FileModel, Tracked};
use vrrplab_engine::model::*;
use vrrplab_engine::{Command, State};

fn fifo(path: &str) -> Option<Fifo> {
    Some(Fifo { path: path.into(), owner: None, reader: None })
}

fn program(word: &str) -> Option<Program> {
    Some(Program { words: vec![word.into()], user: None })
}

fn scripts(prefix: &str) -> Notify {
    let script = |name: &str| program(&format!("{prefix}{name}"));
    Notify {
        master: script("m"),
        backup: script("b"),
        fault: script("f"),
        stop: script("s"),
        lower_priority: script("l"),
        any: script(""),
        ..Notify::default()
    }
}

/// Mails have somebody who takes them, and somebody who gets them.
fn post() -> Mail {
    Mail { to: vec!["admin@example.com".into()], server: Some(("mail.example".into(), 25)), ..Mail::default() }
}

/// Only what is told to the outside, without times.
fn told(said: &[String]) -> Vec<&str> {
    let words = said.iter().map(|line| line.split_once(' ').unwrap().1);
    words.filter(|line| line.starts_with("notify") || line.starts_with('/') || line.starts_with("mail")).collect()
}

/// The recorded case of a lone instance in a group: BACKUP, MASTER, FAULT, BACKUP, STOP; members before groups except at
/// the start. The script for just this event comes before the one for all, which gets four more arguments.
#[test]
fn scripts_of_instance_and_group_hear_every_state() {
    let vi = InstanceModel { notify: scripts("n"), ..instance("VI_1", 51, 150) };
    let group = SyncGroupModel { notify: scripts("g"), ..SyncGroupModel::new("G1", vec![0]) };
    let (mut r, said) = Stage::start(NodeModel { sync_groups: vec![group], ..node(vec![vi.clone()]) });
    assert_eq!(
        told(&said),
        [
            "notify gb (group-tells)",
            "notify g GROUP G1 BACKUP 0 (group-tells)",
            "notify nb (start-backup)",
            "notify n INSTANCE VI_1 BACKUP 150 (start-backup)"
        ]
    );
    assert_eq!(
        r.until("3.5"),
        [
            "3.414062 advert 150",
            "3.414062 VI_1 BACKUP -> MASTER (backup-timer-expired)",
            "3.414062 +10.0.0.100",
            "3.414062 announce",
            "3.414062 notify nm (backup-timer-expired)",
            "3.414062 notify n INSTANCE VI_1 MASTER 150 (backup-timer-expired)",
            "3.414062 notify gm (group-tells)",
            "3.414062 notify g GROUP G1 MASTER 0 (group-tells)"
        ]
    );
    assert_eq!(told(&r.hear(&advert(&vi, 1, 100))), ["notify nl (master-answers-lower)"]);
    assert_eq!(
        r.link(ETH0, false),
        [
            "3.500 VI_1 MASTER -> FAULT (fault-appears)",
            "3.500 advert 0",
            "3.500 advert 0",
            "3.500 -10.0.0.100",
            "3.500 notify nf (fault-appears)",
            "3.500 notify n INSTANCE VI_1 FAULT 150 (fault-appears)",
            "3.500 notify gf (group-tells)",
            "3.500 notify g GROUP G1 FAULT 0 (group-tells)"
        ]
    );
    assert_eq!(
        told(&r.link(ETH0, true)),
        [
            "notify nb (fault-clears)",
            "notify n INSTANCE VI_1 BACKUP 150 (fault-clears)",
            "notify gb (group-tells)",
            "notify g GROUP G1 BACKUP 0 (group-tells)"
        ]
    );
    assert_eq!(
        r.ask(Command::Stop),
        [
            "3.500 notify ns (stop)",
            "3.500 notify n INSTANCE VI_1 STOP 150 (stop)",
            "3.500 notify gs (stop)",
            "3.500 notify g GROUP G1 STOP 0 (stop)"
        ]
    );
}

/// Both pipes get every line, the global one first; all members speak before their group; the advert of the second
/// member comes before its line.
#[test]
fn pipes_hear_the_members_before_their_group() {
    let second =
        InstanceModel { vips: vec![Vip::new(IfAddr { ip: ip(101), prefix: 24 }, ETH0)], ..instance("VI_2", 52, 100) };
    let mut model = node(vec![instance("VI_1", 51, 100), second]);
    model.sync_groups = vec![SyncGroupModel::new("G", vec![0, 1])];
    model.globals = Globals { fifo: fifo("/a"), vrrp_fifo: fifo("/b"), ..Globals::default() };
    let (mut r, said) = Stage::start(model);
    assert_eq!(
        told(&said),
        [
            "/a: GROUP \"G\" BACKUP 0",
            "/b: GROUP \"G\" BACKUP 0",
            "/a: INSTANCE \"VI_1\" BACKUP 100",
            "/b: INSTANCE \"VI_1\" BACKUP 100",
            "/a: INSTANCE \"VI_2\" BACKUP 100",
            "/b: INSTANCE \"VI_2\" BACKUP 100"
        ]
    );
    let said = r.until("3.7");
    assert_eq!(
        told(&said),
        [
            "/a: INSTANCE \"VI_2\" MASTER 100",
            "/b: INSTANCE \"VI_2\" MASTER 100",
            "/a: INSTANCE \"VI_1\" MASTER 100",
            "/b: INSTANCE \"VI_1\" MASTER 100",
            "/a: GROUP \"G\" MASTER 0",
            "/b: GROUP \"G\" MASTER 0"
        ]
    );
}

/// A change of priority and a worse advert are lines only; mails go out on changes of state, and not on FAULT if so asked.
#[test]
fn pipes_and_mails_have_their_own_selection() {
    let notify = Notify { mail: Some(true), priority_changes: Some(true), ..Notify::default() };
    let vi = InstanceModel {
        notify,
        track_files: vec![Tracked { item: 0, weight: 1, reverse: false }],
        ..instance("VI", 51, 100)
    };
    let file = FileModel { name: "adj".into(), path: "/adj".into(), weight: 1, reverse: false, init: None };
    let globals = Globals {
        router_id: Some("lb1".into()),
        vrrp_fifo: fifo("/f"),
        mail: Mail { no_faults: true, ..post() },
        ..Globals::default()
    };
    let (mut r, said) = Stage::start(NodeModel { globals, files: vec![file], ..node(vec![vi.clone()]) });
    assert_eq!(told(&said), ["/f: INSTANCE \"VI\" BACKUP 100", "mail [lb1] VRRP Instance VI - Entering BACKUP state"]);
    assert_eq!(told(&r.write("/adj", "10")), ["/f: INSTANCE \"VI\" BACKUP_PRIORITY 110"]);
    r.until("4");
    assert_eq!(r.state(), State::Master);
    assert_eq!(told(&r.write("/adj", "0")), ["/f: INSTANCE \"VI\" MASTER_PRIORITY 100"]);
    assert_eq!(told(&r.hear(&advert(&vi, 1, 50))), ["/f: INSTANCE \"VI\" MASTER_RX_LOWER_PRI 100"]);
    assert_eq!(told(&r.link(ETH0, false)), ["/f: INSTANCE \"VI\" FAULT 100"]);
}

/// 2.13: an instance that a reload drops is told to be in FAULT, or DELETED where that is asked for; states that stay are
/// told again to pipes only, and only if that is asked for.
#[test]
fn a_reload_tells_what_is_gone() {
    let told_of = |deleted: Option<Deleted>, again: bool| {
        let notify = Notify { deleted, ..scripts("n") };
        let gone = InstanceModel { notify, ..instance("OLD", 51, 100) };
        let kept = InstanceModel { notify: scripts("k"), ..instance("KEPT", 52, 100) };
        let (mut r, _) = Stage::start(node(vec![gone, kept.clone()]));
        r.until("1");
        let globals = Globals { vrrp_fifo: fifo("/f"), states_on_reload: again, ..Globals::default() };
        let said = r.ask(Command::Reload(Box::new(NodeModel { globals, ..node(vec![kept]) })));
        told(&said).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        told_of(None, false),
        ["notify nf (reload-removed)", "notify n INSTANCE OLD FAULT 100 (reload-removed)"]
    );
    assert_eq!(
        told_of(Some(Deleted { program: program("gone") }), true),
        [
            "notify gone (reload-removed)",
            "notify n INSTANCE OLD DELETED 100 (reload-removed)",
            "/f: INSTANCE \"KEPT\" BACKUP 100"
        ]
    );
    let said = told_of(Some(Deleted { program: None }), false);
    assert_eq!(said, ["notify n INSTANCE OLD DELETED 100 (reload-removed)"]);
}

/// An instance and its group, mailed by these settings, up to 4 s; the subjects without their beginning.
fn mailed(mail: Mail) -> (Stage, Vec<String>) {
    let globals = Globals { router_id: Some("lb1".into()), mail, ..Globals::default() };
    let sync_groups = vec![SyncGroupModel::new("G", vec![0])];
    let (mut r, mut said) = Stage::start(NodeModel { globals, sync_groups, ..node(vec![instance("VI", 51, 100)]) });
    said.extend(r.until("4"));
    let subjects = mails(&said);
    (r, subjects)
}

fn mails(said: &[String]) -> Vec<String> {
    let mails = said.iter().filter_map(|line| line.split_once(" mail [lb1] VRRP "));
    mails.map(|(_, subject)| subject.to_owned()).collect()
}

/// As on the wire: the group speaks first at the start, and last later on.
#[test]
fn mails_tell_the_states_of_instances_and_groups() {
    let (mut r, said) = mailed(Mail { everything: Some(true), ..post() });
    assert_eq!(
        said,
        [
            "Group G - Entering BACKUP state",
            "Instance VI - Entering BACKUP state",
            "Instance VI - Entering MASTER state",
            "Group G - Entering MASTER state"
        ]
    );
    let said = r.link(ETH0, false);
    assert_eq!(mails(&said), ["Instance VI - Entering FAULT state", "Group G - Entering FAULT state"]);
    assert!(mails(&r.ask(Command::Stop)).is_empty(), "keepalived ends before its last mails are taken");
}

/// Where no faults are mailed, a state may follow upon itself: it is not told twice. After a reload it is.
#[test]
fn a_state_is_mailed_once_until_a_reload() {
    let quiet = || Mail { everything: Some(true), no_faults: true, ..post() };
    let backups = ["Instance VI - Entering BACKUP state", "Group G - Entering BACKUP state"];
    let (mut r, _) = mailed(quiet());
    assert!(mails(&r.link(ETH0, false)).is_empty());
    assert_eq!(mails(&r.link(ETH0, true)), backups);
    assert!(mails(&r.link(ETH0, false)).is_empty());
    assert!(mails(&r.link(ETH0, true)).is_empty(), "BACKUP, a fault that nobody is told of, BACKUP");
    r.link(ETH0, false);
    let globals =
        Globals { router_id: Some("lb1".into()), mail: quiet(), states_on_reload: true, ..Globals::default() };
    let sync_groups = vec![SyncGroupModel::new("G", vec![0])];
    let mut same = NodeModel { globals, sync_groups, ..node(vec![instance("VI", 51, 100)]) };
    same.interfaces[0].up = false;
    assert!(mails(&r.ask(Command::Reload(Box::new(same)))).is_empty());
    assert_eq!(mails(&r.link(ETH0, true)), backups);
}

/// Without a mail server or without anybody who gets mails there are none; the nearest word about them counts.
#[test]
fn who_is_mailed_follows_from_the_nearest_word() {
    let all = Some(true);
    let cases = [
        (post(), 0),
        (Mail { everything: all, ..post() }, 4),
        (Mail { everything: all, server: None, ..post() }, 0),
        (Mail { everything: all, to: Vec::new(), ..post() }, 0),
        (Mail { everything: all, vrrp: Some(false), ..post() }, 0),
        (Mail { everything: Some(false), vrrp: all, ..post() }, 4),
        (Mail { checkers: all, ..post() }, 0),
    ];
    for (mail, count) in cases {
        assert_eq!(mailed(mail.clone()).1.len(), count, "{mail:?}");
    }
}

/// What a reload drops has its own words where `notify_deleted` is given.
#[test]
fn a_reload_mails_what_is_gone() {
    let told_of = |deleted: Option<Deleted>| {
        let globals = || Globals {
            router_id: Some("lb1".into()),
            mail: Mail { everything: Some(true), ..post() },
            ..Globals::default()
        };
        let gone = InstanceModel { notify: Notify { deleted, ..Notify::default() }, ..instance("OLD", 51, 100) };
        let (mut r, _) = Stage::start(NodeModel { globals: globals(), ..node(vec![gone]) });
        mails(&r.ask(Command::Reload(Box::new(NodeModel { globals: globals(), ..node(Vec::new()) }))))
    };
    assert_eq!(told_of(None), ["Instance OLD - Entering FAULT state"]);
    assert_eq!(told_of(Some(Deleted { program: None })), ["Instance OLD - Deleted"]);
}
