//! One number for a whole run, sensitive to every byte and to their order; and the first event in which two runs differ.
use std::fmt::{self, Write};

use vrrplab_engine::{Instant, Rule};
use vrrplab_formats::ipvsadm;
use vrrplab_formats::world::{Fault, World};

use crate::fabric::cloud::NotCarried;
use crate::fabric::port_security::Why;
use crate::fabric::{DropReason, FabricDrop, LinkDrop, PortId, Trouble};
use crate::moment::{Moment, Observer, PortInfo};
use crate::observe::words::{Names, time, trouble as words_of_trouble};
use crate::observe::{checkers, classify};

/// FNV-1a with 128 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fnv(u128);

impl Fnv {
    const START: Fnv = Fnv(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u128::from(*byte)).wrapping_mul(Fnv::PRIME);
        }
    }

    fn number(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }

    fn position(&mut self, position: usize) {
        self.number(u64::try_from(position).unwrap_or(u64::MAX));
    }

    /// None is the same number on machines of any width.
    fn maybe(&mut self, position: Option<usize>) {
        match position {
            Some(position) => self.position(position),
            None => self.number(u64::MAX),
        }
    }

    /// With the length first, so that neighbours cannot trade bytes.
    fn string(&mut self, bytes: &[u8]) {
        self.position(bytes.len());
        self.bytes(bytes);
    }

    fn rule(&mut self, rule: Option<Rule>) {
        self.string(rule.map_or("", Rule::id).as_bytes());
    }

    fn debug(&mut self, value: &dyn fmt::Debug) {
        let _ = write!(self, "{value:?}");
        self.bytes(&[0]);
    }

    fn moment(&mut self, at: Instant, moment: &Moment<'_>) {
        if matches!(moment, Moment::Looked(_) | Moment::Settled { .. }) {
            return;
        }
        self.number(at.0);
        match *moment {
            Moment::Sent { port, bytes, rule } => {
                self.bytes(&[1]);
                self.position(port.0);
                self.string(bytes);
                self.rule(rule);
            }
            Moment::Delivered { from, to, bytes } => {
                self.bytes(&[2]);
                self.position(from.0);
                self.position(to.0);
                self.string(bytes);
            }
            Moment::Dropped { from, to, reason, bytes } => {
                self.bytes(&[3]);
                self.position(from.0);
                self.maybe(to.map(|to| to.0));
                self.bytes(&[drop_code(reason)]);
                self.string(bytes);
            }
            Moment::Decided { node, instance, trace } => {
                self.bytes(&[4]);
                self.position(node.0);
                self.string(instance.as_bytes());
                self.maybe(trace.instance);
                self.rule(Some(trace.rule));
                self.debug(&trace.kind);
            }
            Moment::Address { node, iface, index, addr, added } => {
                self.bytes(&[5]);
                self.position(node.0);
                self.string(iface.as_bytes());
                self.number(u64::from(index.0));
                self.debug(&addr.ip);
                self.bytes(&[addr.prefix, u8::from(added)]);
            }
            Moment::Link { node, iface, mac, added } => {
                self.bytes(&[13]);
                self.position(node.0);
                self.string(iface.as_bytes());
                self.bytes(&mac.0);
                self.bytes(&[u8::from(added)]);
            }
            Moment::Fault(fault) => {
                self.bytes(&[6]);
                match fault {
                    // what it changes is heard from the router; the model's own shape is not part of a run
                    Fault::Reload(node, _) => self.position(node.0),
                    other => self.debug(other),
                }
            }
            Moment::Gone(node) => {
                self.bytes(&[7]);
                self.position(node.0);
            }
            Moment::Ran { node, words, rule } => {
                self.bytes(&[11]);
                self.position(node.0);
                self.position(words.len());
                words.iter().for_each(|word| self.string(word.as_bytes()));
                self.rule(Some(rule));
            }
            Moment::Told { node, line, rule } => {
                self.bytes(&[12]);
                self.position(node.0);
                self.string(line.as_bytes());
                self.rule(Some(rule));
            }
            Moment::CloudMove { nic, address, step } => {
                self.bytes(&[16]);
                self.position(nic.node.0);
                self.position(nic.nic);
                self.debug(&address);
                self.debug(&step);
            }
            Moment::Checked { node, trace } => {
                self.bytes(&[14]);
                self.position(node.0);
                self.rule(Some(trace.rule));
                self.string(trace.service.as_bytes());
                self.string(trace.server.as_bytes());
                self.debug(&trace.news);
            }
            Moment::Balanced { node, command, refused, rule } => {
                self.bytes(&[15]);
                self.position(node.0);
                self.debug(command);
                self.debug(&refused);
                self.rule(Some(rule));
            }
            Moment::Looked(_) | Moment::Settled { .. } | Moment::Ended { .. } => {}
            Moment::Islands(islands) => {
                self.bytes(&[19]);
                self.debug(&islands);
            }
            Moment::Asked { client, request } => self.request(8, client.0, request, at),
            Moment::Answered { client, request, asked } => self.request(9, client.0, request, asked),
            Moment::Lost { client, request, asked } => self.request(10, client.0, request, asked),
            Moment::Trouble { client, trouble } => {
                self.bytes(&[17]);
                self.position(client.0);
                self.debug(&trouble);
            }
            Moment::Switched(news) => {
                self.bytes(&[18]);
                self.debug(&news);
            }
        }
    }

    fn request(&mut self, tag: u8, client: usize, request: u64, asked: Instant) {
        self.bytes(&[tag]);
        self.position(client);
        self.number(request);
        self.number(asked.0);
    }
}

