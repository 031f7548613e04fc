//! What happens to the lines before any keyword is looked at: lines of other hosts go, variables, repetitions and
//! included files are put in place.
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Options;
use super::include::{Demands, is_include};
use super::line::Line;
use super::variables::definition;
use crate::diagnostics::{Place, Report};

/// How many lines repetitions, values and included files may add.
pub(super) const MOST_LINES: usize = 100_000;
/// How many bytes values may add.
const MOST_TEXT: usize = 8 << 20;
/// How many bytes included files may add.
const MOST_INCLUDED: usize = 64 << 20;
/// The longest part of a line that keepalived reads at once, in bytes.
const LONGEST: usize = 1023;
/// How often a line may turn into another one that is to be looked at again.
const DEEPEST: usize = 64;

/// The lines read so far, and what they depend on.
pub(super) struct Preprocessor<'a> {
    pub(super) options: &'a Options<'a>,
    pub(super) report: &'a mut Report,
    /// `$NAME=value`, line by line.
    pub(super) variables: BTreeMap<String, Arc<[String]>>,
    /// Variables of the repetitions around this line, the innermost last.
    pub(super) repeated: Vec<(String, String)>,
    /// The files that are open, the innermost last.
    pub(super) files: Vec<String>,
    /// The folder of the innermost.
    pub(super) folder: PathBuf,
    /// What `include_check` demands of all included files.
    pub(super) include_check: Demands,
    said: BTreeSet<(Arc<str>, usize, usize)>,
    lines_left: usize,
    text_left: usize,
    included_left: usize,
    stopped: bool,
    out: Vec<Line>,
}

/// The lines that the lexer is to see.
pub(super) fn preprocess(file: &Arc<str>, text: &str, options: &Options<'_>, report: &mut Report) -> Vec<Line> {
    let top = options.pwd.join(Path::new(&**file).file_name().unwrap_or_default());
    let mut preprocessor = Preprocessor {
        options,
        report,
        variables: BTreeMap::new(),
        repeated: Vec::new(),
        files: vec![top.display().to_string()],
        folder: options.pwd.to_path_buf(),
        include_check: Demands::default(),
        said: BTreeSet::new(),
        lines_left: MOST_LINES,
        text_left: MOST_TEXT,
        included_left: MOST_INCLUDED,
        stopped: false,
        out: Vec::new(),
    };
    preprocessor.text(file, text, None);
    if preprocessor.stopped { Vec::new() } else { preprocessor.out }
}

