//! Scenarios held in memory: what a good one means, and how bad ones are answered.
mod balancing;
mod clients;
mod trouble;

use std::path::Path;

use proptest::prelude::*;
use vrrplab_engine::model::{Auth, IfAddr, IfIndex, Mac, Version};
use vrrplab_engine::{Instant, Policy, Span, State};

use super::*;
use crate::world::*;

mod invariants;
mod kernel;
mod networks;
mod views;

/// Files by path.
struct Memory(Vec<(&'static str, String)>);

impl Files for Memory {
    fn read(&self, path: &Path) -> Result<String, String> {
        let found = self.0.iter().find(|(name, _)| Path::new(name) == path);
        found.map(|(_, text)| text.clone()).ok_or_else(|| "no such file".to_owned())
    }
}

const CONF: &str = "vrrp_instance VI_1 {\n    state BACKUP\n    interface eth0\n    virtual_router_id 51\n    \
    priority 150\n    advert_int 1\n    virtual_ipaddress {\n        192.168.100.100/24\n    }\n}\n";

/// Reads one scenario, with a good keepalived.conf beside it.
fn reading(scenario: &str) -> (Option<World>, Report) {
    let files = Memory(vec![("lab/split-brain.yaml", scenario.to_owned()), ("lab/conf/r1.conf", CONF.to_owned())]);
    load(Path::new("lab/split-brain.yaml"), &files)
}

fn good(scenario: &str) -> World {
    let (world, report) = reading(scenario);
    world.unwrap_or_else(|| panic!("{}", report.render(false)))
}

fn refused(scenario: &str) -> String {
    let (world, report) = reading(scenario);
    assert!(world.is_none() && report.is_refused());
    report.render(false)
}

/// Each of these mistakes, put into a good scenario in the place of what stands there, is answered with its words.
#[track_caller]
fn each_has_its_answer(scenario: &str, mistakes: &[(&str, &str, &str)]) {
    for (good, bad, answer) in mistakes {
        assert!(scenario.contains(good), "{good}");
        let report = refused(&scenario.replacen(good, bad, 1));
        assert!(report.contains(answer), "{bad}, but not {answer}:\n{report}");
    }
}

const FULL: &str = r#"
about: |
  Two routers lose sight of each other.
seed: 7
duration: 30s
networks:
  lan: { delay: 100us, jitter: 10us, loss: 0.5% }
  wan:
nodes:
  r1:
    interfaces:
      eth1: { network: wan }
      eth0:
        network: lan
        addresses: [192.168.100.11/24, "fd00::11/64"]
        port_security: { allowed_address_pairs: [ { ip: 192.168.100.100 } ] }
    keepalived: conf/r1.conf
    http: true
  r2:
    interfaces:
      eth0: { network: lan, addresses: [192.168.100.12/24], mac: "02:00:00:00:ff:02", port_security: true }
    vrrp:
      - { instance: VI_1, interface: eth0, vrid: 51, priority: 100, vips: [192.168.100.100/24], auth_pass: x, version: 2, advert_int: 2s }
    start: never
    policy: rfc9568
clients:
  c1: { network: lan, address: 192.168.100.50/24, ping: 192.168.100.100, every: 200ms, from: 5s }
  c2: { network: lan, address: 192.168.100.51/24, http: "192.168.100.100:8080", timeout: 2s }
timeline:
  - { at: 8s, do: { cut: { node: r2, frames: vrrp, direction: to_node } } }
  - { at: 2s, do: { start: r2 } }
  - { at: 9s, do: { uncut: { node: r1, interface: eth0 } } }
  - at: 10s
    do: { partition: { network: lan, groups: [[r1], [r2, c1]] } }
  - { at: 11s, do: { heal: lan } }
  - { at: 12s, do: { reload: { node: r2, priority: { VI_1: 80 } } } }
  - { at: 13s, do: { port_security: { node: r2, enabled: false } } }
expect:
  - { state: { instance: VI_1, node: r1, is: BACKUP, to: 3s, within: 1ms } }
  - master: { instance: VI_1, node: r1, from: 4s,
              to: 8s }
  - { enters: { instance: VI_1, node: r2, state: MASTER, at: 11.609375s, within: 1ms } }
  - { enters: { instance: VI_1, node: r2, state: MASTER, between: [11s, 12s] } }
  - { two_masters: { instance: VI_1, at_most: 5s } }
  - { client: { name: c1, lost_at_most: 3, longest_outage_at_most: 4s } }
  - { frames: { kind: gratuitous_arp, from: r2, to: c1, between: [0s, 5s], at_least: 1, at_most: 10 } }
"#;

fn nic(node: usize, nic: usize) -> Nic {
    Nic { node: NodeId(node), nic }
}

fn addr(ip: &str, prefix: u8) -> IfAddr {
    IfAddr { ip: ip.parse().unwrap(), prefix }
}

#[test]
fn hosts_mean_what_the_file_says() {
    let world = good(FULL);
    assert_eq!((world.name.as_str(), world.seed, world.duration), ("split-brain", 7, Span::from_secs(30)));
    assert_eq!(world.about, "Two routers lose sight of each other.\n");
    let links: Vec<_> = world.networks.iter().map(|n| (n.name.as_str(), n.link)).collect();
    let us = Span::from_micros;
    assert_eq!(links[0], ("lan", LinkQuality { jitter: us(10), loss_ppm: 5_000, ..LinkQuality::after(us(100)) }));
    assert_eq!(links[1], ("wan", LinkQuality::CLEAN));

    let [r1, r2] = &world.nodes[..] else { panic!() };
    let interfaces: Vec<_> = r1.model.interfaces.iter().map(|i| (i.index, i.name.as_str(), i.mac, i.up)).collect();
    assert_eq!(interfaces[0], (IfIndex(2), "eth1", Mac([2, 0, 0, 0, 1, 1]), true));
    assert_eq!(interfaces[1], (IfIndex(3), "eth0", Mac([2, 0, 0, 0, 1, 2]), true));
    let own = addr("fe80::ff:fe00:102", 64);
    assert_eq!(r1.model.interfaces[1].addresses, [addr("192.168.100.11", 24), addr("fd00::11", 64), own]);
    assert_eq!(r1.ports[0], Port::on(NetworkId(1)));
    let pair = AddressPair { ip: addr("192.168.100.100", 32), mac: None };
    assert_eq!(
        r1.ports[1].security,
        Some(PortSecurity { allowed_address_pairs: vec![pair], ..PortSecurity::default() })
    );
    assert_eq!(
        (r1.start, &r1.services[..], r1.model.policy),
        (Some(Instant::ZERO), &[Service::web("r1")][..], Policy::KEEPALIVED_2_2_7)
    );
    assert_eq!((r1.model.instances[0].priority.get(), r1.model.instances[0].iface), (150, IfIndex(3)));

    assert_eq!((r2.start, r2.services.len(), r2.model.policy), (None, 0, Policy::RFC9568));
    assert_eq!(r2.ports[0].security, Some(PortSecurity::default()));
    let instance = &r2.model.instances[0];
    assert_eq!((instance.version, instance.advert_int), (Version::V2, Span::from_secs(2)));
    assert_eq!(instance.auth, Auth::Pass(*b"x\0\0\0\0\0\0\0"));
    assert_eq!(instance.vips[0].addr, addr("192.168.100.100", 24));

    let vip = "192.168.100.100".parse().unwrap();
    assert_eq!(
        world.clients[0],
        Client {
            name: "c1".to_owned(),
            network: NetworkId(0),
            mac: Mac([2, 0, 0, 1, 0, 1]),
            addr: addr("192.168.100.50", 24),
            ask: Ask::Ping(vip),
            every: Span::from_millis(200),
            timeout: Span::from_secs(1),
            from: Instant(5_000_000_000),
            late_after: Span::from_secs(1),
            block: None,
            gateway: None,
            attachment: Attachment::default(),
        }
    );
    assert_eq!((world.clients[1].ask, world.clients[1].timeout), (Ask::Http(vip, 8080), Span::from_secs(2)));
}

#[test]
fn faults_come_in_order_of_time() {
    let world = good(FULL);
    let mut reloaded = world.nodes[1].model.clone();
    reloaded.instances[0].priority = 80.try_into().unwrap();
    let (direction, frames) = (Direction::ToNode, FrameClass::Vrrp);
    let groups = vec![vec![Member::Node(NodeId(0))], vec![Member::Node(NodeId(1)), Member::Client(ClientId(0))]];
    let faults: Vec<_> = world.faults.into_iter().map(|f| (f.at.0 / 1_000_000_000, f.fault)).collect();
    assert_eq!(
        faults,
        [
            (2, Fault::Start(NodeId(1))),
            (8, Fault::Cut { nic: nic(1, 0), direction, frames }),
            (9, Fault::Uncut(nic(0, 1))),
            (10, Fault::Partition { network: NetworkId(0), groups }),
            (11, Fault::Heal(NetworkId(0))),
            (12, Fault::Reload(NodeId(1), Box::new(reloaded))),
            (13, Fault::SetPortSecurity(nic(1, 0), None)),
        ]
    );
}

#[test]
fn promises_keep_their_words_and_lines() {
    let world = good(FULL);
    let at = |ms: u64| Instant(ms * 1_000_000);
    let (r1, r2, vi) = (NodeId(0), NodeId(1), || "VI_1".to_owned());
    let window = |from, to| Window { from: at(from), to: at(to) };
    let promises: Vec<_> = world.expectations.iter().map(|e| e.promise.clone()).collect();
    let within = Span::from_millis(1);
    let around = Window { from: Instant(11_608_375_000), to: Instant(11_610_375_001) };
    assert_eq!(
        promises,
        [
            Promise::State { instance: vi(), node: r1, state: State::Backup, window: window(0, 3000), within },
            Promise::State {
                instance: vi(),
                node: r1,
                state: State::Master,
                window: window(4000, 8000),
                within: Span::ZERO
            },
            Promise::Enters { instance: vi(), node: r2, state: State::Master, window: around },
            Promise::Enters { instance: vi(), node: r2, state: State::Master, window: window(11_000, 12_000) },
            Promise::TwoMasters { instance: vi(), at_least: Span::ZERO, at_most: Span::from_secs(5) },
            Promise::Client(ClientPromise {
                first: ClientId(0),
                count: 1,
                name: "c1".into(),
                lost: (0, 3),
                longest: (Span::ZERO, Span::from_secs(4)),
                resets: (0, u64::MAX),
                late_at_most: u64::MAX,
                back_by: None,
            }),
            Promise::Frames {
                kind: FrameKind::GratuitousArp,
                from: Some(r2),
                to: Some(Member::Client(ClientId(0))),
                window: window(0, 5000),
                at_least: 1,
                at_most: 10
            },
        ]
    );
    let second = &world.expectations[1];
    assert_eq!(second.text, "master: { instance: VI_1, node: r1, from: 4s, to: 8s }");
    let line = FULL.lines().position(|l| l.contains("- master")).unwrap() + 1;
    assert_eq!(second.place, Place { file: "lab/split-brain.yaml".to_owned(), line });
}

/// A small good scenario with one line more, or one changed.
fn small(from: &str, to: &str) -> String {
    let base = "duration: 30s\nnetworks:\n  lan: {}\nnodes:\n  r1:\n    interfaces:\n      eth0: { network: lan, \
        addresses: [192.168.100.11/24] }\n    keepalived: conf/r1.conf\n";
    assert!(base.contains(from));
    base.replacen(from, to, 1)
}

#[test]
fn an_unknown_key_is_answered_with_the_nearest() {
    insta::assert_snapshot!(refused(&small("duration: 30s", "duraton: 30s")));
}

/// Whoever comes from a keepalived.conf writes its words: the answer is the word for it here, not the nearest one.
#[test]
fn a_word_of_keepalived_is_answered_with_the_one_for_it_here() {
    let all = [
        ("vrid", "virtual_router_id"),
        ("source", "unicast_src_ip"),
        ("source", "mcast_src_ip"),
        ("unicast_peers", "unicast_peer"),
        ("vips", "virtual_ipaddress"),
        ("excluded_vips", "virtual_ipaddress_excluded"),
        ("preempt", "nopreempt"),
        ("track_interfaces", "track_interface"),
    ];
    let told = |word: &str| {
        let item = format!("    vrrp: [{{instance: VI_1, interface: eth0, {word}: 51}}]\n");
        refused(&small("    keepalived: conf/r1.conf\n", &item))
    };
    for (here, word) in all {
        let told = told(word);
        assert!(told.contains(&format!("unknown key `{word}` in an item of `vrrp`")), "{told}");
        assert!(told.contains(&format!("here it is `{here}`: ")), "{told}");
    }
    let told = told("virtual_router");
    assert!(told.contains("known are: ") && !told.contains("here it is"), "{told}");
}

#[test]
fn a_time_without_unit_is_refused() {
    insta::assert_snapshot!(refused(&small("30s", "30")));
}

#[test]
fn a_node_on_no_network_is_refused() {
    insta::assert_snapshot!(refused(&small("network: lan", "network: lam")));
}

#[test]
fn a_promise_about_an_unknown_instance_is_refused() {
    let text = small("duration", "expect:\n  - { master: { instance: VI_2, node: r1 } }\nduration");
    insta::assert_snapshot!(refused(&text));
}

#[test]
fn many_mistakes_are_shown_at_once() {
    insta::assert_snapshot!(refused(
        "duration: 10s\nnetworks:\n  lan: { loss: 5 }\nnodes:\n  r1:\n    interfaces:\n      \
        eth0: { network: lan, addresses: [10.0.0.1] }\n      eth1: { network: lna, mac: \"0:1\" }\n  r2:\n    interfaces:\n      \
        eth0: { network: lan, addresses: [10.0.0.2/24], mac: \"02:00:00:00:01:01\" }\nclients:\n  \
        c1: { network: lan, address: 10.0.0.2/24, every: 0s }\ntimeline:\n  - { at: 11s, do: { crash: r3 } }\n  \
        - { at: 1s, do: { cut: { node: r1 } } }\n  - { at: 1s, do: { nic_down: { node: r2, interface: eth9 } } }\n  \
        - { at: 2s, do: { partition: { network: lan, groups: [[r1, r1]] } } }\nexpect:\n  \
        - { state: { instance: VI_1, node: r2, is: master } }\n  - { client: { name: c2, lost_at_most: -1 } }\n  \
        - { enters: { instance: VI_1, node: r3, state: MASTER, between: [5s, 4s] } }\n  - { two_masters: { instance: V } }\n"
    ));
}

#[test]
fn all_bad_keys_are_shown_at_once() {
    insta::assert_snapshot!(refused(
        "duration: [1s]\nnetworks: lan\nnodes:\n  r1:\n    interfaces:\n      eth0: { netwrk: lan }\n    htpp: true\n\
        timeline:\n  - { at: 1s, do: { crsh: r1 } }\n  - { at: 1s, do: { cut: { direction: both } } }\n  - { do: { crash: } }\n\
        expect:\n  - { mastr: { instance: a, node: r1 } }\n  - { master: {instance: a, node: b}, state: {} }\n"
    ));
}

#[test]
fn a_broken_keepalived_conf_is_shown_in_its_own_lines() {
    let conf = "|\n      vrrp_instance VI_1 {\n          interface eth0\n          prioritty 150\n          \
        virtual_router_id 510\n      }";
    insta::assert_snapshot!(refused(&small("conf/r1.conf", conf)));
}

#[test]
fn a_missing_file_and_broken_yaml_are_refused() {
    let missing = small("conf/r1.conf", "conf/r9.conf");
    let texts = [missing.as_str(), "duration: [1s\n", "duration: 1s\nduration: 2s\n", ""];
    let (world, absent) = load(Path::new("absent.yaml"), &Memory(Vec::new()));
    assert!(world.is_none());
    let answers = texts.map(refused).into_iter().chain([absent.render(false)]);
    insta::assert_snapshot!(answers.collect::<Vec<_>>().join("----\n"));
}

#[test]
fn later_reloads_build_on_earlier_ones() {
    let timeline = "
timeline:
  - { at: 4s, do: { reload: { node: r1, priority: { VI_9: 7 } } } }
  - { at: 1s, do: { reload: { node: r1, priority: { VI_1: 90 } } } }
  - at: 3s
    do: { reload: { node: r1, vrrp: [ { instance: VI_9, interface: eth0, vrid: 9, vips: [10.0.0.9] } ] } }
expect: [ { master: { instance: VI_9, node: r1, from: 5s } } ]
";
    let world = good(&(small("", "") + timeline));
    let seen: Vec<_> = world
        .faults
        .iter()
        .map(|f| match &f.fault {
            Fault::Reload(_, model) => (model.instances[0].name.as_str(), model.instances[0].priority.get()),
            _ => ("", 0),
        })
        .collect();
    assert_eq!(seen, [("VI_1", 90), ("VI_9", 100), ("VI_9", 7)]);
}

#[test]
fn the_schema_knows_the_keys_and_the_page_tells_of_every_fault() {
    let schema: serde_json::Value = serde_json::from_str(&schema()).unwrap();
    for key in
        ["name", "about", "seed", "duration", "policy", "networks", "trunks", "nodes", "clients", "timeline", "expect"]
    {
        assert!(schema["properties"][key].is_object(), "{key}");
    }
    assert_eq!(schema["required"], serde_json::json!(["duration", "networks", "nodes"]));
    let faults = schema["$defs"]["FaultText"]["oneOf"].as_array().unwrap();
    let words: Vec<&str> = faults.iter().map(|f| f["required"][0].as_str().unwrap()).collect();
    let docs = include_str!("../../../../docs/scenario.md");
    let untold: Vec<&&str> = words.iter().filter(|word| !docs.contains(&format!("`{word}`"))).collect();
    assert!(words.len() > 40 && untold.is_empty(), "docs/scenario.md does not tell of {untold:?}");
}

/// Two groups, a port in one of them behind OVN, and faults that change its pairs.
const GROUPS: &str = "security_groups:
  closed:
  routers:
    default_egress: false
    rules:
      - { direction: ingress, protocol: vrrp, remote_group: routers }
      - { direction: egress, ethertype: IPv6, protocol: icmp, remote_ip: fe80::/10 }
      - { direction: ingress, protocol: tcp, ports: 8000-8099 }
timeline:
  - { at: 1s, do: { port_security: { node: r1, allowed_address_pairs: [ { ip: 10.0.0.0/8 } ] } } }
  - { at: 2s, do: { port_security: { node: r1, driver: iptables_hybrid, security_groups: [] } } }
duration";

fn guarded(security: &str) -> String {
    let port = format!("addresses: [192.168.100.11/24], port_security: {security} }}");
    small("duration", GROUPS).replace("addresses: [192.168.100.11/24] }", &port)
}

#[test]
fn security_groups_mean_what_the_file_says() {
    let world =
        good(&guarded("{ driver: ovn, security_groups: [closed, routers] }").replace("closed:\n", "closed: {}\n"));
    let open = |v6| GroupRule { ingress: false, v6, protocol: None, ports: None, remote: Remote::Any };
    let closed = SecurityGroup { name: "closed".into(), rules: vec![open(false), open(true)] };
    let rules = vec![
        GroupRule { ingress: true, protocol: Some(112), remote: Remote::Group("routers".into()), ..open(false) },
        // The ICMP of an IPv6 rule is that of IPv6.
        GroupRule { protocol: Some(58), remote: Remote::Prefix(addr("fe80::", 10)), ..open(true) },
        GroupRule { ingress: true, protocol: Some(6), ports: Some((8000, 8099)), ..open(false) },
    ];
    let groups = Some(vec![closed, SecurityGroup { name: "routers".into(), rules }]);
    let start = PortSecurity { driver: Driver::Ovn, allowed_address_pairs: vec![], groups };
    assert_eq!(world.nodes[0].ports[0].security, Some(start.clone()));
    // What a fault leaves out stays as it was at the start.
    let pairs = vec![AddressPair { ip: addr("10.0.0.0", 8), mac: None }];
    let second = PortSecurity { allowed_address_pairs: pairs, ..start };
    let third = PortSecurity { driver: Driver::IptablesHybrid, allowed_address_pairs: vec![], groups: Some(vec![]) };
    let faults: Vec<&Fault> = world.faults.iter().map(|f| &f.fault).collect();
    let set = |security| Fault::SetPortSecurity(nic(0, 0), Some(security));
    assert_eq!(faults, [&set(second), &set(third)]);
}

#[test]
fn mistakes_in_security_groups_are_shown_at_once() {
    let bad = guarded("{ driver: ovs, security_groups: [router] }")
        .replace("closed:\n", "closed: {}\n")
        .replace("remote_group: routers", "remote_group: router, remote_ip: \"fe80::1\"")
        .replace("protocol: tcp", "protocol: vrpp")
        .replace("8000-8099", "99-80");
    insta::assert_snapshot!(refused(&bad));
}

#[test]
fn a_scenario_may_have_to_fail() {
    assert!(!good(FULL).must_fail);
    assert!(good(&format!("must_fail: true\n{FULL}")).must_fail);
    let told = refused(&format!("must_fail: often\n{FULL}"));
    assert!(told.contains("lab/split-brain.yaml:1:12") && told.contains("`often`"), "{told}");
}

proptest! {
    #[test]
    fn no_text_brings_the_reader_down(text in "\\PC{0,200}", at in 0usize..2000, cut in 0usize..60) {
        let _ = reading(&text);
        let at = at.min(FULL.len());
        let end = (at + cut).min(FULL.len());
        let (world, report) = reading(&format!("{}{}{}", &FULL[..at], text.get(..3).unwrap_or(""), &FULL[end..]));
        prop_assert_eq!(world.is_none(), report.is_refused());
        let _ = report.render(false);
    }
}
