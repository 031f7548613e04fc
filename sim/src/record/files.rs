//! Files of the nodes: where they can be, and what a script may depend on so that a recording shows no other machine's state.
use std::path::Path;

use vrrplab_engine::model::NodeModel;
use vrrplab_formats::world::{Fault, Node, NodeId, World};

use super::refusal::Refusal;

/// The folders that every node has of its own, and how they are called in the node's folder on this machine.
const OWN: &[(&str, &str)] = &[("/etc/keepalived/", "etc"), ("/run/", "run"), ("/var/run/", "run")];
/// Where in /run a daemon's standard error goes.
pub const STDERR: &str = "daemon.err";
/// Programs that do the same everywhere, but for the files that they are given.
const PLAIN: &[&str] = &["true", "false", "test", "[", "grep", "sh", "bash", "exit", "!"];
/// Folders of programs.
const PROGRAMS: &[&str] = &["/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/", "/usr/local/bin/"];

/// Where in the node's own folder a file lies: its part and the rest of the path. `None`: it cannot be played.
pub fn place(path: &str) -> Option<(&'static str, &str)> {
    let (part, rest) = OWN.iter().find_map(|(folder, part)| Some((*part, path.strip_prefix(folder)?)))?;
    let plain = rest.split('/').all(|name| !name.is_empty() && name != "." && name != "..");
    let ours =
        ["log", STDERR].contains(&rest) || rest.ends_with(".pid") || (part == "etc" && rest == "keepalived.conf");
    (plain && !ours).then_some((part, rest))
}

/// What is said of a file for which there is no place.
pub fn refusal(path: &str) -> String {
    format!("{path} cannot be played: only /etc/keepalived and /run are a node's own")
}

/// Whether the file is a program.
pub fn is_program(content: &str) -> bool {
    content.starts_with("#!")
}

/// Writes a file in place, as an editor does that keeps it.
pub fn write(folder: &Path, path: &str, content: &str) -> Result<(), String> {
    let (part, rest) = place(path).ok_or_else(|| format!("{path} cannot be written"))?;
    let file = folder.join(part).join(rest);
    let failed = |why: std::io::Error| format!("{}: {why}", file.display());
    if let Some(parent) = file.parent() {
        std::fs::create_dir_all(parent).map_err(failed)?;
    }
    std::fs::write(&file, content).map_err(failed)
}

/// Makes a file before anything runs; a program may be run.
pub fn make(folder: &Path, path: &str, content: &str) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    write(folder, path, content)?;
    let Some((part, rest)) = place(path).filter(|_| is_program(content)) else { return Ok(()) };
    let file = folder.join(part).join(rest);
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&file, mode).map_err(|why| format!("{}: {why}", file.display()))
}

/// Refuses what a node tracks and a recording cannot play.
pub(super) fn check(world: &World, id: NodeId, refused: &mut Vec<Refusal>) {
    let node = &world.nodes[id.0];
    let name = &node.model.name;
    for (path, _) in node.files.iter().filter(|(path, _)| place(path).is_none()) {
        refused.push(Refusal::key(&["nodes", name, "files", path], format!("{name}: {}", refusal(path))));
    }
    let reloaded = world.faults.iter().filter_map(|f| match &f.fault {
        Fault::Reload(node, model) if *node == id => Some(model.as_ref()),
        _ => None,
    });
    let mut found = Vec::new();
    for model in std::iter::once(&node.model).chain(reloaded) {
        tracked(node, model, &mut found);
    }
    for line in found {
        let line = Refusal::key(&["nodes", name, "keepalived"], line);
        if !refused.contains(&line) {
            refused.push(line);
        }
    }
}

fn tracked(node: &Node, model: &NodeModel, refused: &mut Vec<String>) {
    let name = &model.name;
    for file in model.files.iter().filter(|file| place(&file.path).is_none()) {
        let (of, path) = (&file.name, &file.path);
        refused.push(format!("{name}: track_file {of}: {path} cannot be played: it is a file of this machine"));
    }
    for script in &model.scripts {
        let known = |path: &str| node.files.iter().find(|(p, _)| p == path).map(|(_, content)| content.as_str());
        if let Some(why) = depends(&script.program.words, &known) {
            refused.push(format!("{name}: vrrp_script {} cannot be played: {why}", script.name));
        }
    }
    for process in &model.processes {
        refused.push(format!("{name}: vrrp_track_process {} would count this machine's processes", process.name));
    }
    for session in &model.bfds {
        refused.push(format!("{name}: bfd_instance {} cannot be played", session.name));
    }
}

/// What the outcome of a command depends on beyond the node's own files.
fn depends<'f>(words: &[String], known: &dyn Fn(&str) -> Option<&'f str>) -> Option<String> {
    let (first, rest) = words.split_first()?;
    let mut text = rest.join(" ");
    match known(first) {
        Some(script) if !is_program(script) => {
            return Some(format!("{first} does not begin with #! and cannot be run"));
        }
        Some(script) => text = format!("{text} {script}"),
        None => {
            let program = first.rsplit('/').next().unwrap_or(first);
            if !PLAIN.contains(&program) {
                let help = "a shell script among the node's `files` can be";
                return Some(format!("what {first} says depends on this machine; {help}"));
            }
        }
    }
    let script = |path: &str| known(path).filter(|script| is_program(script)).unwrap_or_default();
    let more: Vec<&str> = rest.iter().map(|path| script(path)).collect();
    let all = format!("{text} {}", more.join(" "));
    let breaks = |c: char| c.is_whitespace() || ";|&<>()\"'=`!#".contains(c);
    let mut paths = all.split(breaks).filter(|word| word.starts_with('/') && word.len() > 1);
    let foreign = paths.find(|path| {
        let program = PROGRAMS.iter().any(|folder| path.starts_with(folder));
        place(path).is_none() && !program && *path != "/dev/null"
    })?;
    Some(format!("{foreign} is not the node's own (those are in /etc/keepalived and /run)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_owns_two_folders() {
        assert_eq!(place("/run/adj"), Some(("run", "adj")));
        assert_eq!(place("/var/run/app/state"), Some(("run", "app/state")));
        assert_eq!(place("/etc/keepalived/chk.sh"), Some(("etc", "chk.sh")));
        let foreign =
            ["/tmp/adj", "/run/", "/run/../tmp/adj", "/run/log", "/run/vrrp.pid", "/etc/keepalived/keepalived.conf"];
        assert_eq!(foreign.map(place), [None; 6]);
    }

    #[test]
    fn a_script_may_depend_on_the_nodes_files_only() {
        let files = [("/etc/keepalived/chk.sh", "#!/bin/sh\ngrep -q 1 /run/flag\n"), ("/run/plain", "true\n")];
        let known = |path: &str| files.iter().find(|(p, _)| *p == path).map(|(_, content)| *content);
        let why = |line: &str| depends(&line.split(' ').map(str::to_owned).collect::<Vec<_>>(), &known);
        for fine in
            ["/etc/keepalived/chk.sh", "/usr/bin/test ! -f /run/down", "/bin/sh /etc/keepalived/chk.sh", "/bin/true"]
        {
            assert_eq!(why(fine), None, "{fine}");
        }
        let said = |line: &str| why(line).unwrap_or_default();
        assert!(said("/usr/bin/killall -0 haproxy").starts_with("what /usr/bin/killall says depends on this machine"));
        assert!(said("/usr/bin/test -f /tmp/down").starts_with("/tmp/down is not the node's own"));
        assert_eq!(said("/run/plain"), "/run/plain does not begin with #! and cannot be run");
    }
}
