//! Switches, links, trunks and their faults.
use super::*;

/// Three switches, a router at one and a client at another.
fn wired(networks: &str, trunks: &str, timeline: &str) -> String {
    format!(
        "duration: 60s\nnetworks:\n  lan: {networks}\n  sw2: {{ stp: rstp }}\n  sw3:\ntrunks:\n{trunks}\nnodes:\n  r1:\n    \
         interfaces:\n      eth0: {{ network: lan, addresses: [192.168.100.11/24], vlan: 20, portfast: true }}\n    \
         keepalived: conf/r1.conf\nclients:\n  c1: {{ network: sw2, address: 192.168.100.21/24, ping: 192.168.100.100, \
         link: {{ loss: 5% }} }}\ntimeline:\n{timeline}\n"
    )
}

const LINK: &str = "delay: 1ms, jitter: 2ms, loss: 1%, burst: 8, duplicate: 2%, reorder: 3%, reorder_delay: 20ms, corrupt: 4%, \
                    bandwidth: 1.5Mbit, queue: 50";

#[test]
fn networks_and_trunks_mean_what_the_file_says() {
    let stp = "stp: { mode: stp, forward_delay: 4s, priority: 4096 }";
    let snooping = "igmp_snooping: { querier: true, floods_link_local: false, timeout: 60s }";
    let lan = format!("{{ {LINK}, ageing: 60s, {stp}, {snooping} }}");
    let trunks =
        "  - { name: t1, between: [lan, sw2], vlans: [10, 20], delay: 3ms }\n  - { name: t2, between: [sw2, lan] }";
    let world = good(&wired(&lan, trunks, "  []"));
    let lan = &world.networks[0];
    let link = LinkQuality {
        delay: Span::from_millis(1),
        jitter: Span::from_millis(2),
        loss_ppm: 10_000,
        burst: 8,
        duplicate_ppm: 20_000,
        reorder_ppm: 30_000,
        reorder_delay: Span::from_millis(20),
        corrupt_ppm: 40_000,
        bandwidth: 1_500_000,
        queue: 50,
    };
    let snooping = Snooping {
        querier: true,
        query_interval: Span::from_secs(125),
        timeout: Span::from_secs(60),
        floods_link_local: false,
    };
    let switch = SwitchSetup {
        ageing: Span::from_secs(60),
        stp: SpanningTree { mode: TreeMode::Stp, forward_delay: Span::from_secs(4), priority: 4096 },
        snooping: Some(snooping),
    };
    assert_eq!((lan.link, lan.switch), (link, switch));
    assert_eq!(world.networks[1].switch.stp, SpanningTree { mode: TreeMode::Rstp, ..SpanningTree::default() });
    assert_eq!(world.networks[2], Network::new("sw3", LinkQuality::CLEAN));
    let between = [NetworkId(0), NetworkId(1)];
    let trunk =
        Trunk { name: "t1".into(), between, vlans: vec![10, 20], link: LinkQuality::after(Span::from_millis(3)) };
    assert_eq!(world.trunks[0], trunk);
    assert!(world.trunks[1].vlans.is_empty() && world.trunks[1].carries(7));
    let attachment = Attachment { vlan: 20, portfast: true, link: None };
    assert_eq!(world.nodes[0].ports[0].attachment, attachment);
    let link = LinkQuality { loss_ppm: 50_000, ..LinkQuality::CLEAN };
    assert_eq!(world.clients[0].attachment, Attachment { link: Some(link), ..Attachment::default() });
}

#[test]
fn faults_of_the_fabric_mean_what_the_file_says() {
    let timeline = "  - { at: 1s, do: { link: { node: r1, loss: 2%, burst: 3 } } }
  - { at: 2s, do: { link: { trunk: t1, bandwidth: 10Mbit } } }
  - { at: 3s, do: { trunk_down: t1 } }
  - { at: 4s, do: { trunk_up: t1 } }
  - { at: 5s, do: { querier: { network: lan, on: true } } }
  - { at: 6s, do: { storm: { network: sw2, copies: 50, for: 5s } } }
  - { at: 7s, do: { link: { client: c1, delay: 1s } } }
  - { at: 8s, do: { link: { network: lan, delay: 1s } } }
  - { at: 9s, do: { vlan: { node: r1, vlan: 20 } } }";
    let world = good(&wired("{ igmp_snooping: true }", "  - { name: t1, between: [lan, sw2] }", timeline));
    let link = |link, change| FabricFault::Link { link, change };
    let none = LinkChange::default();
    let slow = LinkChange { delay: Some(Span::from_secs(1)), ..none };
    let wanted = [
        link(LinkPlace::Nic(nic(0, 0)), LinkChange { loss_ppm: Some(20_000), burst: Some(3), ..none }),
        link(LinkPlace::Trunk(TrunkId(0)), LinkChange { bandwidth: Some(10_000_000), ..none }),
        FabricFault::TrunkDown(TrunkId(0)),
        FabricFault::TrunkUp(TrunkId(0)),
        FabricFault::Querier { network: NetworkId(0), on: true },
        FabricFault::Storm { network: NetworkId(1), copies: 50, lasts: Span::from_secs(5) },
        link(LinkPlace::Client(ClientId(0)), slow),
        link(LinkPlace::Network(NetworkId(0)), slow),
        FabricFault::Vlan { nic: nic(0, 0), vlan: 20 },
    ];
    let faults: Vec<Fault> = world.faults.into_iter().map(|timed| timed.fault).collect();
    assert_eq!(faults, wanted.map(Fault::Fabric));
}

