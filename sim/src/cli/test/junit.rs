//! Trials as JUnit XML, which CI servers show: a suite for each theme, a case for each scenario.
use std::collections::BTreeMap;
use std::fmt::Write;

use super::trial::{Trial, Verdict};
use crate::library::Entry;
use crate::observe::words::span;

/// A case: the scenario, and what became of it when it was played.
type Case<'t> = (&'t Entry, Option<&'t Trial>);

/// The whole report. Scenarios without a trial were interrupted, and count as skipped.
pub(super) fn report(chosen: &[Entry], trials: &[Option<Trial>]) -> String {
    let cases: Vec<Case<'_>> = chosen.iter().zip(trials.iter().map(Option::as_ref)).collect();
    let mut suites: BTreeMap<&str, Vec<Case<'_>>> = BTreeMap::new();
    for case in &cases {
        suites.entry(case.0.theme.as_str()).or_default().push(*case);
    }
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(xml, "<testsuites name=\"vrrplab\" {}>", counts(&cases));
    for (theme, cases) in &suites {
        let name = if theme.is_empty() { "vrrplab" } else { theme };
        let _ = writeln!(xml, "  <testsuite name=\"{}\" {}>", attribute(name), counts(cases));
        cases.iter().for_each(|case| xml.push_str(&one(name, case)));
        xml.push_str("  </testsuite>\n");
    }
    xml + "</testsuites>\n"
}

fn counts(cases: &[Case<'_>]) -> String {
    let count = |of: &[Verdict]| cases.iter().filter(|(_, t)| t.is_some_and(|t| of.contains(&t.verdict))).count();
    let skipped = cases.iter().filter(|(_, trial)| trial.is_none()).count();
    let (failed, errors) = (count(&[Verdict::Failed]), count(&[Verdict::Unusable, Verdict::Crashed]));
    format!("tests=\"{}\" failures=\"{failed}\" errors=\"{errors}\" skipped=\"{skipped}\"", cases.len())
}

fn one(suite: &str, (entry, trial): &Case<'_>) -> String {
    let (name, file) = (entry.stem(), entry.path.display().to_string());
    let [suite, name, file] = [suite, &name, &file].map(attribute);
    let mut xml = format!("    <testcase classname=\"{suite}\" name=\"{name}\" file=\"{file}\">\n");
    let Some(trial) = trial else { return xml + "      <skipped message=\"interrupted\"/>\n    </testcase>\n" };
    let (element, kind) = match trial.verdict {
        Verdict::Unusable => ("error", "unusable"),
        Verdict::Crashed => ("error", "crash"),
        Verdict::Passed | Verdict::Failed => ("failure", "expectation"),
    };
    if !trial.failures.is_empty() {
        // One element: some servers show the first only.
        let title = trial.failures.first().map_or("", |failure| failure.title.as_str());
        let lines: String = trial.failures.iter().map(|f| format!("{}\n{}\n", f.title, f.found.trim_end())).collect();
        let (title, lines) = (attribute(title), text(&lines));
        let _ = writeln!(xml, "      <{element} type=\"{kind}\" message=\"{title}\">{lines}</{element}>");
    }
    if let (Some(duration), Some(seed), Some(digest)) = (trial.duration, trial.seed, &trial.digest) {
        let (held, all) = trial.held;
        let must = if trial.must_fail { " (it must fail)" } else { "" };
        let simulated = span(duration);
        let _ = writeln!(
            xml,
            "      <system-out>{held} of {all} expectations held{must}, {simulated} simulated, seed {seed}, digest {digest}</system-out>"
        );
    }
    if trial.warnings() > 0 {
        let _ = writeln!(xml, "      <system-err>{}</system-err>", text(&trial.report.render(false)));
    }
    xml + "    </testcase>\n"
}

/// Text between tags. What XML cannot hold becomes the sign for it.
fn text(words: &str) -> String {
    let mut safe = String::with_capacity(words.len());
    for letter in words.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\n' | '\t' => safe.push(letter),
            '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            letter if letter < ' ' => safe.push('\u{fffd}'),
            letter => safe.push(letter),
        }
    }
    safe
}

/// Text between quotes, where ends of lines would become spaces.
fn attribute(words: &str) -> String {
    text(words).replace('\n', "&#10;").replace('\t', "&#9;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_letter_breaks_the_document() {
        assert_eq!(
            text("a < b && \"c\" > d\u{1b}[1m\r\n"),
            "a &lt; b &amp;&amp; &quot;c&quot; &gt; d\u{fffd}[1m\u{fffd}\n"
        );
        assert_eq!(attribute("one\ntwo\t<3>"), "one&#10;two&#9;&lt;3&gt;");
    }

    #[test]
    fn what_was_not_played_is_skipped() {
        let entry = Entry { theme: "basics".into(), path: "scenarios/basics/a&b.yaml".into() };
        let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<testsuites name=\"vrrplab\" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"1\">
  <testsuite name=\"basics\" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"1\">
    <testcase classname=\"basics\" name=\"a&amp;b\" file=\"scenarios/basics/a&amp;b.yaml\">
      <skipped message=\"interrupted\"/>
    </testcase>
  </testsuite>
</testsuites>
";
        assert_eq!(report(&[entry], &[None]), expected);
    }
}
