//! Every rule that the other stories leave out: one small situation for each, and the reasons that the engine gives.
mod support;

use std::net::IpAddr;

use support::*;
use vrrplab_engine::model::*;
use vrrplab_engine::policy::V3Checksum;
use vrrplab_engine::{Command, Input, KernelEvent, Output, Policy, Span};
use vrrplab_wire::{Advert, AdvertFrame, GROUP_V4, GROUP_V6, multicast_mac};

/// The rules of everything that comes out, neighbours of the same rule taken together.
fn reasons(stage: &mut Stage) -> Vec<String> {
    let mut rules: Vec<String> = Vec::new();
    while let Some(output) = stage.engine.poll() {
        let rule = match output {
            Output::Effect(effect) => effect.rule,
            Output::Trace(trace) => trace.rule,
        };
        if rules.last().is_none_or(|last| last != rule.id()) {
            rules.push(rule.id().to_owned());
        }
    }
    rules
}

fn start(model: NodeModel) -> (Stage, Vec<String>) {
    let mut stage = Stage { engine: vrrplab_engine::Engine::new(model), now: at("0") };
    stage.engine.handle(stage.now, Input::Operator(Command::Start));
    let said = reasons(&mut stage);
    (stage, said)
}

fn backup(model: InstanceModel) -> Stage {
    start(node(vec![model])).0
}

/// A router that has been MASTER since its down timer expired, at four seconds.
fn master(model: InstanceModel) -> Stage {
    let mut stage = backup(model);
    stage.until("4");
    stage
}

/// What an input makes the engine say; of a frame that no instance sees: why not.
fn reacts(stage: &mut Stage, input: Input<'_>) -> Vec<String> {
    stage.engine.handle(stage.now, input);
    let said = reasons(stage);
    if said.is_empty() { stage.engine.last_unseen().iter().map(|rule| rule.id().to_owned()).collect() } else { said }
}

fn hears(stage: &mut Stage, bytes: &[u8]) -> Vec<String> {
    reacts(stage, Input::Frame { iface: ETH0, bytes })
}

/// The rules of all timers up to a moment, each with its time.
fn passes(stage: &mut Stage, seconds: &str) -> Vec<String> {
    let mut said = Vec::new();
    while let Some(wake) = stage.engine.next_wake().filter(|wake| wake.at <= at(seconds)) {
        stage.now = wake.at;
        stage.engine.handle(wake.at, Input::Wake);
        said.extend(reasons(stage).iter().map(|rule| format!("{} {rule}", wake.at)));
    }
    stage.now = at(seconds);
    said
}

#[test]
fn there_are_four_ways_to_start() {
    let owner = InstanceModel { wants_master: true, ..instance("VI", 51, 255) };
    assert_eq!(start(node(vec![owner])).1, ["start-owner"]);
    let mut dark = node(vec![instance("VI", 51, 100)]);
    dark.interfaces[0].up = false;
    assert_eq!(start(dark).1, ["start-fault"]);
    let mut killed_before = node(vec![instance("VI", 51, 100)]);
    killed_before.interfaces[0].addresses.push(IfAddr { ip: VIP, prefix: 24 });
    assert_eq!(start(killed_before).1, ["start-leftover", "start-backup"]);
    assert_eq!(start(node(vec![instance("VI", 51, 100)])).1, ["start-backup"]);
}

#[test]
fn a_backup_says_what_it_makes_of_an_advert() {
    let vi = instance("VI", 51, 150);
    let mut r = backup(vi.clone());
    assert_eq!(hears(&mut r, &advert(&vi, 1, 200)), ["backup-hears-master"]);
    assert_eq!(hears(&mut r, &advert(&vi, 1, 150)), ["backup-hears-master"]);
    assert_eq!(hears(&mut r, &advert(&vi, 1, 100)), ["backup-discards-lower"]);
    assert_eq!(hears(&mut r, &advert(&vi, 1, 0)), ["backup-hears-release"]);
    let mut r = backup(InstanceModel { preempt: false, ..vi.clone() });
    assert_eq!(hears(&mut r, &advert(&vi, 1, 100)), ["backup-nopreempt"]);
}

