//! Virtual servers and health checkers: what a text says, what its silence means, and what keepalived makes of mistakes.
use vrrplab_engine::model::command::{Program, RunAs};
use vrrplab_engine::model::globals::{GarpGroup, Ssl};
use vrrplab_engine::model::health::{
    Check, CheckKind, Connection, DnsCheck, DnsType, FileCheck, HttpCheck, HttpVersion, MiscCheck, RegexCheck, Timing,
    UdpCheck, UdpReply, UrlCheck,
};
use vrrplab_engine::model::lvs::{
    Endpoint, Forwarding, Granularity, GroupMember, Persistence, Protocol, RealServerModel, Scheduler, SchedulerFlags,
    ServerGroupModel, ServiceKey, SorryServer, Tunnel, TunnelChecksum, VirtualServerModel,
};
use vrrplab_engine::model::{AddressFamily, IfIndex, InterfaceModel, Mac, NodeModel};
use vrrplab_engine::policy::Policy;
use vrrplab_engine::time::Span;
use vrrplab_formats::builder::build_node;
use vrrplab_formats::diagnostics::{Keepalived, Report};
use vrrplab_formats::keepalived::{parse, print};

fn interfaces() -> Vec<InterfaceModel> {
    let one = |(number, name): (u8, &str)| InterfaceModel {
        index: IfIndex(u32::from(number) + 1),
        name: name.to_owned(),
        mac: Mac([2, 0, 0, 0, 0, number]),
        addresses: Vec::new(),
        up: true,
    };
    [(1, "eth0"), (2, "eth1")].into_iter().map(one).collect()
}

/// The model of a text, and what was said about it.
fn read(text: &str) -> (NodeModel, Report) {
    let mut report = Report::default();
    let draft = parse("keepalived.conf", text, &mut report);
    let node = build_node("lb1", Policy::default(), interfaces(), &draft, &mut report);
    // That scripts lack security is told of every file with one; other tests look at that.
    report.diagnostics.retain(|d| d.keepalived != Keepalived::Complains(6));
    (node.unwrap_or_else(|| panic!("{report}")), report)
}

/// The model of a text without mistakes, which reads back from print.
fn clean(text: &str) -> NodeModel {
    let (node, report) = read(text);
    assert_eq!(report.render(false), "");
    let printed = print(&node);
    assert_eq!(read(&printed).0, node, "{printed}");
    node
}

fn at(ip: &str, port: u16) -> Endpoint {
    Endpoint { ip: ip.parse().unwrap(), port }
}

fn program(words: &[&str], user: Option<(&str, &str)>) -> Option<Program> {
    let words = words.iter().map(|w| (*w).to_owned()).collect();
    let user = user.map(|(user, group)| RunAs { user: user.to_owned(), group: Some(group.to_owned()) });
    Some(Program { words, user })
}

fn secs(delay_loop: u64, warmup: u64, retry: u32, delay_before_retry: u64) -> Option<Timing> {
    let [delay_loop, warmup, delay_before_retry] = [delay_loop, warmup, delay_before_retry].map(Span::from_secs);
    Some(Timing { delay_loop, warmup, retry, delay_before_retry })
}

fn to(endpoint: Endpoint, timeout: u64) -> Option<Connection> {
    let timeout = Span::from_secs(timeout);
    Some(Connection { to: endpoint, from: None, from_port: 0, interface: None, mark: 0, timeout })
}

fn service(inside: &str) -> String {
    format!("virtual_server 10.9.0.1 80 {{\n lb_algo rr\n lb_kind NAT\n protocol TCP\n{inside}\n}}\n")
}

/// The checks of one real server that stands in such a service.
fn checks(service_lines: &str, server_lines: &str) -> Vec<Check> {
    let text = format!("{service_lines}\n real_server 10.0.0.1 8080 {{\n{server_lines}\n }}");
    let before = "track_file f {\n file /f\n weight 3\n}\nbfd_instance b {\n neighbor_ip 10.0.0.9\n checker\n}\n";
    clean(&(before.to_owned() + &service(&text))).servers[0].real_servers[0].checks.clone()
}

