//! What the result of one check means: for the checker, its server, and the quorum of the service. Numbers in, numbers out.

/// How a kind of checker counts its retries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// Up or down: a failure counts after all retries, and then they begin again (TCP, SMTP).
    Always,
    /// Retries only while up (PING, UDP, DNS, MISC).
    WhileUp,
    /// Pages one after the other; while down the one that failed, and after it all from the first (HTTP, SSL).
    Pages,
}

/// What of a checker's configuration decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How it counts.
    pub habit: Habit,
    /// `retry`.
    pub retry: u32,
    /// How many pages it asks for; 1 for all others.
    pub pages: usize,
    /// `fast_recovery`.
    pub fast: bool,
}

/// The memory of a checker between two attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// It is content.
    pub up: bool,
    /// Attempts that failed and were followed by a retry.
    pub tries: u32,
    /// It has had a result.
    pub ran: bool,
    /// The page it asks for next.
    pub page: usize,
    /// While down: the page that failed is to be asked for alone.
    pub alone: bool,
}

impl Tally {
    /// A new checker. At the first start of the daemon the retries count as used up, so that one failure is enough; not
    /// where `patient`: with SMTP, and after a reload.
    pub const fn new(alpha: bool, retry: u32, patient: bool) -> Tally {
        Tally { up: !alpha, tries: if patient { 0 } else { retry }, ran: false, page: 0, alone: false }
    }
}

/// How long to wait for the next attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// `delay_loop`.
    Loop,
    /// `delay_before_retry`.
    Retry,
    /// The longer of both.
    Longer,
    /// Not at all.
    Now,
}

/// What an attempt means for its checker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing new.
    Same,
    /// It failed, and is tried again before that counts.
    Tried,
    /// A page is well again; the others are still to be asked for.
    PageWell,
    /// The checker is content, which is news.
    Content,
    /// The checker has failed, which is news; after so many retries (0: they are not worth a word).
    Failed(u32),
}

/// The tally after one more attempt, when the next one comes, and what it means.
#[must_use]
pub const fn attempt(tally: Tally, good: bool, limits: Limits) -> (Tally, Next, Outcome) {
    match limits.habit {
        Habit::Pages if good => page_well(tally, limits),
        Habit::Pages => page_bad(tally, limits),
        Habit::Always | Habit::WhileUp => simple(tally, good, limits),
    }
}

const fn simple(tally: Tally, good: bool, limits: Limits) -> (Tally, Next, Outcome) {
    let retries = tally.up || matches!(limits.habit, Habit::Always);
    if !good && retries && tally.tries < limits.retry {
        return (Tally { tries: tally.tries + 1, ran: true, ..tally }, Next::Retry, Outcome::Tried);
    }
    let news = tally.up != good || !tally.ran;
    let outcome = match (news, good) {
        (false, _) => Outcome::Same,
        (true, true) => Outcome::Content,
        (true, false) => Outcome::Failed(if tally.ran { limits.retry } else { 0 }),
    };
    (Tally { up: good, tries: 0, ran: true, ..tally }, Next::Loop, outcome)
}

const fn page_well(tally: Tally, limits: Limits) -> (Tally, Next, Outcome) {
    let last = tally.page + 1 >= limits.pages;
    let next = if !tally.up && limits.fast { Next::Now } else { Next::Loop };
    if tally.alone {
        return (Tally { tries: 0, page: 0, alone: false, ..tally }, next, Outcome::PageWell);
    }
    if !last {
        let outcome = if tally.up { Outcome::Same } else { Outcome::PageWell };
        return (Tally { tries: 0, page: tally.page + 1, ..tally }, next, outcome);
    }
    let outcome = if tally.up && tally.ran { Outcome::Same } else { Outcome::Content };
    (Tally { up: true, tries: 0, ran: true, page: 0, alone: false }, Next::Loop, outcome)
}

const fn page_bad(tally: Tally, limits: Limits) -> (Tally, Next, Outcome) {
    if tally.up && tally.tries < limits.retry {
        return (Tally { tries: tally.tries + 1, ..tally }, Next::Retry, Outcome::Tried);
    }
    let outcome = if tally.up || !tally.ran { Outcome::Failed(limits.retry) } else { Outcome::Same };
    (Tally { up: false, tries: 0, ran: true, alone: true, ..tally }, Next::Longer, outcome)
}

/// The largest weight the kernel takes.
const MOST: i64 = i32::MAX as i64;

/// What a server weighs: what is configured, and what its checkers add.
pub fn weight(configured: u32, added: impl Iterator<Item = i64>) -> u32 {
    let sum = added.fold(i64::from(configured), i64::saturating_add);
    u32::try_from(sum.clamp(0, MOST)).unwrap_or(0)
}

/// What a file that says `value` does: nothing (it is a failure), or this is added to the weight.
pub const fn file_adds(value: i32, factor: i32, reverse: bool) -> Option<i64> {
    if factor == 0 {
        return if (value != 0) == reverse { Some(0) } else { None };
    }
    let product = value as i64 * factor as i64 * if reverse { -1 } else { 1 };
    if product <= i32::MIN as i64 {
        None
    } else if product > MOST {
        Some(MOST)
    } else {
        Some(product)
    }
}

/// A quorum with its hysteresis, cut to what the configured weights can reach (but never to nothing).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quorum {
    /// `quorum`, at most the sum of the configured weights.
    pub quorum: u64,
    /// `hysteresis`, below the quorum.
    pub hysteresis: u64,
}

impl Quorum {
    /// From the configuration.
    pub fn new(quorum: u32, hysteresis: u32, configured: impl Iterator<Item = u32>) -> Quorum {
        let sum: u64 = configured.map(u64::from).sum();
        let quorum = u64::from(quorum).min(sum).max(1);
        Quorum { quorum, hysteresis: u64::from(hysteresis).min(quorum - 1) }
    }

    /// Whether the quorum is there when so much weight is alive. Between both thresholds it stays as it was.
    pub const fn reached(self, before: bool, alive: u64) -> bool {
        if before {
            alive != 0 && alive >= self.quorum - self.hysteresis
        } else {
            alive >= self.quorum + self.hysteresis
        }
    }
}
