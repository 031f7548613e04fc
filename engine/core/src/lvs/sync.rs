//! Messages between directors about their connections: version 1 of the kernel's sync protocol.
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// UDP port of the sync protocol.
pub const PORT: u16 = 8848;
/// Its multicast group.
pub const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 81);
/// The largest datagram on Ethernet.
pub const MAX_LENGTH: usize = 1472;
/// Length of a datagram's header.
pub const HEADER: usize = 8;

/// The bits of `SyncConn::flags` that mean something to the receiver.
pub mod flag {
    /// The forwarding method: 0 NAT, 2 tunnel, 3 direct routing.
    pub const METHOD: u32 = 0x07;
    /// Came by this protocol.
    pub const SYNC: u32 = 0x20;
    /// Answers are not seen.
    pub const NO_OUTPUT: u32 = 0x80;
    /// Does not count as active.
    pub const INACTIVE: u32 = 0x100;
    /// The client's port is not known yet.
    pub const NO_CPORT: u32 = 0x800;
    /// A template of persistence.
    pub const TEMPLATE: u32 = 0x1000;
    /// Lives for one packet.
    pub const ONE_PACKET: u32 = 0x2000;
}

/// One connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncConn {
    /// IP protocol number; 0 in templates of marks.
    pub protocol: u8,
    /// See `flag`.
    pub flags: u32,
    /// The kernel's number of its state.
    pub state: u16,
    /// The client's port.
    pub client_port: u16,
    /// The virtual port.
    pub virt_port: u16,
    /// The server's port.
    pub server_port: u16,
    /// The mark.
    pub mark: u32,
    /// Its timeout in seconds.
    pub timeout: u32,
    /// The client.
    pub client: IpAddr,
    /// The virtual address.
    pub virt: IpAddr,
    /// The server.
    pub server: IpAddr,
    /// Further parameters, each with its type.
    pub options: Vec<(u8, Vec<u8>)>,
}

/// One datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncMessage {
    /// Which pair of directors talks.
    pub sync_id: u8,
    /// The connections.
    pub conns: Vec<SyncConn>,
}

/// What is wrong with a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncError {
    /// It ends too early, or one of its lengths is wrong.
    Length,
    /// It is not version 1.
    Version,
    /// An entry of an unknown kind, or with mixed families.
    Kind,
}

fn put_ip(out: &mut Vec<u8>, ip: IpAddr) {
    match ip {
        IpAddr::V4(ip) => out.extend(ip.octets()),
        IpAddr::V6(ip) => out.extend(ip.octets()),
    }
}

impl SyncConn {
    /// Writes the entry, padded to four bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend([u8::from(self.client.is_ipv6()), self.protocol, 0, 0]);
        out.extend(self.flags.to_be_bytes());
        out.extend(self.state.to_be_bytes());
        for port in [self.client_port, self.virt_port, self.server_port] {
            out.extend(port.to_be_bytes());
        }
        out.extend(self.mark.to_be_bytes());
        out.extend(self.timeout.to_be_bytes());
        for ip in [self.client, self.virt, self.server] {
            put_ip(out, ip);
        }
        for (kind, value) in &self.options {
            out.extend([*kind, value.len() as u8]);
            out.extend(value);
        }
        let size = (out.len() - start) as u16 & 0x0fff;
        out[start + 2..start + 4].copy_from_slice(&size.to_be_bytes());
        while !(out.len() - start).is_multiple_of(4) {
            out.push(0);
        }
    }

    fn decode(bytes: &[u8]) -> Result<SyncConn, SyncError> {
        let v6 = match bytes[0] {
            0 => false,
            1 => true,
            _ => return Err(SyncError::Kind),
        };
        let width = if v6 { 16 } else { 4 };
        if bytes.len() < 24 + 3 * width {
            return Err(SyncError::Length);
        }
        let be16 = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
        let be32 = |at: usize| u32::from(be16(at)) << 16 | u32::from(be16(at + 2));
        let ip = |at: usize| -> IpAddr {
            if v6 {
                let words = core::array::from_fn::<u16, 8, _>(|word| be16(at + 2 * word));
                Ipv6Addr::from(words).into()
            } else {
                Ipv4Addr::from(be32(at)).into()
            }
        };
        let mut options = Vec::new();
        let mut rest = &bytes[24 + 3 * width..];
        while let [kind, length, tail @ ..] = rest {
            let value = tail.get(..usize::from(*length)).ok_or(SyncError::Length)?;
            options.push((*kind, value.to_vec()));
            rest = &tail[value.len()..];
        }
        Ok(SyncConn {
            protocol: bytes[1],
            flags: be32(4),
            state: be16(8),
            client_port: be16(10),
            virt_port: be16(12),
            server_port: be16(14),
            mark: be32(16),
            timeout: be32(20),
            client: ip(24),
            virt: ip(24 + width),
            server: ip(24 + 2 * width),
            options,
        })
    }
}

impl SyncMessage {
    /// Writes the datagram.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = alloc::vec![0, self.sync_id, 0, 0, self.conns.len() as u8, 1, 0, 0];
        for conn in &self.conns {
            conn.encode(&mut out);
        }
        let size = out.len() as u16;
        out[2..4].copy_from_slice(&size.to_be_bytes());
        out
    }

    /// Reads a datagram.
    pub fn decode(bytes: &[u8]) -> Result<SyncMessage, SyncError> {
        let [reserved, sync_id, high, low, count, version, _, _, ..] = bytes else { return Err(SyncError::Length) };
        if *reserved != 0 || *version != 1 {
            return Err(SyncError::Version);
        }
        if usize::from(u16::from_be_bytes([*high, *low])) != bytes.len() {
            return Err(SyncError::Length);
        }
        let mut rest = &bytes[HEADER..];
        let mut conns = Vec::new();
        for _ in 0..*count {
            let [_, _, high, low, ..] = rest else { return Err(SyncError::Length) };
            let size = usize::from(u16::from_be_bytes([*high, *low]) & 0x0fff);
            conns.push(SyncConn::decode(rest.get(..size).filter(|b| !b.is_empty()).ok_or(SyncError::Length)?)?);
            rest = rest.get(size.next_multiple_of(4)..).unwrap_or(&[]);
        }
        Ok(SyncMessage { sync_id: *sync_id, conns })
    }
}
