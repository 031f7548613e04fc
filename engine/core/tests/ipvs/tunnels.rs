//! Wrapped packets, and packets too large or too old for their way.
use vrrplab_engine::lvs::{Arrival, DestConfig, Director, Hook, IpvsCommand, Verdict, Virtual};
use vrrplab_engine::model::lvs::{Endpoint, Forwarding, Protocol, Scheduler, Tunnel, TunnelChecksum};
use vrrplab_wire::flow::{Flow, add_words, fold};
use vrrplab_wire::rewrite::checksum_v4;

use super::packets::{SYN, icmp_error, sums_are_right, tcp, udp};
use super::stories::{at, by, do_all, endpoint, send};

fn director(forwarding: Forwarding) -> Director {
    let key = Virtual::Address(Protocol::Udp, endpoint("10.99.0.1:53"));
    let config = DestConfig { forwarding, ..DestConfig::default() };
    let mut director = Director::new(1, 0);
    let server = IpvsCommand::AddDest(key, endpoint("10.0.0.11:53"), config);
    do_all(&mut director, at(0), &[IpvsCommand::AddService(key, by(Scheduler::Rr)), server]);
    director
}

/// A datagram of so many bytes in all, with this class of service.
fn question(length: usize, class: u8) -> Vec<u8> {
    let data = vec![7; length - 28];
    let mut packet = udp("10.1.0.5:4000".parse().unwrap(), "10.99.0.1:53".parse().unwrap(), &data);
    packet[1] = class;
    checksum_v4(&mut packet);
    packet
}

fn wrapped(forwarding: Forwarding, packet: &[u8]) -> Vec<u8> {
    let mut packet = packet.to_vec();
    let verdict = send(&mut director(forwarding), at(1), Hook::LocalIn, &mut packet);
    assert_eq!(verdict, Verdict::Forward("10.0.0.11".parse().unwrap()));
    packet
}

#[test]
fn ipvs_ip_in_ip_copies_class_ttl_and_df() {
    let inner = question(100, 0xb8 | 3); // EF, congestion experienced
    let packet = wrapped(Forwarding::Tun(Tunnel::Ipip), &inner);
    assert_eq!(packet.len(), 120);
    assert_eq!(packet[..12], [0x45, 0xb8 | 2, 0, 120, 0, 0, 0x40, 0, 63, 4, packet[10], packet[11]]);
    assert_eq!(packet[12..20], [10, 0, 0, 254, 10, 0, 0, 11]);
    assert_eq!(fold(add_words(0, &packet[..20])), 0);
    assert_eq!((packet[28], &packet[32..]), (63, &inner[12..]));
    assert!(sums_are_right(&packet[20..]));
}

#[test]
fn ipvs_gue_and_gre_add_their_headers() {
    let inner = question(100, 0);
    let gue = wrapped(Forwarding::Tun(Tunnel::Gue(6080, TunnelChecksum::Csum)), &inner);
    assert_eq!((gue.len(), gue[9]), (132, 17));
    assert_eq!((&gue[22..26], &gue[28..32]), (&[0x17, 0xc0, 0, 112][..], &[0, 4, 0, 0][..]));
    assert!(sums_are_right(&gue) && sums_are_right(&gue[32..]));
    let plain = wrapped(Forwarding::Tun(Tunnel::Gre(TunnelChecksum::None)), &inner);
    assert_eq!((plain.len(), plain[9], &plain[20..24]), (124, 47, &[0, 0, 8, 0][..]));
    let summed = wrapped(Forwarding::Tun(Tunnel::Gre(TunnelChecksum::Csum)), &inner);
    assert_eq!((summed.len(), &summed[20..24]), (128, &[0x80, 0, 8, 0][..]));
    assert_eq!(fold(add_words(0, &summed[20..])), 0);
}

#[test]
fn ipvs_a_packet_that_does_not_fit_is_refused_with_the_size_that_does() {
    for (forwarding, room) in [
        (Forwarding::Nat, 1500u16),
        (Forwarding::Dr, 1500),
        (Forwarding::Tun(Tunnel::Ipip), 1480),
        (Forwarding::Tun(Tunnel::Gue(6080, TunnelChecksum::None)), 1468),
        (Forwarding::Tun(Tunnel::Gre(TunnelChecksum::Csum)), 1472),
    ] {
        let fits = send(&mut director(forwarding), at(1), Hook::LocalIn, &mut question(usize::from(room), 0));
        assert!(matches!(fits, Verdict::Forward(_)), "{forwarding:?}");
        let mut large = question(usize::from(room) + 1, 0);
        let Verdict::Refuse(error) = send(&mut director(forwarding), at(1), Hook::LocalIn, &mut large) else {
            panic!()
        };
        assert_eq!((&error[20..22], &error[26..28]), (&[3, 4][..], &room.to_be_bytes()[..]), "{forwarding:?}");
        let mut divisible = question(usize::from(room) + 1, 0);
        divisible[6] = 0;
        checksum_v4(&mut divisible);
        let verdict = send(&mut director(forwarding), at(1), Hook::LocalIn, &mut divisible);
        assert!(matches!(verdict, Verdict::Forward(_)), "{forwarding:?}");
    }
}

