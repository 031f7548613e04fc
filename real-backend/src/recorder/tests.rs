//! What the recorder leaves in its file: what came out, a mended line, the limit; and that a full disk harms nobody.
use std::fs;
use std::io::BufReader;
use std::path::PathBuf;

use vrrplab_engine::{Command, Input};
use vrrplab_formats::diagnostics::Report;
use vrrplab_formats::flight::{Found, Happened, Reader, words};

use super::*;

fn place(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("vrrplabd-{}-{name}.flight", std::process::id()));
    let _ = fs::remove_file(&path);
    path
}

fn configuration() -> Configuration {
    let text = "vrrp_instance A {\n interface eth0\n virtual_router_id 5\n state MASTER\n priority 255\n \
                virtual_ipaddress {\n 10.0.0.9/24\n }\n}\n";
    let json = format!(
        r#"{{"host":"lb1","config_id":"lb1","path":"a.conf","files":{{"a.conf":{text:?}}},
        "interfaces":[{{"index":2,"name":"eth0","mac":[2,0,0,0,0,1],"addresses":[["10.0.0.1",24]],"up":true}}]}}"#
    );
    serde_json::from_str(&json).unwrap()
}

fn recorded(path: &Path, limit: u64) -> RecordedEngine {
    let mut recorder = Recorder::open(path, limit).unwrap();
    recorder.begin(Instant(7), 0, configuration());
    RecordedEngine::new(configuration().model(&mut Report::default()).unwrap(), Some(recorder))
}

fn found(path: &Path) -> Vec<Found> {
    let mut reader = Reader::new(BufReader::new(File::open(path).unwrap()));
    std::iter::from_fn(|| reader.next_found().unwrap()).collect()
}

fn ends(path: &Path) -> Vec<End> {
    let end = |found| if let Found::Line(Line::End(end)) = found { Some(end) } else { None };
    found(path).into_iter().filter_map(end).collect()
}

#[test]
fn what_is_recorded_is_what_came_out() {
    let path = place("round");
    let mut engine = recorded(&path, DEFAULT_LIMIT);
    engine.handle(Instant(10), Input::Operator(Command::Start));
    engine.handle(Instant(1_010), Input::Wake);
    let outputs: Vec<String> = std::iter::from_fn(|| engine.poll()).map(|output| words(&output)).collect();
    assert!(outputs.iter().any(|words| words.contains("sets 2 10.0.0.9/24")), "{outputs:#?}");
    engine.close();
    let entries = found(&path).into_iter().filter_map(|found| match found {
        Found::Line(Line::Input(entry)) => Some(entry),
        _ => None,
    });
    let entries: Vec<Entry> = entries.collect();
    let told: Vec<&Happened> = entries.iter().map(|entry| &entry.happened).collect();
    assert_eq!(told, [&Happened::Start, &Happened::Wake]);
    assert_eq!(entries.into_iter().flat_map(|entry| entry.outputs).collect::<Vec<_>>(), outputs);
    assert_eq!(ends(&path), [End::Stopped]);
    fs::remove_file(path).unwrap();
}

#[test]
fn a_daemon_that_comes_back_goes_on_behind_the_torn_line() {
    let path = place("again");
    let mut engine = recorded(&path, DEFAULT_LIMIT);
    engine.handle(Instant(10), Input::Operator(Command::Start));
    engine.close();
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 4]).unwrap();
    recorded(&path, DEFAULT_LIMIT).close();
    let found = found(&path);
    assert_eq!(found[2], Found::Torn { line: 3 });
    assert!(matches!(found[3], Found::Line(Line::Flight(_))), "{found:?}");
    assert_eq!(ends(&path), [End::Stopped]);
    fs::remove_file(path).unwrap();
}

#[test]
fn a_recording_ends_at_its_limit() {
    let path = place("limit");
    let mut engine = recorded(&path, 1_500);
    engine.handle(Instant(10), Input::Operator(Command::Start));
    for second in 1..60 {
        engine.handle(Instant(second * 1_000_000_000), Input::Wake);
        assert!(std::iter::from_fn(|| engine.poll()).count() > 0, "it works on");
        engine.hand_over();
    }
    engine.close();
    assert!(fs::metadata(&path).unwrap().len() <= 1_500);
    assert_eq!(ends(&path), [End::Limit]);
    fs::remove_file(path).unwrap();
}

#[test]
fn a_full_disk_ends_the_recording_and_nothing_else() {
    let mut engine = recorded(Path::new("/dev/full"), DEFAULT_LIMIT);
    for second in 0..3 {
        engine.handle(Instant(second), Input::Wake);
        engine.hand_over();
        thread::sleep(Duration::from_millis(20));
    }
    engine.close();
}

#[test]
fn two_daemons_do_not_write_to_one_file() {
    let path = place("two");
    let first = Recorder::open(&path, DEFAULT_LIMIT).unwrap();
    let second = Recorder::open(&path, DEFAULT_LIMIT).err().unwrap();
    assert_eq!(second.to_string(), "another daemon writes to it");
    drop(first);
    fs::remove_file(path).unwrap();
}
