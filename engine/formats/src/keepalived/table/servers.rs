//! Keywords of virtual and real servers.
use super::{AGES, Block, I32, Keyword, LONGEST, Section, Takes, U32, kept, modelled};

const METHOD: &str = "NAT|DR|TUN [type ipip|gue|gre [port N] [nocsum|csum|remcsum]]";
const SCHEDULERS: &[&str] =
    &["rr", "wrr", "lc", "wlc", "lblc", "lblcr", "sh", "mh", "dh", "fo", "ovf", "sed", "nq", "twos"];

/// What a virtual server sets for its real servers, and a real server for its checkers.
#[rustfmt::skip]
const BOTH: [Keyword; 10] = [
    modelled("delay_loop", Takes::Seconds(1, AGES), "60", "from one check to the next"),
    modelled("warmup", Takes::Seconds(0, AGES), "delay_loop", "the first check comes within this time"),
    modelled("retry", Takes::Int(1, U32), "1; 3 for DNS_CHECK, 0 for MISC_CHECK", "so many more tries before a server has failed"),
    modelled("delay_before_retry", Takes::Seconds(0, AGES), "1; 3 for HTTP_GET and SSL_GET", "from a failed try to the next"),
    modelled("connect_timeout", Takes::Seconds(1, LONGEST), "5", "how long a connection may take"),
    modelled("alpha", Takes::Switch, "off", "servers begin as failed"),
    modelled("inhibit_on_failure", Takes::Switch, "off", "a failed server gets weight 0 and is not removed"),
    kept("virtualhost", Takes::Word("NAME"), "", "the Host of HTTP_GET and SSL_GET"),
    kept("snmp_name", Takes::Word("NAME"), "", "no SNMP here"),
    modelled("smtp_alert", Takes::Switch, "smtp_alert_checker", "mails of a real server's checkers, or of a virtual server's quorum"),
];

/// `virtual_server`
#[rustfmt::skip]
pub(super) static VIRTUAL_SERVER: Section = Section {
    block: Block::VirtualServer,
    header: "virtual_server ADDR [PORT] | fwmark N | group NAME { }",
    keywords: &[
        modelled("lb_algo", Takes::OneOf(SCHEDULERS), "wlc", "which server gets a new connection; keepalived complains where it is missing"),
        modelled("lvs_sched", Takes::OneOf(SCHEDULERS), "wlc", "as lb_algo"),
        modelled("lb_kind", Takes::Words(1, 6, METHOD), "NAT", "how packets reach the servers; keepalived complains where it is missing"),
        modelled("lvs_method", Takes::Words(1, 6, METHOD), "", "as lb_kind"),
        modelled("protocol", Takes::OneOf(&["TCP", "UDP", "SCTP"]), "UDP", "the transport; keepalived complains where it is missing"),
        modelled("ip_family", Takes::OneOf(&["inet", "inet6"]), "by the servers", "the family of a mark"),
        modelled("persistence_timeout", Takes::Words(0, 1, "[SECONDS]"), "off; 360 if bare", "a client stays with its server, 1 to 2678400 s"),
        modelled("persistence_granularity", Takes::Words(1, 1, "NETMASK|1..128"), "one client", "clients under one mask are one"),
        kept("persistence_engine", Takes::Word("NAME"), "", "modules of the kernel"),
        kept("hashed", Takes::Nothing, "off", "a flag that the kernel sets itself"),
        modelled("ops", Takes::Nothing, "off", "every UDP packet is scheduled"),
        modelled("flag-1", Takes::Nothing, "off", "the scheduler's first flag"),
        modelled("flag-2", Takes::Nothing, "off", "the scheduler's second flag"),
        modelled("flag-3", Takes::Nothing, "off", "the scheduler's third flag"),
        modelled("sh-port", Takes::Nothing, "off", "sh looks at ports too"),
        modelled("sh-fallback", Takes::Nothing, "off", "sh goes on to another server when one is down"),
        modelled("mh-port", Takes::Nothing, "off", "mh looks at ports too"),
        modelled("mh-fallback", Takes::Nothing, "off", "mh goes on to another server when one is down"),
        modelled("ha_suspend", Takes::Nothing, "off", "no checks while the address is not on this node"),
        modelled("omega", Takes::Nothing, "off", "notify_down and quorum_down run at stop"),
        modelled("quorum", Takes::Int(1, U32), "1", "so much weight must be alive"),
        modelled("hysteresis", Takes::Int(0, U32), "0", "gained at quorum plus this, lost below quorum minus this"),
        modelled("quorum_up", Takes::Program, "", "runs when the quorum is gained"),
        modelled("quorum_down", Takes::Program, "", "runs when the quorum is lost"),
        modelled("weight", Takes::Int(1, I32), "1", "of servers that name none"),
        modelled("sorry_server", Takes::Words(1, 2, "ADDR [PORT]"), "", "takes over when the quorum is lost"),
        modelled("sorry_server_inhibit", Takes::Nothing, "off", "the sorry server gets weight 0 and is not removed"),
        modelled("sorry_server_lvs_method", Takes::Words(1, 6, METHOD), "lb_kind", "how packets reach the sorry server"),
        modelled("real_server", Takes::Named(Block::RealServer, 1, 2, "ADDR [PORT]"), "", "a server behind the service"),
    ],
    shared: &BOTH,
};

/// `real_server`
#[rustfmt::skip]
pub(super) static REAL_SERVER: Section = Section {
    block: Block::RealServer,
    header: "real_server ADDR [PORT] { }",
    keywords: &[
        modelled("weight", Takes::Int(0, I32), "the service's", "its share"),
        modelled("lvs_method", Takes::Words(1, 6, METHOD), "the service's", "how packets reach it"),
        modelled("uthreshold", Takes::Int(0, U32), "0", "no more connections than these; 0 is no limit"),
        modelled("lthreshold", Takes::Int(0, U32), "0", "new ones again below these"),
        modelled("notify_up", Takes::Program, "", "runs when it has come alive"),
        modelled("notify_down", Takes::Program, "", "runs when it has failed"),
        modelled("TCP_CHECK", Takes::Block(Block::TcpCheck), "", "a connection can be made"),
        modelled("HTTP_GET", Takes::Block(Block::HttpCheck), "", "pages are as they should be"),
        modelled("SSL_GET", Takes::Block(Block::HttpCheck), "", "the same over TLS"),
        modelled("SMTP_CHECK", Takes::Block(Block::SmtpCheck), "", "a mail server greets"),
        modelled("DNS_CHECK", Takes::Block(Block::DnsCheck), "", "a question is answered"),
        modelled("MISC_CHECK", Takes::Block(Block::MiscCheck), "", "a program says so"),
        modelled("UDP_CHECK", Takes::Block(Block::UdpCheck), "", "no ICMP error comes, or an answer"),
        modelled("PING_CHECK", Takes::Block(Block::PingCheck), "", "an echo comes back"),
        modelled("FILE_CHECK", Takes::Block(Block::FileCheck), "", "a number in a tracked file"),
        modelled("BFD_CHECK", Takes::Block(Block::BfdCheck), "", "a BFD session is up"),
    ],
    shared: &BOTH,
};
