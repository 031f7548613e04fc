//! Stories of virtual routes and rules, and of what is static: the order of 2.2.7, seen with `ip monitor`.
mod support;

use support::*;
use vrrplab_engine::model::route::{RouteModel, RouteSpec, RuleDeed, RuleModel, RuleSpec, StaticAddress, Statics};
use vrrplab_engine::model::*;
use vrrplab_engine::{Command, KernelEvent};

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

/// A route in the words of the configuration; only the interface of `dev` matters to an engine.
fn route(line: &str) -> RouteModel {
    let words = words(line);
    let device = words.iter().position(|word| word == "dev").map(|at| words[at + 1].clone());
    let spec = RouteSpec::new(AddressFamily::V4);
    RouteModel { no_track: device.is_none(), device, words, track_group: None, spec }
}

fn rule(line: &str, comes_in: Option<&str>) -> RuleModel {
    let spec = RuleSpec {
        comes_in: comes_in.map(str::to_owned),
        ..RuleSpec::new(AddressFamily::V4, RuleDeed::Table(100), 1000)
    };
    RuleModel { words: words(line), device: None, no_track: false, track_group: None, spec }
}

/// A virtual router with these routes and a rule.
fn routing(routes: &[&str]) -> InstanceModel {
    InstanceModel {
        routes: routes.iter().map(|line| route(line)).collect(),
        rules: vec![rule("from 10.0.0.100 table 100", None)],
        ..instance("VI", 51, 100)
    }
}

/// After this, it is master.
fn master(model: NodeModel) -> Stage {
    let (mut r, _) = Stage::start(model);
    r.until("4");
    r
}

const FIRST: &str = "192.168.1.0/24 via 10.0.0.2 dev eth0";
const SECOND: &str = "blackhole 192.168.2.0/24";

#[test]
fn routes_come_after_the_addresses_and_rules_after_the_routes_and_they_go_the_other_way() {
    let (mut r, said) = Stage::start(node(vec![routing(&[FIRST, SECOND])]));
    let expected = [
        "0.000 - rule from 10.0.0.100 table 100 (start-leftover)",
        "0.000 - route 192.168.1.0/24 via 10.0.0.2 dev eth0 (start-leftover)",
        "0.000 - route blackhole 192.168.2.0/24 (start-leftover)",
        "0.000 VI INIT -> BACKUP (start-backup)",
    ];
    assert_eq!(said, expected);
    let expected = [
        "3.609375 advert 100",
        "3.609375 VI BACKUP -> MASTER (backup-timer-expired)",
        "3.609375 +10.0.0.100",
        "3.609375 + route 192.168.1.0/24 via 10.0.0.2 dev eth0 (backup-timer-expired)",
        "3.609375 + route blackhole 192.168.2.0/24 (backup-timer-expired)",
        "3.609375 + rule from 10.0.0.100 table 100 (backup-timer-expired)",
        "3.609375 announce",
    ];
    assert_eq!(r.until("4"), expected);
    let expected = [
        "4.000 advert 0",
        "4.000 - rule from 10.0.0.100 table 100 (stop)",
        "4.000 - route 192.168.1.0/24 via 10.0.0.2 dev eth0 (stop)",
        "4.000 - route blackhole 192.168.2.0/24 (stop)",
        "4.000 -10.0.0.100",
    ];
    assert_eq!(r.ask(Command::Stop), expected);
}

#[test]
fn who_loses_a_tracked_route_or_rule_releases_and_takes_all_of_them_back_after_the_skew() {
    let mut r = master(node(vec![routing(&[FIRST, SECOND])]));
    assert_eq!(r.kernel(KernelEvent::RouteRemoved { line: SECOND.into() }), [""; 0], "no interface: not tracked");
    let expected = [
        "4.000 VI MASTER -> BACKUP (address-taken)",
        "4.000 advert 0",
        "4.000 - rule from 10.0.0.100 table 100 (address-taken)",
        "4.000 -10.0.0.100",
    ];
    assert_eq!(r.kernel(KernelEvent::RouteRemoved { line: FIRST.into() }), expected, "what is gone is not removed");
    let said = r.until("4.7");
    for line in [FIRST, SECOND] {
        let back = format!("4.609375 + route {line} (backup-timer-expired)");
        assert!(said.contains(&back), "{back} in {said:?}");
    }
    let said = r.kernel(KernelEvent::RuleRemoved { line: "from 10.0.0.100 table 100".into() });
    assert_eq!(said[0], "4.700 VI MASTER -> BACKUP (address-taken)");
}

