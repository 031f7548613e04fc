//! `global_defs`, and what else a file says outside of blocks.
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::command::{Notify, Program, RunAs};
use crate::time::Span;

/// The node-wide settings that outlive reading: what instances copy from `global_defs` is in the instances.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Globals {
    /// `router_id`; the host's name where absent.
    pub router_id: Option<String>,
    /// `vrrp_startup_delay`.
    pub startup_delay: Span,
    /// `dynamic_interfaces`: interfaces may come and go.
    pub dynamic_interfaces: bool,
    /// `log_unknown_vrids`.
    pub log_unknown_vrids: bool,
    /// `interface_up_down_delays`.
    pub link_delays: Vec<LinkDelay>,
    /// Who gets which mails.
    pub mail: Mail,
    /// `notify_fifo`: changes of instances and of servers.
    pub fifo: Option<Fifo>,
    /// `vrrp_notify_fifo`.
    pub vrrp_fifo: Option<Fifo>,
    /// `lvs_notify_fifo`.
    pub lvs_fifo: Option<Fifo>,
    /// `vrrp_notify_priority_changes`.
    pub priority_changes: bool,
    /// `fifo_write_vrrp_states_on_reload`.
    pub states_on_reload: bool,
    /// `script_user`.
    pub script_user: Option<RunAs>,
    /// `enable_script_security`.
    pub script_security: bool,
    /// `startup_script`.
    pub startup: Option<Hook>,
    /// `shutdown_script`.
    pub shutdown: Option<Hook>,
    /// `lvs_timeouts`.
    pub lvs_timeouts: LvsTimeouts,
    /// `lvs_flush`.
    pub lvs_flush: bool,
    /// `lvs_flush_on_stop`.
    pub lvs_flush_on_stop: Option<FlushOnStop>,
    /// `lvs_sync_daemon`.
    pub sync_daemon: Option<SyncDaemon>,
    /// `garp_group`: interfaces that share the gap between announcements.
    pub garp_groups: Vec<GarpGroup>,
    /// `SSL`: certificates of `SSL_GET`.
    pub ssl: Option<Ssl>,
    /// Settings of the daemon's surroundings that no decision depends on, as written.
    pub surroundings: Vec<Setting>,
}

impl Globals {
    /// What the names of macvlans begin with (`vmac_prefix`).
    pub fn vmac_prefix(&self) -> &str {
        let given = self.surroundings.iter().rfind(|line| line.keyword == "vmac_prefix");
        given.and_then(|line| line.words.first()).map_or("vrrp", String::as_str)
    }
    /// Whether changes of this instance or group are mailed: what it leaves open is as the node has it.
    pub fn mails(&self, notify: &Notify) -> bool {
        self.mail.is_possible() && notify.mail.or(self.mail.vrrp).or(self.mail.everything).unwrap_or(false)
    }
    /// The pipes that hear of instances, in the order in which they are written to.
    pub fn instance_fifos(&self) -> impl Iterator<Item = &Fifo> {
        self.fifo.iter().chain(&self.vrrp_fifo)
    }
    /// All pipes.
    pub fn fifos(&self) -> impl Iterator<Item = &Fifo> {
        self.instance_fifos().chain(&self.lvs_fifo)
    }
}

/// A line that is kept as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The keyword.
    pub keyword: String,
    /// What follows it.
    pub words: Vec<String>,
    /// The lines of its block.
    pub lines: Vec<Vec<String>>,
}

/// `garp_group`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GarpGroup {
    /// `garp_interval`: the gap between two ARP announcements.
    pub arp_interval: Option<Span>,
    /// `gna_interval`: the gap between two neighbour advertisements.
    pub na_interval: Option<Span>,
    /// `interface`, `interfaces`.
    pub interfaces: Vec<String>,
}

/// `SSL`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ssl {
    /// `password` of the key.
    pub password: Option<String>,
    /// `ca`.
    pub authorities: Option<String>,
    /// `certificate`.
    pub certificate: Option<String>,
    /// `key`.
    pub key: Option<String>,
}

/// One line of `interface_up_down_delays`: a change of link counts after it has lasted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkDelay {
    /// The interface.
    pub interface: String,
    /// How long it must have been down.
    pub down: Span,
    /// How long it must have been up.
    pub up: Span,
}

/// Mails: `notification_email` and its companions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mail {
    /// `notification_email`.
    pub to: Vec<String>,
    /// `notification_email_from`.
    pub from: Option<String>,
    /// `smtp_server`: host and port.
    pub server: Option<(String, u16)>,
    /// `smtp_helo_name`.
    pub helo: Option<String>,
    /// `smtp_connect_timeout`; 30 seconds where absent.
    pub timeout: Option<Span>,
    /// `smtp_alert`.
    pub everything: Option<bool>,
    /// `smtp_alert_vrrp`.
    pub vrrp: Option<bool>,
    /// `smtp_alert_checker`.
    pub checkers: Option<bool>,
    /// `no_email_faults`.
    pub no_faults: bool,
    /// `no_checker_emails`: a checker's news is mailed only if its server comes or goes with it.
    pub servers_only: bool,
}

impl Mail {
    /// Whether there is somebody who takes mails, and somebody who gets them.
    pub const fn is_possible(&self) -> bool {
        self.server.is_some() && !self.to.is_empty()
    }
    /// Whether quorums are mailed of a virtual server that says this of it.
    pub fn of_service(&self, said: Option<bool>) -> bool {
        self.is_possible() && self.of_checkers(said).unwrap_or(false)
    }
    /// Whether the news is mailed of a real server that says this of it. Where nothing is said anywhere, it is.
    pub fn of_server(&self, said: Option<bool>) -> bool {
        self.is_possible() && self.of_checkers(said).unwrap_or(true)
    }
    fn of_checkers(&self, said: Option<bool>) -> Option<bool> {
        said.or(self.checkers).or(self.everything)
    }
}

/// A named pipe that changes are written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fifo {
    /// Its path.
    pub path: String,
    /// Whose it is.
    pub owner: Option<RunAs>,
    /// The program that reads it.
    pub reader: Option<Program>,
}

/// A program that runs once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// The program.
    pub program: Program,
    /// How long it may take; 10 seconds where absent.
    pub timeout: Option<Span>,
}

/// `lvs_timeouts`, in seconds; the kernel's where absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LvsTimeouts {
    /// Established TCP connections.
    pub tcp: Option<u32>,
    /// TCP connections after a FIN.
    pub tcp_fin: Option<u32>,
    /// UDP.
    pub udp: Option<u32>,
}

/// `lvs_flush_on_stop`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlushOnStop {
    /// The whole table.
    Everything,
    /// `VS`: the configured services.
    Services,
}

/// `lvs_sync_daemon`: the master of an instance tells the backup its connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncDaemon {
    /// By this interface.
    pub interface: String,
    /// The state of this instance decides the direction.
    pub instance: Option<String>,
    /// `id`; the VRID of the instance where absent.
    pub id: Option<u8>,
    /// `maxlen`.
    pub most_bytes: Option<u16>,
    /// `port`.
    pub port: Option<u16>,
    /// `ttl`.
    pub ttl: Option<u8>,
    /// `group`.
    pub group: Option<IpAddr>,
}
