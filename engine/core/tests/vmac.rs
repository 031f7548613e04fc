//! Virtual routers with a macvlan of their own (`use_vmac`): when it is made, what lives on it, what leaves by it.
mod support;

use support::*;
use vrrplab_engine::model::*;
use vrrplab_engine::{Command, EffectKind, Input, KernelEvent, Output, Policy, Rule, Span, State};
use vrrplab_wire::{Announcement, parse_announcement};

const VMAC: IfIndex = IfIndex(7);
const OWN: Mac = Mac([2, 0, 0, 0, 9, 2]);
const VIRTUAL: Mac = Mac([0, 0, 0x5e, 0, 1, 51]);

fn vmac(xmit_base: bool) -> Option<VmacModel> {
    Some(VmacModel { kind: VmacKind::Macvlan(None), name: None, xmit_base, for_addresses: false })
}

fn with_vmac(priority: u8) -> InstanceModel {
    InstanceModel { vmac: vmac(false), ..instance("VI", 51, priority) }
}

/// The kernel's answer: the macvlan has index 7.
fn made(name: &str, addresses: Vec<IfAddr>) -> KernelEvent {
    KernelEvent::LinkAdded(Box::new(InterfaceModel {
        index: VMAC,
        name: name.into(),
        mac: VIRTUAL,
        addresses,
        up: true,
    }))
}

fn vip() -> IfAddr {
    IfAddr { ip: VIP, prefix: 24 }
}

/// A node that has its macvlan.
fn started(model: InstanceModel) -> Stage {
    let (mut stage, _) = Stage::start(node(vec![model]));
    stage.kernel(made("vrrp.51", vec![]));
    stage
}

/// What the next wake-up sends and sets: the interface, the source MAC of a frame, `advert`, `announce` or the address.
fn next(stage: &mut Stage) -> Vec<(u32, Option<Mac>, String)> {
    stage.now = stage.engine.next_wake().unwrap().at;
    stage.engine.handle(stage.now, Input::Wake);
    let mut did = Vec::new();
    while let Some(output) = stage.engine.poll() {
        let Output::Effect(effect) = output else { continue };
        match effect.kind {
            EffectKind::SendFrame { iface, bytes } => {
                let mac = Mac(bytes[6..12].try_into().unwrap());
                let what = match parse_announcement(&bytes) {
                    Some(Announcement::Arp { mac: told, .. }) => {
                        assert_eq!(told, mac);
                        if effect.rule == Rule::ExtraAnnounce { "extra-announce" } else { "announce" }
                    }
                    _ => "advert",
                };
                did.push((iface.0, Some(mac), what.into()));
            }
            EffectKind::ChangeAddress { iface, addr, add: true } => did.push((iface.0, None, addr.ip.to_string())),
            other => panic!("{other:?}"),
        }
    }
    did
}

#[test]
fn the_macvlan_is_made_at_the_start_and_removed_at_the_end_whatever_the_state() {
    let (mut stage, said) = Stage::start(node(vec![with_vmac(100)]));
    assert_eq!(
        said,
        ["0.000 make vrrp.51 00:00:5e:00:01:33 above 2 (macvlan)", "0.000 VI INIT -> BACKUP (start-backup)"]
    );
    assert_eq!(stage.kernel(made("vrrp.51", vec![])), ["0.000 promote on 7 (macvlan)"]);
    stage.now = at("1");
    assert_eq!(stage.ask(Command::Stop), ["1.000 remove vrrp.51 00:00:5e:00:01:33 above 2 (macvlan)"]);
}

#[test]
fn addresses_adverts_and_announcements_are_on_the_macvlan() {
    let mut stage = started(with_vmac(100));
    let expected = [(7, Some(VIRTUAL), "advert"), (7, None, "10.0.0.100"), (7, Some(VIRTUAL), "announce")];
    assert_eq!(next(&mut stage), expected.map(|(iface, mac, what)| (iface, mac, what.to_owned())));
    assert_eq!(stage.now, at("3.609375"));
    assert_eq!(
        stage.ask(Command::Stop),
        ["3.609375 advert 0", "3.609375 -10.0.0.100", "3.609375 remove vrrp.51 00:00:5e:00:01:33 above 2 (macvlan)"]
    );
}

