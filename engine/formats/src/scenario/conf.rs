//! The VRRP configuration of a node: a keepalived.conf, or virtual routers written in the scenario itself.
use vrrplab_engine::Policy;
use vrrplab_engine::model::{AddressOptions, InterfaceModel, NodeModel};

use super::WrittenConf;
use super::leaf::{Entries, Placed, Short, Yaml};
use super::reader::Reader;
use super::shape::{InstanceText, TrackText, VipText};
use super::units::{MaybePrefixedKind, Text, TextKind};
use crate::builder::{AuthType, Draft, InstanceDraft, PeerDraft, SyncGroupDraft, TrackDraft, VipDraft, build_node};
use crate::diagnostics::{Report, Spanned};
use crate::keepalived::{Options, parse_with};

/// The configuration as the scenario gives it.
pub(super) struct ConfText<'t> {
    /// Path or text of a keepalived.conf.
    pub(super) keepalived: &'t Option<Text>,
    /// Virtual routers.
    pub(super) vrrp: &'t Option<Vec<InstanceText>>,
    /// Sync groups.
    pub(super) sync_groups: &'t Option<Entries<Vec<Text>>>,
    /// What an inline text is called in diagnostics.
    pub(super) inline_name: String,
}

impl Reader<'_> {
    /// Reads a node's configuration and builds its model.
    pub(super) fn configure(
        &mut self,
        name: &str,
        policy: Policy,
        interfaces: Vec<InterfaceModel>,
        conf: &ConfText<'_>,
    ) -> Option<NodeModel> {
        let (draft, clean, text) = match conf.keepalived {
            Some(text) => {
                let (draft, clean, text) = self.keepalived(name, &self.filled_in(&text.text), &conf.inline_name)?;
                (draft, clean, Some(text))
            }
            None => {
                let (draft, clean) = self.native(conf);
                (draft, clean, None)
            }
        };
        let model = build_node(name, policy, interfaces, &draft, &mut self.report).filter(|_| clean);
        if let (Some(model), Some(text)) = (&model, text) {
            self.written.push(WrittenConf { model: model.clone(), text });
        }
        model
    }

    fn keepalived(&mut self, node: &str, written: &Yaml<String>, inline_name: &str) -> Option<(Draft, bool, String)> {
        let inline = written.value.contains('\n');
        let path = self.folder.join(&written.value);
        let name = if inline { inline_name.to_owned() } else { path.display().to_string() };
        if let Some((_, _, known)) = self.confs.iter().find(|(of, n, _)| of == node && *n == name) {
            return known.clone();
        }
        let text = match inline {
            true => Ok(written.value.clone()),
            false => self.files.read(&path),
        };
        let draft = match text {
            Ok(text) => {
                let mut report = Report::default();
                let includes = (!inline).then_some(self.files);
                let pwd = if inline { &self.folder } else { path.parent().unwrap_or(&self.folder) };
                let options = Options { config_id: Some(node), instance: None, pwd, includes };
                let draft = parse_with(&name, &text, &options, &mut report);
                let clean = !report.is_refused();
                report.diagnostics.retain(|found| !self.report.diagnostics.contains(found));
                self.report.merge(report);
                Some((draft, clean, text))
            }
            Err(why) => {
                let help = "a path is relative to the scenario; an inline text has more than one line";
                self.refuse_at(written, format!("cannot read {name}: {why}"), "", help);
                None
            }
        };
        self.confs.push((node.to_owned(), name, draft.clone()));
        draft
    }

    /// The draft of what the scenario says itself, and whether every word of it could be read.
    fn native(&mut self, conf: &ConfText<'_>) -> (Draft, bool) {
        let before = self.report.diagnostics.len();
        let mut draft = Draft::default();
        for instance in conf.vrrp.iter().flatten() {
            let read = self.native_instance(instance);
            draft.instances.extend(read);
        }
        for (name, members) in conf.sync_groups.iter().flat_map(|g| &g.0) {
            let name =
                Spanned::new(self.filled(&name.value).into_owned(), self.file.clone(), self.range(&name.referenced));
            let mut group = SyncGroupDraft::new(name);
            group.members = members.iter().filter_map(|m| self.read(m)).collect();
            draft.sync_groups.push(group);
        }
        (draft, self.report.diagnostics.len() == before)
    }

    fn native_instance(&mut self, text: &InstanceText) -> Option<InstanceDraft> {
        let before = self.report.diagnostics.len();
        let mut draft = InstanceDraft::new(self.read(&text.instance)?);
        draft.interface = self.maybe(&text.interface);
        draft.vrid = self.maybe(&text.vrid);
        draft.version = self.maybe(&text.version);
        draft.priority = self.maybe(&text.priority);
        draft.wants_master = self.maybe(&text.state);
        draft.advert_int = self.maybe(&text.advert_int);
        draft.preempt = self.maybe(&text.preempt);
        draft.preempt_delay = self.maybe(&text.preempt_delay);
        draft.auth_pass = self.maybe(&text.auth_pass);
        draft.auth_type = draft.auth_pass.as_ref().map(|pass| pass.with(AuthType::Pass));
        draft.vips = text.vips.iter().flatten().filter_map(|v| self.vip(v)).collect();
        draft.excluded_vips = text.excluded_vips.iter().flatten().filter_map(|v| self.vip(v)).collect();
        let peers = text.unicast_peers.iter().flatten().filter_map(|p| self.read(p));
        draft.unicast_peers = peers.map(|ip| PeerDraft { ip, min_ttl: None, max_ttl: None }).collect();
        draft.source = self.maybe(&text.source);
        draft.unicast_ttl = self.maybe(&text.unicast_ttl);
        draft.garp_repeat = self.maybe(&text.garp_master_repeat);
        draft.garp_delay = self.maybe(&text.garp_master_delay);
        draft.garp_refresh = self.maybe(&text.garp_master_refresh);
        draft.garp_refresh_repeat = self.maybe(&text.garp_master_refresh_repeat);
        draft.garp_lower_prio_repeat = self.maybe(&text.garp_lower_prio_repeat);
        draft.garp_lower_prio_delay = self.maybe(&text.garp_lower_prio_delay);
        draft.down_timer_adverts = self.maybe(&text.down_timer_adverts);
        draft.lower_prio_no_advert = self.maybe(&text.lower_prio_no_advert);
        draft.higher_prio_send_advert = self.maybe(&text.higher_prio_send_advert);
        draft.skip_check_adv_addr = self.maybe(&text.skip_check_adv_addr);
        draft.check_unicast_src = self.maybe(&text.check_unicast_src);
        draft.dont_track_primary = self.maybe(&text.dont_track_primary);
        draft.tracks.interfaces = text.track_interfaces.iter().flatten().filter_map(|t| self.track(t)).collect();
        draft.refused = self.report.diagnostics.len() > before;
        Some(draft)
    }

    fn vip(&mut self, text: &Placed<MaybePrefixedKind, VipText>) -> Option<VipDraft> {
        let (address, dev, no_track) = match &text.0.value {
            Short::Word(word, _) => (self.placed_word::<MaybePrefixedKind, _>(word, &text.0)?, None, false),
            Short::Long(long) => (self.read(&long.address)?, self.maybe(&long.dev), self.or(&long.no_track, false)),
        };
        let (ip, prefix) = address.value;
        let prefix = prefix.map(|p| address.with(i64::from(p)));
        Some(VipDraft { addr: address.with(ip), prefix, dev, no_track, options: AddressOptions::default() })
    }

    fn track(&mut self, text: &Placed<TextKind, TrackText>) -> Option<TrackDraft> {
        Some(match &text.0.value {
            Short::Word(word, _) => {
                let name = self.placed_word::<TextKind, _>(word, &text.0)?;
                TrackDraft { name, weight: None, reverse: None }
            }
            Short::Long(long) => TrackDraft {
                name: self.read(&long.interface)?,
                weight: self.maybe(&long.weight),
                reverse: Some(self.or(&long.reverse, false)),
            },
        })
    }
}
