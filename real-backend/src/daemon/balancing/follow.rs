//! What follows VRRP: pauses of checks without their address, and which of the kernel's sync daemons runs.
use std::collections::BTreeSet;
use std::net::IpAddr;

use vrrplab_engine::health::Input;
use vrrplab_engine::model::NodeModel;
use vrrplab_engine::{Engine, State};

use super::Balancing;
use crate::netlink::ipvs::{SyncDaemon, SyncRole};
use crate::system::{Servers, System};

/// `lvs_sync_daemon`, and what of it runs.
pub(super) struct Syncing {
    daemon: SyncDaemon,
    /// The instance that decides; both run where none does.
    instance: Option<String>,
    running: Vec<SyncRole>,
}

impl Syncing {
    /// As the configuration has it.
    pub fn of(model: &NodeModel) -> Option<Syncing> {
        let wanted = model.globals.sync_daemon.as_ref()?;
        let vrid = |name: &String| model.instances.iter().find(|one| one.name == *name).map(|one| one.vrid.get());
        let daemon = SyncDaemon {
            interface: wanted.interface.clone(),
            id: wanted.id.or_else(|| wanted.instance.as_ref().and_then(vrid)).unwrap_or(0),
            most_bytes: wanted.most_bytes,
            group: wanted.group,
            port: wanted.port,
            ttl: wanted.ttl,
        };
        Some(Syncing { daemon, instance: wanted.instance.clone(), running: Vec::new() })
    }

    fn wanted(&self, engine: &Engine) -> Vec<SyncRole> {
        let Some(name) = &self.instance else { return SyncRole::ALL.to_vec() };
        let master = engine.status().any(|one| one.name == name && one.state == State::Master);
        vec![if master { SyncRole::Master } else { SyncRole::Backup }]
    }

    /// Lets exactly these run; what is superfluous stops first.
    fn become_of(&mut self, ipvs: &mut impl Servers, wanted: &[SyncRole]) {
        let gone: Vec<SyncRole> = self.running.iter().copied().filter(|role| !wanted.contains(role)).collect();
        for role in gone {
            said(role, "stop", ipvs.stop_sync(role, &self.daemon));
            self.running.retain(|running| *running != role);
        }
        for role in wanted.iter().filter(|role| !self.running.contains(role)).copied().collect::<Vec<_>>() {
            said(role, "start", ipvs.start_sync(role, &self.daemon));
            self.running.push(role); // one that is refused is refused again
        }
    }
}

impl<S: System> Balancing<S> {
    /// Looks at what VRRP and the kernel have changed since the last time.
    pub fn follow(&mut self, engine: &Engine, hands: &mut S) {
        if let (Some(syncing), Some(ipvs)) = (&mut self.syncing, &mut self.ipvs) {
            let wanted = syncing.wanted(engine);
            syncing.become_of(ipvs, &wanted);
        }
        let Some(known) = &self.here else { return };
        let now = addresses(hands);
        if *known == now {
            return;
        }
        let changed: Vec<(IpAddr, bool)> = known.symmetric_difference(&now).map(|ip| (*ip, now.contains(ip))).collect();
        self.here = Some(now);
        for (ip, here) in changed {
            self.tell(Input::Address { ip, here }, hands);
        }
    }

    /// Another configuration: a sync daemon that is configured otherwise stops.
    pub(super) fn replace_syncing(&mut self, model: &NodeModel) {
        let new = Syncing::of(model);
        let same = |old: &Syncing| new.as_ref().is_some_and(|new| new.daemon == old.daemon);
        let running = self.syncing.as_ref().filter(|old| same(old)).map(|old| old.running.clone());
        if running.is_none() {
            self.stop_syncing();
        }
        self.syncing = new.map(|new| Syncing { running: running.unwrap_or_default(), ..new });
    }

    /// No sync daemon runs, and none follows VRRP any more.
    pub fn stop_syncing(&mut self) {
        if let (Some(syncing), Some(ipvs)) = (&mut self.syncing, &mut self.ipvs) {
            syncing.become_of(ipvs, &[]);
        }
        self.syncing = None;
    }
}

/// The addresses of this host.
pub(super) fn addresses(system: &impl System) -> BTreeSet<IpAddr> {
    let links = system.table().interfaces();
    links.iter().flat_map(|link| link.addresses.iter().map(|address| address.ip)).collect()
}

fn said(role: SyncRole, what: &str, done: std::io::Result<()>) {
    let role = role.name();
    match done {
        Ok(()) => tracing::info!("IPVS: {what} the {role} sync daemon"),
        Err(why) => tracing::error!(%why, "IPVS: cannot {what} the {role} sync daemon: {why}"),
    }
}
