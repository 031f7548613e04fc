//! The leaves of a scenario: single words and numbers that keep their place, each kind with its own reading.
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error, MapAccess, Visitor, value::MapAccessDeserializer};
use serde_json::Value;
pub(super) use serde_saphyr::Spanned as Yaml;

/// Why a word cannot be read, and what would be better.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    /// One sentence.
    pub(super) title: String,
    /// What to write instead.
    pub(super) help: String,
}

impl Unreadable {
    /// Both texts.
    pub(super) fn new(title: impl Into<String>, help: impl Into<String>) -> Unreadable {
        Unreadable { title: title.into(), help: help.into() }
    }
}

/// A kind of leaf: how it is read, and how the schema describes it.
pub(super) trait Kind {
    /// What it means.
    type Value;
    /// Reads it.
    fn read(text: &str) -> Result<Self::Value, Unreadable>;
    /// JSON Schema.
    fn schema() -> Value;
}

/// A scalar as written, with its place; it is read later, so that all bad ones are reported together.
pub(super) struct Leaf<K> {
    /// The words and where they stand.
    pub(super) text: Yaml<String>,
    kind: PhantomData<K>,
}

impl<K> Leaf<K> {
    /// A leaf read elsewhere.
    pub(super) fn new(text: Yaml<String>) -> Leaf<K> {
        Leaf { text, kind: PhantomData }
    }
}

impl<'de, K> Deserialize<'de> for Leaf<K> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Leaf<K>, D::Error> {
        Yaml::deserialize(from).map(Leaf::new)
    }
}

/// A schema given as literal JSON.
fn literal(json: Value) -> Schema {
    Schema::try_from(json).unwrap_or_default()
}

impl<K: Kind> JsonSchema for Leaf<K> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        std::any::type_name::<K>().into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        literal(K::schema())
    }
}

/// A mapping from names to things, in file order.
pub(super) struct Entries<T>(pub(super) Vec<(Yaml<String>, T)>);

impl<T> Default for Entries<T> {
    fn default() -> Entries<T> {
        Entries(Vec::new())
    }
}

struct EntriesVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for EntriesVisitor<T> {
    type Value = Entries<T>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping from names")
    }
    fn visit_unit<E: Error>(self) -> Result<Entries<T>, E> {
        Ok(Entries::default())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<T>, A::Error> {
        let mut all = Vec::new();
        while let Some(entry) = map.next_entry()? {
            all.push(entry);
        }
        Ok(Entries(all))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Entries<T>, D::Error> {
        from.deserialize_map(EntriesVisitor(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Entries<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Entries_{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let of = generator.subschema_for::<T>().to_value();
        literal(serde_json::json!({ "type": "object", "additionalProperties": of }))
    }
}

/// A thing that has a short form of one word of kind `K`, and a long one.
pub(super) enum Short<K, T> {
    /// One word.
    Word(String, PhantomData<K>),
    /// A mapping.
    Long(T),
}

struct ShortVisitor<K, T>(PhantomData<(K, T)>);

impl<'de, K, T: DeserializeOwned> Visitor<'de> for ShortVisitor<K, T> {
    type Value = Short<K, T>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a word or a mapping")
    }
    fn visit_str<E: Error>(self, word: &str) -> Result<Short<K, T>, E> {
        Ok(Short::Word(word.to_owned(), PhantomData))
    }
    fn visit_bool<E: Error>(self, word: bool) -> Result<Short<K, T>, E> {
        Ok(Short::Word(word.to_string(), PhantomData))
    }
    fn visit_i64<E: Error>(self, word: i64) -> Result<Short<K, T>, E> {
        Ok(Short::Word(word.to_string(), PhantomData))
    }
    fn visit_u64<E: Error>(self, word: u64) -> Result<Short<K, T>, E> {
        Ok(Short::Word(word.to_string(), PhantomData))
    }
    fn visit_f64<E: Error>(self, word: f64) -> Result<Short<K, T>, E> {
        Ok(Short::Word(word.to_string(), PhantomData))
    }
    fn visit_unit<E: Error>(self) -> Result<Short<K, T>, E> {
        Ok(Short::Word(String::new(), PhantomData))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Short<K, T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Short::Long)
    }
}

impl<'de, K, T: DeserializeOwned> Deserialize<'de> for Short<K, T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Short<K, T>, D::Error> {
        from.deserialize_any(ShortVisitor(PhantomData))
    }
}

/// A [`Short`] that keeps its place.
pub(super) struct Placed<K, T>(pub(super) Yaml<Short<K, T>>);

impl<'de, K, T: DeserializeOwned> Deserialize<'de> for Placed<K, T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Placed<K, T>, D::Error> {
        Yaml::deserialize(from).map(Placed)
    }
}

impl<K: Kind, T: JsonSchema> JsonSchema for Placed<K, T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Placed_{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let long = generator.subschema_for::<T>().to_value();
        literal(serde_json::json!({ "anyOf": [K::schema(), long] }))
    }
}
