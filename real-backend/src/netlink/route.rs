//! A route in the kernel's words.
use std::io;
use std::net::IpAddr;

use netlink_packet_route::AddressFamily as Family;
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteFlags, RouteMessage, RouteMetric, RouteNextHop, RouteNextHopFlags,
    RoutePreference, RouteProtocol, RouteRealm, RouteScope, RouteType,
};
use vrrplab_engine::model::AddressFamily;
use vrrplab_engine::model::route::{Hop, Measure, RouteKind, RouteSpec};

/// The metric that the kernel gives an IPv6 route without one.
const METRIC_V6: u32 = 1024;

/// What the kernel is told of a route. `index` knows the kernel's indices of interfaces.
pub(super) fn message(spec: &RouteSpec, index: impl Fn(&str) -> io::Result<u32>) -> io::Result<RouteMessage> {
    let mut message = RouteMessage::default();
    let header = &mut message.header;
    header.address_family = family(spec.family);
    header.destination_prefix_length = spec.to.prefix;
    header.tos = spec.tos;
    header.table = u8::try_from(spec.table).unwrap_or(0);
    header.protocol = RouteProtocol::from(spec.protocol);
    header.scope = RouteScope::from(spec.scope);
    header.kind = kind(spec.kind);
    let told = &mut message.attributes;
    if spec.to.prefix > 0 {
        told.push(RouteAttribute::Destination(spec.to.ip.into()));
    }
    told.push(RouteAttribute::Table(spec.table));
    told.extend(spec.source.map(|ip| RouteAttribute::PrefSource(ip.into())));
    told.extend(spec.metric.map(RouteAttribute::Priority));
    let realm = |destination| RouteAttribute::Realm(RouteRealm { source: 0, destination });
    told.extend(spec.realm.map(realm));
    told.extend(spec.preference.map(|preference| RouteAttribute::Preference(RoutePreference::from(preference))));
    if !spec.measures.is_empty() {
        told.push(RouteAttribute::Metrics(measures(spec)));
    }
    match spec.hops.as_slice() {
        [] => {}
        [hop] if hop.weight.is_none() => {
            told.extend(hop.via.map(|via| RouteAttribute::Gateway(via.into())));
            if let Some(device) = &hop.device {
                told.push(RouteAttribute::Oif(index(device)?));
            }
            message.header.flags.set(RouteFlags::Onlink, hop.onlink);
        }
        hops => {
            let hops: io::Result<Vec<RouteNextHop>> = hops.iter().map(|hop| next_hop(hop, &index)).collect();
            told.push(RouteAttribute::MultiPath(hops?));
        }
    }
    Ok(message)
}

fn next_hop(hop: &Hop, index: &impl Fn(&str) -> io::Result<u32>) -> io::Result<RouteNextHop> {
    let mut told = RouteNextHop::default();
    told.hops = u8::try_from(hop.weight.unwrap_or(1).saturating_sub(1)).unwrap_or(u8::MAX);
    told.flags.set(RouteNextHopFlags::Onlink, hop.onlink);
    if let Some(device) = &hop.device {
        told.interface_index = index(device)?;
    }
    told.attributes.extend(hop.via.map(|via| RouteAttribute::Gateway(via.into())));
    Ok(told)
}

fn measures(spec: &RouteSpec) -> Vec<RouteMetric> {
    let metric = |(measure, value): &(Measure, u32)| {
        let value = *value;
        match measure {
            Measure::Mtu => RouteMetric::Mtu(value),
            Measure::AdvertisedSegment => RouteMetric::Advmss(value),
            Measure::Window => RouteMetric::Window(value),
            Measure::RoundTrip => RouteMetric::Rtt(value),
            Measure::RoundTripVariance => RouteMetric::RttVar(value),
            Measure::SlowStart => RouteMetric::SsThresh(value),
            Measure::Congestion => RouteMetric::Cwnd(value),
            Measure::FirstCongestion => RouteMetric::InitCwnd(value),
            Measure::FirstReceive => RouteMetric::InitRwnd(value),
            Measure::Reordering => RouteMetric::Reordering(value),
            Measure::HopLimit => RouteMetric::Hoplimit(value),
            Measure::ShortestRetransmission => RouteMetric::RtoMin(value),
            Measure::QuickAck => RouteMetric::QuickAck(value),
            Measure::FastOpenWithoutCookie => RouteMetric::FastopenNoCookie(value),
        }
    };
    let lock = spec.locked.iter().fold(0, |bits, measure| bits | 1 << number(*measure));
    let lock = (lock != 0).then_some(RouteMetric::Lock(lock));
    lock.into_iter().chain(spec.measures.iter().map(metric)).collect()
}

/// The bit of a measure among those that are locked: `RTAX_MTU` and so on.
fn number(measure: Measure) -> u32 {
    match measure {
        Measure::Mtu => 2,
        Measure::Window => 3,
        Measure::RoundTrip => 4,
        Measure::RoundTripVariance => 5,
        Measure::SlowStart => 6,
        Measure::Congestion => 7,
        Measure::AdvertisedSegment => 8,
        Measure::Reordering => 9,
        Measure::HopLimit => 10,
        Measure::FirstCongestion => 11,
        Measure::ShortestRetransmission => 13,
        Measure::FirstReceive => 14,
        Measure::QuickAck => 15,
        Measure::FastOpenWithoutCookie => 17,
    }
}

