//! The state of the node in the words of the control socket: the engine's view, the kernel's names, the counters.
use vrrplab_engine::look::{InstanceView, Tracked as What, TrackedView};
use vrrplab_engine::model::{AddressFamily, IfIndex, Version};
use vrrplab_engine::track::judge::Standing;
use vrrplab_engine::{Engine, Instant};
use vrrplab_formats::control::{Address, Daemon, Family, Instance, Status, SyncGroup, Tracked, TrackedKind};

use crate::counters::{Counters, Tally};

/// When it is: by the engine's clock, and by the calendar.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The engine's.
    pub now: Instant,
    /// Milliseconds since 1970.
    pub unix_ms: u64,
}

/// Everything at this moment; `name` tells the names of interfaces.
pub fn status(
    moment: Moment,
    daemon: Daemon,
    engine: &Engine,
    counters: &Counters,
    name: impl Fn(IfIndex) -> String,
) -> Status {
    let views: Vec<InstanceView<'_>> = engine.views().collect();
    let groups: Vec<SyncGroup> = engine
        .sync_groups()
        .map(|group| SyncGroup {
            name: group.name.to_owned(),
            state: group.state.name().to_owned(),
            members: group
                .members
                .iter()
                .filter_map(|member| views.get(*member))
                .map(|v| v.model.name.clone())
                .collect(),
        })
        .collect();
    let instances = views.iter().enumerate().map(|(position, view)| {
        let mut instance = instance(moment, view, &name);
        if let Some(tally) = counters.of(position) {
            add_counters(moment, &mut instance, tally);
        }
        instance.tracked = engine.tracked(position).into_iter().map(|t| tracked(&t, &name)).collect();
        let group = groups.iter().find(|group| group.members.contains(&instance.name));
        instance.sync_group = group.map(|group| group.name.clone());
        instance
    });
    Status { daemon, instances: instances.collect(), statistics: counters.node, sync_groups: groups.clone() }
}

fn instance(moment: Moment, view: &InstanceView<'_>, name: &impl Fn(IfIndex) -> String) -> Instance {
    let model = view.model;
    let millis = |micros: u64| micros / 1_000;
    let advertised = model.vips.len();
    let address = |(position, (iface, addr)): (usize, &(Option<IfIndex>, vrrplab_engine::model::IfAddr))| Address {
        address: addr.ip,
        prefix: addr.prefix,
        interface: iface.map(name),
        advertised: position < advertised,
        set: view.holds && iface.is_some(),
    };
    Instance {
        name: model.name.clone(),
        interface: name(model.iface),
        vrid: model.vrid.get(),
        family: match model.family {
            AddressFamily::V4 => Family::Ipv4,
            AddressFamily::V6 => Family::Ipv6,
        },
        version: match model.version {
            Version::V2 => 2,
            Version::V3 => 3,
        },
        state: view.state.name().to_owned(),
        since_unix_ms: moment.unix_ms,
        state_for_ms: 0,
        rule: None,
        priority: model.priority.get(),
        effective_priority: view.priority,
        owner: view.owner,
        source: view.source,
        master: view.master,
        new_master_reason: Default::default(),
        advert_interval_ms: millis(model.advert_int.as_micros()),
        master_interval_ms: millis(view.master_interval.as_micros()),
        master_down_us: view.down.as_micros(),
        skew_us: view.skew.as_micros(),
        timer_in_ms: view.deadline.map(|at| millis(at.since(moment.now).as_micros())),
        addresses: view.addresses.iter().enumerate().map(address).collect(),
        tracked: Vec::new(),
        sync_group: None,
        statistics: Default::default(),
        refused: Default::default(),
    }
}

fn add_counters(moment: Moment, instance: &mut Instance, tally: &Tally) {
    instance.state_for_ms = moment.now.since(tally.since).as_micros() / 1_000;
    instance.since_unix_ms = moment.unix_ms.saturating_sub(instance.state_for_ms);
    instance.rule = tally.rule.map(|rule| rule.id().to_owned());
    instance.new_master_reason = tally.reason;
    instance.statistics = tally.statistics;
    instance.refused = tally.refused.iter().map(|(rule, count)| (rule.id().to_owned(), *count)).collect();
}

fn tracked(view: &TrackedView<'_>, name: &impl Fn(IfIndex) -> String) -> Tracked {
    let well = |well: bool| if well { "good" } else { "bad" }.to_owned();
    let (kind, name, standing) = match view.what {
        What::Interface(iface, up) => (TrackedKind::Interface, name(iface), well(up)),
        What::Script(name, Standing::Unknown) => (TrackedKind::Script, name.to_owned(), "unknown".to_owned()),
        What::Script(name, standing) => (TrackedKind::Script, name.to_owned(), well(standing == Standing::Good)),
        What::File(name, number) => (TrackedKind::File, name.to_owned(), number.to_string()),
        What::Process(name, enough) => (TrackedKind::Process, name.to_owned(), well(enough)),
        What::Session(name, up) => (TrackedKind::Bfd, name.to_owned(), well(up)),
    };
    Tracked { kind, name, weight: view.weight, reverse: view.reverse, standing }
}
