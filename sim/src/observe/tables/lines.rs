//! The verdict on promises about the lines that a view prints, and the two tables laid side by side where one is broken.
use vrrplab_formats::world::{LinePattern, LinesPromise, ViewPromise};

use crate::observe::words::time;

/// Judges a promise by what was printed at its moment, and says what that was.
pub fn judge_lines(promise: &ViewPromise, name: &str, printed: Option<&str>) -> (bool, String) {
    let (at, command) = (time(promise.at), promise.view.command());
    let Some(printed) = printed else { return (false, format!("{name} had nothing for `{command}` at {at}")) };
    let lines = printed.lines().filter(|line| !promise.view.heads(line));
    let lines: Vec<String> = lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let (good, missing) = match &promise.lines {
        LinesPromise::All(wanted) => pair(wanted, &lines),
        LinesPromise::Some { has, lacks } => {
            let good = lines.iter().map(|line| !lacks.iter().any(|lacking| lacking.is_within(line))).collect();
            (good, has.iter().filter(|wanted| !lines.iter().any(|line| wanted.is_within(line))).collect())
        }
    };
    if missing.is_empty() && good.iter().all(|good| *good) {
        let all = if lines.is_empty() { "nothing".to_owned() } else { lines.join("; ") };
        return (true, format!("{name}, {command} at {at}: {all}"));
    }
    let beside = beside(&lines, &good, missing);
    (false, format!("{name}, {command} at {at} (- promised and missing, + there against the promise){beside}"))
}

/// Gives each promised line a printed one of its own where that is possible: whether each printed line was promised, and
/// which promised ones are missing.
fn pair<'p>(wanted: &'p [LinePattern], lines: &[String]) -> (Vec<bool>, Vec<&'p LinePattern>) {
    let mut taken: Vec<Option<usize>> = vec![None; lines.len()];
    let mut missing = Vec::new();
    for (index, pattern) in wanted.iter().enumerate() {
        if !place(index, wanted, lines, &mut taken, &mut vec![false; lines.len()]) {
            missing.push(pattern);
        }
    }
    (taken.iter().map(Option::is_some).collect(), missing)
}

/// Finds a line for a pattern; one that has it already may have to take another.
fn place(
    index: usize,
    wanted: &[LinePattern],
    lines: &[String],
    taken: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    for (line, text) in lines.iter().enumerate() {
        if tried[line] || !wanted[index].is(text) {
            continue;
        }
        tried[line] = true;
        if taken[line].is_none_or(|holder| place(holder, wanted, lines, taken, tried)) {
            taken[line] = Some(index);
            return true;
        }
    }
    false
}

/// The printed lines, with what is missing before the line that begins as it does, or at the end.
fn beside(lines: &[String], good: &[bool], mut missing: Vec<&LinePattern>) -> String {
    let mut text = String::new();
    let mut row = |mark: char, words: &str| text.push_str(&format!("\n     {mark} {words}"));
    for (line, good) in lines.iter().zip(good) {
        if *good {
            row(' ', line);
            continue;
        }
        let first = line.split_whitespace().next();
        missing.retain(|pattern| {
            let here = pattern.0.first().is_some_and(|word| word.as_deref() == first);
            if here {
                row('-', &pattern.to_string());
            }
            !here
        });
        row('+', line);
    }
    for pattern in missing {
        row('-', &pattern.to_string());
    }
    text
}

#[cfg(test)]
mod tests {
    use vrrplab_engine::{Instant, Span};
    use vrrplab_formats::world::{Member, NodeId, Subject, View};

    use super::*;

    const TABLE: &str = "10.0.0.1 dev eth0 lladdr 02:00:00:00:01:01 STALE\n10.0.0.9 dev eth0 FAILED\n";

    fn pattern(line: &str) -> LinePattern {
        LinePattern(line.split_whitespace().map(|word| (word != "*").then(|| word.to_owned())).collect())
    }

    fn all(lines: &[&str]) -> LinesPromise {
        LinesPromise::All(lines.iter().map(|line| pattern(line)).collect())
    }

    fn some(has: &[&str], lacks: &[&str]) -> LinesPromise {
        let read = |lines: &[&str]| lines.iter().map(|line| pattern(line)).collect();
        LinesPromise::Some { has: read(has), lacks: read(lacks) }
    }

    fn judged(lines: LinesPromise, printed: Option<&str>) -> (bool, String) {
        let (of, at) = (Subject::Host(Member::Node(NodeId(0))), Instant::ZERO + Span::from_secs(12));
        judge_lines(&ViewPromise { view: View::Arp, of, at, lines }, "r1", printed)
    }

    #[test]
    fn a_whole_table_is_kept_in_any_order_and_with_any_white_space() {
        let kept = all(&["10.0.0.9   dev eth0 FAILED", "10.0.0.1 dev eth0 lladdr * STALE"]);
        let found = "10.0.0.1 dev eth0 lladdr 02:00:00:00:01:01 STALE; 10.0.0.9 dev eth0 FAILED";
        assert_eq!(judged(kept, Some(TABLE)), (true, format!("r1, ip neigh at 12.000000: {found}")));
        assert_eq!(judged(all(&[]), Some("")), (true, "r1, ip neigh at 12.000000: nothing".to_owned()));
        let none = (false, "r1 had nothing for `ip neigh` at 12.000000".to_owned());
        assert_eq!(judged(all(&[]), None), none);
    }

    #[test]
    fn a_broken_promise_lays_both_tables_side_by_side() {
        let wrong = all(&["10.0.0.1 dev eth0 lladdr 02:00:00:00:01:02 STALE", "10.0.0.7 dev eth0 FAILED"]);
        let expected = "\
r1, ip neigh at 12.000000 (- promised and missing, + there against the promise)
     - 10.0.0.1 dev eth0 lladdr 02:00:00:00:01:02 STALE
     + 10.0.0.1 dev eth0 lladdr 02:00:00:00:01:01 STALE
     + 10.0.0.9 dev eth0 FAILED
     - 10.0.0.7 dev eth0 FAILED";
        assert_eq!(judged(wrong, Some(TABLE)), (false, expected.to_owned()));
    }

    #[test]
    fn words_of_lines_are_there_or_not() {
        assert!(judged(some(&["10.0.0.1 STALE", "FAILED"], &["10.0.0.1 FAILED", "REACHABLE"]), Some(TABLE)).0);
        let expected = "\
r1, ip neigh at 12.000000 (- promised and missing, + there against the promise)
       10.0.0.1 dev eth0 lladdr 02:00:00:00:01:01 STALE
     + 10.0.0.9 dev eth0 FAILED
     - 10.0.0.1 REACHABLE";
        assert_eq!(judged(some(&["10.0.0.1 REACHABLE"], &["FAILED"]), Some(TABLE)), (false, expected.to_owned()));
        assert!(!judged(some(&["STALE 10.0.0.1"], &[]), Some(TABLE)).0, "words have an order");
    }

    #[test]
    fn a_pattern_leaves_a_line_to_one_that_can_have_no_other() {
        let both = "10.0.0.1 dev eth0 FAILED\n10.0.0.2 dev eth0 FAILED\n";
        assert!(judged(all(&["* dev eth0 FAILED", "10.0.0.1 dev eth0 *"]), Some(both)).0);
        assert!(!judged(all(&["10.0.0.1 dev eth0 *", "10.0.0.1 dev eth0 *"]), Some(both)).0);
    }
}
