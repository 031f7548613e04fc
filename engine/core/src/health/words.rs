//! The names of servers and the lines about them, as administrators know them from keepalived's log.
use alloc::format;
use alloc::string::{String, ToString};

use super::io::{News, Trace, Votes};
use super::judge_answer::Why;
use crate::io::Exit;
use crate::model::health::{Check, CheckKind};
use crate::model::lvs::{Endpoint, Protocol, ServerGroupModel, ServiceKey, VirtualServerModel};
use crate::model::track::FileModel;

/// Which checker speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckName {
    /// `TCP_CHECK`.
    Tcp,
    /// `HTTP_GET` and `SSL_GET`.
    Http,
    /// `SMTP_CHECK` of this address.
    Smtp(Option<Endpoint>),
    /// `DNS_CHECK`.
    Dns,
    /// `MISC_CHECK` by this program.
    Misc(String),
    /// `UDP_CHECK`.
    Udp,
    /// `PING_CHECK`.
    Ping,
    /// `FILE_CHECK` of the tracked file of this name.
    File(String),
    /// `BFD_CHECK`.
    Bfd,
}

impl CheckName {
    /// The name of this check.
    pub fn of(check: &Check, files: &[FileModel]) -> CheckName {
        match &check.kind {
            CheckKind::Tcp => CheckName::Tcp,
            CheckKind::Http(_) => CheckName::Http,
            CheckKind::Smtp(_) => CheckName::Smtp(check.connection.as_ref().map(|connection| connection.to)),
            CheckKind::Dns(_) => CheckName::Dns,
            CheckKind::Misc(misc) => CheckName::Misc(misc.program.words.first().cloned().unwrap_or_default()),
            CheckKind::Udp(_) => CheckName::Udp,
            CheckKind::Ping => CheckName::Ping,
            CheckKind::File(file) => {
                CheckName::File(files.get(file.file).map_or(String::new(), |file| file.name.clone()))
            }
            CheckKind::Bfd(_) => CheckName::Bfd,
        }
    }
}

/// The name of a virtual server: `[10.99.0.1]:tcp:80`.
pub fn service(server: &VirtualServerModel, groups: &[ServerGroupModel]) -> String {
    match &server.key {
        ServiceKey::Address(endpoint) => name(*endpoint, server.protocol),
        ServiceKey::Mark(mark, _) => format!("FWM {mark}"),
        ServiceKey::Group(group) => format!("[{}]", groups.get(*group).map_or("", |group| &group.name)),
    }
}

/// The name of a server of a virtual server: `[10.0.0.11]:tcp:80`.
pub fn server(endpoint: Endpoint, of: &VirtualServerModel) -> String {
    let port = match &of.key {
        ServiceKey::Address(service) if endpoint.port == 0 => service.port,
        _ => endpoint.port,
    };
    name(Endpoint { port, ..endpoint }, of.protocol)
}

fn name(endpoint: Endpoint, protocol: Option<Protocol>) -> String {
    let protocol = match protocol {
        Some(Protocol::Tcp) => "tcp:",
        Some(Protocol::Udp) => "udp:",
        Some(Protocol::Sctp) => "sctp:",
        None => "",
    };
    format!("[{}]:{protocol}{}", endpoint.ip, endpoint.port)
}

impl Trace {
    /// keepalived's log line for it; none where it writes none, or where its words were never recorded.
    pub fn line(&self) -> Option<String> {
        let Trace { service, server, .. } = self;
        Some(match &self.news {
            News::Activated => format!("Activating healthchecker for service {server} for VS {service}"),
            News::Deactivated => format!("Deactivating healthchecker for service {server} for VS {service}"),
            News::Suspended => format!("Suspending healthchecker for service {server} for VS {service}"),
            News::Tried(..) | News::Unjudged | News::Refused { .. } => return None,
            News::PageWell { path, digest: false } => format!("HTTP status code success to {server} url({path})"),
            News::PageWell { path, digest: true } => format!("MD5 digest success to {server} url({path})"),
            News::Content(check) => content(check, server, service)?,
            News::Failed(check, why, retries) => failed(check, *why, *retries, server, service)?,
            News::Added { inhibit: false } => format!("Adding service {server} to VS {service}"),
            News::Added { inhibit: true } => format!("Enabling service {server} of VS {service}"),
            News::Removed { inhibit: false } => format!("Removing service {server} from VS {service}"),
            News::Removed { inhibit: true } => format!("Disabling service {server} of VS {service}"),
            News::ShutDown => format!("Shutting down service {server} from VS {service}"),
            News::NoLonger => format!("service {server} no longer exist"),
            News::ServiceDropped => format!("Removing Virtual Server {service}"),
            News::Weight { from, to } => {
                format!("Changing weight from {from} to {to} for active service {server} of VS {service}")
            }
            News::Gained(Votes { quorum, hysteresis, alive }) => {
                format!("Gained quorum {quorum}+{hysteresis}={} <= {alive} for VS {service}", quorum + hysteresis)
            }
            News::Lost(Votes { quorum, hysteresis, alive }) => {
                format!("Lost quorum {quorum}-{hysteresis}={} > {alive} for VS {service}", quorum - hysteresis)
            }
            News::StartsWithout(Votes { quorum, hysteresis, alive }) => {
                let least = quorum - hysteresis;
                format!("Starting with quorum down {quorum}-{hysteresis}={least} > {alive} for VS {service}")
            }
            News::SorryIn { inhibit } => {
                format!("{} sorry server {server} to VS {service}", if *inhibit { "Enabling" } else { "Adding" })
            }
            News::SorryOut { inhibit } => {
                format!("{} sorry server {server} from VS {service}", if *inhibit { "Disabling" } else { "Removing" })
            }
            News::Pool(true) => format!("Adding alive servers to the pool for VS {service}"),
            News::Pool(false) => format!("Removing alive servers from the pool for VS {service}"),
        })
    }
}

