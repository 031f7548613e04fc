//! The faults of a world as steps of a recording: one thing done to the namespaces, in the recording's own words.
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use vrrplab_engine::model::{IfAddr, NodeModel};
use vrrplab_engine::{Instant, Span};
use vrrplab_formats::world::{Direction, Fault, FrameClass, KernelFault, Nic, NodeId, TimedFault, World};

use super::files;
use super::plan::{Plan, check_conf, nic_name, nodes_of};
use super::refusal::Refusal;

/// One thing to do, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// After the first start.
    pub at: Instant,
    /// What.
    pub action: Action,
}

/// One thing done to a node or a switch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// SIGKILL of both processes of the daemon.
    Kill(NodeId),
    /// Power loss: killed, ports down, virtual addresses gone.
    Crash(NodeId),
    /// SIGTERM.
    Stop(NodeId),
    /// SIGSTOP.
    Pause(NodeId),
    /// SIGCONT.
    Resume(NodeId),
    /// The daemon is started.
    Start(NodeId),
    /// A new keepalived.conf and SIGHUP.
    Reload(NodeId, String),
    /// A file is rewritten in place: its path, its content.
    Write(NodeId, String, String),
    /// `ip link set` at the switch; all ports of the node when no interface is given.
    Port(NodeId, Option<usize>, bool),
    /// `ip link set` on the node.
    Link(Nic, bool),
    /// `ip address add` or `del` on the node.
    Address(Nic, IfAddr, bool),
    /// Frames of a port are dropped, under this name.
    Cut(String, Nic, Direction, FrameClass),
    /// A named cut ends.
    Uncut(String, NodeId),
    /// Frames between the groups are dropped on this switch, under this name.
    Partition(String, usize, Vec<Vec<NodeId>>),
    /// A named partition ends.
    Heal(String, usize),
}

impl Action {
    /// Cables and switches, which can be arranged before any daemon runs.
    pub fn is_wiring(&self) -> bool {
        use Action::{Cut, Heal, Link, Partition, Port, Uncut};
        matches!(self, Port(..) | Link(..) | Cut(..) | Uncut(..) | Partition(..) | Heal(..))
    }

    /// The fields of a fault in `case.json` and `timeline.json`, without its times.
    pub fn fields(&self, plan: &Plan) -> Map<String, Value> {
        let name = |id: &NodeId| plan.nodes[id.0].name.as_str();
        let on_off = |up: bool, kind: &str| format!("{kind}_{}", if up { "up" } else { "down" });
        let value = match self {
            Action::Kill(n) => json!({"type": "kill9", "node": name(n)}),
            Action::Crash(n) => json!({"type": "crash", "node": name(n)}),
            Action::Stop(n) => json!({"type": "sigterm", "node": name(n)}),
            Action::Pause(n) => json!({"type": "sigstop", "node": name(n)}),
            Action::Resume(n) => json!({"type": "sigcont", "node": name(n)}),
            Action::Start(n) => json!({"type": "start", "node": name(n)}),
            Action::Reload(n, conf) => json!({"type": "reload", "node": name(n), "keepalived_conf": conf}),
            Action::Port(n, None, up) => json!({"type": on_off(*up, "port"), "node": name(n)}),
            Action::Port(n, Some(nic), up) => {
                let nic = &plan.nodes[n.0].nics[*nic].name;
                json!({"type": on_off(*up, "port"), "node": name(n), "nic": nic})
            }
            Action::Link(nic, up) => {
                let (node, nic) = nic_name(&plan.nodes, *nic);
                json!({"type": on_off(*up, "nic"), "node": node, "nic": nic})
            }
            Action::Address(nic, addr, add) => {
                let (node, nic) = nic_name(&plan.nodes, *nic);
                let kind = if *add { "addr_add" } else { "addr_del" };
                json!({"type": kind, "node": node, "nic": nic, "address": format!("{}/{}", addr.ip, addr.prefix)})
            }
            Action::Cut(cut, nic, direction, frames) => {
                let (node, nic) = nic_name(&plan.nodes, *nic);
                let (dir, frames) = (direction_word(*direction), frames_word(*frames));
                json!({"type": "cut", "name": cut, "node": node, "nic": nic, "dir": dir, "match": frames})
            }
            Action::Uncut(cut, n) => json!({"type": "uncut", "name": cut, "node": name(n)}),
            Action::Partition(partition, switch, groups) => {
                let groups: Vec<Vec<&str>> = groups.iter().map(|g| g.iter().map(name).collect()).collect();
                let switch = &plan.switches[*switch];
                json!({"type": "partition", "name": partition, "switch": switch, "groups": groups})
            }
            Action::Heal(partition, _) => json!({"type": "heal", "name": partition}),
            Action::Write(n, path, content) => {
                json!({"type": "write_file", "node": name(n), "path": path, "content": content})
            }
        };
        value.as_object().cloned().unwrap_or_default()
    }
}

