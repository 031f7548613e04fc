//! Raw IP sockets for adverts: one for each interface, family and protocol, both to hear and to send.
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, Ipv6Addr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use nix::libc::{in6_addr, in6_pktinfo};
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrIn6, recv, recvmsg, sendmsg, setsockopt,
    sockopt::{Ipv6RecvHopLimit, Ipv6RecvPacketInfo},
};
use socket2::{Domain, InterfaceIndexOrAddress, Protocol, Socket, Type};
use vrrplab_engine::model::{AddressFamily, IfIndex};
use vrrplab_wire::envelope::{PROTOCOL_AH as AH, PROTOCOL_VRRP as VRRP};
use vrrplab_wire::{GROUP_V4, GROUP_V6, Mac};

use super::header::{self, Arrival};

/// What can be heard at one place: the key of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// The interface.
    pub iface: IfIndex,
    /// IPv6 and not IPv4.
    pub six: bool,
    /// 112, or 51 for adverts behind an authentication header.
    pub protocol: u8,
}

struct Ear {
    socket: Socket,
    /// The kernel's index of the interface.
    index: u32,
    group: Group,
    mac: Mac,
    joined: bool,
}

/// The sockets.
#[derive(Default)]
pub struct Adverts {
    ears: Vec<Option<Ear>>,
    places: BTreeMap<Group, usize>,
    /// Memberships that hear nothing: the reports of an interface in place of its macvlans'.
    members: BTreeMap<(IfIndex, bool), Socket>,
    /// Larger than any packet that an interface of 64 KiB can bring.
    buffer: Vec<u8>,
}

impl Adverts {
    /// Opens the socket of a group, unless it is open, and joins the multicast group where that is asked for. The answer is
    /// the number of a new socket. `index`, `name` and `mac` are what the kernel
    /// calls the interface; `buffer` is the wanted size of the receive buffer.
    pub fn open(
        &mut self,
        group: Group,
        index: u32,
        name: &str,
        mac: Mac,
        joins: bool,
        buffer: Option<u32>,
    ) -> io::Result<Option<u32>> {
        if let Some(Some(ear)) = self.places.get(&group).and_then(|at| self.ears.get_mut(*at)) {
            if joins && !ear.joined {
                join(&ear.socket, group.six, ear.index)?;
                ear.joined = true;
            }
            return Ok(None);
        }
        let socket = if group.six { open_v6(group, name)? } else { open_v4(group, name)? };
        if joins {
            join(&socket, group.six, index)?;
        }
        if let Some(size) = buffer {
            socket.set_recv_buffer_size(usize::try_from(size).unwrap_or(usize::MAX))?;
        }
        self.buffer.resize(1 << 16, 0);
        self.places.insert(group, self.ears.len());
        self.ears.push(Some(Ear { socket, index, group, mac, joined: joins }));
        Ok(u32::try_from(self.ears.len() - 1).ok())
    }

    /// Joins the group at an interface on behalf of its macvlans, whose own reports stay here.
    pub fn join_for(&mut self, iface: IfIndex, index: u32, six: bool) -> io::Result<()> {
        if let Entry::Vacant(place) = self.members.entry((iface, six)) {
            let socket = Socket::new(if six { Domain::IPV6 } else { Domain::IPV4 }, Type::DGRAM.cloexec(), None)?;
            join(&socket, six, index)?;
            place.insert(socket);
        }
        Ok(())
    }

    /// The descriptor of a socket.
    pub fn descriptor(&self, number: u32) -> Option<BorrowedFd<'_>> {
        self.ear(number).map(|ear| ear.socket.as_fd())
    }

    /// Closes the sockets of an interface that is gone.
    pub fn close(&mut self, iface: IfIndex) {
        self.places.retain(|group, _| group.iface != iface);
        self.members.retain(|(member, _), _| *member != iface);
        for ear in &mut self.ears {
            if ear.as_ref().is_some_and(|ear| ear.group.iface == iface) {
                *ear = None;
            }
        }
    }

    /// The kernel's index of an interface at the time when its sockets were opened.
    pub fn opened_at(&self, iface: IfIndex) -> Option<u32> {
        self.ears.iter().flatten().find(|ear| ear.group.iface == iface).map(|ear| ear.index)
    }

    /// The groups that are open.
    pub fn open_groups(&self) -> impl Iterator<Item = Group> + '_ {
        self.places.keys().copied()
    }

    fn ear(&self, number: u32) -> Option<&Ear> {
        self.ears.get(usize::try_from(number).ok()?)?.as_ref()
    }

    /// The next packet of a socket as a frame; none when none waits. What is no packet at all is an empty frame.
    pub fn hear(&mut self, number: u32) -> io::Result<Option<(IfIndex, Vec<u8>)>> {
        let Some(Some(ear)) = self.ears.get(usize::try_from(number).unwrap_or(usize::MAX)) else { return Ok(None) };
        let heard = if ear.group.six { hear_v6(ear, &mut self.buffer) } else { hear_v4(ear, &mut self.buffer) };
        match heard {
            Ok(frame) => Ok(Some((ear.group.iface, frame.unwrap_or_default()))),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sends an IP packet by an interface, as it is.
    pub fn send(&self, iface: IfIndex, packet: &[u8]) -> io::Result<()> {
        let bad = || io::Error::new(io::ErrorKind::InvalidInput, "no IP packet");
        let to = header::destination(packet).ok_or_else(bad)?;
        let protocol = header::protocol(packet).ok_or_else(bad)?;
        let group = Group { iface, six: to.is_ipv6(), protocol };
        let ear = self.places.get(&group).and_then(|at| self.ears.get(*at)).and_then(Option::as_ref);
        let ear = ear.ok_or_else(|| io::Error::new(io::ErrorKind::NotConnected, "no socket on this interface"))?;
        match to {
            IpAddr::V4(ip) => ear.socket.send_to(packet, &SocketAddrV4::new(ip, 0).into()).map(|_| ()),
            IpAddr::V6(ip) => send_v6(ear, ip, packet),
        }
    }
}

/// The protocols and families in which instances of a configuration speak.
pub fn group_of(iface: IfIndex, family: AddressFamily, authenticated: bool) -> Group {
    let protocol = if authenticated { AH } else { VRRP };
    Group { iface, six: family == AddressFamily::V6, protocol }
}

fn open_v4(group: Group, name: &str) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, kind(), Some(Protocol::from(i32::from(group.protocol))))?;
    socket.bind_device(Some(name.as_bytes()))?;
    socket.set_header_included_v4(true)?;
    socket.set_multicast_loop_v4(false)?;
    socket.set_multicast_all_v4(false)?;
    Ok(socket)
}

