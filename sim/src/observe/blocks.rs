//! Blocks of clients in the timeline: one line when the first of a block gets no answer, one when all are answered again.
use vrrplab_engine::Instant;
use vrrplab_formats::world::{ClientId, Member, World};

use crate::observe::outage::Turn;
use crate::observe::words;

/// The blocks of a world, and how many of their clients are without answers.
#[derive(Clone, Debug, Default)]
pub struct Blocks {
    /// The block of each client.
    of: Vec<Option<usize>>,
    blocks: Vec<Block>,
}

#[derive(Clone, Debug)]
struct Block {
    name: String,
    first: usize,
    clients: usize,
    out: u64,
    since: Instant,
    lost: u64,
}

impl Blocks {
    /// The blocks of a world, none of whose clients has asked yet.
    pub fn new(world: &World) -> Blocks {
        let mut blocks: Vec<Block> = Vec::new();
        let mut of = Vec::new();
        for (position, client) in world.clients.iter().enumerate() {
            let Some(name) = &client.block else {
                of.push(None);
                continue;
            };
            if blocks.last().is_none_or(|block| block.name != *name) {
                let (name, first) = (name.clone(), position);
                blocks.push(Block { name, first, clients: 0, out: 0, since: Instant::ZERO, lost: 0 });
            }
            let last = blocks.len() - 1;
            blocks[last].clients += 1;
            of.push(Some(last));
        }
        Blocks { of, blocks }
    }

    /// Whether a client is one of a block.
    pub fn has(&self, client: ClientId) -> bool {
        self.of.get(client.0).is_some_and(Option::is_some)
    }

    /// The block of a host.
    pub fn of(&self, host: Member) -> Option<&str> {
        let Member::Client(client) = host else { return None };
        let block = self.of.get(client.0).copied().flatten()?;
        self.blocks.get(block).map(|block| block.name.as_str())
    }

    /// Name, first client and number of clients of every block.
    pub fn all(&self) -> impl Iterator<Item = (&str, usize, usize)> {
        self.blocks.iter().map(|block| (block.name.as_str(), block.first, block.clients))
    }

    /// A client's outage begins, goes on or ends: the block that this is news for, in words, and whether it is good.
    pub fn turn(&mut self, client: ClientId, name: &str, turn: &Turn) -> Option<(String, String, bool)> {
        let block = self.of.get(client.0).copied().flatten().and_then(|block| self.blocks.get_mut(block))?;
        match *turn {
            Turn::Down { request, asked } => {
                block.out += 1;
                if block.out > 1 {
                    block.lost += 1;
                    return None;
                }
                (block.since, block.lost) = (asked, 1);
                let what = format!(
                    "no answer to {name}, the first of {}: request {request} of {}",
                    block.clients,
                    words::time(asked)
                );
                Some((block.name.clone(), what, false))
            }
            Turn::Lost { .. } => {
                block.lost += 1;
                None
            }
            Turn::Back { at, .. } => {
                block.out = block.out.saturating_sub(1);
                let (after, lost) = (words::span(at.since(block.since)), words::count(block.lost, "request"));
                let what = format!("all {} are answered again after {after}, {lost} lost", block.clients);
                (block.out == 0).then(|| (block.name.clone(), what, true))
            }
        }
    }

    /// Blocks with clients that are still without answers, in words.
    pub fn still_out(&self) -> impl Iterator<Item = (String, String)> {
        self.blocks.iter().filter(|block| block.out > 0).map(|block| {
            let (since, lost) = (words::time(block.since), words::count(block.lost, "request"));
            let what = format!(
                "{} of {} still without an answer, the first since {since}, {lost} lost",
                block.out, block.clients
            );
            (block.name.clone(), what)
        })
    }
}
