//! What all parts of the reading share: the report, the places, and the names known so far.
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vrrplab_engine::model::NodeModel;
use vrrplab_engine::{Instant, Span};

use super::leaf::{Kind, Leaf, Yaml};
use super::units::{Time, choices};
use super::{Files, WrittenConf};
use crate::builder::Draft;
use crate::diagnostics::{Report, Spanned};
use crate::world::{
    Client, CloudCall, KernelSetup, Member, Network, NetworkId, NodeClock, NodeId, Port, PortSecurity, Rogue, RogueId,
    SecurityGroup, Service, Trunk,
};

/// Bytes of a YAML location.
pub(super) fn bytes(at: &serde_saphyr::Location, source: &str) -> Range<usize> {
    let index = |n: Option<u64>| n.and_then(|n| usize::try_from(n).ok());
    let start = index(at.span().byte_offset()).unwrap_or(0).min(source.len());
    let end = start.saturating_add(index(at.span().byte_len()).unwrap_or(0)).min(source.len());
    let words = source.get(start..end).unwrap_or_default();
    start..start + words.trim_end().len()
}

/// A node while it is read.
pub(super) struct NodeSoFar {
    /// Its name.
    pub(super) name: String,
    /// Its interfaces by name, as far as they are valid.
    pub(super) interfaces: Vec<String>,
    /// Where they are plugged in.
    pub(super) ports: Vec<Port>,
    /// Its model, when the configuration was accepted.
    pub(super) model: Option<NodeModel>,
    /// Names of the instances of all its configurations.
    pub(super) instances: Vec<String>,
    /// When it starts.
    pub(super) start: Option<Instant>,
    /// What answers on it.
    pub(super) services: Vec<Service>,
    /// Its files.
    pub(super) files: Vec<(String, String)>,
    /// What its programs ask of clouds.
    pub(super) cloud_calls: Vec<CloudCall>,
    /// Whether it runs a daemon.
    pub(super) daemon: bool,
    /// How its kernel is set up.
    pub(super) kernel: KernelSetup,
    /// Its clock.
    pub(super) clock: NodeClock,
}

/// A keepalived.conf by its name: what it says, whether that is all, and its text, when it could be read.
pub(super) type ReadConf = (String, String, Option<(Draft, bool, String)>);

/// The state of the reading.
pub(super) struct Reader<'a> {
    /// The scenario's file name and text.
    pub(super) file: Arc<str>,
    /// The scenario's text.
    pub(super) source: &'a str,
    /// Its folder.
    pub(super) folder: PathBuf,
    /// Where other files come from.
    pub(super) files: &'a dyn Files,
    /// Everything found.
    pub(super) report: Report,
    /// Configurations read so far, by name.
    pub(super) confs: Vec<ReadConf>,
    /// The text behind each model that came from a keepalived.conf.
    pub(super) written: Vec<WrittenConf>,
    /// When the scenario ends.
    pub(super) end: Option<Span>,
    /// The segments.
    pub(super) networks: Vec<Network>,
    /// Port security of the ports that say nothing of it, for each segment.
    pub(super) default_security: Vec<Option<PortSecurity>>,
    /// The links between switches.
    pub(super) trunks: Vec<Trunk>,
    /// The security groups.
    pub(super) groups: Vec<SecurityGroup>,
    /// The routers.
    pub(super) nodes: Vec<NodeSoFar>,
    /// The names of the clients.
    pub(super) client_names: Vec<String>,
    /// The clients that were accepted.
    pub(super) clients: Vec<Client>,
    /// The blocks of clients: name, first, how many.
    pub(super) blocks: Vec<(String, usize, usize)>,
    /// Which one of several like it is read, from 0.
    pub(super) turn: Option<usize>,
    /// The names of the rogues.
    pub(super) rogue_names: Vec<String>,
    /// The rogues, as far as they are valid.
    pub(super) rogues: Vec<Option<Rogue>>,
}

