//! File name patterns: `{a,b}` alternatives, and `*`, `?`, `[...]` within one name.

/// Whether a name must be looked for in its folder.
pub(super) fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?', '['])
}

/// How many bytes are written to find the alternatives of one name.
const MOST_BYTES: usize = 1 << 20;

/// The pattern with each combination of its `{a,b}` alternatives, in order; none when there are more than `most`.
pub(super) fn alternatives(pattern: &str, most: usize) -> Option<Vec<String>> {
    let mut open = vec![pattern.to_owned()];
    let (mut done, mut bytes) = (Vec::new(), 0);
    while let Some(next) = open.pop() {
        bytes += next.len();
        match braces(&next) {
            Some((start, end, parts)) => {
                let made = parts.iter().rev().map(|part| format!("{}{part}{}", &next[..start], &next[end..]));
                open.extend(made);
            }
            None => done.push(next),
        }
        if open.len() + done.len() > most || bytes > MOST_BYTES {
            return None;
        }
    }
    Some(done)
}

/// The first closed pair of braces: where it starts and ends, and its parts.
fn braces(pattern: &str) -> Option<(usize, usize, Vec<&str>)> {
    let start = pattern.find('{')?;
    let (mut depth, mut from, mut parts) = (0_usize, start + 1, Vec::new());
    for (i, c) in pattern[start..].char_indices().map(|(i, c)| (start + i, c)) {
        match c {
            '{' => depth += 1,
            ',' if depth == 1 => {
                parts.push(&pattern[from..i]);
                from = i + 1;
            }
            '}' if depth == 1 => {
                parts.push(&pattern[from..i]);
                return Some((start, i + 1, parts));
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Whether the pattern stands for this name. A leading dot must be written.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        if pattern.get(p) == Some(&'*') {
            star = Some((p, n));
            p += 1;
        } else if let Some(length) = one(&pattern[p..], name[n]) {
            p += length;
            n += 1;
        } else if let Some((at, taken)) = star {
            star = Some((at, taken + 1));
            p = at + 1;
            n = taken + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// How much of the pattern stands for this one character.
fn one(pattern: &[char], c: char) -> Option<usize> {
    match pattern.first()? {
        '?' => Some(1),
        '[' => match set(pattern, c) {
            Some((length, true)) => Some(length),
            Some((_, false)) => None,
            None => (c == '[').then_some(1),
        },
        first => (*first == c).then_some(1),
    }
}

/// The length of the `[...]` and whether `c` is meant; none when it is never closed.
fn set(pattern: &[char], c: char) -> Option<(usize, bool)> {
    let inverted = matches!(pattern.get(1), Some('!' | '^'));
    let first = if inverted { 2 } else { 1 };
    let mut i = first;
    let mut found = false;
    loop {
        match *pattern.get(i)? {
            ']' if i > first => return Some((i + 1, found != inverted)),
            low => match (pattern.get(i + 1), pattern.get(i + 2)) {
                (Some('-'), Some(high)) if *high != ']' => {
                    found |= (low..=*high).contains(&c);
                    i += 3;
                }
                _ => {
                    found |= low == c;
                    i += 1;
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_matched_as_a_shell_does() {
        for (pattern, name, expected) in [
            ("*.conf", "a.conf", true),
            ("*.conf", "a.conf.bak", false),
            ("*.conf", ".a.conf", false),
            (".*", ".a", true),
            ("a*b*c", "aXbYbZc", true),
            ("v?", "v둘", true),
            ("v?", "v", false),
            ("v[1-3]", "v2", true),
            ("v[!1-3]", "v2", false),
            ("v[]x]", "v]", true),
            ("v[x", "v[x", true),
            ("", "", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn braces_give_every_combination_in_order() {
        assert_eq!(alternatives("a{b,{c,d}e}{1,2}", 9).unwrap(), ["ab1", "ab2", "ace1", "ace2", "ade1", "ade2"]);
        assert_eq!(alternatives("a{b", 9).unwrap(), ["a{b"]);
        assert_eq!(alternatives(&"{a,b}".repeat(9), 100), None);
    }
}
