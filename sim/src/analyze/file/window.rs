//! A window of fixed size that moves over a file.
use std::io::{ErrorKind, Read};

use super::Trouble;

/// Larger than any packet with what surrounds it.
const SIZE: usize = 1 << 20;

/// The window: what has been read and not been taken yet.
#[derive(Debug)]
pub(super) struct Window<R> {
    from: R,
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// Of `start` in the file.
    offset: u64,
}

impl<R: Read> Window<R> {
    pub fn new(from: R) -> Window<R> {
        Window { from, bytes: vec![0; SIZE], start: 0, end: 0, offset: 0 }
    }

    /// Where in the file the next byte is.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The next bytes, fewer only at the end of the file. No more than the window is wide.
    pub fn peek(&mut self, length: usize) -> Result<&[u8], Trouble> {
        let length = length.min(SIZE);
        if self.end - self.start < length {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
            while self.end < length {
                match self.from.read(&mut self.bytes[self.end..]) {
                    Ok(0) => break,
                    Ok(count) => self.end += count,
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(&self.bytes[self.start..self.end.min(self.start + length)])
    }

    /// The next bytes, all of them.
    pub fn take(&mut self, length: usize, what: &'static str) -> Result<&[u8], Trouble> {
        self.take_from(length, self.offset, what)
    }

    /// The next bytes, all of them; they belong to something that began at `offset`.
    pub fn take_from(&mut self, length: usize, offset: u64, what: &'static str) -> Result<&[u8], Trouble> {
        if self.peek(length)?.len() < length {
            return Err(Trouble::Torn { offset, what });
        }
        let start = self.start;
        self.start += length;
        self.offset += length as u64;
        Ok(&self.bytes[start..start + length])
    }

    /// The next bytes, and leaves out what is behind them, the whole no wider than
    /// the window.
    pub fn take_with_tail(
        &mut self,
        length: usize,
        tail: u64,
        offset: u64,
        what: &'static str,
    ) -> Result<&[u8], Trouble> {
        let whole = usize::try_from(tail).ok().and_then(|tail| tail.checked_add(length)).filter(|n| *n <= SIZE);
        let Some(whole) = whole else {
            let what = format!("a packet has {tail} bytes of remarks, more than are read");
            return Err(Trouble::Broken { offset, what });
        };
        self.take_from(whole, offset, what).map(|bytes| &bytes[..length])
    }

    /// Leaves bytes out, however many.
    pub fn skip(&mut self, mut length: u64, offset: u64, what: &'static str) -> Result<(), Trouble> {
        while length > 0 {
            let step = usize::try_from(length).unwrap_or(SIZE).min(SIZE);
            self.take_from(step, offset, what)?;
            length -= step as u64;
        }
        Ok(())
    }
}
