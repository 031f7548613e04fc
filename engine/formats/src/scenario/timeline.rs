//! The faults of a scenario, brought into order of time.
use std::num::NonZeroU8;

use vrrplab_engine::model::NodeModel;

use super::conf::ConfText;
use super::leaf::Yaml;
use super::reader::Reader;
use super::shape::{
    FaultText, FileText, MomentText, NicText, PartitionText, ProcessText, ReloadText, ScriptText, SessionText,
};
use super::units::{Text, choices};
use crate::world::{
    Behaviour, Direction, FabricFault, Fault, FrameClass, KernelFault, Member, NetworkId, Nic, NodeId, RogueId,
    TimedFault,
};

/// Reads all faults. Reloads build on one another, so they are read in order of time.
pub(super) fn read(moments: &[MomentText], reader: &mut Reader<'_>) -> Vec<TimedFault> {
    let mut ordered: Vec<_> = moments.iter().enumerate().map(|(n, m)| (reader.moment(&m.at), n, m)).collect();
    ordered.sort_by_key(|(at, position, _)| (*at, *position));
    let mut current: Vec<Option<NodeModel>> = reader.nodes.iter().map(|n| n.model.clone()).collect();
    let mut faults = Vec::new();
    for (at, position, moment) in ordered {
        let fault = reader.fault(position, &moment.fault, &mut current);
        faults.extend(at.zip(fault).map(|(at, fault)| TimedFault { at, fault }));
    }
    faults
}

