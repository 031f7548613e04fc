//! One virtual router: ranges, defaults, and keepalived's fall-backs where a value cannot be used.
use std::net::IpAddr;
use std::num::NonZeroU8;

use vrrplab_engine::model::{
    AddressFamily, Auth, Garp, IfAddr, InstanceModel, InterfaceModel, UnicastPeer, Version, Vip, standard_group,
};
use vrrplab_engine::time::Span;

use super::draft::{AuthType, DefaultsDraft, Draft, InstanceDraft, Spanned, VipDraft};
use super::host::Host;
use super::tracks::{Found, Names};
use super::{checks, family_of, strict, weights};
use crate::diagnostics::Report;

/// The instance, or none where its interface or VRID is unknown; everything else is checked all the same.
pub(super) fn build(
    draft: &InstanceDraft,
    node: &Draft,
    names: &Names<'_>,
    host: Host<'_>,
    report: &mut Report,
) -> Option<InstanceModel> {
    let defaults = &node.defaults;
    let name = &draft.name.value;
    let vrid = vrid(draft, report);
    let interface = match &draft.interface {
        Some(interface) => host.find(interface, report),
        None => {
            missing(draft, "interface", report);
            None
        }
    };
    let family = family(draft);
    let strict = draft.strict.as_ref().or(defaults.strict.as_ref()).is_some_and(|strict| strict.value);
    let version = version(draft, defaults, family, strict, report);
    let (priority, wants_master) = priority(draft, report);
    let (preempt, preempt_delay) = preemption(draft, wants_master, priority.get() == 255, report);
    let auth = auth(draft, version, report);
    let advert_int = advert_int(draft, version, report);
    let vips = addresses(&draft.vips, Some(family), interface, host, report);
    let excluded_vips = addresses(&draft.excluded_vips, None, interface, host, report);
    if !draft.vips.iter().any(|vip| family_of(vip.addr.value) == family) {
        no_vips(draft, version, strict, report);
    }
    let unicast_peers = peers(draft, family, report);
    let source = source(draft, family, report);
    let unicast_ttl = unicast_ttl(draft, &unicast_peers, report);
    let garp = garp(draft, defaults, report);
    let down_timer_adverts = down_timer_adverts(draft, report);
    let flag = |own: &Option<Spanned<bool>>, default: Option<&Spanned<bool>>| {
        own.as_ref().or(default).is_some_and(|value| value.value)
    };
    let tracks = Found::new(&draft.tracks, names, host, report);
    let mut model = InstanceModel {
        track_interfaces: tracks.interfaces,
        track_scripts: tracks.scripts,
        track_files: tracks.files,
        track_processes: tracks.processes,
        track_bfds: tracks.bfds,
        version,
        family,
        priority,
        wants_master,
        advert_int,
        preempt,
        preempt_delay,
        auth,
        source,
        unicast_ttl,
        vips,
        excluded_vips,
        unicast_peers,
        garp,
        down_timer_adverts,
        lower_prio_no_advert: flag(&draft.lower_prio_no_advert, defaults.lower_prio_no_advert.as_ref()),
        higher_prio_send_advert: flag(&draft.higher_prio_send_advert, defaults.higher_prio_send_advert.as_ref()),
        skip_check_adv_addr: flag(&draft.skip_check_adv_addr, None),
        check_unicast_src: flag(&draft.check_unicast_src, defaults.check_unicast_src.as_ref()),
        dont_track_primary: flag(&draft.dont_track_primary, None),
        strict,
        accept: draft.accept.as_ref().is_none_or(|accept| accept.value),
        vmac: draft.vmac.as_ref().map(|vmac| vmac.value.clone()),
        promote_secondaries: draft.promote_secondaries,
        group: group(draft, defaults, family, report),
        track_source: flag(&draft.track_source, None),
        fault_without_peers: draft.fault_without_peers,
        unicast_checksum: draft.unicast_checksum,
        garp_extra: draft.garp_extra.as_ref().or(defaults.garp_extra.as_ref()).map(|extra| extra.value),
        routes: draft.routes.clone(),
        rules: draft.rules.clone(),
        notify: draft.notify.clone(),
        debug: draft.debug,
        receive_buffer: draft.receive_buffer,
        lvs_sync_interface: draft.lvs_sync_interface.clone(),
        ..InstanceModel::new(name, interface?.index, vrid?)
    };
    if let Some(own) = interface {
        checks::apply(&mut model, draft, host, own, report);
    }
    weights::leave_out_of_owner(&mut model, draft, report);
    if model.strict {
        strict::apply(&mut model, draft, report);
    }
    macvlan_with_peers(&mut model, draft, report);
    Some(model)
}

