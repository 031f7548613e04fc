//! How a program with its arguments is split into words: quotes of both kinds, backslashes, pieces that join.

/// The words, and whether every quote was closed.
pub(super) fn split(text: &str) -> (Vec<String>, bool) {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('\\', None | Some('"')) => word.get_or_insert_default().extend(escaped(&mut rest)),
            (c, Some(_)) => word.get_or_insert_default().push(c),
            ('"' | '\'', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            (c, None) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    (words, quote.is_none())
}

/// What a backslash and the characters after it stand for.
fn escaped(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<char> {
    let c = rest.next()?;
    let mut digits = |most: usize, radix: u32, first: Option<u32>| {
        let (mut value, mut count) = (first, usize::from(first.is_some()));
        while let Some(digit) = rest.peek().and_then(|c| c.to_digit(radix)).filter(|_| count < most) {
            value = Some(value.unwrap_or(0) * radix + digit);
            count += 1;
            rest.next();
        }
        value.and_then(char::from_u32)
    };
    match c {
        'a' => Some('\u{7}'),
        'b' => Some('\u{8}'),
        'e' | 'E' => Some('\u{1b}'),
        'f' => Some('\u{c}'),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        'v' => Some('\u{b}'),
        'x' => digits(2, 16, None),
        '0'..='7' => digits(3, 8, c.to_digit(8)),
        'c' => rest.next().and_then(|c| char::from_u32(u32::from(c.to_ascii_uppercase()) & 0x1f)),
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn quotes_group_pieces_join_and_backslashes_stand_for_characters() {
        let words = |text: &str| split(text).0;
        assert_eq!(words(" /bin/a  -b\t'c d' \"e f\" "), ["/bin/a", "-b", "c d", "e f"]);
        assert_eq!(words(r#"a'b c'"d e"f ''"#), ["ab cd ef", ""]);
        assert_eq!(words(r#"a\ b \"c\" "x\ty" '\n' \x41\102 \cA"#), ["a b", "\"c\"", "x\ty", "\\n", "AB", "\u{1}"]);
        assert_eq!(split("a 'b"), (["a", "b"].map(str::to_owned).to_vec(), false));
    }
}
