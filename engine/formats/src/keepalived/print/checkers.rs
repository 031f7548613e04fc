//! Checkers of real servers: what differs from the built-in defaults stands with each.
use vrrplab_engine::model::command::Program;
use vrrplab_engine::model::health::{
    Check, CheckKind, Connection, DnsCheck, HttpCheck, HttpVersion, MiscCheck, RegexCheck, Timing, UdpCheck, UrlCheck,
};
use vrrplab_engine::model::lvs::RealServerModel;

use super::super::checkers::{CONNECT_TIMEOUT, DELAY_LOOP, retry_defaults};
use super::Page;
use super::words::{program, run_as, seconds, word, words};

impl Page<'_> {
    /// One checker.
    pub(super) fn check(&mut self, check: &Check, server: &RealServerModel) {
        let header = match &check.kind {
            CheckKind::Tcp => "TCP_CHECK",
            CheckKind::Http(http) if http.tls => "SSL_GET",
            CheckKind::Http(_) => "HTTP_GET",
            CheckKind::Smtp(_) => "SMTP_CHECK",
            CheckKind::Dns(_) => "DNS_CHECK",
            CheckKind::Misc(_) => "MISC_CHECK",
            CheckKind::Udp(_) => "UDP_CHECK",
            CheckKind::Ping => "PING_CHECK",
            CheckKind::File(_) => "FILE_CHECK",
            CheckKind::Bfd(_) => "BFD_CHECK",
        };
        self.block(header, |page| {
            page.kind(check, server);
            if let Some(timing) = check.timing {
                page.timing(timing, &check.kind);
            }
            if !matches!(check.kind, CheckKind::File(_)) {
                page.switch("alpha", (check.alpha != server.alpha).then_some(check.alpha));
            }
            page.switch("log_all_failures", check.log_all_failures);
            if let Some(connection) = &check.connection {
                page.connection(connection, server);
            }
        });
    }

    fn kind(&mut self, check: &Check, server: &RealServerModel) {
        match &check.kind {
            CheckKind::Tcp | CheckKind::Ping => {}
            CheckKind::Http(http) => self.http(http, server),
            CheckKind::Smtp(name) => self.word("helo_name", Some(name)),
            CheckKind::Dns(DnsCheck { kind, name }) => {
                self.line(&format!("type {}", kind.name()));
                self.line(&format!("name {}", word(name)));
            }
            CheckKind::Misc(misc) => self.misc(misc),
            CheckKind::Udp(udp) => self.udp(udp),
            CheckKind::File(file) => {
                let Some(model) = self.model.files.get(file.file) else { return };
                let reverse = if file.reverse { " reverse" } else { "" };
                self.line(&format!("track_file {}", word(&model.name)));
                self.line(&format!("weight {}{reverse}", file.weight));
            }
            CheckKind::Bfd(session) => self.word("name", self.model.bfds.get(*session).map(|bfd| &bfd.name)),
        }
    }

    fn timing(&mut self, timing: Timing, kind: &CheckKind) {
        let (retry, delay_before_retry) = retry_defaults(kind, timing.delay_loop);
        let Timing { delay_loop, warmup, retry: own_retry, delay_before_retry: own_delay } = timing;
        self.value("delay_loop", (delay_loop != DELAY_LOOP).then(|| seconds(delay_loop)));
        self.value("warmup", (warmup != delay_loop).then(|| seconds(warmup)));
        self.line_if(own_retry != retry, &format!("retry {own_retry}"));
        self.value("delay_before_retry", (own_delay != delay_before_retry).then(|| seconds(own_delay)));
    }

    fn connection(&mut self, c: &Connection, server: &RealServerModel) {
        let to = server.endpoint;
        self.value("connect_ip", (c.to.ip != to.ip).then(|| c.to.ip.to_string()));
        self.value("connect_port", (c.to.port != to.port).then(|| c.to.port.to_string()));
        self.value("bindto", c.from.map(|ip| ip.to_string()));
        self.line_if(c.from_port != 0, &format!("bind_port {}", c.from_port));
        self.word("bind_if", c.interface.as_ref());
        self.line_if(c.mark != 0, &format!("fwmark {}", c.mark));
        self.value("connect_timeout", (c.timeout != CONNECT_TIMEOUT).then(|| seconds(c.timeout)));
    }

    fn http(&mut self, http: &HttpCheck, server: &RealServerModel) {
        match http.version {
            HttpVersion::V1_0 => {}
            HttpVersion::V1_0Close => self.line("http_protocol 1.0C"),
            HttpVersion::V1_1 => self.line("http_protocol 1.1"),
        }
        self.line_if(http.sni, "enable_sni");
        self.line_if(http.fast_recovery, "fast_recovery");
        let own_host = http.virtual_host != server.virtual_host;
        self.word("virtualhost", http.virtual_host.as_ref().filter(|_| own_host));
        for url in &http.urls {
            self.block("url", |page| page.url(url, http));
        }
    }

    fn url(&mut self, url: &UrlCheck, http: &HttpCheck) {
        self.line(&format!("path {}", word(&url.path)));
        self.word("digest", url.digest.as_ref());
        let range = |(from, to): &(u16, u16)| if from == to { from.to_string() } else { format!("{from}-{to}") };
        let status: Vec<String> = url.status.iter().map(range).collect();
        self.value("status_code", (!status.is_empty()).then(|| status.join(" ")));
        let own_host = url.virtual_host != http.virtual_host;
        self.word("virtualhost", url.virtual_host.as_ref().filter(|_| own_host));
        let Some(RegexCheck { pattern, must_not_match, options, min_offset, max_offset, stack }) = &url.regex else {
            return;
        };
        self.line(&format!("regex {}", word(pattern)));
        self.line_if(*must_not_match, "regex_no_match");
        self.value("regex_options", (!options.is_empty()).then(|| words(options)));
        self.line_if(*min_offset != 0, &format!("regex_min_offset {min_offset}"));
        self.line_if(*max_offset != 0, &format!("regex_max_offset {max_offset}"));
        self.value("regex_stack", stack.map(|(start, most)| format!("{start} {most}")));
    }

    fn misc(&mut self, misc: &MiscCheck) {
        let words = Program { words: misc.program.words.clone(), user: None };
        self.line(&format!("misc_path {}", program(&words)));
        self.value("user", misc.program.user.as_ref().map(run_as));
        self.value("misc_timeout", (misc.timeout != DELAY_LOOP).then(|| seconds(misc.timeout)));
        self.line_if(misc.dynamic, "misc_dynamic");
    }

    fn udp(&mut self, udp: &UdpCheck) {
        let payload: String = udp.payload.iter().map(|byte| format!("{byte:02x}")).collect();
        self.value("payload", (!payload.is_empty()).then_some(payload));
        let Some(reply) = &udp.reply else { return };
        let digit = |value: u8, mask: u8| match mask {
            0 => "x".to_owned(),
            _ => format!("{value:x}"),
        };
        let byte = |(value, mask): &(u8, u8)| digit(value >> 4, mask >> 4) + &digit(value & 0xf, mask & 0xf);
        let pattern: String = reply.pattern.iter().map(byte).collect();
        self.line(format!("require_reply {pattern}").trim_end());
        self.line_if(reply.min_length != 0, &format!("min_reply_length {}", reply.min_length));
        self.line_if(reply.max_length != 255, &format!("max_reply_length {}", reply.max_length));
    }
}
