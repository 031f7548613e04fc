//! Virtual servers, their groups and their real servers.
use std::net::{IpAddr, Ipv4Addr};

use vrrplab_engine::model::AddressFamily;
use vrrplab_engine::model::lvs::{
    Endpoint, Forwarding, Granularity, GroupMember, Protocol, RealServerModel, Scheduler, ServiceKey, Tunnel,
    TunnelChecksum, VirtualServerModel,
};

use super::Page;
use super::words::{seconds, word};

impl Page<'_> {
    /// Groups first.
    pub(super) fn servers(&mut self) {
        let model = self.model;
        for group in &model.server_groups {
            let header = format!("virtual_server_group {}", word(&group.name));
            self.list(&header, group.members.iter().map(|m| member(*m)));
        }
        model.servers.iter().for_each(|server| self.virtual_server(server));
    }

    fn virtual_server(&mut self, s: &VirtualServerModel) {
        let key = match s.key {
            ServiceKey::Address(at) => endpoint(at),
            ServiceKey::Mark(mark, _) => format!("fwmark {mark}"),
            ServiceKey::Group(position) => {
                let name = self.model.server_groups.get(position).map_or("", |group| group.name.as_str());
                format!("group {}", word(name))
            }
        };
        self.block(&format!("virtual_server {key}"), |page| {
            if let ServiceKey::Mark(_, family) = s.key {
                page.line_if(family == AddressFamily::V6, "ip_family inet6");
                page.line_if(family == AddressFamily::V4, "ip_family inet");
            }
            page.line(&format!("lb_algo {}", s.scheduler.name()));
            page.scheduler_flags(s);
            page.line(&format!("lb_kind {}", method(s.forwarding)));
            page.value("protocol", s.protocol.map(protocol));
            page.line_if(s.hashed && hashes(s.scheduler), "hashed");
            page.line_if(s.one_packet, "ops");
            page.persistence(s);
            page.word("persistence_engine", s.persistence_engine.as_ref());
            page.line_if(s.ha_suspend, "ha_suspend");
            page.line_if(s.alpha, "alpha");
            page.line_if(s.omega, "omega");
            let all: u64 = s.real_servers.iter().map(|r| u64::from(r.weight)).sum();
            page.line_if(s.quorum != 1 && all > 0, &format!("quorum {}", s.quorum));
            page.line_if(s.hysteresis != 0 && all > 0, &format!("hysteresis {}", s.hysteresis));
            page.program("quorum_up", s.quorum_up.as_ref());
            page.program("quorum_down", s.quorum_down.as_ref());
            page.word("virtualhost", s.virtual_host.as_ref());
            page.word("snmp_name", s.snmp_name.as_ref());
            page.switch("smtp_alert", s.mail);
            if let Some(sorry) = s.sorry {
                page.line(&format!("sorry_server {}", endpoint(sorry.endpoint)));
                page.line_if(sorry.inhibit, "sorry_server_inhibit");
                let own = (sorry.forwarding != s.forwarding).then(|| method(sorry.forwarding));
                page.value("sorry_server_lvs_method", own);
            }
            s.real_servers.iter().for_each(|real| page.real_server(real, s));
        });
    }

    fn scheduler_flags(&mut self, s: &VirtualServerModel) {
        let named = |first: &'static str, second: &'static str| [first, second];
        let [first, second] = match s.scheduler {
            Scheduler::Sh => named("sh-fallback", "sh-port"),
            Scheduler::Mh => named("mh-fallback", "mh-port"),
            _ => named("flag-1", "flag-2"),
        };
        self.line_if(s.flags.first, first);
        self.line_if(s.flags.second, second);
        self.line_if(s.flags.third, "flag-3");
    }

    fn persistence(&mut self, s: &VirtualServerModel) {
        let Some(persistence) = s.persistence else { return };
        self.line(&format!("persistence_timeout {}", seconds(persistence.timeout)));
        match persistence.granularity {
            Granularity::Mask(u32::MAX) | Granularity::Prefix(128) => {}
            Granularity::Mask(mask) => {
                self.line(&format!("persistence_granularity {}", Ipv4Addr::from_bits(mask)));
            }
            Granularity::Prefix(length) => self.line(&format!("persistence_granularity {length}")),
        }
    }

    fn real_server(&mut self, r: &RealServerModel, service: &VirtualServerModel) {
        self.block(&format!("real_server {}", endpoint(r.endpoint)), |page| {
            page.line(&format!("weight {}", r.weight));
            page.value("lvs_method", (r.forwarding != service.forwarding).then(|| method(r.forwarding)));
            page.line_if(r.upper_threshold != 0, &format!("uthreshold {}", r.upper_threshold));
            page.line_if(r.lower_threshold != 0, &format!("lthreshold {}", r.lower_threshold));
            page.line_if(r.inhibit_on_failure, "inhibit_on_failure");
            page.switch("alpha", (r.alpha != service.alpha).then_some(r.alpha));
            page.program("notify_up", r.notify_up.as_ref());
            page.program("notify_down", r.notify_down.as_ref());
            let own_host = r.virtual_host != service.virtual_host;
            page.word("virtualhost", r.virtual_host.as_ref().filter(|_| own_host));
            page.word("snmp_name", r.snmp_name.as_ref());
            page.switch("smtp_alert", r.mail);
            r.checks.iter().for_each(|check| page.check(check, r));
        });
    }
}

