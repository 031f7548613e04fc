//! Stories of one router with a clock: each expectation is a promise, with the rule that makes it.
mod support;

use support::*;
use vrrplab_engine::model::*;
use vrrplab_engine::{Command, Span, State};

/// keepalived: `state MASTER` waits like everybody; 3 s and a skew of 156/256 s for priority 100.
#[test]
fn a_lonely_router_becomes_master_after_the_down_timer() {
    let (mut r, said) = Stage::start(node(vec![instance("VI", 51, 100)]));
    assert_eq!(said, ["0.000 VI INIT -> BACKUP (start-backup)"]);
    assert_eq!(r.until("3.609374"), [""; 0]);
    assert_eq!(
        r.until("3.609375"),
        [
            "3.609375 advert 100",
            "3.609375 VI BACKUP -> MASTER (backup-timer-expired)",
            "3.609375 +10.0.0.100",
            "3.609375 announce"
        ]
    );
    assert_eq!(r.until("5.7"), ["4.609375 advert 100", "5.609375 advert 100"]);
}

/// garp_master_delay: the second burst comes five seconds later.
#[test]
fn announcements_are_repeated_after_the_delay() {
    let (mut r, _) = Stage::start(node(vec![instance("VI", 51, 100)]));
    r.until("8.5");
    assert_eq!(r.until("8.61"), ["8.609375 advert 100", "8.609375 announce"]);
}

/// RFC 9568 6.4.2 (445): an acceptable advert restarts the whole down timer.
#[test]
fn a_backup_waits_as_long_as_it_hears_its_master() {
    let vi = instance("VI", 51, 100);
    let (mut r, _) = Stage::start(node(vec![vi.clone()]));
    r.until("3.5");
    assert_eq!(r.hear(&advert(&vi, 1, 150)), [""; 0]);
    assert_eq!(r.until("7.109374"), [""; 0]);
    r.until("7.109375");
    assert_eq!(r.state(), State::Master);
}

/// RFC 9568 6.4.2 (425): priority 0 leaves only the skew.
#[test]
fn a_release_leaves_only_the_skew() {
    let vi = instance("VI", 51, 100);
    let (mut r, _) = Stage::start(node(vec![vi.clone()]));
    r.until("1");
    r.hear(&advert(&vi, 1, 150));
    r.until("2");
    r.hear(&advert(&vi, 1, 0));
    assert_eq!(r.until("2.609374"), [""; 0]);
    r.until("2.609375");
    assert_eq!(r.state(), State::Master);
}

/// RFC 9568 6.4.2 (460): a preempting backup does not even look at lower adverts.
#[test]
fn a_preempting_backup_ignores_lower_adverts() {
    let vi = instance("VI", 51, 150);
    let (mut r, _) = Stage::start(node(vec![vi.clone()]));
    for second in ["1", "2", "3"] {
        r.until(second);
        r.hear(&advert(&vi, 1, 100));
    }
    r.until("3.414062");
    assert_eq!(r.state(), State::Master);
}

/// nopreempt: the lower master is respected until it falls silent.
#[test]
fn without_preemption_a_lower_master_is_respected() {
    let vi = InstanceModel { preempt: false, ..instance("VI", 51, 150) };
    let (mut r, _) = Stage::start(node(vec![vi.clone()]));
    for second in ["1", "2", "3", "4"] {
        r.until(second);
        r.hear(&advert(&vi, 1, 100));
        assert_eq!(r.state(), State::Backup);
    }
    r.until("7.414061");
    assert_eq!(r.state(), State::Backup);
    r.until("7.414062");
    assert_eq!(r.state(), State::Master);
}

/// preempt_delay, measured: master = last advert before the delay has passed, plus the down timer.
#[test]
fn preempt_delay_counts_from_the_first_lower_advert() {
    let vi = InstanceModel { preempt_delay: Span::from_millis(2500), ..instance("VI", 51, 200) };
    let (mut r, _) = Stage::start(node(vec![vi.clone()]));
    for moment in ["0.5", "1.5", "2.5", "3.5", "4.5"] {
        r.until(moment);
        r.hear(&advert(&vi, 1, 100));
    }
    r.until("5.718749");
    assert_eq!(r.state(), State::Backup);
    r.until("5.71875");
    assert_eq!(r.state(), State::Master);
}

