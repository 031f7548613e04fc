//! The state of the node in the words of the control socket: the engine's view, the kernel's names, the counters.
use vrrplab_engine::Engine;
use vrrplab_engine::look::{InstanceView, Tracked as What, TrackedView};
use vrrplab_engine::model::{AddressFamily, IfIndex, Version};
use vrrplab_engine::track::judge::Standing;
use vrrplab_formats::control::{Address, Daemon, Family, Instance, Status, SyncGroup, Tracked, TrackedKind};

use crate::counters::{Counters, Moment, Tally};

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
    instance.state_for_ms = moment.now.since(tally.since.now).as_micros() / 1_000;
    instance.since_unix_ms = tally.since.unix_ms;
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

#[cfg(test)]
mod tests {
    use vrrplab_engine::model::track::{FileModel, Tracked as Line};
    use vrrplab_engine::model::{NodeModel, Vip};
    use vrrplab_engine::{Command, Input, Instant, KernelEvent};

    use super::*;
    use crate::example::{ETH0, addr, router};

    fn model() -> NodeModel {
        let mut model = router(|instance| {
            instance.excluded_vips = vec![Vip::new(addr("10.0.0.101"), ETH0)];
            instance.track_files = vec![Line { item: 0, weight: 2, reverse: false }];
        });
        let file = FileModel { name: "load".into(), path: "/load".into(), weight: 0, reverse: false, init: None };
        model.files = vec![file];
        model
    }

    fn daemon() -> Daemon {
        Daemon { version: String::new(), pid: 1, config: String::new(), uptime_ms: 0, reloads: 0, reloads_refused: 0 }
    }

    /// The first instance at this time, with all that has been traced so far.
    fn seen(engine: &mut Engine, counters: &mut Counters, millis: u64) -> Instance {
        let moment = Moment { now: Instant(millis * 1_000_000), unix_ms: 1_700_000_000_000 + millis };
        while let Some(output) = engine.poll() {
            if let vrrplab_engine::Output::Trace(trace) = output {
                counters.decided(moment, &trace);
            }
        }
        let status = status(moment, daemon(), engine, counters, |iface| format!("eth{}", iface.0 - 2));
        status.instances.into_iter().next().unwrap()
    }

    #[test]
    fn a_backup_and_then_a_master_is_told_with_its_timers_and_addresses() {
        let model = model();
        let mut counters = Counters::default();
        counters.settle(Moment { now: Instant(0), unix_ms: 1_700_000_000_000 }, &model);
        let mut engine = Engine::new(model);
        engine.handle(Instant(0), Input::Operator(Command::Start));
        let backup = seen(&mut engine, &mut counters, 0);
        assert_eq!((backup.state.as_str(), backup.rule.as_deref()), ("BACKUP", Some("start-backup")));
        // 3 s and the skew of priority 100
        assert_eq!((backup.master_down_us, backup.skew_us, backup.timer_in_ms), (3_609_375, 609_375, Some(3_609)));
        assert_eq!(backup.addresses.iter().map(|a| a.set).collect::<Vec<_>>(), [false, false]);

        let file = KernelEvent::FileContent { path: "/load".into(), bytes: b"-10\n".to_vec() };
        engine.handle(Instant(1_000_000_000), Input::Kernel(file));
        let backup = seen(&mut engine, &mut counters, 1_000);
        assert_eq!((backup.priority, backup.effective_priority), (100, 80));
        assert_eq!((backup.tracked[0].name.as_str(), backup.tracked[0].standing.as_str()), ("load", "-10"));
        assert_eq!(backup.state_for_ms, 1_000);

        engine.handle(Instant(4_000_000_000), Input::Wake);
        let master = seen(&mut engine, &mut counters, 4_000);
        assert_eq!((master.state.as_str(), master.state_for_ms), ("MASTER", 0));
        assert_eq!(master.since_unix_ms, 1_700_000_004_000);
        let told: Vec<_> = master.addresses.iter().map(|a| (a.address.to_string(), a.set, a.advertised)).collect();
        assert_eq!(told, [("10.0.0.100".to_owned(), true, true), ("10.0.0.101".to_owned(), true, false)]);
        assert_eq!(master.timer_in_ms, Some(1_000));
    }
}
