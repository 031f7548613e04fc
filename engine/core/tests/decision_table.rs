//! The whole decision table: every state, event and fact, written out for review, and promises over all of it.
use std::fmt::Write;

use vrrplab_engine::State;
use vrrplab_engine::vrrp::decide::{Action, Comparison, Decision, Event, Facts, Preemption, decide};

const EVENTS: [Event; 16] = [
    Event::Start,
    Event::TimerExpired,
    Event::Advert(Comparison::Release),
    Event::Advert(Comparison::Lower),
    Event::Advert(Comparison::EqualLowerAddress),
    Event::Advert(Comparison::EqualSameAddress),
    Event::Advert(Comparison::EqualHigherAddress),
    Event::Advert(Comparison::Higher),
    Event::Refused,
    Event::FaultAppears,
    Event::FaultClears,
    Event::AddressTaken,
    Event::GroupMaster,
    Event::GroupBackup,
    Event::GroupFault,
    Event::Stop,
];

const PREEMPTIONS: [Preemption; 5] =
    [Preemption::Never, Preemption::AtOnce, Preemption::DelayToStart, Preemption::DelayRunning, Preemption::DelayOver];

/// Every combination of facts.
fn all_facts() -> Vec<Facts> {
    let mut all = Vec::new();
    for preemption in PREEMPTIONS {
        for bits in 0..1_u16 << 10 {
            let bit = |n: u8| bits & (1 << n) == 0;
            all.push(Facts {
                starts_as_master: bit(0),
                owner: bit(1),
                faulty: bit(2),
                group_agrees: bit(3),
                preemption,
                answers_worse: bit(4),
                any_packet_rearms: bit(5),
                last_word: bit(6),
                two_releases: bit(7),
                waits_for_script: bit(8),
                announces_to_worse: bit(9),
            });
        }
    }
    all
}

/// The facts as words. No wildcard: a new fact does not compile before it has a column here.
fn words(facts: &Facts) -> [String; 11] {
    let Facts {
        starts_as_master,
        owner,
        faulty,
        group_agrees,
        preemption,
        answers_worse,
        any_packet_rearms,
        last_word,
        two_releases,
        waits_for_script,
        announces_to_worse,
    } = *facts;
    let word = |name: &str, yes: bool| if yes { name.to_string() } else { format!("not {name}") };
    [
        word("starts_as_master", starts_as_master),
        word("owner", owner),
        word("faulty", faulty),
        word("group_agrees", group_agrees),
        format!("preemption {preemption:?}"),
        word("answers_worse", answers_worse),
        word("any_packet_rearms", any_packet_rearms),
        word("last_word", last_word),
        word("two_releases", two_releases),
        word("waits_for_script", waits_for_script),
        word("announces_to_worse", announces_to_worse),
    ]
}

/// The distinct decisions of one state and event, each with the facts that lead to it, in order of appearance.
fn branches(state: State, event: Event, facts: &[Facts]) -> Vec<(Option<Decision>, Vec<Facts>)> {
    let mut found: Vec<(Option<Decision>, Vec<Facts>)> = Vec::new();
    for facts in facts {
        let decision = decide(state, event, facts);
        match found.iter_mut().find(|(known, _)| *known == decision) {
            Some((_, leading)) => leading.push(*facts),
            None => found.push((decision, vec![*facts])),
        }
    }
    found
}

/// The words that all of these facts share.
fn shared(facts: &[Facts]) -> Vec<String> {
    let mut shared: Vec<String> = words(&facts[0]).to_vec();
    for facts in facts {
        let here = words(facts);
        shared.retain(|word| here.contains(word));
    }
    shared
}

fn every_decision(mut check: impl FnMut(State, Event, &Facts, Decision)) {
    for state in State::ALL {
        for event in EVENTS {
            for facts in &all_facts() {
                if let Some(decision) = decide(state, event, facts) {
                    check(state, event, facts, decision);
                }
            }
        }
    }
}

fn positions(decision: Decision, wanted: Action) -> Vec<usize> {
    let actions = decision.actions.iter().enumerate();
    actions.filter(|(_, action)| **action == wanted).map(|(position, _)| position).collect()
}

