//! Mistakes planted into the decisions of VRRP, to see whether they are found. Only the feature `planted` has them, which no
//! build for users turns on; the table itself stays as it is, and what comes out of it is bent.
use core::sync::atomic::{AtomicUsize, Ordering};

use crate::io::State;
use crate::rules::Rule;
use crate::vrrp::decide::Action::{self, *};
use crate::vrrp::decide::{Comparison, Decision, Event};

macro_rules! mistakes {
    ($($name:ident => $id:literal;)*) => {
        /// A mistake.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Mistake { $(#[doc = $id] $name,)* }

        impl Mistake {
            /// All of them.
            pub const ALL: &'static [Mistake] = &[$(Mistake::$name,)*];

            /// What is wrong, in words.
            pub const fn id(self) -> &'static str { match self { $(Mistake::$name => $id,)* } }
        }
    };
}

mistakes! {
    FaultKeepsAddresses => "a master that becomes faulty keeps its addresses";
    YieldKeepsAddresses => "a master that yields keeps its addresses";
    StopKeepsAddresses => "a daemon that stops keeps its addresses";
    BetterIsIgnored => "a master ignores a higher priority";
    EqualIsIgnored => "a master ignores an equal priority from a higher address";
    EqualBothYield => "of two equal priorities both yield";
    TakeoverIsSilent => "a new master announces nothing";
    TakesNoAddresses => "a new master sets no addresses";
    RemovedAddressIsIgnored => "an address that was removed by hand is not missed";
    RecoveryHasNoTimer => "the down timer does not run after a fault";
    StartHasNoTimer => "the down timer does not run after the start";
    AdvertDoesNotRearm => "an advert does not restart the down timer";
    AdvertisesOnce => "a master advertises only once more";
    AnswerSilences => "a master that answers a worse advert falls silent";
}

/// The mistake that is in the engine, counted from 1; 0: none.
static PLANTED: AtomicUsize = AtomicUsize::new(0);

/// Puts a mistake into all engines of this process, or takes it away.
pub fn plant(mistake: Option<Mistake>) {
    PLANTED.store(mistake.map_or(0, |mistake| mistake as usize + 1), Ordering::Relaxed);
}

/// The decision with the mistake in it.
pub(crate) fn bend(state: State, event: Event, decided: Option<Decision>) -> Option<Decision> {
    let planted = PLANTED.load(Ordering::Relaxed).checked_sub(1).and_then(|number| Mistake::ALL.get(number));
    match (planted, decided) {
        (Some(mistake), Some(decision)) => mistake.bend(state, event, decision),
        _ => decided,
    }
}

const YIELD_WITH_ADDRESSES: &[Action] =
    &[Enter, Notify, ClearPreemptDelay, LearnInterval, RememberMaster, ArmDown, PullGroup];
const YIELD: &[Action] =
    &[Enter, DropAddresses, Notify, ClearPreemptDelay, LearnInterval, RememberMaster, ArmDown, PullGroup];

impl Mistake {
    fn bend(self, state: State, event: Event, decision: Decision) -> Option<Decision> {
        let instead = |actions| Decision { actions, ..decision };
        let stays = Decision { next: State::Master, rule: decision.rule, actions: &[ArmAdvert] };
        Some(match (self, state, decision.rule) {
            (Mistake::FaultKeepsAddresses, State::Master, Rule::FaultAppears | Rule::GroupToFault) => {
                instead(&[Enter, SendRelease, SendRelease, Notify, Disarm, PullGroup])
            }
            (Mistake::YieldKeepsAddresses, _, Rule::MasterHearsHigher | Rule::MasterHearsEqualHigherAddress) => {
                instead(YIELD_WITH_ADDRESSES)
            }
            (Mistake::StopKeepsAddresses, State::Master, Rule::Stop) => instead(&[SendRelease, Disarm]),
            (Mistake::BetterIsIgnored, _, Rule::MasterHearsHigher)
            | (Mistake::EqualIsIgnored, _, Rule::MasterHearsEqualHigherAddress) => stays,
            (Mistake::EqualBothYield, State::Master, _) if event == Event::Advert(Comparison::EqualLowerAddress) => {
                Decision { next: State::Backup, rule: Rule::MasterHearsEqualHigherAddress, actions: YIELD }
            }
            (Mistake::TakeoverIsSilent, _, Rule::BackupTimerExpired) => {
                instead(&[SendAdvert, Enter, TakeAddresses, Notify, ArmAdvert, PullGroup])
            }
            (Mistake::TakesNoAddresses, _, Rule::BackupTimerExpired) => {
                instead(&[SendAdvert, Enter, Announce, Notify, ScheduleAnnounce, ArmAdvert, PullGroup])
            }
            (Mistake::RemovedAddressIsIgnored, _, Rule::AddressTaken) => return None,
            (Mistake::RecoveryHasNoTimer, _, Rule::FaultClears) => {
                instead(&[Enter, Notify, ForgetInterval, ClearPreemptDelay, AnnounceSource, PullGroup])
            }
            (Mistake::StartHasNoTimer, _, Rule::StartBackup) => instead(&[Enter, Notify]),
            (Mistake::AdvertDoesNotRearm, _, Rule::BackupHearsMaster) => {
                instead(&[ClearPreemptDelay, LearnInterval, RememberMaster])
            }
            (Mistake::AdvertisesOnce, _, Rule::MasterAdvertises) => instead(&[SendAdvert, RefreshAnnounce, Disarm]),
            (Mistake::AnswerSilences, _, Rule::MasterAnswersLower) => {
                instead(&[SkipSequence, SendAdvert, AnnounceToLower, NotifyLower, Disarm])
            }
            _ => decision,
        })
    }
}
