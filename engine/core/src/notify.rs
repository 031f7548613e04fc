//! Who is told of a change, in which order and in which words: scripts, pipes, mail.
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::engine::Engine;
use crate::io::{EffectKind, Letter, Notice, State};
use crate::model::command::{Notify, Program};
use crate::model::globals::Globals;
use crate::rules::Rule;

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// A state was entered.
    Master,
    /// As above.
    Backup,
    /// As above.
    Fault,
    /// The daemon stops.
    Stop,
    /// A reload dropped the instance.
    Deleted,
    /// A master heard a worse advert.
    Lower,
    /// The priority changed.
    Priority(State),
}

/// The one who tells.
struct Teller<'a> {
    kind: &'static str,
    name: &'a str,
    priority: u8,
    notify: &'a Notify,
    /// The state that the last mail has told.
    mailed: Option<State>,
}

impl Said {
    const fn of(state: State) -> Option<Said> {
        match state {
            State::Master => Some(Said::Master),
            State::Backup => Some(Said::Backup),
            State::Fault => Some(Said::Fault),
            State::Init => None,
        }
    }

    /// The word for it in pipes, and as an argument of `notify`.
    const fn word(self) -> &'static str {
        match self {
            Said::Master => "MASTER",
            Said::Backup => "BACKUP",
            Said::Fault => "FAULT",
            Said::Stop => "STOP",
            Said::Deleted => "DELETED",
            Said::Lower => "MASTER_RX_LOWER_PRI",
            Said::Priority(State::Master) => "MASTER_PRIORITY",
            Said::Priority(_) => "BACKUP_PRIORITY",
        }
    }

    /// The script for just this.
    fn script(self, notify: &Notify) -> Option<&Program> {
        match self {
            Said::Master => notify.master.as_ref(),
            Said::Backup => notify.backup.as_ref(),
            Said::Fault => notify.fault.as_ref(),
            Said::Stop => notify.stop.as_ref(),
            Said::Deleted => notify.deleted.as_ref().and_then(|deleted| deleted.program.as_ref()),
            Said::Lower => notify.lower_priority.as_ref(),
            Said::Priority(_) => None,
        }
    }

    /// Whether the script for every change hears of it.
    const fn is_for_notify(self) -> bool {
        !matches!(self, Said::Lower | Said::Priority(_))
    }

    /// The state that was entered.
    const fn state(self) -> Option<State> {
        match self {
            Said::Master => Some(State::Master),
            Said::Backup => Some(State::Backup),
            Said::Fault => Some(State::Fault),
            Said::Stop | Said::Deleted | Said::Lower | Said::Priority(_) => None,
        }
    }

    /// How the subject of its mail ends, and what is in it. That the daemon stops is mailed by nobody: keepalived is gone
    /// before the mail server has answered.
    const fn mail(self, group: bool) -> Option<(&'static str, &'static str)> {
        Some(match (self, group) {
            (Said::Master, false) => ("Entering MASTER state", "=> VRRP Instance is now owning VRRP VIPs <="),
            (Said::Backup, false) => ("Entering BACKUP state", "=> VRRP Instance is no longer owning VRRP VIPs <="),
            (Said::Fault, false) => ("Entering FAULT state", "=> VRRP Instance is no longer owning VRRP VIPs <="),
            (Said::Deleted, false) => ("Deleted", "=> VRRP Deleted at reload <="),
            (Said::Master, true) => ("Entering MASTER state", "=> All VRRP group instances are now in MASTER state <="),
            (Said::Backup, true) => ("Entering BACKUP state", "=> All VRRP group instances are now in BACKUP state <="),
            (Said::Fault, true) => ("Entering FAULT state", "=> All VRRP group instances are now in FAULT state <="),
            (Said::Deleted, true) | (Said::Stop | Said::Lower | Said::Priority(_), _) => return None,
        })
    }
}

/// Whether a mail is sent, if mails are sent at all: not of a fault where those are not wanted, and not of the state that
/// the last mail has told.
fn is_mailed(said: Said, mailed: Option<State>, globals: &Globals) -> bool {
    let unwanted = said == Said::Fault && globals.mail.no_faults;
    !unwanted && (said.state().is_none() || said.state() != mailed)
}

/// The state that the last mail has told, from now on.
fn mailed(notices: &[Notice], said: Said) -> Option<State> {
    let mails = notices.iter().any(|notice| matches!(notice, Notice::Mail(_)));
    said.state().filter(|_| mails)
}

/// What the pipes hear of one event: of which kind of thing, its name, its priority.
fn lines((kind, name, priority): (&str, &str, u8), said: Said, globals: &Globals) -> impl Iterator<Item = Notice> {
    let line = move || format!("{kind} \"{name}\" {} {priority}", said.word());
    globals.instance_fifos().map(move |fifo| Notice::Line { fifo: fifo.path.clone(), line: line() })
}

/// The notices of one event: the script for just this, the script for everything, the pipes, the mail.
fn notices(teller: &Teller<'_>, said: Said, globals: &Globals, node: &str) -> Vec<Notice> {
    let mut all = Vec::new();
    if let Some(program) = said.script(teller.notify) {
        all.push(Notice::Script { program: program.clone(), arguments: Vec::new() });
    }
    let (kind, name, priority) = (teller.kind, teller.name, teller.priority);
    if let Some(program) = teller.notify.any.as_ref().filter(|_| said.is_for_notify()) {
        let arguments = [kind, name, said.word()].map(String::from).into_iter().chain([priority.to_string()]);
        all.push(Notice::Script { program: program.clone(), arguments: arguments.collect() });
    }
    all.extend(lines((kind, name, priority), said, globals));
    all.extend(letter(teller, said, globals, node).map(Notice::Mail));
    all
}

