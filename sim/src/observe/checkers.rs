//! The words of health checks and of changes to the table of virtual servers: keepalived's own lines, and `ipvsadm` commands.
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use vrrplab_engine::health::words::CheckName;
use vrrplab_engine::health::{News, Trace, Why};
use vrrplab_engine::lvs::{DestConfig, DropReason, IpvsCommand, LvsError, ServiceConfig, Virtual};
use vrrplab_engine::model::AddressFamily;
use vrrplab_engine::model::lvs::{Endpoint, Forwarding, Granularity, Protocol, Scheduler};
use vrrplab_formats::ipvsadm::place;

use crate::kernel::{EndReason, Ended};
use crate::observe::timeline::{Level, Tone};

/// The line of a checker, keepalived's own where it has one.
pub fn line(trace: &Trace) -> (String, Level, Tone) {
    let level = match trace.news {
        News::Tried(..) | News::Unjudged => Level::Detail,
        _ => Level::Normal,
    };
    (trace.line().unwrap_or_else(|| unsaid(trace)), level, tone(&trace.news))
}

/// A packet that IPVS ended without a word.
pub fn ended(end: Ended) -> String {
    let why = match end.reason {
        EndReason::Director(DropReason::ServerGone) => "its connection leads to a server that was removed".into(),
        EndReason::Director(DropReason::Defence) => "drop_packet".into(),
        EndReason::Director(DropReason::NoServer) => "there is no server, and nobody can be told".into(),
        EndReason::Loopback => "its server is a loopback address".into(),
        EndReason::NoRoute(server) => format!("no route to {server}"),
    };
    format!("IPVS drops {} -> {}: {why}", endpoint(end.from), endpoint(end.to))
}

fn endpoint((ip, port): (IpAddr, u16)) -> String {
    SocketAddr::new(ip, port).to_string()
}

fn tone(news: &News) -> Tone {
    match news {
        News::Content(_) | News::PageWell { .. } | News::Added { .. } | News::Gained(_) | News::SorryOut { .. } => {
            Tone::Good
        }
        News::Tried(..) | News::Failed(..) | News::Removed { .. } | News::Lost(_) | News::StartsWithout(_) => Tone::Bad,
        News::SorryIn { .. } | News::Refused { .. } => Tone::Bad,
        _ => Tone::Plain,
    }
}

/// What keepalived itself does not log, or not by default.
fn unsaid(trace: &Trace) -> String {
    let (server, service) = (&trace.server, &trace.service);
    match &trace.news {
        News::Tried(name, why) => format!("{} of {server} of VS {service} fails once: {}", check(name), reason(*why)),
        News::Failed(name, why, _) => {
            format!("{} of {server} of VS {service} has failed: {}", check(name), reason(*why))
        }
        News::Content(name) => format!("{} of {server} of VS {service} succeeds", check(name)),
        News::Unjudged => format!("a page of {server} of VS {service} counts as good: its regex needs PCRE2 itself"),
        News::Refused { up } => {
            let verb = if *up { "add" } else { "remove" };
            format!("the kernel refuses to {verb} {server} of VS {service}: the next check tries again")
        }
        other => format!("{server} of VS {service}: {other:?}"),
    }
}

fn check(name: &CheckName) -> &'static str {
    match name {
        CheckName::Tcp => "TCP_CHECK",
        CheckName::Http => "HTTP_GET",
        CheckName::Smtp(_) => "SMTP_CHECK",
        CheckName::Dns => "DNS_CHECK",
        CheckName::Misc(_) => "MISC_CHECK",
        CheckName::Udp => "UDP_CHECK",
        CheckName::Ping => "PING_CHECK",
        CheckName::File(_) => "FILE_CHECK",
        CheckName::Bfd => "BFD_CHECK",
    }
}

