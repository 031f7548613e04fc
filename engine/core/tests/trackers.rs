//! Stories of what is tracked, with a clock. keepalived.md names the reference of keepalived 2.2.7.
mod support;

use support::*;
use vrrplab_engine::model::command::Program;
use vrrplab_engine::model::track::*;
use vrrplab_engine::model::*;
use vrrplab_engine::{Command, Exit, KernelEvent, Policy, Span, State};

fn script(interval: u64, rise: u32, fall: u32) -> ScriptModel {
    ScriptModel {
        name: "chk".into(),
        program: Program { words: vec!["/chk".into()], user: None },
        interval: Span::from_secs(interval),
        timeout: Span::from_secs(interval),
        weight: 0,
        reverse: false,
        rise,
        fall,
        init_fail: false,
    }
}

fn tracked(weight: i16) -> Vec<Tracked> {
    vec![Tracked { item: 0, weight, reverse: false }]
}

/// A node whose one instance tracks a script with this weight.
fn node_with_script(script: ScriptModel, priority: u8, weight: i16) -> NodeModel {
    let vi = InstanceModel { track_scripts: tracked(weight), ..instance("VI", 51, priority) };
    NodeModel { scripts: vec![script], ..node(vec![vi]) }
}

/// 3.3: the instance waits in FAULT without a word; one success is enough, whatever `rise` says, and it logs no "(init)".
#[test]
fn an_unweighted_script_holds_the_instance_until_its_first_success() {
    let init_fail = ScriptModel { init_fail: true, ..script(1, 2, 2) };
    let (mut r, said) = Stage::start(node_with_script(init_fail, 100, 0));
    assert_eq!(said, ["0.000 run /chk as job 1 (script-runs)"]); // rule start-waits-for-script: nothing is said
    assert_eq!(r.state(), State::Fault);
    r.until("0.4");
    assert_eq!(r.exits(1, 0), ["0.400 chk Succeeded (script-judged)", "0.400 VI FAULT -> BACKUP (fault-clears)"]);
    r.until("4.009374");
    assert_eq!(r.state(), State::Backup);
    r.until("4.009375");
    assert_eq!(r.state(), State::Master);
}

/// 3.3: one failure is enough at first; then `rise` successes in a row are needed.
#[test]
fn a_script_that_fails_first_needs_rise_successes() {
    let (mut r, _) = Stage::start(node_with_script(script(1, 2, 3), 100, 0));
    r.until("0.1");
    assert_eq!(r.exits(1, 1), ["0.100 chk Failed(Status(1)) (script-judged)"]);
    assert_eq!(r.until("1"), ["1.000 run /chk as job 2 (script-runs)"]);
    assert_eq!(r.exits(2, 0), ["1.000 chk NowReturning(0) (script-judged)"]);
    assert_eq!(r.state(), State::Fault);
    r.until("2");
    assert_eq!(r.exits(3, 0), ["2.000 chk Succeeded (script-judged)", "2.000 VI FAULT -> BACKUP (fault-clears)"]);
}

/// 3.3, measured: fall 2, interval 1: the first failure is only noted, the second one is FAULT.
#[test]
fn a_failing_script_takes_the_mastership_after_fall_failures() {
    let (mut r, _) = Stage::start(node_with_script(script(1, 2, 2), 100, 0));
    r.exits(1, 0);
    for (second, job) in [("1", 2), ("2", 3), ("3", 4), ("4", 5)] {
        r.until(second);
        assert_eq!(r.exits(job, 0), [""; 0]);
    }
    assert_eq!(r.state(), State::Master);
    r.until("5");
    assert_eq!(r.exits(6, 1), ["5.000 chk NowReturning(1) (script-judged)"]);
    r.until("6");
    assert_eq!(
        r.exits(7, 1),
        [
            "6.000 chk Failed(Status(1)) (script-judged)",
            "6.000 VI MASTER -> FAULT (fault-appears)",
            "6.000 advert 0",
            "6.000 advert 0",
            "6.000 -10.0.0.100"
        ]
    );
}

/// 2.2: priority 255 and `state MASTER` is master as soon as the script has succeeded, but not after a failure.
#[test]
fn an_owner_waits_for_its_script_and_no_longer() {
    let owner = |first| {
        let mut model = node_with_script(script(1, 1, 1), 255, 0);
        model.instances[0].wants_master = true;
        let (mut r, _) = Stage::start(model);
        r.exits(1, first);
        r.until("1");
        r.exits(2, 0);
        r.until("1.1");
        r.state()
    };
    assert_eq!((owner(0), owner(1)), (State::Master, State::Backup));
}

