//! Services, their servers, and the trash that removed servers wait in while connections remember them.
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::config::{DestConfig, IpvsCommand, LvsError, ServiceConfig, Virtual, check_dest, check_service};
use super::sched::{Ask, Bound, Change, DestId, Identity, Load, Pool, address_bits};
use super::sysctl::Sysctl;
use crate::model::AddressFamily;
use crate::model::lvs::{Endpoint, Forwarding, Protocol};
use crate::time::{Instant, Span};

/// How often the trash is looked through.
const TRASH_EVERY: Span = Span::from_secs(60);
/// How long a removed server that nobody remembers stays.
const TRASH_KEEPS: Span = Span::from_secs(120);

/// What passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Connections.
    pub conns: u64,
    /// Packets from clients.
    pub packets_in: u64,
    /// Packets of servers, where they pass.
    pub packets_out: u64,
    /// Bytes from clients.
    pub bytes_in: u64,
    /// Bytes of servers.
    pub bytes_out: u64,
}

/// One service.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its settings.
    pub config: ServiceConfig,
    /// Its servers, the oldest first.
    pub order: Vec<DestId>,
    number: usize,
    bound: Option<Bound>,
    by_key: BTreeMap<Endpoint, DestId>,
}

/// One server of a service, but for its load.
#[derive(Clone, Debug)]
pub struct Dest {
    /// The service.
    pub service: Virtual,
    /// Its address and port.
    pub key: Endpoint,
    /// Its settings.
    pub config: DestConfig,
    /// Templates that lead to it.
    pub persistent: u32,
    /// What passed.
    pub stats: Stats,
    service_number: usize,
    last_weight: u32,
    conns: u32,
    idle_since: Option<Instant>,
}

/// All services and servers.
#[derive(Clone, Debug, Default)]
pub struct Table {
    services: BTreeMap<Virtual, Service>,
    service_stats: Vec<Stats>,
    free_numbers: Vec<usize>,
    dests: Vec<Option<Dest>>,
    loads: Vec<Load>,
    free: Vec<DestId>,
    trash: BTreeMap<(Virtual, Endpoint), DestId>,
    trash_next: Option<Instant>,
    /// When the first scheduler wants to forget something.
    schedulers_next: Option<Instant>,
}

fn identity_in(dests: &[Option<Dest>]) -> impl Fn(DestId) -> Identity {
    |id| {
        let dest = dests[id.0 as usize].as_ref();
        dest.map_or(Identity { address: 0, port: 0, last_weight: 0 }, |d| Identity {
            address: address_bits(d.key.ip),
            port: d.key.port,
            last_weight: d.last_weight,
        })
    }
}

impl Table {
    /// Carries out one command.
    pub fn apply(&mut self, now: Instant, command: &IpvsCommand) -> Result<(), LvsError> {
        match command {
            IpvsCommand::AddService(key, config) => {
                self.add_service(now, *key, *config)?;
                let tick = self.services.get(key).and_then(|s| s.bound.as_ref()?.next_tick());
                self.schedulers_next = self.schedulers_next.into_iter().chain(tick).min();
                Ok(())
            }
            IpvsCommand::EditService(key, config) => {
                self.edit_service(now, *key, *config)?;
                self.look_for_ticks();
                Ok(())
            }
            IpvsCommand::DeleteService(key) => {
                self.delete_service(now, *key)?;
                self.look_for_ticks();
                Ok(())
            }
            IpvsCommand::AddDest(key, dest, config) => self.add_dest(*key, *dest, *config),
            IpvsCommand::EditDest(key, dest, config) => self.edit_dest(*key, *dest, *config),
            IpvsCommand::DeleteDest(key, dest) => self.delete_dest(now, *key, *dest),
            IpvsCommand::Flush => {
                while let Some(key) = self.services.keys().next().copied() {
                    self.delete_service(now, key)?;
                }
                self.look_for_ticks();
                Ok(())
            }
        }
    }

