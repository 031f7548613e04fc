//! One direction of a link: delay, jitter, loss, bursts, duplicates, frames held back or spoilt, and a limited bandwidth.
use std::collections::VecDeque;

use vrrplab_engine::{Instant, Span};
use vrrplab_formats::world::LinkQuality;

use super::LinkDrop;
use crate::chance::Chance;

/// What a frame takes on the wire besides its own bytes: preamble, check sequence and gap; and the least it can have.
const FRAMING: u64 = 24;
const SHORTEST: u64 = 60;

/// One direction of a link.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    chance: Chance,
    /// What only special links need.
    effects: Option<Box<Effects>>,
}

/// Each effect has a stream of its own, so that none shifts another.
#[derive(Clone, Debug)]
struct Effects {
    burst: Chance,
    duplicate: Chance,
    reorder: Chance,
    corrupt: Chance,
    /// In a run of lost frames.
    losing: bool,
    /// When the frames that wait or are being sent have left.
    departures: VecDeque<Instant>,
}

/// A frame that got across.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Crossed {
    pub(super) at: Instant,
    pub(super) twice: bool,
    /// It was held back: later frames may be faster.
    pub(super) held: bool,
}

impl Lane {
    /// A lane with the streams of this label.
    pub(super) fn new(seed: u64, label: &str, link: &LinkQuality) -> Lane {
        let mut lane = Lane { chance: Chance::new(seed, label), effects: None };
        lane.prepare(seed, label, link);
        lane
    }

    /// Makes ready for a quality that needs more than delay, jitter and loss.
    pub(super) fn prepare(&mut self, seed: u64, label: &str, link: &LinkQuality) {
        if link.is_special() && self.effects.is_none() {
            let [burst, duplicate, reorder, corrupt] = Effects::streams(seed, label);
            let departures = VecDeque::new();
            self.effects = Some(Box::new(Effects { burst, duplicate, reorder, corrupt, losing: false, departures }));
        }
    }

    /// Later frames go by the streams of another seed; those on the way, and a run of lost frames, stay as they are.
    pub(super) fn redraw(&mut self, seed: u64, label: &str) {
        self.chance = Chance::new(seed, label);
        if let Some(effects) = &mut self.effects {
            [effects.burst, effects.duplicate, effects.reorder, effects.corrupt] = Effects::streams(seed, label);
        }
    }

    /// Whether it never needed more than delay, jitter and loss.
    pub(super) fn is_plain(&self) -> bool {
        self.effects.is_none()
    }

    /// Whether the next frame is lost.
    pub(super) fn loses(&mut self, link: &LinkQuality) -> bool {
        match &mut self.effects {
            Some(effects) if link.burst > 1 && link.loss_ppm > 0 => effects.loses(link),
            _ => self.chance.ppm(link.loss_ppm),
        }
    }

    /// Sends a frame of so many bytes across.
    pub(super) fn cross(&mut self, link: &LinkQuality, at: Instant, bytes: usize) -> Result<Crossed, LinkDrop> {
        let Some(effects) = &mut self.effects else {
            return Ok(Crossed { at: at + crossing(link, &mut self.chance), twice: false, held: false });
        };
        // Drawn for every frame, so that the other effects do not shift it.
        let takes = crossing(link, &mut self.chance);
        let left = effects.leaves(link, at, bytes)?;
        if effects.corrupt.ppm(link.corrupt_ppm) {
            return Err(LinkDrop::Corrupt);
        }
        let mut arrived = left + takes;
        let held = effects.reorder.ppm(link.reorder_ppm);
        if held {
            arrived += link.reorder_delay;
        }
        Ok(Crossed { at: arrived, twice: effects.duplicate.ppm(link.duplicate_ppm), held })
    }
}

impl Effects {
    fn streams(seed: u64, label: &str) -> [Chance; 4] {
        ["burst", "duplicate", "reorder", "corrupt"].map(|what| Chance::new(seed, &format!("{label}/{what}")))
    }

    /// Two states: in the bad one every frame is lost. It is left with 1 of `burst`, and entered so often that the
    /// share of lost frames is the wanted one.
    fn loses(&mut self, link: &LinkQuality) -> bool {
        const WHOLE: u64 = 1_000_000_000;
        let kept = 1_000_000_u64.saturating_sub(u64::from(link.loss_ppm));
        let leave = WHOLE / u64::from(link.burst.max(1));
        let enter = (leave * u64::from(link.loss_ppm)).checked_div(kept).unwrap_or(WHOLE);
        let drawn = self.burst.below(WHOLE);
        self.losing = if self.losing { kept == 0 || drawn >= leave } else { drawn < enter };
        self.losing
    }

    /// When the last bit has left, or that the queue is full.
    fn leaves(&mut self, link: &LinkQuality, at: Instant, bytes: usize) -> Result<Instant, LinkDrop> {
        if link.bandwidth == 0 {
            self.departures.clear();
            return Ok(at);
        }
        while self.departures.front().is_some_and(|left| *left <= at) {
            self.departures.pop_front();
        }
        if u64::try_from(self.departures.len()).unwrap_or(u64::MAX) >= u64::from(link.queue) {
            return Err(LinkDrop::Queue);
        }
        let bits = 8 * (u64::try_from(bytes).unwrap_or(u64::MAX).max(SHORTEST).saturating_add(FRAMING));
        let takes = Span(bits.saturating_mul(1_000_000_000) / link.bandwidth);
        let left = self.departures.back().copied().unwrap_or(at).max(at) + takes;
        self.departures.push_back(left);
        Ok(left)
    }
}

/// The time of one crossing of a link.
fn crossing(link: &LinkQuality, chance: &mut Chance) -> Span {
    match link.jitter {
        Span::ZERO => link.delay,
        jitter => link.delay + Span(chance.below(jitter.0.saturating_add(1))),
    }
}
