//! Certifying a pair, with the arithmetic of its timers, and comparing two configurations of it.
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use vrrplab_engine::Span;
use vrrplab_formats::scenario::{self, Files};
use vrrplab_sim::certify::{Certifier, Pairs, Row, Table};
use vrrplab_sim::experiment::play;

/// Files that are nowhere.
struct Memory(BTreeMap<PathBuf, String>);

impl Files for Memory {
    fn read(&self, path: &Path) -> Result<String, String> {
        self.0.get(path).cloned().ok_or_else(|| "no such file".to_owned())
    }
}

const PATH: &str = "pair.yaml";

fn conf(priority: u8, lines: &str) -> String {
    format!(
        "vrrp_instance VI {{\n  interface eth0\n  virtual_router_id 51\n  priority {priority}\n  {lines}\n  \
         virtual_ipaddress {{\n    10.0.0.100/24\n  }}\n}}\n"
    )
}

/// r1 (150) and r2 (100), adverts every second, 200 us from host to host, nobody who asks.
fn pair() -> String {
    let node = |(n, priority): (usize, u8)| {
        let conf: String = conf(priority, "advert_int 1").lines().map(|line| format!("      {line}\n")).collect();
        let interfaces = format!("    interfaces:\n      eth0: {{network: lan, addresses: [10.0.0.{n}/24]}}\n");
        format!("  r{n}:\n{interfaces}    keepalived: |\n{conf}")
    };
    let nodes: String = [(1, 150), (2, 100)].map(node).concat();
    format!("duration: 12s\nnetworks:\n  lan: {{delay: 100us, jitter: 0us, loss: 0%}}\nnodes:\n{nodes}")
}

fn memory() -> Memory {
    Memory(BTreeMap::from([(PathBuf::from(PATH), pair())]))
}

fn certifier() -> Certifier {
    Certifier::read(Path::new(PATH), &memory()).unwrap_or_else(|unfit| panic!("{unfit:?}"))
}

fn candidate(certifier: &Certifier, name: &str) -> usize {
    let all = 0..certifier.candidates().len();
    let names: Vec<String> = all.map(|position| certifier.name(position)).collect();
    names.iter().position(|known| known == name).unwrap_or_else(|| panic!("{name} is not among {names:#?}"))
}

fn single(certifier: &Certifier, name: &str) -> Row {
    certifier.single(candidate(certifier, name))
}

#[test]
fn a_client_is_added_where_nobody_asks() {
    let certifier = certifier();
    assert_eq!(certifier.added(), ["asks-lan"]);
    let client = &certifier.world().clients[0];
    assert_eq!(
        (client.addr.ip.to_string(), client.ask.target().to_string()),
        ("10.0.0.254".into(), "10.0.0.100".into())
    );
}

#[test]
fn the_moments_are_those_of_an_advert_sent_and_heard() {
    // r1 is master after 3 s + 106/256 s = 3.4140625 s, cut to 3.414062 s, and the first answer has come after that; its
    // next advert is sent a second later and heard after 200 us
    let moments: Vec<u64> = certifier().instants().iter().map(|at| at.0 / 1_000).collect();
    for expected in [4_414_061, 4_414_062, 4_414_063, 4_414_162, 4_414_261, 4_414_262, 4_414_263] {
        assert!(moments.contains(&expected), "{expected} is not among {moments:?}");
    }
    assert!(moments.len() <= 24);
}

#[test]
fn a_master_without_power_costs_the_down_timer_and_one_step_of_the_client() {
    let row = single(&certifier(), "r1 loses power");
    // The advert that was just sent is heard 200 us later; r2 waits 3 s + 156/256 s. Power was lost 1 us after the advert.
    assert_eq!(row.worst.masterless, Span::from_micros(200 + 3_609_375 - 1));
    // Asked at 4.4 s and answered at once; r2 is master at 4.414062 + 0.0002 + 3.609375 = 8.023637 s; asked again at
    // 8.1 s. r2 has to ask for the client's hardware address first: 400 us more than r1 had needed.
    assert_eq!(row.worst.outage, Span::from_micros(3_700_400));
    assert_eq!((row.worst.survived, row.exceeds(Some(Span::from_micros(3_700_400)))), (Some(true), false));
    assert!(row.exceeds(Some(Span::from_millis(3_700))));
}

#[test]
fn a_master_that_is_stopped_says_farewell_and_costs_the_skew_time() {
    let row = single(&certifier(), "r1 daemon stopped");
    // priority 0 is heard 200 us later; r2 waits 156/256 s
    assert_eq!(row.worst.masterless, Span::from_micros(200 + 609_375));
    assert_eq!(row.worst.survived, Some(true));
}

#[test]
fn a_backup_that_is_lost_is_not_noticed() {
    let certifier = certifier();
    for name in ["r2 loses power", "r2 daemon killed", "r2/eth0 switch port down"] {
        let row = single(&certifier, name);
        assert_eq!((row.worst.outage, row.worst.masterless), (Span::ZERO, Span::ZERO), "{name}");
        assert_eq!((row.worst.survived, row.worst.back), (Some(true), Some(Span::ZERO)), "{name}");
    }
}

