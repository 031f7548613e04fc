//! A model printed as a keepalived.conf is read back as the same model.
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU8;
use std::path::Path;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use vrrplab_engine::model::{
    AddressFamily, Auth, Garp, IfAddr, IfIndex, InstanceModel, InterfaceModel, Mac, NodeModel, SyncGroupModel,
    TrackInterface, UnicastPeer, Version, Vip,
};
use vrrplab_engine::policy::Policy;
use vrrplab_engine::time::Span;
use vrrplab_formats::builder::build_node;
use vrrplab_formats::diagnostics::Report;
use vrrplab_formats::keepalived::{parse, print};
use vrrplab_formats::recording;
use vrrplab_formats::world::Fault;

fn interfaces(names: &[&str]) -> Vec<InterfaceModel> {
    let one = |(index, name): (u8, &&str)| InterfaceModel {
        index: IfIndex(u32::from(index)),
        name: (*name).to_owned(),
        mac: Mac([2, 0, 0, 0, 0, index]),
        addresses: Vec::new(),
        up: true,
    };
    (2..).zip(names).map(one).collect()
}

fn read(text: &str, interfaces: Vec<InterfaceModel>) -> (Option<NodeModel>, Report) {
    let mut report = Report::default();
    let draft = parse("keepalived.conf", text, &mut report);
    let node = build_node("lb1", Policy::default(), interfaces, &draft, &mut report);
    (node.filter(|_| !report.is_refused()), report)
}

/// The model that its printed text gives, and what was said about the text.
fn again(model: &NodeModel) -> (NodeModel, String) {
    let text = print(model);
    let (node, report) = read(&text, model.interfaces.clone());
    let mut node = node.unwrap_or_else(|| panic!("{text}\n{report}"));
    node.name.clone_from(&model.name);
    node.policy = model.policy;
    (node, report.render(false))
}

#[test]
fn a_full_example() {
    let text = include_str!("conf/full.conf");
    let (node, report) = read(text, interfaces(&["eth0", "eth1", "eth0.100"]));
    assert_eq!(report.render(false), "");
    let node = node.unwrap();
    insta::assert_snapshot!(print(&node));
    assert_eq!(again(&node), (node, String::new()));
}

#[test]
fn every_written_file_that_can_be_read_means_the_same_when_printed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conf");
    let mut refused = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        match read(&text, interfaces(&["eth0", "eth1", "eth0.100", "eth0.12"])).0 {
            Some(node) => assert_eq!(again(&node), (node, String::new()), "{}", path.display()),
            None => refused.push(path.file_name().unwrap().to_owned()),
        }
    }
    assert_eq!(refused, ["split-instances.conf"]);
}

#[test]
fn every_recorded_configuration_means_the_same_when_printed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../captures/recordings");
    let (mut nodes, mut reloads) = (0, 0);
    for entry in fs::read_dir(folder).unwrap() {
        let dir = entry.unwrap().path();
        if !dir.is_dir() {
            continue;
        }
        let (recording, report) = recording::load(&dir, None);
        let recording = recording.unwrap_or_else(|| panic!("{report}"));
        for node in &recording.world.nodes {
            assert_eq!(again(&node.model).0, node.model, "{}", recording.name);
            nodes += 1;
        }
        for fault in &recording.world.faults {
            if let Fault::Reload(_, model) = &fault.fault {
                assert_eq!(again(model).0, **model, "{}", recording.name);
                reloads += 1;
            }
        }
    }
    assert!(nodes >= 2 * 28 && reloads >= 1, "{nodes} nodes, {reloads} reloads");
}

#[test]
fn an_interface_tracked_by_instance_and_group_is_tracked_by_both_again() {
    let instance = |name: &str, vrid: u8, lines: &str| {
        format!(
            "vrrp_instance {name} {{\n interface eth0\n virtual_router_id {vrid}\n {lines}\n virtual_ipaddress {{\n \
             10.0.0.{vrid}\n }}\n}}\n"
        )
    };
    let text = "vrrp_sync_group G {\n group {\n a\n b\n }\n track_interface {\n eth1\n }\n}\n".to_owned()
        + &instance("a", 1, "track_interface {\n eth1\n }")
        + &instance("b", 2, "track_interface {\n eth0\n }");
    let node = read(&text, interfaces(&["eth0", "eth1"])).0.unwrap();
    assert_eq!(node.instances[0].track_interfaces.len(), 2);
    assert_eq!(again(&node), (node, String::new()));
}

