//! Links in the kernel's words: a macvlan, its setting up, its end.
use netlink_packet_route::link::{
    InfoData, InfoKind, InfoMacVlan, LinkAttribute, LinkFlags, LinkInfo, LinkMessage, MacVlanMode,
};
use vrrplab_engine::model::{IfIndex, Mac};

/// A macvlan in private mode, still down: macvlans of one interface do not hear each other.
pub(super) fn macvlan(name: &str, base: IfIndex, mac: Mac) -> LinkMessage {
    let mut link = LinkMessage::default();
    link.attributes = vec![
        LinkAttribute::IfName(name.to_owned()),
        LinkAttribute::Link(base.0),
        LinkAttribute::Address(mac.0.to_vec()),
        LinkAttribute::LinkInfo(vec![
            LinkInfo::Kind(InfoKind::MacVlan),
            LinkInfo::Data(InfoData::MacVlan(vec![InfoMacVlan::Mode(MacVlanMode::Private)])),
        ]),
    ];
    link
}

/// Sets a link up.
pub(super) fn up(iface: IfIndex) -> LinkMessage {
    let mut link = LinkMessage::default();
    link.header.index = iface.0;
    link.header.flags = LinkFlags::Up;
    link.header.change_mask = LinkFlags::Up;
    link
}

/// Removes a link.
pub(super) fn gone(iface: IfIndex) -> LinkMessage {
    let mut link = LinkMessage::default();
    link.header.index = iface.0;
    link
}
