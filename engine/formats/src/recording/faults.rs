//! Recorded faults as the world's faults: what was done, and when it took effect.
use std::collections::BTreeMap;

use vrrplab_engine::Instant;

use super::Window;
use super::case::{Case, CaseFault, parse_addr, read_conf};
use super::files::Text;
use super::timeline::{Event, Injected, Timeline};
use crate::diagnostics::{Place, Report};
use crate::world::{
    Direction, Fault, FrameClass, KernelFault, Member, NetworkId, Nic, Node, NodeId, PortSecurity, TimedFault,
};

/// What is read together for the faults of one run.
pub(super) struct Reader<'a> {
    case: &'a Case,
    case_text: &'a Text,
    run: &'a Timeline,
    run_text: &'a Text,
    nodes: &'a [Node],
    /// Cuts and partitions in force, by name.
    broken: BTreeMap<String, Broken>,
    /// How often each node has been started so far.
    starts: BTreeMap<String, usize>,
}

/// A cut or a partition.
#[derive(Clone)]
enum Broken {
    Cut(Vec<Nic>, Direction, FrameClass),
    Security(Vec<Nic>),
    Partition(NetworkId, Vec<Vec<Member>>),
}

/// Why a fault cannot be part of the world.
type Refusal = String;

/// What a recorded fault did, each part at its time.
type Effects = Vec<(Window, Fault)>;

/// A fault of one interface.
type MakeFault = fn(Nic) -> Fault;

