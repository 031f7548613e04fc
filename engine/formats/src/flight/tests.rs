//! Recordings come back as they were written, wherever they break off, and nothing that is none is taken for one.
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use vrrplab_engine::health::{Answer, Ask};
use vrrplab_engine::lvs::{IpvsCommand, Virtual};
use vrrplab_engine::model::command::Program;
use vrrplab_engine::model::health::Connection;
use vrrplab_engine::model::lvs::Endpoint;
use vrrplab_engine::model::{AddressFamily, IfAddr, IfIndex, Mac};
use vrrplab_engine::{
    Command, Effect, EffectKind, Exit, Finished, Job, KernelEvent, LinkChange, News, Notice, Rule, Span, State, Trace,
    TraceKind,
};

use super::*;
use crate::diagnostics::Report;
use crate::files::Files;

struct Texts(BTreeMap<&'static str, &'static str>);

impl Files for Texts {
    fn read(&self, path: &Path) -> Result<String, String> {
        let text = path.to_str().and_then(|path| self.0.get(path));
        text.map(|text| (*text).to_owned()).ok_or_else(|| "not there".to_owned())
    }
    fn list(&self, _: &Path) -> Result<Vec<String>, String> {
        Ok(vec!["a.conf".into(), "b.txt".into()])
    }
}

/// A configuration with another file included by a pattern, as a daemon reads it.
fn configuration() -> Configuration {
    let texts = Texts(BTreeMap::from([
        ("/etc/k/main.conf", "@lb1 include parts/*.conf\n@lb2 nonsense\n"),
        (
            "/etc/k/parts/a.conf",
            "vrrp_script S {\n script /bin/true\n}\nvrrp_instance A {\n interface eth0\n virtual_router_id 5\n \
             track_script {\n S\n }\n virtual_ipaddress {\n 10.0.0.9/24\n }\n}\n",
        ),
    ]));
    let witness = Witness::new(&texts);
    let text = witness.read(Path::new("/etc/k/main.conf")).unwrap();
    let options = crate::keepalived::Options {
        config_id: Some("lb1"),
        instance: None,
        pwd: Path::new("/etc/k"),
        includes: Some(&witness),
    };
    crate::keepalived::parse_with("/etc/k/main.conf", &text, &options, &mut Report::default());
    let eth0 = Interface {
        index: 2,
        name: "eth0".into(),
        mac: [2, 0, 0, 0, 0, 1],
        addresses: vec![("10.0.0.1".parse().unwrap(), 24)],
        up: true,
    };
    let (host, config_id, path) = ("lb1.example".into(), "lb1".into(), "/etc/k/main.conf".into());
    Configuration { host, config_id, path, interfaces: vec![eth0], ..witness.seen() }
}

#[test]
fn a_configuration_is_read_again_without_its_files() {
    let mut configuration = configuration();
    let model = configuration.model(&mut Report::default()).unwrap();
    assert_eq!((model.name.as_str(), model.instances[0].vips[0].addr.prefix), ("lb1.example", 24));
    assert_eq!(model.instances[0].track_scripts.len(), 1);
    let mut pruned = model.clone();
    pruned.instances[0].track_scripts.clear();
    configuration.note_untracked(&model, &pruned);
    assert_eq!(configuration.untracked, [0]);
    let text = serde_json::to_string(&configuration).unwrap();
    let again: Configuration = serde_json::from_str(&text).unwrap();
    assert_eq!(again.model(&mut Report::default()), Some(pruned));
}

