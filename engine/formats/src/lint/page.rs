//! The lints as a page: docs/check.md.
use std::fmt::Write;

use super::ALL;

/// docs/check.md.
pub fn markdown() -> String {
    let mut page = String::from(HEAD);
    for lint in ALL {
        let severity = lint.severity.word();
        let fix = lint.fix.unwrap_or("");
        let cells = [lint.sentence, lint.consequence, fix].map(|cell| cell.replace('|', "\\|")).join(" | ");
        let _ = writeln!(page, "| `{}` | {severity} | {cells} |", lint.id);
    }
    page
}

const HEAD: &str = "# vrrplab check

`vrrplab check FILE...` reads the keepalived.conf of one router or of several that are to work together, without running
anything. This page is made from the table of its lints; `vrrplab explain LINT` tells one of them.

1. Every file is read as keepalived 2.2.7 reads it (see [keepalived-conf.md](keepalived-conf.md)): what it would refuse,
   complain about or silently change is told at its place with what follows. At the end: with what `keepalived -t` would
   exit, and whether the daemon would run.
2. Then the lints below look for what keepalived does not see, in one file and between files.
3. Where the routers can work together, the table of takeover times follows: how long the next one waits at worst.

A line `@NAME ...` is for the router of that name: the file's name without its ending, or `--config-id NAME`. Included files are
read from where they are.

| `--format` | for |
|---|---|
| `text` | people: the line itself, what is wrong with it, what to do |
| `json` | programs: one object with `findings` (`id`, `severity`, `file`, `line`, `column`, `message`, `help`), `keepalived` (`file`, `exit`, `runs`) and `takeovers` (`vrid`, `family`, `members`, `after_crash` and `after_stop` in seconds) |
| `sarif` | code hosts and editors: SARIF 2.1.0 |
| `github` | GitHub Actions: the findings at the lines of a pull request |

| exit code | meaning |
|---|---|
| 0 | no error (with `--deny warnings`: and no warning) |
| 1 | an error that keepalived survives, or routers that cannot work together |
| 2 | a file that keepalived would not run with, or that cannot be read |

| lint | severity | found | what follows | what to do |
|---|---|---|---|---|
";
