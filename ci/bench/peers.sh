#!/usr/bin/env bash
# How fast vrrplab delivers adverts beside other simulators of the registries, in one run: one host says something each second, for
# an hour, to all others on its network, and each of them sets a timer anew. The others (ns-3 layer 2, SimPy, madsim, turmoil) only
# carry forty bytes; vrrplab's receivers take a VRRP advert in an IPv4 packet, checked as keepalived checks it.
# Prints a table: deliveries a second, and how many times as fast vrrplab is. Where a peer is too slow for an hour it plays less.
# Exits 1 when a peer did not do the work, 2 when one cannot be had: nothing is skipped. Not part of CI: its figures need a
# machine that does nothing else (docs/performance.md has some).
# Needs python3 with venv, g++, cargo, and the registries of Python and Rust packages.
# Usage: bash ci/bench/peers.sh [HOSTS ...]     default 2 10 100 1000
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. ci/install.sh
sizes=("$@")
[ ${#sizes[@]} -gt 0 ] || sizes=(2 10 100 1000)
for size in "${sizes[@]}"; do
    case $size in 2 | 10 | 100 | 1000) ;; *) echo "HOSTS is 2, 10, 100 or 1000, not $size" >&2; exit 2 ;; esac
done
provide g++:g++ python3:python3 || exit 2
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
tools=$target/peers
mkdir -p "$tools"
trap 'exit 130' INT TERM

[ -x "$tools/venv/bin/pip" ] || python3 -m venv "$tools/venv" 2>/dev/null ||
    { install_packages python3-venv && python3 -m venv --clear "$tools/venv"; } || exit 2
"$tools/venv/bin/pip" --quiet install simpy==4.1.2 ns3==3.44.post0 || { echo "simpy or ns3 cannot be installed" >&2; exit 2; }
wheel=$("$tools/venv/bin/python3" -c 'import ns3; print(list(ns3.__path__)[0])')
g++ -O3 -std=c++20 -I"$wheel/include" ci/bench/peers.cc -o "$tools/ns3" -L"$wheel/lib64" \
    -Wl,-rpath,"$wheel/lib64" -Wl,-rpath,"$wheel/../ns3.libs" -Wl,--allow-shlib-undefined -lns3.44-network -lns3.44-core
RUSTFLAGS='--cfg madsim' CARGO_TARGET_DIR=$tools cargo build --locked --release --quiet --manifest-path ci/bench/peers/Cargo.toml
cargo bench --locked --quiet -p vrrplab-sim --bench lab --no-run

# peer NAME HOSTS SECONDS COMMAND...: a row; three tries, the best counts.
peer() {
    local name=$1 hosts=$2 seconds=$3 best='' delivered expired took
    shift 3
    for _ in 1 2 3; do
        read -r delivered expired took < <("$@" "$hosts" "$seconds") || true
        if [ "${delivered:-0}" != $(((hosts - 1) * seconds)) ] || [ "$expired" != 0 ]; then
            echo "$name with $hosts hosts: ${delivered:-nothing} delivered, ${expired:-no} timers expired" >&2
            exit 1
        fi
        [ -n "$best" ] && [ "$best" -le "$took" ] || best=$took
    done
    row "$name" "$hosts" "$seconds" "$((delivered * 1000000 / (best > 0 ? best : 1)))"
}

# row NAME HOSTS SECONDS RATE
row() {
    printf '%-34s %6s %8s s %14s %9s\n' "$1" "$2" "$3" "$4" "$(awk -v a="$ours" -v b="$4" 'BEGIN { printf "%.1f", a / b }')"
}

cargo bench --locked --quiet -p vrrplab-sim --bench lab -- segment >"$tools/ours.txt"
printf '%-34s %6s %10s %14s %9s\n' engine hosts simulated delivered/s 'vrrplab x'
for hosts in "${sizes[@]}"; do
    ours=$(awk -v n="$hosts" '$1 == n { print $NF; exit }' "$tools/ours.txt")
    row "vrrplab, VRRP in IPv4, checked" "$hosts" 3600 "$ours"
    peer "ns-3.44, simple channel, layer 2" "$hosts" 3600 "$tools/ns3"
    peer "SimPy 4.1.2, callbacks" "$hosts" $((hosts == 1000 ? 600 : 3600)) "$tools/venv/bin/python3" ci/bench/peers.py
    peer "madsim 0.2.34, UDP" "$hosts" $((hosts == 1000 ? 600 : 3600)) "$tools/release/on_madsim"
    [ "$hosts" = 1000 ] || # minutes for a second
        peer "turmoil 0.7.2, UDP, tick of 0.1 s" "$hosts" $((hosts == 100 ? 60 : 600)) "$tools/release/on_turmoil"
done
