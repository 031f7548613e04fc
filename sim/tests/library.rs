//! The commands around a library of scenarios: what `list`, `new` and `test` print, write and exit with; their pages.
mod kept;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kept::hold;
use vrrplab_formats::scenario::{self, Disk};
use vrrplab_formats::world::World;
use vrrplab_sim::library::page::{Told, markdown};
use vrrplab_sim::library::{Entry, entries};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What a command left behind.
struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

fn vrrplab_in(folder: &Path, args: &[&str]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vrrplab"));
    let output = command.args(args).current_dir(folder).stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn vrrplab(args: &[&str]) -> Ended {
    vrrplab_in(&root(), args)
}

/// An empty folder of this test's own.
fn empty_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("library").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A scenario with one router that is MASTER at 3.609375 s, and what it promises.
fn scenario(promise: &str) -> String {
    format!(
        "about: One router.\nduration: 6s\nnetworks:\n  lan:\nnodes:\n  r1:\n    interfaces:\n      \
         eth0: {{network: lan, addresses: [10.0.0.1/24]}}\n    vrrp:\n      \
         - {{instance: VI, interface: eth0, vrid: 51, priority: 100, vips: [10.0.0.100/24]}}\nexpect:\n  - {promise}\n"
    )
}

const HOLDS: &str = "enters: {instance: VI, node: r1, state: MASTER, at: 3609ms, within: 1ms}";
const BREAKS: &str = "enters: {instance: VI, node: r1, state: MASTER, at: 1s, within: 1ms}";

/// A library of three: one that holds, one that does not, one that cannot be read.
fn library(name: &str) -> PathBuf {
    let folder = empty_folder(name);
    for theme in ["lab/calm", "lab/storm"] {
        fs::create_dir_all(folder.join(theme)).unwrap();
    }
    fs::write(folder.join("lab/calm/holds.yaml"), scenario(HOLDS)).unwrap();
    fs::write(folder.join("lab/storm/breaks.yaml"), scenario(BREAKS)).unwrap();
    fs::write(folder.join("lab/storm/unread.yaml"), scenario(HOLDS).replace("6s", "6")).unwrap();
    folder
}

#[test]
#[allow(clippy::disallowed_methods)] // the one knob of this test
fn the_page_of_scenarios_is_made_from_the_library() {
    let root = root();
    let told: Vec<(Entry, World)> = entries(&[root.join("scenarios")])
        .unwrap()
        .into_iter()
        .map(|entry| {
            let (world, report) = scenario::load(&entry.path, &Disk);
            (entry, world.unwrap_or_else(|| panic!("{}", report.render(false))))
        })
        .collect();
    let files: Vec<String> =
        told.iter().map(|(entry, _)| entry.path.strip_prefix(&root).unwrap().display().to_string()).collect();
    let library: Vec<Told<'_>> =
        told.iter().zip(&files).map(|((entry, world), file)| Told { theme: &entry.theme, file, world }).collect();
    hold("scenarios.md", &markdown(&library));
}

#[test]
fn a_list_tells_theme_name_and_story() {
    let ended = vrrplab(&["list"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    let line = ended.out.lines().find(|line| line.contains("link-cut")).unwrap();
    assert!(line.starts_with("basics ") && line.contains("  The "), "{line}");
    let ended = vrrplab(&["list", "scenarios/basics", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    let first = &json[0];
    assert_eq!(first["theme"], "basics");
    assert!(first["path"].as_str().unwrap().starts_with("scenarios/basics/"), "{first}");
}

#[test]
fn a_broken_file_does_not_hide_the_others_of_a_list() {
    let ended = vrrplab_in(&library("list"), &["list", "lab"]);
    assert_eq!(ended.code, Some(2));
    assert_eq!(ended.out, "calm   holds   One router.\nstorm  breaks  One router.\n");
    assert!(ended.err.contains("unread.yaml:2:11") && ended.err.contains("unit"), "{}", ended.err);
    assert_eq!(vrrplab_in(&empty_folder("list-nothing"), &["list", "."]).code, Some(2));
}

#[test]
fn a_test_tells_what_holds_what_breaks_and_what_cannot_be_read() {
    let folder = library("test");
    let ended = vrrplab_in(&folder, &["test", "lab", "--junit", "report.xml", "--json", "report.json", "--jobs", "1"]);
    assert_eq!(ended.code, Some(2));
    insta::assert_snapshot!("test_of_three", ended.out);
    assert!(ended.err.contains("unread.yaml:2:11"), "{}", ended.err);
    let json: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(folder.join("report.json")).unwrap()).unwrap();
    let digest = json[0]["digest"].as_str().unwrap();
    let xml = fs::read_to_string(folder.join("report.xml")).unwrap();
    insta::assert_snapshot!("junit_of_three", xml.replace(digest, "DIGEST"));
    let verdicts: Vec<&str> = json.as_array().unwrap().iter().map(|row| row["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["passed", "failed", "unusable"]);
    for jobs in ["2", "3", "8"] {
        let again = vrrplab_in(&folder, &["test", "lab", "--junit", "again.xml", "--jobs", jobs]);
        assert_eq!((again.out, again.code), (ended.out.clone(), Some(2)));
        assert_eq!(fs::read_to_string(folder.join("again.xml")).unwrap(), xml);
    }
}

#[test]
fn a_filter_chooses_by_theme_and_name() {
    let folder = library("filter");
    let ended = vrrplab_in(&folder, &["test", "lab", "--filter", "calm/"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), "ok    calm/holds  6 s\n1 passed, 0 failed\n"));
    let ended = vrrplab_in(&folder, &["test", "lab", "--filter", "calm/", "--filter", "breaks", "--quiet"]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.out.starts_with("FAIL  storm/breaks") && ended.out.ends_with("1 passed, 1 failed\n"),
        "{}",
        ended.out
    );
    assert_eq!(vrrplab_in(&folder, &["test", "lab", "--filter", "nothing"]).code, Some(2));
}

#[test]
fn what_must_fail_passes_by_failing() {
    let folder = empty_folder("must-fail");
    fs::write(folder.join("canary.yaml"), format!("must_fail: true\n{}", scenario(BREAKS))).unwrap();
    let ended = vrrplab_in(&folder, &["test", "."]);
    assert_eq!(
        (ended.code, ended.out.as_str()),
        (Some(0), "ok    canary  6 s (fails as it must)\n1 passed, 0 failed\n")
    );
    assert_eq!(vrrplab_in(&folder, &["run", "canary.yaml"]).code, Some(1));
    fs::write(folder.join("canary.yaml"), format!("must_fail: true\n{}", scenario(HOLDS))).unwrap();
    let ended = vrrplab_in(&folder, &["test", "."]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.out.contains("it must fail, but every promise was kept"), "{}", ended.out);
}

/// Only the flag writes, and only where the promises hold.
#[test]
fn a_kept_timeline_is_compared_and_written_only_when_told() {
    let folder = library("snapshots");
    let kept = folder.join("lab/calm/holds.snap");
    let test = |options: &[&str]| vrrplab_in(&folder, &[&["test", "lab", "--filter", "s"], options].concat());
    let only = |options: &[&str]| vrrplab_in(&folder, &[&["test", "lab/calm"], options].concat());
    assert_eq!(only(&[]).code, Some(0));
    assert_eq!(only(&["--snapshots"]).code, Some(1));
    assert!(!kept.exists());
    test(&["--update-snapshots"]);
    assert!(kept.exists() && !folder.join("lab/storm/breaks.snap").exists());
    let text = fs::read_to_string(&kept).unwrap();
    assert!(
        text.starts_with("---\nsource: vrrplab test\ndescription: \"One router.\"\n---\n    0.000000  r1"),
        "{text}"
    );
    assert_eq!(only(&["--snapshots"]).code, Some(0));
    let other = text.replace("3.609375", "3.700000");
    fs::write(&kept, &other).unwrap();
    let ended = only(&[]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.out.contains("-    3.700000  r1") && ended.out.contains("+    3.609375  r1"), "{}", ended.out);
    assert_eq!(fs::read_to_string(&kept).unwrap(), other);
    assert_eq!(only(&["--seed", "7"]).code, Some(0), "another seed may tell another story");
    assert!(only(&["--update-snapshots"]).out.contains("(timeline written)"));
    assert_eq!(fs::read_to_string(&kept).unwrap(), text);
}

/// The first scenario is told at once, the second would take minutes.
#[cfg(unix)]
#[test]
fn ctrl_c_tells_what_is_done_so_far() {
    use std::io::{BufRead, BufReader, Read};
    let folder = empty_folder("interrupt");
    fs::write(folder.join("a-short.yaml"), scenario(HOLDS)).unwrap();
    fs::write(folder.join("b-long.yaml"), scenario(HOLDS).replace("duration: 6s", "duration: 100000m")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_vrrplab"));
    command.args(["test", ".", "--jobs", "1", "--junit", "report.xml"]).current_dir(&folder);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    out.read_line(&mut text).unwrap();
    assert_eq!(text, "ok    a-short  6 s\n");
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    out.read_to_string(&mut text).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(text.ends_with("interrupted: 1 of 2 not played to their end\n1 passed, 0 failed\n"), "{text}");
    let xml = fs::read_to_string(folder.join("report.xml")).unwrap();
    assert!(xml.contains("<skipped message=\"interrupted\"/>"), "{xml}");
}

#[test]
fn two_scenarios_of_one_name_do_not_share_a_capture() {
    let folder = empty_folder("pcap");
    for theme in ["one", "two"] {
        fs::create_dir_all(folder.join(theme)).unwrap();
        fs::write(folder.join(theme).join("same.yaml"), scenario(HOLDS)).unwrap();
    }
    let ended = vrrplab_in(&folder, &["test", ".", "--pcap", "captures"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
    assert!(ended.err.contains("the same capture") && !folder.join("captures").exists(), "{}", ended.err);
    assert_eq!(vrrplab_in(&folder, &["test", "one", "--pcap", "captures"]).code, Some(0));
    assert!(folder.join("captures/same.pcapng").exists());
}

/// The whole library, as CI plays it.
#[test]
fn the_library_passes() {
    let ended = vrrplab(&["test", "scenarios", "--snapshots"]);
    assert!(matches!(ended.code, Some(0 | 3)), "{}{}", ended.out, ended.err);
    assert!(ended.out.contains("canary-must-fail") && ended.out.ends_with(" passed, 0 failed\n"), "{}", ended.out);
    let one = vrrplab(&["test", "scenarios", "--snapshots", "--jobs", "1"]);
    assert_eq!(one.out, ended.out);
}

#[test]
fn the_example_runs_as_it_is() {
    let folder = empty_folder("example");
    let made = vrrplab(&["new"]);
    assert_eq!((made.code, made.err.as_str()), (Some(0), ""));
    fs::write(folder.join("my.yaml"), &made.out).unwrap();
    let ended = vrrplab_in(&folder, &["run", "my.yaml"]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    assert!(ended.out.contains("4 of 4 expectations held"), "{}", ended.out);
}

/// Every configuration of the folder, alone.
fn alone(folder: &str) -> Vec<Vec<String>> {
    let mut files: Vec<PathBuf> = fs::read_dir(root().join(folder)).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let name = |path: &PathBuf| format!("{folder}/{}", path.file_name().unwrap().to_string_lossy());
    files.iter().filter(|path| path.extension().is_some_and(|e| e == "conf")).map(|path| vec![name(path)]).collect()
}

/// The pairs of the seeds.
fn pairs() -> Vec<Vec<String>> {
    let folder = "scenarios/seeds/conf";
    let mut names: Vec<String> = fs::read_dir(root().join(folder))
        .unwrap()
        .map(|entry| format!("{folder}/{}", entry.unwrap().file_name().into_string().unwrap()))
        .collect();
    names.sort();
    names.iter().map(|name| alone(name).concat()).collect()
}

/// Makes a scenario around the files and plays it. None when a file is refused, and then nothing is written.
fn made_around(files: &[String], folder: &Path) -> Option<(String, Ended)> {
    let out = folder.join("made.yaml");
    let _ = fs::remove_file(&out);
    let mut args = vec!["new", "--out", out.to_str().unwrap()];
    args.extend(files.iter().map(String::as_str));
    let made = vrrplab(&args);
    assert!(matches!(made.code, Some(0 | 2 | 3)), "{files:?}: {}", made.err);
    assert_eq!(made.code == Some(2), !out.exists(), "{files:?}: {}", made.err);
    let text = fs::read_to_string(&out).ok()?;
    Some((text, vrrplab(&["run", out.to_str().unwrap()])))
}

#[test]
fn scenarios_around_the_seeds_promise_the_takeover_and_hold() {
    let folder = empty_folder("seeds");
    for files in pairs() {
        let (text, ended) = made_around(&files, &folder).unwrap_or_else(|| panic!("{files:?}"));
        assert!(matches!(ended.code, Some(0 | 3)), "{files:?}\n{text}{}{}", ended.out, ended.err);
        assert!(text.contains("\n  - enters: ") && !text.contains("but a run shows"), "{files:?}\n{text}");
        assert!(
            !ended.out.contains("no answer from") || ended.out.contains("answers again"),
            "{files:?}\n{}",
            ended.out
        );
    }
}

#[test]
fn scenarios_around_every_configuration_that_keepalived_takes_hold() {
    let folder = empty_folder("good");
    let mut played = 0;
    for files in alone("captures/keepalived-t/good").into_iter().chain(alone("captures/keepalived-t/seeds")) {
        let Some((text, ended)) = made_around(&files, &folder) else { continue };
        assert!(matches!(ended.code, Some(0 | 3)), "{files:?}\n{text}{}{}", ended.out, ended.err);
        played += 1;
    }
    assert!(played >= 40, "only {played} played");
}

/// The commands of the workflow files in ci/examples.
fn example_commands(file: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join("ci/examples").join(file)).unwrap();
    let lines = text.lines().map(|line| line.trim().trim_start_matches("- "));
    lines.filter(|line| line.starts_with("vrrplab ")).map(str::to_owned).collect()
}

/// What users copy works for them: in a folder like theirs, with the shell of their CI.
#[test]
fn the_workflow_files_do_what_they_say() {
    let folder = empty_folder("workflow");
    fs::create_dir_all(folder.join("keepalived")).unwrap();
    fs::create_dir_all(folder.join(".before/keepalived")).unwrap(); // what git would put there
    for file in ["test01.conf", "test02.conf"] {
        let seed = root().join("scenarios/seeds/conf/seed-master-backup-pair").join(file);
        fs::copy(&seed, folder.join("keepalived").join(file)).unwrap();
        fs::copy(&seed, folder.join(".before/keepalived").join(file)).unwrap();
    }
    let bin = Path::new(env!("CARGO_BIN_EXE_vrrplab")).parent().unwrap().display().to_string();
    let shell = |line: &str| {
        let script = format!("set -e; PATH=\"{bin}:$PATH\"; {line}");
        let output =
            Command::new("sh").args(["-c", &script]).current_dir(&folder).stdin(Stdio::null()).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    fs::create_dir_all(folder.join("scenarios")).unwrap();
    assert_eq!(shell("vrrplab new keepalived/*.conf --out scenarios/pair.yaml").0, Some(0));
    let compared = ["check", "diff", "test"].as_slice();
    for (file, steps) in [("github-actions.yml", compared), ("gitlab-ci.yml", &["check", "test"])] {
        let commands = example_commands(file);
        let begun = commands.iter().map(|line| line.split(' ').nth(1).unwrap());
        assert_eq!(begun.collect::<Vec<_>>(), steps, "{commands:?}");
        for line in commands {
            let (code, out) = shell(&line);
            assert_eq!(code, Some(0), "{file}: {line}\n{out}");
        }
        let text = fs::read_to_string(root().join("ci/examples").join(file)).unwrap();
        assert!(text.contains("`vrrplab new keepalived/*.conf --out scenarios/pair.yaml`"), "{file}");
        assert!(folder.join("report.xml").exists() && folder.join("captures/pair.pcapng").exists(), "{file}");
        fs::remove_file(folder.join("report.xml")).unwrap();
    }
    fs::write(folder.join("scenarios/wrong.yaml"), scenario(BREAKS)).unwrap();
    for file in ["github-actions.yml", "gitlab-ci.yml"] {
        assert_ne!(shell(example_commands(file).last().unwrap()).0, Some(0), "{file}");
    }
}

#[test]
fn on_standard_output_the_files_are_named_as_given() {
    let folder = empty_folder("stdout");
    let conf =
        "vrrp_instance VI {\n interface eth0\n virtual_router_id 9\n virtual_ipaddress {\n 10.0.0.100/24\n }\n}\n";
    fs::create_dir_all(folder.join("conf")).unwrap();
    fs::write(folder.join("conf/lb 1.conf"), conf).unwrap();
    let made = vrrplab_in(&folder, &["new", "conf/lb 1.conf"]);
    assert_eq!((made.code, made.err.as_str()), (Some(0), ""));
    assert!(made.out.contains("  lb-1:\n") && made.out.contains("keepalived: \"conf/lb 1.conf\"\n"), "{}", made.out);
    fs::write(folder.join("my.yaml"), &made.out).unwrap();
    assert_eq!(vrrplab_in(&folder, &["run", "my.yaml"]).code, Some(0));
    let again = vrrplab_in(&folder, &["new", "conf/lb 1.conf", "--out", "my.yaml"]);
    assert_eq!(again.code, Some(2));
    assert!(again.err.contains("my.yaml is there already"), "{}", again.err);
    fs::write(folder.join("conf/bad.conf"), conf.replace("virtual_router_id 9", "virtual_router_id x")).unwrap();
    let refused = vrrplab_in(&folder, &["new", "conf/lb 1.conf", "conf/bad.conf"]);
    assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""));
    assert!(refused.err.contains("conf/bad.conf:3:"), "{}", refused.err);
}
