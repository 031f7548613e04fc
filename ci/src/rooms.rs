//! Who may import what: the rooms and arrows of `ci/rooms.toml`, checked against sources and Cargo.toml files.
use serde::Deserialize;

use crate::Finding;
use crate::source::{Named, paths, without_comments, without_tests};
use crate::tree::Text;

/// The whole of `rooms.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct House {
    /// The rooms.
    pub room: Vec<Room>,
    /// The arrows between crates.
    pub arrow: Vec<Arrow>,
}

/// A file or folder, and what it may never import.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Room {
    /// The file without `.rs`, or the folder.
    pub path: String,
    /// Paths (or single names) that it may not name.
    #[serde(default)]
    pub never: Vec<String>,
    /// Words that may not stand in its code.
    #[serde(default)]
    pub text: Vec<String>,
    /// The reason.
    pub why: String,
    /// Files or folders of the room that may all the same.
    #[serde(default)]
    pub except: Vec<String>,
}

/// What a crate may depend on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arrow {
    /// Its folder.
    #[serde(rename = "crate")]
    pub folder: String,
    /// Its dependencies, at most.
    pub may: Vec<String>,
    /// Which of our own crates its tests may use besides.
    #[serde(default)]
    pub may_in_tests: Vec<String>,
}

impl Room {
    /// Whether a file belongs to this room.
    pub fn holds(&self, path: &str) -> bool {
        is_below(path, &self.path) && !self.except.iter().any(|except| is_below(path, except))
    }
}

