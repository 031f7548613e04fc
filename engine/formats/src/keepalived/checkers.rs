//! Health checkers of real servers: entries become drafts, and with the defaults of their servers models.
mod http;
mod kinds;

use std::net::IpAddr;

use vrrplab_engine::Span;
use vrrplab_engine::model::health::{Check, CheckKind, Connection, Timing};
use vrrplab_engine::model::lvs::Endpoint;

use super::entry::Entry;
use super::vrrp::put;
use crate::builder::{Draft, Spanned};
use crate::diagnostics::Report;

/// What a virtual server says for its real servers, a real server for its checkers, and a checker for itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Common {
    delay_loop: Option<Span>,
    warmup: Option<Span>,
    retry: Option<u32>,
    delay_before_retry: Option<Span>,
    connect_timeout: Option<Span>,
    pub(super) alpha: Option<bool>,
    pub(super) inhibit: Option<bool>,
    pub(super) virtual_host: Option<String>,
    pub(super) snmp_name: Option<String>,
    pub(super) mail: Option<bool>,
}

impl Common {
    /// Takes the line, if it is one of these.
    pub(super) fn take(&mut self, line: &Entry, report: &mut Report) -> bool {
        let mut switch = |line: &Entry| line.switch(report).map(|s| s.value);
        match line.keyword.word {
            "alpha" => put(&mut self.alpha, switch(line)),
            "inhibit_on_failure" => put(&mut self.inhibit, switch(line)),
            "smtp_alert" => put(&mut self.mail, switch(line)),
            "delay_loop" => put(&mut self.delay_loop, line.span(report).map(|s| s.value)),
            "warmup" => put(&mut self.warmup, line.span(report).map(|s| s.value)),
            "delay_before_retry" => put(&mut self.delay_before_retry, line.span(report).map(|s| s.value)),
            "connect_timeout" => put(&mut self.connect_timeout, line.span(report).map(|s| s.value)),
            "retry" => put(&mut self.retry, line.count(report).map(|n| n.value)),
            "virtualhost" => put(&mut self.virtual_host, line.text().map(|t| t.value)),
            "snmp_name" => put(&mut self.snmp_name, line.text().map(|t| t.value)),
            _ => return false,
        }
        true
    }

    /// These, and those of the outer block where nothing is said.
    pub(super) fn or(self, outer: &Common) -> Common {
        Common {
            delay_loop: self.delay_loop.or(outer.delay_loop),
            warmup: self.warmup.or(outer.warmup),
            retry: self.retry.or(outer.retry),
            delay_before_retry: self.delay_before_retry.or(outer.delay_before_retry),
            connect_timeout: self.connect_timeout.or(outer.connect_timeout),
            alpha: self.alpha.or(outer.alpha),
            inhibit: self.inhibit.or(outer.inhibit),
            virtual_host: self.virtual_host.or_else(|| outer.virtual_host.clone()),
            snmp_name: self.snmp_name.or_else(|| outer.snmp_name.clone()),
            mail: self.mail.or(outer.mail),
        }
    }

    fn delay_loop(&self) -> Span {
        self.delay_loop.unwrap_or(DELAY_LOOP)
    }
}

/// `delay_loop` where nobody says it.
pub(super) const DELAY_LOOP: Span = Span::from_secs(60);
/// `connect_timeout` where nobody says it.
pub(super) const CONNECT_TIMEOUT: Span = Span::from_secs(5);

/// How often this kind is tried again, and after which time, where nobody says it.
pub(super) fn retry_defaults(kind: &CheckKind, delay_loop: Span) -> (u32, Span) {
    match kind {
        CheckKind::Dns(_) => (3, delay_loop),
        CheckKind::Http(_) => (1, Span::from_secs(3)),
        CheckKind::Misc(_) => (0, Span::from_secs(1)),
        _ => (1, Span::from_secs(1)),
    }
}

/// One checker as written.
pub(super) struct CheckDraft {
    common: Common,
    log_all_failures: Option<bool>,
    connection: ConnectionDraft,
    /// Without the defaults of its server.
    kind: CheckKind,
    /// `misc_timeout`
    misc_timeout: Option<Span>,
}

/// Both ends of its connection as written.
#[derive(Debug, Default)]
struct ConnectionDraft {
    ip: Option<IpAddr>,
    port: Option<u16>,
    from: Option<IpAddr>,
    from_port: u16,
    interface: Option<String>,
    mark: u32,
    /// The real server.
    server: Option<Endpoint>,
}

