//! A simulated host: links, addresses and virtual servers, which outlive the daemon, and what is known of the daemon.
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::rc::Rc;
use std::task::{Context, Waker};
use std::time::Duration;

use tokio::sync::mpsc;
use vrrplab_engine::lvs::Director;
use vrrplab_engine::model::{IfAddr, IfIndex, Mac, NodeModel};
use vrrplab_engine::{Instant, Rule};
use vrrplab_formats::control::{News, Told};
use vrrplab_real::control::Ask;
use vrrplab_real::netlink::{LinkEntry, Table};
use vrrplab_real::system::Word;

/// The only interface of each host.
pub const ETH0: IfIndex = IfIndex(2);

/// What happened, in order, with the time.
#[derive(Default)]
pub struct Log {
    pub at: Duration,
    pub lines: Vec<(Duration, String)>,
}

impl Log {
    pub fn say(&mut self, line: String) {
        self.lines.push((self.at, line));
    }
}

/// An instance of the daemon that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    pub state: String,
    pub vips: Vec<IfAddr>,
}

/// One host.
pub struct Machine {
    pub name: String,
    pub ip: Ipv4Addr,
    pub config: PathBuf,
    /// Its daemons write flight recordings, each one its own, beside the configuration; so many have begun.
    pub recordings: Option<u32>,
    /// The others, by their addresses.
    pub peers: Vec<IpAddr>,
    /// The kernel's links and addresses.
    pub links: Table,
    /// The kernel's virtual servers.
    pub director: Director,
    /// What the daemon believes; nothing while none runs.
    pub instances: BTreeMap<String, Instance>,
    /// Signals that wait for the daemon.
    pub words: VecDeque<Word>,
    /// Links have changed since the daemon has looked.
    pub changed: bool,
    /// Exit statuses of programs; 0 for those that are not here.
    pub programs: BTreeMap<String, i32>,
    /// The desk of the daemon.
    pub asks: Option<mpsc::Sender<Ask>>,
    pub log: Rc<RefCell<Log>>,
    waker: Option<Waker>,
}

pub type Shared = Rc<RefCell<Machine>>;

impl Machine {
    pub fn new(name: &str, ip: Ipv4Addr, config: PathBuf, peers: Vec<IpAddr>, log: Rc<RefCell<Log>>) -> Machine {
        Machine {
            name: name.to_owned(),
            ip,
            config,
            recordings: None,
            peers,
            links: links(ip, true),
            director: Director::new(1, 64),
            instances: BTreeMap::new(),
            words: VecDeque::new(),
            changed: false,
            programs: BTreeMap::new(),
            asks: None,
            log,
            waker: None,
        }
    }

    /// Whether a daemon runs.
    pub fn runs(&self) -> bool {
        !self.instances.is_empty()
    }

    /// The interface carries frames.
    pub fn is_up(&self) -> bool {
        self.links.get(ETH0).is_some_and(|link| link.up)
    }

    pub fn holds(&self, addr: &IfAddr) -> bool {
        self.links.get(ETH0).is_some_and(|link| link.addresses.contains(addr))
    }

    pub fn say(&self, what: &str) {
        self.log.borrow_mut().say(format!("{} {what}", self.name));
    }

    /// The daemon has read its configuration and is about to work.
    pub fn starts(&mut self, model: &NodeModel, desk: mpsc::Sender<Ask>) {
        self.asks = Some(desk);
        self.follow(model);
        self.say("starts");
    }

    /// Where the daemon that begins writes its recording.
    pub fn next_recording(&mut self) -> Option<PathBuf> {
        let number = self.recordings.as_mut()?;
        *number += 1;
        Some(self.config.with_extension(format!("{number}.flight")))
    }

    /// These are its instances; those that it had already stay in their states.
    pub fn follow(&mut self, model: &NodeModel) {
        let before = std::mem::take(&mut self.instances);
        for instance in &model.instances {
            let state = before.get(&instance.name).map_or("BACKUP", |known| &known.state).to_owned();
            let vips = instance.all_vips().map(|vip| vip.addr).collect();
            self.instances.insert(instance.name.clone(), Instance { state, vips });
        }
    }

    /// Nothing of the daemon is left but what the kernel has.
    pub fn ends(&mut self) {
        self.instances.clear();
        self.words.clear();
        (self.asks, self.waker) = (None, None);
    }

    /// The host is without power: the kernel forgets too.
    pub fn loses_power(&mut self) {
        self.ends();
        self.links = links(self.ip, true);
        self.director = Director::new(1, 64);
    }

    /// The daemon has told a decision. Each has a rule of the catalogue.
    pub fn told(&mut self, told: &Told) {
        assert!(Rule::named(&told.rule).is_some(), "{}: no rule {}", self.name, told.rule);
        let instance = told.instance.clone().unwrap_or_default();
        match &told.news {
            News::Transition { from, to } => {
                // a reload may have removed it
                if let Some(known) = self.instances.get_mut(&instance) {
                    assert_eq!(known.state, *from, "{}: {instance} was something else", self.name);
                    known.state.clone_from(to);
                }
                self.say(&format!("{instance} {to} ({})", told.rule));
            }
            News::Priority { from, to } => self.say(&format!("{instance} priority {from} -> {to} ({})", told.rule)),
            News::Lost { count } => panic!("{}: {count} decisions were not read", self.name),
        }
    }

    /// The carrier comes or goes.
    pub fn carrier(&mut self, up: bool) {
        let mut link = self.links.get(ETH0).cloned().expect("every host has it");
        link.up = up;
        self.links = [link].into_iter().collect();
        self.changed = true;
        self.wake();
    }

    /// Somebody sets or removes an address by hand.
    pub fn by_hand(&mut self, addr: IfAddr, add: bool) {
        self.links.note(ETH0, addr, add);
        self.changed = true;
        self.say(&format!("gets {}{} by hand", if add { "+" } else { "-" }, addr.ip));
        self.wake();
    }

    /// From now on this program ends so.
    pub fn exits(&mut self, program: &str, status: i32) {
        self.say(&format!("{program} exits with {status}"));
        self.programs.insert(program.to_owned(), status);
    }

    pub fn signal(&mut self, word: Word) {
        self.words.push_back(word);
        self.wake();
    }

    /// The daemon waits here for signals and news of links.
    pub fn awaits(&mut self, cx: &Context<'_>) {
        self.waker = Some(cx.waker().clone());
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// The servers of the kernel's table, `address:port weight` each, sorted.
    pub fn servers(&self) -> Vec<String> {
        let services = self.director.services();
        let dests = services.iter().flat_map(|service| &service.dests);
        let mut all: Vec<String> =
            dests.map(|dest| format!("{}:{} {}", dest.key.ip, dest.key.port, dest.config.weight)).collect();
        all.sort();
        all
    }
}

/// The links of a host that has just begun.
fn links(ip: Ipv4Addr, up: bool) -> Table {
    let [.., last] = ip.octets();
    let link = LinkEntry {
        kernel: 2,
        index: ETH0,
        name: Some("eth0".into()),
        mac: Some(Mac([2, 0, 0, 0, 0, last])),
        base: None,
        is_macvlan: false,
        up,
        addresses: vec![IfAddr { ip: ip.into(), prefix: 24 }],
    };
    [link].into_iter().collect()
}

/// The engine's time for a time of the simulation. A kernel's clock is never zero.
pub fn instant(at: Duration) -> Instant {
    Instant(u64::try_from(at.as_nanos()).expect("not so long") + 1_000_000_000)
}
