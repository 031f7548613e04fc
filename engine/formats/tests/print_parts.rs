//! The parts around instances: programs, trackers, settings, virtual servers. Printed, they are read back as they were.
use std::num::NonZeroU8;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use vrrplab_engine::health::pattern::Pattern;
use vrrplab_engine::model::command::{Deleted, Notify, Program, RunAs};
use vrrplab_engine::model::globals::{Fifo, GarpGroup, Globals, Hook, LinkDelay, LvsTimeouts, Mail, Setting, Ssl};
use vrrplab_engine::model::health::{
    Check, CheckKind, Connection, DnsCheck, DnsType, FileCheck, HttpCheck, HttpVersion, MiscCheck, RegexCheck, Timing,
    UdpCheck, UdpReply, UrlCheck,
};
use vrrplab_engine::model::lvs::{
    Endpoint, Forwarding, Granularity, GroupMember, Persistence, Protocol, RealServerModel, Scheduler, SchedulerFlags,
    ServerGroupModel, ServiceKey, SorryServer, Tunnel, TunnelChecksum, VirtualServerModel,
};
use vrrplab_engine::model::track::{ArgumentMatch, BfdModel, FileInit, FileModel, ProcessModel, ScriptModel, Tracked};
use vrrplab_engine::model::{
    AddressFlag, AddressOptions, Broadcast, IfAddr, IfIndex, InstanceModel, InterfaceModel, IpvlanMode, Mac, NodeModel,
    UnicastChecksum, Vip, VmacKind, VmacModel,
};
use vrrplab_engine::policy::Policy;
use vrrplab_engine::time::Span;
use vrrplab_formats::builder::build_node;
use vrrplab_formats::diagnostics::Report;
use vrrplab_formats::keepalived::{parse, print};

fn read_back(model: &NodeModel) -> Result<NodeModel, String> {
    let text = print(model);
    let mut report = Report::default();
    let draft = parse("keepalived.conf", &text, &mut report);
    let node = build_node("lb1", Policy::default(), model.interfaces.clone(), &draft, &mut report);
    node.ok_or_else(|| format!("{text}\n{report}"))
}

fn empty() -> NodeModel {
    let interface = InterfaceModel {
        index: IfIndex(2),
        name: "eth0".to_owned(),
        mac: Mac([2, 0, 0, 0, 0, 1]),
        addresses: Vec::new(),
        up: true,
    };
    NodeModel::new("lb1", Policy::default(), vec![interface])
}

/// A word that stands for itself.
fn name() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9._-]{0,6}"
}

/// Any text but quotes, variables and line ends.
fn text() -> impl Strategy<Value = String> {
    "[ -!#%-~]{1,6}"
}

fn run_as() -> impl Strategy<Value = RunAs> {
    (name(), option::of(name())).prop_map(|(user, group)| RunAs { user, group })
}

fn program() -> impl Strategy<Value = Program> {
    let words = vec(prop_oneof!["/[a-z]{1,5}", "[ -~]{0,5}", "[ -~가\t\n\u{2003}é]{0,5}"], 1..4);
    (words, option::of(run_as())).prop_map(|(words, user)| Program { words, user })
}

fn span() -> impl Strategy<Value = Span> {
    prop_oneof![(1..100_u64).prop_map(Span::from_secs), (1..4_000_000_000_u64).prop_map(Span::from_micros)]
}

fn endpoint() -> impl Strategy<Value = Endpoint> {
    (any::<std::net::Ipv4Addr>(), any::<u16>()).prop_map(|(ip, port)| Endpoint { ip: ip.into(), port })
}

