//! Requests and answers against bytes: those that `ipvsadm` and the kernel exchanged, and those worked out by hand from the
//! numbers of the kernel's interface. All are of a little-endian host.
use std::net::IpAddr;

use netlink_packet_core::{NetlinkHeader, NetlinkMessage, NetlinkPayload};
use vrrplab_engine::Span;
use vrrplab_engine::lvs::{DestConfig, IpvsCommand, ServiceConfig, Virtual};
use vrrplab_engine::model::AddressFamily;
use vrrplab_engine::model::globals::LvsTimeouts;
use vrrplab_engine::model::lvs::{
    Endpoint, Forwarding, Granularity, Persistence, Protocol, Scheduler, SchedulerFlags, Tunnel, TunnelChecksum,
};

use super::message::{Generic, Verb, family, who_is};
use super::sync::{SyncDaemon, SyncRole};
use super::{command, sync, view};

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn at(ip: &str, port: u16) -> Endpoint {
    Endpoint { ip: ip.parse::<IpAddr>().unwrap(), port }
}

fn tcp(ip: &str, port: u16) -> Virtual {
    Virtual::Address(Protocol::Tcp, at(ip, port))
}

fn plain(scheduler: Scheduler) -> ServiceConfig {
    ServiceConfig { scheduler: Some(scheduler), ..ServiceConfig::default() }
}

fn kept(seconds: u64, granularity: Granularity) -> Option<Persistence> {
    Some(Persistence { timeout: Span::from_secs(seconds), granularity })
}

fn request(command: IpvsCommand) -> (Verb, String) {
    let (verb, attributes) = command::request(&command);
    (verb, hex(&attributes))
}

/// `ipvsadm -A -t 10.99.0.1:80 -s wrr`
#[test]
fn a_service_is_added_with_the_bytes_of_ipvsadm() {
    let asked = request(IpvsCommand::AddService(tcp("10.99.0.1", 80), plain(Scheduler::Wrr)));
    let expected = "540001800600010002000000060002000600000014000300\
        0a63000100000000000000000000000006000400005000000800060077727200\
        0c00070000000000ffffffff080008000000000008000900ffffffff";
    assert_eq!(asked, (Verb::NewService, expected.into()));
}

/// `ipvsadm -A -u 10.99.0.1:53 -s sh -b sh-port,sh-fallback -p 10800 -M 255.255.255.0`
#[test]
fn persistence_flags_and_mask_are_those_of_ipvsadm() {
    let config = ServiceConfig {
        flags: SchedulerFlags { first: true, second: true, third: false },
        persistence: kept(10_800, Granularity::Mask(0xffff_ff00)),
        ..plain(Scheduler::Sh)
    };
    let key = Virtual::Address(Protocol::Udp, at("10.99.0.1", 53));
    let expected = "540001800600010002000000060002001100000014000300\
        0a63000100000000000000000000000006000400003500000700060073680000\
        0c00070019000000ffffffff08000800302a000008000900ffffff00";
    assert_eq!(request(IpvsCommand::AddService(key, config)), (Verb::NewService, expected.into()));
}

/// `ipvsadm -A -f 7 -s rr -p 300`
#[test]
fn a_mark_has_neither_protocol_nor_address() {
    let config = ServiceConfig { persistence: kept(300, Granularity::Mask(u32::MAX)), ..plain(Scheduler::Rr) };
    let expected = "380001800600010002000000080005000700000007000600727200000c00070001000000ffffffff\
        080008002c01000008000900ffffffff";
    let asked = request(IpvsCommand::AddService(Virtual::Mark(AddressFamily::V4, 7), config));
    assert_eq!(asked, (Verb::NewService, expected.into()));
}

/// `ipvsadm -A -t [fd99::1]:443 -s mh -b mh-port -p 60 -M 64`
#[test]
fn the_prefix_of_ipv6_is_a_number_of_the_host() {
    let flags = SchedulerFlags { second: true, ..SchedulerFlags::default() };
    let config = ServiceConfig { flags, persistence: kept(60, Granularity::Prefix(64)), ..plain(Scheduler::Mh) };
    let expected = "54000180060001000a000000060002000600000014000300\
        fd9900000000000000000000000000010600040001bb0000070006006d680000\
        0c00070011000000ffffffff080008003c0000000800090040000000";
    assert_eq!(request(IpvsCommand::AddService(tcp("fd99::1", 443), config)), (Verb::NewService, expected.into()));
    let alone = request(IpvsCommand::AddService(tcp("fd99::1", 443), plain(Scheduler::Mh))).1;
    assert!(alone.ends_with("0800090080000000"), "without persistence the prefix is whole: {alone}");
}