fn letter(teller: &Teller<'_>, said: Said, globals: &Globals, node: &str) -> Option<Letter> {
    if !globals.mails(teller.notify) || !is_mailed(said, teller.mailed, globals) {
        return None;
    }
    let group = teller.kind == "GROUP";
    let (end, body) = said.mail(group)?;
    let router = globals.router_id.as_deref().unwrap_or(node);
    let what = if group { "VRRP Group" } else { "VRRP Instance" };
    Some(Letter { subject: format!("[{router}] {what} {} - {end}", teller.name), body: body.into() })
}

/// How many scripts have to be started for these: that takes time, and a master arms its advert timer afterwards.
fn scripts(notices: &[Notice]) -> u64 {
    notices.iter().filter(|notice| matches!(notice, Notice::Script { .. })).count() as u64
}

impl Engine {
    /// Tells which state an instance is in.
    pub(crate) fn notify_state(&mut self, i: usize, rule: Rule) {
        if let Some(said) = Said::of(self.instances[i].state) {
            self.notify_instance(i, rule, said);
        }
    }

    pub(crate) fn notify_instance(&mut self, i: usize, rule: Rule, said: Said) {
        let x = &self.instances[i];
        let (name, notify) = (&x.model.name, &x.model.notify);
        let teller = Teller { kind: "INSTANCE", name, priority: x.priority, notify, mailed: x.mailed };
        let notices = notices(&teller, said, &self.globals, &self.name);
        let scripts = scripts(&notices);
        self.instances[i].started += scripts;
        self.instances[i].mailed = mailed(&notices, said).or(self.instances[i].mailed);
        self.tell(rule, notices);
    }

    fn tell(&mut self, rule: Rule, notices: Vec<Notice>) {
        for notice in notices {
            self.effect(rule, EffectKind::Notify(Box::new(notice)));
        }
    }

    /// `notify_priority_changes`: the pipes hear of it.
    pub(crate) fn notify_priority(&mut self, i: usize, rule: Rule) {
        let x = &self.instances[i];
        if x.model.notify.priority_changes.unwrap_or(self.globals.priority_changes)
            && matches!(x.state, State::Master | State::Backup)
        {
            self.notify_instance(i, rule, Said::Priority(x.state));
        }
    }

    /// A reload dropped the instance: FAULT is told, unless it asks for DELETED.
    pub(crate) fn notify_deleted(&mut self, i: usize, rule: Rule) {
        let asks = self.instances[i].model.notify.deleted.is_some();
        self.notify_instance(i, rule, if asks { Said::Deleted } else { Said::Fault });
    }

    /// Notes which state a group is in, and tells it when that is news.
    pub(crate) fn group_enters(&mut self, g: usize, state: State) {
        if core::mem::replace(&mut self.group_states[g], state) != state {
            self.notify_group_state(g, Rule::GroupTells);
        }
    }

    fn notify_group_state(&mut self, g: usize, rule: Rule) {
        if let Some(said) = Said::of(self.group_states[g]) {
            self.notify_group(g, rule, said);
        }
    }

    pub(crate) fn notify_group(&mut self, g: usize, rule: Rule, said: Said) {
        let group = &self.groups[g];
        let before = self.group_mails[g];
        let teller = Teller { kind: "GROUP", name: &group.name, priority: 0, notify: &group.notify, mailed: before };
        let notices = notices(&teller, said, &self.globals, &self.name);
        self.group_mails[g] = mailed(&notices, said).or(before);
        let late = self.policy.fork_lateness.times(scripts(&notices));
        for &member in &self.groups[g].members {
            let master = self.instances[member].state == State::Master;
            if let Some(deadline) = self.deadlines[member].as_mut().filter(|_| master) {
                deadline.at += late;
            }
        }
        self.tell(rule, notices);
    }

    /// STOP is told for every instance, whatever its state, and then for the groups.
    pub(crate) fn notify_stop(&mut self) {
        for i in 0..self.instances.len() {
            self.notify_instance(i, Rule::Stop, Said::Stop);
        }
        for g in 0..self.groups.len() {
            self.notify_group(g, Rule::Stop, Said::Stop);
        }
    }

    /// `fifo_write_vrrp_states_on_reload`: the pipes hear the states again; scripts and mail do not.
    pub(crate) fn notify_fifos_again(&mut self) {
        if !self.globals.states_on_reload {
            return;
        }
        let instances = self.instances.iter().map(|x| (("INSTANCE", x.model.name.as_str(), x.priority), x.state));
        let groups =
            self.groups.iter().zip(&self.group_states).map(|(g, state)| (("GROUP", g.name.as_str(), 0), *state));
        let states = instances.chain(groups).filter_map(|(who, state)| Some((who, Said::of(state)?)));
        let all = states.flat_map(|(who, said)| lines(who, said, &self.globals)).collect();
        self.tell(Rule::Reload, all);
    }
}
