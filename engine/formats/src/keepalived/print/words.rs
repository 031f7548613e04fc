//! Single values as words of a keepalived.conf: names, spans, passwords, programs.
use std::borrow::Cow;

use vrrplab_engine::model::IfAddr;
use vrrplab_engine::model::command::{Program, RunAs};
use vrrplab_engine::time::Span;

/// Seconds with as many decimals as needed, to the microsecond.
pub(super) fn seconds(span: Span) -> String {
    decimal(span.as_micros(), 6)
}

/// Milliseconds with as many decimals as needed.
pub(super) fn millis(span: Span) -> String {
    decimal(span.as_micros(), 3)
}

fn decimal(micros: u64, decimals: u32) -> String {
    let scale = 10_u64.pow(decimals);
    let text = format!("{}.{:0width$}", micros / scale, micros % scale, width = decimals as usize);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `ADDR/LEN`
pub(super) fn prefixed(addr: IfAddr) -> String {
    format!("{}/{}", addr.ip, addr.prefix)
}

/// The password without its padding. A character that was cut at the eighth byte is made whole: it is cut again.
pub(super) fn password(bytes: [u8; 8]) -> String {
    let used = bytes.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
    let whole = [0x80, 0xa0].into_iter().flat_map(|first: u8| (0..=3).map(move |missing| (first, missing)));
    let mut tried = whole.map(|(first, missing)| {
        let rest = std::iter::once(first).chain([0x80, 0x80]).take(missing);
        String::from_utf8(bytes[..used].iter().copied().chain(rest).collect())
    });
    tried.find_map(Result::ok).unwrap_or_else(|| String::from_utf8_lossy(&bytes[..used]).into_owned())
}

/// The word, in quotes where it would not be read as one.
pub(super) fn word(text: &str) -> Cow<'_, str> {
    let special = |c: char| c.is_whitespace() || "{}\"#!$\\".contains(c);
    if text.is_empty() || text.starts_with(['@', '~']) || text.contains(special) {
        Cow::Owned(format!("\"{text}\""))
    } else {
        Cow::Borrowed(text)
    }
}

/// Words of one line.
pub(super) fn words<'w>(all: impl IntoIterator<Item = &'w String>) -> String {
    let all: Vec<_> = all.into_iter().map(|text| word(text)).collect();
    all.join(" ")
}

/// `USER [GROUP]`
pub(super) fn run_as(user: &RunAs) -> String {
    words(std::iter::once(&user.user).chain(&user.group))
}

/// A program with its arguments in one quoted string, then its user: as it is split again.
pub(super) fn program(program: &Program) -> String {
    match (program.words.as_slice(), &program.user) {
        ([only], None) if plain(only) => only.clone(),
        (all, user) => {
            let mut command = all.iter().map(|w| argument(w)).collect::<Vec<_>>().join(" ");
            if all.len() < 2 {
                // a blank tells a command from a first word
                command.push(' ');
            }
            let mut text = quoted(&command);
            if let Some(user) = user {
                for name in std::iter::once(&user.user).chain(&user.group) {
                    text += " ";
                    text += &if plain(name) { name.clone() } else { quoted(name) };
                }
            }
            text
        }
    }
}

fn plain(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "/._-+:,%=".contains(c))
}

/// One argument within a command.
fn argument(text: &str) -> Cow<'_, str> {
    if plain(text) {
        return Cow::Borrowed(text);
    }
    if !text.contains(|c: char| c == '\'' || c.is_control()) {
        return Cow::Owned(format!("'{text}'"));
    }
    let escape = |c: char| match c {
        c if plain(c.encode_utf8(&mut [0; 4])) => c.to_string(),
        c if u32::from(c) <= 0xff => format!("\\x{:02x}", u32::from(c)),
        c => format!("\\{c}"),
    };
    Cow::Owned(text.chars().map(escape).collect())
}

/// A string in double quotes, with nothing in it that quotes, variables or continued lines are made of.
fn quoted(text: &str) -> String {
    let escape = |c: char| match c {
        '"' | '\\' | '$' => format!("\\x{:02x}", u32::from(c)),
        c if c.is_control() => format!("\\x{:02x}", u32::from(c)),
        c => c.to_string(),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_have_the_decimals_they_need() {
        let micros = [0, 1_000_000, 10_000_000, 250_000, 40_950_000, 1_000_001].map(Span::from_micros);
        assert_eq!(micros.map(seconds), ["0", "1", "10", "0.25", "40.95", "1.000001"]);
        assert_eq!([10_000, 250, 0].map(Span::from_micros).map(millis), ["10", "0.25", "0"]);
    }

    #[test]
    fn words_are_quoted_only_where_they_must_be() {
        let quoted = ["VI_1", "", "a b", "a#b", "!x", "{", "$E", "@h", "a@h", "eth0.100"].map(word);
        let expected = ["VI_1", "\"\"", "\"a b\"", "\"a#b\"", "\"!x\"", "\"{\"", "\"$E\"", "\"@h\"", "a@h", "eth0.100"];
        assert_eq!(quoted, expected);
    }

    #[test]
    fn programs_stand_in_quotes_unless_they_are_one_plain_word() {
        let of = |words: &[&str], user: Option<RunAs>| {
            program(&Program { words: words.iter().map(|w| (*w).to_owned()).collect(), user })
        };
        assert_eq!(of(&["/bin/a"], None), "/bin/a");
        assert_eq!(of(&["/bin/a", "-x", "b c", "$d"], None), r#""/bin/a -x 'b c' '\x24d'""#);
        assert_eq!(of(&["/bin/a b", "it's"], None), r#""'/bin/a b' it\x5cx27s""#);
        let user = RunAs { user: "nobody".to_owned(), group: Some("nogroup".to_owned()) };
        assert_eq!(of(&["/bin/a"], Some(user)), r#""/bin/a " nobody nogroup"#);
    }

    #[test]
    fn a_password_cut_within_a_character_keeps_its_eight_bytes() {
        for text in ["비밀번호", "1234567é", "12345678", "1234567\u{10348}", "1234567\u{d7ff}", "12345678\u{8ff}"]
        {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&text.as_bytes()[..8]);
            assert_eq!(password(bytes).as_bytes()[..8], bytes, "{text}");
        }
        assert_eq!(password(*b"1234\0\0\0\0"), "1234");
        assert_eq!(password([0; 8]), "");
    }
}
