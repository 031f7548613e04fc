//! Rogues and what they send, as written: hosts that belong to no cluster.
use std::net::IpAddr;

use schemars::JsonSchema;
use serde::Deserialize;
use vrrplab_engine::Span;
use vrrplab_engine::model::{Mac, Version};

use super::hosts::InUse;
use super::leaf::{Placed, Yaml};
use super::reader::Reader;
use super::security::SecurityText;
use super::units::{Address, FlagKind, Hardware, MaybePrefixed, Number, Prefixed, Text, Time, choices};
use crate::world::{ForgedAdvert, Forgery, Pace, Rogue, RogueFault, RogueId};

/// One rogue.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RogueText {
    /// Its segment.
    network: Text,
    /// Its address.
    address: Prefixed,
    /// Hardware address; 02:00:00:02:00:<rogue> when not given.
    mac: Option<Hardware>,
    /// OpenStack port security of its port; off when not given.
    port_security: Option<Placed<FlagKind, SecurityText>>,
}

/// Adverts of a rogue's own making.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ForgeText {
    /// Who sends.
    rogue: Text,
    /// Virtual router number.
    vrid: Number,
    /// 0 to 255; 0 is a release.
    priority: Number,
    /// 2 or 3; 2 when not given.
    version: Option<Number>,
    /// Sender's address; the rogue's own when not given.
    source: Option<Address>,
    /// Sender's hardware address; the rogue's own when not given.
    source_mac: Option<Hardware>,
    /// The virtual addresses that it names.
    vips: Vec<MaybePrefixed>,
    /// The advert interval that it names; 1s when not given.
    advert_int: Option<Time>,
    /// VRRPv2 password.
    auth_pass: Option<Text>,
    /// TTL or hop limit; 255 when not given.
    ttl: Option<Number>,
    /// Time between frames; without it, one frame.
    every: Option<Time>,
    /// So many frames.
    count: Option<Number>,
    /// For so long.
    #[serde(rename = "for")]
    length: Option<Time>,
}

/// Adverts that were heard before.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplayText {
    /// Who sends.
    rogue: Text,
    /// Whose adverts, as far as the rogue has heard them.
    of: Text,
    /// Time between frames; without it, one frame.
    every: Option<Time>,
    /// So many frames.
    count: Option<Number>,
    /// For so long.
    #[serde(rename = "for")]
    length: Option<Time>,
}

/// Announcements of an address (gratuitous ARP, neighbour advertisement).
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GarpText {
    /// Who sends.
    rogue: Text,
    /// The address.
    address: Address,
    /// Where it shall be; the rogue's own hardware address when not given.
    mac: Option<Hardware>,
    /// Time between frames; without it, one frame.
    every: Option<Time>,
    /// So many frames.
    count: Option<Number>,
    /// For so long.
    #[serde(rename = "for")]
    length: Option<Time>,
}

