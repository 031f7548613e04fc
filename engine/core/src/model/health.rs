//! Health checks of real servers.
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::command::Program;
use super::lvs::Endpoint;
use crate::time::Span;

/// When a check runs, and how often it is tried. Resolved: a checker's own, or the real server's, or the virtual
/// server's, or the built-in default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// `delay_loop`: from the end of one check to the next.
    pub delay_loop: Span,
    /// `warmup`: the first check comes within this time.
    pub warmup: Span,
    /// `retry`: so many more tries before the server counts as failed.
    pub retry: u32,
    /// `delay_before_retry`.
    pub delay_before_retry: Span,
}

/// One checker of a real server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// When; none for files and BFD sessions, which are followed and not asked.
    pub timing: Option<Timing>,
    /// `alpha`, or the server's: it begins as failed.
    pub alpha: bool,
    /// `log_all_failures`, where it is said; `checker_log_all_failures` otherwise.
    pub log_all_failures: Option<bool>,
    /// Where it connects to and from; none for programs, files and BFD sessions.
    pub connection: Option<Connection>,
    /// What is asked.
    pub kind: CheckKind,
}

/// Both ends of a check's connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// `connect_ip` and `connect_port`, or the real server's.
    pub to: Endpoint,
    /// `bindto`.
    pub from: Option<IpAddr>,
    /// `bind_port`; 0 is any.
    pub from_port: u16,
    /// `bind_if`.
    pub interface: Option<String>,
    /// `fwmark`; 0 is none.
    pub mark: u32,
    /// `connect_timeout`.
    pub timeout: Span,
}

/// What a checker asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckKind {
    /// `TCP_CHECK`: a connection can be made.
    Tcp,
    /// `HTTP_GET`, `SSL_GET`: pages are as they should be.
    Http(HttpCheck),
    /// `SMTP_CHECK`: the mail server greets; `helo_name`.
    Smtp(String),
    /// `DNS_CHECK`: a question is answered.
    Dns(DnsCheck),
    /// `MISC_CHECK`: a program says so.
    Misc(MiscCheck),
    /// `UDP_CHECK`: no ICMP error, or an answer.
    Udp(UdpCheck),
    /// `PING_CHECK`: an echo comes back.
    Ping,
    /// `FILE_CHECK`: a number in a tracked file.
    File(FileCheck),
    /// `BFD_CHECK`: position of the session in the node's list.
    Bfd(usize),
}

/// `HTTP_GET` and `SSL_GET`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpCheck {
    /// `SSL_GET`.
    pub tls: bool,
    /// `http_protocol`.
    pub version: HttpVersion,
    /// `enable_sni`.
    pub sni: bool,
    /// `fast_recovery`: one good page is enough after a failure.
    pub fast_recovery: bool,
    /// `tls_compliant` (2.3).
    pub tls_compliant: bool,
    /// `virtualhost`, or the server's.
    pub virtual_host: Option<String>,
    /// `url` blocks, asked one after the other.
    pub urls: Vec<UrlCheck>,
}

/// `http_protocol`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HttpVersion {
    /// 1.0.
    #[default]
    V1_0,
    /// 1.0 with `Connection: close`.
    V1_0Close,
    /// 1.1.
    V1_1,
}

/// One `url` block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlCheck {
    /// `path`.
    pub path: String,
    /// `digest`: MD5 of the body, 32 hexadecimal digits.
    pub digest: Option<String>,
    /// `status_code`: these ranges are good; none given is 200 to 299.
    pub status: Vec<(u16, u16)>,
    /// `virtualhost`, or the checker's.
    pub virtual_host: Option<String>,
    /// `regex`.
    pub regex: Option<RegexCheck>,
}

/// `regex` and its companions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegexCheck {
    /// The expression (PCRE2).
    pub pattern: String,
    /// `regex_no_match`: it must not match.
    pub must_not_match: bool,
    /// `regex_options`, in order.
    pub options: Vec<String>,
    /// `regex_min_offset`.
    pub min_offset: u64,
    /// `regex_max_offset`; 0 is the end.
    pub max_offset: u64,
    /// `regex_stack`: bytes to begin with, and at most.
    pub stack: Option<(u64, u64)>,
}

/// `DNS_CHECK`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsCheck {
    /// `type`.
    pub kind: DnsType,
    /// `name`.
    pub name: String,
}

/// The types of records that `DNS_CHECK` asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DnsType {
    /// A.
    A,
    /// NS.
    Ns,
    /// CNAME.
    Cname,
    /// SOA.
    #[default]
    Soa,
    /// MX.
    Mx,
    /// TXT.
    Txt,
    /// AAAA.
    Aaaa,
    /// RRSIG.
    Rrsig,
    /// DNSKEY.
    Dnskey,
}

impl DnsType {
    /// Every type.
    pub const ALL: [DnsType; 9] = [
        DnsType::A,
        DnsType::Ns,
        DnsType::Cname,
        DnsType::Soa,
        DnsType::Mx,
        DnsType::Txt,
        DnsType::Aaaa,
        DnsType::Rrsig,
        DnsType::Dnskey,
    ];

    /// Its name in zone files.
    pub const fn name(self) -> &'static str {
        match self {
            DnsType::A => "A",
            DnsType::Ns => "NS",
            DnsType::Cname => "CNAME",
            DnsType::Soa => "SOA",
            DnsType::Mx => "MX",
            DnsType::Txt => "TXT",
            DnsType::Aaaa => "AAAA",
            DnsType::Rrsig => "RRSIG",
            DnsType::Dnskey => "DNSKEY",
        }
    }
}

/// `MISC_CHECK`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MiscCheck {
    /// `misc_path`, and `user`.
    pub program: Program,
    /// `misc_timeout`, or the virtual server's delay loop.
    pub timeout: Span,
    /// `misc_dynamic`: exit codes from 2 to 255 set the weight.
    pub dynamic: bool,
}

/// `UDP_CHECK`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UdpCheck {
    /// `payload`.
    pub payload: Vec<u8>,
    /// `require_reply`; none is content with silence.
    pub reply: Option<UdpReply>,
}

/// `require_reply` and the limits of its length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UdpReply {
    /// Each byte with the bits that must be equal.
    pub pattern: Vec<(u8, u8)>,
    /// `min_reply_length`.
    pub min_length: u16,
    /// `max_reply_length`.
    pub max_length: u16,
}

/// `FILE_CHECK`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileCheck {
    /// `track_file`: position of the file in the node's list.
    pub file: usize,
    /// `weight`: the number in the file times this is added to the server's weight; 0: any number but 0 is a failure.
    pub weight: i32,
    /// `reverse`.
    pub reverse: bool,
}
