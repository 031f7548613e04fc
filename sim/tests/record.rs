//! What can be recorded and what cannot, and in which words: plans are made without any daemon or namespace.
#![cfg(target_os = "linux")]
use std::path::Path;
use std::process::{Command, Stdio};

use vrrplab_engine::Instant;
use vrrplab_formats::scenario::{Disk, Files, load_written};
use vrrplab_sim::record::{Plan, plan};

/// One scenario and its configuration.
struct Story(&'static str, &'static str);

impl Files for Story {
    fn read(&self, path: &Path) -> Result<String, String> {
        Ok(if path.ends_with("r1.conf") { self.1 } else { self.0 }.to_owned())
    }
}

fn planned(files: &dyn Files, path: &Path) -> Result<Plan, Vec<String>> {
    let (world, confs, report) = load_written(path, files);
    let planned = plan(&world.unwrap_or_else(|| panic!("{}", report.render(false))), &confs);
    planned.map_err(|refusals| refusals.iter().map(ToString::to_string).collect())
}

fn ours(name: &str) -> Result<Plan, Vec<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    planned(&Disk, &folder.join(format!("{name}.yaml")))
}

/// The steps as `seconds type node`.
fn steps(plan: &Plan) -> Vec<String> {
    let word = |fields: &serde_json::Map<String, serde_json::Value>, key: &str| {
        fields.get(key).and_then(|v| v.as_str()).unwrap_or("-").to_owned()
    };
    let step = |at: Instant, fields| format!("{at} {} {}", word(&fields, "type"), word(&fields, "node"));
    plan.steps.iter().map(|s| step(s.at, s.action.fields(plan))).collect()
}

#[test]
fn a_crashed_node_gets_its_links_back_before_its_daemon_starts() {
    let plan = ours("basics/three-routers").unwrap();
    assert_eq!(
        steps(&plan),
        [
            "8.000 crash r1",
            "14.000 crash r2",
            "19.500 port_up r1",
            "20.000 start r1",
            "20.500 port_up r2",
            "21.000 start r2",
        ]
    );
    assert!(plan.description.ends_with("Recorded without the clients and HTTP servers of the scenario."));
}

#[test]
fn the_users_own_text_is_handed_to_keepalived() {
    let plan = ours("split-brain").unwrap();
    let text = include_str!("../../scenarios/conf/split-brain/r1.conf");
    assert_eq!(plan.nodes[0].conf, text);
    assert_eq!(steps(&plan), ["8.000 partition -", "18.000 heal -"]);
    let short = ours("basics/priority-change").unwrap();
    assert!(short.nodes[0].conf.contains("priority 150"), "{}", short.nodes[0].conf);
    assert_eq!(steps(&short), ["8.000 reload r1", "16.000 reload r1"]);
}

#[test]
fn tracked_files_and_scripts_on_them_are_played() {
    let plan = ours("tracking/tracked-file-and-script").unwrap();
    assert_eq!(steps(&plan), ["8.000 write_file r1", "14.000 write_file r1", "20.400 write_file r1"]);
    let paths: Vec<&str> = plan.nodes[0].files.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["/run/adj", "/run/flag", "/etc/keepalived/chk.sh"]);
}

#[test]
fn what_depends_on_this_machine_is_refused() {
    const STORY: &str = "\
duration: 9s
networks:
  lan: {}
nodes:
  r1:
    interfaces:
      eth0: { network: lan, addresses: [10.0.0.1/24] }
    keepalived: r1.conf
    files: { /tmp/flag: x }
timeline:
  - { at: 2s, do: { script: { node: r1, name: chk, exits: 1 } } }
  - { at: 3s, do: { file: { node: r1, path: /run/flag } } }
  - { at: 4s, do: { file: { node: r1, path: /tmp/flag, content: y } } }
";
    const CONF: &str = "\
vrrp_script chk {
    script \"/usr/bin/killall -0 haproxy\"
}
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    track_script {
        chk
    }
    virtual_ipaddress {
        10.0.0.100/24
    }
}
";
    let refused = planned(&Story(STORY, CONF), Path::new("story.yaml")).unwrap_err();
    assert_eq!(
        refused,
        [
            "r1: a real program cannot be told how vrrp_script chk ends; a shell script that looks at a file can be, with \
             the node's `files` and `file` in the timeline (at 2.000)",
            "r1: deleting /run/flag cannot be played (at 3.000)",
            "r1: /tmp/flag cannot be played: only /etc/keepalived and /run are a node's own (at 4.000)",
            "r1: /tmp/flag cannot be played: only /etc/keepalived and /run are a node's own",
            "r1: vrrp_script chk cannot be played: what /usr/bin/killall says depends on this machine; a shell script \
             among the node's `files` can be",
        ]
    );
}

