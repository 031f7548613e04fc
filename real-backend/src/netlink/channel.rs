//! One netlink socket: requests and their answers, or the kernel's own messages.
use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_REQUEST, NetlinkDeserializable, NetlinkHeader, NetlinkMessage,
    NetlinkPayload, NetlinkSerializable,
};
use netlink_packet_route::RouteNetlinkMessage;
use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, getsockname, recv, send, setsockopt,
    socket,
    sockopt::{RcvBuf, ReceiveTimeout},
};
use nix::sys::time::TimeVal;

/// RTMGRP_LINK, RTMGRP_IPV4_IFADDR and RTMGRP_IPV6_IFADDR.
const WATCHED: u32 = 0x1 | 0x10 | 0x100;
/// RTMGRP_IPV4_ROUTE, RTMGRP_IPV6_ROUTE, RTMGRP_IPV4_RULE, and the group of IPv6 rules, which is the 19th.
const ROUTES: u32 = 0x40 | 0x400 | 0x80 | 1 << 18;
/// The kernel makes no message of a dump longer than this.
const LARGEST: usize = 1 << 16;
/// What may wait for us before the kernel begins to drop.
const MONITOR_BUFFER: usize = 1 << 20;
/// The kernel works while a request is sent, so its answer is there; it gives none to a request that was interrupted in the
/// kernel, as is the stop of a sync daemon that has hardly begun (`EINTR` in `netlink_rcv_skb`).
const LONGEST_SILENCE: TimeVal = TimeVal::new(1, 0);
/// How often a dump during which something changed is asked for again.
const MOST_DUMPS: usize = 5;

/// What is asked and answered on a socket.
pub(super) trait Body: NetlinkSerializable + NetlinkDeserializable + Clone {}
impl<B: NetlinkSerializable + NetlinkDeserializable + Clone> Body for B {}

pub(super) struct Channel<B: Body = RouteNetlinkMessage> {
    socket: OwnedFd,
    buffer: Vec<u8>,
    sequence: u32,
    speaks: PhantomData<B>,
}

impl Channel {
    /// A socket on which requests are waited for.
    pub fn requests() -> io::Result<Channel> {
        Ok(Channel::open_for_requests(SockProtocol::NetlinkRoute)?)
    }

    /// A socket on which the kernel tells of links and addresses.
    pub fn monitor() -> io::Result<Channel> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let channel = Channel::open(SockProtocol::NetlinkRoute, flags, WATCHED)?;
        setsockopt(&channel.socket, RcvBuf, &MONITOR_BUFFER)?;
        Ok(channel)
    }

    /// From now on the kernel tells of routes and rules too.
    pub fn watch_routes(&self) -> io::Result<()> {
        let own: NetlinkAddr = getsockname(self.socket.as_raw_fd())?;
        Ok(bind(self.socket.as_raw_fd(), &NetlinkAddr::new(own.pid(), WATCHED | ROUTES))?)
    }
}

impl<B: Body> Channel<B> {
    /// A socket for requests of generic netlink.
    pub fn generic() -> io::Result<Channel<B>> {
        Ok(Channel::open_for_requests(SockProtocol::NetlinkGeneric)?)
    }

    fn open_for_requests(protocol: SockProtocol) -> Result<Channel<B>, Errno> {
        let channel = Channel::open(protocol, SockFlag::SOCK_CLOEXEC, 0)?;
        setsockopt(&channel.socket, ReceiveTimeout, &LONGEST_SILENCE)?;
        Ok(channel)
    }

    fn open(protocol: SockProtocol, flags: SockFlag, groups: u32) -> Result<Channel<B>, Errno> {
        let socket = socket(AddressFamily::Netlink, SockType::Raw, flags, protocol)?;
        bind(socket.as_raw_fd(), &NetlinkAddr::new(0, groups))?;
        Ok(Channel { socket, buffer: vec![0; LARGEST], sequence: 0, speaks: PhantomData })
    }

    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// What waits; none when nothing does. Messages that are not understood are left out.
    pub fn receive(&mut self) -> Result<Option<Vec<B>>, Errno> {
        let length = match recv(self.socket.as_raw_fd(), &mut self.buffer, MsgFlags::empty()) {
            Ok(length) => length,
            Err(Errno::EAGAIN) => return Ok(None),
            Err(error) => return Err(error),
        };
        let inner = |message: NetlinkMessage<B>| match message.payload {
            NetlinkPayload::InnerMessage(message) => Some(message),
            _ => None,
        };
        Ok(Some(split(&self.buffer[..length]).into_iter().filter_map(inner).collect()))
    }

