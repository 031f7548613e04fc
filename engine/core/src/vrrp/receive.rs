//! The receive path: one frame in, a verdict out. The order of checks is data, one list for each policy.
use core::net::IpAddr;

use vrrplab_wire::{Envelope, GROUP_V4, GROUP_V6, VrrpView};

use crate::io::State;
use crate::model::{AddressFamily, Auth, InstanceModel, Version};
use crate::policy::{Policy, ReceiveOrder, V3Checksum};
use crate::rules::Rule;
use crate::time::Span;

/// What the receive path needs to know of one virtual router.
#[derive(Clone, Copy, Debug)]
pub struct Listener<'a> {
    /// Its configuration.
    pub model: &'a InstanceModel,
    /// Its state.
    pub state: State,
    /// The address of the master that it last accepted.
    pub master: Option<IpAddr>,
    /// The sequence number of the last authentication header sent or accepted.
    pub sequence: u32,
}

/// An advert that passed every check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Who sent it.
    pub from: IpAddr,
    /// Its priority.
    pub priority: u8,
    /// Its interval.
    pub interval: Span,
    /// The sequence number of its authentication header.
    pub sequence: Option<u32>,
}

/// The verdict on one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It never reaches a virtual router: the kernel drops it, or nobody listens. Nothing is said.
    Unseen(Rule),
    /// A virtual router refuses it.
    Refused {
        /// Position of the listener.
        listener: usize,
        /// Who sent it.
        from: IpAddr,
        /// The check that failed.
        rule: Rule,
        /// The sequence number of its authentication header, when that was in order.
        sequence: Option<u32>,
    },
    /// A virtual router takes it.
    Accepted {
        /// Position of the listener.
        listener: usize,
        /// What it says.
        heard: Heard,
    },
}

/// One receive check. Each refuses with one rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Check {
    AuthHeader,
    Length,
    Ttl,
    Version,
    AuthUnknown,
    AuthMismatch,
    AuthFailure,
    AuthReplay,
    Interval,
    IntervalZero,
    Type,
    Count,
    CountZero,
    Checksum,
    Delivery,
    AddressList,
    FirstAddress,
    Owner,
    UnicastSource,
    PeerTtl,
}

/// keepalived 2.2.7, measured.
const KEEPALIVED_2_2_7: &[Check] = &[
    Check::AuthHeader,
    Check::Length,
    Check::Ttl,
    Check::Version,
    Check::AuthUnknown,
    Check::AuthMismatch,
    Check::AuthFailure,
    Check::AuthReplay,
    Check::Interval,
    Check::Type,
    Check::Count,
    Check::Checksum,
    Check::Delivery,
    Check::AddressList,
    Check::UnicastSource,
    Check::PeerTtl,
];

/// RFC 9568 §7.1 for v3; RFC 3768 §7.1 with RFC 2338 authentication for v2.
const RFC_9568: &[Check] = &[
    Check::Ttl,
    Check::Version,
    Check::Type,
    Check::CountZero,
    Check::Length,
    Check::Checksum,
    Check::Owner,
    Check::AuthUnknown,
    Check::AuthHeader,
    Check::AuthMismatch,
    Check::AuthFailure,
    Check::AuthReplay,
    Check::Delivery,
    Check::PeerTtl,
    Check::Interval,
    Check::IntervalZero,
    Check::FirstAddress,
    Check::AddressList,
];

/// FRR 8.4.4: it believes any list of addresses and any interval of v3.
const FRR_8_4_4: &[Check] = &[
    Check::Ttl,
    Check::Version,
    Check::Checksum,
    Check::Type,
    Check::Length,
    Check::AuthMismatch,
    Check::Owner,
    Check::Interval,
];

/// A packet and the virtual router that judges it.
struct Case<'a> {
    envelope: &'a Envelope<'a>,
    view: VrrpView<'a>,
    family: AddressFamily,
    multicast: bool,
    listener: &'a Listener<'a>,
    policy: &'a Policy,
}

