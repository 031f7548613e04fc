//! What happens to the lines of a keepalived.conf before its keywords count: hosts, variables, repetitions, includes.
use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use vrrplab_formats::builder::Draft;
use vrrplab_formats::diagnostics::Report;
use vrrplab_formats::files::Files;
use vrrplab_formats::keepalived::{Options, parse, parse_with};

/// Files by path; a folder holds what begins with it.
struct Memory(BTreeMap<String, String>);

impl Files for Memory {
    fn list(&self, folder: &Path) -> Result<Vec<String>, String> {
        let below = self.0.keys().filter_map(|path| Path::new(path).strip_prefix(folder).ok());
        let names = below.filter_map(|rest| rest.components().next());
        let mut names: Vec<String> = names.map(|n| n.as_os_str().to_string_lossy().into_owned()).collect();
        names.dedup();
        Ok(names)
    }
    fn read(&self, path: &Path) -> Result<String, String> {
        self.0.get(&path.display().to_string()).cloned().ok_or_else(|| "no such file".to_owned())
    }
}

/// Reads `etc/a.conf` on host lb1, with files beside it.
fn read(text: &str, files: &[(&str, &str)]) -> (Draft, Report) {
    let memory = Memory(files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect());
    let mut report = Report::default();
    let options =
        Options { config_id: Some("lb1"), instance: Some("blue"), pwd: Path::new("etc"), includes: Some(&memory) };
    let draft = parse_with("etc/a.conf", text, &options, &mut report);
    (draft, report)
}

/// The members of the one sync group that these lines make, each with the text at its place.
fn members(lines: &str) -> Vec<(String, String)> {
    let (names, report) = warned(lines);
    assert_eq!(report, "");
    names
}

fn warned(lines: &str) -> (Vec<(String, String)>, String) {
    let text = format!("vrrp_sync_group G {{\ngroup {{\n{lines}\n}}\n}}\n");
    let (draft, report) = read(&text, &[]);
    let [group] = draft.sync_groups.as_slice() else { panic!("one group: {report}") };
    let names = group.members.iter().map(|m| (m.value.clone(), text[m.span.clone()].to_owned())).collect();
    (names, report.diagnostics.iter().map(|d| format!("{} at `{}`\n", d.title, &text[d.span.clone()])).collect())
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(value, at)| ((*value).to_owned(), (*at).to_owned())).collect()
}

fn values(lines: &str) -> Vec<String> {
    members(lines).into_iter().map(|(value, _)| value).collect()
}

#[test]
fn lines_of_other_hosts_are_not_read() {
    let lines = "@lb1 A\n@lb2 B\n@^lb1 C\n@^lb2 D\n@^lb2 @lb1 E\n@lb1 @lb2 F\n@lb1\n@lb2 $X=1 \\\n 2\nG";
    assert_eq!(values(lines), ["A", "D", "E", "G"]);
    let mut report = Report::default();
    parse("a", "@lb1 vrrp_version 3\n", &mut report);
    assert_eq!(report.diagnostics[0].title, "lines for one host need a host");
    assert_eq!(report.diagnostics[0].span, 0..4);
}

#[test]
fn a_variable_stands_where_it_is_used() {
    let lines = "$A=one\n$B=${A}x\n $A ${A}.${B} $A\n$A=two # not this\n$B";
    let expected = [("one", "$A"), ("one.onex", "${A}.${B}"), ("one", "$A"), ("twox", "$B")];
    assert_eq!(members(lines), pairs(&expected));
}

#[test]
fn a_bare_name_must_end_with_the_word() {
    let (names, report) = warned("$Q=7\n10.$Q/24 10.${Q}/24 $U \"${Q} b\" a$5 $");
    let names: Vec<String> = names.into_iter().map(|(value, _)| value).collect();
    assert_eq!(names, ["10.$Q/24", "10.7/24", "$U", "7 b", "a$5", "$"]);
    assert_eq!(report, "`$Q` is not replaced here at `$Q`\n`U` is not defined at `$U`\n");
}

#[test]
fn a_value_of_several_lines_ends_its_line() {
    assert_eq!(members("$L=A \\\n @lb2 B \\\n C\nX $L"), pairs(&[("X", "X"), ("A", "$L"), ("C", "$L")]));
    let (_, report) = warned("$L=A \\\n B\n$L X");
    assert_eq!(report.lines().next(), Some("the value of `L` has more than one line at `$L`"));
}

#[test]
fn predefined_names_have_fixed_values_and_chance_has_none() {
    assert_eq!(values("${_PWD} ${_INSTANCE} a${_HASH}b ${_BANG} \"${_HASH}\""), ["etc", "blue", "a#b", "!", "#"]);
    assert!(warned("${_RANDOM 1 5}").1.starts_with("`_RANDOM` has no value here at `${_RANDOM 1 5}`"));
}