const BRIEF: &str = "\
! two web servers behind one address
virtual_server 166.166.166.166 443 {
    delay_loop 5                    # seconds
    lb_algo sh
    lb_kind NAT
    persistence_timeout 10800       # three hours
    protocol TCP

    real_server 10.1.1.1 443 {
        weight 1
        TCP_CHECK {
            connect_port 443
            connect_timeout 3
            nb_get_retry 3
            delay_before_retry 3
        }
    }

    real_server 10.1.1.2 443 {
        weight 1
        TCP_CHECK {
            connect_port 443
            connect_timeout 3
            nb_get_retry 3
            delay_before_retry 3
        }
    }
}
";

#[test]
fn the_retries_of_a_tcp_check_go_by_another_name_and_one_more_try_is_all_there_is() {
    let (node, report) = read(BRIEF);
    insta::assert_snapshot!(report.render(false));
    assert_eq!((report.refusals(), report.keepalived_exit()), (0, 5));
    let server = |ip: &str| {
        let check = Check {
            timing: secs(5, 5, 1, 3),
            alpha: false,
            log_all_failures: None,
            connection: to(at(ip, 443), 3),
            kind: CheckKind::Tcp,
        };
        RealServerModel {
            endpoint: at(ip, 443),
            weight: 1,
            forwarding: Forwarding::Nat,
            upper_threshold: 0,
            lower_threshold: 0,
            inhibit_on_failure: false,
            alpha: false,
            notify_up: None,
            notify_down: None,
            virtual_host: None,
            snmp_name: None,
            mail: None,
            checks: vec![check],
        }
    };
    let expected = VirtualServerModel {
        key: ServiceKey::Address(at("166.166.166.166", 443)),
        protocol: Some(Protocol::Tcp),
        scheduler: Scheduler::Sh,
        flags: SchedulerFlags::default(),
        hashed: false,
        one_packet: false,
        forwarding: Forwarding::Nat,
        persistence: Some(Persistence { timeout: Span::from_secs(10_800), granularity: Granularity::Mask(u32::MAX) }),
        persistence_engine: None,
        ha_suspend: false,
        alpha: false,
        omega: false,
        quorum: 1,
        hysteresis: 0,
        quorum_up: None,
        quorum_down: None,
        virtual_host: None,
        snmp_name: None,
        mail: None,
        sorry: None,
        real_servers: vec![server("10.1.1.1"), server("10.1.1.2")],
    };
    assert_eq!(node.servers, [expected]);
    let printed = print(&node);
    insta::assert_snapshot!("brief_printed", printed);
    assert_eq!(clean(&printed), node);
}

