//! Clocks, faults of machines and rogues in scenarios: what they mean, and how wrong ones are answered.
use super::*;

const WORLD: &str = "duration: 30s\nnetworks: { lan: , wan: }\nnodes:\n  r1:\n    interfaces: { eth0: { network: lan, addresses: \
    [192.168.100.11/24] } }\n    clock: { offset: 1s, drift: -50ppm }\n    keepalived: conf/r1.conf\nrogues:\n  evil: { network: \
    lan, address: 192.168.100.66/24 }\n  far: { network: wan, address: 192.168.100.66/24, mac: \"02:00:00:00:00:66\", \
    port_security: true }\ntimeline:\n";

fn with(fault: &str) -> String {
    format!("{WORLD}  - {{ at: 1s, do: {{ {fault} }} }}\n")
}

fn read(fault: &str) -> Fault {
    good(&with(fault)).faults.remove(0).fault
}

#[test]
fn a_rogue_has_a_port_and_a_node_a_clock() {
    let world = good(&with("kill_child: { node: r1, child: checkers }"));
    assert_eq!(world.nodes[0].clock, NodeClock { offset: Span::from_secs(1), drift: Ppm(-50) });
    let [evil, far] = world.rogues.as_slice() else { panic!("two rogues") };
    assert_eq!((evil.mac, evil.network), (Mac([2, 0, 0, 2, 0, 1]), NetworkId(0)));
    assert_eq!((far.mac, far.security.is_some()), (Mac([2, 0, 0, 0, 0, 0x66]), true));
}

#[test]
fn faults_of_machines_say_what_they_do() {
    let node = NodeId(0);
    let table = [
        (
            "stun: { node: r1, for: 5s, clock: stops, ring: 256 }",
            NodeFault::Stun { node, length: Span::from_secs(5), clock: StunClock::Stops, ring: 256 },
        ),
        ("clock_step: { node: r1, by: -3600s }", NodeFault::ClockStep { node, by: SignedSpan(-3_600_000_000_000) }),
        ("drift: { node: r1, by: 1% }", NodeFault::Drift { node, ppm: Ppm(10_000) }),
        (
            "starve: { node: r1, late: 300ms, at_random: true }",
            NodeFault::Starve { node, late: Span::from_millis(300), at_random: true },
        ),
        ("kill_child: { node: r1, child: vrrp }", NodeFault::KillChild { node, child: Child::Vrrp }),
    ];
    for (text, fault) in table {
        assert_eq!(read(text), Fault::Node(fault), "{text}");
    }
}

#[test]
fn what_is_not_said_of_a_forged_advert_is_the_rogues_own() {
    let Fault::Rogue(fault) = read("forge: { rogue: evil, vrid: 51, priority: 0, vips: [192.168.100.100] }") else {
        panic!("a rogue's fault")
    };
    assert_eq!((fault.rogue, fault.pace.count), (RogueId(0), Some(1)));
    let Forgery::Advert(advert) = fault.sends else { panic!("an advert") };
    assert_eq!((advert.version, advert.priority, advert.ttl, advert.auth), (Version::V2, 0, 255, None));
    assert_eq!((advert.source.to_string(), advert.source_mac), ("192.168.100.66".into(), Mac([2, 0, 0, 2, 0, 1])));
}

#[test]
fn the_pace_is_a_number_of_frames_or_a_length_of_time() {
    for (pace, count) in [
        ("every: 1s, count: 3", Some(3)),
        ("every: 1s, for: 3s", Some(3)),
        ("every: 1s, for: 2500ms", Some(3)),
        ("every: 1s", None),
    ] {
        let Fault::Rogue(fault) = read(&format!("replay: {{ rogue: evil, of: r1, {pace} }}")) else {
            panic!("a rogue's fault")
        };
        assert_eq!((fault.sends, fault.pace.count), (Forgery::Replay { of: NodeId(0) }, count), "{pace}");
    }
}

#[test]
fn wrong_uses_say_what_is_wrong() {
    let forge =
        |rest: &str| format!("forge: {{ rogue: evil, vrid: 51, priority: 255, vips: [192.168.100.100], {rest} }}");
    let table = [
        ("stun: { node: r1, for: 0s, clock: runs }".to_owned(), "a machine stands still for some time"),
        ("stun: { node: r1, for: 1s, clock: walks }".to_owned(), "unknown word `walks`"),
        ("stun: { node: r1, for: 1s, clock: runs, ring: -1 }".to_owned(), "that is no number of frames"),
        ("drift: { node: r1, by: 50 }".to_owned(), "`50` is no drift"),
        ("kill_child: { node: r1, child: bfd }".to_owned(), "unknown word `bfd`"),
        ("garp: { rogue: evel, address: 192.168.100.100 }".to_owned(), "did you mean `evil`?"),
        ("replay: { rogue: far, of: r1 }".to_owned(), "`far` cannot hear `r1`"),
        (forge("ttl: 256"), "256 is not a TTL"),
        (forge("version: 4"), "4 is no version of VRRP"),
        (forge("version: 3, auth_pass: x"), "version 3 has no passwords"),
        (forge("auth_pass: ninebytes"), "the password is too long"),
        (forge("source: fe80::1"), "an advert names addresses of one family"),
        (forge("count: 3"), "how often is not said"),
        (forge("every: 0s"), "frames need time between them"),
        (forge("every: 1s, count: 0"), "nothing would be sent"),
        (forge("every: 1s, count: 1, for: 1s"), "`count` and `for` say the same"),
    ];
    for (fault, title) in table {
        let words = refused(&with(&fault));
        assert!(words.contains(title), "{fault}:\n{words}");
    }
}

#[test]
fn a_rogue_needs_a_name_of_its_own() {
    let twice = with("heal: lan").replace("  evil:", "  r1:");
    assert!(refused(&twice).contains("`r1` is a rogue and another host"));
}
