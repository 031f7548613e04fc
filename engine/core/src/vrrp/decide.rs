//! The table: (state, event, facts) -> decision. Pure; it chooses everything and does nothing.
use crate::io::State;
use crate::rules::Rule;

/// What happened to one virtual router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The configuration has been read.
    Start,
    /// The advert timer of a master, or the down timer of a backup, has expired.
    TimerExpired,
    /// An advert passed all receive checks.
    Advert(Comparison),
    /// A packet of this virtual router was refused by a receive check.
    Refused,
    /// The first fault appeared.
    FaultAppears,
    /// The last fault, of the whole sync group, is gone.
    FaultClears,
    /// A virtual address, or a route or rule that is tracked, was removed from outside.
    AddressTaken,
    /// The sync group follows a member into this state.
    GroupMaster,
    /// The sync group follows a member that lost mastership, or whose fault is gone.
    GroupBackup,
    /// The sync group follows a faulty member.
    GroupFault,
    /// The operator stops the daemon.
    Stop,
}

/// An advert held against the own priority and address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Priority 0.
    Release,
    /// Lower priority.
    Lower,
    /// Equal priority, and the sender's address is lower than ours.
    EqualLowerAddress,
    /// Equal priority from our own address.
    EqualSameAddress,
    /// Equal priority, and the sender's address is higher than ours.
    EqualHigherAddress,
    /// Higher priority.
    Higher,
}

/// How a backup treats a lower priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preemption {
    /// `nopreempt`.
    Never,
    /// No delay is configured.
    AtOnce,
    /// `preempt_delay` is configured and has not begun.
    DelayToStart,
    /// `preempt_delay` has begun and not passed.
    DelayRunning,
    /// `preempt_delay` has passed.
    DelayOver,
}

/// What the decision depends on besides state and event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Priority 255 (and `state MASTER` where the policy asks for it), and no state has been told yet.
    pub starts_as_master: bool,
    /// The base priority is 255.
    pub owner: bool,
    /// A fault of the router itself or of its sync group exists.
    pub faulty: bool,
    /// Nothing is wrong, but an unweighted script has no first result yet.
    pub waits_for_script: bool,
    /// There is no sync group, or every other member wants to be master.
    pub group_agrees: bool,
    /// How a lower priority is treated.
    pub preemption: Preemption,
    /// A worse advert is answered (version and policy allow it and `lower_prio_no_advert` is off).
    pub answers_worse: bool,
    /// A master announces its addresses when it hears a worse advert, answered or not.
    pub announces_to_worse: bool,
    /// A packet of any kind restarts a master's advert timer.
    pub any_packet_rearms: bool,
    /// `higher_prio_send_advert`.
    pub last_word: bool,
    /// Two releases on a fault.
    pub two_releases: bool,
}

/// One mechanical step. `apply.rs` carries it out and chooses nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Say that the state changed.
    Enter,
    /// Send an advert with the effective priority.
    SendAdvert,
    /// Send an advert with priority 0.
    SendRelease,
    /// Set the virtual addresses.
    TakeAddresses,
    /// Remove the virtual addresses.
    DropAddresses,
    /// Announce all addresses, `garp_master_repeat` rounds.
    Announce,
    /// Announce again after `garp_master_delay`.
    ScheduleAnnounce,
    /// The authentication header goes one further than the number just heard.
    SkipSequence,
    /// Announce, `garp_lower_prio_repeat` rounds, and again after `garp_lower_prio_delay`.
    AnnounceToLower,
    /// Announce if `garp_master_refresh` has passed.
    RefreshAnnounce,
    /// Announce the own source address (unicast only), so that peers can resolve it.
    AnnounceSource,
    /// Advert timer: one interval from now.
    ArmAdvert,
    /// Down timer: intervals of the master plus skew from now.
    ArmDown,
    /// Down timer: the skew from now.
    ArmSkew,
    /// Down timer: one microsecond from now.
    ArmAtOnce,
    /// No timer.
    Disarm,
    /// Take over the master's interval (v3).
    LearnInterval,
    /// Go back to the own interval.
    ForgetInterval,
    /// Remember who the master is, and want to be it no more.
    RememberMaster,
    /// `preempt_delay` begins.
    StartPreemptDelay,
    /// `preempt_delay` has not begun.
    ClearPreemptDelay,
    /// The priority 255 becomes 254.
    ReducePriority,
    /// Tell scripts, pipes and mail which state was entered.
    Notify,
    /// Tell scripts and pipes that a master hears a worse advert.
    NotifyLower,
    /// Tell the sync group that this member wants to be master.
    WantMaster,
    /// Take the sync group along.
    PullGroup,
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The state afterwards.
    pub next: State,
    /// Why.
    pub rule: Rule,
    /// The steps, in order. The order is the protocol.
    pub actions: &'static [Action],
}

