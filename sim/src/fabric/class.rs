//! What a switch and a cut see of a frame: its addresses and its class.
use smoltcp::wire::{EthernetFrame, EthernetProtocol, IpProtocol, Ipv4Packet, Ipv6Packet};
use vrrplab_engine::model::Mac;
use vrrplab_formats::world::FrameClass;
use vrrplab_wire::envelope::PROTOCOL_VRRP;

/// A MAC address as a switch looks at it.
#[derive(Clone, Copy)]
pub(super) struct Address(pub(super) Mac);

impl Address {
    /// To more than one: multicast and broadcast.
    pub(super) fn is_multicast(self) -> bool {
        self.0.0[0] & 1 == 1
    }
}

/// The destination, when the frame is long enough to have one.
pub(super) fn destination(frame: &[u8]) -> Option<Address> {
    EthernetFrame::new_checked(frame).ok().map(|f| Address(Mac(f.dst_addr().0)))
}

/// The source, when the frame is long enough to have one.
pub(super) fn source(frame: &[u8]) -> Option<Address> {
    EthernetFrame::new_checked(frame).ok().map(|f| Address(Mac(f.src_addr().0)))
}

/// Whether a frame is of this class.
pub(super) fn matches(class: FrameClass, frame: &[u8]) -> bool {
    let Ok(ethernet) = EthernetFrame::new_checked(frame) else {
        return false;
    };
    match class {
        FrameClass::All => true,
        FrameClass::Multicast => ethernet.dst_addr().is_multicast() && !ethernet.dst_addr().is_broadcast(),
        FrameClass::Arp => ethernet.ethertype() == EthernetProtocol::Arp,
        FrameClass::Vrrp => {
            let protocol = match ethernet.ethertype() {
                EthernetProtocol::Ipv4 => Ipv4Packet::new_checked(ethernet.payload()).map(|p| p.next_header()),
                EthernetProtocol::Ipv6 => Ipv6Packet::new_checked(ethernet.payload()).map(|p| p.next_header()),
                _ => return false,
            };
            protocol == Ok(IpProtocol::Unknown(PROTOCOL_VRRP))
        }
    }
}
