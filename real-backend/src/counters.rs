//! What happened to each virtual router so far: the counters of RFC 8347, and the last change of state. Pure.
use std::collections::BTreeMap;

use vrrplab_engine::model::{AddressFamily, IfIndex, InstanceModel, NodeModel};
use vrrplab_engine::{Instant, Rule, State, Trace, TraceKind};
use vrrplab_formats::control::{GlobalStatistics, MasterReason, Statistics};

/// All counters of a node, fed with what the engine says and sends.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    tallies: Vec<Tally>,
    by_wire: BTreeMap<Wire, usize>,
    /// What arrived for the whole node.
    pub node: GlobalStatistics,
}

/// When it is: by the engine's clock, and by the calendar.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The engine's.
    pub now: Instant,
    /// Milliseconds since 1970.
    pub unix_ms: u64,
}

/// What adverts on the wire tell virtual routers apart by: interface, IPv6, VRID.
type Wire = (IfIndex, bool, u8);

/// What happened to one virtual router.
#[derive(Clone, Debug)]
pub struct Tally {
    name: String,
    wire: Wire,
    /// The counters.
    pub statistics: Statistics,
    /// Refused packets, by rule.
    pub refused: BTreeMap<Rule, u64>,
    /// When it came into its state.
    pub since: Moment,
    /// By which rule.
    pub rule: Option<Rule>,
    /// Why it became master the last time.
    pub reason: MasterReason,
    /// The rule for the newest advert, since it is in its state.
    heard: Option<Rule>,
}

impl Tally {
    fn new(model: &InstanceModel, now: Moment) -> Tally {
        Tally {
            name: model.name.clone(),
            wire: (model.iface, model.family == AddressFamily::V6, model.vrid.get()),
            statistics: Statistics::default(),
            refused: BTreeMap::new(),
            since: now,
            rule: None,
            reason: MasterReason::NotMaster,
            heard: None,
        }
    }

    fn enters(&mut self, now: Moment, rule: Rule, to: State) {
        if to == State::Master {
            self.statistics.master_transitions += 1;
            self.reason = reason(rule, self.heard);
        }
        (self.since, self.rule, self.heard) = (now, Some(rule), None);
    }

    fn refuses(&mut self, rule: Rule, node: &mut GlobalStatistics) {
        *self.refused.entry(rule).or_default() += 1;
        let own = &mut self.statistics;
        match rule {
            Rule::ReceiveChecksum => own.checksum_errors += 1,
            Rule::ReceiveVersion => own.version_errors += 1,
            Rule::ReceiveTtl => own.ip_ttl_errors += 1,
            Rule::ReceiveLength => own.packet_length_errors += 1,
            Rule::ReceiveType => own.invalid_type_pkts_rcvd += 1,
            Rule::ReceiveInterval | Rule::ReceiveIntervalZero => own.interval_errors += 1,
            Rule::ReceiveCount | Rule::ReceiveCountZero | Rule::ReceiveAddressList | Rule::ReceiveFirstAddress => {
                own.address_list_errors += 1;
            }
            Rule::ReceiveAuthUnknown
            | Rule::ReceiveAuthMismatch
            | Rule::ReceiveAuthFailure
            | Rule::ReceiveAuthReplay => own.authentication_errors += 1,
            _ => {}
        }
        count(node, rule);
    }
}

/// Why a router is master that became it by this rule, after this was the newest that it heard.
fn reason(rule: Rule, heard: Option<Rule>) -> MasterReason {
    match (rule, heard) {
        (Rule::StartOwner, _) | (_, Some(Rule::BackupHearsRelease)) => MasterReason::Priority,
        (_, Some(Rule::BackupDiscardsLower | Rule::BackupPreemptDelay | Rule::BackupPreemptDelayOver)) => {
            MasterReason::Preempted
        }
        _ => MasterReason::NoResponse,
    }
}

/// The four counters that RFC 8347 keeps for the whole node.
fn count(node: &mut GlobalStatistics, rule: Rule) {
    match rule {
        Rule::ReceiveChecksum => node.checksum_errors += 1,
        Rule::ReceiveVersion => node.version_errors += 1,
        Rule::ReceiveVrid => node.vrid_errors += 1,
        Rule::ReceiveTtl => node.ip_ttl_errors += 1,
        _ => {}
    }
}

impl Counters {
    /// From now on these are the instances. Those whose name, VRID, family and interface are as before go on counting.
    pub fn settle(&mut self, now: Moment, model: &NodeModel) {
        let mut before = std::mem::take(&mut self.tallies);
        for instance in &model.instances {
            let new = Tally::new(instance, now);
            let known = before.iter().position(|old| old.name == new.name && old.wire == new.wire);
            self.tallies.push(known.map_or(new, |position| before.swap_remove(position)));
        }
        self.by_wire = self.tallies.iter().enumerate().map(|(position, tally)| (tally.wire, position)).collect();
    }

    /// What is known of the instance at this position.
    pub fn of(&self, position: usize) -> Option<&Tally> {
        self.tallies.get(position)
    }

    /// The engine has decided.
    pub fn decided(&mut self, now: Moment, trace: &Trace) {
        if trace.rule == Rule::ReloadRemoved {
            return; // its position was that of the configuration before
        }
        let Some(tally) = trace.instance.and_then(|position| self.tallies.get_mut(position)) else { return };
        match trace.kind {
            TraceKind::Transition { to, .. } => tally.enters(now, trace.rule, to),
            TraceKind::Heard { priority, .. } => {
                tally.heard = Some(trace.rule);
                tally.statistics.advert_rcvd += 1;
                tally.statistics.priority_zero_pkts_rcvd += u64::from(priority == 0);
            }
            TraceKind::Refused { .. } => tally.refuses(trace.rule, &mut self.node),
            TraceKind::Priority { .. }
            | TraceKind::Interval { .. }
            | TraceKind::Tracked { .. }
            | TraceKind::Armed { .. } => {}
        }
    }

    /// A frame has reached no instance, for this reason.
    pub fn unseen(&mut self, rule: Rule) {
        count(&mut self.node, rule);
    }

    /// This IP packet leaves by one of these interfaces (a macvlan and the one below it).
    pub fn sent(&mut self, ifaces: [Option<IfIndex>; 2], packet: &[u8]) {
        let Some((six, vrid, priority)) = advert(packet) else { return };
        let mut positions = ifaces.into_iter().flatten().filter_map(|iface| self.by_wire.get(&(iface, six, vrid)));
        if let Some(tally) = positions.next().and_then(|position| self.tallies.get_mut(*position)) {
            tally.statistics.advert_sent += 1;
            tally.statistics.priority_zero_pkts_sent += u64::from(priority == 0);
        }
    }
}

/// Whether this IP packet with an advert is IPv6, its VRID and its priority.
fn advert(packet: &[u8]) -> Option<(bool, u8, u8)> {
    const VRRP: u8 = 112;
    const AH: u8 = 51;
    let first = *packet.first()?;
    let (six, protocol, header) = match first >> 4 {
        4 => (false, *packet.get(9)?, 4 * usize::from(first & 0xf)),
        _ => (true, *packet.get(6)?, 40),
    };
    let start = match protocol {
        VRRP => header,
        AH => header + 4 * (usize::from(*packet.get(header + 1)?) + 2),
        _ => return None,
    };
    Some((six, *packet.get(start + 1)?, *packet.get(start + 2)?))
}

#[cfg(test)]
mod tests;