#[test]
fn with_vmac_xmit_base_only_the_adverts_leave_by_the_interface_below() {
    let mut stage = started(InstanceModel { vmac: vmac(true), ..with_vmac(100) });
    let expected = [(2, Some(OWN), "advert"), (7, None, "10.0.0.100"), (7, Some(VIRTUAL), "announce")];
    assert_eq!(next(&mut stage), expected.map(|(iface, mac, what)| (iface, mac, what.to_owned())));
}

#[test]
fn adverts_are_heard_where_they_are_sent() {
    let advert = |model: &InstanceModel| advert(model, 1, 200);
    for (xmit_base, heard_on, deaf_on) in [(false, VMAC, ETH0), (true, ETH0, VMAC)] {
        let model = InstanceModel { vmac: vmac(xmit_base), ..with_vmac(100) };
        let mut stage = started(model.clone());
        stage.until("4");
        stage.engine.handle(stage.now, Input::Frame { iface: deaf_on, bytes: &advert(&model) });
        assert_eq!((stage.drain(), stage.state()), (vec![], State::Master));
        stage.engine.handle(stage.now, Input::Frame { iface: heard_on, bytes: &advert(&model) });
        assert_eq!(stage.drain(), ["4.000 VI MASTER -> BACKUP (master-hears-higher)", "4.000 -10.0.0.100"]);
    }
}

#[test]
fn the_link_of_the_macvlan_counts_like_the_one_below() {
    let mut stage = started(with_vmac(100));
    stage.until("1");
    assert_eq!(stage.link(ETH0, false), ["1.000 VI BACKUP -> FAULT (fault-appears)"]);
    assert_eq!(stage.link(VMAC, false), [""; 0]);
    assert_eq!(stage.link(ETH0, true), [""; 0], "the macvlan follows");
    assert_eq!(stage.link(VMAC, true), ["1.000 VI FAULT -> BACKUP (fault-clears)"]);
}

#[test]
fn without_its_macvlan_an_instance_is_in_fault() {
    let (mut stage, _) = Stage::start(node(vec![with_vmac(100)]));
    let refused = KernelEvent::LinkRefused { name: "vrrp.51".into() };
    assert_eq!(stage.kernel(refused), ["0.000 VI BACKUP -> FAULT (fault-appears)"]);
    let other = KernelEvent::LinkRefused { name: "vrrp.52".into() };
    assert_eq!(stage.kernel(other), [""; 0]);
}

#[test]
fn an_address_left_on_a_macvlan_by_an_earlier_run_is_removed() {
    let (mut stage, _) = Stage::start(node(vec![with_vmac(100)]));
    assert_eq!(stage.kernel(made("vrrp.51", vec![vip()])), ["0.000 promote on 7 (macvlan)", "0.000 -10.0.0.100"]);
}

#[test]
fn a_master_whose_macvlan_comes_late_sets_its_addresses_then() {
    let (mut stage, _) = Stage::start(node(vec![with_vmac(100)]));
    assert_eq!(stage.until("4"), ["3.609375 VI BACKUP -> MASTER (backup-timer-expired)"]);
    assert_eq!(
        stage.kernel(made("vrrp.51", vec![])),
        ["4.000 promote on 7 (macvlan)", "4.000 +10.0.0.100", "4.000 announce"]
    );
}

#[test]
fn a_reload_keeps_the_macvlan_and_one_with_another_mac_starts_anew() {
    let mut stage = started(with_vmac(100));
    stage.until("4");
    let again = Command::Reload(Box::new(node(vec![with_vmac(90)])));
    assert_eq!(stage.ask(again), ["4.000 advert 100", "4.000 advert 90"]);
    let mac = Mac([2, 2, 2, 2, 2, 2]);
    let changed = VmacModel { kind: VmacKind::Macvlan(Some(mac)), ..vmac(false).unwrap() };
    let changed = InstanceModel { vmac: Some(changed), ..with_vmac(90) };
    assert_eq!(
        stage.ask(Command::Reload(Box::new(node(vec![changed])))),
        [
            "4.000 advert 90",
            "4.000 advert 0",
            "4.000 -10.0.0.100",
            "4.000 remove vrrp.51 00:00:5e:00:01:33 above 2 (macvlan)",
            "4.000 VI MASTER -> INIT (reload-removed)",
            "4.000 make vrrp.51 02:02:02:02:02:02 above 2 (macvlan)",
            "4.000 VI INIT -> BACKUP (start-backup)",
        ]
    );
}