impl Decision {
    /// The same advert, heard again, arms the down timer anew and changes nothing else.
    pub fn is_repeatable(&self) -> bool {
        matches!(self.rule, Rule::BackupHearsMaster | Rule::BackupNopreempt)
    }

    /// It leaves everything as it was that later adverts are judged by.
    pub fn changes_only_timers(&self) -> bool {
        self.is_repeatable() || matches!(self.rule, Rule::MasterAdvertises)
    }
}

use Action::*;

const ACCEPT: &[Action] = &[ClearPreemptDelay, LearnInterval, RememberMaster, ArmDown];
const TAKE_OVER: &[Action] =
    &[SendAdvert, Enter, TakeAddresses, Announce, Notify, ScheduleAnnounce, ArmAdvert, PullGroup];
const FOLLOW_UP: &[Action] = &[SendAdvert, Enter, TakeAddresses, Announce, Notify, ScheduleAnnounce, ArmAdvert];
const YIELD: &[Action] =
    &[Enter, DropAddresses, Notify, ClearPreemptDelay, LearnInterval, RememberMaster, ArmDown, PullGroup];
const YIELD_WITH_LAST_WORD: &[Action] =
    &[SendAdvert, Enter, DropAddresses, Notify, ClearPreemptDelay, LearnInterval, RememberMaster, ArmDown, PullGroup];
const OWNER_YIELDS: &[Action] = &[
    ReducePriority,
    Enter,
    DropAddresses,
    Notify,
    ClearPreemptDelay,
    LearnInterval,
    RememberMaster,
    ArmDown,
    PullGroup,
];

const fn decision(next: State, rule: Rule, actions: &'static [Action]) -> Decision {
    Decision { next, rule, actions }
}

/// Decides. `None`: this event means nothing in this state.
pub const fn decide(state: State, event: Event, facts: &Facts) -> Option<Decision> {
    match state {
        State::Init => start(event, facts),
        State::Backup => backup(event, facts),
        State::Master => master(event, facts),
        State::Fault => fault(event, facts),
    }
}

const fn start(event: Event, facts: &Facts) -> Option<Decision> {
    Some(match event {
        Event::Start if facts.waits_for_script => decision(State::Fault, Rule::StartWaits, &[Notify]),
        Event::Start if facts.faulty => decision(State::Fault, Rule::StartFault, &[Enter, Notify]),
        Event::Start if facts.starts_as_master => decision(State::Backup, Rule::StartOwner, &[ArmAtOnce]),
        Event::Start => decision(State::Backup, Rule::StartBackup, &[Enter, Notify, ArmDown]),
        _ => return None,
    })
}

const fn backup(event: Event, facts: &Facts) -> Option<Decision> {
    Some(match event {
        Event::TimerExpired if facts.group_agrees => decision(State::Master, Rule::BackupTimerExpired, TAKE_OVER),
        Event::TimerExpired => decision(State::Backup, Rule::GroupWaits, &[WantMaster, ArmDown]),
        Event::GroupMaster => decision(State::Master, Rule::GroupToMaster, FOLLOW_UP),
        Event::Advert(Comparison::Release) => decision(State::Backup, Rule::BackupHearsRelease, &[ArmSkew]),
        Event::Advert(Comparison::Lower) => hears_lower(facts.preemption),
        Event::Advert(_) => decision(State::Backup, Rule::BackupHearsMaster, ACCEPT),
        Event::FaultAppears => decision(State::Fault, Rule::FaultAppears, &[Enter, Notify, Disarm, PullGroup]),
        Event::GroupFault => decision(State::Fault, Rule::GroupToFault, &[Enter, Notify, Disarm]),
        Event::Stop => decision(State::Init, Rule::Stop, &[Disarm]),
        _ => return None,
    })
}

const fn hears_lower(preemption: Preemption) -> Decision {
    match preemption {
        Preemption::Never => decision(State::Backup, Rule::BackupNopreempt, &[LearnInterval, RememberMaster, ArmDown]),
        Preemption::AtOnce => decision(State::Backup, Rule::BackupDiscardsLower, &[]),
        Preemption::DelayToStart => decision(
            State::Backup,
            Rule::BackupPreemptDelay,
            &[StartPreemptDelay, LearnInterval, RememberMaster, ArmDown],
        ),
        Preemption::DelayRunning => {
            decision(State::Backup, Rule::BackupPreemptDelay, &[LearnInterval, RememberMaster, ArmDown])
        }
        Preemption::DelayOver => decision(State::Backup, Rule::BackupPreemptDelayOver, &[]),
    }
}