impl Write for Fnv {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.bytes(text.as_bytes());
        Ok(())
    }
}

const fn drop_code(reason: DropReason) -> u8 {
    match reason {
        DropReason::Down => 0,
        DropReason::Cut => 1,
        DropReason::Partition => 2,
        DropReason::Loss => 3,
        DropReason::Stunned => 22,
        DropReason::Refused(refusal) => match refusal.why {
            Why::SpoofedMac => 4,
            Why::SpoofedIp => 5,
            Why::SpoofedArp => 6,
            Why::SpoofedNeighbour => 7,
            Why::Kind => 8,
            Why::Role => 9,
            Why::Untracked => 10,
            Why::GroupOut => 11,
            Why::GroupIn => 12,
            Why::NotAddressee => 13,
            Why::Answered => 14,
        },
        DropReason::Cloud(why) => match why {
            NotCarried::Group => 15,
            NotCarried::Announcement => 16,
            NotCarried::Unmapped => 17,
            NotCarried::Source => 18,
            NotCarried::SourceMac => 19,
            NotCarried::Protocol => 20,
            NotCarried::Kind => 21,
        },
        DropReason::Fabric(why) => match why {
            FabricDrop::Waits => 40,
            FabricDrop::AgedOut => 41,
            FabricDrop::Link(LinkDrop::Corrupt) => 42,
            FabricDrop::Link(LinkDrop::Queue) => 43,
            FabricDrop::Trunk(_, Trouble::Down) => 44,
            FabricDrop::Trunk(_, Trouble::Blocked) => 45,
            FabricDrop::Trunk(_, Trouble::Loss) => 46,
            FabricDrop::Trunk(_, Trouble::Link(LinkDrop::Corrupt)) => 47,
            FabricDrop::Trunk(_, Trouble::Link(LinkDrop::Queue)) => 48,
        },
    }
}

/// One event in words, for comparing two runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Instant,
    /// The host or segment.
    pub node: String,
    /// What happened.
    pub what: String,
    /// Digest of the run up to and with this event.
    pub digest: u128,
}

/// The digest of a run, and its events when they are to be kept.
#[derive(Debug)]
pub struct Digest {
    fnv: Fnv,
    kept: Option<(Names, Vec<Event>)>,
}

impl Digest {
    /// Only the number: no memory grows with the run.
    pub fn only() -> Digest {
        Digest { fnv: Fnv::START, kept: None }
    }

    /// The number, and every event in words.
    pub fn with_events(world: &World, ports: &[PortInfo]) -> Digest {
        Digest { fnv: Fnv::START, kept: Some((Names::new(world, ports), Vec::new())) }
    }

    /// The digest so far.
    pub fn value(&self) -> u128 {
        self.fnv.0
    }

    /// The digest so far, as 32 hexadecimal digits.
    pub fn hex(&self) -> String {
        format!("{:032x}", self.fnv.0)
    }

    /// The events so far; none when they are not kept.
    pub fn events(&self) -> &[Event] {
        self.kept.as_ref().map_or(&[], |kept| &kept.1)
    }
}

