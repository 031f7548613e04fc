//! Clouds of a scenario: networks that are no switch, who asks them to move addresses, and what goes wrong with that.
use schemars::JsonSchema;
use serde::Deserialize;
use vrrplab_engine::model::InterfaceModel;

use super::leaf::{Kind, Placed, Short, Unreadable, Yaml};
use super::reader::Reader;
use super::units::{Address, Flag, Protocol, ProviderWord, Text, Time, pick, vocabulary};
use crate::world::{Cloud, CloudCall, CloudFault, Fault, PortSecurity, Provider};

/// What a network's `cloud` word stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CloudWord {
    /// A mapping instead of a switch.
    Mapped(Provider),
    /// A switch with port security at each router's port.
    OpenStack,
}

/// The word of a network's `cloud`.
pub(super) enum CloudKind {}

const CLOUDS: [(&str, CloudWord); 4] = [
    ("aws", CloudWord::Mapped(Provider::Aws)),
    ("gcp", CloudWord::Mapped(Provider::Gcp)),
    ("azure", CloudWord::Mapped(Provider::Azure)),
    ("openstack", CloudWord::OpenStack),
];

impl Kind for CloudKind {
    type Value = CloudWord;
    fn read(text: &str) -> Result<CloudWord, Unreadable> {
        pick(text, &CLOUDS)
    }
    fn schema() -> serde_json::Value {
        vocabulary(&CLOUDS)
    }
}

/// A cloud with ways of its own.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CloudText {
    /// Whose ways it has but for what is written here.
    pub(super) provider: ProviderWord,
    /// The IP protocols that it carries, by name or number; `any` for all.
    pub(super) carries: Option<Vec<Protocol>>,
    /// A packet's source must be an address of the interface that sends it; true when not given.
    pub(super) source_check: Option<Flag>,
    /// From an API call until the address has moved.
    pub(super) move_takes: Option<Time>,
}

/// What a program of a node asks of the cloud.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CloudCallText {
    /// The program and its first arguments, as in keepalived.conf.
    pub(super) run: Text,
    /// The interface that gets the addresses; may be left out when the node has just one.
    pub(super) interface: Option<Text>,
    /// The addresses that are moved there.
    pub(super) assign: Vec<Address>,
}

/// What happens to a cloud: `assign` with `node`, or `moves_take` or `refuses` with `network`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CloudFaultText {
    /// Somebody moves this address by hand, at once.
    pub(super) assign: Option<Address>,
    /// To this node.
    pub(super) node: Option<Text>,
    /// Its interface; may be left out when it has just one.
    pub(super) interface: Option<Text>,
    /// Which cloud.
    pub(super) network: Option<Text>,
    /// API calls take so long from now on.
    pub(super) moves_take: Option<Time>,
    /// API calls are refused from now on, or accepted again.
    pub(super) refuses: Option<Flag>,
}

impl Reader<'_> {
    /// What `cloud` makes of a network: a mapping, or port security for the routers' ports.
    pub(super) fn cloud(
        &mut self,
        text: Option<&Placed<CloudKind, CloudText>>,
    ) -> (Option<Cloud>, Option<PortSecurity>) {
        let Some(text) = text else { return (None, None) };
        match &text.0.value {
            Short::Word(word, _) => match self.placed_word::<CloudKind, _>(word, &text.0).map(|read| read.value) {
                Some(CloudWord::Mapped(provider)) => (Some(provider.preset()), None),
                Some(CloudWord::OpenStack) => (None, Some(PortSecurity::default())),
                None => (None, None),
            },
            Short::Long(long) => (self.cloud_in_full(long), None),
        }
    }

    fn cloud_in_full(&mut self, text: &CloudText) -> Option<Cloud> {
        let provider = self.read(&text.provider).map(|read| read.value);
        let protocols: Vec<Option<u8>> =
            text.carries.iter().flatten().filter_map(|word| self.read(word)).map(|read| read.value).collect();
        let source_check = self.or(&text.source_check, true);
        let takes = self.maybe(&text.move_takes).map(|read| read.value);
        let mut cloud = provider?.preset();
        if text.carries.is_some() {
            cloud.carries = protocols.iter().copied().collect();
        }
        cloud.source_check = source_check;
        cloud.move_takes = takes.unwrap_or(cloud.move_takes);
        Some(cloud)
    }

    /// What the programs of a node ask of clouds.
    pub(super) fn cloud_calls(
        &mut self,
        node: &Yaml<String>,
        texts: Option<&[CloudCallText]>,
        interfaces: &[InterfaceModel],
    ) -> Vec<CloudCall> {
        let mut calls = Vec::new();
        for text in texts.into_iter().flatten() {
            let run = self.read(&text.run).map(|run| run.value.split_whitespace().map(str::to_owned).collect());
            let assign = text.assign.iter().filter_map(|leaf| self.read(leaf)).map(|read| read.value).collect();
            let named = text.interface.as_ref().map(|leaf| &leaf.text);
            let nic = match named {
                Some(name) => interfaces.iter().position(|i| i.name == name.value),
                None => (interfaces.len() == 1).then_some(0),
            };
            match (nic, named) {
                (None, Some(name)) => {
                    let known: Vec<String> = interfaces.iter().map(|i| i.name.clone()).collect();
                    self.unknown(name, "interface", &known);
                }
                (None, None) => {
                    let title = format!("which interface of `{}` gets the address?", node.value);
                    self.refuse_at(&text.run.text, title, "", "add `interface:`");
                }
                (Some(nic), _) => calls.extend(run.map(|run| CloudCall { run, nic, assign })),
            }
        }
        calls
    }

    /// A fault of a cloud.
    pub(super) fn cloud_fault(&mut self, text: &CloudFaultText) -> Option<Fault> {
        let assign = self.maybe(&text.assign).map(|read| read.value);
        let takes = self.maybe(&text.moves_take).map(|read| read.value);
        let refuses = self.maybe(&text.refuses).map(|read| read.value);
        let fault = match (assign, takes, refuses, &text.node, &text.network) {
            (Some(address), None, None, Some(node), None) => {
                CloudFault::Assign { nic: self.nic(node, &text.interface)?, address }
            }
            (None, Some(takes), None, None, Some(network)) => {
                CloudFault::MovesTake { network: self.cloud_network(network)?, takes }
            }
            (None, None, Some(refuses), None, Some(network)) => {
                CloudFault::Refuses { network: self.cloud_network(network)?, refuses }
            }
            _ => {
                let words = [&text.node, &text.network].into_iter().flatten().next().map(|leaf| &leaf.text);
                let help = "write `assign` with `node`, or `network` with one of `moves_take` and `refuses`";
                let title = "it is not clear what happens to the cloud";
                match (words, &text.assign) {
                    (Some(at), _) => self.refuse_at(at, title, "", help),
                    (None, Some(at)) => self.refuse_at(&at.text, title, "", help),
                    (None, None) => self.refuse(0..0, title, "", help),
                }
                return None;
            }
        };
        Some(Fault::Cloud(fault))
    }

    fn cloud_network(&mut self, leaf: &Text) -> Option<crate::world::NetworkId> {
        let network = self.network(leaf)?;
        if self.networks[network.0].cloud.is_none() {
            let title = format!("network `{}` is a switch", leaf.text.value);
            self.refuse_at(&leaf.text, title, "no cloud", "give it for instance `cloud: aws`");
            return None;
        }
        Some(network)
    }
}
