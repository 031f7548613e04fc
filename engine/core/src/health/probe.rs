//! What a checker sends: the request, question or program of its next attempt.
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::judge_answer::Asked;
use crate::model::command::Program;
use crate::model::health::{Check, CheckKind, Connection, DnsCheck, DnsType, HttpCheck, HttpVersion};
use crate::model::lvs::Endpoint;

/// One attempt, ready to be carried out. The driver keeps the connection's timeout, for each step anew, and answers once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Both ends, and the timeout; none for programs.
    pub connection: Option<Connection>,
    /// What to do.
    pub ask: Ask,
}

/// What to do in one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Make a TCP connection and close it.
    Connect,
    /// Send this and read until the server closes.
    Page {
        /// Over TLS, whatever certificate is shown; with this server name.
        tls: Option<Option<String>>,
        /// What to send.
        request: Vec<u8>,
    },
    /// Wait for a line; after each good one (`judge_answer::smtp_line`) say the next of these, and wait again.
    Dialogue(Vec<Vec<u8>>),
    /// Send this datagram and wait for another or for an ICMP error.
    Datagram(Vec<u8>),
    /// Send an ICMP echo request and wait for its reply.
    Echo,
    /// Run this and report how it ends.
    Run(Program),
}

/// The next attempt of a checker; none for files and sessions, which are followed.
pub fn probe(check: &Check, virtual_host: Option<&str>, asked: Asked) -> Option<Probe> {
    let to = check.connection.as_ref().map(|connection| connection.to);
    let ask = match &check.kind {
        CheckKind::Tcp => Ask::Connect,
        CheckKind::Http(http) => page(http, to?, virtual_host, asked.page)?,
        CheckKind::Smtp(name) => Ask::Dialogue(Vec::from([format!("HELO {name}\r\n").into(), b"QUIT\r\n".to_vec()])),
        CheckKind::Dns(dns) => Ask::Datagram(question(dns, asked.id)),
        CheckKind::Misc(misc) => Ask::Run(misc.program.clone()),
        CheckKind::Udp(udp) => Ask::Datagram(udp.payload.clone()),
        CheckKind::Ping => Ask::Echo,
        CheckKind::File(_) | CheckKind::Bfd(_) => return None,
    };
    Some(Probe { connection: check.connection.clone(), ask })
}

fn page(http: &HttpCheck, to: Endpoint, of_server: Option<&str>, page: usize) -> Option<Ask> {
    let url = http.urls.get(page)?;
    let named = url.virtual_host.as_deref().or(http.virtual_host.as_deref()).or(of_server);
    let host = match (named, to.ip) {
        (Some(name), _) => String::from(name),
        (None, IpAddr::V4(ip)) => format!("{ip}:{}", to.port),
        (None, IpAddr::V6(ip)) => format!("[{ip}]:{}", to.port),
    };
    let (version, close) = match http.version {
        HttpVersion::V1_0 => ("1.0", ""),
        HttpVersion::V1_0Close => ("1.0", "Connection: close\r\n"),
        HttpVersion::V1_1 => ("1.1", "Connection: close\r\n"),
    };
    let path = &url.path;
    let request = format!("GET {path} HTTP/{version}\r\nUser-Agent: KeepAliveClient\r\n{close}Host: {host}\r\n\r\n");
    let name = named.filter(|_| http.sni).map(String::from);
    Some(Ask::Page { tls: http.tls.then_some(name), request: request.into_bytes() })
}

/// A DNS question with recursion desired.
fn question(dns: &DnsCheck, id: u16) -> Vec<u8> {
    let mut bytes = id.to_be_bytes().to_vec();
    bytes.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in dns.name.split('.').filter(|label| !label.is_empty()) {
        let label = &label.as_bytes()[..label.len().min(63)];
        bytes.push(label.len() as u8);
        bytes.extend(label);
    }
    bytes.push(0);
    bytes.extend(number(dns.kind).to_be_bytes());
    bytes.extend([0, 1]);
    bytes
}

/// The number of a record type (IANA).
const fn number(kind: DnsType) -> u16 {
    match kind {
        DnsType::A => 1,
        DnsType::Ns => 2,
        DnsType::Cname => 5,
        DnsType::Soa => 6,
        DnsType::Mx => 15,
        DnsType::Txt => 16,
        DnsType::Aaaa => 28,
        DnsType::Rrsig => 46,
        DnsType::Dnskey => 48,
    }
}
