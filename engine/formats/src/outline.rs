//! YAML as a tree of plain words that can be cut and written again, for those who make scenarios out of scenarios.
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// What is longer than this is not written on one line.
const WIDTH: usize = 110;

/// A piece of YAML, without places, comments and anchors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outline {
    /// Nothing is written.
    Nothing,
    /// One word, number or text.
    Word(String),
    /// A list.
    List(Vec<Outline>),
    /// A mapping, in file order.
    Map(Vec<(String, Outline)>),
}

impl Outline {
    /// Reads a file; why not, in one line.
    pub fn read(text: &str) -> Result<Outline, String> {
        let options = serde_saphyr::options! {
            strict_booleans: true,
            with_snippet: false,
            budget: serde_saphyr::budget! { max_anchors: 64, max_nodes: 100_000, max_depth: 64 },
        };
        let read = serde_saphyr::from_str_with_options(text, options);
        read.map_err(|why: serde_saphyr::Error| why.without_snippet().to_string())
    }

    /// One word.
    pub fn word(word: impl Into<String>) -> Outline {
        Outline::Word(word.into())
    }

    /// A mapping.
    pub fn map<const N: usize>(entries: [(&str, Outline); N]) -> Outline {
        Outline::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// What stands under `key`.
    pub fn get(&self, key: &str) -> Option<&Outline> {
        let Outline::Map(entries) = self else { return None };
        entries.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    /// What stands under `key`, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Outline> {
        let Outline::Map(entries) = self else { return None };
        entries.iter_mut().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    /// Puts something under `key`: in the place of what stood there, or at the end.
    pub fn set(&mut self, key: &str, value: Outline) {
        let Outline::Map(entries) = self else { return };
        match entries.iter_mut().find(|(known, _)| known == key) {
            Some((_, old)) => *old = value,
            None => entries.push((key.to_owned(), value)),
        }
    }

    /// Takes away what stands under `key`.
    pub fn take(&mut self, key: &str) -> Option<Outline> {
        let Outline::Map(entries) = self else { return None };
        let at = entries.iter().position(|(known, _)| known == key)?;
        Some(entries.remove(at).1)
    }

    /// How many pieces lie directly in this one.
    pub fn len(&self) -> usize {
        match self {
            Outline::Nothing | Outline::Word(_) => 0,
            Outline::List(items) => items.len(),
            Outline::Map(entries) => entries.len(),
        }
    }

    /// Whether nothing lies in this one.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The piece at this position.
    pub fn nth_mut(&mut self, position: usize) -> Option<&mut Outline> {
        match self {
            Outline::Nothing | Outline::Word(_) => None,
            Outline::List(items) => items.get_mut(position),
            Outline::Map(entries) => entries.get_mut(position).map(|(_, value)| value),
        }
    }

    /// Takes the piece at this position away; `false`: there is none.
    pub fn cut(&mut self, position: usize) -> bool {
        if position >= self.len() {
            return false;
        }
        match self {
            Outline::Nothing | Outline::Word(_) => {}
            Outline::List(items) => drop(items.remove(position)),
            Outline::Map(entries) => drop(entries.remove(position)),
        }
        true
    }

    /// The file.
    pub fn print(&self) -> String {
        let mut text = String::new();
        self.block(0, &mut text);
        text
    }

    /// On one line, where that is possible.
    fn flow(&self) -> Option<String> {
        Some(match self {
            Outline::Nothing => "null".to_owned(),
            Outline::Word(word) if word.contains('\n') => return None,
            Outline::Word(word) => quoted(word),
            Outline::List(items) => {
                let items: Option<Vec<String>> = items.iter().map(Outline::flow).collect();
                format!("[{}]", items?.join(", "))
            }
            Outline::Map(entries) => {
                let pair = |(key, value): &(String, Outline)| Some(format!("{}: {}", quoted(key), value.flow()?));
                let pairs: Option<Vec<String>> = entries.iter().map(pair).collect();
                format!("{{{}}}", pairs?.join(", "))
            }
        })
    }

    /// Lines with this indent.
    fn block(&self, indent: usize, text: &mut String) {
        let margin = " ".repeat(indent);
        match self {
            Outline::Nothing | Outline::Word(_) => *text += &format!("{margin}{}\n", self.flow().unwrap_or_default()),
            Outline::List(items) => {
                for item in items {
                    *text += &format!("{margin}-");
                    item.behind(indent, false, text);
                }
            }
            Outline::Map(entries) => {
                for (key, value) in entries {
                    *text += &format!("{margin}{}:", quoted(key));
                    value.behind(indent, indent == 0 && value.is_branched(), text);
                }
            }
        }
    }

    /// Has pieces that have pieces.
    fn is_branched(&self) -> bool {
        match self {
            Outline::Nothing | Outline::Word(_) => false,
            Outline::List(items) => items.iter().any(|item| !item.is_empty()),
            Outline::Map(entries) => entries.iter().any(|(_, value)| !value.is_empty()),
        }
    }

    /// Behind a key or a dash: on the same line, or below.
    fn behind(&self, indent: usize, spread: bool, text: &mut String) {
        if let Outline::Nothing = self {
            *text += "\n";
            return;
        }
        if let Some(line) = self.flow().filter(|line| self.is_empty() || (!spread && indent + line.len() < WIDTH)) {
            *text += &format!(" {line}\n");
            return;
        }
        if let Outline::Word(word) = self {
            *text += &lines(word, indent + 2);
            return;
        }
        *text += "\n";
        self.block(indent + 2, text);
    }
}

/// A text of several lines: as it is, where YAML allows that.
fn lines(word: &str, indent: usize) -> String {
    let whole = word.strip_suffix('\n').filter(|rest| !rest.ends_with('\n'));
    let odd = |c: char| c.is_control() && c != '\n' && c != '\t';
    match whole {
        Some(rest) if !word.starts_with([' ', '\n', '\t']) && !word.contains(odd) => {
            let margin = " ".repeat(indent);
            let line = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("{margin}{line}\n") };
            format!(" |\n{}", rest.split('\n').map(line).collect::<String>())
        }
        _ => format!(" {}\n", in_quotes(word)),
    }
}

/// A word as YAML takes it for one.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./%+-".contains(c);
    let begins = word.starts_with(|c: char| c.is_ascii_alphanumeric());
    if begins && word.chars().all(plain) && word != "null" { word.to_owned() } else { in_quotes(word) }
}

