//! The kernel's table against what the checkers want of it: after a start, a reload, a change of health and the end.
//!
//! It is looked at only, and told; nothing is put right here. Others may have changed the table, or the kernel refused something.
use std::collections::BTreeSet;
use std::io;

use vrrplab_engine::lvs::diff::{Wanted, drift};
use vrrplab_engine::lvs::{IpvsCommand, Virtual};
use vrrplab_engine::{Instant, Span};
use vrrplab_formats::ipvsadm;

use super::Balancing;
use crate::system::{Servers, System};

/// Changes of health are followed by a look at the table, but not more often than this: it may be long.
const AT_MOST_EVERY: Span = Span::from_secs(1);
/// So many commands are told at once; of the others, how many there are.
const TOLD: usize = 8;

/// What is remembered between two looks.
#[derive(Default)]
pub(super) struct Judge {
    /// The services that the checkers have wanted since they began.
    claimed: BTreeSet<Virtual>,
    /// The table was changed since the last look.
    pub changed: bool,
    /// When that was.
    looked: Option<Instant>,
    /// What was missing then.
    missing: Vec<IpvsCommand>,
}

impl Judge {
    /// Other checkers begin.
    pub fn begin(&mut self) {
        *self = Judge::default();
    }

    /// Whether it is time for a look after changes of health.
    fn is_due(&self, now: Instant) -> bool {
        self.changed && self.looked.is_none_or(|looked| now.since(looked) >= AT_MOST_EVERY)
    }

    /// Keeps what is missing now; whether that is news.
    fn is_news(&mut self, missing: Vec<IpvsCommand>) -> bool {
        let news = missing != self.missing;
        self.missing = missing;
        news
    }

    /// Says what is missing, once, and that nothing is any more.
    fn tell(&mut self, missing: Vec<IpvsCommand>) {
        match self.is_news(missing) {
            false => {}
            true if self.missing.is_empty() => tracing::info!("IPVS: the table is what the checkers want again"),
            true => {
                tracing::warn!("IPVS: the table is not what the checkers want, it lacks: {}", in_words(&self.missing))
            }
        }
    }
}

fn in_words(missing: &[IpvsCommand]) -> String {
    let mut words: Vec<String> = missing.iter().take(TOLD).map(ipvsadm::command).collect();
    if missing.len() > TOLD {
        words.push(format!("and {} more (`vrrplab ctl ipvs --drift`)", missing.len() - TOLD));
    }
    words.join(", ")
}

impl<S: System> Balancing<S> {
    /// What would have to be done for the table to be what the checkers want. Services of others do not count.
    pub fn drift(&mut self) -> io::Result<Vec<IpvsCommand>> {
        let Some(ipvs) = &mut self.ipvs else { return Ok(Vec::new()) };
        let present: Vec<Wanted> = ipvs.services()?.iter().map(Wanted::from).collect();
        let wanted = self.checkers.as_ref().map_or_else(Vec::new, |checkers| checkers.wanted());
        let missing = drift(&present, &wanted, &self.judge.claimed);
        self.judge.claimed.extend(wanted.iter().map(|one| one.key));
        Ok(missing)
    }

    /// After a start, a reload and the end.
    pub(super) fn judge_table(&mut self, now: Instant) {
        (self.judge.changed, self.judge.looked) = (false, Some(now));
        match self.drift() {
            Ok(missing) => self.judge.tell(missing),
            Err(why) => tracing::warn!(%why, "IPVS does not show what it holds"),
        }
    }

    /// After a change of health, or later when many come at once.
    pub(super) fn judge_table_in_time(&mut self, now: Instant) {
        if self.judge.is_due(now) {
            self.judge_table(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use vrrplab_engine::model::AddressFamily;

    use super::*;

    #[test]
    fn changes_of_health_are_followed_by_one_look_a_second() {
        let at = |ms| Instant::ZERO + Span::from_millis(ms);
        let mut judge = Judge::default();
        assert!(!judge.is_due(at(0)), "nothing was changed");
        judge.changed = true;
        assert!(judge.is_due(at(0)));
        judge.looked = Some(at(500));
        assert!(!judge.is_due(at(1_499)) && judge.is_due(at(1_500)));
    }

    #[test]
    fn what_is_missing_is_told_once_and_not_at_any_length() {
        let missing = |many| (1..=many).map(|mark| IpvsCommand::DeleteService(Virtual::Mark(AddressFamily::V4, mark)));
        let mut judge = Judge::default();
        assert!(!judge.is_news(Vec::new()), "all is well from the start");
        assert!(judge.is_news(missing(1).collect()) && !judge.is_news(missing(1).collect()));
        assert!(judge.is_news(Vec::new()));
        assert_eq!(in_words(&missing(2).collect::<Vec<_>>()), "ipvsadm -D -f 1, ipvsadm -D -f 2");
        assert!(
            in_words(&missing(10).collect::<Vec<_>>()).ends_with("-D -f 8, and 2 more (`vrrplab ctl ipvs --drift`)")
        );
    }
}
