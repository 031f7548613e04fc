//! Pages of docs/ that are made of the code: every command with its options, every rule with its source. Kept pages are compared.
mod kept;

use std::fmt::Write;
use std::process::Command;

use kept::hold;
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
