//! The reader of keepalived.conf under texts that nobody writes: it never panics, what it does is limited by counted
//! work and not by a clock, and what is too much is said.
use std::path::Path;

use proptest::prelude::*;
use vrrplab_engine::model::{IfIndex, InterfaceModel, Mac, NodeModel};
use vrrplab_engine::policy::Policy;
use vrrplab_formats::builder::build_node;
use vrrplab_formats::diagnostics::{MOST_FINDINGS, Report};
use vrrplab_formats::files::Files;
use vrrplab_formats::keepalived::{Options, parse_with, print};

const MEGABYTE: usize = 1_000_000;
/// What is told where a written line is cut.
const CUT: &str = "this line is longer than 1023 bytes";

/// A folder in which every name is a file with this text.
struct Everywhere<'t>(&'t str);

impl Files for Everywhere<'_> {
    fn read(&self, _: &Path) -> Result<String, String> {
        Ok(self.0.to_owned())
    }
    fn list(&self, _: &Path) -> Result<Vec<String>, String> {
        Ok(["a.conf", "b.conf", "c.conf"].map(str::to_owned).to_vec())
    }
}

/// A folder without files.
struct Nothing;

impl Files for Nothing {
    fn read(&self, _: &Path) -> Result<String, String> {
        Err("there is no such file".to_owned())
    }
}

fn interfaces() -> Vec<InterfaceModel> {
    let mac = Mac([2, 0, 0, 0, 0, 1]);
    vec![InterfaceModel { index: IfIndex(2), name: "eth0".to_owned(), mac, addresses: Vec::new(), up: true }]
}

fn read_with(text: &str, files: Option<&dyn Files>) -> (Option<NodeModel>, Report) {
    let mut report = Report::default();
    let options = Options { config_id: Some("lb1"), instance: None, pwd: Path::new(""), includes: files };
    let draft = parse_with("keepalived.conf", text, &options, &mut report);
    let node = build_node("lb1", Policy::default(), interfaces(), &draft, &mut report);
    (node.filter(|_| !report.is_refused()), report)
}

/// The titles of what is said, each once.
fn told(text: &str, files: Option<&dyn Files>) -> Vec<String> {
    let (_, report) = read_with(text, files);
    let mut titles: Vec<String> = report.diagnostics.into_iter().map(|d| d.title).collect();
    titles.dedup();
    titles
}

#[test]
fn blocks_as_deep_as_one_likes_are_read_without_a_stack_for_each() {
    for deep in ["{".repeat(10_000), "nobody {\n".repeat(10_000), "vrrp_instance a {\n".repeat(10_000)] {
        let (_, report) = read_with(&deep, None);
        assert!(report.has_errors());
    }
    let closed = "nobody {\n".repeat(10_000) + &"}\n".repeat(10_000);
    assert_eq!(told(&closed, None), ["unknown keyword `nobody` at the top of the file"]);
}

#[test]
fn megabytes_of_braces_are_one_mistake_or_as_many_as_are_told() {
    assert_eq!(told(&"{".repeat(2 * MEGABYTE), None), [CUT, "this `{` opens nothing"]);
    let (node, report) = read_with(&"}".repeat(2 * MEGABYTE), None);
    let last = report.diagnostics.last().unwrap();
    assert_eq!((node, report.diagnostics.len()), (None, MOST_FINDINGS + 1));
    assert_eq!(last.title, "there are more than 100000 findings, the others are not told");
}

#[test]
fn megabytes_of_anything_are_read_in_one_pass() {
    let lines = [
        ("#".repeat(2 * MEGABYTE), None),
        ("\n".repeat(2 * MEGABYTE), None),
        (" ".repeat(2 * MEGABYTE) + "global_defs {\n}\n", None),
        ("# nothing\n".repeat(MEGABYTE), None),
        ("$".repeat(MEGABYTE), Some("unknown keyword")),
        ("\"".repeat(MEGABYTE), Some("unknown keyword")),
        ("\\".repeat(MEGABYTE), Some("unknown keyword")),
        ("${".repeat(MEGABYTE / 2), Some("unknown keyword")),
        ("${_RANDOM ".repeat(MEGABYTE / 10), Some("unknown keyword")),
        ("@lb1 ".repeat(MEGABYTE / 5), Some("unknown keyword")),
        ("x".repeat(2 * MEGABYTE), Some("unknown keyword")),
        ("include {".repeat(MEGABYTE / 10), Some("`{` opens nothing")),
        ("~SEQ(".repeat(MEGABYTE / 5), Some("`~SEQ` needs `(...)`")),
    ];
    for (text, expected) in lines {
        let (_, report) = read_with(&text, None);
        let start: String = text.chars().take(10).collect();
        match expected {
            None => assert!(report.diagnostics.iter().all(|d| d.title == CUT), "{start:?}"),
            Some(title) => assert!(report.diagnostics.iter().any(|d| d.title.contains(title)), "{start:?}"),
        }
    }
}

