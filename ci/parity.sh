#!/usr/bin/env bash
# The same scenarios played by vrrplabd on real kernels, in network namespaces, and by the simulator: the same changes of
# state and moves of addresses, in the same order, within the tolerance. All run at once; what differs is played again,
# alone. Ends with 'N passed, N failed'; exits 1 when anything failed, 2 when it cannot run: nothing is skipped.
# Needs Linux, root, and on Debian the right to install tcpdump, iproute2, nftables, ping.
# Usage: bash ci/parity.sh [SCENARIO.yaml ...]
#        WITH=all compares keepalived 2.2.7 as well; VRRPLAB=path/of/vrrplab and VRRPLABD=path/of/vrrplabd use binaries
#        that are built already
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. ci/install.sh
started=$SECONDS

if [ "$(id -u)" != 0 ]; then
    echo "namespaces need root: nothing was run" >&2
    exit 2
fi
programs=(tcpdump:tcpdump ip:iproute2 nft:nftables ping:iputils-ping unshare:util-linux)
[ "${WITH:-}" != all ] || programs+=(keepalived:keepalived)
provide "${programs[@]}" || exit 2
mkdir -p /etc/keepalived # where the daemons see their configuration
if [ -z "${VRRPLAB:-}" ] || [ -z "${VRRPLABD:-}" ]; then
    cargo build --locked --quiet --bin vrrplab --bin vrrplabd
    VRRPLAB="${CARGO_TARGET_DIR:-target}/debug/vrrplab"
    VRRPLABD="${CARGO_TARGET_DIR:-target}/debug/vrrplabd"
fi
if [ $# -gt 0 ]; then
    scenarios=("$@")
else
    scenarios=()
    for name in split-brain basics/graceful-stop basics/link-cut basics/priority-change basics/vmac basics/v6-cut-vrrp \
        tracking/tracked-file-and-script operations/vip-removed-by-hand seeds/seed-basic-vip \
        seeds/seed-master-backup-pair seeds/seed-sync-group; do
        scenarios+=("scenarios/$name.yaml")
    done
fi
on=(--on netns)
[ "${WITH:-}" != all ] || on=(--on all)

out=$(mktemp -d)
clean() {
    local file
    for file in "$out"/*.pid; do [ ! -e "$file" ] || kill -TERM "$(<"$file")" 2>/dev/null || true; done
    wait || true
}
trap clean EXIT
trap 'exit 130' INT TERM
# left_over: namespaces and folders of the plays that have ended
left_over() {
    local file
    for file in "$out"/*.pid; do
        { ip netns list; ls /run; } | grep "^vrrplab-$(<"$file")-" || true
    done
}

# play NAME FILE: its table is in NAME.txt, its exit code in NAME.code
play() {
    local code=0
    "$VRRPLAB" run "${on[@]}" --daemon "$VRRPLABD" "$2" >"$out/$1.txt" 2>&1 &
    echo $! >"$out/$1.pid"
    wait $! || code=$?
    echo "$code" >"$out/$1.code"
}
# agrees NAME: 3 is agreement with warnings about the scenario's configurations
agrees() { case "$(cat "$out/$1.code" 2>/dev/null)" in 0 | 3) ;; *) return 1 ;; esac; }

declare -A path
names=()
for file in "${scenarios[@]}"; do
    name=$(basename "$file" .yaml)
    path[$name]=$file
    names+=("$name")
    play "$name" "$file" &
done
wait

passed=0 failed=0
for name in "${names[@]}"; do
    if ! agrees "$name"; then
        echo "$name: differs; played again, alone"
        play "$name" "${path[$name]}"
    fi
    if agrees "$name"; then
        passed=$((passed + 1))
        echo "ok   $(tail -n 1 "$out/$name.txt")"
    else
        failed=$((failed + 1))
        cat "$out/$name.txt"
        echo "FAIL $name"
    fi
done
if [ -n "$(left_over)" ]; then
    echo "FAIL something is left: $(left_over)"
    failed=$((failed + 1))
fi
if [ "$failed" = 0 ]; then rm -rf "$out"; else echo "tables are in $out" >&2; fi
echo "$passed passed, $failed failed ($((SECONDS - started)) s)"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
