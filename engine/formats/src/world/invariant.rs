//! What must never happen, whatever a scenario is about: the invariants, their limits, and violations that are expected.
use std::collections::{BTreeMap, BTreeSet};

use vrrplab_engine::{Instant, Span};

use super::{ClientId, NodeId, Place, Window};

macro_rules! invariants {
    ($($name:ident => $id:literal, $sentence:literal, $reason:literal;)*) => {
        /// Something that must hold in every run.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Invariant { $(#[doc = $sentence] $name,)* }

        impl Invariant {
            /// Every invariant, in the order of their page.
            pub const ALL: &'static [Invariant] = &[$(Invariant::$name,)*];
            /// Its id, with its value.
            pub const NAMED: &'static [(&'static str, Invariant)] = &[$(($id, Invariant::$name),)*];

            /// Its stable name, as scenarios write it.
            pub const fn id(self) -> &'static str { match self { $(Invariant::$name => $id,)* } }
            /// What must hold, in one sentence.
            pub const fn sentence(self) -> &'static str { match self { $(Invariant::$name => $sentence,)* } }
            /// Where it comes from, and what its breach does to users.
            pub const fn reason(self) -> &'static str { match self { $(Invariant::$name => $reason,)* } }
        }
    };
}

invariants! {
    OneMaster => "one-master", "Of one VRID on one network, no two masters are connected with each other for longer than a down timer.", "RFC 9568 1.2, 6.4.3: of two masters that hear each other the worse one steps back.";
    OneAnswer => "one-answer", "A virtual address is answered for (ARP, neighbour discovery) from one place in a connected part.", "RFC 9568 8.1.2, 8.2.2: only the master answers; of two answers every host believes the later one.";
    VipAtMaster => "vip-at-master", "The virtual addresses are on the node that is MASTER, and on no node that is not.", "RFC 9568 6.4: addresses come and go with the state. A daemon that was killed leaves them behind.";
    AdvertsAccepted => "adverts-accepted", "An advert that reaches a peer of the same VRID is not refused by it.", "RFC 9568 7.1: a refused advert is no advert; the peer takes over although the master lives.";
    Agreement => "agreement", "After the last fault and a calm time, each connected part has exactly one master, and nobody changes any more.", "RFC 9568 6.4: without new events the election comes to an end.";
    NoBlackHole => "no-black-hole", "A client does not go unanswered for long while a master of its address is connected with it.", "Mastership that serves nobody looks healthy and is not: stale neighbour tables, port security, filters.";
    NoFlapping => "no-flapping", "Mastership does not move again and again.", "Each move costs connections and a burst of announcements.";
    TableAsWanted => "table-as-wanted", "Whenever the checkers' commands are carried out, the kernel's table of virtual servers is the one that they believe in.", "What an earlier run has left, or the kernel has refused, is balanced to and checked by nobody.";
}

impl Invariant {
    /// The invariant with this id.
    pub fn named(id: &str) -> Option<Invariant> {
        Invariant::NAMED.iter().find(|(name, _)| *name == id).map(|(_, invariant)| *invariant)
    }
}

/// A violation that a scenario is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedViolation {
    /// Where it was written.
    pub place: Place,
    /// Its own words (one line).
    pub text: String,
    /// Which invariant is broken.
    pub invariant: Invariant,
    /// When it is found; at any time when not given.
    pub window: Option<Window>,
    /// A node that has part in it, if given.
    pub node: Option<NodeId>,
    /// The name of an instance that has part in it, if given.
    pub instance: Option<String>,
    /// The client that suffers, if given.
    pub client: Option<ClientId>,
}

/// How the invariants of one world are watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invariants {
    /// Those that are not watched.
    pub off: BTreeSet<Invariant>,
    /// How long a breach may last, where that is not what the configuration makes of it.
    pub allow: BTreeMap<Invariant, Span>,
    /// More moves of mastership than this ...
    pub moves: usize,
    /// ... within this time are too many.
    pub within: Span,
    /// What is found before this moment does not count, and what lasts then begins anew; from the start when not given.
    pub judged_from: Option<Instant>,
    /// The violations that are expected, in file order.
    pub expected: Vec<ExpectedViolation>,
}

impl Default for Invariants {
    /// All watched; six moves a minute; none expected.
    fn default() -> Invariants {
        Invariants {
            off: BTreeSet::new(),
            allow: BTreeMap::new(),
            moves: 6,
            within: Span::from_secs(60),
            judged_from: None,
            expected: Vec::new(),
        }
    }
}

impl Invariants {
    /// Whether an invariant is watched.
    pub fn watches(&self, invariant: Invariant) -> bool {
        !self.off.contains(&invariant)
    }
}
