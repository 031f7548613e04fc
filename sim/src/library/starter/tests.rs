//! What is guessed around configurations: networks by their use, addresses in nobody's way.
use vrrplab_formats::diagnostics::Report;
use vrrplab_formats::lint::{self, Subject};

use super::*;

fn routers(files: &[(&str, &str)]) -> Vec<Router> {
    let router = |(name, text): &(&str, &str)| {
        let mut report = Report::default();
        let subject = Subject::read(name, name, text, &mut report);
        let subject = subject.unwrap_or_else(|| panic!("{}", report.render(false)));
        Router { name: (*name).to_owned(), conf: format!("{name}.conf"), subject }
    };
    files.iter().map(router).collect()
}

fn made(files: &[(&str, &str)]) -> String {
    let routers = routers(files);
    let subjects: Vec<Subject> = routers.iter().map(|router| router.subject.clone()).collect();
    Starter::around(&routers, &lint::takeovers(&subjects)).yaml(&[])
}

fn conf(interface: &str, priority: u8, rest: &str) -> String {
    format!(
        "vrrp_instance VI {{\n interface {interface}\n virtual_router_id 7\n priority {priority}\n virtual_ipaddress {{\n  \
         10.0.0.11/24\n }}\n{rest}}}\n"
    )
}

#[test]
fn words_that_yaml_would_take_for_something_else_are_quoted() {
    let all = [
        "eth0.100",
        "conf/r1.conf",
        "../r1.conf",
        "no",
        "On",
        "1e3",
        "a b",
        "fe80::1/64",
        "say \"x\"",
        "10.0.0.1/24",
        "",
    ];
    let expected = "eth0.100 conf/r1.conf ../r1.conf \"no\" \"On\" \"1e3\" \"a b\" \"fe80::1/64\" \"say \\\"x\\\"\" \"10.0.0.1/24\" \"\"";
    assert_eq!(all.map(quoted).join(" "), expected);
}

/// The first free address would be 10.0.0.11, which is the virtual one.
#[test]
fn a_pair_gets_addresses_beside_the_virtual_one() {
    insta::assert_snapshot!(made(&[("lb1", &conf("eth0", 110, "")), ("lb2", &conf("ens3", 90, ""))]));
}

#[test]
fn unicast_routers_have_the_addresses_by_which_they_are_called() {
    let one = conf("eth0", 110, " unicast_peer {\n  192.0.2.2\n  192.0.2.3\n }\n");
    let two = conf("eth0", 100, " unicast_src_ip 192.0.2.2\n unicast_peer {\n  192.0.2.1\n  192.0.2.3\n }\n");
    let text = made(&[("a", &one), ("b", &two)]);
    assert!(text.contains("eth0: {network: lan, addresses: [\"192.0.2.1/24\", \"10.0.0.12/24\"]}"), "{text}");
    assert!(text.contains("eth0: {network: lan, addresses: [\"192.0.2.2/24\", \"10.0.0.13/24\"]}"), "{text}");
}

#[test]
fn interfaces_of_one_router_are_never_on_one_network() {
    let tracked = " track_interface {\n  eth1\n }\n";
    let text =
        made(&[("a", &conf("eth0", 110, tracked)), ("b", &conf("eth1", 90, " track_interface {\n  eth0\n }\n"))]);
    assert!(
        text.contains("  lan-eth0: {delay: 100us}\n  lan-eth1: {delay: 100us}\n  lan-eth0-2: {delay: 100us}\n\n"),
        "{text}"
    );
    assert!(text.contains("eth1: {network: lan-eth0, addresses: [\"10.0.0.13/24\"]}"), "{text}");
}
