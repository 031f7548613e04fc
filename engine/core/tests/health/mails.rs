//! What is mailed of servers and quorums, as a mail server was told by keepalived 2.2.7.
use vrrplab_engine::health::{Answer, Input};
use vrrplab_engine::model::NodeModel;
use vrrplab_engine::model::globals::{Globals, Mail};
use vrrplab_engine::model::health::{CheckKind, FileCheck, MiscCheck};
use vrrplab_engine::model::lvs::VirtualServerModel;
use vrrplab_engine::{Exit, Span};

use super::kinds::{http, page, url};
use super::stage::*;

const WELL: Answer = Answer::Reached;
const REFUSED: Answer = Answer::Refused(111);

fn post() -> Mail {
    Mail { to: vec!["admin@example.com".into()], server: Some(("mail.example".into(), 25)), ..Mail::default() }
}

fn mailed(mail: Mail, servers: Vec<VirtualServerModel>) -> NodeModel {
    let globals = Globals { router_id: Some("lb1".into()), mail, ..Globals::default() };
    NodeModel { globals, ..node(servers) }
}

/// The mails of these lines: the time, the end of the subject, and the words in it.
fn mails(lines: &[String]) -> Vec<String> {
    let mail = |line: &String| {
        let (rest, words) = line.split_once(": => ")?;
        let time = rest.split_once(' ')?.0;
        let subject = rest.split_once(": mail [lb1] ")?.1;
        Some(format!("{time} {subject}: {}", words.strip_suffix(" <=")?))
    };
    lines.iter().filter_map(mail).collect()
}

/// Where nothing is said of mails, real servers are mailed and quorums are not.
#[test]
fn the_news_of_a_checker_comes_with_the_state_of_its_server() {
    let stage = || {
        let checks = vec![check(11, CheckKind::Tcp, 0), check(12, CheckKind::Ping, 0)];
        Stage::of(&mailed(post(), vec![service(vec![server(11, 1, checks)])]))
    };
    news_with_states(stage());
    let mut answered = stage();
    answered.refuse(&[]);
    news_with_states(answered);
}

/// Whether or not the table's answer is waited for.
fn news_with_states(mut stage: Stage) {
    let mut lines = stage.give(Input::Start);
    lines.extend(stage.until(6000, |_| Some(WELL)));
    assert!(mails(&lines).is_empty(), "nothing is news at the start: {lines:?}");
    let only = |dead: &'static [u8]| move |last| Some(if dead.contains(&last) { REFUSED } else { WELL });
    let name = "Realserver [10.0.0.11]:tcp:80 of virtual server [10.99.0.1]:tcp:80";
    assert_eq!(
        mails(&stage.until(11_000, only(&[11, 12]))),
        [
            format!("11.000 {name} - DOWN: TCP CHECK failed on service"),
            format!("11.000 {name} - DOWN: ICMP CHECK failed on service")
        ]
    );
    assert_eq!(
        mails(&stage.until(16_000, only(&[12]))),
        [format!("16.000 {name} - DOWN: TCP CHECK succeed on service")]
    );
    assert_eq!(mails(&stage.until(21_000, only(&[]))), [format!("21.000 {name} - UP: ICMP CHECK succeed on service")]);
}

/// `no_checker_emails`: the second checker to fail, and the first to be well again, are not mailed.
#[test]
fn with_no_checker_emails_only_servers_that_come_and_go_are_mailed() {
    let checks = vec![check(11, CheckKind::Tcp, 0), check(12, CheckKind::Ping, 0)];
    let mail = Mail { servers_only: true, ..post() };
    let mut stage = Stage::of(&mailed(mail, vec![service(vec![server(11, 1, checks)])]));
    stage.give(Input::Start);
    let mut lines = stage.until(6000, |_| Some(REFUSED));
    lines.extend(stage.until(11_000, |last| Some(if last == 12 { REFUSED } else { WELL })));
    lines.extend(stage.until(16_000, |_| Some(WELL)));
    let name = "Realserver [10.0.0.11]:tcp:80 of virtual server [10.99.0.1]:tcp:80";
    assert_eq!(
        mails(&lines),
        [
            format!("1.000 {name} - DOWN: TCP CHECK failed on service"),
            format!("16.000 {name} - UP: ICMP CHECK succeed on service")
        ]
    );
}

