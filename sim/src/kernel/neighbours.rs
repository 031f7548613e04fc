//! The neighbour table: who is where, how sure that is, and the packets that wait to know.
//!
//! Linux's states and default times. Simplifications: the reachable time is 30 s, not 15 s to 45 s by chance, and
//! only ARP and ND confirm a neighbour, never the progress of a TCP connection; entries are not collected.
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;

use vrrplab_engine::model::{IfIndex, Mac};
use vrrplab_engine::{Instant, Span};

use super::KernelOut;
use super::frames::{self, Advert, Arp};

const REACHABLE: Span = Span::from_secs(30);
const FIRST_PROBE: Span = Span::from_secs(5);
const RETRANSMIT: Span = Span::from_secs(1);
/// An ARP that is not gratuitous does not move an entry that changed this recently.
const LOCK: Span = Span::from_secs(1);
const QUESTIONS: u8 = 3;
const WAITING: usize = 101;

/// The interface through which something is sent.
#[derive(Clone, Copy)]
pub(super) struct Source {
    pub(super) iface: IfIndex,
    pub(super) mac: Mac,
}

/// What a frame says about where a neighbour is.
pub(super) struct Told {
    ip: IpAddr,
    mac: Mac,
    /// It answers a question, so the neighbour hears us too.
    confirms: bool,
    /// It may make a new entry.
    creates: bool,
    moves: Moves,
}

/// Whether an entry with another MAC follows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moves {
    Always,
    /// Unless it changed within the last second.
    Unlocked,
    /// Not; but it is in doubt.
    Doubts,
}

impl Told {
    /// Someone asked for one of our addresses.
    pub(super) fn asked_us(ip: IpAddr, mac: Mac) -> Told {
        Told { ip, mac, confirms: false, creates: true, moves: Moves::Always }
    }
    /// Any other ARP; `direct`: it was sent to our own MAC; `accepted`: an announcement or answer may make a new entry.
    pub(super) fn by_arp(arp: &Arp, direct: bool, accepted: bool) -> Told {
        let gratuitous = arp.sender == arp.target && (arp.request || arp.mac == arp.target_mac);
        Told {
            ip: arp.sender.into(),
            mac: arp.mac,
            confirms: !arp.request && direct,
            creates: accepted && (gratuitous || !arp.request),
            moves: if gratuitous { Moves::Always } else { Moves::Unlocked },
        }
    }
    /// A neighbour advertisement.
    pub(super) fn by_advert(na: &Advert) -> Told {
        Told {
            ip: na.target,
            mac: na.mac,
            confirms: na.solicited,
            creates: false,
            moves: if na.overrides { Moves::Always } else { Moves::Doubts },
        }
    }
}

type Key = (IfIndex, IpAddr);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// So many questions were asked.
    Incomplete(u8),
    /// Confirmed at this time; after [`REACHABLE`] it counts as stale.
    Reachable(Instant),
    Stale,
    /// In use, and in doubt.
    Delay,
    /// So many questions were asked of the MAC last known.
    Probe(u8),
    Failed,
}

impl State {
    /// As `ip neigh` calls it.
    fn name(self, now: Instant) -> &'static str {
        match self {
            State::Incomplete(_) => "INCOMPLETE",
            State::Reachable(confirmed) if now < confirmed + REACHABLE => "REACHABLE",
            State::Reachable(_) | State::Stale => "STALE",
            State::Delay => "DELAY",
            State::Probe(_) => "PROBE",
            State::Failed => "FAILED",
        }
    }
}

#[derive(Clone, Debug)]
struct Neighbour {
    state: State,
    mac: Mac,
    changed: Instant,
    timer: Option<Instant>,
    speaker: Option<IpAddr>,
    waiting: VecDeque<Vec<u8>>,
}

impl Neighbour {
    /// The MAC is good enough to send to.
    fn valid(&self) -> bool {
        !matches!(self.state, State::Incomplete(_) | State::Failed)
    }
}

/// All neighbours of a host.
#[derive(Clone, Debug, Default)]
pub(super) struct Neighbours {
    table: BTreeMap<Key, Neighbour>,
    timers: BTreeSet<(Instant, Key)>,
}

impl Neighbours {
    pub(super) fn next_wake(&self) -> Option<Instant> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// The next neighbour whose time has come.
    pub(super) fn due(&self, now: Instant) -> Option<Key> {
        self.timers.first().filter(|(at, _)| *at <= now).map(|(_, key)| *key)
    }

    pub(super) fn mac(&self, iface: IfIndex, ip: IpAddr) -> Option<Mac> {
        self.table.get(&(iface, ip)).filter(|n| n.valid()).map(|n| n.mac)
    }

