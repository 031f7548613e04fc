//! A policy rule in the kernel's words.
use netlink_packet_route::IpProtocol;
use netlink_packet_route::route::{RouteProtocol, RouteRealm};
use netlink_packet_route::rule::{RuleAction, RuleAttribute, RuleFlags, RuleMessage, RulePortRange, RuleUidRange};
use vrrplab_engine::model::route::{RuleDeed, RuleSpec};

use super::route::family;

/// What the kernel is told of a rule.
pub(super) fn message(spec: &RuleSpec) -> RuleMessage {
    let mut message = RuleMessage::default();
    let header = &mut message.header;
    header.family = family(spec.family);
    header.tos = spec.tos;
    header.flags.set(RuleFlags::Invert, spec.inverted);
    let told = &mut message.attributes;
    if let Some(from) = spec.from {
        header.src_len = from.prefix;
        told.push(RuleAttribute::Source(from.ip));
    }
    if let Some(to) = spec.to {
        header.dst_len = to.prefix;
        told.push(RuleAttribute::Destination(to.ip));
    }
    told.push(RuleAttribute::Priority(spec.priority));
    header.action = match spec.deed {
        RuleDeed::Table(table) => {
            header.table = u8::try_from(table).unwrap_or(0);
            told.push(RuleAttribute::Table(table));
            RuleAction::ToTable
        }
        RuleDeed::Vrf => {
            told.push(RuleAttribute::L3MDev(true));
            RuleAction::ToTable
        }
        RuleDeed::Goto(priority) => {
            told.push(RuleAttribute::Goto(priority));
            RuleAction::Goto
        }
        RuleDeed::Nothing => RuleAction::Nop,
        RuleDeed::Blackhole => RuleAction::Blackhole,
        RuleDeed::Unreachable => RuleAction::Unreachable,
        RuleDeed::Prohibit => RuleAction::Prohibit,
    };
    told.extend(spec.comes_in.clone().map(RuleAttribute::Iifname));
    told.extend(spec.goes_out.clone().map(RuleAttribute::Oifname));
    if let Some((mark, mask)) = spec.mark {
        told.push(RuleAttribute::FwMark(mark));
        told.extend(mask.map(RuleAttribute::FwMask));
    }
    told.extend(spec.suppress_prefix.map(RuleAttribute::SuppressPrefixLen));
    told.extend(spec.suppress_group.map(RuleAttribute::SuppressIfGroup));
    told.extend(spec.ip_protocol.map(|number| RuleAttribute::IpProtocol(IpProtocol::from(number))));
    let ports = |(start, end): (u16, u16)| RulePortRange { start, end };
    told.extend(spec.source_ports.map(|range| RuleAttribute::SourcePortRange(ports(range))));
    told.extend(spec.ports.map(|range| RuleAttribute::DestinationPortRange(ports(range))));
    told.extend(spec.users.map(|(start, end)| RuleAttribute::UidRange(RuleUidRange { start, end })));
    told.extend(spec.tunnel.map(RuleAttribute::TunId));
    told.extend(spec.realm.map(|destination| RuleAttribute::Realm(RouteRealm { source: 0, destination })));
    told.push(RuleAttribute::Protocol(RouteProtocol::from(spec.protocol)));
    message
}

/// Whether the kernel, by what it tells, means the rule that was told to it: of the attributes, those that it was told are
/// all there.
pub(super) fn is_same(set: &RuleMessage, told: &RuleMessage) -> bool {
    let (a, b) = (&set.header, &told.header);
    let invert = |message: &RuleMessage| message.header.flags.contains(RuleFlags::Invert);
    a.family == b.family
        && (a.src_len, a.dst_len, a.tos, a.action) == (b.src_len, b.dst_len, b.tos, b.action)
        && invert(set) == invert(told)
        && set.attributes.iter().all(|attribute| told.attributes.contains(attribute))
        && interfaces(set) == interfaces(told)
}

fn interfaces(message: &RuleMessage) -> [Option<&str>; 2] {
    let mut found = [None; 2];
    for attribute in &message.attributes {
        match attribute {
            RuleAttribute::Iifname(name) => found[0] = Some(name.as_str()),
            RuleAttribute::Oifname(name) => found[1] = Some(name.as_str()),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use vrrplab_engine::model::{AddressFamily, IfAddr};

    use super::*;

    fn spec(deed: RuleDeed) -> RuleSpec {
        let from = IfAddr { ip: "10.9.0.100".parse().unwrap(), prefix: 32 };
        RuleSpec { from: Some(from), ..RuleSpec::new(AddressFamily::V4, deed, 1000) }
    }

    #[test]
    fn a_rule_names_its_table_and_its_protocol() {
        let told = message(&spec(RuleDeed::Table(100)));
        assert_eq!((told.header.action, told.header.table, told.header.src_len), (RuleAction::ToTable, 100, 32));
        let expected = [
            RuleAttribute::Source("10.9.0.100".parse().unwrap()),
            RuleAttribute::Priority(1000),
            RuleAttribute::Table(100),
            RuleAttribute::Protocol(RouteProtocol::KeepAlived),
        ];
        assert_eq!(told.attributes, expected);
    }

    #[test]
    fn the_kernel_tells_more_of_a_rule_than_it_was_told() {
        let set = message(&spec(RuleDeed::Table(100)));
        let mut told = set.clone();
        told.attributes.push(RuleAttribute::SuppressPrefixLen(u32::MAX));
        assert!(is_same(&set, &told));
        told.attributes.push(RuleAttribute::Iifname("eth0".into()));
        assert!(!is_same(&set, &told), "a rule for one interface is another rule");
        assert!(!is_same(&set, &message(&spec(RuleDeed::Table(101)))));
        assert!(!is_same(&set, &message(&spec(RuleDeed::Prohibit))));
    }
}
