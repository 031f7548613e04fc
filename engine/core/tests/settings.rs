//! Stories of settings that change when something is done: delays, distances, filters, reloads. keepalived.md names the
//! reference of keepalived 2.2.7.
mod support;

use support::*;
use vrrplab_engine::model::globals::{Globals, LinkDelay};
use vrrplab_engine::model::*;
use vrrplab_engine::{Command, KernelEvent, Policy, Span, State};

fn vip(last: u8) -> Vip {
    Vip::new(IfAddr { ip: ip(last), prefix: 24 }, ETH0)
}

fn delayed(priority: u8, millis: u64) -> NodeModel {
    let globals = Globals { startup_delay: Span::from_millis(millis), ..Globals::default() };
    NodeModel { globals, ..node(vec![instance("VI", 51, priority)]) }
}

/// 2.2, measured: BACKUP at once, MASTER after delay and down timer (startup-delay).
#[test]
fn a_delayed_start_counts_the_down_timer_from_the_end_of_the_delay() {
    let (mut r, said) = Stage::start(delayed(100, 2500));
    assert_eq!(said, ["0.000 VI INIT -> BACKUP (start-backup)"]);
    r.until("6.109374");
    assert_eq!(r.state(), State::Backup);
    r.until("6.109375");
    assert_eq!(r.state(), State::Master);
}

/// 2.2, measured: a prio-50 advert at 0.56 s puts the takeover of a prio-200 router from 5.72 s to 7.66 s; an accepted
/// one has no effect before the delay is over.
#[test]
fn an_ignored_advert_puts_a_delayed_start_off() {
    let vi = instance("VI", 51, 200);
    let (mut r, _) = Stage::start(delayed(200, 2500));
    r.until("0.3");
    r.hear(&advert(&vi, 1, 210));
    assert_eq!(r.engine.next_wake().unwrap().at, at("5.71875"));
    r.until("0.56");
    r.hear(&advert(&vi, 1, 50));
    assert_eq!(r.engine.next_wake().unwrap().at, at("7.65875"));
    r.until("1");
    r.hear(&advert(&InstanceModel { advert_int: Span::from_secs(2), ..vi.clone() }, 1, 210));
    assert_eq!(r.engine.next_wake().unwrap().at, at("9.15875"));
    let policy = Policy { ignored_advert_extends_startup: false, ..Policy::KEEPALIVED_2_2_7 };
    let (mut r, _) = Stage::start(NodeModel { policy, ..delayed(200, 2500) });
    r.until("0.56");
    r.hear(&advert(&vi, 1, 50));
    assert_eq!(r.engine.next_wake().unwrap().at, at("5.71875"));
}

/// captures/rules/startup-delay-weight: 140 instead of 200 at 1 s; 2.5 s, 3 s and a skew of 116/256 s.
#[test]
fn a_new_priority_begins_the_down_timer_of_a_delayed_start_anew() {
    let mut model = delayed(200, 2500);
    model.instances[0].track_interfaces = vec![TrackInterface { iface: ETH1, weight: -60, reverse: false }];
    let (mut r, _) = Stage::start(model);
    r.until("0.56");
    r.hear(&advert(&instance("VI", 51, 200), 1, 50));
    r.until("1");
    r.link(ETH1, false);
    assert_eq!(r.engine.next_wake().unwrap().at, at("5.953125"));
}

fn with_link_delays(down: u64, up: u64) -> NodeModel {
    let delay = LinkDelay { interface: "eth0".into(), down: Span::from_secs(down), up: Span::from_secs(up) };
    let globals = Globals { link_delays: vec![delay], ..Globals::default() };
    NodeModel { globals, ..node(vec![instance("VI", 51, 100)]) }
}

/// 3.2: a flap that is shorter than the delay is none; a longer one counts when the delay is over.
#[test]
fn a_short_loss_of_the_link_does_not_count() {
    let (mut r, _) = Stage::start(with_link_delays(1, 0));
    r.until("0.5");
    assert_eq!(r.link(ETH0, false), [""; 0]);
    r.until("1.4");
    assert_eq!(r.link(ETH0, true), [""; 0]);
    r.until("2");
    assert_eq!(r.link(ETH0, false), [""; 0]);
    assert_eq!(r.until("3"), ["3.000 eth0 Link(false) (link-delayed)", "3.000 VI BACKUP -> FAULT (fault-appears)"]);
    assert_eq!(r.link(ETH0, true), ["3.000 VI FAULT -> BACKUP (fault-clears)"]);
}

