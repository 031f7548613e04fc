//! Every keyword that is known: where it may stand, what follows it, its default, and what becomes of it here. The
//! reader, `vrrplab explain keyword` and docs/keepalived-conf.md all come from this one table.
mod checkers;
mod globals;
mod root;
mod servers;
mod track;
mod vrrp;

use std::fmt;

/// One kind of block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Block {
    /// Outside of all blocks.
    Root,
    /// `global_defs`
    Globals,
    /// `vrrp_instance NAME`
    Instance,
    /// `authentication`
    Authentication,
    /// `vrrp_sync_group NAME`
    SyncGroup,
    /// `vrrp_script NAME`
    Script,
    /// `track_file NAME`
    File,
    /// `vrrp_track_process NAME`
    Process,
    /// `bfd_instance NAME`
    Bfd,
    /// `garp_group`
    GarpGroup,
    /// `track_group NAME`
    TrackGroup,
    /// `SSL`
    Ssl,
    /// `virtual_server ...`
    VirtualServer,
    /// `real_server ...`
    RealServer,
    /// `TCP_CHECK`
    TcpCheck,
    /// `HTTP_GET` and `SSL_GET`
    HttpCheck,
    /// `url`
    Url,
    /// `SMTP_CHECK`
    SmtpCheck,
    /// `host` in `SMTP_CHECK`
    SmtpHost,
    /// `DNS_CHECK`
    DnsCheck,
    /// `MISC_CHECK`
    MiscCheck,
    /// `UDP_CHECK`
    UdpCheck,
    /// `PING_CHECK`
    PingCheck,
    /// `FILE_CHECK`
    FileCheck,
    /// `BFD_CHECK`
    BfdCheck,
}

/// What follows a keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Nothing: the word alone.
    Nothing,
    /// A boolean, or nothing for true.
    Switch,
    /// A whole number.
    Int(i64, i64),
    /// Seconds with up to six decimals; the limits are in microseconds.
    Seconds(u64, u64),
    /// Milliseconds with up to three decimals; the limits are in microseconds.
    Millis(u64, u64),
    /// One word, whatever it is.
    Word(&'static str),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// An IP address.
    Address,
    /// A weight from minus this to this, and `reverse` perhaps.
    Weight(i64),
    /// A program with arguments, and a user perhaps.
    Program,
    /// So many words, shaped like this.
    Words(usize, usize, &'static str),
    /// A block.
    Block(Block),
    /// A block whose header has so many words, shaped like this.
    Named(Block, usize, usize, &'static str),
    /// A block of lines, each shaped like this.
    Lines(&'static str),
    /// The same, with a name in its header.
    NamedLines(&'static str),
}

/// What becomes of a keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It changes what a simulated node does.
    Modelled,
    /// It is read and kept; nothing that is simulated depends on it.
    NoEffect,
    /// It is read and kept, and would make a difference that is not simulated yet: a warning says so.
    NotYet,
    /// keepalived 2.2.7, as Debian builds it, does not know it.
    Refused,
}

impl Status {
    /// As it is told to people.
    pub const fn words(self) -> &'static str {
        match self {
            Status::Modelled => "modelled",
            Status::NoEffect => "accepted, without effect here",
            Status::NotYet => "accepted, not modelled yet",
            Status::Refused => "refused",
        }
    }
}

/// One keyword in one kind of block.
#[derive(Debug, PartialEq, Eq)]
pub struct Keyword {
    /// The word.
    pub word: &'static str,
    /// What follows it.
    pub takes: Takes,
    /// What holds without it, as one would write or say it; empty where it has none.
    pub default: &'static str,
    /// What becomes of it.
    pub status: Status,
    /// What it is for, or why it is treated so.
    pub why: &'static str,
}

/// The keywords of one kind of block.
#[derive(Debug)]
pub struct Section {
    /// The block.
    pub block: Block,
    /// How the block is written.
    pub header: &'static str,
    /// Its keywords.
    pub keywords: &'static [Keyword],
    /// Keywords that it shares with other blocks.
    pub shared: &'static [Keyword],
}

/// A keyword that changes what is simulated.
const fn modelled(word: &'static str, takes: Takes, default: &'static str, why: &'static str) -> Keyword {
    Keyword { word, takes, default, status: Status::Modelled, why }
}
/// A keyword on which nothing simulated depends.
const fn kept(word: &'static str, takes: Takes, default: &'static str, why: &'static str) -> Keyword {
    Keyword { word, takes, default, status: Status::NoEffect, why }
}
/// A keyword that would make a difference.
const fn not_yet(word: &'static str, takes: Takes, default: &'static str, why: &'static str) -> Keyword {
    Keyword { word, takes, default, status: Status::NotYet, why }
}
/// A keyword that 2.2.7 does not know.
const fn refused(word: &'static str, takes: Takes, why: &'static str) -> Keyword {
    Keyword { word, takes, default: "", status: Status::Refused, why }
}

/// The longest span that keepalived holds: 4294 seconds and a little, in microseconds.
const LONGEST: u64 = 4_294_967_295;
/// The longest span between checks, in microseconds.
const AGES: u64 = 4_294_967_295_000_000;
/// As many as fit.
pub(super) const MANY: usize = usize::MAX;
/// The largest unsigned number of 32 bits.
const U32: i64 = u32::MAX as i64;
/// The largest signed number of 32 bits.
const I32: i64 = i32::MAX as i64;

/// Every kind of block with its keywords.
pub static SECTIONS: &[&Section] = &[
    &root::ROOT,
    &globals::GLOBALS,
    &vrrp::INSTANCE,
    &vrrp::AUTHENTICATION,
    &vrrp::SYNC_GROUP,
    &track::SCRIPT,
    &track::FILE,
    &track::PROCESS,
    &track::BFD,
    &track::GARP_GROUP,
    &track::TRACK_GROUP,
    &servers::VIRTUAL_SERVER,
    &servers::REAL_SERVER,
    &checkers::TCP,
    &checkers::HTTP,
    &checkers::URL,
    &checkers::SMTP,
    &checkers::SMTP_HOST,
    &checkers::DNS,
    &checkers::MISC,
    &checkers::UDP,
    &checkers::PING,
    &checkers::FILE,
    &checkers::BFD,
    &checkers::SSL,
];

impl Section {
    /// Its keywords and those that it shares.
    pub fn all(&self) -> impl Iterator<Item = &'static Keyword> + use<> {
        self.keywords.iter().chain(self.shared)
    }
}

impl Block {
    /// Its keywords.
    pub fn section(self) -> &'static Section {
        SECTIONS.iter().find(|section| section.block == self).unwrap_or(&SECTIONS[0])
    }
}

