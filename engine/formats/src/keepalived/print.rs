//! The model of a node as a keepalived.conf that reads back as the same model.
mod checkers;
mod globals;
mod instances;
mod servers;
mod trackers;
mod words;

use vrrplab_engine::model::{IfIndex, NodeModel};

use words::word;

/// Writes a model as a keepalived.conf, always in the same order of lines.
///
/// Values that keepalived would use anyway are left out, except for those that people look for: state, version,
/// priority and advert interval; scheduler, method and protocol. Read again with the same interfaces, the text gives the
/// same model. Nothing in a keepalived.conf can stand for a `"` or a line break, but in a program: a name or password
/// with one is refused or warned about then.
pub fn print(model: &NodeModel) -> String {
    let mut page = Page { model, text: String::new(), depth: 0 };
    page.globals();
    page.trackers();
    page.statics();
    page.instances();
    page.servers();
    page.text
}

/// The text so far.
struct Page<'m> {
    model: &'m NodeModel,
    text: String,
    depth: usize,
}

impl Page<'_> {
    fn line(&mut self, line: &str) {
        self.text.extend(std::iter::repeat_n("    ", self.depth));
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn line_if(&mut self, wanted: bool, line: &str) {
        if wanted {
            self.line(line);
        }
    }

    /// A keyword with its value, where there is one.
    fn value(&mut self, keyword: &str, value: Option<impl AsRef<str>>) {
        if let Some(value) = value {
            self.line(&format!("{keyword} {}", value.as_ref()));
        }
    }

    /// A keyword with a word, where there is one.
    fn word(&mut self, keyword: &str, text: Option<&String>) {
        self.value(keyword, text.map(|text| word(text)));
    }

    /// A boolean, where it is said.
    fn switch(&mut self, keyword: &str, value: Option<bool>) {
        self.value(keyword, value.map(|on| if on { "on" } else { "off" }));
    }

    /// A block, with an empty line before it at the top of the file.
    fn block(&mut self, header: &str, inside: impl FnOnce(&mut Self)) {
        if self.depth == 0 && !self.text.is_empty() {
            self.text.push('\n');
        }
        self.line(&format!("{header} {{"));
        self.depth += 1;
        inside(self);
        self.depth -= 1;
        self.line("}");
    }

    /// A block of lines, or nothing.
    fn list(&mut self, header: &str, lines: impl Iterator<Item = String>) {
        let lines: Vec<String> = lines.collect();
        if !lines.is_empty() {
            self.block(header, |page| lines.iter().for_each(|line| page.line(line)));
        }
    }

    fn interface(&self, index: IfIndex) -> String {
        match self.model.interface(index) {
            Some(interface) => word(&interface.name).into_owned(),
            None => format!("if{}", index.0),
        }
    }
}
