//! A guessed scenario as YAML, with comments for who will change it.
use std::fmt::Write;

use vrrplab_engine::model::IfAddr;

use super::story::Expected;
use super::{Starter, quoted};

/// The whole file.
pub(super) fn yaml(starter: &Starter<'_>, found: &[Option<String>]) -> String {
    let mut text = String::from(HEAD);
    let story = &starter.story;
    let victim = starter.routers.get(story.victim).map_or("", |router| router.name.as_str());
    let about = format!("The router {victim} loses power at {} s and comes back at {} s.", story.crash, story.back);
    let _ = write!(text, "about: {}\nduration: {}s\n\nnetworks:\n", quoted(&about), story.end);
    for network in &starter.networks {
        let _ = writeln!(text, "  {}: {{delay: 100us}}", quoted(&network.name));
    }
    text.push_str("\nnodes:\n");
    for position in 0..starter.routers.len() {
        node(&mut text, starter, position);
    }
    if let Some(client) = &starter.client {
        let (name, network) = (quoted(&client.name), quoted(&client.network));
        let (own, asks) = (quoted(&prefixed(client.own)), quoted(&client.asks.to_string()));
        let _ = write!(
            text,
            "\nclients:\n  # `http: \"ADDRESS:PORT\"` fetches a page instead (nodes with `http: true` answer on port 80)\n  \
             {name}: {{network: {network}, address: {own}, ping: {asks}, every: 200ms, timeout: 500ms, from: {}s}}\n",
            story.settled
        );
    }
    servers(&mut text, starter);
    let (crash, back, victim) = (story.crash, story.back, quoted(victim));
    let _ = write!(
        text,
        "\ntimeline:\n  - {{at: {crash}s, do: {{crash: {victim}}}}}\n  - {{at: {back}s, do: {{start: {victim}}}}}\n  \
         # other things that go wrong: stop, kill, pause and resume, port_down, cut, partition, reload, ...\n"
    );
    promises(&mut text, &story.promises, found);
    text
}

fn node(text: &mut String, starter: &Starter<'_>, position: usize) {
    let router = &starter.routers[position];
    let _ = writeln!(text, "  {}:\n    interfaces:", quoted(&router.name));
    for (at, interface) in router.subject.model.interfaces.iter().enumerate() {
        let places = starter.networks.iter().zip(&starter.addresses);
        let place = places.into_iter().find_map(|(network, addresses)| {
            let nic = network.nics.iter().position(|nic| *nic == (position, at))?;
            Some((network, addresses.get(nic)?))
        });
        let Some((network, addresses)) = place else { continue };
        let addresses: Vec<String> = addresses.iter().map(|address| quoted(&prefixed(*address))).collect();
        let (name, network) = (quoted(&interface.name), quoted(&network.name));
        let _ = writeln!(text, "      {name}: {{network: {network}, addresses: [{}]}}", addresses.join(", "));
    }
    let _ = writeln!(text, "    keepalived: {}", quoted(&router.conf));
}

fn prefixed(address: IfAddr) -> String {
    format!("{}/{}", address.ip, address.prefix)
}

/// What the scenario does not play.
fn servers(text: &mut String, starter: &Starter<'_>) {
    let all: usize = starter.routers.iter().map(|router| router.subject.model.servers.len()).sum();
    if all > 0 {
        text.push_str("\n# The virtual servers of these files are read, but nothing stands behind them here.\n");
    }
}

fn promises(text: &mut String, promises: &[Expected], found: &[Option<String>]) {
    if promises.is_empty() {
        text.push_str("\n# Nothing is expected yet: `vrrplab check` tells whether these routers can work together, and how fast.\n");
        return;
    }
    let whole = promises.iter().enumerate().all(|(at, _)| found.get(at).is_some_and(Option::is_some));
    text.push_str(if whole { "\n# expect:\n" } else { "\nexpect:\n" });
    for (at, promise) in promises.iter().enumerate() {
        let _ = writeln!(text, "  # {}", promise.why);
        match found.get(at).and_then(Option::as_ref) {
            None => {
                let _ = writeln!(text, "  - {}", promise.line);
            }
            Some(found) => {
                let found = found.replace(['\n', '\r'], " ");
                let _ = write!(text, "  # by these numbers alone, but a run shows: {found}\n  # - {}\n", promise.line);
            }
        }
    }
}

const HEAD: &str = "\
# Made by `vrrplab new` around keepalived.conf files. They do not tell what they are plugged into, nor the addresses of their
# machines: what stands under `networks`, `addresses` and `clients` is guessed, so that it runs. Put in your own.
# `vrrplab run` plays it, `vrrplab check` reads the files alone, docs/scenario.md tells the keys.
";
