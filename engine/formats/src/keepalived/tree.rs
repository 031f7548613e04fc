//! Statements and braces become entries, each with its row of the table: which block we are in decides what a word
//! means. What keepalived 2.2.7 makes of a mistake is followed, and told.
use std::vec::IntoIter;

use super::entry::Entry;
use super::lexer::{Statement, Token, Word};
use super::table::{self, Block, Keyword, Status, Takes};
use crate::diagnostics::{Keepalived, Place, Report, nearest};

/// Reads the tokens of one file.
pub(super) fn read(tokens: Vec<Token>, report: &mut Report) -> Vec<Entry> {
    let mut reader = Reader { tokens: tokens.into_iter().peekable(), open: Vec::new(), stopped: false, report };
    let root = reader.block(Inside::Keywords(Block::Root));
    for entry in &reader.open {
        let title = format!("`{}` is never closed", entry.value);
        reader.report.error(entry, title, "this block has no `}`").survived();
    }
    root.entries
}

/// What a block may hold.
#[derive(Clone, Copy)]
enum Inside {
    Keywords(Block),
    Lines,
}

/// What a block holds.
#[derive(Default)]
struct Contents {
    entries: Vec<Entry>,
    lines: Vec<Statement>,
}

struct Reader<'a> {
    tokens: std::iter::Peekable<IntoIter<Token>>,
    /// The headers of the open blocks, the innermost last.
    open: Vec<Word>,
    /// A required value is missing: keepalived reads no further.
    stopped: bool,
    report: &'a mut Report,
}

impl Reader<'_> {
    /// Everything up to the `}` of this block, or to the end.
    fn block(&mut self, inside: Inside) -> Contents {
        let mut contents = Contents::default();
        while let Some(token) = self.tokens.next().filter(|_| !self.stopped) {
            match (token, inside) {
                (Token::Close(at), _) if self.open.is_empty() => {
                    self.report.error(&at, "this `}` closes nothing", "one `}` too many up to here").survived();
                }
                (Token::Close(_), _) => {
                    self.open.pop();
                    break;
                }
                (Token::Open(at), _) => self.unexpected_brace(&at),
                (Token::Statement(statement), Inside::Lines) => contents.lines.push(statement),
                (Token::Statement(statement), Inside::Keywords(block)) => {
                    contents.entries.extend(self.statement(block, statement));
                }
            }
        }
        contents
    }

    fn unexpected_brace(&mut self, at: &Place) {
        let label = "keepalived ignores it, and the next `}` closes the block around it";
        self.report.error(at, "this `{` opens nothing", label).survived();
    }

    /// One keyword with what follows it; its block too.
    fn statement(&mut self, block: Block, statement: Statement) -> Option<Entry> {
        let word = statement.words.first()?.clone();
        let known = table::find(block, &word.value).filter(|keyword| keyword.status != Status::Refused);
        let Some(keyword) = known else {
            self.unknown(block, &word);
            return None;
        };
        let (least, most) = arity(keyword.takes);
        let given = statement.words.len() - 1;
        if given < least {
            let title = format!("`{}` needs a value: {}", word.value, keyword.takes);
            self.report
                .error(&word, title, "keepalived ends here")
                .help("a missing value is fatal: nothing after it is read")
                .keepalived(Keepalived::Refuses(2));
            self.stopped = true;
            return None;
        }
        if given > most {
            self.tail(&statement.words[1 + most..]);
        }
        if keyword.status == Status::NotYet {
            let title = format!("`{}` is accepted, but not modelled yet", word.value);
            self.report.warning(&word, title, "has no effect here").unnoticed();
        }
        let inside = match keyword.takes {
            Takes::Block(inner) | Takes::Named(inner, ..) => Some(Inside::Keywords(inner)),
            Takes::Lines(_) | Takes::NamedLines(_) => Some(Inside::Lines),
            Takes::MaybeLines(_) => matches!(self.tokens.peek(), Some(Token::Open(_))).then_some(Inside::Lines),
            _ => None,
        };
        let mut entry = Entry { keyword, word, statement, entries: Vec::new(), lines: Vec::new() };
        if let Some(inside) = inside {
            self.enter(&mut entry, inside);
        }
        Some(entry)
    }

    /// Reads the block of this entry.
    fn enter(&mut self, entry: &mut Entry, inside: Inside) {
        if self.tokens.next_if(|token| matches!(token, Token::Open(_))).is_none() {
            let title = format!("`{}` begins a block", entry.word.value);
            self.report.error(&entry.word, title, "no `{` follows").survived();
        }
        self.open.push(entry.word.clone());
        let contents = self.block(inside);
        entry.entries = contents.entries;
        entry.lines = contents.lines;
    }

    /// Warns about words beyond the ones that count.
    fn tail(&mut self, words: &[Word]) {
        if let (Some(first), Some(last)) = (words.first(), words.last()) {
            let rest =
                Word::new(String::new(), first.file.clone(), first.span.start..last.span.end.max(first.span.end));
            self.report
                .warning(&rest, "the rest of this line is ignored", "not read")
                .help("keepalived reads one keyword per line")
                .unnoticed();
        }
    }

    /// keepalived complains and goes on with the next line, also into a block that it does not know.
    fn unknown(&mut self, block: Block, word: &Word) {
        let place = self.open.last().map_or("at the top of the file".to_owned(), |b| format!("in `{}`", b.value));
        let title = format!("unknown keyword `{}` {place}", word.value);
        let opens = matches!(self.tokens.peek(), Some(Token::Open(_)));
        let found = self.report.error(word, title, "not known here").survived();
        if let Some(help) = advice(block, word, opens) {
            found.help(help);
        }
    }
}

/// What the author may have meant.
fn advice(block: Block, word: &Word, opens: bool) -> Option<String> {
    if let Some(Keyword { why, .. }) = table::find(block, &word.value) {
        return Some(format!("{why}; 2.2.7 ignores the line"));
    }
    let begins_root = matches!(
        table::find(Block::Root, &word.value).map(|k| k.takes),
        Some(Takes::Block(_) | Takes::Named(..) | Takes::NamedLines(_))
    );
    if begins_root && block != Block::Root {
        return Some(
            "a `}` is missing before it; keepalived takes the lines that follow for lines of the open block".to_owned(),
        );
    }
    let near = nearest(&word.value, block.section().all().filter(|k| k.status != Status::Refused).map(|k| k.word));
    let elsewhere = table::places_of(&word.value).into_iter().map(|(section, _)| section.header).next();
    match (near, elsewhere) {
        (_, Some(header)) => Some(format!("it belongs in `{header}`")),
        (Some(near), None) => Some(format!("did you mean `{near}`?")),
        (None, None) if opens => Some(
            "keepalived does not skip the block: it reads its lines as lines of the block around it, and its `}` closes \
             that"
            .to_owned(),
        ),
        (None, None) => None,
    }
}

/// How many words may follow a keyword.
fn arity(takes: Takes) -> (usize, usize) {
    match takes {
        Takes::Nothing | Takes::Block(_) | Takes::Lines(_) | Takes::MaybeLines(_) => (0, 0),
        Takes::Switch => (0, 1),
        Takes::Int(..) | Takes::Seconds(..) | Takes::Millis(..) | Takes::Word(_) | Takes::OneOf(_) | Takes::Address => {
            (1, 1)
        }
        Takes::NamedLines(_) => (1, 1),
        Takes::Weight(_) => (1, 2),
        Takes::Program => (1, table::MANY),
        Takes::Words(least, most, _) | Takes::Named(_, least, most, _) => (least, most),
    }
}
