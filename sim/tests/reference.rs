//! Pages of docs/ that are made of the code: every command with its options, every rule with its source, every key of a scenario.
//! Kept pages are compared.
mod kept;

use std::fmt::Write;
use std::process::Command;

use kept::hold;
use serde_json::Value;
use vrrplab_engine::Rule;

/// What `--help` of a command prints where no terminal is.
fn help(words: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vrrplab"));
    let output = command.args(words).arg("--help").env_remove("COLUMNS").output().unwrap();
    assert!(output.status.success(), "{words:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The commands that a help names.
fn commands(help: &str) -> Vec<&str> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").collect()
}

#[test]
fn the_page_of_commands_is_what_help_says() {
    let top = help(&[]);
    let mut page =
        "# Commands\n\nWhat `vrrplab --help` and `vrrplab COMMAND --help` print. This page is made of them.\n"
            .to_owned();
    let _ = write!(page, "\n```text\n{top}```\n");
    let names = commands(&top);
    assert!(names.len() > 15, "{names:?}");
    for name in names {
        let text = help(&[name]);
        let _ = write!(page, "\n## vrrplab {name}\n\n```text\n{text}```\n");
        for sub in commands(&text) {
            let _ = write!(page, "\n### vrrplab {name} {sub}\n\n```text\n{}```\n", help(&[name, sub]));
        }
    }
    hold("cli.md", &page);
}

#[test]
fn the_page_of_rules_is_the_catalogue() {
    let mut page = "# Rules\n\nWhatever a router decides has a rule, which the timeline names at the end of its line; `vrrplab explain RULE` \
                    prints one of them. Where no source\nis an RFC, it is what keepalived 2.2.7 or the kernel was seen to do. This page \
                    is made of the catalogue.\n\n| rule | what happens | source |\n|---|---|---|\n"
        .to_owned();
    for rule in Rule::ALL {
        let cell = |text: &str| text.replace('|', "\\|");
        let _ = writeln!(page, "| `{}` | {} | {} |", rule.id(), cell(rule.sentence()), cell(rule.source()));
    }
    hold("rules.md", &page);
}

/// What a key takes, in words; other tables of the page are linked.
fn takes(value: &Value) -> String {
    let of = |key: &str| value.get(key);
    if let Some(name) = of("$ref").and_then(Value::as_str) {
        let name = title(name);
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(ways) = of("anyOf").or(of("oneOf")).and_then(Value::as_array) {
        let ways: Vec<String> = ways.iter().map(takes).filter(|way| way != "null").collect();
        return ways.join(" or ");
    }
    if let Some(words) = of("enum").and_then(Value::as_array) {
        let words: Vec<String> = words.iter().filter(|word| !word.is_null()).map(|word| format!("`{word}`")).collect();
        return words.join(", ").replace('"', "");
    }
    if let Some(word) = of("const") {
        return format!("`{word}`").replace('"', "");
    }
    let kinds: Vec<&str> = match of("type") {
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect(),
        Some(kind) => kind.as_str().into_iter().collect(),
        None => return "anything".to_owned(),
    };
    let kind = |kind: &&str| match (*kind, of("items"), of("additionalProperties")) {
        ("array", Some(items), _) => format!("list of {}", takes(items)),
        ("object", _, Some(each @ Value::Object(_))) => format!("names, each with {}", takes(each)),
        ("object", ..) => "keys".to_owned(),
        ("string", ..) => match of("pattern").and_then(Value::as_str) {
            Some(pattern) if pattern.ends_with("(ns|us|ms|s|m)$") => "time with unit".to_owned(),
            Some(pattern) if pattern.ends_with("(ppm|%)$") => "`ppm` or `%`".to_owned(),
            Some("/[0-9]+$") => "address with prefix length".to_owned(),
            _ => "text".to_owned(),
        },
        ("integer", ..) => "number".to_owned(),
        ("boolean", ..) => "`true` or `false`".to_owned(),
        (other, ..) => other.to_owned(),
    };
    kinds.iter().map(kind).collect::<Vec<String>>().join(" or ")
}

/// The name of a table: `#/$defs/NodeText` is about a node.
fn title(name: &str) -> String {
    let name = name.rsplit('/').next().unwrap_or(name);
    name.strip_suffix("Text").unwrap_or(name).to_owned()
}

fn text_of(value: &Value) -> String {
    let text = value.get("description").and_then(Value::as_str).unwrap_or_default();
    text.split('\n').collect::<Vec<&str>>().join(" ").replace('|', "\\|")
}

/// A table of the keys of one thing.
fn keys(page: &mut String, thing: &Value) {
    let needed: Vec<&str> =
        thing.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let Some(keys) = thing.get("properties").and_then(Value::as_object) else {
        let _ = writeln!(page, "{}.", takes(thing));
        return;
    };
    page.push_str("| key | takes | what it is |\n|---|---|---|\n");
    for (key, value) in keys {
        let must = if needed.contains(&key.as_str()) { " (needed)" } else { "" };
        let _ = writeln!(page, "| `{key}`{must} | {} | {} |", takes(value), text_of(value));
    }
}

#[test]
fn the_page_of_scenario_keys_is_the_schema() {
    let output = Command::new(env!("CARGO_BIN_EXE_vrrplab")).arg("schema").output().unwrap();
    let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut page = "# Keys of a scenario\n\nEvery key with what it takes. This page is made of the schema that `vrrplab schema` prints; \
                    [scenario.md](scenario.md) explains\nand has examples. A time is a number with `ns`, `us`, `ms`, `s` or `m`.\n\n"
        .to_owned();
    keys(&mut page, &schema);
    let things = schema["$defs"].as_object().unwrap();
    assert!(things.len() > 50, "{}", things.len());
    for (name, thing) in things {
        let _ = write!(page, "\n## {}\n\n{}\n\n", title(name), text_of(thing));
        keys(&mut page, thing);
    }
    hold("scenario-keys.md", &page);
}