impl Reader<'_> {
    /// One rogue of the world.
    pub(super) fn read_rogue(
        &mut self,
        position: usize,
        name: &Yaml<String>,
        text: &RogueText,
        used: &mut InUse,
    ) -> Option<Rogue> {
        let network = self.network(&text.network);
        let derived = Mac([2, 0, 0, 2, 0, self.byte(position, name, "rogues")]);
        let mac = self.or(&text.mac, derived);
        let at = text.mac.as_ref().map_or(name, |m| &m.text);
        self.claim_mac(at, network, mac, &name.value, used);
        let addr = self.read(&text.address);
        if let Some(addr) = &addr {
            self.claim_ip(&text.address.text, network, addr.value.ip, &name.value, used);
        }
        let security = text.port_security.as_ref().and_then(|s| self.security(s));
        Some(Rogue { name: name.value.clone(), network: network?, mac, addr: addr?.value, security })
    }

    /// Adverts of a rogue's own making.
    pub(super) fn forge(&mut self, text: &ForgeText) -> Option<RogueFault> {
        let rogue = self.rogue(&text.rogue);
        let pace = self.pace(&text.every, &text.count, &text.length);
        let vrid = self.small_number(&text.vrid, 1, "a virtual router number");
        let priority = self.small_number(&text.priority, 0, "a priority");
        let ttl = text.ttl.as_ref().map_or(Some(255), |ttl| self.small_number(ttl, 0, "a TTL"));
        let version = self.version(&text.version);
        let source = self.maybe(&text.source).map(|source| source.value);
        let source_mac = self.maybe(&text.source_mac).map(|mac| mac.value);
        let vips: Vec<IpAddr> = text.vips.iter().filter_map(|vip| self.read(vip)).map(|vip| vip.value.0).collect();
        let interval = self.or(&text.advert_int, Span::from_secs(1));
        let auth = text.auth_pass.as_ref().map(|pass| self.password(pass, version));
        let rogue = rogue?;
        let own = self.rogues.get(rogue.0)?.clone()?;
        let source = source.unwrap_or(own.addr.ip);
        for (vip, leaf) in vips.iter().zip(&text.vips) {
            if vip.is_ipv4() != source.is_ipv4() {
                let help = format!("the advert comes from {source}");
                self.refuse_at(&leaf.text, "an advert names addresses of one family", "other family", &help);
            }
        }
        let advert = ForgedAdvert {
            version: version?,
            vrid: vrid?,
            priority: priority?,
            source,
            source_mac: source_mac.unwrap_or(own.mac),
            vips,
            interval,
            auth: auth.flatten(),
            ttl: ttl?,
        };
        Some(RogueFault { rogue, sends: Forgery::Advert(Box::new(advert)), pace: pace? })
    }

    /// Adverts that were heard before.
    pub(super) fn replay(&mut self, text: &ReplayText) -> Option<RogueFault> {
        let (rogue, of) = (self.rogue(&text.rogue), self.node(&text.of));
        let pace = self.pace(&text.every, &text.count, &text.length)?;
        let (rogue, of) = (rogue?, of?);
        let network = self.rogues.get(rogue.0)?.as_ref()?.network;
        if self.nodes[of.0].ports.iter().all(|port| port.network != network) {
            let title = format!("`{}` cannot hear `{}`", text.rogue.text.value, text.of.text.value);
            self.refuse_at(&text.of.text, title, "not on its network", "a rogue hears the segment of its port");
        }
        Some(RogueFault { rogue, sends: Forgery::Replay { of }, pace })
    }

    /// Announcements of an address.
    pub(super) fn garp(&mut self, text: &GarpText) -> Option<RogueFault> {
        let rogue = self.rogue(&text.rogue);
        let pace = self.pace(&text.every, &text.count, &text.length);
        let ip = self.read(&text.address);
        let mac = self.maybe(&text.mac).map(|mac| mac.value);
        let rogue = rogue?;
        let own = self.rogues.get(rogue.0)?.as_ref()?.mac;
        let sends = Forgery::Announce { ip: ip?.value, mac: mac.unwrap_or(own) };
        Some(RogueFault { rogue, sends, pace: pace? })
    }

    /// The rogue of this name.
    fn rogue(&mut self, leaf: &Text) -> Option<RogueId> {
        let found = self.rogue_names.iter().position(|name| *name == leaf.text.value);
        if found.is_none() {
            let help = choices(&leaf.text.value, self.rogue_names.iter().map(String::as_str));
            self.refuse_at(&leaf.text, format!("unknown rogue `{}`", leaf.text.value), "no such name", &help);
        }
        found.map(RogueId)
    }

    fn pace(&mut self, every: &Option<Time>, count: &Option<Number>, length: &Option<Time>) -> Option<Pace> {
        let Some(every) = every else {
            if let Some(at) = count.as_ref().map(|c| &c.text).or(length.as_ref().map(|l| &l.text)) {
                self.refuse_at(at, "how often is not said", "", "add `every`; without it, one frame is sent");
                return None;
            }
            return Some(Pace { every: Span::from_secs(1), count: Some(1) });
        };
        let distance = self.read(every)?.value;
        if distance == Span::ZERO {
            self.refuse_at(&every.text, "frames need time between them", "", "for instance 1ms");
            return None;
        }
        if let (Some(_), Some(length)) = (count, length) {
            self.refuse_at(&length.text, "`count` and `for` say the same", "one of two", "leave one of them out");
            return None;
        }
        let by_length = self.maybe(length).map(|length| length.value.0.div_ceil(distance.0));
        let count = match count {
            None => by_length,
            Some(count) => {
                let read = self.read(count)?;
                Some(u64::try_from(read.value).unwrap_or(0))
            }
        };
        if count == Some(0) {
            self.refuse_at(&every.text, "nothing would be sent", "", "say how many frames, or for how long");
            return None;
        }
        Some(Pace { every: distance, count })
    }

    fn small_number(&mut self, leaf: &Number, least: u8, what: &str) -> Option<u8> {
        let read = self.read(leaf)?;
        let value = u8::try_from(read.value).ok().filter(|value| *value >= least);
        if value.is_none() {
            self.refuse(read.span, format!("{} is not {what}", read.value), "", &format!("from {least} to 255"));
        }
        value
    }

    fn version(&mut self, leaf: &Option<Number>) -> Option<Version> {
        let Some(leaf) = leaf else { return Some(Version::V2) };
        let read = self.read(leaf)?;
        match read.value {
            2 => Some(Version::V2),
            3 => Some(Version::V3),
            other => {
                self.refuse(read.span, format!("{other} is no version of VRRP"), "", "2 or 3");
                None
            }
        }
    }

    fn password(&mut self, leaf: &Text, version: Option<Version>) -> Option<[u8; 8]> {
        if version == Some(Version::V3) {
            self.refuse_at(&leaf.text, "version 3 has no passwords", "", "leave it out, or write `version: 2`");
        }
        let words = leaf.text.value.as_bytes();
        let mut password = [0; 8];
        let Some(start) = password.get_mut(..words.len()) else {
            self.refuse_at(&leaf.text, "the password is too long", "", "eight bytes travel in an advert");
            return None;
        };
        start.copy_from_slice(words);
        Some(password)
    }
}