fn inputs() -> Vec<Input<'static>> {
    let (iface, addr) = (IfIndex(7), IfAddr { ip: "fd00::1".parse().unwrap(), prefix: 64 });
    let interface = Interface { index: 9, ..configuration().interfaces[0].clone() }.model();
    vec![
        Input::Wake,
        Input::Frame { iface, bytes: &[0, 1, 0xab, 0xff] },
        Input::Kernel(KernelEvent::Link { iface, up: false }),
        Input::Kernel(KernelEvent::LinkAdded(Box::new(interface))),
        Input::Kernel(KernelEvent::LinkRefused { name: "vrrp.5".into() }),
        Input::Kernel(KernelEvent::AddressAdded { iface, addr }),
        Input::Kernel(KernelEvent::AddressRemoved { iface, addr }),
        Input::Kernel(KernelEvent::FileContent { path: "/tmp/\u{fffd}\n".into(), bytes: vec![0xff, 10] }),
        Input::Kernel(KernelEvent::ProcessCount { item: 3, count: 4 }),
        Input::Kernel(KernelEvent::BfdSession { item: 1, up: true }),
        Input::Kernel(KernelEvent::RouteRemoved { line: "blackhole 10.0.0.0/8".into() }),
        Input::Kernel(KernelEvent::RuleRemoved { line: "from 10.0.0.9 table 100".into() }),
        Input::Kernel(KernelEvent::LinkGone { iface }),
        Input::Kernel(KernelEvent::LinkIs { iface, mac: Mac([2, 0, 0, 0, 0, 255]) }),
        Input::Finished(Finished { job: Job(u64::MAX), outcome: Exit::Status(-1) }),
        Input::Finished(Finished { job: Job(5), outcome: Exit::Signal(9) }),
        Input::Operator(Command::Start),
        Input::Operator(Command::Stop),
        Input::Operator(Command::Reload(Box::new(configuration().model(&mut Report::default()).unwrap()))),
    ]
}

fn header() -> Line {
    let program = "vrrplabd 0.1.0".to_owned();
    Line::Flight(Box::new(Header { version: VERSION, program, at: 5, wall: 6, configuration: configuration() }))
}

/// A recording of all kinds of inputs, ended, and begun once more.
fn recording() -> (Vec<Line>, Vec<u8>) {
    let mut lines = vec![header()];
    for (n, input) in inputs().iter().enumerate() {
        let mut entry = Entry::new(Instant(n as u64), input, Some(&configuration()));
        entry.outputs = vec![format!("output {n}"); n % 3];
        lines.push(Line::Input(entry));
    }
    lines.extend([Line::End(End::Stopped), header()]);
    let text: String = lines.iter().map(text_of).collect();
    (lines, text.into_bytes())
}

/// What stands in a file, and how it ends.
fn read(bytes: &[u8]) -> (Vec<Found>, Option<Broken>) {
    let mut reader = Reader::new(bytes);
    let mut found = Vec::new();
    loop {
        match reader.next_found() {
            Ok(Some(next)) => found.push(next),
            Ok(None) => return (found, None),
            Err(why) => return (found, Some(why)),
        }
    }
}

fn whole(lines: &[Line]) -> Vec<Found> {
    lines.iter().cloned().map(Found::Line).collect()
}

#[test]
fn every_input_comes_back_as_it_was() {
    for input in inputs() {
        let happened = Happened::of(&input, Some(&configuration()));
        let model = match &happened {
            Happened::Reload(configuration) => configuration.model(&mut Report::default()),
            _ => None,
        };
        assert_eq!(format!("{:?}", happened.input(model).unwrap()), format!("{input:?}"));
    }
    assert!(Happened::Reload(Box::default()).input(None).is_none());
}

#[test]
fn every_input_of_checkers_comes_back_as_it_was() {
    let model = configuration().model(&mut Report::default()).unwrap();
    let answers = [
        Answer::Reached,
        Answer::Refused(111),
        Answer::TimedOut,
        Answer::Stalled,
        Answer::Page(vec![0xff, 0, 10]),
        Answer::Lines(vec![b"220 x".to_vec(), Vec::new()]),
        Answer::Datagram(Vec::new()),
        Answer::Exited(Exit::Status(3)),
        Answer::Exited(Exit::Signal(9)),
        Answer::NotAsked,
    ];
    let answered = |answer| health::Input::Answered { job: Job(7), answer };
    let others = [
        health::Input::Wake,
        health::Input::Start,
        health::Input::Stop,
        health::Input::Reload(&model),
        health::Input::Address { ip: "10.0.0.9".parse().unwrap(), here: true },
        health::Input::File { item: 1, value: -3 },
        health::Input::Session { item: 0, up: false },
        health::Input::Programmed { done: false },
    ];
    for input in others.into_iter().chain(answers.map(answered)) {
        let line = text_of(&Line::Input(Entry::of_checkers(Instant(3), &input, Some(&configuration()))));
        let Ok(Line::Input(entry)) = serde_json::from_str(&line) else { panic!("{line}") };
        assert_eq!(entry.part, Part::Checkers);
        let again = entry.happened.input_of_checkers(Some(&model)).unwrap();
        assert_eq!(format!("{again:?}"), format!("{input:?}"));
    }
    let made = Entry::begins_checking(Instant(1), 5, None);
    assert!(made.happened.input(None).is_none() && made.happened.input_of_checkers(None).is_none());
    assert_eq!(
        text_of(&Line::Input(made)),
        "{\"input\":{\"at\":1,\"part\":\"checkers\",\"in\":{\"made\":{\"seed\":5,\"told\":true}}}}\n"
    );
}