fn globals() -> impl Strategy<Value = Globals> {
    let mail = (
        vec(text(), 0..3),
        option::of(text()),
        option::of((name(), 1_u16..)),
        any::<[Option<bool>; 3]>(),
        any::<[bool; 2]>(),
    );
    let mail = mail.prop_map(|(to, from, server, [everything, vrrp, checkers], [no_faults, servers_only])| Mail {
        to,
        from,
        server,
        everything,
        vrrp,
        checkers,
        no_faults,
        servers_only,
        ..Mail::default()
    });
    let fifo = || {
        let whole = (text(), option::of(run_as()), option::of(program()));
        option::of(whole.prop_map(|(path, owner, reader)| Fifo { path, owner, reader }))
    };
    let hook = (program(), option::of((1..1000_u64).prop_map(Span::from_secs)));
    let hook = option::of(hook.prop_map(|(program, timeout)| Hook { program, timeout }));
    let setting = |keyword: &str, words: &[&str], lines: &[&str]| Setting {
        keyword: keyword.to_owned(),
        words: words.iter().map(|w| (*w).to_owned()).collect(),
        lines: lines.iter().map(|l| vec![(*l).to_owned()]).collect(),
    };
    let settings = [
        setting("vrrp_rt_priority", &["50"], &[]),
        setting("net_namespace", &["blue"], &[]),
        setting("enable_dbus", &[], &[]),
        setting("linkbeat_interfaces", &[], &["eth0", "eth1"]),
        setting("umask", &["0177"], &[]),
    ];
    let surroundings = vec(prop::sample::select(settings.to_vec()), 0..5);
    let garp = option::of((span(), option::of(span()))).prop_map(|gaps| {
        let group = |(arp, na)| GarpGroup { arp_interval: Some(arp), na_interval: na, interfaces: vec!["eth0".into()] };
        gaps.into_iter().map(group).collect()
    });
    let ssl = option::of(any::<[Option<bool>; 4]>().prop_map(|which| {
        let [password, authorities, certificate, key] = which.map(|some| some.map(|_| "/a b".to_owned()));
        Ssl { password, authorities, certificate, key }
    }));
    let lvs = (option::of(1..1000_u32), option::of(1..1000_u32), any::<[bool; 4]>(), option::of(run_as()));
    (mail, fifo(), fifo(), hook, surroundings, garp, ssl, lvs).prop_map(
        |(mail, fifo, lvs_fifo, startup, surroundings, garp_groups, ssl, (tcp, udp, flags, script_user))| {
            let [lvs_flush, script_security, dynamic_interfaces, delayed] = flags;
            let delay = LinkDelay { interface: "eth0".into(), down: Span::from_secs(3), up: Span::from_secs(9) };
            Globals {
                mail,
                fifo,
                lvs_fifo,
                startup,
                surroundings,
                garp_groups,
                ssl,
                lvs_timeouts: LvsTimeouts { tcp, udp, tcp_fin: None },
                lvs_flush,
                script_security,
                script_user,
                dynamic_interfaces,
                link_delays: if delayed { vec![delay] } else { Vec::new() },
                ..Globals::default()
            }
        },
    )
}

fn script(n: usize) -> impl Strategy<Value = ScriptModel> {
    let seconds = || (1_000_000..4_000_000_000_u64).prop_map(Span::from_micros);
    (program(), seconds(), seconds(), -253..=253_i16, any::<[bool; 2]>(), 1..=u32::MAX).prop_map(
        move |(program, interval, timeout, weight, [reverse, init_fail], rise)| {
            let name = format!("s{n}");
            ScriptModel { name, program, interval, timeout, weight, reverse, rise, fall: 2, init_fail }
        },
    )
}

fn file(n: usize) -> impl Strategy<Value = FileModel> {
    let init = option::of((any::<i32>(), any::<bool>()).prop_map(|(value, overwrite)| FileInit { value, overwrite }));
    (text(), -254..=254_i16, any::<bool>(), init).prop_map(move |(path, weight, reverse, init)| FileModel {
        name: format!("f{n}"),
        path,
        weight,
        reverse,
        init,
    })
}

fn process() -> impl Strategy<Value = ProcessModel> {
    let matched = [None, Some(ArgumentMatch::Exact), Some(ArgumentMatch::Initial), Some(ArgumentMatch::Partial)];
    let arguments = prop::sample::select(matched.to_vec());
    (program(), arguments, any::<[bool; 2]>(), -254..=254_i16, 1..65_536_u32, option::of(0..65_536_u32)).prop_map(
        |(program, arguments, [full_command, reverse], weight, quorum, quorum_max)| ProcessModel {
            name: "p".to_owned(),
            command: program.words,
            arguments,
            full_command,
            weight,
            reverse,
            quorum,
            quorum_max: quorum_max.map(|most| most.max(quorum)),
            fork_delay: Span::from_millis(250),
            terminate_delay: Span::ZERO,
        },
    )
}

