//! Statements and braces become a draft: which block we are in decides what a word means.
use std::iter::Peekable;
use std::vec::IntoIter;

use super::globals::Globals;
use super::items::{self, not_modelled};
use super::lexer::{Token, Word};
use super::table::{Context, Takes, find, words};
use super::values::{fill, tail};
use crate::builder::{Draft, InstanceDraft, SyncGroupDraft};
use crate::diagnostics::{Report, nearest};

/// Reads the tokens of one file.
pub(super) fn read(tokens: Vec<Token>, report: &mut Report) -> Draft {
    let mut reader = Reader {
        tokens: tokens.into_iter().peekable(),
        blocks: Vec::new(),
        globals: Globals::default(),
        instance: None,
        group: None,
        auth_type: None,
        draft: Draft::default(),
        report,
    };
    while let Some(token) = reader.tokens.next() {
        match token {
            Token::Statement(line) => reader.statement(&line),
            Token::Open(at) => {
                reader.report.error(&at, "this `{` opens nothing", "no block begins here");
                reader.blocks.push(Block { context: Context::Skipped, header: at.with("{".to_owned()) });
            }
            Token::Close(at) if reader.blocks.is_empty() => {
                reader.report.error(&at, "this `}` closes nothing", "one `}` too many up to here");
            }
            Token::Close(_) => reader.close(),
        }
    }
    reader.finish()
}

/// An open block.
struct Block {
    context: Context,
    header: Word,
}

struct Reader<'a> {
    tokens: Peekable<IntoIter<Token>>,
    blocks: Vec<Block>,
    globals: Globals,
    instance: Option<InstanceDraft>,
    group: Option<SyncGroupDraft>,
    auth_type: Option<Word>,
    draft: Draft,
    report: &'a mut Report,
}