#[test]
fn mistakes_in_networks_are_shown_at_once() {
    let trunks = "  - { name: t1, between: [lan, sw2] }\n  - { name: t1, between: [sw2] }\n  - { name: t3, between: [lan, sw9] }";
    let timeline = "  - { at: 1s, do: { link: { node: r1, client: c1 } } }
  - { at: 2s, do: { link: { loss: 1% } } }
  - { at: 3s, do: { trunk_down: t9 } }
  - { at: 5s, do: { querier: { network: lan, on: true } } }
  - { at: 6s, do: { storm: { network: sw2, copies: 0, for: 0s } } }";
    let lan = "{ burst: 0, queue: 0, bandwidth: 100, ageing: 0s, stp: mstp }";
    let said = refused(&wired(lan, trunks, timeline).replace("vlan: 20", "vlan: 4095"));
    let titles: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("error: ")).collect();
    assert_eq!(
        titles,
        [
            "0 is no mean length of a run of lost frames",
            "0 is no length of a queue",
            "`100` is not a bandwidth",
            "this time must not be zero",
            "unknown word `mstp`",
            "there are two trunks `t1`",
            "trunk `t1` must join two networks",
            "unknown network `sw9`",
            "4095 is no VLAN",
            "nothing changes about this link",
            "a fault changes one link",
            "it is not clear which link changes",
            "unknown trunk `t9`",
            "network `lan` has no IGMP snooping",
            "0 is no number of copies",
            "this time must not be zero",
        ]
    );
}

#[test]
fn a_loop_needs_a_spanning_tree() {
    let loops = |networks: &str, trunks: &[&str]| {
        let trunks: Vec<String> =
            trunks.iter().zip(1..).map(|(trunk, n)| format!("  - {{ name: t{n}, {trunk} }}")).collect();
        let (_, report) = reading(&wired(networks, &trunks.join("\n"), "  []"));
        report.render(false).contains("closes a loop")
    };
    let twice = "between: [lan, sw2]";
    assert!(loops("{}", &[twice, twice]));
    assert!(!loops("{ stp: stp }", &[twice, twice]), "the tree blocks one");
    assert!(loops("{ stp: stp }", &[twice, "between: [sw2, sw3]", "between: [sw3, lan]"]), "sw3 has no tree");
    let (ten, twenty) = ("between: [lan, sw2], vlans: [10]", "between: [lan, sw2], vlans: [20]");
    assert!(!loops("{}", &[ten, twenty]), "two VLANs, two ways");
    assert!(loops("{}", &[ten, twice]), "VLAN 10 has two ways");
    assert!(loops("{}", &[twice, ten]));
}

#[test]
fn where_ipv6_is_used_each_interface_of_a_node_has_a_link_local_address() {
    let addresses = |of_r2: &str| {
        let scenario = format!(
            "duration: 1s\nnetworks: {{ lan: }}\nnodes:\n  \
             r1: {{ interfaces: {{ eth0: {{ network: lan, addresses: [192.0.2.1/24] }} }} }}\n  \
             r2: {{ interfaces: {{ eth0: {{ network: lan, addresses: [{of_r2}] }} }} }}\n"
        );
        let world = good(&scenario);
        let last = world.nodes.iter().map(|node| node.model.interfaces[0].addresses.last().unwrap().ip.to_string());
        last.collect::<Vec<_>>()
    };
    assert_eq!(addresses("192.0.2.2/24"), ["192.0.2.1", "192.0.2.2"]);
    assert_eq!(addresses("\"fd00::2/64\""), ["fe80::ff:fe00:101", "fe80::ff:fe00:201"]);
    assert_eq!(addresses("\"fe80::9/64\", \"fd00::2/64\""), ["fe80::ff:fe00:101", "fd00::2"], "its own will do");
}
