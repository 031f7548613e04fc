//! `real_server`: what its lines say, before defaults are filled in.
use vrrplab_engine::model::command::Program;
use vrrplab_engine::model::lvs::{Endpoint, Forwarding, ServiceKey};

use super::super::checkers::{self, CheckDraft, Common};
use super::super::entry::Entry;
use super::super::lexer::Word;
use super::super::vrrp::{first_program, put};
use super::method;
use super::service::{Service, endpoint, family_of};
use crate::builder::Draft;
use crate::diagnostics::Report;

/// One real server as written.
pub(super) struct Real {
    pub(super) name: Word,
    pub(super) endpoint: Endpoint,
    pub(super) common: Common,
    pub(super) weight: Option<u32>,
    pub(super) forwarding: Option<Forwarding>,
    pub(super) upper_threshold: u32,
    pub(super) lower_threshold: u32,
    pub(super) notify_up: Option<Program>,
    pub(super) notify_down: Option<Program>,
    pub(super) checks: Vec<CheckDraft>,
}

/// One `real_server`, or none where keepalived ignores it. The first one decides the family of a mark.
pub(super) fn read(entry: &Entry, service: &mut Service, draft: &Draft, report: &mut Report) -> Option<Real> {
    let [addr, rest @ ..] = entry.arguments() else { return None };
    let endpoint = endpoint(addr, rest.first(), "real server", report)?;
    let mut real = Real {
        name: addr.clone(),
        endpoint,
        common: Common::default(),
        weight: None,
        forwarding: None,
        upper_threshold: 0,
        lower_threshold: 0,
        notify_up: None,
        notify_down: None,
        checks: Vec::new(),
    };
    for line in &entry.entries {
        let taken = real.common.take(line, report) || real.own(line, report);
        if !taken {
            let earlier = real.checks.as_slice();
            let check = checkers::read(line, endpoint, earlier, draft, report);
            real.checks.extend(check);
        }
    }
    let family = family_of(endpoint.ip);
    let tunnel = matches!(real.forwarding.or(service.forwarding), Some(Forwarding::Tun(_)));
    match service.family {
        Some(known) if known != family && !tunnel => {
            report
                .error(addr, "this address is not of the family of the service", "the real server is ignored")
                .help("only `TUN`, named before it, crosses families")
                .survived();
            return None;
        }
        None if matches!(service.key, ServiceKey::Mark(..)) => service.family = Some(family),
        _ => {}
    }
    Some(real)
}

impl Real {
    /// Lines that no checker has.
    fn own(&mut self, line: &Entry, report: &mut Report) -> bool {
        match line.keyword.word {
            "weight" => put(&mut self.weight, line.count(report).map(|n| n.value)),
            "lvs_method" => put(&mut self.forwarding, method::read(line, report)),
            "uthreshold" => self.upper_threshold = line.count(report).map_or(self.upper_threshold, |n| n.value),
            "lthreshold" => self.lower_threshold = line.count(report).map_or(self.lower_threshold, |n| n.value),
            "notify_up" => first_program(&mut self.notify_up, line, report),
            "notify_down" => first_program(&mut self.notify_down, line, report),
            _ => return false,
        }
        true
    }
}
