//! Reading Rust source as text: code without comments, code without its test module, and the paths that it names.

/// The code with line comments blanked out (line numbers stay). A `//` inside a string literal ends the line too early,
/// which may hide something from a check on that line but never invents anything.
pub fn without_comments(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    for line in text.lines() {
        code.push_str(line.split("//").next().unwrap_or(""));
        code.push('\n');
    }
    code
}

/// The code up to a `#[cfg(test)]` that opens a test module; house custom puts it at the end of a file.
pub fn without_tests(code: &str) -> &str {
    let mut offset = 0;
    let mut after_attribute = None;
    for line in code.split_inclusive('\n') {
        let trimmed = line.trim();
        if trimmed.starts_with("mod ")
            && let Some(start) = after_attribute
        {
            return &code[..start];
        }
        if trimmed == "#[cfg(test)]" {
            after_attribute = Some(offset);
        } else if !trimmed.is_empty() && !trimmed.starts_with("#[") {
            after_attribute = None;
        }
        offset += line.len();
    }
    code
}

/// A path named in the code, with its line: `use` groups are spelled out, `self` and `super` are resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its segments; `crate::io::Effect` has three.
    pub segments: Vec<String>,
    /// 1-based.
    pub line: usize,
}

/// All paths that `code` names. `file` tells which module it is (`engine/core/src/vrrp/decide.rs` is `crate::vrrp::decide`).
pub fn paths(file: &str, code: &str) -> Vec<Named> {
    let module = module_of(file);
    let mut found = Vec::new();
    for (line, tokens) in statements(&tokens(code)) {
        read_paths(&module, line, &tokens, &mut found);
    }
    found
}

fn module_of(file: &str) -> Vec<String> {
    let inner = file.split_once("/src/").map_or(file, |(_, rest)| rest).trim_end_matches(".rs");
    let mut module = vec!["crate".to_owned()];
    for part in inner.split('/').filter(|p| !matches!(*p, "lib" | "main" | "mod")) {
        module.push(part.to_owned());
    }
    module
}

type Token = (usize, String);

fn tokens(code: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    for (number, line) in code.lines().enumerate() {
        let mut word = String::new();
        let mut colons = 0;
        for c in line.chars().chain(std::iter::once(' ')) {
            if c.is_alphanumeric() || c == '_' {
                word.push(c);
            } else if !word.is_empty() {
                tokens.push((number + 1, std::mem::take(&mut word)));
            }
            colons = if c == ':' { colons + 1 } else { 0 };
            if colons == 2 {
                tokens.push((number + 1, "::".to_owned()));
                colons = 0;
            } else if matches!(c, '{' | '}' | ',' | '*' | ';') {
                tokens.push((number + 1, c.to_string()));
            }
        }
    }
    tokens
}

/// Cuts at semicolons outside of `use` groups: each `use` is one statement, everything else comes in pieces.
fn statements(tokens: &[Token]) -> Vec<(usize, Vec<Token>)> {
    tokens
        .split(|(_, word)| word == ";")
        .filter(|part| !part.is_empty())
        .map(|part| (part[0].0, part.to_vec()))
        .collect()
}

fn read_paths(module: &[String], line: usize, tokens: &[Token], found: &mut Vec<Named>) {
    let use_at = tokens.iter().position(|(_, word)| word == "use");
    let (code, import) = tokens.split_at(use_at.unwrap_or(tokens.len()));
    let mut at = 0;
    while at < code.len() {
        let (start, first) = &code[at];
        let mut segments = vec![first.clone()];
        at += 1;
        while at + 1 < code.len() && code[at].1 == "::" && is_word(&code[at + 1].1) {
            segments.push(code[at + 1].1.clone());
            at += 2;
        }
        if is_word(first) {
            found.push(Named { segments: resolve(module, segments), line: *start });
        }
    }
    if let Some((_, rest)) = import.split_first() {
        let mut at = 0;
        read_group(module, line, rest, &mut at, &[], found);
    }
}

/// Reads `a::{b, c::*}` from `tokens[*at..]` up to the end or the closing brace of its group.
fn read_group(
    module: &[String],
    line: usize,
    tokens: &[Token],
    at: &mut usize,
    base: &[String],
    found: &mut Vec<Named>,
) {
    let mut segments = base.to_vec();
    let mut renamed = false;
    let mut here = line;
    let mut grouped = false;
    let close = |segments: &[String], grouped: bool, here: usize, found: &mut Vec<Named>| {
        if segments.len() > base.len() && !grouped {
            found.push(Named { segments: resolve(module, segments.to_vec()), line: here });
        }
    };
    while *at < tokens.len() {
        let (number, word) = &tokens[*at];
        *at += 1;
        match word.as_str() {
            "{" => {
                read_group(module, *number, tokens, at, &segments, found);
                grouped = true;
            }
            "}" => break,
            "," => {
                close(&segments, grouped, here, found);
                segments = base.to_vec();
                (renamed, grouped) = (false, false);
            }
            "::" => {}
            "as" => renamed = true,
            _ if renamed => {}
            "self" if !base.is_empty() => {
                found.push(Named { segments: resolve(module, base.to_vec()), line: *number });
                grouped = true;
            }
            other => {
                here = *number;
                segments.push(other.to_owned());
            }
        }
    }
    close(&segments, grouped, here, found);
}

fn is_word(token: &str) -> bool {
    token.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
}

fn resolve(module: &[String], segments: Vec<String>) -> Vec<String> {
    let mut ups = 0;
    let mut rest = &segments[..];
    while let Some((first, tail)) = rest.split_first() {
        match first.as_str() {
            "self" => rest = tail,
            "super" => {
                ups += 1;
                rest = tail;
            }
            _ => break,
        }
    }
    if rest.len() == segments.len() {
        return segments;
    }
    let keep = module.len().saturating_sub(ups).max(1);
    module[..keep].iter().cloned().chain(rest.iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(file: &str, code: &str) -> Vec<String> {
        paths(file, code).into_iter().map(|n| format!("{}@{}", n.segments.join("::"), n.line)).collect()
    }

    #[test]
    fn groups_are_spelled_out_and_super_is_resolved() {
        let code = "use crate::{io::{Effect, State as S}, time::*};\nuse super::super::timers;\nuse std::fmt::{self, Debug};\n";
        assert_eq!(
            named("engine/core/src/vrrp/decide.rs", code),
            [
                "crate::io::Effect@1",
                "crate::io::State@1",
                "crate::time::*@1",
                "crate::timers@2",
                "std::fmt@3",
                "std::fmt::Debug@3",
            ]
        );
    }

    #[test]
    fn paths_in_expressions_are_seen_with_their_lines() {
        let found = named("engine/core/src/a.rs", "fn f() {\n    crate::timers::arm(1);\n}\n");
        assert!(found.contains(&"crate::timers::arm@2".to_owned()), "{found:?}");
    }

    #[test]
    fn a_test_module_and_comments_are_left_out() {
        let text = "use a::b; // use c::d;\n#[cfg(test)]\nextern crate std;\nfn f() {}\n#[cfg(test)]\nmod tests {\n}\n";
        let code = without_comments(text);
        assert!(!code.contains("c::d"));
        assert_eq!(without_tests(&code), "use a::b; \n#[cfg(test)]\nextern crate std;\nfn f() {}\n");
    }
}
