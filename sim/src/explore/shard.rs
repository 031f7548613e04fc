//! Which of many machines plays which seeds.
use std::ops::Range;

/// One part of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which one, from 0.
    pub index: u64,
    /// Of how many.
    pub count: u64,
}

/// The variables that say so, in pairs; what their first counts from; where they come from.
const PAIRS: [(&str, &str, u64); 8] = [
    ("VRRPLAB_SHARD", "VRRPLAB_SHARDS", 0),
    ("SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", 0),
    ("JOB_COMPLETION_INDEX", "JOB_COMPLETIONS", 0),
    ("JOB_COMPLETION_INDEX", "VRRPLAB_SHARDS", 0),
    ("AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE", 0),
    ("BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", 0),
    ("CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0),
    ("CI_NODE_INDEX", "CI_NODE_TOTAL", 1),
];

impl Shard {
    /// Reads `I/N`.
    pub fn read(text: &str) -> Result<Shard, String> {
        let parts = text.split_once('/').and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
        let (index, count) = parts.ok_or_else(|| format!("`{text}` is no shard: write `0/8`, or `auto`"))?;
        Shard::of(index, count)
    }

    fn of(index: u64, count: u64) -> Result<Shard, String> {
        if index >= count {
            return Err(format!("there is no shard {index} of {count}: they are counted from 0"));
        }
        Ok(Shard { index, count })
    }

    /// Its seeds: one range, and all shards together are the whole.
    pub fn seeds(self, whole: &Range<u64>) -> Range<u64> {
        let total = u128::from(whole.end.saturating_sub(whole.start));
        let at = |part: u64| {
            let passed = total * u128::from(part) / u128::from(self.count);
            whole.start + u64::try_from(passed).unwrap_or(u64::MAX)
        };
        at(self.index)..at(self.index + 1)
    }
}

/// The shard that the scheduler has given, by variables of the environment, and the pair that said so. An incomplete pair
/// is an error, as is none at all: whoever asks for a shard never gets the whole.
pub fn from_environment(value: impl Fn(&str) -> Option<String>) -> Result<(Shard, String), String> {
    for (index, count, first) in PAIRS {
        let (Some(at), Some(of)) = (value(index), value(count)) else { continue };
        let number = |name: &str, text: &str| {
            text.trim().parse::<u64>().map_err(|_| format!("{name} is `{text}`, which is no number"))
        };
        let (at, of) = (number(index, &at)?, number(count, &of)?);
        let (at, of) = match index {
            "SLURM_ARRAY_TASK_ID" => (slurm(at, &value)?, of),
            _ => (at.checked_sub(first).ok_or_else(|| format!("{index} is {at}, but counts from {first}"))?, of),
        };
        return Ok((Shard::of(at, of)?, format!("{index} and {count}")));
    }
    let half = PAIRS.iter().find(|(index, count, _)| value(index).is_some() != value(count).is_some());
    Err(match half {
        Some((index, count, _)) => format!("of {index} and {count} only one is set: no shard can be told from that"),
        None => "no scheduler has said which shard this is: set VRRPLAB_SHARD and VRRPLAB_SHARDS".to_owned(),
    })
}

/// Slurm's arrays begin anywhere and may have steps.
fn slurm(id: u64, value: &impl Fn(&str) -> Option<String>) -> Result<u64, String> {
    let number = |name: &str, none: u64| value(name).map_or(Some(none), |text| text.trim().parse().ok());
    let least = number("SLURM_ARRAY_TASK_MIN", 0);
    let step = number("SLURM_ARRAY_TASK_STEP", 1).filter(|step| *step > 0);
    let at = least.zip(step).and_then(|(least, step)| Some(id.checked_sub(least)? / step));
    at.ok_or_else(|| "the variables of the Slurm array contradict one another".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(set: &[(&str, &str)]) -> Result<(Shard, String), String> {
        from_environment(|name| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn shards_are_ranges_that_together_are_the_whole_whatever_their_number() {
        for count in [1, 2, 3, 7, 64, 1000] {
            let mut next = 5;
            for index in 0..count {
                let seeds = Shard { index, count }.seeds(&(5..105));
                assert_eq!(seeds.start, next);
                next = seeds.end;
            }
            assert_eq!(next, 105);
        }
        assert_eq!(Shard { index: 1, count: 2 }.seeds(&(0..u64::MAX)).end, u64::MAX);
    }

    #[test]
    fn each_scheduler_says_which_shard_it_is() {
        let shard = |set: &[(&str, &str)]| environment(set).map(|(shard, _)| (shard.index, shard.count));
        assert_eq!(shard(&[("SLURM_ARRAY_TASK_ID", "3"), ("SLURM_ARRAY_TASK_COUNT", "8")]), Ok((3, 8)));
        let odd = [("SLURM_ARRAY_TASK_ID", "7"), ("SLURM_ARRAY_TASK_COUNT", "4")];
        let odd = [odd[0], odd[1], ("SLURM_ARRAY_TASK_MIN", "1"), ("SLURM_ARRAY_TASK_STEP", "2")];
        assert_eq!(shard(&odd), Ok((3, 4)));
        assert_eq!(shard(&[("JOB_COMPLETION_INDEX", "0"), ("JOB_COMPLETIONS", "2")]), Ok((0, 2)));
        assert_eq!(shard(&[("CI_NODE_INDEX", "8"), ("CI_NODE_TOTAL", "8")]), Ok((7, 8)));
    }

    #[test]
    fn an_incomplete_pair_is_an_error_and_never_the_whole() {
        assert!(environment(&[]).is_err_and(|why| why.starts_with("no scheduler has said")));
        let half = environment(&[("JOB_COMPLETION_INDEX", "0")]);
        assert!(half.is_err_and(|why| why.starts_with("of JOB_COMPLETION_INDEX and JOB_COMPLETIONS only one is set")));
        assert!(environment(&[("SLURM_ARRAY_TASK_ID", "8"), ("SLURM_ARRAY_TASK_COUNT", "8")]).is_err());
        assert!(environment(&[("VRRPLAB_SHARD", "x"), ("VRRPLAB_SHARDS", "8")]).is_err());
    }

    #[test]
    fn a_shard_is_written_as_a_fraction_from_zero() {
        assert_eq!(Shard::read("2/8"), Ok(Shard { index: 2, count: 8 }));
        for wrong in ["8/8", "1", "1/0", "-1/2", "a/b", ""] {
            assert!(Shard::read(wrong).is_err(), "{wrong}");
        }
    }
}
