//! `global_defs`, and what else stands outside of blocks of its own.
use vrrplab_engine::model::globals::{Fifo, FlushOnStop, Globals, Hook, LvsTimeouts, Mail, Setting, SyncDaemon};
use vrrplab_engine::time::Span;

use super::super::table::{self, Block};
use super::Page;
use super::words::{program, run_as, seconds, word, words};

impl Page<'_> {
    /// Settings of the node; those that are kept as they were written stay in their order.
    pub(super) fn globals(&mut self) {
        let globals = &self.model.globals;
        let mut inside = Page { model: self.model, text: String::new(), depth: 1 };
        inside.node(globals);
        let mut text = inside.text;
        for setting in &globals.surroundings {
            let root = table::find(Block::Root, &setting.keyword).is_some();
            if root {
                self.global_defs(&std::mem::take(&mut text));
            }
            let mut page = Page { model: self.model, text: String::new(), depth: usize::from(!root) };
            page.setting(setting);
            if root { &mut self.text } else { &mut text }.push_str(&page.text);
        }
        self.global_defs(&text);
        self.outside(globals);
    }

    fn global_defs(&mut self, lines: &str) {
        if !lines.is_empty() {
            self.block("global_defs", |page| page.text.push_str(lines));
        }
    }

    fn setting(&mut self, setting: &Setting) {
        let line = std::iter::once(&setting.keyword).chain(&setting.words);
        let line = words(line);
        match setting.lines.is_empty() {
            true => self.line(&line),
            false => self.list(&line, setting.lines.iter().map(words)),
        }
    }

    fn node(&mut self, g: &Globals) {
        self.word("router_id", g.router_id.as_ref());
        self.mail(&g.mail);
        self.value("vrrp_startup_delay", (g.startup_delay != Span::ZERO).then(|| seconds(g.startup_delay)));
        // every instance has those of the node
        if let Some(first) = self.model.instances.first() {
            for (keyword, span) in
                [("vrrp_garp_interval", first.garp.arp_interval), ("vrrp_gna_interval", first.garp.na_interval)]
            {
                self.value(keyword, (span != Span::ZERO).then(|| seconds(span)));
            }
        }
        self.line_if(g.dynamic_interfaces, "dynamic_interfaces");
        self.line_if(g.log_unknown_vrids, "log_unknown_vrids");
        self.fifo("notify_fifo", g.fifo.as_ref());
        self.fifo("vrrp_notify_fifo", g.vrrp_fifo.as_ref());
        self.fifo("lvs_notify_fifo", g.lvs_fifo.as_ref());
        self.line_if(g.priority_changes, "vrrp_notify_priority_changes");
        self.line_if(g.states_on_reload, "fifo_write_vrrp_states_on_reload");
        self.value("script_user", g.script_user.as_ref().map(run_as));
        self.line_if(g.script_security, "enable_script_security");
        self.hook("startup_script", g.startup.as_ref());
        self.hook("shutdown_script", g.shutdown.as_ref());
        self.lvs(g);
    }

    fn mail(&mut self, mail: &Mail) {
        self.list("notification_email", mail.to.iter().map(|to| word(to).into_owned()));
        self.word("notification_email_from", mail.from.as_ref());
        self.value("smtp_server", mail.server.as_ref().map(|(host, port)| format!("{} {port}", word(host))));
        self.word("smtp_helo_name", mail.helo.as_ref());
        self.value("smtp_connect_timeout", mail.timeout.map(seconds));
        self.switch("smtp_alert", mail.everything);
        self.switch("smtp_alert_vrrp", mail.vrrp);
        self.switch("smtp_alert_checker", mail.checkers);
        self.line_if(mail.no_faults, "no_email_faults");
        self.line_if(mail.servers_only, "no_checker_emails");
    }

    fn fifo(&mut self, keyword: &str, fifo: Option<&Fifo>) {
        let Some(fifo) = fifo else { return };
        let owner = fifo.owner.as_ref().map_or(String::new(), |owner| format!(" {}", run_as(owner)));
        self.line(&format!("{keyword} {}{owner}", word(&fifo.path)));
        self.value(&format!("{keyword}_script"), fifo.reader.as_ref().map(program));
    }

    fn hook(&mut self, keyword: &str, hook: Option<&Hook>) {
        let Some(hook) = hook else { return };
        self.line(&format!("{keyword} {}", program(&hook.program)));
        self.value(&format!("{keyword}_timeout"), hook.timeout.map(seconds));
    }

    fn lvs(&mut self, g: &Globals) {
        let LvsTimeouts { tcp, tcp_fin, udp } = g.lvs_timeouts;
        let timeouts: Vec<String> = [("tcp", tcp), ("tcpfin", tcp_fin), ("udp", udp)]
            .into_iter()
            .filter_map(|(name, value)| value.map(|n| format!("{name} {n}")))
            .collect();
        self.value("lvs_timeouts", (!timeouts.is_empty()).then(|| timeouts.join(" ")));
        self.line_if(g.lvs_flush, "lvs_flush");
        if let Some(flush) = g.lvs_flush_on_stop {
            self.line(match flush {
                FlushOnStop::Everything => "lvs_flush_on_stop",
                FlushOnStop::Services => "lvs_flush_on_stop VS",
            });
        }
        self.value("lvs_sync_daemon", g.sync_daemon.as_ref().map(sync_daemon));
    }

    /// What stands outside of `global_defs`.
    fn outside(&mut self, g: &Globals) {
        let delays = g.link_delays.iter();
        self.list(
            "interface_up_down_delays",
            delays.map(|d| format!("{} {} {}", word(&d.interface), seconds(d.down), seconds(d.up))),
        );
        for group in &g.garp_groups {
            self.block("garp_group", |page| {
                page.value("garp_interval", group.arp_interval.map(seconds));
                page.value("gna_interval", group.na_interval.map(seconds));
                page.list("interfaces", group.interfaces.iter().map(|name| word(name).into_owned()));
            });
        }
        if let Some(ssl) = &g.ssl {
            self.block("SSL", |page| {
                page.word("password", ssl.password.as_ref());
                page.word("ca", ssl.authorities.as_ref());
                page.word("certificate", ssl.certificate.as_ref());
                page.word("key", ssl.key.as_ref());
            });
        }
    }
}

fn sync_daemon(daemon: &SyncDaemon) -> String {
    let mut text = word(&daemon.interface).into_owned();
    let numbers = [
        ("id", daemon.id.map(u32::from)),
        ("maxlen", daemon.most_bytes.map(u32::from)),
        ("port", daemon.port.map(u32::from)),
        ("ttl", daemon.ttl.map(u32::from)),
    ];
    if let Some(instance) = &daemon.instance {
        text += &format!(" inst {}", word(instance));
    }
    for (name, value) in numbers {
        text += &value.map_or(String::new(), |value| format!(" {name} {value}"));
    }
    text + &daemon.group.map_or(String::new(), |group| format!(" group {group}"))
}
