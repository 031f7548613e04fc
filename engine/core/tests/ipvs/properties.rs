//! What must hold for every table of servers and every sequence of connections.
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use proptest::prelude::*;
use vrrplab_engine::lvs::diff::{Wanted, diff};
use vrrplab_engine::lvs::{Arrival, DestConfig, Director, Hook, IpvsCommand, ServiceConfig, Verdict, Virtual};
use vrrplab_engine::model::lvs::{Endpoint, Forwarding, Granularity, Persistence, Protocol, Scheduler, Tunnel};
use vrrplab_engine::{Instant, Span};

use super::packets::{ACK, PSH, SYN, sums_are_right, tcp, udp};
use super::replay::Wide;

const VIP: Endpoint = Endpoint { ip: std::net::IpAddr::V4(Ipv4Addr::new(10, 99, 0, 1)), port: 80 };
const WEB: Virtual = Virtual::Address(Protocol::Tcp, VIP);

fn server(n: u8) -> Endpoint {
    Endpoint { ip: Ipv4Addr::new(10, 0, 0, n).into(), port: 8000 }
}

fn director(config: ServiceConfig, weights: &[u32]) -> Director {
    let mut director = Director::new(7, 0);
    director.apply(Instant::ZERO, &IpvsCommand::AddService(WEB, config)).unwrap();
    for (n, weight) in (1..).zip(weights) {
        let config = DestConfig { weight: *weight, ..DestConfig::default() };
        director.apply(Instant::ZERO, &IpvsCommand::AddDest(WEB, server(n), config)).unwrap();
    }
    director
}

fn by(scheduler: Scheduler) -> ServiceConfig {
    ServiceConfig { scheduler: Some(scheduler), ..ServiceConfig::default() }
}

const VIRTUAL: SocketAddr = SocketAddr::new(VIP.ip, VIP.port);

fn client(n: u32) -> SocketAddr {
    SocketAddr::new(Ipv4Addr::from(0x0b00_0000 + n / 100).into(), 20_000 + (n % 100) as u16)
}

/// Where a SYN of this client goes.
fn syn(director: &mut Director, n: u32) -> Option<Endpoint> {
    let mut packet = tcp(client(n), VIRTUAL, SYN, &[]);
    let arrival = Arrival { hook: Hook::LocalIn, mark: 0 };
    match director.packet(Instant(1), arrival, &Wide, &mut packet) {
        Verdict::Forward(ip) => Some(Endpoint { ip, port: 8000 }),
        _ => None,
    }
}

fn any_scheduler() -> impl Strategy<Value = Scheduler> {
    use Scheduler::*;
    prop::sample::select(vec![Rr, Wrr, Lc, Wlc, Lblc, Lblcr, Sh, Mh, Dh, Fo, Ovf, Sed, Nq, Twos])
}

fn a_server() -> impl Strategy<Value = (Endpoint, DestConfig)> {
    let forwarding = prop::sample::select(vec![Forwarding::Nat, Forwarding::Dr, Forwarding::Tun(Tunnel::Ipip)]);
    (1u8..6, 0u32..4, forwarding)
        .prop_map(|(n, weight, forwarding)| (server(n), DestConfig { weight, forwarding, ..DestConfig::default() }))
}

fn a_table() -> impl Strategy<Value = Vec<Wanted>> {
    let persistence = prop::option::of(
        (1u64..3).prop_map(|s| Persistence { timeout: Span::from_secs(s), granularity: Granularity::Mask(u32::MAX) }),
    );
    let config = (any_scheduler(), persistence).prop_map(|(s, persistence)| ServiceConfig { persistence, ..by(s) });
    let one = (80u16..84, config, prop::collection::btree_map(1u8..6, a_server(), 0..5));
    prop::collection::vec(one, 0..5).prop_map(|services| {
        let unique: BTreeMap<u16, Wanted> = services
            .into_iter()
            .map(|(port, config, dests)| {
                let key = Virtual::Address(Protocol::Tcp, Endpoint { port, ..VIP });
                let dests: BTreeMap<Endpoint, DestConfig> = dests.into_values().collect();
                (port, Wanted { key, config, dests: dests.into_iter().collect() })
            })
            .collect();
        unique.into_values().collect()
    })
}

fn present(director: &Director) -> Vec<Wanted> {
    let mut all: Vec<Wanted> = director.services().iter().map(Wanted::from).collect();
    all.iter_mut().for_each(|one| one.dests.sort_by_key(|(key, _)| *key));
    all
}

