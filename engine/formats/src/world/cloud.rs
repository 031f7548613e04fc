//! Clouds without a layer 2: networks that carry packets by a mapping from addresses to interfaces.
use std::net::IpAddr;

use vrrplab_engine::Span;

use super::{NetworkId, Nic};

/// A network that is no switch: there is no broadcast and no multicast, the network itself answers ARP, and an address
/// is wherever an API call has put it, whatever the hosts say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cloud {
    /// Whose ways it has.
    pub provider: Provider,
    /// The IP protocols that it carries; all when not given.
    pub carries: Option<Vec<u8>>,
    /// A packet's source must be an address of the interface that sends it.
    pub source_check: bool,
    /// From an API call until the address is where the call wants it.
    pub move_takes: Span,
}

/// Who runs a cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Provider {
    /// Amazon VPC: the hypervisor answers ARP with the MAC of the interface that has the address.
    Aws,
    /// Google VPC: every address is behind the gateway's MAC.
    Gcp,
    /// Azure VNet: every address is behind one MAC that all hosts share.
    Azure,
}

impl Provider {
    /// The ways of this provider, all others left out.
    pub fn preset(self) -> Cloud {
        let (carries, move_takes) = match self {
            Provider::Aws => (None, Span::from_secs(3)),
            Provider::Gcp => (None, Span::from_secs(5)),
            // ICMP, TCP, UDP, ESP and AH are what Microsoft names; protocol 112 is not among them.
            Provider::Azure => (Some(vec![1, 6, 17, 50, 51]), Span::from_secs(30)),
        };
        Cloud { provider: self, carries, source_check: true, move_takes }
    }
}

/// What a program of a node asks of the cloud when it is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudCall {
    /// The first words of the command line.
    pub run: Vec<String>,
    /// Position of the interface that gets the addresses.
    pub nic: usize,
    /// Which addresses are moved there.
    pub assign: Vec<IpAddr>,
}

/// What can happen to a cloud's control plane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CloudFault {
    /// Somebody moves an address by hand: at once.
    Assign {
        /// To this interface.
        nic: Nic,
        /// Which address.
        address: IpAddr,
    },
    /// Calls take so long from now on.
    MovesTake {
        /// Which cloud.
        network: NetworkId,
        /// So long.
        takes: Span,
    },
    /// Calls are refused, or accepted again.
    Refuses {
        /// Which cloud.
        network: NetworkId,
        /// They are refused.
        refuses: bool,
    },
}
