//! Errors and warnings that point into the texts they are about: collected all at once, shown sorted with the line itself.
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The text is not what its author means; [`Diagnostic::keepalived`] tells whether it can be used all the same.
    Error,
    /// The text is used, with the departure that the diagnostic names.
    Warning,
    /// Nothing is wrong here; something elsewhere has to fit.
    Note,
}

impl Severity {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// What keepalived 2.2.7 does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Keepalived {
    /// It says nothing that `keepalived -t` counts.
    Silent,
    /// It complains and goes on; `keepalived -t` exits with this.
    Complains(u8),
    /// The daemon ends, or does not start; `keepalived -t` exits with this.
    Refuses(u8),
}

/// What a shell reports of a program that ended by a segmentation fault.
pub const CRASH: u8 = 139;

/// A text as its user named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The name shown, usually the path as given.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// A value together with the place that gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Name of the source.
    pub file: Arc<str>,
    /// Bytes in the source's text.
    pub span: Range<usize>,
}

impl<T> Spanned<T> {
    /// A value read at `span` of `file`.
    pub fn new(value: T, file: Arc<str>, span: Range<usize>) -> Spanned<T> {
        Spanned { value, file, span }
    }
    /// Another value at the same place.
    pub fn with<U>(&self, value: U) -> Spanned<U> {
        Spanned { value, file: self.file.clone(), span: self.span.clone() }
    }
    /// The place alone.
    pub fn place(&self) -> Place {
        self.with(())
    }
}

/// A place without a value.
pub type Place = Spanned<()>;

/// One error or warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// Name of the source.
    pub file: String,
    /// Bytes in the source's text.
    pub span: Range<usize>,
    /// What is wrong, in one sentence.
    pub title: String,
    /// Said at the place itself; may be empty.
    pub label: String,
    /// What to do about it.
    pub help: Option<String>,
    /// What keepalived does about it, where the text is a keepalived.conf.
    pub keepalived: Keepalived,
}

impl Diagnostic {
    /// keepalived would go on.
    pub fn survived(&mut self) -> &mut Diagnostic {
        self.keepalived(Keepalived::Complains(5))
    }
    /// keepalived would say nothing.
    pub fn unnoticed(&mut self) -> &mut Diagnostic {
        self.keepalived(Keepalived::Silent)
    }
    /// What keepalived would do.
    pub fn keepalived(&mut self, verdict: Keepalived) -> &mut Diagnostic {
        self.keepalived = verdict;
        self
    }
    /// Adds advice.
    pub fn help(&mut self, text: impl Into<String>) -> &mut Diagnostic {
        self.help = Some(text.into());
        self
    }
}

/// Everything found so far, with the texts it was found in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The texts.
    pub sources: Vec<Source>,
    /// The findings, in the order in which they were made.
    pub diagnostics: Vec<Diagnostic>,
    /// What is found when there is no more room for it.
    unheard: Option<Box<Diagnostic>>,
    /// Names of the texts.
    names: BTreeSet<String>,
}

/// How many findings are kept. Who reads a text with more learns that there are more.
pub const MOST_FINDINGS: usize = 100_000;

impl Report {
    /// Keeps a text so that findings in it can be shown; the answer names it in [`Spanned`] values.
    pub fn add_source(&mut self, name: &str, text: &str) -> Arc<str> {
        if self.names.insert(name.to_owned()) {
            self.sources.push(Source { name: name.to_owned(), text: text.to_owned() });
        }
        Arc::from(name)
    }

    /// Adds an error at the place of `at`. In a keepalived.conf it means that the daemon would not run, unless
    /// [`Diagnostic::survived`] or [`Diagnostic::keepalived`] says otherwise.
    pub fn error<T>(&mut self, at: &Spanned<T>, title: impl Into<String>, label: impl Into<String>) -> &mut Diagnostic {
        self.push(Severity::Error, at, title.into(), label.into())
    }

    /// Adds a warning at the place of `at`.
    pub fn warning<T>(
        &mut self,
        at: &Spanned<T>,
        title: impl Into<String>,
        label: impl Into<String>,
    ) -> &mut Diagnostic {
        self.push(Severity::Warning, at, title.into(), label.into())
    }

