//! Keywords of health checkers.
use super::{AGES, Block, I32, Keyword, LONGEST, Section, Takes, U32, kept, modelled, refused};

/// Every checker has these.
#[rustfmt::skip]
const TIMING: [Keyword; 6] = [
    modelled("delay_loop", Takes::Seconds(1, AGES), "the server's", "from one check to the next"),
    modelled("warmup", Takes::Seconds(0, AGES), "the server's", "the first check comes within this time"),
    modelled("retry", Takes::Int(0, U32), "the server's", "so many more tries before it has failed"),
    modelled("delay_before_retry", Takes::Seconds(0, AGES), "the server's", "from a failed try to the next"),
    modelled("alpha", Takes::Switch, "the server's", "it begins as failed"),
    kept("log_all_failures", Takes::Switch, "checker_log_all_failures", "every failed try is logged"),
];

/// And those that connect, these as well.
#[rustfmt::skip]
const CONNECTING: [Keyword; 13] = {
    let [a, b, c, d, e, f] = TIMING;
    [
        a, b, c, d, e, f,
        modelled("connect_ip", Takes::Address, "the server's", "where it connects to"),
        modelled("connect_port", Takes::Int(1, 65_535), "the server's", "where it connects to"),
        modelled("bindto", Takes::Address, "the system's choice", "where it connects from"),
        modelled("bind_port", Takes::Int(1, 65_535), "any", "where it connects from"),
        modelled("bind_if", Takes::Word("IF"), "the system's choice", "where it connects from"),
        modelled("connect_timeout", Takes::Seconds(1, LONGEST), "the server's", "how long a connection may take"),
        kept("fwmark", Takes::Int(0, U32), "0", "mark of its packets"),
    ]
};

/// `TCP_CHECK`
pub(super) static TCP: Section =
    Section { block: Block::TcpCheck, header: "TCP_CHECK { }", keywords: &[], shared: &CONNECTING };

/// `PING_CHECK`
pub(super) static PING: Section =
    Section { block: Block::PingCheck, header: "PING_CHECK { }", keywords: &[], shared: &CONNECTING };

/// `HTTP_GET`, `SSL_GET`
#[rustfmt::skip]
pub(super) static HTTP: Section = Section {
    block: Block::HttpCheck,
    header: "HTTP_GET { }, SSL_GET { }",
    keywords: &[
        modelled("url", Takes::Block(Block::Url), "", "a page, asked for in this order; at least one"),
        modelled("virtualhost", Takes::Word("NAME"), "the server's", "the Host of the request"),
        modelled("http_protocol", Takes::OneOf(&["1.0", "1.1", "1.0C", "1.0c"]), "1.0", "the version of the request"),
        modelled("enable_sni", Takes::Switch, "off", "TLS names the host"),
        modelled("fast_recovery", Takes::Switch, "off", "one good page is enough after a failure"),
        modelled("nb_get_retry", Takes::Int(1, U32), "1", "deprecated: retry"),
        refused("tls_compliant", Takes::Switch, "known from 2.3 on"),
    ],
    shared: &CONNECTING,
};

/// `url`
#[rustfmt::skip]
pub(super) static URL: Section = Section {
    block: Block::Url,
    header: "url { }",
    keywords: &[
        modelled("path", Takes::Word("PATH"), "", "the page; required"),
        modelled("digest", Takes::Word("MD5"), "", "of the body, 32 hexadecimal digits"),
        modelled("status_code", Takes::Words(1, usize::MAX, "CODE|FROM-TO ..."), "200-299", "these are good"),
        modelled("virtualhost", Takes::Word("NAME"), "the checker's", "the Host of the request"),
        modelled("regex", Takes::Word("EXPRESSION"), "", "the body must match"),
        modelled("regex_no_match", Takes::Nothing, "off", "the body must not match"),
        modelled("regex_options", Takes::Words(1, usize::MAX, "OPTION ..."), "", "of PCRE2"),
        modelled("regex_min_offset", Takes::Int(0, U32), "0", "a match begins here at the earliest"),
        modelled("regex_max_offset", Takes::Int(0, U32), "0", "and here at the latest; 0 is the end"),
        kept("regex_stack", Takes::Words(2, 2, "START MAX"), "", "memory of PCRE2 in bytes"),
    ],
    shared: &[],
};

