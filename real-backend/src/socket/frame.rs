//! Packet sockets that send whole frames: ARP announcements and neighbour advertisements carry headers of our making.
use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::ifaddrs::getifaddrs;
use nix::sys::socket::{AddressFamily, LinkAddr, MsgFlags, SockFlag, SockType, SockaddrLike, bind, send, socket};
use vrrplab_engine::model::IfIndex;

/// One socket for each interface, bound to it; none of them receives anything (protocol 0).
#[derive(Default)]
pub struct Frames {
    sockets: BTreeMap<IfIndex, OwnedFd>,
}

impl Frames {
    /// Opens the sockets of these interfaces that are not open yet, so that the first announcement need not wait for it.
    pub fn open(&mut self, wanted: &[IfIndex]) -> io::Result<()> {
        if wanted.iter().all(|iface| self.sockets.contains_key(iface)) {
            return Ok(());
        }
        // the kernel's own list gives the link address of each interface, ready to be bound
        for interface in getifaddrs()? {
            let Some(link) = interface.address.as_ref().and_then(|address| address.as_link_addr()).copied() else {
                continue;
            };
            let Some(iface) = u32::try_from(link.ifindex()).ok().map(IfIndex) else { continue };
            if wanted.contains(&iface) && !self.sockets.contains_key(&iface) {
                self.sockets.insert(iface, bound(&link)?);
            }
        }
        Ok(())
    }

    /// Sends a frame by an interface.
    pub fn send(&mut self, iface: IfIndex, frame: &[u8]) -> io::Result<()> {
        self.open(&[iface])?;
        let none = || io::Error::new(io::ErrorKind::NotFound, "no such interface");
        let socket = self.sockets.get(&iface).ok_or_else(none)?;
        send(socket.as_raw_fd(), frame, MsgFlags::empty())?;
        Ok(())
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