fn bfd() -> impl Strategy<Value = BfdModel> {
    (1..100_u64, 1..=255_u8, option::of(any::<u8>()), 1..=255_u8, any::<[bool; 2]>(), -253..=253_i16).prop_map(
        |(min_rx, ttl, max_hops, multiplier, [passive, reverse], weight)| BfdModel {
            name: "b".to_owned(),
            neighbour: "10.0.0.9".parse().unwrap(),
            source: None,
            min_rx: Span::from_micros(min_rx * 1_000 + 250),
            min_tx: Span::from_millis(10),
            idle_tx: Span::from_millis(1000),
            multiplier,
            passive,
            ttl,
            max_hops: max_hops.map(|hops| hops.min(ttl)),
            weight,
            reverse,
            for_vrrp: true,
            for_checkers: true,
        },
    )
}

fn notify() -> impl Strategy<Value = Notify> {
    let some = || option::of(program());
    let deleted = option::of(some().prop_map(|program| Deleted { program }));
    (some(), some(), some(), some(), deleted, any::<[Option<bool>; 2]>()).prop_map(
        |(master, fault, lower_priority, any, deleted, [mail, priority_changes])| Notify {
            master,
            backup: None,
            fault,
            stop: None,
            deleted,
            lower_priority,
            any,
            mail,
            priority_changes,
        },
    )
}

fn options() -> impl Strategy<Value = AddressOptions> {
    let broadcasts = [Broadcast::Ones, Broadcast::Zeros, Broadcast::Address("10.0.0.255".parse().unwrap())];
    let flags = vec![AddressFlag::Home, AddressFlag::Dad, AddressFlag::NoPrefixRoute, AddressFlag::UseVmac];
    let flags = prop::sample::subsequence(flags, 0..4);
    let broadcast = option::of(prop::sample::select(broadcasts.to_vec()));
    (broadcast, option::of(any::<u8>()), option::of(name()), flags, option::of(any::<u32>())).prop_map(
        |(broadcast, scope, label, flags, preferred_lft)| {
            let peer = scope.map(|last| IfAddr { ip: [10, 0, 0, last].into(), prefix: 24 });
            AddressOptions { broadcast, scope, label, peer, flags, preferred_lft }
        },
    )
}

fn vmac() -> impl Strategy<Value = VmacModel> {
    let modes = [IpvlanMode::Bridge, IpvlanMode::Private, IpvlanMode::Vepa];
    let addr = option::of(Just(IfAddr { ip: [10, 0, 0, 7].into(), prefix: 24 }));
    let ipvlan = (addr, prop::sample::select(modes.to_vec())).prop_map(|(addr, mode)| VmacKind::Ipvlan { addr, mode });
    let macvlan = option::of(any::<[u8; 6]>())
        .prop_map(|mac| VmacKind::Macvlan(mac.map(|[a, b, c, d, e, f]| Mac([a & 0xfe, b, c, d, e, f]))));
    (prop_oneof![macvlan, ipvlan], option::of("[a-z]{1,3}x"), any::<[bool; 2]>())
        .prop_map(|(kind, name, [xmit_base, for_addresses])| VmacModel { kind, name, xmit_base, for_addresses })
}

fn tracked(items: usize, most: i16) -> impl Strategy<Value = Vec<Tracked>> {
    let one = |item| (-most..=most, any::<bool>()).prop_map(move |(weight, reverse)| Tracked { item, weight, reverse });
    let all: Vec<_> = (0..items).map(one).collect();
    (all, 0..=items).prop_map(|(mut all, count)| all.split_off(count))
}

