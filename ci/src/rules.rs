//! Every rule of the engine's catalogue is told by a test or a scenario: its id stands in a test, snapshot or timeline.
use crate::Finding;
use crate::tree::Text;

/// Where the catalogue is.
pub const CATALOGUE: &str = "engine/core/src/rules.rs";

/// One entry of the catalogue: `    BackupTimerExpired => "backup-timer-expired", "source", "sentence";`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The id, `backup-timer-expired`.
    pub id: String,
    /// 1-based.
    pub line: usize,
}

/// The entries of a catalogue.
pub fn entries(text: &str) -> Vec<Entry> {
    let entry = |(number, line): (usize, &str)| {
        let (name, rest) = line.trim_start().split_once("=>")?;
        let variant = name.trim().rsplit("::").next().unwrap_or("");
        let named =
            variant.starts_with(|c: char| c.is_ascii_uppercase()) && variant.chars().all(|c| c.is_ascii_alphanumeric());
        let (id, _) = rest.trim_start().strip_prefix('"')?.split_once('"')?;
        (named && is_id(id)).then(|| Entry { id: id.to_owned(), line: number + 1 })
    };
    text.lines().enumerate().filter_map(entry).collect()
}

/// Objections to the shape of the catalogue: an id that is no entry (or stands twice) would never be checked.
pub fn check_catalogue(path: &str, text: &str) -> Vec<Finding> {
    let known = entries(text);
    let mut findings = Vec::new();
    for (at, entry) in known.iter().enumerate() {
        if known[..at].iter().any(|earlier| earlier.id == entry.id) {
            findings.push(Finding::new(path, entry.line, format!("`{}` stands twice", entry.id)));
        }
    }
    for (number, line) in text.lines().enumerate() {
        for literal in line.split('"').skip(1).step_by(2) {
            if literal.contains('-') && is_id(literal) && !known.iter().any(|entry| entry.id == literal) {
                let what =
                    format!("`{literal}` looks like a rule, but its line is not `Variant => \"{literal}\", ...`");
                findings.push(Finding::new(path, number + 1, what));
            }
        }
    }
    findings
}

/// Objections to rules that nothing tells about.
pub fn check_told(path: &str, text: &str, texts: &[Text]) -> Vec<Finding> {
    let untold = |entry: &Entry| !texts.iter().any(|told| tells(&told.path) && mentions(&told.text, &entry.id));
    let finding = |entry: Entry| {
        let what = format!("no test, snapshot or timeline mentions `{}`", entry.id);
        Finding::new(path, entry.line, what)
    };
    entries(text).into_iter().filter(untold).map(finding).collect()
}

/// Whether a file counts as a test or a scenario's outcome.
pub fn tells(path: &str) -> bool {
    let rust_test = path.ends_with(".rs")
        && (path.contains("/tests/") || path.ends_with("/tests.rs") || path.starts_with("tests/"));
    let snapshot = path.ends_with(".snap") && (path.contains("/snapshots/") || path.starts_with("scenarios/"));
    rust_test || snapshot || path.ends_with(".timeline")
}

fn mentions(text: &str, id: &str) -> bool {
    let part_of_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    text.match_indices(id)
        .any(|(at, _)| !text[..at].ends_with(part_of_word) && !text[at + id.len()..].starts_with(part_of_word))
}

fn is_id(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

#[cfg(test)]
mod tests {
    //! A check that never fires checks nothing.
    use super::*;

    const SAMPLE: &str = "rules! {\n    StartBackup => \"start-backup\", \"keepalived 2.2.7\", \"A start.\";\n    Owner => \"owner\", \"RFC\", \"x\";\n}\n";

    fn told(path: &str, text: &str) -> Vec<usize> {
        let texts = [Text { path: path.to_owned(), text: text.to_owned() }];
        check_told(CATALOGUE, SAMPLE, &texts).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn entries_are_read() {
        let ids: Vec<(String, usize)> = entries(SAMPLE).into_iter().map(|entry| (entry.id, entry.line)).collect();
        assert_eq!(ids, [("start-backup".to_owned(), 2), ("owner".to_owned(), 3)]);
    }

    #[test]
    fn a_rule_that_nothing_tells_about_is_noticed() {
        assert_eq!(told("sim/tests/a.rs", "nothing"), [2, 3]);
        assert_eq!(told("sim/tests/snapshots/a.snap", "0.000 r1 start-backup\n"), [3]);
        assert_eq!(told("scenarios/a.timeline", "start-backup, owner"), Vec::<usize>::new());
    }

    #[test]
    fn only_whole_words_in_tests_count() {
        assert_eq!(told("sim/tests/a.rs", "restart-backup start-backup-again owners"), [2, 3]);
        assert_eq!(told("sim/src/main.rs", "start-backup owner"), [2, 3]);
    }

    #[test]
    fn a_catalogue_in_another_shape_is_noticed() {
        let lines =
            |text| -> Vec<usize> { check_catalogue("r.rs", text).into_iter().map(|finding| finding.line).collect() };
        assert_eq!(lines("StartBackup,\n\"start-backup\",\n"), [2]);
        assert_eq!(lines("A => \"same-id\", \"\", \"\";\nB => \"same-id\", \"\", \"\";\n"), [2]);
        assert!(lines(SAMPLE).is_empty());
    }
}
