//! Which shard a scheduler has given to this process, by the variables of its environment.
use super::shard::Shard;

/// How one scheduler says it.
struct Scheduler {
    /// The variable that says which shard.
    index: &'static str,
    /// What it counts from.
    first: u64,
    /// Those that say of how many; the first that is set counts.
    counts: &'static [&'static str],
    /// The first is also set where nothing is divided, so that it alone means nothing.
    always: bool,
}

const fn scheduler(index: &'static str, first: u64, counts: &'static [&'static str]) -> Scheduler {
    Scheduler { index, first, counts, always: false }
}

const OWN: &str = "VRRPLAB_SHARD";
const COUNT: &str = "VRRPLAB_SHARDS";
const SLURM: &str = "SLURM_ARRAY_TASK_ID";

const SCHEDULERS: [Scheduler; 12] = [
    scheduler(OWN, 0, &[COUNT]),
    scheduler(SLURM, 0, &[COUNT, "SLURM_ARRAY_TASK_COUNT"]),
    scheduler("JOB_COMPLETION_INDEX", 0, &[COUNT, "JOB_COMPLETIONS"]),
    scheduler("AWS_BATCH_JOB_ARRAY_INDEX", 0, &["AWS_BATCH_JOB_ARRAY_SIZE"]),
    scheduler("BATCH_TASK_INDEX", 0, &["BATCH_TASK_COUNT"]),
    scheduler("CLOUD_RUN_TASK_INDEX", 0, &["CLOUD_RUN_TASK_COUNT"]),
    scheduler("BUILDKITE_PARALLEL_JOB", 0, &["BUILDKITE_PARALLEL_JOB_COUNT"]),
    scheduler("CIRCLE_NODE_INDEX", 0, &["CIRCLE_NODE_TOTAL"]),
    scheduler("BITBUCKET_PARALLEL_STEP", 0, &["BITBUCKET_PARALLEL_STEP_COUNT"]),
    scheduler("CI_NODE_INDEX", 1, &["CI_NODE_TOTAL"]),
    Scheduler { always: true, ..scheduler("NOMAD_ALLOC_INDEX", 0, &[COUNT, "NOMAD_META_count"]) },
    Scheduler { always: true, ..scheduler("PARALLEL_SEQ", 1, &[COUNT]) },
];

/// The shard, and the variables that said so. `VRRPLAB_SHARD` and `VRRPLAB_SHARDS` go before everything. An incomplete pair is
/// an error, as are two that contradict each other and none at all: whoever asks for a shard never gets the whole.
pub fn from_environment(value: impl Fn(&str) -> Option<String>) -> Result<(Shard, String), String> {
    let mut found: Option<(Shard, String)> = None;
    let mut half = None;
    for scheduler in &SCHEDULERS {
        let Some(at) = value(scheduler.index) else { continue };
        let Some((count, of)) = scheduler.counts.iter().find_map(|count| Some((*count, value(count)?))) else {
            let counts = scheduler.counts.join(" or ");
            let why = format!("{} is set, but not {counts}: no shard can be told from that", scheduler.index);
            if !scheduler.always {
                return Err(why);
            }
            half.get_or_insert(why);
            continue;
        };
        let shard = scheduler.shard(number(scheduler.index, &at)?, count, number(count, &of)?, &value)?;
        let by = format!("{} and {count}", scheduler.index);
        if scheduler.index == OWN {
            return Ok((shard, by));
        }
        match &found {
            Some((other, others)) if *other != shard => {
                let one = format!("{others} say shard {} of {}", other.index, other.count);
                let two = format!("{by} say shard {} of {}", shard.index, shard.count);
                return Err(format!("{one}, {two}: set {OWN} and {COUNT}, which go before both"));
            }
            Some(_) => {}
            None => found = Some((shard, by)),
        }
    }
    let none = || format!("no scheduler has said which shard this is: set {OWN} and {COUNT}");
    found.ok_or_else(|| half.unwrap_or_else(none))
}

impl Scheduler {
    fn shard(&self, at: u64, count: &str, of: u64, value: &impl Fn(&str) -> Option<String>) -> Result<Shard, String> {
        let at = if self.index == SLURM && count != COUNT {
            slurm(at, value)?
        } else {
            let first = self.first;
            at.checked_sub(first).ok_or_else(|| format!("{} is {at}, but counts from {first}", self.index))?
        };
        Shard::of(at, of)
    }
}

fn number(name: &str, text: &str) -> Result<u64, String> {
    text.trim().parse().map_err(|_| format!("{name} is `{text}`, which is no number"))
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

    fn shard(set: &[(&str, &str)]) -> Result<(u64, u64), String> {
        environment(set).map(|(shard, _)| (shard.index, shard.count))
    }

    #[test]
    fn each_scheduler_says_which_shard_it_is() {
        assert_eq!(shard(&[("SLURM_ARRAY_TASK_ID", "3"), ("SLURM_ARRAY_TASK_COUNT", "8")]), Ok((3, 8)));
        let odd = [("SLURM_ARRAY_TASK_ID", "7"), ("SLURM_ARRAY_TASK_COUNT", "4")];
        let odd = [odd[0], odd[1], ("SLURM_ARRAY_TASK_MIN", "1"), ("SLURM_ARRAY_TASK_STEP", "2")];
        assert_eq!(shard(&odd), Ok((3, 4)));
        assert_eq!(shard(&[("JOB_COMPLETION_INDEX", "0"), ("JOB_COMPLETIONS", "2")]), Ok((0, 2)));
        assert_eq!(shard(&[("JOB_COMPLETION_INDEX", "5"), ("VRRPLAB_SHARDS", "6")]), Ok((5, 6)));
        assert_eq!(shard(&[("CI_NODE_INDEX", "8"), ("CI_NODE_TOTAL", "8")]), Ok((7, 8)));
        assert_eq!(shard(&[("NOMAD_ALLOC_INDEX", "0"), ("NOMAD_META_count", "3")]), Ok((0, 3)));
        assert_eq!(shard(&[("PARALLEL_SEQ", "1"), ("VRRPLAB_SHARDS", "4")]), Ok((0, 4)));
    }

    #[test]
    fn one_task_of_a_slurm_array_that_is_submitted_again_alone_is_not_the_whole() {
        // `sbatch --array=5`: Slurm counts one task, but VRRPLAB_SHARDS says of how many it is one
        let alone = [("SLURM_ARRAY_TASK_ID", "5"), ("SLURM_ARRAY_TASK_COUNT", "1"), ("SLURM_ARRAY_TASK_MIN", "5")];
        assert_eq!(shard(&[&alone[..], &[("VRRPLAB_SHARDS", "8")]].concat()), Ok((5, 8)));
    }

    #[test]
    fn an_incomplete_pair_is_an_error_and_never_the_whole() {
        assert!(environment(&[]).is_err_and(|why| why.starts_with("no scheduler has said")));
        assert!(environment(&[("VRRPLAB_SHARDS", "8")]).is_err_and(|why| why.starts_with("no scheduler has said")));
        // GitLab without `parallel:`
        assert!(environment(&[("CI_NODE_TOTAL", "1")]).is_err());
        let half = environment(&[("JOB_COMPLETION_INDEX", "0")]);
        let words =
            "JOB_COMPLETION_INDEX is set, but not VRRPLAB_SHARDS or JOB_COMPLETIONS: no shard can be told from that";
        assert_eq!(half.err().as_deref(), Some(words));
        // a complete pair of somebody else does not help
        assert!(environment(&[("SLURM_ARRAY_TASK_ID", "0"), ("CI_NODE_INDEX", "1"), ("CI_NODE_TOTAL", "2")]).is_err());
        assert!(
            environment(&[("PARALLEL_SEQ", "1")]).is_err_and(|why| why.starts_with("PARALLEL_SEQ is set, but not"))
        );
        assert!(environment(&[("SLURM_ARRAY_TASK_ID", "8"), ("SLURM_ARRAY_TASK_COUNT", "8")]).is_err());
        assert!(environment(&[("VRRPLAB_SHARD", "x"), ("VRRPLAB_SHARDS", "8")]).is_err());
    }

    #[test]
    fn of_two_schedulers_that_contradict_each_other_none_is_believed() {
        // a Slurm job that was submitted by a GitLab job has the variables of both
        let both = [("CI_NODE_INDEX", "1"), ("CI_NODE_TOTAL", "2"), ("SLURM_ARRAY_TASK_ID", "3")];
        let both = [both[0], both[1], both[2], ("SLURM_ARRAY_TASK_COUNT", "8")];
        let why = environment(&both).err().unwrap_or_default();
        assert!(why.contains("say shard 3 of 8") && why.contains("say shard 0 of 2"), "{why}");
        let own = [("VRRPLAB_SHARD", "6"), ("VRRPLAB_SHARDS", "16")];
        assert_eq!(shard(&[&both[..], &own].concat()), Ok((6, 16)));
        // one that is always there may be there for something else
        let jobs = [("PARALLEL_SEQ", "4"), ("CI_NODE_INDEX", "1"), ("CI_NODE_TOTAL", "2")];
        assert_eq!(shard(&jobs), Ok((0, 2)));
    }
}