/// 3.3 and 3.1: a weighted script holds nothing back; its failure lowers the priority of the next adverts.
#[test]
fn a_weighted_script_moves_the_priority() {
    let (mut r, said) = Stage::start(node_with_script(script(1, 3, 1), 110, -20));
    assert_eq!(said, ["0.000 VI INIT -> BACKUP (start-backup)", "0.000 run /chk as job 1 (script-runs)"]);
    assert_eq!(r.exits(1, 0), ["0.000 chk Succeeded (script-judged)"]);
    r.until("4");
    assert_eq!(r.exits(5, 3), ["4.000 chk Failed(Status(3)) (script-judged)", "4.000 priority 110 -> 90"]);
    assert_eq!(r.until("4.6"), ["4.570312 advert 90"]);
    r.until("5");
    assert_eq!(r.ends(6, Exit::Signal(9)), [""; 0]);
}

/// 3.2: with a positive weight the priority rises with the first success, and the down timer shifts by the difference.
#[test]
fn a_good_script_raises_the_priority_and_shortens_the_wait() {
    let (mut r, _) = Stage::start(node_with_script(script(10, 1, 1), 100, 50));
    r.until("1");
    assert_eq!(r.exits(1, 0), ["1.000 chk Succeeded (script-judged)", "1.000 priority 100 -> 150"]);
    r.until("3.414061");
    assert_eq!(r.state(), State::Backup);
    r.until("3.414062");
    assert_eq!(r.state(), State::Master);
}

/// 3.3: SIGTERM at the timeout, SIGKILL two seconds later; only the end of the script is the failure.
#[test]
fn a_hanging_script_is_ended_and_counts_as_failed() {
    let slow = ScriptModel { timeout: Span::from_secs(3), ..script(10, 1, 1) };
    let (mut r, _) = Stage::start(node_with_script(slow, 100, 0));
    assert_eq!(r.until("4"), ["3.000 end job 1 (script-timeout)"]);
    assert_eq!(r.until("9"), ["5.000 kill job 1 (script-timeout)"]);
    assert_eq!(r.ends(1, Exit::Signal(9)), ["9.000 chk TimedOut (script-timeout)"]);
    assert_eq!(r.ends(1, Exit::Signal(9)), [""; 0]);
    assert_eq!(r.until("10"), ["10.000 run /chk as job 2 (script-runs)"]);
}

/// 3.3: keepalived 2.2.7 says that it skips the run and starts a second copy all the same; the switch of the policy
/// really skips.
#[test]
fn a_script_that_is_still_running_runs_twice() {
    let slow = ScriptModel { timeout: Span::from_secs(5), ..script(1, 1, 1) };
    let (mut r, _) = Stage::start(node_with_script(slow.clone(), 100, 0));
    assert_eq!(r.until("1"), ["1.000 chk StillRunning (script-overlaps)", "1.000 run /chk as job 2 (script-overlaps)"]);
    let policy = Policy { overlapping_scripts: false, ..Policy::KEEPALIVED_2_2_7 };
    let (mut r, _) = Stage::start(NodeModel { policy, ..node_with_script(slow, 100, 0) });
    assert_eq!(r.until("1"), ["1.000 chk StillRunning (script-overlaps)"]);
}

/// 2.13: a reload ends what runs, keeps what was found out, and begins the interval again.
#[test]
fn a_reload_keeps_the_result_of_a_script_of_the_same_name() {
    let model = node_with_script(script(2, 2, 2), 100, 0);
    let (mut r, _) = Stage::start(model.clone());
    r.exits(1, 0);
    r.until("2.5");
    assert_eq!(
        r.ask(Command::Reload(Box::new(model))),
        [
            "2.500 end job 2 (script-runs)",
            "2.500 chk Considered { good: true } (script-kept)",
            "2.500 run /chk as job 3 (script-runs)"
        ]
    );
    assert_eq!(r.ends(2, Exit::Signal(15)), [""; 0]);
    r.exits(3, 0);
    assert_eq!(r.until("4.5"), ["4.500 run /chk as job 4 (script-runs)"]);
    assert_eq!(r.ask(Command::Stop).last().unwrap(), "4.500 end job 4 (script-runs)");
    assert_eq!(r.engine.next_wake(), None);
}

/// A script that no instance tracks never runs.
#[test]
fn an_untracked_script_does_not_run() {
    let model = NodeModel { scripts: vec![script(1, 1, 1)], ..node(vec![instance("VI", 51, 100)]) };
    let (_, said) = Stage::start(model);
    assert_eq!(said, ["0.000 VI INIT -> BACKUP (start-backup)"]);
}