#[test]
fn counting_and_listing() {
    assert_eq!(values("~SEQ(i, 3) a$i"), ["a1", "a2", "a3"]);
    assert_eq!(values("~SEQ(i, -2) ${i}"), ["-1", "-2"]);
    assert_eq!(values("~SEQ(i, 3, 1) ${i}b"), ["3b", "2b", "1b"]);
    assert_eq!(values("$N=9\n~SEQ(i, 1, 4, $N) $i"), ["1", "5", "9"]);
    assert_eq!(values("~SEQx(i, 9, 11) $i"), ["9", "a", "b"]);
    assert_eq!(values("~LST(v, x, y z) $v"), ["x", "y", "z"]);
    assert_eq!(values("~LST({a,b},{1,x},{2,y}) ${a}${b}"), ["1x", "2y"]);
    assert_eq!(members("~SEQ(i,2) ~LST(v,a,b) V$i ${v}"), {
        let rounds = [("1", "a"), ("1", "b"), ("2", "a"), ("2", "b")];
        let both = rounds.iter().flat_map(|(i, v)| [(format!("V{i}"), "V$i".into()), ((*v).into(), "${v}".into())]);
        both.collect::<Vec<_>>()
    });
    assert_eq!(values("$L=a$i \\\n b$i\n~SEQ(i, 2) $L"), ["a1", "b1", "a2", "b2"]);
}

#[test]
fn included_files_are_read_where_they_are_named_and_keep_their_own_places() {
    let files = [
        ("etc/d/1.conf", "vrrp_version 9\ninclude ../e/x.conf\n"),
        ("etc/d/2.conf", "vrrp_sync_group G { group { A } }\n"),
        ("etc/d/.3.conf", "nonsense\n"),
        ("etc/d/../e/x.conf", "$P=${_PWD}\nwrong\n"),
    ];
    let (draft, report) = read("include d/*.conf\nglobal_defs { includew d/{1,9}.conf }\n", &files);
    assert_eq!(draft.sync_groups[0].members[0].value, "A");
    assert_eq!(
        (&*draft.sync_groups[0].members[0].file, draft.sync_groups[0].members[0].span.clone()),
        ("etc/d/2.conf", 28..29)
    );
    let places = report.diagnostics.iter().map(|d| (d.file.as_str(), d.span.clone()));
    let places: Vec<_> = places.take(3).collect();
    assert!(places.contains(&("etc/d/../e/x.conf", 11..16)), "{report}");
}

#[test]
fn each_form_of_include_has_its_own_idea_of_what_must_be_there() {
    let found = |line: &str| {
        let (_, report) = read(line, &[("etc/x", "")]);
        report.diagnostics.iter().map(|d| format!("{:?}", d.severity)).collect::<String>()
    };
    let names = ["no", "no*", "{x,no}", "x", "x*"];
    let table = |keyword: &str| names.map(|name| found(&format!("{keyword} {name}\n"))).join(",");
    assert_eq!(table("include"), "Warning,Warning,,,");
    assert_eq!(table("includer"), "Warning,Warning,,,");
    assert_eq!(table("includem"), "Error,Warning,,,");
    assert_eq!(table("includew"), "Warning,Error,,,");
    assert_eq!(table("includeb"), "Warning,Warning,Error,,");
    assert_eq!(table("includea"), "Error,Error,Error,,");
    assert_eq!(found("include"), "Error");
}

#[test]
fn loops_and_bad_repetitions_are_explained() {
    let text = "$A=${B}\n$B=$A\nvrrp_version $A\n~SEQ(i, 1, 0, 5) x\n~LST({a,b},{1}) x\n~SEQ(1) x\n~FOO(a) x\n~SEQ(a x\n\
                ~SEQ(i, 100000) ~SEQ(j, 100000) $k\n";
    let (_, report) = read(text, &[]);
    insta::assert_snapshot!("lines_loops", report.render(false));
    let (_, report) = read("include b\n", &[("etc/b", "# 둘\n include ./a.conf\n")]);
    insta::assert_snapshot!("lines_include_loop", report.render(false));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn whatever_is_written_there_is_an_answer(words in proptest::collection::vec(prop::sample::select(vec![
        "$A", "${A}", "${B}", "$A=", "$B=", "\\\n", "\n", " ", "~SEQ(i,9)", "~SEQ(", "~LST({a,b},{1,$A})", "${i}", "@lb1 ", "@^",
        "include ", "etc", "a.conf", "b*", "{b,", "}", "{", "\"", "#", "둘", ")", "[", "${_HASH}", "${_RANDOM}",
    ]), 0..40)) {
        let text = words.concat();
        let (_, report) = read(&text, &[("etc/b", &text), ("etc/b2", "include b\n")]);
        let _ = report.render(false);
    }
}
