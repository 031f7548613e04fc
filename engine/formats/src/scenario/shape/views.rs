//! The shape of promises about what views print.
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::units::*;

/// Which lines are promised, and when.
pub(in crate::scenario) struct LineKeys<'a> {
    pub(in crate::scenario) at: &'a Time,
    pub(in crate::scenario) table: Option<&'a Text>,
    pub(in crate::scenario) has: Option<&'a [Text]>,
    pub(in crate::scenario) lacks: Option<&'a [Text]>,
}

/// A mapping with a key that says whose lines they are, and those that say which.
macro_rules! with_line_keys {
    ($(#[$about:meta])* $name:ident { $(#[$doc:meta])* $owner:ident }) => {
        $(#[$about])*
        #[derive(Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub(in crate::scenario) struct $name {
            $(#[$doc])*
            pub(in crate::scenario) $owner: Text,
            /// When.
            pub(in crate::scenario) at: Time,
            /// All lines as the view prints them, in any order; `*` is any one word.
            pub(in crate::scenario) table: Option<Text>,
            /// For each of these there is a line with its words, in this order.
            pub(in crate::scenario) has: Option<Vec<Text>>,
            /// For none of these there is one.
            pub(in crate::scenario) lacks: Option<Vec<Text>>,
        }

        impl $name {
            /// The keys of its lines.
            pub(in crate::scenario) fn lines(&self) -> LineKeys<'_> {
                LineKeys {
                    at: &self.at,
                    table: self.table.as_ref(),
                    has: self.has.as_deref(),
                    lacks: self.lacks.as_deref(),
                }
            }
        }
    };
}

with_line_keys! {
    /// The connections of a director at a moment: either `table`, or `has`, `lacks` or both.
    ConnsText {
        /// The node.
        node
    }
}

with_line_keys! {
    /// A table of a host at a moment: either `table`, or `has`, `lacks` or both.
    HostTableText {
        /// The node or client.
        host
    }
}

with_line_keys! {
    /// The table of a switch at a moment: either `table`, or `has`, `lacks` or both.
    FdbText {
        /// The network.
        network
    }
}
