//! Statements and braces become entries, each with its row of the table: which block we are in decides what a word
//! means. What keepalived 2.2.7 makes of a mistake is followed, and told.
use super::entry::Entry;
use super::lexer::{Statement, Token, Word};
use super::table::{self, Block, Keyword, Status, Takes};
use crate::diagnostics::{Keepalived, Place, Report, Severity, nearest};

/// Reads the tokens of one file. What is told about mistakes goes by what the author meant; what is read goes by what
/// keepalived makes of them.
pub(super) fn read<'t>(tokens: &'t [Token], report: &mut Report) -> Vec<Entry<'t>> {
    let before = report.diagnostics.len();
    let entries = Reader::new(tokens, true, report).root();
    if report.diagnostics[before..].iter().all(|d| d.severity == Severity::Warning) {
        return entries;
    }
    Reader::new(tokens, false, &mut Report::default()).root()
}

/// What a block may hold.
#[derive(Clone, Copy)]
enum Inside {
    Keywords(Block),
    Lines,
    /// A block that nobody knows: it is skipped.
    Anything,
}

/// An open block.
struct Open<'t> {
    header: &'t Word,
    inside: Inside,
}

/// What a block holds.
#[derive(Default)]
struct Contents<'t> {
    entries: Vec<Entry<'t>>,
    lines: Vec<&'t Statement>,
}

struct Reader<'t, 'r> {
    tokens: std::iter::Peekable<std::slice::Iter<'t, Token>>,
    /// The innermost last.
    open: Vec<Open<'t>>,
    /// Blocks that lack their end are closed where that is plain, and unknown ones are skipped.
    mends: bool,
    /// There are fewer ends than beginnings in the file.
    unclosed: bool,
    /// How many blocks are being left because a line belongs further out.
    leaving: usize,
    report: &'r mut Report,
}

impl<'t, 'r> Reader<'t, 'r> {
    fn new(tokens: &'t [Token], mends: bool, report: &'r mut Report) -> Reader<'t, 'r> {
        let count = |is: fn(&Token) -> bool| tokens.iter().filter(|token| is(token)).count();
        let unclosed = count(|t| matches!(t, Token::Open(_))) > count(|t| matches!(t, Token::Close(_)));
        Reader { tokens: tokens.iter().peekable(), open: Vec::new(), mends, unclosed, leaving: 0, report }
    }

