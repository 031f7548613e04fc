#!/usr/bin/env python3
"""Changes one rule of the VRRP engine at a time and sees whether the tests notice: docs/mutants.md is what it prints.

Usage: python3 ci/mutants.py [PART OF A NAME ...] > docs/mutants.md
Works on a copy of the tree (git's, so commit first). The snapshot of the decision table would notice any change of the
table and is left out: stories, properties, vectors, recordings and scenarios must notice by themselves.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

V = "engine/core/src/vrrp/"
MUTANTS = [
    ("v2 skew divides by 255", V + "skew.rs", "Span::from_micros(steps * 1_000_000 / 256)", "Span::from_micros(steps * 1_000_000 / 255)"),
    ("v2 skew scales with the interval", V + "skew.rs", "Span::from_micros(steps * 1_000_000 / 256)", "Span::from_micros(steps * master_interval.as_micros() / 256)"),
    ("v3 skew truncates early", V + "skew.rs", "* 625 / 16)", "* 39)"),
    ("skew counts from 255", V + "skew.rs", "256 - priority as u64", "255 - priority as u64"),
    ("the down timer has no skew", V + "skew.rs", ".saturating_add(skew.0)", ".saturating_add(0 * skew.0)"),
    ("a backup resets its timer on a lower advert", V + "decide.rs", "decision(State::Backup, Rule::BackupDiscardsLower, &[])", "decision(State::Backup, Rule::BackupDiscardsLower, &[ArmDown])"),
    ("nopreempt preempts", V + "decide.rs", "decision(State::Backup, Rule::BackupNopreempt, &[LearnInterval, RememberMaster, ArmDown])", "decision(State::Backup, Rule::BackupNopreempt, &[])"),
    ("preempt_delay never starts", V + "decide.rs", "&[StartPreemptDelay, LearnInterval, RememberMaster, ArmDown]", "&[LearnInterval, RememberMaster, ArmDown]"),
    ("preempt_delay never ends", V + "instance.rs", "now.since(since) < self.model.preempt_delay", "now.since(since) <= self.model.preempt_delay.times(1000)"),
    ("priority 0 waits a whole down time", V + "decide.rs", "Rule::BackupHearsRelease, &[ArmSkew]", "Rule::BackupHearsRelease, &[ArmDown]"),
    ("priority 0 is no news to a master", V + "decide.rs", "Rule::MasterHearsRelease, &[SendAdvert, ArmAdvert]", "Rule::MasterHearsRelease, &[ArmAdvert]"),
    ("a stop releases nothing", V + "decide.rs", "Event::Stop => decision(State::Init, Rule::Stop, &[SendRelease, DropAddresses, Disarm])", "Event::Stop => decision(State::Init, Rule::Stop, &[DropAddresses, Disarm])"),
    ("a fault releases once", V + "decide.rs", "&[Enter, SendRelease, SendRelease, DropAddresses", "&[Enter, SendRelease, DropAddresses"),
    ("the release comes after the addresses are gone", V + "decide.rs", "Rule::Stop, &[SendRelease, DropAddresses, Disarm]", "Rule::Stop, &[DropAddresses, SendRelease, Disarm]"),
    ("a fault keeps the addresses", V + "decide.rs", "&[Enter, SendRelease, SendRelease, DropAddresses, Notify", "&[Enter, SendRelease, SendRelease, Notify"),
    ("refused packets leave the advert timer alone", V + "decide.rs", "decision(State::Master, Rule::RefusedRearms, &[ArmAdvert])", "decision(State::Master, Rule::RefusedRearms, &[])"),
    ("a worse advert is not answered", V + "decide.rs", "&[SkipSequence, SendAdvert, AnnounceToLower, NotifyLower, ArmAdvert]", "&[SkipSequence, AnnounceToLower, NotifyLower, ArmAdvert]"),
    ("a worse advert does not re-arm", V + "decide.rs", "&[SkipSequence, SendAdvert, AnnounceToLower, NotifyLower, ArmAdvert]", "&[SkipSequence, SendAdvert, AnnounceToLower, NotifyLower]"),
    ("a worse advert brings no announcements", V + "decide.rs", "&[SkipSequence, SendAdvert, AnnounceToLower, NotifyLower, ArmAdvert]", "&[SkipSequence, SendAdvert, NotifyLower, ArmAdvert]"),
    ("equal priority: the lower address wins", "engine/core/src/engine.rs", "Less => Comparison::EqualLowerAddress", "Less => Comparison::EqualHigherAddress"),
    ("equal priority: nobody yields", V + "decide.rs", "decision(State::Backup, Rule::MasterHearsEqualHigherAddress, YIELD),", "decision(State::Master, Rule::MasterHearsEqualHigherAddress, &[ArmAdvert]),"),
    ("a removed address releases nothing", V + "decide.rs", "&[Enter, SendRelease, DropAddresses, Notify, ClearPreemptDelay, ArmSkew, PullGroup]", "&[Enter, DropAddresses, Notify, ClearPreemptDelay, ArmSkew, PullGroup]"),
    ("a removed address waits a whole down time", V + "decide.rs", "&[Enter, SendRelease, DropAddresses, Notify, ClearPreemptDelay, ArmSkew, PullGroup]", "&[Enter, SendRelease, DropAddresses, Notify, ClearPreemptDelay, ArmDown, PullGroup]"),
    ("a recovered node forgets no interval", V + "decide.rs", "&[Enter, Notify, ForgetInterval, ClearPreemptDelay, AnnounceSource, ArmDown, PullGroup]", "&[Enter, Notify, ClearPreemptDelay, AnnounceSource, ArmDown, PullGroup]"),
    ("the group does not follow to FAULT", V + "decide.rs", "&[Enter, SendRelease, SendRelease, DropAddresses, Notify, Disarm, PullGroup]", "&[Enter, SendRelease, SendRelease, DropAddresses, Notify, Disarm]"),
    ("the group does not wait", V + "decide.rs", "Event::TimerExpired if facts.group_agrees =>", "Event::TimerExpired if facts.group_agrees || true =>"),
    ("the owner starts as a backup", V + "decide.rs", "decision(State::Backup, Rule::StartOwner, &[ArmAtOnce]),\n        Event::Start =>", "decision(State::Backup, Rule::StartOwner, &[ArmDown]),\n        Event::Start =>"),
    ("TTL 254 is accepted", V + "receive.rs", "self.envelope.ttl != 255", "self.envelope.ttl < 254"),
    ("the version is not checked", V + "receive.rs", "self.view.version_nibble() != expected_version", "self.view.version_nibble() > expected_version"),
    ("a wrong password is accepted", V + "receive.rs", "self.view.auth_data(self.family) != Some(ours)", "self.view.auth_data(self.family).is_none()"),
    ("the interval of version 2 is not checked", V + "receive.rs", "v2 && self.interval() != model.advert_int", "v2 && self.interval() < model.advert_int"),
    ("missing addresses are accepted", V + "receive.rs", ".all(|ip| ip != vip.addr.ip)", ".all(|ip| ip.is_ipv4() != vip.addr.ip.is_ipv4())"),
    ("the count of addresses is not checked", V + "receive.rs", "usize::from(self.view.count()) != model.vips.len()", "usize::from(self.view.count()) < model.vips.len()"),
    ("checksums are not checked", V + "receive.rs", "Check::Checksum => (!self.checksum_ok(), Rule::ReceiveChecksum)", "Check::Checksum => (false && !self.checksum_ok(), Rule::ReceiveChecksum)"),
    ("unicast is heard by multicast instances", V + "receive.rs", "model.family == AddressFamily::V6 || multicast != model.is_unicast()", "model.family == AddressFamily::V6 || multicast || model.is_unicast() || !multicast"),
    ("skip_check_adv_addr trusts everybody", V + "receive.rs", "&& self.listener.master == Some(self.envelope.src)", "&& self.listener.master != Some(self.envelope.dst)"),
    ("version 3 learns no interval", V + "apply.rs", "self.instances[i].master_interval = heard.interval;\n", "let _ = heard.interval;\n"),
    ("adverts have no number", V + "instance.rs", "if id == u16::MAX { 1 } else { id + 1 }", "if id == u16::MAX { 1 } else { id }"),
    ("the second burst comes at once", V + "apply.rs", "(now, i, sent, delay, TimerKind::DelayedAnnounce);", "(now, i, sent, delay.min(Span::from_micros(1)), TimerKind::DelayedAnnounce);"),
    ("unicast adverts have TTL 64", V + "apply.rs", "AddressFamily::V4 => 255,", "AddressFamily::V4 => 64,"),
    ("an owner that meets an owner keeps 255", V + "apply.rs", "self.instances[i].priority = 254;", "self.instances[i].priority = 255;"),
    ("a worse advert makes a member of a group content", V + "apply.rs", "if decision.next != from {", "if decision.next != from || decision.actions.is_empty() {"),
    ("a member of a group wants through a reload", "engine/core/src/reload.rs", "new.wants_master = old.state == State::Master;", "new.wants_master = old.wants_master;"),
    ("the first member of a group recovers first", "engine/core/src/engine/changes.rs", "peer < i || before[peer] == 0", "peer > i || before[peer] == 0"),
    ("who follows its group announces its own address", V + "decide.rs", "&[Enter, Notify, ForgetInterval, ClearPreemptDelay, ArmDown]", "&[Enter, Notify, ForgetInterval, ClearPreemptDelay, AnnounceSource, ArmDown]"),
    ("a silent master announces nothing", V + "decide.rs", "Rule::MasterKeepsSilent, &[SkipSequence, AnnounceToLower, NotifyLower]", "Rule::MasterKeepsSilent, &[NotifyLower]"),
    ("a delayed start moves its timer only", "engine/core/src/engine/changes.rs", "self.delayed_until.filter(|end| now < *end)", "self.delayed_until.filter(|end| now > *end)"),
    ("a macvlan finds a late address", V + "instance.rs", "policy.macvlan_misses_late_source &&", "!policy.macvlan_misses_late_source &&"),
    ("macvlans keep their own distance", V + "pace.rs", "if x.macvlan.index() == Some(iface) { x.model.iface }", "if x.macvlan.index() == Some(iface) { iface }"),
    ("a reload does not refresh", "engine/core/src/reload.rs", "self.refresh_at_once(now, i);", ""),
    ("IPv6 unicast has the hop limit 255", "engine/core/src/policy.rs", "v6_unicast_hops: 64,", "v6_unicast_hops: 255,"),
]


def run(tree, *arguments):
    """Whether the tests are content; none when the mutant is no program."""
    environment = {**os.environ, "INSTA_UPDATE": "no", "CARGO_PROFILE_TEST_OPT_LEVEL": "0", "CARGO_PROFILE_DEV_OPT_LEVEL": "0",
                   "CARGO_PROFILE_DEV_DEBUG": "0", "CARGO_INCREMENTAL": "1", "PROPTEST_FAILURE_PERSISTENCE": "off"}
    environment["CARGO_TARGET_DIR"] = os.environ.get("MUTANTS_TARGET_DIR", str(tree / "target"))
    command = ["cargo", "test", "--locked", "--no-run", "--quiet", *arguments]
    if subprocess.run(command, cwd=tree, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE).returncode:
        return None
    command = ["cargo", "test", "--locked", "--quiet", *arguments]
    done = subprocess.run(command, cwd=tree, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, timeout=600)
    return done.returncode == 0


STAGES = [
    ("stories, properties, vectors", ["-p", "vrrplab-engine", "--lib", "--test", "stories", "--test", "more_stories", "--test", "rare_stories", "--test",
     "others", "--test", "properties", "--test", "vectors", "--test", "settings", "--test", "trackers", "--test", "vmac", "--test", "authentication"]),
    ("recordings", ["-p", "vrrplab-sim", "--test", "recordings"]),
    ("scenarios", ["-p", "vrrplab-sim", "--test", "scenarios"]),
]


def noticed(tree):
    """The first kind of test that notices."""
    for name, arguments in STAGES:
        content = run(tree, *arguments)
        if content is None:
            return "no program"
        if not content:
            return name
    return None


def main():
    """Prints the page; the exit status is 1 when fewer than 95 of 100 are noticed."""
    root = pathlib.Path(__file__).resolve().parent.parent
    chosen = [m for m in MUTANTS if not sys.argv[1:] or any(part in m[0] for part in sys.argv[1:])]
    rows, survivors = [], []
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        tree = pathlib.Path(folder) / "tree"
        subprocess.run(["git", "clone", "--quiet", str(root), str(tree)], check=True)
        if noticed(tree) is not None:
            sys.exit("the unchanged tree fails its tests")
        for name, path, old, new in chosen:
            file = tree / path
            text = file.read_text()
            if text.count(old) != 1:
                sys.exit(f"{name}: {path} holds {text.count(old)} times {old!r}")
            file.write_text(text.replace(old, new))
            by = noticed(tree)
            file.write_text(text)
            print(f"{name}: {by or 'SURVIVES'}", file=sys.stderr, flush=True)
            rows.append(f"| {name} | `{path}` | {by or '**nobody**'} |")
            if by in (None, "no program"):
                survivors.append(name)
    found = len(rows) - len(survivors)
    print("# Mutants\n")
    print("Generated by `python3 ci/mutants.py > docs/mutants.md`: one rule of the VRRP engine is changed at a time, and the tests")
    print("must notice. The snapshot of the decision table, which notices everything, is left out.\n")
    print("| the change | in | noticed by |\n|---|---|---|")
    print(*rows, sep="\n")
    print(f"\n{found} of {len(rows)} are noticed.")
    if survivors:
        print("\nNot noticed: " + ", ".join(survivors) + ".")
    return 0 if found * 100 >= 95 * len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
