//! Sync groups and instances.
use vrrplab_engine::model::command::{Notify, Program};
use vrrplab_engine::model::track::Tracked;
use vrrplab_engine::model::{
    AddressFlag, AddressOptions, Auth, Broadcast, Garp, GarpExtra, IfIndex, InstanceModel, IpvlanMode, Mac, NodeModel,
    SyncGroupModel, TrackInterface, UnicastChecksum, UnicastPeer, Version, Vip, VmacKind, VmacModel,
};
use vrrplab_engine::time::Span;

use super::Page;
use super::trackers::{route, rule};
use super::words::{password, prefixed, program, seconds, word};

/// What an instance or a group tracks, as parts of the lists of an instance.
#[derive(Clone, Copy, Default)]
struct Tracks<'m> {
    interfaces: &'m [TrackInterface],
    scripts: &'m [Tracked],
    files: &'m [Tracked],
    processes: &'m [Tracked],
    bfds: &'m [Tracked],
}

impl<'m> Tracks<'m> {
    fn of(i: &'m InstanceModel) -> Tracks<'m> {
        Tracks {
            interfaces: &i.track_interfaces,
            scripts: &i.track_scripts,
            files: &i.track_files,
            processes: &i.track_processes,
            bfds: &i.track_bfds,
        }
    }

    /// What a group has to track for its members: what stands twice with one, or would lose its weight there.
    fn shared(model: &'m NodeModel, group: &SyncGroupModel) -> Tracks<'m> {
        let all: Vec<Tracks<'m>> = members(model, group).map(Tracks::of).collect();
        let keeps = group.tracking_weight;
        let weighted = |t: &Tracked| !keeps && t.weight != 0;
        Tracks {
            interfaces: shared(all.iter().map(|t| t.interfaces), |t| t.iface, |_| false),
            scripts: shared(all.iter().map(|t| t.scripts), |t| t.item, weighted),
            files: shared(all.iter().map(|t| t.files), |t| t.item, weighted),
            processes: shared(all.iter().map(|t| t.processes), |t| t.item, weighted),
            bfds: shared(all.iter().map(|t| t.bfds), |t| t.item, weighted),
        }
    }

    /// These without what the group tracks, which comes last.
    fn without(self, group: Tracks<'_>) -> Tracks<'m> {
        Tracks {
            interfaces: before(self.interfaces, group.interfaces.len()),
            scripts: before(self.scripts, group.scripts.len()),
            files: before(self.files, group.files.len()),
            processes: before(self.processes, group.processes.len()),
            bfds: before(self.bfds, group.bfds.len()),
        }
    }
}

fn before<T>(list: &[T], last: usize) -> &[T] {
    &list[..list.len().saturating_sub(last)]
}

/// The longest common end of all lists that names nothing twice, if a group must track it.
fn shared<'m, T: PartialEq, K: PartialEq>(
    lists: impl Iterator<Item = &'m [T]>,
    key: impl Fn(&T) -> K,
    weighted: impl Fn(&T) -> bool,
) -> &'m [T] {
    let lists: Vec<&'m [T]> = lists.collect();
    let Some(first) = lists.first() else { return &[] };
    let twice = |list: &[T]| (1..list.len()).any(|n| list[..n].iter().any(|t| key(t) == key(&list[n])));
    if !lists.iter().any(|list| twice(list) || list.iter().any(&weighted)) {
        return &[];
    }
    let common = lists.iter().fold(*first, |shared, list| {
        let same = shared.iter().rev().zip(list.iter().rev()).take_while(|(a, b)| a == b).count();
        &shared[shared.len() - same..]
    });
    let start = (0..common.len()).find(|start| !twice(&common[*start..])).unwrap_or(common.len());
    &common[start..]
}

fn members<'m>(model: &'m NodeModel, group: &SyncGroupModel) -> impl Iterator<Item = &'m InstanceModel> {
    group.members.iter().filter_map(|member| model.instances.get(*member))
}

