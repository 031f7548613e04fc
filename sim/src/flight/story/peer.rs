//! Another router, known by its adverts only: when it was there, when it was not, and how it went.
use std::collections::BTreeMap;
use std::net::IpAddr;

use vrrplab_engine::model::{Auth, IfIndex, InstanceModel, Mac, Version};
use vrrplab_engine::{Instant, Span, State};
use vrrplab_wire::{Envelope, VrrpView};

use super::{down_time, interval_of};

/// What an advert tells of its sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    pub at: Instant,
    pub priority: u8,
    pub version: Version,
    pub interval: Span,
    pub addresses: Vec<IpAddr>,
    pub auth: Auth,
}

impl Heard {
    /// Read from a message for an instance like this one, whose key is taken where one is needed.
    pub fn read(at: Instant, instance: &InstanceModel, envelope: &Envelope<'_>, view: &VrrpView<'_>) -> Heard {
        let (version, interval) = interval_of(view);
        let password = view.auth_data(instance.family).filter(|_| view.auth_type() == 1);
        let auth = match (envelope.ah, version, password) {
            (true, ..) => instance.auth,
            (false, Version::V2, Some(password)) => Auth::Pass(password),
            _ => Auth::None,
        };
        let addresses = view.addresses(instance.family).collect();
        Heard { at, priority: view.priority(), version, interval, addresses, auth }
    }
}

/// What a peer does, as far as its adverts tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    /// It advertises; heard last then.
    Talks(Instant),
    /// It has given way.
    Listens,
    /// It has gone, and said so.
    Released(Instant),
    /// It has gone without a word; heard last then.
    Lost(Instant),
}

/// What happens to a peer in the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Start,
    Stop,
    Crash,
    Cut,
    Uncut,
    Priority(u8),
}

/// Another router.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub name: String,
    pub iface: IfIndex,
    pub ip: IpAddr,
    pub mac: Option<Mac>,
    /// The first advert for each instance.
    pub first: BTreeMap<String, Heard>,
    pub turns: Vec<(Instant, Turn)>,
    /// Who keeps the time of its adverts over a silence is taken to have been cut off.
    pub may_be_cut: bool,
    /// The instance by which it is judged: the first one heard. Its priority, interval and own down time.
    judged: Option<(String, u8, Span, Span)>,
    mood: Mood,
}

impl Peer {
    /// The sender of this packet, not understood yet.
    pub fn new(number: usize, iface: IfIndex, envelope: &Envelope<'_>) -> Peer {
        let is_virtual = envelope.src_mac.0.starts_with(&[0, 0, 0x5e, 0]) || envelope.src_mac == Mac([0; 6]);
        Peer {
            name: format!("peer-{number}"),
            iface,
            ip: envelope.src,
            mac: (!is_virtual).then_some(envelope.src_mac),
            first: BTreeMap::new(),
            turns: Vec::new(),
            may_be_cut: true,
            judged: None,
            mood: Mood::Listens,
        }
    }

    /// It says something about this instance.
    pub fn hear(&mut self, instance: &InstanceModel, heard: Heard) {
        let at = heard.at;
        let down = down_time(instance, heard.priority, heard.interval);
        match &mut self.judged {
            None if heard.priority == 0 => {} // its end is all that is known of it
            None => {
                self.judged = Some((instance.name.clone(), heard.priority, heard.interval, down));
                self.turns.push((before(at, down), Turn::Start));
                self.mood = Mood::Talks(at);
            }
            Some((judged, priority, interval, slept)) if *judged == instance.name => {
                if heard.priority == 0 {
                    self.mood = Mood::Released(at);
                    return;
                }
                (*interval, *slept) = (heard.interval, down);
                let changed = *priority != heard.priority;
                *priority = heard.priority;
                self.comes_back(at);
                if changed {
                    self.turns.push((before(at, Span::from_millis(1)), Turn::Priority(heard.priority)));
                }
            }
            Some(_) => {}
        }
        if heard.priority > 0 {
            self.first.entry(instance.name.clone()).or_insert(heard);
        }
    }

    /// It is heard again.
    fn comes_back(&mut self, at: Instant) {
        let Some((_, _, interval, down)) = &self.judged else { return };
        let (half, down) = (Span(interval.0 / 2), *down);
        match self.mood {
            Mood::Talks(_) | Mood::Listens => {}
            Mood::Released(gone) => {
                let back = before(at, down).max(gone + Span::from_millis(1));
                self.turns.extend([(gone, Turn::Stop), (back, Turn::Start)]);
            }
            // had it started again it would have listened first, and kept another time: so it was there all along
            Mood::Lost(last) if at.since(last) < down || (self.may_be_cut && keeps_time(at.since(last), *interval)) => {
                self.turns.extend([(last + half, Turn::Cut), (before(at, half), Turn::Uncut)]);
            }
            Mood::Lost(last) => {
                self.turns
                    .extend([(last + half, Turn::Crash), (before(at, down).max(last + half + half), Turn::Start)]);
            }
        }
        self.mood = Mood::Talks(at);
    }

    /// The own node changes its state: a master that does so has reasons to fall silent.
    pub fn node_enters(&mut self, at: Instant, instance: &str, from: State, to: State) {
        let Some((judged, _, interval, _)) = &self.judged else { return };
        if judged != instance || (from, to) != (State::Backup, State::Master) {
            return;
        }
        if let Mood::Talks(last) = self.mood {
            let silent = at.since(last) > interval.times(2);
            self.mood = if silent { Mood::Lost(last) } else { Mood::Listens };
        }
    }

    /// What it has done by the end of the recording.
    pub fn turns(&self) -> Vec<(Instant, Turn)> {
        let half = self.judged.as_ref().map_or(Span::ZERO, |(_, _, interval, _)| Span(interval.0 / 2));
        let last = match self.mood {
            Mood::Talks(_) | Mood::Listens => None,
            Mood::Released(gone) => Some((gone, Turn::Stop)),
            Mood::Lost(last) => Some((last + half, Turn::Crash)),
        };
        self.turns.iter().copied().chain(last).collect()
    }
}

/// Whether a silence is so many whole intervals long, give or take a twentieth of one: nobody who starts again keeps the
/// time of his adverts. After a minute's worth of them, clocks have drifted too far to tell.
fn keeps_time(silence: Span, interval: Span) -> bool {
    let off = silence.0.checked_rem(interval.0).unwrap_or(0);
    off.min(interval.0.saturating_sub(off)) <= interval.0 / 20 && silence.0 / 60 < interval.0
}

/// So long before a moment, but not before the beginning.
fn before(at: Instant, span: Span) -> Instant {
    Instant(at.0.saturating_sub(span.0))
}