    fn send(&mut self, message: B, flags: u16) -> Result<u32, Errno> {
        self.sequence = self.sequence.wrapping_add(1);
        let mut header = NetlinkHeader::default();
        (header.flags, header.sequence_number) = (NLM_F_REQUEST | flags, self.sequence);
        let mut packet = NetlinkMessage::new(header, NetlinkPayload::InnerMessage(message));
        packet.finalize();
        let mut bytes = vec![0; packet.buffer_len()];
        packet.serialize(&mut bytes);
        send(self.socket.as_raw_fd(), &bytes, MsgFlags::empty())?;
        Ok(self.sequence)
    }

    /// The messages of the next datagram that answer a request.
    fn answers(&mut self, sequence: u32) -> Result<Vec<NetlinkMessage<B>>, Errno> {
        loop {
            let length = match recv(self.socket.as_raw_fd(), &mut self.buffer, MsgFlags::empty()) {
                Ok(length) => length,
                Err(Errno::EINTR) => continue,
                Err(Errno::EAGAIN) => return Err(Errno::ETIMEDOUT),
                Err(error) => return Err(error),
            };
            let mut messages = split(&self.buffer[..length]);
            messages.retain(|message| message.header.sequence_number == sequence);
            if !messages.is_empty() {
                return Ok(messages);
            }
        }
    }

    /// Asks for a change and waits until the kernel has made it.
    pub fn ask(&mut self, message: B, flags: u16) -> Result<(), Errno> {
        let sequence = self.send(message, NLM_F_ACK | flags)?;
        loop {
            for answer in self.answers(sequence)? {
                if let NetlinkPayload::Error(error) = answer.payload {
                    return error.code.map_or(Ok(()), |code| Err(Errno::from_raw(-code.get())));
                }
            }
        }
    }

    /// Asks for one thing.
    pub fn query(&mut self, message: B) -> Result<Vec<B>, Errno> {
        let (sequence, mut found) = (self.send(message, NLM_F_ACK)?, Vec::new());
        self.collect(sequence, &mut found)?;
        Ok(found)
    }

    /// Asks for everything of a kind.
    pub fn dump(&mut self, message: B) -> Result<Vec<B>, Errno> {
        let mut found = Vec::new();
        for _ in 0..MOST_DUMPS {
            let sequence = self.send(message.clone(), NLM_F_DUMP)?;
            found.clear();
            if !self.collect(sequence, &mut found)? {
                break;
            }
        }
        Ok(found)
    }

    /// Whether something changed meanwhile.
    fn collect(&mut self, sequence: u32, found: &mut Vec<B>) -> Result<bool, Errno> {
        let mut interrupted = false;
        loop {
            for answer in self.answers(sequence)? {
                interrupted |= answer.header.flags & NLM_F_DUMP_INTR != 0;
                match answer.payload {
                    NetlinkPayload::InnerMessage(message) => found.push(message),
                    NetlinkPayload::Done(_) => return Ok(interrupted),
                    NetlinkPayload::Error(error) => {
                        return error.code.map_or(Ok(interrupted), |code| Err(Errno::from_raw(-code.get())));
                    }
                    _ => {}
                }
            }
        }
    }
}

/// The messages of a datagram. One that cannot be read is said and left out.
fn split<B: Body>(mut bytes: &[u8]) -> Vec<NetlinkMessage<B>> {
    const HEADER: usize = 16;
    let mut messages = Vec::new();
    while let Some(length) = bytes.get(..4).and_then(|length| length.try_into().ok()).map(u32::from_ne_bytes) {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let Some(message) = bytes.get(..length).filter(|message| message.len() >= HEADER) else { break };
        match NetlinkMessage::deserialize(message) {
            Ok(message) => messages.push(message),
            Err(why) => tracing::warn!(%why, "a netlink message is not understood"),
        }
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    messages
}

#[cfg(test)]
mod tests {
    use netlink_packet_core::NetlinkMessage;

    use super::RouteNetlinkMessage;

    fn split(bytes: &[u8]) -> Vec<NetlinkMessage<RouteNetlinkMessage>> {
        super::split(bytes)
    }

    #[test]
    fn garbage_ends_a_datagram_quietly() {
        assert!(split(&[]).is_empty());
        assert!(split(&[0; 64]).is_empty());
        assert!(split(&[255; 64]).is_empty());
        let mut short = vec![16, 0, 0, 0];
        short.extend([0; 5]);
        assert!(split(&short).is_empty());
    }
}
