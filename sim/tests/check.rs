//! `vrrplab check` as its users meet it: what it says about configurations people really wrote, and how it ends.
use std::path::Path;
use std::process::{Command, Stdio};

/// Exit code and standard output; files are those of engine/formats/tests/conf.
fn check(files: &[&str], options: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vrrplab"));
    command.arg("check").args(options).args(files).stdin(Stdio::null());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/formats/tests/conf");
    let output = command.current_dir(folder).output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_good_pair_is_clean_and_tells_its_takeover_times() {
    let (code, out) = check(&["test01.conf", "test02.conf"], &[]);
    insta::assert_snapshot!(out);
    assert_eq!(code, Some(0));
    assert_eq!(check(&["test01.conf", "test02.conf"], &["--deny", "warnings"]).0, Some(0));
}

#[test]
fn a_vrid_used_twice_is_found_by_name() {
    let (code, out) = check(&["split-instances.conf"], &[]);
    insta::assert_snapshot!(out);
    assert_eq!(code, Some(2));
}

#[test]
fn two_nics_in_one_instance_share_their_fate() {
    let (code, out) = check(&["two-nics.conf"], &[]);
    insta::assert_snapshot!(out);
    assert_eq!(code, Some(0));
    assert_eq!(check(&["two-nics.conf"], &["--deny", "warnings"]).0, Some(1));
}

#[test]
fn the_load_balancers_carry_one_address_twice() {
    let (code, out) = check(&["master.conf", "backup.conf"], &[]);
    insta::assert_snapshot!(out);
    assert_eq!(code, Some(1));
}

#[test]
fn machines_get_an_array_of_findings() {
    let (code, out) = check(&["two-nics.conf", "split-instances.conf"], &["--format", "json"]);
    insta::assert_snapshot!(out);
    assert_eq!(code, Some(2));
    let nothing = "{\n  \"findings\": [],\n  \"keepalived\": [\n    {\n      \"file\": \"test01.conf\",\n      \"exit\": 0,\n      \
                   \"runs\": true\n    }\n  ],\n  \"takeovers\": [\n    {\n      \"vrid\": 1,\n      \"family\": \"IPv4\",\n      \
                   \"members\": [\n        {\n          \"file\": \"test01.conf\",\n          \"priority\": 100\n        }\n      ],\n      \
                   \"after_crash\": null,\n      \"after_stop\": null\n    }\n  ]\n}\n";
    assert_eq!(check(&["test01.conf"], &["--format", "json"]), (Some(0), nothing.to_owned()));
}

#[test]
fn routers_that_refuse_each_other_are_an_error() {
    let (code, out) = check(&["vip.conf", "../../../../scenarios/conf/split-brain/r2.conf"], &[]);
    insta::assert_snapshot!(out);
    assert_eq!(code, Some(1));
}

#[test]
fn a_file_that_is_not_there_is_bad_input() {
    assert_eq!(check(&["test01.conf", "missing.conf"], &[]).0, Some(2));
}

#[test]
fn lints_are_explained_as_rules_are() {
    let explain = |id| Command::new(env!("CARGO_BIN_EXE_vrrplab")).args(["explain", id]).output().unwrap();
    let told = explain("vip-interface-faults-all");
    assert_eq!(told.status.code(), Some(0));
    insta::assert_snapshot!(String::from_utf8(told.stdout).unwrap());
    let told = explain("vip-interface-fault-all");
    assert_eq!(told.status.code(), Some(2));
    let err = String::from_utf8(told.stderr).unwrap();
    assert_eq!(err, "error: there is no rule `vip-interface-fault-all`; did you mean `vip-interface-faults-all`?\n");
}

#[test]
fn code_hosts_and_editors_get_sarif() {
    let (code, out) = check(&["two-nics.conf"], &["--format", "sarif"]);
    assert_eq!(code, Some(0));
    let page: serde_json::Value = serde_json::from_str(&out).unwrap();
    let run = &page["runs"][0];
    assert_eq!((page["version"].as_str(), run["results"].as_array().unwrap().len()), (Some("2.1.0"), 1));
    let result = &run["results"][0];
    assert_eq!((&result["ruleId"], &result["level"]), (&"vip-interface-faults-all".into(), &"warning".into()));
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "two-nics.conf");
    assert_eq!(place["region"], serde_json::json!({ "startLine": 14, "startColumn": 33 }));
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(rules.iter().any(|rule| rule["id"] == result["ruleId"]));
}

#[test]
fn pull_requests_get_commands() {
    let (code, out) = check(&["split-instances.conf"], &["--format", "github"]);
    assert_eq!(code, Some(2));
    let expected = "::error file=split-instances.conf,line=20,col=23,title=keepalived.conf::`VE` and `VI` both use VRID 200 on \
                    interface eth0%0A`VE` has it already%0Akeepalived refuses such a file and exits; give each instance on \
                    an interface its own VRID\n";
    assert_eq!(out, expected);
}
