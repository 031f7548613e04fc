//! Clients of every kind, blocks of them, services, and entries that stand for several nodes.
use super::*;

const SITE: &str = r#"
duration: 30s
networks:
  lan:
nodes:
  "r{7..8}-{n}":
    count: 3
    interfaces: { eth0: { network: lan, addresses: [10.0.0.254/16, "fd00:0:0:{n}::1/64"] } }
    vrrp: [ { instance: "V{n}", interface: eth0, vrid: "{11..12}", priority: 100, vips: ["10.0.9.{n}/16"] } ]
    services: [ { http: 8080, status: 503, body: "busy", paths: { /health: { status: 200 } } }, { udp: 5000, delay: 20ms }, { tcp: 7000 }, { smtp: 25, greeting: "554 no" }, { dns: 53, rcode: servfail } ]
  plain:
    interfaces: { eth0: { network: lan, addresses: [10.0.2.1/16] } }
    vrrp: []
    http: true
clients:
  one: { network: lan, address: 10.0.3.1/16, udp: "10.0.9.1:5000", late_after: 50ms }
  c: { count: 4, network: lan, address: 10.0.3.254/16, hold: "10.0.9.{1..3}:7000", every: 2s, from: 5s, late_after: 100ms }
timeline:
  - { at: 8s, do: { service: { node: r7-1, port: 8080, slow: 2s } } }
  - { at: 9s, do: { service: { node: plain, port: 80, refuse: true } } }
  - { at: 10s, do: { service: { node: r7-1, port: 25, greeting: "421 too busy" } } }
  - { at: 11s, do: { service: { node: r7-1, port: 53, rcode: nxdomain } } }
expect:
  - { client: { name: c, lost_at_most: 4, resets_at_least: 1, resets_at_most: 8, late_at_most: 2, back_by: 12s } }
  - { client: { name: c-2, resets_at_most: 0 } }
"#;

#[test]
fn one_entry_stands_for_several_nodes() {
    let world = good(SITE);
    let names: Vec<&str> = world.nodes.iter().map(|n| n.model.name.as_str()).collect();
    assert_eq!(names, ["r7-1", "r8-2", "r7-3", "plain"]);
    let addresses: Vec<_> = world.nodes.iter().map(|n| n.model.interfaces[0].addresses.clone()).collect();
    let own = |n: u16| addr(&format!("fe80::ff:fe00:{n:x}01"), 64);
    assert_eq!(addresses[0], [addr("10.0.0.254", 16), addr("fd00:0:0:1::1", 64), own(1)]);
    assert_eq!(addresses[2], [addr("10.0.1.0", 16), addr("fd00:0:0:3::1", 64), own(3)]);
    let macs: Vec<_> = world.nodes.iter().map(|n| n.model.interfaces[0].mac.0[4]).collect();
    assert_eq!(macs, [1, 2, 3, 4]);
    let routers: Vec<_> = world.nodes.iter().flat_map(|n| &n.model.instances).collect();
    let routers: Vec<_> =
        routers.iter().map(|i| (i.name.as_str(), i.vrid.get(), i.vips[0].addr.ip.to_string())).collect();
    let expected = [("V1", 11, "10.0.9.1"), ("V2", 12, "10.0.9.2"), ("V3", 11, "10.0.9.3")];
    assert_eq!(routers, expected.map(|(name, vrid, vip)| (name, vrid, vip.to_owned())));
}

#[test]
fn services_are_what_the_file_says() {
    let world = good(SITE);
    let page = |status, body: &str| Page { status, body: body.to_owned() };
    let paths = vec![("/health".to_owned(), page(200, "r7-1\n"))];
    let web = Serves::Http { page: page(503, "busy"), paths };
    let service = |port, serves, delay| Service { port, serves, delay: Span::from_millis(delay) };
    let mail = Serves::Smtp { greeting: "554 no".into() };
    let names = Serves::Dns { rcode: Rcode::ServFail };
    let (udp, tcp) = (service(5000, Serves::Udp, 20), service(7000, Serves::Tcp, 0));
    let expected = [service(8080, web, 0), udp, tcp, service(25, mail, 0), service(53, names, 0)];
    assert_eq!(world.nodes[0].services, expected);
    assert_eq!(world.nodes[3].services, [Service::web("plain")]);
    let change = |node, port, change| Fault::Service(ServiceFault { node: NodeId(node), port, change });
    assert_eq!(world.faults[0].fault, change(0, 8080, ServiceChange::Slow(Span::from_secs(2))));
    assert_eq!(world.faults[1].fault, change(3, 80, ServiceChange::Refuse));
    assert_eq!(world.faults[2].fault, change(0, 25, ServiceChange::Greeting("421 too busy".into())));
    assert_eq!(world.faults[3].fault, change(0, 53, ServiceChange::Rcode(Rcode::NxDomain)));
}