    /// Adds a note at the place of `at`.
    pub fn note<T>(&mut self, at: &Spanned<T>, title: impl Into<String>, label: impl Into<String>) -> &mut Diagnostic {
        self.push(Severity::Note, at, title.into(), label.into())
    }

    fn push<T>(&mut self, severity: Severity, at: &Spanned<T>, title: String, label: String) -> &mut Diagnostic {
        let (file, span) = (at.file.to_string(), at.span.clone());
        let keepalived = match severity {
            Severity::Error => Keepalived::Refuses(5),
            Severity::Warning => Keepalived::Complains(5),
            Severity::Note => Keepalived::Silent,
        };
        let mut found = Diagnostic { severity, file, span, title, label, help: None, keepalived };
        if self.diagnostics.len() > MOST_FINDINGS {
            return self.unheard.insert(Box::new(found));
        }
        if self.diagnostics.len() == MOST_FINDINGS {
            found.severity = Severity::Error;
            found.title = format!("there are more than {MOST_FINDINGS} findings, the others are not told");
            found.label = "the first one too many".to_owned();
            found.keepalived = Keepalived::Refuses(5);
            self.diagnostics.push(found.clone());
            return self.unheard.insert(Box::new(found));
        }
        self.diagnostics.push(found);
        let last = self.diagnostics.len() - 1;
        &mut self.diagnostics[last]
    }

    /// Whether advice is still worth looking for: nobody reads it behind this many findings.
    pub(crate) fn advises(&self) -> bool {
        self.diagnostics.len() <= MOST_ADVISED
    }

    /// Whether any finding is an error.
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// Whether anything was found that nothing can run with: an error that keepalived would not survive either.
    pub fn is_refused(&self) -> bool {
        self.refusals() > 0
    }

    /// How many findings keepalived would not run with.
    pub fn refusals(&self) -> usize {
        self.diagnostics.iter().filter(|d| matches!(d.keepalived, Keepalived::Refuses(_))).count()
    }

    /// What `keepalived -t` exits with: a missing file that had to be there ends it before it looks for missing values,
    /// which end it before the rest is counted; of the others the greatest status remains.
    pub fn keepalived_exit(&self) -> u8 {
        let ends = |code: u8| self.diagnostics.iter().any(|d| d.keepalived == Keepalived::Refuses(code));
        let codes = self.diagnostics.iter().map(|d| match d.keepalived {
            Keepalived::Silent => 0,
            Keepalived::Complains(code) | Keepalived::Refuses(code) => code,
        });
        match (ends(6), ends(2)) {
            (true, _) => 6,
            (false, true) => 2,
            (false, false) => codes.max().unwrap_or(0),
        }
    }

