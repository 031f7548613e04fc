//! Hosts without a daemon, and what their kernels are told.
use super::*;

const GATEWAY: &str = "
duration: 30s
networks: { lan: {}, wan: {} }
nodes:
  r1:
    interfaces:
      eth0: { network: lan, addresses: [10.0.0.11/24] }
      lo: { addresses: [10.0.0.100/32] }
    vrrp: [ { instance: VI_1, interface: eth0, vrid: 51, vips: [10.0.0.100/24] } ]
  gw:
    interfaces:
      qg: { network: wan, addresses: [192.0.2.1/24] }
      lo: { addresses: [203.0.113.10/32] }
      qr: { network: lan, addresses: [10.0.0.1/24] }
    routes:
      - { to: 0.0.0.0/0, via: 192.0.2.254 }
      - { to: 198.51.100.0/24, dev: qr }
    sysctls:
      net.ipv4.ip_forward: 1
      net.ipv4.conf.all.rp_filter: 2
      qr.arp_announce: 2
      net.ipv4.conf.default.arp_ignore: 1
    firewall:
      - { direction: in, protocol: icmp, action: accept }
      - { direction: forward, source: 10.0.0.0/8, destination: 192.0.2.7, interface: qg, multicast: false }
      - { direction: in, protocol: tcp, destination: 192.0.2.7, port: 443, mark: 7 }
    nat: [ { outside: 203.0.113.10, inside: 10.0.0.100 } ]
    masquerade: qg
  stray:
    interfaces:
      eth0: { network: lan, addresses: [10.0.0.11/24], duplicate: true }
clients:
  c1: { network: wan, address: 192.0.2.9/24, gateway: 192.0.2.1, ping: 10.0.0.100 }
timeline:
  - { at: 1s, do: { firewall: { node: r1, rules: [ { direction: out, multicast: true } ] } } }
  - { at: 2s, do: { address: { node: r1, remove: 10.0.0.100/24 } } }
  - { at: 3s, do: { address: { node: gw, interface: lo, add: 10.9.9.9/32 } } }
  - { at: 4s, do: { refuse_address: { node: r1, address: 10.0.0.100 } } }
  - { at: 5s, do: { route: { node: gw, to: 0.0.0.0/0, via: 10.0.0.11 } } }
  - { at: 6s, do: { route: { node: gw, to: 0.0.0.0/0, remove: true } } }
  - { at: 7s, do: { sysctl: { node: gw, name: ip_forward, value: 0 } } }
  - { at: 8s, do: { nic_recreated: { node: r1 } } }
  - { at: 9s, do: { nat: { node: gw, pairs: [ { outside: 203.0.113.10, inside: 10.0.0.11 } ] } } }
";

fn one(ip: &str) -> std::net::IpAddr {
    ip.parse().unwrap()
}

#[test]
fn a_node_without_a_daemon_is_a_plain_host() {
    let world = good(GATEWAY);
    let nodes: Vec<_> = world.nodes.iter().map(|n| (n.model.name.as_str(), n.daemon, n.start)).collect();
    assert_eq!(nodes, [("r1", true, Some(Instant::ZERO)), ("gw", false, None), ("stray", false, None)]);
    // `lo` takes no index and no port.
    let gw: Vec<_> = world.nodes[1].model.interfaces.iter().map(|i| (i.name.as_str(), i.index)).collect();
    assert_eq!((gw, world.nodes[1].ports.len()), (vec![("qg", IfIndex(2)), ("qr", IfIndex(3))], 2));
    assert_eq!(world.nodes[0].kernel.loopback, [addr("10.0.0.100", 32)]);
    assert_eq!(world.clients[0].gateway, Some(one("192.0.2.1")));
}

#[test]
fn kernels_are_set_up_as_the_file_says() {
    let (qg, qr) = (IfIndex(2), IfIndex(3));
    let sysctl = |key, iface, value| Sysctl { key, iface, value };
    let icmp = FirewallRule { protocol: Some(1), accept: true, ..FirewallRule::drops_all(Chain::In) };
    let through = FirewallRule {
        source: Some(addr("10.0.0.0", 8)),
        destination: Some(addr("192.0.2.7", 32)),
        iface: Some(qg),
        multicast: Some(false),
        ..FirewallRule::drops_all(Chain::Forward)
    };
    let marks = FirewallRule {
        protocol: Some(6),
        destination: Some(addr("192.0.2.7", 32)),
        port: Some(443),
        mark: Some(7),
        ..FirewallRule::drops_all(Chain::In)
    };
    let setup = KernelSetup {
        ipip: false,
        loopback: vec![addr("203.0.113.10", 32)],
        routes: vec![
            Route { to: addr("0.0.0.0", 0), via: Some(one("192.0.2.254")), iface: None },
            Route { to: addr("198.51.100.0", 24), via: None, iface: Some(qr) },
        ],
        sysctls: vec![
            sysctl(SysctlKey::Forward, None, 1),
            sysctl(SysctlKey::RpFilter, None, 2),
            sysctl(SysctlKey::ArpAnnounce, Some(qr), 2),
            sysctl(SysctlKey::ArpIgnore, Some(qg), 1),
            sysctl(SysctlKey::ArpIgnore, Some(qr), 1),
        ],
        firewall: vec![icmp, through, marks],
        nat: vec![OneToOne { outside: one("203.0.113.10"), inside: one("10.0.0.100") }],
        masquerade: Some(qg),
    };
    assert_eq!(good(GATEWAY).nodes[1].kernel, setup);
}