fn instance(scripts: usize, files: usize) -> impl Strategy<Value = InstanceModel> {
    let checksums = [UnicastChecksum::Either, UnicastChecksum::Old, UnicastChecksum::Never];
    let checksum = prop::sample::select(checksums.to_vec());
    let tracks = (tracked(scripts, 253), tracked(files, 254), tracked(1, 254), tracked(1, 253));
    (tracks, notify(), options(), option::of(vmac()), checksum, any::<[bool; 5]>(), 0..=4_u8).prop_map(
        |(tracks, notify, options, vmac, unicast_checksum, flags, debug)| {
            let mut i = InstanceModel::new("VI", IfIndex(2), NonZeroU8::MIN);
            let [strict, accept, promote, track_source, fault_without_peers] = flags;
            i.vips = vec![Vip { options, ..Vip::new(IfAddr { ip: [10, 0, 0, 1].into(), prefix: 24 }, i.iface) }];
            (i.track_scripts, i.track_files, i.track_processes, i.track_bfds) = tracks;
            (i.notify, i.vmac, i.unicast_checksum, i.debug) = (notify, vmac, unicast_checksum, debug);
            (i.strict, i.accept, i.promote_secondaries) = (strict, accept, promote);
            (i.track_source, i.fault_without_peers) = (track_source, fault_without_peers);
            if strict {
                i.accept = false;
                i.garp.lower_prio_delay = Span::ZERO;
                i.garp.lower_prio_repeat = 0;
                i.lower_prio_no_advert = true;
                if let Some(vmac) = &mut i.vmac {
                    vmac.xmit_base = false;
                }
            }
            if let (true, Some(vmac)) = (i.macvlan().is_some() && i.is_unicast(), i.vmac.as_mut()) {
                vmac.xmit_base = true;
            }
            i
        },
    )
}

fn forwarding() -> impl Strategy<Value = Forwarding> {
    let sum = [TunnelChecksum::None, TunnelChecksum::Csum, TunnelChecksum::RemCsum];
    prop_oneof![
        Just(Forwarding::Nat),
        Just(Forwarding::Dr),
        Just(Forwarding::Tun(Tunnel::Ipip)),
        (1_u16.., prop::sample::select(sum.to_vec())).prop_map(|(port, s)| Forwarding::Tun(Tunnel::Gue(port, s))),
        prop::sample::select(sum[..2].to_vec()).prop_map(|s| Forwarding::Tun(Tunnel::Gre(s))),
    ]
}

fn url(host: Option<String>) -> impl Strategy<Value = UrlCheck> {
    let option = prop::sample::select(vec!["caseless", "multiline", "dotall"]).prop_map(str::to_owned);
    let regex =
        ("[a-z ()|]{1,4}b", any::<bool>(), vec(option, 0..3), any::<[u32; 2]>(), option::of((1..99_u64, 1..99_u64)));
    let regex = regex.prop_map(|(pattern, must_not_match, options, [min, max], stack)| RegexCheck {
        pattern,
        must_not_match,
        options,
        min_offset: min.min(max).into(),
        max_offset: max.into(),
        stack,
    });
    let regex = regex.prop_filter("keepalived forgets wrong ones", |regex| Pattern::read(regex).is_ok());
    let status = vec((100..300_u16, 300..=599_u16), 0..3);
    (text(), option::of("[0-9a-f]{32}"), status, option::of(name()), option::of(regex)).prop_map(
        move |(path, digest, status, own, regex)| {
            let virtual_host = own.or_else(|| host.clone());
            UrlCheck { path, digest, status, virtual_host, regex }
        },
    )
}

