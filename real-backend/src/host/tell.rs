//! What is told to the outside: notify scripts, pipes, mails.
use std::fs;

use vrrplab_engine::Notice;
use vrrplab_engine::model::globals::Fifo;

use super::Host;
use crate::script::security;

impl Host {
    pub(super) fn tell(&mut self, rule: &'static str, notice: &Notice) {
        match notice {
            Notice::Script { program, arguments } => {
                let words: Vec<String> = program.words.iter().chain(arguments).cloned().collect();
                let started = security::judge(program, &self.model.globals)
                    .and_then(|account| self.scripts.tell(&words, &account).map_err(|why| why.to_string()));
                match started {
                    Ok(()) => tracing::debug!(rule, program = words.join(" "), "notify script started"),
                    Err(why) => tracing::warn!(rule, program = words.join(" "), why, "notify script not started"),
                }
            }
            Notice::Line { fifo, line } => {
                if let Err(why) = self.fifos.write(fifo, line) {
                    tracing::warn!(rule, pipe = fifo, line, %why, "this line for a pipe is lost");
                }
            }
            Notice::Mail(letter) => self.mails.send(rule, &self.model.globals.mail, letter),
        }
    }

    /// Opens the pipes of the configuration, and starts their readers with the pipe's path as the last argument.
    pub(super) fn open_fifos(&mut self) {
        let fifos: Vec<Fifo> = self.model.globals.fifos().cloned().collect();
        for fifo in fifos {
            if self.fifos.is_open(&fifo.path) {
                continue;
            }
            if let Err(why) = self.fifos.open(&fifo) {
                tracing::error!(pipe = fifo.path, %why, "this pipe cannot be used");
                continue;
            }
            let Some(reader) = &fifo.reader else { continue };
            let words: Vec<String> = reader.words.iter().chain([&fifo.path]).cloned().collect();
            let started = security::judge(reader, &self.model.globals)
                .and_then(|account| self.scripts.read_pipe(&words, &account).map_err(|why| why.to_string()));
            if let Err(why) = started {
                tracing::warn!(program = words.join(" "), why, "the reader of a pipe is not started");
            }
        }
    }

    pub(super) fn write_file(&mut self, rule: &str, path: &str, value: i32) {
        if let Err(why) = fs::write(path, format!("{value}\n")) {
            tracing::warn!(rule, path, %why, "this file cannot be written");
        }
    }
}
