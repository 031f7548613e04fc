//! Looks at hosts, promises about tables of virtual servers, and tunnels' ends.
use vrrplab_engine::lvs::Virtual;
use vrrplab_engine::model::lvs::{Endpoint, Protocol};

use super::*;

const DIRECTOR: &str = r#"
duration: 30s
networks:
  lan:
nodes:
  lb1:
    interfaces: { eth0: { network: lan, addresses: [10.0.0.1/24] } }
    vrrp: [ { instance: VI_1, interface: eth0, vrid: 51, priority: 100, vips: [10.0.0.100/24] } ]
  rs1:
    interfaces:
      eth0: { network: lan, addresses: [10.0.0.11/24] }
      tunl0: { addresses: [10.0.0.100/32] }
clients:
  c1: { network: lan, address: 10.0.0.50/24, http: 10.0.0.100 }
expect:
  - { ipvs: { node: lb1, at: 12s, service: "tcp 10.0.0.100:80", servers: { "10.0.0.11:80": 3, "10.0.0.12:80": { weight: 0, active: 2, inactive_at_least: 1 } } } }
  - { ipvs: { node: lb1, at: 13s, service: "fwmark 3", absent: true } }
show: ["ipvs@12s", "arp@13.5s:c1"]
"#;

fn endpoint(ip: &str, port: u16) -> Endpoint {
    Endpoint { ip: ip.parse().unwrap(), port }
}

#[test]
fn tables_and_looks_mean_what_the_file_says() {
    let world = good(DIRECTOR);
    let at = |ms| Instant::ZERO + Span::from_millis(ms);
    let weighs = |weight| ServerPromise { weight: Some(weight), ..ServerPromise::default() };
    let quiet = ServerPromise { active: (2, 2), inactive: (1, u32::MAX), ..weighs(0) };
    let (first, second) = (&world.expectations[0].promise, &world.expectations[1].promise);
    let expected = TablePromise {
        node: NodeId(0),
        at: at(12_000),
        service: Virtual::Address(Protocol::Tcp, endpoint("10.0.0.100", 80)),
        servers: Some(vec![(endpoint("10.0.0.11", 80), weighs(3)), (endpoint("10.0.0.12", 80), quiet)]),
    };
    assert_eq!(first, &Promise::Table(expected));
    assert!(matches!(second, Promise::Table(TablePromise { servers: None, .. })), "{second:?}");
    let c1 = Some(Subject::Host(Member::Client(ClientId(0))));
    let looks = [Look { view: View::Ipvs, at: at(12_000), of: None }, Look { view: View::Arp, at: at(13_500), of: c1 }];
    assert_eq!(world.looks, looks);
    let rs1 = &world.nodes[1].kernel;
    assert_eq!((rs1.ipip, &rs1.loopback[..]), (true, &[addr("10.0.0.100", 32)][..]));
    assert!(!world.nodes[0].kernel.ipip);
}

#[test]
fn each_mistake_about_a_table_or_a_look_has_its_answer() {
    let mistakes = [
        ("\"tcp 10.0.0.100:80\"", "\"tcp 10.0.0.100\"", "`tcp 10.0.0.100` is no virtual server"),
        ("absent: true", "absent: false", "it is not clear what the table holds"),
        ("absent: true", "absent: true, servers: {}", "it is not clear what the table holds"),
        ("\"10.0.0.11:80\": 3", "\"10.0.0.11:80\": -3", "a number of this server is out of range"),
        ("active: 2", "active: -2", "a number of this server is out of range"),
        ("active: 2", "active_at_least: 3, active_at_most: 2", "a number of this server is out of range"),
        ("node: lb1, at: 12s", "node: lb2, at: 12s", "unknown node `lb2`"),
        ("node: lb1, at: 12s", "node: lb1, at: 31s", "this moment lies past the end"),
        ("ipvs@12s", "ipvs", "`ipvs` does not say when"),
        ("ipvs@12s", "ipsv@12s", "`ipsv` is nothing to look at"),
        ("ipvs@12s", "ipvs@12", "the time `12` has no unit"),
        ("ipvs@12s", "ipvs@31s", "this moment lies past the end"),
        ("arp@13.5s:c1", "arp@13.5s:c9", "unknown node or client `c9`"),
        ("tunl0: { addresses", "tunl1: { addresses", "interface `tunl1` is on no network"),
    ];
    each_has_its_answer(DIRECTOR, &mistakes);
}

#[test]
fn the_command_line_is_answered_too() {
    let world = good(DIRECTOR);
    let lb1 = Some(Subject::Host(Member::Node(NodeId(0))));
    let at = Instant::ZERO + Span::from_secs(12);
    assert_eq!(look(&world, "conns@12s:lb1"), Ok(Look { view: View::Conns, at, of: lb1 }));
    for (text, answer) in [
        ("conns@31s", "`conns@31s` is after the end of split-brain, at 30.000 s"),
        ("conns@12s:lb9", "unknown host `lb9` in split-brain: did you mean `lb1`? known are: lb1, rs1, c1"),
        ("fdb@12s:wan", "unknown network `wan` in split-brain: did you mean `lan`? known are: lan"),
        ("all@12s", "`all` is nothing to look at: known are: ipvs, conns, arp, addr, fdb"),
    ] {
        assert_eq!(look(&world, text), Err(answer.to_owned()));
    }
}