impl Preprocessor<'_> {
    /// Reads a whole file; `included` is where another one names it.
    pub(super) fn text(&mut self, file: &Arc<str>, text: &str, included: Option<&Place>) {
        let repeated = std::mem::take(&mut self.repeated);
        let mut offset = 0;
        let mut lines = text.split_inclusive('\n').flat_map(as_read).map(|written| {
            offset += written.len();
            (written, offset - written.len())
        });
        while let Some((written, offset)) = lines.next() {
            if included.is_some_and(|at| !self.spend_line(at)) || self.stopped {
                break;
            }
            let line = self.written(file, written, offset);
            let Some((line, wanted)) = self.condition(line) else { continue };
            if definition(&line.text).is_none() {
                if wanted {
                    self.line(line, 0);
                }
                continue;
            }
            let mut value = vec![line];
            while let Some(before) = value.last().and_then(|l| l.text.strip_suffix('\\').map(str::len)) {
                if let Some(last) = value.last_mut() {
                    *last = last.part(0..before);
                }
                let Some((written, offset)) = lines.next() else { break };
                value.push(self.written(file, written, offset));
            }
            if wanted {
                self.define(&value);
            }
        }
        self.repeated = repeated;
    }

    /// One line without comment and blanks around it; that keepalived cuts it is told.
    fn written(&mut self, file: &Arc<str>, written: &str, offset: usize) -> Line {
        let line = Line::written(file, written.trim_end_matches(['\n', '\r']), offset);
        if written.len() >= LONGEST && !written.ends_with('\n') {
            let end = line.at(written.len().saturating_sub(1)..written.len());
            let title = format!("this line is longer than {LONGEST} bytes");
            self.report.warning(&end, title, "keepalived reads what follows as another line").unnoticed();
        }
        line.part(0..comment(&line.text)).trimmed_from(0)
    }

    /// Takes `@id` and `@^id` from the start; the answer is what follows and whether it is meant for this host.
    fn condition(&mut self, line: Line) -> Option<(Line, bool)> {
        let (mut wanted, mut from) = (true, 0);
        while line.text[from..].starts_with('@') {
            let end = from + line.text[from..].find([' ', '\t'])?;
            let id = &line.text[from + 1..end];
            let (id, inverted) = id.strip_prefix('^').map_or((id, false), |id| (id, true));
            match self.options.config_id {
                Some(config_id) => wanted &= (id == config_id) != inverted,
                None => {
                    let at = line.at(from..end);
                    if self.first_time(&at) {
                        let title = "lines for one host need a host";
                        self.report.error(&at, title, "no config id is known for this file");
                    }
                    wanted = false;
                }
            }
            from = line.text.len() - line.text[end..].trim_start().len();
        }
        Some((if from > 0 { line.trimmed_from(from) } else { line }, wanted))
    }

    fn define(&mut self, lines: &[Line]) {
        let Some((first, rest)) = lines.split_first() else { return };
        let Some((name, begin)) = definition(&first.text) else { return };
        let mut value = Vec::new();
        for line in [&first.trimmed_from(begin)].into_iter().chain(rest) {
            value.extend(self.substitute(line, true).into_iter().map(|l| l.text.trim_end().to_owned()));
        }
        self.variables.insert(name.to_owned(), value.into());
    }

    /// Looks at one line without comment and blanks around it.
    pub(super) fn line(&mut self, line: Line, depth: usize) {
        let Some((line, true)) = self.condition(line) else { return };
        if self.stopped || line.text.is_empty() {
            return;
        }
        if depth > DEEPEST {
            if self.first_time(&line.whole()) {
                self.report.error(&line.whole(), "too much is nested here", format!("more than {DEEPEST} levels"));
            }
        } else if definition(&line.text).is_some() {
            self.define(&[line]);
        } else if line.text.starts_with('~') {
            self.repeat(&line, depth);
        } else if line.text.contains('$') {
            for (number, made) in self.substitute(&line, false).into_iter().enumerate() {
                let made = made.trimmed_from(0);
                if number > 0 && !self.spend_line(&line.whole()) {
                    return;
                }
                if made.text.starts_with(['~', '@']) {
                    self.line(made, depth + 1);
                } else {
                    self.statements(made);
                }
            }
        } else {
            self.statements(line);
        }
    }

    /// A line in which nothing is to be replaced any more, except that it may include files.
    fn statements(&mut self, line: Line) {
        let mut words = line.text.split_whitespace();
        if words.next() == Some("include_check") {
            self.include_check = self.include_check.checked(words);
        }
        if self.options.includes.is_none() || !line.text.contains("include") {
            self.out.push(line);
            return;
        }
        let mut from = 0;
        while !self.stopped {
            if is_include(&line.text[from..])
                && let Some(after) = self.include(&line, from)
            {
                from = after;
                continue;
            }
            let Some(cut) = brace(&line.text[from..]) else { break };
            self.out.push(line.part(from..from + cut));
            from = line.blanks_from(from + cut);
        }
        self.out.push(line.trimmed_from(from));
    }

    /// Whether nothing was said about this place before.
    pub(super) fn first_time(&mut self, at: &Place) -> bool {
        self.said.insert((at.file.clone(), at.span.start, at.span.end))
    }

    /// Counts an added line; the first that is too many is reported, and nothing more is read.
    pub(super) fn spend_line(&mut self, at: &Place) -> bool {
        let left = self.lines_left.checked_sub(1);
        self.lines_left = left.unwrap_or(0);
        self.go_on(left.is_some(), format!("more than {MOST_LINES} lines are added to the file"), at)
    }

    /// Counts added text in the same way.
    pub(super) fn spend_text(&mut self, length: usize, at: &Place) -> bool {
        let left = self.text_left.checked_sub(length);
        self.text_left = left.unwrap_or(0);
        self.go_on(left.is_some(), format!("variables add more than {MOST_TEXT} bytes to the file"), at)
    }

    /// Counts the text of an included file in the same way.
    pub(super) fn spend_included(&mut self, length: usize, at: &Place) -> bool {
        let left = self.included_left.checked_sub(length);
        self.included_left = left.unwrap_or(0);
        self.go_on(left.is_some(), format!("included files add more than {MOST_INCLUDED} bytes"), at)
    }

    fn go_on(&mut self, enough: bool, title: String, at: &Place) -> bool {
        if !enough && !self.stopped {
            self.report.error(at, title, "up to here");
        }
        self.stopped |= !enough;
        !self.stopped
    }
}

/// A written line as keepalived reads it: in pieces of a limited length.
fn as_read(written: &str) -> Vec<&str> {
    let (mut pieces, mut rest) = (Vec::new(), written);
    while rest.len() > LONGEST {
        let end = (1..=LONGEST).rev().find(|end| rest.is_char_boundary(*end)).unwrap_or(LONGEST);
        let (piece, after) = rest.split_at(end);
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

/// Where the comment begins, or the end.
fn comment(text: &str) -> usize {
    let (mut quoted, mut before) = (false, ' ');
    for (i, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '#' | '!' if !quoted && before != '\\' => return i,
            _ => {}
        }
        before = c;
    }
    text.len()
}

/// Just after the first brace outside quotes.
fn brace(text: &str) -> Option<usize> {
    let mut quoted = false;
    let found = text.char_indices().find(|(_, c)| {
        quoted ^= *c == '"';
        !quoted && matches!(c, '{' | '}')
    });
    found.map(|(i, _)| i + 1)
}
