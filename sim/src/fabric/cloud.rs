//! A cloud's network: what carries packets by a mapping from addresses to ports, and answers ARP by itself.
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use smoltcp::wire::{ArpOperation, ArpPacket, ArpRepr, EthernetAddress, EthernetFrame, EthernetProtocol};
use vrrplab_engine::model::Mac;
use vrrplab_formats::world::{Cloud, Provider};

use super::PortId;
use super::port_security::packet::{Body, Packet};

#[cfg(test)]
mod tests;

/// Why a cloud does not carry a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotCarried {
    /// Broadcast or multicast: nobody but the sender's own hypervisor hears it.
    Group,
    /// An announcement moves nothing: addresses are moved by the API.
    Announcement,
    /// Nobody has the address that is asked for, or sent to.
    Unmapped,
    /// The source is not an address of the interface.
    Source,
    /// The source MAC is not that of the interface.
    SourceMac,
    /// This IP protocol is not carried.
    Protocol,
    /// Neither IPv4 nor ARP.
    Kind,
}

/// What becomes of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// It is not carried.
    Not(NotCarried),
    /// The packet reaches this port, with the MAC address that is at home there.
    To(PortId, Vec<u8>),
    /// The cloud answers in the name of this port.
    Answer(PortId, Vec<u8>),
}

/// Which port has which address.
#[derive(Clone, Debug)]
pub(super) struct Mapping {
    rules: Cloud,
    homes: BTreeMap<IpAddr, PortId>,
    macs: BTreeMap<PortId, Mac>,
}

impl Mapping {
    pub(super) fn new(rules: Cloud) -> Mapping {
        Mapping { rules, homes: BTreeMap::new(), macs: BTreeMap::new() }
    }

    /// A new interface, with the addresses that the cloud gives it.
    pub(super) fn add(&mut self, port: PortId, mac: Mac, addresses: impl Iterator<Item = IpAddr>) {
        self.macs.insert(port, mac);
        self.homes.extend(addresses.map(|address| (address, port)));
    }

    /// An address moves.
    pub(super) fn assign(&mut self, address: IpAddr, port: PortId) {
        self.homes.insert(address, port);
    }

    /// Where an address is.
    pub(super) fn home(&self, address: IpAddr) -> Option<PortId> {
        self.homes.get(&address).copied()
    }

    /// What becomes of a frame that an interface sends.
    pub(super) fn carry(&self, from: PortId, frame: &[u8]) -> Carried {
        let Some(packet) = Packet::read(frame) else { return Carried::Not(NotCarried::Kind) };
        if self.macs.get(&from) != Some(&packet.src) {
            return Carried::Not(NotCarried::SourceMac);
        }
        match packet.body {
            Body::Arp(arp) if !arp.request || arp.spa == arp.tpa => Carried::Not(NotCarried::Announcement),
            Body::Arp(arp) => match self.home(arp.tpa.into()) {
                None => Carried::Not(NotCarried::Unmapped),
                Some(home) if home == from => Carried::Not(NotCarried::Unmapped),
                Some(home) => Carried::Answer(home, self.answer(home, arp.tpa, arp.spa, packet.src)),
            },
            Body::Ip(ip) if ip.src.is_ipv4() => {
                let carried = self.rules.carries.as_ref().is_none_or(|known| known.contains(&ip.protocol));
                if packet.dst.0[0] & 1 == 1 {
                    Carried::Not(NotCarried::Group)
                } else if self.rules.source_check && self.home(ip.src) != Some(from) {
                    Carried::Not(NotCarried::Source)
                } else if !carried {
                    Carried::Not(NotCarried::Protocol)
                } else {
                    match self.home(ip.dst).and_then(|home| Some((home, self.macs.get(&home)?))) {
                        Some((home, mac)) if home != from => Carried::To(home, addressed_to(frame, *mac)),
                        _ => Carried::Not(NotCarried::Unmapped),
                    }
                }
            }
            Body::Ip(_) | Body::Rarp | Body::Other => Carried::Not(NotCarried::Kind),
        }
    }

    /// The MAC by which hosts know an address that is at this port.
    fn face(&self, home: PortId) -> Mac {
        match self.rules.provider {
            Provider::Aws => self.macs.get(&home).copied().unwrap_or(Mac([0; 6])),
            // The gateway's MAC in Google's networks is 42:01 and its address; here, one for all.
            Provider::Gcp => Mac([0x42, 0x01, 0x0a, 0, 0, 1]),
            Provider::Azure => Mac([0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc]),
        }
    }

    fn answer(&self, home: PortId, asked: Ipv4Addr, asker: Ipv4Addr, mac: Mac) -> Vec<u8> {
        let face = EthernetAddress(self.face(home).0);
        let arp = ArpRepr::EthernetIpv4 {
            operation: ArpOperation::Reply,
            source_hardware_addr: face,
            source_protocol_addr: asked,
            target_hardware_addr: EthernetAddress(mac.0),
            target_protocol_addr: asker,
        };
        let mut bytes = vec![0; EthernetFrame::<&[u8]>::buffer_len(arp.buffer_len())];
        let mut frame = EthernetFrame::new_unchecked(&mut bytes);
        frame.set_src_addr(face);
        frame.set_dst_addr(EthernetAddress(mac.0));
        frame.set_ethertype(EthernetProtocol::Arp);
        arp.emit(&mut ArpPacket::new_unchecked(frame.payload_mut()));
        bytes
    }
}

/// The same frame for another host.
fn addressed_to(frame: &[u8], mac: Mac) -> Vec<u8> {
    let mut bytes = frame.to_vec();
    if let Some(destination) = bytes.get_mut(..6) {
        destination.copy_from_slice(&mac.0);
    }
    bytes
}
