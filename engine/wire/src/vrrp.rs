//! The VRRP message: a lenient view of received bytes, and the advert to send with its frame.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use smoltcp::wire::{
    ETHERNET_HEADER_LEN, EthernetAddress, EthernetFrame, EthernetProtocol, EthernetRepr, IPV4_HEADER_LEN,
    IPV6_HEADER_LEN, IpProtocol, Ipv4Packet, Ipv6Packet, checksum,
};

use crate::envelope::PROTOCOL_VRRP;
use crate::{AddressFamily, Mac, Version};

/// The IPv4 group that adverts go to.
pub const GROUP_V4: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);
/// The IPv6 group that adverts go to.
pub const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12);

/// The fixed part of every VRRP message.
const HEADER: usize = 8;
/// The authentication data behind the addresses of a version 2 message.
const AUTH: usize = 8;
/// DSCP CS6, the precedence of routing protocols: 0xc0 as a TOS byte.
const DSCP: u8 = 0xc0 >> 2;
/// Authentication type of version 2: a password in clear text.
const AUTH_SIMPLE: u8 = 1;

/// The Ethernet address of a multicast group; `None` for any other address.
pub fn multicast_mac(ip: IpAddr) -> Option<Mac> {
    match ip {
        IpAddr::V4(ip) if ip.is_multicast() => {
            let [_, b, c, d] = ip.octets();
            Some(Mac([0x01, 0x00, 0x5e, b & 0x7f, c, d]))
        }
        IpAddr::V6(ip) if ip.is_multicast() => {
            let [.., a, b, c, d] = ip.octets();
            Some(Mac([0x33, 0x33, a, b, c, d]))
        }
        _ => None,
    }
}

const fn address_len(family: AddressFamily) -> usize {
    match family {
        AddressFamily::V4 => 4,
        AddressFamily::V6 => 16,
    }
}

/// A lenient view of a VRRP message: every field where it would be, whatever the version nibble says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VrrpView<'a> {
    bytes: &'a [u8],
    header: [u8; HEADER],
}

impl<'a> VrrpView<'a> {
    /// View a message; `None` when the fixed header is cut.
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        Some(Self { bytes, header: *bytes.first_chunk()? })
    }

    /// The version, as claimed.
    pub fn version_nibble(&self) -> u8 {
        self.header[0] >> 4
    }

    /// The message type; 1 is an advertisement, and there is no other.
    pub fn kind(&self) -> u8 {
        self.header[0] & 0x0f
    }

    /// The virtual router number.
    pub fn vrid(&self) -> u8 {
        self.header[1]
    }

    /// The priority of the sender.
    pub fn priority(&self) -> u8 {
        self.header[2]
    }

    /// The number of addresses, as claimed.
    pub fn count(&self) -> u8 {
        self.header[3]
    }

    /// Version 2: the authentication type.
    pub fn auth_type(&self) -> u8 {
        self.header[4]
    }

    /// Version 2: the advertisement interval in seconds.
    pub fn seconds(&self) -> u8 {
        self.header[5]
    }

    /// Version 3: the advertisement interval in centiseconds.
    pub fn centiseconds(&self) -> u16 {
        u16::from_be_bytes([self.header[4] & 0x0f, self.header[5]])
    }

    /// Version 3: the four reserved bits.
    pub fn reserved(&self) -> u8 {
        self.header[4] >> 4
    }

    /// The checksum field.
    pub fn checksum(&self) -> u16 {
        u16::from_be_bytes([self.header[6], self.header[7]])
    }

    /// The number of bytes present.
    #[expect(clippy::len_without_is_empty, reason = "a view has at least a header")]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// All bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The claimed addresses that are fully present, in their order.
    pub fn addresses(&self, family: AddressFamily) -> impl Iterator<Item = IpAddr> + use<'a> {
        let body = self.bytes.get(HEADER..).unwrap_or_default();
        body.chunks_exact(address_len(family)).take(usize::from(self.count())).filter_map(move |chunk| match family {
            AddressFamily::V4 => <[u8; 4]>::try_from(chunk).ok().map(IpAddr::from),
            AddressFamily::V6 => <[u8; 16]>::try_from(chunk).ok().map(IpAddr::from),
        })
    }

    /// Version 2: the eight bytes behind the claimed addresses, if they are all there.
    pub fn auth_data(&self, family: AddressFamily) -> Option<[u8; AUTH]> {
        let start = HEADER + usize::from(self.count()) * address_len(family);
        self.bytes.get(start..)?.first_chunk().copied()
    }

    /// The length that a message with this count has; version 2 over IPv4 ends with the authentication data.
    pub fn expected_len(&self, family: AddressFamily) -> usize {
        let auth = if self.version_nibble() == 2 && family == AddressFamily::V4 { AUTH } else { 0 };
        HEADER + usize::from(self.count()) * address_len(family) + auth
    }

    /// The checksum is right over the message alone (version 2, and version 3 over IPv4 by RFC 9568).
    pub fn checksum_plain_ok(&self) -> bool {
        checksum::data(self.bytes) == !0
    }

    /// The checksum is right over the message with a pseudo header; never for addresses of two families.
    pub fn checksum_pseudo_ok(&self, src: IpAddr, dst: IpAddr) -> bool {
        pseudo_header(src, dst, self.bytes.len())
            .is_some_and(|pseudo| checksum::combine(&[pseudo, checksum::data(self.bytes)]) == !0)
    }
}

