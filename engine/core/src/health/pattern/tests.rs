//! Expressions as PCRE2 reads them. The expectations are what `pcre2test` means by its own manual, worked out by hand.
use alloc::vec::Vec;

use super::*;

fn check(pattern: &str, options: &[&str]) -> RegexCheck {
    RegexCheck {
        pattern: pattern.into(),
        must_not_match: false,
        options: options.iter().map(|option| option.to_string()).collect(),
        min_offset: 0,
        max_offset: 0,
        stack: None,
    }
}

fn found(pattern: &str, options: &[&str], body: &str) -> bool {
    fits(&check(pattern, options), body.as_bytes()).expect("it can be read")
}

#[test]
fn expressions_are_found_anywhere_in_the_page() {
    for (pattern, body, expected) in [
        ("ok", "it is ok.\n", true),
        ("^ok", "it is ok.\n", false),
        ("ok.$", "it is ok.\n", true),
        ("ok$", "ok\nnot\n", false),
        (r"ok\.\Z", "it is ok.\n", true),
        (r"ok\.\z", "it is ok.\n", false),
        (r"\bup\b.*\d{2,3} ms", "node up, 120 ms", true),
        (r"(?<=load )0\.\d+(?!\d)", "load 0.25", true),
        (r"(\w+) \1", "hello hello", true),
        (r"(?>a+)ab", "aaab", false),
        (r"\Qa.b\E+", "a.bb", true),
        (r"\Qa.b\E", "axb", false),
        (r"^\h+\H", "\t x", true),
        (r"one\Rtwo", "one\r\ntwo", true),
        (r"[][:digit:]]x", "]x", true),
        (r"[^]a]", "]a", false),
        (r"[[]", "[", true),
        (r"a.b", "a\nb", false),
        (r"é", "caf\u{e9}", true),
    ] {
        assert_eq!(found(pattern, &[], body), expected, "{pattern} in {body:?}");
    }
}

#[test]
fn bytes_that_are_no_text_are_bytes() {
    assert_eq!(fits(&check(r"^\xff.\x00$", &[]), &[0xff, 0xfe, 0]), Some(true));
    assert_eq!(fits(&check(r"^\W+$", &[]), &[0xff, 0xfe]), Some(true));
}

#[test]
fn options_change_what_is_found() {
    for (pattern, option, body, without, with) in [
        ("OK", "caseless", "ok", false, true),
        ("^two$", "multiline", "one\ntwo\n", false, true),
        ("one.two", "dotall", "one\ntwo", false, true),
        ("o k # all is well", "extended", "ok", false, true),
        ("ok$", "dollar_endonly", "ok\n", true, false),
        ("two", "firstline", "one\ntwo", true, false),
        ("o+?k", "ungreedy", "ook", true, true),
    ] {
        assert_eq!((found(pattern, &[], body), found(pattern, &[option], body)), (without, with), "{pattern} {option}");
    }
}

#[test]
fn a_match_begins_between_its_offsets() {
    let within = |from, until| {
        let check = RegexCheck { min_offset: from, max_offset: until, ..check("ok", &[]) };
        fits(&check, b"12 ok 67 ok")
    };
    let table = [(0, 0), (0, 3), (0, 2), (3, 3), (4, 0), (4, 8), (4, 9), (10, 0), (12, 0)];
    let expected = [true, true, false, true, true, false, true, false, false];
    assert_eq!(table.map(|(from, until)| within(from, until)), expected.map(Some));
}

#[test]
fn with_regex_no_match_it_must_not_be_found() {
    let check = RegexCheck { must_not_match: true, ..check("error", &[]) };
    assert_eq!((fits(&check, b"well"), fits(&check, b"an error")), (Some(true), Some(false)));
}

#[test]
fn what_cannot_be_read_is_wrong_or_not_known_here() {
    for pattern in ["(open", "x{2,1}", "a**b", "[z-a]", "(?<=a"] {
        let error = Pattern::read(&check(pattern, &[])).expect_err(pattern);
        assert!(matches!(error, PatternError::Invalid(_)), "{pattern}: {error:?}");
    }
    for pattern in [r"\((?R)?\)", "(*SKIP)a", r"\X", "(?|a|b)"] {
        let error = Pattern::read(&check(pattern, &[])).expect_err(pattern);
        assert!(matches!(error, PatternError::Unknown(_)), "{pattern}: {error:?}");
    }
    let of = |options: &[&str]| Pattern::read(&check("a", options)).err();
    assert_eq!(of(&["ucp"]), Some(PatternError::Unknown("ucp".into())));
    assert_eq!(of(&["nonsense"]), None, "keepalived says nothing either");
    let known: Vec<bool> = ["caseless", "ucp", "firstline", "nonsense"].map(Pattern::is_option).to_vec();
    assert_eq!(known, [true, true, true, false]);
}
