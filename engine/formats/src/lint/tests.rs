//! Every lint fires where it should, and keeps quiet where it should.
use super::*;

const R1: &str = "vrrp_instance VI {\n state BACKUP\n interface eth0\n virtual_router_id 51\n priority 150\n \
                  virtual_ipaddress {\n 10.0.0.100\n }\n}\n";

/// The ids of the lints that fire on these files.
fn ids(texts: &[&str]) -> Vec<&'static str> {
    check(&subjects(texts)).iter().map(|finding| finding.lint.id).collect()
}

fn subjects(texts: &[&str]) -> Vec<Subject> {
    let read = texts.iter().zip(1..).map(|(text, n)| {
        let mut report = Report::default();
        let subject = Subject::read(&format!("r{n}.conf"), &format!("r{n}"), text, &mut report);
        subject.unwrap_or_else(|| panic!("{report}"))
    });
    read.collect()
}

/// R1 and a copy of it with lower priority and one more change.
fn pair(from: &str, to: &str) -> Vec<&'static str> {
    let r2 = R1.replace("priority 150", "priority 100");
    assert!(r2.contains(from), "{from}");
    ids(&[R1, &r2.replace(from, to)])
}

fn alone(from: &str, to: &str) -> Vec<&'static str> {
    assert!(R1.contains(from), "{from}");
    ids(&[&R1.replace(from, to)])
}

#[test]
fn a_plain_pair_is_clean() {
    assert_eq!(pair("BACKUP", "BACKUP"), [""; 0]);
    assert_eq!(ids(&[R1]), [""; 0]);
}

#[test]
fn each_difference_has_its_name() {
    let version = "interface eth0\n version 3";
    assert_eq!(pair("interface eth0", version), ["version-differs"]);
    assert_eq!(pair("interface eth0", "interface eth0\n advert_int 2"), ["advert-int-differs"]);
    let auth = "interface eth0\n authentication {\n auth_type PASS\n auth_pass 1111\n }";
    assert_eq!(pair("interface eth0", auth), ["auth-differs"]);
    assert_eq!(pair("10.0.0.100", "10.0.0.101"), ["vips-differ"]);
    assert_eq!(pair("10.0.0.100", "10.0.0.100/24"), [""; 0]);
    let peers = "interface eth0\n unicast_peer {\n 10.0.0.1\n }";
    assert_eq!(pair("interface eth0", peers), ["multicast-meets-unicast"]);
    assert_eq!(pair("priority 100", "priority 150"), ["priorities-equal"]);
    assert_eq!(pair("state BACKUP", "state MASTER"), ["state-master-misunderstood"]);
    let owner = R1.replace("priority 150", "priority 255");
    assert_eq!(ids(&[&owner, &owner]), ["two-owners"]);
}

#[test]
fn in_version_3_another_interval_is_learned() {
    let of = |priority: u8, interval: &str| {
        let head = format!("interface eth0\n version 3\n advert_int {interval}");
        R1.replace("interface eth0", &head).replace("150", &priority.to_string())
    };
    assert_eq!(ids(&[&of(150, "1"), &of(100, "0.5")]), ["advert-int-differs-v3"]);
    assert_eq!(ids(&[&of(150, "1"), &of(100, "1.0")]), [""; 0]);
}

#[test]
fn unicast_routers_must_name_each_other() {
    let of = |own: &str, peer: &str, priority: &str| {
        let head = format!("interface eth0\n unicast_src_ip {own}\n unicast_peer {{\n {peer}\n }}");
        R1.replace("interface eth0", &head).replace("150", priority)
    };
    assert_eq!(ids(&[&of("10.0.0.1", "10.0.0.2", "150"), &of("10.0.0.2", "10.0.0.1", "100")]), [""; 0]);
    let found = ids(&[&of("10.0.0.1", "10.0.0.2", "150"), &of("10.0.0.2", "10.0.0.3", "100")]);
    assert_eq!(found, ["unicast-peers-not-mutual"]);
}

#[test]
fn a_weight_must_reach_below_the_next_priority() {
    let r1 = |weight: &str| {
        let head = format!("interface eth0\n track_interface {{\n eth9 weight {weight}\n }}");
        R1.replace("interface eth0", &head)
    };
    let r2 = R1.replace("150", "100");
    assert_eq!(ids(&[&r1("-20"), &r2]), ["weight-cannot-change-order"]);
    assert_eq!(ids(&[&r1("-60"), &r2]), [""; 0]);
}

#[test]
fn cables_that_nobody_watches_and_cables_that_take_everything() {
    assert_eq!(alone("10.0.0.100", "10.0.0.100\n 10.1.0.100 dev eth1"), ["vip-interface-faults-all"]);
    assert_eq!(alone("10.0.0.100", "10.0.0.100\n 10.1.0.100 dev eth1 no_track"), ["vip-interface-unwatched"]);
    assert_eq!(alone("interface eth0", "interface eth0\n dont_track_primary"), ["vip-interface-unwatched"]);
    assert_eq!(alone("10.0.0.100", "10.0.0.100 dev eth0"), [""; 0]);
}