/// 4.3: the delay is capped to (N-1) intervals, here two seconds.
#[test]
fn a_long_link_delay_is_capped() {
    let (mut r, _) = Stage::start(with_link_delays(200, 0));
    r.link(ETH0, false);
    assert_eq!(r.until("2").len(), 2);
    assert_eq!(r.state(), State::Fault);
}

/// 1.11, measured: two addresses, three rounds, 0.1 s apart: the first at once, then each of them once.
#[test]
fn announcements_keep_their_distance_and_collapse() {
    let mut vi = instance("VI", 51, 100);
    vi.vips.push(vip(101));
    vi.garp = Garp { repeat: 3, delay: Span::ZERO, arp_interval: Span::from_millis(100), ..Garp::default() };
    let announcements = |policy| {
        let (mut r, _) = Stage::start(NodeModel { policy, ..node(vec![vi.clone()]) });
        let said = r.until("4.5");
        said.into_iter().filter(|line| line.ends_with("announce")).collect::<Vec<_>>()
    };
    let collapsed = announcements(Policy::KEEPALIVED_2_2_7);
    assert_eq!(collapsed, ["3.609375 announce", "3.709375 announce", "3.809375 announce"]); // paced-announce
    let counted = Policy { pending_announcements_collapse: false, ..Policy::KEEPALIVED_2_2_7 };
    assert_eq!(announcements(counted).len(), 6);
    let (mut r, _) = Stage::start(node(vec![vi.clone()]));
    r.until("3.65");
    assert_eq!(r.hear(&advert(&vi, 1, 150)).len(), 3);
    assert_eq!(r.until("4"), [""; 0]);
}

/// 2.10 and 2.11: what comes to the addresses is dropped before they are set, and passes again after they are gone.
#[test]
fn without_accept_the_addresses_are_filtered_while_they_are_held() {
    let vi = InstanceModel { accept: false, strict: true, ..instance("VI", 51, 100) };
    let (mut r, _) = Stage::start(node(vec![vi]));
    assert_eq!(
        r.until("3.7"),
        [
            "3.609375 advert 100",
            "3.609375 VI BACKUP -> MASTER (backup-timer-expired)",
            "3.609375 drop 10.0.0.100 (no-accept)",
            "3.609375 +10.0.0.100",
            "3.609375 announce"
        ]
    );
    assert_eq!(r.ask(Command::Stop), ["3.700 advert 0", "3.700 -10.0.0.100", "3.700 pass 10.0.0.100 (no-accept)"]);
}

/// 3.6: the sysctl is set once for an interface.
/// captures/rules/refresh-after-reload: MASTER at 3.609375 s, a refresh at 7.609375 s and one with the advert of the reload.
#[test]
fn a_master_refreshes_when_it_reloads() {
    let garp = Garp { repeat: 1, delay: Span::ZERO, refresh: Span::from_secs(4), ..Garp::default() };
    let model = node(vec![InstanceModel { garp, ..instance("VI", 51, 100) }]);
    let (mut r, _) = Stage::start(model.clone());
    r.until("5");
    let said = r.ask(Command::Reload(Box::new(model)));
    assert_eq!(said, ["5.000 advert 100", "5.000 advert 100", "5.000 announce"]);
    let announced: Vec<String> = r.until("10").into_iter().filter(|line| line.ends_with("announce")).collect();
    assert_eq!(announced, ["9.000 announce"]);
}

#[test]
fn secondaries_are_promoted_where_that_is_asked_for() {
    let promoting = |name, vrid| InstanceModel { promote_secondaries: true, ..instance(name, vrid, 100) };
    let mut second = promoting("B", 52);
    second.vips = vec![vip(101)];
    let (_, said) = Stage::start(node(vec![promoting("A", 51), second]));
    assert_eq!(said[0], "0.000 promote on 2 (promote-secondaries)");
    assert_eq!(said.iter().filter(|line| line.contains("promote")).count(), 1);
}

/// 1.8 and 1.6: unicast without peers is a fault for ever; a tracked source is one while it is missing.
#[test]
fn missing_peers_and_missing_sources_are_faults() {
    let alone = InstanceModel { fault_without_peers: true, ..instance("VI", 51, 100) };
    let (_, said) = Stage::start(node(vec![alone]));
    assert_eq!(said, ["0.000 VI INIT -> FAULT (start-fault)"]);
    let sourced = InstanceModel { source: Some(ip(77)), track_source: true, ..instance("VI", 51, 100) };
    let (mut r, said) = Stage::start(node(vec![sourced]));
    assert_eq!(said, ["0.000 VI INIT -> FAULT (start-fault)"]);
    let addr = IfAddr { ip: ip(77), prefix: 24 };
    let added = r.kernel(KernelEvent::AddressAdded { iface: ETH0, addr });
    assert_eq!(added, ["0.000 VI FAULT -> BACKUP (fault-clears)"]);
    let removed = r.kernel(KernelEvent::AddressRemoved { iface: ETH0, addr });
    assert_eq!(removed, ["0.000 VI BACKUP -> FAULT (fault-appears)"]);
}

