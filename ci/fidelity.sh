#!/usr/bin/env bash
# Records scenarios afresh with the real keepalived and has `vrrplab verify` compare them with the simulator. Prints
# 'N recorded, N agree, N disagree'; exits 1 on any disagreement, and when it cannot record: nothing is skipped.
# Needs Linux, root, and on Debian the right to install keepalived, tcpdump, nftables, iproute2.
# Usage: bash ci/fidelity.sh [SCENARIO.yaml ...]     VRRPLAB=path/of/vrrplab to use a binary that is built already
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
started=$SECONDS

if [ "$(id -u)" != 0 ]; then
    echo "recording needs root" >&2
    exit 1
fi
need=()
for pair in keepalived:keepalived tcpdump:tcpdump nft:nftables ip:iproute2 unshare:util-linux; do
    command -v "${pair%%:*}" >/dev/null || need+=("${pair##*:}")
done
if [ ${#need[@]} -gt 0 ]; then
    echo "installing ${need[*]}"
    # No service may start on this machine: the daemons that are wanted run in namespaces.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null
fi

if [ -z "${VRRPLAB:-}" ]; then
    cargo build --locked --quiet --bin vrrplab
    VRRPLAB="${CARGO_TARGET_DIR:-target}/debug/vrrplab"
fi
if [ $# -gt 0 ]; then
    scenarios=("$@")
else
    scenarios=()
    for name in split-brain link-cut priority-change seed-master-backup-pair seed-basic-vip; do
        scenarios+=("scenarios/$name.yaml")
    done
fi

out=$(mktemp -d)
links() { ip -o link show; ip netns list; }
before=$(links)
recorded=0 agree=0 disagree=0 failed=0
# A recording mostly waits: all of them at once take as long as the longest.
for file in "${scenarios[@]}"; do
    name=$(basename "$file" .yaml)
    { "$VRRPLAB" record "$file" --out "$out/$name" >/dev/null && touch "$out/$name.done"; } &
done
wait
for file in "${scenarios[@]}"; do
    name=$(basename "$file" .yaml)
    if [ ! -e "$out/$name.done" ]; then
        echo "$name: could not be recorded" >&2
        failed=$((failed + 1))
        continue
    fi
    recorded=$((recorded + 1))
    code=0
    "$VRRPLAB" verify "$out/$name" >"$out/$name.txt" || code=$?
    if [ "$code" = 0 ] || [ "$code" = 3 ]; then
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
