//! Tracked processes, counted in `/proc` once a second. (keepalived hears of each start and end from the kernel's process
//! connector, which tells of every process of the host; a count may come a second later here.)
use std::fs;

use vrrplab_engine::Span;
use vrrplab_engine::model::track::{ArgumentMatch, ProcessModel};

/// How often is counted.
pub const EVERY: Span = Span::from_secs(1);
/// The kernel keeps so much of a name.
const NAME_LENGTH: usize = 15;

/// How many processes match each of these.
pub fn count(models: &[ProcessModel]) -> Vec<u32> {
    let mut counts = vec![0; models.len()];
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let folder = entry.path();
        if !entry.file_name().to_string_lossy().bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        // a process may end while it is looked at
        let Ok(name) = fs::read_to_string(folder.join("comm")) else { continue };
        let words = models.iter().any(needs_words).then(|| fs::read(folder.join("cmdline")).unwrap_or_default());
        let words = words.as_deref().map(split).unwrap_or_default();
        for (model, count) in models.iter().zip(&mut counts) {
            *count += u32::from(is_match(model, name.trim_end_matches('\n'), &words));
        }
    }
    counts
}

fn needs_words(model: &ProcessModel) -> bool {
    model.full_command || model.arguments.is_some()
}

fn split(cmdline: &[u8]) -> Vec<String> {
    let words = cmdline.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned());
    let mut words: Vec<String> = words.collect();
    words.pop(); // behind the last end
    words
}

/// Whether a process is one of those that are looked for.
fn is_match(model: &ProcessModel, name: &str, words: &[String]) -> bool {
    let Some((wanted, arguments)) = model.command.split_first() else { return false };
    if !needs_words(model) {
        let kept = wanted.get(..NAME_LENGTH).unwrap_or(wanted);
        return name == kept;
    }
    let Some((first, rest)) = words.split_first() else { return false };
    let called = if model.full_command || wanted.contains('/') {
        first == wanted
    } else {
        first.rsplit('/').next() == Some(wanted)
    };
    called
        && match model.arguments {
            None => true,
            Some(ArgumentMatch::Exact) => rest == arguments,
            Some(ArgumentMatch::Initial) => rest.starts_with(arguments),
            Some(ArgumentMatch::Partial) => begins_with(rest, arguments),
        }
}

/// All arguments but the last are equal, and that one is the beginning of another.
fn begins_with(rest: &[String], arguments: &[String]) -> bool {
    let Some((last, equal)) = arguments.split_last() else { return true };
    rest.starts_with(equal) && rest.get(equal.len()).is_some_and(|word| word.starts_with(last.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(command: &[&str], arguments: Option<ArgumentMatch>) -> ProcessModel {
        let command = command.iter().map(|w| (*w).to_owned()).collect();
        ProcessModel { arguments, ..ProcessModel::new("p", command) }
    }

    #[test]
    fn a_name_is_enough_unless_arguments_are_asked_for() {
        let words = ["/usr/sbin/haproxy", "-f", "/etc/haproxy.cfg"].map(str::to_owned);
        let is = |command: &[&str], arguments| is_match(&model(command, arguments), "haproxy", &words);
        assert!(is(&["haproxy"], None));
        assert!(!is(&["nginx"], None));
        assert!(is(&["haproxy", "-f", "/etc/haproxy.cfg"], Some(ArgumentMatch::Exact)));
        assert!(!is(&["haproxy", "-f"], Some(ArgumentMatch::Exact)));
        assert!(is(&["haproxy", "-f"], Some(ArgumentMatch::Initial)));
        assert!(is(&["haproxy", "-f", "/etc/ha"], Some(ArgumentMatch::Partial)));
        assert!(!is(&["haproxy", "-f", "/srv"], Some(ArgumentMatch::Partial)));
    }

    #[test]
    fn the_kernel_cuts_long_names() {
        let long = model(&["a-very-long-program-name"], None);
        assert!(is_match(&long, "a-very-long-pro", &[]));
    }

    #[test]
    fn this_test_finds_itself() {
        let name = fs::read_to_string("/proc/self/comm").unwrap();
        assert!(count(&[model(&[name.trim()], None)])[0] >= 1);
    }
}