fn kind(host: Option<String>) -> BoxedStrategy<CheckKind> {
    let versions = [HttpVersion::V1_0, HttpVersion::V1_0Close, HttpVersion::V1_1];
    let version = prop::sample::select(versions.to_vec());
    let http = (version, any::<[bool; 3]>(), option::of(name())).prop_flat_map(move |(version, flags, own)| {
        let virtual_host = own.or_else(|| host.clone());
        let [tls, sni, fast_recovery] = flags;
        vec(url(virtual_host.clone()), 1..3).prop_map(move |urls| {
            let virtual_host = virtual_host.clone();
            CheckKind::Http(HttpCheck { tls, version, sni, fast_recovery, tls_compliant: false, virtual_host, urls })
        })
    });
    let dns = (prop::sample::select(DnsType::ALL.to_vec()), "[a-z]{1,3}(\\.[a-z0-9_-]{1,4}){0,2}");
    let misc = (program(), 0..=4294_u64, any::<bool>());
    let nibble = || prop_oneof![(0..16_u8).prop_map(|n| (n, 15_u8)), Just((0, 0))];
    let byte = (nibble(), nibble()).prop_map(|(h, l)| (h.0 << 4 | l.0, h.1 << 4 | l.1));
    let reply = (vec(byte, 0..4), 0..200_u16, 200_u16..);
    let reply = reply.prop_map(|(pattern, min_length, max_length)| UdpReply { pattern, min_length, max_length });
    prop_oneof![
        Just(CheckKind::Tcp),
        Just(CheckKind::Ping),
        http,
        text().prop_map(CheckKind::Smtp),
        dns.prop_map(|(kind, name)| CheckKind::Dns(DnsCheck { kind, name })),
        misc.prop_map(|(program, timeout, dynamic)| {
            CheckKind::Misc(MiscCheck { program, timeout: Span::from_secs(timeout), dynamic })
        }),
        (vec(any::<u8>(), 0..4), option::of(reply))
            .prop_map(|(payload, reply)| CheckKind::Udp(UdpCheck { payload, reply })),
        (0..2_usize, -i32::MAX..=i32::MAX, any::<bool>())
            .prop_map(|(file, weight, reverse)| CheckKind::File(FileCheck { file, weight, reverse })),
        Just(CheckKind::Bfd(0)),
    ]
    .boxed()
}

fn check(server: Endpoint, alpha: bool, host: Option<String>) -> impl Strategy<Value = Check> {
    let timing = (span(), span(), any::<u32>(), span());
    let from = (option::of(any::<std::net::Ipv4Addr>()), any::<u16>(), option::of(name()), any::<u32>());
    let to = option::of((any::<std::net::Ipv4Addr>(), 1_u16..));
    (kind(host), timing, any::<bool>(), any::<Option<bool>>(), to, from, span()).prop_map(
        move |(kind, timing, own_alpha, log_all_failures, to, from, timeout)| {
            let followed = matches!(kind, CheckKind::File(_) | CheckKind::Bfd(_));
            let (delay_loop, warmup, retry, delay_before_retry) = timing;
            let timing = (!followed).then_some(Timing { delay_loop, warmup, retry, delay_before_retry });
            let to = to.map_or(server, |(ip, port)| Endpoint { ip: ip.into(), port });
            let (from, from_port, interface, mark) = (from.0.map(Into::into), from.1, from.2, from.3);
            let connection = Connection { to, from, from_port, interface, mark, timeout };
            let connects = !followed && !matches!(kind, CheckKind::Misc(_));
            Check {
                timing,
                alpha: if matches!(kind, CheckKind::File(_)) { alpha } else { own_alpha },
                log_all_failures: log_all_failures.filter(|_| !followed),
                connection: connects.then_some(connection),
                kind,
            }
        },
    )
}

fn real(n: u8, host: Option<String>) -> impl Strategy<Value = RealServerModel> {
    let own = (0..=100_u32, any::<[u32; 2]>(), any::<[bool; 2]>(), option::of(name()), any::<Option<bool>>());
    (own, Just(Forwarding::Nat), option::of(program()), option::of(program())).prop_flat_map(
        move |((weight, thresholds, flags, own_host, mail), forwarding, notify_up, notify_down)| {
            let [inhibit_on_failure, alpha] = flags;
            let endpoint = Endpoint { ip: [10, 0, 0, n].into(), port: 80 };
            let virtual_host = own_host.or_else(|| host.clone());
            let checks = vec(check(endpoint, alpha, virtual_host.clone()), 0..3);
            checks.prop_map(move |mut checks| {
                let mut sessions = 0;
                checks.retain(|check| {
                    sessions += usize::from(check.kind == CheckKind::Bfd(0));
                    check.kind != CheckKind::Bfd(0) || sessions == 1
                });
                RealServerModel {
                    endpoint,
                    weight,
                    forwarding,
                    upper_threshold: thresholds[0],
                    lower_threshold: thresholds[1],
                    inhibit_on_failure,
                    alpha,
                    notify_up: notify_up.clone(),
                    notify_down: notify_down.clone(),
                    virtual_host: virtual_host.clone(),
                    snmp_name: None,
                    mail,
                    checks,
                }
            })
        },
    )
}