impl Reader<'_> {
    fn context(&self) -> Context {
        self.blocks.last().map_or(Context::Root, |b| b.context)
    }

    fn statement(&mut self, line: &[Word]) {
        let Some(keyword) = line.first() else { return };
        let opens = matches!(self.tokens.peek(), Some(Token::Open(_)));
        while self.must_be_outside(keyword, line.len() > 1, opens) {
            if let Some(block) = self.blocks.last() {
                let title = format!("`{}` is never closed", block.header.value);
                let label = "this block has no `}`";
                let help = format!("`{}` does not belong inside: put a `}}` before it", keyword.value);
                self.report.error(&block.header, title, label).help(help);
            }
            self.close();
        }
        let context = self.context();
        let report = &mut *self.report;
        match context {
            Context::Skipped => {
                if opens {
                    self.open(Context::Skipped, keyword);
                }
                return;
            }
            Context::Vips => {
                if let (Some(vip), Some(i)) = (items::vip(line, report), &mut self.instance) {
                    i.vips.push(vip);
                }
            }
            Context::ExcludedVips => {
                if let (Some(vip), Some(i)) = (items::vip(line, report), &mut self.instance) {
                    i.excluded_vips.push(vip);
                }
            }
            Context::Peers => {
                if let (Some(peer), Some(i)) = (items::peer(line, report), &mut self.instance) {
                    i.unicast_peers.push(peer);
                }
            }
            Context::TrackInterface => {
                let tracked = items::tracked(line, report);
                let list = match (&mut self.instance, &mut self.group) {
                    (Some(i), _) => Some(&mut i.track_interfaces),
                    (None, group) => group.as_mut().map(|g| &mut g.track_interfaces),
                };
                if let (Some(tracked), Some(list)) = (tracked, list) {
                    list.push(tracked);
                }
            }
            Context::Members => {
                if let Some(g) = &mut self.group {
                    g.members.extend(line.iter().cloned());
                }
            }
            context => {
                match find(context, &keyword.value) {
                    Some(takes) => self.take(takes, line, opens),
                    None => self.unknown(context, keyword, opens),
                }
                return;
            }
        }
        if opens {
            self.no_block(keyword);
        }
    }

    /// Whether this line shows that the innermost block should have been closed before it.
    fn must_be_outside(&self, keyword: &Word, has_arguments: bool, opens: bool) -> bool {
        let Some((inner, outer)) = self.blocks.split_last() else { return false };
        let known_in = |context| find(context, &keyword.value).is_some();
        let begins_root = matches!(find(Context::Root, &keyword.value), Some(Takes::Block(_) | Takes::Named(_)));
        if begins_root && opens {
            return true;
        }
        let here = inner.context;
        here != Context::Skipped
            && (has_arguments || opens)
            && !known_in(here)
            && outer.iter().any(|b| b.context != Context::Skipped && known_in(b.context))
    }

    /// A keyword that the table knows.
    fn take(&mut self, takes: &Takes, line: &[Word], opens: bool) {
        let Some(keyword) = line.first() else { return };
        let is_block = matches!(takes, Takes::Block(_) | Takes::Named(_));
        if is_block && !opens {
            let title = format!("`{}` begins a block", keyword.value);
            self.report.error(keyword, title, "no `{` follows");
        }
        let report = &mut *self.report;
        match takes {
            Takes::Block(context) => {
                tail(line, 1, report);
                if *context == Context::Globals && !self.draft.instances.is_empty() {
                    report
                        .warning(
                            keyword,
                            "`global_defs` comes after an instance",
                            "earlier instances do not see it all",
                        )
                        .help("an instance copies GARP and other defaults where it begins: put `global_defs` first");
                }
                self.open(*context, keyword);
                return;
            }
            Takes::Named(context) => {
                let name = line.get(1).cloned().unwrap_or_else(|| {
                    report.error(keyword, format!("`{}` needs a name", keyword.value), "no name follows");
                    keyword.with(String::new())
                });
                tail(line, 2, report);
                if *context == Context::Instance {
                    self.instance = Some(self.globals.begin_instance(name));
                } else {
                    self.group = Some(SyncGroupDraft::new(name));
                }
                self.open(*context, keyword);
                return;
            }
            Takes::Global(field) => {
                fill(field, &mut self.globals, line, report);
            }
            Takes::Instance(field) => {
                if let Some(instance) = &mut self.instance {
                    instance.refused |= !fill(field, instance, line, report);
                }
            }
            Takes::Group(field) => {
                if let Some(group) = &mut self.group {
                    fill(field, group, line, report);
                }
            }
            Takes::AuthType => self.auth_type(line),
            Takes::Only(value) => {
                if line.get(1).is_none_or(|w| w.value != *value) {
                    not_modelled(keyword, report);
                }
            }
            Takes::Include => {
                report.error(keyword, "a text that is no file of its own can include no files", "paste the file here");
            }
            Takes::Harmless | Takes::Unmodelled => {
                if matches!(takes, Takes::Unmodelled) {
                    not_modelled(keyword, report);
                }
                if opens {
                    self.open(Context::Skipped, keyword);
                }
                return;
            }
        }
        if opens {
            self.no_block(keyword);
        }
    }

    fn auth_type(&mut self, line: &[Word]) {
        let (Some(keyword), report) = (line.first(), &mut *self.report) else { return };
        match line.get(1).map(|w| (w, w.value.as_str())) {
            Some((word, "PASS")) => self.auth_type = Some(word.clone()),
            Some((word, "AH")) => {
                report.error(word, "AH authentication is not modelled yet", "only PASS is");
                self.auth_type = Some(word.clone());
            }
            Some((word, other)) => {
                report.error(word, format!("there is no authentication `{other}`"), "PASS or AH");
            }
            None => {
                report.error(keyword, "`auth_type` needs a value", "nothing follows");
            }
        }
        tail(line, 2, report);
    }

    fn unknown(&mut self, context: Context, keyword: &Word, opens: bool) {
        let place =
            self.blocks.last().map_or("at the top of the file".to_owned(), |b| format!("in `{}`", b.header.value));
        let title = format!("unknown keyword `{}` {place}", keyword.value);
        let found = self.report.error(keyword, title, "not known here");
        if let Some(near) = nearest(&keyword.value, words(context)) {
            found.help(format!("did you mean `{near}`?"));
        }
        if opens {
            self.open(Context::Skipped, keyword);
        }
    }

    /// A `{` after a line that begins no block.
    fn no_block(&mut self, keyword: &Word) {
        self.report.error(keyword, format!("`{}` begins no block", keyword.value), "a `{` follows");
        self.open(Context::Skipped, keyword);
    }

    /// Enters a block and takes its `{` if it is there.
    fn open(&mut self, context: Context, header: &Word) {
        self.tokens.next_if(|t| matches!(t, Token::Open(_)));
        self.blocks.push(Block { context, header: header.clone() });
    }

    fn close(&mut self) {
        let Some(block) = self.blocks.pop() else { return };
        match block.context {
            Context::Instance => self.draft.instances.extend(self.instance.take()),
            Context::Group => self.draft.sync_groups.extend(self.group.take()),
            Context::Auth => {
                let auth_type = self.auth_type.take();
                let Some(instance) = &mut self.instance else { return };
                if instance.auth_pass.is_none() && auth_type.as_ref().is_some_and(|t| t.value == "PASS") {
                    let title = "`auth_type PASS` without `auth_pass`: nothing is authenticated";
                    self.report.warning(&block.header, title, "no password in here");
                } else if auth_type.is_none() && instance.auth_pass.take().is_some() {
                    let title = "`auth_pass` without `auth_type PASS`: nothing is authenticated";
                    self.report.warning(&block.header, title, "no type in here");
                }
            }
            _ => {}
        }
    }

    fn finish(mut self) -> Draft {
        while let Some(block) = self.blocks.last() {
            let title = format!("`{}` is never closed", block.header.value);
            self.report.error(&block.header, title, "this block has no `}`");
            self.close();
        }
        self.draft.defaults = self.globals.at_the_end();
        self.draft
    }
}