const fn master(event: Event, facts: &Facts) -> Option<Decision> {
    Some(match event {
        Event::TimerExpired => {
            decision(State::Master, Rule::MasterAdvertises, &[SendAdvert, RefreshAnnounce, ArmAdvert])
        }
        Event::Advert(comparison) => return Some(master_hears(comparison, facts)),
        Event::Refused if facts.any_packet_rearms => decision(State::Master, Rule::RefusedRearms, &[ArmAdvert]),
        Event::GroupBackup => {
            decision(State::Backup, Rule::GroupToBackup, &[Enter, DropAddresses, Notify, ClearPreemptDelay, ArmDown])
        }
        Event::FaultAppears if facts.two_releases => decision(
            State::Fault,
            Rule::FaultAppears,
            &[Enter, SendRelease, SendRelease, DropAddresses, Notify, Disarm, PullGroup],
        ),
        Event::FaultAppears => {
            decision(State::Fault, Rule::FaultAppears, &[Enter, SendRelease, DropAddresses, Notify, Disarm, PullGroup])
        }
        Event::GroupFault => {
            decision(State::Fault, Rule::GroupToFault, &[Enter, SendRelease, DropAddresses, Notify, Disarm])
        }
        Event::AddressTaken => decision(
            State::Backup,
            Rule::AddressTaken,
            &[Enter, SendRelease, DropAddresses, Notify, ClearPreemptDelay, ArmSkew, PullGroup],
        ),
        Event::Stop => decision(State::Init, Rule::Stop, &[SendRelease, DropAddresses, Disarm]),
        _ => return None,
    })
}

const fn master_hears(comparison: Comparison, facts: &Facts) -> Decision {
    match comparison {
        Comparison::Release => decision(State::Master, Rule::MasterHearsRelease, &[SendAdvert, ArmAdvert]),
        Comparison::Lower => hears_worse(facts),
        _ if facts.owner && !matches!(comparison, Comparison::Higher) => {
            decision(State::Backup, Rule::OwnerMeetsOwner, OWNER_YIELDS)
        }
        Comparison::EqualLowerAddress => hears_worse(facts),
        Comparison::EqualSameAddress if facts.any_packet_rearms => {
            decision(State::Master, Rule::MasterHearsItself, &[ArmAdvert])
        }
        Comparison::EqualSameAddress => decision(State::Master, Rule::MasterHearsItself, &[]),
        Comparison::EqualHigherAddress if facts.last_word => {
            decision(State::Backup, Rule::MasterHearsEqualHigherAddress, YIELD_WITH_LAST_WORD)
        }
        Comparison::EqualHigherAddress => decision(State::Backup, Rule::MasterHearsEqualHigherAddress, YIELD),
        Comparison::Higher if facts.last_word => decision(State::Backup, Rule::MasterHearsHigher, YIELD_WITH_LAST_WORD),
        Comparison::Higher => decision(State::Backup, Rule::MasterHearsHigher, YIELD),
    }
}

const fn hears_worse(facts: &Facts) -> Decision {
    match (facts.answers_worse, facts.announces_to_worse) {
        (true, true) => decision(
            State::Master,
            Rule::MasterAnswersLower,
            &[SkipSequence, SendAdvert, AnnounceToLower, NotifyLower, ArmAdvert],
        ),
        (true, false) => decision(State::Master, Rule::MasterAnswersLower, &[SendAdvert, NotifyLower]),
        (false, true) => {
            decision(State::Master, Rule::MasterKeepsSilent, &[SkipSequence, AnnounceToLower, NotifyLower])
        }
        (false, false) => decision(State::Master, Rule::MasterKeepsSilent, &[NotifyLower]),
    }
}

const fn fault(event: Event, facts: &Facts) -> Option<Decision> {
    Some(match event {
        Event::FaultClears if facts.starts_as_master => decision(State::Backup, Rule::StartOwner, &[ArmAtOnce]),
        Event::FaultClears => decision(
            State::Backup,
            Rule::FaultClears,
            &[Enter, Notify, ForgetInterval, ClearPreemptDelay, AnnounceSource, ArmDown, PullGroup],
        ),
        Event::GroupBackup if !facts.faulty => {
            decision(State::Backup, Rule::GroupToBackup, &[Enter, Notify, ForgetInterval, ClearPreemptDelay, ArmDown])
        }
        Event::Stop => decision(State::Init, Rule::Stop, &[]),
        _ => return None,
    })
}
