//! What is special about each kind of checker.
use vrrplab_engine::health::{Answer, Input, Warmups};
use vrrplab_engine::model::health::{
    CheckKind, FileCheck, HttpCheck, HttpVersion, MiscCheck, RegexCheck, UdpCheck, UrlCheck,
};
use vrrplab_engine::{Exit, Span};

use super::stage::*;

pub fn url(path: &str) -> UrlCheck {
    UrlCheck { path: path.into(), digest: None, status: Vec::new(), virtual_host: None, regex: None }
}

pub fn http(urls: Vec<UrlCheck>, fast_recovery: bool) -> HttpCheck {
    let version = HttpVersion::V1_0;
    HttpCheck { tls: false, version, sni: false, fast_recovery, tls_compliant: false, virtual_host: None, urls }
}

pub fn page(status: u16, body: &str) -> Answer {
    Answer::Page(format!("HTTP/1.0 {status} Said\r\nServer: x\r\n\r\n{body}").into_bytes())
}

fn one(kind: CheckKind, retry: u32) -> Stage {
    let other = server(99, 1, vec![]);
    Stage::new(vec![service(vec![server(11, 10, vec![check(11, kind, retry)]), other])])
}

/// 14.7: the failed page alone, then all pages from the first, a loop apart.
#[test]
fn http_asks_for_the_failed_page_first_and_then_for_all() {
    let mut stage = one(CheckKind::Http(http(vec![url("/a"), url("/b")], false)), 1);
    stage.give(Input::Start);
    stage.all(1000, &page(200, ""));
    assert_eq!(
        stage.all(9000, &page(500, ""))[..3],
        [
            "6.000 check-retries: Tried(Http, Status(500))",
            "9.000 check-fails: HTTP_CHECK on service [10.0.0.11]:tcp:80 failed after 1 retries.",
            "9.000 server-removed: Removing service [10.0.0.11]:tcp:80 from VS [10.99.0.1]:tcp:80",
        ]
    );
    assert!(stage.all(14_000, &page(500, "")).is_empty(), "no retries while down");
    assert_eq!(
        stage.all(29_000, &page(200, ""))[..5],
        [
            "19.000 check-page-well: HTTP status code success to [10.0.0.11]:tcp:80 url(/b)",
            "24.000 check-page-well: HTTP status code success to [10.0.0.11]:tcp:80 url(/a)",
            "29.000 check-page-well: HTTP status code success to [10.0.0.11]:tcp:80 url(/b)",
            "29.000 check-content: Remote Web server [10.0.0.11]:tcp:80 succeed on service.",
            "29.000 server-added: Adding service [10.0.0.11]:tcp:80 to VS [10.99.0.1]:tcp:80",
        ]
    );
}

#[test]
fn fast_recovery_does_not_wait_between_pages() {
    let mut stage = one(CheckKind::Http(http(vec![url("/")], true)), 0);
    stage.give(Input::Start);
    stage.all(1000, &page(404, ""));
    let lines = stage.all(6000, &page(200, "")).join("\n");
    assert!(lines.contains("6.000 server-added"), "{lines}");
}

#[test]
fn a_page_with_an_expression_that_only_pcre2_reads_counts_as_good_and_says_so() {
    let mut wanted = url("/");
    let pattern = r"\((?R)?\)".into();
    let regex =
        RegexCheck { pattern, must_not_match: false, options: vec![], min_offset: 0, max_offset: 0, stack: None };
    wanted.regex = Some(regex);
    let mut stage = one(CheckKind::Http(http(vec![wanted], false)), 0);
    stage.give(Input::Start);
    assert_eq!(stage.all(1000, &page(200, "b"))[0], "1.000 check-unjudged: Unjudged");
}

/// 14.3, 14.9: the retries of SMTP are not used up at the start.
#[test]
fn smtp_retries_even_at_the_start() {
    let mut stage = one(CheckKind::Smtp("lb".into()), 2);
    stage.give(Input::Start);
    assert_eq!(
        stage.all(7000, &Answer::Refused(111))[..3],
        [
            "1.000 check-retries: Tried(Smtp(Some(Endpoint { ip: 10.0.0.11, port: 80 })), Refused(111))",
            "4.000 check-retries: Tried(Smtp(Some(Endpoint { ip: 10.0.0.11, port: 80 })), Refused(111))",
            "7.000 check-fails: SMTP_CHECK Could not connect to server [10.0.0.11]:80",
        ]
    );
}

/// 14.9: silence is success for UDP; and while down there is no retry.
#[test]
fn udp_is_content_with_silence() {
    let mut stage = one(CheckKind::Udp(UdpCheck { payload: vec![], reply: None }), 2);
    stage.give(Input::Start);
    let first = stage.all(1000, &Answer::Refused(111));
    assert_eq!(first[0], "1.000 check-fails: UDP_CHECK on service [10.0.0.11]:tcp:80 failed.");
    let asked = stage.until(11_000, |_| Some(Answer::Refused(111)));
    assert_eq!(asked, ["6.000 check-runs: ask 11", "11.000 check-runs: ask 11"]);
    let lines = stage.all(16_000, &Answer::TimedOut);
    assert_eq!(lines[0], "16.000 check-content: UDP connection to [10.0.0.11]:tcp:80 success.");
}

