//! A first look at the whole file: every unknown, missing or misplaced key at once, judged by the schema.
use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::leaf::Yaml;
use super::reader::{Reader, bytes};
use super::units::choices;

/// Any YAML, with places.
pub(super) enum Tree {
    /// Nothing written.
    Null,
    /// One word.
    Leaf,
    /// A list.
    List(Vec<Yaml<Tree>>),
    /// A mapping, in file order.
    Map(Vec<(Yaml<String>, Yaml<Tree>)>),
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("YAML")
    }
    fn visit_unit<E: Error>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }
    fn visit_str<E: Error>(self, _: &str) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }
    fn visit_bool<E: Error>(self, _: bool) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }
    fn visit_i64<E: Error>(self, _: i64) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }
    fn visit_u64<E: Error>(self, _: u64) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }
    fn visit_i128<E: Error>(self, _: i128) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }
    fn visit_u128<E: Error>(self, _: u128) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }
    fn visit_f64<E: Error>(self, _: f64) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = list.next_element()? {
            all.push(item);
        }
        Ok(Tree::List(all))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut all = Vec::new();
        while let Some(entry) = map.next_entry()? {
            all.push(entry);
        }
        Ok(Tree::Map(all))
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Tree, D::Error> {
        from.deserialize_any(TreeVisitor)
    }
}

impl Tree {
    /// `key` and what stands under it.
    pub(super) fn entry(&self, key: &str) -> Option<&(Yaml<String>, Yaml<Tree>)> {
        let Tree::Map(entries) = self else { return None };
        entries.iter().find(|(k, _)| k.value == key)
    }

    /// The item in one line, its words as written.
    pub(super) fn one_line(item: &Yaml<Tree>, source: &str) -> String {
        match &item.value {
            Tree::Null => "null".to_owned(),
            Tree::Leaf => {
                let words = source.get(bytes(&item.referenced, source)).unwrap_or_default();
                words.split_whitespace().collect::<Vec<_>>().join(" ")
            }
            Tree::List(items) => {
                let items: Vec<String> = items.iter().map(|i| Tree::one_line(i, source)).collect();
                format!("[{}]", items.join(", "))
            }
            Tree::Map(entries) => format!("{{ {} }}", Tree::pairs(entries, source)),
        }
    }

    fn pairs(entries: &[(Yaml<String>, Yaml<Tree>)], source: &str) -> String {
        let pairs = entries.iter().map(|(k, v)| format!("{}: {}", k.value, Tree::one_line(v, source)));
        pairs.collect::<Vec<_>>().join(", ")
    }

    /// Line and words of every item of the list under `key`.
    pub(super) fn lines(&self, key: &str, source: &str) -> Vec<(usize, String)> {
        let Some(Tree::List(items)) = self.entry(key).map(|(_, l)| &l.value) else { return Vec::new() };
        let line = |item: &Yaml<Tree>| match &item.value {
            Tree::Map(entries) => match entries.first() {
                Some((key, _)) => (key.referenced.line(), Tree::pairs(entries, source)),
                None => (item.referenced.line(), String::new()),
            },
            _ => (item.referenced.line(), Tree::one_line(item, source)),
        };
        items.iter().map(line).map(|(line, words)| (usize::try_from(line).unwrap_or_default(), words)).collect()
    }
}

/// Reports everything in which the file's keys depart from the schema.
pub(super) fn check(tree: &Yaml<Tree>, schema: &Value, reader: &mut Reader<'_>) {
    let walk = Walk { root: schema };
    let whole = reader.range(&tree.referenced);
    walk.value(tree, schema, "the scenario", &whole, reader);
}

struct Walk<'a> {
    root: &'a Value,
}

/// A piece of schema accepts this shape.
fn accepts(schema: &Value, tree: &Tree) -> bool {
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => return true,
    };
    kinds.iter().any(|kind| match tree {
        Tree::Null => *kind == "null",
        Tree::Leaf => !["object", "array", "null"].contains(kind),
        Tree::List(_) => *kind == "array",
        Tree::Map(_) => *kind == "object",
    })
}

