//! What the words of a scenario mean: times with units, percents, addresses, numbers and fixed vocabularies.
use std::net::IpAddr;

use serde_json::{Value, json};
use vrrplab_engine::lvs::Virtual;
use vrrplab_engine::model::{IfAddr, Mac};
use vrrplab_engine::{Policy, Span, State};

use super::leaf::{Kind, Leaf, Unreadable};
use super::looks::{Written, written};
use super::tables::service;
use crate::diagnostics::nearest;
use crate::world::{Direction, Driver, FrameClass, FrameKind, Invariant, Provider, TreeMode};

/// `digits[.digits]` times `scale`, exactly; `None` when it is no such number, too fine or too large.
pub(super) fn decimal(text: &str, scale: u64) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let mut value = whole.parse::<u64>().ok()?.checked_mul(scale)?;
    let mut step = scale;
    for digit in fraction.bytes().map(|b| u64::from(b - b'0')) {
        if digit == 0 {
            step /= if step.is_multiple_of(10) { 10 } else { 1 };
            continue;
        }
        if !step.is_multiple_of(10) {
            return None;
        }
        step /= 10;
        value = value.checked_add(digit * step)?;
    }
    Some(value)
}

const UNITS: [(&str, u64); 5] =
    [("ns", 1), ("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000)];

/// Reads a length of time; the unit is never implied.
pub(super) fn time(text: &str) -> Result<Span, Unreadable> {
    let units = "the units are ns, us, ms, s and m";
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = (&text[..end], text[end..].trim_start());
    if number.is_empty() {
        return Err(Unreadable::new(format!("`{text}` is not a time"), format!("write for instance `3s`; {units}")));
    }
    if unit.is_empty() {
        let help = format!("write `{number}s`, or another unit: {units}");
        return Err(Unreadable::new(format!("the time `{text}` has no unit"), help));
    }
    let Some((_, scale)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(Unreadable::new(format!("unknown unit `{unit}` of time"), units));
    };
    // A minute does not divide into powers of ten: its fractions are read in seconds.
    let value = if unit == "m" {
        decimal(number, 1_000_000_000).and_then(|v| v.checked_mul(60))
    } else {
        decimal(number, *scale)
    };
    let bad = || Unreadable::new(format!("`{text}` is not a time"), "whole nanoseconds, up to about 584 years");
    value.map(Span).ok_or_else(bad)
}

/// Reads a percent into millionths.
pub(super) fn percent(text: &str) -> Result<u32, Unreadable> {
    let Some(number) = text.strip_suffix('%') else {
        return Err(Unreadable::new(format!("`{text}` is not a percentage"), "write it with its sign: `1.5%`"));
    };
    let ppm = decimal(number.trim_end(), 10_000).and_then(|v| u32::try_from(v).ok()).filter(|v| *v <= 1_000_000);
    let bad = || Unreadable::new(format!("`{text}` is not a percentage"), "from 0% to 100%, at most four decimals");
    ppm.ok_or_else(bad)
}

/// Reads a hardware address.
fn mac(text: &str) -> Result<Mac, Unreadable> {
    let bad = || Unreadable::new(format!("`{text}` is not a MAC"), "six bytes in hex: \"02:00:00:00:01:01\"");
    let mut bytes = [0; 6];
    let mut parts = text.split(':');
    for byte in &mut bytes {
        let part = parts.next().filter(|p| p.len() == 2 && p.bytes().all(|b| b.is_ascii_hexdigit())).ok_or_else(bad)?;
        *byte = u8::from_str_radix(part, 16).map_err(|_| bad())?;
    }
    if parts.next().is_some() {
        return Err(bad());
    }
    if bytes[0] & 1 == 1 {
        return Err(Unreadable::new(format!("`{text}` is a group address"), "the first byte of a host's MAC is even"));
    }
    Ok(Mac(bytes))
}

fn address(text: &str) -> Result<IpAddr, Unreadable> {
    let bad = |_| Unreadable::new(format!("`{text}` is not an IP address"), "such as 192.168.100.10 or fe80::1");
    text.parse().map_err(bad)
}

/// Address and, if written, its prefix length.
fn maybe_prefix(text: &str) -> Result<(IpAddr, Option<u8>), Unreadable> {
    let Some((ip, bits)) = text.split_once('/') else { return Ok((address(text)?, None)) };
    let ip = address(ip)?;
    let most = if ip.is_ipv4() { 32 } else { 128 };
    let prefix = bits.parse::<u8>().ok().filter(|p| *p <= most && bits.bytes().all(|b| b.is_ascii_digit()));
    let bad = || Unreadable::new(format!("`{bits}` is not a prefix length"), format!("from 0 to {most}"));
    Ok((ip, Some(prefix.ok_or_else(bad)?)))
}

fn prefixed(text: &str) -> Result<IfAddr, Unreadable> {
    let (ip, prefix) = maybe_prefix(text)?;
    let bits = if ip.is_ipv4() { 24 } else { 64 };
    let bad =
        || Unreadable::new(format!("`{text}` has no prefix length"), format!("write for instance `{text}/{bits}`"));
    Ok(IfAddr { ip, prefix: prefix.ok_or_else(bad)? })
}

fn pair_address(text: &str) -> Result<IfAddr, Unreadable> {
    let (ip, prefix) = maybe_prefix(text)?;
    Ok(IfAddr { ip, prefix: prefix.unwrap_or(if ip.is_ipv4() { 32 } else { 128 }) })
}

fn target(text: &str) -> Result<(IpAddr, u16), Unreadable> {
    if let Ok(at) = text.parse::<std::net::SocketAddr>() {
        return Ok((at.ip(), at.port()));
    }
    let bad = |_| {
        Unreadable::new(format!("`{text}` is not a place to ask"), "write \"192.168.100.100:80\" or \"[fd00::1]:80\"")
    };
    text.trim_matches(['[', ']']).parse::<IpAddr>().map(|ip| (ip, 80)).map_err(bad)
}

fn endpoint(text: &str) -> Result<(IpAddr, u16), Unreadable> {
    let bad = |_| {
        let help = "write \"192.168.100.100:5000\" or \"[fd00::1]:5000\"";
        Unreadable::new(format!("`{text}` is not an address with a port"), help)
    };
    text.parse::<std::net::SocketAddr>().map(|at| (at.ip(), at.port())).map_err(bad)
}

fn number(text: &str) -> Result<i64, Unreadable> {
    text.parse().map_err(|_| Unreadable::new(format!("`{text}` is not a whole number"), "digits only"))
}

fn start(text: &str) -> Result<Option<Span>, Unreadable> {
    if text == "never" { Ok(None) } else { time(text).map(Some) }
}

fn text(text: &str) -> Result<String, Unreadable> {
    Ok(text.to_owned())
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $kind:ident: $value:ty, $read:path, $schema:expr;)*) => { $(
        #[doc = concat!("Reads [`", stringify!($name), "`].")]
        pub(super) enum $kind {}
        impl Kind for $kind {
            type Value = $value;
            fn read(text: &str) -> Result<$value, Unreadable> {
                $read(text)
            }
            fn schema() -> Value {
                $schema
            }
        }
        $(#[$doc])*
        pub(super) type $name = Leaf<$kind>;
    )* };
}

const LOOK: &str = r"^(ipvs|conns|arp|addr|fdb)@[0-9]+(\.[0-9]+)? ?(ns|us|ms|s|m)(:.+)?$";
const TIME: &str = r"^[0-9]+(\.[0-9]+)? ?(ns|us|ms|s|m)$";

kinds! {
    /// Any words.
    Text = TextKind: String, text, json!({ "type": "string" });
    /// A length of time, or a moment counted from the start.
    Time = TimeKind: Span, time, json!({ "type": "string", "pattern": TIME });
    /// A moment or `never`.
    Start = StartKind: Option<Span>, start,
        json!({ "type": "string", "pattern": r"^(never|[0-9]+(\.[0-9]+)? ?(ns|us|ms|s|m))$" });
    /// A share in percent.
    Percent = PercentKind: u32, percent, json!({ "type": "string", "pattern": r"^[0-9]+(\.[0-9]{1,4})? ?%$" });
    /// A hardware address.
    Hardware = HardwareKind: Mac, mac, json!({ "type": "string", "pattern": "^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$" });
    /// An IP address.
    Address = AddressKind: IpAddr, address, json!({ "type": "string" });
    /// An IP address with its prefix length.
    Prefixed = PrefixedKind: IfAddr, prefixed, json!({ "type": "string", "pattern": "/[0-9]+$" });
    /// An IP address, perhaps with a prefix length.
    MaybePrefixed = MaybePrefixedKind: (IpAddr, Option<u8>), maybe_prefix, json!({ "type": "string" });
    /// The address of an allowed address pair.
    PairAddress = PairAddressKind: IfAddr, pair_address, json!({ "type": "string" });
    /// An IP address, perhaps with a port.
    Target = TargetKind: (IpAddr, u16), target, json!({ "type": "string" });
    /// An IP address with a port.
    Endpoint = EndpointKind: (IpAddr, u16), endpoint, json!({ "type": "string" });
    /// A whole number.
    Number = NumberKind: i64, number, json!({ "type": "integer" });
    /// Yes or no.
    Flag = FlagKind: bool, flag, json!({ "type": "boolean" });
    /// A way of behaving.
    PolicyName = PolicyKind: Policy, policy, vocabulary(Policy::NAMED);
    /// A state of an instance.
    StateWord = StateKind: State, state, vocabulary(&STATES);
    /// The state that an instance is configured with.
    Wanted = WantedKind: bool, wanted, vocabulary(&WANTED);
    /// Which way.
    DirectionWord = DirectionKind: Direction, direction, vocabulary(&DIRECTIONS);
    /// Which frames are cut.
    FrameClassWord = FrameClassKind: FrameClass, frame_class, vocabulary(&FRAME_CLASSES);
    /// Which frames are counted.
    FrameKindWord = FrameKindKind: FrameKind, frame_kind, vocabulary(&FRAME_KINDS);
    /// What enforces port security.
    DriverWord = DriverKind: Driver, driver, vocabulary(&DRIVERS);
    /// Whose cloud it is.
    ProviderWord = ProviderKind: Provider, provider, vocabulary(&PROVIDERS);
    /// Whether a rule of a security group is about what comes towards the port.
    IngressWord = IngressKind: bool, ingress, vocabulary(&WAYS);
    /// Whether a rule of a security group is about IPv6.
    Ethertype = EthertypeKind: bool, ethertype, vocabulary(&ETHERTYPES);
    /// An IP protocol by name or number.
    Protocol = ProtocolKind: Option<u8>, protocol,
        json!({ "anyOf": [{ "type": "string", "enum": PROTOCOLS.map(|(name, _)| name) },
            { "type": "integer", "minimum": 0, "maximum": 255 }] });
    /// A virtual server.
    Service = ServiceKind: Virtual, service, json!({ "type": "string" });
    /// What to look at, when, and at whom.
    LookWord = LookKind: Written, written, json!({ "type": "string", "pattern": LOOK });
    /// Bits a second.
    Bandwidth = BandwidthKind: u64, bandwidth, json!({ "type": "string", "pattern": r"^[0-9]+(\.[0-9]+)? ?[kMG]bit$" });
    /// Which spanning tree protocol.
    TreeModeWord = TreeModeKind: TreeMode, tree_mode, vocabulary(&TREE_MODES);
    /// An invariant by its id.
    InvariantWord = InvariantKind: Invariant, invariant, vocabulary(Invariant::NAMED);
    /// A port, or the first and the last one.
    Ports = PortsKind: (u16, u16), ports,
        json!({ "anyOf": [{ "type": "integer" }, { "type": "string", "pattern": "^[0-9]+-[0-9]+$" }] });
}

/// Reads bits a second.
fn bandwidth(text: &str) -> Result<u64, Unreadable> {
    let bad = || {
        Unreadable::new(format!("`{text}` is not a bandwidth"), "such as 100Mbit; the units are kbit, Mbit and Gbit")
    };
    let (unit, scale) = [("kbit", 1_000), ("Mbit", 1_000_000), ("Gbit", 1_000_000_000)]
        .into_iter()
        .find(|(unit, _)| text.ends_with(unit))
        .ok_or_else(bad)?;
    decimal(text.strip_suffix(unit).unwrap_or_default().trim_end(), scale).filter(|bits| *bits > 0).ok_or_else(bad)
}

const TREE_MODES: [(&str, TreeMode); 3] = [("off", TreeMode::Off), ("stp", TreeMode::Stp), ("rstp", TreeMode::Rstp)];

fn tree_mode(text: &str) -> Result<TreeMode, Unreadable> {
    pick(text, &TREE_MODES)
}

const DRIVERS: [(&str, Driver); 4] = [
    ("iptables_hybrid", Driver::IptablesHybrid),
    ("openvswitch", Driver::OpenVswitch),
    ("ovn", Driver::Ovn),
    ("ovn_vrrp", Driver::OvnVrrp),
];
const PROVIDERS: [(&str, Provider); 3] = [("aws", Provider::Aws), ("gcp", Provider::Gcp), ("azure", Provider::Azure)];
const WAYS: [(&str, bool); 2] = [("ingress", true), ("egress", false)];
const ETHERTYPES: [(&str, bool); 2] = [("IPv4", false), ("IPv6", true)];
const PROTOCOLS: [(&str, Option<u8>); 14] = [
    ("any", None),
    ("vrrp", Some(112)),
    ("ah", Some(51)),
    ("icmp", Some(1)),
    ("ipv6-icmp", Some(58)),
    ("icmpv6", Some(58)),
    ("igmp", Some(2)),
    ("ipip", Some(4)),
    ("tcp", Some(6)),
    ("udp", Some(17)),
    ("gre", Some(47)),
    ("esp", Some(50)),
    ("ospf", Some(89)),
    ("sctp", Some(132)),
];

const SWITCHES: [(&str, bool); 2] = [("on", true), ("off", false)];

/// Reads whether an invariant is watched.
pub(super) enum SwitchKind {}

impl Kind for SwitchKind {
    type Value = bool;
    fn read(text: &str) -> Result<bool, Unreadable> {
        pick(text, &SWITCHES)
    }
    fn schema() -> Value {
        vocabulary(&SWITCHES)
    }
}

fn invariant(text: &str) -> Result<Invariant, Unreadable> {
    pick(text, Invariant::NAMED)
}

fn driver(text: &str) -> Result<Driver, Unreadable> {
    pick(text, &DRIVERS)
}

fn provider(text: &str) -> Result<Provider, Unreadable> {
    pick(text, &PROVIDERS)
}

fn ingress(text: &str) -> Result<bool, Unreadable> {
    pick(text, &WAYS)
}

fn ethertype(text: &str) -> Result<bool, Unreadable> {
    pick(text, &ETHERTYPES)
}

fn protocol(text: &str) -> Result<Option<u8>, Unreadable> {
    text.parse::<u8>().map_or_else(|_| pick(text, &PROTOCOLS), |number| Ok(Some(number)))
}

fn ports(text: &str) -> Result<(u16, u16), Unreadable> {
    let bad = || Unreadable::new(format!("`{text}` is no range of ports"), "such as 80, or \"8000-8099\"");
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.parse().map_err(|_| bad())?, last.parse().map_err(|_| bad())?);
    if first <= last { Ok((first, last)) } else { Err(bad()) }
}