/// keepalived sends adverts to peers by the interface below a macvlan, and says so.
fn macvlan_with_peers(model: &mut InstanceModel, draft: &InstanceDraft, report: &mut Report) {
    if model.macvlan().is_none() || !model.is_unicast() {
        return;
    }
    let set = model.vmac.as_mut().filter(|vmac| !vmac.xmit_base).map(|vmac| vmac.xmit_base = true);
    if let (Some(()), Some(given)) = (set, &draft.vmac) {
        report.warning(given, "with `unicast_peer`, `use_vmac` needs `vmac_xmit_base`", "it is set");
    }
}

/// The group that adverts are sent to, where it is not the standard's.
fn group(
    draft: &InstanceDraft,
    defaults: &DefaultsDraft,
    family: AddressFamily,
    report: &mut Report,
) -> Option<IpAddr> {
    let of_node = match family {
        AddressFamily::V4 => &defaults.group4,
        AddressFamily::V6 => &defaults.group6,
    };
    let group = draft.group.as_ref().or(of_node.as_ref())?;
    if family_of(group.value) != family {
        report
            .error(group, "this group is not of the family of the virtual addresses", "the line is ignored")
            .survived();
        return None;
    }
    let standard = standard_group(family);
    if group.value != standard {
        let title = format!("adverts to `{}` are accepted, but not modelled yet", group.value);
        report.warning(group, title, format!("they go to {standard} here")).unnoticed();
    }
    Some(group.value).filter(|group| *group != standard)
}

fn missing(draft: &InstanceDraft, keyword: &str, report: &mut Report) {
    if !draft.refused {
        let title = format!("`{}` has no `{keyword}`", draft.name.value);
        report.error(&draft.name, title, format!("`{keyword}` is required"));
    }
}

fn vrid(draft: &InstanceDraft, report: &mut Report) -> Option<NonZeroU8> {
    let Some(given) = &draft.vrid else {
        missing(draft, "virtual_router_id", report);
        return None;
    };
    let vrid = u8::try_from(given.value).ok().and_then(NonZeroU8::new);
    if vrid.is_none() {
        let title = format!("the VRID of `{}` is out of range", draft.name.value);
        report.error(given, title, "a VRID is a number from 1 to 255");
    }
    vrid
}

/// The family of the first address, source or peer, IPv4 where there is none to tell.
fn family(draft: &InstanceDraft) -> AddressFamily {
    let first = draft.vips.first().or(draft.excluded_vips.first()).map(|vip| family_of(vip.addr.value));
    draft.family.or(first).unwrap_or(AddressFamily::V4)
}

fn version(
    draft: &InstanceDraft,
    defaults: &DefaultsDraft,
    family: AddressFamily,
    strict: bool,
    report: &mut Report,
) -> Version {
    let given = draft.version.as_ref();
    match (given.or(defaults.version.as_ref()).map(|v| (v, v.value)), family) {
        (Some((_, 3)), _) => Version::V3,
        (Some((at, 2)), AddressFamily::V6) if given.is_some() => {
            let told = report.warning(at, "VRRPv2 is not made for IPv6 addresses", "IPv6 needs version 3");
            told.help("remove the line: IPv6 instances use version 3 by themselves");
            if strict {
                return Version::V3;
            }
            told.unnoticed();
            Version::V2
        }
        (Some((_, 2)) | None, AddressFamily::V4) => Version::V2,
        (Some((_, 2)) | None, AddressFamily::V6) => Version::V3,
        (Some((at, _)), _) => {
            report.error(at, "there is no such VRRP version", "2 or 3");
            Version::V2
        }
    }
}

fn priority(draft: &InstanceDraft, report: &mut Report) -> (NonZeroU8, bool) {
    const DEFAULT: NonZeroU8 = NonZeroU8::MIN.saturating_add(99);
    let state = draft.wants_master.as_ref().map(|s| s.value);
    let priority = match &draft.priority {
        None if state == Some(true) => NonZeroU8::MAX,
        None => DEFAULT,
        Some(given) => u8::try_from(given.value).ok().and_then(NonZeroU8::new).unwrap_or_else(|| {
            let title = format!("the priority of `{}` is out of range, 100 is used", draft.name.value);
            report.warning(given, title, "a priority is a number from 1 to 255");
            DEFAULT
        }),
    };
    (priority, state.unwrap_or(priority == NonZeroU8::MAX))
}