#[test]
fn faults_in_kernels_mean_what_the_file_says() {
    let (r1, gw) = (NodeId(0), NodeId(1));
    let everywhere = |via| Route { to: addr("0.0.0.0", 0), via, iface: None };
    let out = FirewallRule { multicast: Some(true), ..FirewallRule::drops_all(Chain::Out) };
    let expected = [
        KernelFault::Firewall { node: r1, rules: vec![out] },
        KernelFault::Address { node: r1, iface: IfIndex(2), addr: addr("10.0.0.100", 24), add: false },
        KernelFault::Address { node: gw, iface: LOOPBACK, addr: addr("10.9.9.9", 32), add: true },
        KernelFault::RefuseAddress { node: r1, ip: one("10.0.0.100"), refused: true },
        KernelFault::Route { node: gw, route: everywhere(Some(one("10.0.0.11"))), present: true },
        KernelFault::Route { node: gw, route: everywhere(None), present: false },
        KernelFault::Sysctl { node: gw, settings: vec![Sysctl { key: SysctlKey::Forward, iface: None, value: 0 }] },
        KernelFault::NicRecreated(nic(0, 0)),
        KernelFault::Nat { node: gw, pairs: vec![OneToOne { outside: one("203.0.113.10"), inside: one("10.0.0.11") }] },
    ];
    let world = good(GATEWAY);
    let faults: Vec<&Fault> = world.faults.iter().map(|f| &f.fault).collect();
    assert_eq!(faults, expected.map(Fault::Kernel).iter().collect::<Vec<_>>());
}

#[test]
fn each_mistake_about_a_kernel_has_its_answer() {
    let mistakes = [
        ("masquerade: qg", "start: 3s", "node `gw` runs no daemon that could start"),
        ("masquerade: qg", "masquerade: eth9", "unknown interface `eth9`"),
        ("{ nic_recreated: { node: r1 } }", "{ stop: gw }", "node `gw` runs no daemon"),
        ("via: 192.0.2.254", "via: 172.16.0.1", "the gateway 172.16.0.1 is no neighbour of the node"),
        ("via: 192.0.2.254", "via: \"fd00::1\"", "the gateway is of another family"),
        ("198.51.100.0/24, dev: qr", "198.51.100.7/24, dev: qr", "198.51.100.7 is not the first address of its prefix"),
        ("198.51.100.0/24, dev: qr", "198.51.100.0/24", "a route needs `via` or `dev`"),
        ("gateway: 192.0.2.1", "gateway: 10.0.0.1", "the gateway 10.0.0.1 is no neighbour of the client"),
        ("qr.arp_announce: 2", "qr.arp_announce: 3", "`qr.arp_announce` cannot be 3"),
        ("qr.arp_announce: 2", "qr.arp_anounce: 2", "unknown sysctl `qr.arp_anounce`"),
        ("qr.arp_announce: 2", "eth7.arp_announce: 2", "`eth7.arp_announce` names no interface of the node"),
        ("direction: in,", "direction: inn,", "unknown word `inn`"),
        ("destination: 192.0.2.7", "destination: \"fd00::1\"", "sender and receiver are of two families"),
        ("protocol: tcp, destination", "protocol: icmp, destination", "packets of this rule have no ports"),
        ("port: 443", "port: 0", "that is no port"),
        ("mark: 7", "mark: 0", "that is no mark"),
        ("mark: 7", "mark: 7, action: accept", "a rule marks or decides"),
        ("direction: in, protocol: tcp", "direction: forward, protocol: tcp", "nobody looks at this mark"),
        ("outside: 203.0.113.10", "outside: 203.0.113.11", "the node does not have 203.0.113.11"),
        ("[203.0.113.10/32]", "[203.0.113.10/24]", "an address on `lo` is there for itself alone"),
        ("lo: { addresses: [203", "lo: { network: wan, addresses: [203", "`lo` is on no network"),
        ("qg: { network: wan, ", "qg: { ", "interface `qg` is on no network"),
        (", duplicate: true", "", "the address 10.0.0.11 is used twice on network `lan`"),
        ("remove: 10.0.0.100/24", "interface: eth0", "it is not clear what happens to which address"),
        (
            "to: 0.0.0.0/0, remove: true",
            "to: 0.0.0.0/0, via: 10.0.0.11, remove: true",
            "a route that goes needs `to` only",
        ),
    ];
    each_has_its_answer(GATEWAY, &mistakes);
}