#[test]
fn everything_that_cannot_be_played_is_named_at_once() {
    const STORY: &str = "\
duration: 9s
policy: rfc9568
networks:
  lan: { delay: 20ms, loss: 1% }
nodes:
  r1:
    interfaces:
      eth0: { network: lan, addresses: [10.0.0.1/24], port_security: true }
    keepalived: r1.conf
timeline:
  - { at: 2s, do: { start: r1 } }
";
    const CONF: &str = "\
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
@r1 priority 150
    virtual_ipaddress {
        10.0.0.100/24
    }
}
";
    let refused = planned(&Story(STORY, CONF), Path::new("story.yaml")).unwrap_err();
    assert_eq!(
        refused,
        [
            "network lan: loss cannot be played",
            "network lan: a delay of 0.020 s cannot be played (up to 0.001 s none is)",
            "r1: only the policy keepalived-2.2.7 can be played, by a daemon that follows it",
            "r1: port security cannot be played",
            "r1: a daemon that runs cannot be started (at 2.000)",
            "r1: keepalived.conf line 4: `@r1 priority 150` cannot be recorded, write it out",
        ]
    );
    let refused = ours("openstack/openstack-port-security").unwrap_err();
    assert!(refused.contains(&"r1: port security cannot be played (at 12.000)".to_owned()), "{refused:?}");
}

#[test]
fn without_root_or_programs_nothing_is_begun() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("record-without-programs");
    let mut command = Command::new(env!("CARGO_BIN_EXE_vrrplab"));
    command.args(["record", "scenarios/split-brain.yaml", "--out"]).arg(&folder);
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).env("PATH", "").stdin(Stdio::null());
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    let names_all = ["keepalived", "ip", "tcpdump", "unshare", "nft"]
        .iter()
        .all(|program| said.contains(&format!("error: {program} cannot be run")));
    assert!(names_all || said.starts_with("error: recording needs root"), "{said}");
    assert!(!folder.exists());
}

/// What `vrrplab` says in the folder of the project, and with which number it ends.
fn said_of(args: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vrrplab"));
    command.args(args).current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).stdin(Stdio::null());
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn on_real_kernels_what_cannot_be_played_is_shown_with_its_lines_in_all_scenarios_at_once() {
    let (drift, guarded) =
        ("scenarios/operations/clock-drift.yaml", "scenarios/openstack/openstack-port-security.yaml");
    let (code, said) = said_of(&["run", "--on", "all", drift, guarded]);
    assert_eq!(code, Some(2), "{said}");
    for place in [":20:5", ":26:5"] {
        assert!(said.contains(&format!("--> {drift}{place}")), "{said}");
    }
    assert!(said.contains("error: r1: a clock of its own cannot be played"), "{said}");
    for place in [":20:62", ":25:62", ":35:7", ":38:7"] {
        assert!(said.contains(&format!("--> {guarded}{place}")), "{said}");
    }
    assert!(said.contains("error: r2: port security cannot be played (at 12.000)"), "{said}");
}

#[test]
fn what_only_the_simulator_can_do_is_refused_on_real_kernels() {
    let (code, said) = said_of(&["run", "--on", "netns", "--pcap", "captures", "scenarios/split-brain.yaml"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.starts_with("error: --pcap, --check-determinism and --show are for the simulator"), "{said}");
}
