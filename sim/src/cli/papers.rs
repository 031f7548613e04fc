//! What packages need besides the program: manual pages and completions for shells, made of the commands themselves.
use std::fs;
use std::io;
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_complete::Shell;

use super::output::say;
use super::{Cli, Exit};

/// Prints completions.
pub(super) fn completions(shell: Shell) -> io::Result<Exit> {
    say(&completions_of(shell)?)?;
    Ok(Exit::Held)
}

fn completions_of(shell: Shell) -> io::Result<String> {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut text);
    String::from_utf8(text).map_err(io::Error::other)
}

/// Writes one page for each command.
pub(super) fn pages(folder: &Path) -> io::Result<Exit> {
    fs::create_dir_all(folder)?;
    clap_mangen::generate_to(documented(), folder)?;
    Ok(Exit::Held)
}

/// The exit codes hold for every command that does not name its own.
fn documented() -> Command {
    let command = Cli::command();
    let end = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let codes = end.find("Exit codes").map_or("", |at| &end[at..]).to_owned();
    command.mut_subcommands(|sub| match sub.get_after_help().map(ToString::to_string) {
        Some(end) if end.contains("Exit codes") => sub,
        Some(end) => sub.after_help(format!("{end}\n\n{codes}")),
        None => sub.after_help(codes.clone()),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::ValueEnum;

    use super::*;

    /// Every command that is not hidden, as `vrrplab-import-standby`.
    fn commands(command: &Command, name: &str, found: &mut Vec<(String, Command)>) {
        found.push((name.to_owned(), command.clone()));
        for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
            commands(sub, &format!("{name}-{}", sub.get_name()), found);
        }
    }

    fn all() -> Vec<(String, Command)> {
        let mut found = Vec::new();
        commands(&Cli::command(), "vrrplab", &mut found);
        found
    }

    #[test]
    fn every_command_and_option_says_what_it_is_for() {
        for (name, command) in all() {
            assert!(command.get_about().is_some_and(|about| !about.to_string().is_empty()), "{name}");
            for option in command.get_arguments() {
                assert!(
                    option.get_help().is_some_and(|help| !help.to_string().is_empty()),
                    "{name} {}",
                    option.get_id()
                );
            }
        }
    }

    #[test]
    fn the_help_of_every_command_ends_with_an_example() {
        for (name, command) in all().into_iter().filter(|(_, command)| !command.has_subcommands()) {
            let end = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(end.starts_with("Example"), "{name}");
            assert!(end.contains(&name.replace('-', " ")), "{name}: {end}");
        }
    }

    #[test]
    fn every_command_has_a_page_with_its_description_options_and_exit_codes() {
        let folder = std::env::temp_dir().join(format!("vrrplab-man-{}", std::process::id()));
        pages(&folder).unwrap();
        let written: BTreeSet<String> =
            fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        let expected: BTreeSet<String> = all().into_iter().map(|(name, _)| format!("{name}.1")).collect();
        assert_eq!(written, expected);
        for (name, command) in all() {
            let page = fs::read_to_string(folder.join(format!("{name}.1"))).unwrap().replace("\\-", "-");
            let about = command.get_about().unwrap().to_string();
            assert!(page.contains(about.split(['\'', '`']).next().unwrap()), "{name}: {about}");
            assert!(name.matches('-').count() > 1 || page.contains("Exit codes: 0 "), "{name}");
            for option in command.get_arguments().filter_map(|option| option.get_long()) {
                assert!(page.contains(&format!("--{option}")), "{name}: --{option}");
            }
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn every_shell_completes_every_command() {
        for shell in Shell::value_variants() {
            let text = completions_of(*shell).unwrap();
            for command in Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
                assert!(text.contains(command.get_name()), "{shell}: {}", command.get_name());
            }
        }
    }
}