#[test]
fn the_words_of_checkers_tell_all_of_their_outputs() {
    let words = |kind| checked_words(&health::Output::Effect(Effect { rule: Rule::CheckRuns, kind }));
    let at = Endpoint { ip: "10.0.0.9".parse().unwrap(), port: 80 };
    let connection =
        Connection { to: at, from: None, from_port: 0, interface: None, mark: 0, timeout: Span::from_secs(5) };
    let probe = |ask| health::EffectKind::StartProbe {
        job: Job(4),
        probe: Box::new(health::Probe { connection: Some(connection.clone()), ask }),
    };
    let ends = "to 10.0.0.9 80 from None 0 None mark 0 within 5000000000";
    assert_eq!(words(probe(Ask::Connect)), format!("check-runs asks 4 connect {ends}"));
    let page = Ask::Page { tls: Some(Some("x".into())), request: vec![1, 0xfe] };
    assert_eq!(words(probe(page)), format!("check-runs asks 4 tls Some(\"x\") page 01fe {ends}"));
    let cancel = health::EffectKind::Cancel { job: Job(4), force: true, answer: true };
    assert_eq!(words(cancel), "check-runs kills 4, answer wanted");
    let gone = IpvsCommand::DeleteDest(Virtual::Mark(AddressFamily::V4, 7), at);
    assert_eq!(words(health::EffectKind::ProgramIpvs(gone)), "check-runs deletes 10.0.0.9 80 of Mark(V4, 7)");
}

#[test]
fn a_recording_is_read_as_it_was_written() {
    let (lines, bytes) = recording();
    let (found, broken) = read(&bytes);
    assert!(broken.is_none() && found == whole(&lines), "{found:#?}\n{broken:?}");
}

#[test]
fn a_recording_that_breaks_off_anywhere_is_read_up_to_there() {
    let (lines, bytes) = recording();
    for end in 0..bytes.len() {
        let (found, broken) = read(&bytes[..end]);
        assert!(broken.is_none(), "at {end}: {broken:?}");
        let complete = bytes[..end].iter().filter(|byte| **byte == b'\n').count() + usize::from(bytes[end] == b'\n');
        let at_end_of_line = end == 0 || bytes[end - 1] == b'\n' || bytes[end] == b'\n';
        let mut expected = whole(&lines[..complete]);
        if !at_end_of_line {
            expected.push(Found::Torn { line: complete as u64 + 1 });
        }
        assert_eq!(found, expected, "at {end}");
    }
}

#[test]
fn a_torn_line_before_another_flight_is_told_and_one_elsewhere_is_an_error() {
    let start = Line::Input(Entry::new(Instant(1), &Input::Operator(Command::Start), None));
    let (head, start) = (text_of(&header()), text_of(&start));
    let torn = &start[..start.len() - 3];
    let (found, broken) = read(format!("{head}{torn}\n{head}{start}").as_bytes());
    assert!(broken.is_none(), "{broken:?}");
    assert_eq!((found.len(), &found[1]), (4, &Found::Torn { line: 2 }));
    let (found, broken) = read(format!("{head}{torn}\n{start}").as_bytes());
    assert_eq!(found.len(), 1);
    assert!(broken.unwrap().to_string().starts_with("line 2 is no line of a flight recording: "));
}

