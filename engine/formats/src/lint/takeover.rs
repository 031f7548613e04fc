//! How long it takes until the next router has taken over, at worst.
use vrrplab_engine::model::AddressFamily;
use vrrplab_engine::time::Span;
use vrrplab_engine::vrrp::skew::{down, skew};

use super::together::most;
use super::{Subject, routers};

/// One virtual router and its best two members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Takeover {
    /// Its VRID.
    pub vrid: u8,
    /// Family of its addresses.
    pub family: AddressFamily,
    /// Files and priorities, best first. Priorities are those with every tracked interface up.
    pub members: Vec<(String, u8)>,
    /// From the last advert of a master that crashed until the next best acts; none without a second router.
    pub after_crash: Option<Span>,
    /// From the farewell of a master that is stopped.
    pub after_stop: Option<Span>,
}

/// The virtual routers of these files, by VRID.
pub fn takeovers(subjects: &[Subject]) -> Vec<Takeover> {
    let mut found = Vec::new();
    for mut members in routers(subjects) {
        members.sort_by_key(|m| std::cmp::Reverse(most(m.model)));
        let priority = |m: &super::Member<'_>| u8::try_from(most(m.model)).unwrap_or(u8::MAX);
        let Some(first) = members.first() else { continue };
        let (vrid, family) = (first.model.vrid.get(), first.model.family);
        let interval = first.model.advert_int;
        let next = members.get(1).map(|m| (m.model, priority(m), m.subject.model.policy.skew_unit));
        let after_crash = next.map(|(m, p, unit)| down(m.version, p, interval, m.down_timer_adverts, unit));
        let after_stop = next.map(|(m, p, unit)| skew(m.version, p, interval, unit));
        let members = members.iter().map(|m| (m.subject.file.clone(), priority(m))).collect();
        found.push(Takeover { vrid, family, members, after_crash, after_stop });
    }
    found.sort_by_key(|t| t.vrid);
    found
}
