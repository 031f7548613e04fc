//! The run as a pcapng file: one interface for each host port, with names, directions and reasons.
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use pcap_file::pcapng::PcapNgWriter;
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{InterfaceDescriptionBlock, InterfaceDescriptionOption};
use pcap_file::pcapng::blocks::name_resolution::{Ipv4Record, Ipv6Record, NameResolutionBlock, Record};
use pcap_file::pcapng::blocks::section_header::{SectionHeaderBlock, SectionHeaderOption};
use pcap_file::{DataLink, Endianness, PcapResult};
use vrrplab_engine::{Instant, Span};
use vrrplab_formats::world::World;

use crate::fabric::{DropReason, PortId};
use crate::moment::{Moment, Observer, PortInfo};
use crate::observe::words::drop_reason;

const INBOUND: u32 = 1;
const OUTBOUND: u32 = 2;

/// No frame is on its way for longer than this.
const FLIGHT: Span = Span::from_secs(5);

/// Records every frame at the ports of its sender and of its receivers.
#[derive(Debug)]
pub struct Capture {
    ports: Vec<PortInfo>,
    names: BTreeMap<IpAddr, BTreeSet<String>>,
    packets: Vec<Packet>,
    /// Sent frames that may still arrive or be dropped, by sender.
    flying: BTreeMap<PortId, VecDeque<Flight>>,
}

#[derive(Debug)]
struct Packet {
    at: Instant,
    port: PortId,
    direction: u32,
    bytes: Vec<u8>,
    comments: Vec<String>,
}

#[derive(Debug)]
struct Flight {
    packet: usize,
    /// The receivers for which its fate is known; `None` stands for all.
    settled: Vec<Option<PortId>>,
}

impl Capture {
    /// An empty capture with an interface for every port.
    pub fn new(ports: &[PortInfo], world: &World) -> Capture {
        let mut names: BTreeMap<IpAddr, BTreeSet<String>> = BTreeMap::new();
        for model in world.nodes.iter().map(|n| &n.model) {
            for addr in model.interfaces.iter().flat_map(|i| &i.addresses) {
                names.entry(addr.ip).or_default().insert(model.name.clone());
            }
            for instance in &model.instances {
                for vip in instance.all_vips() {
                    names.entry(vip.addr.ip).or_default().insert(instance.name.clone());
                }
            }
        }
        for client in &world.clients {
            names.entry(client.addr.ip).or_default().insert(client.name.clone());
        }
        Capture { ports: ports.to_vec(), names, packets: Vec::new(), flying: BTreeMap::new() }
    }

    /// The file.
    pub fn into_bytes(self) -> Vec<u8> {
        self.write().expect("a write into memory does not fail, and every packet names a written interface")
    }

    fn write(self) -> PcapResult<Vec<u8>> {
        let section = SectionHeaderBlock {
            endianness: Endianness::Little,
            major_version: 1,
            minor_version: 0,
            section_length: -1,
            options: vec![SectionHeaderOption::UserApplication("vrrplab".into())],
        };
        let mut writer = PcapNgWriter::with_section_header(Vec::new(), section)?;
        for port in &self.ports {
            writer.write_pcapng_block(InterfaceDescriptionBlock {
                linktype: DataLink::ETHERNET,
                snaplen: 0,
                options: vec![
                    InterfaceDescriptionOption::IfName(port.label.clone().into()),
                    InterfaceDescriptionOption::IfDescription(port.description.clone().into()),
                    InterfaceDescriptionOption::IfTsResol(9),
                ],
            })?;
        }
        let records = self.names.iter().map(|(ip, names)| {
            let names = names.iter().map(|name| Cow::from(name.as_str())).collect();
            match ip {
                IpAddr::V4(ip) => Record::Ipv4(Ipv4Record { ip_addr: Cow::from(ip.octets().to_vec()), names }),
                IpAddr::V6(ip) => Record::Ipv6(Ipv6Record { ip_addr: Cow::from(ip.octets().to_vec()), names }),
            }
        });
        writer.write_pcapng_block(NameResolutionBlock { records: records.collect(), options: vec![] })?;
        for packet in &self.packets {
            let Ok(interface_id) = u32::try_from(packet.port.0) else { continue };
            let mut options: Vec<EnhancedPacketOption<'_>> = Vec::new();
            if !packet.comments.is_empty() {
                options.push(EnhancedPacketOption::Comment(packet.comments.join("; ").into()));
            }
            options.push(EnhancedPacketOption::Flags(packet.direction));
            writer.write_pcapng_block(EnhancedPacketBlock {
                interface_id,
                timestamp: Duration::from_nanos(packet.at.0),
                original_len: u32::try_from(packet.bytes.len()).unwrap_or(u32::MAX),
                data: Cow::from(packet.bytes.as_slice()),
                options,
            })?;
        }
        Ok(writer.into_inner())
    }

    /// Notes what became of a frame for one receiver (or for all), and gives the record of its sending.
    fn settle(&mut self, from: PortId, to: Option<PortId>, bytes: &[u8]) -> Option<&mut Packet> {
        let packets = &mut self.packets;
        let flight = self
            .flying
            .get_mut(&from)?
            .iter_mut()
            .find(|f| !f.settled.contains(&to) && !f.settled.contains(&None) && packets[f.packet].bytes == bytes)?;
        flight.settled.push(to);
        packets.get_mut(flight.packet)
    }

    fn record(&mut self, at: Instant, port: PortId, direction: u32, bytes: &[u8], comments: Vec<String>) {
        if port.0 < self.ports.len() {
            self.packets.push(Packet { at, port, direction, bytes: bytes.to_vec(), comments });
        }
    }

