//! What is to be looked at during a run: `ipvs@12s`, `conns@12s:lb1`, in scenarios and on the command line.
use vrrplab_engine::{Instant, Span};

use super::leaf::{Leaf, Unreadable};
use super::reader::Reader;
use super::units::{LookWord, choices, time};
use crate::world::{ClientId, Look, Member, NetworkId, NodeId, Subject, View, World};

/// A look as written: what, when, and at whom.
pub(super) type Written = (View, Span, Option<String>);

/// Reads `VIEW@TIME` or `VIEW@TIME:HOST`.
pub(super) fn written(text: &str) -> Result<Written, Unreadable> {
    let help =
        "write VIEW@TIME, or VIEW@TIME:HOST for one host, such as `ipvs@12s:lb1`, or `fdb@12s:NETWORK` for a switch";
    let Some((view, rest)) = text.split_once('@') else {
        return Err(Unreadable::new(format!("`{text}` does not say when"), help));
    };
    let Some((_, view)) = View::NAMED.into_iter().find(|(name, _)| *name == view) else {
        let known = View::NAMED.iter().map(|(name, _)| *name);
        return Err(Unreadable::new(format!("`{view}` is nothing to look at"), choices(view, known)));
    };
    let (at, host) = rest.split_once(':').map_or((rest, None), |(at, host)| (at, Some(host.to_owned())));
    Ok((view, time(at)?, host))
}

impl Reader<'_> {
    /// All looks of a scenario.
    pub(super) fn looks(&mut self, texts: &[LookWord]) -> Vec<Look> {
        let mut all = Vec::new();
        for text in texts {
            let Some(read) = self.read(text) else { continue };
            let (view, at, host) = read.value.clone();
            self.check_end(&read.with(at));
            let of = host.map(|name| {
                let mut word = text.text.clone();
                word.value = name;
                let word = Leaf::<super::units::TextKind>::new(word);
                match view {
                    View::Fdb => self.network(&word).map(Subject::Switch),
                    _ => self.member(&word).map(Subject::Host),
                }
            });
            if of != Some(None) {
                all.push(Look { view, at: Instant(at.0), of: of.flatten() });
            }
        }
        all
    }
}

/// Reads a look at a world from the command line. The words of an error are for people.
pub fn look(world: &World, text: &str) -> Result<Look, String> {
    let (view, at, host) = written(text).map_err(|why| format!("{}: {}", why.title, why.help))?;
    if at > world.duration {
        return Err(format!("`{text}` is after the end of {}, at {}", world.name, world.duration));
    }
    let of = host.map(|name| match view {
        View::Fdb => switch(world, &name).map(Subject::Switch),
        _ => member(world, &name).map(Subject::Host),
    });
    Ok(Look { view, at: Instant(at.0), of: of.transpose()? })
}

fn switch(world: &World, name: &str) -> Result<NetworkId, String> {
    let found = world.networks.iter().position(|network| network.name == name).map(NetworkId);
    let known = world.networks.iter().map(|network| network.name.as_str());
    found.ok_or_else(|| format!("unknown network `{name}` in {}: {}", world.name, choices(name, known)))
}

/// The host of this name.
pub fn member(world: &World, name: &str) -> Result<Member, String> {
    let node = world.nodes.iter().position(|n| n.model.name == name).map(|n| Member::Node(NodeId(n)));
    let client = || world.clients.iter().position(|c| c.name == name).map(|c| Member::Client(ClientId(c)));
    node.or_else(client).ok_or_else(|| {
        let nodes = world.nodes.iter().map(|n| n.model.name.as_str());
        let known = nodes.chain(world.clients.iter().map(|c| c.name.as_str()));
        format!("unknown host `{name}` in {}: {}", world.name, choices(name, known))
    })
}
