//! Switches, ports and links. A switch does not know VRRP.

/// A port of a switch, and the host's interface plugged into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PortId(pub usize);

/// Why a frame did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DropReason {
    /// The port, or the interface behind it, is down.
    Down,
    /// A scripted cut.
    Cut,
    /// A scripted partition.
    Partition,
    /// Lost by chance.
    Loss,
    /// Port security: the source MAC is not the port's own nor allowed.
    SpoofedMac,
    /// Port security: the source IP address is not the port's own nor allowed.
    SpoofedIp,
    /// Port security: the ARP sender (address or MAC) is not the port's own nor allowed.
    SpoofedArp,
}
