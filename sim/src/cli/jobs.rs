//! `--jobs`: how many threads a command works with. What comes out does not depend on it.
use std::num::NonZeroUsize;

use clap::Args;

/// The option of every command that plays many runs.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Jobs {
    /// How many threads; as many as there are processors when not given
    #[arg(long, short, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

impl Jobs {
    /// So many.
    pub fn count(self) -> usize {
        threads(self.jobs)
    }
}

/// As many as are asked for, or as there are processors.
pub(super) fn threads(asked: Option<NonZeroUsize>) -> usize {
    let processors = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    asked.unwrap_or(processors).get()
}
