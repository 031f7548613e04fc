//! The adverts and announcements that nodes were seen sending, field by field.
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use serde_json::Value;
use vrrplab_engine::Instant;

use super::files::Text;
use super::timeline::{Event, Timeline};
use crate::diagnostics::Report;

/// One frame that a node sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedFrame {
    /// When, after the exec of the first daemon.
    pub at: Instant,
    /// Name of the node.
    pub node: String,
    /// Name of the interface.
    pub iface: String,
    /// What it is.
    pub sort: FrameSort,
    /// What it says: every field that is compared, by name, in one spelling.
    pub fields: BTreeMap<&'static str, String>,
}

/// What a frame is, and of which virtual router or address it speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FrameSort {
    /// An advert of this virtual router; a release has priority 0.
    Advert {
        /// The VRID.
        vrid: u8,
        /// Priority 0.
        release: bool,
    },
    /// A gratuitous ARP for this address.
    Garp(IpAddr),
    /// An unsolicited neighbour advertisement for this address.
    Na(IpAddr),
}

impl fmt::Display for FrameSort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FrameSort::Advert { vrid, release: false } => write!(f, "advert of VRID {vrid}"),
            FrameSort::Advert { vrid, release: true } => write!(f, "release of VRID {vrid}"),
            FrameSort::Garp(ip) => write!(f, "gratuitous ARP {ip}"),
            FrameSort::Na(ip) => write!(f, "neighbour advertisement {ip}"),
        }
    }
}

/// The fields of an advert that are compared.
const ADVERT: &[&str] = &[
    "af",
    "ver",
    "vrid",
    "prio",
    "int_ms",
    "auth",
    "auth_data",
    "addrs",
    "csum",
    "vrrp_len",
    "src",
    "dst",
    "ttl",
    "tos",
    "ip_id",
    "ip_len",
    "smac",
    "dmac",
];
/// The fields of a gratuitous ARP that are compared.
const GARP: &[&str] = &["ip", "op", "sha", "smac", "dmac"];
/// The fields of a neighbour advertisement that are compared.
const NA: &[&str] = &["ip", "router", "override", "src", "dst", "smac"];

/// The frames of one run by time.
pub(super) fn recorded(run: &Timeline, text: &Text, report: &mut Report) -> Vec<RecordedFrame> {
    let mut frames: Vec<RecordedFrame> = run.events.iter().filter_map(|event| frame(event, text, report)).collect();
    frames.sort_by_key(|frame| frame.at);
    frames
}

fn frame(event: &Event, text: &Text, report: &mut Report) -> Option<RecordedFrame> {
    let (names, is_advert) = match event.event.as_str() {
        "advert_tx" => (ADVERT, true),
        "garp_tx" => (GARP, false),
        "na_tx" => (NA, false),
        _ => return None,
    };
    let fields: BTreeMap<&'static str, String> =
        names.iter().filter_map(|name| Some((*name, spelled(event, name)?))).collect();
    let ip = || event.ip.as_deref()?.parse().ok();
    let sort = match names {
        _ if is_advert => fields
            .get("vrid")
            .and_then(|vrid| vrid.parse().ok())
            .map(|vrid| FrameSort::Advert { vrid, release: fields.get("prio").is_some_and(|prio| prio == "0") }),
        GARP => ip().map(FrameSort::Garp),
        _ => ip().map(FrameSort::Na),
    };
    let (Some(sort), Some(node), Some(iface)) = (sort, event.node.clone(), event.nic.clone()) else {
        report.error(&text.word(&event.event), format!("a frame `{}` without its key fields", event.event), "");
        return None;
    };
    Some(RecordedFrame { at: event.at(), node, iface, sort, fields })
}

/// One field in the spelling that the simulator uses too; lists are joined by spaces.
fn spelled(event: &Event, name: &str) -> Option<String> {
    let known = match name {
        "ip" => event.ip.clone(),
        "dst" => event.dst.clone(),
        _ => None,
    };
    known.or_else(|| match event.rest.get(name)? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(list) => Some(
            list.iter().map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned)).collect::<Vec<_>>().join(" "),
        ),
        other => Some(other.to_string()),
    })
}
