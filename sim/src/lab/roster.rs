//! The routers, and beside each what a crowded segment needs of it at every advert: when it wakes, and the advert that tells
//! it nothing new.
//!
//! A backup hears the same advert again and again, and only the last time matters. So that is written down here, and the
//! daemon learns of it when anything else touches its router: whoever takes a router to change it finds it up to date.
use std::ops::{Index, IndexMut};
use std::rc::Rc;

use vrrplab_engine::vrrp::says_the_same;
use vrrplab_engine::{Engine, Instant, Span};

use super::queue::Place;
use super::router::Router;
use crate::fabric::PortId;

/// Something that a port said, however often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Saying {
    from: PortId,
    number: u64,
}

/// What each port said last.
#[derive(Clone)]
pub(super) struct Sayings(Vec<(u64, Rc<[u8]>)>);

impl Sayings {
    pub fn new(ports: usize) -> Sayings {
        Sayings(vec![(0, Rc::from([])); ports])
    }

    /// The number of what this frame says: the same as that of the one before, when it says the same.
    pub fn number(&mut self, from: PortId, frame: &Rc<[u8]>) -> Saying {
        let (number, last) = &mut self.0[from.0];
        if !says_the_same(last, frame) {
            *number += 1;
            *last = Rc::clone(frame);
        }
        Saying { from, number: *number }
    }
}

/// What does nothing to a router but to put off when it wakes.
#[derive(Clone, Copy)]
struct Repeated {
    saying: Saying,
    to: PortId,
    /// How long the daemon waits after it.
    down: Span,
    /// When the router wakes in any case.
    rest: Option<Instant>,
    /// When it was heard last, while the daemon has not been told.
    heard: Option<Instant>,
}

/// When a router wakes.
#[derive(Clone, Copy, Default)]
struct Wish {
    /// The wake-up that is wanted.
    scheduled: Option<Place>,
    /// The entry of the queue that keeps it: at its place, or earlier, and then it moves on when its turn comes.
    queued: Option<Place>,
    repeated: Option<Repeated>,
}

/// What a turn in the queue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The router wakes.
    Now,
    /// Its wake-up has been put off to there since it was queued: a backup puts its off at every advert, and the queue
    /// need not hear of each.
    Later(Place),
    /// Nobody waits for it any more.
    Stale,
}

/// All routers, by number.
#[derive(Clone)]
pub(super) struct Roster {
    routers: Vec<Router>,
    wishes: Vec<Wish>,
}

impl Roster {
    pub fn new(routers: Vec<Router>) -> Roster {
        Roster { wishes: vec![Wish::default(); routers.len()], routers }
    }

    pub fn len(&self) -> usize {
        self.routers.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Router> {
        self.routers.iter()
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Router> {
        for n in 0..self.routers.len() {
            self.settle(n);
        }
        self.routers.iter_mut()
    }

    /// When this router wakes, as of now.
    pub fn scheduled(&self, n: usize) -> Option<Instant> {
        self.wishes[n].scheduled.map(|place| place.at)
    }

    /// Puts the wake-up of a router to a moment. The place of the queue at which there must be an entry for it now, if there
    /// is none that comes before.
    #[inline]
    pub fn schedule(&mut self, n: usize, at: Instant, take: impl FnOnce(Instant) -> Place) -> Option<Place> {
        self.wishes[n].schedule(at, take)
    }

    /// What the turn of a router is that stands at this place of the queue.
    pub fn due(&self, n: usize, place: Place) -> Turn {
        let wish = &self.wishes[n];
        match wish.scheduled {
            _ if wish.queued != Some(place) => Turn::Stale,
            Some(later) if later != place => Turn::Later(later),
            Some(_) => Turn::Now,
            None => Turn::Stale,
        }
    }

    /// The turn at this place has come.
    pub fn take(&mut self, n: usize, place: Place) -> Turn {
        let due = self.due(n, place);
        let wish = &mut self.wishes[n];
        match due {
            Turn::Later(later) => wish.queued = Some(later),
            Turn::Now => (wish.scheduled, wish.queued) = (None, None),
            Turn::Stale if wish.queued == Some(place) => wish.queued = None,
            Turn::Stale => {}
        }
        due
    }

    /// The router has just heard this, and it would tell it nothing new to hear it again.
    pub fn expect(&mut self, n: usize, saying: Saying, to: PortId, now: Instant) {
        let router = &self.routers[n];
        let others = router.others_due;
        let echo = router.engine.as_ref().filter(|_| router.clock.is_plain()).and_then(|engine| engine.echo(now));
        self.wishes[n].repeated = echo.map(|echo| {
            let rest = others.into_iter().chain(echo.rest).min();
            Repeated { saying, to, down: echo.down, rest, heard: None }
        });
    }

    /// A router hears something again, if that tells it nothing new. `None`: it has to look at it. Else as for
    /// [`Roster::schedule`].
    #[inline]
    pub fn hears_again(
        &mut self,
        n: usize,
        saying: Saying,
        to: PortId,
        now: Instant,
        take: impl FnOnce(Instant) -> Place,
    ) -> Option<Option<Place>> {
        let wish = &mut self.wishes[n];
        let repeated = wish.repeated.as_mut().filter(|repeated| repeated.saying == saying && repeated.to == to)?;
        repeated.heard = Some(now);
        let down = now + repeated.down;
        let at = repeated.rest.map_or(down, |rest| rest.min(down)).max(now);
        Some(wish.schedule(at, take))
    }

    /// Tells the daemon what it has heard; the next frame is looked at.
    fn settle(&mut self, n: usize) {
        if let Some(repeated) = self.wishes[n].repeated.take()
            && let Some(heard) = repeated.heard
            && let Some(engine) = &mut self.routers[n].engine
        {
            Engine::heard_again(engine, heard);
        }
    }
}

impl Wish {
    #[inline]
    fn schedule(&mut self, at: Instant, take: impl FnOnce(Instant) -> Place) -> Option<Place> {
        if self.scheduled.is_some_and(|scheduled| scheduled.at == at) {
            return None;
        }
        let place = take(at);
        self.scheduled = Some(place);
        if self.queued.is_some_and(|queued| queued <= place) {
            return None;
        }
        self.queued = Some(place);
        Some(place)
    }
}

impl Index<usize> for Roster {
    type Output = Router;

    fn index(&self, n: usize) -> &Router {
        &self.routers[n]
    }
}

impl IndexMut<usize> for Roster {
    #[inline]
    fn index_mut(&mut self, n: usize) -> &mut Router {
        self.settle(n);
        &mut self.routers[n]
    }
}
