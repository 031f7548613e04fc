//! The corpus of captures/keepalived-t: what the real `keepalived -t` says about each file, and what is said here.
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::IpAddr;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;
use vrrplab_engine::model::{IfAddr, IfIndex, InterfaceModel, Mac, NodeModel};
use vrrplab_engine::policy::Policy;
use vrrplab_formats::builder::build_node;
use vrrplab_formats::diagnostics::Report;
use vrrplab_formats::files::Files;
use vrrplab_formats::keepalived::{Options, parse_with};
use vrrplab_formats::recording::load;

/// The interfaces of the host on which the verdicts were recorded; `10.0.N.1/24` and `fd00:N::1/64` are on the N-th.
const INTERFACES: [&str; 5] = ["eth0", "eth1", "eth2", "eth0.100", "eth0.12"];
/// The name of that host, which `@` lines are compared with.
const HOST: &str = "lb1";
/// Where the files were on that host.
const HOME: &str = "/etc/keepalived";

/// Files whose verdict comes from the host and not from the text: what there is on the host is not asked here.
const EXCEPTIONS: [(&str, &str); 11] = [
    ("broken/combined-missing-notify-without-security.conf", "the script is not there, so it breaks no security"),
    ("broken/global-smtp-host-unknown.conf", "a name server does not know the mail server"),
    ("broken/global-startup-script-missing.conf", "the script is not there, so it breaks no security"),
    ("broken/lvs-misc-check-user-unknown.conf", "the host has no such user"),
    ("broken/script-insecure-folder.conf", "others may write into the folder of the script"),
    ("broken/script-is-a-folder.conf", "the script is a folder"),
    ("broken/script-missing-file.conf", "the script is not there"),
    ("broken/script-unknown-command.conf", "the command is not in the path of the host"),
    ("broken/script-user-default-unknown.conf", "the host has no such user"),
    ("broken/script-user-unknown.conf", "the host has no such user"),
    ("broken/script-world-writable.conf", "others may change the script"),
];

/// What the real keepalived said about one file.
#[derive(Deserialize)]
struct Verdict {
    exit: u8,
    output: Vec<String>,
    daemon: Option<String>,
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../captures/keepalived-t")
}