fn content(check: &CheckName, server: &str, service: &str) -> Option<String> {
    match check {
        CheckName::Tcp => Some(format!("TCP connection to {server} success.")),
        CheckName::Http => Some(format!("Remote Web server {server} succeed on service.")),
        CheckName::Smtp(_) => Some(format!("Remote SMTP server {server} succeed on service.")),
        CheckName::Misc(path) => Some(format!("Misc check for [{server} VS {service}] by [{path}] succeeded.")),
        CheckName::Udp => Some(format!("UDP connection to {server} success.")),
        CheckName::Ping => Some(format!("ICMP connection to {server} success.")),
        CheckName::File(file) => Some(format!("({server}): tracked file {file} leaving FAULT state")),
        CheckName::Dns | CheckName::Bfd => None,
    }
}

fn failed(check: &CheckName, why: Why, retries: u32, server: &str, service: &str) -> Option<String> {
    let after = match retries {
        0 => String::new(),
        _ => format!(" after {retries} retries"),
    };
    match (check, why) {
        (CheckName::Tcp, _) => Some(format!("TCP_CHECK on service {server} failed{after}.")),
        (CheckName::Http, _) => Some(format!("HTTP_CHECK on service {server} failed{after}.")),
        (CheckName::Udp, _) => Some(format!("UDP_CHECK on service {server} failed{after}.")),
        (CheckName::Ping, _) => Some(format!("ICMP CHECK on service {server} of {service} failed{after}.")),
        (CheckName::Smtp(to), Why::Refused(_) | Why::TimedOut) => {
            let to = to.as_ref()?;
            Some(format!("SMTP_CHECK Could not connect to server [{}]:{}", to.ip, to.port))
        }
        (CheckName::Dns, Why::Refused(errno)) => {
            let what = if errno == 111 { " (Connection refused)" } else { "" };
            Some(format!("DNS_CHECK ({server}) failed to read socket; errno {errno}{what}{after}"))
        }
        (CheckName::Smtp(Some(to)), Why::Stalled) => {
            Some(format!("SMTP_CHECK Read timeout from server [{}]:{}", to.ip, to.port))
        }
        (CheckName::Smtp(Some(to)), Why::Step(0)) => {
            Some(format!("SMTP_CHECK Bad greeting banner from server [{}]:{}", to.ip, to.port))
        }
        (CheckName::File(file), _) => Some(format!("({server}): tracked file {file} now FAULT state")),
        (CheckName::Dns, Why::TimedOut) => Some(format!("DNS_CHECK ({server}) read timeout from socket{after}")),
        (CheckName::Dns, Why::Code(code)) => {
            Some(format!("DNS_CHECK ({server}) read error occurred. (rcode = {code}){after}"))
        }
        (CheckName::Misc(path), _) => {
            let (verb, end) = match why {
                Why::Exited(Exit::Status(status)) => ("failed", format!(" (exited with status {status})")),
                Why::Exited(Exit::Signal(signal)) => ("failed", format!(" (killed by signal {signal})")),
                _ => ("timed out", String::new()),
            };
            let after = match retries {
                0 => " with retry disabled".to_string(),
                1 => " after 1 retry".to_string(),
                _ => after,
            };
            Some(format!("Misc check for [{server} VS {service}] by [{path}] {verb}{after}{end}."))
        }
        (CheckName::Smtp(_) | CheckName::Dns | CheckName::Bfd, _) => None,
    }
}