    fn root(mut self) -> Vec<Entry<'t>> {
        self.block(Inside::Keywords(Block::Root)).entries
    }

    /// Everything up to the `}` of this block, or to the end.
    fn block(&mut self, inside: Inside) -> Contents<'t> {
        let mut contents = Contents::default();
        loop {
            if !self.mends {
                // told by the one who mends
                self.report.diagnostics.clear();
            }
            if self.leaving > 0 && !self.open.is_empty() {
                self.leaving -= 1;
                self.open.pop();
                return contents;
            }
            let Some(token) = self.tokens.peek().copied() else {
                self.ended_too_early();
                return contents;
            };
            if let (Token::Statement(statement), true) = (token, self.mends && self.unclosed) {
                self.leaving = self.blocks_to_leave(statement);
                if self.leaving > 0 {
                    continue;
                }
            }
            self.tokens.next();
            match (token, inside) {
                (Token::Close(at), _) if self.open.is_empty() => {
                    self.report.error(at, "this `}` closes nothing", "one `}` too many up to here").survived();
                }
                (Token::Close(_), _) => {
                    self.open.pop();
                    return contents;
                }
                (Token::Open(_), Inside::Anything) => self.skip(),
                (Token::Open(at), _) => self.unexpected_brace(at),
                (Token::Statement(_), Inside::Anything) => {}
                (Token::Statement(statement), Inside::Lines) => contents.lines.push(statement),
                (Token::Statement(statement), Inside::Keywords(block)) => {
                    contents.entries.extend(self.statement(block, statement));
                }
            }
        }
    }

    /// The innermost block is open where the file ends.
    fn ended_too_early(&mut self) {
        if let Some(block) = self.open.pop() {
            let title = format!("`{}` is never closed", block.header.value);
            self.report.error(block.header, title, "this block has no `}`").survived();
        }
    }

    /// Everything up to the `}` of a block that nobody asked for.
    fn skip(&mut self) {
        let mut depth = 1_usize;
        while depth > 0 {
            match self.tokens.next() {
                Some(Token::Open(_)) => depth += 1,
                Some(Token::Close(_)) => depth -= 1,
                Some(Token::Statement(_)) => {}
                None => return,
            }
        }
    }

    /// How many blocks should have been closed before this line: it is known further out, and only there.
    fn blocks_to_leave(&mut self, statement: &'t Statement) -> usize {
        let Some((innermost, outer)) = self.open.split_last() else { return 0 };
        let Some(word) = statement.words.first() else { return 0 };
        let opens = || self.tokens.clone().nth(1).is_some_and(|next| matches!(next, Token::Open(_)));
        let knows = |open: &Open<'_>| match open.inside {
            Inside::Keywords(block) => table::find(block, &word.value).is_some(),
            Inside::Lines | Inside::Anything => false,
        };
        let telling = matches!(innermost.inside, Inside::Keywords(_)) && (statement.words.len() > 1 || opens());
        let begins = begins_root_block(&word.value) && opens();
        let count = if begins && !fits(innermost.inside, statement) {
            self.open.len()
        } else if telling && !knows(innermost) {
            outer.iter().rev().position(knows).map_or(0, |position| position + 1)
        } else {
            0
        };
        for open in self.open.iter().rev().take(count) {
            let title = format!("`{}` is never closed", open.header.value);
            let help = format!(
                "`{}` does not belong inside: put a `}}` before it; keepalived would read on inside the open block",
                word.value
            );
            self.report.error(open.header, title, "this block has no `}`").survived().help(help);
        }
        count
    }

    fn unexpected_brace(&mut self, at: &'t Place) {
        let label = "keepalived ignores it, and the next `}` closes the block around it";
        self.report.error(at, "this `{` opens nothing", label).survived();
        if self.mends {
            self.skip();
        }
    }

    /// One keyword with what follows it; its block too.
    fn statement(&mut self, block: Block, statement: &'t Statement) -> Option<Entry<'t>> {
        let word = statement.words.first()?;
        let known = table::find(block, &word.value).filter(|keyword| keyword.status != Status::Refused);
        let Some(keyword) = known else {
            self.unknown(block, word);
            return None;
        };
        if ONE_NAME.contains(&keyword.word) && statement.words.len() != 2 {
            self.nameless(word);
            return None;
        }
        let enough = self.arity(keyword, word, statement);
        // of a whole block it is told once
        if keyword.status == Status::NotYet && block != Block::GarpGroup {
            let title = format!("`{}` is accepted, but not modelled yet", word.value);
            self.report.warning(word, title, "has no effect here").unnoticed();
        }
        let inside = match keyword.takes {
            Takes::Block(inner) | Takes::Named(inner, ..) => Some(Inside::Keywords(inner)),
            Takes::Lines(_) | Takes::NamedLines(_) => Some(Inside::Lines),
            _ => None,
        };
        let on_line = matches!(inside, Some(Inside::Lines)) && statement.words.len() - 1 > arity(keyword.takes).1;
        let contents = inside.map_or_else(Contents::default, |inside| self.enter(word, inside, on_line));
        enough.then_some(Entry { keyword, word, statement, entries: contents.entries, lines: contents.lines })
    }

    /// keepalived skips the whole block.
    fn nameless(&mut self, word: &'t Word) {
        let title = format!("`{}` needs one name, the block is skipped", word.value);
        self.report.error(word, title, "one word must stand between this and its `{`").survived();
        if self.tokens.next_if(|token| matches!(token, Token::Open(_))).is_some() {
            self.skip();
        }
    }

    /// Whether enough words follow; what is too much is told.
    fn arity(&mut self, keyword: &Keyword, word: &'t Word, statement: &'t Statement) -> bool {
        let (least, most) = arity(keyword.takes);
        let given = statement.words.len() - 1;
        let opens = matches!(self.tokens.peek(), Some(Token::Open(_)));
        if given > most
            && (opens || !matches!(keyword.takes, Takes::Lines(_)))
            && let (Some(first), Some(last)) = (statement.words.get(1 + most), statement.words.last())
        {
            let rest = Place::new((), first.file.clone(), first.span.start..last.span.end.max(first.span.end));
            let told = self.report.warning(&rest, "the rest of this line is ignored", "not read");
            match keyword.takes {
                Takes::Lines(_) => told.help(format!("`{{` must follow `{}` at once", word.value)).survived(),
                _ if statement.words[1].value == "=" => {
                    told.help("a value follows its keyword without `=`").unnoticed()
                }
                _ => told.help("keepalived reads one keyword per line").unnoticed(),
            };
        }
        if given < least {
            let title = format!("`{}` needs a value: {}", word.value, keyword.takes);
            let told = self.report.error(word, title, "nothing follows");
            match LIVES_WITHOUT_VALUE.contains(&keyword.word) {
                true => told.help("the line is ignored").survived(),
                false => told.help("keepalived ends where a value is missing").keepalived(Keepalived::Refuses(2)),
            };
        }
        given >= least
    }

    /// Reads a block. What should be in it may stand on the line of its header instead.
    fn enter(&mut self, header: &'t Word, inside: Inside, on_line: bool) -> Contents<'t> {
        if self.tokens.next_if(|token| matches!(token, Token::Open(_))).is_none() {
            let title = format!("`{}` begins a block", header.value);
            self.report
                .error(header, title, "no `{` follows")
                .help("keepalived takes the following lines, up to the next `}`, as the lines of this block")
                .survived();
            if self.mends && on_line {
                return Contents::default();
            }
        }
        self.open.push(Open { header, inside });
        self.block(inside)
    }

    /// keepalived complains and goes on with the next line, also into a block that it does not know.
    fn unknown(&mut self, block: Block, word: &'t Word) {
        let place =
            self.open.last().map_or("at the top of the file".to_owned(), |b| format!("in `{}`", b.header.value));
        let title = format!("unknown keyword `{}` {place}", word.value);
        let opens = matches!(self.tokens.peek(), Some(Token::Open(_)));
        let help = if self.mends && self.report.advises() { advice(block, word, opens) } else { None };
        let found = self.report.error(word, title, "not known here").survived();
        if let Some(help) = help {
            found.help(help);
        }
        if opens && self.mends {
            self.enter(word, Inside::Anything, false);
        }
    }
}

/// Blocks that are skipped unless they have one name.
const ONE_NAME: [&str; 2] = ["vrrp_instance", "vrrp_sync_group"];
/// Keywords whose missing value keepalived survives.
const LIVES_WITHOUT_VALUE: [&str; 3] = ["router_id", "lvs_timeouts", "script"];

/// Whether this block knows such a line: `track_file` with a name is another keyword than without.
fn fits(inside: Inside, statement: &Statement) -> bool {
    let Inside::Keywords(block) = inside else { return false };
    let known = statement.words.first().and_then(|word| table::find(block, &word.value));
    known.is_some_and(|keyword| statement.words.len() - 1 <= arity(keyword.takes).1)
}

/// Whether this word begins a block at the top of a file.
fn begins_root_block(word: &str) -> bool {
    matches!(
        table::find(Block::Root, word).map(|keyword| keyword.takes),
        Some(Takes::Block(_) | Takes::Named(..) | Takes::NamedLines(_))
    )
}

/// What the author may have meant.
fn advice(block: Block, word: &Word, opens: bool) -> Option<String> {
    if word.value.starts_with('\u{feff}') {
        return Some("a mark of the byte order belongs to this word: save the file without it".to_owned());
    }
    if let Some(Keyword { why, .. }) = table::find(block, &word.value) {
        return Some(format!("{why}; 2.2.7 ignores the line"));
    }
    let near = nearest(&word.value, block.section().all().filter(|k| k.status != Status::Refused).map(|k| k.word));
    let place = |section: &table::Section| match section.block {
        Block::Root => section.header.to_owned(),
        _ => format!("in `{}`", section.header),
    };
    let elsewhere = table::places_of(&word.value).into_iter().map(|(section, _)| place(section)).next();
    match (near, elsewhere) {
        (_, Some(place)) => Some(format!("it belongs {place}")),
        (Some(near), None) => Some(format!("did you mean `{near}`?")),
        (None, None) if opens => Some(
            "keepalived does not skip its block: it reads the lines as lines of the block around, which the `}` closes"
                .to_owned(),
        ),
        (None, None) => None,
    }
}

/// How many words may follow a keyword.
fn arity(takes: Takes) -> (usize, usize) {
    match takes {
        Takes::Nothing | Takes::Block(_) | Takes::Lines(_) => (0, 0),
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
