//! The model of a node as a keepalived.conf that reads back as the same model.
use std::borrow::Cow;
use std::collections::BTreeMap;

use vrrplab_engine::model::{
    Auth, Garp, IfIndex, InstanceModel, NodeModel, SyncGroupModel, TrackInterface, UnicastPeer, Version, Vip,
};
use vrrplab_engine::time::Span;

/// Writes the sync groups and instances of a model as a keepalived.conf, always in the same order of lines.
///
/// Values that keepalived would use anyway are left out, except for those that people look for: state, version,
/// priority and advert interval. Read again with the same interfaces, the text gives the same model. Nothing in a
/// keepalived.conf can stand for a `"` or a line break: a name or password with one is refused or warned about then.
pub fn print(model: &NodeModel) -> String {
    let shared: Vec<_> = model.sync_groups.iter().map(|group| shared_tracks(model, group)).collect();
    let mut in_group = BTreeMap::new();
    for (group, tracks) in model.sync_groups.iter().zip(&shared) {
        in_group.extend(group.members.iter().map(|member| (*member, tracks.len())));
    }
    let mut page = Page { model, text: String::new(), depth: 0 };
    for (group, tracks) in model.sync_groups.iter().zip(&shared) {
        page.sync_group(group, tracks);
    }
    for (position, instance) in model.instances.iter().enumerate() {
        let inherited = in_group.get(&position).copied().unwrap_or(0);
        let own = instance.track_interfaces.len().saturating_sub(inherited);
        page.instance(instance, &instance.track_interfaces[..own]);
    }
    page.text
}

/// What a group has to track for its members: an interface stands twice with a member only if the group tracks it.
fn shared_tracks<'m>(model: &'m NodeModel, group: &SyncGroupModel) -> &'m [TrackInterface] {
    let mut lists = members(model, group).map(|member| member.track_interfaces.as_slice());
    let Some(first) = lists.next() else { return &[] };
    let twice = |list: &[TrackInterface]| (1..list.len()).any(|n| list[..n].iter().any(|t| t.iface == list[n].iface));
    if !members(model, group).any(|member| twice(&member.track_interfaces)) {
        return &[];
    }
    lists.fold(first, |shared, list| {
        let same = shared.iter().rev().zip(list.iter().rev()).take_while(|(a, b)| a == b).count();
        &shared[shared.len() - same..]
    })
}

fn members<'m>(model: &'m NodeModel, group: &SyncGroupModel) -> impl Iterator<Item = &'m InstanceModel> {
    group.members.iter().filter_map(|member| model.instances.get(*member))
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

    fn sync_group(&mut self, group: &SyncGroupModel, tracks: &[TrackInterface]) {
        let model = self.model;
        self.block(&format!("vrrp_sync_group {}", word(&group.name)), |page| {
            page.list("group", members(model, group).map(|member| word(&member.name).into_owned()));
            page.line_if(group.tracking_weight, "sync_group_tracking_weight");
            page.tracks(tracks);
        });
    }

    fn instance(&mut self, i: &InstanceModel, tracks: &[TrackInterface]) {
        self.block(&format!("vrrp_instance {}", word(&i.name)), |page| {
            page.line(if i.wants_master { "state MASTER" } else { "state BACKUP" });
            page.line(&format!("interface {}", page.interface(i.iface)));
            page.line(&format!("virtual_router_id {}", i.vrid));
            page.line(match i.version {
                Version::V2 => "version 2",
                Version::V3 => "version 3",
            });
            page.line(&format!("priority {}", i.priority));
            page.line(&format!("advert_int {}", seconds(i.advert_int)));
            page.line_if(!i.preempt, "nopreempt");
            page.line_if(i.preempt_delay != Span::ZERO, &format!("preempt_delay {}", seconds(i.preempt_delay)));
            page.line_if(i.down_timer_adverts != 3, &format!("down_timer_adverts {}", i.down_timer_adverts));
            page.flags(i);
            page.garp(&i.garp);
            let auth = match i.auth {
                Auth::None => None,
                Auth::Pass(bytes) => Some(("PASS", bytes)),
                Auth::Ah(bytes) => Some(("AH", bytes)),
            };
            if let Some((kind, bytes)) = auth {
                let lines = [format!("auth_type {kind}"), format!("auth_pass {}", word(&password(bytes)))];
                page.list("authentication", lines.into_iter());
            }
            if let Some(source) = i.source {
                let keyword = if i.is_unicast() { "unicast_src_ip" } else { "mcast_src_ip" };
                page.line(&format!("{keyword} {source}"));
            }
            if let Some(ttl) = i.unicast_ttl {
                page.line(&format!("unicast_ttl {ttl}"));
            }
            page.list("unicast_peer", i.unicast_peers.iter().map(peer));
            page.tracks(tracks);
            page.vips("virtual_ipaddress", &i.vips, i.iface);
            page.vips("virtual_ipaddress_excluded", &i.excluded_vips, i.iface);
        });
    }

    fn flags(&mut self, i: &InstanceModel) {
        self.line_if(i.lower_prio_no_advert, "lower_prio_no_advert");
        self.line_if(i.higher_prio_send_advert, "higher_prio_send_advert");
        self.line_if(i.skip_check_adv_addr, "skip_check_adv_addr");
        self.line_if(i.check_unicast_src, "check_unicast_src");
        self.line_if(i.dont_track_primary, "dont_track_primary");
    }

    fn garp(&mut self, garp: &Garp) {
        let built_in = Garp::default();
        let counts = |g: &Garp| [g.repeat, g.refresh_repeat, g.lower_prio_repeat].map(|n| n.to_string());
        let spans = |g: &Garp| [g.delay, g.refresh, g.lower_prio_delay].map(seconds);
        let lines = |g: &Garp| {
            let ([repeat, refresh_repeat, lower_repeat], [delay, refresh, lower_delay]) = (counts(g), spans(g));
            [
                format!("garp_master_repeat {repeat}"),
                format!("garp_master_delay {delay}"),
                format!("garp_master_refresh {refresh}"),
                format!("garp_master_refresh_repeat {refresh_repeat}"),
                format!("garp_lower_prio_repeat {lower_repeat}"),
                format!("garp_lower_prio_delay {lower_delay}"),
            ]
        };
        for (line, default) in lines(garp).iter().zip(lines(&built_in)) {
            self.line_if(*line != default, line);
        }
    }

    fn tracks(&mut self, tracks: &[TrackInterface]) {
        let lines: Vec<String> = tracks.iter().map(|t| self.track(t)).collect();
        self.list("track_interface", lines.into_iter());
    }

    fn track(&self, track: &TrackInterface) -> String {
        let mut line = self.interface(track.iface);
        if track.weight != 0 {
            line += &format!(" weight {}", track.weight);
        }
        if track.reverse {
            line += " reverse";
        }
        line
    }

    fn vips(&mut self, header: &str, vips: &[Vip], own: IfIndex) {
        let line = |vip: &Vip| {
            let mut line = format!("{}/{}", vip.addr.ip, vip.addr.prefix);
            if vip.iface != own {
                line += &format!(" dev {}", self.interface(vip.iface));
            }
            if vip.no_track {
                line += " no_track";
            }
            line
        };
        let lines: Vec<String> = vips.iter().map(line).collect();
        self.list(header, lines.into_iter());
    }
}