const STATES: [(&str, State); 4] =
    [("INIT", State::Init), ("BACKUP", State::Backup), ("MASTER", State::Master), ("FAULT", State::Fault)];
const WANTED: [(&str, bool); 2] = [("MASTER", true), ("BACKUP", false)];
const DIRECTIONS: [(&str, Direction); 3] =
    [("both", Direction::Both), ("from_node", Direction::FromNode), ("to_node", Direction::ToNode)];
const FRAME_CLASSES: [(&str, FrameClass); 4] = [
    ("all", FrameClass::All),
    ("multicast", FrameClass::Multicast),
    ("vrrp", FrameClass::Vrrp),
    ("arp", FrameClass::Arp),
];
const FRAME_KINDS: [(&str, FrameKind); 4] = [
    ("advert", FrameKind::Advert),
    ("release", FrameKind::Release),
    ("gratuitous_arp", FrameKind::GratuitousArp),
    ("neighbour_advert", FrameKind::NeighbourAdvert),
];

fn state(text: &str) -> Result<State, Unreadable> {
    pick(text, &STATES)
}

fn wanted(text: &str) -> Result<bool, Unreadable> {
    pick(text, &WANTED)
}

fn direction(text: &str) -> Result<Direction, Unreadable> {
    pick(text, &DIRECTIONS)
}