#[test]
fn nobody_survives_the_loss_of_both_and_they_are_back_as_after_a_start() {
    let certifier = certifier();
    let [first, second] = ["r1 loses power", "r2 loses power"].map(|name| candidate(&certifier, name));
    let rows = certifier.pairs(&certifier.single(first), Pairs { seconds: 3 });
    let row = rows.into_iter().find(|row| row.candidates == [first, second]).unwrap();
    assert_eq!((row.worst.survived, row.runs), (Some(false), 3));
    // both start together: r1 is master after 3.414062 s, and the client asks within 100 ms
    let back = row.worst.back.unwrap();
    assert!(back >= Span::from_micros(3_414_062) && back <= Span::from_micros(3_414_062 + 101_000), "{back:?}");
    assert_eq!(row.counted(), Some(back));
}

#[test]
fn a_case_becomes_a_scenario_that_keeps_its_promises() {
    let (certifier, files) = (certifier(), memory());
    for name in ["r1 loses power", "r1/eth0 cut"] {
        let row = single(&certifier, name);
        let text = certifier.written(&row.hits, &files).unwrap();
        let files = Memory(BTreeMap::from([(PathBuf::from(PATH), text.clone())]));
        let (world, report) = scenario::load(Path::new(PATH), &files);
        let world = world.unwrap_or_else(|| panic!("{}\n{text}", report.render(false)));
        assert!(!world.expectations.is_empty() && world.faults.len() == 2, "{text}");
        assert!(play(&world, world.seed, false, |_, _| Ok(())).unwrap().held(), "{text}");
    }
}

#[test]
fn of_rows_in_any_order_the_same_table_is_made() {
    let certifier = certifier();
    let names = ["r1 loses power", "r2 loses power", "r1 daemon stopped"];
    let rows: Vec<Row> = names.map(|name| single(&certifier, name)).into();
    let backwards: Vec<Row> = rows.iter().rev().cloned().collect();
    let table = Table::of(rows);
    assert_eq!(table, Table::of(backwards));
    assert_eq!(table.rows[0].candidates, [candidate(&certifier, "r1 loses power")]);
}

/// A folder of its own, with nothing in it.
fn empty(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("certify").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn vrrplab(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vrrplab")).args(arguments).current_dir(folder).output().unwrap()
}

fn shown(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn the_same_bytes_come_out_whatever_the_number_of_threads() {
    let folder = empty("threads");
    fs::write(folder.join(PATH), pair()).unwrap();
    let certify = |jobs: &str| {
        let out = format!("worst-{jobs}");
        let done =
            vrrplab(&folder, &["certify", PATH, "--jobs", jobs, "--json", "all.json", "--out", &out, "--limit", "1s"]);
        assert_eq!(done.status.code(), Some(1), "{}", shown(&done));
        let mut files: Vec<(String, String)> = fs::read_dir(folder.join(&out))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(path).unwrap()))
            .collect();
        files.sort();
        assert!(!files.is_empty());
        let text = shown(&done).replace(&out, "worst");
        (text, fs::read_to_string(folder.join("all.json")).unwrap(), files)
    };
    assert_eq!(certify("1"), certify("3"));
}

#[test]
fn slower_adverts_are_a_change_for_the_worse_and_faster_ones_are_not() {
    let folder = empty("diff");
    for (name, lines) in [("old", "advert_int 1"), ("new", "advert_int 2")] {
        fs::create_dir(folder.join(name)).unwrap();
        for (router, priority) in [("r1.conf", 150), ("r2.conf", 100)] {
            fs::write(folder.join(name).join(router), conf(priority, lines)).unwrap();
        }
    }
    let diff = |from: &str, to: &str| {
        let [a, b] = ["r1.conf", "r2.conf"].map(|router| format!("{from}/{router}"));
        let [c, d] = ["r1.conf", "r2.conf"].map(|router| format!("{to}/{router}"));
        let done =
            vrrplab(&folder, &["diff", "--json", "diff.json", "--limit", "0s", "--seeds", "1", &a, &b, "--", &c, &d]);
        (done.status.code(), shown(&done))
    };
    // keepalived's VRRPv2 skew time does not grow with the interval: 3 x 2 s + 156/256 s
    let (code, text) = diff("old", "new");
    assert!(text.contains("! VRID 51 (IPv4): takeover after a crash: 3.609375 s -> 6.609375 s\n"), "{text}");
    assert_eq!(code, Some(1), "{text}");
    let json = fs::read_to_string(folder.join("diff.json")).unwrap();
    assert!(json.contains("\"worse\": true") && json.contains("r1 loses power: "), "{json}");
    let (code, text) = diff("new", "old");
    assert!(text.contains("  VRID 51 (IPv4): takeover after a crash: 6.609375 s -> 3.609375 s\n"), "{text}");
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn a_scenario_takes_the_given_files_in_the_place_of_its_own() {
    let folder = empty("files");
    fs::write(folder.join(PATH), pair()).unwrap();
    fs::write(folder.join("r1.conf"), conf(150, "advert_int 1")).unwrap();
    let one = ["diff", "--scenario", PATH, "r1.conf", "--", "r1.conf"];
    let done = vrrplab(&folder, &one);
    let why = "error: pair.yaml: it has 2 keepalived.conf files, and 1 are given: they take their places, in order";
    assert_eq!(done.status.code(), Some(2));
    assert!(shown(&done).contains(why), "{}", shown(&done));
}