impl<'a> Reader<'a> {
    pub(super) fn new(
        case: &'a Case,
        case_text: &'a Text,
        run: &'a Timeline,
        run_text: &'a Text,
        nodes: &'a [Node],
    ) -> Reader<'a> {
        let started = case.nodes.0.iter().filter(|(_, n)| n.start_ms.is_some()).map(|(name, _)| (name.clone(), 1));
        Reader { case, case_text, run, run_text, nodes, broken: BTreeMap::new(), starts: started.collect() }
    }

    /// Every fault by time, those from before the first start at zero; and between which times each took effect.
    pub(super) fn read(mut self, report: &mut Report) -> (Vec<TimedFault>, Vec<Window>) {
        let mut timed = Vec::new();
        let (case, run) = (self.case, self.run);
        for (position, fault) in case.initial_faults.iter().enumerate() {
            let place = self.case_text.fault("initial_faults", position);
            self.add(fault, None, &place, &mut timed, report);
        }
        let mut planned: Vec<(usize, &CaseFault)> = case.faults.iter().enumerate().collect();
        planned.sort_by_key(|(_, fault)| fault.t_ms);
        let kinds = planned.iter().map(|(_, f)| f.kind.as_str());
        if !kinds.eq(run.faults.iter().map(|f| f.kind.as_str())) {
            let title = format!("{}: the faults of this run are not those of case.json", case.name);
            report.error(&self.run_text.word("faults"), title, "other types, or in another order");
            return (Vec::new(), Vec::new());
        }
        for ((position, fault), injected) in planned.into_iter().zip(&run.faults) {
            let place = self.case_text.fault("faults", position);
            self.add(fault, Some(injected), &place, &mut timed, report);
        }
        timed.sort_by_key(|(window, _)| window.at);
        timed.into_iter().map(|(window, fault)| (TimedFault { at: window.at, fault }, window)).unzip()
    }

    fn add(
        &mut self,
        fault: &CaseFault,
        injected: Option<&Injected>,
        place: &Place,
        timed: &mut Effects,
        report: &mut Report,
    ) {
        match self.translate(fault, injected, place, report) {
            Ok(faults) => timed.extend(faults),
            Err(why) => {
                let title = format!("{}: fault `{}`: {why}", self.case.name, fault.kind);
                report.error(place, title, "the recorded run cannot be simulated without it");
            }
        }
    }

    fn translate(
        &mut self,
        fault: &CaseFault,
        injected: Option<&Injected>,
        place: &Place,
        report: &mut Report,
    ) -> Result<Effects, Refusal> {
        let (from, to) = command(injected);
        let issued = Window { at: from, from, to };
        let node_fault = |make: fn(NodeId) -> Fault| Ok(vec![(issued, make(self.node(fault)?))]);
        match fault.kind.as_str() {
            "kill9" => node_fault(Fault::Kill),
            "crash" => node_fault(Fault::Crash),
            "sigterm" => node_fault(Fault::Stop),
            "sigstop" => node_fault(Fault::Pause),
            "sigcont" => node_fault(Fault::Resume),
            "start" => self.start(fault),
            "write_file" => self.write_file(fault, issued),
            "reload" => self.reload(fault, issued, place, report),
            "addr_add" | "addr_del" => self.address(fault, issued),
            "port_down" | "port_up" | "nic_down" | "nic_up" => self.link(fault, injected),
            "cut" | "partition" => self.break_off(fault, injected),
            "uncut" | "heal" => self.mend(fault, injected),
            _ => Err("not supported yet".to_owned()),
        }
    }

    /// The node's next daemon; one that never reached a state is no start.
    fn start(&mut self, fault: &CaseFault) -> Result<Effects, Refusal> {
        let id = self.node(fault)?;
        let name = &self.nodes[id.0].model.name;
        let n = self.starts.entry(name.clone()).or_insert(0);
        *n += 1;
        Ok(self.run.started(name, *n).map(|at| (Window::exactly(at), Fault::Start(id))).into_iter().collect())
    }

    /// The file is truncated and written in place: one event when it is closed.
    fn write_file(&self, fault: &CaseFault, issued: Window) -> Result<Effects, Refusal> {
        let node = self.node(fault)?;
        let path = fault.path.clone().ok_or("no `path`")?;
        let content = Some(fault.content.clone().ok_or("no `content`")?);
        Ok(vec![(issued, Fault::WriteFile { node, path, content })])
    }

    fn reload(
        &self,
        fault: &CaseFault,
        issued: Window,
        place: &Place,
        report: &mut Report,
    ) -> Result<Effects, Refusal> {
        let id = self.node(fault)?;
        let model = &self.nodes[id.0].model;
        let conf = fault.keepalived_conf.as_deref().ok_or("no `keepalived_conf`")?;
        let file = format!("{}: keepalived.conf of {} reloaded at {}", place.file, model.name, issued.at);
        let model = read_conf(&model.name, model.interfaces.clone(), conf, &file, report);
        Ok(model.map(|model| (issued, Fault::Reload(id, Box::new(model)))).into_iter().collect())
    }

    fn address(&self, fault: &CaseFault, issued: Window) -> Result<Effects, Refusal> {
        let address = fault.address.as_deref().ok_or("no `address`")?;
        let addr = parse_addr(address).ok_or_else(|| format!("{address} is not an address with a prefix"))?;
        let add = fault.kind == "addr_add";
        let of_nic = |nic: Nic| {
            let iface = self.nodes[nic.node.0].model.interfaces[nic.nic].index;
            (issued, Fault::Kernel(KernelFault::Address { node: nic.node, iface, addr, add }))
        };
        Ok(self.nics(fault)?.into_iter().map(of_nic).collect())
    }

    /// Acts when the kernel shows the change; where it shows none, when the command has returned.
    fn link(&self, fault: &CaseFault, injected: Option<&Injected>) -> Result<Effects, Refusal> {
        let (from, to) = command(injected);
        let (make, shows): (MakeFault, fn(&Event) -> bool) = match fault.kind.as_str() {
            "port_down" => (Fault::PortDown, |e| e.carrier == Some(false)),
            "port_up" => (Fault::PortUp, |e| e.carrier == Some(true)),
            "nic_down" => (Fault::NicDown, |e| e.up == Some(false)),
            _ => (Fault::NicUp, |e| e.up == Some(true)),
        };
        let seen = |nic: Nic| {
            let model = &self.nodes[nic.node.0].model;
            let of_nic = |e: &&Event| e.is_of(&model.name) && e.nic.as_ref() == Some(&model.interfaces[nic.nic].name);
            let changes = self.run.events.iter().filter(|e| e.event == "link" && shows(e)).filter(of_nic);
            let shown = changes.map(Event::at).find(|at| (from..=to).contains(at));
            shown.map_or(Window { at: to, from, to }, Window::exactly)
        };
        Ok(self.nics(fault)?.into_iter().map(|nic| (seen(nic), make(nic))).collect())
    }

    fn break_off(&mut self, fault: &CaseFault, injected: Option<&Injected>) -> Result<Effects, Refusal> {
        let broken = self.broken(fault)?;
        let at = self.effect(&broken, injected, false);
        let faults = broken.faults().into_iter().map(|fault| (at, fault)).collect();
        self.broken.insert(fault.name.clone().unwrap_or_default(), broken);
        Ok(faults)
    }

    /// The world mends all cuts of a port at once: those that are not mended are made again.
    fn mend(&mut self, fault: &CaseFault, injected: Option<&Injected>) -> Result<Effects, Refusal> {
        let name = fault.name.clone().unwrap_or_default();
        let broken = self.broken.remove(&name).ok_or_else(|| format!("`{name}` is not in force"))?;
        let at = self.effect(&broken, injected, true);
        let mut faults = broken.mended();
        for other in self.broken.values() {
            faults.extend(other.faults().into_iter().filter(|f| broken.mends(f)));
        }
        Ok(faults.into_iter().map(|fault| (at, fault)).collect())
    }

    fn broken(&self, fault: &CaseFault) -> Result<Broken, Refusal> {
        if fault.kind == "partition" {
            let network = match (&fault.switch, self.case.switches.len()) {
                (Some(name), _) => self.case.network(name).ok_or_else(|| format!("there is no switch {name}"))?,
                (None, 1) => NetworkId(0),
                (None, _) => return Err("no `switch`".to_owned()),
            };
            let groups = fault.groups.as_deref().ok_or("no `groups`")?;
            let group = |names: &Vec<String>| names.iter().map(|n| Ok(Member::Node(self.node_named(n)?))).collect();
            return Ok(Broken::Partition(network, groups.iter().map(group).collect::<Result<_, Refusal>>()?));
        }
        let nics = self.nics(fault)?;
        let direction = match fault.dir.as_deref() {
            Some("from_node") => Direction::FromNode,
            Some("to_node") => Direction::ToNode,
            Some("both") | None => Direction::Both,
            Some(other) => return Err(format!("direction `{other}` is not supported yet")),
        };
        let frames = match fault.frames.as_deref() {
            Some("all") | None => FrameClass::All,
            Some("mcast") => FrameClass::Multicast,
            Some("vrrp") => FrameClass::Vrrp,
            Some("arp") => FrameClass::Arp,
            Some("spoof") => return Ok(Broken::Security(nics)),
            Some(other) => return Err(format!("frames `{other}` are not supported yet")),
        };
        Ok(Broken::Cut(nics, direction, frames))
    }

    /// When a cut or its mending took effect: while its command ran. Frames that were or were not delivered narrow
    /// that down; the middle of what is left is taken.
    fn effect(&self, broken: &Broken, injected: Option<&Injected>, mending: bool) -> Window {
        let (from, to) = command(injected);
        let (mut earliest, mut latest) = (from, to);
        let during = self.run.events.iter().filter(|e| (from..=to).contains(&e.at()));
        for (event, passed) in during.filter_map(|e| Some((e, self.passes(broken, e)?))) {
            if passed == mending {
                latest = latest.min(event.at());
            } else {
                earliest = earliest.max(event.at());
            }
        }
        if earliest > latest {
            (earliest, latest) = (from, to);
        }
        Window { at: Instant(earliest.0 + (latest.0 - earliest.0) / 2), from: earliest, to: latest }
    }

    /// Whether a frame came through where the cut or partition is; nothing when it says nothing about it.
    fn passes(&self, broken: &Broken, event: &Event) -> Option<bool> {
        let multicast = event.dst.as_deref().is_some_and(|dst| dst.starts_with("224.") || dst.starts_with("ff"));
        let class = match event.event.as_str() {
            "advert_tx" if multicast => FrameClass::Vrrp,
            "na_tx" if multicast => FrameClass::Multicast,
            "garp_tx" => FrameClass::Arp,
            _ => return None,
        };
        let sender = self.node_named(event.node.as_deref()?).ok()?;
        let interfaces = &self.nodes[sender.0].model.interfaces;
        let from = Nic { node: sender, nic: interfaces.iter().position(|i| Some(&i.name) == event.nic.as_ref())? };
        let receivers: Vec<NodeId> = event.delivered_to().filter_map(|n| self.node_named(n).ok()).collect();
        match broken {
            Broken::Security(_) => None,
            Broken::Cut(nics, direction, frames) => {
                let meant = match frames {
                    FrameClass::All => true,
                    FrameClass::Multicast => class != FrameClass::Arp,
                    other => *other == class,
                };
                if !meant {
                    None
                } else if nics.contains(&from) {
                    (*direction != Direction::ToNode).then_some(!receivers.is_empty())
                } else {
                    let network = self.network(from);
                    let hears = nics.iter().find(|n| n.node != sender && self.network(**n) == network)?;
                    (*direction != Direction::FromNode).then(|| receivers.contains(&hears.node))
                }
            }
            Broken::Partition(network, groups) => {
                let own = groups.iter().position(|g| g.contains(&Member::Node(sender)))?;
                let others = groups.iter().enumerate().filter(|(i, _)| *i != own).flat_map(|(_, g)| g);
                let crossed = others.into_iter().any(|m| matches!(m, Member::Node(n) if receivers.contains(n)));
                (self.network(from) == *network).then_some(crossed)
            }
        }
    }

    fn network(&self, nic: Nic) -> NetworkId {
        self.nodes[nic.node.0].ports[nic.nic].network
    }

    fn node(&self, fault: &CaseFault) -> Result<NodeId, Refusal> {
        self.node_named(fault.node.as_deref().ok_or("no `node`")?)
    }

    fn node_named(&self, name: &str) -> Result<NodeId, Refusal> {
        let position = self.nodes.iter().position(|n| n.model.name == name);
        position.map(NodeId).ok_or_else(|| format!("there is no node {name}"))
    }

    /// The interface that the fault names; every interface of its node when it names none.
    fn nics(&self, fault: &CaseFault) -> Result<Vec<Nic>, Refusal> {
        let node = self.node(fault)?;
        let interfaces = self.nodes[node.0].model.interfaces.iter().enumerate();
        let meant = interfaces.filter(|(_, i)| fault.nic.as_ref().is_none_or(|name| *name == i.name));
        let nics: Vec<Nic> = meant.map(|(nic, _)| Nic { node, nic }).collect();
        if nics.is_empty() { Err("there is no such interface".to_owned()) } else { Ok(nics) }
    }
}

