//! What the fuzz targets have in common: a host, a place where every file is the same text, and the checks.
use std::path::Path;

use vrrplab_engine::model::{IfIndex, InterfaceModel, Mac, NodeModel};
use vrrplab_engine::policy::Policy;
use vrrplab_formats::builder::build_node;
use vrrplab_formats::diagnostics::Report;
use vrrplab_formats::files::Files;
use vrrplab_formats::keepalived::{Options, parse, parse_with, print};

/// A folder in which every name is a file, each with the same text.
struct Everywhere<'t>(&'t str);

impl Files for Everywhere<'_> {
    fn read(&self, path: &Path) -> Result<String, String> {
        match path.to_string_lossy().contains("missing") {
            true => Err("there is no such file".to_owned()),
            false => Ok(self.0.to_owned()),
        }
    }
    fn list(&self, _: &Path) -> Result<Vec<String>, String> {
        Ok(["a.conf", "b.conf", ".hidden"].map(str::to_owned).to_vec())
    }
}

/// The interfaces of the host that `captures/keepalived-t` was recorded on.
fn interfaces() -> Vec<InterfaceModel> {
    let one = |(index, name): (u8, &str)| InterfaceModel {
        index: IfIndex(u32::from(index)),
        name: name.to_owned(),
        mac: Mac([2, 0, 0, 0, 0, index]),
        addresses: Vec::new(),
        up: true,
    };
    (2..).zip(["eth0", "eth1", "eth2", "eth0.100", "eth0.12"]).map(one).collect()
}

fn read(text: &str, options: &Options<'_>, report: &mut Report) -> Option<NodeModel> {
    let draft = parse_with("keepalived.conf", text, options, report);
    build_node("lb1", Policy::default(), interfaces(), &draft, report).filter(|_| !report.is_refused())
}

/// Reads the text, as a file that includes itself under other names too. Where keepalived would run with it, the model
/// printed and read again is the same model.
pub fn keepalived_conf(text: &str) {
    let mut alone = Report::default();
    parse("keepalived.conf", text, &mut alone);
    let everywhere = Everywhere(text);
    let options =
        Options { config_id: Some("lb1"), instance: Some("one"), pwd: Path::new("etc"), includes: Some(&everywhere) };
    let mut report = Report::default();
    let model = read(text, &options, &mut report);
    if report.diagnostics.len() < 100 {
        report.render(false);
    }
    let Some(model) = model.filter(|_| !report.has_errors()) else { return };
    let printed = print(&model);
    let plain = Options { config_id: None, instance: None, pwd: Path::new(""), includes: None };
    let mut again = Report::default();
    let second = read(&printed, &plain, &mut again);
    if unprintable(&model) {
        return;
    }
    assert_eq!(second.as_ref(), Some(&model), "printed as\n{printed}\n{again}");
    assert_eq!(print(&model), second.map(|model| print(&model)).unwrap_or_default());
}

/// Whether a name holds what nothing in a keepalived.conf can stand for; `print` says so.
fn unprintable(model: &NodeModel) -> bool {
    let shown = format!("{model:?}");
    ["\\\"", "\\n", "\\r"].iter().any(|sign| shown.contains(sign))
}