/// 3.4: a group waits for the script of any member, and its first result releases all.
#[test]
fn a_group_waits_for_the_script_of_one_member() {
    let mut model = node_with_script(script(1, 1, 1), 100, 0);
    let vips = vec![Vip::new(IfAddr { ip: ip(101), prefix: 24 }, ETH0)];
    model.instances.push(InstanceModel { vips, ..instance("VI2", 52, 100) });
    model.sync_groups = vec![SyncGroupModel::new("G", vec![0, 1])];
    let (mut r, said) = Stage::start(model);
    assert_eq!(said, ["0.000 run /chk as job 1 (script-runs)"]);
    assert_eq!(
        r.exits(1, 0),
        [
            "0.000 chk Succeeded (script-judged)",
            "0.000 VI FAULT -> BACKUP (fault-clears)",
            "0.000 VI2 FAULT -> BACKUP (group-to-backup)"
        ]
    );
}

fn node_with_file(priority: u8, weight: i16, init: Option<FileInit>) -> NodeModel {
    let vi = InstanceModel { track_files: tracked(weight), ..instance("VI", 51, priority) };
    let file = FileModel { name: "adj".into(), path: "/run/adj".into(), weight: 1, reverse: false, init };
    NodeModel { files: vec![file], ..node(vec![vi]) }
}

/// 3.2, measured with weight 2: 5 is +10, 300 is +253 and so 254, -300 is FAULT, and 0 ends it.
#[test]
fn a_number_in_a_file_moves_the_priority() {
    let (mut r, said) = Stage::start(node_with_file(100, 2, None));
    assert_eq!(said, ["0.000 VI INIT -> BACKUP (start-backup)"]);
    assert_eq!(r.write("/run/adj", "5\n"), ["0.000 adj Says(5) (file-tracked)", "0.000 priority 100 -> 110"]);
    assert_eq!(r.write("/run/adj", "5 again"), [""; 0]);
    assert_eq!(r.write("/run/adj", "300"), ["0.000 adj Says(300) (file-tracked)", "0.000 priority 110 -> 254"]);
    assert_eq!(
        r.write("/run/adj", "-300"),
        [
            "0.000 adj Says(-300) (file-tracked)",
            "0.000 VI BACKUP -> FAULT (fault-appears)",
            "0.000 priority 254 -> 100"
        ]
    );
    assert_eq!(
        r.write("/run/adj", ""),
        ["0.000 adj Says(0) (file-tracked)", "0.000 VI FAULT -> BACKUP (fault-clears)"]
    );
    assert_eq!(r.write("/run/other", "7"), [""; 0]);
}

/// 3.2: without weight any number but zero is a fault, and what the file says before the start counts at the start.
#[test]
fn an_unweighted_file_faults_the_instance_from_the_start() {
    let mut r = Stage { engine: vrrplab_engine::Engine::new(node_with_file(100, 0, None)), now: at("0") };
    assert_eq!(r.write("/run/adj", "-1"), [""; 0]);
    assert_eq!(r.ask(Command::Start), ["0.000 VI INIT -> FAULT (start-fault)"]);
    r.until("1");
    assert_eq!(
        r.write("/run/adj", "0"),
        ["1.000 adj Says(0) (file-tracked)", "1.000 VI FAULT -> BACKUP (fault-clears)"]
    );
}

/// `init_file`: the file is made where it is missing; with overwrite it is made anew.
#[test]
fn a_missing_file_is_made_at_start() {
    let start = |overwrite, found: Option<&str>| {
        let model = node_with_file(100, 1, Some(FileInit { value: 7, overwrite }));
        let mut r = Stage { engine: vrrplab_engine::Engine::new(model), now: at("0") };
        if let Some(content) = found {
            r.write("/run/adj", content);
        }
        let said = r.ask(Command::Start);
        (said.len() == 2, r.engine.status().next().unwrap().priority)
    };
    let (mut r, said) = Stage::start(node_with_file(100, 1, Some(FileInit { value: 7, overwrite: false })));
    assert_eq!(said, ["0.000 write 7 into /run/adj (file-init)", "0.000 VI INIT -> BACKUP (start-backup)"]);
    assert_eq!(r.write("/run/adj", "7\n"), [""; 0]);
    assert_eq!(start(false, Some("3")), (false, 103));
    assert_eq!(start(true, Some("3")), (true, 107));
}

fn node_with_process(least: u32, most: Option<u32>, fork: u64, terminate: u64) -> NodeModel {
    let vi = InstanceModel { track_processes: tracked(0), ..instance("VI", 51, 100) };
    let process = ProcessModel {
        quorum: least,
        quorum_max: most,
        fork_delay: Span::from_secs(fork),
        terminate_delay: Span::from_secs(terminate),
        ..ProcessModel::new("web", vec!["nginx".into()])
    };
    NodeModel { processes: vec![process], ..node(vec![vi]) }
}