impl<'a> Reader<'a> {
    /// Nothing read yet.
    pub(super) fn new(path: &Path, source: &'a str, files: &'a dyn Files) -> Reader<'a> {
        let mut report = Report::default();
        let file = report.add_source(&path.display().to_string(), source);
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        Reader {
            file,
            source,
            folder,
            files,
            report,
            confs: Vec::new(),
            written: Vec::new(),
            end: None,
            networks: Vec::new(),
            default_security: Vec::new(),
            trunks: Vec::new(),
            groups: Vec::new(),
            nodes: Vec::new(),
            client_names: Vec::new(),
            clients: Vec::new(),
            blocks: Vec::new(),
            turn: None,
            rogue_names: Vec::new(),
            rogues: Vec::new(),
        }
    }

    /// Bytes of a YAML location.
    pub(super) fn range(&self, at: &serde_saphyr::Location) -> Range<usize> {
        bytes(at, self.source)
    }

    /// An error at these bytes.
    pub(super) fn refuse(&mut self, at: Range<usize>, title: impl Into<String>, label: &str, help: &str) {
        let at = Spanned::new((), self.file.clone(), at);
        let diagnostic = self.report.error(&at, title, label);
        if !help.is_empty() {
            diagnostic.help(help);
        }
    }

    /// An error at this value.
    pub(super) fn refuse_at<T>(&mut self, at: &Yaml<T>, title: impl Into<String>, label: &str, help: &str) {
        self.refuse(self.range(&at.referenced), title, label, help);
    }

    /// Reads a leaf, or reports why not.
    pub(super) fn read<K: Kind>(&mut self, leaf: &Leaf<K>) -> Option<Spanned<K::Value>> {
        self.placed_word::<K, _>(&leaf.text.value, &leaf.text)
    }

    /// Reads the short form of a thing.
    pub(super) fn placed_word<K: Kind, T>(&mut self, word: &str, at: &Yaml<T>) -> Option<Spanned<K::Value>> {
        match K::read(&self.filled(word)) {
            Ok(value) => Some(Spanned::new(value, self.file.clone(), self.range(&at.referenced))),
            Err(why) => {
                self.refuse_at(at, why.title, "", &why.help);
                None
            }
        }
    }

    /// Reads a leaf that may be absent.
    pub(super) fn maybe<K: Kind>(&mut self, leaf: &Option<Leaf<K>>) -> Option<Spanned<K::Value>> {
        leaf.as_ref().and_then(|leaf| self.read(leaf))
    }

    /// Reads a leaf, with this value when it is absent or bad.
    pub(super) fn or<K: Kind>(&mut self, leaf: &Option<Leaf<K>>, default: K::Value) -> K::Value {
        self.maybe(leaf).map_or(default, |s| s.value)
    }

    /// Reads a moment, which must not lie past the end.
    pub(super) fn moment(&mut self, leaf: &Time) -> Option<Instant> {
        let at = self.read(leaf)?;
        self.check_end(&at);
        Some(Instant(at.value.0))
    }

    /// Reports a moment past the end.
    pub(super) fn check_end(&mut self, at: &Spanned<Span>) {
        if let Some(end) = self.end.filter(|end| at.value > *end) {
            let title = "this moment lies past the end of the scenario";
            self.refuse(at.span.clone(), title, "too late", &format!("`duration` ends it at {end}"));
        }
    }

    /// Reports a name that is not known.
    pub(super) fn unknown(&mut self, leaf: &Yaml<String>, what: &str, known: &[String]) {
        let help = choices(&leaf.value, known.iter().map(String::as_str));
        self.refuse_at(leaf, format!("unknown {what} `{}`", leaf.value), "no such name", &help);
    }

    /// The segment of this name.
    pub(super) fn network<K>(&mut self, leaf: &Leaf<K>) -> Option<NetworkId> {
        let wanted = self.filled(&leaf.text.value);
        let found = self.networks.iter().position(|n| n.name == *wanted);
        if found.is_none() {
            let known: Vec<String> = self.networks.iter().map(|n| n.name.clone()).collect();
            self.unknown(&leaf.text, "network", &known);
        }
        found.map(NetworkId)
    }

    /// The node of this name.
    pub(super) fn node<K>(&mut self, leaf: &Leaf<K>) -> Option<NodeId> {
        let found = self.nodes.iter().position(|n| n.name == leaf.text.value);
        if found.is_none() {
            let known: Vec<String> = self.nodes.iter().map(|n| n.name.clone()).collect();
            self.unknown(&leaf.text, "node", &known);
        }
        found.map(NodeId)
    }

    /// The node or client of this name.
    pub(super) fn member<K>(&mut self, leaf: &Leaf<K>) -> Option<Member> {
        let node = self.nodes.iter().position(|n| n.name == leaf.text.value);
        let found = node.map(|n| Member::Node(NodeId(n))).or(self.client_named(&leaf.text.value).map(Member::Client));
        let rogue = || self.rogue_names.iter().position(|n| *n == leaf.text.value);
        let found = found.or_else(|| rogue().map(|r| Member::Rogue(RogueId(r))));
        if found.is_none() {
            let nodes = self.nodes.iter().map(|n| n.name.clone());
            let known: Vec<String> = nodes.chain(self.client_names.iter().cloned()).collect();
            self.unknown(&leaf.text, "node or client", &known);
        }
        found
    }

    /// The instance of this name, on this node or on any; nodes whose configuration was refused are not judged.
    pub(super) fn instance<K>(&mut self, leaf: &Leaf<K>, node: Option<NodeId>) -> String {
        let judged: Vec<&NodeSoFar> = match node {
            Some(NodeId(n)) => self.nodes.get(n).into_iter().collect(),
            None => self.nodes.iter().collect(),
        };
        let name = leaf.text.value.clone();
        let whole = judged.iter().all(|n| n.model.is_some());
        let mut known: Vec<String> = judged.iter().flat_map(|n| n.instances.iter().cloned()).collect();
        known.sort();
        known.dedup();
        if whole && !known.contains(&name) {
            let what = match node {
                Some(NodeId(n)) => format!("instance on node `{}`:", self.nodes[n].name),
                None => "instance".to_owned(),
            };
            self.unknown(&leaf.text, &what, &known);
        }
        name
    }
}