impl Reader<'_> {
    fn fault(&mut self, position: usize, text: &FaultText, current: &mut [Option<NodeModel>]) -> Option<Fault> {
        Some(match text {
            FaultText::Cut(cut) => {
                let nic = self.nic(&cut.node, &cut.interface);
                let direction = self.or(&cut.direction, Direction::Both);
                let frames = self.or(&cut.frames, FrameClass::All);
                Fault::Cut { nic: nic?, direction, frames }
            }
            FaultText::Uncut(at) => Fault::Uncut(self.nic_of(at)?),
            FaultText::PortDown(at) => Fault::PortDown(self.nic_of(at)?),
            FaultText::PortUp(at) => Fault::PortUp(self.nic_of(at)?),
            FaultText::NicDown(at) => Fault::NicDown(self.nic_of(at)?),
            FaultText::NicUp(at) => Fault::NicUp(self.nic_of(at)?),
            FaultText::Partition(partition) => self.partition(partition)?,
            FaultText::Heal(network) => Fault::Heal(self.network(network)?),
            FaultText::Crash(node) => Fault::Crash(self.node(node)?),
            FaultText::Kill(node) => Fault::Kill(self.daemon(node)?),
            FaultText::Stop(node) => Fault::Stop(self.daemon(node)?),
            FaultText::Pause(node) => Fault::Pause(self.daemon(node)?),
            FaultText::Resume(node) => Fault::Resume(self.daemon(node)?),
            FaultText::Start(node) => Fault::Start(self.node(node)?),
            FaultText::Reload(reload) => {
                let node = self.daemon(&reload.node)?;
                let model = self.reload(position, node, reload, current.get(node.0)?.clone()?)?;
                self.nodes[node.0].instances.extend(model.instances.iter().map(|i| i.name.clone()));
                current[node.0] = Some(model.clone());
                Fault::Reload(node, Box::new(model))
            }
            FaultText::PortSecurity(set) => self.set_security(set)?,
            FaultText::File(file) => self.write_file(file)?,
            FaultText::Script(script) => self.set_script(script, current)?,
            FaultText::Process(process) => self.set_processes(process, current)?,
            FaultText::Cloud(fault) => self.cloud_fault(fault)?,
            FaultText::Bfd(session) => self.set_session(session, current)?,
            FaultText::Nat(set) => Fault::Kernel(self.set_nat(set)?),
            FaultText::Firewall(set) => Fault::Kernel(self.set_firewall(set)?),
            FaultText::Address(set) => Fault::Kernel(self.set_address(set)?),
            FaultText::RefuseAddress(set) => Fault::Kernel(self.refuse_address(set)?),
            FaultText::Route(set) => Fault::Kernel(self.set_route(set)?),
            FaultText::Sysctl(set) => Fault::Kernel(self.set_sysctl(set)?),
            FaultText::NicRecreated(at) => Fault::Kernel(KernelFault::NicRecreated(self.nic_of(at)?)),
            FaultText::Service(text) => self.change_service(text)?,
            FaultText::Link(link) => self.set_link(link)?,
            FaultText::TrunkDown(trunk) => Fault::Fabric(FabricFault::TrunkDown(self.trunk(trunk)?)),
            FaultText::TrunkUp(trunk) => Fault::Fabric(FabricFault::TrunkUp(self.trunk(trunk)?)),
            FaultText::Vlan(set) => self.set_vlan(set)?,
            FaultText::Querier(querier) => self.set_querier(&querier.network, &querier.on)?,
            FaultText::Storm(storm) => self.storm(storm)?,
            FaultText::Stun(stun) => Fault::Node(self.stun(stun)?),
            FaultText::ClockStep(step) => Fault::Node(self.clock_step(step)?),
            FaultText::Drift(drift) => Fault::Node(self.drift(drift)?),
            FaultText::Starve(starve) => Fault::Node(self.starve(starve)?),
            FaultText::KillChild(kill) => Fault::Node(self.kill_child(kill)?),
            FaultText::Forge(forge) => Fault::Rogue(self.forge(forge)?),
            FaultText::Replay(replay) => Fault::Rogue(self.replay(replay)?),
            FaultText::Garp(garp) => Fault::Rogue(self.garp(garp)?),
        })
    }

    fn write_file(&mut self, text: &FileText) -> Option<Fault> {
        let node = self.node(&text.node);
        let path = self.read(&text.path).map(|path| path.value);
        let content = self.maybe(&text.content).map(|content| content.value);
        Some(Fault::WriteFile { node: node?, path: path?, content })
    }

    fn set_script(&mut self, text: &ScriptText, current: &[Option<NodeModel>]) -> Option<Fault> {
        let node = self.node(&text.node)?;
        let model = current.get(node.0)?.as_ref()?;
        let name = self.item("vrrp_script", &text.name, model.scripts.iter().map(|s| s.name.as_str()));
        let exits = self.maybe(&text.exits);
        let hangs = self.or(&text.hangs, false);
        let status = exits.as_ref().map(|exits| i32::try_from(exits.value).ok().filter(|s| (0..=255).contains(s)));
        let after = self.maybe(&text.after).map(|after| after.value);
        let does = match (status, hangs, after) {
            (Some(Some(status)), false, None) => Behaviour::Exits(status),
            (Some(Some(status)), false, Some(after)) => Behaviour::ExitsAfter(status, after),
            (None, true, None) => Behaviour::Hangs,
            (Some(None), ..) => {
                self.refuse_at(&text.name.text, "that is no exit status", "", "from 0 to 255");
                return None;
            }
            _ => {
                let help = "give exactly one of `exits: STATUS` (and `after: TIME`) and `hangs: true`";
                self.refuse_at(&text.name.text, "it is not clear what the script does", "", help);
                return None;
            }
        };
        Some(Fault::Script { node, name: name?, does })
    }

    fn set_processes(&mut self, text: &ProcessText, current: &[Option<NodeModel>]) -> Option<Fault> {
        let node = self.node(&text.node)?;
        let model = current.get(node.0)?.as_ref()?;
        let name = self.item("vrrp_track_process", &text.name, model.processes.iter().map(|p| p.name.as_str()));
        let read = self.read(&text.count)?;
        let Ok(count) = u32::try_from(read.value) else {
            self.refuse(read.span, "that is no number of processes", "", "0 or more");
            return None;
        };
        Some(Fault::Processes { node, name: name?, count })
    }

    fn set_session(&mut self, text: &SessionText, current: &[Option<NodeModel>]) -> Option<Fault> {
        let node = self.node(&text.node)?;
        let model = current.get(node.0)?.as_ref()?;
        let name = self.item("bfd_instance", &text.name, model.bfds.iter().map(|b| b.name.as_str()));
        let up = self.read(&text.up)?.value;
        Some(Fault::Session { node, name: name?, up })
    }

    /// The name of something that the node's configuration has.
    fn item<'n>(&mut self, what: &str, name: &Text, known: impl Iterator<Item = &'n str>) -> Option<String> {
        let known: Vec<&str> = known.collect();
        let name = &name.text;
        let found = known.contains(&name.value.as_str());
        if !found {
            let title = format!("unknown {what}: `{}`", name.value);
            self.refuse_at(name, title, "no such name", &choices(&name.value, known.into_iter()));
        }
        found.then(|| name.value.clone())
    }

    fn nic_of(&mut self, text: &NicText) -> Option<Nic> {
        self.nic(&text.node, &text.interface)
    }

    /// The interface of this name, or the only one.
    pub(super) fn nic(&mut self, node: &Text, interface: &Option<Text>) -> Option<Nic> {
        let id = self.node(node)?;
        let known = self.nodes[id.0].interfaces.clone();
        let names = || known.iter().map(String::as_str);
        let found = match interface {
            Some(name) => known.iter().position(|k| *k == name.text.value),
            None if known.len() == 1 => Some(0),
            None => None,
        };
        if found.is_none() {
            let owner = &node.text.value;
            match interface {
                Some(name) => {
                    let title = format!("node `{owner}` has no interface `{}`", name.text.value);
                    self.refuse_at(&name.text, title, "no such name", &choices(&name.text.value, names()));
                }
                None => {
                    let title = format!("node `{owner}` has more than one interface");
                    self.refuse_at(&node.text, title, "which one?", &format!("add `interface`: {}", known.join(", ")));
                }
            }
        }
        found.map(|nic| Nic { node: id, nic })
    }

    fn is_on(&self, member: Member, network: NetworkId) -> bool {
        match member {
            Member::Node(NodeId(n)) => self.nodes[n].ports.iter().any(|p| p.network == network),
            Member::Rogue(RogueId(r)) => {
                self.rogues.get(r).and_then(Option::as_ref).is_none_or(|rogue| rogue.network == network)
            }
            Member::Client(id) => {
                let named = self.clients.iter().find(|c| self.client_names.get(id.0) == Some(&c.name));
                named.is_none_or(|c| c.network == network)
            }
        }
    }

    fn partition(&mut self, text: &PartitionText) -> Option<Fault> {
        let network = self.network(&text.network);
        let mut seen: Vec<Member> = Vec::new();
        let mut groups = Vec::new();
        for names in &text.groups {
            let mut group = Vec::new();
            for name in names {
                let Some(member) = self.member(name) else { continue };
                if seen.contains(&member) {
                    let title = format!("`{}` is in two groups", name.text.value);
                    self.refuse_at(&name.text, title, "second time", "a host is on one island at most");
                }
                if let Some(network) = network.filter(|n| !self.is_on(member, *n)) {
                    let title = format!("`{}` is not on network `{}`", name.text.value, self.networks[network.0].name);
                    self.refuse_at(&name.text, title, "not there", "only hosts of the network can be parted");
                }
                seen.push(member);
                group.push(member);
            }
            groups.push(group);
        }
        if groups.len() < 2 {
            self.refuse_at(&text.network.text, "a partition needs two groups", "", "such as [[r1], [r2, c1]]");
        }
        Some(Fault::Partition { network: network?, groups })
    }

    fn reload(&mut self, position: usize, node: NodeId, text: &ReloadText, now: NodeModel) -> Option<NodeModel> {
        let given = [text.keepalived.is_some(), text.vrrp.is_some(), text.priority.is_some()];
        if given.iter().filter(|g| **g).count() != 1 {
            let help = "give exactly one of `keepalived`, `vrrp` and `priority`";
            self.refuse_at(&text.node.text, "it is not clear what the new configuration is", "", help);
            return None;
        }
        let Some(priorities) = &text.priority else {
            let conf = ConfText {
                keepalived: &text.keepalived,
                vrrp: &text.vrrp,
                sync_groups: &text.sync_groups,
                inline_name: format!("{}#timeline[{position}].reload.keepalived", self.file),
            };
            let name = self.nodes[node.0].name.clone();
            return self.configure(&name, now.policy, now.interfaces, &conf);
        };
        let mut model = now;
        let mut good = true;
        for (instance, priority) in &priorities.0 {
            good &= self.set_priority(&mut model, instance, priority);
        }
        good.then_some(model)
    }

    fn set_priority(&mut self, model: &mut NodeModel, name: &Yaml<String>, priority: &super::units::Number) -> bool {
        let names: Vec<String> = model.instances.iter().map(|i| i.name.clone()).collect();
        let instance = model.instances.iter_mut().find(|i| i.name == name.value);
        if instance.is_none() {
            let title = format!("unknown instance on node `{}`: `{}`", model.name, name.value);
            self.refuse_at(name, title, "no such name", &choices(&name.value, names.iter().map(String::as_str)));
        }
        let Some(read) = self.read(priority) else { return false };
        let value = u8::try_from(read.value).ok().and_then(NonZeroU8::new);
        if value.is_none() {
            self.refuse(read.span, format!("priority {} is out of range", read.value), "", "from 1 to 255");
        }
        match (instance, value) {
            (Some(instance), Some(value)) => {
                instance.priority = value;
                true
            }
            _ => false,
        }
    }
}
