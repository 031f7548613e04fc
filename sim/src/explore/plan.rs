//! The faults of one seed: which kinds it has, how many, where and when.
use vrrplab_engine::{Instant, Span};
use vrrplab_formats::world::{TimedFault, World};

use super::kind::Kind;
use super::spot::Spot;
use super::strike::{Strike, draw};
use crate::chance::Chance;

/// How often at most one kind strikes one place.
const ROUNDS: usize = 2;

/// Draws the faults of a seed, at most so many, in order of time. All are over by the end of `window`.
///
/// Each kind's share is drawn first, so that seeds differ in kind. Then every spot draws from a stream of its own:
/// whether it is struck, when, and its rank. Where there are too many, those with the lowest ranks stay.
pub fn strikes(spots: &[Spot], seed: u64, most: u64, world: &World, window: Span) -> Vec<Strike> {
    let mut kinds = Chance::new(seed, "explore/kinds");
    let limit = kinds.below(most + 1);
    let mut shares = Vec::with_capacity(Kind::ALL.len());
    for _ in Kind::ALL {
        let (on, share) = (kinds.below(4) == 0, kinds.below(500_000));
        shares.push(if on { u32::try_from(share).unwrap_or_default() } else { 0 });
    }
    let mut drawn: Vec<(u64, usize, Strike)> = Vec::new();
    for (position, spot) in spots.iter().enumerate() {
        let share = shares[spot.kind as usize];
        if share == 0 || limit == 0 {
            continue;
        }
        let mut chance = Chance::new(seed, &spot.label);
        for _ in 0..ROUNDS {
            if !chance.ppm(share) {
                continue;
            }
            let rank = chance.bits();
            let strike = draw(spot, seed, &mut chance, world, window);
            drawn.extend(strike.map(|strike| (rank, position, strike)));
        }
    }
    drawn.sort_by_key(|(rank, position, _)| (*rank, *position));
    drawn.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    drawn.sort_by_key(|(_, position, strike)| (strike.at, *position));
    drawn.into_iter().map(|(_, _, strike)| strike).collect()
}

/// These faults beside those that a scenario has, in order of time; at the same moment, the scenario's come first.
pub fn timeline(own: &[TimedFault], strikes: &[Strike]) -> Vec<TimedFault> {
    let drawn = strikes.iter().flat_map(Strike::faults).map(|(at, fault)| TimedFault { at, fault: fault.clone() });
    let mut all: Vec<TimedFault> = own.iter().cloned().chain(drawn).collect();
    all.sort_by_key(|timed| timed.at);
    all
}

/// How long faults may come, and how long calm must last after them, for a world as its scenario has it.
pub fn phases(world: &World, calm: Span) -> (Span, Span) {
    let last = world.faults.iter().map(|timed| timed.at).max().unwrap_or(Instant(0));
    let window = world.duration.min(LONGEST).max(Span(last.0));
    let tree = world.networks.iter().map(|network| network.switch.stp);
    let tree = tree.filter(|stp| stp.mode != vrrplab_formats::world::TreeMode::Off).map(|stp| stp.forward_delay);
    let moves = world.networks.iter().filter_map(|network| network.cloud.as_ref()).map(|cloud| cloud.move_takes);
    let slow = tree.map(|delay| delay.times(2)).chain(moves).max().unwrap_or_default();
    (window, (calm + Span::from_secs(2)).max(Span::from_secs(10)) + slow)
}

/// Faults come in the first minute, if the scenario itself does not need longer.
const LONGEST: Span = Span::from_secs(60);