/// `SMTP_CHECK`
#[rustfmt::skip]
pub(super) static SMTP: Section = Section {
    block: Block::SmtpCheck,
    header: "SMTP_CHECK { }",
    keywords: &[
        modelled("helo_name", Takes::Word("NAME"), "smtpchecker.keepalived.org", "how it introduces itself"),
        modelled("host", Takes::Block(Block::SmtpHost), "", "deprecated: where it connects to"),
    ],
    shared: &CONNECTING,
};

/// `host` in `SMTP_CHECK`
pub(super) static SMTP_HOST: Section =
    Section { block: Block::SmtpHost, header: "host { }", keywords: &[], shared: &CONNECTING };

/// `DNS_CHECK`
#[rustfmt::skip]
pub(super) static DNS: Section = Section {
    block: Block::DnsCheck,
    header: "DNS_CHECK { }",
    keywords: &[
        modelled("type", Takes::OneOf(&["A", "NS", "CNAME", "SOA", "MX", "TXT", "AAAA", "RRSIG", "DNSKEY"]), "SOA", "what is asked for"),
        modelled("name", Takes::Word("DOMAIN"), ".", "about which name"),
    ],
    shared: &CONNECTING,
};

/// `MISC_CHECK`
#[rustfmt::skip]
pub(super) static MISC: Section = Section {
    block: Block::MiscCheck,
    header: "MISC_CHECK { }",
    keywords: &[
        modelled("misc_path", Takes::Program, "", "the program: exit code 0 is good; required"),
        modelled("misc_timeout", Takes::Int(0, 4294), "delay_loop of the virtual server", "after this it is killed and has failed"),
        modelled("misc_dynamic", Takes::Switch, "off", "exit codes 2 to 255 set the weight to two less"),
        kept("user", Takes::Words(1, 2, "USER [GROUP]"), "script_user", "who runs it"),
    ],
    shared: &TIMING,
};

/// `UDP_CHECK`
#[rustfmt::skip]
pub(super) static UDP: Section = Section {
    block: Block::UdpCheck,
    header: "UDP_CHECK { }",
    keywords: &[
        modelled("payload", Takes::Word("HEX"), "", "what is sent"),
        modelled("require_reply", Takes::Words(0, 1, "[HEX with x for any digit]"), "off", "an answer must come, and begin like this"),
        modelled("min_reply_length", Takes::Int(0, 65_535), "0", "so long at least, in bytes"),
        modelled("max_reply_length", Takes::Int(0, 65_535), "255", "so long at most, in bytes"),
    ],
    shared: &CONNECTING,
};

/// `FILE_CHECK`
#[rustfmt::skip]
pub(super) static FILE: Section = Section {
    block: Block::FileCheck,
    header: "FILE_CHECK { }",
    keywords: &[
        modelled("track_file", Takes::Word("NAME"), "", "which file; required"),
        modelled("weight", Takes::Weight(I32), "the file's", "the number times this is added to the server's weight"),
    ],
    shared: &[],
};

/// `BFD_CHECK`
#[rustfmt::skip]
pub(super) static BFD: Section = Section {
    block: Block::BfdCheck,
    header: "BFD_CHECK { }",
    keywords: &[
        modelled("name", Takes::Word("NAME"), "", "which session; required"),
        modelled("alpha", Takes::Switch, "the server's", "it begins as failed"),
    ],
    shared: &[],
};

/// `SSL`
#[rustfmt::skip]
pub(super) static SSL: Section = Section {
    block: Block::Ssl,
    header: "SSL { }",
    keywords: &[
        kept("password", Takes::Word("PASSWORD"), "", "of the key"),
        kept("ca", Takes::Word("PATH"), "", "trusted authorities"),
        kept("certificate", Takes::Word("PATH"), "", "the client's certificate"),
        kept("key", Takes::Word("PATH"), "", "the client's key"),
    ],
    shared: &[],
};
