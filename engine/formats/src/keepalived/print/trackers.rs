//! Scripts, files, processes and sessions that are tracked; and what is static.
use vrrplab_engine::model::Vip;
use vrrplab_engine::model::command::Program;
use vrrplab_engine::model::route::{RouteModel, RuleModel};
use vrrplab_engine::model::track::{ArgumentMatch, BfdModel, FileModel, ProcessModel, ScriptModel};
use vrrplab_engine::time::Span;

use super::Page;
use super::instances::address_options;
use super::words::{millis, prefixed, program, seconds, word, words};

impl Page<'_> {
    /// What instances and servers may follow; it stands before them.
    pub(super) fn trackers(&mut self) {
        let model = self.model;
        model.scripts.iter().for_each(|script| self.script(script));
        model.files.iter().for_each(|file| self.file(file));
        model.processes.iter().for_each(|process| self.process(process));
        model.bfds.iter().for_each(|bfd| self.bfd(bfd));
    }

    fn weight(&mut self, weight: i16, default: i16, reverse: bool) {
        let reverse = if reverse { " reverse" } else { "" };
        self.line_if(weight != default || !reverse.is_empty(), &format!("weight {weight}{reverse}"));
    }

    fn script(&mut self, s: &ScriptModel) {
        self.block(&format!("vrrp_script {}", word(&s.name)), |page| {
            page.line(&format!("script {}", program(&s.program)));
            page.line(&format!("interval {}", seconds(s.interval)));
            page.value("timeout", (s.timeout != s.interval).then(|| seconds(s.timeout)));
            page.weight(s.weight, 0, s.reverse);
            page.line_if(s.rise != 1, &format!("rise {}", s.rise));
            page.line_if(s.fall != 1, &format!("fall {}", s.fall));
            page.line_if(s.init_fail, "init_fail");
        });
    }

    fn file(&mut self, f: &FileModel) {
        self.block(&format!("track_file {}", word(&f.name)), |page| {
            page.line(&format!("file {}", word(&f.path)));
            page.weight(f.weight, 1, f.reverse);
            let overwrite = |o: bool| if o { " overwrite" } else { "" };
            page.value("init_file", f.init.map(|init| format!("{}{}", init.value, overwrite(init.overwrite))));
        });
    }

    fn process(&mut self, p: &ProcessModel) {
        self.block(&format!("vrrp_track_process {}", word(&p.name)), |page| {
            let command = Program { words: p.command.clone(), user: None };
            page.line(&format!("process {}", program(&command)));
            page.line_if(p.arguments == Some(ArgumentMatch::Exact), "param_match");
            page.line_if(p.arguments == Some(ArgumentMatch::Initial), "param_match initial");
            page.line_if(p.arguments == Some(ArgumentMatch::Partial), "param_match partial");
            page.weight(p.weight, 0, p.reverse);
            page.line_if(p.quorum != 1, &format!("quorum {}", p.quorum));
            page.value("quorum_max", p.quorum_max.map(|n| n.to_string()));
            page.value("fork_delay", (p.fork_delay != Span::ZERO).then(|| seconds(p.fork_delay)));
            page.value("terminate_delay", (p.terminate_delay != Span::ZERO).then(|| seconds(p.terminate_delay)));
            page.line_if(p.full_command, "full_command");
        });
    }

    fn bfd(&mut self, b: &BfdModel) {
        self.block(&format!("bfd_instance {}", word(&b.name)), |page| {
            page.line(&format!("neighbor_ip {}", b.neighbour));
            page.value("source_ip", b.source.map(|ip| ip.to_string()));
            let spans = [("min_rx", b.min_rx, 10), ("min_tx", b.min_tx, 10), ("idle_tx", b.idle_tx, 1000)];
            for (keyword, span, default) in spans {
                page.value(keyword, (span != Span::from_millis(default)).then(|| millis(span)));
            }
            page.line_if(b.multiplier != 5, &format!("multiplier {}", b.multiplier));
            page.line_if(b.passive, "passive");
            let ttl = if b.neighbour.is_ipv4() { 255 } else { 64 };
            page.line_if(b.ttl != ttl, &format!("ttl {}", b.ttl));
            match b.max_hops {
                None => page.line("max_hops -1"),
                Some(0) => {}
                Some(most) => page.line(&format!("max_hops {most}")),
            }
            page.weight(b.weight, 0, b.reverse);
            page.line_if(b.for_vrrp && !b.for_checkers, "vrrp");
            page.line_if(b.for_checkers && !b.for_vrrp, "checker");
        });
    }

    /// What is static, and the groups that bring it back.
    pub(super) fn statics(&mut self) {
        let statics = &self.model.statics;
        for group in &statics.groups {
            self.block(&format!("track_group {}", word(&group.name)), |page| {
                let members = group.members.iter().filter_map(|member| page.model.instances.get(*member));
                page.list("group", members.map(|member| word(&member.name).into_owned()));
            });
        }
        let grouped = |line: String, group: &Option<String>| match group {
            Some(group) => format!("{line} track_group {}", word(group)),
            None => line,
        };
        let addresses: Vec<String> =
            statics.addresses.iter().map(|a| grouped(self.static_address(&a.address), &a.track_group)).collect();
        self.list("static_ipaddress", addresses.into_iter());
        self.list("static_routes", statics.routes.iter().map(|r| grouped(route(r), &r.track_group)));
        self.list("static_rules", statics.rules.iter().map(|r| grouped(rule(r), &r.track_group)));
    }

    fn static_address(&self, address: &Vip) -> String {
        let line = format!("{} dev {}", prefixed(address.addr), self.interface(address.iface));
        line + &address_options(&address.options) + if address.no_track { " no_track" } else { "" }
    }
}

/// A route without its group.
pub(super) fn route(route: &RouteModel) -> String {
    words(&route.words) + if route.no_track { " no_track" } else { "" }
}

/// A rule without its group.
pub(super) fn rule(rule: &RuleModel) -> String {
    words(&rule.words) + if rule.no_track { " no_track" } else { "" }
}
