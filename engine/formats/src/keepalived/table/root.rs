//! Keywords outside of all blocks.
use super::{Block, MANY, Section, Takes, kept, modelled, not_yet};

const ADDRESS: &str = "ADDR[/LEN] dev IF [as in virtual_ipaddress] [track_group NAME]";

/// Outside of all blocks.
#[rustfmt::skip]
pub(super) static ROOT: Section = Section {
    block: Block::Root,
    header: "outside of all blocks",
    keywords: &[
        modelled("global_defs", Takes::Block(Block::Globals), "", "settings of the whole node; instances copy from it, so it comes first"),
        modelled("vrrp_instance", Takes::Named(Block::Instance, 1, 1, "NAME"), "", "a virtual router"),
        modelled("vrrp_sync_group", Takes::Named(Block::SyncGroup, 1, 1, "NAME"), "", "instances that change their state together"),
        modelled("vrrp_script", Takes::Named(Block::Script, 1, 1, "NAME"), "", "a program whose exit code instances track"),
        modelled("track_file", Takes::Named(Block::File, 1, 1, "NAME"), "", "a file whose number instances track"),
        modelled("vrrp_track_file", Takes::Named(Block::File, 1, 1, "NAME"), "", "deprecated: track_file"),
        modelled("vrrp_track_process", Takes::Named(Block::Process, 1, 1, "NAME"), "", "processes that instances track"),
        modelled("bfd_instance", Takes::Named(Block::Bfd, 1, 1, "NAME"), "", "a BFD session (RFC 5880) that instances and real servers track"),
        not_yet("garp_group", Takes::Block(Block::GarpGroup), "", "gaps between announcements, for some interfaces"),
        kept("track_group", Takes::Named(Block::TrackGroup, 1, 1, "NAME"), "", "static items come back with these instances"),
        modelled("static_ipaddress", Takes::Lines(ADDRESS), "", "addresses from start to stop"),
        modelled("static_routes", Takes::Lines("DESTINATION [via ADDR] dev IF [attributes] [track_group NAME]"), "", "routes from start to stop; the simulated kernel has one table, and of several hops it takes the first"),
        kept("static_rules", Takes::Lines("[from ADDR] [to ADDR] [selectors and action] [track_group NAME]"), "", "rules from start to stop; the simulated kernel asks none"),
        modelled("interface_up_down_delays", Takes::Lines("IF DOWN [UP]"), "", "a change of link counts after it has lasted so many seconds, 0 to 255"),
        kept("linkbeat_interfaces", Takes::Lines("IF [MII|ETHTOOL|IOCTL]"), "", "links are told by the kernel here"),
        kept("linkbeat_use_polling", Takes::Nothing, "off", "links are told by the kernel here"),
        kept("net_namespace", Takes::Word("NAME"), "", "a simulated node is a world of its own"),
        kept("net_namespace_ipvs", Takes::Words(0, 1, "[NAME]"), "", "a simulated node is a world of its own"),
        kept("namespace_with_ipsets", Takes::Nothing, "off", "no ipsets here"),
        kept("instance", Takes::Word("NAME"), "", "tells daemons on one host apart: `${_INSTANCE}`"),
        kept("use_pid_dir", Takes::Nothing, "off", "where PID files are"),
        kept("child_wait_time", Takes::Int(1, 4294), "5", "how long the parent waits for its children at stop"),
        kept("SSL", Takes::Block(Block::Ssl), "", "certificates of SSL_GET"),
        modelled("virtual_server_group", Takes::NamedLines("ADDR[-LAST|/LEN] [PORT] | fwmark N [inet|inet6]"), "", "addresses and marks with the same real servers"),
        modelled("virtual_server", Takes::Named(Block::VirtualServer, 1, 2, "ADDR [PORT] | fwmark N | group NAME"), "", "a service that IPVS spreads over real servers"),
    ],
    shared: &INCLUDES,
};

/// Known in every block.
#[rustfmt::skip]
pub(super) static INCLUDES: [super::Keyword; 6] = [
    modelled("include", Takes::Words(1, MANY, "FILE|GLOB"), "", "another text in this place; a missing one is told and that is all"),
    modelled("includer", Takes::Words(1, MANY, "FILE|GLOB"), "", "as include; a file that cannot be read is an error"),
    modelled("includem", Takes::Words(1, MANY, "FILE|GLOB"), "", "as include; a missing file is an error"),
    modelled("includew", Takes::Words(1, MANY, "FILE|GLOB"), "", "as include; a pattern without a match is an error"),
    modelled("includeb", Takes::Words(1, MANY, "FILE|GLOB"), "", "as include; every alternative in braces must exist"),
    modelled("includea", Takes::Words(1, MANY, "FILE|GLOB"), "", "as include; all of these are errors"),
];
