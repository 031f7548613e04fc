//! Tables against what ipvsadm 1.31 and ip printed.
use std::net::IpAddr;

use vrrplab_engine::Span;
use vrrplab_engine::lvs::{DestConfig, ServiceConfig, Virtual};
use vrrplab_engine::model::lvs::{
    Endpoint, Forwarding, Granularity, Persistence, Protocol, Scheduler, SchedulerFlags, Tunnel,
};
use vrrplab_engine::model::{AddressFamily, IfAddr, Mac};
use vrrplab_formats::world::NodeId;

use super::*;
use crate::fabric::PortId;
use crate::observe::stage;

fn names() -> Names {
    Names::new(&stage::world(), &stage::ports())
}

#[test]
fn a_switch_shows_where_it_has_heard_whom_and_how_long_ago() {
    let heard = |mac, port, age| HeardAt { vlan: 1, mac: Mac([2, 0, 0, 0, 1, mac]), place: Ok(PortId(port)), age };
    let scene = Scene::Fdb(vec![heard(1, 0, Span::from_millis(12_300)), heard(2, 1, Span::ZERO)]);
    let expected = "02:00:00:00:01:01 dev r1:eth0 vlan 1 used 12\n02:00:00:00:01:02 dev r2:eth0 vlan 1 used 0\n";
    assert_eq!(text(&scene, &names()), expected);
}

fn at(place: &str) -> Endpoint {
    let at: std::net::SocketAddr = place.parse().unwrap();
    Endpoint { ip: at.ip(), port: at.port() }
}

fn dest(place: &str, forwarding: Forwarding, (weight, active, inactive): (u32, u32, u32)) -> DestView {
    let config = DestConfig { forwarding, weight, ..DestConfig::default() };
    let key = at(place);
    DestView { key, config, active, inactive, persistent: 0, overload: false, stats: Default::default() }
}

fn view(key: Virtual, scheduler: Scheduler, dests: Vec<DestView>) -> ServiceView {
    let config = ServiceConfig { scheduler: Some(scheduler), ..ServiceConfig::default() };
    ServiceView { key, config, dests, stats: Default::default() }
}

fn persistent(mut view: ServiceView, seconds: u64, granularity: Granularity) -> ServiceView {
    view.config.persistence = Some(Persistence { timeout: Span::from_secs(seconds), granularity });
    view
}

#[test]
fn the_table_is_printed_as_ipvsadm_prints_it() {
    let tcp = |place| Virtual::Address(Protocol::Tcp, at(place));
    let udp = |place| Virtual::Address(Protocol::Udp, at(place));
    let nat = |place, numbers| dest(place, Forwarding::Nat, numbers);
    // The newest server is the first of the kernel's list, and the list is sorted by address.
    let seed = vec![nat("10.1.1.2:80", (1, 0, 0)), nat("10.1.1.1:80", (1, 12, 345))];
    let mut hashed = view(udp("10.99.0.1:53"), Scheduler::Sh, vec![]);
    hashed.config.flags = SchedulerFlags { first: true, second: true, third: false };
    let mut one_packet = view(udp("10.99.0.2:53"), Scheduler::Rr, vec![]);
    one_packet.config.one_packet = true;
    let v6 = view(tcp("[fd99::1]:443"), Scheduler::Mh, vec![dest("[fd99::11]:443", Forwarding::Dr, (1, 0, 0))]);
    let others = vec![
        dest("10.0.0.11:0", Forwarding::Tun(Tunnel::Ipip), (3, 0, 0)),
        dest("127.0.0.1:0", Forwarding::Nat, (0, 0, 0)),
    ];
    let scene = Scene::Ipvs(vec![
        persistent(view(Virtual::Mark(AddressFamily::V4, 7), Scheduler::Rr, others), 300, Granularity::Mask(u32::MAX)),
        persistent(hashed, 10_800, Granularity::Mask(0xffff_ff00)),
        one_packet,
        persistent(v6, 60, Granularity::Prefix(64)),
        persistent(view(tcp("166.166.166.166:80"), Scheduler::Sh, seed), 10_800, Granularity::Mask(u32::MAX)),
    ]);
    let expected = "\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  166.166.166.166:80 sh persistent 10800
  -> 10.1.1.1:80                  Masq    1      12         345      \u{20}
  -> 10.1.1.2:80                  Masq    1      0          0        \u{20}
UDP  10.99.0.1:53 sh (sh-fallback,sh-port) persistent 10800 mask 255.255.255.0
UDP  10.99.0.2:53 rr ops
TCP  [fd99::1]:443 mh persistent 60 mask 64
  -> [fd99::11]:443               Route   1      0          0        \u{20}
FWM  7 rr persistent 300
  -> 10.0.0.11:0                  Tunnel  3      0          0        \u{20}
  -> 127.0.0.1:0                  Masq    0      0          0        \u{20}
";
    assert_eq!(text(&scene, &names()), expected);
}

