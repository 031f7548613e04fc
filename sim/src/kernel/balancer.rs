//! The hooks of IPVS: packets for this host, answers that pass through it and what its own sockets send are shown to the director,
//! which may rewrite them, send them elsewhere or end them; and the directors' talk about their connections.
use std::net::{IpAddr, Ipv4Addr};

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{IpProtocol, IpRepr, UdpPacket, UdpRepr};
use vrrplab_engine::Instant;
use vrrplab_engine::lvs::sync::{GROUP, PORT, SyncMessage};
use vrrplab_engine::lvs::{Arrival, Director, IpvsCommand, LvsError, Paths, Timeouts, Verdict};
use vrrplab_engine::model::IfIndex;
use vrrplab_wire::flow::{Flow, UDP};

use super::frames;
use super::{EndReason, Ended, Kernel, KernelOut};

/// The MTU of every interface.
const MTU: u16 = 1_500;

/// IPVS in one kernel.
#[derive(Clone, Debug)]
pub(super) struct Balancer {
    director: Director,
    sync: Option<SyncLink>,
}

/// Where the sync daemons talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyncLink {
    /// By this interface.
    pub iface: IfIndex,
    /// The group.
    pub group: Ipv4Addr,
    /// Its port.
    pub port: u16,
    /// How many routers a datagram may pass.
    pub ttl: u8,
    /// Which pair of directors talks.
    pub id: u8,
}

impl SyncLink {
    /// The kernel's defaults.
    pub fn new(iface: IfIndex, id: u8) -> SyncLink {
        SyncLink { iface, group: GROUP, port: PORT, ttl: 1, id }
    }
}

/// What the sync daemons of a kernel do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncRole {
    /// It tells the others about its connections.
    Master,
    /// It learns of the others' connections.
    Backup,
    /// Both.
    Both,
}

/// What the director asks about routes.
struct Ways<'k>(&'k Kernel);

impl Paths for Ways<'_> {
    fn is_local(&self, ip: IpAddr) -> bool {
        ip.is_loopback() || self.0.holds(ip)
    }
    fn mtu(&self, _to: IpAddr) -> u16 {
        MTU
    }
    fn source(&self, to: IpAddr) -> IpAddr {
        self.0.source_for(to).unwrap_or(if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { to })
    }
}

impl Kernel {
    /// Loads IPVS, if it is not there yet; `seed` is for its random scheduler.
    pub fn load_ipvs(&mut self, seed: u64) {
        self.ipvs.get_or_insert_with(|| Box::new(Balancer { director: Director::new(seed, 0), sync: None }));
    }

    /// After a power loss there are no tables.
    pub fn clear_ipvs(&mut self, seed: u64) {
        if self.ipvs.take().is_some() {
            self.load_ipvs(seed);
        }
    }

    /// Changes the table of virtual servers.
    pub fn program_ipvs(&mut self, now: Instant, command: &IpvsCommand) -> Result<(), LvsError> {
        self.ipvs.as_mut().map_or(Ok(()), |ipvs| ipvs.director.apply(now, command))
    }

    /// Sets the timeouts of connections.
    pub fn set_ipvs_timeouts(&mut self, timeouts: Timeouts) {
        if let Some(ipvs) = &mut self.ipvs {
            ipvs.director.timeouts = timeouts;
        }
    }

    /// Starts sync daemons, or with none ends them.
    pub fn sync_ipvs(&mut self, daemons: Option<(SyncLink, SyncRole)>) {
        let Some(ipvs) = &mut self.ipvs else { return };
        let id = |wanted: SyncRole| {
            daemons.filter(|(_, role)| *role == wanted || *role == SyncRole::Both).map(|(link, _)| link.id)
        };
        ipvs.sync = daemons.map(|(link, _)| link);
        ipvs.director.set_master(id(SyncRole::Master));
        ipvs.director.set_backup(id(SyncRole::Backup));
    }

    /// The tables, where IPVS is loaded.
    pub fn director(&self) -> Option<&Director> {
        self.ipvs.as_ref().map(|ipvs| &ipvs.director)
    }