/// Judges one frame for the listeners of the interface on which it came; `is_own` tells the node's own addresses.
pub fn receive<'a>(
    frame: &[u8],
    listeners: impl Iterator<Item = (usize, Listener<'a>)>,
    policy: &Policy,
    is_own: impl Fn(IpAddr) -> bool,
) -> Verdict {
    let Some(envelope) = Envelope::parse(frame) else { return Verdict::Unseen(Rule::ReceiveNotVrrp) };
    if let Some(rule) = kernel_drops(&envelope, &is_own) {
        return Verdict::Unseen(rule);
    }
    let Some(view) = VrrpView::new(envelope.payload) else { return Verdict::Unseen(Rule::ReceiveLength) };
    let family = family_of(envelope.src);
    let multicast = is_group(envelope.dst);
    let mut best: Option<(usize, Listener<'_>)> = None;
    let mut unseen = Rule::ReceiveVrid;
    for (position, listener) in listeners {
        let model = listener.model;
        if model.vrid.get() != view.vrid() || model.family != family {
            continue;
        }
        if policy.receive == ReceiveOrder::Keepalived227 && !socket_hears(model, multicast) {
            unseen = Rule::ReceiveDelivery;
            continue;
        }
        let closer = model.peer(envelope.src).is_some();
        if best.is_none() || closer {
            best = Some((position, listener));
        }
    }
    let Some((position, listener)) = best else { return Verdict::Unseen(unseen) };
    if matches!(listener.state, State::Init | State::Fault) {
        return Verdict::Unseen(Rule::ReceiveVrid);
    }
    let checks = match policy.receive {
        ReceiveOrder::Keepalived227 => KEEPALIVED_2_2_7,
        ReceiveOrder::Rfc9568 => RFC_9568,
        ReceiveOrder::Frr844 => FRR_8_4_4,
    };
    let case = Case { envelope: &envelope, view, family, multicast, listener: &listener, policy };
    if family == AddressFamily::V6 && policy.receive == ReceiveOrder::Keepalived227 && !case.checksum_ok() {
        return Verdict::Unseen(Rule::ReceiveChecksum); // the kernel verifies the checksum of IPv6 raw sockets
    }
    let refused = checks.iter().enumerate().find_map(|(place, check)| case.refuses(*check).map(|rule| (place, rule)));
    match refused {
        Some((place, rule)) => {
            // the replay check notes the number as soon as it is passed, whatever the later checks say
            let sequence = case.sequence().filter(|_| checks[..place].contains(&Check::AuthReplay));
            Verdict::Refused { listener: position, from: envelope.src, rule, sequence }
        }
        None => Verdict::Accepted { listener: position, heard: case.heard() },
    }
}

/// What a kernel drops before any socket sees it.
fn kernel_drops(envelope: &Envelope<'_>, is_own: &impl Fn(IpAddr) -> bool) -> Option<Rule> {
    if !envelope.header_ok {
        Some(Rule::ReceiveIpHeader)
    } else if envelope.fragment {
        Some(Rule::ReceiveIpFragment)
    } else if is_own(envelope.src) {
        Some(Rule::ReceiveOwnPacket)
    } else if !is_group(envelope.dst) && !is_own(envelope.dst) {
        Some(Rule::ReceiveDestination)
    } else {
        None
    }
}

/// An IPv4 instance binds its socket to the group, or with peers to its own address, and hears nothing else.
fn socket_hears(model: &InstanceModel, multicast: bool) -> bool {
    model.family == AddressFamily::V6 || multicast != model.is_unicast()
}

fn family_of(ip: IpAddr) -> AddressFamily {
    if ip.is_ipv4() { AddressFamily::V4 } else { AddressFamily::V6 }
}

fn is_group(ip: IpAddr) -> bool {
    ip == IpAddr::V4(GROUP_V4) || ip == IpAddr::V6(GROUP_V6)
}

impl Case<'_> {
    /// The rule by which this check refuses the packet, if it does.
    fn refuses(&self, check: Check) -> Option<Rule> {
        let model = self.listener.model;
        let v2 = model.version == Version::V2;
        let expected_version = if v2 { 2 } else { 3 };
        let (refused, rule) = match check {
            Check::Length => (self.view.len() != self.view.expected_len(self.family), Rule::ReceiveLength),
            Check::Ttl => (!model.is_unicast() && self.envelope.ttl != 255, Rule::ReceiveTtl),
            Check::Version => (self.view.version_nibble() != expected_version, Rule::ReceiveVersion),
            Check::AuthUnknown => (v2 && self.view.auth_type() > 2, Rule::ReceiveAuthUnknown),
            Check::AuthHeader => (self.envelope.ah != matches!(model.auth, Auth::Ah(_)), Rule::ReceiveAuthMismatch),
            Check::AuthMismatch => (v2 && self.view.auth_type() != auth_number(model.auth), Rule::ReceiveAuthMismatch),
            Check::AuthFailure => (v2 && self.wrong_password(), Rule::ReceiveAuthFailure),
            Check::AuthReplay => {
                (self.sequence().is_some_and(|number| number <= self.listener.sequence), Rule::ReceiveAuthReplay)
            }
            Check::Interval => (v2 && self.interval() != model.advert_int, Rule::ReceiveInterval),
            Check::IntervalZero => (!v2 && self.view.centiseconds() == 0, Rule::ReceiveIntervalZero),
            Check::Type => (self.view.kind() != 1, Rule::ReceiveType),
            Check::Count => {
                (!self.trusted_master() && usize::from(self.view.count()) != model.vips.len(), Rule::ReceiveCount)
            }
            Check::CountZero => (!v2 && self.view.count() == 0, Rule::ReceiveCountZero),
            Check::Checksum => (!self.checksum_ok(), Rule::ReceiveChecksum),
            Check::Delivery => (self.multicast == model.is_unicast(), Rule::ReceiveDelivery),
            Check::AddressList => (
                self.policy.strict_address_list
                    && !self.trusted_master()
                    && !self.owner_is_believed()
                    && self.lacks_an_address(),
                Rule::ReceiveAddressList,
            ),
            Check::FirstAddress => (self.first_address_not_link_local(), Rule::ReceiveFirstAddress),
            Check::Owner => (self.policy.owner_ignores_adverts && model.is_owner(), Rule::ReceiveOwner),
            Check::PeerTtl => (self.ttl_outside_the_range_of_the_peer(), Rule::ReceiveTtl),
            Check::UnicastSource => {
                (model.checks_peers() && model.peer(self.envelope.src).is_none(), Rule::ReceiveDelivery)
            }
        };
        refused.then_some(rule)
    }

    fn heard(&self) -> Heard {
        let (priority, interval) = (self.view.priority(), self.interval());
        Heard { from: self.envelope.src, priority, interval, sequence: self.sequence() }
    }

    /// The sequence number of the authentication header, where one is asked for.
    fn sequence(&self) -> Option<u32> {
        let asked = matches!(self.listener.model.auth, Auth::Ah(_));
        self.envelope.authentication.filter(|_| asked).map(|header| header.sequence())
    }

    /// keepalived compares the integrity check value first, then the security parameter index with the source.
    fn wrong_header(&self, key: [u8; 8]) -> bool {
        let IpAddr::V4(source) = self.envelope.src else { return true };
        let ttl_counts = !self.listener.model.is_unicast();
        self.envelope
            .authentication
            .is_none_or(|header| !header.is_authentic(key, ttl_counts) || header.spi() != source.to_bits())
    }

    fn interval(&self) -> Span {
        match self.listener.model.version {
            Version::V2 => Span::from_secs(u64::from(self.view.seconds())),
            Version::V3 => Span::from_millis(10 * u64::from(self.view.centiseconds())),
        }
    }

    /// `skip_check_adv_addr`: a backup does not look at the addresses of the master that it knows.
    fn trusted_master(&self) -> bool {
        self.listener.model.skip_check_adv_addr
            && self.listener.state == State::Backup
            && self.listener.master == Some(self.envelope.src)
    }

    /// RFC 3768 §7.1: a differing list is logged, and the advert is dropped unless the address owner sent it.
    fn owner_is_believed(&self) -> bool {
        self.policy.receive == ReceiveOrder::Rfc9568 && self.view.priority() == 255
    }

    fn ttl_outside_the_range_of_the_peer(&self) -> bool {
        let range = self.listener.model.peer(self.envelope.src).and_then(|peer| peer.ttl);
        range.is_some_and(|(min, max)| !(min..=max).contains(&self.envelope.ttl))
    }

    fn wrong_password(&self) -> bool {
        match self.listener.model.auth {
            Auth::None => false,
            Auth::Ah(key) => self.wrong_header(key),
            Auth::Pass(ours) => self.view.auth_data(self.family) != Some(ours),
        }
    }

    fn lacks_an_address(&self) -> bool {
        self.listener.model.vips.iter().any(|vip| self.view.addresses(self.family).all(|ip| ip != vip.addr.ip))
    }

    fn first_address_not_link_local(&self) -> bool {
        match self.view.addresses(self.family).next() {
            Some(IpAddr::V6(first)) => !first.is_unicast_link_local(),
            _ => false,
        }
    }

    fn checksum_ok(&self) -> bool {
        let (src, dst) = (self.envelope.src, self.envelope.dst);
        match (self.view.version_nibble(), self.family) {
            (3, AddressFamily::V6) | (2, AddressFamily::V6) => self.view.checksum_pseudo_ok(src, dst),
            (3, AddressFamily::V4) => match self.policy.v3_ipv4_checksum {
                V3Checksum::MessageOnly => self.view.checksum_plain_ok(),
                V3Checksum::PseudoHeader => self.view.checksum_pseudo_ok(src, dst),
                V3Checksum::Either => self.view.checksum_plain_ok() || self.view.checksum_pseudo_ok(src, dst),
                V3Checksum::PseudoHeaderOldUnicast => {
                    self.view.checksum_pseudo_ok(src, dst)
                        || (!self.multicast && self.view.checksum_pseudo_ok(src, IpAddr::V4(GROUP_V4)))
                }
            },
            _ => self.view.checksum_plain_ok(),
        }
    }
}

fn auth_number(auth: Auth) -> u8 {
    match auth {
        Auth::None => 0,
        Auth::Pass(_) => 1,
        Auth::Ah(_) => 2,
    }
}