/// The delay of 2.5 s begins with the first lower advert, at 0.5 s.
#[test]
fn a_backup_waits_for_its_preempt_delay() {
    let vi = InstanceModel { preempt_delay: Span::from_millis(2500), ..instance("VI", 51, 200) };
    let mut r = backup(vi.clone());
    for (moment, rule) in
        [("0.5", "backup-preempt-delay"), ("2.999", "backup-preempt-delay"), ("3.0", "backup-preempt-delay-over")]
    {
        r.until(moment);
        assert_eq!(hears(&mut r, &advert(&vi, 1, 100)), [rule], "at {moment}");
    }
}

#[test]
fn a_master_says_what_it_makes_of_an_advert() {
    let vi = instance("VI", 51, 100);
    let mut r = master(vi.clone());
    assert_eq!(hears(&mut r, &advert(&vi, 1, 50)), ["master-answers-lower"]);
    assert_eq!(hears(&mut r, &advert(&vi, 1, 0)), ["master-hears-release"]);
    assert_eq!(passes(&mut r, "5"), ["5.000 master-advertises"]);
    let other_interval = InstanceModel { advert_int: Span::from_secs(2), ..vi.clone() };
    assert_eq!(hears(&mut r, &advert(&other_interval, 1, 50)), ["receive-interval-mismatch", "refused-rearms-master"]);
    let mut silent = master(InstanceModel { lower_prio_no_advert: true, ..vi.clone() });
    assert_eq!(hears(&mut silent, &advert(&vi, 1, 50)), ["master-keeps-silent"]);
    let borrowed = InstanceModel { source: Some(ip(7)), ..vi.clone() };
    assert_eq!(hears(&mut master(borrowed), &advert(&vi, 7, 100)), ["master-hears-itself"]);
}

/// MASTER at 3.609375 s: the second burst 5 s later; every first advert 2 s or more after the last refresh refreshes.
#[test]
fn announcements_come_again() {
    let garp = Garp { repeat: 1, refresh: Span::from_secs(2), ..Garp::default() };
    let mut r = backup(InstanceModel { garp, ..instance("VI", 51, 100) });
    assert_eq!(passes(&mut r, "4"), ["3.609375 backup-timer-expired"]);
    assert_eq!(
        passes(&mut r, "8.7"),
        [
            "4.609375 master-advertises",
            "5.609375 master-advertises",
            "5.609375 refresh-announce",
            "6.609375 master-advertises",
            "7.609375 master-advertises",
            "7.609375 refresh-announce",
            "8.609375 master-advertises",
            "8.609375 delayed-announce",
        ]
    );
}

#[test]
fn the_answer_to_a_worse_advert_is_announced_again_after_five_seconds() {
    let vi = instance("VI", 51, 100);
    let mut r = master(vi.clone());
    hears(&mut r, &advert(&vi, 1, 50));
    passes(&mut r, "8.9");
    assert_eq!(passes(&mut r, "9"), ["9.000 master-advertises", "9.000 delayed-lower-prio-announce"]);
}

/// A (100) is ready at 3.609375 s and waits for B (50), which is ready at 3.804687 s; B's loss is A's.
#[test]
fn a_sync_group_waits_and_yields_together() {
    let vip = Vip::new(IfAddr { ip: ip(101), prefix: 24 }, ETH1);
    let second = InstanceModel { iface: ETH1, vips: vec![vip], ..instance("B", 52, 50) };
    let group = SyncGroupModel::new("G", vec![0, 1]);
    let members = vec![instance("A", 51, 100), second.clone()];
    let (mut r, _) = start(NodeModel { sync_groups: vec![group], ..node(members) });
    assert_eq!(passes(&mut r, "3.7"), ["3.609375 group-waits"]);
    assert_eq!(passes(&mut r, "4"), ["3.804687 backup-timer-expired", "3.804687 group-to-master"]);
    let better = advert(&second, 1, 200);
    assert_eq!(
        reacts(&mut r, Input::Frame { iface: ETH1, bytes: &better }),
        ["master-hears-higher", "group-to-backup"]
    );
}

