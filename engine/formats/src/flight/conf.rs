//! What an engine was told to be: the texts of its configuration, and the interfaces that they were read for.
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;

use serde::{Deserialize, Serialize};
use vrrplab_engine::model::{IfAddr, IfIndex, InterfaceModel, Mac, NodeModel};
use vrrplab_engine::policy::Policy;

use crate::builder::build_node;
use crate::diagnostics::Report;
use crate::files::Files;
use crate::keepalived::{Options, parse_with};

/// A configuration as a daemon read it, with everything that reading it took.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    /// The name of the host.
    pub host: String,
    /// Whose lines `@NAME` were read.
    pub config_id: String,
    /// The path of the file.
    pub path: String,
    /// This file and those that it includes, by path.
    pub files: BTreeMap<String, String>,
    /// The names in folders that were looked through for files to include.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub folders: BTreeMap<String, Vec<String>>,
    /// The interfaces as the kernel showed them.
    pub interfaces: Vec<Interface>,
    /// Positions of scripts that are not tracked, as the host would not let them run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub untracked: Vec<usize>,
    /// Checks that are not made for the same reason: positions of the virtual server, of the real server and of the check.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unchecked: Vec<(usize, usize, usize)>,
}

/// An interface in writing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// Its number.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Its hardware address.
    pub mac: [u8; 6],
    /// Its addresses, with the lengths of their prefixes.
    pub addresses: Vec<(IpAddr, u8)>,
    /// It was up.
    pub up: bool,
}

impl Interface {
    /// In writing.
    pub fn of(model: &InterfaceModel) -> Interface {
        Interface {
            index: model.index.0,
            name: model.name.clone(),
            mac: model.mac.0,
            addresses: model.addresses.iter().map(|addr| (addr.ip, addr.prefix)).collect(),
            up: model.up,
        }
    }

    /// As engines know it.
    pub fn model(&self) -> InterfaceModel {
        InterfaceModel {
            index: IfIndex(self.index),
            name: self.name.clone(),
            mac: Mac(self.mac),
            addresses: self.addresses.iter().map(|(ip, prefix)| IfAddr { ip: *ip, prefix: *prefix }).collect(),
            up: self.up,
        }
    }
}

impl Configuration {
    /// Reads it as the daemon did. What was said about it then is said again.
    pub fn model(&self, report: &mut Report) -> Option<NodeModel> {
        let path = Path::new(&self.path);
        let text = self.files.get(&self.path)?;
        let options = Options {
            config_id: Some(&self.config_id),
            instance: None,
            pwd: path.parent().unwrap_or(Path::new("")),
            includes: Some(self),
        };
        let draft = parse_with(&self.path, text, &options, report);
        let interfaces = self.interfaces.iter().map(Interface::model).collect();
        let mut model = build_node(&self.host, Policy::default(), interfaces, &draft, report)?;
        for instance in &mut model.instances {
            instance.track_scripts.retain(|track| !self.untracked.contains(&track.item));
        }
        // the last ones first, so that positions stay what they are
        for (service, server, check) in self.unchecked.iter().rev() {
            let server = model.servers.get_mut(*service).and_then(|service| service.real_servers.get_mut(*server));
            if let Some(server) = server.filter(|server| *check < server.checks.len()) {
                server.checks.remove(*check);
            }
        }
        Some(model)
    }

    /// Takes note of which scripts and checks the host has taken out of a model.
    pub fn note_untracked(&mut self, before: &NodeModel, after: &NodeModel) {
        let tracked = |model: &NodeModel, item: usize| {
            model.instances.iter().flat_map(|instance| &instance.track_scripts).any(|track| track.item == item)
        };
        let items = 0..before.scripts.len();
        self.untracked = items.filter(|item| tracked(before, *item) && !tracked(after, *item)).collect();
        self.unchecked.clear();
        for (s, (before, after)) in before.servers.iter().zip(&after.servers).enumerate() {
            for (r, (before, after)) in before.real_servers.iter().zip(&after.real_servers).enumerate() {
                let mut left = after.checks.iter().peekable();
                let gone =
                    before.checks.iter().enumerate().filter(|(_, check)| left.next_if(|next| next == check).is_none());
                self.unchecked.extend(gone.map(|(c, _)| (s, r, c)));
            }
        }
    }
}

impl Files for Configuration {
    fn read(&self, path: &Path) -> Result<String, String> {
        let text = self.files.get(&path.display().to_string());
        text.cloned().ok_or_else(|| "the recording does not have this file".to_owned())
    }
    fn list(&self, folder: &Path) -> Result<Vec<String>, String> {
        let names = self.folders.get(&folder.display().to_string());
        names.cloned().ok_or_else(|| "the recording does not have this folder".to_owned())
    }
}

/// Files, with a note of all that was read.
pub struct Witness<'f> {
    files: &'f dyn Files,
    seen: RefCell<Configuration>,
}

impl<'f> Witness<'f> {
    /// Nothing has been read yet.
    pub fn new(files: &'f dyn Files) -> Witness<'f> {
        Witness { files, seen: RefCell::default() }
    }

    /// What has been read: files and folders only.
    pub fn seen(self) -> Configuration {
        self.seen.into_inner()
    }
}

impl Files for Witness<'_> {
    fn read(&self, path: &Path) -> Result<String, String> {
        let text = self.files.read(path)?;
        self.seen.borrow_mut().files.insert(path.display().to_string(), text.clone());
        Ok(text)
    }
    fn list(&self, folder: &Path) -> Result<Vec<String>, String> {
        let names = self.files.list(folder)?;
        self.seen.borrow_mut().folders.insert(folder.display().to_string(), names.clone());
        Ok(names)
    }
}