    /// Shows a packet at a hook; what comes back goes on.
    pub(super) fn ipvs_hook(
        &mut self,
        now: Instant,
        arrival: Arrival,
        packet: Vec<u8>,
        out: &mut Vec<KernelOut>,
    ) -> Option<Vec<u8>> {
        let Some(mut ipvs) = self.ipvs.take() else { return Some(packet) };
        let mut packet = packet;
        let verdict = ipvs.director.packet(now, arrival, &Ways(self), &mut packet);
        self.ipvs = Some(ipvs);
        let passed = match verdict {
            // From outside nothing gets to a loopback address.
            Verdict::Deliver if frames::header(&packet).is_some_and(|header| header.dst.is_loopback()) => {
                ended(&packet, EndReason::Loopback, out);
                None
            }
            Verdict::Deliver => Some(packet),
            Verdict::Accept | Verdict::Answer => Some(packet),
            Verdict::Forward(server) => {
                match (frames::header(&packet), self.way(server)) {
                    (Some(header), Some(way)) => self.route_out(now, way, &header, packet, out),
                    _ => ended(&packet, EndReason::NoRoute(server), out),
                }
                None
            }
            Verdict::Drop(reason) => {
                ended(&packet, EndReason::Director(reason), out);
                None
            }
            Verdict::Refuse(error) => {
                self.send_past_ipvs(now, error, out);
                None
            }
        };
        self.send_sync(now, out);
        passed
    }

    /// Whether this is the talk of other directors; it is learnt from then.
    pub(super) fn hears_sync(&mut self, now: Instant, iface: IfIndex, packet: &[u8]) -> bool {
        let Some(ipvs) = &mut self.ipvs else { return false };
        let (Some(link), Some(flow)) = (ipvs.sync, Flow::read(packet)) else { return false };
        let meant = flow.protocol == UDP && flow.dest == IpAddr::V4(link.group) && flow.dest_port == link.port;
        if !meant || iface != link.iface {
            return false;
        }
        let told = packet.get(flow.transport + 8..).and_then(|bytes| SyncMessage::decode(bytes).ok());
        if let Some(message) = told {
            ipvs.director.learn(now, &message);
        }
        true
    }

    /// Does what is due in the tables.
    pub(super) fn wake_ipvs(&mut self, now: Instant, out: &mut Vec<KernelOut>) {
        let Some(ipvs) = &mut self.ipvs else { return };
        if ipvs.director.next_wake().is_some_and(|at| at <= now) {
            ipvs.director.handle(now);
            self.send_sync(now, out);
        }
    }

    pub(super) fn next_ipvs_wake(&self) -> Option<Instant> {
        self.ipvs.as_ref().and_then(|ipvs| ipvs.director.next_wake())
    }

    /// Sends what the director wants to tell others.
    fn send_sync(&mut self, now: Instant, out: &mut Vec<KernelOut>) {
        let Some(link) = self.ipvs.as_ref().and_then(|ipvs| ipvs.sync) else { return };
        let primary = self.addresses(link.iface).iter().find_map(|a| match a.ip {
            IpAddr::V4(ip) => Some(ip),
            IpAddr::V6(_) => None,
        });
        while let Some(message) = self.ipvs.as_mut().and_then(|ipvs| ipvs.director.next_sync()) {
            if let Some(from) = primary {
                self.send_past_ipvs(now, datagram(from, link, &message), out);
            }
        }
    }
}

/// Tells of a packet that ends here.
fn ended(packet: &[u8], reason: EndReason, out: &mut Vec<KernelOut>) {
    if let Some(flow) = Flow::read(packet) {
        let (from, to) = ((flow.source, flow.source_port), (flow.dest, flow.dest_port));
        out.push(KernelOut::Ended(Ended { from, to, reason }));
    }
}

fn datagram(from: Ipv4Addr, link: SyncLink, message: &[u8]) -> Vec<u8> {
    let udp = UdpRepr { src_port: link.port, dst_port: link.port };
    let (src, dst) = (from.into(), link.group.into());
    let ip = IpRepr::new(src, dst, IpProtocol::Udp, udp.header_len() + message.len(), link.ttl);
    let mut bytes = vec![0; ip.buffer_len()];
    let checks = ChecksumCapabilities::default();
    ip.emit(&mut bytes, &checks);
    let mut packet = UdpPacket::new_unchecked(&mut bytes[ip.header_len()..]);
    udp.emit(&mut packet, &src, &dst, message.len(), |room| room.copy_from_slice(message), &checks);
    bytes
}
