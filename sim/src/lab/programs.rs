//! Programs of a router: its daemon starts them, they end, and what is tracked changes.
use vrrplab_engine::model::command::Program;
use vrrplab_engine::{Exit, Finished, Input, Job, KernelEvent, Letter, Notice, Rule};
use vrrplab_formats::world::{Behaviour, NodeId};

use super::router::Waiting;
use super::{Lab, Watchers};
use crate::host::{Act, End};
use crate::moment::Moment;

const SIGKILL: i32 = 9;
const SIGTERM: i32 = 15;

impl Lab<'_> {
    pub(super) fn run_program(&mut self, n: usize, job: Job, what: &Program, rule: Rule, watchers: Watchers<'_, '_>) {
        self.routers[n].programs.start(self.now, job.0, &what.words);
        self.show(watchers, &Moment::Ran { node: NodeId(n), words: &what.words, rule });
    }

    pub(super) fn cancel_program(&mut self, n: usize, job: Job, force: bool) {
        self.routers[n].programs.signal(self.now, job.0, if force { SIGKILL } else { SIGTERM });
    }

    /// What a daemon tells the outside. Its notify scripts are shown; what they would do is not simulated.
    pub(super) fn notify(&mut self, n: usize, notice: &Notice, rule: Rule, watchers: Watchers<'_, '_>) {
        let node = NodeId(n);
        match notice {
            Notice::Script { program, arguments } => {
                let words: Vec<String> = program.words.iter().chain(arguments).cloned().collect();
                self.show(watchers, &Moment::Ran { node, words: &words, rule });
                self.call_cloud(n, &words, watchers);
            }
            Notice::Line { fifo, line } => {
                self.show(watchers, &Moment::Told { node, line: &format!("{fifo}: {line}"), rule });
            }
            Notice::Mail(letter) => self.mail(n, letter, rule, watchers),
        }
    }

    /// A mail is shown; the mail server is not simulated.
    pub(super) fn mail(&mut self, n: usize, letter: &Letter, rule: Rule, watchers: Watchers<'_, '_>) {
        self.show(watchers, &Moment::Told { node: NodeId(n), line: &format!("mail: {}", letter.subject), rule });
    }

    /// Tells the daemon which of its programs have ended; a paused one finds it later.
    pub(super) fn programs_end(&mut self, n: usize, watchers: Watchers<'_, '_>) {
        while let Some((number, end)) = self.routers[n].programs.ended(self.now) {
            if self.checker_ended(n, number, end, watchers) {
                continue;
            }
            let outcome = match end {
                End::Status(status) => Exit::Status(status),
                End::Signal(signal) => Exit::Signal(signal),
            };
            let finished = Finished { job: Job(number), outcome };
            let router = &mut self.routers[n];
            if router.engine.is_some() && router.is_late() {
                router.waiting.push(Waiting::Finished(finished));
                self.put_off(n);
            } else {
                router.tell(self.now, Input::Finished(finished));
                self.carry_out(n, watchers);
            }
        }
    }

    pub(super) fn write_file(&mut self, n: usize, path: &str, content: Option<&str>, watchers: Watchers<'_, '_>) {
        self.routers[n].programs.write(path, content);
        if self.routers[n].model.files.iter().any(|file| file.path == path) {
            let bytes = content.unwrap_or_default().into();
            self.tell_kernel(n, KernelEvent::FileContent { path: path.to_owned(), bytes }, watchers);
        }
        self.checkers_read(n, path, content, watchers);
    }

    pub(super) fn tell_script(&mut self, n: usize, name: &str, does: Behaviour) {
        let router = &mut self.routers[n];
        let act = match does {
            Behaviour::Exits(status) => Act::Exits(status),
            Behaviour::Hangs => Act::Hangs,
            Behaviour::ExitsAfter(status, length) => Act::ExitsAfter(status, length),
        };
        if let Some(script) = router.model.scripts.iter().find(|script| script.name == name) {
            router.programs.tell(&script.program.words, act);
        }
    }

    pub(super) fn count_processes(&mut self, n: usize, name: &str, count: u32, watchers: Watchers<'_, '_>) {
        let router = &mut self.routers[n];
        router.processes.retain(|(known, _)| known != name);
        router.processes.push((name.to_owned(), count));
        if let Some(item) = router.model.processes.iter().position(|process| process.name == name) {
            self.tell_kernel(n, KernelEvent::ProcessCount { item, count }, watchers);
        }
    }

    pub(super) fn set_session(&mut self, n: usize, name: &str, up: bool, watchers: Watchers<'_, '_>) {
        let router = &mut self.routers[n];
        router.sessions.retain(|(known, _)| known != name);
        router.sessions.push((name.to_owned(), up));
        if let Some(item) = router.model.bfds.iter().position(|bfd| bfd.name == name) {
            self.tell_kernel(n, KernelEvent::BfdSession { item, up }, watchers);
            self.tell_checkers(n, vrrplab_engine::health::Input::Session { item, up }, watchers);
        }
    }
}