#[test]
fn two_instances_of_one_node() {
    let second = |vip: &str, priority: &str| {
        R1.replace("VI", "VJ").replace("51", "52").replace("10.0.0.100", vip).replace("150", priority)
    };
    let group = "vrrp_sync_group G {\n group {\n VI\n VJ\n }\n}\n";
    assert_eq!(ids(&[&[R1, &second("10.0.0.100", "150")].concat()]), ["same-vip-in-two-instances"]);
    assert_eq!(ids(&[&[R1, &second("10.0.0.101", "90")].concat()]), [""; 0]);
    assert_eq!(ids(&[&[R1, &second("10.0.0.101", "90"), group].concat()]), ["sync-group-priorities-differ"]);
    assert_eq!(ids(&[&[R1, &second("10.0.0.101", "150"), group].concat()]), [""; 0]);
}

#[test]
fn takeover_times_are_those_of_the_second_best() {
    let r2 = R1.replace("150", "100");
    let found = takeovers(&subjects(&[&r2, R1]));
    let [one] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(one.members, [("r2.conf".to_owned(), 150), ("r1.conf".to_owned(), 100)]);
    assert_eq!(one.after_crash.map(|s| s.to_string()), Some("3.609375 s".to_owned()));
    assert_eq!(one.after_stop.map(|s| s.to_string()), Some("0.609375 s".to_owned()));
    assert_eq!(takeovers(&subjects(&[R1]))[0].after_crash, None);
}

#[test]
fn every_lint_is_found_by_its_id() {
    for lint in ALL {
        assert_eq!(Lint::named(lint.id), Some(*lint));
    }
    assert_eq!(Lint::named("nothing"), None);
}

#[test]
fn a_script_must_notice_before_a_dead_node_is_replaced() {
    let with = |script: &str| {
        let block = format!("vrrp_script chk {{\n script /etc/keepalived/chk\n {script}\n}}\n");
        ids(&[&(block + &R1.replace("interface eth0", "interface eth0\n track_script {\n chk\n }"))])
    };
    // at priority 150 a dead master is replaced after 3.414 s
    assert_eq!(with("interval 1\n timeout 1\n fall 2"), [""; 0]);
    assert_eq!(with("interval 1\n timeout 1\n fall 3"), ["track-script-slower-than-failover"]);
    assert_eq!(with("interval 2"), ["track-script-slower-than-failover"]);
    let unused = "vrrp_script chk {\n script /etc/keepalived/chk\n interval 60\n}\n".to_owned() + R1;
    assert_eq!(ids(&[&unused]), [""; 0]);
}

#[test]
fn a_delay_beside_state_master_is_cancelled() {
    assert_eq!(alone("state BACKUP", "state MASTER\n preempt_delay 0"), ["preempt-delay-cancelled"]);
    assert_eq!(alone("state BACKUP", "state BACKUP\n preempt_delay 0"), [""; 0]);
    assert_eq!(alone("state BACKUP", "state MASTER\n preempt_delay 5"), [""; 0], "the reader has told it");
}

#[test]
fn scripts_belong_where_only_root_writes() {
    let at = |path: &str| ids(&[&format!("vrrp_script chk {{\n script {path}\n}}\n{R1}")]);
    assert_eq!(at("/tmp/chk.sh"), ["script-path-not-secure"]);
    assert_eq!(at("chk.sh"), ["script-path-not-secure"]);
    assert_eq!(at("/usr/local/bin/chk.sh"), [""; 0]);
}

#[test]
fn virtual_servers_are_looked_at_too() {
    let real = "real_server 10.9.0.1 80 {\n TCP_CHECK {\n connect_timeout 1\n }\n }";
    let server = |lines: &str| {
        ids(&[&format!(
            "virtual_server 10.0.0.100 80 {{\n lb_kind NAT\n protocol TCP\n delay_loop 1\n retry 1\n delay_before_retry 0.1\n {lines}\n}}\n{R1}"
        )])
    };
    assert_eq!(server(real), [""; 0]);
    let two = format!("{real}\n {}", real.replace("10.9.0.1", "10.9.0.2"));
    assert_eq!(server(&format!("quorum 2\n {two}")), [""; 0]);
    assert_eq!(server(&format!("quorum 2\n hysteresis 1\n {two}")), ["quorum-unreachable"]);
    assert_eq!(server(&real.replace("TCP_CHECK {\n connect_timeout 1\n }", "")), ["real-server-unchecked"]);
    assert_eq!(server(&real.replace("connect_timeout 1", "connect_timeout 5")), ["health-check-slower-than-failover"]);
    assert_eq!(server(&real.replace("TCP_CHECK", "lvs_method DR\n TCP_CHECK")), ["dr-needs-arp-guard"]);
}
