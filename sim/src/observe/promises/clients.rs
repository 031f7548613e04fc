//! Promises about what clients saw.
use vrrplab_formats::world::ClientPromise;

use crate::observe::Outages;
use crate::observe::words::{count, span, time};

/// Whether a client, or a block of clients, saw what was promised, and what it saw.
pub(super) fn verdict(promise: &ClientPromise, outages: &Outages) -> (bool, String) {
    let ClientPromise { first, count: clients, name, lost, longest, resets, late_at_most, back_by } = promise;
    let view = outages.together(name, *first, *clients);
    let resets_seen = view.troubles.reset;
    let back = back_by.is_none_or(|by| {
        view.lost_to.is_none_or(|last_lost| last_lost < by) && view.last_answer.is_some_and(|answer| answer >= by)
    });
    let held = (lost.0..=lost.1).contains(&view.lost)
        && (longest.0..=longest.1).contains(&view.longest)
        && (resets.0..=resets.1).contains(&resets_seen)
        && view.late <= *late_at_most
        && back;
    let from = view.longest_from.map(|from| format!(" from {}", time(from))).unwrap_or_default();
    let mut found = format!(
        "{name} lost {} of {}, longest time without an answer {}{from}",
        count(view.lost, "request"),
        view.asked,
        span(view.longest)
    );
    if resets_seen > 0 || *resets != (0, u64::MAX) {
        found += &format!(", {}", count(resets_seen, "reset"));
    }
    if *late_at_most < u64::MAX {
        found += &format!(", {} late", view.late);
    }
    if back_by.is_some() {
        let or_never = |at: Option<_>| at.map_or("never".to_owned(), time);
        found += &format!(", lost last at {}, answered last at {}", or_never(view.lost_to), or_never(view.last_answer));
    }
    (held, found)
}

/// A promise without bounds.
#[cfg(test)]
pub(super) fn anything(client: vrrplab_formats::world::ClientId, name: &str) -> ClientPromise {
    use vrrplab_engine::Span;
    ClientPromise {
        first: client,
        count: 1,
        name: name.to_owned(),
        lost: (0, u64::MAX),
        longest: (Span::ZERO, Span(u64::MAX)),
        resets: (0, u64::MAX),
        late_at_most: u64::MAX,
        back_by: None,
    }
}
