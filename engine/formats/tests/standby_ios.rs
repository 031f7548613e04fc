//! Cisco IOS `standby` lines: what becomes of them, which differences are stated, and what is refused.
use std::net::IpAddr;

use proptest::prelude::*;
use vrrplab_engine::model::{Auth, IfAddr, IfIndex, InterfaceModel, Mac, NodeModel, Version};
use vrrplab_engine::policy::Policy;
use vrrplab_engine::time::Span;
use vrrplab_formats::builder::build_node;
use vrrplab_formats::diagnostics::Report;
use vrrplab_formats::keepalived;
use vrrplab_formats::standby::import;

/// One HSRP router, as its table of commands is usually shown.
const TABLE: &str = "\
interface FastEthernet0/0.100
 standby 1 ip 1.1.100.10
 standby 1 priority 105
 standby 1 preempt
 standby 1 track FastEthernet0/0.12
 standby 1 name GROUP1
";

/// The same router, written by hand for keepalived.
const BY_HAND: &str = "\
vrrp_instance GROUP1 {
state MASTER
interface eth0.100
virtual_router_id 1
priority 105
advert_int 1
virtual_ipaddress { 1.1.100.10 }
track_interface { eth0.12 weight -10 }
preempt_delay 0
}
";

fn read(ios: &str) -> (Option<String>, Report) {
    let mut report = Report::default();
    let text = import("router.ios", ios, &mut report);
    (text, report)
}

/// The model of a text that keepalived must take without a word.
fn model(conf: &str) -> NodeModel {
    let interfaces = ["eth0.100", "eth0.12", "eth1"].into_iter().zip(2..).map(|(name, index)| InterfaceModel {
        index: IfIndex(index),
        name: name.to_owned(),
        mac: Mac([2, 0, 0, 0, 0, 1]),
        addresses: vec![IfAddr { ip: IpAddr::from([1, 1, 100, 1]), prefix: 24 }],
        up: true,
    });
    let mut report = Report::default();
    let draft = keepalived::parse("out.conf", conf, &mut report);
    let node = build_node("r1", Policy::default(), interfaces.collect(), &draft, &mut report);
    assert_eq!(report.render(false), "");
    node.unwrap()
}

fn translated(ios: &str) -> NodeModel {
    let (text, report) = read(ios);
    model(&text.unwrap_or_else(|| panic!("{report}")))
}

fn group(lines: &str) -> String {
    format!("interface f0/1\n ip address 10.0.0.2 255.255.255.0\n standby 7 ip 10.0.0.1\n{lines}")
}

fn refused(ios: &str) -> String {
    let (text, report) = read(ios);
    assert_eq!(text, None, "{report}");
    report
        .diagnostics
        .iter()
        .filter(|d| d.severity == vrrplab_formats::diagnostics::Severity::Error)
        .fold(String::new(), |all, d| {
            format!("{all}{} | {} | {}\n", &ios[d.span.clone()], d.title, d.help.as_deref().unwrap_or(""))
        })
}

#[test]
fn the_table_of_commands_means_what_is_written_by_hand() {
    assert_eq!(translated(TABLE), model(BY_HAND));
}

#[test]
fn the_table_of_commands_as_text_and_with_its_differences() {
    let (text, report) = read(TABLE);
    insta::assert_snapshot!("table-conf", text.unwrap());
    insta::assert_snapshot!("table-report", report.render(false));
}

#[test]
fn short_forms_and_other_orders_are_the_same() {
    let short = "int f0/0.100\n".replace("int ", "interface ")
        + "standby 1 na GROUP1\nstandby 1 tr f0/0.12 10\nSTANDBY 1 PREE\n standby 1 pri 105\n standby 1 ip 1.1.100.10\n!\nend\n";
    assert_eq!(translated(&short), translated(TABLE));
}