impl<'a> Walk<'a> {
    /// Follows references.
    fn resolve(&self, schema: &'a Value) -> &'a Value {
        let target = schema["$ref"].as_str().and_then(|r| r.strip_prefix('#'));
        target.and_then(|pointer| self.root.pointer(pointer)).unwrap_or(schema)
    }

    /// All alternatives of a schema.
    fn alternatives(&self, schema: &'a Value) -> Vec<&'a Value> {
        let schema = self.resolve(schema);
        let Some(list) = schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array()) else { return vec![schema] };
        list.iter().flat_map(|one| self.alternatives(one)).collect()
    }

    fn value(&self, tree: &Yaml<Tree>, schema: &'a Value, name: &str, owner: &Range<usize>, reader: &mut Reader<'_>) {
        let alternatives = self.alternatives(schema);
        let fitting: Vec<&Value> = alternatives.iter().copied().filter(|s| accepts(s, &tree.value)).collect();
        if fitting.is_empty() {
            return self.misshapen(tree, &alternatives, name, owner, reader);
        }
        match &tree.value {
            Tree::Null | Tree::Leaf => {}
            Tree::List(items) => {
                for item in items {
                    let at = reader.range(&item.referenced);
                    let items = fitting.iter().map(|s| &s["items"]).find(|s| s.is_object());
                    if let Some(items) = items {
                        self.value(item, items, &format!("an item of {name}"), &at, reader);
                    }
                }
            }
            Tree::Map(entries) => {
                if fitting.len() > 1 && entries.len() != 1 {
                    let known = fitting.iter().filter_map(|s| s["properties"].as_object()).flat_map(|p| p.keys());
                    let help = format!("one of: {}", known.map(String::as_str).collect::<Vec<_>>().join(", "));
                    reader.refuse(owner.clone(), format!("{name} needs exactly one key"), "", &help);
                    return;
                }
                self.map(entries, &fitting, name, owner, reader);
            }
        }
    }

    fn misshapen(
        &self,
        tree: &Yaml<Tree>,
        wanted: &[&Value],
        name: &str,
        owner: &Range<usize>,
        reader: &mut Reader<'_>,
    ) {
        let kind = wanted.iter().find_map(|s| s["type"].as_str().or_else(|| s["type"][0].as_str()));
        let (what, help) = match kind {
            Some("object") => ("a mapping", "keys with values: `{ key: value }`"),
            Some("array") => ("a list", "write `[a, b]`, or one `- item` a line"),
            _ => ("one word", "write the value alone"),
        };
        let at = if matches!(tree.value, Tree::Null) { owner.clone() } else { reader.range(&tree.referenced) };
        let title = match tree.value {
            Tree::Null => format!("{name} has no value"),
            _ => format!("{name} must be {what}"),
        };
        reader.refuse(at, title, &format!("expected {what}"), help);
    }

    fn map(
        &self,
        entries: &[(Yaml<String>, Yaml<Tree>)],
        schemas: &[&'a Value],
        name: &str,
        owner: &Range<usize>,
        reader: &mut Reader<'_>,
    ) {
        let known = || schemas.iter().filter_map(|s| s["properties"].as_object()).flat_map(|p| p.keys());
        for (key, value) in entries {
            let at = reader.range(&key.referenced);
            let property = schemas.iter().find_map(|s| s["properties"].get(&key.value));
            let other = || schemas.iter().map(|s| &s["additionalProperties"]).find(|s| s.is_object());
            match property.or_else(other) {
                Some(schema) => self.value(value, schema, &format!("`{}`", key.value), &at, reader),
                None => {
                    let help = of_keepalived(&key.value, schemas)
                        .unwrap_or_else(|| choices(&key.value, known().map(String::as_str)));
                    reader.refuse(at, format!("unknown key `{}` in {name}", key.value), "not known here", &help);
                }
            }
        }
        let [only] = schemas else { return };
        for required in only["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !entries.iter().any(|(key, _)| key.value == required) {
                let label = format!("no `{required}` here");
                let help = only["properties"][required]["description"].as_str().unwrap_or("it has no default");
                reader.refuse(owner.clone(), format!("{name} lacks `{required}`"), &label, help);
            }
        }
    }
}

/// What a word of keepalived's is called here: the key whose description says so.
fn of_keepalived(word: &str, schemas: &[&Value]) -> Option<String> {
    let quoted = format!("`{word}`");
    let mut known = schemas.iter().filter_map(|s| s["properties"].as_object()).flatten();
    known.find_map(|(key, schema)| {
        let text = schema["description"].as_str()?;
        (text.contains("keepalived's `") && text.contains(&quoted)).then(|| format!("here it is `{key}`: {text}"))
    })
}