/// `ipvsadm -A -u 10.99.0.2:53 -s rr -o`, `ipvsadm -E -t 10.99.0.1:80 -s sh`
#[test]
fn one_packet_scheduling_is_a_flag_and_an_edit_is_another_verb() {
    let config = ServiceConfig { one_packet: true, ..plain(Scheduler::Rr) };
    let key = Virtual::Address(Protocol::Udp, at("10.99.0.2", 53));
    let (_, asked) = request(IpvsCommand::AddService(key, config));
    assert!(asked.contains("0c00070004000000ffffffff"), "{asked}");
    let (verb, asked) = request(IpvsCommand::EditService(tcp("10.99.0.1", 80), plain(Scheduler::Sh)));
    assert_eq!(verb, Verb::SetService);
    assert!(asked.contains("0700060073680000"), "{asked}");
}

/// The service by its key, then family 2, address, port 8080, method 0, weight 3, thresholds 100 and 50.
#[test]
fn a_server_is_added_with_all_its_settings() {
    let config = DestConfig { forwarding: Forwarding::Nat, weight: 3, upper: 100, lower: 50 };
    let added = request(IpvsCommand::AddDest(tcp("10.99.0.1", 80), at("10.0.0.11", 8080), config));
    let service = "3000018006000100020000000600020006000000140003000a6300010000000000000000000000000600040000500000";
    let server = "06000b0002000000140001000a00000b000000000000000000000000060002001f900000";
    let settings = "0800030000000000080004000300000008000500640000000800060032000000";
    assert_eq!(added, (Verb::NewDest, format!("{service}48000280{server}{settings}")));
    let removed = request(IpvsCommand::DeleteDest(tcp("10.99.0.1", 80), at("10.0.0.11", 8080)));
    assert_eq!(removed, (Verb::DelDest, format!("{service}28000280{server}")));
    let edited = request(IpvsCommand::EditDest(tcp("10.99.0.1", 80), at("10.0.0.11", 8080), config));
    assert_eq!(edited, (Verb::SetDest, added.1));
}

#[test]
fn direct_routing_is_3_and_tunnels_are_2_with_their_kind() {
    let asked = |forwarding| {
        let config = DestConfig { forwarding, weight: 2, ..DestConfig::default() };
        request(IpvsCommand::AddDest(Virtual::Mark(AddressFamily::V4, 7), at("10.0.0.12", 0), config)).1
    };
    assert!(asked(Forwarding::Dr).contains("0800030003000000"));
    let tunnel = |tunnel| asked(Forwarding::Tun(tunnel));
    let ipip = tunnel(Tunnel::Ipip);
    assert!(ipip.contains("0800030002000000"), "{ipip}");
    assert!(ipip.ends_with("05000d000000000006000e000000000006000f0000000000"), "{ipip}");
    let gue = tunnel(Tunnel::Gue(5555, TunnelChecksum::Csum));
    assert!(gue.ends_with("05000d000100000006000e0015b3000006000f0001000000"), "{gue}");
    let gre = tunnel(Tunnel::Gre(TunnelChecksum::None));
    assert!(gre.ends_with("05000d000200000006000e000000000006000f0000000000"), "{gre}");
}

/// What the kernel shows has the attributes of what it is asked, so each request also reads as an answer.
#[test]
fn every_scheduler_with_every_flag_is_read_back_as_it_was_written() {
    let bit = |all: u8, nth: u8| all & (1 << nth) != 0;
    let granularities = [("10.99.0.1", Granularity::Mask(0xffff_0000)), ("fd99::1", Granularity::Prefix(48))];
    for (scheduler, (ip, granularity)) in Scheduler::ALL.into_iter().flat_map(|s| granularities.map(|g| (s, g))) {
        for set in 0..32 {
            let config = ServiceConfig {
                scheduler: Some(scheduler),
                flags: SchedulerFlags { first: bit(set, 0), second: bit(set, 1), third: bit(set, 2) },
                one_packet: bit(set, 3),
                persistence: if bit(set, 4) { kept(77, granularity) } else { None },
            };
            for key in [tcp(ip, 80), Virtual::Address(Protocol::Sctp, at(ip, 0)), Virtual::Mark(tcp(ip, 1).family(), 9)]
            {
                let (verb, attributes) = command::request(&IpvsCommand::AddService(key, config));
                let read = view::service(&Generic::new(32, verb as u8, attributes)).unwrap();
                assert_eq!((read.key, read.config), (key, config));
            }
        }
    }
}

#[test]
fn every_way_to_a_server_is_read_back_as_it_was_written() {
    let tunnels = [
        Tunnel::Ipip,
        Tunnel::Gue(5555, TunnelChecksum::RemCsum),
        Tunnel::Gre(TunnelChecksum::None),
        Tunnel::Gre(TunnelChecksum::Csum),
    ];
    let ways = [Forwarding::Nat, Forwarding::Dr].into_iter().chain(tunnels.map(Forwarding::Tun));
    for (nth, forwarding) in (0..).zip(ways) {
        let config = DestConfig { forwarding, weight: nth, upper: 2 * nth, lower: nth };
        for server in [at("10.0.0.11", 8080), at("fd00::11", 0)] {
            let (verb, attributes) = command::request(&IpvsCommand::AddDest(tcp("10.99.0.1", 80), server, config));
            let read = view::dest(tcp("10.99.0.1", 80), &Generic::new(32, verb as u8, attributes)).unwrap();
            assert_eq!((read.key, read.config), (server, config));
        }
    }
}