#[test]
fn the_table_is_reviewed_row_by_row() {
    let facts = all_facts();
    let mut table = String::from("| state | event | when | next | rule | actions |\n|---|---|---|---|---|---|\n");
    for state in State::ALL {
        for event in EVENTS {
            let branches = branches(state, event, &facts);
            for (decision, leading) in &branches {
                let when = if branches.len() == 1 { String::new() } else { shared(leading).join(", ") };
                let said = match decision {
                    None => "nothing | |".to_string(),
                    Some(d) => {
                        let actions: Vec<String> = d.actions.iter().map(|action| format!("{action:?}")).collect();
                        format!("{} | {} | {}", d.next.name(), d.rule, actions.join(", "))
                    }
                };
                writeln!(table, "| {} | {event:?} | {when} | {said} |", state.name()).unwrap();
            }
        }
    }
    insta::assert_snapshot!(table);
}

/// The column "when" is no mere hint: exactly the facts that fit it lead to the row.
#[test]
fn the_conditions_of_the_table_are_exact() {
    let facts = all_facts();
    for state in State::ALL {
        for event in EVENTS {
            for (decision, leading) in branches(state, event, &facts) {
                let when = shared(&leading);
                let fitting = facts.iter().filter(|f| when.iter().all(|word| words(f).contains(word))).count();
                assert_eq!(fitting, leading.len(), "{state:?} {event:?} {decision:?} when {when:?}");
            }
        }
    }
}

#[test]
fn recovery_from_fault_passes_through_backup() {
    every_decision(|state, event, _, decision| {
        assert!(state != State::Fault || decision.next != State::Master, "{event:?}: {decision:?}");
    });
}

#[test]
fn only_a_backup_becomes_master_and_only_then_takes_addresses() {
    every_decision(|state, event, _, decision| {
        let becomes_master = decision.next == State::Master && state != State::Master;
        let takes = positions(decision, Action::TakeAddresses).len();
        assert_eq!(takes, usize::from(becomes_master), "{state:?} {event:?}: {decision:?}");
        assert!(!becomes_master || state == State::Backup, "{state:?} {event:?}: {decision:?}");
    });
}

#[test]
fn whoever_leaves_master_drops_addresses_and_nobody_else_does() {
    every_decision(|state, event, _, decision| {
        let leaves = state == State::Master && decision.next != State::Master;
        let drops = positions(decision, Action::DropAddresses).len();
        assert_eq!(drops, usize::from(leaves), "{state:?} {event:?}: {decision:?}");
    });
}

#[test]
fn a_release_comes_before_the_addresses_go() {
    every_decision(|state, event, _, decision| {
        let dropped = positions(decision, Action::DropAddresses);
        for release in positions(decision, Action::SendRelease) {
            assert!(dropped.first().is_some_and(|drop| release < *drop), "{state:?} {event:?}: {decision:?}");
        }
    });
}

#[test]
fn an_advert_comes_before_the_addresses_are_taken() {
    every_decision(|state, event, _, decision| {
        let adverts = positions(decision, Action::SendAdvert);
        for take in positions(decision, Action::TakeAddresses) {
            assert!(adverts.first().is_some_and(|advert| *advert < take), "{state:?} {event:?}: {decision:?}");
        }
    });
}

#[test]
fn a_refused_packet_means_nothing_outside_master() {
    for facts in &all_facts() {
        for state in [State::Init, State::Backup, State::Fault] {
            assert_eq!(decide(state, Event::Refused, facts), None);
        }
    }
}

/// A router that listens or advertises always has its timer; one that does neither has none.
#[test]
fn every_change_of_state_leaves_the_right_timer() {
    const ARM: [Action; 4] = [Action::ArmAdvert, Action::ArmDown, Action::ArmSkew, Action::ArmAtOnce];
    every_decision(|state, event, _, decision| {
        if state == decision.next {
            return;
        }
        let armed: Vec<&Action> = decision.actions.iter().filter(|action| ARM.contains(action)).collect();
        match decision.next {
            State::Master => assert_eq!(armed, [&Action::ArmAdvert], "{state:?} {event:?}: {decision:?}"),
            State::Backup => {
                assert!(armed.len() == 1 && *armed[0] != Action::ArmAdvert, "{state:?} {event:?}: {decision:?}")
            }
            State::Init | State::Fault => assert!(armed.is_empty(), "{state:?} {event:?}: {decision:?}"),
        }
    });
}