    /// The neighbours on an interface, with the names of their states.
    pub(super) fn of(
        &self,
        now: Instant,
        iface: IfIndex,
    ) -> impl Iterator<Item = (IpAddr, Option<Mac>, &'static str)> + '_ {
        let there = self.table.iter().filter(move |(key, _)| key.0 == iface);
        there
            .map(move |(key, neighbour)| (key.1, neighbour.valid().then_some(neighbour.mac), neighbour.state.name(now)))
    }

    /// The interface went down.
    pub(super) fn forget(&mut self, iface: IfIndex) {
        self.table.retain(|key, _| key.0 != iface);
        self.timers.retain(|(_, key)| key.0 != iface);
    }

    fn arm(&mut self, key: Key, at: Option<Instant>) {
        if let Some(neighbour) = self.table.get_mut(&key) {
            if let Some(before) = neighbour.timer {
                self.timers.remove(&(before, key));
            }
            neighbour.timer = at;
            self.timers.extend(at.map(|at| (at, key)));
        }
    }

    /// Sends a packet to a neighbour, or asks where it is and keeps the packet.
    pub(super) fn send(
        &mut self,
        now: Instant,
        via: Source,
        to: IpAddr,
        packet: Vec<u8>,
        speaker: Option<IpAddr>,
        out: &mut Vec<KernelOut>,
    ) {
        let key = (via.iface, to);
        let neighbour = self.table.entry(key).or_insert_with(|| Neighbour {
            state: State::Failed,
            mac: Mac([0; 6]),
            changed: now,
            timer: None,
            speaker: None,
            waiting: VecDeque::new(),
        });
        match neighbour.state {
            State::Reachable(confirmed) if now < confirmed + REACHABLE => {}
            State::Delay | State::Probe(_) => {}
            State::Reachable(_) | State::Stale => {
                neighbour.state = State::Delay;
                self.arm(key, Some(now + FIRST_PROBE));
            }
            State::Incomplete(_) => {
                if neighbour.waiting.len() == WAITING {
                    neighbour.waiting.pop_front();
                }
                neighbour.waiting.push_back(packet);
                return;
            }
            State::Failed => {
                neighbour.state = State::Incomplete(1);
                neighbour.speaker = speaker;
                neighbour.waiting.push_back(packet);
                self.arm(key, Some(now + RETRANSMIT));
                ask(via, speaker, to, None, out);
                return;
            }
        }
        if let Some(mac) = self.mac(via.iface, to) {
            out.push(KernelOut::Transmit { iface: via.iface, frame: frames::ethernet(via.mac, mac, &packet) });
        }
    }

    /// The timer of a neighbour has run out. `via`: how to ask it again, and in whose name. The packets that waited for a
    /// neighbour that does not answer come back.
    pub(super) fn expire(
        &mut self,
        now: Instant,
        key: Key,
        via: Option<(Source, Option<IpAddr>)>,
        out: &mut Vec<KernelOut>,
    ) -> Vec<Vec<u8>> {
        let mut unanswered = Vec::new();
        let Some(neighbour) = self.table.get_mut(&key) else {
            return unanswered;
        };
        let mut again = |asked_mac, speaker: Option<IpAddr>| {
            if let Some((source, own)) = via {
                ask(source, speaker.or(own), key.1, asked_mac, out);
            }
            Some(now + RETRANSMIT)
        };
        let timer = match neighbour.state {
            State::Incomplete(asked) if asked < QUESTIONS => {
                neighbour.state = State::Incomplete(asked + 1);
                again(None, neighbour.speaker)
            }
            State::Delay => {
                neighbour.state = State::Probe(1);
                again(Some(neighbour.mac), None)
            }
            State::Probe(asked) if asked < QUESTIONS => {
                neighbour.state = State::Probe(asked + 1);
                again(Some(neighbour.mac), None)
            }
            State::Incomplete(_) | State::Probe(_) => {
                neighbour.state = State::Failed;
                unanswered.extend(neighbour.waiting.drain(..));
                None
            }
            State::Reachable(_) | State::Stale | State::Failed => None,
        };
        self.arm(key, timer);
        unanswered
    }

    /// A frame said where a neighbour is.
    pub(super) fn told(&mut self, now: Instant, via: Source, told: &Told, out: &mut Vec<KernelOut>) {
        let key = (via.iface, told.ip);
        let fresh = if told.confirms { State::Reachable(now) } else { State::Stale };
        if told.creates && !self.table.contains_key(&key) {
            let neighbour = Neighbour {
                state: fresh,
                mac: told.mac,
                changed: now,
                timer: None,
                speaker: None,
                waiting: VecDeque::new(),
            };
            self.table.insert(key, neighbour);
            return;
        }
        let Some(neighbour) = self.table.get_mut(&key) else {
            return;
        };
        let same = neighbour.mac == told.mac;
        if neighbour.valid() {
            if same && !told.confirms {
                return;
            }
            if !same && told.moves == Moves::Unlocked && now.since(neighbour.changed) <= LOCK {
                return;
            }
            if !same && told.moves == Moves::Doubts {
                if let State::Reachable(_) = neighbour.state {
                    neighbour.state = State::Stale;
                    neighbour.changed = now;
                }
                return;
            }
        }
        if !same || !matches!((neighbour.state, fresh), (State::Reachable(_), State::Reachable(_))) {
            neighbour.changed = now;
        }
        neighbour.state = fresh;
        neighbour.mac = told.mac;
        let waiting = std::mem::take(&mut neighbour.waiting);
        self.arm(key, None);
        for packet in waiting {
            self.send(now, via, told.ip, packet, None, out);
        }
    }
}

fn ask(via: Source, speaker: Option<IpAddr>, target: IpAddr, known: Option<Mac>, out: &mut Vec<KernelOut>) {
    if let Some(frame) = speaker.and_then(|speaker| frames::question(via.mac, speaker, target, known)) {
        out.push(KernelOut::Transmit { iface: via.iface, frame });
    }
}