fn reason(why: Why) -> String {
    match why {
        Why::Refused(111) => "connection refused".into(),
        Why::Refused(104) => "connection reset".into(),
        Why::Refused(113) => "no route to host".into(),
        Why::Refused(101) => "network unreachable".into(),
        Why::Refused(errno) => format!("errno {errno}"),
        Why::TimedOut => "no answer in time".into(),
        Why::Stalled => "silence after the connection".into(),
        Why::Nothing => "nothing that can be read".into(),
        Why::Status(status) => format!("status {status}"),
        Why::Digest => "another digest".into(),
        Why::Pattern => "its regex says no".into(),
        Why::Code(code) => format!("rcode {code}"),
        Why::Step(step) => format!("the server's line {} is another", step + 1),
        Why::Reply => "another reply".into(),
        Why::Exited(exit) => format!("{exit:?}"),
        Why::File(value) => format!("the file says {value}"),
        Why::Session => "the session is down".into(),
    }
}

/// The line about a change of the table; that the kernel did it is a detail.
pub fn change(change: &IpvsCommand, refused: Option<LvsError>) -> (String, Level) {
    match refused {
        None => (command(change), Level::Detail),
        Some(why) => (format!("{}: {}", command(change), refusal(why)), Level::Normal),
    }
}

/// A change of the table, as a command of `ipvsadm`.
pub fn command(command: &IpvsCommand) -> String {
    match command {
        IpvsCommand::AddService(key, config) => format!("ipvsadm -A {}{}", of(*key), settings(config)),
        IpvsCommand::EditService(key, config) => format!("ipvsadm -E {}{}", of(*key), settings(config)),
        IpvsCommand::DeleteService(key) => format!("ipvsadm -D {}", of(*key)),
        IpvsCommand::AddDest(key, dest, config) => format!("ipvsadm -a {}{}", of(*key), server(dest, config)),
        IpvsCommand::EditDest(key, dest, config) => format!("ipvsadm -e {}{}", of(*key), server(dest, config)),
        IpvsCommand::DeleteDest(key, dest) => format!("ipvsadm -d {} -r {}", of(*key), place(dest.ip, dest.port)),
        IpvsCommand::Flush => "ipvsadm -C".into(),
    }
}

/// Why the kernel refused it.
pub fn refusal(error: LvsError) -> String {
    let words = match error {
        LvsError::Exists => "it is there already",
        LvsError::NoSuchDest => "there is no such server",
        LvsError::NoSuchService => "there is no such virtual server",
        LvsError::Range => "out of range",
        LvsError::Invalid => "invalid",
    };
    format!("{words} (errno {})", error.errno())
}

fn of(key: Virtual) -> String {
    match key {
        Virtual::Address(protocol, Endpoint { ip, port }) => {
            let option = match protocol {
                Protocol::Tcp => "-t",
                Protocol::Udp => "-u",
                Protocol::Sctp => "--sctp-service",
            };
            format!("{option} {}", place(ip, port))
        }
        Virtual::Mark(AddressFamily::V4, mark) => format!("-f {mark}"),
        Virtual::Mark(AddressFamily::V6, mark) => format!("-f {mark} -6"),
    }
}

fn settings(config: &ServiceConfig) -> String {
    let mut text = format!(" -s {}", config.scheduler.map_or("none", Scheduler::name));
    if let Some(persistence) = config.persistence {
        let _ = write!(text, " -p {}", persistence.timeout.0 / 1_000_000_000);
        let _ = match persistence.granularity {
            Granularity::Mask(u32::MAX) | Granularity::Prefix(128) => Ok(()),
            Granularity::Mask(mask) => write!(text, " -M {}", std::net::Ipv4Addr::from_bits(mask)),
            Granularity::Prefix(prefix) => write!(text, " -M {prefix}"),
        };
    }
    if config.one_packet {
        text.push_str(" -o");
    }
    text
}

fn server(dest: &Endpoint, config: &DestConfig) -> String {
    let method = match config.forwarding {
        Forwarding::Nat => "-m",
        Forwarding::Dr => "-g",
        Forwarding::Tun(_) => "-i",
    };
    let mut text = format!(" -r {} {method} -w {}", place(dest.ip, dest.port), config.weight);
    if config.upper > 0 {
        let _ = write!(text, " -x {} -y {}", config.upper, config.lower);
    }
    text
}