/// Measured: IPv4 and IPv6 with one VRID, then the same VRID on another interface, and a given name.
#[test]
fn macvlans_have_names_of_their_own() {
    let v6 = Vip::new(IfAddr { ip: "fe80::1".parse().unwrap(), prefix: 64 }, ETH0);
    let six = InstanceModel { family: AddressFamily::V6, version: Version::V3, vips: vec![v6], ..with_vmac(100) };
    let elsewhere = InstanceModel { iface: ETH1, vips: vec![], ..with_vmac(100) };
    let named = VmacModel { name: Some("vip0".into()), ..vmac(false).unwrap() };
    let named = InstanceModel { vmac: Some(named), ..instance("named", 52, 100) };
    let (_, said) = Stage::start(node(vec![with_vmac(100), six, elsewhere, named]));
    let made: Vec<&String> = said.iter().filter(|line| line.contains("make")).collect();
    assert_eq!(
        made,
        [
            "0.000 make vrrp.51 00:00:5e:00:01:33 above 2 (macvlan)",
            "0.000 make vrrp6.51 00:00:5e:00:02:33 above 2 (macvlan)",
            "0.000 make vrrp1.51 00:00:5e:00:01:33 above 3 (macvlan)",
            "0.000 make vip0 00:00:5e:00:01:34 above 2 (macvlan)",
        ]
    );
}

/// Measured with keepalived 2.2.7: the first address of each further interface, at the first advert after so long.
#[test]
fn garp_extra_if_announces_on_further_interfaces() {
    let there = |last| Vip::new(IfAddr { ip: [10, 1, 0, last].into(), prefix: 24 }, ETH1);
    let own = instance("VI", 51, 100).vips[0].clone();
    let garp = Garp { repeat: 1, delay: Span::ZERO, ..Garp::default() };
    let extra = Some(GarpExtra { all: true, every: Span::from_secs(2) });
    let model = InstanceModel { vips: vec![own, there(1), there(2)], garp, garp_extra: extra, ..with_vmac(100) };
    let mut stage = started(model.clone());
    let announced = |stage: &mut Stage| -> Vec<u32> {
        next(stage).into_iter().filter(|did| did.2.ends_with("announce")).map(|did| did.0).collect()
    };
    assert_eq!([announced(&mut stage), announced(&mut stage)], [vec![7, 3, 3], vec![]]);
    let third = [(7, Some(VIRTUAL), "advert"), (3, Some(Mac([2, 0, 0, 0, 9, 3])), "extra-announce")];
    assert_eq!(next(&mut stage), third.map(|(iface, mac, what)| (iface, mac, what.to_owned())));
    assert_eq!(announced(&mut stage), [0; 0]);
    let extra = Some(GarpExtra { all: false, every: Span::from_secs(2) });
    let mut stage = started(InstanceModel { garp_extra: extra, ..model });
    assert_eq!([announced(&mut stage).len(), announced(&mut stage).len(), announced(&mut stage).len()], [3, 0, 0]);
}

fn gone(iface: IfIndex) -> KernelEvent {
    KernelEvent::LinkGone { iface }
}

/// The kernel removes a macvlan before the interface below it; eth0 is made again a second later, with another MAC.
#[test]
fn with_the_interface_made_again_the_macvlan_is_too() {
    let mut stage = started(with_vmac(100));
    stage.until("5");
    assert_eq!(stage.state(), State::Master);
    assert_eq!(stage.link(ETH0, false)[0], "5.000 VI MASTER -> FAULT (fault-appears)");
    stage.kernel(KernelEvent::Link { iface: VMAC, up: false });
    assert_eq!(stage.kernel(gone(VMAC)), [""; 0], "there is nothing below it");
    assert_eq!(stage.kernel(gone(ETH0)), [""; 0]);
    stage.now = at("6");
    let mac = Mac([2, 0, 0, 0, 9, 77]);
    let asked = stage.kernel(KernelEvent::LinkIs { iface: ETH0, mac });
    assert_eq!(asked, ["6.000 make vrrp.51 00:00:5e:00:01:33 above 2 (macvlan)"], "even before it is up");
    stage.kernel(KernelEvent::LinkAdded(Box::new(InterfaceModel {
        index: IfIndex(9),
        name: "vrrp.51".into(),
        mac: VIRTUAL,
        addresses: vec![],
        up: false,
    })));
    assert_eq!(stage.link(ETH0, true), [""; 0], "the macvlan follows");
    assert_eq!(stage.link(IfIndex(9), true), ["6.000 VI FAULT -> BACKUP (fault-clears)"]);
    stage.until("9");
    let expected = [(9, Some(VIRTUAL), "advert"), (9, None, "10.0.0.100"), (9, Some(VIRTUAL), "announce")];
    assert_eq!(next(&mut stage), expected.map(|(iface, mac, what)| (iface, mac, what.to_owned())));
    assert_eq!(stage.now, at("9.609375"));
}