#[test]
fn a_block_of_clients_spreads_its_addresses_targets_and_times() {
    let world = good(SITE);
    let one = &world.clients[0];
    assert_eq!((one.block.as_deref(), one.late_after), (None, Span::from_millis(50)));
    assert_eq!(one.ask, Ask::Udp("10.0.9.1".parse().unwrap(), 5000));
    let hold = |last: &str| Ask::Hold(last.parse().unwrap(), 7000);
    let told: Vec<_> =
        world.clients[1..].iter().map(|c| (c.name.as_str(), c.addr.ip.to_string(), c.ask, c.from)).collect();
    let ms = |ms: u64| Instant(ms * 1_000_000);
    let expected = [
        ("c-1", "10.0.3.254".to_owned(), hold("10.0.9.1"), ms(5_000)),
        ("c-2", "10.0.3.255".to_owned(), hold("10.0.9.2"), ms(5_500)),
        ("c-3", "10.0.4.0".to_owned(), hold("10.0.9.3"), ms(6_000)),
        ("c-4", "10.0.4.1".to_owned(), hold("10.0.9.1"), ms(6_500)),
    ];
    assert_eq!(told, expected);
    assert!(world.clients[1..].iter().all(|c| c.block.as_deref() == Some("c")));
    let promises: Vec<_> = world.expectations.iter().map(|e| &e.promise).collect();
    let (whole, second) = match promises[..] {
        [Promise::Client(whole), Promise::Client(second)] => (whole, second),
        _ => panic!("{promises:?}"),
    };
    assert_eq!((whole.first, whole.count, whole.lost), (ClientId(1), 4, (0, 4)));
    assert_eq!((whole.resets, whole.late_at_most, whole.back_by), ((1, 8), 2, Some(ms(12_000))));
    assert_eq!((second.first, second.count, second.resets), (ClientId(2), 1, (0, 0)));
}

#[test]
fn more_than_255_hosts_have_macs_of_their_own() {
    let many = SITE.replace("count: 4", "count: 300").replace("count: 3\n", "count: 300\n");
    let many = many
        .replace("\"fd00:0:0:{n}::1/64\"", "")
        .replace("10.0.2.1/16", "10.1.2.1/16")
        .replace("10.0.9.{n}", "10.1.9.1");
    let world = good(&many.replace("10.0.3.1/16", "10.2.3.1/16").replace("10.0.3.254", "10.2.5.1"));
    let node = |n: usize| world.nodes[n].model.interfaces[0].mac;
    assert_eq!((node(254), node(255)), (Mac([2, 0, 0, 0, 255, 1]), Mac([2, 0, 1, 0, 0, 1])));
    let client = |n: usize| world.clients[n].mac;
    assert_eq!((client(254), client(255)), (Mac([2, 0, 0, 1, 0, 255]), Mac([2, 0, 0, 1, 1, 0])));
}

#[test]
fn mistakes_with_clients_services_and_counts_are_told() {
    let mistakes = [
        ("count: 4", "count: 0", "that many hosts cannot be"),
        ("10.0.3.254/16", "10.0.3.254/24", "the addresses from 10.0.3.254 on leave their network /24"),
        ("{7..8}-{n}", "{7..8}", "two nodes are called `r7`"),
        ("one: {", "c-2: {", "`c-2` is two clients"),
        ("hold: \"10.0.9.{1..3}:7000\"", "hold: 10.0.9.1", "`10.0.9.1` is not an address with a port"),
        ("late_after", "ping: 10.0.9.1, late_after", "must have exactly one of `ping`, `http`, `udp` and `hold`"),
        ("{ tcp: 7000 }", "{ tcp: 7000, udp: 7000 }", "needs exactly one of `http`, `udp`, `tcp`, `smtp` and `dns`"),
        ("{ tcp: 7000 }", "{ tcp: 8080 }", "two services of `r7-1` are at port 8080"),
        ("{ tcp: 7000 }", "{ tcp: 7000, body: x }", "this service has no pages"),
        ("{ tcp: 7000 }", "{ tcp: 70000 }", "that is no port"),
        ("{ tcp: 7000 }", "{ tcp: 7000, greeting: 220 x }", "this service greets nobody"),
        ("{ tcp: 7000 }", "{ tcp: 7000, rcode: servfail }", "this service answers no names"),
        ("{ tcp: 7000 }", "{ dns: 5000 }", "two services of `r7-1` are at port 5000"),
        ("554 no", "no", "no mail server says that first"),
        ("421 too busy", "42 too busy", "no mail server says that first"),
        ("rcode: servfail", "rcode: broken", "`broken`"),
        ("port: 25, greeting: \"421 too busy\"", "port: 53, greeting: \"421 x\"", "no service at this port has that"),
        ("port: 53, rcode: nxdomain", "port: 7000, status: 500", "no service at this port has that"),
        ("status: 503", "status: 99", "that is no HTTP status"),
        ("port: 80, refuse", "port: 81, refuse", "`plain` serves nothing there"),
        ("slow: 2s", "slow: 2s, ok: true", "it is not clear how the service changes"),
        ("resets_at_least: 1", "resets_at_least: 9", "no number lies between these bounds"),
        ("from: 5s, late_after: 100ms", "from: 5s", "no answer in time is late for this client"),
        ("name: c,", "name: d,", "unknown client `d`"),
    ];
    each_has_its_answer(SITE, &mistakes);
}

#[test]
fn what_is_wrong_with_all_of_an_entry_is_told_once() {
    let report = refused(&SITE.replacen("vrid: \"{11..12}\"", "vrid: 300", 1));
    assert_eq!(report.matches("error").count(), 1, "{report}");
}
