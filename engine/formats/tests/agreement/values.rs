//! Values as `keepalived --dump` showed them: what the daemon runs with where a text is not what it seems.
use vrrplab_engine::model::{AddressFamily, Auth, InstanceModel, NodeModel, Version};
use vrrplab_engine::time::Span;

use super::model;

/// The first instance of a file of the corpus.
fn instance(file: &str) -> InstanceModel {
    instances(file).instances.swap_remove(0)
}

fn instances(file: &str) -> NodeModel {
    model(&format!("broken/{file}.conf")).unwrap_or_else(|| panic!("{file} runs"))
}

#[test]
fn numbers_are_read_as_keepalived_reads_them() {
    let priority = |file: &str| instance(file).priority.get();
    assert_eq!(priority("word-number-plus-sign"), 150);
    assert_eq!(priority("word-number-leading-zeros"), 150);
    assert_eq!(priority("word-number-quoted"), 150);
    assert_eq!(priority("word-number-partly-quoted"), 1);
    assert_eq!(priority("word-number-two"), 100);
    let interval = |file: &str| instance(file).advert_int;
    assert_eq!(interval("word-number-trailing-point"), Span::from_secs(2));
    assert_eq!(interval("word-number-comma"), Span::from_secs(1));
    assert_eq!(interval("word-number-exponent"), Span::from_secs(1));
    assert_eq!(interval("word-v2-advert-int-below-half"), Span::from_secs(1));
    assert_eq!(interval("word-v3-advert-int-rounded"), Span::from_millis(130));
}

#[test]
fn a_prefix_that_is_none_makes_a_host_address() {
    let prefix = |file: &str| instance(file).vips[0].addr.prefix;
    assert_eq!(prefix("word-address-in-quotes"), 32);
    assert_eq!(prefix("vrrp-address-prefix-empty"), 0);
    let many = instance("word-256-addresses");
    assert_eq!((many.vips.len(), many.excluded_vips.len()), (255, 5));
}

#[test]
fn the_version_and_the_family_are_those_of_the_daemon() {
    let kind = |file: &str| {
        let instance = instance(file);
        (instance.version, instance.family)
    };
    assert_eq!(kind("vrrp-version-2-with-ipv6"), (Version::V2, AddressFamily::V6));
    assert_eq!(kind("vrrp-strict-version-2-ipv6"), (Version::V3, AddressFamily::V6));
    assert!(model("broken/vrrp-unicast-peer-ipv6.conf").is_none());
}

#[test]
fn words_that_contradict_each_other_are_settled() {
    let password = |text: &[u8; 8]| Auth::Pass(*text);
    assert_eq!(instance("word-auth-pass-two-words").auth, password(b"ab\0\0\0\0\0\0"));
    assert_eq!(instance("word-auth-pass-with-hash").auth, password(b"ab\0\0\0\0\0\0"));
    assert_eq!(instance("vrrp-auth-type-missing").auth, Auth::None);
    assert!(!instance("word-accept-and-no-accept").accept);
    assert!(!instance("word-nopreempt-false").preempt);
    assert_eq!(instance("word-track-own-interface").track_interfaces, []);
    assert_eq!(instance("vrrp-track-interface-weight").track_interfaces[0].weight, 253);
    assert_eq!(instance("vrrp-virtual-router-id-overflow").vrid.get(), 1);
}

#[test]
fn blocks_without_one_name_are_not_there() {
    assert_eq!(instances("lex-block-without-name").instances, []);
    assert_eq!(instances("lex-block-with-two-names").instances, []);
    assert_eq!(instances("vrrp-vrid-twice-unicast-and-multicast").instances.len(), 2);
}

#[test]
fn a_direction_comes_from_what_is_tracked_unless_the_line_says_another() {
    let text = "vrrp_script chk {\n script /bin/true\n weight 30 reverse\n}\nvrrp_script up {\n script /bin/true\n weight \
                30\n}\nvrrp_instance A {\n interface eth0\n virtual_router_id 1\n track_interface {\n eth1 reverse\n eth2 \
                weight 5 reverse\n }\n track_script {\n chk weight 14\n up weight 15 reverse\n }\n virtual_ipaddress {\n \
                10.0.0.10\n }\n}\nvrrp_instance B {\n interface eth0\n virtual_router_id 2\n track_script {\n chk weight 12 \
                noreverse\n up reverse\n }\n virtual_ipaddress {\n 10.0.0.11\n }\n}\n";
    let (node, report) = super::read_text("a.conf", text, "good");
    let node = node.unwrap();
    let scripts =
        |i: usize| node.instances[i].track_scripts.iter().map(|t| (t.item, t.weight, t.reverse)).collect::<Vec<_>>();
    assert_eq!(scripts(0), [(0, 14, true), (1, 15, true)]);
    assert_eq!(scripts(1), [(0, 12, false)]);
    let interfaces = &node.instances[0].track_interfaces;
    assert_eq!(interfaces.iter().map(|t| (t.weight, t.reverse)).collect::<Vec<_>>(), [(5, true)]);
    // the two lines with `reverse` alone, and the scripts
    assert_eq!(report.diagnostics.len(), 3);
}