/// Whether a source file is this module or lies in its folder.
fn is_below(path: &str, module: &str) -> bool {
    path.ends_with(".rs") && path.strip_prefix(module).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

/// Objections to one file of a room.
pub fn check_room(room: &Room, path: &str, text: &str) -> Vec<Finding> {
    if !room.holds(path) {
        return Vec::new();
    }
    let code = without_comments(text);
    let code = without_tests(&code);
    let mut findings = Vec::new();
    for named in paths(path, code) {
        for never in room.never.iter().filter(|never| names(&named, never)) {
            let what = format!("`{}` names `{never}`: {}", named.segments.join("::"), room.why);
            findings.push(Finding::new(path, named.line, what));
        }
    }
    for (number, line) in code.lines().enumerate() {
        for word in room.text.iter().filter(|word| line.contains(word.as_str())) {
            findings.push(Finding::new(path, number + 1, format!("`{word}`: {}", room.why)));
        }
    }
    findings
}

/// Whether a named path is the forbidden one, lies below it, or takes it in with a `*`.
fn names(named: &Named, never: &str) -> bool {
    let never: Vec<&str> = never.split("::").collect();
    let segments: Vec<&str> = named.segments.iter().map(String::as_str).collect();
    if let [word] = never[..] {
        return segments.contains(&word);
    }
    if segments.starts_with(&never) {
        return true;
    }
    matches!(segments.split_last(), Some((&"*", base)) if never.starts_with(base))
}

/// Objections to the rooms themselves: one that guards nothing is misspelt, and so is an exception.
pub fn check_rooms_exist(house: &House, texts: &[Text]) -> Vec<Finding> {
    let holds_nothing = |room: &Room| !texts.iter().any(|text| room.holds(&text.path));
    let rooms = house.room.iter().filter(|room| holds_nothing(room)).map(|room| &room.path);
    let excepts = house.room.iter().flat_map(|room| &room.except);
    let excepts = excepts.filter(|except| !texts.iter().any(|text| is_below(&text.path, except)));
    rooms.chain(excepts).map(|path| Finding::new("ci/rooms.toml", 0, format!("`{path}` holds no file"))).collect()
}

/// Objections to the Cargo.toml of a crate (`path` as in `sim/Cargo.toml`).
pub fn check_arrows(house: &House, path: &str, text: &str) -> Vec<Finding> {
    let Some(folder) = path.strip_suffix("/Cargo.toml") else { return Vec::new() };
    let Some(arrow) = house.arrow.iter().find(|arrow| arrow.folder == folder) else {
        return vec![Finding::new(path, 0, "this crate has no [[arrow]] in ci/rooms.toml")];
    };
    let manifest: toml::Table = match text.parse() {
        Ok(manifest) => manifest,
        Err(error) => return vec![Finding::new(path, 0, format!("cannot be read: {error}"))],
    };
    let mut sections = vec![&manifest];
    if let Some(targets) = manifest.get("target").and_then(toml::Value::as_table) {
        sections.extend(targets.values().filter_map(toml::Value::as_table));
    }
    let mut findings = Vec::new();
    for section in sections {
        for kind in ["dependencies", "build-dependencies", "dev-dependencies"] {
            let Some(wanted) = section.get(kind).and_then(toml::Value::as_table) else { continue };
            for (key, value) in wanted {
                let name = value.get("package").and_then(toml::Value::as_str).unwrap_or(key).to_owned();
                let in_tests =
                    kind == "dev-dependencies" && (!name.starts_with("vrrplab") || arrow.may_in_tests.contains(&name));
                if !in_tests && !arrow.may.contains(&name) {
                    let line = text
                        .lines()
                        .position(|line| line.trim_start().starts_with(key.as_str()))
                        .map_or(0, |at| at + 1);
                    findings.push(Finding::new(
                        path,
                        line,
                        format!("{kind}: no arrow leads from `{folder}` to `{name}`"),
                    ));
                }
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    //! A check that never fires checks nothing.
    use super::*;

    fn house() -> House {
        let text = r#"
            [[room]]
            path = "sim/src/fabric"
            never = ["vrrplab_engine::Engine", "crate::world", "Effect"]
            text = ["&mut World"]
            except = ["sim/src/fabric/plug"]
            why = "a switch does not know VRRP"
            [[arrow]]
            crate = "sim"
            may = ["clap", "vrrplab-engine"]
            may_in_tests = ["vrrplab-wire"]
        "#;
        toml::from_str(text).expect("the sample is well formed")
    }

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check_room(&house().room[0], path, text).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn forbidden_imports_are_noticed_however_they_are_written() {
        let path = "sim/src/fabric.rs";
        assert_eq!(lines(path, "//! x\nuse vrrplab_engine::Engine;\n"), [2]);
        assert_eq!(lines(path, "use vrrplab_engine::{Instant, Engine};\n"), [1]);
        assert_eq!(lines(path, "use vrrplab_engine::*;\n"), [1]);
        assert_eq!(lines(path, "fn f() {\n    vrrplab_engine::Engine::new();\n}\n"), [2]);
        assert_eq!(lines("sim/src/fabric/port.rs", "use super::super::world::Run;\n"), [1]);
        assert_eq!(lines(path, "fn f(e: Effect) {}\n"), [1]);
        assert_eq!(lines(path, "fn f(w: &mut World) {}\n"), [1]);
    }

    #[test]
    fn what_is_allowed_is_left_alone() {
        let path = "sim/src/fabric.rs";
        assert!(lines(path, "use vrrplab_engine::Instant;\n// vrrplab_engine::Engine\n").is_empty());
        assert!(lines(path, "fn f() {}\n#[cfg(test)]\nmod tests {\n    use vrrplab_engine::Engine;\n}\n").is_empty());
        assert!(lines("sim/src/fabrics.rs", "use vrrplab_engine::Engine;\n").is_empty());
        assert!(lines("sim/src/main.rs", "use vrrplab_engine::Engine;\n").is_empty());
        assert!(lines("sim/src/fabric/plug.rs", "use vrrplab_engine::Engine;\n").is_empty());
    }

    #[test]
    fn a_misspelt_room_is_noticed() {
        let file = |path: &str| Text { path: path.to_owned(), text: String::new() };
        assert_eq!(check_rooms_exist(&house(), &[file("sim/src/main.rs")]).len(), 2);
        assert_eq!(check_rooms_exist(&house(), &[file("sim/src/fabric/port.rs")]).len(), 1);
        let both = [file("sim/src/fabric/port.rs"), file("sim/src/fabric/plug.rs")];
        assert!(check_rooms_exist(&house(), &both).is_empty());
    }

    #[test]
    fn an_arrow_in_the_wrong_direction_is_noticed() {
        let said = |text: &str| -> Vec<usize> {
            check_arrows(&house(), "sim/Cargo.toml", text).into_iter().map(|finding| finding.line).collect()
        };
        assert_eq!(said("[dependencies]\nclap = \"4\"\nvrrplab-wire = { path = \"x\" }\n"), [3]);
        assert_eq!(said("[dependencies]\nquiet = { package = \"tokio\", version = \"1\" }\n"), [2]);
        assert_eq!(said("[target.'cfg(unix)'.dependencies]\nlibc = \"0.2\"\n"), [2]);
        assert_eq!(said("[dev-dependencies]\nvrrplab-formats = { path = \"x\" }\n"), [2]);
        assert!(
            said("[dependencies]\nclap = \"4\"\n[dev-dependencies]\nvrrplab-wire.workspace = true\ninsta = \"1\"\n")
                .is_empty()
        );
        assert_eq!(check_arrows(&house(), "new/Cargo.toml", "").len(), 1);
    }
}
