//! What README.md and docs/ show is what happens: their commands are run, and the output is compared byte for byte.
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn vrrplab(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vrrplab"));
    command.args(args).current_dir(root()).stdin(Stdio::null()).output().unwrap()
}

/// The code blocks of a Markdown text in these languages (`""`: none named).
fn blocks<'a>(markdown: &'a str, languages: &[&str]) -> Vec<Vec<&'a str>> {
    let mut found = Vec::new();
    let mut open: Option<(bool, Vec<&str>)> = None;
    for line in markdown.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => open = Some((languages.contains(&language), Vec::new())),
            (Some(_), Some(_)) => found.extend(open.take().filter(|(wanted, _)| *wanted).map(|(_, lines)| lines)),
            (None, Some((_, lines))) => lines.push(line),
            (None, None) => {}
        }
    }
    found
}

/// The arguments of `vrrplab` in a command line, if it calls vrrplab.
fn arguments(line: &str) -> Option<Vec<&str>> {
    let line = line.split(" #").next().unwrap_or(line).trim();
    let rest = match line.strip_prefix("cargo run ") {
        Some(cargo) => cargo.split_once("--bin vrrplab -- ")?.1,
        None => line.split_once("vrrplab ").filter(|(before, _)| before.is_empty() || before.ends_with('/'))?.1,
    };
    Some(rest.split_whitespace().collect())
}

#[test]
fn the_first_command_prints_what_the_readme_shows() {
    let readme = read("README.md");
    let commands = &blocks(&readme, &["sh"])[0];
    assert_eq!(commands[0], "cargo run --release --bin vrrplab -- run scenarios/split-brain.yaml");
    let output = vrrplab(&arguments(commands[0]).unwrap());
    assert_eq!(output.status.code(), Some(0));
    let (_, rest) = readme.split_once("<!-- output: begin -->\n```text\n").expect("the output begins");
    let (shown, _) = rest.split_once("```\n<!-- output: end -->").expect("the output ends");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), shown);
}

#[test]
fn the_second_command_is_the_one_that_is_checked() {
    let readme = read("README.md");
    let commands = &blocks(&readme, &["sh"])[0];
    assert_eq!(commands[1..], ["cargo test --workspace"]);
    let checks = read(".ci/run");
    assert!(checks.lines().any(|line| line == "step tests cargo test --workspace"), "{checks}");
}

#[test]
fn every_vrrplab_command_in_the_documentation_is_understood() {
    let mut pages = vec!["README.md".to_owned(), "ARCHITECTURE.md".to_owned(), "CONTRIBUTING.md".to_owned()];
    for entry in fs::read_dir(root().join("docs")).unwrap() {
        pages.push(format!("docs/{}", entry.unwrap().file_name().into_string().unwrap()));
    }
    pages.push("scenarios/README.md".to_owned());
    let incident = concat!(env!("CARGO_TARGET_TMPDIR"), "/incident.yaml");
    let _ = fs::remove_file(incident); // of the last time: what is there is never written over
    let mut seen = 0;
    for page in pages.iter().filter(|page| page.ends_with(".md")) {
        let text = read(page);
        for line in blocks(&text, &["sh", "bash", "console", ""]).concat() {
            let Some(mut args) = arguments(line.trim_start_matches("$ ")) else { continue };
            seen += 1;
            for at in 1..args.len() {
                match args[at - 1] {
                    _ if args[at] == "incident.yaml" => args[at] = incident,
                    "--pcap" => args[at] = concat!(env!("CARGO_TARGET_TMPDIR"), "/readme-pcap"),
                    "--report" => args[at] = concat!(env!("CARGO_TARGET_TMPDIR"), "/readme.html"),
                    "--json" => args[at] = concat!(env!("CARGO_TARGET_TMPDIR"), "/readme.json"),
                    _ => {}
                }
            }
            let code = vrrplab(&args).status.code();
            assert!(matches!(code, Some(0 | 1 | 3)), "{page}: `{line}` ended with {code:?}");
        }
    }
    assert!(seen >= 4, "only {seen} commands found");
}

/// Relative links of the documentation lead to files that exist.
#[test]
fn no_link_leads_nowhere() {
    let mut pages: Vec<PathBuf> =
        ["README.md", "README.ko.md", "README.zh-TW.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]
            .map(PathBuf::from)
            .to_vec();
    let docs = fs::read_dir(root().join("docs")).unwrap();
    pages.extend(docs.map(|entry| Path::new("docs").join(entry.unwrap().file_name())));
    for page in pages.iter().filter(|page| page.extension().is_some_and(|ending| ending == "md")) {
        let text = read(page.to_str().unwrap());
        for after in text.split("](").skip(1) {
            let target = after.split(')').next().unwrap_or("").split('#').next().unwrap_or("");
            if !target.is_empty() && !target.contains("://") {
                assert!(
                    root().join(page).parent().unwrap().join(target).exists(),
                    "{} links to {target}",
                    page.display()
                );
            }
        }
    }
}

/// Who reads a translation does the same and comes to the same places.
#[test]
fn the_translations_have_the_commands_and_links_of_the_readme() {
    let links = |text: &str| {
        let mut all: Vec<String> =
            text.split("](").skip(1).filter_map(|after| Some(after.split_once(')')?.0.to_owned())).collect();
        all.retain(|link| !link.starts_with("README"));
        all.sort();
        all
    };
    let readme = read("README.md");
    for page in ["README.ko.md", "README.zh-TW.md"] {
        let text = read(page);
        assert_eq!(blocks(&text, &["sh", "text"]), blocks(&readme, &["sh", "text"]), "{page}");
        assert_eq!(links(&text), links(&readme), "{page}");
    }
}

#[test]
fn the_readme_is_read_in_one_go() {
    assert!(read("README.md").lines().count() < 100);
}