/// Two members of a group, A (100) and B (50), on the same interface: ready at 3.609375 s and 3.804687 s.
fn pair() -> Stage {
    let members = vec![instance("A", 51, 100), instance("B", 52, 50)];
    start(NodeModel { sync_groups: vec![SyncGroupModel::new("G", vec![0, 1])], ..node(members) }).0
}

/// captures/rules/group-wants: only an advert that a member accepts makes it content.
#[test]
fn a_member_goes_on_wanting_through_worse_adverts_and_releases() {
    let a = instance("A", 51, 100);
    let after = |priority: u8| {
        let mut r = pair();
        assert_eq!(passes(&mut r, "3.7"), ["3.609375 group-waits"]);
        hears(&mut r, &advert(&a, 1, priority));
        passes(&mut r, "4")
    };
    let both = ["3.804687 backup-timer-expired", "3.804687 group-to-master"];
    assert_eq!(after(50), both);
    assert_eq!(after(0), both);
    assert_eq!(after(150), ["3.804687 group-waits"]);
}

/// A (50) wants from 3.804687 s on, B (200) hears a better one. Reloaded at 4 s, B is ready after 3.21875 s, A after 3.804687 s.
#[test]
fn a_reload_makes_a_member_of_a_group_forget_what_it_wanted() {
    let members = vec![instance("A", 51, 50), instance("B", 52, 200)];
    let model = NodeModel { sync_groups: vec![SyncGroupModel::new("G", vec![0, 1])], ..node(members) };
    let (mut r, _) = start(model.clone());
    r.until("2");
    hears(&mut r, &advert(&model.instances[1], 1, 250));
    assert_eq!(passes(&mut r, "4"), ["3.804687 group-waits"]);
    reacts(&mut r, Input::Operator(Command::Reload(Box::new(model))));
    assert_eq!(passes(&mut r, "7.5"), ["7.218750 group-waits"]);
    assert_eq!(passes(&mut r, "8"), ["7.804687 backup-timer-expired", "7.804687 group-to-master"]);
}

/// captures/rules/group-returns: faults go one after the other; with the last of them the group is whole.
#[test]
fn the_member_whose_fault_goes_last_enters_backup_first() {
    let mut r = pair();
    r.until("0.5");
    assert_eq!(
        r.link(ETH0, false),
        ["0.500 A BACKUP -> FAULT (fault-appears)", "0.500 B BACKUP -> FAULT (group-to-fault)"]
    );
    assert_eq!(
        r.link(ETH0, true),
        ["0.500 B FAULT -> BACKUP (fault-clears)", "0.500 A FAULT -> BACKUP (group-to-backup)"]
    );
}

/// captures/rules/silent-master-announces: `lower_prio_no_advert` silences the advert only.
#[test]
fn a_silent_master_announces_to_a_worse_one() {
    let vi = instance("VI", 51, 100);
    let mut silent = master(InstanceModel { lower_prio_no_advert: true, ..vi.clone() });
    let said = silent.hear(&advert(&vi, 1, 50));
    assert_eq!(said.iter().filter(|line| line.ends_with("announce")).count(), 5, "{said:?}");
    assert_eq!(said.iter().filter(|line| line.contains("advert")).count(), 0, "{said:?}");
}

