"""The part of ci/keepalived-t.sh that runs inside the namespaces: runs keepalived -t on each file, writes or compares."""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

ETC = pathlib.Path("/etc/keepalived")
SCRIPT = str(pathlib.Path(__file__).with_name("keepalived-t.sh").resolve())
VRRP = re.compile(r"^ *vrrp_instance\b", re.MULTILINE)
# The daemon wants IPVS for these, which the kernel of the recordings does not have.
IPVS = re.compile(r"\blvs_sync_daemon")
CONFIG_ID = re.compile(r"^[#!] *config-id: *(\S+)", re.MULTILINE)


def ask(folder, name, text):
    """What keepalived says to the file `name` of `folder`, with names relative to it: exit status and lines."""
    command = ["keepalived", "-t", "-f", name]
    config_id = CONFIG_ID.search(text)
    if config_id:
        command += ["-i", config_id.group(1)]
    verdict = run(folder, command)
    if verdict["exit"] != 128 + signal.SIGTERM:
        return verdict
    # It ended itself; as the first process of a container it does not, and tells what it thinks of the file.
    verdict = run(folder, ["unshare", "--pid", "--fork", *command])
    return {**verdict, "ends_itself": True}


def run(folder, command):
    """Exit status (128 + N when killed by signal N) and the lines that are said."""
    done = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60
    )
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    status = done.returncode if done.returncode >= 0 else 128 - done.returncode
    lines = [line.replace(f"{folder}/", "").rstrip() for line in lines]
    return {"exit": status, "output": [line for line in lines if line]}


def start(folder, name, *more):
    """What becomes of the daemon (its VRRP part) with this file, on a host of its own, and its log; see the README."""
    for left in pathlib.Path("/run").glob("*.pid"):
        left.unlink()
    command = ["unshare", "--net", "--pid", "--fork", "--kill-child=SIGKILL"]
    command += ["bash", SCRIPT, "--with-interfaces", "keepalived", "-n", "-l", "-D", "-P", *more, "-f", name]
    log = pathlib.Path("/run/daemon.log")
    with log.open("wb") as sink:
        daemon = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT)
    fate = "hangs"
    for _ in range(500):
        ended = daemon.poll() is not None
        said = log.read_text("utf-8", "replace")
        known = fate_of(said, daemon.returncode if ended else None)
        if known:
            fate = known
            # What was asked for in addition comes after that.
            time.sleep(0.5 if more else 0)
            break
        time.sleep(0.01)
    daemon.kill()
    daemon.wait()
    return fate, log.read_text("utf-8", "replace")


def fate_of(said, status):
    """The one word for what became of a daemon that said this and, perhaps, ended; nothing as long as it is open."""
    if "Respawning" in said or "Segmentation fault" in said:
        return "crashes"
    if "no configuration to run" in said:
        return "idles"
    if "Startup complete" in said:
        return "runs"
    if status is None:
        return None
    return "refuses" if status == 2 else f"ends with {status}"


def corpus():
    """Every configuration of the corpus: its key, and where it is."""
    for folder in ("broken", "good", "seeds"):
        for path in sorted((ETC / folder).glob("*.conf")):
            yield f"{folder}/{path.name}", path


def recorded(root):
    """Every configuration of the recordings: its key, the text, and the exit status seen when it was recorded."""
    for case in sorted((root / "captures/recordings").glob("*/case.json")):
        content = json.loads(case.read_text())
        tests = json.loads((case.parent / "run1/timeline.json").read_text())["config_test"]
        for node, settings in sorted(content["nodes"].items()):
            if "keepalived_conf" not in settings:
                continue  # FRR beside keepalived
            key = f"recordings/{case.parent.name}/{node}"
            yield key, settings["keepalived_conf"], tests[node]["rc"]
            reloads = [f for f in content["faults"] if f.get("node") == node and f.get("keepalived_conf")]
            for number, fault in enumerate(reloads, 1):
                yield f"{key}/reload{number}", fault["keepalived_conf"], None


def verdicts(root):
    """All verdicts by key, and the complaints about recordings that said something else."""
    result, complaints = {}, []
    for key, path in corpus():
        text = path.read_text("utf-8", "surrogateescape")
        result[key] = ask(path.parent, path.name, text)
        if VRRP.search(text) and not IPVS.search(text):
            result[key]["daemon"], _ = start(path.parent, path.name)
    folder = pathlib.Path("/run/recordings")
    folder.mkdir()
    for key, text, status in recorded(root):
        name = "keepalived.conf"
        (folder / name).write_text(text)
        result[key] = ask(folder, name, text)
        if status not in (None, result[key]["exit"]):
            complaints.append(f"{key}: recorded with {status}, now {result[key]['exit']}")
    return result, complaints


def show(paths, dump):
    """Prints what is said about files of the corpus (as folder/name.conf) or elsewhere, and what was understood."""
    for given in paths:
        path = ETC / given if (ETC / given).exists() else pathlib.Path(given).resolve()
        verdict = ask(path.parent, path.name, path.read_text("utf-8", "surrogateescape"))
        daemon, said = start(path.parent, path.name, *(["-d"] if dump else []))
        print(f"{given}: {verdict['exit']}, the daemon {daemon}", *verdict["output"], sep="\n    ")
        print(said if dump else "", end="")


def compare(old, new):
    """Prints each difference and the counts; the answer is how many differ."""
    differ = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
    for key in differ:
        print(f"{key}:")
        for sign, verdict in (("-", old.get(key)), ("+", new.get(key))):
            print(f"  {sign} {json.dumps(verdict, ensure_ascii=False)}")
    print(f"{len(old.keys() | new.keys()) - len(differ)} agreed, {len(differ)} differ")
    return len(differ)


def main():
    """Compares with verdicts.json, or writes it, or shows single verdicts."""
    root = pathlib.Path(sys.argv[1])
    arguments = sys.argv[2:]
    if arguments[:1] in (["--show"], ["--dump"]):
        show(arguments[1:], arguments[0] == "--dump")
        return 0
    file = root / "captures/keepalived-t/verdicts.json"
    new, complaints = verdicts(root)
    print(*complaints, sep="\n", end="\n" if complaints else "")
    if arguments == ["--write"]:
        file.write_text(json.dumps(new, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
        counts = {}
        for verdict in new.values():
            counts[verdict["exit"]] = counts.get(verdict["exit"], 0) + 1
        print(f"{len(new)} verdicts written:", ", ".join(f"{n} x {status}" for status, n in sorted(counts.items())))
        return 1 if complaints else 0
    return 1 if compare(json.loads(file.read_text()), new) or complaints else 0


os.environ["LC_ALL"] = "C.UTF-8"
if __name__ == "__main__":
    sys.exit(main())
