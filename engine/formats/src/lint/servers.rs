//! Virtual servers: quorums, the pace of health checks, direct routing.
use vrrplab_engine::model::health::{Check, CheckKind};
use vrrplab_engine::model::lvs::{Forwarding, RealServerModel, VirtualServerModel};
use vrrplab_engine::time::Span;

use super::scripts::patience;
use super::table::{DR_ARP, QUORUM, SLOW_CHECK, UNCHECKED};
use super::{Finding, Subject};
use crate::diagnostics::Spanned;

pub(super) fn check(subject: &Subject) -> Vec<Finding> {
    let patience = subject.model.instances.iter().map(|i| patience(subject, i)).max();
    let servers = subject.draft.servers.iter();
    servers.flat_map(|server| about(server, patience)).collect()
}

fn about(server: &Spanned<VirtualServerModel>, patience: Option<Span>) -> Vec<Finding> {
    let findings = [
        quorum(server),
        unchecked(server),
        patience.and_then(|patience| slow(server, patience)),
        direct_routing(server),
    ];
    findings.into_iter().flatten().collect()
}

fn quorum(server: &Spanned<VirtualServerModel>) -> Option<Finding> {
    let there: u64 = server.value.real_servers.iter().map(|r| u64::from(r.weight)).sum();
    let wanted = u64::from(server.value.quorum) + u64::from(server.value.hysteresis);
    let title = format!("the quorum is gained at {wanted}, and all weights together are {there}");
    (wanted > there && !server.value.real_servers.is_empty()).then(|| Finding::new(&QUORUM, server, title))
}

fn unchecked(server: &Spanned<VirtualServerModel>) -> Option<Finding> {
    let real = server.value.real_servers.iter().find(|r| r.checks.is_empty())?;
    Some(Finding::new(&UNCHECKED, server, format!("nobody checks {}", address(real))))
}

fn address(real: &RealServerModel) -> String {
    std::net::SocketAddr::new(real.endpoint.ip, real.endpoint.port).to_string()
}

/// The server may die just after a good check; each try may last until its timeout.
fn noticed_after(check: &Check) -> Option<Span> {
    let timing = check.timing?;
    let micros = |span: Span, times: u32| span.as_micros().saturating_mul(u64::from(times));
    let timeout = match (&check.connection, &check.kind) {
        (Some(connection), _) => connection.timeout,
        (None, CheckKind::Misc(misc)) => misc.timeout,
        (None, _) => Span::ZERO,
    };
    let tries = micros(timeout, timing.retry.saturating_add(1));
    let pauses = micros(timing.delay_before_retry, timing.retry);
    Some(Span::from_micros(timing.delay_loop.as_micros().saturating_add(tries).saturating_add(pauses)))
}

fn slow(server: &Spanned<VirtualServerModel>, patience: Span) -> Option<Finding> {
    let checks = server.value.real_servers.iter().flat_map(|r| r.checks.iter().map(move |c| (r, c)));
    let (real, noticed) =
        checks.filter_map(|(r, c)| Some((r, noticed_after(c)?))).max_by_key(|(_, noticed)| *noticed)?;
    let title = format!(
        "the death of {} may be noticed after {noticed} only; a dead director is replaced after {patience}",
        address(real)
    );
    (noticed > patience).then(|| Finding::new(&SLOW_CHECK, server, title))
}

fn direct_routing(server: &Spanned<VirtualServerModel>) -> Option<Finding> {
    let direct = server.value.real_servers.iter().filter(|r| r.forwarding == Forwarding::Dr).count();
    let title = format!("{direct} real servers get packets for an address that is not theirs alone");
    (direct > 0).then(|| Finding::new(&DR_ARP, server, title))
}