#[test]
fn a_macvlan_that_is_removed_by_hand_is_made_again_at_once() {
    let mut stage = started(with_vmac(100));
    stage.until("5");
    assert_eq!(stage.link(VMAC, false)[0], "5.000 VI MASTER -> FAULT (fault-appears)");
    let expected =
        ["5.000 make vrrp.51 00:00:5e:00:01:33 above 2 (macvlan)", "5.000 VI FAULT -> BACKUP (fault-clears)"];
    assert_eq!(stage.kernel(gone(VMAC)), expected);
}

#[test]
fn the_macvlan_of_an_interface_with_another_name_goes() {
    let mut stage = started(with_vmac(100));
    stage.until("5");
    let expected =
        ["5.000 remove vrrp.51 00:00:5e:00:01:33 above 2 (macvlan)", "5.000 VI MASTER -> FAULT (fault-appears)"];
    assert_eq!(stage.kernel(gone(ETH0)), expected, "before its release could leave by it");
    assert_eq!(stage.link(ETH0, false), [""; 0]);
    assert_eq!(stage.kernel(gone(VMAC)), [""; 0]);
    let asked = stage.kernel(KernelEvent::LinkIs { iface: ETH0, mac: OWN });
    assert_eq!(asked, ["5.000 make vrrp.51 00:00:5e:00:01:33 above 2 (macvlan)"]);
}

#[test]
fn another_mac_below_changes_announcements_there_and_nothing_on_the_macvlan() {
    let mac = Mac([2, 0, 0, 0, 9, 77]);
    let plain = |stage: &mut Stage| {
        stage.kernel(KernelEvent::LinkIs { iface: ETH0, mac });
        next(stage)
    };
    let (mut stage, _) = Stage::start(node(vec![instance("VI", 51, 100)]));
    assert!(plain(&mut stage).contains(&(2, Some(mac), "announce".into())));
    let mut stage = started(with_vmac(100));
    assert!(plain(&mut stage).contains(&(7, Some(VIRTUAL), "announce".into())));
}

/// captures/rules/v6-start-without-link and v6-reload-without-link: what lacks a link-local address at the start finds none
/// until a reload; a router without a macvlan does, and so does the standard's.
#[test]
fn a_macvlan_for_ipv6_misses_an_address_that_comes_late() {
    let late = |vmac: Option<VmacModel>, policy: Policy| {
        let place = if vmac.is_some() { VMAC } else { ETH0 };
        let vip = Vip::new(IfAddr { ip: "fe80::100".parse().unwrap(), prefix: 64 }, place);
        let (version, family) = (Version::V3, AddressFamily::V6);
        let model = InstanceModel { vmac, version, family, vips: vec![vip], ..instance("VI", 51, 100) };
        let model = NodeModel { policy, ..node(vec![model]) };
        let (mut stage, _) = Stage::start(model.clone());
        stage.kernel(made("vrrp.51", vec![]));
        assert_eq!(stage.state(), State::Fault);
        let own = IfAddr { ip: OWN.link_local().into(), prefix: 64 };
        stage.kernel(KernelEvent::AddressAdded { iface: ETH0, addr: own });
        let before = stage.state();
        let mut now = model;
        now.interfaces[0].addresses.push(own);
        stage.ask(Command::Reload(Box::new(now)));
        (before, stage.state())
    };
    assert_eq!(late(vmac(true), Policy::KEEPALIVED_2_2_7), (State::Fault, State::Backup));
    assert_eq!(late(None, Policy::KEEPALIVED_2_2_7), (State::Backup, State::Backup));
    assert_eq!(late(vmac(true), Policy::RFC9568), (State::Backup, State::Backup));
}
