//! The causal chains of changes of state, for each way in which mastership is lost and won.
use std::path::Path;
use std::process::{Command, Stdio};

/// What `vrrplab why` prints about a scenario.
fn why(args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vrrplab"));
    command.arg("why").args(args).current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[track_caller]
fn tells(args: &[&str], chain: &[&str]) {
    let (code, out, err) = why(args);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert_eq!(out.lines().collect::<Vec<_>>(), chain, "\n{out}");
}

#[test]
fn a_cut_link_loses_the_adverts_at_its_port() {
    let args = ["scenarios/basics/link-cut.yaml", "--at", "11.5"];
    tells(
        &args,
        &[
            "   11.023637  r2 VI_1 became MASTER because its down timer of 3.609375 s, last set at 7.414262 by the advert of r1 \
             with priority 150, expired [backup-timer-expired]",
            "        7.414262  the timer was set by the advert of r1 with priority 150, to expire at 11.023637 [backup-hears-master]",
            "        8.414062  3 adverts of r1 did not arrive: dropped at port r1:eth0: cut, the last at 10.414062",
            "        8.000000  cut of r1:eth0: all frames, both ways",
        ],
    );
}

#[test]
fn a_partition_loses_them_on_the_way_and_its_end_makes_the_worse_master_step_back() {
    let split = "scenarios/split-brain.yaml";
    tells(
        &[split, "--at", "17s", "--node", "r2"],
        &[
            "   11.023637  r2 VI_1 became MASTER because its down timer of 3.609375 s, last set at 7.414262 by the advert of r1 \
             with priority 150, expired [backup-timer-expired]",
            "        7.414262  the timer was set by the advert of r1 with priority 150, to expire at 11.023637 [backup-hears-master]",
            "        8.414062  3 adverts of r1 did not arrive: dropped at port r2:eth0: partition, the last at 10.414062",
            "        8.000000  partition of lan: r1, ping-left, web-left | r2, ping-right, web-right",
        ],
    );
    tells(
        &[split, "--at", "26s"],
        &[
            "   18.024037  r2 VI_1 stepped back to BACKUP because it heard the advert of r1 with priority 150 [master-hears-higher]",
            "       11.414062  7 adverts of r1 did not arrive: dropped at port r2:eth0: partition, the last at 17.414062",
            "       18.000000  partition of lan healed",
        ],
    );
}

#[test]
fn a_master_without_power_says_nothing() {
    tells(
        &["scenarios/basics/master-crash.yaml", "--at", "11.023637s", "--instance", "VI_1"],
        &[
            "   11.023637  r2 VI_1 became MASTER because its down timer of 3.609375 s, last set at 7.414262 by the advert of r1 \
             with priority 150, expired [backup-timer-expired]",
            "        7.414262  the timer was set by the advert of r1 with priority 150, to expire at 11.023637 [backup-hears-master]",
            "        8.000000  r1 VI_1 was MASTER, and its daemon is gone",
            "            8.000000  power loss of r1",
        ],
    );
}

#[test]
fn priority_zero_shortens_the_wait() {
    tells(
        &["scenarios/basics/graceful-stop.yaml", "--at", "9s"],
        &[
            "    8.609575  r2 VI_1 became MASTER because its down timer of 0.609375 s, last set at 8.000200 by the release \
             (priority 0) of r1, expired [backup-timer-expired]",
            "        8.000200  the timer was set by the release (priority 0) of r1, to expire at 8.609575 [backup-hears-release]",
            "            8.000000  r1 VI_1 was MASTER, and its daemon is gone",
            "                8.000000  daemon of r1 told to stop (SIGTERM)",
        ],
    );
}

#[test]
fn adverts_of_a_lowered_priority_do_not_count() {
    let reload = "scenarios/basics/priority-change.yaml";
    tells(
        &[reload, "--at", "11.61", "--node", "r2"],
        &[
            "   11.609575  r2 VI_1 became MASTER because its down timer of 3.609375 s, last set at 8.000200 by the advert of r1 \
             with priority 150, expired [backup-timer-expired]",
            "        8.000200  the timer was set by the advert of r1 with priority 150, to expire at 11.609575 [backup-hears-master]",
            "        8.000200  4 adverts of r1 with priority 80 did not count [backup-discards-lower]",
            "            8.000000  daemon of r1 reloaded (SIGHUP)",
        ],
    );
}

#[test]
fn a_tracked_interface_takes_its_router_along() {
    let tracked = "scenarios/seeds/seed-tracked-interface.yaml";
    tells(
        &[tracked, "--at", "8.1s"],
        &[
            "    8.000000  gw1 GROUP1: MASTER -> FAULT [fault-appears]",
            "        8.000000  switch port of gw1:eth0.12 goes down",
        ],
    );
    tells(
        &[tracked, "--at", "10s"],
        &[
            "    8.609575  gw2 GROUP1 became MASTER because its down timer of 0.609375 s, last set at 8.000200 by the release \
             (priority 0) of gw1, expired [backup-timer-expired]",
            "        8.000200  the timer was set by the release (priority 0) of gw1, to expire at 8.609575 [backup-hears-release]",
            "            8.000000  gw1 GROUP1: MASTER -> FAULT [fault-appears]",
            "                8.000000  switch port of gw1:eth0.12 goes down",
        ],
    );
}

#[test]
fn a_security_group_is_named_with_its_rule() {
    tells(
        &["scenarios/openstack/openstack-group-without-vrrp.yaml", "--at", "4s"],
        &[
            "    3.609375  r2 VI_1 became MASTER because its down timer of 3.609375 s, running since 0.000000, expired \
             [backup-timer-expired]",
            "        0.000000  the timer was set by the router itself, to expire at 3.609375 [start-backup]",
            "        3.414062  1 advert of r1 did not arrive: dropped at port r2:eth0: security group: no rule lets it in (OVN-A2)",
        ],
    );
}

#[test]
fn without_a_time_every_change_of_master_is_told_and_every_violation() {
    let (code, out, _) = why(&["scenarios/security/passwords-differ.yaml"]);
    assert_eq!(code, Some(0));
    let heads: Vec<&str> = out.lines().filter(|line| line.contains("became MASTER")).collect();
    assert_eq!(heads.len(), 2, "{out}");
    for line in [
        "        3.414262  1 advert of r1 refused [receive-auth-failure]",
        "one-master violated at 7.605868: vrid 51 on lan has had 2 masters that are connected since 3.609375: r1, r2",
    ] {
        assert!(out.contains(line), "`{line}` is missing in:\n{out}");
    }
}

#[test]
fn machines_get_the_same_chain() {
    let (code, out, _) = why(&["scenarios/basics/master-crash.yaml", "--at", "12s", "--json"]);
    assert_eq!(code, Some(0));
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    let change = &json["changes"][0];
    assert_eq!((&change["node"], &change["to"]), (&"r2".into(), &"MASTER".into()));
    assert_eq!((&change["at_ns"], &change["rule"]), (&11_023_637_000_u64.into(), &"backup-timer-expired".into()));
    assert_eq!(change["because"][1]["because"][0]["what"], "power loss of r1");
}

#[test]
fn what_does_not_exist_is_answered_with_the_nearest() {
    let refused = |args: &[&str], words: &str| {
        let mut all = vec!["scenarios/split-brain.yaml"];
        all.extend(args);
        let (code, out, err) = why(&all);
        assert_eq!((code, out.as_str(), err.as_str()), (Some(2), "", words));
    };
    refused(&["--node", "r11"], "error: unknown node `r11`: did you mean `r1`? known are: r1, r2\n");
    refused(&["--instance", "VI1"], "error: unknown instance `VI1`: did you mean `VI_1`? known are: VI_1\n");
    refused(
        &["--at", "soon"],
        "error: `soon` is not a time: write for instance `3s`; the units are ns, us, ms, s and m\n",
    );
    refused(&["--at", "27s"], "error: the scenario ends at 26.000 s, before that moment\n");
}
