//! The packet filter of a host: its rules in order, the first that matches decides. Rules that mark are looked at before.
//!
//! ARP and neighbour discovery are not asked. Adverts are: raw sockets send and hear through the filter.
use std::net::IpAddr;

use vrrplab_engine::model::IfIndex;
use vrrplab_formats::world::{Chain, FirewallRule};
use vrrplab_wire::flow::Flow;

use super::Kernel;
use super::frames::{self, Header};

/// By which interfaces a packet comes and leaves.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Through {
    /// It came by this one.
    pub(super) came: Option<IfIndex>,
    /// It leaves by this one.
    pub(super) leaves: Option<IfIndex>,
}

/// An IP packet, and its header read.
#[derive(Clone, Copy)]
pub(super) struct Packet<'a> {
    pub(super) header: &'a Header,
    pub(super) bytes: &'a [u8],
}

impl Packet<'_> {
    /// The port that it is for. A later fragment names none.
    fn is_for_port(self, port: u16) -> bool {
        Flow::read(self.bytes).is_some_and(|flow| flow.dest_port == port && !flow.later_fragment)
    }
}

fn matches(rule: &FirewallRule, packet: Packet<'_>, through: Through) -> bool {
    let header = packet.header;
    let within = |prefix: Option<vrrplab_engine::model::IfAddr>, ip: IpAddr| {
        prefix.is_none_or(|prefix| frames::same_prefix(prefix.ip, ip, prefix.prefix))
    };
    rule.protocol.is_none_or(|protocol| protocol == header.protocol)
        && within(rule.source, header.src)
        && within(rule.destination, header.dst)
        && rule.iface.is_none_or(|iface| [through.came, through.leaves].contains(&Some(iface)))
        && rule.multicast.is_none_or(|group| group == frames::group_mac(header.dst).is_some())
        && rule.port.is_none_or(|port| packet.is_for_port(port))
}

/// Whether these rules let a packet pass.
pub(super) fn passes(rules: &[FirewallRule], chain: Chain, packet: Packet<'_>, through: Through) -> bool {
    let mut deciding = rules.iter().filter(|rule| rule.chain == chain && rule.mark.is_none());
    deciding.find(|rule| matches(rule, packet, through)).is_none_or(|rule| rule.accept)
}

/// The mark of a packet for this host itself: that of the last rule that gives it one, or 0.
pub(super) fn mark(rules: &[FirewallRule], packet: Packet<'_>, through: Through) -> u32 {
    let marking = rules.iter().rev().filter(|rule| rule.chain == Chain::In && rule.mark.is_some());
    marking.into_iter().find(|rule| matches(rule, packet, through)).and_then(|rule| rule.mark).unwrap_or(0)
}

impl Kernel {
    /// Has the packet filter follow these rules from now on.
    pub fn set_firewall(&mut self, rules: &[FirewallRule]) {
        self.rules = rules.to_vec();
    }

    /// Whether a frame that came by this interface may reach a raw socket of this host.
    pub fn admits(&self, iface: IfIndex, frame: &[u8]) -> bool {
        let reverse_path = self.settings.of(iface).rp_filter > 0;
        if self.rules.is_empty() && !reverse_path {
            return true;
        }
        let bytes = frame.get(14..).unwrap_or_default();
        let Some(header) = frames::header(bytes) else { return true };
        let through = Through { came: Some(iface), leaves: None };
        (!reverse_path || !self.cannot_come_from(iface, header.src))
            && passes(&self.rules, Chain::In, Packet { header: &header, bytes }, through)
    }

    /// Whether every frame to a group that comes in by this interface reaches the raw sockets of this host, and no
    /// macvlan hears it too.
    pub fn lets_group_in(&self, iface: IfIndex) -> bool {
        self.rules.is_empty()
            && self.settings.of(iface).rp_filter == 0
            && self.link_up(iface)
            && !self.has_macvlans(iface)
    }

    /// Whether a frame of a raw socket of this host may leave by this interface. What is no IP packet may.
    pub fn emits(&self, iface: IfIndex, frame: &[u8]) -> bool {
        if self.rules.is_empty() || !matches!(frame.get(12..14), Some([8, 0] | [0x86, 0xdd])) {
            return true;
        }
        let bytes = frame.get(14..).unwrap_or_default();
        let Some(header) = frames::header(bytes) else { return true };
        let packet = Packet { header: &header, bytes };
        let discovery = header.protocol == frames::ICMPV6 && matches!(frame.get(54), Some(133..=137));
        discovery || passes(&self.rules, Chain::Out, packet, Through { came: None, leaves: Some(iface) })
    }
}