/// RFC 9568 6.4.3 (705): higher wins; equal priority is decided by the address.
#[test]
fn a_master_yields_to_the_better_one_only() {
    let vi = instance("VI", 51, 100);
    let (mut r, _) = Stage::start(node(vec![vi.clone()]));
    r.until("4");
    assert_eq!(
        r.hear(&advert(&vi, 8, 100)),
        ["4.000 advert 100", "4.000 announce", "4.000 announce", "4.000 announce", "4.000 announce", "4.000 announce"]
    );
    assert_eq!(
        r.hear(&advert(&vi, 10, 100)),
        ["4.000 VI MASTER -> BACKUP (master-hears-equal-higher-address)", "4.000 -10.0.0.100"]
    );
    r.until("7.609375");
    assert_eq!(r.state(), State::Master);
    assert_eq!(
        r.hear(&advert(&vi, 1, 101)),
        ["7.609375 VI MASTER -> BACKUP (master-hears-higher)", "7.609375 -10.0.0.100"]
    );
}

/// keepalived 2.2.7, measured: even a refused packet restarts the advert timer of a master.
#[test]
fn a_refused_packet_silences_the_master() {
    let vi = instance("VI", 51, 100);
    let (mut r, _) = Stage::start(node(vec![vi.clone()]));
    r.until("4.609375");
    let bad = advert(&InstanceModel { advert_int: Span::from_secs(2), ..vi }, 1, 150);
    for moment in ["5.1", "5.6", "6.1"] {
        r.until(moment);
        let said = r.hear(&bad);
        assert_eq!(said, [format!("{} refused (receive-interval-mismatch)", r.now)]);
    }
    assert_eq!(r.until("7.1"), ["7.100 advert 100"]);
}

/// SIGTERM: priority 0 first, then the addresses.
#[test]
fn a_stopping_master_releases_before_it_removes() {
    let (mut r, _) = Stage::start(node(vec![instance("VI", 51, 100)]));
    r.until("4");
    assert_eq!(r.ask(Command::Stop), ["4.000 advert 0", "4.000 -10.0.0.100"]);
    assert_eq!(r.until("20"), [""; 0]);
}

/// Priority 255 with `state MASTER` waits a microsecond; without it, it waits like the others.
#[test]
fn the_owner_does_not_wait() {
    let owner = InstanceModel { wants_master: true, ..instance("VI", 51, 255) };
    let (mut r, said) = Stage::start(node(vec![owner.clone()]));
    assert_eq!(said, [""; 0]);
    r.until("0.000001");
    assert_eq!(r.state(), State::Master);
    let (mut r, _) = Stage::start(node(vec![InstanceModel { wants_master: false, ..owner }]));
    r.until("3.003905");
    assert_eq!(r.state(), State::Backup);
    r.until("3.003906");
    assert_eq!(r.state(), State::Master);
}

/// keepalived 2.2.7: an owner that meets another reduces its priority for good.
#[test]
fn two_owners_do_not_coexist() {
    let owner = InstanceModel { wants_master: true, ..instance("VI", 51, 255) };
    let (mut r, _) = Stage::start(node(vec![owner.clone()]));
    r.until("1");
    assert_eq!(
        r.hear(&advert(&owner, 1, 255)),
        ["1.000 priority 255 -> 254", "1.000 VI MASTER -> BACKUP (owner-meets-owner)", "1.000 -10.0.0.100"]
    );
}

/// The own interface is tracked: FAULT at once with two releases, and back through BACKUP with a full down timer.
#[test]
fn a_dead_link_is_a_fault_and_recovery_takes_a_full_down_timer() {
    let (mut r, _) = Stage::start(node(vec![instance("VI", 51, 100)]));
    r.until("4");
    assert_eq!(
        r.link(ETH0, false),
        ["4.000 VI MASTER -> FAULT (fault-appears)", "4.000 advert 0", "4.000 advert 0", "4.000 -10.0.0.100"]
    );
    r.until("9");
    assert_eq!(r.link(ETH0, true), ["9.000 VI FAULT -> BACKUP (fault-clears)"]);
    r.until("12.609374");
    assert_eq!(r.state(), State::Backup);
    r.until("12.609375");
    assert_eq!(r.state(), State::Master);
}

/// track_interface with a weight changes the priority and shifts the running timer.
#[test]
fn a_weighted_tracker_changes_the_priority_only() {
    let track = TrackInterface { iface: ETH1, weight: -60, reverse: false };
    let vi = InstanceModel { track_interfaces: vec![track], ..instance("VI", 51, 150) };
    let (mut r, _) = Stage::start(node(vec![vi]));
    r.until("1");
    assert_eq!(r.link(ETH1, false), ["1.000 priority 150 -> 90"]);
    r.until("3.648436");
    assert_eq!(r.state(), State::Backup);
    r.until("3.648438"); // 3 s and 166/256 s of skew
    assert_eq!(r.state(), State::Master);
}

