//! Kept timelines: a head between `---` lines, then the text. The tests of the library write and read the same files.
use std::fmt::Write;

use similar::TextDiff;

/// How a failure about them begins.
pub(super) const TITLE: &str = "the timeline is not that of";

/// How many lines of a difference are shown.
const MOST_LINES: usize = 40;

/// Head with its lines of dashes, and text.
fn parts(kept: &str) -> (&str, &str) {
    let end = kept.strip_prefix("---\n").and_then(|rest| rest.find("\n---\n"));
    end.map_or(("", kept), |end| kept.split_at(end + 9))
}

/// What differs, as lines with `-` and `+`; none when nothing does.
pub(super) fn difference(kept: &str, made: &str) -> Option<String> {
    let kept = kept.replace("\r\n", "\n");
    let (kept, made) = (parts(&kept).1.trim_end(), made.trim_end());
    if kept == made {
        return None;
    }
    let (kept, made) = (format!("{kept}\n"), format!("{made}\n"));
    let difference = TextDiff::from_lines(&kept, &made).unified_diff().context_radius(1).to_string();
    let all = difference.lines().count();
    let mut text: String = difference.lines().take(MOST_LINES).map(|line| format!("{}\n", line.trim_end())).collect();
    if all > MOST_LINES {
        let _ = writeln!(text, "... and {} lines more", all - MOST_LINES);
    }
    Some(text)
}

/// The file to be kept; the head of the old one remains.
pub(super) fn compose(kept: Option<&str>, about: &str, made: &str) -> String {
    let head = kept.map(|kept| parts(kept).0).filter(|head| !head.is_empty());
    let plain = |letter: char| letter.is_control() || matches!(letter, '"' | '\\');
    let about: String = about.chars().map(|letter| if plain(letter) { ' ' } else { letter }).collect();
    let new = || format!("---\nsource: vrrplab test\ndescription: \"{about}\"\n---\n");
    format!("{}{}\n", head.map_or_else(new, str::to_owned), made.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: &str =
        "---\nsource: sim/tests/scenarios.rs\ndescription: One cut.\n---\n    0.000000  r1\n    1.000000  r2\n";

    #[test]
    fn the_head_and_the_line_endings_do_not_matter() {
        assert_eq!(difference(KEPT, "    0.000000  r1\n    1.000000  r2"), None);
        assert_eq!(difference(&KEPT.replace('\n', "\r\n"), "    0.000000  r1\n    1.000000  r2\n\n"), None);
    }

    #[test]
    fn a_difference_is_shown_by_its_lines() {
        let shown = difference(KEPT, "    0.000000  r1\n    1.500000  r2\n").unwrap();
        assert_eq!(shown, "@@ -1,2 +1,2 @@\n     0.000000  r1\n-    1.000000  r2\n+    1.500000  r2\n");
        let long: String = (0..100).map(|n| format!("line {n}\n")).collect();
        assert!(difference(KEPT, &long).unwrap().ends_with("\n... and 63 lines more\n"));
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let fresh = compose(None, "A \"quoted\" story.", "    0.000000  r1\n");
        assert_eq!(fresh, "---\nsource: vrrplab test\ndescription: \"A  quoted  story.\"\n---\n    0.000000  r1\n");
        assert_eq!(difference(&fresh, "    0.000000  r1"), None);
        let again = compose(Some(KEPT), "Another story.", "    2.000000  r1");
        assert_eq!(again, "---\nsource: sim/tests/scenarios.rs\ndescription: One cut.\n---\n    2.000000  r1\n");
    }
}