fn hashes(scheduler: Scheduler) -> bool {
    matches!(scheduler, Scheduler::Sh | Scheduler::Mh)
}

/// `ADDR [PORT]`
fn endpoint(at: Endpoint) -> String {
    if at.port == 0 { at.ip.to_string() } else { format!("{} {}", at.ip, at.port) }
}

fn member(member: GroupMember) -> String {
    match member {
        GroupMember::Addresses { first, more } => {
            let port = if first.port == 0 { String::new() } else { format!(" {}", first.port) };
            format!("{}{}{port}", first.ip, range(first.ip, more))
        }
        GroupMember::Mark(mark, None) => format!("fwmark {mark}"),
        GroupMember::Mark(mark, Some(AddressFamily::V4)) => format!("fwmark {mark} inet"),
        GroupMember::Mark(mark, Some(AddressFamily::V6)) => format!("fwmark {mark} inet6"),
    }
}

/// `-LAST` where the last number reaches so far, `/LEN` beyond.
fn range(ip: IpAddr, more: u32) -> String {
    let (last, most, width) = match ip {
        IpAddr::V4(ip) => (u64::from(ip.octets()[3]) + u64::from(more), 0xff, 32),
        IpAddr::V6(ip) => (u64::from(ip.segments()[7]) + u64::from(more), 0xffff, 128),
    };
    match (more, ip) {
        (0, _) => String::new(),
        (_, IpAddr::V4(_)) if last <= most => format!("-{last}"),
        (_, IpAddr::V6(_)) if last <= most => format!("-{last:x}"),
        _ => format!("/{}", width - (u32::BITS - more.leading_zeros())),
    }
}

fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
        Protocol::Sctp => "SCTP",
    }
}

fn method(forwarding: Forwarding) -> String {
    let checksum = |sum: TunnelChecksum| match sum {
        TunnelChecksum::None => "",
        TunnelChecksum::Csum => " csum",
        TunnelChecksum::RemCsum => " remcsum",
    };
    match forwarding {
        Forwarding::Nat => "NAT".to_owned(),
        Forwarding::Dr => "DR".to_owned(),
        Forwarding::Tun(Tunnel::Ipip) => "TUN".to_owned(),
        Forwarding::Tun(Tunnel::Gue(port, sum)) => format!("TUN type gue port {port}{}", checksum(sum)),
        Forwarding::Tun(Tunnel::Gre(sum)) => format!("TUN type gre{}", checksum(sum)),
    }
}