/// The numbers: quorum 2, hysteresis 1; it comes with 3 and goes with 0. Its mail is before that of the server.
#[test]
fn quorums_are_mailed_with_their_numbers() {
    let mut service = service(vec![tcp(11, 1, 0), tcp(12, 1, 0), tcp(13, 1, 0)]);
    (service.quorum, service.hysteresis) = (2, 1);
    let mail = Mail { everything: Some(true), ..post() };
    let mut stage = Stage::of(&mailed(mail, vec![service]));
    let name = "Virtualserver [10.99.0.1]:tcp:80";
    assert_eq!(mails(&stage.give(Input::Start)), [format!("0.000 {name} - UP: Starting with quorum up 2+1=3 <= 3")]);
    let server = |last: u8| format!("Realserver [10.0.0.{last}]:tcp:80 of virtual server [10.99.0.1]:tcp:80");
    assert_eq!(
        mails(&stage.until(1000, |_| Some(REFUSED))),
        [
            format!("1.000 {} - DOWN: TCP CHECK failed on service", server(11)),
            format!("1.000 {} - DOWN: TCP CHECK failed on service", server(12)),
            format!("1.000 {name} - DOWN: Lost quorum 2+1=1 <= 0"),
            format!("1.000 {} - DOWN: TCP CHECK failed on service", server(13)),
        ]
    );
    assert_eq!(
        mails(&stage.until(6000, |_| Some(WELL)))[2..],
        [
            format!("6.000 {name} - UP: Gained quorum 2+1=3 <= 3"),
            format!("6.000 {} - UP: TCP CHECK succeed on service", server(13)),
        ]
    );
}

/// A server that begins as failed: a sorry server stands in, which is mailed.
#[test]
fn a_quorum_that_is_not_there_at_the_start_is_mailed_with_a_sorry_server() {
    let mut alpha = tcp(11, 1, 0);
    alpha.alpha = true;
    alpha.checks[0].alpha = true;
    for (sorry, count) in [(sorry(99, false), 1), (None, 0)] {
        let service = VirtualServerModel { sorry, mail: Some(true), ..service(vec![alpha.clone()]) };
        let mut stage = Stage::of(&mailed(post(), vec![service]));
        let said = mails(&stage.give(Input::Start));
        assert_eq!(said.len(), count);
        assert!(said.iter().all(|mail| mail.ends_with("- DOWN: Starting with quorum down 1+0=1 <= 0")), "{said:?}");
    }
}

/// A dropped server is mailed; its service loses the quorum, and in the new configuration starts without.
#[test]
fn a_reload_mails_what_goes() {
    let mail = || Mail { everything: Some(true), ..post() };
    let three = vec![tcp(11, 1, 0), tcp(12, 1, 0), tcp(13, 1, 0)];
    let mut stage = Stage::of(&mailed(mail(), vec![service(three.clone())]));
    stage.give(Input::Start);
    stage.until(1000, |last| Some(if last == 13 { WELL } else { REFUSED }));
    let said = mails(&stage.give(Input::Reload(&mailed(mail(), vec![service(three[..2].to_vec())]))));
    let name = "Virtualserver [10.99.0.1]:tcp:80";
    assert_eq!(
        said,
        [
            "1.000 Realserver [10.0.0.13]:tcp:80 of virtual server [10.99.0.1]:tcp:80 - DOWN: Removing".to_owned(),
            format!("1.000 {name} - DOWN: Lost quorum 1+0=1 <= 0"),
            format!("1.000 {name} - DOWN: Starting with quorum down 1+0=1 <= 0"),
        ]
    );
    let lines = stage.give(Input::Reload(&mailed(mail(), Vec::new())));
    assert!(mails(&lines).is_empty() && !lines.iter().any(|line| line.contains("quorum_down")), "it was down already");
    let mut stopped = Stage::of(&mailed(mail(), vec![service(three)]));
    stopped.give(Input::Start);
    assert!(mails(&stopped.give(Input::Stop)).is_empty(), "keepalived ends before its last mails are taken");
}

/// The nearest word counts, but a virtual server's is for its quorum alone.
#[test]
fn who_is_mailed_follows_from_the_nearest_word() {
    let (yes, no) = (Some(true), Some(false));
    // everything, checkers, of the virtual server, of the real server: quorums, servers
    let cases = [
        (None, None, None, None, (false, true)),
        (None, None, no, None, (false, true)),
        (yes, None, None, None, (true, true)),
        (no, None, None, None, (false, false)),
        (no, None, yes, None, (true, false)),
        (no, None, no, yes, (false, true)),
        (yes, no, None, None, (false, false)),
        (no, yes, None, no, (true, false)),
        (yes, None, no, None, (false, true)),
    ];
    for case @ (everything, checkers, of_service, of_server, expected) in cases {
        let mut real = tcp(11, 1, 0);
        real.mail = of_server;
        let service = VirtualServerModel { mail: of_service, ..service(vec![real]) };
        let mut stage = Stage::of(&mailed(Mail { everything, checkers, ..post() }, vec![service]));
        let mut lines = stage.give(Input::Start);
        lines.extend(stage.until(1000, |_| Some(REFUSED)));
        let lines = mails(&lines);
        let has = |what: &str| lines.iter().any(|line| line.contains(what));
        assert_eq!((has("Virtualserver"), has("Realserver")), expected, "{case:?}");
    }
}