/// A written line is cut, but variables make one of megabytes.
#[test]
fn a_line_that_variables_make_long_is_read_in_one_pass() {
    let pieces = [
        ("x", "unknown keyword"),
        ("\"", "unknown keyword"),
        ("{", "`{` opens nothing"),
        ("a { ", "unknown keyword"),
        ("include {", "cannot include"),
        ("include a {", "cannot include"),
        ("~SEQ(", "`~SEQ` needs `(...)`"),
    ];
    for (piece, title) in pieces {
        let text =
            format!("$A={}\n$B={}\n{}\n", piece.repeat(300 / piece.len()), "${A}".repeat(100), "${B}".repeat(50));
        let (_, report) = read_with(&text, Some(&Nothing));
        assert!(
            report.diagnostics.iter().any(|d| d.title.contains(title)),
            "{piece:?} {:?}",
            report.diagnostics.first()
        );
    }
}

#[test]
fn undefined_variables_do_not_make_a_line_slow() {
    let (_, report) = read_with(&"$a \"".repeat(50_000), None);
    // 49 of them are cut in two
    assert_eq!(report.diagnostics.iter().filter(|d| d.title == "`a` is not defined").count(), 49_951);
}

#[test]
fn a_long_value_that_is_named_again_and_again_is_written_so_often_only() {
    let text = format!("$A={}\n{}", "long ".repeat(200), ("$A ".repeat(300) + "\n").repeat(700));
    assert_eq!(told(&text, None), ["variables add more than 8388608 bytes to the file"]);
    let not_ended = format!("$A={}\n{}", "long ".repeat(200), ("$A- ".repeat(200) + "\n").repeat(100));
    assert_eq!(told(&not_ended, None)[0], "`$A` is not replaced here");
}

#[test]
fn variables_that_stand_for_each_other_come_to_an_end() {
    assert_eq!(told("$A=$B\n$B=$A\nrouter_id $A\n", None)[0], "a variable stands for itself: `A` -> `B` -> `A`");
    let double = |n: usize| format!("$V{n}=$V{next} $V{next}\n", next = n + 1);
    let text: String = (0..40).map(double).chain(["router_id $V0\n".to_owned()]).collect();
    let titles = told(&text, None);
    assert!(titles.iter().any(|t| t == "variables add more than 8388608 bytes to the file"), "{titles:?}");
}

#[test]
fn repetitions_within_repetitions_are_counted() {
    let text = "~SEQ(a, 1, 1000) ~SEQ(b, 1, 1000) ~SEQ(c, 1, 1000) router_id ${a}${b}${c}\n";
    assert_eq!(told(text, None), ["more than 100000 lines are added to the file"]);
    assert_eq!(
        told("~SEQ(a, 1, 9223372036854775807) x\n", None),
        ["`~SEQ` cannot be read: it repeats more than 100000 times"]
    );
    let deep = format!("{}router_id a\n", "~SEQ(a, 1, 1) ".repeat(70));
    assert_eq!(told(&deep, None), ["too much is nested here"]);
}

#[test]
fn files_that_include_each_other_are_read_once_in_each_chain() {
    let text = "include keepalived.conf\n";
    let titles = told(text, Some(&Everywhere(text)));
    assert_eq!(titles, ["files include each other: keepalived.conf -> keepalived.conf"]);
    let text = "include *.conf\n".repeat(100);
    let titles = told(&text, Some(&Everywhere(&text)));
    assert_eq!(titles.last().unwrap(), "there are more than 100000 findings, the others are not told");
}

/// Found by the fuzzer: 100,000 lines with the same unknown word, each compared with every keyword.
#[test]
fn includes_that_multiply_do_not_multiply_the_search_for_advice() {
    let text = "vrrp_instance a {\n virtual_ipaddr x {\n include ../a/b\n }\n include ../a/b\n}\nprioirty\n";
    let (_, report) = read_with(text, Some(&Everywhere(text)));
    assert!(report.diagnostics.iter().any(|d| d.title == "more than 100000 lines are added to the file"), "{report}");
}