/// The sum of the pseudo header; `None` when the two addresses are of two families or the length fits no IP packet.
fn pseudo_header(src: IpAddr, dst: IpAddr, len: usize) -> Option<u16> {
    let len = u32::from(u16::try_from(len).ok()?);
    let protocol = IpProtocol::from(PROTOCOL_VRRP);
    match (src, dst) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => Some(checksum::pseudo_header_v4(&src, &dst, protocol, len)),
        (IpAddr::V6(src), IpAddr::V6(dst)) => Some(checksum::pseudo_header_v6(&src, &dst, protocol, len)),
        _ => None,
    }
}

/// An advertisement to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advert {
    /// The version to speak.
    pub version: Version,
    /// The virtual router number.
    pub vrid: u8,
    /// The priority.
    pub priority: u8,
    /// Version 2: seconds, at most 255. Version 3: centiseconds, at most 4095. Larger values are sent as the largest.
    pub interval: u16,
    /// The virtual addresses, in order; those of the other family and those past the 255th are not sent.
    pub addresses: Vec<IpAddr>,
    /// Version 2 over IPv4: the password in clear text; `None` is no authentication and eight zeros.
    pub auth: Option<[u8; AUTH]>,
}

impl Advert {
    /// The bytes of the message. The checksum of version 3, and of any version over IPv6, covers a pseudo header.
    pub fn emit(&self, family: AddressFamily, src: IpAddr, dst: IpAddr) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.len_bound(family));
        self.write(family, src, dst, &mut out);
        out
    }

    /// The exact inverse of [`Advert::emit`]: `None` for any bytes that it would not have produced.
    pub fn parse(bytes: &[u8], family: AddressFamily, src: IpAddr, dst: IpAddr) -> Option<Advert> {
        let view = VrrpView::new(bytes)?;
        let (version, interval) = match view.version_nibble() {
            2 => (Version::V2, u16::from(view.seconds())),
            3 => (Version::V3, view.centiseconds()),
            _ => return None,
        };
        let simple = version == Version::V2 && family == AddressFamily::V4 && view.auth_type() == AUTH_SIMPLE;
        let advert = Advert {
            version,
            vrid: view.vrid(),
            priority: view.priority(),
            interval,
            addresses: view.addresses(family).collect(),
            auth: if simple { view.auth_data(family) } else { None },
        };
        (advert.emit(family, src, dst) == bytes).then_some(advert)
    }

    fn len_bound(&self, family: AddressFamily) -> usize {
        HEADER + self.addresses.len().min(255) * address_len(family) + AUTH
    }

    /// Append the message to `out`.
    fn write(&self, family: AddressFamily, src: IpAddr, dst: IpAddr, out: &mut Vec<u8>) {
        let start = out.len();
        let trailer = self.version == Version::V2 && family == AddressFamily::V4;
        let (version, [high, low]) = match self.version {
            Version::V2 => {
                let kind = if trailer && self.auth.is_some() { AUTH_SIMPLE } else { 0 };
                (2, [kind, u8::try_from(self.interval).unwrap_or(u8::MAX)])
            }
            Version::V3 => (3, self.interval.min(0x0fff).to_be_bytes()),
        };
        out.extend_from_slice(&[version << 4 | 1, self.vrid, self.priority, 0, high, low, 0, 0]);
        let mut count: u8 = 0;
        for address in self.addresses.iter().filter(|address| address.is_ipv4() == (family == AddressFamily::V4)) {
            let Some(next) = count.checked_add(1) else { break };
            count = next;
            match address {
                IpAddr::V4(ip) => out.extend_from_slice(&ip.octets()),
                IpAddr::V6(ip) => out.extend_from_slice(&ip.octets()),
            }
        }
        if trailer {
            out.extend_from_slice(&self.auth.unwrap_or_default());
        }
        let message = &mut out[start..];
        message[3] = count;
        let pseudo = if self.version == Version::V2 && family == AddressFamily::V4 {
            0
        } else {
            pseudo_header(of_family(family, src), of_family(family, dst), message.len()).unwrap_or(0)
        };
        let sum = !checksum::combine(&[pseudo, checksum::data(message)]);
        message[6..HEADER].copy_from_slice(&sum.to_be_bytes());
    }
}