#[test]
fn ipvs_a_packet_at_the_end_of_its_life_is_refused() {
    for forwarding in [Forwarding::Nat, Forwarding::Dr, Forwarding::Tun(Tunnel::Ipip)] {
        let mut packet = question(60, 0);
        packet[8] = 1;
        checksum_v4(&mut packet);
        let Verdict::Refuse(error) = send(&mut director(forwarding), at(1), Hook::LocalIn, &mut packet) else {
            panic!()
        };
        assert_eq!(error[20..22], [11, 0]);
    }
}

#[test]
fn ipvs_an_error_about_an_own_tunnel_packet_reaches_the_client() {
    struct Here;
    impl vrrplab_engine::lvs::Paths for Here {
        fn is_local(&self, ip: std::net::IpAddr) -> bool {
            ip == "10.0.0.254".parse::<std::net::IpAddr>().unwrap()
        }
        fn mtu(&self, _: std::net::IpAddr) -> u16 {
            1500
        }
        fn source(&self, _: std::net::IpAddr) -> std::net::IpAddr {
            "10.0.0.254".parse().unwrap()
        }
    }
    let arrival = Arrival { hook: Hook::LocalIn, mark: 0 };
    let mut director = director(Forwarding::Tun(Tunnel::Ipip));
    let mut packet = question(1400, 0);
    director.packet(at(1), arrival, &Here, &mut packet);
    let router = "10.0.0.1".parse().unwrap();
    let mut error = vrrplab_wire::icmp::error(&packet, vrrplab_wire::icmp::Unreachable::TooBig(1300), router).unwrap();
    let Verdict::Refuse(told) = director.packet(at(2), arrival, &Here, &mut error) else { panic!() };
    let flow = Flow::read(&told).unwrap();
    assert_eq!(flow.dest, "10.1.0.5".parse::<std::net::IpAddr>().unwrap());
    assert_eq!((&told[20..22], &told[26..28]), (&[3, 4][..], &1280u16.to_be_bytes()[..]));
}

#[test]
fn ipvs_icmp_about_nothing_known_passes() {
    let mut director = director(Forwarding::Nat);
    let inner = ("10.99.0.1:53".parse().unwrap(), "10.1.0.5:9".parse().unwrap());
    let mut error = icmp_error("10.1.0.1".parse().unwrap(), "10.99.0.1".parse().unwrap(), 3, 3, inner);
    assert_eq!(send(&mut director, at(1), Hook::LocalIn, &mut error), Verdict::Accept);
}

#[test]
fn ipvs_a_server_on_the_director_itself_gets_its_packets_handed_up() {
    struct Own;
    impl vrrplab_engine::lvs::Paths for Own {
        fn is_local(&self, _: std::net::IpAddr) -> bool {
            true
        }
        fn mtu(&self, _: std::net::IpAddr) -> u16 {
            1500
        }
        fn source(&self, to: std::net::IpAddr) -> std::net::IpAddr {
            to
        }
    }
    let key = Virtual::Address(Protocol::Tcp, endpoint("10.99.0.1:80"));
    let mut director = Director::new(1, 0);
    let own = Endpoint { port: 8080, ..endpoint("10.0.0.254:80") };
    let add = IpvsCommand::AddDest(key, own, DestConfig::default());
    do_all(&mut director, at(0), &[IpvsCommand::AddService(key, by(Scheduler::Rr)), add]);
    let mut packet = tcp("10.1.0.5:30000".parse().unwrap(), "10.99.0.1:80".parse().unwrap(), SYN, &[]);
    let arrival = Arrival { hook: Hook::LocalIn, mark: 0 };
    assert_eq!(director.packet(at(1), arrival, &Own, &mut packet), Verdict::Deliver);
    let flow = Flow::read(&packet).unwrap();
    assert_eq!((flow.dest, flow.dest_port, packet[8]), (own.ip, 8080, 64));
}