impl Observer for Digest {
    fn see(&mut self, at: Instant, moment: &Moment<'_>) {
        if let Moment::Islands(_) | Moment::Ended { .. } | Moment::Settled { .. } = moment {
            return; // it follows from the other moments
        }
        self.fnv.moment(at, moment);
        if let Some((names, events)) = self.kept.as_mut().filter(|_| !matches!(moment, Moment::Looked(_))) {
            let (node, what) = describe(names, moment);
            events.push(Event { at, node, what, digest: self.fnv.0 });
        }
    }

    fn finish(&mut self, at: Instant) {
        self.fnv.number(at.0);
    }
}

fn describe(names: &Names, moment: &Moment<'_>) -> (String, String) {
    let frame = |bytes: &[u8]| format!("{} ({} bytes)", classify::describe(bytes), bytes.len());
    let host = |port: PortId| names.host(port).to_owned();
    match *moment {
        Moment::Sent { port, bytes, rule } => {
            let why = rule.map(|rule| format!(" [{}]", rule.id())).unwrap_or_default();
            (host(port), format!("{} sends {}{why}", names.port(port), frame(bytes)))
        }
        Moment::Delivered { from, to, bytes } => {
            (host(to), format!("{} hears {} of {}", names.port(to), frame(bytes), names.port(from)))
        }
        Moment::Dropped { from, to, reason, bytes } => {
            let way = to.map(|to| format!(" to {}", names.port(to))).unwrap_or_default();
            let what = format!("{}{way} loses {}: {}", names.port(from), frame(bytes), names.drop_reason(reason));
            (host(from), what)
        }
        Moment::Decided { node, instance, trace } => {
            (names.node(node).into(), format!("{instance} {:?} [{}]", trace.kind, trace.rule.id()))
        }
        Moment::Address { node, iface, addr, added, .. } => {
            let verb = if added { "sets" } else { "removes" };
            (names.node(node).into(), format!("{iface} {verb} {}/{}", addr.ip, addr.prefix))
        }
        Moment::Link { node, iface, mac, added } => {
            let verb = if added { "made" } else { "removed" };
            (names.node(node).into(), format!("{iface} {verb}, {mac}"))
        }
        Moment::Ran { node, words, rule } => {
            (names.node(node).into(), format!("runs {} [{}]", words.join(" "), rule.id()))
        }
        Moment::Told { node, line, rule } => (names.node(node).into(), format!("tells {line} [{}]", rule.id())),
        Moment::CloudMove { nic, address, step } => (names.node(nic.node).into(), names.cloud_move(nic, address, step)),
        Moment::Checked { node, trace } => {
            (names.node(node).into(), format!("{} [{}]", checkers::line(trace).0, trace.rule.id()))
        }
        Moment::Balanced { node, command, refused, rule } => {
            let refused = refused.map(|why| format!(", refused: {}", checkers::refusal(why))).unwrap_or_default();
            (names.node(node).into(), format!("{}{refused} [{}]", ipvsadm::command(command), rule.id()))
        }
        Moment::Ended { node, end } => (names.node(node).into(), checkers::ended(end)),
        Moment::Settled { node, drift } => (names.node(node).into(), format!("{} commands are missing", drift.len())),
        Moment::Looked(sight) => (names.subject(sight.of).into(), sight.scene.view().command().into()),
        Moment::Fault(fault) => (names.struck(fault).into(), names.fault(fault)),
        Moment::Gone(node) => (names.node(node).into(), "daemon gone".into()),
        Moment::Islands(islands) => (String::new(), format!("{} islands", islands.len())),
        Moment::Asked { client, request } => (names.client(client).into(), format!("asks request {request}")),
        Moment::Answered { client, request, asked } => {
            (names.client(client).into(), format!("request {request} of {} answered", time(asked)))
        }
        Moment::Lost { client, request, asked } => {
            (names.client(client).into(), format!("request {request} of {} lost", time(asked)))
        }
        Moment::Trouble { client, trouble } => (names.client(client).into(), words_of_trouble(trouble).into()),
        Moment::Switched(news) => {
            let (place, what) = names.switched(news);
            (place.into(), what)
        }
    }
}