    fn add_service(&mut self, now: Instant, key: Virtual, config: ServiceConfig) -> Result<(), LvsError> {
        check_service(key, &config)?;
        if self.services.contains_key(&key) {
            return Err(LvsError::Exists);
        }
        let pool = Pool { order: &[], loads: &self.loads };
        let bound = config.scheduler.map(|kind| Bound::new(kind, config.flags, pool, now));
        let number = self.free_numbers.pop().unwrap_or_else(|| {
            self.service_stats.push(Stats::default());
            self.service_stats.len() - 1
        });
        self.service_stats[number] = Stats::default();
        let service = Service { config, order: Vec::new(), number, bound, by_key: BTreeMap::new() };
        self.services.insert(key, service);
        Ok(())
    }

    fn edit_service(&mut self, now: Instant, key: Virtual, config: ServiceConfig) -> Result<(), LvsError> {
        let service = self.services.get_mut(&key).ok_or(LvsError::NoSuchService)?;
        check_service(key, &config)?;
        if service.config.scheduler != config.scheduler {
            let pool = Pool { order: &service.order, loads: &self.loads };
            service.bound = config.scheduler.map(|kind| Bound::new(kind, config.flags, pool, now));
        } else if let Some(bound) = &mut service.bound {
            bound.set_flags(config.flags);
        }
        service.config = config;
        Ok(())
    }

    fn delete_service(&mut self, now: Instant, key: Virtual) -> Result<(), LvsError> {
        let service = self.services.remove(&key).ok_or(LvsError::NoSuchService)?;
        self.free_numbers.push(service.number);
        for (endpoint, id) in service.by_key {
            self.throw_away(now, key, endpoint, id);
        }
        Ok(())
    }

    fn add_dest(&mut self, key: Virtual, endpoint: Endpoint, config: DestConfig) -> Result<(), LvsError> {
        let service = self.services.get(&key).ok_or(LvsError::NoSuchService)?;
        check_dest(key, endpoint, &config)?;
        let number = service.number;
        if service.by_key.contains_key(&endpoint) {
            return Err(LvsError::Exists);
        }
        let id = match self.trash.remove(&(key, endpoint)) {
            Some(id) => id,
            None => self.new_dest(key, endpoint, config),
        };
        if let Some(dest) = &mut self.dests[id.0 as usize] {
            dest.last_weight = config.weight;
            dest.service_number = number;
        }
        self.set_dest(id, config);
        self.loads[id.0 as usize].available = true;
        self.in_service(key, |service| {
            service.order.push(id);
            service.by_key.insert(endpoint, id);
            Change::Added
        });
        Ok(())
    }

    fn edit_dest(&mut self, key: Virtual, endpoint: Endpoint, config: DestConfig) -> Result<(), LvsError> {
        let service = self.services.get(&key).ok_or(LvsError::NoSuchService)?;
        check_dest(key, endpoint, &config)?;
        let id = *service.by_key.get(&endpoint).ok_or(LvsError::NoSuchDest)?;
        self.set_dest(id, config);
        self.in_service(key, |_| Change::Edited);
        Ok(())
    }

    fn delete_dest(&mut self, now: Instant, key: Virtual, endpoint: Endpoint) -> Result<(), LvsError> {
        let service = self.services.get(&key).ok_or(LvsError::NoSuchService)?;
        let id = *service.by_key.get(&endpoint).ok_or(LvsError::NoSuchDest)?;
        let place = service.order.iter().position(|one| *one == id).ok_or(LvsError::NoSuchDest)?;
        self.in_service(key, |service| {
            service.order.remove(place);
            service.by_key.remove(&endpoint);
            Change::Removed(place)
        });
        self.throw_away(now, key, endpoint, id);
        Ok(())
    }

