//! keepalived.conf split into statements and braces, with comments gone and quotes resolved.
use std::ops::Range;

use super::line::Line;
use crate::diagnostics::{Report, Spanned};

/// A word and where it stands.
pub(super) type Word = Spanned<String>;

/// What the text consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// One line, or what of it lies between braces.
    Statement(Statement),
    /// `{`
    Open(Spanned<()>),
    /// `}`
    Close(Spanned<()>),
}

/// The words of a line, never none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) words: Vec<Word>,
    /// The text itself where quotes or backslashes are in it: programs have their own way to split it.
    pub(super) raw: Option<String>,
}

/// Splits the lines; what cannot be split is reported.
pub(super) fn tokens(lines: &[Line], report: &mut Report) -> Vec<Token> {
    let mut tokens = Vec::new();
    for line in lines {
        let mut lexer = Lexer { line, tokens: &mut tokens, words: Vec::new(), from: 0 };
        lexer.line(&line.text, report);
    }
    tokens
}

struct Lexer<'a> {
    line: &'a Line,
    tokens: &'a mut Vec<Token>,
    words: Vec<Word>,
    /// Where the statement begins.
    from: usize,
}

impl Lexer<'_> {
    fn at(&self, span: Range<usize>) -> Spanned<()> {
        self.line.at(span)
    }

    fn end_statement(&mut self, end: usize) {
        if !self.words.is_empty() {
            let text = &self.line.text[self.from..end];
            let raw = text.contains(['"', '\'', '\\']).then(|| text.trim().to_owned());
            self.tokens.push(Token::Statement(Statement { words: std::mem::take(&mut self.words), raw }));
        }
        self.from = end + 1;
    }

    fn line(&mut self, line: &str, report: &mut Report) {
        let mut rest = line.char_indices().peekable();
        let mut length = line.len();
        while let Some(&(start, c)) = rest.peek() {
            let here = start;
            match c {
                '#' | '!' => {
                    length = start;
                    break;
                }
                '{' | '}' => {
                    rest.next();
                    self.end_statement(start);
                    let at = self.at(here..here + 1);
                    self.tokens.push(if c == '{' { Token::Open(at) } else { Token::Close(at) });
                }
                '"' => {
                    rest.next();
                    let inner = &line[start + 1..];
                    let length = inner.find('"').unwrap_or_else(|| {
                        report.error(&self.at(here..here + 1), "this quote is never closed", "opened here").survived();
                        inner.len()
                    });
                    let span = here + 1..here + 1 + length;
                    self.words.push(self.at(span).with(inner[..length].to_owned()));
                    while rest.next_if(|&(i, _)| i <= start + 1 + length).is_some() {}
                }
                c if c.is_whitespace() => {
                    rest.next();
                }
                '@' | '~' if self.words.is_empty() => {
                    let title = format!("`{c}` means something only where a line begins");
                    report.error(&self.at(here..line.len()), title, "").survived();
                    length = start;
                    break;
                }
                _ => {
                    let mut word = String::new();
                    let mut end = start;
                    while let Some((i, c)) = rest.next_if(|&(_, c)| !c.is_whitespace() && !"{}\"#!".contains(c)) {
                        end = i + c.len_utf8();
                        match rest.next_if(|&(_, next)| c == '\\' && "#!".contains(next)) {
                            Some((i, literal)) => {
                                end = i + literal.len_utf8();
                                word.push(literal);
                            }
                            None => word.push(c),
                        }
                    }
                    self.words.push(self.at(here..end).with(word));
                }
            }
        }
        self.end_statement(length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> (Vec<String>, usize) {
        let mut report = Report::default();
        let file = report.add_source("a", text);
        let mut offset = 0;
        let mut lines = Vec::new();
        for line in text.split_inclusive('\n') {
            lines.push(Line::written(&file, line.trim_end(), offset));
            offset += line.len();
        }
        let tokens = tokens(&lines, &mut report).into_iter().map(|t| match t {
            Token::Statement(statement) => statement.words.into_iter().map(|w| w.value).collect::<Vec<_>>().join("|"),
            Token::Open(_) => "{".to_owned(),
            Token::Close(_) => "}".to_owned(),
        });
        (tokens.collect(), report.diagnostics.len())
    }

    #[test]
    fn braces_cut_lines_and_comments_end_them() {
        let text = "a b{ c\t d } # 주석 {\n! all\n\"x # y\"  z\\#1\r\n\n{";
        assert_eq!(shown(text), (["a|b", "{", "c|d", "}", "x # y|z#1", "{"].map(str::to_owned).to_vec(), 0));
    }

    #[test]
    fn an_open_quote_and_marks_inside_a_line_are_reported() {
        let text = "a \"b c\nd $E\n{ @host f\n} ~SEQ(a, 1)";
        assert_eq!(shown(text), (["a|b c", "d|$E", "{", "}"].map(str::to_owned).to_vec(), 3));
    }
}
