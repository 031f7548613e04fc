//! keepalived.conf files as people write them: what is made of them, and what is said about their mistakes.
use std::net::{IpAddr, Ipv4Addr};

use proptest::prelude::*;
use vrrplab_engine::model::{
    AddressFamily, Auth, Garp, IfAddr, IfIndex, InstanceModel, InterfaceModel, Mac, NodeModel, TrackInterface, Version,
};
use vrrplab_engine::policy::Policy;
use vrrplab_engine::time::Span;
use vrrplab_formats::builder::build_node;
use vrrplab_formats::diagnostics::Report;
use vrrplab_formats::keepalived::parse;

fn interfaces(names: &[&str]) -> Vec<InterfaceModel> {
    let one = |(position, name): (usize, &&str)| {
        let number = u8::try_from(position).unwrap() + 1;
        InterfaceModel {
            index: IfIndex(u32::from(number) + 1),
            name: (*name).to_owned(),
            mac: Mac([2, 0, 0, 0, 0, number]),
            addresses: vec![IfAddr { ip: ip("10.0.0.1"), prefix: 24 }],
            up: true,
        }
    };
    names.iter().enumerate().map(one).collect()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn read(text: &str, names: &[&str]) -> (Option<NodeModel>, Report) {
    let mut report = Report::default();
    let draft = parse("keepalived.conf", text, &mut report);
    let node = build_node("lb1", Policy::default(), interfaces(names), &draft, &mut report);
    (node.filter(|_| !report.is_refused()), report)
}

/// The model, where not even a warning is wanted.
fn clean(text: &str, names: &[&str]) -> NodeModel {
    let (node, report) = read(text, names);
    assert_eq!(report.render(false), "");
    node.unwrap()
}

/// The model and the titles of the warnings.
fn warned(text: &str, names: &[&str]) -> (NodeModel, Vec<String>) {
    let (node, report) = read(text, names);
    assert!(!report.has_errors(), "{report}");
    (node.unwrap(), report.diagnostics.into_iter().map(|d| d.title).collect())
}

fn complaints(text: &str) -> String {
    let (_, report) = read(text, &["eth0", "eth1"]);
    assert!(report.has_errors());
    report.render(false)
}

fn instance(lines: &str) -> String {
    format!(
        "vrrp_instance VI_1 {{\n interface eth0\n virtual_router_id 51\n {lines}\n virtual_ipaddress {{\n  \
         10.0.0.100\n }}\n}}\n"
    )
}

fn vips(i: &InstanceModel) -> Vec<(String, u32)> {
    i.vips.iter().map(|v| (format!("{}/{}", v.addr.ip, v.addr.prefix), v.iface.0)).collect()
}

fn vip(text: &str, iface: u32) -> (String, u32) {
    (text.to_owned(), iface)
}

#[test]
fn the_shortest_file_gets_all_defaults() {
    let node = clean(include_str!("conf/vip.conf"), &["eth0"]);
    assert_eq!((node.name.as_str(), node.sync_groups.len()), ("lb1", 0));
    let [i] = node.instances.as_slice() else { panic!("one instance") };
    assert_eq!((i.name.as_str(), i.iface, i.vrid.get(), i.priority.get()), ("VI_1", IfIndex(2), 51, 100));
    assert_eq!((i.version, i.family, i.wants_master, i.auth), (Version::V2, AddressFamily::V4, true, Auth::None));
    assert_eq!((i.advert_int, i.preempt, i.preempt_delay), (Span::from_secs(1), true, Span::ZERO));
    assert_eq!((vips(i), i.excluded_vips.len()), (vec![vip("192.168.1.100/32", 2)], 0));
    assert_eq!((i.garp, i.down_timer_adverts, i.unicast_peers.len()), (Garp::default(), 3, 0));
    assert_eq!((i.source, i.unicast_ttl, i.track_interfaces.len()), (None, None, 0));
}

#[test]
fn a_load_balancer_pair_differs_in_state_and_priority_only() {
    // `nb_get_retry` means nothing to TCP_CHECK: keepalived says so and goes on
    let read = |text: &str| {
        let (node, report) = read(text, &["eth0"]);
        let titles: Vec<&str> = report.diagnostics.iter().map(|d| d.title.as_str()).collect();
        assert_eq!((titles, report.keepalived_exit()), (vec!["unknown keyword `nb_get_retry` in `TCP_CHECK`"; 4], 5));
        node.unwrap()
    };
    let master = read(include_str!("conf/master.conf"));
    let mut backup = read(include_str!("conf/backup.conf"));
    let facts = |n: &NodeModel| {
        let fact = |i: &InstanceModel| (i.name.clone(), i.vrid.get(), i.priority.get(), i.wants_master);
        n.instances.iter().map(fact).collect::<Vec<_>>()
    };
    let (http, https) = ("www-http01_vrrp".to_owned(), "www-https01_vrrp".to_owned());
    assert_eq!(facts(&master), [(http.clone(), 100, 110, true), (https.clone(), 101, 110, true)]);
    assert_eq!(facts(&backup), [(http, 100, 100, false), (https, 101, 100, false)]);
    assert_eq!(master.instances[1].auth, Auth::Pass(*b"1234\0\0\0\0"));
    assert_eq!(vips(&master.instances[1]), [vip("166.166.166.166/32", 2)]);
    assert_eq!((master.sync_groups[0].name.as_str(), &master.sync_groups[0].members), ("www-ha", &vec![0, 1]));
    for (to, from) in backup.instances.iter_mut().zip(&master.instances) {
        (to.priority, to.wants_master) = (from.priority, from.wants_master);
    }
    assert_eq!(master, backup);
}

#[test]
fn one_instance_can_carry_addresses_on_two_interfaces() {
    let node = clean(include_str!("conf/two-nics.conf"), &["eth0", "eth1"]);
    assert_eq!(vips(&node.instances[0]), [vip("10.0.0.100/24", 2), vip("192.168.219.100/24", 3)]);
    assert_eq!(node.instances[0].auth, Auth::Pass(*b"1111\0\0\0\0"));
}

#[test]
fn two_instances_cannot_share_a_vrid_on_one_interface() {
    insta::assert_snapshot!(complaints(include_str!("conf/split-instances.conf")));
}

#[test]
fn a_password_of_eight_bytes_is_used_whole() {
    let first = clean(include_str!("conf/test01.conf"), &["eth0"]);
    let second = clean(include_str!("conf/test02.conf"), &["eth0"]);
    assert_eq!(first.instances[0].auth, Auth::Pass(*b"password"));
    assert_eq!(vips(&first.instances[0]), [vip("192.168.100.196/24", 2)]);
    assert_eq!((second.instances[0].priority.get(), second.instances[0].wants_master), (50, false));
}

#[test]
fn the_other_interface_is_tracked_without_weight() {
    let node = clean(include_str!("conf/hsrp-like.conf"), &["eth0.100", "eth0.12"]);
    let i = &node.instances[0];
    assert_eq!(i.track_interfaces, [TrackInterface { iface: IfIndex(3), weight: 0, reverse: false }]);
    assert_eq!((i.iface, i.priority.get(), vips(i)), (IfIndex(2), 105, vec![vip("1.1.100.10/32", 2)]));
}

#[test]
fn every_value_that_can_be_given_reaches_the_model() {
    let text = instance(
        "state BACKUP\n version 3\n priority 150\n advert_int 0.25\n preempt_delay 2.5\n unicast_src_ip 10.0.0.1\n \
         unicast_peer {\n 10.0.0.2\n 10.0.0.3\n }\n unicast_ttl 64\n garp_master_repeat 2\n garp_master_delay 7\n \
         garp_master_refresh 60\n garp_master_refresh_repeat 3\n garp_lower_prio_repeat 0\n garp_lower_prio_delay 1\n \
         down_timer_adverts 5\n lower_prio_no_advert\n higher_prio_send_advert yes\n skip_check_adv_addr\n \
         check_unicast_src\n dont_track_primary\n virtual_ipaddress_excluded {\n fd00::1/64 dev eth1 no_track\n }\n \
         track_interface {\n eth1 weight -20 reverse\n }",
    );
    let node = clean(&text, &["eth0", "eth1"]);
    let i = &node.instances[0];
    assert_eq!((i.version, i.priority.get(), i.advert_int), (Version::V3, 150, Span::from_millis(250)));
    assert_eq!((i.preempt, i.preempt_delay), (true, Span::from_millis(2500)));
    assert_eq!(i.unicast_peers, [ip("10.0.0.2").into(), ip("10.0.0.3").into()]);
    assert_eq!((i.source, i.unicast_ttl), (Some(ip("10.0.0.1")), Some(64)));
    let garp = Garp {
        repeat: 2,
        delay: Span::from_secs(7),
        refresh: Span::from_secs(60),
        refresh_repeat: 3,
        lower_prio_repeat: 0,
        lower_prio_delay: Span::from_secs(1),
        ..Garp::default()
    };
    assert_eq!((i.garp, i.down_timer_adverts), (garp, 5));
    assert!(i.lower_prio_no_advert && i.higher_prio_send_advert && i.skip_check_adv_addr);
    assert!(i.check_unicast_src && i.dont_track_primary && i.excluded_vips[0].no_track);
    assert_eq!((i.excluded_vips[0].addr.prefix, i.excluded_vips[0].iface), (64, IfIndex(3)));
    assert_eq!(i.track_interfaces, [TrackInterface { iface: IfIndex(3), weight: -20, reverse: true }]);
}

#[test]
fn global_defaults_hold_for_instances_and_bursts_for_worse_adverts_follow_them() {
    let globals = "global_defs { vrrp_version 3\n vrrp_garp_master_repeat 2\n vrrp_garp_master_delay 1\n}\n";
    let i = &clean(&(globals.to_owned() + &instance("")), &["eth0"]).instances[0];
    assert_eq!((i.version, i.garp.repeat, i.garp.lower_prio_repeat), (Version::V3, 2, 2));
    assert_eq!((i.garp.delay, i.garp.lower_prio_delay), (Span::from_secs(1), Span::from_secs(1)));
    let (late, warnings) = warned(&(instance("") + globals), &["eth0"]);
    let i = &late.instances[0];
    assert_eq!((i.version, i.garp.repeat, i.garp.lower_prio_repeat), (Version::V3, 5, 2));
    assert_eq!(warnings, ["`global_defs` comes after an instance"]);
}

#[test]
fn ipv6_addresses_mean_version_3() {
    let text =
        "vrrp_instance a { interface eth0\n virtual_router_id 7\n virtual_ipaddress {\n fe80::1\n fd00::1/64\n}\n}";
    let i = &clean(text, &["eth0"]).instances[0];
    assert_eq!((i.version, i.family), (Version::V3, AddressFamily::V6));
    assert_eq!(vips(i), [vip("fe80::1/128", 2), vip("fd00::1/64", 2)]);
}

#[test]
fn what_keepalived_puts_right_is_put_right_with_a_warning() {
    let one = |lines: &str| {
        let (node, warnings) = warned(&instance(lines), &["eth0", "eth1"]);
        (node.instances[0].clone(), warnings.join("; "))
    };
    let (i, w) = one("priority 300");
    assert_eq!((i.priority.get(), w.as_str()), (100, "the priority of `VI_1` is out of range, 100 is used"));
    let (i, w) = one("advert_int 1.5");
    assert_eq!((i.advert_int, w.as_str()), (Span::from_secs(2), "the advert interval becomes 2.000 s"));
    let (i, w) = one("version 3\n advert_int 1.236");
    assert_eq!((i.advert_int, w.as_str()), (Span::from_millis(1240), "the advert interval becomes 1.240 s"));
    let (i, _) = one("version 3\n advert_int 60");
    assert_eq!(i.advert_int, Span::from_millis(40_950));
    let (i, w) = one("authentication {\n auth_type PASS\n auth_pass 123456789\n}");
    assert_eq!(i.auth, Auth::Pass(*b"12345678"));
    assert_eq!(w, "only the first 8 bytes of the password are used");
    let (i, w) = one("version 3\n authentication {\n auth_type PASS\n auth_pass x\n}");
    assert_eq!((i.auth, w.as_str()), (Auth::None, "VRRPv3 has no authentication"));
    let (i, w) = one("state MASTER\n priority 120\n nopreempt\n preempt_delay 5");
    assert_eq!((i.preempt, i.preempt_delay), (true, Span::ZERO));
    let expected = "`nopreempt` does not go with `state MASTER` and is ignored; \
                    `preempt_delay` does not go with `state MASTER`, 0 is used";
    assert_eq!(w, expected);
    let (i, w) = one("nopreempt\n preempt_delay 5");
    assert_eq!((i.preempt, i.preempt_delay), (false, Span::ZERO));
    assert_eq!(w, "`preempt_delay` does not go with `nopreempt`, 0 is used");
    let (i, w) = one("priority 90 advert_int 3");
    assert_eq!((i.priority.get(), i.advert_int), (90, Span::from_secs(1)));
    assert_eq!(w, "the rest of this line is ignored");
    let (i, _) = one("state MASTER");
    assert_eq!((i.priority.get(), i.wants_master), (255, true));
}

#[test]
fn what_is_not_modelled_is_accepted_and_said() {
    let said = |word: &str| format!("`{word}` is accepted, but not modelled yet");
    let text = instance("use_ipvlan\n use_vmac_addr\n notify \"/bin/n g\"");
    let fault = "an ipvlan needs a source address: the instance stays in FAULT".to_owned();
    let security = "scripts run without `enable_script_security`".to_owned();
    assert_eq!(warned(&text, &["eth0"]).1, [said("use_ipvlan"), said("use_vmac_addr"), security, fault]);
}

#[test]
fn a_macvlan_with_peers_speaks_on_the_interface_below() {
    let (node, warnings) = warned(&instance("use_vmac\n unicast_peer {\n 192.0.2.9\n }"), &["eth0"]);
    assert_eq!(warnings, ["with `unicast_peer`, `use_vmac` needs `vmac_xmit_base`"]);
    assert!(node.instances[0].vmac.as_ref().unwrap().xmit_base && node.instances[0].macvlan().is_some());
    let (node, warnings) = warned(&instance("vmac_xmit_base"), &["eth0"]);
    assert_eq!((node.instances[0].macvlan(), warnings.len()), (None, 1), "{warnings:?}");
}

#[test]
fn sync_groups_keep_what_they_can() {
    let second = instance("track_interface {\n eth1 weight 5\n}").replace("VI_1", "VI_2").replace("51", "52");
    let groups = "vrrp_sync_group A {\n group { VI_1\n VI_2\n VI_9 }\n}\nvrrp_sync_group B {\n group {\n VI_1\n}\n}\n";
    let (node, warnings) = warned(&(groups.to_owned() + &instance("") + &second), &["eth0", "eth1"]);
    assert_eq!((node.sync_groups.len(), &node.sync_groups[0].members), (1, &vec![0, 1]));
    assert_eq!(node.instances[1].track_interfaces[0].weight, 5);
    let expected = [
        "sync group `A` names an unknown instance `VI_9`",
        "in sync group `A` keepalived says that it ignores the weight of a tracked interface",
        "`VI_1` is already a member of sync group `A`",
        "sync group `B` has no members and is dropped",
    ];
    assert_eq!(warnings, expected);
}

/// Measured, captures/rules/owner-in-group and group-weights.
#[test]
fn an_owner_has_no_weights_nor_has_its_group() {
    let files = "vrrp_track_file adj {\n file /run/adj\n}\nvrrp_track_file adj2 {\n file /run/adj2\n}\n";
    let tracks = "track_file {\n adj\n adj2 weight 2\n }";
    let other = instance("").replace("VI_1", "VI_2").replace("51", "52");
    let group = |inner: &str| format!("{files}vrrp_sync_group A {{\n group {{\n VI_1\n VI_2\n }}\n {inner}\n}}\n");
    let weights = |text: &str, of: usize| {
        let (node, warnings) = warned(text, &["eth0"]);
        (node.instances[of].track_files.iter().map(|t| (t.item, t.weight)).collect::<Vec<_>>(), warnings)
    };
    let (kept, said) = weights(&(files.to_owned() + &instance(&format!("priority 255\n {tracks}"))), 0);
    assert_eq!(
        (kept, said),
        (vec![(0, 0)], vec!["with priority 255 what is tracked with a weight is left out".into()])
    );
    let (kept, said) = weights(&(group("") + &instance(tracks) + &other), 0);
    assert_eq!(
        (kept, said.len()),
        (vec![(0, 0)], 1),
        "a file of the default weight is a fault, another one is left out"
    );
    let (kept, said) = weights(&(group(tracks) + &instance("priority 255") + &other), 1);
    assert_eq!(
        (kept, said),
        (vec![(0, 0), (1, 0)], vec!["in sync group `A` a member has priority 255: weights count as 0".into()])
    );
    let (kept, said) = weights(&(group(tracks) + &instance("") + &other), 1);
    assert_eq!((kept, said.len()), (vec![(0, 1), (1, 2)], 0), "what the group itself tracks keeps its weight");
}

#[test]
fn a_misspelt_keyword() {
    insta::assert_snapshot!(complaints(&instance("prempt_delay 5\n stat MASTER")));
}

#[test]
fn a_file_that_ends_too_early() {
    insta::assert_snapshot!(complaints(instance("").trim_end().trim_end_matches('}')));
}

#[test]
fn a_forgotten_brace_in_the_middle() {
    insta::assert_snapshot!(complaints(&instance("authentication {\n  auth_type PASS\n  auth_pass 1111")));
}

#[test]
fn a_brace_too_many() {
    insta::assert_snapshot!(complaints(&(instance("") + "}\n")));
}

#[test]
fn a_vrid_out_of_range() {
    insta::assert_snapshot!(complaints(&instance("").replace("51", "256")));
}

#[test]
fn no_vrid_at_all() {
    insta::assert_snapshot!(complaints(&instance("").replace("virtual_router_id 51", "")));
}

#[test]
fn an_unknown_interface() {
    insta::assert_snapshot!(complaints(&instance("").replace("eth0", "eth9")));
}

#[test]
fn an_unknown_interface_does_not_hide_other_mistakes() {
    let text = "vrrp_instance a {\n interface eth7\n virtual_router_id 0\n unicast_peer {\n fd00::2\n }\n \
                virtual_ipaddress {\n 10.0.0.9/40\n }\n track_interface {\n eth8 weight 300\n }\n}";
    let (_, report) = read(text, &["eth0"]);
    let titles: Vec<&str> = report.diagnostics.iter().map(|d| d.title.as_str()).collect();
    let expected = [
        "the VRID of `a` must be a number from 1 to 255",
        "`40` is no prefix length, 32 is used",
        "there is no interface `eth7`",
        "`10.0.0.9` is not of the family of the first address and is left out",
        "`a` has no virtual addresses",
        "there is no interface `eth8`",
        "this weight is out of range, 253 is used",
    ];
    assert_eq!(titles, expected);
}

#[test]
fn several_mistakes_at_once() {
    let text = instance("state master\n priority 300\n interface\n authentication {\n auth_type AH\n }");
    insta::assert_snapshot!(complaints(&text.replace("10.0.0.100", "10.0.0.300 # 주소\n  10.0.0.5/33 10.0.0.6")));
}

proptest! {
    #[test]
    fn no_text_is_too_strange(text in ".{0,200}") {
        let (_, report) = read(&text, &["eth0"]);
        report.render(true);
    }

    #[test]
    fn no_arrangement_of_known_words_is_too_strange(
        words in prop::collection::vec(prop::sample::select(vec![
            "vrrp_instance", "VI_1", "{", "}", "\n", "\n", "interface", "eth0", "virtual_router_id", "51", "priority",
            "255", "advert_int", "0.01", "virtual_ipaddress", "10.0.0.1/24", "dev", "authentication", "auth_pass",
            "global_defs", "vrrp_sync_group", "group", "track_interface", "weight", "-5", "\"", "#", "$A", "fd00::1",
        ]), 0..60)
    ) {
        let (node, report) = read(&words.join(" "), &["eth0"]);
        prop_assert!(node.is_some() || report.is_refused());
        report.render(false);
    }

    #[test]
    fn every_vrid_and_priority_in_range_is_taken_over(vrid in 1_u8.., priority in 1_u8.., last in 1_u8..) {
        let text = instance(&format!("priority {priority}")).replace("id 51", &format!("id {vrid}"));
        let node = clean(&text.replace("10.0.0.100", &format!("10.0.0.{last}")), &["eth0"]);
        let i = &node.instances[0];
        let addr = IfAddr { ip: IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)), prefix: 32 };
        prop_assert_eq!((i.vrid.get(), i.priority.get(), i.vips[0].addr), (vrid, priority, addr));
    }
}
