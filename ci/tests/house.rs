//! The house rules, held against this tree.
use vrrplab_ci::rooms::{House, check_arrows, check_room, check_rooms_exist};
use vrrplab_ci::rules::{CATALOGUE, check_catalogue, check_told};
use vrrplab_ci::tree::{Text, read, root};
use vrrplab_ci::{Finding, tidy};

fn tree() -> Vec<Text> {
    let texts = read(&root()).expect("the tree is readable");
    assert!(texts.iter().any(|text| text.path == CATALOGUE), "this is not the tree: {CATALOGUE} is missing");
    texts
}

fn house(texts: &[Text]) -> House {
    let rooms = texts.iter().find(|text| text.path == "ci/rooms.toml").expect("ci/rooms.toml is there");
    toml::from_str(&rooms.text).expect("ci/rooms.toml is well formed")
}

fn nothing_to_object_to(mut findings: Vec<Finding>) {
    findings.sort();
    let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
    assert!(lines.is_empty(), "{} findings:\n{}\n", lines.len(), lines.join("\n"));
}

#[test]
fn every_file_is_tidy() {
    nothing_to_object_to(tree().iter().flat_map(|text| tidy::all(&text.path, &text.text)).collect());
}

#[test]
fn rooms_import_only_what_they_may() {
    let texts = tree();
    let house = house(&texts);
    let mut findings = check_rooms_exist(&house, &texts);
    for room in &house.room {
        findings.extend(texts.iter().flat_map(|text| check_room(room, &text.path, &text.text)));
    }
    nothing_to_object_to(findings);
}

#[test]
fn arrows_between_crates_point_one_way() {
    let texts = tree();
    let house = house(&texts);
    nothing_to_object_to(texts.iter().flat_map(|text| check_arrows(&house, &text.path, &text.text)).collect());
}

#[test]
fn every_rule_is_told_by_a_test_or_a_scenario() {
    let texts = tree();
    let catalogue = texts.iter().find(|text| text.path == CATALOGUE).expect("the catalogue is there");
    let mut findings = check_catalogue(CATALOGUE, &catalogue.text);
    findings.extend(check_told(CATALOGUE, &catalogue.text, &texts));
    nothing_to_object_to(findings);
}