#[test]
fn what_is_no_recording_or_of_another_version_is_said_to_be() {
    let said = |bytes: &[u8]| read(bytes).1.map(|why| why.to_string());
    let none = Some("this is no flight recording: it does not begin as one".to_owned());
    assert_eq!(said(b"hello\n"), none);
    assert_eq!(said(b"{\"input\":{\"at\":1,\"in\":\"wake\"}}\n"), none);
    assert_eq!(said(b"\0\0\0\0"), none);
    assert_eq!(said(b""), None);
    let newer = b"{\"flight\":{\"version\":4,\"unknown\":[]}}\n";
    let sentence = "line 1: recorded in version 4 of the format; this program reads 1 to 3";
    assert_eq!(said(newer).as_deref(), Some(sentence));
}

#[test]
fn the_words_of_outputs_tell_all_of_them() {
    let effect = |kind| words(&Output::Effect(Effect { rule: Rule::BackupTimerExpired, kind }));
    let trace = |kind| words(&Output::Trace(Trace { instance: Some(1), rule: Rule::BackupTimerExpired, kind }));
    let iface = IfIndex(2);
    let addr = IfAddr { ip: "10.0.0.9".parse().unwrap(), prefix: 24 };
    let program = Program { words: vec!["/bin/a b".into(), "c".into()], user: None };
    let link = LinkChange { name: "vrrp.5".into(), base: iface, mac: Mac([0, 0, 0x5e, 0, 1, 5]), add: true };
    let said = [
        effect(EffectKind::SendFrame { iface, bytes: vec![1, 0xfe] }),
        effect(EffectKind::ChangeAddress { iface, addr, add: false }),
        effect(EffectKind::ChangeLink(Box::new(link))),
        effect(EffectKind::RunScript { job: Job(4), program: Box::new(program) }),
        effect(EffectKind::Notify(Box::new(Notice::Line { fifo: "/run/f".into(), line: "a \"b\"".into() }))),
        trace(TraceKind::Transition { from: State::Backup, to: State::Master }),
        trace(TraceKind::Tracked { name: "S".into(), news: News::Failed(Exit::Signal(9)) }),
        trace(TraceKind::Armed { until: Instant(12) }),
    ];
    let expected = [
        "sends 2 frame 01fe",
        "removes 2 10.0.0.9/24",
        "makes \"vrrp.5\" above 2 with 00:00:5e:00:01:05",
        "runs 4 [\"/bin/a b\", \"c\"]",
        "tells \"/run/f\" \"a \\\"b\\\"\"",
        "1 BACKUP -> MASTER",
        "1 tracks \"S\" failed by signal 9",
        "1 until 12",
    ];
    assert_eq!(said, expected.map(|words| format!("backup-timer-expired {words}")));
}

fn happened() -> impl Strategy<Value = Happened> {
    prop_oneof![
        Just(Happened::Wake),
        (any::<u32>(), any::<Vec<u8>>()).prop_map(|(iface, bytes)| Happened::Frame { iface, bytes }),
        (any::<u32>(), any::<std::net::IpAddr>(), any::<u8>()).prop_map(|(iface, ip, prefix)| Happened::AddressAdded {
            iface,
            ip,
            prefix
        }),
        (".*", any::<Vec<u8>>()).prop_map(|(path, bytes)| Happened::File { path, bytes }),
        (any::<u64>(), any::<i32>()).prop_map(|(job, status)| Happened::Exited { job, status }),
        (any::<usize>(), any::<u32>()).prop_map(|(item, count)| Happened::Processes { item, count }),
    ]
}

proptest! {
    #[test]
    fn any_entry_comes_back(at: u64, happened in happened(), outputs in prop::collection::vec(".*", 0..4)) {
        let entry = Line::Input(Entry { at, part: Part::Vrrp, happened, outputs });
        let text = text_of(&header()) + &text_of(&entry);
        prop_assert_eq!(text.lines().count(), 2, "line ends within strings are escaped");
        prop_assert_eq!(read(text.as_bytes()).0, whole(&[header(), entry]));
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>, after in 0_usize..3_000) {
        static WHOLE: LazyLock<Vec<u8>> = LazyLock::new(|| recording().1);
        let mut mixed = WHOLE[..after.min(WHOLE.len())].to_vec();
        mixed.extend(bytes.iter().copied());
        for bytes in [&bytes, &mixed] {
            if let (_, Some(why)) = read(bytes) {
                prop_assert!(!why.to_string().is_empty());
            }
        }
    }
}