/// The keyword, if it is known in this block.
pub(super) fn find(block: Block, word: &str) -> Option<&'static Keyword> {
    block.section().all().find(|keyword| keyword.word == word)
}

/// Every place where this word is a keyword.
pub fn places_of(word: &str) -> Vec<(&'static Section, &'static Keyword)> {
    let of_section = |section: &'static Section| section.all().filter(|k| k.word == word).map(move |k| (section, k));
    SECTIONS.iter().copied().flat_map(of_section).collect()
}

impl fmt::Display for Takes {
    /// The shape of what follows, with units and limits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Takes::Nothing => f.write_str("nothing"),
            Takes::Switch => f.write_str("`[true|on|yes|false|off|no]`"),
            Takes::Int(least, most) if most >= U32 => write!(f, "a whole number from {least} on"),
            Takes::Int(least, most) => write!(f, "a whole number, {least} to {most}"),
            Takes::Seconds(least, most) => span(f, "seconds", least, most, 6),
            Takes::Millis(least, most) => span(f, "milliseconds", least, most, 3),
            Takes::Word(shape) | Takes::Words(_, _, shape) => write!(f, "`{shape}`"),
            Takes::OneOf(words) => write!(f, "`{}`", words.join("|")),
            Takes::Address => f.write_str("an IP address"),
            Takes::Weight(most) => write!(f, "a weight, -{most} to {most}, and `reverse` perhaps"),
            Takes::Program => f.write_str("a program with its arguments, in quotes, then `[USER [GROUP]]`"),
            Takes::Block(_) => f.write_str("a block"),
            Takes::Named(_, _, _, shape) => write!(f, "`{shape}` and a block"),
            Takes::Lines(shape) => write!(f, "a block of lines `{shape}`"),
            Takes::NamedLines(shape) => write!(f, "`NAME` and a block of lines `{shape}`"),
        }
    }
}

/// A span of time with its limits.
fn span(f: &mut fmt::Formatter<'_>, unit: &str, least: u64, most: u64, decimals: u32) -> fmt::Result {
    let scale = 10_u64.pow(decimals);
    let number = |micros: u64| {
        let text = format!("{}.{:0width$}", micros / scale, micros % scale, width = decimals as usize);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    match most >= LONGEST {
        true => write!(f, "{unit} from {} on, decimals allowed", number(least)),
        false => write!(f, "{unit}, {} to {}, decimals allowed", number(least), number(most)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_keyword_is_listed_twice_in_one_block_and_each_says_why() {
        for section in SECTIONS {
            let mut words: Vec<_> = section.all().map(|k| k.word).collect();
            let count = words.len();
            words.sort_unstable();
            words.dedup();
            assert_eq!(words.len(), count, "{:?}", section.block);
            for keyword in section.all() {
                assert!(!keyword.why.is_empty() && !keyword.why.ends_with('.'), "{}", keyword.word);
            }
        }
    }

    #[test]
    fn every_block_has_its_section() {
        for section in SECTIONS {
            assert_eq!(section.block.section().block, section.block);
            for keyword in section.all() {
                if let Takes::Block(block) | Takes::Named(block, ..) = keyword.takes {
                    assert_eq!(block.section().block, block, "{}", keyword.word);
                }
            }
        }
    }

    #[test]
    fn shapes_tell_units_and_limits() {
        let shown = [
            Takes::Int(1, 255),
            Takes::Int(0, U32),
            Takes::Seconds(10_000, 255_000_000),
            Takes::Seconds(0, LONGEST),
            Takes::Millis(1, LONGEST),
            Takes::Weight(253),
        ];
        assert_eq!(
            shown.map(|takes| takes.to_string()),
            [
                "a whole number, 1 to 255",
                "a whole number from 0 on",
                "seconds, 0.01 to 255, decimals allowed",
                "seconds from 0 on, decimals allowed",
                "milliseconds from 0.001 on, decimals allowed",
                "a weight, -253 to 253, and `reverse` perhaps",
            ]
        );
    }
}