/// The checker that begins here, or none where keepalived leaves it out.
pub(super) fn read(
    block: &Entry,
    server: Endpoint,
    earlier: &[CheckDraft],
    draft: &Draft,
    report: &mut Report,
) -> Option<CheckDraft> {
    let mut check = CheckDraft {
        common: Common::default(),
        log_all_failures: None,
        connection: ConnectionDraft { server: Some(server), ..ConnectionDraft::default() },
        kind: CheckKind::Tcp,
        misc_timeout: None,
    };
    let mut own = Vec::new();
    for line in &block.entries {
        if !check.shared(line, report) {
            own.push(line);
        }
    }
    check.kind = match block.keyword.word {
        "HTTP_GET" | "SSL_GET" => http::read(block, &own, &mut check.common, report)?,
        "SMTP_CHECK" => kinds::smtp(&own, &mut check, report),
        "DNS_CHECK" => kinds::dns(&own, report),
        "MISC_CHECK" => kinds::misc(block, &own, &mut check.misc_timeout, report)?,
        "UDP_CHECK" => kinds::udp(&own, report),
        "PING_CHECK" => CheckKind::Ping,
        "FILE_CHECK" => kinds::file(block, &own, draft, report)?,
        "BFD_CHECK" => {
            let session = kinds::bfd(block, &own, draft, report)?;
            let twice = earlier.iter().any(|check| check.kind == session);
            if twice {
                report.warning(block.word, "this server follows that session already", "the second check is left out");
                return None;
            }
            session
        }
        _ => CheckKind::Tcp,
    };
    Some(check)
}

impl CheckDraft {
    /// Lines that many kinds have.
    fn shared(&mut self, line: &Entry, report: &mut Report) -> bool {
        // a `virtualhost` of HTTP_GET is among them, those of other kinds are not in the table
        if self.common.take(line, report) {
            return true;
        }
        match line.keyword.word {
            "log_all_failures" => put(&mut self.log_all_failures, line.switch(report).map(|s| s.value)),
            _ => return self.connection.take(line, report),
        }
        true
    }

    /// The model: what is not said comes from the real server or the virtual server, which `outer` has both, or is built in.
    pub(super) fn finish(self, outer: &Common, service: &Common) -> Check {
        let common = self.common.or(outer);
        let mut kind = self.kind;
        match &mut kind {
            CheckKind::Http(http) => {
                http.virtual_host.clone_from(&common.virtual_host);
                for url in &mut http.urls {
                    url.virtual_host = url.virtual_host.take().or_else(|| common.virtual_host.clone());
                }
            }
            CheckKind::Misc(misc) => misc.timeout = self.misc_timeout.unwrap_or(service.delay_loop()),
            _ => {}
        }
        let followed = matches!(kind, CheckKind::File(_) | CheckKind::Bfd(_));
        let connects = !followed && !matches!(kind, CheckKind::Misc(_));
        let delay_loop = common.delay_loop();
        let (retry, delay_before_retry) = retry_defaults(&kind, delay_loop);
        let timing = Timing {
            delay_loop,
            warmup: common.warmup.unwrap_or(delay_loop),
            retry: common.retry.unwrap_or(retry),
            delay_before_retry: common.delay_before_retry.unwrap_or(delay_before_retry),
        };
        let timeout = common.connect_timeout.unwrap_or(CONNECT_TIMEOUT);
        Check {
            timing: (!followed).then_some(timing),
            alpha: common.alpha.unwrap_or(false),
            log_all_failures: self.log_all_failures,
            connection: self.connection.finish(timeout).filter(|_| connects),
            kind,
        }
    }
}

impl ConnectionDraft {
    /// Takes the line, if it is one of these.
    fn take(&mut self, line: &Entry, report: &mut Report) -> bool {
        match line.keyword.word {
            "connect_ip" => {
                let given = line.address(report);
                let fits = |ip: &Spanned<IpAddr>| self.from.is_none_or(|from| from.is_ipv4() == ip.value.is_ipv4());
                put(&mut self.ip, same_family(given, fits, report));
            }
            "bindto" => {
                let given = line.address(report);
                let to = self.ip.or(self.server.map(|s| s.ip));
                let fits = |ip: &Spanned<IpAddr>| to.is_none_or(|to| to.is_ipv4() == ip.value.is_ipv4());
                put(&mut self.from, same_family(given, fits, report));
            }
            "connect_port" => put(&mut self.port, line.int(report).and_then(|n| u16::try_from(n.value).ok())),
            "bind_port" => {
                let given = line.int(report).and_then(|n| u16::try_from(n.value).ok());
                self.from_port = given.unwrap_or(self.from_port);
            }
            "bind_if" => put(&mut self.interface, line.text().map(|t| t.value)),
            "fwmark" => self.mark = line.count(report).map_or(self.mark, |n| n.value),
            _ => return false,
        }
        true
    }

    fn finish(self, timeout: Span) -> Option<Connection> {
        let server = self.server?;
        let to = Endpoint { ip: self.ip.unwrap_or(server.ip), port: self.port.unwrap_or(server.port) };
        let ConnectionDraft { from, from_port, interface, mark, .. } = self;
        Some(Connection { to, from, from_port, interface, mark, timeout })
    }
}

/// The address, unless the other end of the connection is of another family.
fn same_family(
    given: Option<Spanned<IpAddr>>,
    fits: impl Fn(&Spanned<IpAddr>) -> bool,
    report: &mut Report,
) -> Option<IpAddr> {
    let given = given?;
    let fits = fits(&given);
    if !fits {
        let title = "this address is not of the family of the other end";
        report.error(&given, title, "the line is ignored").survived();
    }
    fits.then_some(given.value)
}
