//! The configuration: a keepalived.conf read for this host, with its interfaces as the kernel has them.
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use nix::unistd::gethostname;
use vrrplab_engine::model::{IfIndex, InterfaceModel, Mac, NodeModel};
use vrrplab_engine::policy::Policy;
use vrrplab_formats::builder::{Draft, build_node};
use vrrplab_formats::diagnostics::Report;
use vrrplab_formats::files::{Disk, Files};
use vrrplab_formats::flight::{Configuration, Interface, Witness};
use vrrplab_formats::keepalived::{Options, parse_with};

/// What keepalived 2.2.7 exits with when its file is not there.
pub const NO_FILE: u8 = 6;
/// What it exits with when the file cannot be used.
pub const REFUSED: u8 = 2;

/// Every network namespace has it, by this name.
const LOOPBACK: &str = "lo";

/// Where a configuration comes from: read at start, and again by a reload.
#[derive(Clone, Debug)]
pub struct Source {
    path: PathBuf,
    config_id: String,
    host: String,
}

/// What was read.
pub struct Read {
    /// Everything that was found.
    pub report: Report,
    /// The model; none where keepalived would not run.
    pub model: Option<NodeModel>,
    /// All that reading it took, for a recording.
    pub configuration: Configuration,
}

impl Source {
    /// A file, for a host: lines that begin with `@` and another id than this are skipped.
    pub fn new(path: &Path, config_id: Option<&str>) -> Source {
        let host = gethostname().map_or_else(|_| "localhost".to_owned(), |name| name.to_string_lossy().into_owned());
        let short = host.split('.').next().unwrap_or("").to_owned();
        Source { path: path.to_owned(), config_id: config_id.map_or(short, str::to_owned), host }
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the file with what it includes; an error where it cannot be read at all.
    pub fn read(&self, interfaces: Vec<InterfaceModel>) -> Result<Read, String> {
        self.read_for(interfaces, false)
    }

    /// The same before the start-up script runs, where there is one: it may make the interfaces of instances that are not there yet.
    pub fn read_early(&self, interfaces: Vec<InterfaceModel>) -> Result<Read, String> {
        self.read_for(interfaces, true)
    }

    fn read_for(&self, mut interfaces: Vec<InterfaceModel>, early: bool) -> Result<Read, String> {
        let witness = Witness::new(&Disk);
        let text = witness.read(&self.path)?;
        let options = Options {
            config_id: Some(&self.config_id),
            instance: None,
            pwd: self.path.parent().unwrap_or(Path::new("")),
            includes: Some(&witness),
        };
        let mut report = Report::default();
        let draft = parse_with(&self.path.display().to_string(), &text, &options, &mut report);
        let configuration = Configuration {
            host: self.host.clone(),
            config_id: self.config_id.clone(),
            path: self.path.display().to_string(),
            interfaces: interfaces.iter().map(Interface::of).collect(),
            ..witness.seen()
        };
        if early && draft.globals.startup.is_some() {
            let missing = interfaces_to_come(&interfaces, named(&draft));
            interfaces.extend(missing);
        }
        let model = build_node(&self.host, Policy::default(), interfaces, &draft, &mut report);
        for interface in draft.instances.iter().filter_map(|instance| instance.interface.as_ref()) {
            if interface.value == LOOPBACK {
                let help = "keepalived refuses it, and exits";
                report.error(interface, "virtual routers do not work on the loopback interface", "").help(help);
            }
        }
        let model = model.filter(|_| !report.is_refused());
        Ok(Read { report, model, configuration })
    }
}

/// The interfaces that must be there, but for those that nobody names.
fn named(draft: &Draft) -> impl Iterator<Item = &str> {
    let statics = &draft.statics;
    let of_instances = draft.instances.iter().flat_map(|instance| {
        let tracked = instance.tracks.interfaces.iter().map(|track| &track.name);
        let vips = instance.vips.iter().chain(&instance.excluded_vips).filter_map(|vip| vip.dev.as_ref());
        instance.interface.iter().chain(&instance.devices).chain(vips).chain(tracked)
    });
    let of_statics = statics.addresses.iter().filter_map(|(address, _)| address.dev.as_ref());
    let all = of_instances.chain(of_statics).chain(&statics.devices).chain(&statics.links);
    all.map(|name| name.value.as_str())
}

/// Interfaces of these names, where they are not there: without anything that is known.
fn interfaces_to_come<'a>(there: &[InterfaceModel], named: impl Iterator<Item = &'a str>) -> Vec<InterfaceModel> {
    let missing: BTreeSet<&str> = named.filter(|name| there.iter().all(|known| known.name != *name)).collect();
    let indices = (0..u32::MAX).rev();
    let interface = |(index, name): (u32, &str)| InterfaceModel {
        index: IfIndex(index),
        name: name.to_owned(),
        mac: Mac([0; 6]),
        addresses: Vec::new(),
        up: false,
    };
    indices.zip(missing).map(interface).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eth0() -> InterfaceModel {
        let mac = Mac([2, 0, 0, 0, 0, 1]);
        InterfaceModel { index: IfIndex(2), name: "eth0".into(), mac, addresses: Vec::new(), up: true }
    }

    fn source(name: &str, text: &str) -> Source {
        let path = std::env::temp_dir().join(format!("vrrplabd-{}-{name}.conf", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Source::new(&path, Some("lb1"))
    }

    const INSTANCE: &str =
        "vrrp_instance A {\n interface eth0\n virtual_router_id 5\n virtual_ipaddress {\n 10.0.0.1\n }\n}\n";

    #[test]
    fn a_file_is_read_for_the_interfaces_of_the_kernel() {
        let source = source("good", &format!("@lb2 no such keyword\n{INSTANCE}"));
        let read = source.read(vec![eth0()]).unwrap();
        assert_eq!(read.model.unwrap().instances[0].iface, IfIndex(2), "{}", read.report.render(false));
        let read = source.read(Vec::new()).unwrap();
        assert!(read.model.is_none() && read.report.is_refused());
        std::fs::remove_file(source.path()).unwrap();
    }

    #[test]
    fn a_start_up_script_may_still_make_the_interface() {
        let script = "global_defs {\n script_user root\n startup_script /bin/true\n}\n";
        let with = source("startup", &format!("{script}{INSTANCE}"));
        assert!(with.read_early(Vec::new()).unwrap().model.is_some());
        assert!(with.read(Vec::new()).unwrap().model.is_none(), "afterwards it must be there");
        let without = source("no-startup", INSTANCE);
        assert!(without.read_early(Vec::new()).unwrap().model.is_none());
        for source in [with, without] {
            std::fs::remove_file(source.path()).unwrap();
        }
    }

    #[test]
    fn the_loopback_interface_is_refused() {
        let source = source("loopback", &INSTANCE.replace("eth0", "lo"));
        let read = source.read(vec![InterfaceModel { name: "lo".into(), ..eth0() }]).unwrap();
        assert!(read.model.is_none());
        assert_eq!(read.report.keepalived_exit(), 5);
        std::fs::remove_file(source.path()).unwrap();
    }

    #[test]
    fn what_keepalived_only_complains_about_does_not_stop_the_daemon() {
        let source = source("odd", &format!("no_such_keyword\n{INSTANCE}"));
        let read = source.read(vec![eth0()]).unwrap();
        assert!(read.model.is_some());
        assert_eq!(read.report.keepalived_exit(), 5);
        std::fs::remove_file(source.path()).unwrap();
    }
}
