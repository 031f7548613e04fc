"""The part of ci/printed.sh that runs inside the namespaces: keepalived must understand a printed file as it did the first."""
import pathlib
import re
import subprocess
import sys

import keepalived_t

# Lines of the dump that are about the process and not about the file.
PROCESS = re.compile(
    r"(?i)pid|config_save|configuration file|started|starting|running on|command line|opening|version|copyright|built with|configure options|"
    r"config options|system options|\bsecs?\b ago|since|last transition|Registering|Assigned|netlink|fd =|timer|Startup"
)
# `vrrp_strict` is printed as `strict_mode` of each instance, which the dump of the instances shows.
PRINTED_ELSEWHERE = re.compile(r"^VRRP strict mode = ")
# Sections about the host.
INTERFACES = re.compile(r"(?i)interfaces?|NICs?")
STAMP = re.compile(r"^(\w{3} +\w{3} +\d+ [\d:.]+ \d+: |\w{3} \d+ [\d:]+ )?(Keepalived(_\w+)?(\[\d+\])?: )?")


def dump(folder, name):
    """What the daemon understood: the lines of its dump, and whether it runs."""
    fate, said = keepalived_t.start(folder, name, "-d")
    kept, wanted = [], False
    for line in (STAMP.sub("", line).strip() for line in said.splitlines()):
        if line.startswith("------<"):
            wanted = not INTERFACES.search(line)
        if wanted and line and not PROCESS.search(line) and not PRINTED_ELSEWHERE.search(line):
            kept.append(line)
    return fate, sorted(kept)


def texts(root):
    """Every different configuration of recordings, and what keepalived runs with of the written ones, with its key."""
    seen = set()
    for key, text, _ in keepalived_t.recorded(root):
        if text not in seen:
            seen.add(text)
            yield key, text


def main():
    """Prints what differs and the counts."""
    root, vrrplab = pathlib.Path(sys.argv[1]), sys.argv[2]
    only = sys.argv[3:]
    folder = pathlib.Path("/run/printed")
    folder.mkdir()
    same, other, unused = 0, 0, 0
    for key, text in texts(root):
        if only and not any(part in key for part in only):
            continue
        (folder / "first.conf").write_text(text)
        printed = subprocess.run(
            [vrrplab, "print", "first.conf"], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        fate, first = dump(folder, "first.conf")
        if fate != "runs":
            unused += 1
            continue
        (folder / "printed.conf").write_bytes(printed.stdout)
        before = keepalived_t.ask(folder, "first.conf", text)["exit"]
        test = keepalived_t.ask(folder, "printed.conf", text)
        fate, second = dump(folder, "printed.conf")
        # a mistake that was complained of is gone from the printed text
        if test["exit"] not in (0, before) or fate != "runs" or first != second or len(first) < 50:
            other += 1
            print(f"{key}: keepalived -t exits with {test['exit']} (before: {before}), the daemon {fate}")
            print(*(f"    {line}" for line in test["output"]), sep="\n")
            print(*(f"  - {line}" for line in first if line not in second), sep="\n")
            print(*(f"  + {line}" for line in second if line not in first), sep="\n")
        else:
            same += 1
    print(f"{same} understood as before, {other} otherwise, {unused} not run by keepalived at all")
    return 1 if other or not same else 0


if __name__ == "__main__":
    sys.exit(main())