/// YAML's double quotes are those of JSON.
fn in_quotes(word: &str) -> String {
    serde_json::Value::from(word).to_string()
}

struct OutlineVisitor;

impl<'de> Visitor<'de> for OutlineVisitor {
    type Value = Outline;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("YAML")
    }
    fn visit_unit<E: Error>(self) -> Result<Outline, E> {
        Ok(Outline::Nothing)
    }
    fn visit_str<E: Error>(self, word: &str) -> Result<Outline, E> {
        Ok(Outline::word(word))
    }
    fn visit_bool<E: Error>(self, flag: bool) -> Result<Outline, E> {
        Ok(Outline::word(flag.to_string()))
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<Outline, E> {
        Ok(Outline::word(number.to_string()))
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<Outline, E> {
        Ok(Outline::word(number.to_string()))
    }
    fn visit_f64<E: Error>(self, number: f64) -> Result<Outline, E> {
        Ok(Outline::word(number.to_string()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Outline, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = list.next_element()? {
            all.push(item);
        }
        Ok(Outline::List(all))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Outline, A::Error> {
        let mut all = Vec::new();
        while let Some(entry) = map.next_entry()? {
            all.push(entry);
        }
        Ok(Outline::Map(all))
    }
}

impl<'de> Deserialize<'de> for Outline {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Outline, D::Error> {
        from.deserialize_any(OutlineVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
name: pair
about: |
  Two routers,
    and a client.
seed: 1
networks:
  lan:
  wan: {delay: 100us, loss: 0.5%}
nodes:
  r1:
    interfaces: {eth0: {network: lan, addresses: [10.0.0.1/24, \"fe80::1/64\"]}}
    keepalived: |
      vrrp_instance VI {
      \tinterface eth0

          priority 100
      }
timeline:
  - {at: 8s, do: {crash: r1}}
";

    #[test]
    fn what_was_read_is_written_as_it_was() {
        let outline = Outline::read(FILE).unwrap();
        assert_eq!(outline.print(), FILE);
        assert_eq!(Outline::read(&outline.print()).unwrap(), outline);
    }

    #[test]
    fn words_that_yaml_would_take_for_something_else_are_quoted() {
        for word in ["10.0.0.100:80", "a: b", "-x", "", "null", "{n}", " x", "r1 # no", "é", "*", "@r1", "x\n", "\n\nx"]
        {
            let outline =
                Outline::map([("key", Outline::word(word)), ("list", Outline::List(vec![Outline::word(word)]))]);
            assert_eq!(Outline::read(&outline.print()).unwrap(), outline, "{}", outline.print());
        }
    }

    #[test]
    fn pieces_are_found_replaced_and_taken_away() {
        let mut outline = Outline::read(FILE).unwrap();
        outline.set("seed", Outline::word("7"));
        assert_eq!(outline.get("seed"), Some(&Outline::word("7")));
        assert!(outline.take("timeline").is_some_and(|timeline| timeline.len() == 1));
        assert!(outline.get_mut("nodes").unwrap().cut(0));
        assert!(!outline.get_mut("nodes").unwrap().cut(0));
        assert!(outline.print().ends_with("nodes: {}\n"), "{}", outline.print());
    }
}