/// Found by the fuzzer: names that grow with every file, told with all names before them.
#[test]
fn chains_that_are_too_deep_are_told_by_their_ends() {
    let text = "includeb x/y/{10-first,20-second}.conf\n";
    let (_, report) = read_with(text, Some(&Everywhere(text)));
    let deep: Vec<_> = report.diagnostics.iter().filter(|d| d.title.contains("too deeply")).collect();
    assert!(
        deep.iter().all(|d| d.title.starts_with("files include files too deeply: keepalived.conf -> ... -> x/y/x/"))
    );
}

/// Advice is looked for as long as somebody may read it.
#[test]
fn the_thousandth_mistake_gets_advice_and_the_two_thousandth_does_not() {
    let text = "global_def\n".repeat(2_000);
    let (_, report) = read_with(&text, None);
    let advised = report.diagnostics.iter().filter(|d| d.help.as_deref() == Some("did you mean `global_defs`?"));
    assert_eq!(advised.count(), 1_001);
}

#[test]
fn large_files_are_not_included_without_end() {
    let large = ("#".repeat(1_000) + "\n").repeat(10 * MEGABYTE / 1_000);
    let text = (0..20).map(|n| format!("include part{n}.txt\n")).collect::<String>();
    assert_eq!(told(&text, Some(&Everywhere(&large))), ["included files add more than 67108864 bytes"]);
}

#[test]
fn names_of_files_have_a_length_and_so_many_alternatives() {
    let name = |part: &str, times| format!("$A={}\ninclude {}\n", part.repeat(200), "${A}".repeat(times));
    assert_eq!(told(&name("{a,b}", 5), Some(&Nothing)), ["the name of this file is too long"]);
    assert_eq!(told(&name("{a,b}", 4), Some(&Nothing)), ["too many alternatives"]);
    assert_eq!(told(&name("{a}", 6), Some(&Nothing)), ["too many alternatives"]);
}

/// Pieces that mean something to one layer or another.
fn piece() -> impl Strategy<Value = String> {
    let known = [
        "vrrp_instance V {",
        "virtual_server 10.0.0.1 80 {",
        "real_server 10.0.0.2 80 {",
        "interface eth0",
        "virtual_router_id 5",
        "virtual_ipaddress {",
        "10.0.0.9",
        "}",
        "{",
        "\n",
        " ",
        "\"",
        "\\",
        "#",
        "!",
        "$A=",
        "$A",
        "${A}",
        "$B=$A\\\n",
        "~SEQ(i, 1, 3) ",
        "~LST({a,b}, {1,2}) ",
        "@lb1 ",
        "@^x ",
        "include a.conf",
        "includea {a,b}*.conf",
        "track_script {",
        "vrrp_script s {",
        "script \"a b\"",
        "global_defs {",
        "\u{feff}",
        "vrrp_sync_group G {",
        "group {",
        "V",
        "priority 300",
        "advert_int 0.5",
        "version 3",
        "use_vmac",
        "fd00::1",
    ];
    prop_oneof![
        8 => prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => "\\PC{0,8}",
        1 => prop::collection::vec(any::<u8>(), 0..12).prop_map(|b| String::from_utf8_lossy(&b).into_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn any_bytes_are_read_and_what_runs_means_the_same_when_printed(pieces in prop::collection::vec(piece(), 0..60)) {
        let text = pieces.join(" ");
        let files = Everywhere(&text);
        let (node, report) = read_with(&text, Some(&files));
        if report.diagnostics.len() < 50 {
            report.render(false);
        }
        if let Some(node) = node.filter(|_| !report.has_errors()) {
            let shown = format!("{node:?}");
            let printed = print(&node);
            let (again, said) = read_with(&printed, None);
            // nothing in a keepalived.conf stands for these
            if !["\\\"", "\\n", "\\r"].iter().any(|sign| shown.contains(sign)) {
                prop_assert_eq!(again, Some(node), "{}\n{}", printed, said);
            }
        }
    }

    #[test]
    fn arbitrary_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..4000)) {
        let text = String::from_utf8_lossy(&bytes);
        read_with(&text, Some(&Everywhere(&text))).1.render(false);
    }
}