/// The address itself, or the unspecified one in place of an address that the family cannot carry.
fn of_family(family: AddressFamily, ip: IpAddr) -> IpAddr {
    match family {
        AddressFamily::V4 => IpAddr::V4(v4(ip)),
        AddressFamily::V6 => IpAddr::V6(v6(ip)),
    }
}

fn v4(ip: IpAddr) -> Ipv4Addr {
    match ip {
        IpAddr::V4(ip) => ip,
        IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
    }
}

fn v6(ip: IpAddr) -> Ipv6Addr {
    match ip {
        IpAddr::V6(ip) => ip,
        IpAddr::V4(_) => Ipv6Addr::UNSPECIFIED,
    }
}

/// A whole frame around an advert: Ethernet, IP (precedence 0xc0, no "don't fragment"), message; no padding.
/// An IP address that is not of `family` is sent as the unspecified address.
#[derive(Clone, Copy, Debug)]
pub struct AdvertFrame<'a> {
    /// The message.
    pub advert: &'a Advert,
    /// IPv4 or IPv6.
    pub family: AddressFamily,
    /// Ethernet source.
    pub src_mac: Mac,
    /// Ethernet destination.
    pub dst_mac: Mac,
    /// IP source.
    pub src: IpAddr,
    /// IP destination.
    pub dst: IpAddr,
    /// TTL or hop limit.
    pub ttl: u8,
    /// IPv4 identification; not sent over IPv6.
    pub id: u16,
}

impl AdvertFrame<'_> {
    /// The bytes of the frame.
    pub fn emit(&self) -> Vec<u8> {
        let (ethertype, header) = match self.family {
            AddressFamily::V4 => (EthernetProtocol::Ipv4, IPV4_HEADER_LEN),
            AddressFamily::V6 => (EthernetProtocol::Ipv6, IPV6_HEADER_LEN),
        };
        let start = ETHERNET_HEADER_LEN + header;
        let mut out = Vec::with_capacity(start + self.advert.len_bound(self.family));
        out.resize(start, 0);
        self.advert.write(self.family, self.src, self.dst, &mut out);
        // At most 8 + 255 * 16 bytes, so the length always fits.
        let message_len = u16::try_from(out.len() - start).unwrap_or(u16::MAX);
        EthernetRepr {
            src_addr: EthernetAddress(self.src_mac.0),
            dst_addr: EthernetAddress(self.dst_mac.0),
            ethertype,
        }
        .emit(&mut EthernetFrame::new_unchecked(&mut out[..]));
        let packet = &mut out[ETHERNET_HEADER_LEN..];
        match self.family {
            AddressFamily::V4 => {
                let mut packet = Ipv4Packet::new_unchecked(packet);
                packet.set_version(4);
                packet.set_header_len(20);
                packet.set_dscp(DSCP);
                packet.set_total_len(message_len.saturating_add(20));
                packet.set_ident(self.id);
                packet.clear_flags();
                packet.set_hop_limit(self.ttl);
                packet.set_next_header(IpProtocol::from(PROTOCOL_VRRP));
                packet.set_src_addr(v4(self.src));
                packet.set_dst_addr(v4(self.dst));
                packet.fill_checksum();
            }
            AddressFamily::V6 => {
                let mut packet = Ipv6Packet::new_unchecked(packet);
                packet.set_version(6);
                packet.set_traffic_class(DSCP << 2);
                packet.set_payload_len(message_len);
                packet.set_next_header(IpProtocol::from(PROTOCOL_VRRP));
                packet.set_hop_limit(self.ttl);
                packet.set_src_addr(v6(self.src));
                packet.set_dst_addr(v6(self.dst));
            }
        }
        out
    }
}