fn frame_class(text: &str) -> Result<FrameClass, Unreadable> {
    pick(text, &FRAME_CLASSES)
}

fn frame_kind(text: &str) -> Result<FrameKind, Unreadable> {
    pick(text, &FRAME_KINDS)
}

fn flag(text: &str) -> Result<bool, Unreadable> {
    pick(text, &[("true", true), ("false", false)])
}

fn policy(text: &str) -> Result<Policy, Unreadable> {
    pick(text, Policy::NAMED)
}

/// The value of a word of a fixed vocabulary.
pub(super) fn pick<T: Copy>(text: &str, known: &[(&str, T)]) -> Result<T, Unreadable> {
    if let Some((_, value)) = known.iter().find(|(word, _)| *word == text) {
        return Ok(*value);
    }
    let words = || known.iter().map(|(word, _)| *word);
    Err(Unreadable::new(format!("unknown word `{text}`"), choices(text, words())))
}

/// The schema of a fixed vocabulary.
pub(super) fn vocabulary<T>(known: &[(&str, T)]) -> Value {
    json!({ "type": "string", "enum": known.iter().map(|(word, _)| *word).collect::<Vec<_>>() })
}

/// Advice for an unknown word: the nearest of the known ones, and all of them.
pub fn choices<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    let all = if known.is_empty() { "there is none".to_owned() } else { format!("known are: {}", known.join(", ")) };
    let upper = known.iter().find(|k| k.eq_ignore_ascii_case(word)).copied();
    match upper.or_else(|| nearest(word, known.iter().copied())) {
        Some(near) => format!("did you mean `{near}`? {all}"),
        None => all,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_exact_to_the_nanosecond() {
        for (text, ns) in [
            ("0s", 0),
            ("30s", 30_000_000_000),
            ("11.609375s", 11_609_375_000),
            ("100us", 100_000),
            ("1.5ms", 1_500_000),
            ("7ns", 7),
            ("2m", 120_000_000_000),
            ("0.5m", 30_000_000_000),
            ("1.0ns", 1),
            ("3 s", 3_000_000_000),
            ("0.0000000010s", 1),
        ] {
            assert_eq!(time(text).map(|t| t.0), Ok(ns), "{text}");
        }
    }

    #[test]
    fn a_time_says_its_unit_or_is_refused() {
        let bare = time("3").unwrap_err();
        assert_eq!(bare.title, "the time `3` has no unit");
        assert_eq!(bare.help, "write `3s`, or another unit: the units are ns, us, ms, s and m");
        assert_eq!(time("3h").unwrap_err().title, "unknown unit `h` of time");
        for bad in ["", "s", "-1s", "1.5ns", "1..2s", ".5s", "1.s", "99999999999s", "1e3s", "0.0000000001s"] {
            assert!(time(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn percents_become_millionths() {
        for (text, ppm) in [("0%", 0), ("100%", 1_000_000), ("1.5%", 15_000), ("0.0001%", 1), ("33.3333 %", 333_333)] {
            assert_eq!(percent(text), Ok(ppm), "{text}");
        }
        for bad in ["5", "101%", "100.0001%", "-1%", "0.00001%", "%", ""] {
            assert!(percent(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn macs_and_addresses() {
        assert_eq!(mac("02:00:00:00:01:0a"), Ok(Mac([2, 0, 0, 0, 1, 10])));
        assert!(
            ["02:00:00:00:01", "02:00:00:00:01:01:01", "2:0:0:0:1:1", "01:00:00:00:01:01", "zz:00:00:00:01:01"]
                .iter()
                .all(|m| mac(m).is_err())
        );
        assert_eq!(prefixed("10.0.0.1").unwrap_err().help, "write for instance `10.0.0.1/24`");
        assert!(prefixed("10.0.0.1/33").is_err() && prefixed("fd00::1/128").is_ok());
        assert_eq!(target("[fd00::1]:8080"), Ok(("fd00::1".parse().unwrap(), 8080)));
        assert_eq!(target("10.0.0.1"), Ok(("10.0.0.1".parse().unwrap(), 80)));
    }
}