fn peer(peer: &UnicastPeer) -> String {
    match peer.ttl {
        Some((least, most)) => format!("{} min_ttl {least} max_ttl {most}", peer.ip),
        None => peer.ip.to_string(),
    }
}

/// Seconds with as many decimals as needed, to the microsecond.
fn seconds(span: Span) -> String {
    let micros = span.as_micros();
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The password without its padding. A character that was cut at the eighth byte is made whole: it is cut again.
fn password(bytes: [u8; 8]) -> String {
    let used = bytes.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
    let whole = [0x80, 0xa0].into_iter().flat_map(|first: u8| (0..=3).map(move |missing| (first, missing)));
    let mut tried = whole.map(|(first, missing)| {
        let rest = std::iter::once(first).chain([0x80, 0x80]).take(missing);
        String::from_utf8(bytes[..used].iter().copied().chain(rest).collect())
    });
    tried.find_map(Result::ok).unwrap_or_else(|| String::from_utf8_lossy(&bytes[..used]).into_owned())
}

/// The word, in quotes where it would not be read as one.
fn word(text: &str) -> Cow<'_, str> {
    let special = |c: char| c.is_whitespace() || "{}\"#!$\\".contains(c);
    if text.is_empty() || text.starts_with(['@', '~']) || text.contains(special) {
        Cow::Owned(format!("\"{text}\""))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_have_the_decimals_they_need() {
        let micros = [0, 1_000_000, 10_000_000, 250_000, 40_950_000, 1_000_001].map(Span::from_micros);
        assert_eq!(micros.map(seconds), ["0", "1", "10", "0.25", "40.95", "1.000001"]);
    }

    #[test]
    fn words_are_quoted_only_where_they_must_be() {
        let quoted = ["VI_1", "", "a b", "a#b", "!x", "{", "$E", "@h", "a@h", "eth0.100"].map(word);
        let expected = ["VI_1", "\"\"", "\"a b\"", "\"a#b\"", "\"!x\"", "\"{\"", "\"$E\"", "\"@h\"", "a@h", "eth0.100"];
        assert_eq!(quoted, expected);
    }

    #[test]
    fn a_password_cut_within_a_character_keeps_its_eight_bytes() {
        for text in ["비밀번호", "1234567é", "12345678", "1234567\u{10348}", "1234567\u{d7ff}", "12345678\u{8ff}"]
        {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&text.as_bytes()[..8]);
            assert_eq!(password(bytes).as_bytes()[..8], bytes, "{text}");
        }
        assert_eq!(password(*b"1234\0\0\0\0"), "1234");
        assert_eq!(password([0; 8]), "");
    }
}
