//! Variables: `$NAME=value` lines, and what `$NAME` and `${NAME}` stand for.
use std::sync::Arc;

use super::line::Line;
use super::preprocess::Preprocessor;
use crate::diagnostics::Place;

/// How deep values may name other values.
const DEEPEST: usize = 32;
/// What one use costs, so that empty values come to an end too.
const USE: usize = 16;

/// A use in a text.
struct Use<'t> {
    name: &'t str,
    end: usize,
    braced: bool,
}

/// The length of a name at the start of this text: a letter or `_`, then letters, digits and `_`.
pub(super) fn name_length(text: &str) -> usize {
    match text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        true => text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len()),
        false => 0,
    }
}

/// The name that this line defines, and where the value begins.
pub(super) fn definition(text: &str) -> Option<(&str, usize)> {
    let rest = text.strip_prefix('$')?;
    let length = name_length(rest);
    (length > 0 && rest[length..].starts_with('=')).then(|| (&rest[..length], length + 2))
}

/// The use that begins with the `$` at `start`.
fn use_at(text: &str, start: usize) -> Option<Use<'_>> {
    let rest = &text[start + 1..];
    if let Some(inner) = rest.strip_prefix('{') {
        let plain = name_length(inner);
        let random = &inner[..plain] == "_RANDOM";
        let length = plain + if random { inner[plain..].find(['}', '$'])? } else { 0 };
        let known = plain > 0 && inner[length..].starts_with('}');
        return known.then_some(Use { name: &inner[..length], end: start + length + 3, braced: true });
    }
    let length = name_length(rest);
    (length > 0).then(|| Use { name: &rest[..length], end: start + 1 + length, braced: false })
}

impl Preprocessor<'_> {
    /// The line with its variables replaced; more than one line when a value has more.
    pub(super) fn substitute(&mut self, line: &Line, only_repeated: bool) -> Vec<Line> {
        let mut out = vec![line.fresh()];
        let mut from = 0;
        while let Some(start) = line.text[from..].find('$').map(|i| from + i) {
            push(&mut out, |l| l.copy(line, from..start));
            let next = match use_at(&line.text, start) {
                Some(found) => {
                    let at = line.at(start..found.end);
                    let ended = found.braced || line.text[found.end..].chars().next().is_none_or(ends_a_name);
                    let last = line.text[found.end..].trim().is_empty();
                    if self.replace(&found, ended, last, &at, &mut out, only_repeated) {
                        found.end
                    } else {
                        push(&mut out, |l| l.copy(line, start..found.end));
                        found.end
                    }
                }
                None => {
                    push(&mut out, |l| l.copy(line, start..start + 1));
                    start + 1
                }
            };
            from = next;
        }
        push(&mut out, |l| l.copy(line, from..line.text.len()));
        out
    }

    fn replace(
        &mut self,
        found: &Use<'_>,
        ended: bool,
        last: bool,
        at: &Place,
        out: &mut Vec<Line>,
        only_repeated: bool,
    ) -> bool {
        let quoted = out.last().is_some_and(Line::is_quoted);
        let Some(value) = self.value(found.name, quoted, at, only_repeated) else {
            if !only_repeated && !found.name.starts_with("_RANDOM") && self.first_time(at) {
                let title = format!("`{}` is not defined", found.name);
                self.report.warning(at, title, "stays as it is written");
            }
            return false;
        };
        if !ended {
            if self.first_time(at) {
                let title = format!("`${}` is not replaced here", found.name);
                let help = format!("only a blank, `,`, `)` or the end may follow: write `${{{}}}`", found.name);
                self.report.warning(at, title, "more text follows at once").help(help);
            }
            return false;
        }
        if value.len() > 1 && !last {
            let title = format!("the value of `{}` has more than one line", found.name);
            self.report
                .error(at, title, "more text follows")
                .help("such a variable must be the last thing on its line");
            return false;
        }
        let mut names = vec![found.name.to_owned()];
        for (number, text) in value.iter().enumerate() {
            if number > 0 {
                let fresh = out.last().map(Line::fresh);
                out.extend(fresh);
            }
            self.put_value(text, at, out, &mut names);
        }
        true
    }

    /// Adds a value with the variables that it names itself; all of it stands at the use.
    fn put_value(&mut self, text: &str, at: &Place, out: &mut Vec<Line>, names: &mut Vec<String>) {
        if !self.spend_text(text.len() + USE, at) {
            return;
        }
        let mut from = 0;
        while let Some(start) = text[from..].find('$').map(|i| from + i) {
            push(out, |l| l.put(&text[from..start], at));
            from = start + 1;
            let found = use_at(text, start)
                .filter(|found| found.braced || text[found.end..].chars().next().is_none_or(ends_a_name));
            let quoted = out.last().is_some_and(Line::is_quoted);
            let value = found.as_ref().and_then(|found| self.value(found.name, quoted, at, false));
            let (Some(found), Some(value)) = (found, value) else {
                push(out, |l| l.put("$", at));
                continue;
            };
            from = found.end;
            if names.iter().any(|n| n == found.name) || names.len() >= DEEPEST {
                if self.first_time(at) {
                    let chain = names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(" -> ");
                    let title = format!("a variable stands for itself: {chain} -> `{}`", found.name);
                    self.report.error(at, title, "used here");
                }
                continue;
            }
            names.push(found.name.to_owned());
            for (number, text) in value.iter().enumerate() {
                if number > 0 {
                    let fresh = out.last().map(Line::fresh);
                    out.extend(fresh);
                }
                self.put_value(text, at, out, names);
            }
            names.pop();
        }
        push(out, |l| l.put(&text[from..], at));
    }

    /// The lines that the name stands for.
    fn value(&mut self, name: &str, quoted: bool, at: &Place, only_repeated: bool) -> Option<Arc<[String]>> {
        let repeated = self.repeated.iter().rev().find(|(n, _)| n == name);
        if let Some((_, value)) = repeated {
            return Some([value.clone()].into());
        }
        if only_repeated {
            return None;
        }
        if let Some(value) = self.variables.get(name) {
            return Some(value.clone());
        }
        let sign = |sign: &str| if quoted { sign.to_owned() } else { format!("\\{sign}") };
        match name {
            "_PWD" => Some([self.folder.display().to_string()].into()),
            "_INSTANCE" => self.options.instance.map(|name| [name.to_owned()].into()),
            "_HASH" => Some([sign("#")].into()),
            "_BANG" => Some([sign("!")].into()),
            random if random.split_whitespace().next() == Some("_RANDOM") => {
                if self.first_time(at) {
                    let label = "a run must not depend on chance";
                    self.report.error(at, "`_RANDOM` has no value here", label).help("write a number");
                }
                None
            }
            _ => None,
        }
    }
}

fn ends_a_name(c: char) -> bool {
    matches!(c, ' ' | '\t' | ',' | ')')
}

fn push(lines: &mut [Line], add: impl FnOnce(&mut Line)) {
    if let Some(line) = lines.last_mut() {
        add(line);
    }
}
