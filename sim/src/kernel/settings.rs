//! The sysctls of a host. Where a host-wide value and that of an interface meet, the greater one counts, as in Linux.
use vrrplab_engine::model::IfIndex;
use vrrplab_formats::world::{Sysctl, SysctlKey};

/// What each interface has, and `all`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct OfInterface {
    /// 0: ARP is answered for all addresses of the host; 1: for those of the interface; 2: and only to their neighbours.
    pub(super) arp_ignore: u8,
    /// 0: ARP asks in the name of the packet's source; 1: if that is of the target's prefix; 2: never.
    pub(super) arp_announce: u8,
    /// 0: announcements make no new neighbour; 1: they do; 2: if they come from a prefix of the interface.
    pub(super) arp_accept: u8,
    /// 0: off; 1: the way back leads through the same interface; 2: there is a way back.
    pub(super) rp_filter: u8,
    accept_local: u8,
    promote_secondaries: u8,
}

impl OfInterface {
    fn set(&mut self, key: SysctlKey, value: u8) {
        match key {
            SysctlKey::ArpIgnore => self.arp_ignore = value,
            SysctlKey::ArpAnnounce => self.arp_announce = value,
            SysctlKey::ArpAccept => self.arp_accept = value,
            SysctlKey::RpFilter => self.rp_filter = value,
            SysctlKey::AcceptLocal => self.accept_local = value,
            SysctlKey::PromoteSecondaries => self.promote_secondaries = value,
            SysctlKey::Forward | SysctlKey::Forward6 => {}
        }
    }

    /// Packets from own addresses are heard.
    pub(super) fn accepts_local(&self) -> bool {
        self.accept_local > 0
    }

    /// A secondary address takes the place of the primary one.
    pub(super) fn promotes(&self) -> bool {
        self.promote_secondaries > 0
    }
}

/// All sysctls of a host.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    /// IPv4 packets for others are sent on.
    pub(super) forward: bool,
    /// IPv6 packets for others are sent on.
    pub(super) forward6: bool,
    all: OfInterface,
    own: Vec<(IfIndex, OfInterface)>,
}

impl Settings {
    pub(super) fn set(&mut self, sysctl: Sysctl) {
        match (sysctl.key, sysctl.iface) {
            (SysctlKey::Forward, _) => self.forward = sysctl.value > 0,
            (SysctlKey::Forward6, _) => self.forward6 = sysctl.value > 0,
            (key, None) => self.all.set(key, sysctl.value),
            (key, Some(iface)) => {
                let known = self.own.iter().position(|(of, _)| *of == iface);
                let at = known.unwrap_or_else(|| {
                    self.own.push((iface, OfInterface::default()));
                    self.own.len() - 1
                });
                self.own[at].1.set(key, sysctl.value);
            }
        }
    }

    /// What counts for an interface.
    pub(super) fn of(&self, iface: IfIndex) -> OfInterface {
        let own = self.own.iter().find(|(of, _)| *of == iface).map(|(_, own)| *own).unwrap_or_default();
        let all = self.all;
        OfInterface {
            arp_ignore: all.arp_ignore.max(own.arp_ignore),
            arp_announce: all.arp_announce.max(own.arp_announce),
            arp_accept: all.arp_accept.max(own.arp_accept),
            rp_filter: all.rp_filter.max(own.rp_filter),
            accept_local: all.accept_local.max(own.accept_local),
            promote_secondaries: all.promote_secondaries.max(own.promote_secondaries),
        }
    }
}
