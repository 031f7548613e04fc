//! A sent frame read field by field, in the spelling of recordings.
use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::IpAddr;

use vrrplab_engine::Instant;
use vrrplab_engine::model::{AddressFamily, Mac};
use vrrplab_formats::recording::{FrameSort, RecordedFrame};
use vrrplab_wire::{Envelope, VrrpView, check_arp, check_na};

/// An Ethernet address that all hear.
const BROADCAST: Mac = Mac([0xff; 6]);
/// The group of all IPv6 nodes.
const ALL_NODES: &str = "ff02::1";

/// What a field is called, and what it says.
type Fields = BTreeMap<&'static str, String>;

/// An advert, a gratuitous ARP or an unsolicited neighbour advertisement; nothing else is compared.
pub(super) fn read(at: Instant, node: &str, iface: &str, frame: &[u8]) -> Option<RecordedFrame> {
    let (sort, fields) = advert(frame).or_else(|| garp(frame)).or_else(|| na(frame))?;
    Some(RecordedFrame { at, node: node.to_owned(), iface: iface.to_owned(), sort, fields })
}

fn fields<const N: usize>(list: [(&'static str, &dyn Display); N]) -> Fields {
    list.into_iter().map(|(name, value)| (name, value.to_string())).collect()
}

fn macs(frame: &[u8]) -> Option<(Mac, Mac)> {
    Some((Mac(*frame.first_chunk()?), Mac(*frame.get(6..)?.first_chunk()?)))
}

fn advert(frame: &[u8]) -> Option<(FrameSort, Fields)> {
    let envelope = Envelope::parse(frame)?;
    let view = VrrpView::new(envelope.payload)?;
    let (family, af) = match envelope.src {
        IpAddr::V4(_) => (AddressFamily::V4, 4),
        IpAddr::V6(_) => (AddressFamily::V6, 6),
    };
    let version = view.version_nibble();
    let interval = match version {
        2 => u64::from(view.seconds()) * 1_000,
        _ => u64::from(view.centiseconds()) * 10,
    };
    let plain = version == 2 && family == AddressFamily::V4;
    let right = if plain { view.checksum_plain_ok() } else { view.checksum_pseudo_ok(envelope.src, envelope.dst) };
    let addresses: Vec<String> = view.addresses(family).map(|ip| ip.to_string()).collect();
    let mut fields = fields([
        ("af", &af),
        ("ver", &version),
        ("vrid", &view.vrid()),
        ("prio", &view.priority()),
        ("int_ms", &interval),
        ("addrs", &addresses.join(" ")),
        ("csum", &if right { "ok" } else { "bad" }),
        ("vrrp_len", &view.len()),
        ("src", &envelope.src),
        ("dst", &envelope.dst),
        ("ttl", &envelope.ttl),
        ("tos", &envelope.tos),
        ("ip_len", &envelope.total_len),
        ("smac", &envelope.src_mac),
        ("dmac", &envelope.dst_mac),
    ]);
    if family == AddressFamily::V4 {
        fields.insert("ip_id", envelope.id.to_string());
    }
    if version == 2 {
        fields.insert("auth", view.auth_type().to_string());
        if let (1, Some(data)) = (view.auth_type(), view.auth_data(family)) {
            fields.insert("auth_data", String::from_utf8_lossy(&data).trim_end_matches('\0').to_owned());
        }
    }
    Some((FrameSort::Advert { vrid: view.vrid(), release: view.priority() == 0 }, fields))
}

/// A broadcast one: the unicast answer of a kernel to an announcement looks alike and is none.
fn garp(frame: &[u8]) -> Option<(FrameSort, Fields)> {
    let arp = check_arp(frame).ok().filter(|arp| arp.sender_ip == arp.target_ip)?;
    let (dst, src) = macs(frame).filter(|(dst, _)| *dst == BROADCAST)?;
    let operation = if arp.operation == 1 { "request" } else { "reply" };
    let fields =
        fields([("ip", &arp.target_ip), ("op", &operation), ("sha", &arp.sender_mac), ("smac", &src), ("dmac", &dst)]);
    Some((FrameSort::Garp(IpAddr::V4(arp.target_ip)), fields))
}

fn na(frame: &[u8]) -> Option<(FrameSort, Fields)> {
    let na = check_na(frame).ok().filter(|na| !na.solicited && na.dst.to_string() == ALL_NODES)?;
    let (_, src) = macs(frame)?;
    let fields = fields([
        ("ip", &na.target),
        ("router", &na.router),
        ("override", &na.override_),
        ("src", &na.src),
        ("dst", &na.dst),
        ("smac", &src),
    ]);
    Some((FrameSort::Na(IpAddr::V6(na.target)), fields))
}

#[cfg(test)]
mod tests {
    use super::*;
    use vrrplab_wire::{gratuitous_arp, unsolicited_na};

    const MAC: Mac = Mac([2, 0, 0, 0, 1, 1]);

    #[test]
    fn an_announcement_is_read_field_by_field() {
        let frame = read(Instant(5), "n1", "eth0", &gratuitous_arp(MAC, [192, 0, 2, 9].into())).unwrap();
        assert_eq!(frame.sort.to_string(), "gratuitous ARP 192.0.2.9");
        let fields: Vec<String> = frame.fields.iter().map(|(name, value)| format!("{name} {value}")).collect();
        let mac = "02:00:00:00:01:01";
        let expected = ["dmac ff:ff:ff:ff:ff:ff", "ip 192.0.2.9", "op request", &format!("sha {mac}")];
        assert_eq!(fields[..4], expected);
        let frame = read(Instant(5), "n1", "eth0", &unsolicited_na(MAC, "fe80::9".parse().unwrap(), false)).unwrap();
        assert_eq!((frame.fields["router"].as_str(), frame.fields["override"].as_str()), ("false", "true"));
        assert_eq!(frame.fields["dst"], "ff02::1");
    }

    #[test]
    fn the_answer_of_a_kernel_to_an_announcement_is_no_announcement() {
        let mut answer = gratuitous_arp(MAC, [192, 0, 2, 9].into());
        answer[..6].copy_from_slice(&[2, 0, 0, 0, 2, 1]);
        assert_eq!(read(Instant(5), "n1", "eth0", &answer), None);
    }
}
