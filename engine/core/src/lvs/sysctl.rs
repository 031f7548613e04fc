//! The switches of `net.ipv4.vs` and the connection timeouts, with the kernel's defaults.
use crate::time::Span;

/// `net.ipv4.vs.*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sysctl {
    /// Every so manieth new connection is dropped while `drop_packet` is 2 or 3.
    pub am_droprate: u32,
    /// 2 and 3 drop new connections.
    pub drop_packet: u8,
    /// 2 and 3 take the stricter TCP states.
    pub secure_tcp: u8,
    /// Connections of removed servers end, and so do those of weight-0 servers at their next SYN.
    pub expire_nodest_conn: bool,
    /// Templates of weight-0 servers end.
    pub expire_quiescent_template: bool,
    /// Any TCP segment but RST makes a connection.
    pub sloppy_tcp: bool,
    /// What a SYN on a known connection does: 0 nothing; bit 0 or 1 schedules anew in TIME_WAIT and CLOSE; bit 1 in FIN_WAIT too
    /// where answers are not seen.
    pub conn_reuse_mode: u8,
    /// Outer headers of tunnels copy DF.
    pub pmtu_disc: bool,
    /// Packets of unknown NAT connections get an ICMP error.
    pub nat_icmp_send: bool,
    /// A backup of the sync protocol ignores requests.
    pub backup_only: bool,
    /// `lblc_expiration`.
    pub lblc_expiration: Span,
    /// `lblcr_expiration`.
    pub lblcr_expiration: Span,
    /// `sync_threshold`, first number.
    pub sync_threshold: u32,
    /// `sync_threshold`, second number.
    pub sync_period: u32,
}

impl Default for Sysctl {
    fn default() -> Sysctl {
        Sysctl {
            am_droprate: 10,
            drop_packet: 0,
            secure_tcp: 0,
            expire_nodest_conn: false,
            expire_quiescent_template: false,
            sloppy_tcp: false,
            conn_reuse_mode: 1,
            pmtu_disc: true,
            nat_icmp_send: false,
            backup_only: false,
            lblc_expiration: Span::from_secs(86_400),
            lblcr_expiration: Span::from_secs(86_400),
            sync_threshold: 3,
            sync_period: 50,
        }
    }
}

/// `ipvsadm --set`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Of ESTABLISHED.
    pub tcp: Span,
    /// Of FIN_WAIT.
    pub tcp_fin: Span,
    /// Of UDP.
    pub udp: Span,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts { tcp: Span::from_secs(900), tcp_fin: Span::from_secs(120), udp: Span::from_secs(300) }
    }
}