/// Each kind's words for a failure after it was well, and for being well again; where a file decides there is no mail.
#[test]
fn each_kind_has_its_words() {
    let misc = MiscCheck { program: program("probe"), timeout: Span::from_secs(3), dynamic: false };
    let exit = |status| Answer::Exited(Exit::Status(status));
    let lines = |lines: &[&str]| Answer::Lines(lines.iter().map(|line| line.as_bytes().to_vec()).collect());
    let smtp = || CheckKind::Smtp("lb1".into());
    let mail_server = "CHECK failed on service :";
    let cases = [
        (CheckKind::Tcp, REFUSED, WELL, "TCP CHECK failed on service".to_owned(), "TCP CHECK succeed on service"),
        (
            CheckKind::Ping,
            Answer::TimedOut,
            WELL,
            "ICMP CHECK failed on service".into(),
            "ICMP CHECK succeed on service",
        ),
        (
            CheckKind::Http(http(vec![url("/")], false)),
            page(500, ""),
            page(200, ""),
            "CHECK failed on service : HTTP request failed".into(),
            "CHECK succeed on service",
        ),
        (
            CheckKind::Misc(misc),
            exit(1),
            exit(0),
            "MISC CHECK failed on service".into(),
            "MISC CHECK succeeded on service",
        ),
        (
            smtp(),
            REFUSED,
            lines(&["220", "250", "221"]),
            format!("{mail_server} Could not connect to server [10.0.0.11]:80"),
            "CHECK succeed on service",
        ),
        (
            smtp(),
            lines(&["554"]),
            lines(&["220", "250", "221"]),
            format!("{mail_server} Bad greeting banner from server [10.0.0.11]:80"),
            "CHECK succeed on service",
        ),
        (
            smtp(),
            lines(&["220", "500"]),
            lines(&["220", "250", "221"]),
            format!("{mail_server} Bad HELO response from server [10.0.0.11]:80"),
            "CHECK succeed on service",
        ),
    ];
    for (kind, bad, good, down, up) in cases {
        let real = server(11, 1, vec![check(11, kind, 0)]);
        let mut stage = Stage::of(&mailed(post(), vec![service(vec![real])]));
        stage.give(Input::Start);
        stage.until(1000, |_| Some(good.clone()));
        let words = |said: Vec<String>| {
            mails(&said).iter().map(|mail| mail[mail.find("- ").unwrap() + 2..].to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(words(stage.until(6000, |_| Some(bad.clone()))), [format!("DOWN: {down}")]);
        let again = stage.until(16_000, |_| Some(good.clone())); // pages are asked for twice
        assert_eq!(words(again), [format!("UP: {up}")]);
    }
}

/// A program's first result is mailed whatever was thought of it before; a file's never.
#[test]
fn a_programs_first_result_is_news() {
    let misc = || CheckKind::Misc(MiscCheck { program: program("probe"), timeout: Span::from_secs(3), dynamic: false });
    for (alpha, status, expected) in [(false, 0, "UP"), (true, 0, "UP"), (true, 1, "DOWN"), (false, 1, "DOWN")] {
        let mut real = server(11, 1, vec![check(11, misc(), 0)]);
        real.checks[0].alpha = alpha;
        let mut stage = Stage::of(&mailed(post(), vec![service(vec![real])]));
        stage.give(Input::Start);
        let lines = stage.until(1000, |_| Some(Answer::Exited(Exit::Status(status))));
        let said = mails(&lines);
        assert!(said.len() == 1 && said[0].contains(&format!(" - {expected}: MISC CHECK ")), "{said:?}");
    }
    let file = CheckKind::File(FileCheck { file: 0, weight: 0, reverse: false });
    let mut stage = Stage::of(&mailed(post(), vec![service(vec![server(11, 1, vec![check(11, file, 0)])])]));
    stage.give(Input::Start);
    let lines = stage.give(Input::File { item: 0, value: 1 });
    assert!(!lines.is_empty() && mails(&lines).is_empty(), "{lines:?}");
}
