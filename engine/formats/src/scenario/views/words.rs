//! The words that views print, each in the one way in which they print it.
use crate::ipvsadm::place;
use crate::scenario::leaf::{Kind, Unreadable};
use crate::scenario::units::{AddressKind, EndpointKind, HardwareKind, PrefixedKind, choices};
use crate::world::View;

/// What interfaces and ports may be called.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Those that the scenario names.
    pub(super) known: Vec<String>,
    /// Names that were given to macvlans.
    pub(super) macvlans: Vec<String>,
    /// What the names of other macvlans begin with; none where nobody makes any.
    pub(super) prefix: Option<String>,
}

const NEIGHBOURS: [&str; 8] = ["dev", "lladdr", "INCOMPLETE", "REACHABLE", "STALE", "DELAY", "PROBE", "FAILED"];
const LINKS: [&str; 3] = ["UP", "DOWN", "UNKNOWN"];
const HEARD: [&str; 3] = ["dev", "vlan", "used"];
/// Protocols, the states of TCP, and those of templates.
const CONNECTIONS: [&str; 15] = [
    "TCP",
    "UDP",
    "IP",
    "ESTABLISHED",
    "SYN_SENT",
    "SYN_RECV",
    "FIN_WAIT",
    "TIME_WAIT",
    "CLOSE",
    "CLOSE_WAIT",
    "LAST_ACK",
    "LISTEN",
    "SYNACK",
    "ASSURED",
    "NONE",
];

/// The word as the view prints it; `before` is the one before it.
pub(super) fn word(view: View, before: &str, word: &str, names: &Names) -> Result<String, Unreadable> {
    match (view, before) {
        (View::Arp | View::Fdb, "dev") => names.read(word),
        (View::Fdb, "vlan" | "used") => number(word),
        (View::Arp, _) if word.contains([':', '.']) => mac(word).or_else(|_| address(word)),
        (View::Arp, _) => fixed(word, &NEIGHBOURS),
        (View::Fdb, _) if word.contains(':') => mac(word),
        (View::Fdb, _) => fixed(word, &HEARD),
        (View::Addr, _) if LINKS.contains(&word) => Ok(word.to_owned()),
        (View::Addr, _) if word.contains('/') || address(word).is_ok() => {
            PrefixedKind::read(word).map(|addr| format!("{}/{}", addr.ip, addr.prefix))
        }
        (View::Addr, "") => names.read(word),
        (View::Addr, _) => fixed(word, &LINKS),
        (View::Conns, _) if is_clock(word) => Ok(word.to_owned()),
        (View::Conns, _) if word.contains([':', '.']) => EndpointKind::read(word).map(|(ip, port)| place(ip, port)),
        (View::Conns, _) => fixed(word, &CONNECTIONS),
        (View::Ipvs, _) => Ok(word.to_owned()),
    }
}

fn mac(word: &str) -> Result<String, Unreadable> {
    HardwareKind::read(word).map(|mac| mac.to_string())
}

fn address(word: &str) -> Result<String, Unreadable> {
    AddressKind::read(word).map(|ip| ip.to_string())
}

fn number(word: &str) -> Result<String, Unreadable> {
    let bad = |_| Unreadable::new(format!("`{word}` is not a whole number"), "digits only, or `*` for any");
    word.parse::<u64>().map(|number| number.to_string()).map_err(bad)
}

fn fixed(word: &str, known: &[&str]) -> Result<String, Unreadable> {
    let bad = || Unreadable::new(format!("`{word}` is no word of this view"), choices(word, known.iter().copied()));
    known.iter().find(|known| **known == word).map(|word| (*word).to_owned()).ok_or_else(bad)
}

/// `14:56`: what is left of a connection's time.
fn is_clock(word: &str) -> bool {
    let digits = |part: &str| part.len() > 1 && part.bytes().all(|byte| byte.is_ascii_digit());
    word.split_once(':').is_some_and(|(minutes, seconds)| digits(minutes) && digits(seconds) && seconds.len() == 2)
}

impl Names {
    fn read(&self, word: &str) -> Result<String, Unreadable> {
        let (own, base) = word.split_once('@').map_or((word, None), |(own, base)| (own, Some(base)));
        let made = || self.prefix.as_ref().is_some_and(|prefix| own.starts_with(prefix) && own.contains('.'));
        let below = base.is_none_or(|base| self.has(base));
        if self.has(word) || (self.macvlans.iter().any(|name| name == own) || made()) && below {
            return Ok(word.to_owned());
        }
        let known = self.known.iter().chain(&self.macvlans).map(String::as_str);
        Err(Unreadable::new(format!("unknown interface `{word}`"), choices(word, known)))
    }

    fn has(&self, word: &str) -> bool {
        self.known.iter().any(|name| name == word)
    }
}