fn open_v6(group: Group, name: &str) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV6, kind(), Some(Protocol::from(i32::from(group.protocol))))?;
    socket.bind_device(Some(name.as_bytes()))?;
    socket.set_header_included_v6(true)?;
    socket.set_freebind_v6(true)?; // the source of a macvlan's adverts is an address of the interface below
    socket.set_multicast_loop_v6(false)?;
    socket.set_multicast_all_v6(false)?;
    setsockopt(&socket, Ipv6RecvHopLimit, &true)?;
    setsockopt(&socket, Ipv6RecvPacketInfo, &true)?;
    Ok(socket)
}

fn join(socket: &Socket, six: bool, index: u32) -> io::Result<()> {
    match six {
        true => socket.join_multicast_v6(&GROUP_V6, index),
        false => socket.join_multicast_v4_n(&GROUP_V4, &InterfaceIndexOrAddress::Index(index)),
    }
}

fn kind() -> Type {
    Type::RAW.nonblocking().cloexec()
}

/// The packet has its source already, but a kernel that is not told looks for one among all addresses of the host, for every
/// packet; and finds none for a macvlan without addresses.
fn send_v6(ear: &Ear, to: Ipv6Addr, packet: &[u8]) -> io::Result<()> {
    let source: [u8; 16] = packet.get(8..24).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
    let info = in6_pktinfo { ipi6_addr: in6_addr { s6_addr: source }, ipi6_ifindex: ear.index };
    let scope = if to.is_unicast_link_local() || to.is_multicast() { ear.index } else { 0 };
    let to = SockaddrIn6::from(SocketAddrV6::new(to, 0, 0, scope));
    let told = [ControlMessage::Ipv6PacketInfo(&info)];
    sendmsg(ear.socket.as_raw_fd(), &[IoSlice::new(packet)], &told, MsgFlags::empty(), Some(&to))?;
    Ok(())
}

fn hear_v4(ear: &Ear, buffer: &mut [u8]) -> io::Result<Option<Vec<u8>>> {
    let length = recv(ear.socket.as_raw_fd(), buffer, MsgFlags::MSG_DONTWAIT)?;
    Ok(header::frame_v4(ear.mac, &buffer[..length]))
}

fn hear_v6(ear: &Ear, buffer: &mut [u8]) -> io::Result<Option<Vec<u8>>> {
    let mut space = nix::cmsg_space!(in6_pktinfo, nix::libc::c_int);
    let mut parts = [IoSliceMut::new(buffer)];
    let fd = ear.socket.as_raw_fd();
    let message = recvmsg::<SockaddrIn6>(fd, &mut parts, Some(&mut space), MsgFlags::MSG_DONTWAIT)?;
    let mut arrival = Arrival {
        source: message.address.map_or(Ipv6Addr::UNSPECIFIED, |from| from.ip()),
        destination: Ipv6Addr::UNSPECIFIED,
        hop_limit: 0,
    };
    for told in message.cmsgs()? {
        match told {
            ControlMessageOwned::Ipv6PacketInfo(info) => arrival.destination = info.ipi6_addr.s6_addr.into(),
            ControlMessageOwned::Ipv6HopLimit(limit) => arrival.hop_limit = u8::try_from(limit).unwrap_or(0),
            _ => {}
        }
    }
    let length = message.bytes;
    Ok(header::frame_v6(ear.mac, &arrival, ear.group.protocol, &buffer[..length]))
}
