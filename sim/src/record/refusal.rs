//! What of a scenario cannot be played, and where the scenario says it.
use std::fmt;

use vrrplab_engine::Instant;
use vrrplab_formats::diagnostics::Report;
use vrrplab_formats::scenario::Places;

/// One thing that cannot be played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    of: Of,
    why: String,
}

/// Where it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Of {
    /// Under these keys, from the top.
    Key(Vec<String>),
    /// At this moment of the timeline; the word that tells it from others of the moment.
    Moment(Instant, String),
}

impl Refusal {
    /// Something that stands under these keys.
    pub(super) fn key(way: &[&str], why: impl Into<String>) -> Refusal {
        Refusal { of: Of::Key(way.iter().map(|key| (*key).to_owned()).collect()), why: why.into() }
    }

    /// Something that is done at this moment to what has this name.
    pub(super) fn moment(at: Instant, about: &str, why: &str) -> Refusal {
        Refusal { of: Of::Moment(at, about.to_owned()), why: format!("{why} (at {at})") }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

/// All refusals as errors with their lines in the scenario.
pub fn report(refusals: &[Refusal], places: &Places) -> Report {
    let placed = refusals.iter().map(|refusal| {
        let place = match &refusal.of {
            Of::Key(way) => places.key(&way.iter().map(String::as_str).collect::<Vec<_>>()),
            Of::Moment(at, about) => places.moment(*at, about),
        };
        (place, refusal.why.clone())
    });
    places.report(placed, "not in network namespaces")
}
