#!/usr/bin/env bash
# Records scenarios afresh with the real keepalived and has `vrrplab verify` compare them with the simulator. What differs
# is recorded again alone, and once more when a timer of the machine was late meanwhile. Prints 'N recorded, N agree,
# N disagree'; exits 1 on any disagreement, and when it cannot record: nothing is skipped.
# Needs Linux, root, and on Debian the right to install keepalived, tcpdump, nftables, iproute2.
# Usage: bash ci/fidelity.sh [SCENARIO.yaml ...]     VRRPLAB=path/of/vrrplab to use a binary that is built already
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. ci/install.sh
started=$SECONDS

if [ "$(id -u)" != 0 ]; then
    echo "recording needs root" >&2
    exit 1
fi
provide keepalived:keepalived tcpdump:tcpdump nft:nftables ip:iproute2 unshare:util-linux

if [ -z "${VRRPLAB:-}" ]; then
    cargo build --locked --quiet --bin vrrplab
    VRRPLAB="${CARGO_TARGET_DIR:-target}/debug/vrrplab"
fi
if [ $# -gt 0 ]; then
    scenarios=("$@")
else
    scenarios=()
    for name in split-brain basics/link-cut basics/priority-change seeds/seed-master-backup-pair \
        tracking/tracked-file-and-script; do
        scenarios+=("scenarios/$name.yaml")
    done
fi

out=$(mktemp -d)
links() { ip -o link show; ip netns list; }
before=$(links)
recorded=0 agree=0 disagree=0 failed=0

# On many virtual machines the first processor serves the devices and keeps even real-time timers waiting.
pinned=()
if [ "$(nproc)" -gt 1 ] && command -v taskset >/dev/null; then
    pinned=(taskset -c "$(($(nproc) - 1))")
fi

# record_all NAME..: records scenarios at once, for a recording mostly waits. What could be recorded has a NAME.done.
record_all() {
    local name
    for name in "$@"; do
        rm -rf "${out:?}/$name" "$out/$name.done"
        { "${pinned[@]}" "$VRRPLAB" record "${path[$name]}" --out "$out/$name" >/dev/null && touch "$out/$name.done"; } &
    done
    wait
}
# agrees NAME: whether the simulator predicts the recording; its table is in NAME.txt.
agrees() {
    local code=0
    "$VRRPLAB" verify "$out/$1" >"$out/$1.txt" 2>&1 || code=$?
    [ "$code" = 0 ] || [ "$code" = 3 ]
}
# calm NAME: whether a real-time timer was at most 12 ms late while it was recorded.
calm() {
    local late
    late=$(sed -n 's/.*"jitter_probe_ms":.*"max":\([0-9]*\)\..*/\1/p' "$out/$1/run1/timeline.json")
    [ -n "$late" ] && [ "$late" -lt 12 ]
}

declare -A path
names=()
for file in "${scenarios[@]}"; do
    name=$(basename "$file" .yaml)
    path[$name]=$file
    names+=("$name")
done
record_all "${names[@]}"
for name in "${names[@]}"; do
    # The namespaces of several recordings share one kernel's locks: what differs or stalled is recorded again, alone.
    for again in 1 2; do
        [ -e "$out/$name.done" ] || break
        agrees "$name" && break
        if [ "$again" = 1 ] || ! calm "$name"; then
            echo "$name: differs; recorded again, alone"
            record_all "$name"
        fi
    done
    if [ ! -e "$out/$name.done" ]; then
        echo "$name: could not be recorded" >&2
        failed=$((failed + 1))
        continue
    fi
    recorded=$((recorded + 1))
    if agrees "$name"; then
        agree=$((agree + 1))
        echo "$name: $(tail -n 1 "$out/$name.txt")"
    else
        disagree=$((disagree + 1))
        cat "$out/$name.txt"
    fi
done
if [ "$(links)" != "$before" ]; then
    echo "this machine's own links or namespaces are not what they were" >&2
    failed=$((failed + 1))
fi
echo "$recorded recorded, $agree agree, $disagree disagree ($((SECONDS - started)) s)"
if [ "$disagree" = 0 ] && [ "$failed" = 0 ] && [ "$recorded" -gt 0 ]; then
    rm -rf "$out"
    exit 0
fi
echo "recordings are kept in $out" >&2
exit 1
