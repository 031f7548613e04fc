//! One number of a keepalived.conf, put into its text: in the place of what stands there, or as a line of its own.

/// A text, line by line, with the blocks that are open at each.
struct Lines<'t> {
    lines: Vec<Line<'t>>,
    blocks: Vec<Opened<'t>>,
}

struct Line<'t> {
    text: &'t str,
    /// Without braces and comments.
    words: Vec<&'t str>,
    /// The innermost block at its beginning.
    inside: Option<usize>,
}

struct Opened<'t> {
    header: Vec<&'t str>,
    /// The line of its brace.
    line: usize,
    outer: Option<usize>,
}

/// Where a keyword is put when no line has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    /// Into every `vrrp_instance`.
    Instances,
    /// Into `global_defs`.
    Globals,
    /// Nowhere.
    Nowhere,
}

/// The text with this value behind every such keyword, in blocks of this name only where one is given. Nothing when there is
/// no place for it.
pub(super) fn set(text: &str, block: Option<&str>, word: &str, value: &str, home: Home) -> Option<String> {
    let read = Lines::read(text);
    let mut lines: Vec<String> = read.lines.iter().map(|line| line.text.to_owned()).collect();
    let mut having = Vec::new();
    for (line, written) in read.lines.iter().zip(&mut lines) {
        let named = block.is_none_or(|name| read.is_within(line.inside, name));
        if let [first, old, ..] = line.words[..]
            && first == word
            && named
            && is_number(old)
            && let Some(after) = line.text.find(word).map(|at| at + word.len())
            && let Some(at) = line.text[after..].find(old).map(|at| after + at)
        {
            written.replace_range(at..at + old.len(), value);
            having.extend(line.inside);
        }
    }
    let mut changed = !having.is_empty();
    let line = format!("  {word} {value}");
    match home {
        Home::Nowhere => {}
        Home::Globals if changed || block.is_some() => {}
        Home::Globals => {
            match read.blocks.iter().find(|opened| opened.header.first() == Some(&"global_defs")) {
                Some(opened) => lines[opened.line] += &format!("\n{line}"),
                None => lines.insert(0, format!("global_defs {{\n{line}\n}}")),
            }
            changed = true;
        }
        Home::Instances => {
            for (position, opened) in read.blocks.iter().enumerate() {
                let is_instance = opened.header.first() == Some(&"vrrp_instance");
                if is_instance
                    && !having.contains(&position)
                    && block.is_none_or(|name| read.is_within(Some(position), name))
                {
                    lines[opened.line] += &format!("\n{line}");
                    changed = true;
                }
            }
        }
    }
    changed.then(|| lines.join("\n") + "\n")
}

fn is_number(word: &str) -> bool {
    let digits = word.strip_prefix('-').unwrap_or(word);
    digits.starts_with(|c: char| c.is_ascii_digit()) && digits.chars().all(|c| c.is_ascii_digit() || c == '.')
}

impl<'t> Lines<'t> {
    fn read(text: &'t str) -> Lines<'t> {
        let mut read = Lines { lines: Vec::new(), blocks: Vec::new() };
        let mut open: Option<usize> = None;
        let mut header: Vec<&str> = Vec::new();
        for (position, text) in text.lines().enumerate() {
            let spoken = text.split(['#', '!']).next().unwrap_or_default();
            let words =
                spoken.split(|c: char| c.is_whitespace() || c == '{' || c == '}').filter(|word| !word.is_empty());
            let words: Vec<&str> = words.collect();
            let mut rest = words.iter().copied();
            read.lines.push(Line { text, words: words.clone(), inside: open });
            let mut before = 0;
            for (at, brace) in spoken.match_indices(['{', '}']) {
                let count = spoken[before..at].split_whitespace().count();
                let own: Vec<&str> = rest.by_ref().take(count).collect();
                before = at + 1;
                if !own.is_empty() {
                    header = own;
                }
                if brace == "{" {
                    read.blocks.push(Opened { header: std::mem::take(&mut header), line: position, outer: open });
                    open = Some(read.blocks.len() - 1);
                } else {
                    open = open.and_then(|block| read.blocks[block].outer);
                }
            }
            let own: Vec<&str> = rest.collect();
            if !own.is_empty() {
                header = own; // the brace may follow on the next line
            }
        }
        read
    }

    /// Whether this block or one around it has this name.
    fn is_within(&self, mut block: Option<usize>, name: &str) -> bool {
        while let Some(position) = block {
            if self.blocks[position].header.get(1) == Some(&name) {
                return true;
            }
            block = self.blocks[position].outer;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
vrrp_script chk {
  script \"/bin/true\"
  interval 2
}
vrrp_instance VI_1 {
  priority 150   # the better one
  virtual_ipaddress {
    10.0.0.100/24
  }
}
vrrp_instance VI_2
{
  ! priority 90
  advert_int 2
}
";

    #[test]
    fn a_number_is_put_in_the_place_of_the_old_one_and_added_where_there_is_none() {
        let text = set(TEXT, None, "priority", "7", Home::Instances).unwrap();
        assert!(text.contains("  priority 7   # the better one\n"));
        assert!(text.contains("vrrp_instance VI_2\n{\n  priority 7\n  ! priority 90\n"), "{text}");
        assert_eq!(text.matches("priority 7").count(), 2);
    }

    #[test]
    fn a_name_says_which_block_is_meant() {
        let text = set(TEXT, Some("VI_1"), "advert_int", "0.5", Home::Instances).unwrap();
        assert!(
            text.contains("vrrp_instance VI_1 {\n  advert_int 0.5\n") && text.contains("  advert_int 2\n"),
            "{text}"
        );
        let text = set(TEXT, Some("chk"), "interval", "9", Home::Nowhere).unwrap();
        assert_eq!(text, TEXT.replace("interval 2", "interval 9"));
        assert_eq!(set(TEXT, Some("VI_3"), "priority", "7", Home::Instances), None);
        assert_eq!(set(TEXT, None, "fall", "7", Home::Nowhere), None);
    }

    #[test]
    fn a_global_setting_finds_or_makes_its_block() {
        let word = "vrrp_startup_delay";
        let text = set(TEXT, None, word, "5", Home::Globals).unwrap();
        assert!(text.starts_with("global_defs {\n  vrrp_startup_delay 5\n}\nvrrp_script chk {\n"), "{text}");
        let again = set(&text, None, word, "6", Home::Globals).unwrap();
        assert_eq!(again, text.replace("delay 5", "delay 6"));
        let there = set("global_defs {\n  x\n}\n", None, word, "5", Home::Globals).unwrap();
        assert_eq!(there, "global_defs {\n  vrrp_startup_delay 5\n  x\n}\n");
    }
}