/// A span of whole units.
fn span(units: std::ops::RangeInclusive<u64>, micros: u64) -> impl Strategy<Value = Span> {
    units.prop_map(move |n| Span::from_micros(n * micros))
}

fn address(family: AddressFamily) -> BoxedStrategy<IpAddr> {
    match family {
        AddressFamily::V4 => any::<Ipv4Addr>().prop_map(IpAddr::V4).boxed(),
        AddressFamily::V6 => any::<Ipv6Addr>().prop_map(IpAddr::V6).boxed(),
    }
}

fn either_family() -> impl Strategy<Value = AddressFamily> {
    prop_oneof![Just(AddressFamily::V4), Just(AddressFamily::V6)]
}

fn iface(count: u32) -> impl Strategy<Value = IfIndex> {
    (0..count).prop_map(|n| IfIndex(n + 2))
}

fn vip(family: AddressFamily, count: u32) -> impl Strategy<Value = Vip> {
    let longest: u8 = if family == AddressFamily::V4 { 32 } else { 128 };
    (address(family), 0..=longest, iface(count), any::<bool>())
        .prop_map(|(ip, prefix, iface, no_track)| Vip { no_track, ..Vip::new(IfAddr { ip, prefix }, iface) })
}

fn garp() -> impl Strategy<Value = Garp> {
    let delay = || prop_oneof![Just(Span::from_secs(5)), span(0..=4_294_999_999, 1)];
    let repeat = |least: u32| prop_oneof![Just(5), least..];
    let whole = (0..=4294_u64).prop_map(Span::from_secs);
    (repeat(1), delay(), whole, repeat(1), repeat(0), delay()).prop_map(
        |(repeat, delay, refresh, refresh_repeat, lower_prio_repeat, lower_prio_delay)| Garp {
            repeat,
            delay,
            refresh,
            refresh_repeat,
            lower_prio_repeat,
            lower_prio_delay,
            ..Garp::default()
        },
    )
}

fn tracks(count: u32) -> impl Strategy<Value = Vec<TrackInterface>> {
    let one = option::of((prop_oneof![Just(0), -253..=253_i16], any::<bool>()));
    vec(one, count as usize).prop_map(|given| {
        let with_index = (2..).map(IfIndex).zip(given);
        let track = |(iface, given): (_, Option<(i16, bool)>)| given.map(|(w, r)| (iface, w, r));
        let given = with_index.filter_map(track);
        given.map(|(iface, weight, reverse)| TrackInterface { iface, weight, reverse }).collect()
    })
}

/// Who talks to whom: peers, source, TTL.
fn talk(family: AddressFamily) -> impl Strategy<Value = (Vec<UnicastPeer>, Option<IpAddr>, Option<u8>)> {
    let peer = (address(family), option::of(any::<(u8, u8)>())).prop_map(|(ip, ttl)| {
        let ordered = |(a, b): (u8, u8)| (a.min(b), a.max(b));
        UnicastPeer { ip, ttl: ttl.map(ordered) }
    });
    (vec(peer, 0..3), option::of(address(family)), option::of(any::<u8>()))
        .prop_map(|(peers, source, ttl)| (peers.clone(), source, ttl.filter(|_| !peers.is_empty())))
}

/// Anything of at most eight bytes, but for a quote.
fn auth(version: Version) -> BoxedStrategy<Auth> {
    let pass = prop_oneof!["[ -!#-~]{0,8}", "[가-힣]{1,2}"].prop_map(|text| {
        let mut bytes = [0; 8];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Auth::Pass(bytes)
    });
    match version {
        Version::V2 => prop_oneof![Just(Auth::None), pass].boxed(),
        Version::V3 => Just(Auth::None).boxed(),
    }
}