#[test]
fn every_keyword_of_a_service_has_its_place_in_the_model() {
    let text = "virtual_server_group web {\n 10.9.0.1 80\n 10.9.0.10-12 80\n 10.8.0.0/20 443\n fd00::a-1f 80\n fwmark 7 inet6\n}\n\
        virtual_server fwmark 9 {\n lvs_sched mh\n mh-port\n mh-fallback\n flag-3\n lvs_method TUN type gue port 6080 csum\n \
        persistence_timeout 50\n persistence_granularity 255.255.255.0\n persistence_engine sip\n ops\n hashed\n omega\n alpha\n \
        quorum 4\n hysteresis 2\n quorum_up \"/bin/up 'a b'\" root adm\n quorum_down /bin/down\n weight 2\n \
        virtualhost example.org\n snmp_name s\n smtp_alert off\n inhibit_on_failure\n \
        sorry_server 10.0.0.9 80\n sorry_server_inhibit\n sorry_server_lvs_method NAT\n \
        real_server 10.0.0.1 {\n uthreshold 9\n lthreshold 5\n notify_up /bin/u\n notify_down \"/bin/d 1\"\n alpha off\n \
        inhibit_on_failure off\n virtualhost other.org\n snmp_name r\n smtp_alert\n }\n \
        real_server 10.0.0.2 80 {\n weight 3\n lvs_method NAT\n }\n}\n";
    let node = clean(text);
    let range = |ip: &str, port, more| GroupMember::Addresses { first: at(ip, port), more };
    let members = vec![
        range("10.9.0.1", 80, 0),
        range("10.9.0.10", 80, 2),
        range("10.8.0.0", 443, 4095),
        range("fd00::a", 80, 21),
        GroupMember::Mark(7, Some(AddressFamily::V6)),
    ];
    assert_eq!(node.server_groups, [ServerGroupModel { name: "web".to_owned(), members }]);
    let gue = Forwarding::Tun(Tunnel::Gue(6080, TunnelChecksum::Csum));
    let real = |ip: &str, port, weight| RealServerModel {
        endpoint: at(ip, port),
        weight,
        forwarding: gue,
        upper_threshold: 0,
        lower_threshold: 0,
        inhibit_on_failure: true,
        alpha: true,
        notify_up: None,
        notify_down: None,
        virtual_host: Some("example.org".to_owned()),
        snmp_name: None,
        mail: None,
        checks: Vec::new(),
    };
    let first = RealServerModel {
        upper_threshold: 9,
        lower_threshold: 5,
        inhibit_on_failure: false,
        alpha: false,
        notify_up: program(&["/bin/u"], None),
        notify_down: program(&["/bin/d", "1"], None),
        virtual_host: Some("other.org".to_owned()),
        snmp_name: Some("r".to_owned()),
        mail: Some(true),
        ..real("10.0.0.1", 0, 2)
    };
    let expected = VirtualServerModel {
        key: ServiceKey::Mark(9, AddressFamily::V4),
        protocol: None,
        scheduler: Scheduler::Mh,
        flags: SchedulerFlags { first: true, second: true, third: true },
        hashed: true,
        one_packet: true,
        forwarding: gue,
        persistence: Some(Persistence { timeout: Span::from_secs(50), granularity: Granularity::Mask(0xffff_ff00) }),
        persistence_engine: Some("sip".to_owned()),
        ha_suspend: false,
        alpha: true,
        omega: true,
        quorum: 4,
        hysteresis: 2,
        quorum_up: program(&["/bin/up", "a b"], Some(("root", "adm"))),
        quorum_down: program(&["/bin/down"], None),
        virtual_host: Some("example.org".to_owned()),
        snmp_name: Some("s".to_owned()),
        mail: Some(false),
        sorry: Some(SorryServer { endpoint: at("10.0.0.9", 80), forwarding: Forwarding::Nat, inhibit: true }),
        real_servers: vec![first, RealServerModel { forwarding: Forwarding::Nat, ..real("10.0.0.2", 80, 3) }],
    };
    assert_eq!(node.servers, [expected]);
}

#[test]
fn a_group_may_come_after_the_service_that_names_it() {
    let text = "virtual_server group g {\n lb_algo wrr\n lb_kind DR\n protocol UDP\n ops\n real_server fd00::1 53 {\n }\n}\n\
        virtual_server_group other {\n 10.9.0.1 53\n}\nvirtual_server_group g {\n fd00::9 53\n}\n";
    let node = clean(text);
    assert_eq!((&node.servers[0].key, node.servers[0].one_packet), (&ServiceKey::Group(1), true));
}