fn direction_word(direction: Direction) -> &'static str {
    match direction {
        Direction::Both => "both",
        Direction::FromNode => "from_node",
        Direction::ToNode => "to_node",
    }
}

fn frames_word(frames: FrameClass) -> &'static str {
    match frames {
        FrameClass::All => "all",
        FrameClass::Multicast => "mcast",
        FrameClass::Vrrp => "vrrp",
        FrameClass::Arp => "arp",
    }
}

/// What is in force while the faults are gone through in order of time.
pub(super) struct Order<'w> {
    world: &'w World,
    running: BTreeSet<usize>,
    without_power: BTreeSet<usize>,
    cuts: Vec<(String, Nic)>,
    partitions: Vec<(String, usize)>,
    named: usize,
}

impl<'w> Order<'w> {
    pub(super) fn new(world: &'w World) -> Order<'w> {
        let started = world.nodes.iter().enumerate().filter(|(_, n)| n.start.is_some());
        Order {
            world,
            running: started.map(|(id, _)| id).collect(),
            without_power: BTreeSet::new(),
            cuts: Vec::new(),
            partitions: Vec::new(),
            named: 0,
        }
    }

    /// What is done for one fault, each thing at its time; nothing, and a refusal, when it cannot be played.
    pub(super) fn actions(
        &mut self,
        timed: &TimedFault,
        power_before: Span,
        conf: &dyn Fn(&NodeModel) -> String,
        refused: &mut Vec<Refusal>,
    ) -> Vec<(Instant, Action)> {
        let at = timed.at;
        let now = |action: Action| vec![(at, action)];
        match &timed.fault {
            Fault::Kill(n) => now(self.ends(*n, Action::Kill(*n))),
            Fault::Stop(n) => now(self.ends(*n, Action::Stop(*n))),
            Fault::Crash(n) => {
                self.without_power.insert(n.0);
                now(self.ends(*n, Action::Crash(*n)))
            }
            Fault::Pause(n) => now(Action::Pause(*n)),
            Fault::Resume(n) => now(Action::Resume(*n)),
            Fault::Start(n) => self.start(at, *n, power_before, refused),
            Fault::Reload(n, model) => {
                let text = conf(model);
                let found = check_conf(&model.name, &text);
                refused.extend(found.iter().map(|why| Refusal::moment(at, &model.name, why)));
                now(Action::Reload(*n, text))
            }
            Fault::PortDown(nic) => now(Action::Port(nic.node, Some(nic.nic), false)),
            Fault::PortUp(nic) => now(Action::Port(nic.node, Some(nic.nic), true)),
            Fault::NicDown(nic) => now(Action::Link(*nic, false)),
            Fault::NicUp(nic) => now(Action::Link(*nic, true)),
            Fault::Kernel(KernelFault::Address { node, iface, addr, add }) => {
                let nics = &self.world.nodes[node.0].model.interfaces;
                let nic = nics.iter().position(|i| i.index == *iface);
                nic.map(|nic| (at, Action::Address(Nic { node: *node, nic }, *addr, *add))).into_iter().collect()
            }
            Fault::Cut { nic, direction, frames } => {
                let name = self.name("cut");
                self.cuts.push((name.clone(), *nic));
                now(Action::Cut(name, *nic, *direction, *frames))
            }
            Fault::Uncut(nic) => {
                let ended: Vec<_> = self.cuts.extract_if(.., |(_, of)| of == nic).collect();
                ended.into_iter().map(|(name, nic)| (at, Action::Uncut(name, nic.node))).collect()
            }
            Fault::Partition { network, groups } => {
                let name = self.name("partition");
                self.partitions.push((name.clone(), network.0));
                let groups = groups.iter().map(|g| nodes_of(g)).filter(|g| !g.is_empty()).collect();
                now(Action::Partition(name, network.0, groups))
            }
            Fault::Heal(network) => {
                let ended: Vec<_> = self.partitions.extract_if(.., |(_, of)| *of == network.0).collect();
                ended.into_iter().map(|(name, switch)| (at, Action::Heal(name, switch))).collect()
            }
            Fault::WriteFile { node, path, content: Some(content) } if files::place(path).is_some() => {
                now(Action::Write(*node, path.clone(), content.clone()))
            }
            other => {
                let (about, why) = self.refusal(other);
                refused.push(Refusal::moment(at, about, &why));
                Vec::new()
            }
        }
    }

    /// Whom a fault strikes that is no step, and why it is none.
    fn refusal(&self, fault: &Fault) -> (&'w str, String) {
        let (node, why) = match fault {
            Fault::WriteFile { node, path, content: None } => (*node, format!("deleting {path} cannot be played")),
            Fault::WriteFile { node, path, .. } => (*node, files::refusal(path)),
            Fault::Script { node, name, .. } => {
                let help =
                    "a shell script that looks at a file can be, with the node's `files` and `file` in the timeline";
                (*node, format!("a real program cannot be told how vrrp_script {name} ends; {help}"))
            }
            Fault::Processes { node, name, .. } => (*node, format!("vrrp_track_process {name} cannot be played")),
            Fault::Session { node, name, .. } => (*node, format!("bfd_instance {name} cannot be played")),
            Fault::Service(fault) => (fault.node, "services cannot be played".to_owned()),
            Fault::SetPortSecurity(nic, _) => (nic.node, "port security cannot be played".to_owned()),
            Fault::Cloud(_) => return ("", "a cloud cannot be played".to_owned()),
            Fault::Kernel(fault) => (fault.node(), "changes in the kernel cannot be played".to_owned()),
            Fault::Fabric(_) => return ("", "faults of switches and links cannot be played".to_owned()),
            Fault::Node(fault) => (fault.node(), "what strikes the machine cannot be played".to_owned()),
            _ => return ("", "what rogues do cannot be played".to_owned()),
        };
        let name = self.world.nodes[node.0].model.name.as_str();
        (name, format!("{name}: {why}"))
    }

    fn ends(&mut self, node: NodeId, action: Action) -> Action {
        self.running.remove(&node.0);
        action
    }

    fn start(
        &mut self,
        at: Instant,
        n: NodeId,
        power_before: Span,
        refused: &mut Vec<Refusal>,
    ) -> Vec<(Instant, Action)> {
        if !self.running.insert(n.0) {
            let node = self.world.nodes[n.0].model.name.as_str();
            refused.push(Refusal::moment(at, node, &format!("{node}: a daemon that runs cannot be started")));
        }
        let mut actions = Vec::new();
        if self.without_power.remove(&n.0) {
            let power = Instant(at.0.saturating_sub(power_before.0));
            actions.push((power, Action::Port(n, None, true)));
        }
        actions.push((at, Action::Start(n)));
        actions
    }

    fn name(&mut self, kind: &str) -> String {
        self.named += 1;
        format!("{kind}{}", self.named)
    }
}
