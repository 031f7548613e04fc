//! The host's side: does what the plan says, in its order, and remembers what the engine has to be told for it.
mod links;
pub mod routes;
mod tell;

use std::collections::{BTreeSet, VecDeque};
use std::io;

use vrrplab_engine::model::{AddressOptions, IfAddr, IfIndex, InstanceModel, NodeModel};
use vrrplab_engine::{KernelEvent, Rule};

use crate::door::{Door, Knock};
use crate::filter::Filter;
use crate::netlink::{Changed, Netlink};
use crate::plan::Act;
use crate::script::fifo::Fifos;
use crate::script::{Scripts, security};
use crate::socket::{Adverts, Frames, Group, group_of};
use crate::sysctl::Sysctls;
use crate::watch::files::{self, Files};
use vrrplab_engine::model::Auth;

/// Everything that touches the system.
pub struct Host {
    /// Links and addresses.
    pub netlink: Netlink,
    /// Adverts.
    pub adverts: Adverts,
    /// Programs.
    pub scripts: Scripts,
    /// Tracked files.
    pub files: Files,
    /// What the kernel has said that the engine has not heard yet.
    pub unread: VecDeque<KernelEvent>,
    frames: Frames,
    fifos: Fifos,
    filter: Filter,
    sysctls: Sysctls,
    model: NodeModel,
    /// The configuration before the last reload: what it had is still being removed.
    before: Option<NodeModel>,
}

impl Host {
    /// Opens what needs no configuration.
    pub fn open(netlink: Netlink, door: &Door, model: NodeModel) -> io::Result<Host> {
        let files = Files::new()?;
        door.listen(Knock::Monitor, netlink.descriptor())?;
        door.listen(Knock::Files, files.descriptor())?;
        let mut host = Host {
            netlink,
            adverts: Adverts::default(),
            scripts: Scripts::default(),
            files,
            unread: VecDeque::new(),
            frames: Frames::default(),
            fifos: Fifos::default(),
            filter: Filter::default(),
            sysctls: Sysctls::default(),
            model: model.clone(),
            before: None,
        };
        if let Err(why) = host.filter.sweep() {
            tracing::debug!(%why, "nft cannot look for what an earlier run has left");
        }
        host.settle(door)?;
        Ok(host)
    }

    /// From now on this is the configuration.
    pub fn reload(&mut self, door: &Door, model: NodeModel) -> io::Result<()> {
        self.before = Some(std::mem::replace(&mut self.model, model));
        self.settle(door)
    }

    /// Opens sockets, pipes and watches for the configuration, and closes those of interfaces without instances.
    fn settle(&mut self, door: &Door) -> io::Result<()> {
        let model = self.model.clone();
        let spoken: Vec<&InstanceModel> = model.instances.iter().filter(|i| !i.speaks_on_macvlan()).collect();
        let mut wanted: BTreeSet<IfIndex> = spoken.iter().map(|instance| instance.iface).collect();
        wanted.extend(self.adverts.open_groups().map(|group| group.iface).filter(|iface| self.is_macvlan(*iface)));
        let unwanted: BTreeSet<IfIndex> =
            self.adverts.open_groups().map(|group| group.iface).filter(|iface| !wanted.contains(iface)).collect();
        for iface in unwanted {
            self.adverts.close(iface);
        }
        for instance in &spoken {
            self.hear(door, instance, instance.iface)?;
        }
        let carriers = model.instances.iter().flat_map(|i| i.all_vips().map(|vip| vip.iface).chain([i.iface]));
        let carriers: Vec<(IfIndex, u32)> = carriers.map(|iface| (iface, self.netlink.kernel_index(iface))).collect();
        self.frames.open(&carriers)?;
        self.files.watch(model.files.iter().map(|file| file.path.clone()));
        self.open_fifos();
        self.watch_routes()
    }

    /// The engine is about to hear of this. An interface that is gone loses its sockets, and one that has come back, or has
    /// another MAC, gets new ones first.
    pub fn prepare(&mut self, door: &Door, event: &KernelEvent) {
        let (iface, there) = match event {
            KernelEvent::Link { iface, up } => (*iface, *up),
            KernelEvent::LinkGone { iface } => (*iface, false),
            KernelEvent::LinkIs { iface, .. } => (*iface, true),
            _ => return,
        };
        let index = self.netlink.table().get(iface).map(|_| self.netlink.kernel_index(iface));
        let opened = [self.adverts.opened_at(iface), self.frames.opened_at(iface)];
        let stale = opened.into_iter().flatten().any(|opened| Some(opened) != index);
        if stale || matches!(event, KernelEvent::LinkIs { .. }) {
            self.adverts.close(iface);
            self.frames.close(iface);
        }
        if !there {
            return; // of one that is only down they stay open
        }
        if let Err(why) = self.settle(door) {
            tracing::error!(interface = self.netlink.table().name(iface), %why, "its sockets cannot be opened again");
        }
    }

    fn is_macvlan(&self, iface: IfIndex) -> bool {
        self.netlink.table().get(iface).is_some_and(|link| link.is_macvlan)
    }