#[test]
fn the_kernel_and_the_operator_are_reasons_too() {
    let vi = instance("VI", 51, 100);
    let taken = KernelEvent::AddressRemoved { iface: ETH0, addr: IfAddr { ip: VIP, prefix: 24 } };
    assert_eq!(reacts(&mut master(vi.clone()), Input::Kernel(taken)), ["address-taken"]);
    let other = Box::new(node(vec![instance("VI", 61, 100)]));
    assert_eq!(
        reacts(&mut master(vi.clone()), Input::Operator(Command::Reload(other))),
        ["reload", "reload-removed", "start-backup"]
    );
    let track = TrackInterface { iface: ETH1, weight: -20, reverse: false };
    let mut r = backup(InstanceModel { track_interfaces: vec![track], ..vi });
    let down = KernelEvent::Link { iface: ETH1, up: false };
    assert_eq!(reacts(&mut r, Input::Kernel(down)), ["priority-changes"]);
}

#[test]
fn a_v3_backup_says_that_it_learned_an_interval() {
    let vi = InstanceModel { version: Version::V3, ..instance("VI", 51, 200) };
    let fast = InstanceModel { advert_int: Span::from_millis(500), ..vi.clone() };
    let said = hears(&mut backup(vi), &advert(&fast, 1, 250));
    assert_eq!(said, ["backup-hears-master", "interval-learned", "backup-hears-master"]);
}

/// An advert of 10.0.0.1 with another destination or TTL.
fn sent_to(dst: IpAddr, ttl: u8) -> Vec<u8> {
    let advert =
        Advert { version: Version::V2, vrid: 51, priority: 200, interval: 1, addresses: vec![VIP], auth: None };
    let (src_mac, dst_mac) = (Mac([2, 0, 0, 0, 8, 1]), multicast_mac(dst).unwrap_or(Mac([2, 0, 0, 0, 9, 2])));
    let (family, src) = (AddressFamily::V4, ip(1));
    AdvertFrame { advert: &advert, family, src_mac, dst_mac, src, dst, ttl, id: 1 }.emit()
}

/// One byte of a good advert replaced.
fn damaged(at: usize, byte: u8) -> Vec<u8> {
    let mut bytes = sent_to(IpAddr::V4(GROUP_V4), 255);
    assert_ne!(bytes[at], byte);
    bytes[at] = byte;
    bytes
}

/// The same with a fitting IP header checksum.
fn fragment() -> Vec<u8> {
    let mut bytes = damaged(20, 0x20);
    bytes[24..26].fill(0);
    let words = bytes[14..34].chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]])));
    let sum: u32 = words.sum();
    let folded = u16::try_from((sum & 0xffff) + (sum >> 16)).unwrap();
    bytes[24..26].copy_from_slice(&(!folded).to_be_bytes());
    bytes
}

#[test]
fn packets_that_no_instance_sees() {
    let vi = instance("VI", 51, 100);
    let mut r = backup(vi.clone());
    let cases = [
        (damaged(13, 0x06), "receive-not-vrrp"),
        (advert(&instance("VI", 52, 100), 1, 200), "receive-vrid"),
        (damaged(25, sent_to(IpAddr::V4(GROUP_V4), 255)[25] ^ 1), "receive-ip-header"),
        (fragment(), "receive-ip-fragment"),
        (advert(&vi, 9, 200), "receive-own-packet"),
        (sent_to(ip(77), 255), "receive-destination"),
        (sent_to(ip(9), 255), "receive-delivery-mode"),
    ];
    for (bytes, rule) in cases {
        assert_eq!(hears(&mut r, &bytes), [rule]);
    }
}