    fn new_dest(&mut self, service: Virtual, key: Endpoint, config: DestConfig) -> DestId {
        let dest = Dest {
            service,
            key,
            config,
            persistent: 0,
            stats: Stats::default(),
            service_number: 0,
            last_weight: 0,
            conns: 0,
            idle_since: None,
        };
        if let Some(id) = self.free.pop() {
            self.dests[id.0 as usize] = Some(dest);
            self.loads[id.0 as usize] = Load::default();
            return id;
        }
        self.dests.push(Some(dest));
        self.loads.push(Load::default());
        DestId(self.loads.len() as u32 - 1)
    }

    /// New settings: the last weight remembers only what is not 0, the overload flag follows the new thresholds.
    fn set_dest(&mut self, id: DestId, config: DestConfig) {
        let load = &mut self.loads[id.0 as usize];
        load.weight = config.weight;
        if config.upper == 0 || load.total < lower_mark(&config) {
            load.overload = false;
        }
        if config.upper != 0 && load.total >= config.upper {
            load.overload = true;
        }
        if let Some(dest) = &mut self.dests[id.0 as usize] {
            dest.config = config;
            dest.idle_since = None;
            if config.weight != 0 {
                dest.last_weight = config.weight;
            }
        }
    }

    /// Changes a service's list and tells its scheduler.
    fn in_service(&mut self, key: Virtual, change: impl FnOnce(&mut Service) -> Change) {
        if let Some(service) = self.services.get_mut(&key) {
            let what = change(service);
            if let Some(bound) = &mut service.bound {
                let pool = Pool { order: &service.order, loads: &self.loads };
                bound.changed(what, pool);
            }
        }
    }

    fn throw_away(&mut self, now: Instant, key: Virtual, endpoint: Endpoint, id: DestId) {
        self.loads[id.0 as usize].available = false;
        if self.trash.is_empty() {
            self.trash_next = Some(now + TRASH_EVERY);
        }
        self.trash.insert((key, endpoint), id);
    }

    /// When to call `tick`.
    pub fn next_tick(&self) -> Option<Instant> {
        self.trash_next.into_iter().chain(self.schedulers_next).min()
    }

    fn look_for_ticks(&mut self) {
        let bound = self.services.values().filter_map(|service| service.bound.as_ref());
        self.schedulers_next = bound.filter_map(Bound::next_tick).min();
    }

    /// Empties the trash of servers that nobody has remembered for two minutes, and lets schedulers forget.
    pub fn tick(&mut self, now: Instant, sysctl: &Sysctl) {
        for bound in self.services.values_mut().filter_map(|s| s.bound.as_mut()) {
            bound.tick(now, sysctl);
        }
        self.look_for_ticks();
        while let Some(at) = self.trash_next.filter(|at| *at <= now) {
            let (services, dests, free) = (&self.services, &mut self.dests, &mut self.free);
            self.trash.retain(|_, id| {
                let remembered = || services.values().any(|s| s.bound.as_ref().is_some_and(|b| b.remembers(*id)));
                let slot = &mut dests[id.0 as usize];
                let Some(dest) = slot.as_mut().filter(|dest| dest.conns == 0 && !remembered()) else { return true };
                let since = *dest.idle_since.get_or_insert(at);
                let goes = since != at && at.since(since) >= TRASH_KEEPS;
                if goes {
                    *slot = None;
                    free.push(*id);
                }
                !goes
            });
            self.trash_next = (!self.trash.is_empty()).then_some(at + TRASH_EVERY);
        }
    }

    /// The services, in the order of their keys.
    pub fn services(&self) -> impl Iterator<Item = (&Virtual, &Service)> {
        self.services.iter()
    }
    /// What passed through a service.
    pub fn stats(&self, service: &Service) -> Stats {
        self.service_stats[service.number]
    }
    /// A service.
    pub fn service(&self, key: &Virtual) -> Option<&Service> {
        self.services.get(key)
    }
    /// A server, also one in the trash.
    pub fn dest(&self, id: DestId) -> Option<&Dest> {
        self.dests.get(id.0 as usize)?.as_ref()
    }
    /// A server of a service that exists.
    pub fn dest_of(&self, key: &Virtual, endpoint: &Endpoint) -> Option<DestId> {
        self.services.get(key)?.by_key.get(endpoint).copied()
    }
    /// The load of a server.
    pub fn load(&self, id: DestId) -> &Load {
        &self.loads[id.0 as usize]
    }