/// 2.13, measured: a MASTER group that gains a member by a reload falls back without a release; its first timer is one
/// interval, then it waits; the new member releases all after its own down timer.
#[test]
fn a_group_that_grows_by_a_reload_starts_again() {
    let vi = instance("VI", 51, 150);
    let group = |members| vec![SyncGroupModel::new("G", members)];
    let (mut r, _) = Stage::start(NodeModel { sync_groups: group(vec![0]), ..node(vec![vi.clone()]) });
    r.until("4");
    let fresh = InstanceModel { vips: vec![vip(101)], ..instance("NEW", 52, 150) };
    let grown = NodeModel { sync_groups: group(vec![0, 1]), ..node(vec![vi, fresh]) };
    assert_eq!(
        r.ask(Command::Reload(Box::new(grown))),
        [
            "4.000 advert 150",
            "4.000 VI MASTER -> BACKUP (reload-group-grows)",
            "4.000 -10.0.0.100",
            "4.000 NEW INIT -> BACKUP (start-backup)"
        ]
    );
    assert_eq!(r.until("7.4"), [""; 0]);
    assert_eq!(
        r.until("7.5"),
        [
            "7.414062 advert 150",
            "7.414062 NEW BACKUP -> MASTER (backup-timer-expired)",
            "7.414062 +10.0.0.101",
            "7.414062 announce",
            "7.414062 advert 150",
            "7.414062 VI BACKUP -> MASTER (group-to-master)",
            "7.414062 +10.0.0.100",
            "7.414062 announce"
        ]
    );
}

/// A reload that tracks an interface which is down is a fault at once, and one that no longer does ends it.
#[test]
fn a_reload_meets_what_it_tracks() {
    let vi = instance("VI", 51, 100);
    let track = TrackInterface { iface: ETH1, weight: 0, reverse: false };
    let tracking = InstanceModel { track_interfaces: vec![track], ..vi.clone() };
    let (mut r, _) = Stage::start(node(vec![vi.clone()]));
    r.link(ETH1, false);
    let said = r.ask(Command::Reload(Box::new(down(tracking))));
    assert_eq!(said, ["0.000 VI BACKUP -> FAULT (fault-appears)"]);
    let said = r.ask(Command::Reload(Box::new(down(vi))));
    assert_eq!(said, ["0.000 VI FAULT -> BACKUP (fault-clears)"]);
}

/// The same node with eth1 down.
fn down(instance: InstanceModel) -> NodeModel {
    let mut model = node(vec![instance]);
    model.interfaces[1].up = false;
    model
}

/// 2.13: a reload drops announcements that were still to come, the second burst and those that keep their distance.
#[test]
fn a_reload_drops_announcements_that_wait() {
    let mut vi = instance("VI", 51, 100);
    vi.vips.push(vip(101));
    vi.garp = Garp { repeat: 3, arp_interval: Span::from_millis(100), ..Garp::default() };
    let (mut r, _) = Stage::start(node(vec![vi.clone()]));
    r.until("3.65");
    assert_eq!(r.ask(Command::Reload(Box::new(node(vec![vi])))), ["3.650 advert 100", "3.650 advert 100"]);
    assert!(r.until("12").iter().all(|line| !line.contains("announce")));
}

/// 1.11: a worse advert for one member makes the whole group announce, now and after the delay; only the one that heard it
/// answers with an advert.
#[test]
fn a_worse_advert_makes_the_whole_group_announce() {
    let calm = Garp { repeat: 1, delay: Span::ZERO, lower_prio_repeat: 1, ..Garp::default() };
    let vi = InstanceModel { garp: calm, ..instance("VI", 51, 100) };
    let other = InstanceModel { vips: vec![vip(101)], garp: calm, ..instance("VI2", 52, 100) };
    let sync_groups = vec![SyncGroupModel::new("G", vec![0, 1])];
    let (mut r, _) = Stage::start(NodeModel { sync_groups, ..node(vec![vi.clone(), other]) });
    r.until("4");
    assert_eq!(r.hear(&advert(&vi, 1, 50)), ["4.000 advert 100", "4.000 announce", "4.000 announce"]);
    let later = r.until("9.01").into_iter().filter(|line| line.ends_with("announce")).collect::<Vec<_>>();
    assert_eq!(later, ["9.000 announce", "9.000 announce"]);
}