/// In the order in which keepalived 2.2.7 looks.
#[test]
fn packets_that_an_instance_refuses() {
    let vi = instance("VI", 51, 100);
    let secret = |word: &[u8; 8]| InstanceModel { auth: Auth::Pass(*word), ..vi.clone() };
    let vip = |last| Vip::new(IfAddr { ip: ip(last), prefix: 24 }, ETH0);
    let with = |vips: Vec<Vip>| InstanceModel { vips, ..vi.clone() };
    let mut r = backup(vi.clone());
    let cases = [
        (damaged(37, 2), "receive-length"),
        (sent_to(IpAddr::V4(GROUP_V4), 64), "receive-ttl"),
        (advert(&InstanceModel { version: Version::V3, ..vi.clone() }, 1, 200), "receive-version"),
        (damaged(38, 7), "receive-auth-type-unknown"),
        (advert(&secret(b"lobster!"), 1, 200), "receive-auth-type-mismatch"),
        (damaged(39, 3), "receive-interval-mismatch"),
        (damaged(34, 0x22), "receive-type"),
        (advert(&with(vec![vip(100), vip(101)]), 1, 200), "receive-count"),
        (damaged(36, 201), "receive-checksum"),
        (advert(&with(vec![vip(101)]), 1, 200), "receive-address-list"),
    ];
    for (bytes, rule) in cases {
        assert_eq!(hears(&mut r, &bytes), [rule]);
    }
    let mut r = backup(secret(b"lobster!"));
    assert_eq!(hears(&mut r, &advert(&secret(b"shrimps!"), 1, 200)), ["receive-auth-failure"]);
}

/// Checks that only the standard asks for.
#[test]
fn packets_that_the_standard_refuses() {
    let policy = Policy { v3_ipv4_checksum: V3Checksum::Either, ..Policy::RFC9568 };
    let listener = |model: InstanceModel| start(NodeModel { policy, ..node(vec![model]) }).0;
    let vi = InstanceModel { version: Version::V3, ..instance("VI", 51, 100) };
    let restless = InstanceModel { advert_int: Span::ZERO, ..vi.clone() };
    assert_eq!(hears(&mut listener(vi.clone()), &advert(&restless, 1, 200)), ["receive-interval-zero"]);
    let empty = InstanceModel { vips: vec![], ..vi.clone() };
    assert_eq!(hears(&mut listener(vi.clone()), &advert(&empty, 1, 200)), ["receive-count-zero"]);
    let owner = InstanceModel { priority: 255.try_into().unwrap(), ..vi.clone() };
    assert_eq!(hears(&mut listener(owner), &advert(&vi, 1, 200)), ["receive-owner"]);
}

#[test]
fn an_ipv6_advert_names_the_link_local_address_first() {
    let v6 = |text: &str| -> IpAddr { text.parse().unwrap() };
    let vip = |text: &str| Vip::new(IfAddr { ip: v6(text), prefix: 64 }, ETH0);
    let model = InstanceModel {
        version: Version::V3,
        family: AddressFamily::V6,
        vips: vec![vip("fe80::100"), vip("2001:db8::100")],
        ..instance("VI", 51, 100)
    };
    let mut listener = NodeModel { policy: Policy::RFC9568, ..node(vec![model]) };
    listener.interfaces[0].addresses = vec![IfAddr { ip: v6("fe80::9"), prefix: 64 }];
    let (mut r, _) = start(listener);
    let mut hears_list = |list: [&str; 2]| {
        let addresses = list.map(v6).to_vec();
        let advert = Advert { version: Version::V3, vrid: 51, priority: 200, interval: 100, addresses, auth: None };
        let (family, src, dst) = (AddressFamily::V6, v6("fe80::1"), IpAddr::V6(GROUP_V6));
        let (src_mac, dst_mac) = (Mac([2, 0, 0, 0, 8, 1]), multicast_mac(dst).unwrap());
        hears(&mut r, &AdvertFrame { advert: &advert, family, src_mac, dst_mac, src, dst, ttl: 255, id: 1 }.emit())
    };
    assert_eq!(hears_list(["2001:db8::100", "fe80::100"]), ["receive-first-not-link-local"]);
    assert_eq!(hears_list(["fe80::100", "2001:db8::100"]), ["backup-hears-master"]);
}