/// vrrp_sync_group: the last member whose timer expires takes the whole group along.
#[test]
fn a_sync_group_moves_together() {
    let second = Vip::new(IfAddr { ip: ip(101), prefix: 24 }, ETH1);
    let slow = InstanceModel { iface: ETH1, vips: vec![second], ..instance("B", 52, 50) };
    let group = SyncGroupModel::new("G", vec![0, 1]);
    let (mut r, _) = Stage::start(NodeModel { sync_groups: vec![group], ..node(vec![instance("A", 51, 100), slow]) });
    assert_eq!(r.until("3.8046"), [""; 0]);
    assert_eq!(
        r.until("3.804687"),
        [
            "3.804687 advert 50",
            "3.804687 B BACKUP -> MASTER (backup-timer-expired)",
            "3.804687 +10.0.0.101",
            "3.804687 announce",
            "3.804687 advert 100",
            "3.804687 A BACKUP -> MASTER (group-to-master)",
            "3.804687 +10.0.0.100",
            "3.804687 announce",
        ]
    );
    assert_eq!(
        r.link(ETH1, false),
        [
            "3.804687 B MASTER -> FAULT (fault-appears)",
            "3.804687 advert 0",
            "3.804687 advert 0",
            "3.804687 -10.0.0.101",
            "3.804687 A MASTER -> FAULT (group-to-fault)",
            "3.804687 advert 0",
            "3.804687 -10.0.0.100",
        ]
    );
}

/// SIGHUP: the master stays master with a lower priority, says so at once, and takes new addresses.
#[test]
fn a_reload_keeps_the_master() {
    let vi = instance("VI", 51, 150);
    let (mut r, _) = Stage::start(node(vec![vi]));
    r.until("4");
    let mut lower = instance("VI", 51, 80);
    lower.vips.push(Vip::new(IfAddr { ip: ip(101), prefix: 24 }, ETH0));
    assert_eq!(
        r.ask(Command::Reload(Box::new(node(vec![lower])))),
        ["4.000 advert 150", "4.000 +10.0.0.101", "4.000 announce", "4.000 announce", "4.000 advert 80"]
    );
    assert_eq!(r.until("5"), ["5.000 advert 80"]);
}

/// unicast_peer: one packet to each peer; multicast adverts are not heard.
#[test]
fn unicast_goes_to_each_peer_and_hears_no_group() {
    let vi = InstanceModel { unicast_peers: vec![ip(1).into(), ip(2).into()], ..instance("VI", 51, 100) };
    let (mut r, _) = Stage::start(node(vec![vi.clone()]));
    r.until("1");
    r.hear(&advert(&vi, 1, 200));
    let said = r.until("3.609375");
    assert_eq!(said[..2], ["3.609375 advert 100 to a peer", "3.609375 advert 100 to a peer"]);
}

/// An interval of zero, as keepalived takes it, expires at once; a member that waits for its group does not spin.
#[test]
fn a_learned_interval_of_zero_does_not_spin() {
    let v3 = |name: &str, vrid| InstanceModel { version: Version::V3, ..instance(name, vrid, 100) };
    let group = SyncGroupModel::new("G", vec![0, 1]);
    let (mut r, _) = Stage::start(NodeModel { sync_groups: vec![group], ..node(vec![v3("A", 51), v3("B", 52)]) });
    let zero = InstanceModel { advert_int: Span::ZERO, ..v3("A", 51) };
    r.hear(&advert(&zero, 1, 200));
    for _ in 0..10 {
        let wake = r.engine.next_wake().unwrap().at;
        assert_eq!(wake.since(r.now), Span::from_millis(1));
        r.until(&wake.to_string());
    }
}

/// Start on a running router, and a reload of a stopped one, leave no trace.
#[test]
fn commands_out_of_turn_do_nothing() {
    let (mut r, _) = Stage::start(node(vec![instance("VI", 51, 100)]));
    r.until("9");
    assert_eq!(r.ask(Command::Start), [""; 0]);
    r.ask(Command::Stop);
    assert_eq!(r.ask(Command::Reload(Box::new(node(vec![instance("VI", 51, 100), instance("X", 52, 90)])))), [""; 0]);
    assert_eq!(r.engine.next_wake(), None);
}

/// RFC 9568 6.1: a v3 backup counts with the interval of its master, skew included.
#[test]
fn a_v3_backup_learns_the_interval() {
    let vi = InstanceModel { version: Version::V3, ..instance("VI", 51, 200) };
    let fast = InstanceModel { advert_int: Span::from_millis(500), ..vi.clone() };
    let (mut r, _) = Stage::start(node(vec![vi]));
    r.until("1");
    r.hear(&advert(&fast, 1, 250));
    r.until("2.609374");
    assert_eq!(r.state(), State::Backup);
    r.until("2.609375");
    assert_eq!(r.state(), State::Master);
}
