//! What PCRE2 writes otherwise than `fancy_regex`: the end of a subject, classes of blanks, quotations.
use alloc::format;
use alloc::string::{String, ToString};

use super::PatternError;

/// Where a subject ends: also before a newline that is its last byte.
const END: &str = r"(?=\n?\z)";

/// Constructs of PCRE2 that nobody reads here, by how they begin.
const STRANGE: [&str; 7] = ["(*", "(?R", "(?&", "(?P>", "(?C", "(?|", "(?+"];
/// The same for escapes.
const STRANGE_ESCAPES: [char; 4] = ['C', 'G', 'X', 'g'];

/// The same expression for `fancy_regex`, or what PCRE2 refuses or `fancy_regex` does not have.
pub(super) fn translate(pattern: &str, multiline: bool, dollar_endonly: bool) -> Result<String, PatternError> {
    let (mut out, mut rest, mut class) = (String::new(), pattern, false);
    let plain_end = multiline || sets_multiline(pattern);
    while let Some(letter) = rest.chars().next() {
        let tail = &rest[letter.len_utf8()..];
        if let Some(strange) = STRANGE.iter().find(|begin| !class && rest.starts_with(**begin)) {
            return Err(unknown(strange));
        }
        // `(?1)`: the first group once more
        if let Some(group) =
            rest.strip_prefix("(?").filter(|group| !class && group.starts_with(|c: char| c.is_ascii_digit()))
        {
            return Err(unknown(&rest[..rest.len() - group.len() + 1]));
        }
        if !class && letter == '{' && is_swapped(tail) {
            return Err(PatternError::Invalid(String::from("the numbers of a repetition are out of order")));
        }
        rest = match letter {
            '\\' => escape(tail, class, &mut out)?,
            '[' if !class => {
                class = true;
                out.push('[');
                open(tail, &mut out)
            }
            // `[[:alpha:]]` is the same in both; another bracket in a class is a plain one in PCRE2.
            '[' if tail.starts_with(':') && tail.contains(":]") => {
                let end = tail.find(":]").map_or(0, |end| end + 2);
                out.push('[');
                out.push_str(&tail[..end]);
                &tail[end..]
            }
            '[' | '&' | '~' if class => {
                out.push('\\');
                out.push(letter);
                tail
            }
            ']' if class => {
                class = false;
                out.push(']');
                tail
            }
            '$' if !class && !plain_end => {
                out.push_str(if dollar_endonly { r"\z" } else { END });
                tail
            }
            other => {
                out.push(other);
                tail
            }
        };
    }
    Ok(out)
}

fn unknown(construct: &str) -> PatternError {
    PatternError::Unknown(construct.to_string())
}

/// Whether behind an opening brace comes `n,m}` with n above m.
fn is_swapped(rest: &str) -> bool {
    let numbers = rest.split_once('}').and_then(|(numbers, _)| numbers.split_once(','));
    numbers.is_some_and(
        |(low, high)| matches!((low.parse::<u32>(), high.parse::<u32>()), (Ok(low), Ok(high)) if low > high),
    )
}

/// Whether one of the flags in the expression is `m`, as in `(?im)`. `$` is the same in both then.
fn sets_multiline(pattern: &str) -> bool {
    pattern.split("(?").skip(1).any(|rest| {
        let flags = rest.split([')', ':']).next().unwrap_or_default();
        flags.contains('m') && flags.chars().all(|c| c.is_ascii_alphabetic() || c == '-')
    })
}

/// Behind the opening bracket of a class: `^`, and a `]` that stands first is a plain one.
fn open<'a>(rest: &'a str, out: &mut String) -> &'a str {
    let rest = match rest.strip_prefix('^') {
        Some(rest) => {
            out.push('^');
            rest
        }
        None => rest,
    };
    match rest.strip_prefix(']') {
        Some(rest) => {
            out.push_str(r"\]");
            rest
        }
        None => rest,
    }
}

/// What follows a backslash.
fn escape<'a>(rest: &'a str, class: bool, out: &mut String) -> Result<&'a str, PatternError> {
    let Some(letter) = rest.chars().next() else {
        out.push('\\');
        return Ok(rest);
    };
    let tail = &rest[letter.len_utf8()..];
    if !class && STRANGE_ESCAPES.contains(&letter) {
        return Err(PatternError::Unknown(format!("\\{letter}")));
    }
    let set = match letter {
        'h' => Some((r"\t ", false)),
        'H' => Some((r"\t ", true)),
        'v' => Some((r"\n\x0B\x0C\r", false)),
        'V' => Some((r"\n\x0B\x0C\r", true)),
        'N' => Some((r"\n", true)),
        _ => None,
    };
    match (letter, set) {
        ('Q', _) => return Ok(quoted(tail, out)),
        ('E', _) => {}
        ('Z', _) if !class => out.push_str(END),
        ('R', _) if !class => out.push_str(r"(?>\r\n|[\n\x0B\x0C\r])"),
        ('e', _) => out.push_str(r"\x1B"),
        (_, Some((set, not))) => {
            out.push_str(if not { "[^" } else { "[" });
            out.push_str(set);
            out.push(']');
        }
        _ => {
            out.push('\\');
            out.push(letter);
        }
    }
    Ok(tail)
}

/// `\Q...\E`: every letter stands for itself.
fn quoted<'a>(rest: &'a str, out: &mut String) -> &'a str {
    let (plain, rest) = rest.split_once(r"\E").unwrap_or((rest, ""));
    for letter in plain.chars() {
        if letter.is_ascii_punctuation() {
            out.push('\\');
        }
        out.push(letter);
    }
    rest
}
