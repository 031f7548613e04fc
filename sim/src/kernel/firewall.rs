//! The packet filter of a host: its rules in order, the first that matches decides.
//!
//! ARP and neighbour discovery are not asked. Adverts are: raw sockets send and hear through the filter.
use std::net::IpAddr;

use vrrplab_engine::model::IfIndex;
use vrrplab_formats::world::{Chain, FirewallRule};

use super::frames::{self, Header};
use super::{Came, Kernel};

/// By which interfaces a packet comes and leaves.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Through {
    /// It came by this one.
    pub(super) came: Option<IfIndex>,
    /// It leaves by this one.
    pub(super) leaves: Option<IfIndex>,
}

fn matches(rule: &FirewallRule, header: &Header, through: Through) -> bool {
    let within = |prefix: Option<vrrplab_engine::model::IfAddr>, ip: IpAddr| {
        prefix.is_none_or(|prefix| frames::same_prefix(prefix.ip, ip, prefix.prefix))
    };
    rule.protocol.is_none_or(|protocol| protocol == header.protocol)
        && within(rule.source, header.src)
        && within(rule.destination, header.dst)
        && rule.iface.is_none_or(|iface| [through.came, through.leaves].contains(&Some(iface)))
        && rule.multicast.is_none_or(|group| group == frames::group_mac(header.dst).is_some())
}

/// Whether these rules let a packet pass.
pub(super) fn passes(rules: &[FirewallRule], chain: Chain, header: &Header, through: Through) -> bool {
    let deciding = rules.iter().find(|rule| rule.chain == chain && matches(rule, header, through));
    deciding.is_none_or(|rule| rule.accept)
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
        let Some(header) = frame.get(14..).and_then(frames::header) else { return true };
        let through = Through { came: Some(iface), leaves: None };
        (!reverse_path || !self.is_martian(Came { iface, direct: false }, &header))
            && passes(&self.rules, Chain::In, &header, through)
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
        let Some(header) = frame.get(14..).and_then(frames::header) else { return true };
        let discovery = header.protocol == frames::ICMPV6 && matches!(frame.get(54), Some(133..=137));
        discovery || passes(&self.rules, Chain::Out, &header, Through { came: None, leaves: Some(iface) })
    }
}
