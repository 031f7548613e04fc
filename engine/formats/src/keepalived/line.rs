//! A line as the lexer gets it, whose every byte knows where it was written.
use std::ops::Range;
use std::sync::Arc;

use crate::diagnostics::Place;

/// A run of bytes: copied from the file, or put in place of what stands at `source`.
#[derive(Clone, Debug)]
struct Piece {
    start: usize,
    source: Range<usize>,
    copied: bool,
}

/// One line without its end.
#[derive(Clone, Debug)]
pub(super) struct Line {
    file: Arc<str>,
    pub(super) text: String,
    pieces: Vec<Piece>,
    /// Whether the number of `"` in it is odd.
    quoted: bool,
}

impl Line {
    /// A line with nothing on it yet.
    pub(super) fn empty(file: &Arc<str>) -> Line {
        Line { file: file.clone(), text: String::new(), pieces: Vec::new(), quoted: false }
    }

    /// What stands at `offset` of the file.
    pub(super) fn written(file: &Arc<str>, text: &str, offset: usize) -> Line {
        let pieces = vec![Piece { start: 0, source: offset..offset + text.len(), copied: true }];
        Line { file: file.clone(), text: text.to_owned(), pieces, quoted: ends_quoted(text) }
    }

    /// An empty line of the same file.
    pub(super) fn fresh(&self) -> Line {
        Line::empty(&self.file)
    }

    /// Adds text that takes the place of what stands at `at`.
    pub(super) fn put(&mut self, text: &str, at: &Place) {
        if !text.is_empty() {
            self.pieces.push(Piece { start: self.text.len(), source: at.span.clone(), copied: false });
            self.push(text);
        }
    }

    /// Adds a part of another line of the same file.
    pub(super) fn copy(&mut self, from: &Line, range: Range<usize>) {
        let first = from.pieces.partition_point(|piece| piece.start <= range.start).saturating_sub(1);
        for (number, piece) in from.pieces.iter().enumerate().skip(first) {
            if piece.start >= range.end {
                break;
            }
            let piece_end = from.pieces.get(number + 1).map_or(from.text.len(), |next| next.start);
            let (start, end) = (range.start.max(piece.start), range.end.min(piece_end));
            if start < end {
                let source = match piece.copied {
                    true => piece.source.start + start - piece.start..piece.source.start + end - piece.start,
                    false => piece.source.clone(),
                };
                self.pieces.push(Piece { start: self.text.len(), source, copied: piece.copied });
                self.push(&from.text[start..end]);
            }
        }
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.quoted ^= ends_quoted(text);
    }

    /// Whether what follows stands between quotes.
    pub(super) fn is_quoted(&self) -> bool {
        self.quoted
    }

    /// A part of the line.
    pub(super) fn part(&self, range: Range<usize>) -> Line {
        let mut part = self.fresh();
        part.copy(self, range);
        part
    }

    /// Where the blanks that begin here end.
    pub(super) fn blanks_from(&self, start: usize) -> usize {
        self.text.len() - self.text[start..].trim_start().len()
    }

    /// The line from here on, without blanks at both ends.
    pub(super) fn trimmed_from(&self, start: usize) -> Line {
        let rest = &self.text[start..];
        let begin = start + rest.len() - rest.trim_start().len();
        self.part(begin..begin + rest.trim().len())
    }

    /// Where these bytes of the line were written.
    pub(super) fn at(&self, range: Range<usize>) -> Place {
        let start = self.byte(range.start);
        let span = match range.is_empty() {
            true => start.start..start.start,
            false => start.start..self.byte(range.end - 1).end.max(start.start),
        };
        Place::new((), self.file.clone(), span)
    }

    /// Where the whole line was written.
    pub(super) fn whole(&self) -> Place {
        self.at(0..self.text.len())
    }

    fn byte(&self, position: usize) -> Range<usize> {
        let after = self.pieces.partition_point(|p| p.start <= position);
        match after.checked_sub(1).map(|i| &self.pieces[i]) {
            Some(piece) if piece.copied => {
                let byte = piece.source.start + position - piece.start;
                byte..byte + 1
            }
            Some(piece) if position >= self.text.len() => piece.source.end..piece.source.end,
            Some(piece) => piece.source.clone(),
            None => 0..0,
        }
    }
}

fn ends_quoted(text: &str) -> bool {
    text.bytes().filter(|b| *b == b'"').count() % 2 == 1
}