#[test]
fn what_nobody_says_is_built_in_and_differs_between_kinds() {
    let found = checks(
        "",
        "TCP_CHECK {\n}\nPING_CHECK {\n}\nSMTP_CHECK {\n}\nUDP_CHECK {\n}\nDNS_CHECK {\n}\nMISC_CHECK {\n misc_path /bin/c\n}\n\
         HTTP_GET {\n url {\n path /\n }\n}\nFILE_CHECK {\n track_file f\n}\nBFD_CHECK {\n name b\n}",
    );
    let timings: Vec<_> = found.iter().map(|c| c.timing).collect();
    let (one, dns) = (secs(60, 60, 1, 1), secs(60, 60, 3, 60));
    assert_eq!(timings, [one, one, one, one, dns, secs(60, 60, 0, 1), secs(60, 60, 1, 3), None, None]);
    let connections: Vec<_> = found.iter().map(|c| c.connection.clone()).collect();
    let own = to(at("10.0.0.1", 8080), 5);
    let expected = [own.clone(), own.clone(), own.clone(), own.clone(), own.clone(), None, own.clone(), None, None];
    assert_eq!(connections, expected);
    let kinds: Vec<_> = found.into_iter().map(|c| c.kind).collect();
    let page = UrlCheck { path: "/".to_owned(), digest: None, status: Vec::new(), virtual_host: None, regex: None };
    let http = HttpCheck {
        tls: false,
        version: HttpVersion::V1_0,
        sni: false,
        fast_recovery: false,
        tls_compliant: false,
        virtual_host: None,
        urls: vec![page],
    };
    let misc = MiscCheck { program: program(&["/bin/c"], None).unwrap(), timeout: Span::from_secs(60), dynamic: false };
    let expected = [
        CheckKind::Tcp,
        CheckKind::Ping,
        CheckKind::Smtp("smtpchecker.keepalived.org".to_owned()),
        CheckKind::Udp(UdpCheck { payload: Vec::new(), reply: None }),
        CheckKind::Dns(DnsCheck { kind: DnsType::Soa, name: ".".to_owned() }),
        CheckKind::Misc(misc),
        CheckKind::Http(http),
        CheckKind::File(FileCheck { file: 0, weight: 3, reverse: false }),
        CheckKind::Bfd(0),
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn the_innermost_value_wins() {
    let service = " delay_loop 7\n retry 4\n delay_before_retry 2\n connect_timeout 9\n alpha\n virtualhost v.org";
    let url = "url {\n path /\n }";
    let silent = checks(service, &format!("MISC_CHECK {{\n misc_path /c\n }}\n HTTP_GET {{\n {url}\n }}"));
    assert_eq!(silent.iter().map(|c| c.timing).collect::<Vec<_>>(), [secs(7, 7, 4, 2), secs(7, 7, 4, 2)]);
    assert!(silent.iter().all(|c| c.alpha));
    assert_eq!(silent[1].connection, to(at("10.0.0.1", 8080), 9));

    let server = " delay_loop 3\n retry 5\n warmup 0\n alpha off\n virtualhost r.org";
    let own =
        "delay_loop 2\n warmup 1\n retry 0\n delay_before_retry 8\n connect_timeout 1\n alpha\n virtualhost h.org";
    let lines = format!(
        "{server}\n DNS_CHECK {{\n }}\n MISC_CHECK {{\n misc_path /c\n }}\n HTTP_GET {{\n {own}\n {url}\n url {{\n path /b\n \
         virtualhost u.org\n }}\n }}"
    );
    let found = checks(service, &lines);
    let timings: Vec<_> = found.iter().map(|c| c.timing).collect();
    assert_eq!(timings, [secs(3, 0, 5, 2), secs(3, 0, 5, 2), secs(2, 1, 0, 8)]);
    assert_eq!(found.iter().map(|c| c.alpha).collect::<Vec<_>>(), [false, false, true]);
    // a program has the time that the virtual server says, not the real server
    assert!(matches!(&found[1].kind, CheckKind::Misc(misc) if misc.timeout == Span::from_secs(7)));
    let CheckKind::Http(http) = &found[2].kind else { panic!("{found:?}") };
    let hosts: Vec<_> = http.urls.iter().map(|url| url.virtual_host.as_deref()).collect();
    assert_eq!((http.virtual_host.as_deref(), hosts), (Some("h.org"), vec![Some("h.org"), Some("u.org")]));
}

#[test]
fn every_checker_has_keywords_of_its_own() {
    let connection = "connect_ip 10.0.0.7\n connect_port 81\n bindto 10.0.0.2\n bind_port 1024\n bind_if eth0\n fwmark 5\n \
                      log_all_failures";
    let page = "path /a\n digest 0123456789abcdef0123456789abcdef\n status_code 200 301-303\n regex \"a b\"\n regex_no_match\n \
                regex_options caseless multiline\n regex_min_offset 3\n regex_max_offset 9\n regex_stack 100 500";
    let lines = format!(
        "SSL_GET {{\n http_protocol 1.0c\n enable_sni\n fast_recovery\n url {{\n {page}\n }}\n {connection}\n }}\n \
         SMTP_CHECK {{\n helo_name me\n host {{\n connect_port 2525\n }}\n }}\n \
         DNS_CHECK {{\n type mx\n name example.org\n }}\n \
         MISC_CHECK {{\n misc_path \"/bin/c -x\"\n misc_timeout 4\n misc_dynamic\n user u g\n }}\n \
         UDP_CHECK {{\n payload \"0a Bc\"\n require_reply 1xX2\n min_reply_length 2\n max_reply_length 512\n }}\n \
         FILE_CHECK {{\n track_file f\n weight -5 reverse\n }}\n BFD_CHECK {{\n name b\n alpha\n }}"
    );
    let found = checks("", &lines);
    let regex = RegexCheck {
        pattern: "a b".to_owned(),
        must_not_match: true,
        options: vec!["caseless".to_owned(), "multiline".to_owned()],
        min_offset: 3,
        max_offset: 9,
        stack: Some((100, 500)),
    };
    let url = UrlCheck {
        path: "/a".to_owned(),
        digest: Some("0123456789abcdef0123456789abcdef".to_owned()),
        status: vec![(200, 200), (301, 303)],
        virtual_host: None,
        regex: Some(regex),
    };
    let http = HttpCheck {
        tls: true,
        version: HttpVersion::V1_0Close,
        sni: true,
        fast_recovery: true,
        tls_compliant: false,
        virtual_host: None,
        urls: vec![url],
    };
    let misc = MiscCheck {
        program: program(&["/bin/c", "-x"], Some(("u", "g"))).unwrap(),
        timeout: Span::from_secs(4),
        dynamic: true,
    };
    let reply = UdpReply { pattern: vec![(0x10, 0xf0), (0x02, 0x0f)], min_length: 2, max_length: 512 };
    let kinds = [
        CheckKind::Http(http),
        CheckKind::Smtp("me".to_owned()),
        CheckKind::Dns(DnsCheck { kind: DnsType::Mx, name: "example.org".to_owned() }),
        CheckKind::Misc(misc),
        CheckKind::Udp(UdpCheck { payload: vec![0x0a, 0xbc], reply: Some(reply) }),
        CheckKind::File(FileCheck { file: 0, weight: -5, reverse: true }),
        CheckKind::Bfd(0),
    ];
    assert_eq!(found.iter().map(|c| c.kind.clone()).collect::<Vec<_>>(), kinds);
    let connection = Connection {
        to: at("10.0.0.7", 81),
        from: Some("10.0.0.2".parse().unwrap()),
        from_port: 1024,
        interface: Some("eth0".to_owned()),
        mark: 5,
        timeout: Span::from_secs(5),
    };
    assert_eq!((found[0].connection.clone(), found[0].log_all_failures), (Some(connection), Some(true)));
    assert_eq!((found[1].connection.clone(), found[6].alpha), (to(at("10.0.0.1", 2525), 5), true));
}

#[test]
fn certificates_and_groups_of_announcements_are_kept() {
    let node = read(
        "SSL {\n password p\n ca /ca\n certificate /c\n key /k\n}\n\
        garp_group {\n garp_interval 0.5\n gna_interval 1\n interfaces {\n eth0\n eth1\n }\n}\n",
    )
    .0;
    let text = |text: &str| Some(text.to_owned());
    let ssl = Ssl { password: text("p"), authorities: text("/ca"), certificate: text("/c"), key: text("/k") };
    assert_eq!(node.globals.ssl, Some(ssl));
    let group = GarpGroup {
        arp_interval: Some(Span::from_millis(500)),
        na_interval: Some(Span::from_secs(1)),
        interfaces: vec!["eth0".to_owned(), "eth1".to_owned()],
    };
    assert_eq!(node.globals.garp_groups, [group]);
    assert_eq!(read(&print(&node)).0, node);
}

/// Mistakes, each with what `keepalived -t` of 2.2.7 exits with.
const MISTAKES: &[(&str, u8, &str)] = &[
    ("nothing said", 5, "virtual_server 10.9.0.1 {\n real_server 10.0.0.1 {\n }\n}"),
    (
        "unknown names",
        5,
        "virtual_server 10.9.0.1 80 {\n lb_algo RR\n lb_kind nat\n protocol foo\n real_server 10.0.0.1 {\n }\n}",
    ),
    ("no servers", 5, "virtual_server 10.9.0.1 80 {\n lb_algo rr\n lb_kind NAT\n protocol TCP\n}"),
    ("no page", 139, "S real_server 10.0.0.1 80 {\n HTTP_GET {\n url {\n status_code 200\n }\n }\n }"),
    (
        "a page",
        5,
        "S real_server 10.0.0.1 80 {\n HTTP_GET {\n nb_get_retry 3\n url {\n path /\n digest abc\n status_code 99 300-200\n }\n }\n }",
    ),
    (
        "weights",
        5,
        "S quorum 9\n hysteresis 8\n weight 0\n real_server 10.0.0.1 80 {\n weight -1\n }\n real_server 10.0.0.2 80 {\n weight 2\n }",
    ),
    (
        "families and copies",
        5,
        "S sorry_server fd00::9 80\n real_server fd00::1 80 {\n }\n real_server 10.0.0.1 80 {\n }\n real_server 10.0.0.1 80 {\n }",
    ),
    (
        "ports",
        5,
        "virtual_server 10.9.0.1 80 {\n lb_algo rr\n lb_kind DR\n protocol TCP\n real_server 10.0.0.1 8080 {\n }\n}",
    ),
    (
        "a mark",
        5,
        "virtual_server fwmark 3 {\n lb_algo rr\n lb_kind DR\n protocol TCP\n ha_suspend\n real_server 10.0.0.1 80 {\n }\n}",
    ),
    (
        "flags",
        5,
        "S sh-port\n ops\n persistence_timeout 0\n persistence_granularity 24\n sorry_server_inhibit\n real_server 10.0.0.1 80 {\n }",
    ),
    (
        "tunnels",
        5,
        "S real_server 10.0.0.1 80 {\n lvs_method TUN type gue\n }\n real_server 10.0.0.2 80 {\n lvs_method TUN type ipip csum\n }\n real_server 10.0.0.3 80 {\n lvs_method TUN type gre remcsum\n }",
    ),
    (
        "checkers",
        5,
        "S real_server 10.0.0.1 80 {\n MISC_CHECK {\n connect_port 1\n }\n DNS_CHECK {\n type PTR\n }\n UDP_CHECK {\n payload zz\n }\n FILE_CHECK {\n track_file nope\n retry 1\n }\n BFD_CHECK {\n name nope\n }\n TCP_CHECK {\n bindto fd00::1\n connect_port 0\n }\n }",
    ),
    (
        "groups",
        5,
        "virtual_server_group g {\n 10.9.0.x 80\n 10.9.0.1-300\n 10.9.0.9-2\n 10.9.0.1/24 80\n fwmark x\n}\nvirtual_server group g {\n lb_algo rr\n real_server 10.0.0.1 80 {\n }\n}",
    ),
    (
        "an unknown group",
        0,
        "virtual_server group nope {\n lb_algo rr\n lb_kind NAT\n protocol TCP\n real_server 10.0.0.1 80 {\n }\n}",
    ),
    ("a group without a name", 139, "virtual_server group {\n}"),
    ("announcements", 5, "garp_group {\n}\nSSL {\n ca /a\n}\nSSL {\n ca /b\n}"),
];

#[test]
fn mistakes_are_told_with_what_keepalived_makes_of_them() {
    let mut shown = String::new();
    for (name, exit, text) in MISTAKES {
        let text = text.strip_prefix("S ").map_or_else(|| (*text).to_owned(), service);
        let mut report = Report::default();
        parse("keepalived.conf", &text, &mut report);
        assert_eq!(report.keepalived_exit(), *exit, "{name}\n{report}");
        shown += &format!("== {name}\n{report}\n");
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn a_mistake_leaves_the_rest_of_the_service_as_it_is() {
    let text = "virtual_server 10.9.0.1 {\n quorum 9\n hysteresis 5\n real_server 10.0.0.1 80 {\n weight 2\n }\n}";
    let server = read(text).0.servers.remove(0);
    assert_eq!((server.protocol, server.scheduler), (Some(Protocol::Udp), Scheduler::Wlc));
    assert_eq!((server.forwarding, server.quorum, server.hysteresis), (Forwarding::Nat, 2, 1));
    assert_eq!(server.persistence.map(|p| p.timeout), Some(Span::from_secs(360)));
    let nothing = "S real_server 10.0.0.1 80 {\n weight 0\n }".strip_prefix("S ").map(service).unwrap();
    let server = read(&nothing).0.servers.remove(0);
    assert_eq!((server.quorum, server.hysteresis), (0, u32::MAX));
    assert_eq!(read(&print(&read(&nothing).0)).0, read(&nothing).0);
}
