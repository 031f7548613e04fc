//! `virtual_server_group` and `virtual_server`: entries become models.
use super::entry::Entry;
use crate::builder::Draft;
use crate::diagnostics::Report;

/// Reads one block, if it is one of these.
pub(super) fn read(_draft: &mut Draft, entry: &Entry<'_>, _report: &mut Report) -> bool {
    matches!(entry.keyword.word, "virtual_server" | "virtual_server_group" | "SSL" | "garp_group")
}

/// Looks up what may be defined after its use.
pub(super) fn resolve(_draft: &mut Draft, _report: &mut Report) {}
