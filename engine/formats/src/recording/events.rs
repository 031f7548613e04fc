//! What is kept of a recorded run: changes of state and moves of virtual addresses.
use std::collections::BTreeMap;

use vrrplab_engine::{Rule, State};

use super::case::{Case, parse_addr};
use super::files::Text;
use super::frr;
use super::timeline::{Event, Timeline};
use super::{RecordedEvent, RecordedKind};
use crate::diagnostics::Report;

/// The events of one run by time, without what the daemon did not do or said twice.
pub(super) fn recorded(case: &Case, run: &Timeline, text: &Text, report: &mut Report) -> Vec<RecordedEvent> {
    let mut last: BTreeMap<(&str, &str), State> = BTreeMap::new();
    let mut carried: BTreeMap<(&str, &str), bool> = BTreeMap::new();
    let mut kept = Vec::new();
    let mut events: Vec<&Event> = run.events.iter().collect();
    events.sort_by_key(|e| e.at());
    for event in events {
        let Some(node) = event.node.as_deref() else { continue };
        let kind = match event.event.as_str() {
            "state" => state(node, event, &mut last, text, report),
            "vip_add" | "vip_del" if !wiped(event, case, run) => vip(event, text, report),
            "link" => {
                macvlan(node, event, case, &mut carried, &mut kept);
                None
            }
            _ => None,
        };
        kept.extend(kind.map(|kind| RecordedEvent { at: event.at(), node: node.to_owned(), kind }));
    }
    kept
}

/// A state that the instance was not yet in. INIT is the start of a daemon: whatever follows is new. A BACKUP that enters
/// BACKUP again was in FAULT: the log does not tell when its sync group took it there.
fn state<'a>(
    node: &'a str,
    event: &'a Event,
    last: &mut BTreeMap<(&'a str, &'a str), State>,
    text: &Text,
    report: &mut Report,
) -> Option<RecordedKind> {
    let instance = event.instance.as_deref()?;
    let state = match event.state.as_deref() {
        Some("INIT") => {
            last.remove(&(node, instance));
            return None;
        }
        _ if event.is_early() => return None,
        Some("BACKUP") => State::Backup,
        Some("MASTER") => State::Master,
        Some("FAULT") => State::Fault,
        other => {
            let name = other.unwrap_or("nothing");
            report.error(&text.word(name), format!("{node} {instance}: there is no state {name}"), "");
            return None;
        }
    };
    let from_silent_fault = state == State::Backup && !event.is_init();
    let news = last.insert((node, instance), state) != Some(state) || from_silent_fault;
    news.then(|| RecordedKind::State { instance: instance.to_owned(), state })
}

/// Whether recordings have no such change of state. keepalived's log does not tell that a group takes a BACKUP into FAULT (its
/// scripts and pipes do), and tells of a start in FAULT in other words, before its states.
pub fn is_silent(rule: Rule, from: State) -> bool {
    matches!((rule, from), (Rule::StartFault, _) | (Rule::GroupToFault, State::Backup))
}

/// FRR's addresses stay on a macvlan, which carries frames while the router is master: they come and go with it.
fn macvlan<'a>(
    node: &'a str,
    event: &'a Event,
    case: &Case,
    carried: &mut BTreeMap<(&'a str, &'a str), bool>,
    kept: &mut Vec<RecordedEvent>,
) {
    let recorded = case.nodes.0.iter().find(|(name, n)| name == node && n.frr_vrrpd_conf.is_some());
    let (Some((_, recorded)), Some(nic), Some(carrier)) = (recorded, event.nic.as_deref(), event.carrier) else {
        return;
    };
    let before = carried.get(&(node, nic)).copied().unwrap_or(false);
    if !nic.starts_with(frr::MACVLAN) || before == carrier {
        return;
    }
    carried.insert((node, nic), carrier);
    let Some(iface) = recorded.nics.first().map(|nic| nic.name.clone()) else { return };
    for addr in recorded.setup.iter().filter_map(|line| frr::macvlan_address(line)) {
        let kind = RecordedKind::Vip { iface: iface.clone(), addr, added: carrier };
        kept.push(RecordedEvent { at: event.at(), node: node.to_owned(), kind });
    }
}

fn vip(event: &Event, text: &Text, report: &mut Report) -> Option<RecordedKind> {
    let ip = event.ip.as_deref().unwrap_or_default();
    let (Some(addr), Some(iface)) = (parse_addr(ip), &event.nic) else {
        let title = format!("`{}` without an interface and an address", event.event);
        report.error(&text.word(ip), title, "");
        return None;
    };
    Some(RecordedKind::Vip { iface: iface.clone(), addr, added: event.event == "vip_add" })
}

/// Whether the address was removed by hand, as a part of the node's crash: no daemon lives from there to its next start.
fn wiped(event: &Event, case: &Case, run: &Timeline) -> bool {
    let mut dead = false;
    let mut faults: Vec<_> = case.faults.iter().collect();
    faults.sort_by_key(|f| f.t_ms);
    for (fault, done) in faults.iter().zip(&run.faults).filter(|(_, done)| done.t_ms.0 <= event.at()) {
        if fault.node.as_deref() == event.node.as_deref() {
            match done.kind.as_str() {
                "crash" => dead = true,
                "start" => dead = false,
                _ => {}
            }
        }
    }
    dead && event.event == "vip_del"
}
