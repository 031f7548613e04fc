//! What is said: each decision of the engine with its rule, in keepalived's words where it has some.
use std::collections::BTreeMap;
use std::net::IpAddr;

use tracing::{debug, info, trace as finest, warn};
use vrrplab_engine::{Exit, Instant, News, Rule, Span, State, Trace, TraceKind};

/// A line about packets of one kind is not said more often than this.
const PACKET_LINES: Span = Span::from_secs(1);

/// Says decisions. A flood of packets makes one line a second for each kind, with the number of those left out.
#[derive(Default)]
pub struct Log {
    packets: BTreeMap<(Option<usize>, Rule), (Instant, u64)>,
}

impl Log {
    /// Says one decision; `instance` is the name of the instance that it concerns.
    pub fn say(&mut self, now: Instant, instance: &str, told: &Trace) {
        let rule = told.rule.id();
        match &told.kind {
            TraceKind::Transition { from, to } => {
                let line = transition(instance, *from, *to);
                info!(rule, instance, from = from.name(), to = to.name(), "{line}");
            }
            TraceKind::Heard { from, priority, state } => {
                if told.rule == Rule::BackupHearsMaster {
                    finest!(rule, instance, %from, priority, "({instance}) advert of the master");
                } else if let Some(unsaid) = self.turn(now, told) {
                    let state = state.name();
                    let line = heard(told.rule, *from, *priority);
                    info!(rule, instance, %from, priority, state, unsaid, "({instance}) {line}");
                }
            }
            TraceKind::Refused { from } => {
                if let Some(unsaid) = self.turn(now, told) {
                    warn!(rule, instance, %from, unsaid, "({instance}) packet refused: {}", told.rule.sentence());
                }
            }
            TraceKind::Priority { from, to } => {
                info!(rule, instance, from, to, "({instance}) Changing effective priority from {from} to {to}");
            }
            TraceKind::Interval { from, to } => {
                let (from, to) = (from.as_micros() / 1000, to.as_micros() / 1000);
                info!(rule, instance, "({instance}) advertisement interval of the master: {to} ms, before {from} ms");
            }
            TraceKind::Tracked { name, news } => info!(rule, name, "{}", tracked(name, *news)),
            TraceKind::Armed { until } => {
                debug!(rule, instance, ms = until.since(now).as_micros() / 1000, "({instance}) timer armed");
            }
        }
    }

    /// Whether a line about a packet is due, and how many were left out since the last one.
    fn turn(&mut self, now: Instant, told: &Trace) -> Option<u64> {
        let (last, unsaid) = self.packets.entry((told.instance, told.rule)).or_default();
        if *last != Instant::ZERO && now.since(*last) < PACKET_LINES {
            *unsaid += 1;
            return None;
        }
        *last = now;
        Some(std::mem::take(unsaid))
    }
}

fn transition(instance: &str, from: State, to: State) -> String {
    match (from, to) {
        (_, State::Init) => format!("({instance}) stopped"),
        (State::Init, to) => format!("({instance}) Entering {} STATE (init)", to.name()),
        (_, to) => format!("({instance}) Entering {} STATE", to.name()),
    }
}

fn heard(rule: Rule, from: IpAddr, priority: u8) -> String {
    match rule {
        Rule::BackupDiscardsLower => format!("received lower priority ({priority}) advert from {from} - discarding"),
        Rule::MasterHearsHigher => format!("Master received advert from {from} with higher priority {priority}"),
        Rule::MasterAnswersLower => {
            format!("Received advert from {from} with lower priority {priority}, forcing new election")
        }
        rule => format!("advert from {from} with priority {priority}: {}", rule.sentence()),
    }
}

fn tracked(name: &str, news: News) -> String {
    let good = |good: bool| if good { "successful" } else { "unsuccessful" };
    match news {
        News::Succeeded => format!("VRRP_Script({name}) succeeded"),
        News::Failed(Exit::Status(status)) => format!("VRRP_Script({name}) failed (exited with status {status})"),
        News::Failed(Exit::Signal(signal)) => format!("VRRP_Script({name}) failed (due to signal {signal})"),
        News::TimedOut => format!("VRRP_Script({name}) timed_out"),
        News::NowReturning(status) => format!("Script `{name}` now returning {status}"),
        News::StillRunning => format!("script {name} is due again and still running"),
        News::Considered { good: well } => format!("VRRP_Script({name}) considered {} on reload", good(well)),
        News::Says(number) => format!("tracked file {name} says {number}"),
        News::Quorum(there) => format!("process {name}: quorum {}", if there { "reached" } else { "lost" }),
        News::Session(up) => format!("BFD session {name} is {}", if up { "up" } else { "down" }),
        News::Link(up) => format!("interface {name} counts as {}", if up { "up" } else { "down" }),
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn states_are_told_as_keepalived_tells_them() {
        assert_eq!(transition("VI_1", State::Init, State::Backup), "(VI_1) Entering BACKUP STATE (init)");
        assert_eq!(transition("VI_1", State::Backup, State::Master), "(VI_1) Entering MASTER STATE");
        assert_eq!(transition("VI_1", State::Master, State::Init), "(VI_1) stopped");
    }

    #[test]
    fn of_a_flood_of_packets_one_line_a_second_is_said() {
        let mut log = Log::default();
        let from = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let refused = Trace { instance: Some(0), rule: Rule::ReceiveTtl, kind: TraceKind::Refused { from } };
        let at = |ms: u64| Instant(5_000_000_000 + ms * 1_000_000);
        assert_eq!(log.turn(at(0), &refused), Some(0));
        for ms in 1..1000 {
            assert_eq!(log.turn(at(ms), &refused), None);
        }
        assert_eq!(log.turn(at(1000), &refused), Some(999));
        let other = Trace { rule: Rule::ReceiveVersion, ..refused };
        assert_eq!(log.turn(at(1000), &other), Some(0), "another kind has its own turn");
    }
}