/// An instance that follows keepalived's rules; its name and VRID are still to be made unique.
fn instance(count: u32) -> impl Strategy<Value = InstanceModel> {
    let kinds = [(Version::V2, AddressFamily::V4), (Version::V3, AddressFamily::V4), (Version::V3, AddressFamily::V6)];
    let kind = prop::sample::select(kinds.to_vec());
    kind.prop_flat_map(move |(version, family)| {
        let interval = match version {
            Version::V2 => span(1..=255, 1_000_000).boxed(),
            Version::V3 => span(1..=4095, 10_000).boxed(),
        };
        let excluded = either_family().prop_flat_map(move |family| vip(family, count));
        let who = ("[ -!#-~]{0,6}", iface(count), prop_oneof![Just(255), 1_u8..=255], any::<bool>());
        let when = (interval, any::<bool>(), prop_oneof![Just(Span::ZERO), span(0..=1_000_000_000, 1)], 1_u8..=100);
        let what = (vec(vip(family, count), 1..4), vec(excluded, 0..3), tracks(count));
        let how = (auth(version), talk(family), garp(), any::<[bool; 5]>());
        (who, when, what, how).prop_map(move |(who, when, what, how)| {
            let (name, iface, priority, wants_master) = who;
            let mut i = InstanceModel::new(&name, iface, NonZeroU8::MIN);
            (i.version, i.family) = (version, family);
            (i.priority, i.wants_master) = (NonZeroU8::new(priority).unwrap(), wants_master);
            let (advert_int, preempt, delay, adverts) = when;
            (i.advert_int, i.down_timer_adverts) = (advert_int, adverts);
            i.preempt = preempt || wants_master || i.is_owner();
            i.preempt_delay = if wants_master || !i.preempt { Span::ZERO } else { delay };
            (i.vips, i.excluded_vips, i.track_interfaces) = what;
            (i.auth, (i.unicast_peers, i.source, i.unicast_ttl), i.garp, _) = how;
            [
                i.lower_prio_no_advert,
                i.higher_prio_send_advert,
                i.skip_check_adv_addr,
                i.check_unicast_src,
                i.dont_track_primary,
            ] = how.3;
            // keepalived complains about these, and drops some
            i.check_unicast_src &= !i.unicast_peers.is_empty();
            let (owner, iface) = (i.is_owner(), i.iface);
            i.track_interfaces.retain(|t| t.iface != iface && !(owner && t.weight != 0));
            i
        })
    })
}

/// A node with names that end in their position, and perhaps one group of the first instances.
fn node() -> impl Strategy<Value = NodeModel> {
    let names = ["eth0", "eth0.100", "br-lan"];
    (1..=3_u32).prop_flat_map(move |count| {
        let grouped = option::of(("[ -!#-~]{0,6}", 2..=4_usize, tracks(count)));
        (vec(instance(count), 1..=4), 1..=250_u8, grouped).prop_map(move |(mut instances, first, grouped)| {
            for (position, instance) in (0_u8..).zip(&mut instances) {
                instance.name += &position.to_string();
                instance.vrid = NonZeroU8::new(first + position).unwrap();
            }
            let mut sync_groups = Vec::new();
            if let Some((name, size, tracks)) = grouped.filter(|_| instances.len() >= 2) {
                let members: Vec<usize> = (0..size.min(instances.len())).rev().collect();
                let mut tracks = tracks;
                let none_of = |t: &TrackInterface| {
                    let own = |m: &usize| instances[*m].iface == t.iface || instances[*m].is_owner() && t.weight != 0;
                    !members.iter().any(own)
                };
                tracks.retain(none_of);
                for &member in &members {
                    instances[member].track_interfaces.extend(&tracks);
                }
                // without it the members' weights would be dropped
                let tracking_weight =
                    members.iter().any(|m| instances[*m].track_interfaces.iter().any(|t| t.weight != 0));
                sync_groups.push(SyncGroupModel { tracking_weight, ..SyncGroupModel::new(&(name + "G"), members) });
            }
            let interfaces = interfaces(&names[..count as usize]);
            NodeModel { instances, sync_groups, ..NodeModel::new("lb1", Policy::default(), interfaces) }
        })
    })
}

proptest! {
    #[test]
    fn every_valid_model_is_read_back_from_its_text(model in node()) {
        let (read_back, complaints) = again(&model);
        // A `$` may look like a variable that nobody defined: it stays as it is written, with a warning.
        if !print(&model).contains('$') {
            prop_assert_eq!(complaints, "");
        }
        prop_assert_eq!(&read_back, &model);
        prop_assert_eq!(print(&read_back), print(&model));
    }
}
