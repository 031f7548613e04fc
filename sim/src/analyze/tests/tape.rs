//! A capture made by hand, written as pcap.
use std::net::{IpAddr, Ipv4Addr};

use vrrplab_engine::model::Mac;
use vrrplab_wire::{
    AddressFamily, Advert, AdvertFrame, GROUP_V4, Version, cover_message_only, gratuitous_arp, multicast_mac,
};

/// The virtual address.
pub(super) const VIP: [u8; 4] = [192, 0, 2, 100];

/// A router and what it says.
#[derive(Clone, Debug)]
pub(super) struct Speaks {
    pub host: u8,
    pub vrid: u8,
    pub priority: u8,
    pub version: Version,
    pub interval: u16,
    pub password: Option<[u8; 8]>,
    pub addresses: Vec<IpAddr>,
    /// One peer instead of the group.
    pub to: Option<IpAddr>,
    pub ttl: u8,
    pub vlan: Option<u16>,
    /// Sums without a pseudo header.
    pub plain_sum: bool,
}

impl Speaks {
    pub fn new(host: u8, priority: u8) -> Speaks {
        Speaks {
            host,
            vrid: 51,
            priority,
            version: Version::V2,
            interval: 1,
            password: None,
            addresses: vec![VIP.into()],
            to: None,
            ttl: 255,
            vlan: None,
            plain_sum: false,
        }
    }

    pub fn mac(&self) -> Mac {
        Mac([2, 0, 0, 0, 0, self.host])
    }

    pub fn frame(&self, id: u16) -> Vec<u8> {
        let advert = Advert {
            version: self.version,
            vrid: self.vrid,
            priority: self.priority,
            interval: self.interval,
            addresses: self.addresses.clone(),
            auth: self.password,
        };
        let dst = self.to.unwrap_or(IpAddr::V4(GROUP_V4));
        let frame = AdvertFrame {
            advert: &advert,
            family: AddressFamily::V4,
            src_mac: self.mac(),
            dst_mac: multicast_mac(dst).unwrap_or(Mac([2, 0, 0, 0, 0, 200])),
            src: IpAddr::V4(Ipv4Addr::new(192, 0, 2, self.host)),
            dst,
            ttl: self.ttl,
            id,
        };
        let mut frame = frame.emit();
        if self.plain_sum {
            cover_message_only(&mut frame);
        }
        if let Some(vlan) = self.vlan {
            let [high, low] = vlan.to_be_bytes();
            frame.splice(12..12, [0x81, 0x00, high, low]);
        }
        frame
    }
}

/// The packets, in any order.
#[derive(Clone, Debug, Default)]
pub(super) struct Tape {
    packets: Vec<(u64, u32, Vec<u8>)>,
}

impl Tape {
    /// A frame at a millisecond.
    pub fn frame(&mut self, at: u64, frame: &[u8]) {
        self.cut(at, frame, frame.len());
    }

    /// A frame of which only so much was kept.
    pub fn cut(&mut self, at: u64, frame: &[u8], kept: usize) {
        self.packets.push((at, u32::try_from(frame.len()).unwrap(), frame[..kept].to_vec()));
    }

    pub fn advert(&mut self, at: u64, speaks: &Speaks) {
        let id = u16::try_from(at % 60_000).unwrap();
        self.frame(at, &speaks.frame(id));
    }

    /// An advert every second, from the first to the last moment.
    pub fn master(&mut self, speaks: &Speaks, from: u64, to: u64) {
        let step = match speaks.version {
            Version::V2 => u64::from(speaks.interval) * 1_000,
            Version::V3 => u64::from(speaks.interval) * 10,
        };
        let mut at = from;
        while at <= to {
            self.advert(at, speaks);
            at += step;
        }
    }

    /// A gratuitous ARP for the virtual address.
    pub fn announce(&mut self, at: u64, speaks: &Speaks) {
        self.frame(at, &gratuitous_arp(speaks.mac(), VIP.into()));
    }

    /// The file: little end first, microseconds.
    pub fn bytes(&self) -> Vec<u8> {
        let mut packets = self.packets.clone();
        packets.sort_by_key(|(at, ..)| *at);
        let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0];
        for (at, original, bytes) in packets {
            let seconds = u32::try_from(1_700_000_000 + at / 1_000).unwrap();
            let micros = u32::try_from(at % 1_000 * 1_000).unwrap();
            for word in [seconds, micros, u32::try_from(bytes.len()).unwrap(), original] {
                file.extend(word.to_le_bytes());
            }
            file.extend(bytes);
        }
        file
    }
}