impl Broken {
    /// What makes it.
    fn faults(&self) -> Vec<Fault> {
        match self {
            Broken::Cut(nics, direction, frames) => {
                let cut = |nic: &Nic| Fault::Cut { nic: *nic, direction: *direction, frames: *frames };
                nics.iter().map(cut).collect()
            }
            Broken::Security(nics) => {
                let guard = |nic: &Nic| Fault::SetPortSecurity(*nic, Some(PortSecurity::default()));
                nics.iter().map(guard).collect()
            }
            Broken::Partition(network, groups) => {
                vec![Fault::Partition { network: *network, groups: groups.clone() }]
            }
        }
    }

    /// What mends it.
    fn mended(&self) -> Vec<Fault> {
        match self {
            Broken::Cut(nics, ..) => nics.iter().map(|nic| Fault::Uncut(*nic)).collect(),
            Broken::Security(nics) => nics.iter().map(|nic| Fault::SetPortSecurity(*nic, None)).collect(),
            Broken::Partition(network, _) => vec![Fault::Heal(*network)],
        }
    }

    /// Whether mending this one mends that fault with it.
    fn mends(&self, fault: &Fault) -> bool {
        match (self, fault) {
            (Broken::Cut(nics, ..), Fault::Cut { nic, .. }) => nics.contains(nic),
            (Broken::Security(nics), Fault::SetPortSecurity(nic, _)) => nics.contains(nic),
            (Broken::Partition(mine, _), Fault::Partition { network, .. }) => mine == network,
            _ => false,
        }
    }
}

/// When the command was given and when it had returned.
fn command(injected: Option<&Injected>) -> (Instant, Instant) {
    let from = injected.map_or(Instant::ZERO, |i| i.t_ms.0);
    let to = injected.and_then(|i| i.done_ms).map_or(from, |ms| ms.0);
    (from, to.max(from))
}