    /// How many findings are of this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|d| d.severity == severity).count()
    }

    /// Takes over everything another report holds.
    pub fn merge(&mut self, other: Report) {
        for source in other.sources {
            self.add_source(&source.name, &source.text);
        }
        self.diagnostics.extend(other.diagnostics);
    }

    /// The findings, sorted by file and place.
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let mut sorted: Vec<&Diagnostic> = self.diagnostics.iter().collect();
        sorted.sort_by(|a, b| (&a.file, a.span.start, a.severity).cmp(&(&b.file, b.span.start, b.severity)));
        sorted
    }

    /// Line and column of a finding, both from 1, in characters; none when its text is not at hand.
    pub fn position(&self, of: &Diagnostic) -> Option<(usize, usize)> {
        let text = self.sources.iter().find(|source| source.name == of.file)?.text.as_str();
        let before = text.get(..of.span.start).unwrap_or(text);
        let line = before.rsplit('\n').next().unwrap_or("");
        Some((before.matches('\n').count() + 1, line.chars().count() + 1))
    }

    /// Every finding with `file:line:column`, the line, a label and advice; sorted by file and place.
    pub fn render(&self, color: bool) -> String {
        let sorted = self.sorted();
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let shown = sorted.iter().map(|d| self.render_one(d, &renderer));
        shown.collect::<Vec<_>>().join("\n\n") + if sorted.is_empty() { "" } else { "\n" }
    }

    fn render_one(&self, d: &Diagnostic, renderer: &Renderer) -> String {
        let level = match d.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let mut group = Group::with_title(level.primary_title(d.title.as_str()));
        if let Some(source) = self.sources.iter().find(|s| s.name == d.file) {
            let span = inside(&source.text, &d.span);
            let mut mark = AnnotationKind::Primary.span(span);
            if !d.label.is_empty() {
                mark = mark.label(d.label.as_str());
            }
            group = group.element(Snippet::source(source.text.as_str()).path(d.file.as_str()).annotation(mark));
        } else if !d.label.is_empty() {
            group = group.element(Level::NOTE.message(d.label.as_str()));
        }
        if let Some(help) = &d.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        renderer.render(&[group])
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

/// The span cut to the text and widened to whole characters.
fn inside(text: &str, span: &Range<usize>) -> Range<usize> {
    let mut start = span.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = span.end.clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

/// How many findings may come with advice that has to be looked for.
const MOST_ADVISED: usize = 1_000;

/// How many names are compared with a misspelt one.
const MOST_CANDIDATES: usize = 500;

/// The candidate that `word` was probably meant to be; none when nothing is close.
pub fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (word.chars().count() / 3).max(1);
    // a distance is never less than the difference of the lengths
    let length = word.chars().count();
    let comparable = candidates.take(MOST_CANDIDATES).filter(|c| c.chars().count().abs_diff(length) <= allowed);
    let by_distance = comparable.map(|c| (strsim::damerau_levenshtein(word, c), c));
    by_distance.filter(|(distance, _)| *distance <= allowed).min_by_key(|(distance, _)| *distance).map(|(_, c)| c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_shown_by_place_not_by_time() {
        let mut report = Report::default();
        let file = report.add_source("a.conf", "one 둘\nthree\n");
        report.error(&Spanned::new((), file.clone(), 8..13), "second", "here").help("look up");
        report.warning(&Spanned::new((), file, 4..7), "first", "");
        let text = report.render(false);
        assert!(text.find("first").unwrap() < text.find("second").unwrap());
        assert!(text.contains("a.conf:1:5") && text.contains("a.conf:2:1"), "{text}");
        assert_eq!((report.count(Severity::Error), report.count(Severity::Warning)), (1, 1));
    }

    #[test]
    fn positions_count_lines_and_characters() {
        let mut report = Report::default();
        let file = report.add_source("a", "one\n둘 two\n");
        let mut at = |start: usize| report.note(&Spanned::new((), file.clone(), start..start), "t", "").clone();
        let findings = [0, 2, 4, 8, 99].map(&mut at);
        let positions = findings.map(|finding| report.position(&finding));
        assert_eq!(positions, [(1, 1), (1, 3), (2, 1), (2, 3), (3, 1)].map(Some));
        let elsewhere = report.note(&Spanned::new((), Arc::from("nowhere"), 0..0), "t", "").clone();
        assert_eq!(report.position(&elsewhere), None);
    }

    #[test]
    fn places_outside_the_text_do_not_break_the_display() {
        let mut report = Report::default();
        let file = report.add_source("a", "둘");
        for span in [1..2, 3..3, 9..12, 0..99] {
            report.error(&Spanned::new((), file.clone(), span), "t", "l");
        }
        report.error(&Spanned::new((), Arc::from("nowhere"), 0..1), "t", "l");
        assert_eq!(report.render(false).matches("error: t").count(), 5);
    }

    #[test]
    fn near_words_are_offered_and_far_ones_are_not() {
        let words = ["priority", "preempt_delay", "interface"];
        assert_eq!(nearest("prempt_delay", words.into_iter()), Some("preempt_delay"));
        assert_eq!(nearest("prioirty", words.into_iter()), Some("priority"));
        assert_eq!(nearest("banana", words.into_iter()), None);
    }
}