/// Verdicts by file.
fn verdicts() -> BTreeMap<String, Verdict> {
    let text = fs::read_to_string(corpus().join("verdicts.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The exit status that `keepalived -t` had. Crashes of it are bugs of its own and no verdict on the file.
fn expected_exit(verdict: &Verdict) -> Option<u8> {
    (verdict.exit < 128).then_some(verdict.exit)
}

/// The folders of the corpus as they were on the host that was recorded.
struct Host;

impl Host {
    fn place(path: &Path) -> Result<PathBuf, String> {
        let mut plain = PathBuf::new();
        for part in path.components() {
            match part {
                Component::ParentDir => _ = plain.pop(),
                part => plain.push(part),
            }
        }
        let below = plain.strip_prefix(HOME).map_err(|_| "no such file".to_owned())?;
        let beside = ["good", "broken", "seeds"].iter().any(|folder| below.starts_with(folder));
        Ok(if beside { corpus().join(below) } else { corpus().join("etc").join(below) })
    }
}

impl Files for Host {
    fn list(&self, folder: &Path) -> Result<Vec<String>, String> {
        let entries = fs::read_dir(Host::place(folder)?).map_err(|why| why.to_string())?;
        let names: BTreeSet<String> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        Ok(names.into_iter().collect())
    }

    fn read(&self, path: &Path) -> Result<String, String> {
        fs::read_to_string(Host::place(path)?).map_err(|why| why.to_string())
    }
}

fn interfaces() -> Vec<InterfaceModel> {
    let address = |text: String, prefix| IfAddr { ip: text.parse::<IpAddr>().unwrap(), prefix };
    let one = |(position, name): (u8, &&str)| InterfaceModel {
        index: IfIndex(u32::from(position) + 2),
        name: (*name).to_owned(),
        mac: Mac([2, 0, 0, 0, 1, position + 1]),
        addresses: vec![address(format!("10.0.{position}.1"), 24), address(format!("fd00:{position}::1"), 64)],
        up: true,
    };
    (0..).zip(&INTERFACES).map(one).collect()
}

/// Everything that is said here about a configuration of a recording, as `recordings/CASE/NODE` or `.../NODE/reloadN`.
fn read_recorded(key: &str) -> Report {
    let words: Vec<&str> = key.split('/').collect();
    let number: usize = words.get(3).map_or(0, |reload| reload.strip_prefix("reload").unwrap().parse().unwrap());
    let (_, mut report) = load(&corpus().join("../recordings").join(words[1]), Some(1));
    let of_node = |name: &&String| name.split(' ').any(|word| word == words[2]);
    let names: Vec<_> = report.sources.iter().map(|source| &source.name).filter(of_node).cloned().collect();
    report.diagnostics.retain(|d| d.file == names[number]);
    report
}

/// Everything that is said here about a file of the corpus, as `good/NAME.conf`.
fn read(key: &str) -> Report {
    if key.starts_with("recordings/") {
        return read_recorded(key);
    }
    read_file(key).1
}

/// The model of a file of the corpus, where there is one.
fn model(key: &str) -> Option<NodeModel> {
    read_file(key).0
}

fn read_file(key: &str) -> (Option<NodeModel>, Report) {
    let text = fs::read_to_string(corpus().join(key)).unwrap();
    let (folder, name) = key.split_once('/').unwrap();
    read_text(name, &text, folder)
}

/// A text as if it stood in this folder.
fn read_text(name: &str, text: &str, folder: &str) -> (Option<NodeModel>, Report) {
    let wanted = text.lines().find_map(|line| line.strip_prefix("# config-id: "));
    let pwd = Path::new(HOME).join(folder);
    let options =
        Options { config_id: Some(wanted.unwrap_or(HOST)), instance: Some(HOST), pwd: &pwd, includes: Some(&Host) };
    let mut report = Report::default();
    let draft = parse_with(name, text, &options, &mut report);
    let node = build_node(HOST, Policy::default(), interfaces(), &draft, &mut report);
    (node, report)
}

#[test]
fn every_file_has_a_verdict_and_every_verdict_a_file() {
    let mut files = BTreeSet::new();
    for folder in ["good", "broken", "seeds"] {
        for entry in fs::read_dir(corpus().join(folder)).unwrap() {
            files.insert(format!("{folder}/{}", entry.unwrap().file_name().into_string().unwrap()));
        }
    }
    let verdicts = verdicts();
    let of_corpus = verdicts.keys().filter(|key| !key.starts_with("recordings/"));
    assert_eq!(of_corpus.cloned().collect::<BTreeSet<_>>(), files);
    let exits: BTreeSet<u8> = verdicts.values().filter_map(expected_exit).collect();
    assert_eq!(exits, BTreeSet::from([0, 2, 4, 5, 6]));
    // Whatever is wrong enough for a status is said, too.
    let silent = |(key, v): (&String, &Verdict)| (v.exit != 0 && v.output.is_empty()).then(|| key.clone());
    assert_eq!(verdicts.iter().find_map(silent), None);
}

/// What the daemon does with the file, where that is known: whether it refuses to run.
fn expected_refusal(verdict: &Verdict) -> Option<bool> {
    let daemon = verdict.daemon.as_deref()?;
    (daemon != "crashes").then_some(matches!(daemon, "refuses" | "ends with 6"))
}

/// Where the two verdicts on a file differ.
fn disagreement(key: &str, verdict: &Verdict) -> Option<String> {
    let report = read(key);
    let exit = expected_exit(verdict).is_none_or(|exit| exit == report.keepalived_exit());
    let refusal = expected_refusal(verdict).is_none_or(|refusal| refusal == report.is_refused());
    let daemon = verdict.daemon.as_deref().unwrap_or("was not asked");
    (!exit || !refusal).then(|| {
        let here = (report.keepalived_exit(), if report.is_refused() { "refuses" } else { "runs" });
        format!(
            "{key}: keepalived -t {} and the daemon {daemon}, here {} and {}\n{}\n{report}",
            verdict.exit,
            here.0,
            here.1,
            verdict.output.join("\n")
        )
    })
}

#[test]
fn every_file_gets_the_verdict_of_keepalived() {
    let verdicts = verdicts();
    let mut wrong = String::new();
    let (mut agree, mut excused, mut crashes) = (0, BTreeSet::new(), 0);
    for (key, verdict) in &verdicts {
        match disagreement(key, verdict) {
            Some(_) if EXCEPTIONS.iter().any(|(file, _)| file == key) => _ = excused.insert(key.as_str()),
            Some(difference) => wrong += &difference,
            None if expected_exit(verdict).is_none() => crashes += 1,
            None => agree += 1,
        }
    }
    let (files, host) = (verdicts.len(), excused.len());
    println!("{files} files: {agree} agree, {host} depend on the host, {crashes} crash keepalived");
    assert_eq!(wrong, "");
    // An exception that is none any more goes.
    assert_eq!(excused, EXCEPTIONS.iter().map(|(file, _)| *file).collect());
    assert_eq!((files, agree, crashes), (745, 730, 4));
}

/// What is said about the broken files, theme by theme.
#[test]
fn what_is_said_about_every_broken_file() {
    let mut themes: BTreeMap<String, String> = BTreeMap::new();
    for (key, verdict) in verdicts() {
        let Some(file) = key.strip_prefix("broken/") else { continue };
        let report = read(&key);
        let daemon = if report.is_refused() { "refuses" } else { "runs" };
        let text = fs::read_to_string(corpus().join(&key)).unwrap();
        let about = text.lines().next().unwrap_or_default();
        let theme = themes.entry(theme(file)).or_default();
        let real = verdict.output.len();
        *theme += &format!(
            "==== {file} {about}\n     {} {daemon}, keepalived says {real}\n\n{report}\n",
            report.keepalived_exit()
        );
    }
    for (theme, said) in themes {
        assert!(said.len() < 60_000, "{theme}: {}", said.len());
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(theme, said) });
    }
}

/// The first word of the name; of the large themes the beginning of the second word, too.
fn theme(file: &str) -> String {
    let (first, rest) = file.split_once('-').unwrap();
    let part = ["a_to_g", "h_to_p", "q_to_z"][usize::from(rest >= "h") + usize::from(rest >= "q")];
    match first {
        "lvs" | "vrrp" => format!("{first}_{part}"),
        other => other.to_owned(),
    }
}
