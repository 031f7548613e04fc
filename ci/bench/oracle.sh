#!/usr/bin/env bash
# Whether vrrplab's order of events is that of an engine which knows nothing of it: routers on one broadcast segment elect, the
# best loses power, and then the next; played by vrrplab and by SimPy (ci/bench/oracle.py), every advert that arrives must be the
# same, to the nanosecond and in the same order.
# Ends with 'N passed, N failed'; exits 1 when anything failed, 2 when it cannot run: nothing is skipped.
# Needs python3 with venv and a registry of Python packages.
# Usage: bash ci/bench/oracle.sh [NODES ...]     VRRPLAB=path/of/vrrplab to use a binary that is built already,
#        PYTHON=path/of/python3 one that has simpy
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. ci/install.sh
started=$SECONDS
sizes=("$@")
[ ${#sizes[@]} -gt 0 ] || sizes=(2 10 100)

if [ -z "${VRRPLAB:-}" ]; then
    cargo build --locked --quiet --bin vrrplab
    VRRPLAB="${CARGO_TARGET_DIR:-target}/debug/vrrplab"
fi
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
trap 'exit 130' INT TERM
if [ -z "${PYTHON:-}" ]; then
    python3 -m venv "$out/venv" 2>/dev/null || { install_packages python3-venv && python3 -m venv --clear "$out/venv"; } ||
        { echo "python3 with venv is missing: nothing was run" >&2; exit 2; }
    PYTHON=$out/venv/bin/python3
    "$PYTHON" -m pip --quiet install simpy==4.1.2 || { echo "simpy cannot be installed: nothing was run" >&2; exit 2; }
fi

passed=0 failed=0
for nodes in "${sizes[@]}"; do
    "$PYTHON" ci/bench/oracle.py scenario "$nodes" >"$out/oracle.yaml"
    "$VRRPLAB" run "$out/oracle.yaml" --quiet --pcap "$out" >"$out/said" 2>&1 || [ $? = 3 ] || cat "$out/said"
    "$PYTHON" ci/bench/oracle.py capture "$out/oracle.pcapng" >"$out/vrrplab.txt"
    "$PYTHON" ci/bench/oracle.py simpy "$nodes" >"$out/simpy.txt"
    hash=$(sha256sum <"$out/simpy.txt")
    if [ -s "$out/simpy.txt" ] && [ "$(sha256sum <"$out/vrrplab.txt")" = "$hash" ]; then
        passed=$((passed + 1))
        printf 'ok      %s nodes: %s adverts arrive at the same instants in the same order, sha256 %.12s\n' \
            "$nodes" "$(wc -l <"$out/simpy.txt")" "$hash"
    else
        failed=$((failed + 1))
        printf 'FAILED  %s nodes: vrrplab (<) and SimPy (>) differ\n' "$nodes"
        diff "$out/vrrplab.txt" "$out/simpy.txt" | sed -n 1,6p || true
    fi
done
printf '%d passed, %d failed, %d s\n' "$passed" "$failed" "$((SECONDS - started))"
[ "$failed" = 0 ]