#[test]
fn the_interfaces_of_routes_and_rules_are_tracked_unless_no_track_says_otherwise() {
    let far = route("192.168.1.0/24 via 10.1.0.2 dev eth1");
    let with = |routes: Vec<RouteModel>, rules: Vec<RuleModel>| {
        let mut r = master(node(vec![InstanceModel { routes, rules, ..instance("VI", 51, 100) }]));
        r.link(ETH1, false).first().cloned().unwrap_or_default()
    };
    let fault = "4.000 VI MASTER -> FAULT (fault-appears)";
    assert_eq!(with(vec![far.clone()], vec![]), fault);
    assert_eq!(with(vec![], vec![rule("iif eth1 table 100", Some("eth1"))]), fault);
    assert_eq!(with(vec![RouteModel { no_track: true, ..far }], vec![]), "");
}

#[test]
fn a_reload_removes_what_is_gone_and_sets_what_is_new() {
    let mut r = master(node(vec![routing(&[FIRST, SECOND])]));
    let new = node(vec![routing(&[FIRST, "192.168.3.0/24 dev eth0"])]);
    let said = r.ask(Command::Reload(Box::new(new)));
    let changes: Vec<&String> = said.iter().filter(|line| line.contains("route") || line.contains("rule ")).collect();
    assert_eq!(
        changes,
        ["4.000 - route blackhole 192.168.2.0/24 (reload)", "4.000 + route 192.168.3.0/24 dev eth0 (reload)"]
    );
}

/// A node with a static address and a static route on eth1, a rule, and a virtual router on eth0.
fn with_statics() -> NodeModel {
    let address = Vip::new(IfAddr { ip: "10.7.0.1".parse().unwrap(), prefix: 24 }, ETH1);
    let statics = Statics {
        addresses: vec![StaticAddress { address, track_group: None }],
        routes: vec![route("192.168.50.0/24 via 10.1.0.2 dev eth1")],
        rules: vec![rule("from 10.7.0.0/24 table 77", None)],
        groups: vec![],
    };
    NodeModel { statics, ..node(vec![instance("VI", 51, 100)]) }
}

#[test]
fn what_is_static_is_set_before_the_virtual_routers_start_and_removed_after_they_have_stopped() {
    let (mut r, said) = Stage::start(with_statics());
    let expected = [
        "0.000 +10.7.0.1",
        "0.000 + route 192.168.50.0/24 via 10.1.0.2 dev eth1 (static-item)",
        "0.000 + rule from 10.7.0.0/24 table 77 (static-item)",
        "0.000 VI INIT -> BACKUP (start-backup)",
    ];
    assert_eq!(said, expected);
    r.until("4");
    let expected = [
        "4.000 advert 0",
        "4.000 -10.0.0.100",
        "4.000 - rule from 10.7.0.0/24 table 77 (static-item)",
        "4.000 - route 192.168.50.0/24 via 10.1.0.2 dev eth1 (static-item)",
        "4.000 -10.7.0.1",
    ];
    assert_eq!(r.ask(Command::Stop), expected);
}

#[test]
fn what_is_static_is_set_again_when_it_is_taken_away_and_when_its_interface_comes_up() {
    let mut r = master(with_statics());
    let addr = IfAddr { ip: "10.7.0.1".parse().unwrap(), prefix: 24 };
    let route = "192.168.50.0/24 via 10.1.0.2 dev eth1";
    assert_eq!(r.kernel(KernelEvent::AddressRemoved { iface: ETH1, addr }), ["4.000 +10.7.0.1"]);
    let again = [format!("4.000 + route {route} (static-item)")];
    assert_eq!(r.kernel(KernelEvent::RouteRemoved { line: route.into() }), again);
    let rule = "from 10.7.0.0/24 table 77";
    let ruled = [format!("4.000 + rule {rule} (static-item)")];
    assert_eq!(r.kernel(KernelEvent::RuleRemoved { line: rule.into() }), ruled);
    assert_eq!(r.link(ETH1, false), [""; 0]);
    assert_eq!(r.kernel(KernelEvent::AddressRemoved { iface: ETH1, addr }), [""; 0], "not while it is down");
    assert_eq!(r.link(ETH1, true), ["4.000 +10.7.0.1".to_owned(), again[0].clone()]);
}

#[test]
fn a_reload_changes_what_is_static() {
    let mut r = master(with_statics());
    let mut new = with_statics();
    new.statics.routes = vec![route("192.168.51.0/24 dev eth1")];
    new.statics.addresses.clear();
    let said = r.ask(Command::Reload(Box::new(new)));
    let changes: Vec<&String> = said.iter().filter(|line| line.contains("static") || line.contains("10.7")).collect();
    let expected = [
        "4.000 - route 192.168.50.0/24 via 10.1.0.2 dev eth1 (static-item)",
        "4.000 -10.7.0.1",
        "4.000 + route 192.168.51.0/24 dev eth1 (static-item)",
    ];
    assert_eq!(changes, expected);
}