/// Where two runs part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Position of the event.
    pub index: usize,
    /// The event of the first run; `None` when it had ended.
    pub left: Option<Event>,
    /// The event of the second run; `None` when it had ended.
    pub right: Option<Event>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = |event: &Option<Event>| match event {
            Some(event) => format!("{} {}: {}", time(event.at), event.node, event.what),
            None => "no more events".into(),
        };
        let same_words = match (&self.left, &self.right) {
            (Some(a), Some(b)) if (a.at, &a.node, &a.what) == (b.at, &b.node, &b.what) => ", with other contents",
            _ => "",
        };
        write!(f, "event {}: {} | {}{same_words}", self.index, side(&self.left), side(&self.right))
    }
}

/// The first event in which two runs differ, `None` when they are the same.
pub fn first_difference(a: &[Event], b: &[Event]) -> Option<Difference> {
    let index = (0..a.len().max(b.len())).find(|&index| a.get(index) != b.get(index))?;
    Some(Difference { index, left: a.get(index).cloned(), right: b.get(index).cloned() })
}

#[cfg(test)]
mod tests {
    use vrrplab_engine::State;
    use vrrplab_formats::world::{Fault, NodeId};

    use super::*;
    use crate::observe::stage::{self, ms, transition};

    fn run(mut digest: Digest, priority: u8, second: u64) -> Digest {
        transition(&mut digest, ms(0), 0, (State::Init, State::Backup));
        digest.see(ms(1), &Moment::Sent { port: PortId(0), bytes: &stage::advert(priority), rule: None });
        digest.see(ms(second), &Moment::Fault(&Fault::Kill(NodeId(0))));
        digest.finish(ms(10));
        digest
    }

    fn kept(priority: u8, second: u64) -> Digest {
        run(Digest::with_events(&stage::world(), &stage::ports()), priority, second)
    }

    #[test]
    fn the_number_is_fnv_1a() {
        let mut fnv = Fnv::START;
        fnv.bytes(b"foobar");
        assert_eq!(fnv.0, 0x343e_1662_793c_64bf_6f0d_3597_ba44_6f18);
        assert_eq!(Digest::only().hex(), "6c62272e07bb014262b821756295c58d");
    }

    #[test]
    fn keeping_events_does_not_change_the_number() {
        assert_eq!(run(Digest::only(), 100, 2).value(), kept(100, 2).value());
        assert_eq!(run(Digest::only(), 100, 2).events(), []);
        assert_eq!(kept(100, 2).events().len(), 3);
    }

    #[test]
    fn order_counts() {
        let both = |first: usize, second: usize| {
            let mut digest = Digest::only();
            digest.see(ms(0), &Moment::Gone(NodeId(first)));
            digest.see(ms(0), &Moment::Gone(NodeId(second)));
            digest.value()
        };
        assert_ne!(both(0, 1), both(1, 0));
    }

    #[test]
    fn the_first_difference_is_named() {
        let difference = |a: &Digest, b: &Digest| first_difference(a.events(), b.events()).map(|d| d.to_string());
        let plain = kept(100, 2);
        assert_eq!(difference(&plain, &kept(100, 2)), None);
        let other_priority = "event 1: 0.001000 r1: r1:eth0 sends advert of vrid 51, priority 100 (46 bytes) | \
                              0.001000 r1: r1:eth0 sends advert of vrid 51, priority 101 (46 bytes)";
        assert_eq!(difference(&plain, &kept(101, 2)).as_deref(), Some(other_priority));
        let later = "event 2: 0.002000 r1: daemon of r1 killed (SIGKILL) | 0.003000 r1: daemon of r1 killed (SIGKILL)";
        assert_eq!(difference(&plain, &kept(100, 3)).as_deref(), Some(later));
        let shorter = first_difference(plain.events(), &plain.events()[..2]).unwrap();
        let ended = "event 2: 0.002000 r1: daemon of r1 killed (SIGKILL) | no more events";
        assert_eq!(shorter.to_string(), ended);
    }

    #[test]
    fn frames_that_read_alike_but_differ_are_told_apart() {
        let sent = |bytes: &[u8]| {
            let mut digest = Digest::with_events(&stage::world(), &stage::ports());
            digest.see(ms(0), &Moment::Sent { port: PortId(0), bytes, rule: None });
            digest
        };
        let mut other = stage::advert(100);
        other[41] = 1;
        let difference = first_difference(sent(&stage::advert(100)).events(), sent(&other).events()).unwrap();
        assert!(difference.to_string().ends_with(", with other contents"), "{difference}");
    }
}
