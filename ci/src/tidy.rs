//! What every file must look like, one function per rule. Words that no file may contain are put together from pieces
//! here, so that this file does not object to itself.
use crate::Finding;
use crate::source::{without_comments, without_tests};

/// The longest a source file may be.
pub const MOST_LINES: usize = 600;

/// How files of each language say in their first line what they are for.
const SIGNS: [(&str, &str); 4] = [(".rs", "//! "), (".js", "// "), (".mjs", "// "), (".css", "/* ")];

/// A source file opens with `//!` and the one job that it has.
pub fn opens_with_its_job(path: &str, text: &str) -> Vec<Finding> {
    let Some((_, sign)) = SIGNS.iter().find(|(ending, _)| path.ends_with(ending)) else { return Vec::new() };
    let opens = text.lines().next().is_some_and(|first| first.starts_with(sign) && first.trim_end().len() > sign.len());
    if opens {
        return Vec::new();
    }
    vec![Finding::new(path, 1, format!("a source file opens with `{}` and its one job", sign.trim_end()))]
}

/// A source file is not longer than [`MOST_LINES`].
pub fn is_short(path: &str, text: &str) -> Vec<Finding> {
    let lines = text.lines().count();
    if !SIGNS.iter().any(|(ending, _)| path.ends_with(ending)) || lines <= MOST_LINES {
        return Vec::new();
    }
    vec![Finding::new(path, lines, format!("{lines} lines; {MOST_LINES} are the most: split it into rooms"))]
}

/// The crates that do no IO say `#![no_std]`, in their `lib.rs`.
pub fn stands_without_std(path: &str, text: &str) -> Vec<Finding> {
    let must = path == "engine/wire/src/lib.rs" || path == "engine/core/src/lib.rs";
    if !must || text.lines().any(|line| line.trim() == "#![no_std]") {
        return Vec::new();
    }
    vec![Finding::new(path, 0, "`#![no_std]` is missing: it is the proof that this crate does no IO")]
}

/// The crates that do no IO do not bring std back, but in tests.
pub fn brings_no_std_back(path: &str, text: &str) -> Vec<Finding> {
    if !(path.starts_with("engine/wire/src/") || path.starts_with("engine/core/src/")) {
        return Vec::new();
    }
    let code = without_comments(text);
    let mut before = "";
    let mut findings = Vec::new();
    for (number, line) in without_tests(&code).lines().enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let brings =
            words.windows(3).any(|w| w[0] == "extern" && w[1] == "crate" && w[2].trim_end_matches(';') == "std");
        if brings && before.trim() != "#[cfg(test)]" && !line.contains("#[cfg(test)]") {
            findings.push(Finding::new(path, number + 1, "std is brought back outside of tests"));
        }
        if !line.trim().is_empty() {
            before = line;
        }
    }
    findings
}

/// Nothing is left for later in the code, and no test is switched off.
pub fn is_finished(path: &str, text: &str) -> Vec<Finding> {
    let unfinished = [concat!("to", "do!"), concat!("unimple", "mented!"), concat!("#[ig", "nore")];
    if !path.ends_with(".rs") {
        return Vec::new();
    }
    words(path, text, &unfinished, "is not left in the tree: finish it, or take it out")
}

/// No path of somebody's machine.
pub fn names_no_machine(path: &str, text: &str) -> Vec<Finding> {
    let machines = [concat!("/wo", "rk/"), concat!("/ro", "ot/")];
    words(path, text, &machines, "is a path of one machine: name files from the root of the tree")
}

/// No host of a package registry; the lock file and licence texts excepted.
pub fn names_no_registry(path: &str, text: &str) -> Vec<Finding> {
    let hosts = [concat!("crates", ".io"), concat!("pypi", ".org"), concat!("npm", "js.")];
    if path.ends_with(".lock") || path.starts_with("LICENSE") {
        return Vec::new();
    }
    words(path, text, &hosts, "is a registry's host: a build finds its registry by itself")
}

/// A file or folder is named after its job, not after being handy.
pub fn has_a_job_in_its_name(path: &str, _text: &str) -> Vec<Finding> {
    let handy = [concat!("ut", "ils"), concat!("ut", "il"), concat!("help", "ers"), concat!("mi", "sc")];
    let handy_part = path.split('/').find(|part| handy.contains(&part.split('.').next().unwrap_or("")));
    match handy_part {
        Some(part) => vec![Finding::new(path, 0, format!("`{part}` says nothing: name it after its one job"))],
        None => Vec::new(),
    }
}

