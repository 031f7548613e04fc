#!/usr/bin/env bash
# An exploration in shards, as ci/cluster/ has it, on real schedulers: a Slurm of this machine alone (its own munged, slurmctld,
# slurmd, in a temporary folder) and GNU parallel. Its node dies half-way, and is given the shards again: the union must be
# byte for byte what one run without shards writes, and what was finished must not be played again.
# Ends with 'N passed, N failed'; exits 1 when anything failed, 2 when it cannot run: nothing is skipped.
# Needs Linux, root, and on Debian the right to install slurm-wlm, munge, parallel.
# Usage: bash ci/cluster.sh     VRRPLAB=path/of/vrrplab to use a binary that is built already, KEEP=1 to keep logs
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. ci/install.sh
started=$SECONDS

if [ "$(id -u)" != 0 ]; then
    echo "a Slurm of its own needs root: nothing was run" >&2
    exit 2
fi
need=()
for pair in slurmctld:slurm-wlm slurmd:slurm-wlm munged:munge parallel:parallel; do
    command -v "${pair%%:*}" >/dev/null || need+=("${pair##*:}")
done
if [ ${#need[@]} -gt 0 ]; then
    install_packages "${need[@]}" || { echo "${need[*]} cannot be installed: nothing was run" >&2; exit 2; }
fi
if [ -z "${VRRPLAB:-}" ]; then
    cargo build --locked --quiet --bin vrrplab
    VRRPLAB="${CARGO_TARGET_DIR:-target}/debug/vrrplab"
fi
VRRPLAB=$(realpath "$VRRPLAB")
export VRRPLAB
# no scheduler around this script may say anything
for name in $(compgen -e | grep -E '^(VRRPLAB_SHARD|SLURM_|JOB_COMPLETION|CI_NODE_|PARALLEL)'); do unset "$name"; done

out=$(mktemp -d)
export SLURM_CONF=$out/slurm.conf
# ours: the processes of this cluster, whoever their parent is now
ours() {
    local process
    for process in /proc/[0-9]*; do
        [ "${process#/proc/}" != $$ ] || continue
        if grep -qzxF "VRRPLAB_CLUSTER=$out" "$process/environ" 2>/dev/null; then echo "${process#/proc/}"; fi
    done
}
kill_ours() {
    local pid
    for pid in $(ours); do kill -9 "$pid" 2>/dev/null || true; done
}
# kill_named NAME...: those of ours, until none is left, for they may begin others meanwhile
kill_named() {
    local pid left=1
    while [ "$left" = 1 ]; do
        left=0
        for pid in $(ours); do
            [[ " $* " == *" $(cat "/proc/$pid/comm" 2>/dev/null) "* ]] || continue
            left=1
            kill -9 "$pid" 2>/dev/null || true
        done
    done
}
clean() {
    kill_ours
    wait 2>/dev/null || true
    if [ -n "${KEEP:-}" ]; then echo "logs: $out" >&2; else rm -rf "$out"; fi
}
trap clean EXIT
trap 'exit 130' INT TERM

passed=0 failed=0
ok() { passed=$((passed + 1)); printf '%3d s  ok      %s\n' "$((SECONDS - started))" "$1"; }
bad() { failed=$((failed + 1)); printf '%3d s  FAILED  %s\n' "$((SECONDS - started))" "$1"; }
# check WORDS COMMAND...: whether it succeeds
check() {
    local words=$1
    shift
    if "$@"; then ok "$words"; else bad "$words"; fi
}
# await SECONDS COMMAND...: until it succeeds
await() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.2
    done
}
# gives CODE COMMAND...: whether it ends with this code; its words are in said
gives() {
    local wanted=$1 code=0
    shift
    "$@" >"$out/said" 2>&1 || code=$?
    [ "$code" = "$wanted" ] || { echo "exit code $code, expected $wanted: $(tail -n 3 "$out/said")"; return 1; }
}
# done_in FOLDER: how many shards are finished
done_in() { find "$1" -name 'shard-*.jsonl' 2>/dev/null | wc -l; }
at_least() { [ "$(done_in "$1")" -ge "$2" ]; }
stamps() { find "$1" -name 'shard-*.jsonl' -printf '%f %i %T@\n' | sort; }
# same FOLDER: whether the union of its shards is the single run
same() {
    local code=0
    "$VRRPLAB" merge "$1"/shard-*.jsonl --out "$1/all.jsonl" --runs "$1/all-runs.jsonl" >"$out/said" 2>&1 || code=$?
    [ "$code" = "$verdict" ] && cmp "$1/all.jsonl" "$out/one/summary.jsonl" && cmp "$1/all-runs.jsonl" "$out/one/runs.jsonl"
}

export SCENARIO=$PWD/scenarios/split-brain.yaml SEEDS=0..4000 OPTIONS=--without-clients VRRPLAB_CLUSTER=$out
export VRRPLAB_SHARDS=6
verdict=0
"$VRRPLAB" explore "$SCENARIO" --seeds "$SEEDS" $OPTIONS --no-shrink --runs --out "$out/one" >"$out/one.txt" || verdict=$?
[ "$verdict" -le 1 ] || { echo "the single run ended with $verdict" >&2; exit 1; }

# --- Slurm ---------------------------------------------------------------------------------------------------------

part=$((20000 + $$ % 10000))
mkdir -p "$out"/{munge,state,spool,jobs}
head -c 1024 /dev/urandom >"$out/munge/key"
chmod 600 "$out/munge/key"
chmod 711 "$out"
cat >"$SLURM_CONF" <<CONF
ClusterName=vrrplab
SlurmctldHost=vm(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$out/munge/socket
SlurmctldPort=$part
SlurmdPort=$((part + 1))
StateSaveLocation=$out/state
SlurmdSpoolDir=$out/spool
SlurmctldPidFile=$out/slurmctld.pid
SlurmdPidFile=$out/slurmd.pid
SlurmctldLogFile=$out/slurmctld.log
SlurmdLogFile=$out/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/builtin
SchedulerParameters=sched_interval=1,sched_min_interval=0,batch_sched_delay=0
ReturnToService=2
SlurmdTimeout=15
MessageTimeout=10
KillWait=1
MinJobAge=60
NodeName=vm NodeAddr=127.0.0.1 CPUs=2 RealMemory=500
PartitionName=all Nodes=vm Default=YES MaxTime=INFINITE State=UP
CONF
munged --foreground --force --key-file="$out/munge/key" --socket="$out/munge/socket" --pid-file="$out/munge/pid" \
    --log-file="$out/munge/log" --seed-file="$out/munge/seed" >"$out/munged.txt" 2>&1 &
await 10 test -S "$out/munge/socket" || { cat "$out/munged.txt" >&2; echo "munged does not start" >&2; exit 2; }
slurmctld -D -i >"$out/slurmctld.txt" 2>&1 &
node_up() {
    setsid slurmd -D -N vm >>"$out/slurmd.txt" 2>&1 &
    disown $!
    await 30 sh -c 'sinfo -h -o %T 2>/dev/null | grep -qE "^(idle|mixed|allocated)$"'
}
node_up || { tail -n 5 "$out"/slurm*.txt >&2; echo "Slurm does not start" >&2; exit 2; }
# submit [OPTION...]: the array, from a folder of its own
submit() { (cd "$out/jobs" && OUT=$out/slurm sbatch --parsable --mem=100 "$@" "$here/ci/cluster/slurm.sh"); }
here=$PWD
ended() { [ -z "$(squeue -h -o %i 2>/dev/null)" ]; }

job=$(submit --array=0-5)
check "Slurm: shards are played" await 40 at_least "$out/slurm" 2
# the node loses power: its daemon and all that it has started
kill_named slurmd slurmstepd vrrplab slurm_script
check "Slurm: the node dies half-way" test "$(done_in "$out/slurm")" -lt 6
before=$(stamps "$out/slurm")
check "Slurm: the merge misses seeds" gives 2 "$VRRPLAB" merge "$out"/slurm/shard-*.jsonl
check "Slurm: and says which" grep -q '^error: nobody has played seeds [0-9]' "$out/said"
scancel "$job"
check "Slurm: the node comes back" node_up
await 20 ended || true
again=$(submit --array=0-5)
check "Slurm: the array that is submitted again ends" await 60 at_least "$out/slurm" 6
await 20 ended || true
check "Slurm: the union is the single run" same "$out/slurm"
check "Slurm: what was finished was not played again" test "$(stamps "$out/slurm" | grep -cxF "$before")" = "$(wc -l <<<"$before")"
check "Slurm: and the tasks say so" grep -q 'finished before' "$out/jobs/vrrplab-${again}_0.log"
rm "$out/slurm/shard-5-of-6.jsonl"
submit --array=5 >/dev/null
check "Slurm: one lost shard is submitted again alone" await 30 at_least "$out/slurm" 6
check "Slurm: the union is the single run again" same "$out/slurm"
cp "$out/slurm/shard-3-of-6.jsonl" "$out/slurm/shard-copy.jsonl"
check "a repeated shard counts once" gives "$([ "$verdict" = 1 ] && echo 1 || echo 3)" "$VRRPLAB" merge "$out"/slurm/shard-*.jsonl
check "and is told" grep -qE '^warning: .* repeats seeds of another file' "$out/said"
scontrol shutdown 2>/dev/null || true

# --- GNU parallel --------------------------------------------------------------------------------------------------

export OUT=$out/parallel
setsid bash ci/cluster/parallel.sh -j2 --delay 1 >"$out/parallel.txt" 2>&1 &
pid=$!
disown "$pid"
check "GNU parallel: shards are played" await 30 at_least "$OUT" 2
kill -9 -- "-$pid"
kill_named vrrplab perl parallel
check "GNU parallel: it is killed half-way" test "$(done_in "$OUT")" -lt 6
before=$(stamps "$OUT")
check "GNU parallel: begun again, it ends" gives "$verdict" bash ci/cluster/parallel.sh -j2
check "GNU parallel: the union is the single run" same "$OUT"
check "GNU parallel: what was finished was not played again" test "$(stamps "$OUT" | grep -cxF "$before")" = "$(wc -l <<<"$before")"

# --- an Indexed Job, without Kubernetes ------------------------------------------------------------------------------

pod() { "$VRRPLAB" explore "$SCENARIO" --seeds "$SEEDS" $OPTIONS --no-shrink --runs --shard auto --out "$out/pods"; }
pods() {
    local index
    for index in 2 0 1; do
        JOB_COMPLETION_INDEX=$index VRRPLAB_SHARDS=3 pod >"$out/said" 2>&1 || [ $? = 1 ] || return 1
    done
}
check "Indexed Job: each pod plays its part" pods
check "Indexed Job: the union is the single run" same "$out/pods"
unset VRRPLAB_SHARDS
check "Indexed Job: without the number of shards nothing is played" gives 2 env JOB_COMPLETION_INDEX=0 "$VRRPLAB" explore \
    "$SCENARIO" --shard auto --out "$out/nothing"
check "Indexed Job: and nothing is written" test ! -e "$out/nothing"

printf '%d passed, %d failed, %d s\n' "$passed" "$failed" "$((SECONDS - started))"
[ "$failed" = 0 ]
