//! One event of a recording, and how times and events are written.
use serde_json::{Map, Number, Value};

use super::clock::Epoch;

/// One line of `events`.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When.
    pub at: Epoch,
    /// All fields except `t_ms`.
    pub fields: Map<String, Value>,
}

impl Event {
    /// An event of a node, and of none of its instances so far.
    pub fn new(at: Epoch, node: &str, kind: &str) -> Event {
        Event { at, fields: Map::new() }.with("node", node).with("instance", Value::Null).with("event", kind)
    }

    /// With one more field, or another value of it.
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Event {
        self.fields.insert(key.to_owned(), value.into());
        self
    }

    /// Of this instance.
    pub fn of(self, instance: &str) -> Event {
        self.with("instance", instance)
    }

    /// The text of a field.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.fields.get(key)?.as_str()
    }

    /// Whether it is of this kind.
    pub fn is(&self, kind: &str) -> bool {
        self.text("event") == Some(kind)
    }
}

/// A span of nanoseconds in milliseconds with three decimals.
pub fn millis(ns: i128) -> Value {
    let us = (ns.abs() + 500) / 1_000;
    let sign = if ns < 0 && us > 0 { "-" } else { "" };
    let text = format!("{sign}{}.{:03}", us / 1_000, us % 1_000);
    text.parse::<Number>().map_or(Value::Null, Value::Number)
}

/// Milliseconds from the start of the recording.
pub fn since(start: Epoch, at: Epoch) -> Value {
    millis(i128::from(at.0) - i128::from(start.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_milliseconds_with_three_decimals() {
        assert_eq!(millis(3_423_263_400).to_string(), "3423.263");
        assert_eq!(millis(3_423_263_500).to_string(), "3423.264");
        assert_eq!(millis(0).to_string(), "0.0");
        assert_eq!(since(Epoch(5_000_000), Epoch(4_996_000)).to_string(), "-0.004");
    }
}
