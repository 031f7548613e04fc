//! Promises about the tables of hosts and switches, written as their views print them.
//!
//! Every word is looked at, since a promise that a line is missing would hold for ever with a slip of the pen.
mod words;

use super::reader::Reader;
use super::shape::{ConnsText, FdbText, HostTableText, LineKeys};
use super::units::Text;
use crate::world::{LinePattern, LinesPromise, Member, NetworkId, NodeId, Promise, Subject, View, ViewPromise};
use words::{Names, word};

impl Reader<'_> {
    pub(super) fn conns(&mut self, text: &ConnsText) -> Option<Promise> {
        let of = self.node(&text.node).map(|node| Subject::Host(Member::Node(node)));
        self.view(View::Conns, of, &text.node, &text.lines())
    }

    pub(super) fn host_table(&mut self, view: View, text: &HostTableText) -> Option<Promise> {
        let member = self.member(&text.host);
        if matches!(member, Some(Member::Rogue(_))) {
            let title = format!("the rogue `{}` has no tables", text.host.text.value);
            self.refuse_at(&text.host.text, title, "a rogue", "name a node or a client");
            return None;
        }
        self.view(view, member.map(Subject::Host), &text.host, &text.lines())
    }

    pub(super) fn fdb(&mut self, text: &FdbText) -> Option<Promise> {
        let of = self.network(&text.network).map(Subject::Switch);
        self.view(View::Fdb, of, &text.network, &text.lines())
    }

    fn view(&mut self, view: View, of: Option<Subject>, owner: &Text, written: &LineKeys<'_>) -> Option<Promise> {
        let at = self.moment(written.at);
        let some = written.has.is_some() || written.lacks.is_some();
        if written.table.is_some() == some {
            let help = "give either `table` with every line (\"\" for none), or `has`, `lacks` or both";
            self.refuse_at(&owner.text, "it is not clear what the table holds", "", help);
            return None;
        }
        let of = of?;
        let names = self.names_of(of);
        let lines = match written.table {
            Some(table) => LinesPromise::All(self.pattern(view, table, &names, true)?),
            None => {
                let has = self.patterns(view, written.has, &names);
                let lacks = self.patterns(view, written.lacks, &names);
                LinesPromise::Some { has: has?, lacks: lacks? }
            }
        };
        Some(Promise::View(ViewPromise { view, of, at: at?, lines }))
    }

    fn patterns(&mut self, view: View, texts: Option<&[Text]>, names: &Names) -> Option<Vec<LinePattern>> {
        let mut all = Vec::new();
        for text in texts.unwrap_or_default() {
            let read = self.pattern(view, text, names, false);
            if read.as_ref().is_some_and(Vec::is_empty) {
                let help = format!("words of a line of `{}`", view.command());
                self.refuse_at(&text.text, "this line has no words", "", &help);
            }
            all.push(read);
        }
        all.into_iter().collect::<Option<Vec<_>>>().map(|all| all.concat())
    }

    /// The lines of one text: whole ones, or words of them.
    fn pattern(&mut self, view: View, text: &Text, names: &Names, whole: bool) -> Option<Vec<LinePattern>> {
        let written = self.read(text)?.value;
        let mut all = Vec::new();
        for line in written.lines().filter(|line| !line.trim().is_empty() && !view.heads(line)) {
            let read = self.line(view, text, line, names);
            if whole && line.split_whitespace().count() < least(view) {
                let title = format!("`{}` is no whole line of `{}`", line.trim(), view.command());
                let help = format!("a line is `{}`; `has` takes parts of lines, `*` is any one word", shape(view));
                self.refuse_word(text, line.trim(), title, &help);
            }
            all.push(read);
        }
        all.into_iter().collect()
    }

    fn line(&mut self, view: View, text: &Text, line: &str, names: &Names) -> Option<LinePattern> {
        let (mut words, mut before) = (Vec::new(), "");
        for written in line.split_whitespace() {
            let read = if written == "*" { Ok(None) } else { word(view, before, written, names).map(Some) };
            let read = read.map_err(|why| self.refuse_word(text, written, why.title, &why.help));
            words.push(read.ok());
            before = written;
        }
        words.into_iter().collect::<Option<Vec<_>>>().map(LinePattern)
    }

    /// An error at this word of a text, where the file has it as it is, otherwise at the text.
    fn refuse_word(&mut self, text: &Text, word: &str, title: String, help: &str) {
        let whole = self.range(&text.text.referenced);
        let found = self.source.get(whole.clone()).and_then(|source| source.find(word));
        let at = found.map_or(whole.clone(), |found| whole.start + found..whole.start + found + word.len());
        self.refuse(at, title, "", help);
    }

    /// What interfaces and ports are called in the tables of this host or switch.
    fn names_of(&self, of: Subject) -> Names {
        match of {
            Subject::Host(Member::Node(NodeId(n))) => {
                let node = &self.nodes[n];
                let tunnel = node.kernel.ipip.then_some("tunl0@NONE");
                let others = ["lo"].into_iter().chain(tunnel).map(str::to_owned);
                let given = node.model.iter().flat_map(|model| &model.instances);
                let given = given.filter_map(|instance| instance.vmac.as_ref()?.name.clone());
                let prefix = node.model.as_ref().map_or("vrrp", |model| model.globals.vmac_prefix()).to_owned();
                Names {
                    known: node.interfaces.iter().cloned().chain(others).collect(),
                    macvlans: given.collect(),
                    prefix: node.daemon.then_some(prefix),
                }
            }
            Subject::Host(_) => Names { known: vec!["lo".to_owned(), "eth0".to_owned()], ..Names::default() },
            Subject::Switch(NetworkId(_)) => {
                let of = |node: &super::reader::NodeSoFar| {
                    let name = node.name.clone();
                    node.interfaces.clone().into_iter().map(move |iface| format!("{name}:{iface}"))
                };
                let nodes = self.nodes.iter().flat_map(of);
                let others = self.client_names.iter().chain(&self.rogue_names).map(|name| format!("{name}:eth0"));
                let trunks = self.trunks.iter().map(|trunk| trunk.name.clone());
                Names { known: nodes.chain(others).chain(trunks).collect(), ..Names::default() }
            }
        }
    }
}

/// A whole line of a view.
const fn shape(view: View) -> &'static str {
    match view {
        View::Ipvs => "-> SERVER FORWARD WEIGHT ACTIVE INACTIVE",
        View::Conns => "PROTOCOL MM:SS STATE CLIENT:PORT VIRTUAL:PORT SERVER:PORT",
        View::Arp => "ADDRESS dev INTERFACE lladdr MAC STATE",
        View::Addr => "INTERFACE STATE ADDRESS/BITS ...",
        View::Fdb => "MAC dev HOST:INTERFACE vlan ID used SECONDS",
    }
}

/// The fewest words of a line: a neighbour may have no MAC, an interface no address.
const fn least(view: View) -> usize {
    match view {
        View::Ipvs | View::Conns => 6,
        View::Arp => 4,
        View::Addr => 2,
        View::Fdb => 7,
    }
}