    fn dropped(&mut self, from: PortId, to: Option<PortId>, reason: DropReason, bytes: &[u8]) {
        let place = to.and_then(|to| self.ports.get(to.0)).map(|port| format!(" on the way to {}", port.label));
        let comment = format!("dropped{}: {}", place.unwrap_or_default(), drop_reason(reason));
        if let Some(packet) = self.settle(from, to, bytes) {
            packet.comments.push(comment);
        }
    }
}

impl Observer for Capture {
    fn see(&mut self, at: Instant, moment: &Moment<'_>) {
        match *moment {
            Moment::Sent { port, bytes, rule } => {
                let flying = self.flying.entry(port).or_default();
                while flying.front().is_some_and(|f| at.since(self.packets[f.packet].at) > FLIGHT) {
                    flying.pop_front();
                }
                if port.0 < self.ports.len() {
                    flying.push_back(Flight { packet: self.packets.len(), settled: Vec::new() });
                }
                let comments = rule.map(|rule| rule.id().to_owned()).into_iter().collect();
                self.record(at, port, OUTBOUND, bytes, comments);
            }
            Moment::Delivered { from, to, bytes } => {
                self.settle(from, Some(to), bytes);
                self.record(at, to, INBOUND, bytes, Vec::new());
            }
            Moment::Dropped { from, to, reason, bytes } => self.dropped(from, to, reason, bytes),
            _ => {}
        }
    }

    fn finish(&mut self, _at: Instant) {
        self.flying.clear();
    }
}

#[cfg(test)]
mod tests {
    use crate::fabric::port_security::{Refusal, Why};
    use pcap_file::pcapng::{Block, PcapNgReader};

    use super::*;
    use crate::observe::stage::{self, ms};

    fn run() -> Vec<u8> {
        let mut capture = Capture::new(&stage::ports(), &stage::world());
        let advert = stage::advert(150);
        let (r1, r2, c1) = (PortId(0), PortId(1), PortId(2));
        let sent_at = Instant(1_000_000_001);
        capture.see(sent_at, &Moment::Sent { port: r1, bytes: &advert, rule: Some(stage::RULE) });
        capture.see(ms(1_001), &Moment::Delivered { from: r1, to: r2, bytes: &advert });
        capture
            .see(ms(1_001), &Moment::Dropped { from: r1, to: Some(c1), reason: DropReason::Partition, bytes: &advert });
        // Two frames alike: the first arrives nowhere, the second is the one that is delivered.
        let garp = stage::garp([10, 0, 0, 100]);
        for _ in 0..2 {
            capture.see(ms(2_000), &Moment::Sent { port: r1, bytes: &garp, rule: None });
        }
        let reason = DropReason::Refused(Refusal { why: Why::SpoofedArp, rule: "OVS-E9" });
        capture.see(ms(2_001), &Moment::Dropped { from: r1, to: None, reason, bytes: &garp });
        capture.see(ms(2_001), &Moment::Delivered { from: r1, to: r2, bytes: &garp });
        capture.finish(ms(3_000));
        capture.into_bytes()
    }

    #[test]
    fn the_file_reads_back_with_names_times_directions_and_reasons() {
        let bytes = run();
        let mut reader = PcapNgReader::new(bytes.as_slice()).unwrap();
        let application = SectionHeaderOption::UserApplication("vrrplab".into());
        assert_eq!(reader.section().options, [application]);
        assert_eq!(reader.section().endianness, Endianness::Little);
        let (mut interfaces, mut names, mut packets) = (Vec::new(), Vec::new(), Vec::new());
        while let Some(block) = reader.next_block() {
            match block.unwrap() {
                Block::InterfaceDescription(block) => interfaces.push(format!("{:?}", block.options)),
                Block::NameResolution(block) => names.push(format!("{:?}", block.records)),
                Block::EnhancedPacket(packet) => {
                    let comment = packet.options.iter().find_map(|option| match option {
                        EnhancedPacketOption::Comment(comment) => Some(comment.to_string()),
                        _ => None,
                    });
                    assert_eq!(packet.original_len as usize, packet.data.len());
                    let flags = packet.options.last().cloned().map(|o| o.into_owned());
                    packets.push((packet.interface_id, packet.timestamp.as_nanos(), flags, comment));
                }
                other => panic!("unexpected {other:?}"),
            }
        }
        assert_eq!(
            interfaces,
            ["r1:eth0", "r2:eth0", "c1:eth0"].map(|name| {
                let last = if name.starts_with('c') { "9" } else { &name[1..2] };
                let about = format!("52:54:00:00:00:0{last} 10.0.0.{last}/24");
                format!("[IfName({name:?}), IfDescription({about:?}), IfTsResol(9)]")
            })
        );
        let record =
            |last: u8, name: &str| format!("Ipv4(Ipv4Record {{ ip_addr: [10, 0, 0, {last}], names: [{name:?}] }})");
        let records = [record(1, "r1"), record(2, "r2"), record(9, "c1"), record(100, "VI_1")];
        assert_eq!(names, [format!("[{}]", records.join(", "))]);
        let (inward, outward) = (Some(EnhancedPacketOption::Flags(1)), Some(EnhancedPacketOption::Flags(2)));
        let comment = |text: &str| Some(text.to_string());
        let expected = [
            (
                0,
                1_000_000_001,
                outward.clone(),
                comment(&format!("{}; dropped on the way to c1:eth0: partition", stage::RULE.id())),
            ),
            (1, 1_001_000_000, inward.clone(), None),
            (0, 2_000_000_000, outward.clone(), comment("dropped: port security: ARP sender not allowed (OVS-E9)")),
            (0, 2_000_000_000, outward, None),
            (1, 2_001_000_000, inward, None),
        ];
        assert_eq!(packets, expected);
    }

    #[test]
    fn the_same_run_gives_the_same_bytes() {
        assert_eq!(run(), run());
    }
}