/// `ipvsadm -Ln` after the commands above: two of the kernel's answers.
#[test]
fn the_kernels_own_answers_are_read() {
    let shown = "2c01010006000100020000000600020011000000140003000a630001000000000000000000000000060004000035000007000600\
        736800000c0007001b000000ffffffff08000800302a000008000900ffffff00";
    let service = view::service(&Generic::new(32, Verb::NewService as u8, with_length(shown))).unwrap();
    assert_eq!(service.key, Virtual::Address(Protocol::Udp, at("10.99.0.1", 53)));
    assert_eq!(service.config.scheduler, Some(Scheduler::Sh));
    assert_eq!(service.config.persistence, kept(10_800, Granularity::Mask(0xffff_ff00)));
    assert!(service.config.flags.first && service.config.flags.second && !service.config.one_packet);
    let shown = "50010200140001000a00000d000000000000000000000000060002000000000008000300020000000800040002000000\
        05000d000100000006000e0015b3000006000f000100000008000500000000000800060000000000\
        08000700030000000800080002000000080009000100000006000b0002000000";
    let dest = view::dest(Virtual::Mark(AddressFamily::V4, 7), &Generic::new(32, 5, with_length(shown))).unwrap();
    assert_eq!(dest.key, at("10.0.0.13", 0));
    assert_eq!(dest.config.forwarding, Forwarding::Tun(Tunnel::Gue(5555, TunnelChecksum::Csum)));
    assert_eq!((dest.active, dest.inactive, dest.persistent), (3, 2, 1));
}

/// The bytes of an attribute that was cut short, with the length that it has now.
fn with_length(shown: &str) -> Vec<u8> {
    let mut bytes = bytes(shown);
    let length = u16::try_from(bytes.len()).unwrap();
    bytes[..2].copy_from_slice(&length.to_ne_bytes());
    bytes
}

#[test]
fn cut_answers_are_no_answers() {
    let (verb, whole) = command::request(&IpvsCommand::AddService(tcp("10.99.0.1", 80), plain(Scheduler::Rr)));
    for length in 0..whole.len() {
        assert!(view::service(&Generic::new(32, verb as u8, whole[..length].to_vec())).is_none());
    }
    assert!(view::service(&Generic::new(32, Verb::NewDest as u8, whole)).is_none(), "of another kind");
}

/// `ipvsadm --set 900 120 300`; `--start-daemon master --mcast-interface d0 --syncid 7`; `--stop-daemon master`
#[test]
fn timeouts_and_sync_daemons_have_the_bytes_of_ipvsadm() {
    let timeouts = LvsTimeouts { tcp: Some(900), tcp_fin: Some(120), udp: Some(300) };
    assert_eq!(hex(&command::timeouts(timeouts)), "08000400840300000800050078000000080006002c010000");
    let shown = Generic::new(32, Verb::SetConfig as u8, command::timeouts(timeouts));
    assert_eq!(view::timeouts(&shown), Some(timeouts));
    let some = LvsTimeouts { udp: Some(300), ..LvsTimeouts::default() };
    assert_eq!(hex(&command::timeouts(some)), "08000400000000000800050000000000080006002c010000");
    let daemon = SyncDaemon { interface: "d0".into(), id: 7, most_bytes: None, group: None, port: None, ttl: None };
    let expected = "1c000380080001000100000007000200643000000800030007000000";
    assert_eq!(hex(&sync::start(SyncRole::Master, &daemon)), expected);
    assert_eq!(hex(&sync::stop(SyncRole::Master, &daemon)), expected);
    let all = SyncDaemon {
        most_bytes: Some(1400),
        group: Some("224.0.0.99".parse().unwrap()),
        port: Some(9000),
        ttl: Some(4),
        ..daemon
    };
    let more = "060004007805000008000500e000006306000700282300000500080004000000";
    let expected = expected.replace("1c0003800800010001", "3c0003800800010002") + more;
    assert_eq!(hex(&sync::start(SyncRole::Backup, &all)), expected);
}

/// A whole request as it leaves: 32 bytes, type 16, `REQUEST|ACK`; and the kernel's answer, the family is 32.
#[test]
fn the_controller_is_asked_for_the_number_of_ipvs() {
    let mut header = NetlinkHeader::default();
    (header.flags, header.sequence_number) = (5, 0x6b00_b6a3);
    let mut message = NetlinkMessage::new(header, NetlinkPayload::InnerMessage(who_is("IPVS")));
    message.finalize();
    let mut sent = vec![0; message.buffer_len()];
    message.serialize(&mut sent);
    assert_eq!(hex(&sent), "2000000010000500a3b6006b0000000003010000090002004950565300000000");
    let answer = "2800000010000000a3b6006b6600409c010200000900020049505653000000000600010020000000";
    let NetlinkPayload::InnerMessage(read) = NetlinkMessage::<Generic>::deserialize(&bytes(answer)).unwrap().payload
    else {
        panic!("it is an answer")
    };
    assert_eq!(family(&read), Some(32));
}
