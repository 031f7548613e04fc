//! The union of shards: what is missing, what came twice, and what does not belong together.
use super::summary::Summary;

/// The union of some summaries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// Their sum, each seed once.
    pub summary: Summary,
    /// The names of those that are in it, in the order of their seeds.
    pub kept: Vec<String>,
    /// The names of those whose seeds another one had already.
    pub repeated: Vec<String>,
    /// The seeds that nobody has played: from, to (exclusive).
    pub lost: Vec<(u64, u64)>,
}

/// Merges summaries, each with the name by which its user knows it. The error is for people.
pub fn merge(all: Vec<(String, Summary)>) -> Result<Merged, String> {
    let mut all = all;
    all.sort_by(|(_, one), (_, other)| one.done.cmp(&other.done));
    let mut kept: Vec<(String, Summary)> = Vec::new();
    let mut repeated = Vec::new();
    for (name, summary) in all {
        if let Some((first, other)) = kept.first()
            && other.head != summary.head
        {
            return Err(format!("{first} and {name} are of different explorations: {}", difference(other, &summary)));
        }
        if summary.done.is_empty() && !kept.is_empty() {
            continue; // more shards than seeds
        }
        match kept.last() {
            Some((first, other)) if other.done == summary.done && *other != summary => {
                return Err(format!("{first} and {name} have played the same seeds and found different things"));
            }
            Some((_, other)) if other.done == summary.done => repeated.push(name),
            Some((first, other)) if overlap(other, &summary) => {
                return Err(format!("{first} and {name} have some seeds in common, but not all"));
            }
            _ => kept.push((name, summary)),
        }
    }
    let names = kept.iter().map(|(name, _)| name.clone()).collect();
    let mut summaries = kept.into_iter().map(|(_, summary)| summary);
    let mut sum = summaries.next().ok_or_else(|| "there is nothing to merge".to_owned())?;
    summaries.for_each(|summary| sum.absorb(summary));
    let lost = holes(&sum);
    Ok(Merged { summary: sum, kept: names, repeated, lost })
}

fn overlap(one: &Summary, other: &Summary) -> bool {
    one.done.iter().any(|a| other.done.iter().any(|b| a.0 < b.1 && b.0 < a.1))
}

fn difference(one: &Summary, other: &Summary) -> String {
    let (a, b) = (&one.head, &other.head);
    if a.version != b.version {
        return format!("versions {} and {}", a.version, b.version);
    }
    if a.scenario != b.scenario {
        return format!("scenarios {} and {}", a.scenario, b.scenario);
    }
    if a.seeds != b.seeds {
        return format!("seeds {}..{} and {}..{}", a.seeds.0, a.seeds.1, b.seeds.0, b.seeds.1);
    }
    "the scenario or the options have changed".to_owned()
}

fn holes(sum: &Summary) -> Vec<(u64, u64)> {
    let (mut at, end) = sum.head.seeds;
    let mut holes = Vec::new();
    for (from, to) in &sum.done {
        if at < *from {
            holes.push((at, *from));
        }
        at = *to;
    }
    if at < end {
        holes.push((at, end));
    }
    holes
}