proptest! {
    #[test]
    fn ipvs_wrr_gives_each_server_its_weight_in_a_cycle(weights in prop::collection::vec(0u32..12, 1..8), before in 0u32..20) {
        let mut director = director(by(Scheduler::Wrr), &weights);
        let divisor = weights.iter().fold(0, |g: u32, w| gcd(g, *w)).max(1);
        let cycle: u32 = weights.iter().sum::<u32>() / divisor;
        for n in 0..before {
            syn(&mut director, n);
        }
        let mut got: BTreeMap<Endpoint, i64> = BTreeMap::new();
        for n in before..before + cycle {
            *got.entry(syn(&mut director, n).unwrap()).or_default() += 1;
        }
        for (n, weight) in (1..).zip(&weights) {
            let have = got.get(&server(n)).copied().unwrap_or(0);
            prop_assert!((have - i64::from(weight / divisor)).abs() <= 1, "{weights:?}: {got:?}");
        }
    }

    #[test]
    fn ipvs_weight_0_gets_no_new_connection(scheduler in any_scheduler(), weights in prop::collection::vec(0u32..4, 1..6)) {
        let mut director = director(by(scheduler), &weights);
        for n in 0..60 {
            if let Some(Endpoint { ip: std::net::IpAddr::V4(ip), .. }) = syn(&mut director, n) {
                prop_assert!(weights[usize::from(ip.octets()[3]) - 1] > 0);
            }
        }
    }

    #[test]
    fn ipvs_a_persistent_client_follows_its_template_even_to_weight_0(scheduler in any_scheduler(), quiescent in any::<bool>()) {
        let timeout = Span::from_secs(300);
        let persistence = Some(Persistence { timeout, granularity: Granularity::Mask(0xffff_ff00) });
        let mut director = director(ServiceConfig { persistence, ..by(scheduler) }, &[1, 1]);
        director.sysctl.expire_quiescent_template = quiescent;
        let first = syn(&mut director, 0).unwrap();
        let idle = DestConfig { weight: 0, ..DestConfig::default() };
        director.apply(Instant(1), &IpvsCommand::EditDest(WEB, first, idle)).unwrap();
        let second = syn(&mut director, 1);
        if quiescent {
            prop_assert_ne!(second, Some(first));
        } else {
            prop_assert_eq!(second, Some(first));
        }
    }

    #[test]
    fn ipvs_a_diff_leads_from_any_table_to_any_other(from in a_table(), to in a_table()) {
        let mut director = Director::new(1, 0);
        for command in diff(&[], &from) {
            director.apply(Instant::ZERO, &command).unwrap();
        }
        prop_assert_eq!(&present(&director), &from);
        let commands = diff(&from, &to);
        for command in &commands {
            director.apply(Instant::ZERO, command).unwrap();
        }
        prop_assert_eq!(&present(&director), &to);
        prop_assert_eq!(diff(&to, &to), vec![]);
        for left_out in 0..commands.len() {
            let mut shorter = Director::new(1, 0);
            for command in diff(&[], &from) {
                shorter.apply(Instant::ZERO, &command).unwrap();
            }
            for (at, command) in commands.iter().enumerate() {
                if at != left_out {
                    let _refused = shorter.apply(Instant::ZERO, command);
                }
            }
            prop_assert_ne!(&present(&shorter), &to, "{:?} is superfluous", commands[left_out]);
        }
    }

    #[test]
    fn ipvs_nat_there_and_back_is_identity(data in prop::collection::vec(any::<u8>(), 0..64), n in 0u32..5000, datagram in any::<bool>()) {
        let key = if datagram { Virtual::Address(Protocol::Udp, VIP) } else { WEB };
        let mut director = Director::new(1, 0);
        director.apply(Instant::ZERO, &IpvsCommand::AddService(key, by(Scheduler::Rr))).unwrap();
        director.apply(Instant::ZERO, &IpvsCommand::AddDest(key, server(1), DestConfig::default())).unwrap();
        let inside = SocketAddr::new(server(1).ip, 8000);
        let packet = |from, to, flags| if datagram { udp(from, to, &data) } else { tcp(from, to, flags, &data) };
        let mut there = packet(client(n), VIRTUAL, SYN);
        let verdict = director.packet(Instant(1), Arrival { hook: Hook::LocalIn, mark: 0 }, &Wide, &mut there);
        prop_assert_eq!(verdict, Verdict::Forward(inside.ip()));
        prop_assert!(sums_are_right(&there));
        let mut expected = packet(client(n), inside, SYN);
        vrrplab_wire::rewrite::decrement_ttl(&mut expected);
        prop_assert_eq!(there, expected);
        let mut back = packet(inside, client(n), PSH | ACK);
        let verdict = director.packet(Instant(2), Arrival { hook: Hook::Forward, mark: 0 }, &Wide, &mut back);
        prop_assert_eq!(verdict, Verdict::Answer);
        prop_assert_eq!(back, packet(VIRTUAL, client(n), PSH | ACK));
    }

    #[test]
    fn ipvs_who_comes_only_when_woken_sees_the_same(
        moves in prop::collection::vec((0u64..40, 0u32..6, prop::sample::select(vec![SYN, ACK, 0x11, 0x04])), 1..60),
        persistent in any::<bool>(),
    ) {
        let timeout = Span::from_secs(20);
        let persistence = persistent.then_some(Persistence { timeout, granularity: Granularity::Mask(u32::MAX) });
        let config = ServiceConfig { persistence, ..by(Scheduler::Wlc) };
        let (mut woken, mut restless) = (director(config, &[1, 2]), director(config, &[1, 2]));
        let mut now = 0u64;
        for (wait, n, flags) in moves {
            for _ in 0..wait {
                now += 1_000_000_000;
                restless.handle(Instant(now));
            }
            restless.handle(Instant(now));
            while let Some(wake) = woken.next_wake().filter(|wake| *wake <= Instant(now)) {
                woken.handle(wake);
            }
            let arrival = Arrival { hook: Hook::LocalIn, mark: 0 };
            let mut packet = tcp(client(n), VIRTUAL, flags, &[]);
            let mut same = packet.clone();
            let one = woken.packet(Instant(now), arrival, &Wide, &mut packet);
            let other = restless.packet(Instant(now), arrival, &Wide, &mut same);
            prop_assert_eq!((one, packet), (other, same));
            prop_assert_eq!(woken.services(), restless.services());
            prop_assert_eq!(woken.conns().len(), restless.conns().len());
        }
    }

    #[test]
    fn ipvs_counters_are_the_sum_of_the_connections(
        moves in prop::collection::vec((0u64..90, 0u32..8, prop::sample::select(vec![SYN, ACK, 0x11, 0x04]), 0u8..8), 1..80),
        config in (any_scheduler(), any::<bool>(), any::<bool>()),
    ) {
        let timeout = Span::from_secs(20);
        let persistence = config.1.then_some(Persistence { timeout, granularity: Granularity::Mask(u32::MAX) });
        let mut director = director(ServiceConfig { persistence, ..by(config.0) }, &[1, 2, 3]);
        director.sysctl.expire_nodest_conn = config.2;
        let mut now = Instant::ZERO;
        for (wait, n, flags, change) in moves {
            now += Span::from_secs(wait);
            director.handle(now);
            let (one, idle) = (server(1), DestConfig { weight: 0, ..DestConfig::default() });
            let _refused = match change {
                0 => director.apply(now, &IpvsCommand::DeleteDest(WEB, one)),
                1 => director.apply(now, &IpvsCommand::AddDest(WEB, one, DestConfig::default())),
                2 => director.apply(now, &IpvsCommand::EditDest(WEB, server(2), idle)),
                _ => Ok(()),
            };
            let mut packet = tcp(client(n), VIRTUAL, flags, &[]);
            director.packet(now, Arrival { hook: Hook::LocalIn, mark: 0 }, &Wide, &mut packet);
            director.handle(now);
            for dest in &director.services()[0].dests {
                let views = director.connections(now);
                let count = |of: &dyn Fn(&vrrplab_engine::lvs::ConnView) -> bool| {
                    views.iter().filter(|c| c.server.0 == dest.key.ip && of(c)).count() as u32
                };
                prop_assert_eq!(dest.persistent, count(&|c| c.template));
                prop_assert_eq!(dest.active + dest.inactive, count(&|c| !c.template));
                prop_assert_eq!(dest.active, count(&|c| matches!(c.state, "SYN_RECV" | "ESTABLISHED")));
            }
        }
    }

    #[test]
    fn ipvs_any_bytes_pass_or_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..120), first in 0u8..4) {
        let mut director = director(by(Scheduler::Rr), &[1]);
        let mut packet = bytes;
        if let Some(byte) = packet.first_mut() {
            *byte = [0x45, 0x46, 0x60, 0x4f][usize::from(first)];
        }
        if packet.len() > 24 && packet[0] == 0x45 {
            packet[9] = [6, 17, 1, 4][usize::from(packet[10]) % 4];
            packet[16..20].copy_from_slice(&[10, 99, 0, 1]);
            packet[22..24].copy_from_slice(&[0, 80]);
        }
        for hook in [Hook::LocalIn, Hook::Forward, Hook::LocalOut] {
            director.packet(Instant(1), Arrival { hook, mark: 0 }, &Wide, &mut packet.clone());
        }
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}