fn service(port: u16) -> impl Strategy<Value = VirtualServerModel> {
    let keys = [ServiceKey::Address(Endpoint { ip: [10, 9, 0, 1].into(), port }), ServiceKey::Group(0)];
    let key = prop::sample::select(keys.to_vec());
    let scheduler = prop::sample::select(Scheduler::ALL.to_vec());
    let how = (key, scheduler, any::<[bool; 8]>(), forwarding(), option::of((1..=2_678_400_u64, any::<u32>())));
    let when = (any::<[u32; 2]>(), option::of(program()), option::of((endpoint(), any::<bool>())), option::of(name()));
    (how, when).prop_flat_map(|(how, when)| {
        (real(1, when.3.clone()), real(2, when.3.clone())).prop_map(move |(first, second)| {
            let (key, scheduler, flags, forwarding, persistence) = how.clone();
            let (numbers, quorum_up, sorry, virtual_host) = when.clone();
            let [one, two, three, hashed, ha_suspend, alpha, omega, one_packet] = flags;
            let all = first.weight + second.weight;
            let quorum = if all == 0 { 0 } else { numbers[0] % all + 1 };
            let persistence = persistence.map(|(seconds, mask)| Persistence {
                timeout: Span::from_secs(seconds),
                granularity: Granularity::Mask(mask),
            });
            VirtualServerModel {
                key,
                protocol: Some(if one_packet { Protocol::Udp } else { Protocol::Sctp }),
                scheduler,
                flags: SchedulerFlags { first: one, second: two, third: three },
                hashed: hashed && matches!(scheduler, Scheduler::Sh | Scheduler::Mh),
                one_packet,
                forwarding,
                persistence,
                persistence_engine: None,
                ha_suspend,
                alpha,
                omega,
                quorum,
                hysteresis: if quorum == 0 { u32::MAX } else { numbers[1] % quorum },
                quorum_up,
                quorum_down: None,
                virtual_host,
                snmp_name: None,
                mail: None,
                sorry: sorry.map(|(endpoint, inhibit)| SorryServer { endpoint, forwarding: Forwarding::Nat, inhibit }),
                real_servers: vec![first, second],
            }
        })
    })
}

fn members() -> impl Strategy<Value = Vec<GroupMember>> {
    let one = (any::<[u8; 3]>(), 1..=255_u8, 1_u16..).prop_flat_map(|([a, b, c], d, port)| {
        let first = Endpoint { ip: [a, b, c, d].into(), port };
        prop_oneof![
            (0..=u32::from(255 - d)).prop_map(move |more| GroupMember::Addresses { first, more }),
            (9..=23_u32).prop_map(move |length| {
                let ip = std::net::Ipv4Addr::from_bits(u32::from(a) << 24 | 1 << 23 | 1 << (32 - length));
                let ip = std::net::Ipv4Addr::from_bits(ip.to_bits() >> (32 - length) << (32 - length));
                let first = Endpoint { ip: ip.into(), port };
                GroupMember::Addresses { first, more: (1 << (32 - length)) - 1 }
            }),
        ]
    });
    vec(one, 1..4)
}

prop_compose! {
    fn node()(
        globals in globals(),
        scripts in (script(0), script(1)),
        files in (file(0), file(1)),
        process in process(),
        bfd in bfd(),
        instance in instance(2, 2),
        members in members(),
        services in (service(80), service(81)),
    ) -> NodeModel {
        NodeModel {
            globals,
            scripts: vec![scripts.0, scripts.1],
            files: vec![files.0, files.1],
            processes: vec![process],
            bfds: vec![bfd],
            instances: vec![instance],
            server_groups: vec![ServerGroupModel { name: "g".to_owned(), members }],
            servers: vec![services.0, services.1],
            ..empty()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
    #[test]
    fn every_part_is_read_back_from_its_text(model in node()) {
        let read = read_back(&model);
        prop_assert!(read.is_ok(), "{}", read.unwrap_err());
        prop_assert_eq!(read.unwrap(), model.clone(), "{}", print(&model));
    }

    #[test]
    fn every_program_is_read_back_from_its_line(program in program()) {
        let model = NodeModel { globals: Globals { startup: Some(Hook { program, timeout: None }), ..Globals::default() }, ..empty() };
        prop_assert_eq!(read_back(&model), Ok(model));
    }
}
