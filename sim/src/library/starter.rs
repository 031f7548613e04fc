//! New scenarios: an example to change, and scenarios guessed around keepalived.conf files.
//!
//! A configuration says neither what it is plugged into nor what addresses its machine has. `networks` guesses the first,
//! `addresses` the second, `story` thinks of something that goes wrong, `text` writes it down, `around` plays it once.
mod addresses;
mod around;
mod networks;
mod story;
mod text;

use std::collections::BTreeSet;

use vrrplab_engine::model::IfAddr;
use vrrplab_formats::lint::{Subject, Takeover};

pub use around::{Conf, Memory, around};
use networks::Network;
use story::Story;

/// An example that runs as it is.
pub const EXAMPLE: &str = include_str!("starter/example.yaml");

/// A router of the scenario to be written.
#[derive(Clone, Debug)]
pub struct Router {
    /// Its name in the scenario.
    pub name: String,
    /// What the scenario calls its keepalived.conf.
    pub conf: String,
    /// The configuration.
    pub subject: Subject,
}

/// The guess around some configurations.
#[derive(Debug)]
pub struct Starter<'r> {
    routers: &'r [Router],
    networks: Vec<Network>,
    /// Addresses of each network's interfaces, in their order.
    addresses: Vec<Vec<Vec<IfAddr>>>,
    client: Option<Client>,
    story: Story,
}

/// Who asks for the first virtual address.
#[derive(Debug)]
struct Client {
    name: String,
    network: String,
    own: IfAddr,
    asks: std::net::IpAddr,
}

impl<'r> Starter<'r> {
    /// Guesses networks, addresses, a client and a story.
    pub fn around(routers: &'r [Router], takeovers: &[Takeover]) -> Starter<'r> {
        let networks = networks::guess(routers);
        let mut lots = addresses::Lots::new(routers);
        let subnets: Vec<_> = networks.iter().enumerate().map(|(n, net)| lots.subnets(net, n)).collect();
        let pairs = networks.iter().zip(&subnets);
        let addresses = pairs.map(|(net, subnets)| lots.assign(net, subnets)).collect();
        let client = networks.iter().zip(&subnets).find_map(|(network, subnets)| {
            let (own, asks) = lots.client(network, subnets)?;
            let taken: BTreeSet<&str> = routers.iter().map(|router| router.name.as_str()).collect();
            let name = ["client", "client-1", "client-2"].into_iter().find(|name| !taken.contains(name))?;
            Some(Client { name: name.to_owned(), network: network.name.clone(), own, asks })
        });
        Starter { routers, networks, addresses, client, story: Story::of(routers, takeovers) }
    }

    /// The scenario. `found` tells for each promise, in order, what a run showed instead, where it did not hold: such a
    /// promise becomes a comment.
    pub fn yaml(&self, found: &[Option<String>]) -> String {
        text::yaml(self, found)
    }
}

/// A word as YAML: quoted where it could be taken for something else.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.' | '/');
    let special = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    let begins = word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/') || word.starts_with("../");
    if begins && word.chars().all(plain) && !special.contains(&word.to_ascii_lowercase().as_str()) {
        return word.to_owned();
    }
    let mut text = String::from("\"");
    for letter in word.chars() {
        match letter {
            '"' | '\\' => text.extend(['\\', letter]),
            letter if letter.is_control() => text.push_str(&format!("\\u{:04x}", u32::from(letter))),
            letter => text.push(letter),
        }
    }
    text + "\""
}

#[cfg(test)]
mod tests;
