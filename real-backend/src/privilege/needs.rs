//! Which capabilities a configuration needs, and for what: a table.
use caps::Capability;

/// What it depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Programs may be started.
    pub programs: bool,
    /// Some of them as another user or group than the daemon's.
    pub programs_of_others: bool,
    /// Some of them as root.
    pub programs_of_root: bool,
    /// A pipe is given to another user.
    pub gives_pipes_away: bool,
    /// A path that root may not look at or read by the permissions of its files and folders.
    pub closed_to_readers: Option<String>,
    /// A path that root may not write to or start by these permissions.
    pub closed_to_writers: Option<String>,
}

/// A capability, and what is not possible without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The capability.
    pub capability: Capability,
    /// What it is for.
    pub purpose: String,
}

/// What every configuration needs.
const ALWAYS: [(Capability, &str); 3] = [
    (Capability::CAP_NET_ADMIN, "addresses, links, virtual servers, filters and settings of the network"),
    (Capability::CAP_NET_RAW, "adverts and announcements"),
    (Capability::CAP_NET_BIND_SERVICE, "low ports of metrics and of checks"),
];

/// The table.
pub fn needs(facts: &Facts) -> Vec<Need> {
    let others = "programs run as another user";
    let mut needs: Vec<Need> = ALWAYS.map(|(capability, purpose)| need(capability, purpose)).to_vec();
    if facts.programs {
        needs.push(need(Capability::CAP_KILL, "programs that hang are ended, whoever they run as"));
    }
    if facts.programs_of_others {
        needs.push(need(Capability::CAP_SETUID, others));
        needs.push(need(Capability::CAP_SETGID, others));
    }
    if facts.gives_pipes_away {
        needs.push(need(Capability::CAP_CHOWN, "a pipe is given to another user"));
    }
    if let Some(path) = &facts.closed_to_readers {
        needs.push(need(Capability::CAP_DAC_READ_SEARCH, &format!("{path} is not open to root")));
    }
    if let Some(path) = &facts.closed_to_writers {
        needs.push(need(Capability::CAP_DAC_OVERRIDE, &format!("{path} is not open to root")));
    }
    needs
}

fn need(capability: Capability, purpose: &str) -> Need {
    Need { capability, purpose: purpose.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(facts: &Facts) -> String {
        needs(facts).iter().map(|need| need.capability.to_string().replace("CAP_", "")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_configuration_without_programs_needs_the_network_alone() {
        assert_eq!(kept(&Facts::default()), "NET_ADMIN NET_RAW NET_BIND_SERVICE");
    }

    #[test]
    fn programs_of_root_are_ended_and_no_user_is_changed() {
        let facts = Facts { programs: true, programs_of_root: true, ..Facts::default() };
        assert_eq!(kept(&facts), "NET_ADMIN NET_RAW NET_BIND_SERVICE KILL");
    }

    #[test]
    fn programs_of_others_need_their_users() {
        let facts = Facts { programs: true, programs_of_others: true, ..Facts::default() };
        assert_eq!(kept(&facts), "NET_ADMIN NET_RAW NET_BIND_SERVICE KILL SETUID SETGID");
    }

    #[test]
    fn what_is_not_open_to_root_is_opened_and_named() {
        let facts = Facts {
            gives_pipes_away: true,
            closed_to_readers: Some("/srv/app/number".into()),
            closed_to_writers: Some("/srv/app/pipe".into()),
            ..Facts::default()
        };
        assert_eq!(kept(&facts), "NET_ADMIN NET_RAW NET_BIND_SERVICE CHOWN DAC_READ_SEARCH DAC_OVERRIDE");
        assert_eq!(needs(&facts)[5].purpose, "/srv/app/pipe is not open to root");
    }
}