fn preemption(draft: &InstanceDraft, wants_master: bool, owner: bool, report: &mut Report) -> (bool, Span) {
    let mut preempt = true;
    if let Some(given) = draft.preempt.as_ref().filter(|p| !p.value) {
        if wants_master || owner {
            let why = if owner { "priority 255" } else { "`state MASTER`" };
            report
                .warning(given, format!("`nopreempt` does not go with {why} and is ignored"), "ignored")
                .help("use `state BACKUP` and a priority below 255");
        } else {
            preempt = false;
        }
    }
    let Some(delay) = draft.preempt_delay.as_ref().filter(|d| d.value > Span::ZERO) else {
        return (preempt, Span::ZERO);
    };
    let against = [
        (delay.value > Span::from_secs(1000), "more than 1000 seconds"),
        (wants_master, "`state MASTER`"),
        (!preempt, "`nopreempt`"),
    ];
    if let Some((_, why)) = against.iter().find(|(holds, _)| *holds) {
        report.warning(delay, format!("`preempt_delay` does not go with {why}, 0 is used"), "ignored");
        return (preempt, Span::ZERO);
    }
    (preempt, delay.value)
}

fn auth(draft: &InstanceDraft, version: Version, report: &mut Report) -> Auth {
    let Some(pass) = &draft.auth_pass else { return Auth::None };
    if version == Version::V3 {
        report.warning(pass, "VRRPv3 has no authentication", "ignored").help("`version 2` has it");
        return Auth::None;
    }
    let bytes = pass.value.as_bytes();
    if bytes.len() > 8 {
        let label = format!("{} bytes", bytes.len());
        report.warning(pass, "only the first 8 bytes of the password are used", label);
    }
    let mut padded = [0; 8];
    for (to, from) in padded.iter_mut().zip(bytes) {
        *to = *from;
    }
    match draft.auth_type.as_ref().map(|kind| kind.value) {
        Some(AuthType::Ah) => Auth::Ah(padded),
        Some(AuthType::Pass) | None => Auth::Pass(padded),
    }
}

fn advert_int(draft: &InstanceDraft, version: Version, report: &mut Report) -> Span {
    let second = Span::from_secs(1);
    let Some(given) = &draft.advert_int else { return second };
    let micros = given.value.as_micros();
    if !(10_000..=255_000_000).contains(&micros) {
        let title = format!("the advert interval of `{}` is out of range, 1 second is used", draft.name.value);
        report.warning(given, title, "0.01 to 255 seconds");
        return second;
    }
    let (unit, least, most) = match version {
        Version::V2 => (1_000_000, 1_000_000, 255_000_000),
        Version::V3 => (10_000, 10_000, 40_950_000),
    };
    let rounded = ((micros + unit / 2) / unit * unit).clamp(least, most);
    if rounded != micros {
        let why = match version {
            Version::V2 => "VRRPv2 counts whole seconds",
            Version::V3 => "VRRPv3 counts 0.01 seconds up to 40.95",
        };
        let title = format!("the advert interval becomes {}", Span::from_micros(rounded));
        report.warning(given, title, why);
    }
    Span::from_micros(rounded)
}

fn no_vips(draft: &InstanceDraft, version: Version, strict: bool, report: &mut Report) {
    let title = format!("`{}` has no virtual addresses", draft.name.value);
    let help = "keepalived refuses such a file and exits";
    match (version, strict) {
        (Version::V2, false) => report.warning(&draft.name, title, "there is nothing to advertise"),
        (Version::V2, true) => report.error(&draft.name, title, "strict mode needs at least one").help(help),
        (Version::V3, _) => report.error(&draft.name, title, "VRRPv3 needs at least one").help(help),
    };
}

/// Addresses of one family, where one is asked for; others are reported and left out.
fn addresses(
    drafts: &[VipDraft],
    family: Option<AddressFamily>,
    own: Option<&InterfaceModel>,
    host: Host<'_>,
    report: &mut Report,
) -> Vec<Vip> {
    let mut vips = Vec::new();
    for draft in drafts {
        let ip = draft.addr.value;
        if family.is_some_and(|f| f != family_of(ip)) {
            report.warning(
                &draft.addr,
                format!("`{ip}` is not of the family of the first address and is left out"),
                "one family per instance; the other may stand in `virtual_ipaddress_excluded`",
            );
            continue;
        }
        let width: u8 = if ip.is_ipv4() { 32 } else { 128 };
        let prefix = draft.prefix.as_ref().map_or(Some(width), |p| {
            let prefix = u8::try_from(p.value).ok().filter(|p| *p <= width);
            if prefix.is_none() {
                report.error(p, "this prefix length is out of range", format!("0 to {width}")).survived();
            }
            prefix
        });
        let iface = match &draft.dev {
            Some(dev) => host.find(dev, report),
            None => own,
        };
        if let (Some(prefix), Some(iface)) = (prefix, iface) {
            let (addr, options) = (IfAddr { ip, prefix }, draft.options.clone());
            vips.push(Vip { addr, iface: iface.index, no_track: draft.no_track, options });
        }
    }
    vips
}

