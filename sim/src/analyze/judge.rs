//! Adverts judged by the receive path of the engine: by a router like their sender, and by each other router.
use std::net::IpAddr;
use std::num::NonZeroU8;

use vrrplab_engine::model::{Auth, IfAddr, IfIndex, InstanceModel, UnicastPeer, Version, Vip};
use vrrplab_engine::policy::{Policy, V3Checksum};
use vrrplab_engine::rules::Rule;
use vrrplab_engine::vrrp::receive::{Listener, Verdict, receive};
use vrrplab_engine::vrrp::skew;
use vrrplab_engine::{Span, State};
use vrrplab_wire::{AddressFamily, Envelope, GROUP_V4, GROUP_V6, VrrpView};

/// What an advert says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Its version, as it claims.
    pub version: u8,
    /// The virtual router.
    pub vrid: u8,
    /// Its priority.
    pub priority: u8,
    /// Its interval.
    pub interval: Span,
    /// How it authenticates itself; the key of an authentication header is not known.
    pub auth: Auth,
    /// The addresses, in their order.
    pub addresses: Vec<IpAddr>,
    /// It goes to one router, not to the group.
    pub unicast: bool,
    /// Version 3 over IPv4: the checksum is over the message alone, as RFC 9568 has it.
    pub plain_checksum: bool,
}

/// The family of an address.
pub fn family_of(ip: IpAddr) -> AddressFamily {
    if ip.is_ipv4() { AddressFamily::V4 } else { AddressFamily::V6 }
}

impl Said {
    /// Reads a message, whatever it is worth.
    pub fn read(envelope: &Envelope<'_>, view: &VrrpView<'_>) -> Said {
        let family = family_of(envelope.src);
        let version = view.version_nibble();
        let interval = match version {
            2 => Span::from_secs(u64::from(view.seconds())),
            _ => Span::from_millis(10).times(u64::from(view.centiseconds())),
        };
        let password = view.auth_data(family).filter(|_| version == 2 && view.auth_type() == 1);
        let auth = match password {
            _ if envelope.ah => Auth::Ah([0; 8]),
            Some(password) => Auth::Pass(password),
            None => Auth::None,
        };
        let group = [IpAddr::V4(GROUP_V4), IpAddr::V6(GROUP_V6)].contains(&envelope.dst);
        let plain_checksum = version == 3
            && family == AddressFamily::V4
            && view.checksum_plain_ok()
            && !view.checksum_pseudo_ok(envelope.src, envelope.dst);
        Said {
            version,
            vrid: view.vrid(),
            priority: view.priority(),
            interval,
            auth,
            addresses: view.addresses(family).collect(),
            unicast: !group,
            plain_checksum,
        }
    }

    /// How long a router waits for adverts like these before it takes over, were this its own priority.
    pub fn down(&self) -> Span {
        let version = if self.version == 2 { Version::V2 } else { Version::V3 };
        skew::down(version, self.priority, self.interval, 3, Policy::KEEPALIVED_2_2_7.skew_unit)
    }

    /// A router that would send such adverts, and hear its peer at `peer`.
    pub fn model(&self, peer: IpAddr) -> Option<InstanceModel> {
        let mut model = InstanceModel::new("VI", IfIndex(1), NonZeroU8::new(self.vrid)?);
        model.family = family_of(peer);
        model.version = if self.version == 2 { Version::V2 } else { Version::V3 };
        model.priority = NonZeroU8::new(self.priority).unwrap_or(model.priority);
        model.advert_int = self.interval;
        model.auth = self.auth;
        let prefix = if peer.is_ipv4() { 32 } else { 128 };
        model.vips = self.addresses.iter().map(|ip| Vip::new(IfAddr { ip: *ip, prefix }, model.iface)).collect();
        if self.unicast {
            model.unicast_peers = vec![UnicastPeer::from(peer)];
        }
        Some(model)
    }

    fn policy(&self, checksum: V3Checksum) -> Policy {
        let v3_ipv4_checksum = if self.plain_checksum { V3Checksum::MessageOnly } else { checksum };
        Policy { v3_ipv4_checksum, ..Policy::KEEPALIVED_2_2_7 }
    }
}

/// The rule by which a router with this configuration refuses a frame, if it does.
pub fn refusal(frame: &[u8], listener: &Said) -> Option<Rule> {
    let Some(envelope) = Envelope::parse(frame) else { return Some(Rule::ReceiveNotVrrp) };
    let Some(model) = listener.model(envelope.src) else { return Some(Rule::ReceiveVrid) };
    let group = [IpAddr::V4(GROUP_V4), IpAddr::V6(GROUP_V6)].contains(&envelope.dst);
    let seat = Listener { model: &model, state: State::Backup, master: None, sequence: 0 };
    let policy = listener.policy(V3Checksum::PseudoHeaderOldUnicast);
    let verdict = receive(frame, [(0, seat)].into_iter(), &policy, |ip| !group && ip == envelope.dst);
    match verdict {
        Verdict::Accepted { .. } => None,
        // the key is not in the capture
        Verdict::Refused { rule: Rule::ReceiveAuthFailure, .. } if matches!(listener.auth, Auth::Ah(_)) => None,
        Verdict::Refused { rule, .. } | Verdict::Unseen(rule) => Some(rule),
    }
}

/// The rule by which even a router like its sender refuses a frame: it was broken, or has come a long way.
pub fn own_refusal(frame: &[u8], said: &Said) -> Option<Rule> {
    if !matches!(said.version, 2 | 3) {
        return Some(Rule::ReceiveVersion);
    }
    refusal(frame, said)
}
