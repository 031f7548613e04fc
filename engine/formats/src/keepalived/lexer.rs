//! keepalived.conf split into statements and braces, with comments gone and quotes resolved.
use std::ops::Range;
use std::sync::Arc;

use crate::diagnostics::{Report, Spanned};

/// A word and where it stands.
pub(super) type Word = Spanned<String>;

/// What the text consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// One line, or what of it lies between braces; never empty.
    Statement(Vec<Word>),
    /// `{`
    Open(Spanned<()>),
    /// `}`
    Close(Spanned<()>),
}

/// Splits the text; what cannot be split is reported.
pub(super) fn tokens(file: &Arc<str>, text: &str, report: &mut Report) -> Vec<Token> {
    let mut lexer = Lexer { file, tokens: Vec::new(), words: Vec::new() };
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        lexer.line(line.trim_end_matches(['\n', '\r']), offset, report);
        offset += line.len();
    }
    lexer.tokens
}

struct Lexer<'a> {
    file: &'a Arc<str>,
    tokens: Vec<Token>,
    words: Vec<Word>,
}

impl Lexer<'_> {
    fn at(&self, span: Range<usize>) -> Spanned<()> {
        Spanned::new((), self.file.clone(), span)
    }

    fn end_statement(&mut self) {
        if !self.words.is_empty() {
            self.tokens.push(Token::Statement(std::mem::take(&mut self.words)));
        }
    }

    fn line(&mut self, line: &str, offset: usize, report: &mut Report) {
        let mut rest = line.char_indices().peekable();
        while let Some(&(start, c)) = rest.peek() {
            let here = offset + start;
            match c {
                '#' | '!' => break,
                '{' | '}' => {
                    rest.next();
                    self.end_statement();
                    let at = self.at(here..here + 1);
                    self.tokens.push(if c == '{' { Token::Open(at) } else { Token::Close(at) });
                }
                '"' => {
                    rest.next();
                    let inner = &line[start + 1..];
                    let length = inner.find('"').unwrap_or_else(|| {
                        report.error(&self.at(here..here + 1), "this quote is never closed", "opened here");
                        inner.len()
                    });
                    let span = here + 1..here + 1 + length;
                    self.words.push(Spanned::new(inner[..length].to_owned(), self.file.clone(), span));
                    while rest.next_if(|&(i, _)| i <= start + 1 + length).is_some() {}
                }
                c if c.is_whitespace() => {
                    rest.next();
                }
                '@' | '~' | '$' if self.words.is_empty() => {
                    let what = match c {
                        '@' => "lines for one host (`@id`)",
                        '~' => "repeated lines (`~SEQ`, `~LST`)",
                        _ => "variables",
                    };
                    report.error(&self.at(here..offset + line.len()), format!("{what} are not supported yet"), "");
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
                    let span = here..offset + end;
                    if word.contains('$') {
                        report.error(&self.at(span), "variables are not supported yet", "");
                        break;
                    }
                    self.words.push(Spanned::new(word, self.file.clone(), span));
                }
            }
        }
        self.end_statement();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> (Vec<String>, usize) {
        let mut report = Report::default();
        let file = report.add_source("a", text);
        let tokens = tokens(&file, text, &mut report).into_iter().map(|t| match t {
            Token::Statement(words) => words.into_iter().map(|w| w.value).collect::<Vec<_>>().join("|"),
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
    fn an_open_quote_and_variables_are_reported() {
        assert_eq!(shown("a \"b c\nd $E\n@host f"), (["a|b c", "d"].map(str::to_owned).to_vec(), 3));
    }
}