    /// Opens the socket on which an instance is heard at an interface.
    fn hear(&mut self, door: &Door, instance: &InstanceModel, iface: IfIndex) -> io::Result<()> {
        let group: Group = group_of(iface, instance.family, matches!(instance.auth, Auth::Ah(_)));
        let Some(link) = self.netlink.table().interface(iface) else { return Ok(()) };
        let joins = !instance.is_unicast();
        let index = self.netlink.kernel_index(iface);
        let opened = self.adverts.open(group, index, &link.name, link.mac, joins, instance.receive_buffer);
        let opened = opened
            .map_err(|why| io::Error::new(why.kind(), format!("no socket for adverts on {}: {why}", link.name)))?;
        match opened.and_then(|number| Some((number, self.adverts.descriptor(number)?))) {
            Some((number, descriptor)) => door.listen(Knock::Adverts(number), descriptor),
            None => Ok(()),
        }
    }

    /// What is in the tracked files.
    pub fn file_contents(&self) -> Vec<KernelEvent> {
        let content = |path: &String| KernelEvent::FileContent { path: path.clone(), bytes: files::content(path) };
        self.model.files.iter().map(|file| content(&file.path)).collect()
    }

    /// Does one thing. What fails is said; the engine goes on as keepalived does.
    pub fn perform(&mut self, door: &Door, rule: Rule, act: Act) {
        let (why, rule) = (rule, rule.id());
        match act {
            Act::Packet { iface, bytes } => self.log_send(rule, iface, self.adverts.send(iface, &bytes)),
            Act::Frame { iface, bytes } => {
                let sent = self.frames.send(iface, &bytes);
                self.log_send(rule, iface, sent);
            }
            Act::Address { iface, addr, add } => self.change_address(rule, iface, addr, add),
            Act::Link(change) if change.add => self.add_link(door, rule, &change),
            Act::Link(change) => self.remove_link(rule, &change.name),
            Act::Filter { ips, drop } => {
                if let Err(why) = self.filter.change(&ips, drop) {
                    tracing::error!(rule, %why, "no_accept: nft has not changed what is dropped");
                }
            }
            Act::PromoteSecondaries(iface) => self.sysctls.promote_secondaries(&self.netlink.table().name(iface)),
            Act::Run(job, program) => match security::account(&program, &self.model.globals) {
                Ok(account) => self.scripts.start(job, &program.words, &account),
                Err(why) => self.scripts.refuse(job, &program.words, &why),
            },
            Act::Cancel { job, force } => self.scripts.cancel(job, force),
            Act::Tell(notice) => self.tell(rule, &notice),
            Act::Write { path, value } => self.write_file(rule, &path, value),
            Act::Route { route, add } => self.change_route(why, &route, add),
            Act::Policy { policy, add } => self.change_rule(why, &policy, add),
        }
    }

    fn log_send(&self, rule: &str, iface: IfIndex, sent: io::Result<()>) {
        let Err(why) = sent else { return };
        let interface = self.netlink.table().name(iface);
        match self.netlink.table().get(iface).is_some_and(|link| link.up) {
            true => tracing::warn!(rule, interface, %why, "this packet cannot be sent"),
            false => tracing::debug!(rule, interface, %why, "this packet cannot be sent, the interface is down"),
        }
    }

    fn change_address(&mut self, rule: &str, iface: IfIndex, addr: IfAddr, add: bool) {
        let interface = self.netlink.table().name(iface);
        let address = format!("{}/{}", addr.ip, addr.prefix);
        let options = self.options_of(iface, addr);
        match self.netlink.change_address(iface, addr, &options, add) {
            Ok((changed, news)) => {
                self.unread.extend(news);
                match (add, changed) {
                    (true, Changed::Done) => tracing::info!(rule, interface, address, "address set"),
                    (true, Changed::Already) => tracing::info!(rule, interface, address, "address was set already"),
                    (false, Changed::Done) => tracing::info!(rule, interface, address, "address removed"),
                    (false, Changed::Already) => tracing::info!(rule, interface, address, "address was gone already"),
                }
            }
            Err(why) if add => tracing::error!(rule, interface, address, %why, "this address cannot be set"),
            Err(why) => tracing::error!(rule, interface, address, %why, "this address cannot be removed"),
        }
    }

    /// What the configuration says of an address, wherever it lives.
    fn options_of(&self, iface: IfIndex, addr: IfAddr) -> AddressOptions {
        let base = self.netlink.table().get(iface).filter(|link| link.is_macvlan).and_then(|link| link.base);
        let places = [Some(iface), base.map(IfIndex)];
        let models = [Some(&self.model), self.before.as_ref()];
        let models = models.into_iter().flatten();
        let statics = models.clone().flat_map(|model| &model.statics.addresses).map(|item| &item.address);
        let mut vips = models.flat_map(|model| &model.instances).flat_map(InstanceModel::all_vips).chain(statics);
        let found = vips.find(|vip| vip.addr == addr && places.contains(&Some(vip.iface)));
        found.map(|vip| vip.options.clone()).unwrap_or_default()
    }

    /// Puts back what was changed, once the engine has stopped.
    pub fn close(&mut self) {
        if let Err(why) = self.filter.clear() {
            tracing::warn!(%why, "nft has not removed the table vrrplabd");
        }
        self.sysctls.restore();
        self.scripts.close();
        self.fifos.close();
    }
}
