//! Gives up what the daemon does not need of root's powers. Capabilities belong to threads, and those who come later have
//! what the first one had: so it is done before there is a second one.
//!
//! `needs` is the table of what is kept; `look` finds out what it depends on.
mod look;
mod needs;

use std::path::PathBuf;

use caps::errors::CapsError;
use caps::{CapSet, Capability, CapsHashSet};
use vrrplab_engine::model::NodeModel;
use vrrplab_formats::flight::Configuration;

use needs::{Facts, Need, needs};

/// What opens files and folders that their permissions close.
const OPENERS: [Capability; 2] = [Capability::CAP_DAC_OVERRIDE, Capability::CAP_DAC_READ_SEARCH];

/// What cannot be had again.
#[derive(Debug, Default)]
pub struct Privileges {
    given_up: Vec<Capability>,
    /// Programs of root have no more than the daemon.
    bounded: bool,
}

impl Privileges {
    /// Keeps what the configuration needs, and what is `written` besides. No other thread may be there yet.
    pub fn reduce(
        model: &NodeModel,
        configuration: &Configuration,
        written: &[PathBuf],
    ) -> Result<Privileges, CapsError> {
        let before = caps::read(None, CapSet::Permitted)?;
        for capability in OPENERS {
            caps::drop(None, CapSet::Effective, capability)?;
        }
        let facts = look::facts(model, configuration, written);
        let needs = needs(&facts);
        say_missing(&needs, &before);
        let kept: CapsHashSet = needs.iter().map(|need| need.capability).filter(|one| before.contains(one)).collect();
        let bounded = !facts.programs_of_root;
        if bounded {
            bound(&needs)?;
        }
        caps::clear(None, CapSet::Ambient)?;
        caps::clear(None, CapSet::Inheritable)?;
        caps::set(None, CapSet::Effective, &kept)?;
        caps::set(None, CapSet::Permitted, &kept)?;
        let capabilities = names(&kept);
        tracing::info!(capabilities, programs_of_root = !bounded, "Keeps these capabilities");
        let given_up = before.into_iter().filter(|one| !kept.contains(one)).collect();
        Ok(Privileges { given_up, bounded })
    }

    /// Why another configuration cannot be had without a restart.
    pub fn refuse(&self, model: &NodeModel, configuration: &Configuration) -> Option<String> {
        self.lacks(&look::facts(model, configuration, &[]))
    }

    fn lacks(&self, facts: &Facts) -> Option<String> {
        let lacking = needs(facts).into_iter().find(|need| self.given_up.contains(&need.capability));
        match lacking {
            Some(need) => Some(format!("{} was given up at start ({})", need.capability, need.purpose)),
            None if self.bounded && facts.programs_of_root => {
                Some("programs would run as root, whose capabilities were given up at start".to_owned())
            }
            None => None,
        }
    }
}

/// Takes what is not needed from programs, even those that run as root. Only who may do that can.
fn bound(needs: &[Need]) -> Result<(), CapsError> {
    let is_needed = |one: &Capability| needs.iter().any(|need| need.capability == *one);
    let surplus: Vec<Capability> =
        caps::read(None, CapSet::Bounding)?.into_iter().filter(|one| !is_needed(one)).collect();
    if surplus.is_empty() {
        return Ok(());
    }
    if !caps::has_cap(None, CapSet::Effective, Capability::CAP_SETPCAP)? {
        tracing::warn!("CAP_SETPCAP is missing: programs may have more capabilities than the daemon");
        return Ok(());
    }
    surplus.into_iter().try_for_each(|one| caps::drop(None, CapSet::Bounding, one))
}

fn say_missing(needs: &[Need], have: &CapsHashSet) {
    for need in needs.iter().filter(|need| !have.contains(&need.capability)) {
        tracing::warn!("{} is missing: {}", need.capability, need.purpose);
    }
}

/// In the order of their numbers.
fn names(set: &CapsHashSet) -> String {
    let mut sorted: Vec<&Capability> = set.iter().collect();
    sorted.sort_by_key(|one| one.index());
    sorted.into_iter().map(Capability::to_string).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reduced(facts: &Facts) -> Privileges {
        let kept: Vec<Capability> = needs(facts).into_iter().map(|need| need.capability).collect();
        let given_up = caps::all().into_iter().filter(|one| !kept.contains(one)).collect();
        Privileges { given_up, bounded: !facts.programs_of_root }
    }

    fn of_root() -> Facts {
        Facts { programs: true, programs_of_root: true, ..Facts::default() }
    }

    fn of_others() -> Facts {
        Facts { programs: true, programs_of_others: true, ..Facts::default() }
    }

    #[test]
    fn a_reload_that_needs_no_more_is_not_refused() {
        for facts in [Facts::default(), of_root(), of_others()] {
            assert_eq!(reduced(&facts).lacks(&facts), None);
            assert_eq!(reduced(&facts).lacks(&Facts::default()), None);
        }
    }

    #[test]
    fn a_reload_with_the_first_program_of_another_user_is_refused_with_what_lacks() {
        let why = reduced(&Facts::default()).lacks(&of_others()).unwrap();
        assert_eq!(why, "CAP_KILL was given up at start (programs that hang are ended, whoever they run as)");
        let why = reduced(&of_root()).lacks(&of_others()).unwrap();
        assert_eq!(why, "CAP_SETUID was given up at start (programs run as another user)");
    }

    #[test]
    fn a_reload_with_the_first_program_of_root_is_refused_as_it_would_have_too_little() {
        let why = reduced(&of_others()).lacks(&of_root()).unwrap();
        assert_eq!(why, "programs would run as root, whose capabilities were given up at start");
    }

    #[test]
    fn who_gave_nothing_up_refuses_nothing() {
        assert_eq!(Privileges::default().lacks(&of_others()), None);
        assert_eq!(Privileges::default().lacks(&of_root()), None);
    }

    #[test]
    fn capabilities_are_said_in_their_order() {
        let set = [Capability::CAP_NET_RAW, Capability::CAP_CHOWN, Capability::CAP_KILL].into_iter().collect();
        assert_eq!(names(&set), "CAP_CHOWN CAP_KILL CAP_NET_RAW");
    }
}