impl Counts for Stage {
    fn counts(&mut self, count: u32) -> Vec<String> {
        self.kernel(KernelEvent::ProcessCount { item: 0, count })
    }
}
trait Counts {
    fn counts(&mut self, count: u32) -> Vec<String>;
}

/// 3.2: too few and too many processes are a fault.
#[test]
fn a_quorum_of_processes_is_kept_from_both_sides() {
    let mut r = Stage { engine: vrrplab_engine::Engine::new(node_with_process(1, Some(2), 0, 0)), now: at("0") };
    r.counts(1);
    assert_eq!(r.ask(Command::Start), ["0.000 VI INIT -> BACKUP (start-backup)"]);
    assert_eq!(r.counts(2), [""; 0]);
    assert_eq!(r.counts(3), ["0.000 web Quorum(false) (process-quorum)", "0.000 VI BACKUP -> FAULT (fault-appears)"]);
    assert_eq!(r.counts(2), ["0.000 web Quorum(true) (process-quorum)", "0.000 VI FAULT -> BACKUP (fault-clears)"]);
}

/// A process that is restarted within terminate_delay was never gone; one that stays away is.
#[test]
fn a_short_absence_of_a_process_does_not_count() {
    let mut r = Stage { engine: vrrplab_engine::Engine::new(node_with_process(1, None, 0, 2)), now: at("0") };
    r.counts(1);
    r.ask(Command::Start);
    r.until("1");
    assert_eq!(r.counts(0), [""; 0]);
    r.until("2");
    assert_eq!(r.counts(1), [""; 0]);
    assert_eq!(r.until("3"), [""; 0]);
    assert_eq!(r.counts(0), [""; 0]);
    r.link(ETH0, false);
    r.link(ETH0, true); // a new start at 3 s: nothing else happens up to 5 s
    assert_eq!(r.until("5"), ["5.000 web Quorum(false) (process-quorum)", "5.000 VI BACKUP -> FAULT (fault-appears)"]);
}

/// 3.2: a BFD session is down until it is told to be up; reversed, being up is the fault.
#[test]
fn a_bfd_session_faults_or_weighs() {
    let bfd = BfdModel {
        name: "gw".into(),
        neighbour: ip(1),
        source: None,
        min_rx: Span::from_millis(10),
        min_tx: Span::from_millis(10),
        idle_tx: Span::from_secs(1),
        multiplier: 5,
        passive: false,
        ttl: 255,
        max_hops: None,
        weight: 0,
        reverse: false,
        for_vrrp: true,
        for_checkers: false,
    };
    let vi = InstanceModel { track_bfds: tracked(0), ..instance("VI", 51, 100) };
    let mut reversed = instance("VI2", 52, 100);
    reversed.track_bfds = vec![Tracked { item: 0, weight: 0, reverse: true }];
    reversed.vips[0].addr.ip = ip(101);
    let mut weighted = instance("VI3", 53, 100);
    weighted.track_bfds = vec![Tracked { item: 0, weight: -30, reverse: false }];
    weighted.vips[0].addr.ip = ip(102);
    let (mut r, said) = Stage::start(NodeModel { bfds: vec![bfd], ..node(vec![vi, reversed, weighted]) });
    assert_eq!(
        said,
        [
            "0.000 VI INIT -> FAULT (start-fault)",
            "0.000 VI2 INIT -> BACKUP (start-backup)",
            "0.000 VI3 INIT -> BACKUP (start-backup)"
        ]
    );
    assert_eq!(
        r.kernel(KernelEvent::BfdSession { item: 0, up: true }),
        [
            "0.000 gw Session(true) (bfd-tracked)",
            "0.000 VI2 BACKUP -> FAULT (fault-appears)",
            "0.000 VI FAULT -> BACKUP (fault-clears)",
            "0.000 priority 70 -> 100"
        ]
    );
}

/// 3.2: FAULT lasts until every one of its reasons is gone.
#[test]
fn faults_are_counted() {
    let mut model = node_with_script(script(1, 1, 1), 100, 0);
    model.instances[0].track_files = tracked(0);
    model.files = node_with_file(100, 0, None).files;
    let (mut r, _) = Stage::start(model);
    r.exits(1, 0);
    assert_eq!(r.write("/run/adj", "1").len(), 2);
    r.until("1");
    assert_eq!(r.exits(2, 1), ["1.000 chk Failed(Status(1)) (script-judged)"]);
    assert_eq!(r.write("/run/adj", "0"), ["1.000 adj Says(0) (file-tracked)"]);
    r.until("2");
    assert_eq!(r.exits(3, 0), ["2.000 chk Succeeded (script-judged)", "2.000 VI FAULT -> BACKUP (fault-clears)"]);
}