    /// The service that a packet is for: by mark, by address and port, by FTP of the same address, by port 0 of it.
    pub fn find(&self, mark: u32, protocol: Protocol, ip: IpAddr, port: u16) -> Option<Virtual> {
        let family = if ip.is_ipv4() { AddressFamily::V4 } else { AddressFamily::V6 };
        let known = |key: Virtual| self.services.contains_key(&key).then_some(key);
        let at = |port| known(Virtual::Address(protocol, Endpoint { ip, port }));
        let marked = if mark == 0 { None } else { known(Virtual::Mark(family, mark)) };
        let ftp = || if protocol == Protocol::Tcp && (port == 20 || port >= 1024) { at(21) } else { None };
        marked.or_else(|| at(port)).or_else(ftp).or_else(|| at(0))
    }

    /// Whether this is a NAT server of a service of that protocol, or of a mark.
    pub fn has_nat_server(&self, protocol: Protocol, server: &Endpoint) -> bool {
        let of_protocol =
            |key: &Virtual| matches!(key, Virtual::Mark(..)) || matches!(key, Virtual::Address(p, _) if *p == protocol);
        let nat = |id: &DestId| self.dest(*id).is_some_and(|dest| dest.config.forwarding == Forwarding::Nat);
        let mut services = self.services.iter().filter(|(key, _)| of_protocol(key));
        services.any(|(_, service)| service.by_key.get(server).is_some_and(nat))
    }

    /// Asks the scheduler of a service.
    pub fn schedule(&mut self, key: &Virtual, ask: &Ask) -> Option<DestId> {
        let service = self.services.get_mut(key)?;
        let pool = Pool { order: &service.order, loads: &self.loads };
        service.bound.as_mut()?.pick(pool, ask, identity_in(&self.dests))
    }

    /// A new connection or, with `template`, a template of this server.
    pub fn bind(&mut self, id: DestId, template: bool) {
        let Some(dest) = &mut self.dests[id.0 as usize] else { return };
        dest.conns += 1;
        if template {
            dest.persistent += 1;
            return;
        }
        let load = &mut self.loads[id.0 as usize];
        load.total += 1;
        if load.total == dest.config.upper {
            load.overload = true;
        }
    }

    /// A connection or template of this server is gone.
    pub fn unbind(&mut self, id: DestId, template: bool, active: bool) {
        let Some(dest) = &mut self.dests[id.0 as usize] else { return };
        dest.conns -= 1;
        if template {
            dest.persistent -= 1;
            return;
        }
        let load = &mut self.loads[id.0 as usize];
        if load.total == lower_mark(&dest.config) {
            load.overload = false;
        }
        load.total -= 1;
        load.active -= u32::from(active);
    }

    /// A connection of this server became active, or no longer is.
    pub fn set_active(&mut self, id: DestId, active: bool) {
        let load = &mut self.loads[id.0 as usize];
        if active {
            load.active += 1;
        } else {
            load.active -= 1;
        }
    }

    /// Counts for a server and its service.
    pub fn count(&mut self, id: DestId, add: impl Fn(&mut Stats)) {
        if let Some(dest) = &mut self.dests[id.0 as usize]
            && self.loads[id.0 as usize].available
        {
            add(&mut dest.stats);
            add(&mut self.service_stats[dest.service_number]);
        }
    }
}

/// Below so many connections a server is no longer overloaded.
const fn lower_mark(config: &DestConfig) -> u32 {
    if config.lower == 0 { config.upper - config.upper / 4 } else { config.lower }
}