fn peers(draft: &InstanceDraft, family: AddressFamily, report: &mut Report) -> Vec<UnicastPeer> {
    let mut peers = Vec::new();
    for peer in &draft.unicast_peers {
        if family_of(peer.ip.value) != family {
            report.error(&peer.ip, "this peer is not of the family of the virtual addresses", "left out").survived();
        } else {
            let ttl = peer.min_ttl.is_some() || peer.max_ttl.is_some();
            let range = (peer_ttl(&peer.min_ttl, 0, report), peer_ttl(&peer.max_ttl, 255, report));
            peers.push(UnicastPeer { ip: peer.ip.value, ttl: ttl.then_some(range) });
        }
    }
    peers
}

fn peer_ttl(given: &Option<Spanned<i64>>, otherwise: u8, report: &mut Report) -> u8 {
    let Some(given) = given else { return otherwise };
    u8::try_from(given.value).unwrap_or_else(|_| {
        report.error(given, "the TTL is out of range", "0 to 255").survived();
        otherwise
    })
}

fn source(draft: &InstanceDraft, family: AddressFamily, report: &mut Report) -> Option<IpAddr> {
    let source = draft.source.as_ref()?;
    if family_of(source.value) != family {
        report.error(source, "the source is not of the family of the virtual addresses", "").survived();
    }
    Some(source.value)
}

fn unicast_ttl(draft: &InstanceDraft, peers: &[UnicastPeer], report: &mut Report) -> Option<u8> {
    let given = draft.unicast_ttl.as_ref()?;
    let ttl = u8::try_from(given.value).ok();
    if ttl.is_none() {
        report.error(given, "the TTL is out of range", "0 to 255").survived();
    } else if peers.is_empty() {
        report
            .warning(given, "`unicast_ttl` without `unicast_peer` is ignored here", "no peers to send to")
            .help("keepalived 2.2.7 would then send with TTL 0, and no advert would leave the host: remove the line");
        return None;
    }
    ttl
}

fn garp(draft: &InstanceDraft, defaults: &DefaultsDraft, report: &mut Report) -> Garp {
    let built_in = Garp::default();
    let delay = |own: &Option<Spanned<Span>>, default: Span| own.as_ref().map_or(default, |given| given.value);
    let mut count = |own: Option<&Spanned<i64>>, least: u32, default: u32| {
        let Some(given) = own else { return default };
        u32::try_from(given.value).ok().filter(|n| *n >= least).unwrap_or_else(|| {
            let used = if given.value < i64::from(least) { least } else { default };
            report.warning(given, format!("this count is out of range, {used} is used"), format!("{least} or more"));
            used
        })
    };
    let interval = |given: &Option<Spanned<Span>>| given.as_ref().map_or(Span::ZERO, |given| given.value);
    let lower_repeat = draft.garp_lower_prio_repeat.as_ref().or(defaults.garp_lower_prio_repeat.as_ref());
    let lower_delay = draft.garp_lower_prio_delay.as_ref().or(defaults.garp_lower_prio_delay.as_ref());
    Garp {
        repeat: count(draft.garp_repeat.as_ref(), 1, built_in.repeat),
        delay: delay(&draft.garp_delay, built_in.delay),
        refresh: delay(&draft.garp_refresh, built_in.refresh),
        refresh_repeat: count(draft.garp_refresh_repeat.as_ref(), 1, built_in.refresh_repeat),
        lower_prio_repeat: count(lower_repeat, 0, built_in.lower_prio_repeat),
        lower_prio_delay: lower_delay.map_or(built_in.lower_prio_delay, |given| given.value),
        arp_interval: interval(&defaults.arp_interval),
        na_interval: interval(&defaults.na_interval),
    }
}

fn down_timer_adverts(draft: &InstanceDraft, report: &mut Report) -> u8 {
    const DEFAULT: u8 = 3;
    let Some(given) = &draft.down_timer_adverts else { return DEFAULT };
    u8::try_from(given.value).ok().filter(|n| (1..=100).contains(n)).unwrap_or_else(|| {
        report.warning(given, "this count of adverts is out of range, 3 is used", "1 to 100");
        DEFAULT
    })
}
