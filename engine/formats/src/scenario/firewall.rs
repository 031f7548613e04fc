//! The packet filter of a node: what may be written, and how it is read.
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use vrrplab_engine::model::IfAddr;
use vrrplab_wire::flow::{TCP, UDP};

use super::leaf::{Kind, Leaf, Unreadable};
use super::reader::Reader;
use super::units::{Flag, Number, PairAddress, Protocol, Text, pick, vocabulary};
use crate::world::{Chain, FirewallRule};

const CHAINS: [(&str, Chain); 3] = [("in", Chain::In), ("out", Chain::Out), ("forward", Chain::Forward)];
const ACTIONS: [(&str, bool); 2] = [("drop", false), ("accept", true)];

/// Reads the direction of a rule.
pub(super) enum ChainKind {}
impl Kind for ChainKind {
    type Value = Chain;
    fn read(text: &str) -> Result<Chain, Unreadable> {
        pick(text, &CHAINS)
    }
    fn schema() -> Value {
        vocabulary(&CHAINS)
    }
}

/// Reads whether a rule lets pass.
pub(super) enum ActionKind {}
impl Kind for ActionKind {
    type Value = bool;
    fn read(text: &str) -> Result<bool, Unreadable> {
        pick(text, &ACTIONS)
    }
    fn schema() -> Value {
        vocabulary(&ACTIONS)
    }
}

/// One rule of a packet filter: everything that it says must be so.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FirewallText {
    /// `in` (for the node itself), `out` (from the node itself) or `forward`.
    pub(super) direction: Leaf<ChainKind>,
    /// The IP protocol by name or number; any when not given.
    pub(super) protocol: Option<Protocol>,
    /// Address or prefix of the sender.
    pub(super) source: Option<PairAddress>,
    /// Address or prefix of the receiver.
    pub(super) destination: Option<PairAddress>,
    /// By which interface it comes or leaves.
    pub(super) interface: Option<Text>,
    /// To a group or to everyone (`true`), or to one host (`false`).
    pub(super) multicast: Option<Flag>,
    /// `drop` or `accept`; drop when not given.
    pub(super) action: Option<Leaf<ActionKind>>,
    /// The TCP or UDP port that it is for; needs `protocol: tcp` or `udp`.
    pub(super) port: Option<Number>,
    /// Instead of `action`: packets for the node itself get this mark, for virtual servers by mark; later rules are asked too.
    pub(super) mark: Option<Number>,
}

impl Reader<'_> {
    /// The rules of a packet filter, on a node with these interfaces.
    pub(super) fn firewall(&mut self, texts: &[FirewallText], interfaces: &[String]) -> Vec<FirewallRule> {
        texts.iter().filter_map(|text| self.firewall_rule(text, interfaces)).collect()
    }

    fn firewall_rule(&mut self, text: &FirewallText, interfaces: &[String]) -> Option<FirewallRule> {
        let chain = self.read(&text.direction).map(|chain| chain.value);
        let protocol = self.or(&text.protocol, None);
        let (source, destination) = (self.maybe(&text.source), self.maybe(&text.destination));
        if let (Some(from), Some(to)) = (&source, &destination)
            && from.value.ip.is_ipv4() != to.value.ip.is_ipv4()
        {
            let title = "sender and receiver are of two families";
            self.refuse(to.span.clone(), title, "", "one packet has one family");
        }
        let prefix = |found: Option<crate::diagnostics::Spanned<IfAddr>>| found.map(|found| found.value);
        let (source, destination) = (prefix(source), prefix(destination));
        let iface = match &text.interface {
            Some(name) => Some(self.device(name, interfaces)?),
            None => None,
        };
        let multicast = self.maybe(&text.multicast).map(|flag| flag.value);
        let accept = self.or(&text.action, false);
        let port = self.rule_port(text, protocol)?;
        let mark = self.rule_mark(text, chain)?;
        Some(FirewallRule { chain: chain?, protocol, source, destination, iface, multicast, accept, port, mark })
    }

    fn rule_port(&mut self, text: &FirewallText, protocol: Option<u8>) -> Option<Option<u16>> {
        let Some(leaf) = &text.port else { return Some(None) };
        let read = self.read(leaf)?;
        let port = u16::try_from(read.value).ok().filter(|port| *port > 0);
        if port.is_none() {
            self.refuse(read.span, "that is no port", "", "from 1 to 65535");
        } else if !matches!(protocol, Some(TCP | UDP)) {
            self.refuse(read.span, "packets of this rule have no ports", "", "add `protocol: tcp` or `protocol: udp`");
            return None;
        }
        port.map(Some)
    }

    fn rule_mark(&mut self, text: &FirewallText, chain: Option<Chain>) -> Option<Option<u32>> {
        let Some(leaf) = &text.mark else { return Some(None) };
        let read = self.read(leaf)?;
        let mark = u32::try_from(read.value).ok().filter(|mark| *mark > 0);
        let wrong = if mark.is_none() {
            ("that is no mark", "from 1 to 4294967295")
        } else if text.action.is_some() {
            ("a rule marks or decides", "write two rules: one with `mark`, one with `action`")
        } else if chain.is_some_and(|chain| chain != Chain::In) {
            ("nobody looks at this mark", "marks lead to virtual servers: `direction: in`")
        } else {
            return Some(mark);
        };
        self.refuse(read.span, wrong.0, "", wrong.1);
        None
    }
}