/// All rules of this file.
pub fn all(path: &str, text: &str) -> Vec<Finding> {
    let rules = [
        opens_with_its_job,
        is_short,
        stands_without_std,
        brings_no_std_back,
        is_finished,
        names_no_machine,
        names_no_registry,
        has_a_job_in_its_name,
    ];
    rules.iter().flat_map(|rule| rule(path, text)).collect()
}

fn words(path: &str, text: &str, never: &[&str], why: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for word in never.iter().filter(|word| line.contains(**word)) {
            findings.push(Finding::new(path, number + 1, format!("`{word}` {why}")));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    //! A check that never fires checks nothing: each one is shown something bad and something good.
    use super::*;

    fn lines(findings: Vec<Finding>) -> Vec<usize> {
        findings.into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn a_file_without_its_job_is_noticed() {
        assert_eq!(lines(opens_with_its_job("a/b.rs", "use a;\n")), [1]);
        assert_eq!(lines(opens_with_its_job("a/b.rs", "//!\nuse a;\n")), [1]);
        assert_eq!(lines(opens_with_its_job("a/b.rs", "")), [1]);
        assert!(opens_with_its_job("a/b.rs", "//! Adds.\n").is_empty());
        assert!(opens_with_its_job("a/b.md", "x\n").is_empty());
        assert_eq!(lines(opens_with_its_job("a/b.js", "const a = 1;\n")), [1]);
        assert!(opens_with_its_job("a/b.js", "// Adds.\n").is_empty());
        assert_eq!(lines(opens_with_its_job("a/b.css", "a { }\n")), [1]);
    }

    #[test]
    fn a_long_file_is_noticed() {
        assert_eq!(lines(is_short("a.rs", &"\n".repeat(601))), [601]);
        assert!(is_short("a.rs", &"\n".repeat(600)).is_empty());
    }

    #[test]
    fn a_crate_that_gives_up_no_std_is_noticed() {
        assert_eq!(lines(stands_without_std("engine/wire/src/lib.rs", "//! x\n")), [0]);
        assert_eq!(lines(stands_without_std("engine/core/src/lib.rs", "// #![no_std]\n")), [0]);
        assert!(stands_without_std("engine/core/src/lib.rs", "#![no_std]\n").is_empty());
        assert!(stands_without_std("sim/src/lib.rs", "//! x\n").is_empty());
    }

    #[test]
    fn std_by_the_back_door_is_noticed() {
        let path = "engine/core/src/io.rs";
        assert_eq!(lines(brings_no_std_back(path, "//! x\nextern crate std;\n")), [2]);
        assert_eq!(lines(brings_no_std_back(path, "extern  crate  std as core_std;\n")), [1]);
        assert!(brings_no_std_back(path, "#[cfg(test)]\nextern crate std;\n").is_empty());
        assert!(brings_no_std_back(path, "#[cfg(test)]\nmod tests {\n    extern crate std;\n}\n").is_empty());
        assert!(brings_no_std_back("sim/src/lib.rs", "extern crate std;\n").is_empty());
    }

    #[test]
    fn unfinished_code_is_noticed() {
        let text = concat!("fn f() {\n    to", "do!()\n}\n#[ig", "nore]\nfn g() { unimple", "mented!() }\n");
        assert_eq!(lines(is_finished("a.rs", text)), [2, 4, 5]);
        assert!(is_finished("a.rs", "fn f() {}\n").is_empty());
    }

    #[test]
    fn machine_paths_are_noticed() {
        assert_eq!(lines(names_no_machine("a.md", concat!("ok\nsee /wo", "rk/x\n/ro", "ot/y\n"))), [2, 3]);
        assert!(names_no_machine("a.md", "see docs/performance.md\n").is_empty());
    }

    #[test]
    fn registry_hosts_are_noticed() {
        let text = concat!("https://crates", ".io/x\nhttps://pypi", ".org\nhttps://www.npm", "js.com\n");
        assert_eq!(lines(names_no_registry("a.md", text)), [1, 2, 3]);
        assert!(names_no_registry("Cargo.lock", text).is_empty());
    }

    #[test]
    fn a_drawer_for_everything_is_noticed() {
        assert_eq!(lines(has_a_job_in_its_name(concat!("sim/src/ut", "ils.rs"), "")), [0]);
        assert_eq!(lines(has_a_job_in_its_name(concat!("sim/src/ut", "ils/a.rs"), "")), [0]);
        assert!(has_a_job_in_its_name("sim/src/fabric.rs", "").is_empty());
    }
}
