//! Packet sockets that send whole frames: ARP announcements and neighbour advertisements carry headers of our making.
use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::ifaddrs::getifaddrs;
use nix::sys::socket::{AddressFamily, LinkAddr, MsgFlags, SockFlag, SockType, SockaddrLike, bind, send, socket};
use vrrplab_engine::model::IfIndex;

/// One socket for each interface, bound to the kernel's index of it; none of them receives anything (protocol 0).
#[derive(Default)]
pub struct Frames {
    sockets: BTreeMap<IfIndex, (u32, OwnedFd)>,
}

impl Frames {
    /// Opens the sockets of these interfaces that are not open yet, so that no announcement need wait for it. Each comes with
    /// the kernel's index.
    pub fn open(&mut self, wanted: &[(IfIndex, u32)]) -> io::Result<()> {
        if wanted.iter().all(|(iface, _)| self.sockets.contains_key(iface)) {
            return Ok(());
        }
        // the kernel's own list gives the link address of each interface, ready to be bound
        for interface in getifaddrs()? {
            let Some(link) = interface.address.as_ref().and_then(|address| address.as_link_addr()).copied() else {
                continue;
            };
            for (iface, index) in wanted {
                if usize::try_from(*index) == Ok(link.ifindex()) && !self.sockets.contains_key(iface) {
                    self.sockets.insert(*iface, (*index, bound(&link)?));
                }
            }
        }
        Ok(())
    }

    /// Sends a frame by an interface.
    pub fn send(&self, iface: IfIndex, frame: &[u8]) -> io::Result<()> {
        let none = || io::Error::new(io::ErrorKind::NotFound, "no socket on this interface");
        let (_, socket) = self.sockets.get(&iface).ok_or_else(none)?;
        send(socket.as_raw_fd(), frame, MsgFlags::empty())?;
        Ok(())
    }

    /// The kernel's index of an interface at the time when its socket was opened.
    pub fn opened_at(&self, iface: IfIndex) -> Option<u32> {
        self.sockets.get(&iface).map(|(index, _)| *index)
    }

    /// Closes the socket of an interface that is gone.
    pub fn close(&mut self, iface: IfIndex) {
        self.sockets.remove(&iface);
    }
}

fn bound(link: &LinkAddr) -> io::Result<OwnedFd> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = socket(AddressFamily::Packet, SockType::Raw, flags, None)?;
    debug_assert_eq!(link.family(), Some(AddressFamily::Packet));
    bind(socket.as_raw_fd(), link)?;
    Ok(socket)
}