#[test]
fn ping_fails_after_its_retries() {
    let mut stage = one(CheckKind::Ping, 1);
    stage.give(Input::Start);
    stage.all(1000, &Answer::Reached);
    let lines = stage.all(9000, &Answer::TimedOut);
    let failed = "ICMP CHECK on service [10.0.0.11]:tcp:80 of [10.99.0.1]:tcp:80 failed after 1 retries.";
    assert_eq!(lines[1], format!("9.000 check-fails: {failed}"));
}

fn misc(dynamic: bool) -> CheckKind {
    CheckKind::Misc(MiscCheck { program: program("/bin/look"), timeout: Span::from_secs(2), dynamic })
}

/// 14.8: 2 to 255 are weights, 0 is the configured one, 1 is a failure.
#[test]
fn exit_codes_are_weights_with_misc_dynamic() {
    let mut stage = one(misc(true), 0);
    stage.give(Input::Start);
    let exit = |status| Answer::Exited(Exit::Status(status));
    let mut now = 1000;
    let mut say = |status| {
        let lines = stage.all(now, &exit(status));
        now += 5000;
        lines
    };
    let who = "[10.0.0.11]:tcp:80";
    let vs = "[10.99.0.1]:tcp:80";
    assert_eq!(say(0), [format!("1.000 check-content: Misc check for [{who} VS {vs}] by [/bin/look] succeeded.")]);
    assert_eq!(
        say(7),
        [
            format!("6.000 server-weight: Changing weight from 10 to 5 for active service {who} of VS {vs}"),
            "6.000 server-weight: table: edit 10.0.0.11 weight 5".into()
        ]
    );
    assert_eq!(say(2)[1], "11.000 server-weight: table: edit 10.0.0.11 weight 0", "it stays in the table");
    let failed = "failed with retry disabled (exited with status 1).";
    let lines = say(1);
    assert_eq!(lines[0], format!("16.000 check-fails: Misc check for [{who} VS {vs}] by [/bin/look] {failed}"));
    assert_eq!(lines[2], "16.000 server-removed: table: delete 10.0.0.11");
    assert_eq!(say(255)[2], "21.000 server-added: table: add 10.0.0.11 weight 253");
}

/// 14.8: SIGTERM after misc_timeout, SIGKILL 2 s later; the next run is counted from the start of this one.
#[test]
fn a_program_that_hangs_is_ended() {
    let mut stage = one(misc(false), 0);
    stage.give(Input::Start);
    let lines = stage.until(5000, |_| None);
    assert_eq!(lines, ["1.000 check-runs: ask 0", "3.000 check-timeout: cancel", "5.000 check-timeout: SIGKILL"]);
    let (job, _) = stage.waiting.remove(0);
    let lines = stage.give(Input::Answered { job, answer: Answer::Exited(Exit::Signal(9)) });
    assert!(lines[0].ends_with("by [/bin/look] timed out with retry disabled."), "{lines:?}");
    assert_eq!(stage.checkers.next_wake(), Some(ms(6000)));
}

/// 14.9, 14.10: v times the weight is added; without a weight any number but 0 is a failure.
#[test]
fn a_file_changes_the_weight_or_says_that_the_server_is_dead() {
    let mut stage = one(CheckKind::File(FileCheck { file: 0, weight: 3, reverse: false }), 0);
    stage.give(Input::Start);
    let changed = stage.give(Input::File { item: 0, value: -2 });
    assert_eq!(changed[1], "0.000 server-weight: table: edit 10.0.0.11 weight 4");
    let least = stage.give(Input::File { item: 0, value: -900 });
    assert_eq!(least[1], "0.000 server-weight: table: edit 10.0.0.11 weight 0", "not below 0");
    let mut stage = one(CheckKind::File(FileCheck { file: 0, weight: 0, reverse: false }), 0);
    stage.give(Input::Start);
    let lines = stage.give(Input::File { item: 0, value: 1 });
    assert_eq!(lines[0], "0.000 check-file: ([10.0.0.11]:tcp:80): tracked file  now FAULT state");
    assert_eq!(lines[2], "0.000 server-removed: table: delete 10.0.0.11");
}

#[test]
fn a_session_says_whether_the_server_is_alive() {
    let mut stage = one(CheckKind::Bfd(1), 0);
    stage.give(Input::Start);
    assert!(stage.give(Input::Session { item: 0, up: false }).is_empty(), "another session");
    let lines = stage.give(Input::Session { item: 1, up: false });
    assert_eq!(lines[0], "0.000 check-session: Failed(Bfd(\"\"), Session, 0)");
    assert!(stage.give(Input::Session { item: 1, up: true }).join("\n").contains("table: add 10.0.0.11 weight 10"));
}

/// 14.3: 1 s and a part of the warmup, the same for the same seed.
#[test]
fn first_attempts_are_spread_over_the_warmup() {
    let warmup = Span::from_secs(60);
    let draws: Vec<Span> = (0..100).map(|nth| Warmups::Seed(1).of(nth, warmup)).collect();
    assert!(draws.iter().all(|wait| (Span::from_secs(1)..Span::from_secs(61)).contains(wait)));
    assert!(
        draws.iter().any(|wait| *wait < Span::from_secs(10)) && draws.iter().any(|wait| *wait > Span::from_secs(50))
    );
    assert_eq!(draws[7], Warmups::Seed(1).of(7, warmup));
    assert_ne!(draws[7], Warmups::Seed(2).of(7, warmup));
    assert_eq!(Warmups::Seed(1).of(7, Span::ZERO), Span::from_secs(1));
}