#[test]
fn without_preempt_nobody_is_driven_out() {
    let node = translated(&group(""));
    let i = &node.instances[0];
    assert_eq!((i.name.as_str(), i.vrid.get(), i.priority.get()), ("HSRP_eth1_7", 7, 100));
    assert_eq!((i.preempt, i.wants_master, i.vips[0].addr.prefix), (false, false, 24));
}

#[test]
fn each_setting_reaches_the_model() {
    let node = translated(&group(
        " standby 7 preempt delay minimum 60\n standby 7 priority 255\n standby 7 timers 2 8\n standby 7 authentication s3cret\n \
         standby 7 ip 10.0.0.9 secondary\n standby version 2\n standby 7 track 3 shutdown\ntrack 3 interface f0/0.12 line-protocol\n",
    ));
    let i = &node.instances[0];
    assert_eq!((i.preempt, i.preempt_delay, i.wants_master), (true, Span::from_secs(60), false));
    assert_eq!((i.priority.get(), i.advert_int, i.auth), (254, Span::from_secs(2), Auth::Pass(*b"s3cret\0\0")));
    assert_eq!((i.vips.len(), i.track_interfaces.len(), i.track_interfaces[0].weight), (2, 1, 0));
}

#[test]
fn timers_below_a_second_need_version_3() {
    let i = translated(&group(" standby 7 timers msec 255 msec 750\n standby 7 authentication text x\n"))
        .instances
        .remove(0);
    assert_eq!((i.version, i.advert_int, i.auth), (Version::V3, Span::from_millis(260), Auth::None));
}

#[test]
fn each_difference_is_said_in_the_text() {
    let (text, _) = read(&group(
        " description uplink\n standby 7 timers msec 255 msec 750\n standby 7 authentication x\n standby 7 priority 255\n standby 7 \
         ip 10.0.0.9 secondary\n standby 7 preempt delay minimum 3600\n standby 7 track f0/0 20\n",
    ));
    insta::assert_snapshot!("differences-conf", text.unwrap());
}

#[test]
fn what_cannot_be_translated_is_refused_with_its_line() {
    let lines = [
        "standby 7 authentication md5 key-string k",
        "standby 7 authentication ninechars",
        "standby 7 follow OTHER",
        "standby 7 ipv6 autoconfig",
        "standby 7 mac-address 0000.1111.2222",
        "standby delay minimum 30",
        "standby 7 preempt delay reload 30",
        "standby 7 timers 10 3",
        "standby 7 track 5",
        "standby 7 track Serial0",
        "standby 7 pirority 3",
        "standby 7 p 3",
        "standby 7 ip",
        "standby 7 ip 10.0.0.2",
        "standby 7 name {",
        "standby 0 ip 10.0.0.3",
        "standby ip 10.0.0.3",
        "standby 300 ip 10.0.0.3",
        "standby 8 priority 3",
        "standby",
        "no standby 7 ip",
        "stanby 7 ip 10.0.0.1",
        "vrrp 1 ip 10.0.0.3",
    ];
    let all: String = lines.iter().map(|line| refused(&group(&format!("{line}\n")))).collect();
    insta::assert_snapshot!("refused", all);
    assert!(refused("standby 1 ip 1.1.1.1").contains("outside an interface"));
    assert!(refused("").contains("no HSRP group"));
    let twice = "interface f0/1\nstandby 1 ip 1.1.1.1\ninterface g1/1\nstandby 2 ip 2.2.2.2\n";
    assert!(refused(twice).contains("both become `eth1`"));
}

proptest! {
    #[test]
    fn no_text_breaks_the_reader(text in "\\PC{0,80}|([a-z0-9/. ]{0,12}\n){0,6}") {
        read(&text).1.render(false);
    }

    #[test]
    fn no_standby_line_breaks_the_reader(
        words in prop::collection::vec("standby|interface|f0/0|ip|[0-9]{1,5}|track|timers|msec|preempt|delay|\n|[0-9.]{1,9}|\\PC", 0..20)
    ) {
        let (text, report) = read(&group(&words.join(" ")));
        prop_assert_eq!(text.is_none(), report.has_errors());
    }
}