impl Page<'_> {
    /// Groups first, then their members.
    pub(super) fn instances(&mut self) {
        let model = self.model;
        let mut own: Vec<Tracks<'_>> = model.instances.iter().map(Tracks::of).collect();
        for group in &model.sync_groups {
            let tracks = Tracks::shared(model, group);
            for member in &group.members {
                if let Some(own) = own.get_mut(*member) {
                    *own = own.without(tracks);
                }
            }
            self.sync_group(group, tracks);
        }
        for (instance, tracks) in model.instances.iter().zip(own) {
            self.instance(instance, tracks);
        }
    }

    fn sync_group(&mut self, group: &SyncGroupModel, tracks: Tracks<'_>) {
        let model = self.model;
        self.block(&format!("vrrp_sync_group {}", word(&group.name)), |page| {
            page.list("group", members(model, group).map(|member| word(&member.name).into_owned()));
            page.line_if(group.tracking_weight, "sync_group_tracking_weight");
            page.tracks(tracks);
            page.notify(&group.notify);
        });
    }

    fn instance(&mut self, i: &InstanceModel, tracks: Tracks<'_>) {
        self.block(&format!("vrrp_instance {}", word(&i.name)), |page| {
            page.line(if i.wants_master { "state MASTER" } else { "state BACKUP" });
            page.line(&format!("interface {}", page.interface(i.iface)));
            page.line(&format!("virtual_router_id {}", i.vrid));
            page.line(match i.version {
                Version::V2 => "version 2",
                Version::V3 => "version 3",
            });
            page.line(&format!("priority {}", i.priority));
            page.line(&format!("advert_int {}", seconds(i.advert_int)));
            page.line_if(!i.preempt, "nopreempt");
            page.line_if(i.preempt_delay != Span::ZERO, &format!("preempt_delay {}", seconds(i.preempt_delay)));
            page.line_if(i.down_timer_adverts != 3, &format!("down_timer_adverts {}", i.down_timer_adverts));
            page.flags(i);
            page.garp(&i.garp);
            page.value("garp_extra_if", i.garp_extra.map(garp_extra));
            let auth = match i.auth {
                Auth::None => None,
                Auth::Pass(bytes) => Some(("PASS", bytes)),
                Auth::Ah(bytes) => Some(("AH", bytes)),
            };
            if let Some((kind, bytes)) = auth {
                let lines = [format!("auth_type {kind}"), format!("auth_pass {}", word(&password(bytes)))];
                page.list("authentication", lines.into_iter());
            }
            page.talk(i);
            page.vmac(i.vmac.as_ref());
            page.tracks(tracks);
            page.vips("virtual_ipaddress", &i.vips, i.iface);
            page.vips("virtual_ipaddress_excluded", &i.excluded_vips, i.iface);
            page.list("virtual_routes", i.routes.iter().map(route));
            page.list("virtual_rules", i.rules.iter().map(rule));
            page.notify(&i.notify);
            page.line_if(i.debug != 0, &format!("debug {}", i.debug));
            page.value("kernel_rx_buf_size", i.receive_buffer.map(|bytes| bytes.to_string()));
            page.word("lvs_sync_daemon_interface", i.lvs_sync_interface.as_ref());
        });
    }

    fn flags(&mut self, i: &InstanceModel) {
        self.line_if(i.strict, "strict_mode");
        self.line_if(i.strict && i.accept && !i.is_owner(), "accept");
        self.line_if(!i.accept && (!i.strict || i.is_owner()), "no_accept");
        self.line_if(i.lower_prio_no_advert, "lower_prio_no_advert");
        self.line_if(i.higher_prio_send_advert, "higher_prio_send_advert");
        self.line_if(i.skip_check_adv_addr, "skip_check_adv_addr");
        self.line_if(i.check_unicast_src, "check_unicast_src");
        self.line_if(i.dont_track_primary, "dont_track_primary");
        self.line_if(i.promote_secondaries, "promote_secondaries");
    }

    fn garp(&mut self, garp: &Garp) {
        let built_in = Garp::default();
        let counts = |g: &Garp| [g.repeat, g.refresh_repeat, g.lower_prio_repeat].map(|n| n.to_string());
        let spans = |g: &Garp| [g.delay, g.refresh, g.lower_prio_delay].map(seconds);
        let lines = |g: &Garp| {
            let ([repeat, refresh_repeat, lower_repeat], [delay, refresh, lower_delay]) = (counts(g), spans(g));
            [
                format!("garp_master_repeat {repeat}"),
                format!("garp_master_delay {delay}"),
                format!("garp_master_refresh {refresh}"),
                format!("garp_master_refresh_repeat {refresh_repeat}"),
                format!("garp_lower_prio_repeat {lower_repeat}"),
                format!("garp_lower_prio_delay {lower_delay}"),
            ]
        };
        for (line, default) in lines(garp).iter().zip(lines(&built_in)) {
            self.line_if(*line != default, line);
        }
    }

    /// Where adverts come from and go to.
    fn talk(&mut self, i: &InstanceModel) {
        let source = if i.is_unicast() { "unicast_src_ip" } else { "mcast_src_ip" };
        self.value(source, i.source.map(|ip| ip.to_string()));
        self.line_if(i.track_source, "track_src_ip");
        self.value("mcast_dst_ip", i.group.map(|ip| ip.to_string()));
        self.value("unicast_ttl", i.unicast_ttl.map(|ttl| ttl.to_string()));
        self.list("unicast_peer", i.unicast_peers.iter().map(peer));
        self.line_if(i.fault_without_peers, "unicast_fault_no_peer");
        match i.unicast_checksum {
            UnicastChecksum::Either => {}
            UnicastChecksum::Old => self.line("old_unicast_checksum"),
            UnicastChecksum::Never => self.line("old_unicast_checksum never"),
        }
    }

    fn vmac(&mut self, vmac: Option<&VmacModel>) {
        let Some(vmac) = vmac else { return };
        let name = vmac.name.as_ref().map_or(String::new(), |name| format!(" {}", word(name)));
        match &vmac.kind {
            VmacKind::Absent => {}
            VmacKind::Macvlan(address) => {
                self.line(&format!("use_vmac{name}{}", address.map_or(String::new(), |mac| format!(" {}", hex(mac)))));
            }
            VmacKind::Ipvlan { addr, mode } => {
                let addr = addr.map_or(String::new(), |addr| format!(" {}", prefixed(addr)));
                let mode = match mode {
                    IpvlanMode::Bridge => "",
                    IpvlanMode::Private => " private",
                    IpvlanMode::Vepa => " vepa",
                };
                self.line(&format!("use_ipvlan{name}{addr}{mode}"));
            }
        }
        self.line_if(vmac.for_addresses, "use_vmac_addr");
        self.line_if(vmac.xmit_base, "vmac_xmit_base");
    }

    fn tracks(&mut self, tracks: Tracks<'_>) {
        let model = self.model;
        let interfaces: Vec<String> = tracks.interfaces.iter().map(|t| self.track_interface(t)).collect();
        self.list("track_interface", interfaces.into_iter());
        let script = |t: &Tracked| model.scripts.get(t.item).map(|s| track(&s.name, (s.weight, s.reverse), t));
        self.list("track_script", tracks.scripts.iter().filter_map(script));
        let file = |t: &Tracked| model.files.get(t.item).map(|f| track(&f.name, (f.weight, f.reverse), t));
        self.list("track_file", tracks.files.iter().filter_map(file));
        let process = |t: &Tracked| model.processes.get(t.item).map(|p| track(&p.name, (p.weight, p.reverse), t));
        self.list("track_process", tracks.processes.iter().filter_map(process));
        let bfd = |t: &Tracked| model.bfds.get(t.item).map(|b| track(&b.name, (b.weight, b.reverse), t));
        self.list("track_bfd", tracks.bfds.iter().filter_map(bfd));
    }

    fn track_interface(&self, track: &TrackInterface) -> String {
        match (track.weight, track.reverse) {
            (0, false) => self.interface(track.iface),
            (weight, false) => self.interface(track.iface) + &format!(" weight {weight}"),
            (weight, true) => self.interface(track.iface) + &format!(" weight {weight} reverse"),
        }
    }

    fn vips(&mut self, header: &str, vips: &[Vip], own: IfIndex) {
        let line = |vip: &Vip| {
            let mut line = prefixed(vip.addr);
            if vip.iface != own {
                line += &format!(" dev {}", self.interface(vip.iface));
            }
            line + &address_options(&vip.options) + if vip.no_track { " no_track" } else { "" }
        };
        let lines: Vec<String> = vips.iter().map(line).collect();
        self.list(header, lines.into_iter());
    }

    fn notify(&mut self, notify: &Notify) {
        let lines = [
            ("notify_master", &notify.master),
            ("notify_backup", &notify.backup),
            ("notify_fault", &notify.fault),
            ("notify_stop", &notify.stop),
            ("notify_master_rx_lower_pri", &notify.lower_priority),
            ("notify", &notify.any),
        ];
        for (keyword, line) in lines {
            self.program(keyword, line.as_ref());
        }
        match &notify.deleted {
            None => {}
            Some(deleted) if deleted.program.is_none() => self.line("notify_deleted"),
            Some(deleted) => self.program("notify_deleted", deleted.program.as_ref()),
        }
        self.switch("smtp_alert", notify.mail);
        self.switch("notify_priority_changes", notify.priority_changes);
    }

    /// A keyword with a program, where there is one.
    pub(super) fn program(&mut self, keyword: &str, line: Option<&Program>) {
        self.value(keyword, line.map(program));
    }
}