/// By what the kernel tells one route from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RouteKey {
    family: Family,
    to: Option<RouteAddress>,
    prefix: u8,
    tos: u8,
    table: u32,
    metric: u32,
    protocol: RouteProtocol,
}

/// The key of a route that was told, or is told.
pub(super) fn key(message: &RouteMessage) -> RouteKey {
    let header = &message.header;
    let default = if header.address_family == Family::Inet6 { METRIC_V6 } else { 0 };
    let mut key = RouteKey {
        family: header.address_family,
        to: None,
        prefix: header.destination_prefix_length,
        tos: header.tos,
        table: u32::from(header.table),
        metric: default,
        protocol: header.protocol,
    };
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Destination(to) => key.to = Some(to.clone()),
            RouteAttribute::Table(table) => key.table = *table,
            RouteAttribute::Priority(0) => {}
            RouteAttribute::Priority(metric) => key.metric = *metric,
            _ => {}
        }
    }
    if key.to == Some(RouteAddress::from(IpAddr::from([0, 0, 0, 0]))) {
        key.to = None;
    }
    key
}

pub(super) fn family(family: AddressFamily) -> Family {
    match family {
        AddressFamily::V4 => Family::Inet,
        AddressFamily::V6 => Family::Inet6,
    }
}

fn kind(kind: RouteKind) -> RouteType {
    match kind {
        RouteKind::Unicast => RouteType::Unicast,
        RouteKind::Local => RouteType::Local,
        RouteKind::Broadcast => RouteType::Broadcast,
        RouteKind::Anycast => RouteType::Anycast,
        RouteKind::Multicast => RouteType::Multicast,
        RouteKind::Blackhole => RouteType::BlackHole,
        RouteKind::Unreachable => RouteType::Unreachable,
        RouteKind::Prohibit => RouteType::Prohibit,
        RouteKind::Throw => RouteType::Throw,
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use vrrplab_engine::model::IfAddr;

    use super::*;

    fn spec(to: &str, prefix: u8) -> RouteSpec {
        let ip: IpAddr = to.parse().unwrap();
        let family = if ip.is_ipv4() { AddressFamily::V4 } else { AddressFamily::V6 };
        RouteSpec { to: IfAddr { ip, prefix }, ..RouteSpec::new(family) }
    }

    fn told(spec: &RouteSpec) -> RouteMessage {
        message(spec, |name| if name == "eth0" { Ok(2) } else { Err(io::ErrorKind::NotFound.into()) }).unwrap()
    }

    fn hop(device: &str, weight: Option<u16>) -> Hop {
        Hop { via: "10.9.0.2".parse().ok(), device: Some(device.into()), onlink: true, weight }
    }

    #[test]
    fn one_way_stands_in_the_route_itself() {
        let spec = RouteSpec { hops: vec![hop("eth0", None)], metric: Some(7), table: 1000, ..spec("10.1.0.0", 16) };
        let told = told(&spec);
        assert_eq!((told.header.table, told.header.destination_prefix_length), (0, 16));
        assert_eq!(told.header.protocol, RouteProtocol::KeepAlived);
        assert!(told.header.flags.contains(RouteFlags::Onlink));
        let expected = [
            RouteAttribute::Destination(Ipv4Addr::new(10, 1, 0, 0).into()),
            RouteAttribute::Table(1000),
            RouteAttribute::Priority(7),
            RouteAttribute::Gateway(Ipv4Addr::new(10, 9, 0, 2).into()),
            RouteAttribute::Oif(2),
        ];
        assert_eq!(told.attributes, expected);
    }

    #[test]
    fn several_ways_stand_beside_each_other_with_one_less_than_their_weights() {
        let told = told(&RouteSpec { hops: vec![hop("eth0", Some(3)), hop("eth0", None)], ..spec("10.1.0.0", 16) });
        let Some(RouteAttribute::MultiPath(hops)) = told.attributes.last() else { panic!("{told:?}") };
        assert_eq!(hops.iter().map(|hop| (hop.hops, hop.interface_index)).collect::<Vec<_>>(), [(2, 2), (0, 2)]);
    }

    #[test]
    fn a_locked_measure_is_told_as_a_bit() {
        let spec = RouteSpec {
            measures: vec![(Measure::Mtu, 1400), (Measure::HopLimit, 7)],
            locked: vec![Measure::Mtu],
            ..spec("10.1.0.0", 16)
        };
        let metrics = [RouteMetric::Lock(4), RouteMetric::Mtu(1400), RouteMetric::Hoplimit(7)];
        assert_eq!(told(&spec).attributes.last(), Some(&RouteAttribute::Metrics(metrics.to_vec())));
    }

    #[test]
    fn an_interface_that_is_not_there_is_an_error() {
        let spec = RouteSpec { hops: vec![hop("eth9", None)], ..spec("10.1.0.0", 16) };
        assert!(message(&spec, |_| Err(io::ErrorKind::NotFound.into())).is_err());
    }

    #[test]
    fn without_a_metric_an_ipv6_route_is_the_one_that_the_kernel_tells_of_with_1024() {
        let asked = told(&spec("fd0a::", 64));
        let mut answered = asked.clone();
        answered.attributes.push(RouteAttribute::Priority(METRIC_V6));
        assert_eq!(key(&asked), key(&answered));
        answered.attributes.push(RouteAttribute::Priority(5));
        assert_ne!(key(&asked), key(&answered));
    }
}
