//! Promises about what views print, as users meet them when they are broken: exit code 1, and both tables line by line.
use std::fs;
use std::path::Path;
use std::process::Command;

const SCENARIO: &str = r#"
duration: 6s
networks:
  lan:
nodes:
  lb1:
    interfaces:
      eth0: {network: lan, addresses: [10.0.0.1/24]}
    keepalived: |
      vrrp_instance VI_1 {
          interface eth0
          virtual_router_id 51
          priority 100
          virtual_ipaddress {
              10.0.0.100/24
          }
      }
      virtual_server 10.0.0.100 80 {
          lb_algo rr
          lb_kind DR
          protocol TCP
          real_server 10.0.0.11 80 {
              weight 1
          }
      }
clients:
  c1: {network: lan, address: 10.0.0.50/24, ping: 10.0.0.100, every: 1s, from: 4s}
expect:
"#;

/// Plays the scenario with these promises: the exit code and what was said.
fn play(name: &str, promises: &str) -> (Option<i32>, String) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("views");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{name}.yaml"));
    fs::write(&path, format!("{SCENARIO}{promises}")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_vrrplab")).arg("run").arg(&path).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn kept_promises_about_all_views_are_kept() {
    let promises = r#"
  - conns: {node: lb1, at: 5s, table: ""}
  - arp: {host: c1, at: 5s, table: "10.0.0.100 dev eth0 lladdr 02:00:00:00:01:01 REACHABLE"}
  - addr: {host: lb1, at: 5s, has: [eth0 10.0.0.100/24]}
  - fdb: {network: lan, at: 5s, has: ["02:00:00:00:01:01 dev lb1:eth0", "dev c1:eth0"]}
"#;
    let (code, out) = play("kept", promises);
    assert!(out.contains("4 of 4 expectations held"), "{out}");
    assert_eq!(code, Some(0), "{out}");
}

#[test]
fn each_broken_promise_shows_what_was_promised_and_what_was_there() {
    let promises = r#"
  - conns: {node: lb1, at: 5s, has: [ESTABLISHED 10.0.0.50:49152]}
  - arp: {host: c1, at: 5s, table: "10.0.0.100 dev eth0 lladdr 02:00:00:00:01:02 REACHABLE"}
  - addr: {host: lb1, at: 5s, lacks: [10.0.0.100/24]}
  - fdb: {network: lan, at: 5s, has: ["dev lb1:eth0 vlan 2"]}
"#;
    let (code, out) = play("broken", promises);
    assert_eq!(code, Some(1), "{out}");
    for told in [
        "lb1, ipvsadm -Lnc at 5.000000 (- promised and missing, + there against the promise)
     - ESTABLISHED 10.0.0.50:49152\n",
        "c1, ip neigh at 5.000000 (- promised and missing, + there against the promise)
     - 10.0.0.100 dev eth0 lladdr 02:00:00:00:01:02 REACHABLE
     + 10.0.0.100 dev eth0 lladdr 02:00:00:00:01:01 REACHABLE\n",
        "lb1, ip -br addr at 5.000000 (- promised and missing, + there against the promise)
       lo UNKNOWN 127.0.0.1/8 ::1/128
     + eth0 UP 10.0.0.1/24 10.0.0.100/24\n",
        "lan, bridge fdb show at 5.000000 (- promised and missing, + there against the promise)
       02:00:00:00:01:01 dev lb1:eth0 vlan 1 used 0
       02:00:00:01:00:01 dev c1:eth0 vlan 1 used 0
     - dev lb1:eth0 vlan 2\n",
        "0 of 4 expectations held",
    ] {
        assert!(out.contains(told), "{told}\nin\n{out}");
    }
}
