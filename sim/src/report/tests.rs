//! The page is the same bytes for the same run, tells what the run told, and takes every name for what it is: text.
use serde_json::Value;
use vrrplab_formats::world::{Fault, NodeId, TimedFault, World};

use super::strings::base64;
use super::{Page, file, html, of_run, of_runs};
use crate::experiment::play_for_report;
use crate::observe::stage::{self, ms};

fn world() -> World {
    let crash = TimedFault { at: ms(6_000), fault: Fault::Crash(NodeId(1)) };
    World { faults: vec![crash], ..stage::world() }
}

fn page(world: &World) -> Page {
    let (outcome, book) = play_for_report(world, world.seed, false, |_, _| Ok(())).unwrap();
    let story = of_run(world, &outcome, book, "vrrplab run stage.yaml --seed 42".to_owned());
    of_runs(vec![story], "vrrplab run stage.yaml --seed 42".to_owned())
}

fn json(page: &Page) -> Value {
    serde_json::to_value(page).unwrap()
}

fn list<'v>(of: &'v Value, key: &str) -> &'v Vec<Value> {
    of[key].as_array().unwrap_or_else(|| panic!("{key} is a list"))
}

#[test]
fn the_same_run_is_the_same_page() {
    assert_eq!(html(&page(&world())).unwrap(), html(&page(&world())).unwrap());
}

#[test]
fn columns_are_equally_long_and_point_at_something() {
    let page = json(&page(&world()));
    let story = &page["stories"][0];
    for (columns, keys) in [
        ("events", &["at", "place", "subject", "what", "rule", "detail", "tone", "kind", "packet", "change"][..]),
        ("packets", &["at", "from", "frame", "length", "kind", "lane", "rule", "reached", "delay", "dropped"][..]),
    ] {
        let length = list(&story[columns], "at").len();
        assert!(length > 10, "{columns}: {length}");
        for key in keys {
            assert_eq!(list(&story[columns], key).len(), length, "{columns} {key}");
        }
    }
    let within = |columns: &str, key: &str, of: &str| {
        let most = i64::try_from(list(story, of).len()).unwrap();
        assert!(list(&story[columns], key).iter().all(|n| n.as_i64().is_some_and(|n| n < most)), "{columns} {key}");
    };
    for (columns, key, of) in [
        ("events", "place", "strings"),
        ("events", "what", "strings"),
        ("events", "rule", "rules"),
        ("events", "change", "changes"),
        ("packets", "from", "ports"),
        ("packets", "frame", "frames"),
        ("packets", "lane", "lanes"),
        ("packets", "rule", "rules"),
        ("packets", "reached", "reached"),
        ("packets", "dropped", "dropped"),
    ] {
        within(columns, key, of);
    }
}

#[test]
fn lanes_tell_states_holders_and_clients() {
    let page = json(&page(&world()));
    let lanes: Vec<String> = list(&page["stories"][0], "lanes")
        .iter()
        .map(|lane| {
            format!(
                "{} {} {}",
                lane["kind"].as_str().unwrap(),
                lane["name"].as_str().unwrap(),
                lane["part"].as_str().unwrap()
            )
        })
        .collect();
    let expected = ["state r1 VI_1", "state r2 VI_1", "holder 10.0.0.100 who holds it", "client c1 pings 10.0.0.100"];
    assert_eq!(lanes, expected);
    let r2 = &page["stories"][0]["lanes"][1]["bars"];
    // r2 wins by its higher address, 3.609375 s after the start, and loses its power at 6 s
    assert_eq!(r2[1], serde_json::json!([3_609_375_000_u64, 6_000_000_000_u64, "MASTER", "master"]));
    assert_eq!(r2[2][2], "off");
}

#[test]
fn a_change_of_state_has_the_causes_that_why_tells() {
    let page = json(&page(&world()));
    let story = &page["stories"][0];
    let what: Vec<&str> = list(story, "changes").iter().map(|change| change["what"].as_str().unwrap()).collect();
    let took_over = what.iter().rposition(|what| what.starts_with("r1 VI_1 became MASTER")).expect("r1 takes over");
    let because = list(&list(story, "changes")[took_over], "because");
    assert_eq!(because[1]["what"], "r2 VI_1 was MASTER, and its daemon is gone");
    assert_eq!(because[1]["because"][0]["what"], "power loss of r2");
    let events = list(&story["events"], "change");
    assert!(events.iter().any(|change| change.as_u64() == u64::try_from(took_over).ok()));
}

#[test]
fn hostile_names_stay_text() {
    const NAME: &str = "</script><img src=x onerror=alert(1)>&\"'{{ title }}\u{2028}";
    let mut world = world();
    world.name = NAME.into();
    world.about = NAME.into();
    world.nodes[0].model.name = NAME.into();
    world.nodes[0].model.instances[0].name = NAME.into();
    world.clients[0].name = NAME.into();
    world.networks[0].name = NAME.into();
    let page = html(&page(&world)).unwrap();
    assert!(!page.contains("<img"), "an element came out of a name");
    assert_eq!(page.matches("</script>").count(), 2, "the page's own two scripts");
    let data = page.split_once("type=\"application/json\">").unwrap().1.split_once("</script>").unwrap().0;
    assert!(!data.contains(['\u{2028}', '<', '>', '&']));
    let data: Value = serde_json::from_str(data).unwrap();
    assert_eq!(data["title"], NAME);
    assert_eq!(data["stories"][0]["networks"][0], NAME);
}

#[test]
fn nothing_is_loaded_from_anywhere() {
    let page = html(&page(&world())).unwrap();
    for word in ["http://", "https://", "@import", "url(", "fetch(", "XMLHttpRequest", "WebSocket"] {
        let own = if word == "http://" { page.matches("http://www.w3.org/2000/svg").count() } else { 0 };
        assert_eq!(page.matches(word).count(), own, "{word}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn files_are_named_as_the_user_named_them_but_never_by_folders_of_one_machine() {
    assert_eq!(file("scenarios/split-brain.yaml"), "scenarios/split-brain.yaml");
    assert_eq!(file("./split-brain.yaml"), "split-brain.yaml");
    assert_eq!(file("/home/me/split-brain.yaml"), "split-brain.yaml");
    assert_eq!(file("../split-brain.yaml"), "split-brain.yaml");
    assert_eq!(file("C:\\lab\\split-brain.yaml"), "split-brain.yaml");
}

#[test]
fn base64_is_that_of_rfc_4648() {
    for (bytes, text) in
        [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")]
    {
        assert_eq!(base64(bytes.as_bytes()), text);
    }
}