/// `NAME [weight W [reverse|noreverse]]`; without a weight that of what is tracked counts.
fn track(name: &str, own: (i16, bool), t: &Tracked) -> String {
    if own == (t.weight, t.reverse) {
        return word(name).into_owned();
    }
    let direction = match (own.1, t.reverse) {
        (false, true) => " reverse",
        (true, false) => " noreverse",
        _ => "",
    };
    format!("{} weight {}{direction}", word(name), t.weight)
}

fn peer(peer: &UnicastPeer) -> String {
    match peer.ttl {
        Some((least, most)) => format!("{} min_ttl {least} max_ttl {most}", peer.ip),
        None => peer.ip.to_string(),
    }
}

fn garp_extra(extra: GarpExtra) -> String {
    format!("{}{}", if extra.all { "all " } else { "" }, seconds(extra.every))
}

fn hex(mac: Mac) -> String {
    mac.0.map(|byte| format!("{byte:02x}")).join(":")
}

/// What follows address and interface, with a blank before each word.
pub(super) fn address_options(options: &AddressOptions) -> String {
    let mut text = String::new();
    match options.broadcast {
        None => {}
        Some(Broadcast::Ones) => text += " brd +",
        Some(Broadcast::Zeros) => text += " brd -",
        Some(Broadcast::Address(ip)) => text += &format!(" brd {ip}"),
    }
    if let Some(scope) = options.scope {
        text += &format!(" scope {scope}");
    }
    if let Some(label) = &options.label {
        text += &format!(" label {}", word(label));
    }
    if let Some(peer) = options.peer {
        text += &format!(" peer {}", prefixed(peer));
    }
    for flag in &options.flags {
        text += match flag {
            AddressFlag::Home => " home",
            AddressFlag::Dad => " -nodad",
            AddressFlag::ManageTemporary => " mngtmpaddr",
            AddressFlag::NoPrefixRoute => " noprefixroute",
            AddressFlag::AutoJoin => " autojoin",
            AddressFlag::UseVmac => " use_vmac",
        };
    }
    match options.preferred_lft {
        None => {}
        Some(u32::MAX) => text += " preferred_lft forever",
        Some(seconds) => text += &format!(" preferred_lft {seconds}"),
    }
    text
}