#[test]
fn connections_are_printed_as_ipvsadm_prints_them() {
    let place = |place: &str| (at(place).ip, at(place).port);
    let conn = |state, client, template, seconds| ConnView {
        protocol: ConnProtocol::Tcp,
        client: place(client),
        virt: place("10.99.0.2:80"),
        server: place("10.0.0.11:8000"),
        state,
        template,
        expires: Span::from_secs(seconds),
    };
    let scene =
        Scene::Conns(vec![conn("ESTABLISHED", "10.1.0.8:30003", false, 896), conn("ASSURED", "10.1.0.8:0", true, 296)]);
    let expected = "\
IPVS connection entries
pro expire state       source             virtual            destination
TCP 04:56  ASSURED     10.1.0.8:0         10.99.0.2:80       10.0.0.11:8000
TCP 14:56  ESTABLISHED 10.1.0.8:30003     10.99.0.2:80       10.0.0.11:8000
";
    assert_eq!(text(&scene, &names()), expected);
}

#[test]
fn neighbours_and_addresses_are_printed_as_ip_prints_them() {
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    let neighbour = |mac, state| NeighbourView { ip: ip("10.0.0.1"), iface: "eth0".into(), mac, state };
    let arp = Scene::Arp(vec![neighbour(Some(Mac([2, 0, 0, 0, 1, 1])), "STALE"), neighbour(None, "FAILED")]);
    assert_eq!(text(&arp, &names()), "10.0.0.1 dev eth0 lladdr 02:00:00:00:01:01 STALE\n10.0.0.1 dev eth0 FAILED\n");
    let addresses = vec![IfAddr { ip: ip("192.168.0.10"), prefix: 24 }, IfAddr { ip: ip("192.168.0.100"), prefix: 32 }];
    let link = |name: &str, base, addresses| LinkView { name: name.into(), base, state: "UP", addresses };
    let addr = Scene::Addr(vec![link("eth0", None, addresses), link("vrrp.51", Some("eth0".into()), vec![])]);
    let expected =
        "eth0             UP             192.168.0.10/24 192.168.0.100/32 \nvrrp.51@eth0     UP             \n";
    assert_eq!(text(&addr, &names()), expected);
}

#[test]
fn a_promise_about_a_table_is_about_all_of_its_servers() {
    let service = Virtual::Address(Protocol::Tcp, at("10.0.0.100:80"));
    let seen = [view(service, Scheduler::Rr, vec![dest("10.1.1.1:80", Forwarding::Nat, (2, 3, 4))])];
    let promise = |servers: Option<&[(&str, ServerPromise)]>| TablePromise {
        node: NodeId(0),
        at: vrrplab_engine::Instant::ZERO + Span::from_secs(12),
        service,
        servers: servers.map(|all| all.iter().map(|(place, server)| (at(place), *server)).collect()),
    };
    let any = ServerPromise::default();
    let exact = ServerPromise { weight: Some(2), active: (3, 3), inactive: (0, 4) };
    for (servers, held) in [
        (Some(&[("10.1.1.1:80", any)][..]), true),
        (Some(&[("10.1.1.1:80", exact)][..]), true),
        (Some(&[("10.1.1.1:80", ServerPromise { weight: Some(1), ..any })][..]), false),
        (Some(&[("10.1.1.1:80", ServerPromise { active: (4, 9), ..any })][..]), false),
        (Some(&[("10.1.1.1:80", any), ("10.1.1.2:80", any)][..]), false),
        (Some(&[][..]), false),
        (None, false),
    ] {
        let (found, words) = judge(&promise(servers), "lb1", Some(&seen));
        assert_eq!(found, held, "{servers:?}");
        assert_eq!(words, "lb1 had at 12.000000: 10.1.1.1:80 with weight 2, 3 active, 4 inactive");
    }
    let gone = (true, "lb1 had no such virtual server at 12.000000".to_owned());
    assert_eq!(judge(&promise(None), "lb1", Some(&[])), gone);
    assert!(!judge(&promise(None), "lb1", None).0);
}
